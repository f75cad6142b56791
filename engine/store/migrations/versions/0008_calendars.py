"""Business calendars, and which timers and due times came from one."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WHERE = {
    "timers": "calendar IS NOT NULL",
    "tasks": "calendar IS NOT NULL AND status = 'open'",
}


def upgrade() -> None:
    """Up."""
    op.create_table(
        "calendars",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_calendars"),
    )
    op.create_table(
        "calendar_versions",
        sa.Column("calendar", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("source", sa.String(80)),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar"], ["calendars.key"], name="fk_calendar_versions_calendar_calendars"
        ),
        sa.PrimaryKeyConstraint("calendar", "version", name="pk_calendar_versions"),
    )
    for table, where in _WHERE.items():
        op.add_column(table, sa.Column("calendar", sa.String(64)))
        op.add_column(table, sa.Column("calendar_version", sa.Integer()))
        op.add_column(table, sa.Column("reckoning", sa.Text()))
        op.create_index(
            f"ix_{table}_calendar",
            table,
            ["calendar", "calendar_version"],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.add_column("flow_rules", sa.Column("calendar", sa.String(64)))


def downgrade() -> None:
    """Down."""
    op.drop_column("flow_rules", "calendar")
    for table in reversed(_WHERE):
        op.drop_index(f"ix_{table}_calendar", table_name=table)
        for name in ("reckoning", "calendar_version", "calendar"):
            op.drop_column(table, name)
    op.drop_table("calendar_versions")
    op.drop_table("calendars")
