"""The OpenAPI document is complete, and says what is so."""

import json
from typing import Any

import pytest

from web.api.document import refusals, write_document
from web.api.offered import OPERATIONS, TAGS
from web.api.operation import Ask, Operation, Tag

DOCUMENT: dict[str, Any] = json.loads(write_document(OPERATIONS, TAGS))


def described(operation: Operation) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][operation.path][operation.method.lower()]
    return found


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_every_reference_leads_somewhere() -> None:
    kinds = DOCUMENT["components"]
    known = {f"#/components/{kind}/{name}" for kind in kinds for name in kinds[kind]}
    assert references(DOCUMENT) <= known
    assert "#/components/schemas/Problem" in references(DOCUMENT)


def test_every_operation_says_what_it_is_and_which_keys_it_needs() -> None:
    for operation in OPERATIONS:
        shown = described(operation)
        assert shown["summary"], operation.name
        assert all(f"`{key}`" in shown["description"] for key in operation.needs), operation.name


def test_tags_and_operations_go_together() -> None:
    assert {operation.tag for operation in OPERATIONS} == {tag.name for tag in TAGS}
    assert len({operation.name for operation in OPERATIONS}) == len(OPERATIONS)


def test_refusals_follow_from_what_an_operation_takes() -> None:
    by_name = {operation.name: operation for operation in OPERATIONS}
    assert refusals(by_name["show_me"]) == {400, 401, 403, 429, 503}
    assert refusals(by_name["boost_campaign"]) == {
        *(400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
    }


def test_what_may_be_left_out_of_a_query_is_not_null_there() -> None:
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                assert "null" not in json.dumps(parameter["schema"]), parameter["name"]


def test_an_argument_that_is_nowhere_in_the_request_is_a_mistake() -> None:
    async def lost(_ask: Ask, colour: str) -> None:
        """Never called."""

    with pytest.raises(TypeError, match="colour"):
        Tag(name="x", text="x").get("/x")(lost)
