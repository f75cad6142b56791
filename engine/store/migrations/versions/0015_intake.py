"""Sources of orders: what came in, how it was mapped, how polling stands, and which interfaces of platforms are in use."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_COUNTER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLES = (
    "sources",
    "source_states",
    "source_pulls",
    "source_wants",
    "source_counts",
    "order_numbers",
    "inflows",
    "order_exceptions",
    "interfaces",
    "interface_months",
)


def upgrade() -> None:
    """Up."""
    _intake()
    _own_connectors()


def downgrade() -> None:
    """Down."""
    op.drop_table("own_connector_versions")
    op.drop_table("own_connectors")
    for name in reversed(_TABLES):
        op.drop_table(name)


def _intake() -> None:
    op.create_table(
        "sources",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("connection", sa.String(64)),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("shop", sa.String(80), nullable=False),
        sa.Column("order_table", sa.String(64), nullable=False),
        sa.Column("refund_table", sa.String(64), nullable=False),
        sa.Column("prefix", sa.String(2), nullable=False),
        sa.Column("ways", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("statuses", sa.Text(), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("alerts", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_sources"),
    )
    op.create_table(
        "source_states",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("watermark_at", sa.BigInteger()),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("reconcile_at", sa.BigInteger(), nullable=False),
        sa.Column("lease_until", sa.BigInteger()),
        sa.Column("lease_owner", sa.String(80)),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("slow", sa.Float(), nullable=False, server_default="1"),
        sa.Column("last_pull_at", sa.BigInteger()),
        sa.Column("last_ok_at", sa.BigInteger()),
        sa.Column("last_error_at", sa.BigInteger()),
        sa.Column("last_class", sa.String(16)),
        sa.Column("last_error", sa.Text()),
        sa.Column("missing", sa.Text()),
        sa.Column("alerted_at", sa.BigInteger()),
        sa.Column("quiet_at", sa.BigInteger()),
        sa.Column("gone_at", sa.BigInteger()),
        sa.Column("last_order_at", sa.BigInteger()),
        sa.Column("push_ok_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("source", name="pk_source_states"),
    )
    op.create_index("ix_source_states_next", "source_states", ["next_at"])
    op.create_table(
        "source_pulls",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("done_to", sa.BigInteger()),
        sa.Column("pages", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("seen", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("created", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("changed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("exceptions", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error_class", sa.String(16)),
        sa.Column("error", sa.Text()),
        sa.Column("by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_pulls"),
    )
    op.create_index("ix_source_pulls_source", "source_pulls", ["source", "id"])
    op.create_index("ix_source_pulls_status", "source_pulls", ["status", "id"])
    op.create_table(
        "source_wants",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("number", sa.String(128), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_source_wants"),
    )
    op.create_index("ix_source_wants_next", "source_wants", ["next_at"])
    op.create_index(
        "ix_source_wants_number", "source_wants", ["source", "what", "number"], unique=True
    )
    op.create_table(
        "source_counts",
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("orders", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", "slot", name="pk_source_counts"),
    )
    op.create_table(
        "order_numbers",
        sa.Column("prefix", sa.String(2), nullable=False),
        sa.Column("day", sa.String(8), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", "day", name="pk_order_numbers"),
    )
    op.create_table(
        "inflows",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("lag_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_inflows"),
    )
    op.create_index("ix_inflows_created_at", "inflows", ["created_at"])
    op.create_index("ix_inflows_digest", "inflows", ["source", "digest"])
    op.create_index("ix_inflows_source", "inflows", ["source", "id"])
    op.create_table(
        "order_exceptions",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("what", sa.String(12), nullable=False),
        sa.Column("dedup", sa.String(64), nullable=False),
        sa.Column("record_key", sa.String(200), nullable=False),
        sa.Column("code", sa.String(200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("way", sa.String(8), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_by", sa.String(80)),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_order_exceptions"),
        sa.UniqueConstraint("dedup", name="uq_order_exceptions_dedup"),
    )
    op.create_index("ix_order_exceptions_source", "order_exceptions", ["source", "status", "id"])
    op.create_index("ix_order_exceptions_status", "order_exceptions", ["status", "id"])
    op.create_table(
        "interfaces",
        sa.Column("id", _COUNTER, autoincrement=True, nullable=False),
        sa.Column("connection", sa.String(64), nullable=False),
        sa.Column("connector", sa.String(64), nullable=False),
        sa.Column("operation", sa.String(64), nullable=False),
        sa.Column("api", sa.String(200), nullable=False),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("url", sa.String(300), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.String(80)),
        sa.Column("reminded_on", sa.String(10)),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("gone_at", sa.BigInteger()),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("last_ok_at", sa.BigInteger()),
        sa.Column("last_error_at", sa.BigInteger()),
        sa.Column("last_class", sa.String(16)),
        sa.Column("last_error", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("agreed_ms", sa.Integer()),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_interfaces"),
    )
    op.create_index("ix_interfaces_expires", "interfaces", ["expires_at"])
    op.create_index(
        "ix_interfaces_place", "interfaces", ["connection", "operation", "version"], unique=True
    )
    op.create_table(
        "interface_months",
        sa.Column("interface", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("times", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("interface", "month", name="pk_interface_months"),
    )


def _own_connectors() -> None:
    op.create_table(
        "own_connectors",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_own_connectors"),
    )
    op.create_table(
        "own_connector_versions",
        sa.Column("connector_key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False, server_default=""),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["connector_key"],
            ["own_connectors.key"],
            name="fk_own_connector_versions_connector_key_own_connectors",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("connector_key", "version", name="pk_own_connector_versions"),
    )
