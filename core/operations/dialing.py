"""Whether the dialer places calls: who may decide that, and who did.

Source: manual 25.02, "Start and stop the engine". What is decided is asked of the running dialer
(`core.ports.control`), not of its database.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine

from core.operations.permission import log_entry, require
from core.people import Actor
from core.rules.keys import Key
from core.store.audit import write_log


class Order(StrEnum):
    """What may be asked of the dialer."""

    #: Place calls.
    START = "start"
    #: Place no more calls.
    STOP = "stop"


def log_order(engine: Engine, actor: Actor, order: Order, now: datetime) -> None:
    """Write the order to the system log, before it is carried out. Needs CTRL_WBT."""
    require(actor, Key.CTRL_WBT)
    with engine.begin() as conn:
        write_log(conn, log_entry(actor, now, f"dialer.{order}"))
