"""From a FastAGI request to the report it makes.

`AGI(agi://HOST:4573/extstatus,XYZ)` and `agi://HOST:4573/extstatus?status=XYZ` say the same.
Source: manual 25.02, "Controlling WD from Asterisk", whose user events these mirror.
"""

from urllib.parse import parse_qs

from core.errors import InvalidValue
from core.ports.events import Report, Reported
from core.rules.attributes import check_name, check_value
from core.rules.statuses import check_ext_status
from dialplan.names import ROUTES
from fastagi.codec import Request


def parse_report(request: Request) -> Reported:
    """What the dialplan reports, of the channel that runs it.

    Asterisk splits arguments at commas; those after the first of a value are joined again.
    Raises InvalidValue for an unknown route, a missing argument or a value that may not be.
    """
    route, _, query = request.script.strip("/").partition("?")
    report = ROUTES.get(route.strip("/").lower().replace("_", ""))
    if report is None:
        raise InvalidValue("AGI route", route, f"use one of {', '.join(ROUTES)}")
    if not request.uniqueid:
        raise InvalidValue("agi_uniqueid", "", "a request names its channel")
    name, value = _arguments(report, request.args, _parse_query(query))
    return Reported(call_ids=(request.uniqueid,), report=report, name=name, value=value)


def _arguments(
    report: Report, args: tuple[str, ...], query: dict[str, list[str]]
) -> tuple[str, str]:
    match report:
        case Report.CLEAR:
            return "", ""
        case Report.STATUS:
            return "", check_ext_status(_argument("status", args, query))
        case Report.ATTRIBUTE | Report.APPEND:
            name = check_name(_argument("name", args[:1], query))
            return name, check_value(name, _argument("value", args[1:], query))


def _parse_query(query: str) -> dict[str, list[str]]:
    try:
        return parse_qs(query, keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise InvalidValue("AGI query", query[:40], "use at most 10 fields") from error


def _argument(name: str, args: tuple[str, ...], query: dict[str, list[str]]) -> str:
    if args:
        return ",".join(args)
    if name in query:
        return query[name][0]
    raise InvalidValue(f"AGI argument {name}", "", "it is missing")
