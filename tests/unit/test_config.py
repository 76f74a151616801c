"""The settings: file, environment, and what is said when they are wrong."""

from pathlib import Path

import pytest

from core.config import load_config, parse_config
from core.errors import InvalidConfiguration, InvalidValue
from core.log import start_log
from core.rules.mail import Sender
from core.settings import Config, RetentionSettings, SmtpSettings, TlsMode, WebSettings


def problems_of(file_text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(InvalidConfiguration) as caught:
        parse_config(file_text, environ or {})
    return caught.value.problems


def test_without_file_and_environment_the_defaults_hold() -> None:
    config = parse_config("", {})
    assert config == Config()
    assert config.database.url == "sqlite:///var/whipbird.db"
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8080)
    assert (config.fastagi.port, config.fastagi.max_sessions) == (4573, 1000)
    assert config.dialer.seed is None


def test_the_file_sets_every_section() -> None:
    config = parse_config(
        """
        [database]
        url = "sqlite:///elsewhere.db"
        [web]
        host = "::1"
        port = 8081
        names = ["dialer.example"]
        [fastagi]
        host = "10.0.0.1"
        port = 4574
        max_sessions = 20
        [dialer]
        seed = 7
        [log]
        level = "debug"
        file = "whipbird.log"
        """,
        {},
    )
    assert config.database.url == "sqlite:///elsewhere.db"
    assert config.web == WebSettings(host="::1", port=8081, names=("dialer.example",))
    assert (config.fastagi.host, config.fastagi.port) == ("10.0.0.1", 4574)
    assert config.fastagi.max_sessions == 20
    assert config.dialer.seed == 7
    assert (config.log.level, config.log.level_no) == ("DEBUG", 10)
    assert config.log.file == Path("whipbird.log")


def test_the_environment_wins_over_the_file_and_is_read_in_the_key_s_type() -> None:
    config = parse_config(
        "[web]\nport = 8081\nhost = 'localhost'",
        {
            "WHIPBIRD_WEB_PORT": "8082",
            "WHIPBIRD_WEB_NAMES": "one.example, two.example",
            "WHIPBIRD_FASTAGI_MAX_SESSIONS": "5",
            "WHIPBIRD_DIALER_SEED": "-3",
            "PATH": "/bin",
        },
    )
    assert config.web == WebSettings(
        host="localhost", port=8082, names=("one.example", "two.example")
    )
    assert config.fastagi.max_sessions == 5
    assert config.dialer.seed == -3


def test_everything_that_is_wrong_is_said_at_once_with_place_value_and_advice() -> None:
    problems = problems_of(
        """
        [web]
        prot = 8080
        names = "one"
        [fastagi]
        max_sessions = true
        [databse]
        url = "x"
        """,
        {"WHIPBIRD_WEB_PORT": "70000", "WHIPBIRD_LOG_LEVLE": "INFO"},
    )
    assert problems == [
        '[databse]: there is no such section; is "database" meant?',
        'WHIPBIRD_LOG_LEVLE: there is no such setting; is "WHIPBIRD_LOG_LEVEL" meant?',
        'web.prot: there is no such key; is "port" meant?',
        'web.names "one": write a list, ["one", "two"]',
        'WHIPBIRD_WEB_PORT "70000": write a whole number from 0 to 65535',
        'fastagi.max_sessions "True": write a whole number from 1 to 100000',
    ]


def test_contexts_of_the_dialect_may_not_hide_a_page() -> None:
    assert parse_config("", {"WHIPBIRD_WEB_CONTEXTS": "dialer, x-1"}).web.contexts == (
        "dialer",
        "x-1",
    )
    for wrong in ("wombat, runs", "a/b", "health", "ä"):
        (problem,) = problems_of("", {"WHIPBIRD_WEB_CONTEXTS": wrong})
        assert "letters, digits, - and _ only, and none of api, campaigns," in problem


