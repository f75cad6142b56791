"""Tasks, votes and in-app messages, for screens; advances write them through `project_tasks.py`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t

BOX_STATUS = {"todo": "open", "done": "done", "cc": "copy"}
"""Box → status of a person's seats in it; what somebody started is found by who started it."""

NO_DUE = 1 << 62
"""Sorts tasks without a due time behind all others."""


@dataclass(frozen=True, slots=True)
class Box:
    """Which tasks of one person; what is empty does not matter."""

    user_id: str
    name: Literal["todo", "done", "started", "cc"] = "todo"
    search: str = ""
    flow: str = ""
    late_ms: int | None = None
    """Only those that were due before."""
    sort: Literal["new", "due"] = "new"


def page(connection: Connection, box: Box, *, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Tasks with the person's own seat (columns `my_…`), newest first or by due time; `after`: a row's `cursor`.

    Read along the index on (user, status, task); by due time what one person has open is sorted, which is never much.
    """
    return connection.execute(box_query(box, after=after).limit(limit)).all()


def box_query(box: Box, *, after: str | None = None) -> sa.Select[Any]:
    """The query of a box."""
    tasks, mine = t.tasks.c, t.task_actors.c
    id_: Any = tasks.id
    if box.name == "started":
        query = sa.select(t.tasks).where(tasks.initiator == box.user_id)
    else:
        id_ = mine.task_id
        query = sa.select(t.tasks, *(mine[name].label(f"my_{name}") for name in _MINE))
        query = query.join(t.task_actors, mine.task_id == tasks.id)
        query = query.where(mine.user_id == box.user_id, mine.status == BOX_STATUS[box.name])
    if box.search:
        wanted = f"%{_escaped(box.search)}%"
        query = query.where(
            sa.or_(
                tasks.title.like(wanted, escape="\\"), tasks.business_key.like(wanted, escape="\\")
            )
        )
    if box.flow:
        query = query.where(tasks.flow_key == box.flow)
    if box.late_ms is not None:
        query = query.where(tasks.status == "open", tasks.due_at < box.late_ms)
    if box.sort == "due":
        due = sa.func.coalesce(tasks.due_at, NO_DUE)
        query = query.add_columns((sa.cast(due, sa.String) + "_" + id_).label("cursor"))
        if after:
            at, _, last = after.partition("_")
            seen = sa.tuple_(sa.literal(int(at), sa.BigInteger), sa.literal(last))
            query = query.where(sa.tuple_(due, id_) > seen)
        return query.order_by(due, id_)
    query = query.add_columns(id_.label("cursor"))
    return (query.where(id_ < after) if after else query).order_by(id_.desc())


_MINE = (
    *("seat", "kind", "status", "origin", "on_behalf_of", "decision", "decided_at", "comment"),
    *("seen_at", "created_at"),
)


def _escaped(text: str) -> str:
    """`%` and `_` mean themselves to a person."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def counts(connection: Connection, user_id: str, now_ms: int) -> dict[str, int]:
    """How many tasks wait for this person, how many of them are late, and copies not looked at yet."""
    mine, tasks = t.task_actors.c, t.tasks.c
    open_ = sa.select(sa.func.count(mine.task_id.distinct())).where(
        mine.user_id == user_id, mine.status == "open"
    )
    late = open_.join(t.tasks, tasks.id == mine.task_id).where(tasks.due_at < now_ms)
    copies = sa.select(sa.func.count()).where(
        mine.user_id == user_id, mine.status == "copy", mine.seen_at.is_(None)
    )
    query = sa.select(open_.scalar_subquery(), late.scalar_subquery(), copies.scalar_subquery())
    found = connection.execute(query).one()
    return {"todo": found[0], "late": found[1], "cc": found[2]}


def flows_of(connection: Connection, box: Box) -> Sequence[Row[Any]]:
    """(flow_key, version, number) of the tasks in a box, the most frequent first."""
    inner = box_query(box).order_by(None).subquery()
    number = sa.func.count()
    query = sa.select(
        inner.c.flow_key, sa.func.max(inner.c.version).label("version"), number.label("number")
    )
    return connection.execute(
        query.group_by(inner.c.flow_key).order_by(number.desc(), inner.c.flow_key).limit(100)
    ).all()


def mark_seen(connection: Connection, task_id: str, user_id: str, at_ms: int) -> None:
    """This person has looked at the copy."""
    mine = t.task_actors.c
    connection.execute(
        t.task_actors.update()
        .where(mine.task_id == task_id, mine.user_id == user_id, mine.seen_at.is_(None))
        .values(seen_at=at_ms)
    )


def stands_at(connection: Connection, instance_ids: Sequence[str]) -> dict[str, tuple[str, Any]]:
    """Instance → its status, and the first of the nodes it waits at (JSON)."""
    columns = t.instances.c
    query = sa.select(columns.id, columns.status, columns.waiting_nodes)
    query = query.where(columns.id.in_(instance_ids))
    return {row.id: (row.status, row.waiting_nodes) for row in connection.execute(query)}


def find(connection: Connection, id_: str) -> Row[Any] | None:
    """One task."""
    return connection.execute(sa.select(t.tasks).where(t.tasks.c.id == id_)).one_or_none()


def titles(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Task → title and node, of those that exist."""
    columns = t.tasks.c
    query = sa.select(columns.id, columns.title, columns.node).where(columns.id.in_(ids))
    return {row.id: (row.title, row.node) for row in connection.execute(query)}


def seats(connection: Connection, id_: str) -> Sequence[Row[Any]]:
    """Everybody asked, with what they said, in the order in which they were asked."""
    columns = t.task_actors.c
    query = sa.select(t.task_actors).where(columns.task_id == id_)
    return connection.execute(query.order_by(columns.seat)).all()


def seats_of_instance(connection: Connection, instance_id: str) -> Sequence[Row[Any]]:
    """The seats of all tasks of an instance."""
    columns = t.task_actors.c
    query = sa.select(t.task_actors).where(columns.instance_id == instance_id)
    return connection.execute(query.order_by(columns.task_id, columns.seat)).all()


def notes_of_instance(connection: Connection, instance_id: str, limit: int) -> Sequence[Row[Any]]:
    """The newest notes of all tasks of an instance."""
    columns = t.task_notes.c
    query = sa.select(t.task_notes).where(columns.instance_id == instance_id)
    return connection.execute(query.order_by(columns.id.desc()).limit(limit)).all()


def notes(
    connection: Connection, ids: Sequence[str], *, after: int, limit: int
) -> Sequence[Row[Any]]:
    """What people said and did with these tasks, oldest first."""
    columns = t.task_notes.c
    query = sa.select(t.task_notes).where(columns.task_id.in_(ids), columns.id > after)
    return connection.execute(query.order_by(columns.id).limit(limit)).all()


def decided_before(
    connection: Connection, instance_id: str, node: str, task_id: str
) -> Row[Any] | None:
    """The last task that was approved at this node of this instance, before the given one."""
    columns = t.tasks.c
    query = sa.select(t.tasks).where(
        columns.instance_id == instance_id,
        columns.node == node,
        columns.id != task_id,
        columns.ended_at.is_not(None),
    )
    return connection.execute(query.order_by(columns.ended_at.desc()).limit(1)).first()


def of_instance(connection: Connection, instance_id: str) -> Sequence[Row[Any]]:
    """The tasks of an instance, oldest first."""
    columns = t.tasks.c
    query = sa.select(t.tasks).where(columns.instance_id == instance_id)
    return connection.execute(query.order_by(columns.created_at, columns.step)).all()


# --- nonces ----------------------------------------------------------------------------------------


def used_nonce(connection: Connection, id_: str) -> Row[Any] | None:
    """What was answered to a nonce."""
    return connection.execute(
        sa.select(t.task_nonces).where(t.task_nonces.c.id == id_)
    ).one_or_none()


def use_nonce(connection: Connection, values: Mapping[str, Any]) -> None:
    """Keep what is answered to a nonce. Of two at the same moment the second tries again, and finds the first's answer."""
    connection.execute(t.task_nonces.insert().values(**values))


# --- messages --------------------------------------------------------------------------------------


def notifications(
    connection: Connection, user_id: str, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """In-app messages of one person, newest first."""
    columns = t.notifications.c
    query = sa.select(t.notifications).where(columns.user_id == user_id).order_by(columns.id.desc())
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query.limit(limit)).all()


def insert_notification(connection: Connection, values: Mapping[str, Any]) -> None:
    """One in-app message from the engine itself; those of flows come with their advance."""
    connection.execute(t.notifications.insert().values(**values))


def unread_count(connection: Connection, user_id: str) -> int:
    """How many of them are not read."""
    columns = t.notifications.c
    query = sa.select(sa.func.count()).where(columns.user_id == user_id, columns.read_at.is_(None))
    return connection.execute(query).scalar_one()


def mark_read(connection: Connection, user_id: str, id_: int, at_ms: int) -> bool:
    """Mark one as read; False when this person has no such message."""
    columns = t.notifications.c
    result = connection.execute(
        t.notifications.update()
        .where(columns.id == id_, columns.user_id == user_id)
        .values(read_at=sa.func.coalesce(columns.read_at, at_ms))
    )
    return bool(result.rowcount)
