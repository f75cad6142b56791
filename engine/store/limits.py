"""Rows of what holds jobs back: what is set for a connection, its buckets, its breakers. The rules are in `engine/limits.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine import jsontext
from headrace.engine.limits import NO_LIMITS, Breaker, Guard, Limits, Rate, read_limits
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert

ENGINE = "engine"
"""Who changes a breaker when it is no person."""

# --- what a claim must know --------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Gate:
    """What holds back the jobs of one connection."""

    limits: Limits = NO_LIMITS
    breakers: list[Row[Any]] = field(default_factory=list)
    """Those that are not calm."""

    def room(self, now_ms: int) -> tuple[int | None, Row[Any] | None]:
        """How many jobs its breaker lets through (None: all), and the breaker that must hear which one tries."""
        for row in self.breakers:
            if row.main and row.gate != "closed":
                return (0, None) if opens_at(row, now_ms) != now_ms else (1, row)
        return None, None

    def shut(self, now_ms: int) -> dict[str, int]:
        """Other hosts of this connection that may not be called now, and until when."""
        return {
            row.host: opens_at(row, now_ms) or now_ms + FORCED_PAUSE_MS
            for row in self.breakers
            if not row.main and row.gate != "closed" and opens_at(row, now_ms) != now_ms
        }


FORCED_PAUSE_MS = 30_000
"""How long a job that met a host forced open waits before it looks again."""


def opens_at(row: Row[Any], now_ms: int) -> int | None:
    """When this breaker, which is not closed, lets a job through: now, later, or at a time nobody knows (None)."""
    if row.gate == "open" and row.forced:
        return None
    if row.state == "half_open":
        return None if row.probing else now_ms
    return max(int(row.until_at), now_ms)


_PROBING = (
    sa.exists()
    .where(
        t.jobs.c.id == t.breakers.c.probe_job,
        t.jobs.c.lease_epoch == t.breakers.c.probe_epoch,
        sa.text(f"jobs.{t.LEASED_JOB}"),
    )
    .label("probing")
)
_GATE = sa.case((t.breakers.c.forced != "", t.breakers.c.forced), else_=t.breakers.c.state)
_GATES = sa.union_all(
    sa.select(
        t.breakers.c.connection, t.breakers.c.host, t.breakers.c.main, _GATE.label("gate"), t.breakers.c.forced,
        t.breakers.c.state, t.breakers.c.until_at, _PROBING, sa.literal("").label("settings"),
    ).where(sa.text("breakers.calm = 0")),
    sa.select(
        t.limits.c.connection, sa.literal(""), sa.literal(0), sa.literal(""), sa.literal(""), sa.literal(""), sa.literal(0),
        sa.false(), t.limits.c.settings,
    ),
)  # fmt: skip


def gates(connection: Connection) -> dict[str, Gate]:
    """Every connection whose jobs may be held back; mostly none."""
    found: dict[str, Gate] = {}
    for row in connection.execute(_GATES):
        gate = found.setdefault(row.connection, Gate())
        if row.host:
            gate.breakers.append(row)
        else:
            gate.limits = read_limits(row.settings)
    return found


# --- buckets ----------------------------------------------------------------------------------------------------------------


def take_bucket(connection: Connection, key: str) -> dict[str, int] | None:
    """Lock what is counted for a connection: operation → when its bucket will be full. None: another process has it just now."""
    query = sa.select(t.buckets.c.operation, t.buckets.c.full_at_us).where(
        t.buckets.c.connection == key
    )
    mine = connection.execute(
        query.where(t.buckets.c.operation == "").with_for_update(skip_locked=True)
    ).all()
    if not mine:
        row = {"connection": key, "operation": "", "full_at_us": 0}
        new = upsert(connection, t.buckets).values(row).on_conflict_do_nothing()
        # Not `rowcount`: an insert has none on PostgreSQL.
        if connection.execute(new.returning(t.buckets.c.operation)).first() is None:
            return None
    return {row.operation: row.full_at_us for row in connection.execute(query)}


def spend(connection: Connection, key: str, buckets: Mapping[str, int]) -> None:
    """Write the buckets of a connection back."""
    statement = upsert(connection, t.buckets)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["connection", "operation"],
            set_={"full_at_us": statement.excluded.full_at_us},
        ),
        [
            {"connection": key, "operation": operation, "full_at_us": full_at_us}
            for operation, full_at_us in buckets.items()
        ],
    )


def bucket_rows(connection: Connection, keys: Collection[str]) -> dict[str, dict[str, int]]:
    """Buckets as they stand, without locking them."""
    rows = connection.execute(sa.select(t.buckets).where(t.buckets.c.connection.in_(keys)))
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row.connection, {})[row.operation] = row.full_at_us
    return found


def admit(
    connection: Connection, gate: Gate, key: str, operation: str, now_ms: int, name: str
) -> tuple[int, bool]:
    """May one thing that is no job (a message) begin now? It is counted then. Answers when to ask again (0: it may), and whether
    it is the one that tries an open breaker."""
    let, breaker = gate.room(now_ms)
    if let == 0:
        held = [opens_at(row, now_ms) for row in gate.breakers if row.main]
        return max((at for at in held if at), default=now_ms + FORCED_PAUSE_MS), False
    rates = {
        wanted: gate.limits.rates[wanted]
        for wanted in ("", operation)
        if wanted in gate.limits.rates
    }
    if rates:
        buckets = take_bucket(connection, key)
        if buckets is None:
            return now_ms + 1_000, False
        if any(rate.free(buckets.get(wanted, 0), now_ms) < 1 for wanted, rate in rates.items()):
            return next_rate_at(rates, buckets, operation), False
        spent = {n: rate.spent(buckets.get(n, 0), now_ms, 1) for n, rate in rates.items()}
        spend(connection, key, spent)
    if breaker is not None:
        let_through(connection, key, breaker.host, name, 0)
    return 0, breaker is not None


_LIVE = (
    sa.select(t.jobs.c.connection, sa.func.count())
    .where(
        sa.text(t.LEASED_JOB),
        t.jobs.c.connection.in_(bindparam("b_keys", expanding=True)),
    )
    .group_by(t.jobs.c.connection)
)


def live(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """How many jobs of these connections workers have now: counted, so that it cannot leak."""
    found = connection.execute(_LIVE, {"b_keys": list(keys)})
    return {key: count for key, count in found}  # noqa: C416 - rows are no pairs to mypy


# --- what is set ------------------------------------------------------------------------------------------------------------


def find(connection: Connection, key: str) -> dict[str, Any]:
    """What is set for a connection; empty: nothing."""
    query = sa.select(t.limits.c.settings).where(t.limits.c.connection == key)
    found = connection.execute(query).scalar_one_or_none()
    return jsontext.loads(found) if found else {}


def guard_of(connection: Connection, key: str) -> Guard:
    """When the breakers of this connection open."""
    query = sa.select(t.limits.c.settings).where(t.limits.c.connection == key)
    found = connection.execute(query).scalar_one_or_none()
    return read_limits(found).guard if found else Guard()


def put(connection: Connection, key: str, values: Mapping[str, Any], now_ms: int, who: str) -> None:
    """Set what holds back the jobs of a connection; its buckets begin anew."""
    connection.execute(sa.delete(t.limits).where(t.limits.c.connection == key))
    connection.execute(sa.delete(t.buckets).where(t.buckets.c.connection == key))
    if values:
        row = {
            "connection": key, "settings": jsontext.dumps(values), "updated_at": now_ms, "updated_by": who,
        }  # fmt: skip
        connection.execute(sa.insert(t.limits).values(row))


def delete(connection: Connection, key: str) -> None:
    """The connection is gone: with it all that was counted for it."""
    for table in (t.limits, t.buckets, t.breakers):
        connection.execute(sa.delete(table).where(table.c.connection == key))


# --- breakers ---------------------------------------------------------------------------------------------------------------


def breakers_of(connection: Connection, keys: Collection[str]) -> dict[tuple[str, str], Row[Any]]:
    """The breakers of these connections by (connection, host), locked until the end of the transaction."""
    query = sa.select(t.breakers).where(t.breakers.c.connection.in_(keys))
    query = query.order_by(t.breakers.c.connection, t.breakers.c.host).with_for_update()
    return {(row.connection, row.host): row for row in connection.execute(query)}


def breaker(row: Row[Any]) -> Breaker:
    """The breaker as a value."""
    return Breaker(row.state, row.forced, row.window, row.seen_at, row.opens, row.until_at)


def put_breaker(
    connection: Connection, key: str, host: str, found: Breaker, now_ms: int, **more: Any
) -> None:
    """Write a breaker; `more`: its other columns."""
    row = {
        "state": found.state, "forced": found.forced, "window": found.window, "seen_at": found.seen_at, "opens": found.opens,
        "until_at": found.until, "calm": int(found.calm), "changed_at": now_ms, "changed_by": ENGINE, **more,
    }  # fmt: skip
    new = {"connection": key, "host": host, "connector": "", "main": 0, "error": "", **row}
    statement = upsert(connection, t.breakers).values(new)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["connection", "host"], set_=row)
    )


def let_through(connection: Connection, key: str, host: str, job: str, epoch: int) -> None:
    """This job is the one that tries."""
    connection.execute(
        sa.update(t.breakers)
        .where(t.breakers.c.connection == key, t.breakers.c.host == host)
        .values(state="half_open", probe_job=job, probe_epoch=epoch)
    )


def only_main(connection: Connection, key: str, host: str) -> None:
    """The connection's address has this host now; what is known of another no longer holds its jobs back."""
    connection.execute(
        sa.update(t.breakers)
        .where(t.breakers.c.connection == key, t.breakers.c.host != host, t.breakers.c.main == 1)
        .values(main=0)
    )


def listing(
    connection: Connection, *, after: tuple[str, str] | None, limit: int, key: str | None = None
) -> Sequence[Row[Any]]:
    """Breakers by connection and host."""
    columns = t.breakers.c
    query = sa.select(t.breakers).order_by(columns.connection, columns.host)
    if key is not None:
        query = query.where(columns.connection == key)
    if after is not None:
        query = query.where(sa.tuple_(columns.connection, columns.host) > sa.tuple_(*after))
    return connection.execute(query.limit(limit)).all()


def next_rate_at(rates: Mapping[str, Rate], buckets: Mapping[str, int], operation: str) -> int:
    """When the next job of this operation may begin by its rates."""
    wanted = [name for name in ("", operation) if name in rates]
    return max((rates[name].next_at(buckets.get(name, 0)) for name in wanted), default=0)
