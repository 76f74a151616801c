"""Campaigns, their ordered parts, and the rules they share."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from core.rules.notifications import MAX_URL
from core.store.schema.columns import NAME, flag, key, link, metadata, place, protection, text
from core.store.types import Attributes, name_type

campaign = Table(
    "campaign",
    metadata,
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("priority", Integer, nullable=False),
    Column("pace", String(16), nullable=False),
    Column("idles_on_termination", Boolean, nullable=False),
    Column("batch_size", Integer, nullable=False),
    Column("answer_timeout_ms", Integer, nullable=False),
    Column("max_call_length_s", Integer, nullable=False),
    Column("dial_clid", String(255), nullable=False),
    Column("dial_account", String(80), nullable=False),
    text("agent_clid", 255),
    text("dial_presentation", 255),
    Column("variables", Attributes),
    text("amd_mode", 64),
    text("amd_extra", 255),
    text("amd_file", 255),
    text("fax_file", 255),
    text("time_zone", 64, "UTC"),
    # Times as HHMMSS, days as digits, 1 for Sunday: the wire's spelling.
    text("active_start", 6, "000000"),
    text("active_end", 6, "235959"),
    text("active_days", 7, "1234567"),
    text("http_notify", MAX_URL),
    text("http_secret", 190),
    text("email_events", 8, "NO"),
    # E-mail addresses with commas between them; NULL is none.
    Column("email_addresses", Text),
    Column("cap_wait_h", Integer, nullable=False, server_default="24"),
    # As JSON; NULL is at any hour.
    Column("recipient_hours", Text),
    Column("boost_percent", Integer, nullable=False, server_default="100"),
    text("boosting_model", 16, "OFF"),
    flag("auto_pause"),
    text("additional_logging", 16, "NONE"),
    text("logging_alias", NAME),
    text("logging_attributes", NAME),
    Column("checks_every_number", Boolean, nullable=False, server_default=true()),
    *protection(),
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
    *place(),
    link("list_id", "call_list"),
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
    key(),
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
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("default_mode", String(16), nullable=False),
    text("comment", NAME),
    flag("is_hidden"),
    *protection(),
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
    *place(),
    link("opening_hours_id", "opening_hours"),
    UniqueConstraint("campaign_id", "idx"),
    sqlite_autoincrement=True,
)

reschedule_rule = Table(
    "reschedule_rule",
    metadata,
    *place(),
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
    *place(),
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
