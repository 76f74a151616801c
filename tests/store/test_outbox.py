"""The outbox: in with the log row, out when it is settled, read by index."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, insert
from sqlalchemy.exc import IntegrityError

from core.errors import NotFound
from core.model import Campaign
from core.ports.commands import CallClosed, Mailing, RunProgressed
from core.rules.notifications import LetterKind, Notification
from core.rules.run_mail import EmailEvents
from core.rules.states import RunState
from core.store.campaigns import fetch_campaign, save_campaign
from core.store.database import reading
from core.store.journal import write_entries
from core.store.outbox import (
    Failed,
    KeptLetter,
    Sender,
    count_letters,
    fetch_due,
    fetch_letters,
    remove,
    revive,
    settle,
)
from core.store.runs import fetch_run
from core.store.schema import call_log, outbox
from tests.store.test_indexes import statements, whole_tables
from tests.support.store_site import NOW, Site, closed, count, furnish, placed

URL = "http://crm.example/calls"
ENDED = NOW + timedelta(seconds=3)
ROWS = 10_000


def told(site: Site, id: int = 1, *, record: int = 0, body: str = "num=100") -> CallClosed:
    """A call that is over, to be told to URL."""
    entry = closed(site.attempt(id, record=record))
    return replace(entry, notify=Notification(url=URL, body=body))


def failed(letter_id: int, *, dead: bool = False) -> Failed:
    due_at = ENDED + timedelta(seconds=5)
    return Failed(letter_id=letter_id, attempts=1, due_at=due_at, last_error="no", dead=dead)


def due_ids(conn: Connection, after_s: float = 0, limit: int = 50) -> list[int | None]:
    now = ENDED + timedelta(seconds=after_s)
    return [letter.call_id for letter in fetch_due(conn, now, limit=limit)]


def ids_of(conn: Connection, *, dead: bool = False) -> list[int]:
    return [kept.id for kept in fetch_letters(conn, dead=dead, limit=99)]


def test_a_letter_comes_with_its_log_row(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        secret = replace(fetch_campaign(conn, site.campaign.id), http_secret="hush")
        save_campaign(conn, secret)
        write_entries(conn, [placed(site.attempt()), told(site, body="a=%F0")])
        [letter] = fetch_due(conn, ENDED, limit=9)
    assert (letter.campaign_id, letter.call_id, letter.attempts) == (site.campaign.id, 1, 0)
    assert (letter.url, letter.body, letter.secret) == (URL, "a=%F0", "hush")
    assert "hush" not in repr(letter)


def test_a_call_that_nobody_is_told_of_leaves_no_letter(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn, statements(conn) as seen:
        write_entries(conn, [placed(site.attempt()), closed(site.attempt())])
        assert not [text for text, _values in seen if "outbox" in text]
        assert count(conn, outbox) == 0


def test_a_letter_of_a_call_that_is_not_committed_is_never_seen(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site)])
    with pytest.raises(IntegrityError), database.begin() as conn:
        write_entries(conn, [told(site, 2, record=1), told(site, 1)])
    with reading(database) as conn:
        assert (due_ids(conn), count(conn, call_log)) == ([1], 1)


def test_a_url_and_a_secret_are_kept_with_their_campaign(database: Engine) -> None:
    with database.begin() as conn:
        saved = save_campaign(conn, Campaign(name="c", http_notify=URL, http_secret="hush"))
        assert fetch_campaign(conn, saved.id) == saved
    assert "hush" not in repr(saved)


def test_a_delivered_letter_is_gone_and_a_failed_one_waits(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site, i, record=i) for i in (1, 2, 3)])
        first, second, third = ids_of(conn)
        settle(conn, [first], [failed(second), failed(third, dead=True)])
        assert due_ids(conn, after_s=4.9) == []
        assert due_ids(conn, after_s=5) == [2]
        assert (count_letters(conn, dead=False), count_letters(conn, dead=True)) == (1, 1)
        assert fetch_letters(conn, dead=True, limit=9) == [
            KeptLetter(
                id=third,
                campaign="calls",
                webhook="",
                message_id="",
                call_id=3,
                kind=LetterKind.NOTIFY,
                url=URL,
                subject="",
                body="num=100",
                attempts=1,
                created_at=ENDED,
                due_at=ENDED + timedelta(seconds=5),
                last_error="no",
                dead=True,
            )
        ]


def test_the_earliest_are_read_first_and_no_more_than_asked(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site, i, record=i) for i in (1, 2, 3)])
        settle(conn, [], [failed(ids_of(conn)[0])])
        assert due_ids(conn, after_s=9) == [2, 3, 1]
        assert due_ids(conn, after_s=9, limit=2) == [2, 3]


def test_letters_in_hand_are_not_read_again(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site, i, record=i) for i in (1, 2)])
        held = frozenset(ids_of(conn)[:1])
        assert [x.call_id for x in fetch_due(conn, ENDED, limit=9, held=held)] == [2]
        full: frozenset[Sender] = frozenset({("campaign", site.campaign.id)})
        assert fetch_due(conn, ENDED, limit=9, full=full) == []


def test_each_campaign_has_its_share_however_many_wait_before_it(database: Engine) -> None:
    site = furnish(database, records=60)
    with database.begin() as conn:
        write_entries(conn, [told(site, i, record=i) for i in range(50)])
        other = save_campaign(conn, Campaign(name="other"))
        late = told(site, 99, record=55)
        attempt = replace(late.log.attempt, campaign_id=other.id)
        write_entries(conn, [replace(late, log=replace(late.log, attempt=attempt))])
        assert due_ids(conn, limit=2) == [0, 1, 99]


def test_a_campaign_with_dead_letters_only_costs_nothing(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site)])
        settle(conn, [], [failed(ids_of(conn)[0], dead=True)])
        with statements(conn) as seen:
            assert fetch_due(conn, ENDED + timedelta(days=1), limit=9) == []
        assert len(seen) == 2


def test_dead_letters_are_sent_again_to_the_url_of_today(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site, i, record=i) for i in (1, 2)])
        first, second = ids_of(conn)
        settle(conn, [], [failed(first, dead=True), failed(second, dead=True)])
        assert revive(conn, [second], ENDED) == 1
        [letter] = fetch_due(conn, ENDED, limit=9)
        assert (letter.id, letter.attempts, letter.url) == (second, 0, URL)
        save_campaign(conn, replace(site.campaign, http_notify="https://new.example/"))
        assert revive(conn, [], ENDED) == 1
        assert {x.url for x in fetch_due(conn, ENDED, limit=9)} == {URL, "https://new.example/"}


def test_letters_are_dropped_by_id_or_all_the_dead(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        write_entries(conn, [told(site, i, record=i) for i in (1, 2, 3)])
        first, second, third = ids_of(conn)
        settle(conn, [], [failed(third, dead=True)])
        with pytest.raises(NotFound, match='there is no letter "99999"'):
            remove(conn, [first, 99_999])
        assert remove(conn, [first]) == 1
        assert remove(conn, []) == 1
        assert (ids_of(conn), ids_of(conn, dead=True)) == ([second], [])


def test_a_form_of_a_hundred_long_attributes_fits(database: Engine) -> None:
    site = furnish(database)
    body = "&".join(f"O_{i}=" + "%F0%9F%98%80" * 225 for i in range(200))
    with database.begin() as conn:
        write_entries(conn, [told(site, body=body)])
        [letter] = fetch_due(conn, ENDED, limit=9)
    assert letter.body == body


@pytest.mark.parametrize("dead_share", [0, 1])
def test_no_query_of_the_notifier_reads_the_whole_outbox(database: Engine, dead_share: int) -> None:
    site = furnish(database)
    row = {"campaign_id": site.campaign.id, "call_id": 1, "url": URL, "body": "x"}
    moments = {"due_at": NOW + timedelta(days=1), "created_at": NOW}
    with database.begin() as conn:
        conn.execute(insert(outbox), [{**row, **moments, "dead": bool(dead_share)}] * ROWS)
        write_entries(conn, [told(site)])
        if conn.dialect.name != "sqlite":
            conn.exec_driver_sql("ANALYZE TABLE outbox, campaign")
    with database.begin() as conn:
        with statements(conn) as seen:
            [letter] = fetch_due(conn, ENDED, limit=50)
            settle(conn, [letter.id], [failed(letter.id)])
        assert len(seen) == 6
        for statement, values in seen:
            assert whole_tables(conn, statement, values) == [], statement


def progressed(site: Site, state: RunState, *addresses: str) -> RunProgressed:
    """A run that has come to a state, of which these addresses are told."""
    letters = tuple(
        Notification(kind=LetterKind.MAIL, url=f"mailto:{a}", subject=f"Zoë is {state}", body="x")
        for a in addresses
    )
    return RunProgressed(
        run_id=site.run.id,
        state=state,
        attempted=0,
        completed=0,
        ended_at=None,
        error="",
        positions=(),
        mailing=Mailing(campaign_id=site.campaign.id, at=ENDED, letters=letters),
    )


def test_the_emails_of_all_states_come_with_the_last_of_them(database: Engine) -> None:
    site = furnish(database)
    states = [
        progressed(site, RunState.RUNNING, "a@b.ch", "c@d.ch"),
        progressed(site, RunState.PAUSED, "a@b.ch"),
    ]
    with database.begin() as conn:
        write_entries(conn, [told(site), *states])
        found = fetch_due(conn, ENDED, limit=9)
        assert fetch_run(conn, site.run.id).state is RunState.PAUSED
    assert [(one.kind, one.call_id, one.url, one.subject) for one in found] == [
        (LetterKind.NOTIFY, 1, URL, ""),
        (LetterKind.MAIL, None, "mailto:a@b.ch", "Zoë is RUNNING"),
        (LetterKind.MAIL, None, "mailto:c@d.ch", "Zoë is RUNNING"),
        (LetterKind.MAIL, None, "mailto:a@b.ch", "Zoë is PAUSED"),
    ]
    assert {one.created_at for one in found} == {ENDED}


def test_a_dead_email_is_sent_again_to_its_own_address(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        save_campaign(conn, replace(site.campaign, http_notify="https://new.example/"))
        write_entries(conn, [progressed(site, RunState.RUNNING, "a@b.ch")])
        settle(conn, [], [failed(ids_of(conn)[0], dead=True)])
        assert revive(conn, [], ENDED) == 1
        assert [one.url for one in fetch_due(conn, ENDED, limit=9)] == ["mailto:a@b.ch"]


@pytest.mark.parametrize("addresses", [(), ("a@b.ch",), ("z@b.ch", "a@b.ch")])
def test_a_campaign_keeps_whom_it_tells(database: Engine, addresses: tuple[str, ...]) -> None:
    campaign = Campaign(name="c", email_events=EmailEvents.FINISH, email_addresses=addresses)
    with database.begin() as conn:
        saved = save_campaign(conn, campaign)
        assert fetch_campaign(conn, saved.id) == replace(campaign, id=saved.id)
