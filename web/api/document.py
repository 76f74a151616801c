"""The OpenAPI 3.1 document, written from the operations as they are declared."""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from core.operations.repeats import MAX_LENGTH
from web.api.operation import ROOT, Operation, Streamed, Tag
from web.api.problems import KINDS, PROBLEM, Problem
from web.api.repeats import KEY, REPLAYED
from web.api.versions import IF_MATCH
from web.body import Body

Json = dict[str, Any]

#: The newest version of what lies below ROOT; new fields and operations raise its second part.
VERSION = "1.0"

_REF = "#/components/schemas/{name}"
_ABOUT = """\
What a person can do in Whipbird, a program can do here. Every operation asks for the same keys as
the pages and the command line; those it needs stand with it. An element that you may not see does
not exist for you.

Errors are problems (RFC 9457): `detail` says in words what is wrong, `errors` names each wrong
value and what would be right. Moments are RFC 3339 with an offset, answers always in UTC. Long
lists come in pages: follow `next`.
"""
_IDEMPOTENCY = """\
A name of your own for this request. Sent again within 24 hours, with the same body, it is done
once and answered the same; another body is 422, and a second one while the first is being worked
on 409."""

_VERSION = """\
The ETag of what you have read: if it was changed since, nothing is done (412). `*` changes whatever
is there."""


def write_document(operations: Sequence[Operation], tags: Sequence[Tag]) -> bytes:
    """The document as JSON."""
    schemas = _Schemas(operations)
    paths: dict[str, Json] = {}
    for operation in operations:
        method = operation.method.lower()
        paths.setdefault(operation.path, {})[method] = _describe(operation, schemas)
    told = {status for operation in operations for status in refusals(operation)}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Whipbird", "version": VERSION, "description": _ABOUT},
        "servers": [{"url": ROOT}],
        "security": [{"token": []}, {"session": []}],
        "tags": [{"name": tag.name, "description": tag.text} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": {f"Problem{status}": _problem(status) for status in sorted(told)},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of yours: `whipbird token add`.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "whipbird_session",
                    "description": "A browser that is logged on. What changes something also "
                    "needs the header X-Form-Token, which `GET /me` tells.",
                },
            },
        },
    }
    return msgspec.json.encode(document)


class _Schemas:
    """JSON Schemas of all types that operations take or answer."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        kinds = [kind for one in operations for kind in _kinds(one)]
        found, components = msgspec.json.schema_components([*kinds, Problem], ref_template=_REF)
        self._found = {id(kind): schema for kind, schema in zip(kinds, found, strict=False)}
        self._all = components
        used = {
            kind.__name__
            for one in operations
            for kind in (one.body, one.answer)
            if isinstance(kind, type)
        }
        queries = {one.query.__name__ for one in operations if one.query is not None} - used
        self.components = {k: v for k, v in components.items() if k not in queries}

    def of(self, kind: Any) -> Json:
        return self._found[id(kind)]

    def fields(self, kind: Any) -> Iterator[tuple[str, Json, bool]]:
        """Name, schema and whether it is needed, of each field of a query."""
        whole = self._all[kind.__name__]
        for name, schema in whole["properties"].items():
            yield name, _given(schema), name in whole["required"]


def _given(schema: Json) -> Json:
    """What is left out of a query is null here, but nobody can write null there."""
    kept = {k: v for k, v in schema.items() if not (k == "default" and v in (None, "", []))}
    if "anyOf" in kept:
        [other] = [one for one in kept.pop("anyOf") if one != {"type": "null"}]
        kept |= other
    return kept


def _kinds(operation: Operation) -> Iterator[Any]:
    yield from operation.places.values()
    for kind in (operation.query, operation.body, operation.answer):
        if kind not in (None, Body, Streamed, bytes):
            yield kind


def _describe(operation: Operation, schemas: _Schemas) -> Json:
    first, _, rest = (operation.handler.__doc__ or "").strip().partition("\n")
    keys = " ".join(f"`{key}`" for key in operation.needs)
    needs = f"Needs {keys}." if keys else ""
    described: Json = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": first.removesuffix("."),
        "description": "\n\n".join(part for part in (_unindent(rest), needs) if part),
        "parameters": list(_parameters(operation, schemas)),
        "responses": _responses(operation, schemas),
    }
    if operation.is_open:
        described["security"] = []
    if operation.body is not None:
        schema = {} if operation.flows else {"schema": schemas.of(operation.body)}
        content = dict.fromkeys(operation.takes, schema)
        described["requestBody"] = {"required": True, "content": content}
    return described


def _unindent(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[Json]:
    for name, kind in operation.places.items():
        yield {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
    if operation.query is not None:
        for name, schema, is_needed in schemas.fields(operation.query):
            yield {"name": name, "in": "query", "required": is_needed, "schema": schema}
    if operation.can_be_repeated:
        schema = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH, "pattern": "^[!-~]+$"}
        yield {
            "name": KEY,
            "in": "header",
            "description": _IDEMPOTENCY,
            "schema": schema,
        }
    if operation.needs_version:
        yield {
            "name": IF_MATCH,
            "in": "header",
            "required": True,
            "description": _VERSION,
            "schema": {"type": "string", "examples": ['"d41d8cd98f00b204e980"', "*"]},
        }


def _responses(operation: Operation, schemas: _Schemas) -> Json:
    good: Json = {"description": HTTPStatus(operation.status).phrase}
    if operation.answer is not None:
        is_json = operation.answer not in (Streamed, bytes)
        schema = {"schema": schemas.of(operation.answer)} if is_json else {}
        good["content"] = {operation.media: schema}
    is_got = operation.method == "GET" and not operation.is_streamed
    headers = (
        ("Location", operation.status == 201, True),
        ("ETag", operation.tells_version, True),
        (REPLAYED, operation.can_be_repeated, False),
    )
    good["headers"] = {
        name: {"required": is_sure, "schema": {"type": "string"}}
        for name, is_there, is_sure in headers
        if is_there
    }
    responses: Json = {str(operation.status): good}
    if is_got:
        responses["304"] = {"description": "The version that If-None-Match names is the newest."}
    for status in sorted(refusals(operation)):
        responses[str(status)] = {"$ref": f"#/components/responses/Problem{status}"}
    return responses


def refusals(operation: Operation) -> set[int]:
    """The statuses of all problems that an operation may answer with."""
    found = {400, 503, *operation.errors}
    if not operation.is_open:
        found |= {401, 403, 429}
    if operation.places:
        found |= {404}
    if operation.query is not None:
        found |= {414, 422}
    if operation.body is not None:
        found |= {413, 415, 422}
    if operation.can_be_repeated:
        found |= {409, 422}
    if operation.needs_version:
        found |= {412, 428}
    return found


def _problem(status: int) -> Json:
    name, title = KINDS[status]
    return {
        "description": f"{title} (`{name}`).",
        "content": {PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}},
    }
