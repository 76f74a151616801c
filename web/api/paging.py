"""Long answers in pages: a cursor says where the next one begins, and is nobody's business but
ours."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta

from web.api.problems import FieldProblem, Misread
from web.request import WebRequest

T = TypeVar("T")

#: Elements of a page unless asked otherwise, and at most.
LIMIT, MOST = 100, 1000


Limit = Annotated[int, Meta(ge=1, le=MOST, description="Elements of a page, at most.")]
Cursor = Annotated[
    str, Meta(max_length=500, description="Where the page begins: from `next` of another.")
]


class Paged(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every list takes."""

    limit: Limit = LIMIT
    cursor: Cursor = ""


class HasCursor(Protocol):
    """What asks for a page of several."""

    @property
    def cursor(self) -> str: ...


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Some of a list. `next` is the address of the page behind this one, null on the last."""

    items: tuple[T, ...]
    next: str | None = None


def cut(
    request: WebRequest,
    query: Paged,
    found: Sequence[T],
    key: Callable[[T], str],
) -> Page[T]:
    """The page that the query asks for of all that was found, which is sorted by `key`."""
    after = read_cursor(query, str)
    rest = [one for one in found if after is None or key(one) > after]
    items = tuple(rest[: query.limit])
    more = len(rest) > len(items)
    return Page(items=items, next=next_page(request, key(items[-1])) if more else None)


def read_cursor(query: HasCursor, kind: type[T]) -> T | None:
    """Behind what the page begins; None of the first page."""
    if not query.cursor:
        return None
    try:
        text = base64.urlsafe_b64decode(query.cursor.encode("ascii"))
        return msgspec.json.decode(text, type=kind)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        expected = "take it from `next` of a page"
        wrong = FieldProblem(field="cursor", value=query.cursor, expected=expected)
        raise Misread((wrong,)) from None


def next_page(request: WebRequest, after: object) -> str:
    """The address of the page that begins behind `after`; all else is as it was asked."""
    path, _, asked = request.uri.decode("ascii").partition("?")
    fields = [(n, v) for n, v in parse_qsl(asked, keep_blank_values=True) if n != "cursor"]
    cursor = base64.urlsafe_b64encode(msgspec.json.encode(after)).decode()
    return f"{path}?{urlencode([*fields, ('cursor', cursor)])}"
