"""Why a record is called or not: each reason alone, and the moment that follows from all."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.rules.blacklists import FOREVER
from core.rules.hours import HoursState, Verdict
from core.rules.reasons import Listed, Person, Reason, ReasonKind, Standing, explain
from core.rules.states import CallState, RunState

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
OPEN = Verdict(state=HoursState.OPEN)
CLOSED = Verdict(state=HoursState.CLOSE_RULE, hours_name="Week", rule_name="#1")


def after(**span: float) -> datetime:
    return NOW + timedelta(**span)


def always(moment: datetime) -> datetime | None:
    return moment


def from_six_pm(moment: datetime) -> datetime | None:
    return max(moment, after(hours=6))


def never(_moment: datetime) -> datetime | None:
    return None


#: A record that is the next one of a run at work.
NEXT = Standing(
    run_state=RunState.RUNNING,
    is_under_way=False,
    last=None,
    retry_at=None,
    is_listed=True,
    before=0,
    listed=(),
    hours=OPEN,
    opens_at=always,
)


def kinds(standing: Standing) -> list[str]:
    return [reason.kind.value for reason in explain(standing, NOW).reasons]


def first_words(standing: Standing) -> str:
    return explain(standing, NOW).reasons[0].text


def next_call(standing: Standing) -> datetime | None:
    return explain(standing, NOW).next_call_at


def listed(until: datetime | None, cancelled: str = "") -> Standing:
    entry = Listed(list_name="DNC", number="123", until=until, cancelled=cancelled)
    return replace(NEXT, listed=(entry,))


def test_the_next_record_of_a_run_at_work_may_be_called_now() -> None:
    assert kinds(NEXT) == ["NOT_REACHED", "OPEN"]
    assert first_words(NEXT) == "it is the next record of its list"
    assert next_call(NEXT) == NOW


@pytest.mark.parametrize(("before", "words"), [(1, "1 record comes"), (4711, "4711 records come")])
def test_records_that_come_first_are_counted(before: int, words: str) -> None:
    standing = replace(NEXT, before=before)
    assert first_words(standing).startswith(f"it has not been called yet: {words} first")
    assert next_call(standing) == NOW


def test_a_record_of_another_list_is_not_called() -> None:
    standing = replace(NEXT, is_listed=False, before=None)
    assert kinds(standing) == ["NOT_LISTED", "OPEN"]
    assert next_call(standing) is None
    retried = replace(standing, retry_at=after(minutes=5))
    assert first_words(retried) == "its call waits"
    assert next_call(retried) == after(minutes=5)


def test_a_record_expires_at_its_moment() -> None:
    standing = replace(NEXT, retry_at=after(minutes=5), expires_at=after(minutes=6))
    assert kinds(standing) == ["RETRY", "EXPIRES", "OPEN"]
    assert next_call(standing) == after(minutes=5)
    assert next_call(replace(standing, expires_at=after(minutes=5))) is None
    over = replace(NEXT, expires_at=NOW)
    assert explain(over, NOW).reasons[1].text.startswith("its time is over")
    assert next_call(over) is None


def test_a_record_that_was_read_waits_for_a_line() -> None:
    standing = replace(NEXT, before=None)
    assert kinds(standing) == ["IN_HOPPER", "OPEN"]
    assert next_call(standing) == NOW


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "the campaign is not running: start it"),
        (RunState.COMPLETED, "the run is COMPLETED"),
        (RunState.REMOVE, "the run was removed"),
        (RunState.ERROR, "the run ended with an error"),
        (RunState.PAUSED, "the run is PAUSED: unpause it"),
    ],
)
def test_without_a_run_that_goes_on_by_itself_no_call_is_in_sight(
    state: RunState | None, words: str
) -> None:
    standing = replace(NEXT, run_state=state)
    assert first_words(standing).startswith(words)
    assert next_call(standing) is None


@pytest.mark.parametrize(
    "state", [RunState.RUNNABLE, RunState.RUNNING, RunState.WRONG_TIME, RunState.IDLE]
)
def test_a_run_that_goes_on_by_itself_is_no_reason(state: RunState) -> None:
    assert next_call(replace(NEXT, run_state=state)) == NOW


def test_of_a_run_that_is_over_it_is_told_what_became_of_the_record() -> None:
    over = replace(NEXT, run_state=RunState.COMPLETED, before=None)
    assert [r.text for r in explain(over, NOW).reasons][1:] == ["it was not called in that run"]
    called = replace(over, last=CallState.RS_BUSY, retry_at=after(hours=1))
    assert [r.text for r in explain(called, NOW).reasons][1:] == [
        "its last call there ended RS_BUSY"
    ]


def test_a_call_under_way_comes_before_everything() -> None:
    standing = replace(NEXT, is_under_way=True, last=CallState.RS_BUSY, before=None)
    assert kinds(standing) == ["UNDER_WAY", "OPEN"]
    assert next_call(standing) is None


def test_a_record_that_is_done_is_not_called_again() -> None:
    standing = replace(NEXT, before=None, last=CallState.TERMINATED)
    assert first_words(standing) == (
        "its last call ended TERMINATED, and no reschedule rule tries it again"
    )
    assert next_call(standing) is None


def test_a_retry_waits_for_its_moment() -> None:
    standing = replace(NEXT, before=None, last=CallState.RS_BUSY, retry_at=after(minutes=5))
    [retry, _hours] = explain(standing, NOW).reasons
    assert (retry.text, retry.until) == (
        "its last call ended RS_BUSY; its next one waits",
        after(minutes=5),
    )
    assert next_call(standing) == after(minutes=5)


def test_a_retry_that_is_due_waits_for_a_line() -> None:
    standing = replace(NEXT, before=None, last=CallState.RS_BUSY, retry_at=after(minutes=-5))
    assert first_words(standing).endswith("its next one is due, and waits for a line")
    assert next_call(standing) == NOW


def test_closed_hours_say_by_which_rule_and_until_when() -> None:
    standing = replace(NEXT, hours=CLOSED, opens_at=from_six_pm)
    reason = explain(standing, NOW).reasons[-1]
    assert reason.text == "the campaign's hours are closed (CLOSE_RULE by rule #1 of Week)"
    assert reason.until == next_call(standing) == after(hours=6)


def test_hours_that_never_open_leave_no_call_in_sight() -> None:
    assert next_call(replace(NEXT, hours=CLOSED, opens_at=never)) is None


def test_the_next_call_is_in_the_hours_that_follow_the_retry() -> None:
    early = replace(NEXT, before=None, retry_at=after(hours=1), opens_at=from_six_pm)
    assert next_call(early) == after(hours=6)
    assert next_call(replace(early, retry_at=after(hours=7))) == after(hours=7)


@pytest.mark.parametrize(
    ("until", "words", "may_call"),
    [
        (FOREVER, '123 on black list "DNC", without an end: whoever', False),
        (after(days=1), '123 on black list "DNC": whoever', False),
        (NOW, '123 on black list "DNC": its time is over', True),
        (None, '123 on black list "DNC": cancelled, by mail', True),
    ],
)
def test_a_black_list_holds_until_its_end(
    until: datetime | None, words: str, may_call: bool
) -> None:
    standing = listed(until, "by mail")
    assert explain(standing, NOW).reasons[1].text.startswith(words)
    assert next_call(standing) == (NOW if may_call else None)


def test_a_black_list_that_ends_before_the_retry_does_not_hold_it() -> None:
    standing = replace(listed(after(minutes=5)), before=None, retry_at=after(minutes=10))
    assert next_call(standing) == after(minutes=10)
    assert next_call(replace(standing, retry_at=after(minutes=4))) is None


def test_another_limit_holds_the_call_until_its_moment() -> None:
    limit = Reason(kind=ReasonKind.LIMIT, text="7 calls in 7 days", until=after(days=3))
    standing = replace(NEXT, limits=(limit,))
    assert kinds(standing) == ["NOT_REACHED", "LIMIT", "OPEN"]
    assert next_call(standing) == after(days=3)


def test_a_paused_list_keeps_its_record_until_somebody_resumes_it() -> None:
    held = replace(NEXT, is_held=True, retry_at=after(hours=1))
    assert (kinds(held)[0], next_call(held)) == ("LIST_PAUSED", None)
    assert first_words(held) == "its list is paused in the run: resume it"


def test_what_waits_for_the_next_run_tells_since_when_it_is_due() -> None:
    waits = replace(NEXT, run_state=None, retry_at=after(hours=1))
    [_no_run, reason] = explain(waits, NOW).reasons
    assert (reason.kind, reason.until) == ("NEXT_RUN", after(hours=1))
    over = replace(waits, run_state=RunState.COMPLETED, retry_at=NOW)
    [_no_run, reason] = explain(over, NOW).reasons
    assert (reason.text, reason.until) == ("it waits for the campaign's next run", None)


def test_the_next_call_is_when_campaign_and_person_are_both_awake() -> None:
    """The campaign is open from six, the person in odd hours only."""

    def in_odd_hours(moment: datetime) -> datetime | None:
        return moment if moment.hour % 2 else moment.replace(minute=0) + timedelta(hours=1)

    person = Person(zones=("America/Denver",), opens_at=in_odd_hours)
    asleep = replace(NEXT, opens_at=from_six_pm, person=person)
    reasons = {reason.kind: reason for reason in explain(asleep, NOW).reasons}
    closed = reasons[ReasonKind.PERSON_CLOSED]
    assert closed.text == "the person's hours are closed (America/Denver)"
    assert closed.until == after(hours=1)
    assert next_call(asleep) == after(hours=7)
    awake = replace(asleep, person=Person(zones=(), opens_at=always))
    assert "PERSON_OPEN" in kinds(awake)
    assert next_call(awake) == after(hours=6)


def test_hours_that_never_meet_leave_no_call_in_sight() -> None:
    person = Person(zones=("Asia/Tokyo",), opens_at=lambda at: at + timedelta(hours=1))
    assert next_call(replace(NEXT, person=person)) is None
    nobody = replace(NEXT, person=Person(zones=(), opens_at=never))
    assert ("NO_HOURS" in kinds(nobody), next_call(nobody)) == (True, None)
