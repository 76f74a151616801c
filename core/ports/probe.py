"""What an inspection of a PBX, or of anything else, finds; in words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.model import EndPoint, Server, Trunk


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was looked at. `text` says what is so; `remedy` what to do, empty if
    nothing is."""

    subject: str
    is_ok: bool
    text: str
    remedy: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeTarget:
    """A PBX, and what of Whipbird's is meant to be on it."""

    server: Server
    trunks: tuple[Trunk, ...]
    endpoints: tuple[EndPoint, ...]


#: Asks all PBXs and waits for their answers. It may run a reactor, so it is called at most
#: once in a process.
Probe = Callable[[Sequence[ProbeTarget]], Sequence[Finding]]
