"""What users without a key, and users of other keys, are refused, against a real database."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.engine.switchboard import reach_alike
from core.errors import Forbidden, InvalidConfiguration, NotFound
from core.model import Campaign, Server
from core.operations.campaigns import ask, campaigns
from core.operations.list_csv import import_csv
from core.operations.list_export import export_csv
from core.operations.lists import show_lists, show_records
from core.operations.live import live_campaigns, live_runs
from core.operations.outbox import drop, fetch_outbox, retry
from core.operations.reports import log_page, recent_runs, run_report
from core.operations.run_logs import START, count_calls, find_place, read_calls
from core.operations.run_periods import run_stats, runs_between
from core.operations.site import apply, fetch_targets, plan_text
from core.operations.site_stored import fetch_site
from core.operations.status import fetch_status
from core.operations.webhooks import show_webhooks
from core.operations.why import tell
from core.people import SYSTEM, Actor, Face
from core.rules.keys import Key, Keyring
from core.rules.stamps import made
from core.store.audit import LogFilter, fetch_log
from core.store.campaigns import fetch_campaign_by_name, save_campaign
from core.store.database import reading
from core.store.lists import fetch_list_by_name, save_list
from core.store.runs import fetch_asked
from core.store.servers import save_server
from tests.support.fixtures_web import NOW, store_run, store_site

HERE = Path()
SITE = """
[servers.pbx-2]
type = "simulated"
[lists.more]
[opening_hours.office]
default = "OPEN"
[campaigns.small]
lists = ["more"]
"""


def user(*keys: str, name: str = "anna") -> Actor:
    ring = Keyring(keys=frozenset(keys))
    return Actor(name=name, ring=ring, face=Face.WEB, address="10.0.0.7", user_id=1)


Work = Callable[[Engine, Actor], object]

#: Each operation, with the keys it needs.
NEEDS: dict[str, tuple[Work, tuple[str, ...]]] = {
    "ask": (lambda e, a: ask(e, a, "Spring call-back", "start", NOW), (Key.CTRL_WBT,)),
    "campaigns": (campaigns, (Key.RT,)),
    "recent_runs": (lambda e, a: recent_runs(e, a, 9), (Key.REPORT,)),
    "run_report": (lambda e, a: run_report(e, a, 1), (Key.REPORT,)),
    "log_page": (lambda e, a: log_page(e, a, 1, 0, 9), (Key.REPORT,)),
    "tell": (lambda e, a: tell(e, a, "201", "", NOW), (Key.REPORT,)),
    "fetch_status": (fetch_status, (Key.V_WBT, Key.RT, Key.REPORT)),
    "fetch_targets": (fetch_targets, (Key.ADMIN,)),
    "live_campaigns": (live_campaigns, (Key.RT,)),
    "live_runs": (lambda e, a: live_runs(e, a, [1]), (Key.RT,)),
    "runs_between": (lambda e, a: runs_between(e, a, NOW, NOW), (Key.REPORT,)),
    "run_stats": (lambda e, a: run_stats(e, a, [1]), (Key.REPORT,)),
    "count_calls": (lambda e, a: count_calls(e, a, [1]), (Key.REPORT,)),
    "find_place": (lambda e, a: find_place(e, a, [1], 1), (Key.REPORT,)),
    "read_calls": (lambda e, a: read_calls(e, a, [1], START, 9), (Key.REPORT,)),
    "show_lists": (show_lists, (Key.LIST,)),
    "show_records": (lambda e, a: show_records(e, a, "spring", 9), (Key.LIST,)),
    "fetch_outbox": (lambda e, a: fetch_outbox(e, a, dead=True, limit=9), (Key.ADMIN,)),
    "retry": (lambda e, a: retry(e, a, [], NOW), (Key.ADMIN,)),
    "drop": (lambda e, a: drop(e, a, [], NOW), (Key.ADMIN,)),
    "show_webhooks": (show_webhooks, (Key.ADMIN, Key.RT)),
    "plan": (
        lambda e, a: plan_text(e, a, SITE, HERE),
        (Key.ADMIN, Key.CAMP, Key.LIST, Key.OPHR),
    ),
}


@pytest.mark.parametrize("name", NEEDS)
def test_an_operation_names_the_key_it_needs(web_engine: Engine, name: str) -> None:
    work, keys = NEEDS[name]
    campaign = store_site(web_engine)
    if name != "ask":
        store_run(web_engine, campaign)
    for missing in keys:
        others = [key for key in Key if key != missing]
        with pytest.raises(Forbidden, match=f'anna does not hold the key "{missing}"') as caught:
            work(web_engine, user(*others))
        assert caught.value.key == missing
    work(web_engine, user(*keys))


def test_files_are_neither_read_nor_written_without_the_key(
    web_engine: Engine, tmp_path: Path
) -> None:
    store_site(web_engine)
    path = tmp_path / "numbers.csv"
    path.write_text("number\n202\n")
    with path.open() as stream:
        for work in (
            lambda: import_csv(web_engine, user(), path, "spring", print, stream, NOW),
            lambda: export_csv(web_engine, user(), "spring", stream, NOW),
        ):
            with pytest.raises(Forbidden, match='"LIST"'):
                work()
    assert [one.number for one in show_records(web_engine, SYSTEM, "spring", 9)] == ["201"]


def test_a_plan_is_not_applied_by_somebody_else(web_engine: Engine) -> None:
    plan = plan_text(web_engine, SYSTEM, SITE, HERE)
    with pytest.raises(Forbidden, match='"ADMIN"'):
        apply(web_engine, user(Key.CAMP, Key.LIST, Key.OPHR), plan, NOW)
    with reading(web_engine) as conn:
        assert fetch_site(conn).servers == ()


def protect(engine: Engine, key: str = "ZURICH", created_by: str = "bea") -> Campaign:
    """A campaign, its list and its server with a key."""
    campaign = store_site(engine)
    stamp = made(created_by, NOW)
    with engine.begin() as conn:
        save_list(conn, replace(fetch_list_by_name(conn, "spring"), security_key=key, stamp=stamp))
        site = fetch_site(conn)
        save_server(conn, replace(site.servers[0], security_key=key, stamp=stamp))
        return save_campaign(conn, replace(campaign, security_key=key, stamp=stamp))


def test_an_element_of_another_key_is_as_if_it_were_not_there(web_engine: Engine) -> None:
    store_run(web_engine, protect(web_engine))
    anna = user(*Key)
    assert campaigns(web_engine, anna) == []
    assert recent_runs(web_engine, anna, 9) == []
    assert show_lists(web_engine, anna) == []
    assert fetch_status(web_engine, anna).servers == ()
    for work, thing in (
        (lambda: run_report(web_engine, anna, 1), "run"),
        (lambda: log_page(web_engine, anna, 1, 0, 9), "run"),
        (lambda: ask(web_engine, anna, "Spring call-back", "pause", NOW), "campaign"),
        (lambda: show_records(web_engine, anna, "spring", 9), "list"),
        (lambda: tell(web_engine, anna, "201", "", NOW), "record"),
        (lambda: tell(web_engine, anna, "201", "Spring call-back", NOW), "campaign"),
    ):
        with pytest.raises(NotFound, match=f"there is no {thing}"):
            work()
    with reading(web_engine) as conn:
        assert fetch_asked(conn, 9) == []


@pytest.mark.parametrize("who", [user(*Key, "ZURICH"), user(*Key, name="bea"), SYSTEM])
def test_key_holder_creator_and_master_see_it(web_engine: Engine, who: Actor) -> None:
    store_run(web_engine, protect(web_engine))
    assert [view.name for view in campaigns(web_engine, who)] == ["Spring call-back"]
    assert run_report(web_engine, who, 1).trunks == ()
    assert show_lists(web_engine, who) == [("spring", 1)]
    assert [server.name for server in fetch_status(web_engine, who).servers] == ["pbx-1"]


def test_no_user_is_taken_for_the_machine(web_engine: Engine) -> None:
    protect(web_engine, created_by=SYSTEM.name)
    assert show_lists(web_engine, user(Key.LIST, name=SYSTEM.name)) == []


@pytest.mark.parametrize(
    ("file_text", "told"),
    [
        ("[servers.pbx-1]\nunit_ms = 60", 'there is no server "pbx-1"'),
        (
            '[trunks.new]\nserver = "pbx-1"\ndial_string = "SIP/${num}"',
            'there is no server "pbx-1"',
        ),
        ('[campaigns.new]\nlists = ["spring"]', '"spring": not in'),
        (
            '[[campaigns.new.disposition]]\nstate = "RS_BUSY"\n'
            'action = "add_list"\nlist = "spring"',
            '"spring": not in',
        ),
        (
            '[[campaigns.new.disposition]]\nstate = "RS_BUSY"\n'
            'action = "recall"\ncampaign = "Spring call-back"',
            '"Spring call-back": not in',
        ),
    ],
)
def test_what_one_may_not_see_one_may_neither_change_nor_use(
    web_engine: Engine, file_text: str, told: str
) -> None:
    protect(web_engine)
    with pytest.raises((NotFound, InvalidConfiguration), match=told):
        plan_text(web_engine, user(*Key), file_text, HERE)


def test_keys_are_not_transitive(web_engine: Engine) -> None:
    campaign = protect(web_engine)
    with web_engine.begin() as conn:
        save_campaign(conn, replace(campaign, security_key=""))
    anna = user(*Key)
    plan = plan_text(
        web_engine, anna, '[campaigns."Spring call-back"]\nlists = ["spring"]\npriority = 3', HERE
    )
    apply(web_engine, anna, plan, NOW)
    with reading(web_engine) as conn:
        found = fetch_campaign_by_name(conn, "Spring call-back")
    assert (found.priority, found.list_ids) == (3, campaign.list_ids)


def test_a_change_leaves_its_author_in_the_element_and_in_the_log(web_engine: Engine) -> None:
    anna, bea = user(*Key), user(*Key, name="bea")
    apply(web_engine, anna, plan_text(web_engine, anna, SITE, HERE), NOW)
    again = SITE.replace('type = "simulated"', 'type = "simulated"\nunit_ms = 77\npassword = "x"')
    apply(web_engine, bea, plan_text(web_engine, bea, again, HERE), NOW)
    with reading(web_engine) as conn:
        site = fetch_site(conn)
        newest, *older = fetch_log(conn, LogFilter(), 99)
    assert site.servers[0].stamp == made("anna", NOW).touched("bea", NOW)
    for one in (site.lists[0], site.opening_hours[0], site.campaigns[0]):
        assert one.stamp == made("anna", NOW)
    assert (newest.who, newest.face, newest.address) == ("bea", Face.WEB, "10.0.0.7")
    assert (newest.action, newest.subject) == ("config.update", "servers.pbx-2")
    assert newest.detail == "unit_ms: 50 → 77; password: (not shown) → (not shown)"
    assert {line.subject for line in older} == {
        "servers.pbx-2",
        "lists.more",
        "opening_hours.office",
        "campaigns.small",
    }


def test_a_key_is_given_by_a_site_file_and_protects_from_then_on(web_engine: Engine) -> None:
    guarded = SITE.replace('type = "simulated"', 'type = "simulated"\nsecurity_key = "ZURICH"')
    apply(web_engine, SYSTEM, plan_text(web_engine, SYSTEM, guarded, HERE), NOW)
    targets = [target.server.security_key for target in fetch_targets(web_engine, SYSTEM)]
    assert targets == ["ZURICH"]
    assert fetch_status(web_engine, user(*Key)).servers == ()


def test_a_run_that_is_asked_for_is_in_the_log(web_engine: Engine) -> None:
    store_site(web_engine)
    ask(web_engine, user(Key.CTRL_WBT), "Spring call-back", "start", NOW)
    with reading(web_engine) as conn:
        [line] = fetch_log(conn, LogFilter(), 9)
    assert (line.action, line.subject, line.who) == ("campaign.start", "Spring call-back", "anna")


def test_a_server_whose_key_changes_is_reached_as_before(web_engine: Engine) -> None:
    one = Server(name="pbx", host="a")
    assert reach_alike(one, replace(one, security_key="ZURICH"))
    assert not reach_alike(one, replace(one, host="b"))
