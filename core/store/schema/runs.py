"""Runs, their calls, and what waits to be called."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from core.store.schema.columns import (
    CHANNEL,
    NAME,
    NUMBER,
    TECH_CAUSE,
    BigKey,
    flag,
    key,
    link,
    metadata,
)
from core.store.types import Moment, name_type

run = Table(
    "run",
    metadata,
    key(),
    link("campaign_id", "campaign"),
    Column("state", String(16), nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("attempted", Integer, nullable=False, default=0),
    Column("completed", Integer, nullable=False, default=0),
    Column("added", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, default=""),
    Column("boost_percent", Integer, nullable=False, server_default="100"),
    Index(None, "campaign_id", "ended_at"),
    Index(None, "ended_at"),
    Index(None, "started_at"),
)

run_list = Table(
    "run_list",
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    link("list_id", "call_list"),
    Column("idx", Integer, primary_key=True, autoincrement=False),
    Column("highwater", BigKey, nullable=False, default=0),
    Column("is_complete", Boolean, nullable=False, default=False),
    flag("is_paused"),
    Column("round", Integer, nullable=False, server_default="0"),
    # When the round began, unless it is the first.
    Column("restarted_at", Moment),
    # Up to which record those that are not called in order are in the run's retry queue.
    Column("ahead_to", BigKey, nullable=False, server_default="0"),
    Index(None, "list_id", "run_id"),
)

#: What the dialer last showed of a run: counts that only it knows, and its decisions as JSON.
run_shown = Table(
    "run_shown",
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    Column("shown_at", Moment, nullable=False),
    Column("live", Integer, nullable=False),
    Column("cached", Integer, nullable=False),
    Column("backlog", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("decisions", Text, nullable=False),
)

retry = Table(
    "retry",
    metadata,
    Column("run_id", ForeignKey("run.id"), primary_key=True),
    Column("record_id", BigKey, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    Column("attempt_no", Integer, nullable=False),
    Column("retry_no", Integer, nullable=False),
    Column("after_s", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Index(None, "run_id", "priority", "due_at"),
)

#: Records that were added to a campaign and are in no run's retry queue yet.
waiting_record = Table(
    "waiting_record",
    metadata,
    Column("record_id", BigKey, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    link("campaign_id", "campaign"),
    Column("due_at", Moment, nullable=False),
    Index(None, "campaign_id", "record_id"),
)


def _attempt_columns() -> list[Column[object]]:
    """What an attempt is, while it is open and when it is over. One that a black list
    refused has no line: no server, no trunk, no end-point."""
    return [
        Column("id", BigKey, primary_key=True, autoincrement=False),
        Column("run_id", ForeignKey("run.id"), nullable=False),
        Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
        Column("record_id", BigKey, ForeignKey("record.id"), nullable=False),
        Column("list_id", ForeignKey("call_list.id"), nullable=False),
        Column("server_id", ForeignKey("server.id")),
        Column("trunk_id", ForeignKey("trunk.id")),
        Column("endpoint_id", ForeignKey("end_point.id")),
        Column("attempt_no", Integer, nullable=False),
        Column("retry_no", Integer, nullable=False),
        Column("number", String(NUMBER), nullable=False),
        Column("channel_id", String(64), nullable=False),
        Column("requested_at", Moment, nullable=False),
    ]


#: Calls under way; see the decision "one-store-two-tables-of-attempts".
attempt = Table(
    "attempt",
    metadata,
    *_attempt_columns(),
    # When a call that was transferred since had been answered; NULL of all others.
    Column("connected_at", Moment),
    UniqueConstraint("run_id", "record_id", "attempt_no"),
)

#: Calls that are over.
call_log = Table(
    "call_log",
    metadata,
    *_attempt_columns(),
    Column("state", String(16), nullable=False),
    Column("ext_status", name_type(64), nullable=False),
    Column("wait_pre_ms", Integer, nullable=False),
    Column("wait_after_ms", Integer, nullable=False),
    Column("talk_ms", Integer, nullable=False),
    Column("next_retry_s", Integer, nullable=False),
    Column("channel", String(CHANNEL), nullable=False),
    Column("cause", Integer, nullable=False),
    Column("tech_cause", String(TECH_CAUSE), nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_at", Moment, nullable=False),
    UniqueConstraint("run_id", "record_id", "attempt_no"),
    Index(None, "run_id", "id"),
    Index(None, "list_id", "id"),
)

#: The calls to each number that caps count, under what `core.rules.caps` counts it as. Not the
#: record's, nor a run's: it stays when those go.
past_call = Table(
    "past_call",
    metadata,
    Column("attempt_id", BigKey, primary_key=True, autoincrement=False),
    Column("number", String(NUMBER), nullable=False),
    Column("placed_at", Moment, nullable=False),
    Column("talked_until", Moment),
    Index(None, "number", "placed_at"),
)

#: What people ask of campaigns; the dialer answers. `argument` names the list, if it is one's.
run_command = Table(
    "run_command",
    metadata,
    key(),
    link("campaign_id", "campaign"),
    Column("verb", String(16), nullable=False),
    Column("argument", name_type(NAME), nullable=False, server_default=""),
    Column("asked_at", Moment, nullable=False),
    Column("handled_at", Moment),
    Column("outcome", Text, nullable=False, default=""),
    Index(None, "handled_at", "id"),
)
