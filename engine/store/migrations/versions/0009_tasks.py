"""Tasks with seats, rounds and what people may do with them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

# ruff: noqa: S608 - the names are constants of this file
revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TASKS = (
    ("revision", sa.Integer(), "1"),
    ("round", sa.Integer(), "1"),
    ("rule", sa.Text(), None),
    ("again_of", sa.String(100), None),
    ("urged_at", sa.BigInteger(), None),
    ("paused_at", sa.BigInteger(), None),
    ("warned", sa.Boolean(), sa.false()),
)
_ACTORS = (
    ("kind", sa.String(8), "decide"),
    ("round", sa.Integer(), "1"),
    ("on_behalf_of", sa.String(80), None),
    ("origin", sa.String(16), "assigned"),
    ("added_by", sa.String(80), None),
    ("unit", sa.Integer(), "0"),
    ("stage", sa.Integer(), "0"),
    ("weight", sa.Integer(), "1"),
    ("veto", sa.Boolean(), sa.false()),
    ("returns_to", sa.Integer(), "0"),
    ("reason", sa.String(40), None),
    ("closed_at", sa.BigInteger(), None),
    ("why", sa.Text(), None),
)


def upgrade() -> None:
    """Up. Seats of old tasks are numbered in the order of their users' ids, as `tasking.plain` does."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
        op.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    for name, kind, default in _TASKS:
        op.add_column("tasks", _column(name, kind, default))
    op.rename_table("task_actors", "task_actors_old")
    for name in ("ix_task_actors_user", "ix_task_actors_instance_id"):
        op.drop_index(name, table_name="task_actors_old")
    _drop_key("task_actors_old")
    op.create_table(
        "task_actors",
        sa.Column("task_id", sa.String(100), nullable=False),
        sa.Column("seat", sa.Integer(), autoincrement=False, nullable=False),
        *_shared(12),
        *(_column(*one) for one in _ACTORS),
        sa.PrimaryKeyConstraint("task_id", "seat", name="pk_task_actors"),
    )
    # By bytes, as Python sorts: a database's own order may be that of a language.
    by_bytes = 'user_id COLLATE "C"' if op.get_bind().dialect.name == "postgresql" else "user_id"
    op.execute(
        f"INSERT INTO task_actors (task_id, seat, {_NAMES}) SELECT task_id,"
        f" row_number() OVER (PARTITION BY task_id ORDER BY {by_bytes}), {_NAMES} FROM task_actors_old"
    )
    op.drop_table("task_actors_old")
    _indexes()
    op.create_table(
        "task_notes",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("task_id", sa.String(100), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("to", sa.String(80)),
        sa.Column("seat", sa.Integer(), server_default="0", nullable=False),
        sa.Column("details", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_task_notes"),
    )
    op.create_index("ix_task_notes_instance_id", "task_notes", ["instance_id"])
    op.create_index("ix_task_notes_task", "task_notes", ["task_id", "id"])


def downgrade() -> None:
    """Down. Of several seats of one person in a task the first stays."""
    op.drop_table("task_notes")
    op.rename_table("task_actors", "task_actors_new")
    for name in ("ix_task_actors_user", "ix_task_actors_instance_id"):
        op.drop_index(name, table_name="task_actors_new")
    _drop_key("task_actors_new")
    op.create_table(
        "task_actors",
        sa.Column("task_id", sa.String(100), nullable=False),
        *_shared(8),
        sa.PrimaryKeyConstraint("task_id", "user_id", name="pk_task_actors"),
    )
    op.execute(
        f"INSERT INTO task_actors (task_id, {_NAMES}) SELECT task_id, {_NAMES} FROM task_actors_new AS one"
        " WHERE status IN ('open', 'done', 'closed') AND kind = 'decide' AND seat = (SELECT min(seat) FROM task_actors_new AS"
        " other WHERE other.task_id = one.task_id AND other.user_id = one.user_id"
        " AND other.status IN ('open', 'done', 'closed') AND other.kind = 'decide')"
    )
    op.drop_table("task_actors_new")
    _indexes()
    for name, _, _ in reversed(_TASKS):
        op.drop_column("tasks", name)


_NAMES = "user_id, instance_id, status, decision, comment, form, created_at, decided_at"


def _shared(status: int) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("user_id", sa.String(80), nullable=False),
        sa.Column("instance_id", sa.String(80), nullable=False),
        sa.Column("status", sa.String(status), nullable=False),
        sa.Column("decision", sa.String(12)),
        sa.Column("comment", sa.Text()),
        sa.Column("form", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
    )


def _column(name: str, kind: Any, default: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, server_default=default, nullable=default is None)


def _drop_key(table: str) -> None:
    """On PostgreSQL a key keeps its name when its table gets another."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("pk_task_actors", table, type_="primary")


def _indexes() -> None:
    op.create_index("ix_task_actors_instance_id", "task_actors", ["instance_id"])
    op.create_index("ix_task_actors_user", "task_actors", ["user_id", "status", "task_id"])
