"""What `whipbird doctor` finds out about a PBX, over one short login.

It looks and changes nothing: no call is placed, nothing is loaded. What the login may not look
at is said to be unchecked, with the class that would allow it; that alone is no fault.
"""

import re
from collections.abc import AsyncIterator, Sequence

from twisted.internet.interfaces import IReactorTime

from ami.connection import Session, connect, log_in
from ami.greeting import EVENT_CLASSES, NEEDED_ACTIONS
from ami.protocol import LoginRefused, Reply, ServerLost
from core.errors import InvalidValue
from core.model import EndPoint, Server, ServerType, Trunk
from core.ports.probe import Finding
from core.rules.dialstring import PLACEHOLDER

#: How long connecting, and each answer, may take, in seconds.
LIMIT_S = 5.0

_DENIED = "Permission denied"
_UNKNOWN_ACTION = "Invalid/unknown command"


async def probe(
    server: Server,
    trunks: Sequence[Trunk],
    endpoints: Sequence[EndPoint],
    *,
    timer: IReactorTime | None = None,
) -> list[Finding]:
    """What is so on `server`: its login first, then trunks, then end-points, in order.

    Drive it with `Deferred.fromCoroutine`; `timer` is the reactor unless given. Nothing is
    raised for what the PBX does. A simulated server is always well.
    """
    if server.type is ServerType.SIMULATED:
        return [Finding(subject=f"server {server.name}", is_ok=True, text="simulated, always well")]
    if timer is None:
        from twisted.internet import reactor

        timer = IReactorTime(reactor)
    findings: list[Finding] = []
    try:
        session = await connect(server, _ignore, timer, LIMIT_S)
        try:
            async for finding in _inspect(session, server, trunks, endpoints):
                findings.append(finding)  # noqa: PERF401 - keeps those before a loss
        finally:
            session.close("the probe is over")
    except ServerLost as error:
        findings.append(_unreachable(server, error))
    return findings


async def _inspect(
    session: Session, server: Server, trunks: Sequence[Trunk], endpoints: Sequence[EndPoint]
) -> AsyncIterator[Finding]:
    await log_in(session, server, events="off", limit_s=LIMIT_S)
    yield await _check_version(session, server)
    yield await _check_write_classes(session, server)
    yield await _check_read_classes(session, server)
    for trunk in trunks:
        yield await _check_trunk(session, trunk)
    for endpoint in endpoints:
        yield await _check_endpoint(session, endpoint)


async def _check_version(session: Session, server: Server) -> Finding:
    reply = await _ask(session, Action="CoreSettings")
    version = reply.get("AsteriskVersion")
    text = f"login accepted, Asterisk {version}" if version else "login accepted"
    return Finding(subject=f"server {server.name}", is_ok=True, text=text)


async def _check_write_classes(session: Session, server: Server) -> Finding:
    subject = f"server {server.name}, write classes"
    allowed = await _ask(session, Action="ListCommands")
    missing = {name: need for name, need in NEEDED_ACTIONS.items() if not allowed.get(name)}
    if missing:
        return Finding(
            subject=subject,
            is_ok=False,
            text=f'login "{server.login}" may not use {", ".join(missing)}',
            remedy=_allow("write", sorted(set(missing.values()))),
        )
    if not allowed.get("Filter"):
        return Finding(
            subject=subject,
            is_ok=True,
            text="sufficient, but events cannot be filtered, which costs time",
            remedy=_allow("write", ["system"]),
        )
    return Finding(subject=subject, is_ok=True, text="sufficient")


async def _check_read_classes(session: Session, server: Server) -> Finding:
    """Asterisk tells a login's read classes on its console alone."""
    subject = f"server {server.name}, read classes"
    reply = await _ask(session, Action="Command", Command=f"manager show user {server.login}")
    shown = re.search(r"read perm: *(\S+)", "\n".join(reply.get_all("Output")))
    if shown is None:
        return _unchecked(
            subject, "the login may not use Command", "see that read holds " + EVENT_CLASSES
        )
    missing = sorted(set(EVENT_CLASSES.split(",")) - set(shown[1].split(",")))
    if missing and "all" not in shown[1].split(","):
        text = f'login "{server.login}" cannot see events of class {", ".join(missing)}'
        return Finding(subject=subject, is_ok=False, text=text, remedy=_allow("read", missing))
    return Finding(subject=subject, is_ok=True, text="sufficient")


async def _check_trunk(session: Session, trunk: Trunk) -> Finding:
    subject = f"trunk {trunk.name}"
    technology, _, rest = trunk.dial_string.partition("/")
    match technology.lower():
        case "local":
            context = rest.partition("@")[2].partition("/")[0]
            return await _check_context(session, subject, context)
        case "pjsip":
            return await _check_pjsip(session, subject, rest)
        case _:
            return await _check_technology(session, subject, technology)


