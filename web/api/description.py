"""The API's own description, for programs."""

from collections.abc import Sequence

from web.api.document import write_document
from web.api.operation import Ask, Operation, Tag

_TAG = Tag(name="Description", text="What the API offers.")


def describing(operations: Sequence[Operation], tags: Sequence[Tag]) -> Operation:
    """Answers the OpenAPI document of these operations, written once. What the API offers is no
    secret: everybody may know it."""
    document = write_document(operations, tags)

    @_TAG.get("/openapi.json", is_open=True)
    async def openapi(_ask: Ask) -> bytes:
        """The OpenAPI document."""
        return document

    return openapi
