"""The tables. Migrations make them; a test holds the two together.

Every query that runs while the dialer dials has an index here, and a test that explains it.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.dialects import mysql

from core.rules.keys import MAX_KEY, MAX_KEYS
from core.rules.mail import MAX_SUBJECT
from core.rules.notifications import MAX_URL
from core.rules.numbers import MAX_LENGTH
from core.store.types import Attributes, Moment, name_type

#: A number: its digits and a + in front.
NUMBER = MAX_LENGTH + 1
#: Names of people's things: servers, lists, campaigns …
NAME = 190
#: What a PBX says of a call; longer texts are cut, for the row matters more.
CHANNEL, TECH_CAUSE = 190, 64
#: A line of the system log: what was done, to what, and the rest; longer texts are cut.
ACTION, SUBJECT, DETAIL = 32, 255, 2000
#: What names a message to a webhook.
MESSAGE_ID = 64
#: The hexadecimal SHA-256 of a secret.
SHA256 = 64

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: SQLite counts rows itself only for INTEGER; MariaDB needs 64 bits.
BigKey = BigInteger().with_variant(Integer, "sqlite")
#: MariaDB's TEXT ends at 64 KiB; a form with a hundred attributes may be longer.
LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def _key() -> Column[int]:
    return Column("id", Integer, primary_key=True, autoincrement=True)


def _link(name: str, target: str) -> Column[int]:
    return Column(name, Integer, ForeignKey(f"{target}.id"), nullable=False)


def _text(name: str, length: int, default: str = "") -> Column[str]:
    return Column(name, String(length), nullable=False, server_default=default)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=false())


def _protection() -> list[Column[Any]]:
    """The key that protects an element, and who made and changed it: names, for a user may
    be gone."""
    return [
        Column("security_key", name_type(MAX_KEY), nullable=False, server_default=""),
        *_stamp(),
    ]


def _stamp() -> list[Column[Any]]:
    """Who made an element, who changed it last, and when."""
    return [
        Column("created_at", Moment),
        Column("created_by", name_type(NAME), nullable=False, server_default=""),
        Column("changed_at", Moment),
        Column("changed_by", name_type(NAME), nullable=False, server_default=""),
    ]


def _place() -> list[Column[int]]:
    """Of a campaign's part: an id that no other part ever gets, and where it stands."""
    return [
        _key(),
        Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
        Column("idx", Integer, nullable=False),
    ]


#: One row: what tells this installation's calls from another's, and whether it is for show.
site = Table(
    "site",
    metadata,
    _key(),
    Column("site_key", String(8), nullable=False),
    Column("is_demonstration", Boolean, nullable=False, server_default=false()),
)

