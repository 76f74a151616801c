"""Manual 25.02, "Campaigns and runs", address by address."""

from dataclasses import replace

import pytest

from core.model import CallList, Campaign, Pace
from core.store.campaigns import fetch_campaign_by_name, save_campaign
from core.store.lists import save_list
from core.store.runs import fetch_recent_runs
from tests.support.fixtures_dialect import ANSWERED, Dialect

AT = "http://127.0.0.1:8080/wombat/api/campaigns/"
NUMBERS = [str(5550000 + i) for i in range(40)]


@pytest.fixture
def campaign(dialect: Dialect) -> Campaign:
    return dialect.rig.configure(NUMBERS, simulation=ANSWERED)


def name_it(dialect: Dialect, campaign: Campaign, **changes: object) -> None:
    with dialect.rig.database.begin() as conn:
        save_campaign(conn, replace(campaign, **{"name": "ABC", **changes}))


def test_a_run_is_started_and_visible_within_a_second(dialect: Dialect, campaign: Campaign) -> None:
    name_it(dialect, campaign)
    before = dialect.rig.timer.seconds()
    assert dialect.text(f"{AT}?op=start&campaign=ABC") == "OK: start of campaign ABC: done"
    assert dialect.rig.timer.seconds() - before < 0.1, "without waiting for the beat"
    [run] = dialect.engine.publisher.latest().runs
    assert (run.campaign, run.state) == ("ABC", "RUNNING")


def test_a_start_of_what_runs_already_is_ignored(dialect: Dialect, campaign: Campaign) -> None:
    name_it(dialect, campaign)
    dialect.text(f"{AT}?op=start&campaign=ABC")
    text = dialect.text(f"{AT}?op=start&campaign=ABC")
    assert "OK" not in text
    assert "is running already" in text
    assert len(dialect.engine.publisher.latest().runs) == 1


def test_a_run_is_paused_unpaused_and_removed(dialect: Dialect, campaign: Campaign) -> None:
    name_it(dialect, campaign)
    dialect.text(f"{AT}?op=start&campaign=ABC")
    states = []
    for verb in ("pause", "unpause", "pause", "remove"):
        assert "OK" in dialect.text(f"{AT}?op={verb}&campaign=ABC")
        states.append(dialect.run_state())
    assert states == ["PAUSED", "RUNNING", "PAUSED", "REMOVE"]


@pytest.mark.parametrize("verb", ["pause", "unpause", "remove", "reload"])
def test_what_has_no_run_is_left_alone(dialect: Dialect, campaign: Campaign, verb: str) -> None:
    name_it(dialect, campaign)
    text = dialect.text(f"{AT}?op={verb}&campaign=ABC")
    assert text == 'ERROR: campaign "ABC" is not running; start it first'


def test_a_reload_takes_the_definition_that_is_saved_now(
    dialect: Dialect, campaign: Campaign
) -> None:
    name_it(dialect, campaign)
    dialect.text(f"{AT}?op=start&campaign=ABC")
    name_it(dialect, campaign, priority=3)
    assert "OK" in dialect.text(f"{AT}?op=reload&campaign=ABC")
    [run] = dialect.engine.publisher.latest().runs
    assert run.priority == 3


def test_a_clone_has_the_definition_and_no_run(dialect: Dialect, campaign: Campaign) -> None:
    name_it(dialect, campaign, priority=3, dial_clid="5550199")
    dialect.text(f"{AT}?op=start&campaign=ABC")
    assert "OK" in dialect.text(f"{AT}?op=clone&campaign=ABC&newcampaign=DEF")
    with dialect.rig.database.connect() as conn:
        first, second = (fetch_campaign_by_name(conn, name) for name in ("ABC", "DEF"))
    assert second == replace(first, id=second.id, name="DEF")
    assert second.id != first.id
    assert "not running" in dialect.text(f"{AT}?op=pause&campaign=DEF")
    assert "OK" in dialect.text(f"{AT}?op=start&campaign=DEF")


