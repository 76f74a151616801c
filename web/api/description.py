"""The API's own description: for programs, and for people, who may try it there.

What the API offers is no secret: everybody may read it.
"""

from collections.abc import Callable, Sequence

from web.api.document import write_document
from web.api.operation import ROOT, Ask, Operation, Tag
from web.guard import HEADERS

_TAG = Tag(name="Description", text="What the API offers.")
_POLICY = "Content-Security-Policy"
#: The viewer's pictures stand in its style sheet.
_OWN_PICTURES = HEADERS[_POLICY].replace("img-src 'self'", "img-src 'self' data:")


def describing(
    operations: Sequence[Operation], tags: Sequence[Tag], address: Callable[[str], str]
) -> tuple[Operation, Operation]:
    """Two operations that tell of these: the OpenAPI document, and a page that shows it. Both
    are written once. `address` is that of a static file."""
    document, page = write_document(operations, tags), _write_page(address).encode()

    @_TAG.get("/openapi.json", is_open=True)
    async def openapi(_ask: Ask) -> bytes:
        """The OpenAPI document."""
        return document

    @_TAG.get("/docs", is_open=True, media="text/html; charset=utf-8")
    async def docs(ask: Ask) -> bytes:
        """The document, to be browsed and tried."""
        ask.request.setHeader(_POLICY, _OWN_PICTURES)  # type: ignore[no-untyped-call]  # Twisted
        return page

    return openapi, docs


def _write_page(address: Callable[[str], str]) -> str:
    return f"""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Whipbird's API</title>
<link rel="icon" href="{address("whipbird.svg")}">
<link rel="stylesheet" href="{address("vendor/swagger-ui.css")}">
<script src="{address("vendor/swagger-ui-bundle.js")}" defer></script>
<script src="{address("js/api.js")}" defer></script>
</head>
<body>
<noscript><p>This page needs scripts. <a href="{ROOT}/openapi.json">The description itself</a>
does not.</p></noscript>
<div id="api"></div>
</body>
</html>
"""
