"""Test cases of flows, heat maps, and who is in a drawing."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    _cases_up()


def downgrade() -> None:
    """Down."""
    _cases_down()


def _cases_up() -> None:
    op.create_table(
        "test_cases",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["flow_key"], ["flows.key"], name="fk_test_cases_flow_key_flows", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_test_cases"),
    )
    op.create_index("ix_test_cases_flow_key_id", "test_cases", ["flow_key", "id"])
    op.create_table(
        "heat_marks",
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("counted_to", sa.String(80), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("flow_key", name="pk_heat_marks"),
    )
    op.create_table(
        "heat_later",
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("flow_key", "instance_id", name="pk_heat_later"),
    )
    op.create_index("ix_heat_later_instance_id", "heat_later", ["instance_id"])
    op.create_table(
        "heat",
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(1), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("total_ms", sa.BigInteger(), nullable=False),
        sa.Column("max_ms", sa.BigInteger(), nullable=False),
        sa.Column("buckets", sa.Text(), nullable=False),
        sa.Column("slowest", sa.Text(), nullable=False),
        sa.Column("failures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("flow_key", "day", "version", "kind", "name", name="pk_heat"),
    )


def _cases_down() -> None:
    for table in ("heat", "heat_later", "heat_marks", "test_cases"):
        op.drop_table(table)
