"""The API's addresses: who asks is found out, what is asked is read, done and answered.

Routes are Werkzeug's, which are Klein's too; they are matched before a path is decoded, for the
list of a campaign is called `CAMPAIGN/AUTO`.
"""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure
from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule

from core.people import NOBODY
from web.api.identity import identify
from web.api.operation import MOST_BYTES, ROOT, Ask, Ground, Operation
from web.api.problems import PROBLEM, Refused, explain
from web.api.reading import read_body, read_places, read_query
from web.api.repeats import KEY, do_once
from web.api.reply import Reply, problem_reply, reply_to, send
from web.api.versions import require_version
from web.request import WebRequest
from web.viewer import cut_off

#: Most requests of one user that are worked on at a time; streams are not counted.
AT_ONCE = 64

_log = logging.getLogger(__name__)


class Api(Resource):
    """Answers what begins with ROOT."""

    isLeaf = True  # noqa: N815  # the name is Twisted's

    def __init__(
        self, ground: Ground, operations: Sequence[Operation], reactor: IReactorTime
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Twisted is untyped
        self._ground = ground
        self._reactor = reactor
        self._routes = make_routes(operations)
        self._operations = {operation.name: operation for operation in operations}
        self._under_way: Counter[str] = Counter()

    def body_limit(self, path: bytes) -> int:
        """The longest body, in bytes, that anything at this path takes."""
        routes, place = self._routes.bind(""), path.decode("latin-1")
        names = [routes.match(place, method)[0] for method in routes.allowed_methods(place)]
        return max((self._operations[name].most_bytes for name in names), default=MOST_BYTES)

    def flows(self, method: bytes, path: bytes) -> bool:
        """Is there an operation that works on its body as it comes?"""
        try:
            place = path.decode("latin-1")
            name, _places = self._routes.bind("").match(place, method.decode("latin-1"))
        except (NotFound, MethodNotAllowed):
            return False
        return self._operations[name].flows

    def render(self, request: Request) -> bytes | int:
        assert isinstance(request, WebRequest)
        gone: list[Failure] = []
        request.notifyFinish().addErrback(gone.append)
        answering = Deferred.fromCoroutine(self._answer(request, gone))
        answering.addErrback(lambda failure: None if gone else _fail(request, failure))
        answering.addErrback(lambda failure: _log.error("no answer: %s", failure.getTraceback()))
        return NOT_DONE_YET

    async def _answer(self, request: WebRequest, gone: Sequence[Failure]) -> None:
        operation, places = self._find(request)
        actor = NOBODY if operation.is_open else await identify(self._ground, request)
        ask = Ask(ground=self._ground, actor=actor, request=request)
        if operation.needs_version:
            require_version(request)
        given = read_places(operation, places)
        if operation.query is not None:
            given["query"] = read_query(operation.query, request.uri)
        if operation.body is not None:
            given["body"] = read_body(operation, request)
        if operation.is_streamed:
            await self._stream(operation, ask, given)
            if not gone:
                request.finish()
            return
        if self._under_way[actor.name] >= AT_ONCE:
            text = f"{AT_ONCE} of your requests are being worked on; send fewer at a time"
            raise Refused(429, text, headers=(("Retry-After", "1"),))
        self._under_way[actor.name] += 1
        work = Deferred.fromCoroutine(self._work(operation, ask, given))
        work.addBoth(self._done, actor.name)
        if operation.time_s is not None:
            work = wait_for(work, operation.time_s, self._reactor)
        reply = await work
        if not gone:
            send(request, reply)

    async def _work(self, operation: Operation, ask: Ask, given: Mapping[str, Any]) -> Reply:
        async def do() -> Reply:
            return reply_to(operation, await operation.handler(ask, **given))

        key = ask.request.getHeader(KEY)
        if key is None or not operation.can_be_repeated:
            return await do()
        return await do_once(ask, key, do)

    async def _stream(self, operation: Operation, ask: Ask, given: Mapping[str, Any]) -> None:
        async def write() -> None:
            await operation.handler(ask, **given)

        work = Deferred.fromCoroutine(write())
        ask.request.notifyFinish().addErrback(lambda _: work.cancel())
        await work

    def _done(self, result: Any, name: str) -> Any:
        self._under_way[name] -= 1
        if not self._under_way[name]:
            del self._under_way[name]
        return result

    def _find(self, request: Request) -> tuple[Operation, Mapping[str, str]]:
        method = request.method.decode("ascii", "replace")
        path = request.path.decode("latin-1")
        try:
            name, places = self._routes.bind("").match(path, method)
        except NotFound:
            raise Refused(404, f"there is no such address; {ROOT}/docs shows all") from None
        except MethodNotAllowed as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            text = f"this address takes {allowed} only"
            raise Refused(405, text, headers=(("Allow", allowed),)) from None
        return self._operations[name], places


def make_routes(operations: Sequence[Operation]) -> Map:
    """From paths to the names of operations; ValueError of two of one name."""
    names = Counter(operation.name for operation in operations)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"two operations are called {', '.join(twice)}")
    rules = (
        Rule(
            re.sub(r"\{(\w+)\}", r"<\1>", ROOT + operation.path),
            methods=[operation.method],
            endpoint=operation.name,
        )
        for operation in operations
    )
    return Map(tuple(rules), strict_slashes=False, merge_slashes=False)


def refuse_as_problem(_path: bytes, status: int, text: str) -> tuple[bytes, bytes]:
    """A request that is not even read."""
    reply = problem_reply(explain(Refused(status, text)))
    return PROBLEM.encode(), reply.body


def wait_for(work: Deferred[Reply], seconds: float, reactor: IReactorTime) -> Deferred[Reply]:
    """What the work gives, or TimeoutError after so long. The work itself goes on."""
    waiting: Deferred[Reply] = Deferred()
    alarm = reactor.callLater(seconds, waiting.errback, TimeoutError())

    def settle(result: Reply | Failure) -> None:
        if alarm.active():
            alarm.cancel()
            waiting.callback(result)
        elif isinstance(result, Failure):
            _log.error("failed after its answer was due: %s", result.getTraceback())

    work.addBoth(settle)
    return waiting


def _fail(request: Request, failure: Failure) -> None:
    """The border of a request: whatever went wrong ends here, in words."""
    assert failure.value is not None
    explained = explain(failure.value)
    method, path = (part.decode("ascii", "replace") for part in (request.method, request.path))
    if not explained.is_expected:
        _log.error("%s %s failed", method, path, exc_info=failure.value)
    if request.startedWriting:
        _log.warning("%s %s broke off: %s", method, path, explained.problem.detail)
        cut_off(request)
    else:
        send(request, problem_reply(explained))
