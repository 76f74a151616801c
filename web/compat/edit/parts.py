"""`edit/campaign/reschedule`, `disposition` and `oh`: what a campaign has in an order, each with
a key of its own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core.errors import InvalidValue
from core.model import Part
from core.operations import campaign_parts, elements
from core.operations.campaign_parts import Direction, PartView
from core.operations.site_disposition import NamedRule
from core.operations.site_file import Kind
from core.rules.disposition import DispositionRule, Verb
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState
from web.compat.edit.given import Given, read_flag, show
from web.compat.edit.rows import HoursRow, hours_row
from web.compat.edit.things import Desk, Rows, cut_page

#: The manual has two spellings of how a wait grows.
_MODES = {"MULTI": "MULT"}
#: What clients write of states about agents.
_STATES = {"RS_NO_AGENT": CallState.RS_NOAGENT, "RS_AGENT_SKIP": CallState.RS_AGENT_SKIP}


class RescheduleRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    reschedule_rule_id: int
    status: str
    status_ext: str
    max_attempts: int
    retry_after_s: int
    mode: str
    idx: str
    campaign_id: int


class DispositionRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    disposition_id: int
    on_state: str
    on_ext_state: str
    with_retries_pending: int
    verb: str
    destination: str
    text: str
    defer_sec: int
    var_mode: str
    addl_vars: str
    campaign_id: int


class HoursOf(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    coh_id: int
    campaign_id: int
    rule: HoursRow
    idx: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PartThing:
    """Parts of a campaign whose key is the field `pk`. What is posted is read upon the row that
    it changes: what it does not mention stays."""

    part: Part
    pk: str
    read: Callable[[Given], Any]
    render: Callable[[Desk, Sequence[PartView]], Sequence[msgspec.Struct]]
    names: Mapping[str, str]
    parent_field = ("campaignId", "campaignId")
    tells_calls = False

    def page(self, desk: Desk) -> Rows:
        return cut_page(desk, self._rows(desk))

    def save(self, desk: Desk, given: Given) -> msgspec.Struct:
        key = given.key(self.pk)
        base = self._row(desk, key) if key is not None else {}
        mentioned = {
            name: value
            for name, value in given.fields.items()
            if value is not None and not (value == "" and isinstance(base.get(name), int))
        }
        raw = self.read(Given(fields={**base, **mentioned}))
        engine, actor, parent = desk.engine, desk.actor, desk.parent_id
        if key is None:
            key = campaign_parts.add_part(engine, actor, parent, self.part, raw, desk.now)
        else:
            campaign_parts.replace_part(engine, actor, parent, self.part, key, raw, desk.now)
        return next(row for row in self._rows(desk) if msgspec.to_builtins(row)[self.pk] == key)

    def delete(self, desk: Desk, given: Given) -> None:
        campaign_parts.delete_part(
            desk.engine, desk.actor, desk.parent_id, self.part, self._key(given), desk.now
        )

    def move(self, desk: Desk, given: Given, direction: Direction) -> None:
        campaign_parts.move_part(
            desk.engine,
            desk.actor,
            desk.parent_id,
            self.part,
            self._key(given),
            direction,
            desk.now,
        )

    def _key(self, given: Given) -> int:
        key = given.key(self.pk)
        if key is None:
            raise InvalidValue(self.pk, "", "the object needs its key")
        return key

    def _row(self, desk: Desk, key: int) -> dict[str, Any]:
        """The fields of a stored row; InvalidValue if there is none of this key."""
        for row in map(msgspec.to_builtins, self._rows(desk)):
            if row[self.pk] == key:
                return dict(row)
        raise InvalidValue(self.pk, key, "the campaign has none of this key")

    def _rows(self, desk: Desk) -> Sequence[msgspec.Struct]:
        parts = campaign_parts.fetch_parts(desk.engine, desk.actor, desk.parent_id, self.part)
        return self.render(desk, parts)


def _read_reschedule(given: Given) -> dict[str, Any]:
    mode = given.text("mode").strip().upper()
    return {
        "state": _read_state(given, "status"),
        "ext_status": given.text("statusExt"),
        "max_attempts": given.number("maxAttempts", 1),
        "retry_after_s": given.number("retryAfterS", 0),
        "mode": _MODES.get(mode, mode) or "FIXED",
    }


def _read_state(given: Given, name: str) -> str:
    written = given.text(name).strip()
    return _STATES.get(written.upper(), written)


def _render_reschedule(desk: Desk, parts: Sequence[PartView]) -> Sequence[RescheduleRow]:
    return [_reschedule_row(desk, idx, one.id, one.value) for idx, one in enumerate(parts, 1)]


def _reschedule_row(desk: Desk, idx: int, key: int, rule: RescheduleRule) -> RescheduleRow:
    return RescheduleRow(
        reschedule_rule_id=key,
        status=rule.state,
        status_ext=rule.ext_status,
        max_attempts=rule.max_attempts,
        retry_after_s=rule.retry_after_s,
        mode=rule.mode,
        idx=str(idx),
        campaign_id=desk.parent_id,
    )


#: What a verb's destination and delay are called in a site file; empty: it has none.
_DESTINATIONS = {
    Verb.NONE: ("", ""),
    Verb.HTTP_GET: ("url", ""),
    Verb.HTTP_POST: ("url", ""),
    Verb.EMAIL: ("to", ""),
    Verb.ADD_LIST: ("list", ""),
    Verb.ADD_BLACKLIST: ("list", "for_s"),
    Verb.RECALL: ("campaign", "after_s"),
}
#: What clients write who name an action as a WombatDialer's page does.
_LABELS = {
    "HTTP GET": Verb.HTTP_GET,
    "HTTP POST": Verb.HTTP_POST,
    "SEND E-MAIL": Verb.EMAIL,
    "ADD TO LIST": Verb.ADD_LIST,
    "ADD TO BLACKLIST": Verb.ADD_BLACKLIST,
}
_WRITTEN = {Verb.HTTP_POST, Verb.EMAIL}
_GOING = {Verb.ADD_LIST, Verb.ADD_BLACKLIST, Verb.RECALL}


def _read_disposition(given: Given) -> dict[str, Any]:
    """A client posts all fields of a rule, whatever its verb: what the verb does not have says
    nothing."""
    verb = _read_verb(given)
    destination, delay = _DESTINATIONS[verb]
    values: dict[str, Any] = {
        "state": _read_state(given, "onState"),
        "ext_status": given.text("onExtState"),
        "with_retries_pending": read_flag(
            "withRetriesPending", given.fields.get("withRetriesPending") or 0
        ),
        "action": verb.value,
    }
    if destination:
        values[destination] = given.text("destination")
    if verb in _WRITTEN:
        values["text"] = given.text("text")
    if delay:
        values[delay] = given.number("deferSec", 0)
    if verb in _GOING:
        values["attributes"] = given.text("varMode") or "ALL"
        values["set"] = given.text("addlVars")
    return values


def _read_verb(given: Given) -> Verb:
    found = given.text("verb").strip().upper()
    found = _LABELS.get(found, found)
    if found not in list(Verb):
        raise InvalidValue("verb", show(found), f"write one of {', '.join(Verb)}")
    return Verb(found)


def _render_disposition(desk: Desk, parts: Sequence[PartView]) -> Sequence[DispositionRow]:
    return [_disposition_row(desk, one.id, one.value, one.entry_value) for one in parts]


def _disposition_row(
    desk: Desk, key: int, rule: DispositionRule, named: NamedRule
) -> DispositionRow:
    return DispositionRow(
        disposition_id=key,
        on_state=rule.state,
        on_ext_state=rule.ext_status,
        with_retries_pending=int(rule.with_retries_pending),
        verb=rule.verb,
        destination=rule.destination or named.list or named.campaign,
        text=rule.text,
        defer_sec=rule.defer_s,
        var_mode=rule.attribute_mode,
        addl_vars=",".join(f"{name}:{value}" for name, value in rule.attributes),
        campaign_id=desk.parent_id,
    )


def _read_hours(given: Given) -> int:
    key = given.inner("rule", "openingHourId")
    if key is None:
        raise InvalidValue("rule", "", 'write {"openingHourId": 1}, the key of opening hours')
    return key


def _render_hours(desk: Desk, parts: Sequence[PartView]) -> Sequence[HoursOf]:
    ids = [one.value for one in parts]
    found = elements.fetch_referred(desk.engine, desk.actor, Kind.OPENING_HOURS, ids)
    return [
        HoursOf(
            coh_id=one.id,
            campaign_id=desk.parent_id,
            rule=hours_row(found[one.value]),
            idx=str(idx),
        )
        for idx, one in enumerate(parts, 1)
    ]


RESCHEDULE = PartThing(
    part=Part.RESCHEDULE,
    pk="rescheduleRuleId",
    read=_read_reschedule,
    render=_render_reschedule,
    names={
        "state": "status",
        "ext_status": "statusExt",
        "max_attempts": "maxAttempts",
        "retry_after_s": "retryAfterS",
    },
)
DISPOSITION = PartThing(
    part=Part.DISPOSITION,
    pk="dispositionId",
    read=_read_disposition,
    render=_render_disposition,
    names={
        "state": "onState",
        "ext_status": "onExtState",
        "with_retries_pending": "withRetriesPending",
        "action": "verb",
        **dict.fromkeys(("url", "to", "list", "campaign"), "destination"),
        **dict.fromkeys(("for_s", "after_s"), "deferSec"),
        "attributes": "varMode",
        "set": "addlVars",
    },
)
OPENING_HOURS = PartThing(
    part=Part.OPENING_HOURS,
    pk="cohId",
    read=_read_hours,
    render=_render_hours,
    names={"opening_hours": "rule"},
)
