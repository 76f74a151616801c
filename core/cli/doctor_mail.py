"""Whether the mail server of the settings would take what Whipbird sends: asked, not tried."""

import smtplib
import ssl
from base64 import b64encode
from contextlib import suppress

from core.ports.probe import Finding
from core.settings import SmtpSettings, TlsMode

#: How long the server may take for each answer, in seconds.
ANSWER_S = 10.0
#: Of a server's own words, so many characters are shown.
SHOWN = 200

_ADDRESS = "start it, or correct smtp.host and smtp.port in whipbird.toml"
_OTHER_TLS = {
    TlsMode.TLS: 'set smtp.tls = "starttls", which port 587 usually wants, or another smtp.port',
    TlsMode.STARTTLS: 'set smtp.tls = "tls", which port 465 usually wants, or another smtp.port',
    TlsMode.NONE: _ADDRESS,
}
_CERTIFICATE = "write smtp.host as the certificate has it, or have its issuer trusted here"
_SECRECY = {
    TlsMode.TLS: "over TLS",
    TlsMode.STARTTLS: "with STARTTLS",
    TlsMode.NONE: "in the open",
}


def check_mail(settings: SmtpSettings, answer_s: float = ANSWER_S) -> Finding:
    """Connect, make the connection secret, log in and name the sender, as the settings want it;
    nothing is sent. The server's words are shown, the password is not."""
    subject = f"mail server {settings.host}:{settings.port}"
    try:
        with _connect(settings, answer_s) as session:
            text, remedy = _converse(session, settings)
    except ssl.SSLCertVerificationError as error:
        text, remedy = f"its certificate is not accepted: {error.verify_message}", _CERTIFICATE
    except ssl.SSLError as error:
        text, remedy = f"no secret connection: {error.reason}", _OTHER_TLS[settings.tls]
    except smtplib.SMTPException as error:
        text, remedy = f"it does not go on: {_words(error)}", _OTHER_TLS[settings.tls]
    except OSError as error:
        text, remedy = f"it cannot be reached: {error.strerror or error}", _ADDRESS
    return Finding(subject=subject, is_ok=not remedy, text=text, remedy=remedy)


def _connect(settings: SmtpSettings, answer_s: float) -> smtplib.SMTP:
    if settings.tls is TlsMode.TLS:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=answer_s, context=context)
    return smtplib.SMTP(settings.host, settings.port, timeout=answer_s)


def _converse(session: smtplib.SMTP, settings: SmtpSettings) -> tuple[str, str]:
    """What was found, and what to do about it, empty if nothing is."""
    session.ehlo_or_helo_if_needed()
    if settings.tls is TlsMode.STARTTLS:
        if not session.has_extn("starttls"):
            return "it offers no STARTTLS, and nothing is sent without", _OTHER_TLS[settings.tls]
        session.starttls(context=ssl.create_default_context())
    if settings.user:
        try:
            _log_in(session, settings.user, settings.password)
        except smtplib.SMTPException as error:
            return f"it refuses the login: {_words(error)}", "correct smtp.user and smtp.password"
    if refusal := _offer_sender(session, settings):
        remedy = "correct smtp.from" if settings.user else "correct smtp.from, or give smtp.user"
        return f"it refuses the sender: {refusal}", remedy
    takes = "the login and the sender" if settings.user else "the sender"
    return f"it answers {_SECRECY[settings.tls]}, and takes {takes}", ""


def _log_in(session: smtplib.SMTP, user: str, password: str) -> None:
    """smtplib knows the mechanisms, but ASCII alone; RFC 4616 has UTF-8."""
    if (user + password).isascii():
        session.login(user, password)
        return
    session.ehlo_or_helo_if_needed()
    said = session.docmd("AUTH PLAIN", b64encode(f"\0{user}\0{password}".encode()).decode())
    if said[0] >= 300:
        raise smtplib.SMTPAuthenticationError(*said)


def _offer_sender(session: smtplib.SMTP, settings: SmtpSettings) -> str:
    """What the server has against the sender; empty if nothing."""
    assert settings.sender is not None
    session.ehlo_or_helo_if_needed()
    said = session.mail(settings.sender.address)
    with suppress(smtplib.SMTPException):
        session.rset()
    return "" if said[0] < 300 else _words(smtplib.SMTPResponseException(*said))


def _words(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return f"{error.smtp_code} {text}"[:SHOWN]
    return str(error)[:SHOWN] or type(error).__name__
