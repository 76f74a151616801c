"""What the doctor says of the mail server, against a real one on loopback."""

from dataclasses import replace
from pathlib import Path

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from core.cli.doctor_mail import check_mail
from core.ports.probe import Finding
from core.settings import SmtpSettings, TlsMode
from tests.support.mail_server import PASSWORD, USER, serving_mail
from tests.support.post_office import Tls


async def examine(settings: SmtpSettings, answer_s: float = 10) -> Finding:
    found: Finding = await deferToThread(check_mail, settings, answer_s)
    assert found.subject == f"mail server {settings.host}:{settings.port}"
    assert bool(found.remedy) is not found.is_ok
    assert settings.password not in found.text or not settings.password
    return found


@pytest_twisted.ensureDeferred
async def test_a_server_that_takes_the_sender_is_well_and_nothing_is_sent() -> None:
    async with serving_mail() as server:
        found = await examine(server.settings())
    assert (found.is_ok, found.text) == (True, "it answers in the open, and takes the sender")
    assert (server.recipients, server.mails) == ([], [])


@pytest_twisted.ensureDeferred
async def test_a_sender_that_is_refused_is_said_in_the_server_s_words() -> None:
    async with serving_mail() as server:
        server.replies["dialer@example.com"] = "550 who are you"
        found = await examine(server.settings())
    assert found.text == "it refuses the sender: 550 who are you"
    assert found.remedy == "correct smtp.from, or give smtp.user"


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize(
    ("mode", "is_implicit", "secrecy"),
    [(TlsMode.STARTTLS, False, "with STARTTLS"), (TlsMode.TLS, True, "over TLS")],
)
@pytest_twisted.ensureDeferred
async def test_a_login_is_tried_where_the_certificate_is_trusted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: TlsMode,
    is_implicit: bool,
    secrecy: str,
) -> None:
    tls = Tls(tmp_path)
    async with serving_mail(tls, is_implicit=is_implicit, needs_login=True) as server:
        settings = server.settings(mode, user=USER, password=PASSWORD)
        found = await examine(settings)
        assert found.text.startswith("its certificate is not accepted: self")
        assert server.logins == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tls.path))
        found = await examine(settings)
        assert found.text == f"it answers {secrecy}, and takes the login and the sender"
        assert found.is_ok
        assert server.logins == [(USER.encode(), PASSWORD.encode())]
        found = await examine(replace(settings, user="", password=""))
        assert found.text.startswith("it refuses the sender: 530 ")


@pytest.mark.parametrize("password", ["falsch123", "fälsch123"])
@pytest_twisted.ensureDeferred
async def test_a_login_that_is_refused_is_said_without_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    tls = Tls(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tls.path))
    async with serving_mail(tls, needs_login=True) as server:
        settings = server.settings(TlsMode.STARTTLS, user=USER, password=password)
        found = await examine(settings)
    assert found.text.startswith("it refuses the login: 535 ")
    assert found.remedy == "correct smtp.user and smtp.password"
    assert (USER.encode(), password.encode()) in server.logins


@pytest_twisted.ensureDeferred
async def test_the_other_way_to_a_secret_connection_is_named(tmp_path: Path) -> None:
    async with serving_mail() as server:
        plain = await examine(server.settings(TlsMode.STARTTLS))
        assert plain.text == "it offers no STARTTLS, and nothing is sent without"
        assert 'smtp.tls = "tls"' in plain.remedy
        wrong = await examine(server.settings(TlsMode.TLS))
        assert wrong.text.startswith("no secret connection: ")
        assert 'smtp.tls = "starttls"' in wrong.remedy
    async with serving_mail(Tls(tmp_path), is_implicit=True) as server:
        mute = await examine(server.settings(TlsMode.STARTTLS), answer_s=0.2)
        assert mute.text == "it does not go on: Connection unexpectedly closed: timed out"
        assert 'smtp.tls = "tls"' in mute.remedy