def test_a_wrong_word_for_a_number_is_named_by_its_variable() -> None:
    assert problems_of("", {"WHIPBIRD_FASTAGI_PORT": "agi"}) == [
        'WHIPBIRD_FASTAGI_PORT "agi": write a whole number from 0 to 65535'
    ]


def test_a_section_that_is_no_table_is_refused() -> None:
    assert problems_of("web = 8080") == ['web "8080": write a table, [web]']


def test_addresses_that_may_make_control_calls_are_networks_or_single_ones() -> None:
    config = parse_config("", {"WHIPBIRD_WEB_CONTROL_ADDRESSES": "10.0.5.0/24, ::1"})
    assert config.web.control_addresses == ("10.0.5.0/24", "::1")
    for wrong in ("10.0.5.7/24", "pbx.example", "10.0.5"):
        (problem,) = problems_of("", {"WHIPBIRD_WEB_CONTROL_ADDRESSES": wrong})
        assert problem.endswith("write a network, 10.0.5.0/24, or an address, 10.0.5.7")


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)],
)
def test_control_calls_are_open_on_loopback_only_and_without_tokens(
    host: str, is_loopback: bool
) -> None:
    def is_open(**changes: str) -> bool:
        environ = {f"WHIPBIRD_WEB_{name.upper()}": value for name, value in changes.items()}
        return parse_config("", {"WHIPBIRD_WEB_HOST": host, **environ}).web.is_control_open

    assert parse_config("", {"WHIPBIRD_WEB_HOST": host}).web.is_loopback is is_loopback
    assert is_open() is is_loopback
    assert is_open(control_tokens="3db6e6b81bfe8a,e51979ce575e949dc") is False
    assert is_open(control_calls="open") is True
    assert is_open(control_calls="closed") is False


def test_tokens_and_proxies_are_checked_and_tokens_never_shown() -> None:
    assert problems_of(
        "[web]\ntrusted_proxies = ['proxy']\ncontrol_tokens = ['short']\ncontrol_calls = 'all'"
    ) == [
        'web.trusted_proxies "[\'proxy\']": "proxy": write an address, 127.0.0.1',
        'web.control_tokens "***": write tokens of at least 8 characters each',
        'web.control_calls "all": write one of LOOPBACK, OPEN, CLOSED',
    ]
    config = parse_config("", {"WHIPBIRD_WEB_CONTROL_TOKENS": "3db6e6b81bfe8a"})
    assert config.web.control_tokens == ("3db6e6b81bfe8a",)
    assert "3db6e6b81bfe8a" not in repr(config)


def test_the_database_s_password_is_neither_in_a_repr_nor_in_the_shown_url() -> None:
    url = "mysql+pymysql://dialer:s3c:r@t@db.example/whipbird"
    config = parse_config("", {"WHIPBIRD_DATABASE_URL": url})
    assert config.database.url == url
    assert "s3c" not in repr(config)
    assert config.database.shown_url == "mysql+pymysql://dialer:***@db.example/whipbird"


def test_the_database_s_password_is_not_in_an_error_either() -> None:
    (problem,) = problems_of("", {"WHIPBIRD_DATABASE_URL": "dialer:s3cret@db"})
    assert "s3cret" not in problem
    assert problem.startswith('WHIPBIRD_DATABASE_URL "***": write sqlite:///FILE')


def test_a_url_without_password_is_shown_as_it_is() -> None:
    assert Config().database.shown_url == "sqlite:///var/whipbird.db"


def test_text_that_is_not_toml_is_named_with_its_line() -> None:
    (problem,) = problems_of("[web\n")
    assert problem.startswith("whipbird.toml: this is not TOML: ")
    assert "line 1" in problem


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "no.toml"
    with pytest.raises(InvalidConfiguration, match="cannot be read: No such file"):
        load_config({"WHIPBIRD_CONFIG": str(missing)})


