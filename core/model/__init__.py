"""What Whipbird is told to do: servers, trunks, end-points, lists, campaigns; and what comes of it.

Plain values, the same for store, dialer and faces. An id of 0 means "not stored yet".
Names and meanings follow the manual's chapter "Concepts" (25.02). An element is seen by those
who hold its `security_key`, by everyone if that is empty, and by who made it.
"""

from core.model.calls import Attempt, CallLog, HopperEntry, LoggedCall, Retry, Screen
from core.model.campaigns import MAX_BOOST, BoostingModel, Campaign, Logging, Pace, Part
from core.model.elements import (
    CallList,
    EndPoint,
    Record,
    Server,
    ServerType,
    Simulation,
    Trunk,
    Webhook,
)
from core.model.runs import ListPosition, Run, RunOverview

__all__ = [
    "MAX_BOOST",
    "Attempt",
    "BoostingModel",
    "CallList",
    "CallLog",
    "Campaign",
    "EndPoint",
    "HopperEntry",
    "ListPosition",
    "LoggedCall",
    "Logging",
    "Pace",
    "Part",
    "Record",
    "Retry",
    "Run",
    "RunOverview",
    "Screen",
    "Server",
    "ServerType",
    "Simulation",
    "Trunk",
    "Webhook",
]
