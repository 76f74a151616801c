"""The dialect's addresses: `/wombat/api/…`, however many slashes, whatever comes after.

A request that is wrong is answered 200 with a text that says why: clients give up on anything
else. Only a wrong user or token gets 401, and a page elsewhere that tries to use somebody's
browser 403. Nothing gets a 5xx.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace

import msgspec
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from twisted.internet.defer import CancelledError, Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from core.errors import InvalidValue, NotRecognised, WhipbirdError
from web.compat import (
    calls,
    campaigns,
    details,
    engine,
    export,
    health,
    lists,
    live,
    monitor,
    reports,
    reserve,
    run_logs,
    runlists,
)
from web.compat.admission import Admission, check_not_forged
from web.compat.asked import Asked, Ground, Operations, Reply, find_handler
from web.compat.edit.face import editing
from web.compat.edit.objects import OBJECTS
from web.compat.envelope import Envelope, Listing, seal
from web.download import Sheet, send_sheet
from web.forgery import Forged
from web.viewer import cut_off

ENDPOINTS: Mapping[str, Operations] = {
    "addkey": health.ADDKEY,
    "callinfo": details.CALLINFO,
    "calls": calls.OPERATIONS,
    "campaigns": campaigns.OPERATIONS,
    "dialer": engine.DIALER,
    **{f"edit/{name}": editing(thing, names) for name, (thing, names) in OBJECTS.items()},
    "endpoint": reserve.ENDPOINT,
    "engine": engine.OPERATIONS,
    "inspect_dialer": details.INSPECT,
    "lists": lists.OPERATIONS,
    "live/calls": live.CALLS,
    "live/runs": live.RUNS,
    "recallinfo": details.RECALLINFO,
    "reports/logs": run_logs.LOGS,
    "reports/runs": reports.RUNS,
    "reports/stats": reports.STATS,
    "reserve": reserve.OPERATIONS,
    "runlists": runlists.OPERATIONS,
    "runs/export.jsp": export.RUNS,
    "sysup": health.SYSUP,
    "sysup/jmx": monitor.JMX,
}

#: How long a client waits for an answer at most, in seconds (manual, "Retrieving current engine
#: state": TIMEOUT_NO_REPLY).
ANSWER_S = 10.0

_METHODS = (b"GET", b"HEAD", b"POST")
_JSON = b"application/json;charset=UTF-8"
_TEXT = b"text/plain;charset=UTF-8"
_REALM = b'Basic realm="Whipbird", charset="UTF-8"'

_log = logging.getLogger(__name__)


class Dialect(Resource):
    """Answers what begins with one of the contexts."""

    isLeaf = True  # noqa: N815  # the name is Twisted's

    def __init__(self, ground: Ground, admission: Admission, reactor: IReactorTime) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._ground = ground
        self._admission = admission
        self._reactor = reactor

    def render(self, request: Request) -> bytes | int:
        place = find_place(request.path)
        if not place:
            request.redirect(b"/")
            return b""
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        began_s = self._reactor.seconds()
        answering = Deferred.fromCoroutine(self._answer(request, place))
        answering.addTimeout(ANSWER_S, self._reactor)
        answering.addErrback(lambda failure: _refuse(place, failure, _explain(request, failure)))
        answering.addCallback(lambda reply: seal(reply, self._reactor.seconds() - began_s))
        answering.addCallback(lambda reply: None if gone else _send(request, reply))
        answering.addErrback(lambda failure: _log.error("no answer: %s", failure.getTraceback()))
        return NOT_DONE_YET

    async def _answer(self, request: Request, place: str) -> Reply:
        check_not_forged(request)
        if request.method not in _METHODS:
            method = request.method.decode("ascii", "replace")
            raise InvalidValue("method", method, "send GET or POST")
        asked = read_fields(request.args or {})
        admit = self._admission.admit_user if is_of_users(place) else self._admission.admit
        actor = await admit(request, asked)
        if place not in ENDPOINTS:
            raise InvalidValue("address", place, f"write one of {', '.join(ENDPOINTS)}")
        handler = find_handler(ENDPOINTS[place], asked.text("op"))
        known = replace(asked, actor=actor, admit=lambda: admit(request, asked))
        return await handler(self._ground, known)


def find_place(path: bytes) -> str:
    """What the path names within its context: `/wombat//api/calls/index.jsp` is `calls`; the
    context alone is ""."""
    parts = [part for part in path.decode("utf-8", "replace").split("/") if part][1:]
    if parts[:1] == ["api"]:
        parts = parts[1:] or ["api"]
    if parts[-1:] == ["index.jsp"]:
        parts = parts[:-1]
    return "/".join(parts)


def is_enveloped(place: str) -> bool:
    """Is this one of the manual's JSON APIs, whose answers have an envelope?"""
    return place.partition("/")[0] in ("edit", "live", "reports")


