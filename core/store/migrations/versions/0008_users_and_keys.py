"""Users with their classes, sessions and tokens, the system log, and keys on elements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)
PROTECTED = ("server", "trunk", "end_point", "call_list", "campaign", "opening_hours")


def _name(length: int = 190) -> sa.types.TypeEngine[str]:
    return sa.String(length).with_variant(mysql.VARCHAR(length, collation="utf8mb4_bin"), *_MYSQL)


def _text(name: str, kind: sa.types.TypeEngine[str]) -> sa.Column[str]:
    return sa.Column(name, kind, nullable=False, server_default="")


def _key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), autoincrement=True, nullable=False)


def upgrade() -> None:
    op.add_column(
        "site",
        sa.Column("is_demonstration", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for table in PROTECTED:
        op.add_column(table, _text("security_key", _name(64)))
        for name in ("created", "changed"):
            op.add_column(table, sa.Column(f"{name}_at", MOMENT, nullable=True))
            op.add_column(table, _text(f"{name}_by", _name()))
    _create_users()
    _create_secrets()
    _create_log()


def _create_users() -> None:
    op.create_table(
        "user_class",
        _key(),
        sa.Column("name", _name(), nullable=False),
        _text("description", sa.String(255)),
        _text("keys", _name(1000)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_class")),
        sa.UniqueConstraint("name", name=op.f("uq_user_class_name")),
    )
    op.create_table(
        "user",
        _key(),
        sa.Column("name", _name(), nullable=False),
        sa.Column("class_id", sa.Integer(), nullable=False),
        _text("password_hash", sa.String(255)),
        _text("real_name", sa.String(190)),
        _text("email", sa.String(255)),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("has_master_key", sa.Boolean(), nullable=False),
        _text("keys", _name(1000)),
        _text("comment", sa.String(1000)),
        _text("token", sa.String(255)),
        sa.Column("logons", sa.Integer(), nullable=False),
        sa.Column("last_logon_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["class_id"], ["user_class.id"], name=op.f("fk_user_class_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("name", name=op.f("uq_user_name")),
    )


def _create_secrets() -> None:
    op.create_table(
        "session",
        _key(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        _text("address", sa.String(190)),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_session_secret_hash")),
    )
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"])
    op.create_index(op.f("ix_session_seen_at"), "session", ["seen_at"])
    op.create_table(
        "api_token",
        _key(),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", _name(), nullable=False),
        _text("prefix", sa.String(16)),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        _text("keys", _name(1000)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT, nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_api_token_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_token")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_token_secret_hash")),
        sa.UniqueConstraint("user_id", "name", name=op.f("uq_api_token_user_id_name")),
    )


def _create_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", _name(), nullable=False),
        _text("face", sa.String(16)),
        _text("address", sa.String(190)),
        _text("action", sa.String(32)),
        _text("subject", sa.String(255)),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"])
    op.create_index(op.f("ix_audit_log_who_id"), "audit_log", ["who", "id"])
    op.create_index(op.f("ix_audit_log_action_id"), "audit_log", ["action", "id"])
