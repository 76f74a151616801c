"""Whether the servers of our own have their ports, and answer there."""

import socket
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

import msgspec

from core.ports.probe import Finding
from core.settings import FastAgiSettings, WebSettings

#: How long a server of our own may take to answer, in seconds.
ANSWER_S = 5.0
#: An answer of `/health` is shorter, in bytes.
MAX_HEALTH = 65_536

#: Asks the running dialer at a host and port: what was found, and what to do about it, empty if
#: nothing is. OSError without an answer.
_Ask = Callable[[str, int], tuple[str, str]]


class _Health(msgspec.Struct):
    """What is asked of the body of `/health`."""

    database: str
    servers_down: tuple[str, ...]


def check_web(web: WebSettings, is_running: bool) -> Finding:
    """Whether the running dialer says that it is well, or, while none runs, whether one could
    listen there."""
    ask = _ask_health if is_running else None
    return _check("web server", "web.port", web.host, web.port, ask)


def check_fastagi(fastagi: FastAgiSettings, is_running: bool) -> Finding:
    """Whether the running dialer listens there, or, while none runs, whether one could."""
    ask = _connect if is_running else None
    return _check("FastAGI server", "fastagi.port", fastagi.host, fastagi.port, ask)


def _check(name: str, setting: str, host: str, port: int, ask: _Ask | None) -> Finding:
    try:
        text, remedy = (ask or _try_to_bind)(host, port)
    except OSError as error:
        reason = error.strerror or error
        if ask is None:
            text = f"no dialer runs, yet it cannot be had: {reason}"
            remedy = f"stop what uses it, or set another {setting} in whipbird.toml"
        else:
            text = f"a dialer is running, but does not answer there: {reason}"
            remedy = f"see the dialer's log, and {setting} in whipbird.toml"
    return Finding(subject=f"{name} {host}:{port}", is_ok=not remedy, text=text, remedy=remedy)


def _connect(host: str, port: int) -> tuple[str, str]:
    socket.create_connection((host, port), timeout=ANSWER_S).close()
    return "the dialer listens there", ""


def _ask_health(host: str, port: int) -> tuple[str, str]:
    health = _fetch_health(host, port)
    if health is None:
        text = "a dialer is running, but another program answers there"
        return text, "stop that, or set another web.port in whipbird.toml"
    if health.database != "ok":
        return f"the dialer's database is {health.database}", "see the dialer's log for the reason"
    if health.servers_down:
        down = ", ".join(health.servers_down)
        return f"the dialer does not reach {down}", "see what is said of it above, and its log"
    return "the dialer answers, and reaches its database and its PBXs", ""


def _fetch_health(host: str, port: int) -> _Health | None:
    """What the server there says of itself; None if it is none of ours."""
    connection = HTTPConnection(host, port, timeout=ANSWER_S)
    try:
        connection.request("GET", "/health", headers={"Host": "localhost"})
        return msgspec.json.decode(connection.getresponse().read(MAX_HEALTH), type=_Health)
    except (HTTPException, msgspec.DecodeError):
        return None
    finally:
        connection.close()


def _try_to_bind(host: str, port: int) -> tuple[str, str]:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    with socket.socket(family, kind, protocol) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    return "free for the dialer, which is not running", ""
