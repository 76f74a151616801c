"""What the columns of the tables are made of."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    false,
)
from sqlalchemy.dialects import mysql

from core.rules.keys import MAX_KEY
from core.rules.numbers import MAX_LENGTH
from core.store.types import Moment, name_type

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


def key() -> Column[int]:
    """The id that the database gives."""
    return Column("id", Integer, primary_key=True, autoincrement=True)


def link(name: str, target: str) -> Column[int]:
    """The id of a row of the table `target`."""
    return Column(name, Integer, ForeignKey(f"{target}.id"), nullable=False)


def text(name: str, length: int, default: str = "") -> Column[str]:
    """Up to `length` characters, never NULL."""
    return Column(name, String(length), nullable=False, server_default=default)


def flag(name: str) -> Column[bool]:
    """False unless said."""
    return Column(name, Boolean, nullable=False, server_default=false())


def protection() -> list[Column[Any]]:
    """The key that protects an element, and who made and changed it: names, for a user may
    be gone."""
    return [
        Column("security_key", name_type(MAX_KEY), nullable=False, server_default=""),
        *stamp(),
    ]


def stamp() -> list[Column[Any]]:
    """Who made an element, who changed it last, and when."""
    return [
        Column("created_at", Moment),
        Column("created_by", name_type(NAME), nullable=False, server_default=""),
        Column("changed_at", Moment),
        Column("changed_by", name_type(NAME), nullable=False, server_default=""),
    ]


def place() -> list[Column[int]]:
    """Of a campaign's part: an id that no other part ever gets, and where it stands."""
    return [
        key(),
        Column("campaign_id", ForeignKey("campaign.id"), nullable=False),
        Column("idx", Integer, nullable=False),
    ]
