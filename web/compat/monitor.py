"""Manual 25.02, "JMX statistics": the keys of which there is a figure here, and no others.

Times are in milliseconds. There is no Java here, so nothing begins with `jvm_`.
"""

import time
from collections.abc import Iterator
from importlib.metadata import version

from core.model import ServerType
from core.ports.control import ServerTraffic
from core.ports.timings import Step, Timing
from web.compat.asked import Asked, Ground, Operations, Reply
from web.compat.words import render_stamp

#: What the manual calls the steps.
NAMES = {
    Step.RECEIVE: "wombat.all.msg-in",
    Step.DECIDE: "wombat.all.brain",
    Step.PUBLISH: "wombat.all.runafter",
    Step.EXECUTE: "wombat.brain.calls",
    Step.WISHES: "wombat.brain.runs",
    Step.COMMIT: "wombat.hibernate.commit",
    Step.READ_FRESH: "wombat.refill.new",
    Step.READ_RETRIES: "wombat.refill.retry",
    Step.SCREEN: "wombat.refill.blacklist",
}


async def jmx(ground: Ground, _asked: Asked) -> Reply:
    began = time.perf_counter()
    found = {
        "generatedOn": render_stamp(ground.clock.now()),
        "wombat_version": f"Whipbird {version('whipbird')}",
    }
    for server in ground.control.traffic():
        found.update(_of_server(server))
    for step, timing in ground.control.timings().items():
        found.update(_of_step(NAMES[step], timing))
    found["jmx_query_ms"] = render_figure((time.perf_counter() - began) * 1000)
    return dict(sorted(found.items()))


def _of_server(found: ServerTraffic) -> Iterator[tuple[str, str]]:
    server = found.server
    kind = "AMI" if server.type is ServerType.AMI else "FAKEAMI"
    name = f"WD/{kind}-{server.host}:{server.port}#{server.id}"
    yield f'"{name}.connected":value', str(int(found.is_up))
    yield f'"{name}.fromAsterisk":value', str(found.received)
    yield f'"{name}.fromMaster":value', str(found.sent)


def _of_step(name: str, timing: Timing) -> Iterator[tuple[str, str]]:
    yield f"{name}:50th", render_figure(timing.median_ms)
    yield f"{name}:95th", render_figure(timing.p95_ms)
    yield f"{name}:count", str(timing.count)
    yield f"{name}:max", render_figure(timing.most_ms)
    yield f"{name}:min", render_figure(timing.least_ms)
    yield f"{name}:rate_sec", render_figure(timing.per_s)
    yield f"{name}:rate_sec_oneminute", render_figure(timing.per_s_minute)


def render_figure(figure: float) -> str:
    """`11.229`, `.004`, `0`: as the manual's figures are written."""
    text = f"{figure:.3f}".rstrip("0").rstrip(".")
    return text.removeprefix("0") if text.startswith("0.") else text


JMX: Operations = {"": jmx}
