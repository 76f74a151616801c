"""The first schema: servers to call logs."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MYSQL = ("mysql", "mariadb")
NAME = sa.String(190).with_variant(mysql.VARCHAR(190, collation="utf8mb4_bin"), *_MYSQL)
STATUS = sa.String(64).with_variant(mysql.VARCHAR(64, collation="utf8mb4_bin"), *_MYSQL)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ATTRIBUTES = sa.Text().with_variant(mysql.MEDIUMTEXT(), *_MYSQL)
MOMENT = sa.DateTime().with_variant(mysql.DATETIME(fsp=6), *_MYSQL)


def upgrade() -> None:
    op.create_table(
        "call_list",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_list")),
        sa.UniqueConstraint("name", name=op.f("uq_call_list_name")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("pace", sa.String(length=16), nullable=False),
        sa.Column("idles_on_termination", sa.Boolean(), nullable=False),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("answer_timeout_ms", sa.Integer(), nullable=False),
        sa.Column("max_call_length_s", sa.Integer(), nullable=False),
        sa.Column("dial_clid", sa.String(length=255), nullable=False),
        sa.Column("dial_account", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_campaign_name")),
    )
    op.create_table(
        "server",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=190), nullable=False),
        sa.Column("password", sa.String(length=190), nullable=False),
        sa.Column("unit_ms", sa.Integer(), nullable=False),
        sa.Column("messages_per_unit", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_server")),
        sa.UniqueConstraint("name", name=op.f("uq_server_name")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("site_key", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_table(
        "campaign_list",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_list_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["list_id"], ["call_list.id"], name=op.f("fk_campaign_list_list_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "idx", name=op.f("pk_campaign_list")),
        sa.UniqueConstraint(
            "campaign_id", "list_id", name=op.f("uq_campaign_list_campaign_id_list_id")
        ),
    )
    op.create_table(
        "end_point",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("extension", sa.String(length=80), nullable=False),
        sa.Column("context", sa.String(length=80), nullable=False),
        sa.Column("max_channels", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_end_point_server_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_end_point")),
        sa.UniqueConstraint("name", name=op.f("uq_end_point_name")),
    )
    op.create_table(
        "record",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=41), nullable=False),
        sa.Column("inputs", ATTRIBUTES, nullable=True),
        sa.Column("outputs", ATTRIBUTES, nullable=True),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_record_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record")),
    )
    op.create_index(op.f("ix_record_list_id_id"), "record", ["list_id", "id"], unique=False)
    op.create_table(
        "reschedule_rule",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ext_status", STATUS, nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("retry_after_s", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_reschedule_rule_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "idx", name=op.f("pk_reschedule_rule")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("attempted", sa.Integer(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_run_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
    )
    op.create_index(
        op.f("ix_run_campaign_id_ended_at"), "run", ["campaign_id", "ended_at"], unique=False
    )
    op.create_index(op.f("ix_run_ended_at"), "run", ["ended_at"], unique=False)
    op.create_table(
        "run_command",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=16), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("handled_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_run_command_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_command")),
    )
    op.create_index(
        op.f("ix_run_command_handled_at_id"), "run_command", ["handled_at", "id"], unique=False
    )
    op.create_table(
        "trunk",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("dial_string", sa.String(length=255), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("max_calls_per_period", sa.Integer(), nullable=False),
        sa.Column("period_ms", sa.Integer(), nullable=False),
        sa.Column("simulation", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_trunk_server_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunk")),
        sa.UniqueConstraint("name", name=op.f("uq_trunk_name")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("trunk_id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("retry_no", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=41), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_attempt_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["end_point.id"], name=op.f("fk_attempt_endpoint_id")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_attempt_list_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_attempt_record_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_attempt_run_id")),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_attempt_server_id")),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunk.id"], name=op.f("fk_attempt_trunk_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint(
            "run_id", "record_id", "attempt_no", name=op.f("uq_attempt_run_id_record_id_attempt_no")
        ),
    )
    op.create_table(
        "call_log",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("record_id", BIG, nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("server_id", sa.Integer(), nullable=False),
        sa.Column("trunk_id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("retry_no", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=41), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ext_status", STATUS, nullable=False),
        sa.Column("wait_pre_ms", sa.Integer(), nullable=False),
        sa.Column("wait_after_ms", sa.Integer(), nullable=False),
        sa.Column("talk_ms", sa.Integer(), nullable=False),
        sa.Column("next_retry_s", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=190), nullable=False),
        sa.Column("cause", sa.Integer(), nullable=False),
        sa.Column("tech_cause", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_call_log_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["end_point.id"], name=op.f("fk_call_log_endpoint_id")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_call_log_list_id")),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_call_log_record_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_call_log_run_id")),
        sa.ForeignKeyConstraint(["server_id"], ["server.id"], name=op.f("fk_call_log_server_id")),
        sa.ForeignKeyConstraint(["trunk_id"], ["trunk.id"], name=op.f("fk_call_log_trunk_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_log")),
        sa.UniqueConstraint(
            "run_id",
            "record_id",
            "attempt_no",
            name=op.f("uq_call_log_run_id_record_id_attempt_no"),
        ),
    )
    op.create_index(op.f("ix_call_log_run_id_id"), "call_log", ["run_id", "id"], unique=False)
    op.create_table(
        "campaign_end_point",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("end_point_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_end_point_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["end_point_id"], ["end_point.id"], name=op.f("fk_campaign_end_point_end_point_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "end_point_id", name=op.f("pk_campaign_end_point")),
    )
    op.create_table(
        "campaign_trunk",
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("trunk_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_trunk_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"], ["trunk.id"], name=op.f("fk_campaign_trunk_trunk_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "trunk_id", name=op.f("pk_campaign_trunk")),
    )
    op.create_table(
        "retry",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("record_id", BIG, autoincrement=False, nullable=False),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("retry_no", sa.Integer(), nullable=False),
        sa.Column("after_s", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name=op.f("fk_retry_record_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_retry_run_id")),
        sa.PrimaryKeyConstraint("run_id", "record_id", name=op.f("pk_retry")),
    )
    op.create_index(op.f("ix_retry_run_id_due_at"), "retry", ["run_id", "due_at"], unique=False)
    op.create_table(
        "run_list",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("idx", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("highwater", BIG, nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["call_list.id"], name=op.f("fk_run_list_list_id")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_list_run_id")),
        sa.PrimaryKeyConstraint("run_id", "idx", name=op.f("pk_run_list")),
    )

    op.bulk_insert(
        sa.table("site", sa.column("site_key", sa.String)), [{"site_key": secrets.token_hex(4)}]
    )
