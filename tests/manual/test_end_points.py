"""Manual 25.02: "End-points", but for queues."""

from dataclasses import replace

from core.model import Campaign, EndPoint, Server, Trunk
from core.ports.commands import Originate
from core.rules.verdicts import Verdict
from tests.support.world import END, SERVER, TRUNK, World

REMOTE = Server(id=2, name="remote")
REMOTE_TRUNK = Trunk(id=2, server_id=2, name="remote", dial_string="PJSIP/${num}@far", capacity=4)
REMOTE_END = EndPoint(
    id=2, server_id=2, name="ivr", extension="200", context="ivr", max_channels=10
)


def world_of(*endpoints: EndPoint, trunks: tuple[Trunk, ...] = (TRUNK,)) -> World:
    world = World()
    world.add_list(1, [str(1000 + i) for i in range(30)])
    servers = (SERVER, REMOTE)
    world.load(Campaign(id=1, name="c"), servers=servers, trunks=trunks, endpoints=endpoints)
    return world


def on_server(world: World, server_id: int) -> list[Originate]:
    return [sent for sent in world.originates if sent.server_id == server_id]


def test_a_call_is_connected_to_an_end_point_on_the_server_of_its_trunk() -> None:
    world = world_of(replace(END, max_channels=3), REMOTE_END, trunks=(TRUNK, REMOTE_TRUNK))
    near, far = on_server(world, 1), on_server(world, 2)
    assert {(o.extension, o.context) for o in near} == {(END.extension, END.context)}
    assert {(o.extension, o.context) for o in far} == {("200", "ivr")}
    assert (len(near), len(far)) == (3, 4)


def test_an_end_point_on_another_server_connects_nothing() -> None:
    world = world_of(REMOTE_END)
    assert world.originates == []
    assert world.dialer.live.runs[1].verdict is Verdict.SERVER_DOWN


def test_any_end_point_that_has_free_capacity_is_connected() -> None:
    small = replace(END, max_channels=2)
    other = replace(END, id=3, name="other", extension="300", max_channels=4)
    world = world_of(small, other)
    assert sorted(sent.extension for sent in world.originates) == ["300"] * 4 + ["s"] * 2
    done = next(sent for sent in world.originates if sent.extension == "300")
    world.complete(done.channel_id)
    assert world.originates[-1].extension == "300"
    assert len(world.originates) == 7


def test_a_phone_of_one_channel_receives_one_call_after_the_other() -> None:
    world = world_of(replace(END, name="phone", max_channels=1))
    for count in (1, 2, 3):
        (ringing,) = world.ringing
        world.answer(ringing)
        assert len(world.originates) == count
        world.hang_up(ringing)


def test_trunks_and_end_points_are_filled_to_their_declared_capacity() -> None:
    world = world_of(replace(END, max_channels=8))
    assert len(world.ringing) == 8
    assert world.dialer.live.runs[1].verdict is Verdict.LIMITED_BY_EP_SIZE
    world = world_of(replace(END, max_channels=100))
    assert len(world.ringing) == TRUNK.capacity == 10
