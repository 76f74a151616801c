"""The names that Whipbird and a dialplan share.

Source: manual 25.02, "Controlling Asterisk from WD" and "Controlling WD from Asterisk". The
four variables of a call are defined in `core.rules.variables`, the user events in
`core.ports.events.Report`; here they stand together with what FastAGI adds.
"""

from core.ports.events import Report
from core.rules.variables import DIALING_LIST, DIALING_NUMBER, HOPPER_ID, RETRY_NO

__all__ = [
    "DIALING_LIST",
    "DIALING_NUMBER",
    "ERROR",
    "HOPPER_ID",
    "OK",
    "RESULT",
    "RETRY_NO",
    "ROUTES",
    "UNKNOWN",
    "USER_EVENTS",
]

#: The channel variable in which FastAGI answers.
RESULT = "WHIPBIRD_RESULT"
#: Its value when the report was taken.
OK = "OK"
#: Its value when no such call is known.
UNKNOWN = "UNKNOWN"
#: How its value starts when the report was refused; a sentence follows.
ERROR = "ERROR: "

#: Last part of the FastAGI address, in lower case and without `_`, to the report it makes.
ROUTES = {
    "extstatus": Report.STATUS,
    "attribute": Report.ATTRIBUTE,
    "attrappend": Report.APPEND,
    "attrclear": Report.CLEAR,
}

#: The user events that Whipbird understands; Asterisk and we ignore their case.
USER_EVENTS = tuple(report.value for report in Report)
