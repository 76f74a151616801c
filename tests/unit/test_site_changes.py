"""What a site file changes in what is stored."""

from collections.abc import Sequence
from datetime import time

from core.model import CallList, Campaign, EndPoint, Server, ServerType, Trunk
from core.operations.site_changes import Action, Change, FieldChange, Plan, compare
from core.operations.site_entries import (
    campaign_entry,
    endpoint_entry,
    list_entry,
    opening_hours_entry,
    server_entry,
    trunk_entry,
)
from core.operations.site_file import Entry, parse_site
from core.operations.site_words import MASK
from core.rules.active_period import ActivePeriod
from core.rules.opening_hours import DefaultMode, HourRule, OpeningHours
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState

SERVER = server_entry(Server(name="pbx", type=ServerType.SIMULATED))
OTHER = server_entry(Server(name="other", type=ServerType.SIMULATED))
TRUNK = trunk_entry(Trunk(server_id=1, name="main", dial_string="PJSIP/${num}@c"), "pbx")
END_POINT = endpoint_entry(EndPoint(server_id=1, name="ivr", extension="100", context="in"), "pbx")
LIST = list_entry(CallList(name="people"))
CAMPAIGN = campaign_entry(
    Campaign(name="c", dial_clid="100"),
    trunks=("main",),
    end_points=("ivr",),
    lists=("people",),
)
SITE = (SERVER, TRUNK, END_POINT, LIST, CAMPAIGN)


def changes_of(file_text: str, stored: Sequence[Entry] = ()) -> tuple[Change, ...]:
    entries, problems = parse_site(file_text)
    changes = compare(entries, stored, problems)
    assert problems == []
    return changes


def problems_of(file_text: str, stored: Sequence[Entry] = ()) -> list[str]:
    entries, problems = parse_site(file_text)
    compare(entries, stored, problems)
    return problems


def test_a_new_entry_shows_what_the_file_says_and_gets_the_defaults_for_the_rest() -> None:
    (change,) = changes_of('[servers.pbx]\ntype = "simulated"\nport = 5039')
    assert change.action is Action.CREATE
    assert change.fields == (
        FieldChange(key="type", old=None, new="SIMULATED"),
        FieldChange(key="port", old=None, new="5039"),
    )
    assert change.entry.values["messages_per_unit"] == 5


def test_what_the_file_does_not_mention_stays_as_it_is_stored() -> None:
    (change,) = changes_of("[campaigns.c]\npriority = 3", SITE)
    assert change.action is Action.UPDATE
    assert change.fields == (FieldChange(key="priority", old="10", new="3"),)
    assert change.entry.values == {**CAMPAIGN.values, "priority": 3}


def test_the_same_values_again_change_nothing() -> None:
    changes = changes_of('[trunks.main]\nserver = "pbx"\ndial_string = "PJSIP/${num}@c"', SITE)
    assert [change.action for change in changes] == [Action.KEEP]
    assert Plan(changes=changes).is_empty


def test_one_change_makes_a_plan_that_is_not_empty() -> None:
    assert not Plan(changes=changes_of("[trunks.main]\ncapacity = 3", SITE)).is_empty


def test_a_changed_password_is_seen_but_never_shown() -> None:
    stored = server_entry(Server(name="pbx", login="whip", password="old"))
    (change,) = changes_of('[servers.pbx]\npassword = "new"', [stored])
    assert change.fields == (FieldChange(key="password", old=MASK, new=MASK),)
    assert change.entry.values["password"] == "new"


def test_rules_and_references_are_shown_as_sentences() -> None:
    (change,) = changes_of(
        """
        [campaigns.c]
        trunks = []
        caller_id = ""
        [[campaigns.c.reschedule]]
        state = "RS_BUSY"
        ext_status = "$"
        max_attempts = 2
        retry_after_s = 300
        mode = "MULT"
        [[campaigns.c.reschedule]]
        state = "RS_LOST"
        max_attempts = 0
        retry_after_s = 60
        """,
        SITE,
    )
    assert [(field.key, field.old, field.new) for field in change.fields] == [
        ("trunks", "main", "none"),
        ("caller_id", "100", "none"),
        (
            "reschedule",
            "none",
            "RS_BUSY/$ 2 times after 300 s, growing, RS_LOST always after 60 s",
        ),
    ]


