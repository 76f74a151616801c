"""Campaigns tell of their runs by e-mail; a letter has a kind, and may be about no call."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXTS = (
    ("campaign", "email_events", 8, "NO"),
    ("outbox", "kind", 8, "NOTIFY"),
    ("outbox", "subject", 200, ""),
)


def upgrade() -> None:
    op.add_column("campaign", sa.Column("email_addresses", sa.Text(), nullable=True))
    for table, name, length, default in TEXTS:
        op.add_column(
            table,
            sa.Column(name, sa.String(length), nullable=False, server_default=default),
        )
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("call_id", existing_type=sa.BigInteger(), nullable=True)
