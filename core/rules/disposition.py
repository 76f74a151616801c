"""What is done with a call that is over: whom it is told, which list or run its number goes to.

Source: manual 25.02, "Disposition rules". A rule is matched when the call is not rescheduled
further, on its last state and, if the rule names one, its last extended status; all rules that
match apply. One that is marked `with_retries_pending` applies to calls that are rescheduled, too.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, quote_plus
from zoneinfo import ZoneInfo

from core.errors import InvalidValue
from core.rules.attributes import fit_attributes
from core.rules.blacklists import CANCELLED, MOMENT, UNTIL
from core.rules.call_words import (
    ATTRIBUTE,
    CallWords,
    check_variables,
    expand,
    without_variables,
)
from core.rules.mail import MAILTO, check_address, clean_line
from core.rules.notifications import MAX_SENT_URL, LetterKind, Notification, check_url
from core.rules.placeholders import PLACEHOLDER
from core.rules.states import CallState
from core.rules.statuses import matches_status

#: The subject of every e-mail.
SUBJECT = "Whipbird: ${CAMPAIGN}: ${NUM} ${STATE}"

#: How a URL begins whose server no attribute can change.
_FIXED_SERVER = re.compile(r"https?://[^/?#$]+[/?#]")


class Verb(StrEnum):
    """What a rule does; the values are the wire's."""

    #: Nothing: the rule is only kept.
    NONE = "NONE"
    #: Ask a URL.
    HTTP_GET = "HTTP_GET"
    #: Post a form to a URL.
    HTTP_POST = "HTTP_POST"
    #: Send an e-mail.
    EMAIL = "EMAIL"
    #: Add the number to a list.
    ADD_LIST = "ADD_LIST"
    #: Add the number to a black list, for a time or for ever.
    ADD_BLACKLIST = "ADD_BLACKLIST"
    #: Have the number called by another campaign's run.
    RECALL = "RESCHEDULE"


class AttributeMode(StrEnum):
    """Which attributes of the call a number takes along; the values are the wire's."""

    #: Those of its record, and those that calls found out.
    ALL = "ALL"
    #: None.
    NONE = "NONE"
    #: Those of its record.
    INBOUND = "INBOUND"
    #: Those that calls found out.
    OUTBOUND = "OUTBOUND"


@dataclass(frozen=True, kw_only=True, slots=True)
class DispositionRule:
    """On `state` (and `ext_status`: empty matches any, `$` only none), do `verb`.

    `destination` is a URL or an e-mail address, `list_id` and `target_id`, a campaign, are where
    the number goes: each verb but NONE has one of them. `text` is the payload of a post or an
    e-mail. `defer_s` is how long a number is blacklisted, 0 for ever, or how soon it is recalled.
    It takes along what `attribute_mode` says and `attributes`, which win. Destination, text and
    the values of attributes may hold variables.
    """

    state: CallState
    ext_status: str = ""
    with_retries_pending: bool = False
    verb: Verb
    destination: str = ""
    text: str = ""
    list_id: int | None = None
    target_id: int | None = None
    defer_s: int = 0
    attribute_mode: AttributeMode = AttributeMode.ALL
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Addition:
    """A number that is to be appended to a list."""

    list_id: int
    number: str
    inputs: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Recall:
    """A number that a campaign's open run, or its next one, is to call, so long `after` the call's
    end."""

    campaign_id: int
    number: str
    inputs: Mapping[str, str]
    after: timedelta


Effect = Notification | Addition | Recall


def decide_effects(
    rules: Sequence[DispositionRule],
    words: CallWords,
    *,
    is_rescheduled: bool,
    now: datetime,
    zone: ZoneInfo,
) -> tuple[Effect, ...]:
    """What the rules do with the call that ended now, in their order. Dates are written as local
    time of `zone`."""
    effects = (
        _apply(rule, words, now, zone) for rule in rules if _matches(rule, words, is_rescheduled)
    )
    return tuple(effect for effect in effects if effect is not None)


def check_url_template(url: str) -> str:
    """The URL itself; InvalidValue if nothing may be sent there, or if a variable could change
    the server it leads to."""
    check_variables(url)
    if "${" in url and not _FIXED_SERVER.match(url):
        raise InvalidValue(
            "URL", url, "variables may stand behind the host only, http://host/page?num=${NUM}"
        )
    check_url(without_variables(url))
    return url


