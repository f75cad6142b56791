"""Pages of records for customers."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Up."""
    op.create_table(
        "public_pages",
        sa.Column("no", COUNTER, autoincrement=True, nullable=False),
        sa.Column("id", sa.String(24), nullable=False),
        sa.Column("step_key", sa.String(200), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=True),
        sa.Column("node", sa.String(64), nullable=True),
        sa.Column("table_key", sa.String(64), nullable=False),
        sa.Column("record_key", sa.String(200), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("no", name="pk_public_pages"),
        sa.UniqueConstraint("id", name="uq_public_pages_id"),
        sa.UniqueConstraint("step_key", name="uq_public_pages_step_key"),
    )
    op.create_index("ix_public_pages_instance_id", "public_pages", ["instance_id", "no"])
    op.create_index("ix_public_pages_expires_at", "public_pages", ["expires_at"])


def downgrade() -> None:
    """Down."""
    op.drop_table("public_pages")
