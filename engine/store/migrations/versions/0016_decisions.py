"""Decision tables and their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.create_table(
        "decision_tables",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("published_revision", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_decision_tables"),
    )
    op.create_table(
        "decision_table_versions",
        sa.Column("table_key", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger()),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("published_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["table_key"],
            ["decision_tables.key"],
            name="fk_decision_table_versions_table_key_decision_tables",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("table_key", "version", name="pk_decision_table_versions"),
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("decision_table_versions")
    op.drop_table("decision_tables")
