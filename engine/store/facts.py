"""What the workspace remembers about itself: one JSON value a name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t


def get(connection: Connection, name: str) -> Any:
    """The value, or None."""
    return connection.execute(
        sa.select(t.workspace_settings.c.value).where(t.workspace_settings.c.name == name)
    ).scalar_one_or_none()


def put(connection: Connection, name: str, value: Any) -> None:
    """Remember a value."""
    connection.execute(sa.delete(t.workspace_settings).where(t.workspace_settings.c.name == name))
    connection.execute(sa.insert(t.workspace_settings).values(name=name, value=value))
