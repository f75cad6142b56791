"""Jobs: claimed with a lease and a fencing epoch; a result counts only while its epoch is the newest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from headrace.engine import jsontext
from headrace.engine.store import tables as t

LEASE_MS = 15_000
"""How long a worker may be silent before its job goes to another (engine.md 5.4)."""

HEARTBEAT_MS = 5_000
"""How often a busy worker renews its leases: two beats may be lost."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job this worker may try now, until its lease ends."""

    id: str
    instance_id: str
    flow_key: str
    version: int
    step: int
    node: str
    key: str
    effect: str
    attempt: int
    attempts_max: int
    backoff_ms: int
    unknown: bool
    variables: dict[str, Any]
    epoch: int


_DUE = (
    sa.select(t.jobs)
    .where(t.jobs.c.status == "ready", t.jobs.c.available_at <= bindparam("b_now"))
    .order_by(t.jobs.c.available_at)
    .limit(bindparam("b_limit"))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(
        status="leased", attempt=t.jobs.c.attempt + 1, lease_epoch=t.jobs.c.lease_epoch + 1, lease_owner=bindparam("b_owner"),
        lease_until=bindparam("b_until"),
    )
)  # fmt: skip


def claim(connection: Connection, owner: str, limit: int, now_ms: int) -> list[Claim]:
    """Up to `limit` jobs that are due, leased to `owner`."""
    rows = connection.execute(_DUE, {"b_now": now_ms, "b_limit": limit}).all()
    if rows:
        connection.execute(
            _CLAIM,
            [{"b_id": row.id, "b_owner": owner, "b_until": now_ms + LEASE_MS} for row in rows],
        )
    return [
        Claim(
            row.id, row.instance_id, row.flow_key, row.version, row.step, row.node, row.key, row.effect, row.attempt + 1,
            row.attempts_max, row.backoff_ms, row.unknown, jsontext.loads(row.variables), row.lease_epoch + 1,
        )
        for row in rows
    ]  # fmt: skip


def renew(connection: Connection, held: Collection[tuple[str, int]], now_ms: int) -> None:
    """Still working on these (job, epoch)."""
    rows = [{"b_id": id_, "b_epoch": epoch, "b_until": now_ms + LEASE_MS} for id_, epoch in held]
    if rows:
        connection.execute(
            t.jobs.update()
            .where(
                t.jobs.c.id == bindparam("b_id"),
                t.jobs.c.lease_epoch == bindparam("b_epoch"),
                t.jobs.c.status == "leased",
            )
            .values(lease_until=bindparam("b_until")),
            rows,
        )


_LEASES = (
    sa.select(t.jobs.c.id, t.jobs.c.lease_epoch)
    .where(t.jobs.c.id.in_(bindparam("b_ids", expanding=True)), t.jobs.c.status == "leased")
    .with_for_update()
)


def holds(connection: Connection, claims: Sequence[Claim]) -> set[str]:
    """Which of these leases are still ours: job not gone, not handed to another."""
    rows = connection.execute(_LEASES, {"b_ids": [claim_.id for claim_ in claims]})
    epochs = {row.id: row.lease_epoch for row in rows}
    return {claim_.id for claim_ in claims if epochs.get(claim_.id) == claim_.epoch}


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
        connection.execute(
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


def expired(connection: Connection, limit: int, now_ms: int) -> list[sa.Row[Any]]:
    """Leases whose worker has been silent too long."""
    return list(
        connection.execute(
            sa.select(t.jobs)
            .where(t.jobs.c.status == "leased", t.jobs.c.lease_until < now_ms)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def next_available_at(connection: Connection) -> int | None:
    """When the next job is due; None when there is none."""
    due_at: int | None = connection.execute(
        sa.select(sa.func.min(t.jobs.c.available_at)).where(t.jobs.c.status == "ready")
    ).scalar_one()
    return due_at


def not_counted(connection: Connection, ids: Sequence[str]) -> None:
    """A crash of ours does not use up an attempt of theirs."""
    if ids:
        connection.execute(
            t.jobs.update().where(t.jobs.c.id.in_(ids)).values(attempt=t.jobs.c.attempt - 1)
        )
