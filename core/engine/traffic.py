"""How many messages went to each PBX and came from it."""

from collections import Counter

from core.ports.commands import Command, HangUp, Originate
from core.ports.events import Event, OriginateSent, PbxEvent


class Traffic:
    """Counts since the process began, by server id."""

    def __init__(self) -> None:
        self.sent: Counter[int] = Counter()
        self.received: Counter[int] = Counter()

    def note_event(self, event: Event) -> None:
        if isinstance(event, PbxEvent) and not isinstance(event, OriginateSent):
            self.received[event.server_id] += 1

    def note_command(self, command: Command) -> None:
        if isinstance(command, Originate | HangUp):
            self.sent[command.server_id] += 1
