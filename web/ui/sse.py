"""Server-sent events on the wire (HTML Living Standard, "Server-sent events")."""

#: Says nothing, but keeps proxies and time-outs content.
HEARTBEAT = b": alive\n\n"


def frame(event: str, text: str) -> bytes:
    """One event, each line of `text` in a `data:` line of its own.

    CR and CRLF count as line ends, as they do for the browser. A browser ignores an event
    whose text is empty.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    data = "".join(f"data: {line}\n" for line in lines)
    return f"event: {event}\n{data}\n".encode()
