"""Jobs: claimed with a lease and a fencing epoch; a result counts only while its epoch is the newest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from headrace.engine.store import tables as t
from headrace.engine.store.claims import LEASE_MS, Claim, Share, claim, next_due_at, wake, wake_idle
from headrace.engine.store.many import write

__all__ = [
    "HEARTBEAT_MS",
    "LEASE_MS",
    "Claim",
    "Share",
    "claim",
    "delete",
    "expired",
    "give_back",
    "hold_suspended",
    "holds",
    "next_available_at",
    "next_due_at",
    "not_counted",
    "release",
    "renew",
    "wake",
    "wake_idle",
]

HEARTBEAT_MS = 5_000
"""How often a busy worker renews its leases: two beats may be lost."""


def renew(connection: Connection, held: Collection[tuple[str, int]], now_ms: int) -> None:
    """Still working on these (job, epoch)."""
    rows = [{"b_id": id_, "b_epoch": epoch, "b_until": now_ms + LEASE_MS} for id_, epoch in held]
    if rows:
        connection.execute(
            t.jobs.update()
            .where(
                t.jobs.c.id == bindparam("b_id"),
                t.jobs.c.lease_epoch == bindparam("b_epoch"),
                sa.text(t.LEASED_JOB),
            )
            .values(lease_until=bindparam("b_until")),
            rows,
        )


_LEASES = (
    sa.select(t.jobs.c.id, t.jobs.c.lease_epoch, t.jobs.c.status)
    .where(t.jobs.c.id.in_(bindparam("b_ids", expanding=True)), sa.text(t.LEASED_JOB))
    .with_for_update()
)


def holds(connection: Connection, claims: Sequence[Claim]) -> dict[str, str]:
    """Which of these leases are still ours (job not gone, not handed to another): job → `leased`, or `cancelled` when nobody
    waits for it any more."""
    rows = connection.execute(_LEASES, {"b_ids": [claim_.id for claim_ in claims]})
    found = {row.id: row for row in rows}
    return {
        claim_.id: found[claim_.id].status
        for claim_ in claims
        if claim_.id in found and found[claim_.id].lease_epoch == claim_.epoch
    }


def nodes_of(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Job → its node as it is called now: a migration may have renamed it since it was claimed."""
    if not ids:
        return {}
    query = sa.select(t.jobs.c.id, t.jobs.c.node).where(t.jobs.c.id.in_(ids))
    return {row.id: row.node for row in connection.execute(query)}


_RELEASE = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(
        status=bindparam("b_status"),
        available_at=bindparam("b_at"),
        unknown=bindparam("b_unknown"),
        lease_until=None,
    )
)


def release(connection: Connection, rows: Sequence[tuple[str, str, int, bool]]) -> None:
    """(job, `ready` or `incident`, available from, is an attempt's outcome unknown?)."""
    if rows:
        write(
            connection,
            _RELEASE,
            [
                {"b_id": id_, "b_status": status, "b_at": at, "b_unknown": unknown}
                for id_, status, at, unknown in rows
            ],
        )


_GIVE_BACK = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"), t.jobs.c.lease_epoch == bindparam("b_epoch"))
    .where(t.jobs.c.status == "leased")
    .values(status="ready", attempt=t.jobs.c.attempt - 1, lease_until=None)
)


def give_back(connection: Connection, claims: Sequence[Claim]) -> None:
    """These were claimed and never begun: as if they had not been."""
    if claims:
        rows = [{"b_id": claim_.id, "b_epoch": claim_.epoch} for claim_ in claims]
        connection.execute(_GIVE_BACK, rows)


_HOLD = (
    t.jobs.update()
    .where(
        t.jobs.c.id.in_(bindparam("b_ids", expanding=True)),
        t.jobs.c.status == "ready",
        t.jobs.c.instance_id.in_(
            sa.select(t.instances.c.id).where(t.instances.c.status == "suspended")
        ),
    )
    .values(status="held")
)


def hold_suspended(connection: Connection, ids: Sequence[str]) -> None:
    """Of these jobs, given back to be tried again, those whose instance was suspended meanwhile wait for it."""
    if ids:
        connection.execute(_HOLD, {"b_ids": list(ids)})


def expired(connection: Connection, limit: int, now_ms: int) -> list[sa.Row[Any]]:
    """Leases whose worker has been silent too long, also of jobs that were cancelled meanwhile."""
    return list(
        connection.execute(
            sa.select(t.jobs)
            .where(sa.text(t.LEASED_JOB), t.jobs.c.lease_until < now_ms)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def delete(connection: Connection, ids: Sequence[str]) -> None:
    """These jobs are over, and nobody waits for them."""
    if ids:
        connection.execute(t.jobs.delete().where(t.jobs.c.id.in_(ids)))


def next_available_at(connection: Connection) -> int | None:
    """When the next job is due, whatever may hold it back then; None when there is none."""
    due_at: int | None = connection.execute(
        sa.select(sa.func.min(t.jobs.c.available_at)).where(sa.text(t.READY_JOB))
    ).scalar_one()
    return due_at


def not_counted(connection: Connection, ids: Sequence[str]) -> None:
    """A crash of ours does not use up an attempt of theirs."""
    if ids:
        connection.execute(
            t.jobs.update().where(t.jobs.c.id.in_(ids)).values(attempt=t.jobs.c.attempt - 1)
        )
