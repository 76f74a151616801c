"""The API says all that the site file says, in the same words."""

from enum import Enum
from typing import Any, get_args

import msgspec
import pytest

from core.model import CallList, Campaign, EndPoint, Server, ServerType, Trunk
from core.operations import site_entries as said
from core.operations.site_file import Entry, Kind
from core.operations.site_spelling import spell_value
from core.operations.site_values import SECRETS
from core.rules.caps import Cap, DayKind, Preset
from core.rules.disposition import Verb
from core.rules.opening_hours import DefaultMode, OpeningHours
from core.rules.recipient_hours import UnknownZone
from web.api.resources import campaign_shapes, element_shapes
from web.api.resources.configuration import SORTS

HOURS = OpeningHours(name="", default=DefaultMode.OPEN)
ENTRIES = {
    Kind.SERVER: said.server_entry(Server(name="")),
    Kind.TRUNK: said.trunk_entry(Trunk(server_id=0, name="", dial_string=""), ""),
    Kind.END_POINT: said.endpoint_entry(
        EndPoint(server_id=0, name="", extension="", context=""), ""
    ),
    Kind.LIST: said.list_entry(CallList(name="")),
    Kind.OPENING_HOURS: said.opening_hours_entry(HOURS),
    Kind.CAP: said.cap_entry(Cap(name="", attempts=1, days=1)),
    Kind.CAMPAIGN: said.campaign_entry(Campaign(name="")),
}


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {one.name for one in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(("kind", "entry"), ENTRIES.items())
def test_all_that_a_site_file_says_is_shown_but_secrets(kind: Kind, entry: Entry) -> None:
    [sort] = [one for one in SORTS if one.kind is kind]
    shown = fields(sort.shown) - set(element_shapes.TOLD) - {"name"}
    secrets = set(entry.values) & SECRETS
    assert shown == set(entry.values) - secrets
    assert secrets <= sort.more.keys()


@pytest.mark.parametrize(
    ("words", "members"),
    [
        (element_shapes.ServerKind, ServerType),
        (element_shapes.HoursDefault, DefaultMode),
        (element_shapes.CapDay, DayKind),
        (campaign_shapes.Unknown, UnknownZone),
        (campaign_shapes.RuleAction, Verb),
    ],
)
def test_choices_are_spelled_as_in_a_site_file(words: Any, members: type[Enum]) -> None:
    assert list(get_args(words)) == [spell_value("", one) for one in members]


def test_every_law_is_a_preset() -> None:
    assert list(get_args(element_shapes.CapPreset)) == [one.value.lower() for one in Preset]
