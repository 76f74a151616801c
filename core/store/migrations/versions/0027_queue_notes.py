"""End-points and campaigns keep what is said of queues and their agents."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _add("end_point", "queue_name", sa.String(190), "")
    _add("end_point", "boost_percent", sa.Integer(), "100")
    _add("end_point", "max_waiting_calls", sa.Integer(), "0")
    _add("end_point", "reverse_dialing", sa.Boolean(), sa.false())
    _add("end_point", "manual_preview", sa.Boolean(), sa.false())
    _add("end_point", "dial_find", sa.String(190), "")
    _add("end_point", "dial_replace", sa.String(190), "")
    _add("campaign", "boosting_model", sa.String(16), "OFF")
    _add("campaign", "auto_pause", sa.Boolean(), sa.false())


def _add(table: str, name: str, kind: sa.types.TypeEngine[Any], default: Any) -> None:
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))
