"""What is configured, but for campaigns, and the records of lists."""

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
    false,
)

from core.store.schema.columns import (
    NAME,
    NUMBER,
    BigKey,
    LongText,
    flag,
    key,
    link,
    metadata,
    protection,
    text,
)
from core.store.types import Attributes, Moment, name_type

#: One row: what tells this installation's calls from another's, and whether it is for show.
site = Table(
    "site",
    metadata,
    key(),
    Column("site_key", String(8), nullable=False),
    Column("is_demonstration", Boolean, nullable=False, server_default=false()),
)

server = Table(
    "server",
    metadata,
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    Column("type", String(16), nullable=False),
    Column("host", String(255), nullable=False),
    Column("port", Integer, nullable=False),
    Column("login", String(190), nullable=False),
    Column("password", String(190), nullable=False),
    Column("unit_ms", Integer, nullable=False),
    Column("messages_per_unit", Integer, nullable=False),
    *protection(),
)

trunk = Table(
    "trunk",
    metadata,
    key(),
    link("server_id", "server"),
    Column("name", name_type(NAME), nullable=False),
    Column("dial_string", String(255), nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("max_calls_per_period", Integer, nullable=False),
    Column("period_ms", Integer, nullable=False),
    Column("simulation", Text),
    *protection(),
    UniqueConstraint("name"),
)

end_point = Table(
    "end_point",
    metadata,
    key(),
    link("server_id", "server"),
    Column("name", name_type(NAME), nullable=False),
    Column("extension", String(80), nullable=False),
    Column("context", String(80), nullable=False),
    Column("max_channels", Integer, nullable=False),
    text("description", NAME),
    text("queue_name", NAME),
    Column("boost_percent", Integer, nullable=False, server_default="100"),
    Column("max_waiting_calls", Integer, nullable=False, server_default="0"),
    flag("reverse_dialing"),
    flag("manual_preview"),
    text("dial_find", NAME),
    text("dial_replace", NAME),
    *protection(),
    UniqueConstraint("name"),
)

call_list = Table(
    "call_list",
    metadata,
    key(),
    Column("name", name_type(NAME), nullable=False, unique=True),
    flag("is_hidden"),
    *protection(),
)

record = Table(
    "record",
    metadata,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    link("list_id", "call_list"),
    Column("number", String(NUMBER), nullable=False),
    Column("inputs", Attributes),
    Column("outputs", Attributes),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("not_before", Moment),
    Column("expires_at", Moment),
    flag("is_ahead"),
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

#: What came over the network for lists, and how far; `rejections` are the first of them, as JSON.
upload = Table(
    "upload",
    metadata,
    key(),
    link("list_id", "call_list"),
    Column("begun_at", Moment, nullable=False),
    Column("begun_by", name_type(NAME), nullable=False),
    Column("ended_at", Moment),
    flag("is_complete"),
    text("encoding", 16),
    Column("bytes", BigInteger, nullable=False),
    Column("lines", BigInteger, nullable=False),
    Column("accepted", BigInteger, nullable=False),
    Column("skipped", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Column("rejections", LongText, nullable=False),
    Column("reason", Text, nullable=False),
    Index(None, "list_id", "id"),
)
