"""Each row of Asterisk's behaviour, as measured, ends in the state that the manual means."""

import pytest

from core.rules.causes import Evidence, judge


@pytest.mark.parametrize(
    ("reason", "cause", "tech_cause", "dial_status", "is_alive", "expected"),
    [
        # Local channels
        (5, 0, "", "BUSY", False, "RS_BUSY"),
        (8, 0, "", "CONGESTION", False, "RS_REJECTED"),
        (0, 1, "", "NOANSWER", False, "RS_NUMBER"),
        (0, 17, "", "BUSY", True, "RS_BUSY"),
        (0, 19, "", "NOANSWER", True, "RS_NOANSWER"),
        (0, 21, "", "NOANSWER", True, "RS_REJECTED"),
        (0, 27, "", "NOANSWER", True, "RS_REJECTED"),
        (0, 38, "", "NOANSWER", True, "RS_REJECTED"),
        (0, 34, "", "CONGESTION", True, "RS_REJECTED"),
        (3, 19, "", "", True, "RS_NOANSWER"),
        (3, 19, "", "", False, "RS_ERROR"),
        (0, 16, "", "NOANSWER", True, "RS_REJECTED"),
        (0, 0, "", "", False, "RS_NUMBER"),
        (0, None, "", "", False, "RS_NUMBER"),
        (1, 19, "", "NOANSWER", True, "RS_NOANSWER"),
        (None, 0, "", "BUSY", True, "RS_BUSY"),
        # PJSIP: the reason is always 0
        (0, 17, "SIP 486", "BUSY", True, "RS_BUSY"),
        (0, 17, "SIP 600", "BUSY", True, "RS_BUSY"),
        (0, 1, "SIP 404", "NOANSWER", False, "RS_NUMBER"),
        (0, 1, "SIP 604", "NOANSWER", False, "RS_NUMBER"),
        (0, 19, "SIP 480", "NOANSWER", True, "RS_NOANSWER"),
        (0, 21, "SIP 603", "NOANSWER", True, "RS_REJECTED"),
        (0, 21, "SIP 403", "NOANSWER", False, "RS_REJECTED"),
        (0, 21, "SIP 401", "NOANSWER", False, "RS_REJECTED"),
        (0, 34, "SIP 503", "CONGESTION", False, "RS_REJECTED"),
        (0, 38, "SIP 500", "NOANSWER", False, "RS_REJECTED"),
        (0, 27, "SIP 502", "NOANSWER", False, "RS_REJECTED"),
        (0, 102, "SIP 504", "NOANSWER", False, "RS_REJECTED"),
        (0, 18, "SIP 408", "NOANSWER", True, "RS_NOANSWER"),
        (0, 22, "SIP 410", "NOANSWER", False, "RS_NUMBER"),
        (0, 28, "SIP 484", "NOANSWER", False, "RS_NUMBER"),
        (0, 58, "SIP 488", "NOANSWER", False, "RS_REJECTED"),
        (3, 19, "SIP 480", "", False, "RS_ERROR"),
        (0, 99, "SIP 499", "NOANSWER", True, "RS_REJECTED"),
    ],
)
def test_an_unanswered_call_ends_in(
    reason: int | None,
    cause: int | None,
    tech_cause: str,
    dial_status: str,
    is_alive: bool,
    expected: str,
) -> None:
    evidence = Evidence(
        reason=reason,
        cause=cause,
        tech_cause=tech_cause,
        dial_status=dial_status,
        is_alive=is_alive,
    )
    assert judge(evidence) == expected


@pytest.mark.parametrize("cause", [0, 16, 17, 31, 34])
def test_an_answered_call_is_terminated_whatever_the_cause(cause: int) -> None:
    assert judge(Evidence(is_answered=True, reason=4, cause=cause)) == "TERMINATED"


def test_a_failure_with_reason_answered_is_not_believed_without_the_answer() -> None:
    assert judge(Evidence(reason=8, cause=16, dial_status="ANSWER")) == "RS_REJECTED"
