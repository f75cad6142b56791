"""Messages about tasks → rows: in the app for everybody at once, and one row a person in the outbox, whose way is found when it
is sent (`work/routing.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.people.directory import Directory
from headrace.engine.people.telling import Message
from headrace.engine.people.wording import written
from headrace.engine.store import tables as t

PERSON = "person"
"""The channel of a message whose way is not found yet."""

SHOWN_MAX = 5
"""Rows of a task's data that a message repeats."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A message about a task, and what is known of the task without looking."""

    message: Message
    instance_id: str
    step: int
    task_id: str
    dedup: str
    about: Mapping[str, Any]
    """`flow`, `node` (texts), `business_key`."""


def write(
    connection: Connection,
    told: Iterable[Told],
    tasks: Iterable[Row],
    directory: Directory,
    now_ms: int,
    outside: Callable[[], bool],
) -> int:
    """Write what follows from `told`; answers how many went into the outbox. `tasks`: those made in this very transaction;
    `outside`: is there any connection a message could leave by?"""
    found = list(told)
    facts = {row["id"]: _facts(row) for row in tasks}
    if missing := {one.task_id for one in found} - facts.keys():
        facts |= _stored(connection, missing)
    notes: list[Row] = []
    sent: list[Row] = []
    leaves = outside()
    for one in found:
        message = one.message
        details = {**one.about, **facts.get(one.task_id, {}), **_named(message.details, directory)}
        for user in message.users:
            person = directory.people.get(user)
            if person is None or not person.active:
                continue
            title, text = written(message.kind, details, person.language)
            common = {
                "title": title, "text": text, "instance_id": one.instance_id, "created_at": now_ms, "user_id": user,
                "task_id": one.task_id, "kind": message.kind,
            }  # fmt: skip
            notes.append(common)
            if leaves:
                sent.extend(_out(one, common, details, now_ms))
    if notes:
        connection.execute(t.notifications.insert(), notes)
    if sent:
        connection.execute(t.outbox.insert(), sent)
    return len(sent)


def _out(one: Told, common: Row, details: Mapping[str, Any], now_ms: int) -> Iterable[Row]:
    """One message by the person's own order of channels; with `sms` one by text message and one by the rest."""
    ways: tuple[Mapping[str, Any], ...] = ({},)
    if one.message.sms:
        ways = ({"first": "sms", "without": ["mail"]}, {"first": "mail", "without": ["sms"]})
    for number, way in enumerate(ways):
        yield {
            **common, "channel": PERSON, "connection": None, "recipient": "", "step": one.step, "status": "queued",
            "receipts": [], "details": {**details, **({"way": way} if way else {})}, "available_at": now_ms,
            "dedup": f"{one.dedup}.{number}.{common['user_id']}",
        }  # fmt: skip


def _facts(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": row["title"],
        "show": list(row["show"] or ())[:SHOWN_MAX],
        "due_ms": row["due_at"],
    }


def _stored(connection: Connection, ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    columns = t.tasks.c
    query = sa.select(columns.id, columns.title, columns.show, columns.due_at)
    rows = connection.execute(query.where(columns.id.in_(sorted(ids))))
    return {row.id: _facts(row._asdict()) for row in rows}


_NAMES = {"by_id": "by", "for_id": "for", "holder_ids": "holders"}


def _named(details: Mapping[str, Any], directory: Directory) -> dict[str, Any]:
    """Ids of people become names."""
    found: dict[str, Any] = {}
    for name, value in details.items():
        if value is None or name not in _NAMES:
            if value:
                found[name] = value
            continue
        ids = value if isinstance(value, list) else [value]
        people = [directory.people[id_].name for id_ in ids if id_ in directory.people]
        found[_NAMES[name]] = people
    return found


def insert(connection: Connection, row: Mapping[str, Any]) -> int:
    """One message into the outbox; answers its number."""
    columns = t.outbox.c
    statement = t.outbox.insert().values(**row).returning(columns.id)
    made: int = connection.execute(statement).scalar_one()
    return made


READ_WITH_TASK = (
    t.notifications.update()
    .where(t.notifications.c.task_id == sa.bindparam("b_task"), t.notifications.c.read_at.is_(None))
    .where(
        t.notifications.c.kind.in_(
            ("task", "again", "warn", "due", "urge", "moved_to", "escalated_to")
        )
    )
    .values(read_at=sa.bindparam("b_at"))
)
"""What asked somebody to decide need not be read any more when it is decided."""
