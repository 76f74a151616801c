"""Manual 25.02, "Calls": calls are added, statuses and attributes set from outside, black list
entries cancelled."""

import logging

from twisted.python.failure import Failure

from core.operations.blacklists import cancel
from core.operations.calls import CallWish
from core.operations.permission import require
from core.ports.events import Report, Reported
from core.rules.keys import Key
from web.compat.asked import Asked, Ground, Handler, Operations, Reply
from web.compat.words import parse_attributes, parse_numbers
from web.remarks import remark

_log = logging.getLogger(__name__)


async def addcall(ground: Ground, asked: Asked) -> Reply:
    """With `fireforget` nobody hears what became of it but the log."""
    wish = CallWish(
        campaign=asked.filled("campaign"),
        number=asked.filled("number"),
        attributes=parse_attributes(asked.text("attrs")),
        schedule=asked.text("schedule"),
    )
    adding = ground.intake.add(asked.actor, wish)
    if asked.flag("fireforget"):
        adding.addErrback(_note)
        return "OK: number queued"
    added = await adding
    waits = "" if added.run_id else "; it waits for the campaign's next run"
    return f"OK: number added to list {added.list_name}{waits}"


def _note(failure: Failure) -> None:
    """Why a call was not added; the text may hold a number, so its kind must do."""
    kind = type(failure.value).__name__
    _log.warning("a call that nobody waits for was not added: %s", kind)


def _reporting(report: Report) -> Handler:
    async def handle(ground: Ground, asked: Asked) -> Reply:
        """Report it of the live call, or of the one that is over."""
        require(asked.actor, Key.CTRL_WBT)
        await remark(ground, asked.actor, asked.wombat_id("wombatid"), _read(report, asked))
        return f"OK: Event {report} queued"

    return handle


def _read(report: Report, asked: Asked) -> Reported:
    match report:
        case Report.STATUS:
            return Reported(call_ids=(), report=report, value=asked.text("status"))
        case Report.ATTRIBUTE | Report.APPEND:
            value = asked.fields.get("val", "")
            return Reported(call_ids=(), report=report, name=asked.filled("attr"), value=value)
        case Report.CLEAR:
            return Reported(call_ids=(), report=report)


async def cancel_blacklist(ground: Ground, asked: Asked) -> Reply:
    name, numbers = asked.filled("list"), parse_numbers(asked.filled("numbers"))
    found = await ground.queries.run(
        cancel, asked.actor, name, numbers, asked.text("reason"), ground.clock.now()
    )
    counts = f"(N Lists 1 - Numbers found: {found.found})"
    return f"OK: Numbers updated: {found.updated} {counts}"


OPERATIONS: Operations = {
    "addcall": addcall,
    "extstatus": _reporting(Report.STATUS),
    "attr": _reporting(Report.ATTRIBUTE),
    "attrAppend": _reporting(Report.APPEND),
    "attrClear": _reporting(Report.CLEAR),
    "cancelBlacklist": cancel_blacklist,
}
