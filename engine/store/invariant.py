"""The one invariant (engine.md 5.18): nothing hangs silently. As SQL, asserted after tests and printed by `headrace check`.

Every open instance has at least one thing that will move it: a ready row, a job, a timer, an open task, a live sub-flow or an
open incident. Every such row belongs to an open step of an open instance, and every open step has its row. Whoever is asked by
an open task is somebody who is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.people.tasking import LIVE
from headrace.engine.store import tables as t

OPEN = ("running", "waiting", "suspended", "incident", "compensating")
PAGE = 500
"""Instances read at once."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be."""

    rule: str
    subject: str
    found: str


def violations(connection: Connection, ids: Sequence[str] | None = None) -> list[Violation]:
    """Every violation; an empty list is the promise kept. With `ids`, what these open instances and their steps lack."""
    if ids is not None:
        return [*_hanging(connection, ids), *_steps(connection, ids), *_seats(connection, ids)]
    return [
        *_hanging(connection),
        *_orphans(connection),
        *_forgotten_wishes(connection),
        *_steps(connection),
        *_seats(connection),
    ]


def _hanging(connection: Connection, ids: Sequence[str] | None = None) -> Iterator[Violation]:
    instance = t.instances
    child = t.instances.alias("child")

    def has(table: sa.Table, *conditions: Any) -> Any:
        return sa.exists().where(table.c.instance_id == instance.c.id, *conditions)

    moving = sa.or_(
        has(t.ready),
        instance.c.status == "suspended",
        has(t.jobs, t.jobs.c.status.in_(("ready", "leased"))),
        has(t.timers),
        has(t.subscriptions),
        has(t.locks),
        instance.c.state.like('%"more":true%'),  # a for-each that takes further items
        has(t.tasks, t.tasks.c.status == "open"),
        has(t.incidents, t.incidents.c.resolved_at.is_(None)),
        sa.exists().where(child.c.parent_id == instance.c.id, child.c.status.in_(OPEN)),
    )
    query = sa.select(instance.c.id, instance.c.status).where(
        instance.c.status.in_(OPEN), sa.not_(moving)
    )
    if ids is not None:
        query = query.where(instance.c.id.in_(ids))
    for row in connection.execute(query):
        yield Violation(
            "an open instance has something that will move it",
            row.id,
            f"status {row.status}, nothing",
        )


def _orphans(connection: Connection) -> Iterator[Violation]:
    open_ids = sa.select(t.instances.c.id).where(t.instances.c.status.in_(OPEN))
    for table, condition in (
        # A withdrawn job that a worker is still at: its word is wanted also after the end.
        (t.jobs, t.jobs.c.status != "cancelled"),
        (t.timers, sa.true()),
        (t.subscriptions, sa.true()),
        (t.locks, sa.true()),
        (t.tasks, t.tasks.c.status == "open"),
        (t.incidents, t.incidents.c.resolved_at.is_(None)),
    ):
        query = sa.select(table.c.id).where(condition, table.c.instance_id.not_in(open_ids))
        for row in connection.execute(query):
            yield Violation(
                f"{table.name} belong to open instances",
                row.id,
                "its instance has ended or is missing",
            )


def _forgotten_wishes(connection: Connection) -> Iterator[Violation]:
    query = (
        sa.select(t.inbox.c.id, t.inbox.c.instance_id)
        .outerjoin(t.ready, t.ready.c.instance_id == t.inbox.c.instance_id)
        .outerjoin(t.instances, t.instances.c.id == t.inbox.c.instance_id)
        .where(
            t.inbox.c.applied_rev.is_(None),
            t.ready.c.instance_id.is_(None),
            sa.func.coalesce(t.instances.c.status, "") != "suspended",
        )
    )
    for row in connection.execute(query):
        yield Violation(
            "a wish in the inbox makes its instance ready",
            f"inbox {row.id} of {row.instance_id}",
            "not ready",
        )


def _seats(connection: Connection, ids: Sequence[str] | None = None) -> Iterator[Violation]:
    """Somebody active is asked by every open task, and nobody who has left. What rests in an inbox may still change that."""
    task, seat, instance = t.tasks.c, t.task_actors.c, t.instances.c
    active = sa.exists().where(t.users.c.id == seat.user_id, t.users.c.active)
    asked = sa.exists().where(seat.task_id == task.id, seat.status == "open", active)
    wishes = sa.exists().where(
        t.inbox.c.instance_id == instance.id, t.inbox.c.applied_rev.is_(None)
    )
    moves = (instance.status.in_(OPEN), instance.status != "suspended", sa.not_(wishes))
    joined = t.tasks.join(t.instances, instance.id == task.instance_id)
    which = () if ids is None else (task.instance_id.in_(ids),)
    silent = (
        sa.select(task.id)
        .select_from(joined)
        .where(task.status == "open", sa.not_(asked), *moves, *which)
    )
    for row in connection.execute(silent):
        yield Violation("an open task asks somebody who is there", row.id, "nobody")
    left = (
        sa.select(task.id, seat.user_id)
        .select_from(joined.join(t.task_actors, seat.task_id == task.id))
        .where(
            task.status == "open",
            sa.or_(*(seat.status == s for s in LIVE)),
            sa.not_(active),
            *moves,
            *which,
        )
    )
    for row in connection.execute(left):
        yield Violation("nobody who has left has a seat", row.id, row.user_id)


