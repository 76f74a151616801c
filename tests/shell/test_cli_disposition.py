"""Disposition rules in a site file: applied, shown, refused, and at work in a whole dialer."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.model import Simulation
from core.operations.site import apply, plan_text
from core.people import SYSTEM
from core.rules.disposition import AttributeMode, DispositionRule, Verb
from core.rules.notifications import LetterKind
from core.rules.states import CallState
from core.store.campaigns import fetch_campaign_by_name
from core.store.database import reading
from core.store.lists import fetch_list_by_name, fetch_records
from core.store.outbox import fetch_letters
from core.store.schema import call_log
from tests.support.cli import CommandLine
from tests.support.rig import Rig
from tests.support.store_site import count

SITE = """
[lists.people]
[lists.DNC]

[campaigns.A]
lists = ["people"]

[[campaigns.A.disposition]]
state = "RS_BUSY"
action = "recall"
campaign = "B"
after_s = 60
attributes = "inbound"

[[campaigns.A.disposition]]
state = "TERMINATED"
ext_status = "NO"
action = "add_blacklist"
list = "DNC"
for_s = 86400
set = "REASON:asked ${CAMPAIGN},BY:${ATTRAGENT}"

[[campaigns.A.disposition]]
state = "TERMINATED"
with_retries_pending = true
action = "http_post"
url = "https://crm.example/calls?num=${NUM}"
text = "state=${STATE}"

[campaigns.B]

[[campaigns.B.disposition]]
state = "RS_LOST"
action = "email"
to = "desk@example.com"
text = '''
${NUM} was lost
on ${CAMPAIGN}.'''
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    line = CommandLine(tmp_path)
    line.done("migrate")
    return line


def test_rules_may_name_campaigns_and_lists_of_the_same_file(line: CommandLine) -> None:
    file = line.write("site.toml", SITE)
    shown = line.done("apply", file).stdout
    assert "RS_BUSY recalls on B after 60 s with INBOUND attributes" in shown
    assert "TERMINATED/NO goes to black list DNC for 86400 s with ALL attributes, " in shown
    assert "TERMINATED, retried or not, posts " in shown
    assert line.done("apply", file).stdout == "nothing to do\n"
    with reading(line.open_database()) as conn:
        a, b = fetch_campaign_by_name(conn, "A"), fetch_campaign_by_name(conn, "B")
        dnc = fetch_list_by_name(conn, "DNC")
    assert a.disposition_rules == (
        DispositionRule(
            state=CallState.RS_BUSY,
            verb=Verb.RECALL,
            target_id=b.id,
            defer_s=60,
            attribute_mode=AttributeMode.INBOUND,
        ),
        DispositionRule(
            state=CallState.TERMINATED,
            ext_status="NO",
            verb=Verb.ADD_BLACKLIST,
            list_id=dnc.id,
            defer_s=86400,
            attributes=(("REASON", "asked ${CAMPAIGN}"), ("BY", "${ATTRAGENT}")),
        ),
        DispositionRule(
            state=CallState.TERMINATED,
            with_retries_pending=True,
            verb=Verb.HTTP_POST,
            destination="https://crm.example/calls?num=${NUM}",
            text="state=${STATE}",
        ),
    )
    assert b.disposition_rules[0].text == "${NUM} was lost\non ${CAMPAIGN}."


def test_a_file_that_says_nothing_of_rules_keeps_them_and_an_empty_list_drops_them(
    line: CommandLine,
) -> None:
    line.done("apply", line.write("site.toml", SITE))
    line.done("apply", line.write("more.toml", "[campaigns.B]\npriority = 3\n"))
    assert line.done("apply", line.write("site.toml", SITE)).stdout == "nothing to do\n"
    shown = line.done("apply", line.write("none.toml", "[campaigns.B]\ndisposition = []\n"))
    assert "disposition: RS_LOST sends" in shown.stdout
    with reading(line.open_database()) as conn:
        assert fetch_campaign_by_name(conn, "B").disposition_rules == ()


