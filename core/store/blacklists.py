"""Looking numbers up in black lists, which are lists like any other."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from core.store.schema import record

#: Most numbers of one query.
CHUNK = 500


def fetch_blacklist_entries(
    conn: Connection, list_ids: Sequence[int], numbers: Sequence[str]
) -> dict[str, list[Mapping[str, str]]]:
    """The input attributes of every record that these lists hold of each number; a number
    that is on none of them is not a key.

    There is no limit: an entry left out may be the one that forbids the call. Without lists
    or without numbers, nothing is asked.
    """
    found: dict[str, list[Mapping[str, str]]] = {}
    if not list_ids:
        return found
    for start in range(0, len(numbers), CHUNK):
        rows = conn.execute(
            select(record.c.number, record.c.inputs)
            .where(
                record.c.list_id.in_(list_ids),
                record.c.number.in_(numbers[start : start + CHUNK]),
            )
            .order_by(record.c.id)
        )
        for number, inputs in rows:
            found.setdefault(number, []).append(inputs)
    return found