def check_address_template(address: str) -> str:
    """The address itself, or the variable of an attribute that holds one; InvalidValue if it
    can be none."""
    check_variables(address)
    whole = PLACEHOLDER.fullmatch(address)
    if whole is None or not whole[1].startswith(ATTRIBUTE):
        check_address(without_variables(address))
    return address


def find_cycle(start: str, targets: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The shortest way from a campaign back to itself by recalls, both ends included; empty
    if there is none. `targets` are where each campaign recalls on."""
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for target in targets.get(way[-1], ()):
            if target == start:
                return (*way, start)
            if target not in seen:
                seen.add(target)
                ways.append((*way, target))
    return ()


def _matches(rule: DispositionRule, words: CallWords, is_rescheduled: bool) -> bool:
    if is_rescheduled and not rule.with_retries_pending:
        return False
    return rule.state is words.state and matches_status(rule.ext_status, words.ext_status)


def _apply(rule: DispositionRule, words: CallWords, now: datetime, zone: ZoneInfo) -> Effect | None:
    match rule.verb:
        case Verb.NONE:
            return None
        case Verb.HTTP_GET:
            return Notification(kind=LetterKind.GET, url=_url(rule, words))
        case Verb.HTTP_POST:
            body = expand(rule.text, words, _in_form)
            return Notification(kind=LetterKind.POST, url=_url(rule, words), body=body)
        case Verb.EMAIL:
            return _email(rule, words)
        case Verb.ADD_LIST | Verb.ADD_BLACKLIST:
            assert rule.list_id is not None
            inputs = _inputs(rule, words, _until(rule, now, zone))
            return Addition(list_id=rule.list_id, number=words.number, inputs=inputs)
    assert rule.target_id is not None
    return Recall(
        campaign_id=rule.target_id,
        number=words.number,
        inputs=_inputs(rule, words, {}),
        after=timedelta(seconds=rule.defer_s),
    )


def _email(rule: DispositionRule, words: CallWords) -> Notification | None:
    """None without an address: a person may have none."""
    address = clean_line(expand(rule.destination, words, str), MAX_SENT_URL)
    if not address:
        return None
    return Notification(
        kind=LetterKind.MAIL,
        url=f"{MAILTO}{address}",
        subject=clean_line(expand(SUBJECT, words, str)),
        body=_whole_characters(expand(rule.text, words, str)),
    )


def _url(rule: DispositionRule, words: CallWords) -> str:
    """One that is too long stays so, cut to what the outbox holds: it is refused there, and
    seen."""
    return expand(rule.destination, words, _in_url)[: MAX_SENT_URL + 1]


def _in_url(value: str) -> str:
    return quote(value, safe="", errors="replace")


def _in_form(value: str) -> str:
    return quote_plus(value, errors="replace")


def _whole_characters(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _until(rule: DispositionRule, now: datetime, zone: ZoneInfo) -> Mapping[str, str]:
    if rule.verb is not Verb.ADD_BLACKLIST or not rule.defer_s:
        return {}
    end = now + timedelta(seconds=rule.defer_s)
    return {UNTIL: end.astimezone(zone).strftime(MOMENT)}


def _inputs(rule: DispositionRule, words: CallWords, until: Mapping[str, str]) -> Mapping[str, str]:
    """The attributes of the new number. An old entry on a black list leaves it nothing."""
    given = {name: expand(value, words, str) for name, value in rule.attributes}
    taken = {
        name: value
        for name, value in _TAKEN[rule.attribute_mode](words).items()
        if name not in (UNTIL, CANCELLED)
    }
    own = {**given, **until}
    return fit_attributes({**own, **{n: v for n, v in taken.items() if n not in own}})


_TAKEN: Mapping[AttributeMode, Callable[[CallWords], Mapping[str, str]]] = {
    AttributeMode.ALL: lambda words: {**words.inputs, **words.outputs},
    AttributeMode.NONE: lambda _words: {},
    AttributeMode.INBOUND: lambda words: words.inputs,
    AttributeMode.OUTBOUND: lambda words: words.outputs,
}
