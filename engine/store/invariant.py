"""The one invariant (engine.md 5.18): nothing hangs silently. As SQL, asserted after tests and printed by `headrace check`.

Every open instance has at least one thing that will move it: a ready row, a job, a timer, an open task, a live sub-flow or an
open incident. Every such row belongs to an open step of an open instance, and every open step has its row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from headrace.engine import jsontext
from headrace.engine.store import tables as t
from sqlalchemy import Connection

OPEN = ("running", "waiting", "incident")
PAGE = 500
"""Instances read at once."""


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must not be."""

    rule: str
    subject: str
    found: str


def violations(connection: Connection) -> list[Violation]:
    """Every violation; an empty list is the promise kept."""
    return [
        *_hanging(connection),
        *_orphans(connection),
        *_forgotten_wishes(connection),
        *_steps(connection),
    ]


def _hanging(connection: Connection) -> Iterator[Violation]:
    instance = t.instances
    child = t.instances.alias("child")

    def has(table: sa.Table, *conditions: Any) -> Any:
        return sa.exists().where(table.c.instance_id == instance.c.id, *conditions)

    moving = sa.or_(
        has(t.ready),
        has(t.jobs, t.jobs.c.status.in_(("ready", "leased"))),
        has(t.timers),
        has(t.tasks, t.tasks.c.status == "open"),
        has(t.incidents, t.incidents.c.resolved_at.is_(None)),
        sa.exists().where(child.c.parent_id == instance.c.id, child.c.status.in_(OPEN)),
    )
    query = sa.select(instance.c.id, instance.c.status).where(
        instance.c.status.in_(OPEN), sa.not_(moving)
    )
    for row in connection.execute(query):
        yield Violation(
            "an open instance has something that will move it",
            row.id,
            f"status {row.status}, nothing",
        )


def _orphans(connection: Connection) -> Iterator[Violation]:
    open_ids = sa.select(t.instances.c.id).where(t.instances.c.status.in_(OPEN))
    for table, condition in (
        (t.jobs, sa.true()),
        (t.timers, sa.true()),
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
        .where(t.inbox.c.applied_rev.is_(None), t.ready.c.instance_id.is_(None))
    )
    for row in connection.execute(query):
        yield Violation(
            "a wish in the inbox makes its instance ready",
            f"inbox {row.id} of {row.instance_id}",
            "not ready",
        )


def _steps(connection: Connection) -> Iterator[Violation]:
    """Every open step has the row that will end it."""
    after = ""
    while True:
        rows = connection.execute(
            sa.select(t.instances.c.id, t.instances.c.state)
            .where(t.instances.c.status.in_(OPEN), t.instances.c.id > after)
            .order_by(t.instances.c.id)
            .limit(PAGE)
        ).all()
        if not rows:
            return
        after = rows[-1].id
        ids = [row.id for row in rows]
        jobs = set(
            connection.execute(
                sa.select(t.jobs.c.id).where(t.jobs.c.instance_id.in_(ids))
            ).scalars()
        )
        tasks = set(
            connection.execute(
                sa.select(t.tasks.c.id).where(
                    t.tasks.c.instance_id.in_(ids), t.tasks.c.status == "open"
                )
            ).scalars()
        )
        timers = set(
            connection.execute(
                sa.select(t.timers.c.id).where(t.timers.c.instance_id.in_(ids))
            ).scalars()
        )
        incidents = set(
            connection.execute(
                sa.select(t.incidents.c.id).where(
                    t.incidents.c.instance_id.in_(ids), t.incidents.c.resolved_at.is_(None)
                )
            ).scalars()
        )
        for row in rows:
            for step in jsontext.loads(row.state).get("steps", ()):
                id_ = f"{row.id}.{step['id']}"
                kept = {
                    "job": id_ in jobs,
                    "task": id_ in tasks,
                    "timer": f"{id_}.due" in timers,
                    "children": True,
                    "": step.get("incident") in incidents,
                }[step.get("wait", "")]
                if not kept:
                    waits_for = step.get("wait") or "an incident"
                    yield Violation(
                        "an open step has the row that will end it",
                        id_,
                        f"waits for {waits_for}, which is missing",
                    )
