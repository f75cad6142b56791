"""People for tests of time limits: Dan does the work, Fay is his backup, Gus is above both, Hal above Gus; Eve starts things."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from headrace.engine.store import tables as t
from tests.fakes import NOON, House

DAN, FAY, GUS, HAL = "usr_dan", "usr_fay", "usr_gus", "usr_hal"
ABOVE = {DAN: GUS, FAY: GUS, GUS: HAL, HAL: None}
ROLE = "checker"


def hire(house: House, *, backup: bool = True, role: str = ROLE) -> House:
    """Let them come to work; `backup`: Fay is the role's backup."""

    def write(connection: sa.Connection) -> None:
        for person, superior in ABOVE.items():
            name = person.removeprefix("usr_")
            connection.execute(
                t.users.insert().values(
                    id=person, login=name, name=name.title(), email=f"{name}@example.com", password_hash="x", active=True,
                    created_at=NOON, supervisor_id=superior, language="en",
                )
            )  # fmt: skip
        connection.execute(t.roles.insert().values(key=role, title={"en": role}, system=False))
        join(connection, role, DAN, "primary")
        if backup:
            join(connection, role, FAY, "backup")

    house.write(write)
    house.workspace.forget_directory()
    return house


def join(connection: sa.Connection, role: str, user_id: str, kind: str) -> None:
    """One more member."""
    connection.execute(t.role_members.insert().values(role=role, user_id=user_id, kind=kind))


def leave(house: House, *people: str) -> None:
    """They are inactive from now on."""
    house.write(
        lambda connection: connection.execute(
            t.users.update().where(t.users.c.id.in_(people)).values(active=False)
        )
    )
    house.workspace.forget_directory()


def told(house: House, user_id: str, kinds: Collection[str] = ()) -> list[str]:
    """What this person was told in the app: the kinds, oldest first."""
    columns = t.notifications.c
    query = sa.select(columns.kind).where(columns.user_id == user_id).order_by(columns.id)
    return [row.kind for row in house.rows(query) if not kinds or row.kind in kinds]


def due(house: House) -> dict[str, int]:
    """Open timers: name → moment."""
    columns = t.timers.c
    rows = house.rows(sa.select(columns.name, columns.due_at).order_by(columns.due_at))
    return {row.name: row.due_at for row in rows}


def holders(house: House, task_id: str | None = None) -> list[str]:
    """Who is asked to decide now."""
    columns = t.task_actors.c
    query = sa.select(columns.user_id).where(columns.status == "open", columns.kind == "decide")
    if task_id:
        query = query.where(columns.task_id == task_id)
    return sorted(row.user_id for row in house.rows(query))


def role_of(key: str = ROLE) -> list[dict[str, Any]]:
    """The role as assignees."""
    return [{"kind": "role", "id": key}]
