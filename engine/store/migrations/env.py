"""Alembic's entry: runs inside the transaction that `migrate` has opened, never by itself."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from headrace.engine.store import tables


def _as_text(kind: str, value: Any, _: Any) -> str | Literal[False]:
    """Our own column types are written into migrations as what the database sees."""
    if kind == "type" and isinstance(value, tables.Json):
        return "sa.Text()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    render_item=_as_text,
    transactional_ddl=True,
    compare_type=True,
)
context.run_migrations()
