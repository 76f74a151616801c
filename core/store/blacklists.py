"""Looking numbers up in black lists, which are lists like any other."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, bindparam, select, update

from core.model import Record
from core.store.records import RECORD, make_record
from core.store.schema import campaign, campaign_black_list, record

#: Most numbers of one query.
CHUNK = 500

_PLACES = {"qmark": "?", "format": "%s", "pyformat": "%s"}


def fetch_blacklist_entries(
    conn: Connection, list_ids: Sequence[int], numbers: Sequence[str]
) -> dict[str, list[Mapping[str, str]]]:
    """The input attributes of every record that these lists hold of each number; a number
    that is on none of them is not a key.

    There is no limit: an entry left out may be the one that forbids the call. One whose
    attributes cannot be read has none, and so forbids for ever. Without lists or without
    numbers, nothing is asked.
    """
    found: dict[str, list[Mapping[str, str]]] = {}
    if not list_ids:
        return found
    for start in range(0, len(numbers), CHUNK):
        listed = _find_listed(conn, list_ids, numbers[start : start + CHUNK])
        if not listed:
            continue
        rows = conn.execute(
            select(*RECORD).where(record.c.list_id.in_(list_ids), record.c.number.in_(listed))
        )
        # To sort them there would tempt SQLite to walk through the whole list in order.
        for entry in sorted(map(make_record, rows), key=lambda entry: entry.id):
            found.setdefault(entry.number, []).append(entry.inputs)
    return found


def _find_listed(conn: Connection, list_ids: Sequence[int], numbers: Sequence[str]) -> list[str]:
    """Those of the numbers that stand on any of the lists, which most do not: every number that
    is dialled is asked for, so this goes to the driver as it is and is answered from the index."""
    place = _PLACES[conn.dialect.paramstyle]
    lists = ", ".join([place] * len(list_ids))
    places = ", ".join([place] * len(numbers))
    statement = f"SELECT number FROM record WHERE list_id IN ({lists}) AND number IN ({places})"  # noqa: S608 - place-holders only
    return list(conn.exec_driver_sql(statement, (*list_ids, *numbers)).scalars())


def fetch_added_numbers(
    conn: Connection, list_id: int, *, after_id: int, limit: int
) -> list[tuple[int, str]]:
    """Id and number of the list's records in order, those with an id above `after_id`.

    Every batch that is fetched asks this, and very long lists are read so: it goes to the driver
    as it is.
    """
    place = _PLACES[conn.dialect.paramstyle]
    index = "" if conn.dialect.name == "sqlite" else " FORCE INDEX (ix_record_list_id_id)"
    statement = (
        f"SELECT id, number FROM record{index}"  # noqa: S608 - place-holders only
        f" WHERE list_id = {place} AND id > {place} ORDER BY id LIMIT {place}"
    )
    rows = conn.exec_driver_sql(statement, (list_id, after_id, limit))
    return [(row[0], row[1]) for row in rows]


def fetch_black_list_ids(conn: Connection) -> list[int]:
    """The lists that are a black list of some campaign."""
    query = select(campaign_black_list.c.list_id).distinct()
    return list(conn.execute(query.order_by(campaign_black_list.c.list_id)).scalars())


def fetch_black_list_users(conn: Connection, list_id: int) -> list[tuple[str, str]]:
    """The campaigns that have the list as a black list: the name of each, and the time zone in
    which it reads dates."""
    query = (
        select(campaign.c.name, campaign.c.time_zone)
        .join(campaign_black_list, campaign_black_list.c.campaign_id == campaign.c.id)
        .where(campaign_black_list.c.list_id == list_id)
        .order_by(campaign.c.name)
    )
    return [(row.name, row.time_zone) for row in conn.execute(query)]


def fetch_records_of(conn: Connection, list_id: int, number: str) -> list[Record]:
    """Every record that the list holds of the number, the oldest first."""
    query = select(*RECORD).where(record.c.list_id == list_id, record.c.number == number)
    return [make_record(row) for row in conn.execute(query.order_by(record.c.id))]


_UPDATE_INPUTS = update(record).where(record.c.id == bindparam("of_record"))
_UPDATE_INPUTS = _UPDATE_INPUTS.values(inputs=bindparam("inputs"))


def save_inputs(conn: Connection, inputs: Mapping[int, Mapping[str, str]]) -> None:
    """Replace the input attributes of these records, by id."""
    if inputs:
        rows = [{"of_record": key, "inputs": value} for key, value in inputs.items()]
        conn.execute(_UPDATE_INPUTS, rows)
