"""How the settings are read: from `whipbird.toml`, each overridden by `WHIPBIRD_<SECTION>_<KEY>`.

Everything that is wrong in file and environment is said at once.
"""

import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from core.entries import Shape, filled, one_of, read_table, suggest, text, texts, whole
from core.errors import InvalidConfiguration, InvalidValue
from core.rules.mail import parse_sender
from core.settings import (
    Config,
    ControlCalls,
    DatabaseSettings,
    DialerSettings,
    FastAgiSettings,
    LogSettings,
    RetentionSettings,
    SmtpSettings,
    TlsMode,
    WebSettings,
    is_loopback,
)

#: Names the file; not a setting itself.
PATH_VARIABLE = "WHIPBIRD_CONFIG"
#: Read from the working directory when nothing else is named, if it is there.
DEFAULT_PATH = Path("whipbird.toml")
#: Shortest control token, in characters; the manual's example has fourteen.
MIN_TOKEN = 8

_PREFIX = "WHIPBIRD_"
#: First parts of addresses that belong to the pages.
_PAGES = (
    "api",
    "campaigns",
    "first",
    "health",
    "hours",
    "live",
    "log",
    "login",
    "logout",
    "password",
    "runs",
    "static",
    "why",
)
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def load_config(environ: Mapping[str, str], path: Path | None = None) -> Config:
    """The settings, from `path`, else WHIPBIRD_CONFIG, else `whipbird.toml` if it is there.

    InvalidConfiguration lists everything that is wrong in file and environment.
    """
    chosen = path or (Path(environ[PATH_VARIABLE]) if environ.get(PATH_VARIABLE) else None)
    if chosen is None and DEFAULT_PATH.exists():
        chosen = DEFAULT_PATH
    file_text = _read_file(chosen) if chosen else ""
    return parse_config(file_text, environ, path=chosen)


