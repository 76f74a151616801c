"""Webhooks: what they are told of, with what it belongs to, and how they fare."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, Engine, insert
from sqlalchemy.exc import IntegrityError

from core.errors import NotFound
from core.model import Campaign, Webhook
from core.people import SYSTEM_NAME, User, UserClass
from core.ports.commands import CallClosed, RunProgressed
from core.rules.news import Topic
from core.rules.notifications import LetterKind, Notification
from core.rules.stamps import Stamp, made
from core.rules.states import RunState
from core.rules.webhooks import PATIENCE
from core.store.campaigns import save_campaign
from core.store.database import reading
from core.store.erasure import erase, find_traces
from core.store.journal import write_entries
from core.store.outbox import Failed, Letter, fetch_due, fetch_letters, revive, settle
from core.store.schema import outbox
from core.store.users import save_class, save_user
from core.store.webhooks import (
    delete_webhook,
    fetch_webhook,
    fetch_webhooks,
    message_row,
    note_deliveries,
    save_webhook,
)
from tests.store.test_indexes import statements, whole_tables
from tests.support.news import call_ended_news, run_news
from tests.support.store_site import NOW, Site, closed, count, furnish

URL = "https://crm.example/hook"
ROWS = 3000


def hook(conn: Connection, name: str = "crm", **changes: object) -> Webhook:
    values: dict[str, object] = {"url": URL, "secret": "whsec_x", "acts_for": SYSTEM_NAME}
    return save_webhook(conn, Webhook(name=name, **(values | changes)))  # type: ignore[arg-type]


def ended(site: Site, id: int = 1, *, record: int = 0, campaign_id: int = 0) -> CallClosed:
    """A call that is over, with its news."""
    campaign_id = campaign_id or site.campaign.id
    entry = closed(replace(site.attempt(id, record=record), campaign_id=campaign_id))
    news = call_ended_news(id, campaign_id=campaign_id, at=entry.log.ended_at)
    return replace(entry, news=news)


def progressed(site: Site, state: RunState | None) -> RunProgressed:
    """A run that has come to this state, or goes on as it was."""
    news = run_news(state=state, run_id=site.run.id, campaign_id=site.campaign.id, at=NOW)
    return RunProgressed(
        run_id=site.run.id,
        state=state or RunState.RUNNING,
        attempted=0,
        completed=0,
        ended_at=None,
        error="",
        positions=(),
        news=news if state else None,
    )


def due(conn: Connection, **more: object) -> list[Letter]:
    return fetch_due(conn, NOW + timedelta(days=1), limit=99, **more)  # type: ignore[arg-type]


def told(conn: Connection) -> list[tuple[int | None, str]]:
    """Which webhook has which messages waiting."""
    return [(letter.webhook_id, letter.message_id) for letter in due(conn)]


def test_what_is_kept_of_a_webhook_comes_back(database: Engine) -> None:
    with database.begin() as conn:
        plain = hook(conn)
        whole = hook(
            conn,
            "other",
            topics=(Topic.RUN_CHANGED, Topic.CALL_ENDED),
            campaign_ids=(4, 2),
            acts_for="Zoë",
            keys=("RT", "ZURICH"),
            is_enabled=False,
            why_disabled="no",
            failing_since=NOW,
            stamp=made("anna", NOW),
        )
        none = hook(conn, "none", keys=())
    with reading(database) as conn:
        assert fetch_webhooks(conn) == [plain, none, whole]
        assert fetch_webhook(conn, "other").stamp == made("anna", NOW)
        with pytest.raises(NotFound, match='there is no webhook "CRM"'):
            fetch_webhook(conn, "CRM")


def test_the_end_of_a_call_and_a_run_s_state_are_told_with_their_rows(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        key = hook(conn).id
        states = [progressed(site, RunState.RUNNING), progressed(site, None)]
        write_entries(conn, [ended(site), *states])
        run, call = due(conn)
    assert (call.webhook_id, call.message_id, call.call_id) == (key, "call-1", 1)
    assert (call.kind, call.url, call.secret) == (LetterKind.WEBHOOK, URL, "whsec_x")
    assert call.body.startswith('{"type":"call.ended"')
    assert run.call_id is None
    assert run.body.startswith('{"type":"run.changed"')


def test_a_message_of_a_call_that_is_not_committed_is_never_seen(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        hook(conn)
        write_entries(conn, [ended(site)])
    with pytest.raises(IntegrityError), database.begin() as conn:
        write_entries(conn, [ended(site, 2, record=1), ended(site, 1)])
    with reading(database) as conn:
        assert [message for _key, message in told(conn)] == ["call-1"]


@pytest.mark.parametrize(
    ("changes", "messages"),
    [
        ({}, 3),
        ({"topics": (Topic.CALL_ENDED,)}, 2),
        ({"topics": (Topic.RUN_CHANGED,)}, 1),
        ({"campaign_ids": (999,)}, 0),
        ({"is_enabled": False}, 0),
    ],
)
def test_a_webhook_is_told_what_it_is_for(
    database: Engine, changes: dict[str, object], messages: int
) -> None:
    site = furnish(database)
    with database.begin() as conn:
        other = save_campaign(conn, Campaign(name="other")).id
        hook(conn, **changes)
        calls = [ended(site), ended(site, 2, record=1, campaign_id=other)]
        write_entries(conn, [*calls, progressed(site, RunState.PAUSED)])
        assert count(conn, outbox) == messages


def test_campaigns_are_told_apart(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        other = save_campaign(conn, Campaign(name="other")).id
        one = hook(conn, "one", campaign_ids=(site.campaign.id,)).id
        both = hook(conn, "both", campaign_ids=(site.campaign.id, other)).id
        write_entries(conn, [ended(site), ended(site, 2, record=1, campaign_id=other)])
        assert sorted(told(conn)) == [(one, "call-1"), (both, "call-1"), (both, "call-2")]


def test_without_webhooks_a_batch_costs_one_small_query(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        with statements(conn) as seen:
            write_entries(conn, [ended(site)])
        asked = [text for text, _values in seen if "webhook" in text]
        assert len(asked) == 1
        with statements(conn) as seen:
            write_entries(conn, [progressed(site, None)])
        assert not [text for text, _values in seen if "webhook" in text]


# Whom it acts for


def make_user(conn: Connection, *keys: str, **changes: object) -> None:
    group = save_class(conn, UserClass(name="group", keys=keys))
    save_user(conn, User(name="anna", class_id=group.id, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("keys", "user", "own", "hears"),
    [
        (("RT", "ZURICH"), {}, None, True),
        (("RT", "ZURICH"), {}, ("RT", "ZURICH", "ADMIN"), True),
        (("RT",), {}, None, False),
        (("RT", "ZURICH"), {}, ("RT",), False),
        (("RT",), {}, ("RT", "ZURICH"), False),
        (("ZURICH",), {}, None, False),
        (("RT", "ZURICH"), {"is_enabled": False}, None, False),
        ((), {"has_master_key": True}, None, True),
    ],
)
def test_a_webhook_hears_of_a_protected_campaign_what_its_user_may_see(
    database: Engine,
    keys: tuple[str, ...],
    user: dict[str, object],
    own: tuple[str, ...] | None,
    hears: bool,
) -> None:
    site = furnish(database)
    with database.begin() as conn:
        stamp = Stamp(created_by="somebody")
        save_campaign(conn, replace(site.campaign, security_key="ZURICH", stamp=stamp))
        make_user(conn, *keys, **user)
        hook(conn, acts_for="anna", keys=own)
        write_entries(conn, [ended(site)])
        assert bool(due(conn)) is hears


def test_a_webhook_of_a_user_who_is_gone_hears_nothing(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        hook(conn, acts_for="nobody")
        write_entries(conn, [ended(site)])
        assert due(conn) == []


# How it fares


def test_a_letter_goes_where_its_webhook_is_now_with_its_secret_of_now(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        value = hook(conn)
        write_entries(conn, [ended(site)])
        save_webhook(conn, replace(value, url="https://new.example/", secret="whsec_y"))
        [letter] = due(conn)
    assert (letter.url, letter.secret) == ("https://new.example/", "whsec_y")
    assert "whsec_y" not in repr(letter)


def test_what_waits_for_a_disabled_webhook_goes_out_when_it_is_enabled(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        value = hook(conn)
        write_entries(conn, [ended(site)])
        save_webhook(conn, replace(value, is_enabled=False))
        assert due(conn) == []
        save_webhook(conn, value)
        assert [letter.message_id for letter in due(conn)] == ["call-1"]


def test_a_webhook_that_is_removed_takes_its_letters_along(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        value, other = hook(conn), hook(conn, "other")
        write_entries(conn, [ended(site)])
        delete_webhook(conn, value)
        assert told(conn) == [(other.id, "call-1")]
        assert fetch_webhooks(conn) == [other]


def test_letters_of_webhooks_and_campaigns_do_not_stand_before_each_other(
    database: Engine,
) -> None:
    site = furnish(database, records=60)
    with database.begin() as conn:
        key = hook(conn).id
        entries = [ended(site, i + 1, record=i) for i in range(50)]
        notify = Notification(url="https://other.example/", body="x")
        write_entries(conn, [*entries[:-1], replace(entries[-1], notify=notify)])
        found = fetch_due(conn, NOW + timedelta(days=1), limit=2)
        assert [letter.sender for letter in found] == [
            ("campaign", site.campaign.id),
            ("webhook", key),
            ("webhook", key),
        ]
        full = frozenset({("webhook", key)})
        assert [x.sender[0] for x in due(conn, full=full)] == ["campaign"]


def test_people_see_whose_a_letter_is_and_may_have_it_sent_again(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        key = hook(conn).id
        write_entries(conn, [ended(site)])
        [letter] = due(conn)
        dead = Failed(letter_id=letter.id, attempts=12, due_at=NOW, last_error="no", dead=True)
        settle(conn, [], [dead])
        [kept] = fetch_letters(conn, dead=True, limit=9)
        assert (kept.campaign, kept.webhook, kept.message_id) == ("", "crm", "call-1")
        assert revive(conn, [], NOW) == 1
        assert told(conn) == [(key, "call-1")]


def test_a_server_that_takes_nothing_for_a_day_is_told_no_more(database: Engine) -> None:
    with database.begin() as conn:
        lame, well = hook(conn, "lame"), hook(conn, "well")
        ids = [lame.id, well.id]
        assert note_deliveries(conn, [], ids, NOW) == []
        later = NOW + timedelta(hours=1)
        assert note_deliveries(conn, [well.id], [lame.id, well.id], later) == []
        assert fetch_webhook(conn, "lame").failing_since == NOW, "since the first"
        assert fetch_webhook(conn, "well").failing_since is None, "something arrived"
        almost = NOW + PATIENCE - timedelta(seconds=1)
        assert note_deliveries(conn, [], ids, almost) == []
        assert [one.name for one in note_deliveries(conn, [], ids, NOW + PATIENCE)] == ["lame"]
        found = fetch_webhook(conn, "lame")
        assert (found.is_enabled, found.why_disabled) == (
            False,
            "its server has taken nothing for 24 hours",
        )
        assert fetch_webhook(conn, "well").is_enabled
        assert note_deliveries(conn, [], ids, NOW + PATIENCE) == [], "once"


def test_a_person_who_is_erased_is_erased_from_messages_too(database: Engine) -> None:
    site = furnish(database)
    with database.begin() as conn:
        hook(conn)
        write_entries(conn, [ended(site), ended(site, 2, record=1)])
        erase(conn, "100", find_traces(conn, "100", keeps_black_lists=True), NOW)
        assert [message for _key, message in told(conn)] == ["call-2"]


def test_no_query_for_webhooks_reads_a_whole_outbox(database: Engine) -> None:
    furnish(database)
    with database.begin() as conn:
        value = hook(conn)
        row = message_row(value, "x", "{}", at=NOW + timedelta(days=2))
        conn.execute(insert(outbox), [row] * ROWS)
        if conn.dialect.name != "sqlite":
            conn.exec_driver_sql("ANALYZE TABLE outbox, webhook")
    with database.begin() as conn:
        with statements(conn) as seen:
            assert due(conn) == []
        for statement, values in seen:
            assert whole_tables(conn, statement, values) == [], statement
