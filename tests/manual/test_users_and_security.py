"""Manual 25.02: "Users and security", "Users", "Classes", "The security model"."""

from core.rules.keys import Key, Keyring, make_keyring, may_see, parse_keys, parse_user_keys

ADMIN_CLASS = "USER ADMIN RT SYSLOG"


def test_a_keyring_is_the_class_s_keys_and_the_user_s_own() -> None:
    ring = make_keyring(parse_keys(ADMIN_CLASS), parse_user_keys("REPORT Zurich"))
    assert ring.keys == {"USER", "ADMIN", "RT", "SYSLOG", "REPORT", "Zurich"}


def test_a_key_with_a_minus_sign_is_revoked_if_the_class_has_it() -> None:
    ring = make_keyring(parse_keys(ADMIN_CLASS), parse_user_keys("-SYSLOG"))
    assert ring.keys == {"USER", "ADMIN", "RT"}


def test_a_key_with_a_minus_sign_is_ignored_otherwise() -> None:
    ring = make_keyring(parse_keys(ADMIN_CLASS), parse_user_keys("-LIST"))
    assert ring.keys == {"USER", "ADMIN", "RT", "SYSLOG"}


def test_the_master_key_bypasses_all_checks() -> None:
    master = make_keyring((), (), is_master=True)
    assert all(master.holds(key) for key in (*Key, "any feature"))
    assert may_see(master, "boss", security_key="SECRET", created_by="anna")


def test_an_element_is_visible_to_the_key_holder_and_to_its_creator() -> None:
    holder, other = Keyring(keys=frozenset({"ZURICH"})), Keyring(keys=frozenset({"USER"}))
    assert may_see(holder, "bea", security_key="ZURICH", created_by="anna")
    assert may_see(other, "anna", security_key="ZURICH", created_by="anna")
    assert not may_see(other, "bea", security_key="ZURICH", created_by="anna")


def test_an_element_without_a_key_is_visible_to_everyone() -> None:
    assert may_see(Keyring(), "bea", security_key="", created_by="anna")


def test_the_reserved_keys_are_the_manual_s() -> None:
    table = "USER RT REPORT ADMIN SYSLOG LIST CAMP COPY LICKEY V_WBT CTRL_WBT OPHR DEBUG_AMI"
    assert [key.value for key in Key] == table.split()


def test_all_other_words_are_feature_keys() -> None:
    assert parse_keys("TEAM-7 Zürich x") == ("TEAM-7", "Zürich", "x")
