"""Keys: what is refused as one, and keyrings of tokens."""

import pytest

from core.errors import InvalidValue
from core.rules.keys import (
    CONTROL_KEYS,
    MAX_KEY,
    MAX_KEYS,
    Keyring,
    check_key,
    check_security_key,
    may_see,
    parse_keys,
    parse_user_keys,
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "one word of at most 64"),
        ("A B", "one word of at most 64"),
        ("A\x07", "one word of at most 64"),
        ("A\u00a0B", "one word of at most 64"),
        ("x" * (MAX_KEY + 1), "one word of at most 64"),
        ("-RT", "only a user's own keys may begin with a minus sign"),
        ("ctrl_wbt", 'is "CTRL_WBT" meant'),
    ],
)
def test_what_is_no_key_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        check_key(text)


def test_a_class_revokes_nothing() -> None:
    with pytest.raises(InvalidValue, match='key "-RT": only a user'):
        parse_keys("USER -RT")


@pytest.mark.parametrize("text", ["RT RT", "-RT -RT"])
def test_a_key_that_is_there_twice_is_named(text: str) -> None:
    with pytest.raises(InvalidValue, match=f'"{text.split(maxsplit=1)[0]}" is there twice'):
        parse_user_keys(text)


@pytest.mark.parametrize("text", ["RT -RT", "-RT RT"])
def test_a_key_is_not_granted_and_revoked_at_once(text: str) -> None:
    with pytest.raises(InvalidValue, match='"RT" is granted and revoked'):
        parse_user_keys(text)


def test_two_minus_signs_are_no_key() -> None:
    with pytest.raises(InvalidValue, match="minus sign"):
        parse_user_keys("--RT")


def test_too_many_keys_are_refused_before_they_are_read() -> None:
    with pytest.raises(InvalidValue, match=f"at most {MAX_KEYS} characters"):
        parse_keys("K " * MAX_KEYS)
    assert parse_keys("RT".ljust(MAX_KEYS)) == ("RT",)


def test_any_blank_parts_keys() -> None:
    assert parse_keys(" USER\tRT\n REPORT ") == ("USER", "RT", "REPORT")
    assert parse_keys("") == ()


def test_an_empty_security_key_protects_nothing() -> None:
    assert (check_security_key(""), check_security_key("TEAM")) == ("", "TEAM")


def test_a_narrowed_keyring_holds_no_more_than_both() -> None:
    ring = Keyring(keys=frozenset({"RT", "LIST"}))
    assert ring.narrowed(["LIST", "ADMIN"]).keys == {"LIST"}
    assert Keyring(is_master=True).narrowed(["LIST"]) == Keyring(keys=frozenset({"LIST"}))


def test_nobody_made_what_has_no_maker() -> None:
    assert not may_see(Keyring(), "", security_key="TEAM", created_by="")


def test_control_calls_reach_every_campaign_and_no_setting() -> None:
    ring = Keyring(keys=CONTROL_KEYS, opens_all=True)
    assert may_see(ring, "", security_key="TEAM", created_by="anna")
    assert ring.holds("CTRL_WBT")
    assert not ring.holds("ADMIN")
