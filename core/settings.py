"""The settings of the process, as values: where it listens, which database it uses, what it logs.

What is dialled (servers, trunks, campaigns) is not here but in the database.
"""

import ipaddress
import logging
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.rules.mail import Sender

_PASSWORD = re.compile(r"(?<=//)([^:@/]*):.*@")


def mask_password(url: str) -> str:
    """The URL, as far as it is one, without its password."""
    return _PASSWORD.sub(r"\1:***@", url)


@dataclass(frozen=True, kw_only=True, slots=True)
class DatabaseSettings:
    """`url` is SQLAlchemy's; a relative SQLite path counts from the working directory."""

    url: str = field(default="sqlite:///var/whipbird.db", repr=False)

    @property
    def shown_url(self) -> str:
        """The URL with its password masked."""
        return mask_password(self.url)


class ControlCalls(StrEnum):
    """Who may make the control calls of the WombatDialer dialect without saying who they are."""

    #: Everybody, while the server listens on loopback only and no control token is set.
    LOOPBACK = "loopback"
    #: Everybody who reaches the server.
    OPEN = "open"
    #: Nobody.
    CLOSED = "closed"


@dataclass(frozen=True, kw_only=True, slots=True)
class WebSettings:
    """Where the web server listens, and how many connections it holds at once; port 0 takes any
    free one. `names` are further names it answers to in the Host header, beside localhost;
    `trusted_proxies` the addresses whose X-Forwarded headers it believes. `contexts` are the
    first parts of the addresses of the WombatDialer dialect, and `control_tokens` what its
    control calls may show as `auth_token_id`. From `control_addresses`, networks or single ones,
    they need to show nothing."""

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    max_connections: int = 1000
    contexts: tuple[str, ...] = ("wombat", "wbt", "WombatDialer")
    control_calls: ControlCalls = ControlCalls.LOOPBACK
    control_tokens: tuple[str, ...] = field(default=(), repr=False)
    control_addresses: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine reaches the server."""
        return is_loopback(self.host)

    @property
    def is_control_open(self) -> bool:
        """Whether anybody who reaches the server may make control calls."""
        if self.control_calls is ControlCalls.LOOPBACK:
            return self.is_loopback and not self.control_tokens
        return self.control_calls is ControlCalls.OPEN


@dataclass(frozen=True, kw_only=True, slots=True)
class FastAgiSettings:
    """Where the FastAGI server listens, and how many sessions it holds at once; port 0 takes
    any free one."""

    host: str = "127.0.0.1"
    port: int = 4573
    max_sessions: int = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class DialerSettings:
    """`seed` makes the simulated PBX's chance repeatable; None takes the system's."""

    seed: int | None = None


class TlsMode(StrEnum):
    """How the connection to the mail server is made secret."""

    #: By STARTTLS; a server that does not offer it gets nothing.
    STARTTLS = "starttls"
    #: From the first byte on.
    TLS = "tls"
    #: Not at all.
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpSettings:
    """The server that takes e-mails; none without a `host`. `user` empty means no login.
    `sender`, the setting `from`, is None without one."""

    host: str = ""
    port: int = 587
    tls: TlsMode = TlsMode.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    sender: Sender | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionSettings:
    """For how many days lines of the system log, and letters that were given up, are kept; 0 is
    for ever."""

    system_log_days: int = 400
    letters_days: int = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class LogSettings:
    """The least level that is logged, and the file; None is standard output."""

    level: str = "INFO"
    file: Path | None = None

    @property
    def level_no(self) -> int:
        """The level as the standard library's logging counts it."""
        return logging.getLevelNamesMapping()[self.level]


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """All settings of the process. `path` is the file they came from, None without one."""

    path: Path | None = None
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    web: WebSettings = field(default_factory=WebSettings)
    fastagi: FastAgiSettings = field(default_factory=FastAgiSettings)
    dialer: DialerSettings = field(default_factory=DialerSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    log: LogSettings = field(default_factory=LogSettings)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
