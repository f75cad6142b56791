"""Retention, holds, batches, search by business fields, snapshots; what lists show of an instance in columns of its own."""

import json
from itertools import islice

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

WAITING_SHOWN_MAX = 20
HEAD_START_MS = 60_000


def upgrade() -> None:
    """Up. An index over ten million rows takes longer than a statement of the engine may."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
        op.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    op.add_column("instances", sa.Column("retain_until", sa.BigInteger()))
    op.add_column(
        "instances", sa.Column("hold", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column(
        "instances", sa.Column("incidents_open", sa.Integer(), server_default="0", nullable=False)
    )
    op.add_column(
        "instances", sa.Column("waiting_nodes", sa.Text(), server_default="[]", nullable=False)
    )
    _index("ix_instances_retain_until", "instances", ["retain_until"], "retain_until IS NOT NULL")
    _index("ix_instances_root_id", "instances", ["root_id", "id"], "parent_id IS NOT NULL")
    _index("ix_inbox_applied", "inbox", ["instance_id"], "applied_rev IS NOT NULL")
    _index(
        "ix_notifications_instance_id", "notifications", ["instance_id"], "instance_id IS NOT NULL"
    )
    op.drop_index("ix_ready_priority_ready_at", table_name="ready")
    _rank("ready", "ready_at")
    op.create_index("ix_ready_rank", "ready", ["rank"])
    op.add_column("jobs", sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    _rank("jobs", "available_at")
    _index("ix_jobs_rank", "jobs", ["rank"], "status = 'ready' AND parked = 0")
    _index("ix_jobs_lane", "jobs", ["lane", "rank"], "status = 'ready' AND parked = 0")
    op.create_table(
        "flow_rules",
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("retain_days", sa.Integer()),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("retag_after", sa.String(80)),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("flow_key", name="pk_flow_rules"),
        sa.ForeignKeyConstraint(
            ["flow_key"], ["flows.key"], name="fk_flow_rules_flow_key_flows", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "search_values",
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("field", sa.String(64), nullable=False),
        sa.Column("text", sa.String(200), nullable=False),
        sa.Column("number", sa.Double()),
        sa.PrimaryKeyConstraint("instance_id", "field", name="pk_search_values"),
    )
    op.create_index("ix_search_values_text", "search_values", ["field", "text", "instance_id"])
    _index(
        "ix_search_values_number",
        "search_values",
        ["field", "number", "instance_id"],
        "number IS NOT NULL",
    )
    op.create_table(
        "snapshots",
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("chunk", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "chunk", name="pk_snapshots"),
    )
    op.create_table(
        "batches",
        sa.Column("id", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("cursor", sa.String(200)),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.Column("per_second", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(80), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    _index("ix_batches_open", "batches", ["next_at"], "ended_at IS NULL")
    op.create_table(
        "batch_items",
        sa.Column("batch_id", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("status", sa.String(8), nullable=False),
        sa.Column("rev", sa.Integer()),
        sa.Column("code", sa.String(64)),
        sa.Column("message", sa.Text()),
        sa.Column("data", sa.Text()),
        sa.Column("began_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("batch_id", "number", name="pk_batch_items"),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
            name="fk_batch_items_batch_id_batches",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint("batch_id", "subject", name="uq_batch_items_batch_id_subject"),
    )
    op.create_index("ix_batch_items_instance_id", "batch_items", ["instance_id"])
    op.create_index("ix_batch_items_status", "batch_items", ["batch_id", "status", "number"])
    op.create_index("ix_migration_items_instance_id", "migration_items", ["instance_id"])
    _fill_columns()


def downgrade() -> None:
    """Down."""
    op.drop_index("ix_migration_items_instance_id", table_name="migration_items")
    op.drop_table("batch_items")
    op.drop_table("batches")
    op.drop_table("snapshots")
    op.drop_table("search_values")
    op.drop_table("flow_rules")
    op.drop_index("ix_jobs_lane", table_name="jobs")
    op.drop_index("ix_jobs_rank", table_name="jobs")
    op.drop_column("jobs", "rank")
    op.drop_column("jobs", "priority")
    op.drop_index("ix_ready_rank", table_name="ready")
    op.drop_column("ready", "rank")
    op.create_index("ix_ready_priority_ready_at", "ready", ["priority", "ready_at"])
    op.drop_index("ix_notifications_instance_id", table_name="notifications")
    op.drop_index("ix_inbox_applied", table_name="inbox")
    op.drop_index("ix_instances_root_id", table_name="instances")
    op.drop_index("ix_instances_retain_until", table_name="instances")
    for name in ("waiting_nodes", "incidents_open", "hold", "retain_until"):
        op.drop_column("instances", name)


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def _rank(table: str, since: str) -> None:
    """Where a row stands in its queue: worked out by the database, so that nobody can forget to."""
    stored = " STORED" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN rank BIGINT"
        f" GENERATED ALWAYS AS ({since} - priority * {HEAD_START_MS}){stored}"
    )


def _fill_columns() -> None:
    """What lists show of open instances, out of their state: in slices, because there may be a million."""
    connection = op.get_bind()
    table = sa.table(
        "instances",
        *(
            sa.column(name)
            for name in ("id", "status", "state", "ended_at", "incidents_open", "waiting_nodes")
        ),
    )
    columns = table.c
    change = (
        table.update()
        .where(columns.id == sa.bindparam("b_id"))
        .values(incidents_open=sa.bindparam("b_incidents"), waiting_nodes=sa.bindparam("b_nodes"))
    )
    after = ""
    while True:
        rows = connection.execute(
            sa.select(columns.id, columns.state)
            .where(columns.ended_at.is_(None), columns.id > after)
            .order_by(columns.id)
            .limit(1_000)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        values = []
        for row in rows:
            state = json.loads(row.state)
            nodes = [step["node"] for step in islice(state.get("steps", ()), WAITING_SHOWN_MAX)]
            values.append(
                {
                    "b_id": row.id,
                    "b_incidents": len(state.get("incidents", ())),
                    "b_nodes": json.dumps(nodes, ensure_ascii=False, separators=(",", ":")),
                }
            )
        connection.execute(change, values)
