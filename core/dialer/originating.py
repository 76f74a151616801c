"""From a call and its campaign to the Originate that places it."""

from core.dialer.call import Call
from core.dialer.run import LiveRun
from core.ports.commands import Originate
from core.rules.caller_ids import choose_caller_ids
from core.rules.dialstring import render_channel
from core.rules.placeholders import expand
from core.rules.variables import call_variables, tracking_variables


def make_originate(call: Call, run: LiveRun) -> Originate:
    """The command, with everything that trunk, end-point, campaign and record say of it."""
    attempt, campaign = call.attempt, run.campaign
    caller_ids = choose_caller_ids(
        dial=_expand(campaign.dial_clid, call),
        agent=_expand(campaign.agent_clid, call),
        presentation=_expand(campaign.dial_presentation, call),
        number=attempt.number,
    )
    trunk, endpoint = call.trunk.trunk, call.endpoint.endpoint
    return Originate(
        attempt_id=attempt.id,
        server_id=call.server_id,
        trunk=trunk,
        channel_id=attempt.channel_id,
        channel=render_channel(trunk.dial_string, attempt.number),
        extension=endpoint.extension,
        context=endpoint.context,
        answer_timeout_ms=campaign.answer_timeout_ms,
        caller_id=caller_ids.dialled,
        endpoint_caller_id=caller_ids.endpoint,
        account=_expand(campaign.dial_account, call),
        variables=_variables(call, run),
    )


def _expand(template: str, call: Call) -> str:
    entry = call.entry
    return expand(
        template,
        number=call.attempt.number,
        list_name=entry.list_name,
        attributes=entry.record.inputs,
    )


def _variables(call: Call, run: LiveRun) -> tuple[tuple[str, str], ...]:
    """The campaign's variables, then the call's own: a record's attribute wins over a variable
    of the campaign with the same name."""
    attempt, entry, campaign = call.attempt, call.entry, run.campaign
    own = call_variables(
        attempt.id, attempt.retry_no, entry.record.number, entry.list_name, entry.record.inputs
    )
    tracking = tracking_variables(
        campaign.amd_mode, campaign.amd_extra, campaign.amd_file, campaign.fax_file
    )
    return tuple(dict((*campaign.variables, *tracking, *own)).items())
