"""Messages, signals, locks and items of for-each."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Up."""
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("instance_id", sa.String(length=80), nullable=False),
        sa.Column("flow_key", sa.String(length=64), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("stays", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_index("ix_subscriptions_instance_id", "subscriptions", ["instance_id"])
    op.create_index(
        "ix_subscriptions_wanted", "subscriptions", ["kind", "name", "key", "created_at", "id"]
    )
    op.create_table(
        "message_starts",
        sa.Column("id", sa.String(length=140), nullable=False),
        sa.Column("flow_key", sa.String(length=64), nullable=False),
        sa.Column("node", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["flow_key"],
            ["flows.key"],
            name=op.f("fk_message_starts_flow_key_flows"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_starts")),
    )
    op.create_index("ix_message_starts_flow_key", "message_starts", ["flow_key"])
    op.create_index("ix_message_starts_name", "message_starts", ["name"])
    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("dedup", sa.String(length=300), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("receivers", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sender_id", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("dedup", name=op.f("uq_messages_dedup")),
    )
    buffered = sa.text("status = 'buffered'")
    op.create_index(
        "ix_messages_buffered",
        "messages",
        ["name", "key", "created_at"],
        sqlite_where=buffered,
        postgresql_where=buffered,
    )
    op.create_index("ix_messages_status_expires", "messages", ["status", "expires_at"])
    op.create_index("ix_messages_created", "messages", ["created_at", "id"])
    op.create_table(
        "locks",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("instance_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locks")),
    )
    op.create_index("ix_locks_instance_id", "locks", ["instance_id"])
    op.create_index("ix_locks_key_id", "locks", ["key", "id"])
    op.create_table(
        "items",
        sa.Column("instance_id", sa.String(length=80), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("input", sa.Text(), nullable=False),
        sa.Column("business_key", sa.String(length=200), nullable=True),
        sa.Column("dedup_key", sa.String(length=300), nullable=True),
        sa.Column("child_id", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("output", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "step", "number", name=op.f("pk_items")),
    )
    with op.batch_alter_table("timers") as timers:
        timers.alter_column(
            "name", existing_type=sa.String(length=24), type_=sa.String(length=80), nullable=False
        )
        timers.alter_column(
            "id", existing_type=sa.String(length=120), type_=sa.String(length=200), nullable=False
        )
        timers.add_column(sa.Column("held_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Down."""
    with op.batch_alter_table("timers") as timers:
        timers.drop_column("held_at")
        timers.alter_column(
            "id", existing_type=sa.String(length=200), type_=sa.String(length=120), nullable=False
        )
        timers.alter_column(
            "name", existing_type=sa.String(length=80), type_=sa.String(length=24), nullable=False
        )
    for table in ("items", "locks", "messages", "message_starts", "subscriptions"):
        op.drop_table(table)