@pytest.mark.parametrize(
    ("new_name", "why"),
    [
        ("ABC", 'campaign "ABC": there is one of this name'),
        ("x" * 101, "a name has at most 100 characters"),
        ("a%0Ab", "write one line of text"),
        ("", 'newcampaign "": the request needs newcampaign='),
    ],
)
def test_a_clone_needs_a_name_of_its_own(
    dialect: Dialect, campaign: Campaign, new_name: str, why: str
) -> None:
    name_it(dialect, campaign)
    text = dialect.text(f"{AT}?op=clone&campaign=ABC&newcampaign={new_name}")
    assert text.startswith("ERROR: ")
    assert why in text


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("op=start&campaign=NOBOOK", 'ERROR: there is no campaign "NOBOok"'),
        ("op=start", 'ERROR: campaign "": the request needs campaign=…'),
        ("op=dance&campaign=ABC", 'ERROR: op "dance": write one of start, pause,'),
        ("campaign=ABC", 'ERROR: op "": write one of start, pause,'),
    ],
)
def test_a_wrong_request_is_answered_in_words_without_the_word_of_success(
    dialect: Dialect, query: str, text: str
) -> None:
    answer = dialect.text(f"{AT}?{query}")
    assert answer.startswith(text)
    assert "OK" not in answer


def test_a_campaign_that_is_not_runnable_is_not_started(
    dialect: Dialect, campaign: Campaign
) -> None:
    name_it(dialect, campaign, pace=Pace.CLOSED)
    assert "only RUNNABLE ones may be started" in dialect.text(f"{AT}?op=start&campaign=ABC")


def test_names_with_raw_spaces_and_old_letters_are_found(
    dialect: Dialect, campaign: Campaign
) -> None:
    name_it(dialect, campaign, name="Zürich 1|2")
    assert "OK" in dialect.text(f"{AT}?op=start&campaign=Zürich 1|2")
    assert "OK" in dialect.text(f"{AT}?op=pause&campaign=Z%FCrich 1|2"), "Windows-1252"


@pytest.mark.parametrize(
    "address",
    [
        "/wombat/api/campaigns/",
        "/wombat/api/campaigns",
        "/wombat//api//campaigns//",
        "//wombat/api/campaigns/index.jsp",
        "/wbt/api/campaigns/",
        "/WombatDialer/api/campaigns/",
    ],
)
def test_the_address_may_be_written_in_many_ways(
    dialect: Dialect, campaign: Campaign, address: str
) -> None:
    name_it(dialect, campaign)
    assert "OK" in dialect.text(f"{address}?op=start&campaign=ABC")


def test_what_is_no_address_of_the_dialect_says_which_are(dialect: Dialect) -> None:
    text = dialect.text("/wombat/api/nope/?op=start")
    assert text.startswith('ERROR: address "nope": write one of addkey, callinfo,')
    assert dialect.ask("/other/api/campaigns/?op=start").status == 404
    home = dialect.ask("/wombat/")
    assert (home.status, home.headers["location"]) == (302, "/")


@pytest.mark.parametrize(
    ("op", "lists"), [("addList", "list_ids"), ("addBlackList", "black_list_ids")]
)
def test_a_list_is_added_for_the_campaigns_next_run(
    dialect: Dialect, campaign: Campaign, op: str, lists: str
) -> None:
    name_it(dialect, campaign, name="QMS")
    with dialect.rig.database.begin() as conn:
        added = save_list(conn, CallList(name="ZEB")).id
    for _ in range(2):
        assert "OK" in dialect.text(f"{AT}?op={op}&campaign=QMS&list=ZEB")
    with dialect.rig.database.connect() as conn:
        found = fetch_campaign_by_name(conn, "QMS")
    before = getattr(campaign, lists)
    assert getattr(found, lists) == (*before, added)
    assert "OK" not in dialect.text(f"{AT}?op={op}&campaign=QMS&list=NONE")
    assert "OK" not in dialect.text(f"{AT}?op={op}&campaign=NONE&list=ZEB")


def boost(dialect: Dialect) -> int:
    with dialect.rig.database.connect() as conn:
        return fetch_recent_runs(conn, 1)[0].boost_percent


def test_the_boost_factor_of_a_run_is_a_percentage_up_to_five_times(
    dialect: Dialect, campaign: Campaign
) -> None:
    name_it(dialect, campaign, name="TestCampaign")
    at = "http://127.0.0.1:8080/WombatDialer/api/campaigns/?op=boost&campaign=TestCampaign"
    assert "has no run" in dialect.text(f"{at}&factor=150")
    dialect.text(f"{AT}?op=start&campaign=TestCampaign")
    assert boost(dialect) == 100
    for factor in (0, 500, 150):
        assert "OK" in dialect.text(f"{at}&factor={factor}")
        assert boost(dialect) == factor
    dialect.rig.turn(60)
    for wrong in ("501", "-1", "1.5", "", "x"):
        assert "OK" not in dialect.text(f"{at}&factor={wrong}")
    assert boost(dialect) == 150, "it outlives what the run writes of itself"
