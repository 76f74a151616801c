"""E-mails as they are written down: nothing that comes from outside gets into a header."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidValue
from core.rules.mail import (
    MAX_ADDRESS,
    MAX_SUBJECT,
    Sender,
    check_address,
    clean_line,
    parse_sender,
    render_mail,
)

AT = datetime(2026, 3, 2, 9, 0, 0, 5, tzinfo=UTC)
SENDER = Sender(name="Zoë", address="dialer@example.com")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted",
    "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
]  # fmt: skip


def render(subject: str = "s", text: str = "t", sender: Sender = SENDER) -> bytes:
    return render_mail(
        sender=sender, recipient="a@b.ch", subject=subject, text=text, number=7, at=AT
    )


@pytest.mark.parametrize(
    "address",
    ["anna@example.com", "a.b+c=d@x-y.example", "root@localhost", "o'hara@10.example", "A@B"],
)
def test_plain_addresses_are_taken_as_they_are(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "", "anna", "@b", "a@", "a@b@c", "a b@c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-",
        "a@b..c", "a@b.", "a@b\n", "a@b\r\nBcc: c@d", "<a@b>", "Anna <a@b>", "a@b,c@d", '"a"@b',
        "ä@b", "a@bü.ch", "a@[10.0.0.1]", "a" * 65 + "@b", "a@" + "b." * 126 + "cd",
    ],
)  # fmt: skip
def test_what_not_every_server_takes_is_no_address(address: str) -> None:
    with pytest.raises(InvalidValue, match="such as anna@example"):
        check_address(address)


def test_the_longest_address_is_one() -> None:
    address = "a" * 64 + "@" + "b." * 93 + "cde"
    assert len(address) == MAX_ADDRESS
    assert check_address(address) == address


def test_a_sender_may_have_a_name() -> None:
    assert parse_sender("a@b.ch") == Sender(address="a@b.ch")
    assert parse_sender('"The Dialer" <a@b.ch>') == Sender(name="The Dialer", address="a@b.ch")


@pytest.mark.parametrize("text", ["Dialer", "Dialer <a>", "a@b\nBcc: c@d", "Di\naler <a@b>"])
def test_a_sender_without_a_right_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        parse_sender(text)


def test_a_line_has_no_breaks_and_an_end() -> None:
    assert clean_line(" a\r\nBcc:\x00\u2028 b ") == "a Bcc: b"
    assert len(clean_line("x" * 999)) == MAX_SUBJECT


def test_a_letter_says_who_sends_it() -> None:
    mail = message_from_bytes(render(), policy=policy.default)
    assert mail["From"] == "Zoë <dialer@example.com>"


def test_a_letter_sent_again_is_the_same_and_no_other_letter_is() -> None:
    assert render() == render()
    assert b"Message-ID: <7.20260302090000000005@example.com>\n" in render()


@given(st.text(), st.text(), st.text())
def test_whatever_is_in_a_letter_it_has_our_headers_only(
    name: str, subject: str, text: str
) -> None:
    raw = render(subject, text, Sender(name=clean_line(name), address="dialer@example.com"))
    assert b"\r" not in raw
    assert not [line for line in raw.split(b"\n") if line.startswith(b".")]
    mail = message_from_bytes(raw, policy=policy.default)
    assert sorted(mail.keys()) == sorted(HEADERS)
    assert mail["To"] == "a@b.ch"
    assert mail.defects == []


def test_no_line_of_a_text_begins_with_the_dot_that_ends_a_message() -> None:
    raw = render(text=".\n..\n.\r\nMAIL FROM:<evil@example.com>\n")
    assert not [line for line in raw.split(b"\n") if line.startswith(b".")]
    assert b"MAIL FROM" not in raw


def test_half_a_character_becomes_a_question_mark() -> None:
    mail = message_from_bytes(render("a\udc80b", "c\udc80d"), policy=policy.default)
    assert mail.get_content() == "c?d\n"
    assert "a" in mail["Subject"]
