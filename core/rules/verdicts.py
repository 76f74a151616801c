"""Why a run placed calls or did not, in the manual's words.

Source: manual 25.02, "Understanding WombatDialer decisions". The licence's two verdicts have
no meaning here; SERVER DOWN, DATABASE DOWN, DIALER STOPPED and NOT RUNNING say what the manual
leaves to other pages.
"""

from enum import StrEnum


class Verdict(StrEnum):
    """What the dialer decided for a run at its last look."""

    NO_ENDPOINTS = "NO ENDPOINTS FOR RUN"
    NO_TRUNKS = "NO TRUNKS FOR RUN"
    #: No trunk and end-point of the run share a server that is up.
    SERVER_DOWN = "SERVER DOWN"
    #: What is decided could not be written down, so nothing is decided.
    DATABASE_DOWN = "DATABASE DOWN"
    NO_CHANNELS_ON_TRUNK = "NO CHANNELS ON TRUNK"
    NO_FREE_ENDPOINT = "NO EP FOUND WITH FREE CHANNELS"
    LIMITED_BY_EP_SIZE = "LIMITED BY EP SIZE"
    LIMITED_BY_TRUNK_RATE = "LIMITED BY TRUNK RATE"
    LIMITED_BY_FETCH = "LIMITED BY ACTUAL FETCH"
    NO_CALLS_FETCHED = "NO CALLS FETCHED"
    CALLS_PLACED = "CALLS PLACED"
    #: A person stopped the dialer (manual, "Start and stop the engine").
    DIALER_STOPPED = "DIALER STOPPED"
    #: The run is paused, idle or over.
    NOT_RUNNING = "NOT RUNNING"
