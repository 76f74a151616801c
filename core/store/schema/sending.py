"""What other systems are told."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Text

from core.rules.mail import MAX_SUBJECT
from core.rules.notifications import MAX_URL
from core.store.schema.columns import MESSAGE_ID, NAME, BigKey, LongText, key, metadata, stamp, text
from core.store.types import Moment, name_type

#: Topics and ids are words with blanks between them, none are all; `keys` NULL is all of the
#: user's.
webhook = Table(
    "webhook",
    metadata,
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    text("url", MAX_URL),
    text("secret", 190),
    text("topics", 190),
    Column("campaign_ids", Text, nullable=False),
    Column("acts_for", name_type(NAME), nullable=False),
    Column("keys", Text),
    Column("is_enabled", Boolean, nullable=False),
    text("why_disabled", 255),
    Column("failing_since", Moment),
    *stamp(),
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
    text("message_id", MESSAGE_ID),
    text("kind", 8, "NOTIFY"),
    Column("url", Text, nullable=False),
    text("subject", MAX_SUBJECT),
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
