"""Server-sent events on the wire (HTML Living Standard, "Server-sent events")."""

#: Says nothing, but keeps proxies and time-outs content.
HEARTBEAT = b": alive\n\n"
#: How soon a client that was cut off comes back, in milliseconds.
RETRY = b"retry: 2000\n\n"


def frame(event: str, text: str) -> bytes:
    """One event, each line of `text` in a `data:` line of its own.

    CR and CRLF count as line ends, as they do for the browser. A browser ignores an event
    whose text is empty.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    data = "".join(f"data: {line}\n" for line in lines)
    return f"event: {event}\n{data}\n".encode()


def numbered_frame(event: str, key: str, line: bytes) -> bytes:
    """One event of a single line, whose `key` a client names when it comes back."""
    return b"event: %b\nid: %b\ndata: %b\n\n" % (event.encode(), key.encode(), line)


def heartbeat(key: str) -> bytes:
    """A sign of life that tells how far the client has heard: without data there is no event,
    but the key counts."""
    return b": alive\nid: %b\n\n" % key.encode()
