"""Types that many operations share, with the bounds that the document shows."""

from datetime import datetime
from typing import Annotated, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import Meta

T = TypeVar("T")

#: An aware moment.
Moment = Annotated[datetime, Meta(tz=True)]
#: Numbers of runs, calls, records, tokens …
Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
#: A name as it stands in a path or a filter.
Name = Annotated[str, Meta(min_length=1, max_length=190)]
Password = Annotated[str, Meta(min_length=1, max_length=1024)]
#: A telephone number as people write it.
Number = Annotated[str, Meta(min_length=1, max_length=64, examples=["+41 91 960 55 66"])]
#: Attributes of a record: names to texts.
Attributes = dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=65_535)]]


def show(value: object, kind: type[T]) -> T:
    """The value as the API shows it: the fields of `kind`, taken from attributes of that name."""
    return msgspec.convert(value, kind, from_attributes=True)


def record_place(list_name: str, record_id: int) -> str:
    """Where a record is, below the API's root."""
    return f"/lists/{quote(list_name, safe='')}/records/{record_id}"
