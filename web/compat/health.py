"""Manual 25.02, "System health" and "Adding a license key". There are no licences here: every
key is taken, and nothing is limited."""

import os
import resource
import time
from importlib.metadata import version

import msgspec

from web.compat.asked import Asked, Ground, Reply
from web.compat.words import UNLIMITED, render_stamp
from web.health import check_health

_MB = 1024 * 1024


class Health(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """`state` is WBTUP as long as the database does its work. Memory is in MiB: `ram_total_mb` the
    most this process ever had, free and most are the machine's."""

    state: str
    ram_free_mb: int
    ram_total_mb: int
    ram_max_mb: int
    db_access_ms: int = msgspec.field(name="db_access_ms")
    generated_on: str
    version: str


class Licence(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a licence key: always the same."""

    request_id: str = ""
    lock_until_complete: bool = True
    response_status: str = "OK"
    response_message: str = "Whipbird needs no licence: nothing is limited"
    to_panel: str = "nopanel"
    response_log: None = None
    key_text: str = ""
    is_add: bool = True
    l_lic: tuple[str, ...] = ()
    l_px: str = msgspec.field(name="l_px", default="")
    l_ch: int = msgspec.field(name="l_ch", default=UNLIMITED)
    processor: str = "whipbird"


async def sysup(ground: Ground, _asked: Asked) -> Reply:
    before = time.perf_counter()
    found = await ground.queries.run(check_health, ground.source.latest())
    page = os.sysconf("SC_PAGE_SIZE")
    return Health(
        state="WBTUP" if found.database == "ok" else "DOWN",
        ram_free_mb=os.sysconf("SC_AVPHYS_PAGES") * page // _MB,
        ram_total_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        ram_max_mb=os.sysconf("SC_PHYS_PAGES") * page // _MB,
        db_access_ms=round((time.perf_counter() - before) * 1000),
        generated_on=render_stamp(ground.clock.now()),
        version=f"Whipbird {version('whipbird')}",
    )


async def addkey(_ground: Ground, _asked: Asked) -> Reply:
    return Licence()


SYSUP = {"": sysup}
ADDKEY = {"": addkey}
