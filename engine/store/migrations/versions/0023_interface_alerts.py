"""When people were told that an interface refuses us."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.add_column("interfaces", sa.Column("alerted_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Down."""
    op.drop_column("interfaces", "alerted_at")
