"""AMI's wire format, without input or output: bytes in, packets and fields out.

A packet is the bytes between two blank lines. It stays bytes until somebody wants a field of
it: most events on a busy PBX concern nobody here, and reading the name of one costs a tenth of
what a dictionary of it would. Bytes are cut at packet ends only, so a character split over two
chunks is whole again before it is decoded.
"""

from dataclasses import dataclass

from core.errors import WhipbirdError

#: What the first line of an AMI server starts with.
BANNER = b"Asterisk Call Manager"
#: Longest packet we wait for the end of, in bytes; the longest real ones are command outputs.
MAX_PACKET = 4 * 1024 * 1024

_EOL = b"\r\n"
_END = b"\r\n\r\n"
_EVENT = b"Event: "


class ServerLost(WhipbirdError):
    """The connection to a PBX could not be made, or broke; the text is for people."""


class LoginRefused(ServerLost):
    """The PBX answers, but this login will not do; trying again soon is of no use."""


class PacketReader:
    """Cuts a stream of chunks into packets; the banner line is checked and dropped."""

    def __init__(self) -> None:
        self._rest = b""
        self._has_banner = False

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that `data` completes, without their blank lines.

        Raises ServerLost when the peer does not speak AMI.
        """
        *packets, self._rest = (self._rest + data).split(_END)
        if not self._has_banner:
            packets = self._drop_banner(packets)
        if len(self._rest) > MAX_PACKET:
            raise ServerLost(f"sent {len(self._rest)} bytes without an end: this is no AMI")
        return [packet.lstrip(_EOL) for packet in packets if packet]

    def _drop_banner(self, packets: list[bytes]) -> list[bytes]:
        first = packets[0] if packets else self._rest
        if first[: len(BANNER)] != BANNER[: len(first)]:
            raise ServerLost(f'said "{decode(first[:40])}" instead of "{decode(BANNER)}/…"')
        if not packets and _EOL not in first:
            return []
        self._has_banner = True
        _, _, after = first.partition(_EOL)
        if packets:
            return [after, *packets[1:]]
        self._rest = after
        return []


def event_name(packet: bytes) -> bytes:
    """The event's name, or nothing for a packet that is no event."""
    if not packet.startswith(_EVENT):
        return b""
    end = packet.find(b"\r", 7)
    return packet[7:end] if end >= 0 else packet[7:]


def field(packet: bytes, name: bytes) -> bytes:
    """The first value under `name`, empty if there is none. Never looks at the first line,
    which is the event's name."""
    start = packet.find(b"\r\n" + name + b": ")
    if start < 0:
        return b""
    start += len(name) + 4
    end = packet.find(b"\r", start)
    return packet[start:end] if end >= 0 else packet[start:]


def decode(line: bytes) -> str:
    """The text of a line or value: UTF-8, or latin-1 where it is not that."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def parse_headers(packet: bytes) -> tuple[tuple[str, str], ...]:
    """All (name, value) pairs in order; a line without a colon is left out."""
    pairs = (decode(line).partition(":") for line in packet.split(_EOL))
    return tuple((name, value.removeprefix(" ")) for name, colon, value in pairs if colon)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One packet of an answer to an action: the response, or an event of its list."""

    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The first value under `name`, whatever its case; empty if there is none."""
        return next(iter(self.get_all(name)), "")

    def get_all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]

    @property
    def is_success(self) -> bool:
        return self.get("Response") in {"Success", "Goodbye"}
