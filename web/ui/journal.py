"""The page of the system log: what was asked, and the lines that answer it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Engine

from core.operations.system_log import read_log
from core.people import Actor, LogEntry
from core.store.audit import LogFilter

#: Lines on a page.
LINES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class LogForm:
    """Whose lines, and of which action, empty for all; those before the line `before`, 0 for the
    newest."""

    who: str = ""
    action: str = ""
    before: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class LogPage:
    """The newest lines that pass, the newest first. `older` is the address of those before
    them, empty at the end."""

    asked: LogForm
    lines: tuple[LogEntry, ...]
    older: str = ""


def read_page(engine: Engine, actor: Actor, asked: LogForm) -> LogPage:
    """A page of the system log. Needs SYSLOG."""
    wanted = LogFilter(who=asked.who, action=asked.action, before_id=asked.before or None)
    found = read_log(engine, actor, wanted, LINES + 1)
    lines = tuple(found[:LINES])
    if len(found) <= LINES:
        return LogPage(asked=asked, lines=lines)
    before = {"who": asked.who, "action": asked.action, "before": lines[-1].id}
    return LogPage(asked=asked, lines=lines, older="/log/?" + urlencode(before))
