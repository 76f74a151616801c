"""Names of users, passwords, and how passwords are kept."""

import pytest
from argon2 import PasswordHasher

from core.errors import InvalidValue
from core.operations.passwords import Passwords
from core.rules.credentials import check_new_name, check_password, check_user_name
from tests.support.people import QUICK


@pytest.mark.parametrize("name", ["anna", "agent/201", "Žižka", "a b"])
def test_a_name_may_be_any_line_without_a_colon(name: str) -> None:
    assert check_user_name(name) == check_new_name(name) == name


@pytest.mark.parametrize("name", ["", " anna", "anna ", "a:b", "a\nb", "x" * 101])
def test_a_name_nobody_could_log_on_with_is_refused(name: str) -> None:
    with pytest.raises(InvalidValue, match="user"):
        check_user_name(name)


@pytest.mark.parametrize("name", ["system", "System", "-", "control token"])
def test_whipbird_s_own_names_are_not_given_away(name: str) -> None:
    with pytest.raises(InvalidValue, match="Whipbird's own"):
        check_new_name(name)


@pytest.mark.parametrize(
    ("password", "words"),
    [("sevens7", "at least 8"), ("x" * 201, "at most 200"), ("Anna-Maria", "the user's name")],
)
def test_a_weak_password_is_refused_and_not_repeated(password: str, words: str) -> None:
    with pytest.raises(InvalidValue, match=words) as caught:
        check_password(password, "anna-maria")
    assert password not in str(caught.value)


def test_a_long_password_is_taken_as_it_is() -> None:
    assert check_password("  grün weiß ", "anna") == "  grün weiß "


def test_a_password_is_kept_as_argon2id_with_salt() -> None:
    one, other = QUICK.hash("correct horse"), QUICK.hash("correct horse")
    assert one.startswith("$argon2id$")
    assert one != other
    assert QUICK.check(one, "correct horse")
    assert not QUICK.check(one, "Correct horse")


@pytest.mark.parametrize("kept", ["", "plain", "$argon2id$v=19$broken"])
def test_no_password_fits_what_is_no_hash(kept: str) -> None:
    assert not QUICK.check(kept, "")
    assert not QUICK.check(kept, "plain")


def test_without_a_user_argon2_works_as_long() -> None:
    class Counting(PasswordHasher):
        checks = 0

        def verify(self, *arguments: str | bytes) -> bool:
            self.checks += 1
            return super().verify(*arguments)

    hasher = Counting(time_cost=1, memory_cost=8, parallelism=1)
    passwords = Passwords(hasher)
    assert not passwords.check("", "anything")
    assert hasher.checks == 1


def test_other_parameters_make_a_hash_outdated() -> None:
    old = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash("correct horse")
    assert QUICK.is_outdated(old)
    assert not QUICK.is_outdated(QUICK.hash("correct horse"))


def test_the_server_s_own_parameters_are_rfc_9106_s() -> None:
    assert Passwords().hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=1$")
