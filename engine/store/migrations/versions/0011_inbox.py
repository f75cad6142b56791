"""The chain of decisions, nonces, exemptions and links that decide by mail.

Who alters `decisions` in batch mode (SQLite makes the table anew) makes its triggers again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXED = (
    "actor",
    "on_behalf_of",
    "action",
    "flow_key",
    "task_id",
    "instance_id",
    "batch_id",
    "business_key",
)
_CONTENT = (
    *("actor", "on_behalf_of", "action", "comment", "before", "after", "via", "ip", "client"),
    *("batch_id", "task_id", "seat", "round", "title", "instance_id", "flow_key", "version"),
    *("node", "business_key", "salt"),
)
_KEPT = ("seq", "at", "digest", "hash")
_REDACTION = " AND ".join(
    (
        "OLD.redacted_at IS NULL AND NEW.redacted_at IS NOT NULL",
        *(f'NEW."{name}" = OLD."{name}"' for name in _KEPT),
        *(f'NEW."{name}" IS NULL' for name in _CONTENT),
    )
)
_UNSEEN = "status = 'copy' AND seen_at IS NULL"
_OPEN = "status = 'open'"
_REFUSAL = "decisions are only added, never changed or taken away"


def upgrade() -> None:
    """Up."""
    op.create_table(
        "decisions",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(80)),
        sa.Column("on_behalf_of", sa.String(80)),
        sa.Column("action", sa.String(24)),
        sa.Column("comment", sa.Text()),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.Column("via", sa.String(12)),
        sa.Column("ip", sa.String(64)),
        sa.Column("client", sa.String(300)),
        sa.Column("batch_id", sa.String(80)),
        sa.Column("task_id", sa.String(100)),
        sa.Column("seat", sa.Integer()),
        sa.Column("round", sa.Integer()),
        sa.Column("title", sa.Text()),
        sa.Column("instance_id", sa.String(80)),
        sa.Column("flow_key", sa.String(64)),
        sa.Column("version", sa.Integer()),
        sa.Column("node", sa.String(64)),
        sa.Column("business_key", sa.String(200)),
        sa.Column("salt", sa.String(32)),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("redacted_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("seq", name="pk_decisions"),
    )
    op.create_index("ix_decisions_at", "decisions", ["at", "seq"])
    for name in _INDEXED:
        op.create_index(f"ix_decisions_{name}", "decisions", [name, "seq"])
    op.create_table(
        "decision_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("signature", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decision_head"),
    )
    op.create_table(
        "task_nonces",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("task_id", sa.String(100), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("request", sa.String(64), nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_task_nonces"),
    )
    op.create_index("ix_task_nonces_instance_id", "task_nonces", ["instance_id"])
    op.create_table(
        "exemptions",
        sa.Column("flow_key", sa.String(64), nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("period", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.String(100), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "flow_key", "node", "user_id", "period", "number", name="pk_exemptions"
        ),
    )
    op.create_index("ix_exemptions_instance_id", "exemptions", ["instance_id"])
    op.create_index(
        "ix_tasks_stage",
        "tasks",
        ["flow_key", "version", "node", "created_at"],
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )
    op.create_index("ix_tasks_flow_ended", "tasks", ["flow_key", "ended_at"])
    op.add_column("task_actors", sa.Column("seen_at", sa.BigInteger()))
    op.create_index(
        "ix_task_actors_unseen",
        "task_actors",
        ["user_id"],
        sqlite_where=sa.text(_UNSEEN),
        postgresql_where=sa.text(_UNSEEN),
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def _guard_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
    op.execute(
        "CREATE TRIGGER decisions_unchanged BEFORE UPDATE ON decisions"
        f" WHEN ({_REDACTION}) IS NOT TRUE {refuse}"
    )
    op.execute(f"CREATE TRIGGER decisions_undeleted BEFORE DELETE ON decisions {refuse}")


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION headrace_keep_decisions() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'UPDATE' THEN IF ({_REDACTION}) IS TRUE THEN RETURN NEW; END IF; END IF;"
        f" RAISE EXCEPTION '{_REFUSAL}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER decisions_unchanged BEFORE UPDATE OR DELETE ON decisions"
        " FOR EACH ROW EXECUTE FUNCTION headrace_keep_decisions()"
    )
    op.execute(
        "CREATE TRIGGER decisions_untruncated BEFORE TRUNCATE ON decisions"
        " FOR EACH STATEMENT EXECUTE FUNCTION headrace_keep_decisions()"
    )


def downgrade() -> None:
    """Down."""
    op.drop_index("ix_task_actors_unseen", table_name="task_actors")
    for name in ("ix_tasks_flow_ended", "ix_tasks_stage"):
        op.drop_index(name, table_name="tasks")
    op.drop_column("task_actors", "seen_at")
    for table in ("exemptions", "task_nonces", "decision_head", "decisions"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION headrace_keep_decisions()")
