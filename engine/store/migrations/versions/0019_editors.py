"""Who has a drawing open."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.create_table(
        "editors",
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("client", sa.String(40), nullable=False),
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("doing", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flow_key"], ["flows.key"], name="fk_editors_flow_key_flows", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("flow_key", "client", name="pk_editors"),
    )
    op.create_index("ix_editors_seen_at", "editors", ["seen_at"])


def downgrade() -> None:
    """Down."""
    op.drop_table("editors")
