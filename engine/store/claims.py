"""Who may begin now: jobs are claimed in the order of their rank, those that something holds back are stepped over.

Mostly nothing holds anything back, and a claim is one query over the ready jobs. Otherwise it goes lane by lane (queue,
connection and operation: what is held back together), each with its own place in the index, so that a hundred thousand jobs
behind an open breaker cost no more than one. Jobs whose concurrency key is full are *parked*: each is looked at once, and again
when one of its key ends. All counts are of leased rows, so that nothing leaks; on PostgreSQL a key or a connection that another
process counts just now is left for the next claim, so that nobody waits and nobody counts wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine import jsontext
from headrace.engine.store import limits
from headrace.engine.store import tables as t
from headrace.engine.store.limits import Gate
from headrace.engine.store.many import write

LEASE_MS = 15_000
"""How long a worker may be silent before its job goes to another (engine.md 5.4)."""

PARKED_AT_ONCE = 500
"""Jobs of one full key that a claim sets aside at once: some milliseconds of the writer."""

LOOKS_MAX = 4
"""How often a claim looks into a lane again after it has parked some; the next claim goes on."""

WOKEN_MAX = 100
"""Jobs of a key that the sweep wakes when none of them runs: some may stand in a lane that is closed for another reason."""


@dataclass(slots=True)
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
    connection: str = ""
    limit_key: str = ""
    first_at: int = 0
    counted: bool = False
    """Its connection has limits: others may wait for this one to end."""
    watched: bool = False
    """A breaker of its connection wants to hear of a success too."""
    probe: str = ""
    """The host it was let through to try, past a breaker that is open for the others."""
    shut: Mapping[str, int] = field(default_factory=dict)
    """Hosts that must not be called, and until when."""


@dataclass(frozen=True, slots=True)
class Share:
    """What the owner has of each connection, and the most it may come to have of any, so that others find a thread."""

    held: Mapping[str, int]
    most: int

    @property
    def full(self) -> bool:
        """Has any connection all it may have? Then its jobs are not even looked at."""
        return any(count >= self.most for count in self.held.values())


def claim(
    connection: Connection,
    owner: str,
    limit: int,
    now_ms: int,
    queues: Collection[str] | None = None,
    share: Share | None = None,
) -> list[Claim]:
    """Up to `limit` jobs that are due and of these queues (None: all), leased to `owner`."""
    picking = _Picking(connection, owner, limit, now_ms, share, limits.gates(connection))
    if queues is None and not picking.gates and not (share and share.full):
        rows = connection.execute(_DUE, {"b_now": now_ms, "b_limit": limit}).all()
        if picking.take(rows) == len(rows) or len(rows) < limit:
            return picking.done()
    picking.by_lane(queues)
    return picking.done()


# Both ends as pairs: so that no database thinks of walking along the index on rank instead, past every other lane.
_IN_LANE = (
    "(jobs.lane, jobs.rank) >= ({0}, -9000000000000000) AND (jobs.lane, jobs.rank) <= ({0}, :b_now)"
)
_READY = sa.text(f"{t.READY_JOB} AND available_at <= :b_now AND rank <= :b_now")
_DUE = (
    sa.select(t.jobs)
    .where(_READY)
    .order_by(t.jobs.c.rank)
    .limit(bindparam("b_limit"))
    .with_for_update(skip_locked=True)
)
_DUE_IN_LANE = (
    sa.select(t.jobs)
    .where(_READY, sa.text(_IN_LANE.format(":b_lane")))
    .order_by(t.jobs.c.lane, t.jobs.c.rank)
    .limit(bindparam("b_limit"))
    .with_for_update(skip_locked=True)
)
_LEASE = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(
        status="leased", attempt=t.jobs.c.attempt + 1, lease_epoch=t.jobs.c.lease_epoch + 1, lease_owner=bindparam("b_owner"),
        lease_until=bindparam("b_until"), first_at=sa.func.coalesce(t.jobs.c.first_at, bindparam("b_now")),
    )
)  # fmt: skip


class _Picking:
    """One claim, while it goes on."""

    def __init__(
        self,
        connection: Connection,
        owner: str,
        limit: int,
        now_ms: int,
        share: Share | None,
        gates: Mapping[str, Gate],
    ) -> None:
        self.gates = gates
        self._connection, self._owner, self._now_ms, self._share = connection, owner, now_ms, share
        self._left = limit
        self._rows: list[Row[Any]] = []
        self._room: dict[str, int] = {}
        """Connection (or connection/operation) → how many more may begin."""
        self._buckets: dict[str, dict[str, int]] = {}
        self._probes: dict[str, Row[Any]] = {}
        self._live: dict[str, int] = {}
        """Concurrency key → how many have it."""

    def done(self) -> list[Claim]:
        """What was taken, with the buckets written back."""
        for key, buckets in self._buckets.items():
            if spent := self._spent(key, buckets):
                limits.spend(self._connection, key, spent)
        for key, breaker in self._probes.items():
            for row in self._rows:
                if row.connection == key:
                    host, epoch = breaker.host, row.lease_epoch + 1
                    limits.let_through(self._connection, key, host, row.id, epoch)
        return [self._claim(row) for row in self._rows]

    def take(self, rows: Sequence[Row[Any]]) -> int:
        """Lease those of these rows that may begin, park those whose key is full; answers how many were leased."""
        self._count_keys({row.limit_key for row in rows} - {""})
        mine: list[Row[Any]] = []
        full: dict[str, int] = {}
        for row in rows:
            if len(mine) == self._left or self.room(row.connection, _operation(row.lane)) <= 0:
                continue
            if row.limit_key:
                live = self._live.get(row.limit_key)
                if live is None:  # another process counts it just now
                    continue
                if live >= row.limit_max:
                    full[row.limit_key] = live
                    continue
                self._live[row.limit_key] = live + 1
            mine.append(row)
            self._use(row)
        if mine:
            lease = {
                "b_owner": self._owner, "b_until": self._now_ms + LEASE_MS, "b_now": self._now_ms,
            }  # fmt: skip
            write(self._connection, _LEASE, [{"b_id": row.id, **lease} for row in mine])
        self._park(full)
        self._rows += mine
        self._left -= len(mine)
        return len(mine)

    def by_lane(self, queues: Collection[str] | None) -> None:
        """Every lane gets its share of what is left; what some do not need goes to the others."""
        lanes = [lane for lane in self._lanes() if self._wanted(lane, queues)]
        while lanes and self._left > 0:
            rich: list[str] = []
            before = self._left
            for index, lane in enumerate(lanes):
                share = -(-self._left // (len(lanes) - index))
                if self._take_lane(lane, min(share, self._left)):
                    rich.append(lane)
            lanes = rich
            if self._left == before:
                return

    def room(self, key: str, operation: str) -> int:
        """How many more jobs of this connection and operation may begin now."""
        if not key:
            return self._left
        if key not in self._room:
            self._room[key] = self._look(key)
        return min(self._room[key], self._room.get(f"{key}/{operation}", self._left))

    def _look(self, key: str) -> int:
        """What share, breaker, parallel limit and rates leave; the more costly question later."""
        room = self._left
        if self._share is not None:
            room = min(room, self._share.most - self._share.held.get(key, 0))
        gate = self.gates.get(key)
        if gate is None or room <= 0:
            return room
        let, breaker = gate.room(self._now_ms)
        if let is not None:
            room = min(room, let)
        if room > 0 and gate.limits.counted:
            room = min(room, self._counted(key, gate))
        if breaker is not None and room > 0:
            self._probes[key] = breaker
        return room

    def _counted(self, key: str, gate: Gate) -> int:
        buckets = limits.take_bucket(self._connection, key)
        if buckets is None:
            return 0
        room = self._left
        if gate.limits.parallel is not None:
            room = gate.limits.parallel - limits.live(self._connection, [key]).get(key, 0)
        if gate.limits.rates:
            self._buckets[key] = buckets
        for name, rate in gate.limits.rates.items():
            free = rate.free(buckets.get(name, 0), self._now_ms)
            if name:
                self._room[f"{key}/{name}"] = free
            else:
                room = min(room, free)
        return room

    def _use(self, row: Row[Any]) -> None:
        for name in (row.connection, f"{row.connection}/{_operation(row.lane)}"):
            if name in self._room:
                self._room[name] -= 1

    def _spent(self, key: str, buckets: Mapping[str, int]) -> dict[str, int]:
        spent = {}
        for name, rate in self.gates[key].limits.rates.items():
            count = sum(
                row.connection == key and name in ("", _operation(row.lane)) for row in self._rows
            )
            if count:
                spent[name] = rate.spent(buckets.get(name, 0), self._now_ms, count)
        return spent

    def _lanes(self) -> list[str]:
        """Lanes with a job that is due, the one that has waited longest first."""
        rows = self._connection.execute(_LANES, {"b_now": self._now_ms}).all()
        return [row.lane for row in sorted(rows, key=lambda row: row.head) if row.lane]

    def _wanted(self, lane: str, queues: Collection[str] | None) -> bool:
        queue, key, operation = lane.split("/", 2)
        if queues is not None and _queue(queue, self.gates.get(key)) not in queues:
            return False
        return self.room(key, operation) > 0

    def _take_lane(self, lane: str, wanted: int) -> bool:
        """Take up to so many of a lane; may there be more?"""
        _, key, operation = lane.split("/", 2)
        for _ in range(LOOKS_MAX):
            count = min(wanted, self.room(key, operation))
            if count <= 0:
                return self.room(key, operation) > 0
            given = {"b_now": self._now_ms, "b_lane": lane, "b_limit": count}
            rows = self._connection.execute(_DUE_IN_LANE, given).all()
            taken = self.take(rows)
            if len(rows) < count:
                return False
            wanted -= taken
        return False

    # --- concurrency keys ---

    def _count_keys(self, keys: Collection[str]) -> None:
        keys = [key for key in keys if key not in self._live]
        if not keys:
            return
        if self._connection.dialect.name != "sqlite":
            keys = list(self._connection.execute(_LOCKED, {"b_keys": keys}).scalars())
        self._live.update(dict.fromkeys(keys, 0))
        for key, count in self._connection.execute(_LIVE_KEYS, {"b_keys": keys}):
            self._live[key] = count

    def _park(self, full: Mapping[str, int]) -> None:
        for key, live in full.items():
            given = {"b_key": key, "b_live": live, "b_now": self._now_ms}
            self._connection.execute(_PARK, given)

    def _claim(self, row: Row[Any]) -> Claim:
        gate = self.gates.get(row.connection)
        probe = self._probes.get(row.connection)
        return Claim(
            row.id, row.instance_id, row.flow_key, row.version, row.step, row.node, row.key, row.effect, row.attempt + 1,
            row.attempts_max, row.backoff_ms, row.unknown, jsontext.loads(row.variables), row.lease_epoch + 1, row.connection,
            row.limit_key, row.first_at or self._now_ms, gate is not None and gate.limits.counted,
            gate is not None and bool(gate.breakers), probe.host if probe else "",
            gate.shut(self._now_ms) if gate else {},
        )  # fmt: skip


def _operation(lane: str) -> str:
    return lane.rpartition("/")[2]


def _queue(queue: str, gate: Gate | None) -> str:
    """What is set for the connection is stronger than what the node type says."""
    return (gate.limits.queue if gate else None) or queue


# Jumps from lane to lane: as many look-ups as there are lanes, however many jobs stand in them.
_JUMP = f"""
WITH RECURSIVE lanes(lane) AS (
    SELECT min(lane) FROM jobs WHERE {t.READY_JOB}
    UNION ALL
    SELECT (SELECT min(lane) FROM jobs WHERE {t.READY_JOB} AND lane > lanes.lane)
    FROM lanes WHERE lanes.lane IS NOT NULL
)
"""  # noqa: S608 - of our own constants
_LANES = sa.text(
    f"""{_JUMP}
