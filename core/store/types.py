"""Column types that behave alike on SQLite and MariaDB."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.errors import InvalidValue


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime, kept without its zone, to the microsecond."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


class Attributes(TypeDecorator[Mapping[str, str]]):
    """Names and values as a JSON object; no attributes are NULL."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        """MariaDB's TEXT ends at 64 KiB; a hundred attributes may be longer."""
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.MEDIUMTEXT())
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Mapping[str, str] | None, _dialect: Dialect) -> str | None:
        return render_attributes(value) if value else None

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Mapping[str, str]:
        return parse_attributes(value)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(dict[str, str])
_SHOWN = 40


def render_attributes(attributes: Mapping[str, str]) -> str:
    return _encoder.encode(attributes).decode()


def parse_attributes(text: str | None) -> Mapping[str, str]:
    """InvalidValue if the text is no JSON object of texts, which only another program writes."""
    if not text:
        return {}
    try:
        return _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise _wrong(text) from error


def _wrong(text: str) -> InvalidValue:
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    if isinstance(found, dict):
        for name, value in found.items():
            if not isinstance(value, str):
                shown = msgspec.json.encode(value).decode()[:_SHOWN]
                return InvalidValue(f"attribute {name}", shown, "a value is text, in quotes")
    return InvalidValue("attributes", text[:_SHOWN], 'they are a JSON object, {"NAME": "value"}')


def name_type(length: int) -> String:
    """Text that people name things by. Case matters, on MariaDB too."""
    return String(length).with_variant(
        mysql.VARCHAR(length, collation="utf8mb4_bin"), "mysql", "mariadb"
    )
