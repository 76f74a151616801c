"""Calls that are over, with the names of all that they used."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, Table, select

from core.model import CallLog, LoggedCall
from core.store.records import fetch_records_by_id
from core.store.schema import call_list, campaign, end_point, run, server, trunk


def describe_calls(conn: Connection, logs: Sequence[CallLog]) -> list[LoggedCall]:
    """The same calls in the same order, with their names."""
    attempts = [log.attempt for log in logs]
    records = fetch_records_by_id(conn, {one.record_id for one in attempts})
    campaigns = _fetch_names(conn, campaign, {one.campaign_id for one in attempts})
    lists = _fetch_names(conn, call_list, {one.list_id for one in attempts})
    servers = _fetch_names(conn, server, {one.server_id for one in attempts})
    trunks = _fetch_names(conn, trunk, {one.trunk_id for one in attempts})
    endpoints = _fetch_names(conn, end_point, {one.endpoint_id for one in attempts})
    started = _fetch_beginnings(conn, {one.run_id for one in attempts})
    return [
        LoggedCall(
            log=log,
            record=records[log.attempt.record_id],
            campaign=campaigns[log.attempt.campaign_id],
            run_started_at=started[log.attempt.run_id],
            list_name=lists[log.attempt.list_id],
            server=servers.get(log.attempt.server_id or 0, ""),
            trunk=trunks.get(log.attempt.trunk_id or 0, ""),
            endpoint=endpoints.get(log.attempt.endpoint_id or 0, ""),
        )
        for log in logs
    ]


def _fetch_names(conn: Connection, table: Table, ids: Collection[int | None]) -> dict[int, str]:
    known = [key for key in ids if key is not None]
    rows = conn.execute(select(table.c.id, table.c.name).where(table.c.id.in_(known)))
    return {row.id: row.name for row in rows}


def _fetch_beginnings(conn: Connection, run_ids: Collection[int]) -> dict[int, datetime]:
    rows = conn.execute(select(run.c.id, run.c.started_at).where(run.c.id.in_(run_ids)))
    return {row.id: row.started_at for row in rows}