SELECT * FROM (
    SELECT lane, (
        SELECT rank FROM jobs WHERE {t.READY_JOB} AND {_IN_LANE.format("lanes.lane")} AND available_at <= :b_now
        ORDER BY jobs.lane, rank LIMIT 1
    ) AS head FROM lanes
) found WHERE head IS NOT NULL
"""  # noqa: S608
)
_HEADS = sa.text(
    f"""{_JUMP}
SELECT lane, (
    SELECT available_at FROM jobs WHERE {t.READY_JOB} AND jobs.lane >= lanes.lane AND jobs.lane <= lanes.lane
    ORDER BY jobs.lane, rank LIMIT 1
) AS head FROM lanes WHERE lane IS NOT NULL
"""  # noqa: S608
)


def next_due_at(
    connection: Connection,
    now_ms: int,
    queues: Collection[str] | None = None,
    full: Collection[str] = (),
) -> int | None:
    """When there may be something to claim; what waits for another job to end is not known. `full`: connections not to ask for."""
    gates = limits.gates(connection)
    if not gates and queues is None and not full:
        due = sa.select(sa.func.min(t.jobs.c.available_at)).where(sa.text(t.READY_JOB))
        first: int | None = connection.execute(due).scalar_one()
        return first
    buckets = limits.bucket_rows(connection, gates) if gates else {}
    moments = []
    for lane, head in connection.execute(_HEADS):
        queue, key, operation = lane.split("/", 2)
        gate = gates.get(key)
        if key in full or (queues is not None and _queue(queue, gate) not in queues):
            continue
        moment = _due(connection, key, operation, gate, head, now_ms, buckets.get(key, {}))
        if moment is not None:
            moments.append(moment)
    return min(moments, default=None)


def _due(
    connection: Connection,
    key: str,
    operation: str,
    gate: Gate | None,
    head: int,
    now_ms: int,
    buckets: Mapping[str, int],
) -> int | None:
    if gate is None:
        return head
    moments = [head, limits.next_rate_at(gate.limits.rates, buckets, operation)]
    for row in gate.breakers:
        if row.main and row.gate != "closed":
            opens_at = limits.opens_at(row, now_ms)
            if opens_at is None:
                return None
            moments.append(opens_at)
    most = gate.limits.parallel
    if most is not None and limits.live(connection, [key]).get(key, 0) >= most:
        return None
    return max(moments)


# --- concurrency keys -------------------------------------------------------------------------------------------------------

_LOCKED = sa.text(
    "SELECT key FROM unnest(CAST(:b_keys AS text[])) AS key"
    " WHERE pg_try_advisory_xact_lock(1279872587, hashtext(key))"  # "LIMK"
)
_LIVE_KEYS = (
    sa.select(t.jobs.c.limit_key, sa.func.count())
    .where(sa.text(t.LEASED_KEYED_JOB), t.jobs.c.limit_key.in_(bindparam("b_keys", expanding=True)))
    .group_by(t.jobs.c.limit_key)
)
_BEHIND_KEY = (
    sa.select(t.jobs.c.id)
    .where(sa.text(t.KEYED_JOB), t.jobs.c.limit_key == bindparam("b_key"))
    .order_by(t.jobs.c.available_at)
    .with_for_update(skip_locked=True)
)
_PARK = (
    t.jobs.update()
    .where(
        t.jobs.c.id.in_(
            _BEHIND_KEY.where(
                sa.text("parked = 0"),
                t.jobs.c.limit_max <= bindparam("b_live"),
                t.jobs.c.available_at <= bindparam("b_now"),
            ).limit(PARKED_AT_ONCE)
        )
    )
    .values(parked=1)
)
_WAKE = (
    t.jobs.update()
    .where(t.jobs.c.id.in_(_BEHIND_KEY.where(sa.text("parked = 1")).limit(bindparam("b_count"))))
    .values(parked=0)
)
_IDLE_KEYS = sa.text(
    f"""
