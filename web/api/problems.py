"""Errors to problem+json (RFC 9457): what was wrong, and what would be right."""

import re
from collections.abc import Mapping

import msgspec
from twisted.internet.defer import TimeoutError

from core.errors import InvalidConfiguration, InvalidValue, WhipbirdError
from web.failures import describe

PROBLEM = "application/problem+json"
#: Begins the `type` of every problem; what follows is its name.
KIND = "urn:whipbird:problem:"


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One wrong value. `field` is empty where none can be named; `expected` says what would be
    right."""

    field: str = ""
    value: str = ""
    expected: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was not done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: tuple[FieldProblem, ...] = ()


#: What `type` and `title` are, by status.
KINDS: Mapping[int, tuple[str, str]] = {
    400: ("malformed", "The request cannot be understood"),
    401: ("not-recognised", "Say who you are"),
    403: ("not-allowed", "Not allowed"),
    404: ("not-found", "There is none"),
    405: ("wrong-method", "Not with this method"),
    409: ("not-possible", "Not possible now"),
    412: ("changed-meanwhile", "It was changed meanwhile"),
    413: ("too-long", "The request is too long"),
    414: ("too-long", "The address is too long"),
    415: ("wrong-media-type", "The body is of another kind"),
    422: ("invalid-value", "That cannot be right"),
    428: ("unconditional", "Say which version you change"),
    429: ("too-many", "Too many requests"),
    431: ("too-long", "The headers are too long"),
    500: ("failed", "Something went wrong here"),
    503: ("unavailable", "It does not answer now"),
}


_HEADERS: Mapping[int, tuple[tuple[str, str], ...]] = {
    401: (("WWW-Authenticate", 'Bearer realm="Whipbird"'),),
    503: (("Retry-After", "5"),),
}


class Refused(WhipbirdError):
    """A request that HTTP itself has a status for."""

    def __init__(self, status: int, text: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.headers = headers


class Misread(WhipbirdError):
    """Values that do not fit what the operation declares."""

    def __init__(self, errors: tuple[FieldProblem, ...]) -> None:
        super().__init__("; ".join(_sentence(one) for one in errors))
        self.errors = errors


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """A problem and the headers that go with it. `is_expected` is False for what the log should
    know."""

    problem: Problem
    headers: tuple[tuple[str, str], ...] = ()
    is_expected: bool = True


def explain(error: BaseException) -> Explained:
    """The answer to a request that ended in `error`."""
    match error:
        case Refused():
            return _explained(error.status, str(error), headers=error.headers)
        case Misread():
            return _explained(422, str(error), errors=error.errors)
        case InvalidValue():
            wrong = FieldProblem(
                field=error.field, value=str(error.value)[:200], expected=error.expected
            )
            return _explained(422, str(error), errors=(wrong,))
        case InvalidConfiguration():
            wrongs = tuple(_placed(text) for text in error.problems)
            return _explained(422, str(error), errors=wrongs)
        case TimeoutError():
            text = "no answer in time; what was begun may still be done"
            return _explained(503, text, headers=_HEADERS[503], is_expected=False)
    known = describe(error)
    headers = known.headers + _HEADERS.get(known.status, ())
    return _explained(known.status, known.text, headers=headers, is_expected=known.is_expected)


def misread(error: msgspec.ValidationError, value: object) -> Misread:
    """What msgspec found wrong with `value`, in the words of whoever wrote it."""
    text, _, place = str(error).partition(" - at `$")
    place = place.removesuffix("`").lstrip(".")
    if found := re.match(r"Object (?:contains unknown|missing required) field `(.*)`", text):
        place = f"{place}.{found[1]}".lstrip(".")
        expected = "is needed" if "missing" in text else "is not known here; leave it out"
        return Misread((FieldProblem(field=place, expected=expected),))
    for kind, words in _WORDS.items():
        text = text.replace(f"`{kind}`", words)
    return Misread((FieldProblem(field=place, value=_shown(value, place), expected=_plain(text)),))


def _shown(value: object, place: str) -> str:
    if place.endswith(_SECRETS):
        return "***"
    found = _find(value, place)
    return "" if found is None else str(found)[:200]


#: How the names of fields end that nobody wants to read in a log.
_SECRETS = ("password", "secret")

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "datetime": "a moment such as 2026-11-21T17:03:44Z",
    "null": "null",
}


def _plain(text: str) -> str:
    text = text.replace("Expected ", "write ").replace(", got ", ", not ").replace("`", "")
    return text.replace("Invalid RFC3339 encoded datetime", f"write {_WORDS['datetime']}")


def _find(value: object, place: str) -> object:
    """What stands at a place such as `calls[0].number`; None of what is not there, and of the
    whole."""
    if not place:
        return None
    for step in re.findall(r"[^.\[\]]+", place):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


#: How a problem of a table reads that a person wrote.
_PLACED = re.compile(r'(?P<field>[\w.\[\]]+)(?: "(?P<value>.*?)")?: (?P<expected>.*)', re.DOTALL)


def _placed(text: str) -> FieldProblem:
    """The same with its place apart, where places are counted from 0, as in JSON."""
    found = _PLACED.fullmatch(text)
    if found is None:
        return FieldProblem(expected=text)
    place = re.sub(r"\[(\d+)\]", lambda number: f"[{int(number[1]) - 1}]", found["field"])
    return FieldProblem(field=place, value=found["value"] or "", expected=found["expected"])


def _sentence(wrong: FieldProblem) -> str:
    shown = f' "{wrong.value}"' if wrong.value else ""
    return f"{wrong.field or 'request'}{shown}: {wrong.expected}"


def _explained(
    status: int,
    detail: str,
    *,
    errors: tuple[FieldProblem, ...] = (),
    headers: tuple[tuple[str, str], ...] = (),
    is_expected: bool = True,
) -> Explained:
    name, title = KINDS.get(status, ("refused", "Refused"))
    problem = Problem(type=KIND + name, title=title, status=status, detail=detail, errors=errors)
    return Explained(problem=problem, headers=headers, is_expected=is_expected)
