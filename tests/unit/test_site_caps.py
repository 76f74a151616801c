"""Caps in a site file: presets, figures of one's own, and the campaigns that keep them."""

from core.model import CallList
from core.operations.site_changes import Action, compare
from core.operations.site_entries import cap_entry, list_entry
from core.operations.site_file import parse_site
from core.rules.caps import PRESETS, Cap, DayKind, Preset

REG_F = """
[caps."Reg F"]
preset = "us-reg-f"
site_wide = true
"""


def problems_of(file_text: str) -> list[str]:
    entries, problems = parse_site(file_text)
    compare(entries, (), problems)
    return problems


def test_a_preset_stands_for_its_figures() -> None:
    (entry,), problems = parse_site(REG_F)
    assert problems == []
    assert entry.values == {
        "attempts": 7,
        "days": 7,
        "rest_days": 7,
        "day": DayKind.CALENDAR,
        "site_wide": True,
    }
    assert entry.keys == {"attempts", "days", "rest_days", "day", "site_wide"}


def test_a_preset_that_is_stored_is_there_already() -> None:
    cap = Cap(name="Reg F", attempts=7, days=7, rest_days=7, day=DayKind.CALENDAR)
    stored = [cap_entry(cap)]
    entries, problems = parse_site(REG_F.replace("site_wide = true", ""))
    (change,) = compare(entries, stored, problems)
    assert (change.action, problems) == (Action.KEEP, [])
    assert PRESETS[Preset.US_REG_F].attempts == cap.attempts


def test_a_cap_of_one_s_own_needs_attempts_and_days() -> None:
    assert problems_of("[caps.mine]\nrest_days = 2") == [
        "caps.mine.attempts: it must be given",
        "caps.mine.days: it must be given",
    ]
    assert problems_of("[caps.mine]\nattempts = 3\ndays = 1") == []


def test_a_campaign_names_caps_that_there_are() -> None:
    file_text = REG_F + '[campaigns.c]\ncaps = ["Reg G"]'
    assert problems_of(file_text) == ['campaigns.c.caps "Reg G": not in [caps]; is "Reg F" meant?']


def test_figures_of_one_s_own_may_replace_those_of_a_preset() -> None:
    cap = cap_entry(Cap(name="c", attempts=7, days=7, rest_days=7))
    stored = [cap, list_entry(CallList(name="l"))]
    entries, problems = parse_site("[caps.c]\nattempts = 3")
    (change,) = compare(entries, stored, problems)
    assert [(f.key, f.old, f.new) for f in change.fields] == [("attempts", "7", "3")]
    assert change.entry.values["rest_days"] == 7
