from collections.abc import Mapping

import pytest

from core.errors import InvalidValue
from dialplan.render import render_drop_in


def _commands(text: str) -> list[str]:
    """The lines that Asterisk acts on."""
    return [line for line in text.splitlines() if line and not line.startswith(";")]


def test_the_drop_in_has_the_four_contexts() -> None:
    lines = _commands(render_drop_in(host="127.0.0.1"))

    assert [line for line in lines if line.startswith("[")] == [
        "[whipbird-message]",
        "[whipbird-amd]",
        "[whipbird-status]",
        "[whipbird-attribute]",
    ]


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("10.1.2.3", "agi://10.1.2.3:4574/extstatus?"),
        ("whipbird.example.com", "agi://whipbird.example.com:4574/extstatus?"),
        ("2001:db8::1", "agi://[2001:db8::1]:4574/extstatus?"),
    ],
)
def test_the_address_is_the_one_given(host: str, address: str) -> None:
    text = render_drop_in(host=host, port=4574)

    assert f" same => n,AGI({address}status=${{URIENCODE(${{ARG1}})}})" in text.splitlines()
    assert text.count("AGI(agi://") == text.count(":4574/") == 4


def test_keys_and_sound_are_the_ones_given() -> None:
    lines = _commands(
        render_drop_in(host="pbx", sound="custom/offer", keys={"3": "YES", "*": "NO"})
    )

    assert [line for line in lines if "ExecIf" in line] == [
        ' same => n,ExecIf($["${WHIPBIRD_SOUND}" = ""]?Set(WHIPBIRD_SOUND=custom/offer))',
        ' same => n,ExecIf($["${WHIPBIRD_KEY}" = "3"]?Set(WHIPBIRD_STATUS=YES))',
        ' same => n,ExecIf($["${WHIPBIRD_KEY}" = "*"]?Set(WHIPBIRD_STATUS=NO))',
    ]


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a b",
        "host/x",
        "host:4573",
        "host)\nexten => s,1,System(x)",
        "host\n",
        "ho,st",
        "${X}",
        "x;y",
        "-x",
        "a..b",
        "0.0.0.0",
        "::",
        "fe80::1%eth0)",
        "h" * 254,
    ],
)
def test_a_host_that_could_change_the_dialplan_is_refused(host: str) -> None:
    with pytest.raises(InvalidValue, match="FastAGI host"):
        render_drop_in(host=host)


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_out_of_range_is_refused(port: int) -> None:
    with pytest.raises(InvalidValue, match="a port is from 1 to 65535"):
        render_drop_in(host="pbx", port=port)


@pytest.mark.parametrize(
    "sound", ["", "a,b", "a&b", "a)", "a\n", "${X}", "a;b", "a.gsm", "x" * 201]
)
def test_a_sound_that_could_change_the_dialplan_is_refused(sound: str) -> None:
    with pytest.raises(InvalidValue, match="sound"):
        render_drop_in(host="pbx", sound=sound)


@pytest.mark.parametrize(
    "keys",
    [{"#": "X"}, {"12": "X"}, {"": "X"}, {"1\n": "X"}, {"1": ""}, {"1": "a)"}, {"1": "a\n"}],
)
def test_a_key_or_its_status_that_could_change_the_dialplan_is_refused(
    keys: Mapping[str, str],
) -> None:
    with pytest.raises(InvalidValue, match="key"):
        render_drop_in(host="pbx", keys=keys)
