"""Keys, keyrings, and what they open.

Source: manual 25.02, "Users and security" and "Security keys". A class grants its keys to all
its users; a user's own keys are added to them, and one written with a minus sign is taken away
again. Keys are space-separated; every word that is not a system key is a feature key.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from core.errors import InvalidValue

#: Longest key, in characters.
MAX_KEY = 64
#: Longest set of keys as it is written, in characters.
MAX_KEYS = 1000

_REVOKED = "-"


class Key(StrEnum):
    """The system keys (manual, "System Keys"). LICKEY and DEBUG_AMI open nothing here: there
    is no licence, and no such page."""

    #: All interactive users must hold this key.
    USER = "USER"
    #: The live page.
    RT = "RT"
    #: Reports.
    REPORT = "REPORT"
    #: Editing configuration and users.
    ADMIN = "ADMIN"
    #: The system log.
    SYSLOG = "SYSLOG"
    #: Lists.
    LIST = "LIST"
    #: Campaigns.
    CAMP = "CAMP"
    #: Copying campaigns.
    COPY = "COPY"
    #: Licences.
    LICKEY = "LICKEY"
    #: The dialer's status.
    V_WBT = "V_WBT"
    #: Starting and stopping the dialer and its runs.
    CTRL_WBT = "CTRL_WBT"
    #: Opening hours.
    OPHR = "OPHR"
    #: Extended AMI status.
    DEBUG_AMI = "DEBUG_AMI"


#: What a token of the manual's control calls may do ("Optional authentication"): all that
#: those calls offer, and nothing else.
CONTROL_KEYS = frozenset(
    {Key.RT, Key.REPORT, Key.LIST, Key.CAMP, Key.COPY, Key.V_WBT, Key.CTRL_WBT}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Keyring:
    """What somebody holds. `is_master` passes every check; `opens_all` makes every element
    visible, whatever its security key."""

    keys: frozenset[str] = field(default_factory=frozenset)
    is_master: bool = False
    opens_all: bool = False

    def holds(self, key: str) -> bool:
        return self.is_master or key in self.keys

    def narrowed(self, keys: Iterable[str]) -> "Keyring":
        """As much of this keyring as `keys` name; never a master's."""
        return Keyring(keys=frozenset(key for key in keys if self.holds(key)))


def parse_keys(text: str) -> tuple[str, ...]:
    """The keys of a class, in order. InvalidValue of one that is none, or is there twice."""
    return tuple(check_key(word) for word in _words(text))


def parse_user_keys(text: str) -> tuple[str, ...]:
    """A user's own keys, those to be revoked with their minus sign. InvalidValue as for
    `parse_keys`, and of a key that is granted and revoked at once."""
    words = _words(text)
    for word in words:
        key = check_key(word.removeprefix(_REVOKED))
        if word.startswith(_REVOKED) and key in words:
            raise InvalidValue("keys", text, f'"{key}" is granted and revoked; write one of both')
    return words


def check_key(text: str) -> str:
    """One key; InvalidValue of anything else."""
    if not text or len(text) > MAX_KEY or not text.isprintable() or any(map(str.isspace, text)):
        expected = f"a key is one word of at most {MAX_KEY} characters"
        raise InvalidValue("key", text[: MAX_KEY + 1], expected)
    if text.startswith(_REVOKED):
        expected = "only a user's own keys may begin with a minus sign"
        raise InvalidValue("key", text, expected)
    if text not in set(Key) and text.upper() in set(Key):
        raise InvalidValue("key", text, f'is "{text.upper()}" meant? Case matters')
    return text


def check_security_key(text: str) -> str:
    """The key that protects an element; empty leaves it open to everyone."""
    return check_key(text) if text else ""


def make_keyring(
    class_keys: Iterable[str], user_keys: Iterable[str], *, is_master: bool = False
) -> Keyring:
    """A user's keyring. A revoked key is taken from the class's, and ignored if it is not
    there."""
    own = tuple(user_keys)
    granted = {key for key in own if not key.startswith(_REVOKED)}
    revoked = {key.removeprefix(_REVOKED) for key in own if key.startswith(_REVOKED)}
    return Keyring(keys=frozenset((set(class_keys) - revoked) | granted), is_master=is_master)


def may_see(ring: Keyring, user: str, *, security_key: str, created_by: str) -> bool:
    """Whether the user of this name may see an element: it has no key, they hold it, or they
    made it (manual, "The security model").

    Keys are not transitive: what a visible element uses is not asked about.
    """
    return (
        not security_key
        or ring.opens_all
        or ring.holds(security_key)
        or bool(user and user == created_by)
    )


def _words(text: str) -> tuple[str, ...]:
    if len(text) > MAX_KEYS:
        raise InvalidValue("keys", text[:40] + "…", f"keys have at most {MAX_KEYS} characters")
    words = tuple(text.split())
    if twice := [word for word in words if words.count(word) > 1]:
        raise InvalidValue("keys", text, f'"{twice[0]}" is there twice')
    return words