def parse_config(file_text: str, environ: Mapping[str, str], path: Path | None = None) -> Config:
    """The settings in a TOML text, overridden by the environment's."""
    try:
        tables: dict[str, Any] = tomllib.loads(file_text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidConfiguration([f"{path or DEFAULT_PATH}: this is not TOML: {error}"]) from None
    problems = [
        f"[{name}]: there is no such section; {suggest(name, _SECTIONS)}"
        for name in tables
        if name not in _SECTIONS
    ]
    overrides = _read_environment(environ, problems)
    sections = {
        name: _read_section(name, tables.get(name, {}), overrides.get(name, {}), problems)
        for name in _SECTIONS
    }
    if problems:
        raise InvalidConfiguration(problems)
    return Config(path=path, **sections)


def variable(section: str, key: str) -> str:
    """The environment variable that overrides a key."""
    return f"{_PREFIX}{section}_{key}".upper()


def _read_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InvalidConfiguration([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise InvalidConfiguration([f"{path}: write it in UTF-8"]) from None


def _read_environment(
    environ: Mapping[str, str], problems: list[str]
) -> dict[str, dict[str, object]]:
    """Section and key to value, for all variables that start as ours do."""
    known = {variable(s, key): (s, key) for s, (_, shape) in _SECTIONS.items() for key in shape}
    found: dict[str, dict[str, object]] = {}
    for name, value in environ.items():
        if not name.startswith(_PREFIX) or name == PATH_VARIABLE:
            continue
        if name not in known:
            problems.append(f"{name}: there is no such setting; {suggest(name, known)}")
            continue
        section, key = known[name]
        found.setdefault(section, {})[key] = _from_text(_SECTIONS[section][1][key], value)
    return found


def _from_text(check: object, value: str) -> object:
    """A variable's text in the type that TOML would give."""
    if check in (texts, _contexts, _addresses, _networks, _tokens):
        return [part.strip() for part in value.split(",") if part.strip()]
    if check in (_PORT, _COUNT, _SEED, _SMTP_PORT, _DAYS) and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value


def _read_section(
    name: str, raw: object, overrides: Mapping[str, object], problems: list[str]
) -> Any:
    make, shape = _SECTIONS[name]
    merged = {**raw, **overrides} if isinstance(raw, Mapping) else raw
    values = read_table(
        merged,
        shape,
        name,
        problems,
        secrets=frozenset({"url", "password", "control_tokens"}),
        places={key: variable(name, key) for key in overrides},
    )
    settings = make(**values)
    if isinstance(settings, SmtpSettings):
        problems += _smtp_misfits(settings)
    return settings


def _addresses(value: object) -> tuple[str, ...]:
    for address in texts(value):
        try:
            ipaddress.ip_address(address)
        except ValueError:
            raise InvalidValue("", value, f'"{address}": write an address, 127.0.0.1') from None
    return texts(value)


def _networks(value: object) -> tuple[str, ...]:
    for network in texts(value):
        try:
            ipaddress.ip_network(network)
        except ValueError:
            expected = f'"{network}": write a network, 10.0.5.0/24, or an address, 10.0.5.7'
            raise InvalidValue("", value, expected) from None
    return texts(value)


def _tokens(value: object) -> tuple[str, ...]:
    if any(len(token) < MIN_TOKEN for token in texts(value)):
        raise InvalidValue("", value, f"write tokens of at least {MIN_TOKEN} characters each")
    return texts(value)


def _contexts(value: object) -> tuple[str, ...]:
    for context in texts(value):
        if not re.fullmatch(r"[A-Za-z0-9_-]+", context) or context in _PAGES:
            raise InvalidValue(
                "",
                value,
                f'"{context}": letters, digits, - and _ only, and none of {", ".join(_PAGES)}',
            )
    return texts(value)


def _level(value: object) -> str:
    level = text(value).upper()
    if level not in _LEVELS:
        raise InvalidValue("", value, suggest(level, _LEVELS))
    return level


def _url(value: object) -> str:
    url = filled(value)
    if "://" not in url:
        raise InvalidValue(
            "", value, "write sqlite:///FILE or mysql+pymysql://USER:PASSWORD@HOST/DATABASE"
        )
    return url


def _smtp(**values: Any) -> SmtpSettings:
    named = {("sender" if key == "from" else key): value for key, value in values.items()}
    return SmtpSettings(**named)


def _smtp_misfits(settings: SmtpSettings) -> Iterable[str]:
    if settings.host and settings.sender is None:
        yield "smtp.from: it must be given, such as dialer@example.com"
    if bool(settings.user) is not bool(settings.password):
        yield "smtp.user, smtp.password: give both or neither"
    if settings.user and settings.tls is TlsMode.NONE and not is_loopback(settings.host):
        yield 'smtp.tls "none": the password would be read on the way; write starttls or tls'


_PORT = whole(0, 65535)
_COUNT = whole(1, 100_000)
_SEED = whole(-(2**63), 2**63 - 1)
_SMTP_PORT = whole(1, 65535)
_DAYS = whole(0, 36_500)

_SECTIONS: Mapping[str, tuple[Callable[..., Any], Shape]] = {
    "database": (DatabaseSettings, {"url": _url}),
    "web": (
        WebSettings,
        {
            "host": filled,
            "port": _PORT,
            "names": texts,
            "max_connections": _COUNT,
            "contexts": _contexts,
            "trusted_proxies": _addresses,
            "control_calls": one_of(ControlCalls),
            "control_tokens": _tokens,
            "control_addresses": _networks,
        },
    ),
    "fastagi": (FastAgiSettings, {"host": filled, "port": _PORT, "max_sessions": _COUNT}),
    "dialer": (DialerSettings, {"seed": _SEED}),
    "smtp": (
        _smtp,
        {
            "host": text,
            "port": _SMTP_PORT,
            "tls": one_of(TlsMode),
            "user": text,
            "password": text,
            "from": lambda value: parse_sender(filled(value)),
        },
    ),
    "retention": (RetentionSettings, {"system_log_days": _DAYS, "letters_days": _DAYS}),
    "log": (LogSettings, {"level": _level, "file": lambda value: Path(filled(value))}),
}
