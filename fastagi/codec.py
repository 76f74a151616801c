"""The FastAGI protocol, sans-IO: bytes in any chunking in, requests and replies out.

It decides what the bytes mean and how much of them is too much, not what is done about it.
Source: Asterisk's res_agi.c. A session starts with `agi_…: value` lines and an empty line;
then each command gets a reply (`200 result=1 (value)`, `511 text`, `520-text` … `520 text`).
`HANGUP` comes at any time, between a command and its reply too, and is no reply.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.errors import InvalidValue

#: Longest line, in bytes without its line feed.
MAX_LINE = 8192
#: Most headers in a request: Asterisk sends about 22, and up to 128 arguments.
MAX_HEADERS = 200
#: All that a peer may send in one session, in bytes. A report needs less than 20 kB.
MAX_TOTAL = 131_072
#: How much of a wrong line is shown.
_EXCERPT = 40

_REPLY = re.compile(r"(?P<code>[0-9]{3})(?P<mark>[ -])(?P<text>.*)", re.DOTALL)
_RESULT = re.compile(r"result=(?P<result>[^ ]*)(?: \((?P<data>.*)\)?)?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class InvalidAgi(InvalidValue):
    """What the peer sent is no AGI, or too much of it; the session cannot go on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A dialplan called AGI(). `headers` are as sent, names in lower case."""

    headers: Mapping[str, str]

    @property
    def uniqueid(self) -> str:
        """The channel's Uniqueid, empty if the peer sent none."""
        return self.headers.get("agi_uniqueid", "")

    @property
    def script(self) -> str:
        """What follows the host in the address, `attribute?name=A`; empty if nothing does."""
        if "agi_network_script" in self.headers:
            return self.headers["agi_network_script"]
        address = self.headers.get("agi_request", "").partition("://")[2]
        return address.partition("/")[2]

    @property
    def args(self) -> tuple[str, ...]:
        """The arguments agi_arg_1, agi_arg_2 … up to the first that is missing."""
        found: list[str] = []
        while (name := f"agi_arg_{len(found) + 1}") in self.headers:
            found.append(self.headers[name])
        return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer to one command. `result` and `data` are those of
    `200 result=RESULT (DATA)`, else empty; `text` is all that follows the code, the lines
    of a long reply joined by line feeds."""

    code: int
    text: str
    result: str = ""
    data: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hangup:
    """The channel was hung up; replies to commands still come."""


Event = Request | Reply | Hangup


@dataclass(kw_only=True, slots=True)
class Codec:
    """One session's reader: `receive` bytes, then take `next_event` until it is None."""

    _buffer: bytearray = field(default_factory=bytearray)
    _total: int = 0
    _headers: dict[str, str] | None = field(default_factory=dict)
    _long_reply: list[str] = field(default_factory=list)
    _error: InvalidAgi | None = None

    def receive(self, data: bytes) -> None:
        """Keep the bytes; once the session is broken they are dropped."""
        if self._error is None:
            self._buffer += data

    def next_event(self) -> Event | None:
        """The next complete event, None if more bytes are needed.

        Raises InvalidAgi, and again on every later call: there is no way back into step.
        """
        if self._error is not None:
            raise self._error
        try:
            while (line := self._next_line()) is not None:
                if (event := self._parse(line)) is not None:
                    return event
        except InvalidAgi as error:
            self._error = error
            self._buffer.clear()
            raise
        return None

    def _next_line(self) -> str | None:
        end = self._buffer.find(b"\n", 0, MAX_LINE + 1)
        if end < 0:
            if len(self._buffer) > MAX_LINE:
                raise _wrong("line", _decode(self._buffer), f"a line has at most {MAX_LINE} bytes")
            return None
        self._total += end + 1
        if self._total > MAX_TOTAL:
            raise _wrong("session", self._total, f"a session sends at most {MAX_TOTAL} bytes")
        line = _decode(self._buffer[:end].removesuffix(b"\r"))
        del self._buffer[: end + 1]
        return line

    def _parse(self, line: str) -> Event | None:
        if line == "HANGUP":
            return Hangup()
        if self._headers is not None:
            return self._parse_header(line, self._headers)
        return self._parse_reply(line)

    def _parse_header(self, line: str, headers: dict[str, str]) -> Request | None:
        if not line:
            self._headers = None
            return Request(headers=headers)
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or not name.startswith("agi_"):
            raise _wrong("header", line, "a request has lines like agi_uniqueid: 1700000000.1")
        if name in headers:
            raise _wrong("header", name, "a header stands only once; a value has no line feed")
        if len(headers) == MAX_HEADERS:
            raise _wrong("header", name, f"a request has at most {MAX_HEADERS} headers")
        headers[name] = value.removeprefix(" ")
        return None

    def _parse_reply(self, line: str) -> Reply | None:
        match = _REPLY.fullmatch(line)
        if self._long_reply and (match is None or match["code"] != self._long_reply[0]):
            self._long_reply.append(line)
            return None
        if match is None:
            raise _wrong("reply", line, "a reply starts with its code, like 200 result=1")
        if match["mark"] == "-":
            self._long_reply.extend([match["text"]] if self._long_reply else match.group(1, 3))
            return None
        earlier, self._long_reply = self._long_reply[1:], []
        return _reply(int(match["code"]), "\n".join([*earlier, match["text"]]))


def render_set_variable(name: str, value: str) -> bytes:
    """The command that sets a channel variable. Control characters become spaces: AGI has
    no way to write them."""
    return f"SET VARIABLE {name} {_quote(value)}\n".encode()


def render_get_full_variable(expression: str) -> bytes:
    """The command that evaluates `expression`, like `${CHANNEL(linkedid)}`."""
    return f"GET FULL VARIABLE {_quote(expression)}\n".encode()


def _quote(text: str) -> str:
    plain = _CONTROL.sub(" ", text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


def _decode(line: bytes | bytearray) -> str:
    """As UTF-8, or else as latin-1, which reads everything."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _reply(code: int, text: str) -> Reply:
    match = _RESULT.match(text)
    if match is None:
        return Reply(code=code, text=text)
    data = (match["data"] or "").removesuffix(")")
    return Reply(code=code, text=text, result=match["result"], data=data)


def _wrong(field_name: str, value: object, expected: str) -> InvalidAgi:
    text = str(value)
    return InvalidAgi(
        f"AGI {field_name}", text if len(text) <= _EXCERPT else text[:_EXCERPT] + "…", expected
    )
