"""Campaigns as lists of them show them: one query, however many there are."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from core.model import Pace
from core.rules.stamps import Stamp
from core.store.schema import campaign, run

#: Most campaigns.
LIMIT = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignHead:
    """A campaign without its definition."""

    id: int
    name: str
    pace: Pace
    security_key: str
    stamp: Stamp


def fetch_campaign_heads(conn: Connection) -> list[CampaignHead]:
    """All campaigns, the oldest first."""
    columns = (campaign.c[name] for name in ("id", "name", "pace", "security_key", "created_by"))
    rows = conn.execute(select(*columns).order_by(campaign.c.id).limit(LIMIT))
    return [
        CampaignHead(
            id=row.id,
            name=row.name,
            pace=Pace(row.pace),
            security_key=row.security_key,
            stamp=Stamp(created_by=row.created_by),
        )
        for row in rows
    ]


def fetch_running_ids(conn: Connection) -> set[int]:
    """The campaigns that have an open run."""
    query = select(run.c.campaign_id).where(run.c.ended_at.is_(None)).limit(LIMIT)
    return set(conn.execute(query).scalars())
