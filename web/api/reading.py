"""From a request to the values that its operation declares."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import parse_qsl, unquote_to_bytes

import msgspec

from web.api.operation import JSON, Operation
from web.api.problems import FieldProblem, Misread, Refused, misread
from web.request import MAX_FIELDS, WebRequest


def read_places(operation: Operation, places: Mapping[str, str]) -> dict[str, Any]:
    """What the path holds, from its parts as they were sent. A part that can name nothing is
    404: there is no such thing."""
    try:
        return {
            name: msgspec.convert(_decode(text), operation.places[name], strict=False)
            for name, text in places.items()
        }
    except (msgspec.ValidationError, UnicodeDecodeError):
        raise Refused(404, "no such thing can be at this address") from None


def _decode(text: str) -> str:
    return unquote_to_bytes(text).decode()


def read_query(kind: Any, uri: bytes) -> Any:
    """The fields behind the question mark. One that may be there several times is a list."""
    fields: dict[str, Any] = {}
    lists = {one.encode_name for one in msgspec.structs.fields(kind) if _is_list(one.type)}
    for name, value in _pairs(uri):
        if name in lists:
            fields.setdefault(name, []).append(value)
        elif name in fields:
            raise Misread((FieldProblem(field=name, value=value, expected="write it once"),))
        else:
            fields[name] = value
    try:
        found = msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise misread(error, fields) from None
    for name, value in fields.items():
        _check_moment(name, value, getattr(found, name))
    return found


def _check_moment(name: str, shown: object, value: object) -> None:
    """Misread of one that is none in UTC: before the first year, or behind the last."""
    try:
        if isinstance(value, datetime):
            value.astimezone(UTC)
    except OverflowError:
        wrong = FieldProblem(field=name, value=str(shown), expected="write a year from 2 to 9998")
        raise Misread((wrong,)) from None


def _pairs(uri: bytes) -> list[tuple[str, str]]:
    try:
        query = uri.partition(b"?")[2].decode("ascii")
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refused(400, "the query is no UTF-8, percent-encoded") from None


def _is_list(kind: Any) -> bool:
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) is tuple


def read_body(operation: Operation, request: WebRequest) -> Any:
    """The body, decoded, or itself if the operation works on it as it comes."""
    declared = (request.getHeader("content-type") or "").partition(";")[0].strip().lower()
    if declared not in operation.takes:
        expected = " or ".join(operation.takes)
        raise Refused(415, f'Content-Type "{declared[:100]}": send {expected}')
    if request.getHeader("content-encoding") not in (None, "identity"):
        raise Refused(415, "Content-Encoding: send the body as it is")
    if operation.flows:
        return request.body
    return decode_body(operation.body, request.content.read())


def decode_body(kind: Any, text: bytes) -> Any:
    """JSON of this kind. 400 of what is no JSON, 422 of what does not fit."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(400, f"the body is no {JSON}: {error}") from None
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise misread(error, value) from None
