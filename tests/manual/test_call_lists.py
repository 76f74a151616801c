"""Manual 25.02: "Call lists and call records"."""

from sqlalchemy import Engine

from core.model import CallList, Campaign
from core.operations.lists import show_lists
from core.people import SYSTEM
from core.store.lists import save_list
from tests.support.world import World

#: The attributes of the screen.
JOHN_DOE = {"CLIENT_ID": "10103", "CLIENT_NAME": "John Doe", "DUE_INVOICE_NO": "1043"}


def test_hidden_lists_disappear_from_normal_views(sqlite: Engine) -> None:
    with sqlite.begin() as conn:
        for name, is_hidden in (("BA", False), ("BAB", True), ("BAC", False)):
            save_list(conn, CallList(name=name, is_hidden=is_hidden))
    assert [name for name, _ in show_lists(sqlite, SYSTEM)] == ["BA", "BAC"]
    everything = show_lists(sqlite, SYSTEM, with_hidden=True)
    assert [name for name, _ in everything] == ["BA", "BAB", "BAC"]


def test_the_same_numbers_uploaded_several_times_are_called_as_often_in_succession() -> None:
    world = World()
    world.add_list(1, ["5551234", "5551235"] * 3)
    world.load(Campaign(id=1, name="c"))
    assert [p.attempt.number for p in world.placed] == ["5551234", "5551235"] * 3


def test_input_attributes_are_channel_variables_and_part_of_the_caller_id() -> None:
    world = World()
    world.add_list(1, ["5551234"], **JOHN_DOE)
    world.load(Campaign(id=1, name="c", agent_clid="${CLIENT_NAME} ${DUE_INVOICE_NO}"))
    (originate,) = world.originates
    assert dict(originate.variables).items() >= JOHN_DOE.items()
    assert originate.endpoint_caller_id == '"John Doe 1043" <5551234>'


def test_output_attributes_are_values_set_by_asterisk_on_the_call() -> None:
    world = World()
    world.add_list(1, ["5551234"], **JOHN_DOE)
    world.load(Campaign(id=1, name="c"))
    (channel,) = world.ringing
    world.answer(channel)
    world.report(channel, "ATTRIBUTE", "PAYS", "friday")
    world.report(channel, "ATTRIBUTE", "CLIENT_NAME", "John Roe")
    world.hang_up(channel)
    assert world.logs[0].outputs == {"PAYS": "friday", "CLIENT_NAME": "John Roe"}
    assert world.lists[1][0].inputs == JOHN_DOE