def test_the_given_path_wins_over_the_variable_and_over_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config({}) == Config()
    for name, port in (("whipbird.toml", 1), ("named.toml", 2), ("given.toml", 3)):
        (tmp_path / name).write_text(f"[web]\nport = {port}\n", encoding="utf-8")
    assert load_config({}).web.port == 1
    named = {"WHIPBIRD_CONFIG": "named.toml"}
    assert load_config(named).web.port == 2
    assert load_config(named, Path("given.toml")).web.port == 3
    assert load_config({}).path == Path("whipbird.toml")


def test_a_file_may_begin_as_windows_editors_have_it(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf[web]\r\nport = 7\r\n")
    assert load_config({}, path).web.port == 7


def test_a_file_that_is_not_utf8_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b"# caf\xe9\n")
    with pytest.raises(InvalidConfiguration, match="write it in UTF-8"):
        load_config({}, path)


SMTP = """
[smtp]
host = "mail.example"
user = "dialer"
password = "s3cret"
from = "Whipbird <dialer@example.com>"
"""


def test_the_mail_server_is_off_until_it_is_named_and_then_asked_for_starttls() -> None:
    assert parse_config("", {}).smtp == SmtpSettings()
    config = parse_config(SMTP, {"WHIPBIRD_SMTP_PORT": "25"})
    assert config.smtp == SmtpSettings(
        host="mail.example",
        port=25,
        tls=TlsMode.STARTTLS,
        user="dialer",
        password="s3cret",
        sender=Sender(name="Whipbird", address="dialer@example.com"),
    )
    assert "s3cret" not in repr(config)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"from": "dialer"}, 'WHIPBIRD_SMTP_FROM "dialer": write one plain address in ASCII'),
        ({"tls": "ssl"}, 'WHIPBIRD_SMTP_TLS "ssl": write one of STARTTLS, TLS, NONE'),
        ({"port": "0"}, 'WHIPBIRD_SMTP_PORT "0": write a whole number from 1 to 65535'),
        ({"password": ""}, "smtp.user, smtp.password: give both or neither"),
        ({"tls": "none"}, 'smtp.tls "none": the password would be read on the way'),
        ({"password": "a\nb"}, 'WHIPBIRD_SMTP_PASSWORD "***": write one line'),
    ],
)
def test_what_would_not_send_a_mail_or_tell_the_password_is_refused(
    changes: dict[str, str], problem: str
) -> None:
    environ = {f"WHIPBIRD_SMTP_{key.upper()}": value for key, value in changes.items()}
    assert problems_of(SMTP, environ)[0].startswith(problem)


def test_a_mail_server_needs_a_sender() -> None:
    problem = "smtp.from: it must be given, such as dialer@example.com"
    assert problems_of('[smtp]\nhost = "mail.example"') == [problem]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_relay_on_this_machine_may_take_a_password_in_the_clear(host: str) -> None:
    environ = {"WHIPBIRD_SMTP_HOST": host, "WHIPBIRD_SMTP_TLS": "none"}
    assert parse_config(SMTP, environ).smtp.tls is TlsMode.NONE


def test_what_is_old_is_kept_for_400_days_unless_the_settings_say_otherwise() -> None:
    assert parse_config("", {}).retention == RetentionSettings(
        system_log_days=400, letters_days=400
    )
    text = "[retention]\nsystem_log_days = 0"
    found = parse_config(text, {"WHIPBIRD_RETENTION_LETTERS_DAYS": "30"}).retention
    assert found == RetentionSettings(system_log_days=0, letters_days=30)
    problem = 'retention.letters_days "-1": write a whole number from 0 to 36500'
    assert problems_of("[retention]\nletters_days = -1") == [problem]


def test_a_log_that_cannot_be_written_is_named() -> None:
    config = parse_config('[log]\nfile = "/proc/nowhere/x.log"', {})
    with pytest.raises(
        InvalidValue, match=r'log\.file "/proc/nowhere/x\.log": name a file that can'
    ):
        start_log(config.log)
