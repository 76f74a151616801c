"""How an operation of the API is declared, and what it is given.

A function with typed arguments is the declaration: what its path, query and body hold, and what
it answers, is read from the signature, and the OpenAPI document is written from the same. See
docs/decisions/0012-the-api.md.
"""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import (
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from sqlalchemy import Engine
from twisted.internet.defer import Deferred

from core.operations.passwords import Passwords
from core.people import Actor
from core.ports import Clock
from core.ports.control import Control
from core.ports.snapshot import SnapshotSource
from core.rules.keys import Key
from web.api.desk import Desk
from web.body import Body
from web.events import EventStream
from web.forgery import FormTokens
from web.gate import Gate
from web.intake import Intake
from web.queries import Queries
from web.request import WebRequest

#: Where all operations lie.
ROOT = "/api/v1"
#: Longest JSON body, in bytes.
MOST_BYTES = 1024 * 1024
#: How long a client waits for an answer at most, in seconds.
ANSWER_S = 10.0

JSON = "application/json"

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What the API stands on."""

    queries: Queries
    clock: Clock
    source: SnapshotSource
    control: Control
    intake: Intake
    gate: Gate
    tokens: FormTokens
    passwords: Passwords
    events: EventStream
    desk: Desk = field(default_factory=Desk)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One request: who sends it, and what may be done for it. An operation that reads or writes
    a stream uses `request`; all others leave it alone."""

    ground: Ground
    actor: Actor
    request: WebRequest

    @property
    def now(self) -> datetime:
        return self.ground.clock.now()

    def run(
        self, work: Callable[Concatenate[Engine, Actor, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Deferred[T]:
        """Run an operation of `core.operations` in a thread, in the name of whoever asks."""
        return self.ground.queries.run(work, self.actor, *args, **kwargs)

    def in_turn(self, work: Callable[..., T], *args: Any) -> Deferred[T]:
        """The same for what checks or makes passwords, at this moment and one at a time."""
        ground = self.ground
        return ground.gate.in_turn(work, ground.queries.engine, self.actor, *args, self.now)


class Made(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """Answer 201: something new, and where it is now, below ROOT."""

    location: str
    body: T


class Streamed:
    """Answered by the operation itself, through `Ask.request`; errors before the first byte
    are told as all others. The request is finished when the operation returns."""


Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one path. `handler` is called with an Ask and, by name, what the path holds,
    `query` and `body`. `answer` is None of one that answers 204.

    `needs` are the keys without which it is refused, as documentation: `core.operations` decides.
    `errors` are statuses besides those that follow from the rest. Who is not known may use what
    `is_open`. `keeps_answer` is False where an answer may not be kept for an Idempotency-Key.
    What `is_versioned` shows an element, and in its ETag which version of it that is.
    """

    method: str
    path: str
    handler: Handler
    tag: str
    needs: tuple[Key, ...] = ()
    status: int = 200
    answer: Any = None
    media: str = JSON
    places: Mapping[str, Any] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    takes: tuple[str, ...] = (JSON,)
    most_bytes: int = MOST_BYTES
    time_s: float | None = ANSWER_S
    errors: tuple[int, ...] = ()
    is_open: bool = False
    keeps_answer: bool = True
    is_versioned: bool = False

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def flows(self) -> bool:
        """Is its body worked on as it comes?"""
        return self.body is Body

    @property
    def is_streamed(self) -> bool:
        return self.answer is Streamed

    @property
    def can_be_repeated(self) -> bool:
        """May it be sent with an Idempotency-Key?"""
        return self.method == "POST" and self.keeps_answer and not (self.is_streamed or self.flows)

    @property
    def needs_version(self) -> bool:
        """Must it say, by If-Match, which version it changes?"""
        return self.is_versioned and self.method in ("PATCH", "PUT", "DELETE")

    @property
    def tells_version(self) -> bool:
        """Has its answer an ETag?"""
        has_body = self.answer not in (None, Streamed)
        return has_body and (self.method == "GET" or self.is_versioned)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A group of operations, as the documentation shows them. Its methods are decorators that
    make an Operation of a function; keyword arguments are fields of Operation."""

    name: str
    text: str

    def get(self, path: str, **more: Any) -> Callable[[Handler], Operation]:
        return self._declare("GET", path, more)

    def post(self, path: str, **more: Any) -> Callable[[Handler], Operation]:
        return self._declare("POST", path, more)

    def put(self, path: str, **more: Any) -> Callable[[Handler], Operation]:
        return self._declare("PUT", path, more)

    def patch(self, path: str, **more: Any) -> Callable[[Handler], Operation]:
        return self._declare("PATCH", path, more)

    def delete(self, path: str, **more: Any) -> Callable[[Handler], Operation]:
        return self._declare("DELETE", path, more)

    def _declare(
        self, method: str, path: str, more: Mapping[str, Any]
    ) -> Callable[[Handler], Operation]:
        def declare(handler: Handler) -> Operation:
            hints = get_type_hints(handler, include_extras=True)
            names = re.findall(r"\{(\w+)\}", path)
            found = Operation(
                method=method,
                path=path,
                handler=handler,
                tag=self.name,
                places={name: hints[name] for name in names},
                query=hints.get("query"),
                body=hints.get("body"),
            )
            known = {*names, "query", "body", "return"}
            _ask, *given = inspect.signature(handler).parameters
            if unknown := set(given) - known:
                raise TypeError(f"{handler.__name__}: {unknown} is in neither path, query nor body")
            return replace(_answering(found, hints["return"]), **more)

        return declare


def _answering(operation: Operation, kind: Any) -> Operation:
    if kind is type(None):
        return replace(operation, status=204)
    if get_origin(kind) is Made:
        return replace(operation, status=201, answer=get_args(kind)[0])
    if kind is Streamed:
        return replace(operation, answer=kind, time_s=None)
    return replace(operation, answer=kind)
