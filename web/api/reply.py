"""An answer on its way to the wire, and from which version of a thing it was made."""

import hashlib

import msgspec
from twisted.web.http import Request
from werkzeug.http import parse_etags

from web.api.operation import ROOT, Made, Operation
from web.api.paging import Page
from web.api.problems import PROBLEM, Explained

Headers = tuple[tuple[str, str], ...]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer."""

    status: int
    headers: Headers = ()
    body: bytes = b""


def reply_to(operation: Operation, result: object) -> Reply:
    """The answer that an operation's result makes."""
    if result is None:
        return Reply(status=204)
    headers: Headers = (("Content-Type", operation.media),)
    if isinstance(result, Made):
        headers += (("Location", ROOT + result.location),)
        result = result.body
    if isinstance(result, Page) and result.next:
        headers += (("Link", f'<{result.next}>; rel="next"'),)
    body = result if isinstance(result, bytes) else msgspec.json.encode(result)
    if operation.tells_version:
        headers += (("ETag", etag_of(body)),)
    return Reply(status=operation.status, headers=headers, body=body)


def problem_reply(explained: Explained) -> Reply:
    headers = (("Content-Type", PROBLEM), *explained.headers)
    body = msgspec.json.encode(explained.problem)
    return Reply(status=explained.problem.status, headers=headers, body=body)


def etag_of(body: bytes) -> str:
    """What names this version of an answer."""
    return f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def send(request: Request, reply: Reply) -> None:
    """Write the answer; 304 of one that the client has already."""
    headers = dict(reply.headers)
    body, status = reply.body, reply.status
    is_got = request.method in (b"GET", b"HEAD")
    if status == 200 and is_got and _is_known(request, headers.get("ETag", "")):
        status, body = 304, b""
        headers.pop("Content-Type")
    request.setResponseCode(status)
    headers.setdefault("Cache-Control", "private, no-cache" if "ETag" in headers else "no-store")
    headers["Vary"] = "Authorization, Cookie"
    for name, value in headers.items():
        request.setHeader(name.encode(), value.encode())
    if status not in (204, 304):
        request.setHeader(b"Content-Length", b"%d" % len(body))
    request.write(body)
    request.finish()


def _is_known(request: Request, etag: str) -> bool:
    asked = request.getHeader("if-none-match")
    if not etag or not asked:
        return False
    known: bool = parse_etags(asked).contains_raw(etag)
    return known
