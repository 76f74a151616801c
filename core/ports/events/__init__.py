"""What the world tells the dialer: PBX, dialplan, people, database. Each enters by the mailbox."""

from core.ports.events.attempts import (
    AttemptRefused,
    AttemptsBlacklisted,
    AttemptsCapped,
    AttemptsCommitted,
    AttemptsRemoved,
)
from core.ports.events.dialer import DatabaseDown, DatabaseUp, Starting, Stopping
from core.ports.events.pbx import (
    ChannelsListed,
    DialEnded,
    Dialling,
    DialSignal,
    HungUp,
    Originated,
    OriginateRefused,
    OriginateSent,
    PbxEvent,
    Report,
    Reported,
    ServerDown,
    ServerUp,
    Signalled,
    Transferred,
)
from core.ports.events.runs import (
    BatchFetched,
    ListsChanged,
    OpenCall,
    RecentCalls,
    RecordsAdded,
    RecordsGathered,
    RunAsked,
    RunLoaded,
    RunPlan,
    RunReloaded,
    RunVerb,
    ServersLoaded,
)

Event = (
    PbxEvent
    | Reported
    | ServersLoaded
    | RecentCalls
    | RunLoaded
    | RunReloaded
    | RunAsked
    | RecordsAdded
    | RecordsGathered
    | ListsChanged
    | BatchFetched
    | AttemptsCommitted
    | AttemptsBlacklisted
    | AttemptsCapped
    | AttemptsRemoved
    | AttemptRefused
    | DatabaseDown
    | DatabaseUp
    | Stopping
    | Starting
)

__all__ = [
    "AttemptRefused",
    "AttemptsBlacklisted",
    "AttemptsCapped",
    "AttemptsCommitted",
    "AttemptsRemoved",
    "BatchFetched",
    "ChannelsListed",
    "DatabaseDown",
    "DatabaseUp",
    "DialEnded",
    "DialSignal",
    "Dialling",
    "Event",
    "HungUp",
    "ListsChanged",
    "OpenCall",
    "OriginateRefused",
    "OriginateSent",
    "Originated",
    "PbxEvent",
    "RecentCalls",
    "RecordsAdded",
    "RecordsGathered",
    "Report",
    "Reported",
    "RunAsked",
    "RunLoaded",
    "RunPlan",
    "RunReloaded",
    "RunVerb",
    "ServerDown",
    "ServerUp",
    "ServersLoaded",
    "Signalled",
    "Starting",
    "Stopping",
    "Transferred",
]
