"""Templates that people bring, and what installing one has made."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.create_table(
        "bundles",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_bundles"),
    )
    op.create_table(
        "template_installs",
        sa.Column("template", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("made", sa.String(64), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("template", "kind", "key", name="pk_template_installs"),
    )
    op.create_index("ix_template_installs_made", "template_installs", ["kind", "made"])


def downgrade() -> None:
    """Down."""
    op.drop_table("template_installs")
    op.drop_table("bundles")
