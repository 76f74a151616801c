"""Messages to webhooks: how they are signed, named and written."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from core.errors import InvalidValue
from core.rules.news import CallEnded, RunChanged
from core.rules.states import CallState, RunState
from core.rules.webhooks import (
    check_secret,
    message_id_of,
    render_message,
    render_ping,
    sign_message,
    write_secret,
)
from tests.support.news import call_ended_news, run_news
from tests.support.world import NOON


def test_a_message_is_signed_as_the_specification_s_example_is() -> None:
    """The example of the Standard Webhooks libraries."""
    at = datetime.fromtimestamp(1614265330, UTC)
    body = b'{"test": 2432232314}'
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # everybody's
    assert sign_message(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body) == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_%%%", "whsec_" + "QUJD" * 7, "whsec_" + "QUJD" * 22, "ö" * 40]
)
def test_a_secret_that_is_too_short_too_long_or_none_is_refused_unseen(secret: str) -> None:
    with pytest.raises(InvalidValue, match="write whsec_ and 24 to 64 bytes") as refused:
        check_secret(secret)
    assert len(secret) < 8 or secret not in str(refused.value)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_secret_that_was_made_is_one(size: int) -> None:
    secret = write_secret(bytes(range(size)))
    assert check_secret(secret) == secret


def test_a_message_says_what_an_event_says() -> None:
    news = call_ended_news(501, state=CallState.RS_BUSY)
    found = json.loads(render_message(news))
    assert (found["type"], found["timestamp"]) == ("call.ended", "2026-03-02T12:00:00Z")
    assert (found["data"]["call_id"], found["data"]["state"]) == (501, "RS_BUSY")
    assert set(found["data"]) == set(CallEnded.__dataclass_fields__)
    run = json.loads(render_message(run_news(state=RunState.PAUSED)))
    assert (run["type"], run["data"]["state"]) == ("run.changed", "PAUSED")
    assert set(run["data"]) == set(RunChanged.__dataclass_fields__)


def test_a_ping_says_nothing() -> None:
    found = json.loads(render_ping(NOON))
    assert found == {"type": "ping", "timestamp": "2026-03-02T12:00:00Z", "data": {}}


def test_the_same_news_have_the_same_name_and_others_another() -> None:
    assert message_id_of(call_ended_news(501)) == "call-501"
    later = NOON + timedelta(microseconds=1)
    assert message_id_of(run_news()) == message_id_of(run_news(attempted=9))
    assert message_id_of(run_news()) != message_id_of(run_news(at=later))
    assert message_id_of(run_news()) != message_id_of(run_news(run_id=8))
