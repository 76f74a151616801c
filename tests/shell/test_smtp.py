"""The courier of e-mails, against a real SMTP server on loopback."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_twisted
from sqlalchemy import Engine
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.protocol import Factory, Protocol

from core.engine.delivery import DELIVERED, MAIL_SERVER, Verdict, by_kind, server_of
from core.engine.smtp import SmtpCourier
from core.rules.notifications import LetterKind
from core.settings import SmtpSettings, TlsMode
from core.store.outbox import Letter
from tests.shell.test_notifier import HeldCourier, closed_port
from tests.support.mail_server import PASSWORD, USER, MailServer, serving_mail
from tests.support.post_office import PostOffice, Tls
from tests.support.store_site import NOW

LETTER = Letter(
    id=7,
    campaign_id=1,
    call_id=None,
    kind=LetterKind.MAIL,
    url="mailto:anna@example.com",
    subject="Reminders is COMPLETED",
    body="Zoë\n.\nQUIT\n",
    attempts=0,
    created_at=NOW,
)


def courier(settings: SmtpSettings, timeout_s: float = 10) -> SmtpCourier:
    from twisted.internet import reactor

    return SmtpCourier(reactor, settings, timeout_s=timeout_s)  # type: ignore[arg-type]


@pytest_twisted.ensureDeferred
async def test_an_email_arrives_whole() -> None:
    async with serving_mail() as server:
        assert await courier(server.settings()).deliver(LETTER) == DELIVERED
        [mail] = server.mails
    assert (server.senders, server.recipients) == (["dialer@example.com"], ["anna@example.com"])
    assert mail["From"] == "Whipbird <dialer@example.com>"
    assert (mail["To"], mail["Subject"]) == ("anna@example.com", "Reminders is COMPLETED")
    assert mail["Message-ID"] == "<7.20260302090000123456@example.com>"
    assert mail.get_content().splitlines() == ["Zoë", ".", "QUIT"]


@pytest_twisted.ensureDeferred
async def test_a_text_of_nothing_but_dots_and_commands_stays_a_text() -> None:
    body = "\n.\r\nMAIL FROM:<evil@example.com>\n" * 3000
    async with serving_mail() as server:
        assert await courier(server.settings()).deliver(replace(LETTER, body=body)) == DELIVERED
        [mail] = server.mails
    assert mail.get_content().splitlines() == body.splitlines()


@pytest.mark.parametrize(
    ("address", "reply", "verdict"),
    [
        ("anna@example.com", "550 no such user", Verdict(is_final=True, is_of_letter=True)),
        ("anna@example.com", "450 come back later", Verdict(is_of_letter=True)),
        ("", "554 it is spam", Verdict(is_final=True, is_of_letter=True)),
        ("", "452 the disk is full", Verdict(is_of_letter=True)),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_refusal_of_a_recipient_or_a_text_is_final_if_it_says_so(
    address: str, reply: str, verdict: Verdict
) -> None:
    async with serving_mail() as server:
        server.replies[address] = reply
        said = await courier(server.settings()).deliver(LETTER)
    assert said == replace(verdict, reason=f"the mail server answered {reply}")
    assert server.mails == []


@pytest_twisted.ensureDeferred
async def test_a_sender_that_is_refused_may_be_corrected() -> None:
    async with serving_mail() as server:
        server.replies["dialer@example.com"] = "550 who are you"
        verdict = await courier(server.settings()).deliver(LETTER)
    assert verdict == Verdict(reason="the mail server answered 550 who are you")
    assert server.recipients == []


@pytest_twisted.ensureDeferred
async def test_a_server_that_is_away_says_nothing_of_the_letter() -> None:
    with closed_port() as port:
        verdict = await courier(MailServer(port=port).settings()).deliver(LETTER)
    assert "refused" in verdict.reason
    assert replace(verdict, reason="") == DELIVERED


@pytest_twisted.ensureDeferred
async def test_a_mute_server_is_left_in_time() -> None:
    from twisted.internet import reactor

    factory = Factory.forProtocol(Protocol)
    port = await TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory)
    settings = MailServer(port=port.getHost().port).settings()
    verdict = await courier(settings, timeout_s=0.1).deliver(LETTER)
    await port.stopListening()
    assert verdict == Verdict(reason="not handed in within 0.1 s")


@pytest_twisted.ensureDeferred
async def test_without_a_mail_server_a_letter_waits_and_says_why() -> None:
    verdict = await courier(SmtpSettings()).deliver(LETTER)
    assert verdict == Verdict(reason="no mail server: set host and from in [smtp]")


@pytest.mark.parametrize("address", ["", "anna", "a@b\r\nRCPT TO:<evil@example.com>", "ä@b.ch"])
@pytest_twisted.ensureDeferred
async def test_what_is_no_address_is_never_offered(address: str) -> None:
    async with serving_mail() as server:
        letter = replace(LETTER, url=f"mailto:{address}")
        verdict = await courier(server.settings()).deliver(letter)
    assert (verdict.is_final, server.recipients) == (True, [])
    assert verdict.reason.startswith("e-mail address")
    assert verdict.reason.isprintable()


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(("mode", "is_implicit"), [(TlsMode.STARTTLS, False), (TlsMode.TLS, True)])
@pytest_twisted.ensureDeferred
async def test_a_login_goes_to_a_server_whose_certificate_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: TlsMode, is_implicit: bool
) -> None:
    tls = Tls(tmp_path)
    async with serving_mail(tls, is_implicit=is_implicit, needs_login=True) as server:
        settings = server.settings(mode, user=USER, password=PASSWORD)
        refused = await courier(settings).deliver(LETTER)
        assert "certificate verify failed" in refused.reason
        assert not refused.is_final
        assert server.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.path))
        assert await courier(settings).deliver(LETTER) == DELIVERED
        assert server.logins == [(USER.encode(), PASSWORD.encode())]
        assert len(server.mails) == 1
        by_address = replace(settings, host="127.0.0.1")
        assert (await courier(by_address).deliver(LETTER)).reason
        assert len(server.mails) == 1


@pytest_twisted.ensureDeferred
async def test_a_wrong_password_may_be_corrected_and_is_never_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "core")
    tls = Tls(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.path))
    async with serving_mail(tls, needs_login=True) as server:
        settings = server.settings(TlsMode.STARTTLS, user=USER, password="falsch123")
        verdict = await courier(settings).deliver(LETTER)
        assert server.mails == []
    assert verdict.reason.startswith("the mail server answered 535")
    assert replace(verdict, reason="") == DELIVERED
    encoded = "ZGlhbGVyAGZhbHNjaDEyMw"  # the login as AUTH PLAIN sends it
    for told in (verdict.reason, caplog.text, repr(settings)):
        assert "falsch123" not in told
        assert encoded not in told


@pytest.mark.parametrize("mode", [TlsMode.STARTTLS, TlsMode.NONE])
@pytest_twisted.ensureDeferred
async def test_nothing_is_sent_to_a_server_that_offers_less_than_is_asked(mode: TlsMode) -> None:
    login = {"user": USER, "password": PASSWORD} if mode is TlsMode.NONE else {}
    async with serving_mail() as server:
        verdict = await courier(server.settings(mode, **login)).deliver(LETTER)
    assert verdict.reason.startswith("the mail server answered 502 Server does not support")
    assert (server.recipients, server.logins) == ([], [])


def test_emails_share_one_limit_and_are_handed_to_their_own_courier() -> None:
    http, mail = HeldCourier(), HeldCourier()
    deliver = by_kind(http.deliver, mail.deliver)
    deliver(LETTER)
    posted = replace(LETTER, kind=LetterKind.NOTIFY, call_id=2, url="http://crm.example/")
    deliver(posted)
    assert (http.seen, mail.seen) == ([2], [None])
    assert (server_of(LETTER), server_of(posted)) == (MAIL_SERVER, "crm.example")


def test_a_final_refusal_is_dead_at_once_and_does_not_slow_the_server(
    sqlite: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    held = HeldCourier()
    office = PostOffice(sqlite, held.deliver)
    office.tell("http://crm.example/", 9)
    office.turn()
    held.end(1, "550 <anna@example.com>: no such user", is_final=True, is_of_letter=True)
    held.end(2, "450 <anna@example.com>: later", is_of_letter=True)
    assert list(held.under_way) == [3, 4, 5, 6]
    [dead] = office.letters(dead=True)
    assert (dead.call_id, dead.attempts) == (1, 1)
    assert dead.last_error == "550 <anna@example.com>: no such user"
    assert f"letter {dead.id} is given up" in caplog.text
    assert "anna" not in caplog.text
