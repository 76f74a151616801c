"""What Asterisk sends over FastAGI, as bytes."""

from collections.abc import Mapping

_HEADERS = {
    "agi_channel": "Local/1000001@carrier-00000001;1",
    "agi_language": "en",
    "agi_type": "Local",
    "agi_uniqueid": "wb-7-1",
    "agi_version": "22.10.1",
    "agi_callerid": "unknown",
    "agi_context": "target",
    "agi_extension": "s",
    "agi_priority": "1",
    "agi_enhanced": "0.0",
    "agi_accountcode": "",
    "agi_threadid": "140003",
}

#: The reply to a GET FULL VARIABLE whose value is the call's own channel id.
LINKEDID = b"200 result=1 (wb-7-1)\n"
#: The reply to a SET VARIABLE.
TAKEN = b"200 result=1\n"


def request(script: str, *args: str, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole request for agi://127.0.0.1:4573/SCRIPT with these arguments; `headers`
    replace or add to the usual ones."""
    lines = {
        "agi_network": "yes",
        "agi_network_script": script,
        "agi_request": f"agi://127.0.0.1:4573/{script}",
        **_HEADERS,
        **{f"agi_arg_{number}": arg for number, arg in enumerate(args, start=1)},
        **(headers or {}),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items()).encode() + b"\n"
