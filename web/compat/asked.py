"""A request in the dialect, and what answers it.

Fields come from the query and the form (manual, "Controlling WD over HTTP"); those that nobody
knows are passed over.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from core.errors import InvalidValue
from core.people import NOBODY, Actor
from core.ports import Clock
from core.ports.control import Control
from core.ports.snapshot import SnapshotSource
from web.compat.bookmarks import Bookmarks
from web.compat.words import parse_wombat_id
from web.download import Sheet
from web.intake import Intake
from web.queries import Queries


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What the dialect stands on."""

    queries: Queries
    clock: Clock
    source: SnapshotSource
    control: Control
    intake: Intake
    bookmarks: Bookmarks = field(default_factory=Bookmarks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """The fields of a request by name in small letters, the first value of each, and who sends it.
    `op` is one of the fields. `repeated` has all values of those that are there more than once. A
    field is asked for by its name in any case."""

    fields: Mapping[str, str]
    repeated: Mapping[str, Sequence[str]] = field(default_factory=dict)
    actor: Actor = NOBODY
    admit: Callable[[], Awaitable[Actor]] | None = None

    async def renewed(self) -> Actor:
        """Who sends it as they are now: long answers ask on their way, for a password may be
        changed meanwhile. NotRecognised."""
        return await self.admit() if self.admit is not None else self.actor

    def text(self, name: str) -> str:
        """The field without blanks around it, "" if it is not there."""
        return self.fields.get(name.lower(), "").strip()

    def filled(self, name: str) -> str:
        """The field; InvalidValue if it is not there or empty."""
        if not (value := self.text(name)):
            raise InvalidValue(name, value, f"the request needs {name}=…")
        return value

    def whole(self, name: str, least: int, most: int, default: int | None = None) -> int:
        """The field as a whole number; InvalidValue if it is none, or not there and there is
        no default."""
        if not self.text(name) and default is not None:
            return default
        value = self.filled(name)
        number = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else -1
        if not least <= number <= most:
            raise InvalidValue(name, value, f"write a whole number from {least} to {most}")
        return number

    def keys(self, name: str, most: int) -> tuple[int, ...]:
        """All values of the field as numbers of rows, each once, in their order; a value may
        hold several with commas between them. InvalidValue of what is none, of none at all, and
        of more than `most`."""
        text = ",".join(self.repeated.get(name.lower(), [self.filled(name)]))
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not parts or not all(p.isascii() and p.isdigit() and len(p) < 19 for p in parts):
            raise InvalidValue(name, text[:40], "write whole numbers")
        found = tuple(dict.fromkeys(map(int, parts)))
        if len(found) > most:
            raise InvalidValue(name, f"{len(found)} numbers", f"write at most {most}")
        return found

    def wombat_id(self, name: str) -> int:
        """The field as a WombatID; InvalidValue if it is none."""
        value = self.filled(name)
        if (found := parse_wombat_id(value)) is None:
            raise InvalidValue(name, value, "write a WombatID, such as 1234 or WBT.1234")
        return found

    def flag(self, name: str) -> bool:
        """Is the field there and not 0?"""
        return self.text(name) not in ("", "0")


#: What is answered: a line of text, an object that is written as JSON, or a table.
Reply = str | msgspec.Struct | Mapping[str, object] | list[object] | Sheet
#: Answers a request; raises WhipbirdError for one that is wrong.
Handler = Callable[[Ground, Asked], Awaitable[Reply]]
#: Handlers by `op`; the one of "" takes any.
Operations = Mapping[str, Handler]


def find_handler(operations: Operations, op: str) -> Handler:
    """The handler of an `op`, which may be written in capitals or not."""
    if "" in operations:
        return operations[""]
    if handler := {known.lower(): f for known, f in operations.items()}.get(op.lower()):
        return handler
    raise InvalidValue("op", op, f"write one of {', '.join(operations)}")
