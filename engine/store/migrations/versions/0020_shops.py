"""Refunds are polled beside orders, tokens are renewed before they end, incidents of a source are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUND = (
    ("refund_watermark_at", sa.BigInteger()),
    ("refund_next_at", sa.BigInteger()),
    ("refund_ok_at", sa.BigInteger()),
    ("refund_error_at", sa.BigInteger()),
    ("refund_class", sa.String(16)),
    ("refund_error", sa.Text()),
    ("refund_alerted_at", sa.BigInteger()),
)


def upgrade() -> None:
    """Up."""
    for name, kind in REFUND:
        op.add_column("source_states", sa.Column(name, kind, nullable=True))
    op.add_column(
        "source_states",
        sa.Column("refund_failures", sa.Integer(), nullable=False, server_default="0"),
    )
    # Sources that were there before have their refunds read from now on, as often as their orders.
    op.execute("UPDATE source_states SET refund_next_at = next_at")
    op.create_index("ix_source_states_refund", "source_states", ["refund_next_at"])
    op.add_column(
        "source_pulls", sa.Column("what", sa.String(12), nullable=False, server_default="order")
    )
    op.create_table(
        "connection_tokens",
        sa.Column("connection", sa.String(64), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("refresh_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("renewed_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("alerted_at", sa.BigInteger(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("lease_owner", sa.String(80), nullable=True),
        sa.PrimaryKeyConstraint("connection", name="pk_connection_tokens"),
    )
    op.create_index("ix_connection_tokens_next", "connection_tokens", ["next_at"])
    op.create_table(
        "source_incidents",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("over_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(80), nullable=True),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_source_incidents"),
    )
    op.create_index("ix_source_incidents_source", "source_incidents", ["source", "id"])
    op.create_index("ix_source_incidents_status", "source_incidents", ["status", "source"])
    op.create_table(
        "source_incident_steps",
        sa.Column("id", COUNTER, autoincrement=True, nullable=False),
        sa.Column("incident", COUNTER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_incident_steps"),
    )
    op.create_index(
        "ix_source_incident_steps_incident", "source_incident_steps", ["incident", "id"]
    )


def downgrade() -> None:
    """Down."""
    op.drop_table("source_incident_steps")
    op.drop_table("source_incidents")
    op.drop_table("connection_tokens")
    op.drop_index("ix_source_states_refund", "source_states")
    with op.batch_alter_table("source_pulls") as pulls:
        pulls.drop_column("what")
    with op.batch_alter_table("source_states") as states:
        states.drop_column("refund_failures")
        for name, _ in reversed(REFUND):
            states.drop_column(name)
