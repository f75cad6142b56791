"""Deadlines of tasks, and the channels a person is reached by."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_UNREAD = "task_id IS NOT NULL AND read_at IS NULL"
_OUTBOX = {
    "kind": sa.String(24),
    "user_id": sa.String(80),
    "task_id": sa.String(100),
    "details": sa.Text(),
    "ways": sa.Text(),
}


def upgrade() -> None:
    """Up."""
    op.add_column("timers", sa.Column("paused_at", sa.BigInteger()))
    op.add_column("roles", sa.Column("calendar", sa.String(64)))
    for name, kind in _OUTBOX.items():
        op.add_column("outbox", sa.Column(name, kind))
    op.create_index(
        "ix_outbox_user",
        "outbox",
        ["user_id", "id"],
        sqlite_where=sa.text("user_id IS NOT NULL"),
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.add_column("notifications", sa.Column("task_id", sa.String(100)))
    op.add_column("notifications", sa.Column("kind", sa.String(24)))
    op.create_index(
        "ix_notifications_task",
        "notifications",
        ["task_id"],
        sqlite_where=sa.text(_UNREAD),
        postgresql_where=sa.text(_UNREAD),
    )
    op.create_table(
        "person_channels",
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name="fk_person_channels_user_id_users",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name="pk_person_channels"),
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("person_channels")
    op.drop_index("ix_notifications_task", table_name="notifications")
    op.drop_column("notifications", "kind")
    op.drop_column("notifications", "task_id")
    op.drop_index("ix_outbox_user", table_name="outbox")
    for name in reversed(_OUTBOX):
        op.drop_column("outbox", name)
    op.drop_column("roles", "calendar")
    op.drop_column("timers", "paused_at")