server = Table(
    "server",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("type", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("login", String(190), nullable=False),
    Column("password", String(190), nullable=False),
    Column("unit_ms", Integer, nullable=False),
    Column("messages_per_unit", Integer, nullable=False),
    *_protection(),
)

trunk = Table(
    "trunk",
    metadata,
    _key(),
    _link("server_id", "server"),
    Column("name", name_type(NAME), nullable=False),
    Column("dial_string", String(255), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("max_calls_per_period", Integer, nullable=False),
    Column("period_ms", Integer, nullable=False),
    Column("simulation", Text),
    *_protection(),
    UniqueConstraint("name"),
)

end_point = Table(
    "end_point",
    metadata,
    _key(),
    _link("server_id", "server"),
    Column("name", name_type(NAME), nullable=False),
    Column("extension", String(80), nullable=False),
    Column("context", String(80), nullable=False),
    Column("max_channels", Integer, nullable=False),
    _text("description", NAME),
    *_protection(),
    UniqueConstraint("name"),
)

call_list = Table(
    "call_list",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    _flag("is_hidden"),
    *_protection(),
)

record = Table(
    "record",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    _link("list_id", "call_list"),
    Column("number", String(NUMBER), nullable=False),
    Column("inputs", Attributes),
    Column("outputs", Attributes),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("not_before", Moment),
    Column("expires_at", Moment),
    _flag("is_ahead"),
    # In list order, which is the order of ids.
    Index(None, "list_id", "id"),
    # For lists that are black lists.
    Index(None, "list_id", "number"),
)

#: Those records of lists that are not called in their order, list by list: few, as a rule, of very
#: many. A record that was taken off its list stays here.
ahead_record = Table(
    "ahead_record",
    metadata,
    Column("list_id", ForeignKey("call_list.id"), primary_key=True),
    Column("record_id", BigKey, ForeignKey("record.id"), primary_key=True, autoincrement=False),
)

campaign = Table(
    "campaign",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("priority", Integer, nullable=False),
    Column("pace", String(16), nullable=False),
    Column("idles_on_termination", Boolean, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("answer_timeout_ms", Integer, nullable=False),
    Column("max_call_length_s", Integer, nullable=False),
    Column("dial_clid", String(255), nullable=False),
    Column("dial_account", String(80), nullable=False),
    _text("agent_clid", 255),
    _text("dial_presentation", 255),
    Column("variables", Attributes),
    _text("amd_mode", 64),
    _text("amd_extra", 255),
    _text("amd_file", 255),
    _text("fax_file", 255),
    _text("time_zone", 64, "UTC"),
    # Times as HHMMSS, days as digits, 1 for Sunday: the wire's spelling.
    _text("active_start", 6, "000000"),
    _text("active_end", 6, "235959"),
    _text("active_days", 7, "1234567"),
    _text("http_notify", MAX_URL),
    _text("http_secret", 190),
    _text("email_events", 8, "NO"),
    # E-mail addresses with commas between them; NULL is none.
    Column("email_addresses", Text),
    Column("cap_wait_h", Integer, nullable=False, server_default="24"),
    # As JSON; NULL is at any hour.
    Column("recipient_hours", Text),
    Column("boost_percent", Integer, nullable=False, server_default="100"),
    _text("additional_logging", 16, "NONE"),
    _text("logging_alias", NAME),
    _text("logging_attributes", NAME),
    Column("checks_every_number", Boolean, nullable=False, server_default=true()),
    *_protection(),
)

campaign_trunk = Table(
    "campaign_trunk",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("trunk_id", ForeignKey("trunk.id"), primary_key=True),
)

campaign_end_point = Table(
    "campaign_end_point",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("end_point_id", ForeignKey("end_point.id"), primary_key=True),
)

campaign_list = Table(
    "campaign_list",
    metadata,
    *_place(),
    _link("list_id", "call_list"),
    UniqueConstraint("campaign_id", "list_id"),
    UniqueConstraint("campaign_id", "idx"),
    Index(None, "list_id"),
    sqlite_autoincrement=True,
)

campaign_black_list = Table(
    "campaign_black_list",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("list_id", ForeignKey("call_list.id"), primary_key=True),
)

cap = Table(
    "cap",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("attempts", Integer, nullable=False),
    Column("days", Integer, nullable=False),
    Column("rest_days", Integer, nullable=False),
    Column("day", String(16), nullable=False),
    Column("is_site_wide", Boolean, nullable=False),
)

campaign_cap = Table(
    "campaign_cap",
    metadata,
    Column("campaign_id", ForeignKey("campaign.id"), primary_key=True),
    Column("cap_id", ForeignKey("cap.id"), primary_key=True),
)

opening_hours = Table(
    "opening_hours",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("default_mode", String(16), nullable=False),
    _text("comment", NAME),
    _flag("is_hidden"),
    *_protection(),
)

#: Days and times as in a campaign, dates as 25/12 or 25/12/2026; NULL does not limit.
opening_hours_rule = Table(
    "opening_hours_rule",
    metadata,
    Column("opening_hours_id", ForeignKey("opening_hours.id"), primary_key=True),
    Column("idx", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("days", String(7)),
    Column("date_from", String(10)),
    Column("date_to", String(10)),
    Column("time_from", String(6)),
    Column("time_to", String(6)),
    Column("is_open", Boolean, nullable=False),
)

campaign_opening_hours = Table(
    "campaign_opening_hours",
    metadata,
    *_place(),
    _link("opening_hours_id", "opening_hours"),
    UniqueConstraint("campaign_id", "idx"),
    sqlite_autoincrement=True,
)

reschedule_rule = Table(
    "reschedule_rule",
    metadata,
    *_place(),
    Column("state", String(16), nullable=False),
    Column("ext_status", name_type(64), nullable=False),
    Column("max_attempts", Integer, nullable=False),
    Column("retry_after_s", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    UniqueConstraint("campaign_id", "idx"),
    sqlite_autoincrement=True,
)

#: A number goes to `list_id`, or to be recalled by the campaign `target_id`.
disposition_rule = Table(
    "disposition_rule",
    metadata,
    *_place(),
    Column("state", String(16), nullable=False),
    Column("ext_status", name_type(64), nullable=False),
    Column("with_retries_pending", Boolean, nullable=False),
    Column("verb", String(16), nullable=False),
    Column("destination", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("list_id", ForeignKey("call_list.id")),
    Column("target_id", ForeignKey("campaign.id")),
    Column("defer_s", BigInteger, nullable=False),
    Column("attribute_mode", String(8), nullable=False),
    Column("attributes", Attributes),
    UniqueConstraint("campaign_id", "idx"),
    sqlite_autoincrement=True,
)

run = Table(
    "run",
    metadata,
    _key(),
    _link("campaign_id", "campaign"),
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
    _link("list_id", "call_list"),
    Column("idx", Integer, primary_key=True, autoincrement=False),
    Column("highwater", BigKey, nullable=False, default=0),
    Column("is_complete", Boolean, nullable=False, default=False),
    _flag("is_paused"),
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

#: What came over the network for lists, and how far; `rejections` are the first of them, as JSON.
upload = Table(
    "upload",
    metadata,
    _key(),
    _link("list_id", "call_list"),
    Column("begun_at", Moment, nullable=False),
    Column("begun_by", name_type(NAME), nullable=False),
    Column("ended_at", Moment),
    _flag("is_complete"),
    _text("encoding", 16),
    Column("bytes", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("rejections", LongText, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "list_id", "id"),
)

#: Records that were added to a campaign and are in no run's retry queue yet.
waiting_record = Table(
    "waiting_record",
    metadata,
    Column("record_id", BigKey, ForeignKey("record.id"), primary_key=True, autoincrement=False),
    _link("campaign_id", "campaign"),
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
    _key(),
    _link("campaign_id", "campaign"),
    Column("verb", String(16), nullable=False),
    Column("argument", name_type(NAME), nullable=False, server_default=""),
    Column("asked_at", Moment, nullable=False),
    Column("handled_at", Moment),
    Column("outcome", Text, nullable=False, default=""),
    Index(None, "handled_at", "id"),
)

#: Topics and ids are words with blanks between them, none are all; `keys` NULL is all of the
#: user's.
webhook = Table(
    "webhook",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    _text("url", MAX_URL),
    _text("secret", 190),
    _text("topics", 190),
    Column("campaign_ids", Text, nullable=False),
    Column("acts_for", name_type(NAME), nullable=False),
    Column("keys", Text),
    Column("is_enabled", Boolean, nullable=False),
    _text("why_disabled", 255),
    Column("failing_since", Moment),
    *_stamp(),
    Index(None, "is_enabled"),
)

#: What is still to be sent, and, when it is dead, what could not be: a campaign's letters, or a
#: webhook's. NULL for a call: the letter tells of a run.
outbox = Table(
    "outbox",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("campaign_id", ForeignKey("campaign.id")),
    Column("webhook_id", ForeignKey("webhook.id")),
    Column("call_id", BigKey),
    _text("message_id", MESSAGE_ID),
    _text("kind", 8, "NOTIFY"),
    Column("url", Text, nullable=False),
    _text("subject", MAX_SUBJECT),
    Column("body", LongText, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("due_at", Moment, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_error", Text, nullable=False, default=""),
    Column("dead", Boolean, nullable=False, default=False),
    # Campaign by campaign: one whose server is away does not stand before the others.
    Index(None, "dead", "campaign_id", "due_at"),
    Index(None, "dead", "webhook_id", "due_at"),
)

user_class = Table(
    "user_class",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    _text("description", 255),
    Column("keys", name_type(MAX_KEYS), nullable=False, server_default=""),
)

user = Table(
    "user",
    metadata,
    _key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    _link("class_id", "user_class"),
    _text("password_hash", 255),
    _text("real_name", NAME),
    _text("email", 255),
    Column("is_enabled", Boolean, nullable=False),
    Column("has_master_key", Boolean, nullable=False),
    Column("keys", name_type(MAX_KEYS), nullable=False, server_default=""),
    _text("comment", 1000),
    _text("token", 255),
    Column("logons", Integer, nullable=False, default=0),
    Column("last_logon_at", Moment),
)

#: Browsers that are logged on.
session = Table(
    "session",
    metadata,
    _key(),
    _link("user_id", "user"),
    Column("secret_hash", String(SHA256), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    _text("address", NAME),
    Index(None, "user_id"),
    Index(None, "seen_at"),
)

api_token = Table(
    "api_token",
    metadata,
    _key(),
    _link("user_id", "user"),
    Column("name", name_type(NAME), nullable=False),
    _text("prefix", 16),
    Column("secret_hash", String(SHA256), nullable=False, unique=True),
    Column("keys", name_type(MAX_KEYS), nullable=False, server_default=""),
    Column("created_at", Moment, nullable=False),
    Column("last_used_at", Moment),
    Column("revoked_at", Moment),
    UniqueConstraint("user_id", "name"),
)

#: The system log; who did it stays, even if the user goes.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", name_type(NAME), nullable=False),
    _text("face", 16),
    _text("address", NAME),
    _text("action", ACTION),
    _text("subject", SUBJECT),
    Column("detail", Text, nullable=False, default=""),
    Index(None, "at"),
    Index(None, "who", "id"),
    Index(None, "action", "id"),
)

#: Requests of the API that name a key, and what was answered; NULL for a status: nothing yet.
kept_answer = Table(
    "kept_answer",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("actor", name_type(NAME), nullable=False),
    Column("key_hash", String(SHA256), nullable=False),
    Column("fingerprint", String(SHA256), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("status", Integer),
    Column("headers", Text, nullable=False),
    Column("body", LongText, nullable=False),
    UniqueConstraint("actor", "key_hash"),
    Index(None, "asked_at"),
)
