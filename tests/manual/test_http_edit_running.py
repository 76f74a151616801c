"""Manual 25.02, "The JSON configuration API": what is changed there reaches the calls."""

from collections import Counter

from core.model import Simulation
from tests.support.edit import EXAMPLES, Editor
from tests.support.fixtures_dialect import Dialect

CAMPAIGNS = "http://127.0.0.1:8080/wombat/api/campaigns/"


def test_a_run_takes_a_change_up_when_it_is_reloaded(desk: Dialect) -> None:
    desk.rig.configure([])
    desk.log_on()
    editor = Editor(desk)
    rig = desk.rig
    editor.save("campaign", {"campaignId": 1, "pauseWhenFinished": 1})
    desk.text(f"{CAMPAIGNS}?op=start&campaign=campaign")
    rig.turn(2)
    editor.save("campaign/reschedule", EXAMPLES["campaign/reschedule"], parent=1)
    run = next(iter(desk.engine.dialer.live.runs.values()))
    assert run.campaign.reschedule_rules == ()
    desk.text(f"{CAMPAIGNS}?op=reload&campaign=campaign")
    run = next(iter(desk.engine.dialer.live.runs.values()))
    assert [rule.retry_after_s for rule in run.campaign.reschedule_rules] == [120]


def begin(desk: Dialect) -> Editor:
    """Ten calls are up, and five numbers wait in the hopper."""
    talking = Simulation(outcomes={"answered": 1}, ring_s=(1, 1), talk_s=(20, 20))
    desk.rig.configure([str(5550000 + i) for i in range(15)], simulation=talking)
    desk.log_on()
    desk.text(f"{CAMPAIGNS}?op=start&campaign=campaign")
    desk.rig.turn(5)
    return Editor(desk)


def test_a_number_that_is_deleted_from_the_hopper_is_not_called(desk: Dialect) -> None:
    editor = begin(desk)
    [row] = editor.rows("list/record", parent=1, query="5550012")
    editor.rows("list/record", "D", row, parent=1)
    desk.rig.turn(120)
    assert desk.run_state() == "COMPLETED"
    logs = editor.rows("list/logs", parent=1)
    called = {log["callNumber"] for log in logs if log["statusCode"] == "TERMINATED"}
    assert called == {str(5550000 + i) for i in range(15)} - {"5550012"}


def test_an_end_point_is_exchanged_during_a_run(desk: Dialect) -> None:
    """Manual, "Reload a campaign": make a new one, take the old one out, reload."""
    editor = begin(desk)
    new = editor.save("ep", EXAMPLES["ep"] | {"name": "other"})
    [old] = editor.rows("campaign/ep", parent=1)
    editor.save("campaign/ep", {"epId": new}, parent=1)
    editor.rows("campaign/ep", "D", old, parent=1)
    assert "OK" in desk.text(f"{CAMPAIGNS}?op=reload&campaign=campaign")
    assert {call.endpoint for call in desk.control.calls()} == {"message"}, "to their end"
    desk.rig.turn(120)
    logs = editor.rows("list/logs", parent=1)
    assert Counter(row["epName"] for row in logs) == {"message": 10, "other": 5}


def test_a_campaign_configured_over_http_calls_its_list(desk: Dialect) -> None:
    """A server, a trunk, an end-point, a list and a campaign made from nothing."""
    desk.log_on()
    editor = Editor(desk)
    server = editor.save("asterisk", {"description": "pbx", "serverType": "FAKEAMI"})
    trunk = editor.save(
        "trunk", {"name": "out", "dialstring": "Local/${num}@out/n", "astId": server}
    )
    point = editor.save("ep", {"name": "in", "extension": "s", "context": "x", "astId": server})
    numbers = editor.save("list", {"name": "people"})
    parent = editor.save("campaign", {"name": "made"})["campaignId"]
    editor.save("campaign/trunk", {"trunkId": trunk}, parent=parent)
    editor.save("campaign/ep", {"epId": point}, parent=parent)
    editor.save("campaign/list", {"cl": numbers}, parent=parent)
    api = "http://127.0.0.1:8080/wombat/api"
    desk.text(f"{api}/lists/?op=addToList&list=people&numbers=5550001|5550002")
    desk.text(f"{api}/campaigns/?op=start&campaign=made")
    desk.rig.turn(120)
    assert desk.run_state() == "COMPLETED"
    assert sum(desk.rig.outcomes().values()) == 2
    assert set(desk.rig.outcomes()) <= {"TERMINATED", "RS_BUSY", "RS_NOANSWER"}
