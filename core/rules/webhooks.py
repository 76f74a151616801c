"""Webhooks: what is told, in which words, and how a receiver knows that it is true.

The signature and the headers are those of the Standard Webhooks specification
(www.standardwebhooks.com), for which there are libraries in most languages.
"""

import base64
import binascii
import hmac
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from core.errors import InvalidValue
from core.rules.news import TOPICS, CallEnded, RunChanged, Topic, render_news

#: What webhooks tell; all else passes too quickly to be kept.
WEBHOOK_TOPICS = (Topic.CALL_ENDED, Topic.RUN_CHANGED)
#: The type of a message that only shows that messages arrive.
PING = "ping"
#: How a secret begins, and how many bytes are behind that: of a new one, at least, at most.
MARK, SECRET_BYTES, LEAST_BYTES, MOST_BYTES = "whsec_", 32, 24, 64
#: A webhook whose server has taken nothing for so long is disabled.
PATIENCE = timedelta(hours=24)

_EXPECTED = f"write {MARK} and {LEAST_BYTES} to {MOST_BYTES} bytes in Base64, or none for a new one"

Tellable = CallEnded | RunChanged


def write_secret(key: bytes) -> str:
    return MARK + base64.b64encode(key).decode()


def check_secret(text: str) -> str:
    """The secret itself. InvalidValue of what is none, which is not repeated."""
    if not LEAST_BYTES <= len(_key(text)) <= MOST_BYTES:
        raise InvalidValue("secret", "…", _EXPECTED)
    return text


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(MARK), validate=True)
    except (binascii.Error, ValueError):
        return b""


def sign_message(secret: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a message that leaves `at` this moment."""
    stamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), stamp.encode(), body))
    digest = hmac.new(_key(secret), signed, sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def message_id_of(news: Tellable) -> str:
    """What names the message, however often it comes: a call ends once."""
    match news:
        case CallEnded(call_id=call_id):
            return f"call-{call_id}"
        case RunChanged(run_id=run_id, at=at):
            return f"run-{run_id}-{round(at.timestamp() * 1_000_000)}"


def render_message(news: Tellable) -> str:
    """The body: type, moment, and the news as streams tell them."""
    return _render(TOPICS[type(news)], news.at, render_news(news))


def render_ping(at: datetime) -> str:
    return _render(PING, at, b"{}")


def _render(kind: str, at: datetime, data: bytes) -> str:
    body = {"type": kind, "timestamp": at, "data": msgspec.Raw(data)}
    return msgspec.json.encode(body).decode()
