"""Rules in a site file: the states about agents, and the action that does nothing."""

import pytest

from core.operations.site_disposition import NamedRule
from core.operations.site_file import parse_site
from core.rules.disposition import DispositionRule, Verb
from core.rules.reschedule import RescheduleRule
from core.rules.states import CallState

RETRY = '[[campaigns.c.reschedule]]\nstate = "{}"\n'
NOTHING = '[[campaigns.c.disposition]]\nstate = "{}"\naction = "none"\n'


@pytest.mark.parametrize("state", ["RS_NOAGENT", "RS_AGENTSkip", "RS_AGENT", "rs_agentskip"])
def test_rules_may_name_the_states_about_agents(state: str) -> None:
    (campaign,), problems = parse_site((RETRY + NOTHING).format(state, state))
    meant = {one.upper(): one for one in CallState}[state.upper()]
    assert problems == []
    assert campaign.values["reschedule"] == (RescheduleRule(state=meant),)
    kept = NamedRule(rule=DispositionRule(state=meant, verb=Verb.NONE))
    assert campaign.values["disposition"] == (kept,)


@pytest.mark.parametrize(
    ("written", "meant"), [("RS_NO_AGENT", "RS_NOAGENT"), ("RS_AGENT_SKIP", "RS_AGENTSKIP")]
)
def test_the_manual_s_word_is_told(written: str, meant: str) -> None:
    (problem,) = parse_site(RETRY.format(written))[1]
    assert problem.endswith(f'"{written}": a call must end in it; is "{meant}" meant?')


def test_a_rule_that_does_nothing_has_nothing_more() -> None:
    (problem,) = parse_site(NOTHING.format("RS_BUSY") + 'text = "x"')[1]
    assert problem == 'campaigns.c.disposition[1].text: the action "none" has none; leave it out'
