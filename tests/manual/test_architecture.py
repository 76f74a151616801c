"""Manual 25.02: "The architecture of WombatDialer": what one part's trouble leaves to the others.

That a PBX is tried again until it answers is in tests/shell/test_ami_pbx.py, that notifications
hold nobody up in tests/shell/test_notifier.py.
"""

from dataclasses import replace

from core.model import Campaign
from core.ports import events
from core.rules.states import RunState
from tests.support.world import END, SERVER, TRUNK, World

OTHER = replace(SERVER, id=2, name="other")
OTHER_TRUNK = replace(TRUNK, id=2, server_id=2, name="other")
OTHER_END = replace(END, id=2, server_id=2, name="other")


def world_of_two_pbxs() -> World:
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(60)])
    world.load(
        Campaign(id=1, name="c"),
        servers=(SERVER, OTHER),
        trunks=(TRUNK, OTHER_TRUNK),
        endpoints=(END, OTHER_END),
    )
    return world


def on_server(world: World, server_id: int) -> list[str]:
    return [o.channel_id for o in world.originates if o.server_id == server_id]


def test_if_a_pbx_crashes_the_rest_of_the_system_keeps_on_working() -> None:
    world = world_of_two_pbxs()
    gone, there = on_server(world, 1), on_server(world, 2)
    assert (len(gone), len(there)) == (10, 10)
    world.post(events.ServerDown(server_id=1, reason="connection lost"))
    for channel in there:
        world.complete(channel)
    assert (len(on_server(world, 1)), len(on_server(world, 2))) == (10, 20)
    assert set(world.states()) == {"TERMINATED"}


def test_a_pbx_that_was_never_reached_does_not_impact_the_other() -> None:
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(30)])
    both = {"servers": (SERVER, OTHER), "trunks": (TRUNK, OTHER_TRUNK)}
    world.load(endpoints=(END, OTHER_END), is_up=False, **both)  # type: ignore[arg-type]
    world.server_up(2)
    for _ in range(5):
        for channel in world.ringing:
            world.complete(channel)
    assert (len(on_server(world, 1)), len(on_server(world, 2))) == (0, 30)
    assert world.progress[1].state is RunState.COMPLETED


def test_while_the_dialer_restarts_calls_are_not_placed_but_existing_ones_are_preserved() -> None:
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(30)])
    world.load()
    talking, *ringing = world.ringing
    world.answer(talking)
    world.restart()
    world.wait(seconds=3)
    assert len(world.originates) == 10
    up = events.ServerUp(
        server_id=1,
        started_at=None,
        live_channels=frozenset([talking, *ringing]),
        answered_channels=frozenset([talking]),
    )
    world.post(up)
    assert (world.ringing, world.logs) == ([talking, *ringing], [])
    world.hang_up(talking)
    world.busy(ringing[0])
    assert world.states() == ["TERMINATED", "RS_BUSY"]
    assert len(world.originates) == 12