def is_of_users(place: str) -> bool:
    """Does this answer to users alone?"""
    return is_enveloped(place) or place in export.PLACES


def read_fields(args: Mapping[bytes, list[bytes]]) -> Asked:
    """What a request says. Old clients write Windows-1252, all others UTF-8."""
    fields: dict[str, list[str]] = {}
    for name, found in args.items():
        fields.setdefault(_decode(name).lower(), []).extend(map(_decode, found))
    return Asked(
        fields={name: values[0] for name, values in fields.items()},
        repeated={name: values for name, values in fields.items() if len(values) > 1},
    )


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("cp1252", "replace")


def _explain(request: Request, failure: Failure) -> str:
    """The border of a request: whatever went wrong ends here, in words."""
    match failure.value:
        case NotRecognised() as error:
            request.setResponseCode(401)
            request.setHeader(b"WWW-Authenticate", _REALM)
        case Forged() as error:
            request.setResponseCode(403)
        case WhipbirdError() as error:
            pass
        case IntegrityError():
            _log.error("%s: two at once: %s", _shown(request), failure.value)
            return "somebody else changed the same at the same moment; look, and try again"
        case DBAPIError() | PoolTimeout():
            _log.error("%s: the database does not answer: %s", _shown(request), failure.value)
            return "the database does not answer; try again in a moment"
        case TimeoutError():
            _log.error("%s: no answer within %g s", _shown(request), ANSWER_S)
            return f"the dialer did not answer within {ANSWER_S:g} s; try again later"
        case _:
            _log.error("%s failed: %s", _shown(request), failure.getTraceback())
            return "something went wrong here; Whipbird's log says what"
    return str(error)


def _refuse(place: str, failure: Failure, why: str) -> Reply:
    if place == "engine" and failure.check(TimeoutError):
        return engine.NO_REPLY
    if place.startswith("edit/") or place == "reports/logs":
        return Listing(status="ERROR", error=why)
    return Envelope(status="ERROR", error=why) if is_enveloped(place) else refusal(why)


def refusal(why: str) -> str:
    """A text that no client takes for success: they look for `OK` in it, even in a name."""
    return "ERROR: " + why.replace("OK", "ok")


def _shown(request: Request) -> str:
    return f"{request.method.decode('ascii', 'replace')} {request.path.decode('ascii', 'replace')}"


def _send(request: Request, reply: Reply) -> None:
    if isinstance(reply, Sheet):
        _send_sheet(request, reply)
        return
    is_text = isinstance(reply, str)
    body = f"{reply}\n".encode("utf-8", "replace") if is_text else msgspec.json.encode(reply)
    request.setHeader(b"Content-Type", _TEXT if is_text else _JSON)
    request.setHeader(b"Cache-Control", b"no-store")
    request.setHeader(b"Content-Length", b"%d" % len(body))
    request.write(body)
    request.finish()


def _send_sheet(request: Request, sheet: Sheet) -> None:
    """It may take long; a reader who goes ends it."""
    sending = Deferred.fromCoroutine(send_sheet(request, sheet))
    request.notifyFinish().addErrback(lambda _: sending.cancel())
    sending.addCallbacks(lambda _: request.finish(), lambda failure: _break_off(request, failure))


def _break_off(request: Request, failure: Failure) -> None:
    """What was written cannot be taken back: the connection ends before the table does."""
    if not failure.check(CancelledError):
        _log.error("%s broke off: %s", _shown(request), failure.getTraceback())
        cut_off(request)
