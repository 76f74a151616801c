"""The drop-in for `extensions_custom.conf`, written for one site.

A dialplan has no quoting that holds everywhere: a comma, a bracket, a `;` or a line feed in a
value would become dialplan. So values are checked, not escaped: each may hold only characters
that mean nothing to Asterisk.
"""

import ipaddress
import re
from collections.abc import Mapping

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.errors import InvalidValue

#: What the keys of the called party mean, unless the site says otherwise.
KEYS: Mapping[str, str] = {"1": "CONFIRMED", "2": "DECLINED"}

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9-]+)*")
_SOUND = re.compile(r"[A-Za-z0-9/_-]{1,200}")
_KEY = re.compile(r"[0-9*]")
_STATUS = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def render_drop_in(
    *,
    host: str,
    port: int = 4573,
    sound: str = "demo-congrats",
    keys: Mapping[str, str] = KEYS,
) -> str:
    """The file's text. `host` and `port` are where Asterisk reaches Whipbird's FastAGI;
    `sound` is the message's name without its ending; `keys` maps a key to a status.

    Raises InvalidValue for a value that cannot stand in a dialplan.
    """
    # A dialplan is no HTML: its values are checked below.
    environment = Environment(  # noqa: S701 - see above
        loader=PackageLoader("dialplan"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
    )
    return environment.get_template("extensions_custom.conf.j2").render(
        agi=f"agi://{_check_host(host)}:{_check_port(port)}",
        sound=_check("sound", sound, _SOUND, "a sound has letters, digits and / _ -, no ending"),
        keys=[_check_key(key, status) for key, status in keys.items()],
    )


def _check_host(host: str) -> str:
    """The host as it stands in an address: an IPv6 one in brackets."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return _check("FastAGI host", host, _HOST_NAME, "write a host name or an IP address")
    if address.is_unspecified or "%" in host:
        raise InvalidValue("FastAGI host", host, "write the address that Asterisk reaches")
    return f"[{address}]" if address.version == 6 else str(address)


def _check_port(port: int) -> int:
    if not 1 <= port <= 65535:
        raise InvalidValue("FastAGI port", port, "a port is from 1 to 65535")
    return port


def _check_key(key: str, status: str) -> tuple[str, str]:
    return (
        _check("key", key, _KEY, "a key is a digit or *; # ends the input"),
        _check("status of key " + key, status, _STATUS, "use letters, digits and . _ -"),
    )


def _check(field: str, value: str, shape: re.Pattern[str], expected: str) -> str:
    if not shape.fullmatch(value):
        raise InvalidValue(field, value, expected)
    return value
