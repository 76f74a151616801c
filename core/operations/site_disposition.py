"""Disposition rules in a site file: from what a person writes to rules, and back to words.

Source: manual 25.02, "Disposition rules". Lists and campaigns are named here; `NamedRule` keeps
the names beside the rule, which knows ids.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.entries import Shape, flag, one_of, read_table, suggest, whole
from core.errors import InvalidValue
from core.operations import site_values as value
from core.rules.call_words import check_variables
from core.rules.disposition import (
    AttributeMode,
    DispositionRule,
    Verb,
    check_address_template,
    check_url_template,
    find_cycle,
)

#: Longest text of an e-mail or a form, in characters, and longest time, in seconds.
MAX_TEXT = 10_000
_YEARS_S = 100 * 366 * 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedRule:
    """A rule, and by name the list or the campaign that a number goes to; empty for none."""

    rule: DispositionRule
    list: str = ""
    campaign: str = ""


def read_dispositions(
    raw: Sequence[object], place: str, problems: list[str]
) -> tuple[NamedRule, ...]:
    """The rules that are right; what is wrong with the others is added to `problems`."""
    found = (_read(table, f"{place}[{number}]", problems) for number, table in enumerate(raw, 1))
    return tuple(rule for rule in found if rule is not None)


def disposition_misfits(
    place: str,
    name: str,
    rules: Sequence[NamedRule],
    dialled: Iterable[str],
    recalls: Mapping[str, Sequence[str]],
) -> Iterable[str]:
    """Rules that would have a number called for ever: those that fill a list which the campaign
    itself dials, and recalls that come back. `recalls` are where each campaign recalls on."""
    for number, named in enumerate(rules, 1):
        where = f"{place}.disposition[{number}]"
        if named.list and named.list in dialled:
            yield (
                f'{where}.list "{named.list}": the campaign dials this list, so the number would '
                "come back to it; write a rule under reschedule to call again"
            )
        if named.campaign and (cycle := find_cycle(name, {**recalls, name: (named.campaign,)})):
            yield (
                f'{where}.campaign "{named.campaign}": a number would go round for ever, '
                f"{' → '.join(cycle)}; let one of them not recall"
            )


def disposition_keys(verb: Verb) -> tuple[str, ...]:
    """The keys that a rule of this action has."""
    needed, allowed = _ARGUMENTS[verb]
    return ("state", "ext_status", "with_retries_pending", "action", *needed, *allowed)


def show_disposition(named: NamedRule) -> str:
    """The rule as people read it in a diff."""
    rule = named.rule
    status = f"/{rule.ext_status}" if rule.ext_status else ""
    each = ", retried or not," if rule.with_retries_pending else ""
    return f"{rule.state}{status}{each} {_show_action(named)}"


def _read(raw: object, place: str, problems: list[str]) -> NamedRule | None:
    known = len(problems)
    values = read_table(raw, _SHAPE, place, problems)
    if not isinstance(raw, Mapping):
        return None
    problems += [
        f"{place}.{key}: it must be given, such as {example}"
        for key, example in (("state", "RS_BUSY"), ("action", "add_list"))
        if key not in raw
    ]
    if "action" in values:
        problems += _misfits(values["action"], raw, place)
    return _make(values) if len(problems) == known else None


def _misfits(verb: Verb, raw: Mapping[str, object], place: str) -> Iterable[str]:
    needed, allowed = _ARGUMENTS[verb]
    own = (*needed, *allowed)
    for key in needed:
        if key not in raw:
            yield f'{place}.{key}: with the action "{verb.name.lower()}" it must be given'
    for key in raw:
        if key in _OF_ACTIONS and key not in own:
            advice = suggest(key, own) if own else "leave it out"
            yield f'{place}.{key}: the action "{verb.name.lower()}" has none; {advice}'


def _make(values: Mapping[str, Any]) -> NamedRule:
    fields = {_FIELDS.get(key, key): found for key, found in values.items()}
    names = {key: fields.pop(key) for key in ("list", "campaign") if key in fields}
    return NamedRule(rule=DispositionRule(**fields), **names)


def _show_action(named: NamedRule) -> str:
    rule = named.rule
    match rule.verb:
        case Verb.NONE:
            return "does nothing"
        case Verb.HTTP_GET:
            return f"asks {rule.destination}"
        case Verb.HTTP_POST:
            return f'posts "{rule.text}" to {rule.destination}'
        case Verb.EMAIL:
            return f'sends "{rule.text}" to {rule.destination}'
        case Verb.ADD_LIST:
            return f"goes to list {named.list}{_show_attributes(rule)}"
        case Verb.ADD_BLACKLIST:
            time = f"for {rule.defer_s} s" if rule.defer_s else "for ever"
            return f"goes to black list {named.list} {time}{_show_attributes(rule)}"
        case Verb.RECALL:
            return f"recalls on {named.campaign} after {rule.defer_s} s{_show_attributes(rule)}"


def _show_attributes(rule: DispositionRule) -> str:
    given = "".join(f", {name}:{found}" for name, found in rule.attributes)
    return f" with {rule.attribute_mode} attributes{given}"


def _letter(found: object) -> str:
    """A text of several lines, with variables."""
    if not isinstance(found, str) or len(found) > MAX_TEXT:
        raise InvalidValue("", found, f"write a text of at most {MAX_TEXT} characters")
    return check_variables(found)


def _attributes(found: object) -> tuple[tuple[str, str], ...]:
    pairs = value.variables(found)
    for _name, template in pairs:
        check_variables(template)
    return pairs


_SHAPE: Shape = {
    "state": value.final_state,
    "ext_status": value.ext_status,
    "with_retries_pending": flag,
    "action": one_of(Verb),
    "url": value.ruled(check_url_template, 2000),
    "to": value.ruled(check_address_template),
    "text": _letter,
    "list": value.name,
    "campaign": value.name,
    "for_s": whole(0, _YEARS_S),
    "after_s": whole(0, _YEARS_S),
    "attributes": one_of(AttributeMode),
    "set": _attributes,
}
_GOING = ("attributes", "set")
#: The keys that each action needs, and those that it may have.
_ARGUMENTS: Mapping[Verb, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Verb.NONE: ((), ()),
    Verb.HTTP_GET: (("url",), ()),
    Verb.HTTP_POST: (("url", "text"), ()),
    Verb.EMAIL: (("to", "text"), ()),
    Verb.ADD_LIST: (("list",), _GOING),
    Verb.ADD_BLACKLIST: (("list",), ("for_s", *_GOING)),
    Verb.RECALL: (("campaign",), ("after_s", *_GOING)),
}
_OF_ACTIONS = {key for groups in _ARGUMENTS.values() for keys in groups for key in keys}
#: Where the file and the rule have different names for the same thing.
_FIELDS = {
    "action": "verb",
    "url": "destination",
    "to": "destination",
    "for_s": "defer_s",
    "after_s": "defer_s",
    "attributes": "attribute_mode",
    "set": "attributes",
}
