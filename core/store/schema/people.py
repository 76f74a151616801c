"""Who may do what, and who did what."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from core.rules.keys import MAX_KEYS
from core.store.schema.columns import (
    ACTION,
    NAME,
    SHA256,
    SUBJECT,
    BigKey,
    LongText,
    key,
    link,
    metadata,
    text,
)
from core.store.types import Moment, name_type

user_class = Table(
    "user_class",
    metadata,
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    text("description", 255),
    Column("keys", name_type(MAX_KEYS), nullable=False, server_default=""),
)

user = Table(
    "user",
    metadata,
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    link("class_id", "user_class"),
    text("password_hash", 255),
    text("real_name", NAME),
    text("email", 255),
    Column("is_enabled", Boolean, nullable=False),
    Column("has_master_key", Boolean, nullable=False),
    Column("keys", name_type(MAX_KEYS), nullable=False, server_default=""),
    text("comment", 1000),
    text("token", 255),
    Column("logons", Integer, nullable=False, default=0),
    Column("last_logon_at", Moment),
)

#: Browsers that are logged on.
session = Table(
    "session",
    metadata,
    key(),
    link("user_id", "user"),
    Column("secret_hash", String(SHA256), nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    text("address", NAME),
    Index(None, "user_id"),
    Index(None, "seen_at"),
)

api_token = Table(
    "api_token",
    metadata,
    key(),
    link("user_id", "user"),
    Column("name", name_type(NAME), nullable=False),
    text("prefix", 16),
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
    text("face", 16),
    text("address", NAME),
    text("action", ACTION),
    text("subject", SUBJECT),
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