def rule(text: str, state: str = "RS_BUSY") -> str:
    return f'[[campaigns.A.disposition]]\nstate = "{state}"\n{text}\n'


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (rule('action = "add_list"'), '.list: with the action "add_list" it must be given'),
        (rule('action = "http_get"'), '.url: with the action "http_get" it must be given'),
        (
            rule('action = "email"\nto = "a@b.ch"'),
            '.text: with the action "email" it must be given',
        ),
        (rule('action = "call"'), '.action "call": is "RECALL" meant?'),
        (rule('list = "DNC"'), ".action: it must be given, such as add_list"),
        (rule('action = "add_list"\nlist = "DNX"'), '.list "DNX": not in [lists]; is "DNC" meant?'),
        (rule('action = "recall"\ncampaign = "C"'), '.campaign "C": not in [campaigns]; '),
        (
            rule('action = "add_list"\nlist = "people"'),
            '.list "people": the campaign dials this list, so the number would come back to it; '
            "write a rule under reschedule to call again",
        ),
        (
            rule('action = "add_list"\nlist = "DNC"\nfor_s = 9'),
            '.for_s: the action "add_list" has none; ',
        ),
        (rule('action = "http_get"\nurl = "crm.example"'), '.url "crm.example": write an address'),
        (
            rule('action = "http_get"\nurl = "http://${ATTRHOST}/"'),
            '.url "http://${ATTRHOST}/": variables may stand behind the host only',
        ),
        (
            rule('action = "http_get"\nurl = "http://x/${NUMBER}"'),
            '.url "http://x/${NUMBER}": there is no such variable; NUM, N_RETRY, LIST, ',
        ),
        (rule('action = "email"\nto = "anna"\ntext = "x"'), '.to "anna": write one plain address'),
        (
            rule('action = "email"\nto = "a@b.ch"\ntext = "${NAM}"'),
            '.text "${NAM}": there is no such variable; ',
        ),
        (
            rule('action = "add_list"\nlist = "DNC"\nset = "A:${X}"'),
            '.set "A:${X}": there is no such variable; ',
        ),
        (
            rule('action = "add_list"\nlist = "DNC"\nset = "A"'),
            '.set "A": "A": write NAME:VALUE,NAME:VALUE',
        ),
        (
            rule('action = "add_list"\nlist = "DNC"', "BUSY"),
            '.state "BUSY": a call must end in it; is "RS_BUSY" meant?',
        ),
        (
            rule('action = "add_list"\nlist = "DNC"\nattributes = "SOME"'),
            '.attributes "SOME": write one of ALL, NONE, INBOUND, OUTBOUND',
        ),
        (
            rule('action = "recall"\ncampaign = "A"'),
            '.campaign "A": a number would go round for ever, A → A; let one of them not recall',
        ),
        (
            rule('action = "recall"\ncampaign = "B"')
            + '[[campaigns.B.disposition]]\nstate = "RS_LOST"\naction = "recall"\ncampaign = "A"',
            '.campaign "B": a number would go round for ever, A → B → A; ',
        ),
    ],
)
def test_what_a_rule_cannot_mean_is_refused_when_it_is_saved(
    line: CommandLine, entry: str, problem: str
) -> None:
    line.done("apply", line.write("site.toml", SITE))
    result = line.run("apply", line.write("wrong.toml", entry))
    assert result.exit_code == 1
    assert f"campaigns.A.disposition[1]{problem}" in result.stderr
    assert line.done("apply", line.write("site.toml", SITE)).stdout == "nothing to do\n"


def test_a_cycle_through_campaigns_that_are_stored_is_refused_too(line: CommandLine) -> None:
    line.done("apply", line.write("site.toml", SITE + "\n[campaigns.C]\n"))
    to_c = '[[campaigns.B.disposition]]\nstate = "RS_BUSY"\naction = "recall"\ncampaign = "C"\n'
    line.done("apply", line.write("b.toml", to_c))
    to_a = '[[campaigns.C.disposition]]\nstate = "RS_BUSY"\naction = "recall"\ncampaign = "A"\n'
    result = line.run("apply", line.write("c.toml", to_a))
    assert result.stderr == (
        'campaigns.C.disposition[1].campaign "A": a number would go round for ever, '
        "C → A → B → C; let one of them not recall\n"
    )