def _steps(connection: Connection, ids: Sequence[str] | None = None) -> Iterator[Violation]:
    """Every open step has the row that will end it, and every such row has its open step."""
    after = ""
    while True:
        query = sa.select(t.instances.c.id, t.instances.c.state)
        query = query.where(t.instances.c.status.in_(OPEN), t.instances.c.id > after)
        if ids is not None:
            query = query.where(t.instances.c.id.in_(ids))
        rows = connection.execute(query.order_by(t.instances.c.id).limit(PAGE)).all()
        if not rows:
            return
        after = rows[-1].id
        around = _Around(connection, [row.id for row in rows])
        expected: set[str] = set()
        for row in rows:
            state = jsontext.loads(row.state)
            steps = [(f"{row.id}.{step['id']}", step) for step in state.get("steps", ())]
            expected.update(id_ for id_, _ in steps)
            expected.update(state.get("incidents", ()))
            for id_, step in steps:
                if not around.keeps(row.id, id_, step):
                    waits_for = step.get("wait") or "an incident"
                    yield Violation(
                        "an open step has the row that will end it",
                        id_,
                        f"waits for {waits_for}, which is missing",
                    )
        for kind, found in around.belong_to():
            if found not in expected:
                yield Violation(f"{kind} belong to open steps", found, "no such step is open")


class _Around:
    """The rows around a page of open instances."""

    def __init__(self, connection: Connection, ids: Sequence[str]) -> None:
        def found(column: Any, table: sa.Table, *conditions: Any) -> set[Any]:
            query = sa.select(column).where(table.c.instance_id.in_(ids), *conditions)
            return set(connection.execute(query).scalars())

        def pairs(table: sa.Table) -> set[str]:
            query = sa.select(table.c.instance_id, table.c.step).where(table.c.instance_id.in_(ids))
            return {f"{row.instance_id}.{row.step}" for row in connection.execute(query)}

        self._all_jobs = found(t.jobs.c.id, t.jobs, t.jobs.c.status != "cancelled")
        # `done`: its result rests in the inbox of an instance that cannot be advanced just now.
        self._jobs = found(
            t.jobs.c.id, t.jobs, t.jobs.c.status.in_(("ready", "leased", "held", "done"))
        )
        self._tasks = found(t.tasks.c.id, t.tasks, t.tasks.c.status == "open")
        self._timers = found(t.timers.c.id, t.timers)
        self._timed = pairs(t.timers)
        self._subscribed = pairs(t.subscriptions)
        self._locked = pairs(t.locks)
        self._incidents = found(t.incidents.c.id, t.incidents, t.incidents.c.resolved_at.is_(None))
        children = sa.select(t.instances.c.id).where(
            t.instances.c.parent_id.in_(ids), t.instances.c.status.in_(OPEN)
        )
        self._children = set(connection.execute(children).scalars())
        # Last: what ends meanwhile leaves its wish in the same commit, and each question sees what was committed before it.
        self._with_wishes = found(t.inbox.c.instance_id, t.inbox, t.inbox.c.applied_rev.is_(None))

    def keeps(self, instance_id: str, id_: str, step: Mapping[str, Any]) -> bool:
        """Is there what this step waits for?"""
        match step.get("wait", ""):
            case "job":
                return id_ in self._jobs
            case "task":
                return id_ in self._tasks
            case "timer":
                return f"{id_}.due" in self._timers or instance_id in self._with_wishes
            case "children":
                ended = step.get("outputs", {})
                return instance_id in self._with_wishes or all(
                    child in self._children for child in step["children"] if child not in ended
                )
            case "items":
                items = step["items"]
                return (
                    instance_id in self._with_wishes
                    or items.get("more", False)
                    or (
                        bool(items["running"])
                        and all(child in self._children for child in items["running"])
                    )
                )
            case "event":
                return (
                    instance_id in self._with_wishes
                    or id_ in self._timed
                    or id_ in self._subscribed
                )
            case "lock":
                return id_ in self._locked or step.get("incident") in self._incidents
            case "state" | "compensate":
                return True  # the rest of the instance moves them; `_hanging` says whether it can
            case _:
                return step.get("incident") in self._incidents

    def belong_to(self) -> Iterator[tuple[str, str]]:
        """(kind of row, the step or incident it must have)."""
        yield from (("jobs", id_) for id_ in self._all_jobs)
        yield from (("tasks", id_) for id_ in self._tasks)
        yield from (("timers", id_) for id_ in self._timed)
        yield from (("subscriptions", id_) for id_ in self._subscribed)
        yield from (("incidents", id_) for id_ in self._incidents)
