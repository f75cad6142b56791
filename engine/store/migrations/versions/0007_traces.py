"""The trace of an instance, what became of a schedule's last slot, and indexes that let figures be read quickly."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SCHEDULES: dict[str, sa.types.TypeEngine[Any]] = {
    "paused_at": sa.BigInteger(),
    "paused_by": sa.String(80),
    "last_slot_at": sa.BigInteger(),
    "last_result": sa.String(8),
    "last_instance": sa.String(80),
    "last_error": sa.Text(),
    "last_error_at": sa.BigInteger(),
}


def upgrade() -> None:
    """Up."""
    op.add_column("instances", sa.Column("trace", sa.String(55)))
    op.add_column(
        "schedules", sa.Column("catch_up_max", sa.Integer(), nullable=False, server_default="10")
    )
    for name, kind in _SCHEDULES.items():
        op.add_column("schedules", sa.Column(name, kind))
    op.create_index(
        "ix_tasks_open",
        "tasks",
        ["created_at"],
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["created_at"],
        sqlite_where=sa.text("status = 'failed'"),
        postgresql_where=sa.text("status = 'failed'"),
    )


def downgrade() -> None:
    """Down."""
    op.drop_index("ix_outbox_failed", table_name="outbox")
    op.drop_index("ix_tasks_open", table_name="tasks")
    for name in reversed(_SCHEDULES):
        op.drop_column("schedules", name)
    op.drop_column("schedules", "catch_up_max")
    op.drop_column("instances", "trace")
