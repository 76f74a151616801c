"""Who changes something says which version of it they have read, so that nobody undoes, unknowing,
what another did meanwhile."""

import msgspec
from twisted.web.http import Request
from werkzeug.http import parse_etags

from web.api.problems import Refused
from web.api.reply import etag_of

IF_MATCH = "If-Match"


def require_version(request: Request) -> str:
    """What the request says of the version; Refused if it says nothing."""
    wanted = request.getHeader(IF_MATCH)
    if not wanted:
        text = f"send {IF_MATCH} with the ETag of what you have read, or with * to change whatever"
        raise Refused(428, f"{text} is there")
    return wanted


def check_version(wanted: str, shown: msgspec.Struct) -> None:
    """Refused unless `wanted`, a header If-Match, names the version that is shown."""
    if not parse_etags(wanted).contains_raw(etag_of(msgspec.json.encode(shown))):
        raise Refused(412, "it is no longer what you have read; read it again")