def test_fewer_rules_are_a_change() -> None:
    rule = RescheduleRule(state=CallState.RS_BUSY)
    stored = campaign_entry(Campaign(name="c", reschedule_rules=(rule,)))
    (change,) = changes_of("[campaigns.c]\nreschedule = []", [stored])
    assert change.entry.values["reschedule"] == ()


def test_a_simulation_is_shown_in_a_line() -> None:
    (change,) = changes_of(
        "[trunks.main.simulation]\noutcomes = { answered = 1 }\ntalk_s = [1, 2.5]", SITE
    )
    assert change.fields == (
        FieldChange(key="simulation", old="none", new="answered 1; ring 1-3 s; talk 1-2.5 s"),
    )


def test_what_a_new_entry_cannot_do_without_is_asked_for() -> None:
    assert problems_of("[trunks.t]\n[end_points.e]\n[servers.s]") == [
        "servers.s.login: it must be given, the name of a user in manager.conf",
        "trunks.t.server: it must be given",
        "trunks.t.dial_string: it must be given",
        "end_points.e.server: it must be given",
        "end_points.e.extension: it must be given",
        "end_points.e.context: it must be given",
    ]


def test_a_simulated_server_needs_no_login() -> None:
    assert problems_of('[servers.s]\ntype = "simulated"') == []


def test_a_wrong_value_is_not_asked_for_again() -> None:
    problems = problems_of('[trunks.t]\nserver = "pbx"\ndial_string = "x"', [SERVER])
    assert len(problems) == 1
    assert problems[0].startswith('trunks.t.dial_string "x": ')


def test_an_unknown_server_is_named_with_the_nearest_one() -> None:
    assert problems_of('[trunks.main]\nserver = "pxb"', SITE) == [
        'trunks.main.server "pxb": not in [servers]; is "pbx" meant?'
    ]


def test_unknown_parts_of_a_campaign_are_named() -> None:
    assert problems_of(
        '[campaigns.d]\ntrunks = ["mian"]\nend_points = ["x"]\nlists = ["y"]', [SERVER, TRUNK]
    ) == [
        'campaigns.d.trunks "mian": not in [trunks]; is "main" meant?',
        'campaigns.d.end_points "x": not in [end_points]; there is none yet',
        'campaigns.d.lists "y": not in [lists]; there is none yet',
    ]


def test_a_campaign_s_trunks_and_end_points_must_meet_on_a_server() -> None:
    far = endpoint_entry(EndPoint(server_id=2, name="far", extension="1", context="in"), "other")
    assert problems_of('[campaigns.c]\nend_points = ["far"]', [*SITE, OTHER, far]) == [
        'campaigns.c: its trunks are on "pbx", its end-points on "other"; '
        "a call needs both on one server"
    ]
    assert problems_of('[campaigns.c]\nend_points = ["far", "ivr"]', [*SITE, OTHER, far]) == []


def test_the_order_of_trunks_says_nothing_and_that_of_lists_does() -> None:
    second = trunk_entry(Trunk(server_id=1, name="a", dial_string="PJSIP/${num}@d"), "pbx")
    stored = campaign_entry(Campaign(name="c"), trunks=("main", "a"), lists=("people", "b"))
    site = (SERVER, TRUNK, second, LIST, list_entry(CallList(name="b")), stored)
    (same,) = changes_of('[campaigns.c]\ntrunks = ["main", "a"]', site)
    assert same.action is Action.KEEP
    (other,) = changes_of('[campaigns.c]\nlists = ["b", "people"]', site)
    assert other.fields == (FieldChange(key="lists", old="people, b", new="b, people"),)


HOURS = opening_hours_entry(
    OpeningHours(
        name="office",
        default=DefaultMode.CLOSED,
        rules=(HourRule(days=frozenset({2, 3}), is_open=True),),
    )
)


