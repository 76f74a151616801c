"""The ports of all PBXs: each is made when its server is configured, and anew when the way to it
changes."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from twisted.internet.defer import Deferred, DeferredList

from core.engine.awaiting import as_deferred
from core.model import Server
from core.ports import Pbx, PbxFactory, Post
from core.ports.commands import HangUp, Originate
from core.ports.events import OriginateRefused

log = logging.getLogger(__name__)


class Switchboard:
    """Hands each command to the PBX that it is for."""

    def __init__(self, make_pbx: PbxFactory, post: Post) -> None:
        self._make_pbx = make_pbx
        self._post = post
        self._pbxs: dict[int, tuple[Server, Pbx]] = {}

    def connect(self, servers: Sequence[Server]) -> None:
        """Connect to those that are new or were changed."""
        for server in servers:
            known = self._pbxs.get(server.id)
            if known is not None and reach_alike(known[0], server):
                continue
            if known is not None:
                _leave(known[1])
            pbx = self._make_pbx(server, self._post)
            self._pbxs[server.id] = (server, pbx)
            pbx.start()

    def originate(self, command: Originate) -> None:
        if found := self._pbxs.get(command.server_id):
            found[1].originate(command)
            return
        self._post(
            OriginateRefused(
                server_id=command.server_id,
                channel_id=command.channel_id,
                was_sent=False,
                reason="its server is not configured any more",
            )
        )

    def hang_up(self, command: HangUp) -> None:
        if found := self._pbxs.get(command.server_id):
            found[1].hang_up(command)

    async def leave(self) -> None:
        """Done once what PBXs answer to the last commands has come."""
        await DeferredList([_leave(pbx) for _server, pbx in self._pbxs.values()])


def reach_alike(one: Server, other: Server) -> bool:
    """Whether a connection to the one serves the other: who may see it is no matter."""
    return replace(one, security_key=other.security_key) == other


def _leave(pbx: Pbx) -> Deferred[None]:
    left = as_deferred(pbx.stop())
    left.addErrback(lambda failure: log.error("PBX did not leave cleanly: %s", failure))
    return left
