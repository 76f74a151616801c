"""A small site in a database, and the calls of a run on it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, Table, func, select

from core.model import (
    Attempt,
    CallList,
    CallLog,
    Campaign,
    EndPoint,
    Retry,
    Run,
    Server,
    Trunk,
)
from core.ports.commands import AttemptPlaced, CallClosed
from core.rules.decisions import Decision
from core.rules.states import CallState
from core.rules.verdicts import Verdict
from core.store.campaigns import save_campaign
from core.store.endpoints import save_endpoint
from core.store.lists import fetch_records, insert_records, save_list
from core.store.run_shown import RunShown
from core.store.runs import create_run
from core.store.servers import save_server
from core.store.trunks import save_trunk

NOW = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """One of each, a run, and the ids of the list's records."""

    server: Server
    trunk: Trunk
    endpoint: EndPoint
    call_list: CallList
    campaign: Campaign
    run: Run
    record_ids: tuple[int, ...]

    def attempt(self, id: int = 1, *, record: int = 0, attempt_no: int = 0) -> Attempt:
        """An attempt of the list's record with this index."""
        return Attempt(
            id=id,
            run_id=self.run.id,
            campaign_id=self.campaign.id,
            record_id=self.record_ids[record],
            list_id=self.call_list.id,
            server_id=self.server.id,
            trunk_id=self.trunk.id,
            endpoint_id=self.endpoint.id,
            attempt_no=attempt_no,
            retry_no=attempt_no,
            number=str(100 + record),
            channel_id=f"wb-{id}",
            requested_at=NOW,
        )

    def retry(
        self, *, record: int = 0, attempt_no: int = 1, due_s: float = 60, priority: int = 0
    ) -> Retry:
        return Retry(
            run_id=self.run.id,
            record_id=self.record_ids[record],
            attempt_no=attempt_no,
            retry_no=attempt_no,
            after_s=60,
            due_at=NOW + timedelta(seconds=due_s),
            priority=priority,
        )


def shown(run_id: int, *, live: int = 3, verdict: Verdict = Verdict.CALLS_PLACED) -> RunShown:
    """What a dialer showed of a run that has placed calls for 12 s."""
    return RunShown(
        run_id=run_id,
        shown_at=NOW,
        live=live,
        cached=7,
        backlog=90,
        retries=2,
        verdict=verdict,
        decisions=(Decision(verdict=verdict, held_s=12.5, times=40),),
    )


def placed(attempt: Attempt) -> AttemptPlaced:
    return AttemptPlaced(attempt=attempt, is_retry=attempt.attempt_no > 0)


def closed(
    attempt: Attempt,
    *,
    state: CallState = CallState.RS_BUSY,
    retry: Retry | None = None,
    outputs: dict[str, str] | None = None,
    ext_status: str = "",
    talk_ms: int = 0,
) -> CallClosed:
    log = CallLog(
        attempt=attempt,
        state=state,
        ext_status=ext_status,
        wait_pre_ms=10,
        wait_after_ms=200,
        talk_ms=talk_ms,
        next_retry_s=retry.after_s if retry else 0,
        channel="PJSIP/carrier-0001",
        cause=17,
        tech_cause="SIP 486",
        reason="busy",
        ended_at=NOW + timedelta(seconds=3),
    )
    return CallClosed(log=log, retry=retry, outputs=outputs, is_retry=attempt.attempt_no > 0)


def furnish(database: Engine, records: int = 5) -> Site:
    """A site whose list holds numbers from 100, with a run that has not begun."""
    with database.begin() as conn:
        server = save_server(conn, Server(name="pbx"))
        trunk = save_trunk(
            conn, Trunk(server_id=server.id, name="out", dial_string="PJSIP/${num}@carrier")
        )
        endpoint = save_endpoint(
            conn, EndPoint(server_id=server.id, name="desk", extension="s", context="desk")
        )
        call_list = save_list(conn, CallList(name="people"))
        insert_records(conn, [(call_list.id, str(100 + i), None) for i in range(records)])
        campaign = save_campaign(
            conn,
            Campaign(
                name="calls",
                trunk_ids=(trunk.id,),
                endpoint_ids=(endpoint.id,),
                list_ids=(call_list.id,),
            ),
        )
        return Site(
            server=server,
            trunk=trunk,
            endpoint=endpoint,
            call_list=call_list,
            campaign=campaign,
            run=create_run(conn, campaign, NOW),
            record_ids=tuple(
                r.id for r in fetch_records(conn, call_list.id, after_id=0, limit=100_000)
            ),
        )


def count(conn: Connection, table: Table) -> int:
    return conn.execute(select(func.count()).select_from(table)).scalar_one()
