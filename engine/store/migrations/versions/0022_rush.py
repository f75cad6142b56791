"""How fast orders come, and whether flows take the light path."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.create_table(
        "intake_arrivals",
        sa.Column("slot", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("slot", name="pk_intake_arrivals"),
    )
    op.create_table(
        "intake_rush",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("calm_at", sa.BigInteger(), nullable=True),
        sa.Column("peak", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_intake_rush"),
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("intake_rush")
    op.drop_table("intake_arrivals")
