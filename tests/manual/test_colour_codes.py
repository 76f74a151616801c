"""Manual 25.02: "Color codes used for live calls" and "Color codes used for campaign runs"."""

import re
from pathlib import Path

import pytest

import web.ui
from core.rules.states import CallState, RunState

CSS = (Path(web.ui.__file__).parent / "static/app.css").read_text()

#: Table 1; light green is green, thinned. What the table does not name is red.
CALLS = {
    "IN_HOPPER": "--red",
    "SCHEDULED": "--red",
    "REQUESTED": "--blue",
    "DIALLING": "--orange",
    "CONNECTED": "--green",
    "TRANSFERRED": "--green",
    "TERMINATED": "--black",
}
#: Table 2.
RUNS = {
    "COMPLETED": "--black",
    "ERROR": "--red",
    "IDLE": "--gold",
    "PAUSED": "--gray",
    "RUNNABLE": "--blue",
    "RUNNING": "--green",
    "WRONG_TIME": "--maroon",
    "REMOVE": "--pink",
}


def tone(selector: str) -> str:
    """The colour that this selector gives to a state."""
    rule = re.search(
        rf"(?:^|[ ,]){re.escape(selector)}[^{{}}]*{{\s*--tone: ([^;]+);", CSS, re.MULTILINE
    )
    assert rule, selector
    (name,) = re.findall(r"--(?!card)\w+", rule[1])
    return str(name)


@pytest.mark.parametrize(("state", "colour"), CALLS.items())
def test_live_calls(state: str, colour: str) -> None:
    assert tone(f".call-{CallState(state).value}") == colour


def test_calls_that_failed_are_red() -> None:
    assert tone('[class*="call-RS_"]') == "--red"


def test_a_transferred_call_is_a_lighter_green_than_a_connected_one() -> None:
    assert ".call-TRANSFERRED { --tone: color-mix(in srgb, var(--green) 60%, var(--card)); }" in CSS


@pytest.mark.parametrize("state", RunState)
def test_campaign_runs(state: RunState) -> None:
    any_other = state is RunState.REMOVE
    assert tone(".pill" if any_other else f".run-{state.value}") == RUNS[state.value]
