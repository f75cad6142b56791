"""Limits of jobs: rates, concurrency keys, circuit breakers; the queue and the lane of a job."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

READY = "status = 'ready' AND parked = 0"
LEASED = "status IN ('leased', 'cancelled')"


def upgrade() -> None:
    """Up."""
    for column in (
        sa.Column("queue", sa.String(64), nullable=False, server_default="default"),
        sa.Column("connection", sa.String(64), nullable=False, server_default=""),
        sa.Column("lane", sa.String(200), nullable=False, server_default="default//"),
        sa.Column("limit_key", sa.String(200), nullable=False, server_default=""),
        sa.Column("limit_max", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("parked", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("first_at", sa.BigInteger()),
    ):
        op.add_column("jobs", column)
    op.drop_index("ix_jobs_ready", table_name="jobs")
    op.drop_index("ix_jobs_leased", table_name="jobs")
    _index("ix_jobs_ready", "jobs", ["available_at"], READY)
    _index("ix_jobs_leased", "jobs", ["lease_until", "connection"], LEASED)
    _index(
        "ix_jobs_limit_key",
        "jobs",
        ["parked", "limit_key", "available_at"],
        "status = 'ready' AND limit_key <> ''",
    )
    _index("ix_jobs_leased_key", "jobs", ["limit_key"], f"{LEASED} AND limit_key <> ''")
    _index("ix_outbox_channel", "outbox", ["channel", "available_at"], "status = 'queued'")
    op.create_table(
        "limits",
        sa.Column("connection", sa.String(64), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("connection", name="pk_limits"),
    )
    op.create_table(
        "buckets",
        sa.Column("connection", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("full_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "operation", name="pk_buckets"),
    )
    op.create_table(
        "breakers",
        sa.Column("connection", sa.String(64), nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("connector", sa.String(64), nullable=False),
        sa.Column("main", sa.Integer(), nullable=False),
        sa.Column("calm", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("forced", sa.String(8), nullable=False),
        sa.Column("window", sa.String(40), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("opens", sa.Integer(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("probe_job", sa.String(100)),
        sa.Column("probe_epoch", sa.Integer()),
        sa.Column("error", sa.Text(), nullable=False, server_default=""),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("connection", "host", name="pk_breakers"),
    )
    _index("ix_breakers_troubled", "breakers", ["connection"], "calm = 0")


def downgrade() -> None:
    """Down."""
    op.drop_index("ix_outbox_channel", table_name="outbox")
    for table in ("breakers", "buckets", "limits"):
        op.drop_table(table)
    for index in ("leased_key", "limit_key", "leased", "ready"):
        op.drop_index(f"ix_jobs_{index}", table_name="jobs")
    _index("ix_jobs_leased", "jobs", ["lease_until"], "status = 'leased'")
    _index("ix_jobs_ready", "jobs", ["available_at"], "status = 'ready'")
    for name in ("first_at", "parked", "limit_max", "limit_key", "lane", "connection", "queue"):
        op.drop_column("jobs", name)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
