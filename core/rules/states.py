"""The life of a call and of a run, as tables.

Source: manual 25.02, "A call's life-cycle" and "A run's life-cycle". States are on the wire
and in the database under these values.
"""

from enum import StrEnum


class CallState(StrEnum):
    """Where a call is, or how it ended."""

    #: Waiting in memory to be dialled.
    IN_HOPPER = "IN_HOPPER"
    #: Lines are taken for it; it is being committed.
    SCHEDULED = "SCHEDULED"
    #: Its Originate was handed to the PBX.
    REQUESTED = "REQUESTED"
    #: The PBX confirmed that the call was started.
    DIALLING = "DIALLING"
    #: The called party answered.
    CONNECTED = "CONNECTED"
    #: The agent transferred it somewhere else and is free; the called party is still up.
    TRANSFERRED = "TRANSFERRED"
    #: Ended normally.
    TERMINATED = "TERMINATED"
    #: Closed by the dialer at the campaign's maximum length.
    RS_TIMEOUT = "RS_TIMEOUT"
    #: The number was busy.
    RS_BUSY = "RS_BUSY"
    #: Nobody answered within the answer timeout.
    RS_NOANSWER = "RS_NOANSWER"
    #: The network refused the call.
    RS_REJECTED = "RS_REJECTED"
    #: The number is not valid, or no channel could be made for it.
    RS_NUMBER = "RS_NUMBER"
    #: A technical error happened while dialling.
    RS_ERROR = "RS_ERROR"
    #: The dialer lost track of the call.
    RS_LOST = "RS_LOST"
    #: The agent who was called before the number did not answer.
    RS_NOAGENT = "RS_NOAGENT"
    #: The agent decided to skip the call.
    RS_AGENT_SKIP = "RS_AGENTSkip"
    #: The agent asked for a retry of their own. The manual says it is not implemented.
    RS_AGENT = "RS_AGENT"
    #: The number is on a black list; nobody was called.
    RS_BLACKLIST = "RS_BLACKLIST"
    #: The record was to be called before a moment that has passed; nobody was called. Not one
    #: of the manual's: only records that were given such a moment can end so.
    RS_EXPIRED = "RS_EXPIRED"

    @property
    def is_final(self) -> bool:
        return not TRANSITIONS[self]

    @property
    def is_answered(self) -> bool:
        """The called party answered, and the call is up."""
        return self in {CallState.CONNECTED, CallState.TRANSFERRED}


_ENDS = frozenset(
    {
        CallState.RS_BUSY,
        CallState.RS_NOANSWER,
        CallState.RS_REJECTED,
        CallState.RS_NUMBER,
        CallState.RS_ERROR,
        CallState.RS_LOST,
    }
)

_ANSWERED_ENDS = frozenset(
    {CallState.TERMINATED, CallState.RS_TIMEOUT, CallState.RS_ERROR, CallState.RS_LOST}
)
_UNCALLED = frozenset({CallState.RS_BLACKLIST, CallState.RS_EXPIRED})
#: Rules may name them, but no call ends so: the dialer calls no agents.
_OF_AGENTS = frozenset({CallState.RS_NOAGENT, CallState.RS_AGENT_SKIP, CallState.RS_AGENT})

#: From each state, the states a call may go to next. SCHEDULED may end: the run was removed,
#: or its server lost, before the Originate left.
TRANSITIONS: dict[CallState, frozenset[CallState]] = {
    CallState.IN_HOPPER: _UNCALLED | {CallState.SCHEDULED, CallState.RS_ERROR},
    CallState.SCHEDULED: _UNCALLED | {CallState.REQUESTED, CallState.RS_ERROR, CallState.RS_LOST},
    CallState.REQUESTED: _ENDS | {CallState.DIALLING, CallState.CONNECTED},
    CallState.DIALLING: _ENDS | {CallState.CONNECTED},
    CallState.CONNECTED: _ANSWERED_ENDS | {CallState.TRANSFERRED},
    CallState.TRANSFERRED: _ANSWERED_ENDS,
} | dict.fromkeys((*_ENDS, *_ANSWERED_ENDS, *_UNCALLED, *_OF_AGENTS), frozenset())


class RunState(StrEnum):
    """Where a run of a campaign is."""

    #: Asked for; the dialer has not taken it up yet.
    RUNNABLE = "RUNNABLE"
    #: Placing calls, or waiting for retries.
    RUNNING = "RUNNING"
    #: Outside its hours; it goes on by itself.
    WRONG_TIME = "WRONG_TIME"
    #: Out of numbers, waiting for more.
    IDLE = "IDLE"
    #: Held by a person.
    PAUSED = "PAUSED"
    #: Out of numbers for good.
    COMPLETED = "COMPLETED"
    #: Ended by a person.
    REMOVE = "REMOVE"
    #: It could not go on; the run's `error` says why.
    ERROR = "ERROR"

    @property
    def is_over(self) -> bool:
        return self in {RunState.COMPLETED, RunState.REMOVE, RunState.ERROR}
