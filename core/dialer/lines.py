"""Servers, trunks and end-points as the dialer sees them: what is up, what is in use."""

from dataclasses import dataclass, field
from datetime import datetime

from core.model import EndPoint, Server, Trunk
from core.rules.capacity import CallWindow


@dataclass(slots=True)
class LiveServer:
    """A PBX. It is down until its port says that it is up."""

    server: Server
    is_up: bool = False
    reason: str = "not connected yet"
    started_at: datetime | None = None
    #: When it was last lost.
    lost_at: datetime | None = None


@dataclass(slots=True)
class LiveTrunk:
    """A trunk's lines: `in_use` of its capacity, and the calls of its last period."""

    trunk: Trunk
    server: LiveServer
    in_use: int = 0
    users: set[int] = field(default_factory=set)
    window: CallWindow = field(init=False)

    def __post_init__(self) -> None:
        self.window = CallWindow(self.trunk.max_calls_per_period, self.trunk.period_ms)

    def redefine(self, trunk: Trunk, server: LiveServer) -> None:
        self.trunk, self.server = trunk, server
        self.window.resize(trunk.max_calls_per_period, trunk.period_ms)

    @property
    def is_full(self) -> bool:
        return self.in_use >= self.trunk.capacity


@dataclass(slots=True)
class LiveEndPoint:
    """An end-point's channels: one for each call from the moment it is placed."""

    endpoint: EndPoint
    server: LiveServer
    in_use: int = 0
    users: set[int] = field(default_factory=set)

    def redefine(self, endpoint: EndPoint, server: LiveServer) -> None:
        self.endpoint, self.server = endpoint, server

    @property
    def is_full(self) -> bool:
        return self.in_use >= self.endpoint.max_channels
