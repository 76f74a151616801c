"""Records that must not be called any more, though runs and call logs still refer to them.

They are kept in two hidden lists that no campaign may have. Whatever of such a record is still
on its way through a dialer ends without a call.
"""

from collections.abc import Collection
from enum import StrEnum

from sqlalchemy import Connection, select

from core.errors import NotFound
from core.model import CallList
from core.store.lists import fetch_list_by_name, save_list
from core.store.schema import call_list, record

#: Most records of one query.
CHUNK = 500


class Bin(StrEnum):
    """The names of the two lists."""

    #: Taken off their lists; their data is kept.
    REMOVED = "(removed)"
    #: Of persons whose data was erased.
    ERASED = "(erased)"

    @property
    def reason(self) -> str:
        """What a log says of a record in it that was not called."""
        if self is Bin.ERASED:
            return "the person's data was erased"
        return "the record was taken off its list"


_BINS = select(call_list.c.id, call_list.c.name).where(call_list.c.name.in_(list(Bin)))


def find_bin(list_name: str) -> Bin | None:
    """The bin that the list is, if it is one."""
    return Bin(list_name) if list_name in list(Bin) else None


def open_bin(conn: Connection, wanted: Bin) -> CallList:
    """The bin's list, which is made when it is first needed."""
    try:
        return fetch_list_by_name(conn, wanted)
    except NotFound:
        return save_list(conn, CallList(name=wanted.value, is_hidden=True))


def fetch_binned(conn: Connection, record_ids: Collection[int]) -> dict[int, Bin]:
    """Those of the records that are in a bin. As long as there is none, nothing is looked for."""
    bins = {row.id: Bin(row.name) for row in conn.execute(_BINS)}
    wanted = sorted(record_ids) if bins else []
    found: dict[int, Bin] = {}
    for start in range(0, len(wanted), CHUNK):
        query = select(record.c.id, record.c.list_id).where(
            record.c.id.in_(wanted[start : start + CHUNK]), record.c.list_id.in_(bins)
        )
        found |= {row.id: bins[row.list_id] for row in conn.execute(query)}
    return found