async def _check_context(session: Session, subject: str, context: str) -> Finding:
    reply = await _ask(session, Action="ShowDialPlan", Context=context)
    if _cannot(reply):
        return _unchecked(subject, _reason(reply), _allow("write", ["reporting"]))
    if not reply.is_success:
        return Finding(
            subject=subject,
            is_ok=False,
            text=f'there is no context "{context}"',
            remedy=f"add [{context}] to extensions.conf and run `dialplan reload`",
        )
    return Finding(subject=subject, is_ok=True, text=f'context "{context}" exists')


async def _check_pjsip(session: Session, subject: str, rest: str) -> Finding:
    """`NUMBER@ENDPOINT` or `ENDPOINT/sip:NUMBER@HOST`."""
    endpoint = rest.partition("/")[0] if "/" in rest else rest.partition("@")[2]
    if not endpoint or PLACEHOLDER in endpoint:
        return await _check_technology(session, subject, "PJSIP")
    reply = await _ask(session, Action="PJSIPShowEndpoint", Endpoint=endpoint)
    if reply.is_success:
        driver = await _check_technology(session, subject, "PJSIP")
        known = Finding(subject=subject, is_ok=True, text=f'PJSIP end-point "{endpoint}" exists')
        return known if driver.is_ok else driver
    if _DENIED in _reason(reply):
        return _unchecked(subject, _reason(reply), _allow("write", ["system"]))
    if _UNKNOWN_ACTION in _reason(reply):
        return _not_loaded(subject, "PJSIP")
    return Finding(
        subject=subject,
        is_ok=False,
        text=f'there is no PJSIP end-point "{endpoint}"',
        remedy=f"add [{endpoint}] with type=endpoint to pjsip.conf and run `pjsip reload`",
    )


async def _check_technology(session: Session, subject: str, technology: str) -> Finding:
    reply = await _ask(session, Action="Command", Command="core show channeltypes")
    if not reply.is_success:
        return _unchecked(subject, _reason(reply), _allow("write", ["command"]))
    loaded = {line.partition(" ")[0].lower() for line in reply.get_all("Output")}
    if technology.lower() not in loaded:
        return _not_loaded(subject, technology)
    return Finding(subject=subject, is_ok=True, text=f"channel type {technology} is loaded")


async def _check_endpoint(session: Session, endpoint: EndPoint) -> Finding:
    subject = f"end-point {endpoint.name}"
    place = f"{endpoint.extension}@{endpoint.context}"
    replies = await _ask_all(
        session, Action="ShowDialPlan", Context=endpoint.context, Extension=endpoint.extension
    )
    if _cannot(replies[0]):
        return _unchecked(subject, _reason(replies[0]), _allow("write", ["reporting"]))
    if not any(reply.get("Priority") == "1" for reply in replies):
        return Finding(
            subject=subject,
            is_ok=False,
            text=f"there is no extension {place} with priority 1",
            remedy=f"add it to [{endpoint.context}] in extensions.conf and run `dialplan reload`",
        )
    return Finding(subject=subject, is_ok=True, text=f"{place} exists")


async def _ask(session: Session, **action: str) -> Reply:
    return (await _ask_all(session, **action))[0]


async def _ask_all(session: Session, **action: str) -> list[Reply]:
    """The answer; a value that cannot be sent is answered as Asterisk would: with an error."""
    try:
        return await session.ask(action, LIMIT_S)
    except InvalidValue as error:
        return [Reply(headers=(("Response", "Error"), ("Message", str(error))))]


def _cannot(reply: Reply) -> bool:
    return any(text in _reason(reply) for text in (_DENIED, _UNKNOWN_ACTION))


def _reason(reply: Reply) -> str:
    return reply.get("Message")


def _allow(direction: str, classes: Sequence[str]) -> str:
    return f"add {', '.join(classes)} to the login's {direction} = … in manager.conf"


def _unchecked(subject: str, why: str, remedy: str) -> Finding:
    return Finding(subject=subject, is_ok=True, text=f"not checked: {why}", remedy=remedy)


def _not_loaded(subject: str, technology: str) -> Finding:
    return Finding(
        subject=subject,
        is_ok=False,
        text=f"this Asterisk has no channel type {technology}",
        remedy=f"load its channel driver, or correct the dial string's {technology}/",
    )


def _unreachable(server: Server, error: ServerLost) -> Finding:
    remedy = (
        f"see that Asterisk runs on {server.host}, that its manager.conf has enabled = yes, "
        f"port = {server.port} and a bindaddr within reach, and that no firewall is between"
    )
    if isinstance(error, LoginRefused):
        remedy = f"correct [{server.login}] in manager.conf, or the server's login and password"
    return Finding(subject=f"server {server.name}", is_ok=False, text=str(error), remedy=remedy)


def _ignore(packet: bytes) -> None:
    """Events do not matter to a probe."""