RIG = """
[lists.DNC]
[lists.again]

[[campaigns.campaign.disposition]]
state = "RS_BUSY"
action = "add_list"
list = "again"
set = "WHY:${STATE}"

[[campaigns.campaign.disposition]]
state = "TERMINATED"
action = "add_blacklist"
list = "DNC"

[[campaigns.campaign.disposition]]
state = "TERMINATED"
action = "http_get"
url = "http://crm.example/${NUM}"
"""


def configure(rig: Rig, file_text: str) -> None:
    plan = plan_text(rig.database, SYSTEM, file_text, Path())
    apply(rig.database, SYSTEM, plan, rig.clock.now())


def numbers_on(database: Engine, name: str) -> list[str]:
    with reading(database) as conn:
        found = fetch_list_by_name(conn, name)
        return sorted(r.number for r in fetch_records(conn, found.id, after_id=0, limit=999))


def test_effects_match_the_log_across_a_crash(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    numbers = [str(100 + number) for number in range(40)]
    campaign = rig.configure(numbers)
    configure(rig, RIG)
    rig.start()
    rig.ask(campaign)
    rig.turn(5)
    rig.kill()
    rig.start()
    rig.turn(120)
    with reading(rig.database) as conn:
        rows = conn.execute(call_log.select()).all()
        letters = fetch_letters(conn, dead=False, limit=999)
        assert count(conn, call_log) == 40
    ended = {
        state: sorted(row.number for row in rows if row.state == state)
        for state in ("RS_BUSY", "TERMINATED")
    }
    assert all(ended.values())
    assert numbers_on(rig.database, "again") == ended["RS_BUSY"]
    assert numbers_on(rig.database, "DNC") == ended["TERMINATED"]
    assert {one.kind for one in letters} == {LetterKind.GET}
    assert sorted(one.url.rpartition("/")[2] for one in letters) == ended["TERMINATED"]
    rig.close()


RECALL = """
[[campaigns.campaign.disposition]]
state = "RS_BUSY"
action = "recall"
campaign = "second"
after_s = 30

[campaigns.second]
trunks = ["trunk"]
end_points = ["message"]
idles_on_termination = true
"""


def test_a_number_is_called_by_the_other_campaign_s_run(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    numbers = [str(100 + number) for number in range(20)]
    campaign = rig.configure(numbers, simulation=Simulation(outcomes={"busy": 1, "answered": 1}))
    configure(rig, RECALL)
    with reading(rig.database) as conn:
        second = fetch_campaign_by_name(conn, "second")
    rig.start()
    rig.ask(second)
    rig.ask(campaign)
    rig.turn(120)
    with reading(rig.database) as conn:
        rows = conn.execute(call_log.select()).all()
    mine = {row.number: row for row in rows if row.campaign_id == campaign.id}
    theirs = {row.number: row for row in rows if row.campaign_id == second.id}
    assert sorted(mine) == numbers
    assert (
        set(theirs) == {number for number, row in mine.items() if row.state == "RS_BUSY"} != set()
    )
    waits = [theirs[n].requested_at - mine[n].ended_at for n in theirs]
    assert min(waits) >= timedelta(seconds=30)
    assert max(waits) < timedelta(seconds=40)
    rig.close()


def test_a_recall_on_a_campaign_without_a_run_is_called_by_its_next_one(tmp_path: Path) -> None:
    """Once, and a dialer that is killed meanwhile does not forget it."""
    rig = Rig(tmp_path)
    campaign = rig.configure(["100"], simulation=Simulation(outcomes={"busy": 1}))
    configure(rig, RECALL)
    with reading(rig.database) as conn:
        second = fetch_campaign_by_name(conn, "second")
    rig.start()
    rig.ask(campaign)
    rig.turn(60)
    rig.kill()
    rig.start()
    rig.turn(60)
    for _ in range(2):
        rig.ask(second)
        rig.turn(60)
        rig.ask(second, "remove")
        rig.turn(5)
    with reading(rig.database) as conn:
        rows = conn.execute(call_log.select().order_by(call_log.c.id)).all()
    assert [(row.campaign_id, row.number) for row in rows] == [
        (campaign.id, "100"), (second.id, "100"),
    ]  # fmt: skip
    rig.close()