def test_hours_days_and_variables_are_shown_as_people_write_them() -> None:
    (change,) = changes_of(
        """
        [campaigns.c]
        time_zone = "Europe/Zurich"
        start_time = "9:30"
        days = "23456"
        variables = "A:1,B:2"
        opening_hours = ["office"]
        """,
        [*SITE, HOURS],
    )
    assert [(field.key, field.old, field.new) for field in change.fields] == [
        ("time_zone", "UTC", "Europe/Zurich"),
        ("start_time", "00:00:00", "09:30:00"),
        ("days", "Su Mo Tu We Th Fr Sa", "Mo Tu We Th Fr"),
        ("variables", "none", "A:1, B:2"),
        ("opening_hours", "none", "office"),
    ]


def test_opening_hours_are_shown_rule_by_rule() -> None:
    (change,) = changes_of(
        """
        [opening_hours.office]
        default = "open"
        rules = [
            { name = "Feast", from_date = "25/12", to_date = "25/12", state = "CLOSED" },
            { days = "2", from_date = "01/02/2026", to_time = "9:30", state = "OPEN" },
            { from_time = "8:00", to_time = "9:30", to_date = "31/12", state = "OPEN" },
        ]
        """,
        [HOURS],
    )
    assert [(field.key, field.old, field.new) for field in change.fields] == [
        ("default", "CLOSED", "OPEN"),
        (
            "rules",
            "open Mo Tu",
            '"Feast" closed 25/12, open Mo from 01/02/2026 to 09:30:00, '
            "open to 31/12 08:00:00-09:30:00",
        ),
    ]


def test_new_opening_hours_need_a_default() -> None:
    assert problems_of("[opening_hours.o]") == ["opening_hours.o.default: it must be given"]
    assert problems_of("[opening_hours.office]\nrules = []", [HOURS]) == []


def test_unknown_hours_and_black_lists_are_named() -> None:
    assert problems_of(
        '[campaigns.c]\nopening_hours = ["ofice"]\nblack_lists = ["peple"]', [*SITE, HOURS]
    ) == [
        'campaigns.c.opening_hours "ofice": not in [opening_hours]; is "office" meant?',
        'campaigns.c.black_lists "peple": not in [lists]; is "people" meant?',
    ]


def test_a_campaign_cannot_dial_what_it_keeps_off() -> None:
    assert problems_of('[campaigns.c]\nblack_lists = ["people"]', SITE) == [
        'campaigns.c.black_lists "people": it is one of its lists too; '
        "a campaign either dials a list or keeps off it"
    ]
    assert problems_of('[campaigns.c]\nlists = []\nblack_lists = ["people"]', SITE) == []


def test_a_period_is_judged_with_the_end_that_is_stored() -> None:
    period = ActivePeriod(start=time(9), end=time(17))
    stored = [*SITE[:-1], campaign_entry(Campaign(name="c", active_period=period))]
    assert problems_of('[campaigns.c]\nstart_time = "16:00"', stored) == []
    (problem,) = problems_of('[campaigns.c]\nstart_time = "18:00"', stored)
    assert problem.startswith(
        'campaigns.c.end_time "17:00:00": it lies before the start, 18:00:00; '
    )


def test_variables_and_settings_leave_room_for_the_attributes() -> None:
    variables = "variables = 'A:1,B:2,C:3,D:4,E:5,F:6,G:7,H:8'"
    two = "amd_mode = 'amd'\namd_extra = '1'"
    assert problems_of(f"[campaigns.c]\n{variables}\n{two}", SITE) == []
    assert problems_of(f"[campaigns.c]\n{variables}\n{two}\nfax_file = 'a'", SITE) == [
        "campaigns.c: 8 variables and 3 AMD and fax settings; together they may be at most 10, "
        "for a call carries its record's attributes too"
    ]


def test_a_campaign_does_not_call_its_automatic_list_as_one_of_its_lists() -> None:
    own, other = (list_entry(CallList(name=f"{name}/AUTO")) for name in ("c", "d"))
    text = '[campaigns.c]\nlists = ["d/AUTO", "c/AUTO"]'
    assert problems_of(text, (own, other)) == [
        'campaigns.c.lists "c/AUTO": it is its automatic list, whose numbers are called anyway; '
        "here it would call them all again"
    ]


def test_a_list_is_hidden_by_its_key() -> None:
    (change,) = changes_of("[lists.people]\nhidden = true", SITE)
    assert change.fields == (FieldChange(key="hidden", old="false", new="true"),)
    assert changes_of("[lists.people]", SITE)[0].action is Action.KEEP
