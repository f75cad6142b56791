"""Files handed in with forms: each content once by its hash, in parts; and who handed in what, with which form.

In the database, so that they are there on every machine, are copied and restored with it, and go with their instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert

PART_BYTES = 256 * 1024
"""Of one row: what the one writer writes between two others without being felt."""

WAITING_KEPT_MS = 24 * 3_600_000
"""How long a file waits to be handed in with a form: a form that was begun today is sent today."""

UNUSED_KEPT_MS = 3_600_000
"""A content without files stays for as long as an upload may take."""

SOME = 50
"""Contents looked at in one transaction of a purge; each can be many parts."""


# --- putting in ------------------------------------------------------------------------------------


def use(connection: Connection, sha256: str, now_ms: int) -> bool:
    """Is this content there, whole? Marks it as used now, so that no purge takes it away meanwhile."""
    columns = t.file_contents.c
    change = (
        t.file_contents.update()
        .where(columns.sha256 == sha256, columns.complete.is_(sa.true()))
        .values(used_at=now_ms)
    )
    return connection.execute(change).rowcount > 0


def begin(connection: Connection, sha256: str, size: int, now_ms: int) -> None:
    """A content whose parts will come."""
    row = {"sha256": sha256, "size": size, "complete": False, "used_at": now_ms}
    statement = upsert(connection, t.file_contents).values(row)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["sha256"], set_={"used_at": now_ms})
    )


def put(connection: Connection, sha256: str, number: int, data: bytes) -> None:
    """One part; the same one twice does no harm."""
    row = {"sha256": sha256, "number": number, "data": data}
    connection.execute(upsert(connection, t.file_parts).values(row).on_conflict_do_nothing())


def finish(connection: Connection, sha256: str) -> None:
    """All parts are there."""
    columns = t.file_contents.c
    connection.execute(
        t.file_contents.update().where(columns.sha256 == sha256).values(complete=True)
    )


def add(connection: Connection, **row: Any) -> None:
    """Somebody has handed in a content under a name."""
    connection.execute(t.files.insert().values(row))


def bind(connection: Connection, ids: Sequence[str], instance_id: str, field: str) -> None:
    """These files belong to an instance now, and live as long as it does."""
    change = t.files.update().where(t.files.c.id.in_(ids), t.files.c.instance_id.is_(None))
    connection.execute(change.values(instance_id=instance_id, field=field))


def unbind(connection: Connection, instance_id: str) -> None:
    """These files wait again."""
    change = t.files.update().where(t.files.c.instance_id == instance_id)
    connection.execute(change.values(instance_id=None, field=None))


# --- looking ---------------------------------------------------------------------------------------


def find(connection: Connection, id_: str) -> Any:
    """One file; None when there is none."""
    return connection.execute(sa.select(t.files).where(t.files.c.id == id_)).one_or_none()


def several(connection: Connection, ids: Iterable[str]) -> dict[str, Any]:
    """These files, by id, locked until the commit so that none is handed in twice."""
    query = sa.select(t.files).where(t.files.c.id.in_(list(ids))).with_for_update()
    return {row.id: row for row in connection.execute(query)}


def part(connection: Connection, sha256: str, number: int) -> bytes | None:
    """One part of a content; None behind the last."""
    columns = t.file_parts.c
    query = sa.select(columns.data).where(columns.sha256 == sha256, columns.number == number)
    data: bytes | None = connection.execute(query).scalar_one_or_none()
    return data


def waiting(connection: Connection, user_id: str) -> tuple[int, int]:
    """How many files of a person wait to be handed in, and their bytes."""
    columns = t.files.c
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(columns.size), 0)).where(
        columns.created_by == user_id, columns.instance_id.is_(None)
    )
    count, size = connection.execute(query).one()
    return int(count), int(size)


def of_instance(connection: Connection, instance_id: str) -> tuple[int, int]:
    """How many files an instance has, and their bytes."""
    columns = t.files.c
    query = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(columns.size), 0)).where(
        columns.instance_id == instance_id
    )
    count, size = connection.execute(query).one()
    return int(count), int(size)


def listed(connection: Connection, instance_id: str, limit: int) -> list[Any]:
    """The files of an instance, oldest first."""
    columns = t.files.c
    query = sa.select(t.files).where(columns.instance_id == instance_id)
    return list(connection.execute(query.order_by(columns.created_at, columns.id).limit(limit)))


def forms_seen(connection: Connection, instance_id: str, user_id: str) -> list[Any]:
    """The forms of the tasks of an instance that concern a person: with a part in them, or whose instance it began."""
    tasks, actors = t.tasks.c, t.task_actors.c
    # Whoever has handed a task on has nothing to do with it any more.
    takes_part = sa.exists().where(
        actors.task_id == tasks.id, actors.user_id == user_id, actors.status != "moved"
    )
    query = sa.select(tasks.form).where(
        tasks.instance_id == instance_id, (tasks.initiator == user_id) | takes_part
    )
    return list(connection.execute(query.distinct()).scalars())


# --- throwing away ---------------------------------------------------------------------------------


def delete_left(connection: Connection, before_ms: int) -> int:
    """Some files that nobody handed in with a form since."""
    columns = t.files.c
    some = sa.select(columns.id).where(
        columns.instance_id.is_(None), columns.created_at < before_ms
    )
    return connection.execute(t.files.delete().where(columns.id.in_(some.limit(1_000)))).rowcount


def delete_contents(connection: Connection, before_ms: int) -> int:
    """Some contents that no file is of any more, or whose parts never came all, with their parts."""
    columns = t.file_contents.c
    no_file = ~sa.exists().where(t.files.c.sha256 == columns.sha256)
    query = (
        sa.select(columns.sha256)
        .where(columns.used_at < before_ms, no_file)
        .order_by(columns.used_at)
        .limit(SOME)
        .with_for_update(skip_locked=True)
    )
    found = list(connection.execute(query).scalars())
    if not found:
        return 0
    gone = connection.execute(
        t.file_parts.delete().where(t.file_parts.c.sha256.in_(found))
    ).rowcount
    return (
        gone
        + connection.execute(t.file_contents.delete().where(columns.sha256.in_(found))).rowcount
    )