WITH RECURSIVE found(key) AS (
    SELECT min(limit_key) FROM jobs WHERE {t.KEYED_JOB} AND parked = 1
    UNION ALL
    SELECT (SELECT min(limit_key) FROM jobs WHERE {t.KEYED_JOB} AND parked = 1 AND limit_key > found.key)
    FROM found WHERE found.key IS NOT NULL
)
SELECT key FROM found WHERE key IS NOT NULL
AND (SELECT count(*) FROM jobs WHERE {t.LEASED_KEYED_JOB} AND limit_key = found.key)
  < (SELECT max(limit_max) FROM (
        SELECT limit_max FROM jobs WHERE {t.KEYED_JOB} AND parked = 1 AND limit_key = found.key
        ORDER BY available_at LIMIT {WOKEN_MAX}) oldest)
"""  # noqa: S608
)


def wake(connection: Connection, ended: Mapping[str, int]) -> None:
    """So many jobs with these concurrency keys have ended: as many of those parked behind them may be claimed, oldest first."""
    if ended:
        rows = [{"b_key": key, "b_count": count} for key, count in ended.items()]
        connection.execute(_WAKE, rows)


def wake_idle(connection: Connection) -> int:
    """Wake jobs parked behind a key that is not full (a lease ended in the moment they were parked); answers how many keys."""
    idle = list(connection.execute(_IDLE_KEYS).scalars())
    wake(connection, dict.fromkeys(idle, WOKEN_MAX))
    return len(idle)
