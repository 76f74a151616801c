"""What is told of calls and runs: to whom, in which fields, how often.

Source: manual 25.02, "HTTP/S life-cycle notifications of calls", for the fields. WombatDialer
does not repeat a notification that failed; the schedule and the signature are Whipbird's own.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlencode, urlsplit

from core.errors import InvalidValue

#: How a WombatID is written outside, so that it differs from an Asterisk-id (queue_log).
WOMBAT_PREFIX = "WBT."
#: The header that proves where a notification comes from.
SIGNATURE_HEADER = "X-Whipbird-Signature"
#: After so many failures a notification is given up.
MAX_ATTEMPTS = 12
#: The pause after the first failure, and the longest, in seconds; each is twice the last.
PAUSE_S, LONGEST_PAUSE_S = 5.0, 3600.0
#: Which part of a pause chance may take away, so that failures do not come back in step.
JITTER = 0.25
#: Longest URL that may be set, and longest that is sent once its variables are filled in, in
#: characters: servers take about 8 KiB.
MAX_URL, MAX_SENT_URL = 2000, 8000

_EXPECTED = "write an address such as https://example.com/calls"


class LetterKind(StrEnum):
    """How a letter travels."""

    #: The life-cycle notification of a call, posted to its campaign's URL.
    NOTIFY = "NOTIFY"
    #: A question to a URL of a disposition rule.
    GET = "GET"
    #: A form of a disposition rule.
    POST = "POST"
    #: An e-mail.
    MAIL = "MAIL"
    #: A message to a webhook, in JSON.
    WEBHOOK = "WEBHOOK"


@dataclass(frozen=True, kw_only=True, slots=True)
class Notification:
    """Something to be sent to `url`: a form, whose encoded `body` is ASCII, a question without
    one, a message in JSON, or, at a `mailto:` URL, an e-mail with its `subject` and its text."""

    kind: LetterKind = LetterKind.NOTIFY
    url: str
    subject: str = ""
    body: str = ""


def form_fields(
    *,
    number: str,
    current_number: str,
    list_name: str,
    state: str,
    ext_status: str,
    retry_no: int,
    reschedule_s: int,
    asterisk_id: str,
    wombat_id: int,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> dict[str, str]:
    """The fields of one call, in the order they are sent. `number` is the record's main one,
    `current_number` the one dialled; `reschedule_s` 0 means that no retry follows.

    `extstate` is there even when it is empty, and so is `asteriskid`, which is empty for a
    call that a black list forbade.
    """
    return {
        "num": number,
        "currentnum": current_number,
        "listname": list_name,
        "state": state,
        "extstate": ext_status,
        "retry": str(retry_no),
        "reschedule": str(reschedule_s),
        "asteriskid": asterisk_id,
        "wombatid": f"{WOMBAT_PREFIX}{wombat_id}",
        **{f"I_{name}": value for name, value in inputs.items()},
        **{f"O_{name}": value for name, value in outputs.items()},
    }


def render_form(fields: Mapping[str, str]) -> str:
    """The fields as a form's body, UTF-8. Half a character becomes a question mark: what a PBX
    garbled must not keep the rest from being told."""
    return urlencode(fields, errors="replace")


def sign(secret: str, body: bytes) -> str:
    """The value of the signature header: the HMAC-SHA256 of the body, in hexadecimal."""
    return f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"


def decide_pause(attempts: int, chance: float) -> float | None:
    """Seconds until the next attempt, after so many that failed; None to give up. `chance` is
    from 0 to 1."""
    if attempts >= MAX_ATTEMPTS:
        return None
    pause_s = min(PAUSE_S * 2.0 ** (attempts - 1), LONGEST_PAUSE_S)
    return pause_s * (1 - JITTER * chance)


def check_url(url: str, most: int = MAX_URL) -> str:
    """The URL itself; InvalidValue if nothing may be posted there.

    Private and loopback addresses may be named. Link-local ones may not: they hold what cloud
    machines tell only themselves.
    """
    if len(url) > most:
        raise InvalidValue("URL", url[:40] + "…", f"it may have at most {most} characters")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise InvalidValue("URL", url, "write blanks and other than ASCII characters as %XX")
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise InvalidValue("URL", url, _EXPECTED)
    if "@" in parts.netloc:
        raise InvalidValue("URL", url, "it may hold no user and password; sign with http_secret")
    if is_link_local(parts.hostname or ""):
        raise InvalidValue("URL", url, "link-local addresses (169.254.0.0/16) are refused")
    return url


def host_of(url: str) -> str:
    """The host of a URL, in lower case; empty if there is none to be made out."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_link_local(host: str) -> bool:
    """Is it a link-local address, IPv4 or IPv6? A name is none."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped.is_link_local
    return address.is_link_local
