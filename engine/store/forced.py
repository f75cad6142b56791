"""Closing all that is open of an instance by its id alone."""

from __future__ import annotations

from sqlalchemy import Connection

from headrace.engine.store import tables as t


def close(connection: Connection, instance_id: str, rev: int, by: str, now_ms: int) -> None:
    """No job, timer, subscription, task, incident or wish of it is open any more.

    A job that a worker is at stays until the worker's word, as when its step is withdrawn: what it did is to be undone.
    """
    jobs = t.jobs.c
    of_it = jobs.instance_id == instance_id
    connection.execute(t.jobs.delete().where(of_it, jobs.status.not_in(("leased", "cancelled"))))
    connection.execute(
        t.jobs.update().where(of_it, jobs.status == "leased").values(status="cancelled")
    )
    for table in (t.timers, t.subscriptions, t.ready):
        connection.execute(table.delete().where(table.c.instance_id == instance_id))
    connection.execute(
        t.tasks.update()
        .where(t.tasks.c.instance_id == instance_id, t.tasks.c.status == "open")
        .values(status="cancelled", ended_at=now_ms)
    )
    actors = t.task_actors
    connection.execute(
        actors.update()
        .where(actors.c.instance_id == instance_id, actors.c.status == "open")
        .values(status="closed")
    )
    incidents = t.incidents
    connection.execute(
        incidents.update()
        .where(incidents.c.instance_id == instance_id, incidents.c.resolved_at.is_(None))
        .values(resolved_at=now_ms, resolution="cancelled", resolved_by=by)
    )
    connection.execute(
        t.inbox.update()
        .where(t.inbox.c.instance_id == instance_id, t.inbox.c.applied_rev.is_(None))
        .values(applied_rev=rev)
    )
