"""E-mails: what an address may be, and how a letter is written down for an SMTP server.

What is known of called people gets into subjects and texts, so nothing of it may begin a header
or end a message: line breaks cannot reach a header, and the text travels as base64, of which no
line begins with the dot that ends a message (RFC 5321, 4.5.2).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from core.errors import InvalidValue

#: Longest address (RFC 5321, 4.5.3.1.3), longest part before its @, longest subject, in
#: characters.
MAX_ADDRESS, MAX_LOCAL, MAX_SUBJECT = 254, 64, 200
#: Begins the URL of a letter that is an e-mail.
MAILTO = "mailto:"

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@{_LABEL}(?:\.{_LABEL})*")
_POLICY = policy.SMTP.clone(linesep="\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """Who an e-mail comes from; `name` may be empty."""

    name: str = ""
    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2]


def check_address(text: str) -> str:
    """The e-mail address itself; InvalidValue if it is none that every server takes."""
    match = _ADDRESS.fullmatch(text)
    if match is None or len(text) > MAX_ADDRESS or len(match["local"]) > MAX_LOCAL:
        raise InvalidValue(
            "e-mail address", text, "write one plain address in ASCII, such as anna@example.com"
        )
    return text


def parse_sender(text: str) -> Sender:
    """From `dialer@example.com` or `Whipbird <dialer@example.com>`; InvalidValue otherwise."""
    name, address = parseaddr(text)
    if not text.isprintable():
        raise InvalidValue("sender", text, "write one line")
    return Sender(name=name, address=check_address(address))


def clean_line(text: str, most: int = MAX_SUBJECT) -> str:
    """The text as one line of at most so many characters: whatever is not printable is a
    blank."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(line.split())[:most]


def render_mail(
    *, sender: Sender, recipient: str, subject: str, text: str, number: int, at: datetime
) -> bytes:
    """The whole message, its lines ended by line feeds. `number` and `at` tell it from every
    other: the same letter sent again has the same Message-ID."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(display_name=sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=recipient)
    message["Subject"] = clean_line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{number}.{at:%Y%m%d%H%M%S%f}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_whole_characters(text), cte="base64")
    return message.as_bytes()


def _whole_characters(text: str) -> str:
    """Half a character, which a PBX may leave, becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
