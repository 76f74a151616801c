"""From what a PBX said of a call to the state the call ends in.

Sources: manual 25.02, "A call's life-cycle" (the meaning of each state); Q.850 causes and RFC
3398 (SIP to Q.850); Asterisk 22's behaviour, measured. An Originate that fails is judged by
three tables, in this order: the reason of OriginateResponse, the carrier's own SIP code, the
hang-up cause. What is left is judged by whether a channel ever existed.
"""

import re
from dataclasses import dataclass

from core.rules.states import CallState

#: OriginateResponse's Reason, where it decides alone. 0 ("failed") says nothing: over PJSIP
#: every refusal has it. 1 and 3 need a look at whether anything rang.
REASONS: dict[int, CallState] = {
    4: CallState.TERMINATED,  # answered
    5: CallState.RS_BUSY,  # control frame BUSY
    8: CallState.RS_REJECTED,  # control frame CONGESTION
}
_UNANSWERED_REASONS = frozenset({1, 3})

#: The SIP code of the refusal, where it says more than the cause Asterisk makes of it.
SIP_CODES: dict[int, CallState] = {
    404: CallState.RS_NUMBER,  # Not Found
    408: CallState.RS_NOANSWER,  # Request Timeout
    410: CallState.RS_NUMBER,  # Gone
    480: CallState.RS_NOANSWER,  # Temporarily Unavailable
    484: CallState.RS_NUMBER,  # Address Incomplete
    485: CallState.RS_NUMBER,  # Ambiguous
    486: CallState.RS_BUSY,  # Busy Here
    600: CallState.RS_BUSY,  # Busy Everywhere
    604: CallState.RS_NUMBER,  # Does Not Exist Anywhere
}

#: Q.850 hang-up causes of a call that nobody answered.
CAUSES: dict[int, CallState] = {
    1: CallState.RS_NUMBER,  # unallocated number
    2: CallState.RS_NUMBER,  # no route to transit network
    3: CallState.RS_NUMBER,  # no route to destination
    16: CallState.RS_REJECTED,  # cleared before an answer, without a status
    17: CallState.RS_BUSY,  # user busy
    18: CallState.RS_NOANSWER,  # no user responding
    19: CallState.RS_NOANSWER,  # no answer from user
    20: CallState.RS_NOANSWER,  # subscriber absent
    21: CallState.RS_REJECTED,  # call rejected
    22: CallState.RS_NUMBER,  # number changed
    27: CallState.RS_REJECTED,  # destination out of order
    28: CallState.RS_NUMBER,  # invalid number format
    34: CallState.RS_REJECTED,  # no circuit available
    38: CallState.RS_REJECTED,  # network out of order
    41: CallState.RS_REJECTED,  # temporary failure
    42: CallState.RS_REJECTED,  # switching equipment congestion
    58: CallState.RS_REJECTED,  # bearer capability not available
    102: CallState.RS_REJECTED,  # recovery on timer expiry
    127: CallState.RS_REJECTED,  # interworking, unspecified
}

#: DialEnd's status, for a call without reason, code and cause.
DIAL_STATUSES: dict[str, CallState] = {
    "BUSY": CallState.RS_BUSY,
    "CONGESTION": CallState.RS_REJECTED,
    "CHANUNAVAIL": CallState.RS_REJECTED,
}

_SIP = re.compile(r"\bSIP (\d{3})\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What is known of a call that ended. `reason`, `cause` are None while unseen; `is_alive`
    tells whether the far end ever gave a sign (ringing, progress)."""

    is_answered: bool = False
    is_alive: bool = False
    reason: int | None = None
    cause: int | None = None
    tech_cause: str = ""
    dial_status: str = ""


def judge(evidence: Evidence) -> CallState:
    """The state in which this call ends.

    A call that timed out without any sign of life from the far end is RS_ERROR: a dead trunk
    or a mute carrier looks like "no answer" but for the missing ringing, and nobody's phone
    rang. A failure that left no cause at all (no such extension behind a Local channel, an
    unknown technology or endpoint) is RS_NUMBER: the manual's "cannot allocate a channel".
    """
    if evidence.is_answered:
        return CallState.TERMINATED
    if evidence.reason in _UNANSWERED_REASONS:
        return CallState.RS_NOANSWER if evidence.is_alive else CallState.RS_ERROR
    if evidence.reason in REASONS:
        return REASONS[evidence.reason]
    if (code := _SIP.search(evidence.tech_cause)) and int(code[1]) in SIP_CODES:
        return SIP_CODES[int(code[1])]
    if evidence.cause:
        return CAUSES.get(evidence.cause, CallState.RS_REJECTED)
    return DIAL_STATUSES.get(evidence.dial_status, CallState.RS_NUMBER)
