"""Manual 25.02: "AMD & Fax detection", "Detecting answering machines", "Detecting faxes", and the
page "Amd & Boosting" of "Campaigns": what the dialplan is told, and what it tells."""

import pytest

from core.model import Campaign
from tests.support.world import World, rule


def one_call(**campaign: object) -> World:
    world = World()
    world.add_list(1, ["5551234"])
    world.load(Campaign(id=1, name="c", **campaign))  # type: ignore[arg-type]
    return world


@pytest.mark.parametrize(
    ("setting", "variable", "value"),
    [
        ("amd_mode", "AMD_MODE", "AMD"),
        ("amd_extra", "AMD_EXTRA", "2500,1500,300,5000,120,50,4,384"),
        ("amd_file", "AMD_FILE", "please-call-back"),
        ("fax_file", "FAX_FILE", "/var/fax/offer.tiff"),
    ],
)
def test_each_setting_is_a_variable_of_the_dialplan(
    setting: str, variable: str, value: str
) -> None:
    tracked = {"AMD_MODE", "AMD_EXTRA", "AMD_FILE", "FAX_FILE"}
    variables = dict(one_call(**{setting: value}).originates[0].variables)
    assert {name: variables[name] for name in tracked & variables.keys()} == {variable: value}


@pytest.mark.parametrize(("detected", "left"), [("AMD", "AMDSENT"), ("FAX", "FAXSENT")])
def test_the_last_extended_status_says_how_far_it_came(detected: str, left: str) -> None:
    world = one_call()
    (channel,) = world.ringing
    world.answer(channel)
    world.report(channel, "CALLSTATUS", value=detected)
    assert world.dialer.live.calls[channel].ext_status == detected
    world.report(channel, "CALLSTATUS", value=left)
    world.hang_up(channel)
    assert (world.logs[0].log.state, world.logs[0].log.ext_status) == ("TERMINATED", left)


@pytest.mark.parametrize(("status", "retries"), [("AMD", 1), ("AMDSENT", 0), ("", 0)])
def test_a_machine_without_the_message_can_be_called_again(status: str, retries: int) -> None:
    world = one_call(reschedule_rules=(rule("TERMINATED", ext_status="AMD", retry_after_s=600),))
    (channel,) = world.ringing
    world.answer(channel)
    if status:
        world.report(channel, "CALLSTATUS", value=status)
    world.hang_up(channel)
    assert len(world.retries) == retries
