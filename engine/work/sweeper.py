"""Look after what was left: leases of silent workers, and everything that should never be found. Any process can; one does.

Leases run out whenever a worker is killed, messages when their time is over, and keys whose holders wait for one another are
told so: that is daily business. The other repairs are counted to be seen: they stay 0 while
the engine is right (`sweeper_repairs_total{kind}`).
"""

from __future__ import annotations

import logging
from functools import partial

from sqlalchemy import Connection

from headrace.engine.service import messages, org_watch
from headrace.engine.service import sweep as service
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import invariant, sweep
from headrace.engine.work import jobs, timers

log = logging.getLogger(__name__)

LATE_MS = 10_000
"""A timer this late was not merely in a queue."""

STUCK_MS = 300_000
"""A message that was to be sent so long ago waits for a sender that is not there."""

LOOKED_AT = 200
"""Open instances looked at in one sweep: 100 a second, so that a million costs no more than a thousand."""


class Sweeper:
    """Walks through the open instances a page at a time; everything else it finds by an index."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._status, self._after = 0, ""
        self._late: str | None = None

    def sweep(self) -> int:
        """Once; answers how many repairs there were, not counting leases. 0 also when another process sweeps."""
        workspace = self._workspace
        with workspace.read() as connection:  # holds the lock while the writer works
            if not sweep.try_lock(connection):
                return 0
            return self._sweep()

    def _sweep(self) -> int:
        workspace = self._workspace
        workspace.counters.add("sweeper_leases_expired_total", jobs.reclaim(workspace))
        messages.tidy(workspace)
        org_watch.watch(workspace)
        repaired = {
            "inbox": workspace.writer.call(partial(service.remind, workspace))
            if self._forgotten()
            else 0,
            "timer": self._overdue_timers(),
            "outbox": self._stuck_messages(),
            "instance": self._stuck_instances(),
        }
        for kind, count in repaired.items():
            workspace.counters.add("sweeper_repairs_total", count, kind=kind)
            if count:
                log.warning("the sweeper repaired %s of kind %s", count, kind)
        return sum(repaired.values())

    def _forgotten(self) -> bool:
        with self._workspace.read() as connection:
            return bool(sweep.with_forgotten_wishes(connection, 1))

    def _overdue_timers(self) -> int:
        """After a pause of all processes many are late and are being fired: only one that stays where it is, is stuck."""
        now_ms = self._workspace.clock.now_ms()
        with self._workspace.read() as connection:
            late = sweep.most_overdue_timer(connection, now_ms - LATE_MS)
        stuck, self._late = late is not None and late == self._late, late
        return timers.fire_due(self._workspace) if stuck else 0

    def _stuck_messages(self) -> int:
        now_ms = self._workspace.clock.now_ms()
        with self._workspace.read() as connection:
            stuck = sweep.stuck_messages(connection, now_ms - STUCK_MS, service.FOUND_MAX)
        if stuck:
            self._workspace.wakeup.announce("outbox")
        return stuck

    def _stuck_instances(self) -> int:
        """Look at the next page; what looks wrong is looked at again under its lock, since others go on meanwhile."""
        with self._workspace.read() as connection:
            ids = self._next_page(connection)
            found = invariant.violations(connection, ids) if ids else []
        suspects = sorted({_instance_of(violation.subject, ids) for violation in found} - {""})
        return sum(
            self._workspace.writer.call(partial(_raise_stuck, self._workspace, id_))
            for id_ in suspects
        )

    def _next_page(self, connection: Connection) -> list[str]:
        status = invariant.OPEN[self._status]
        ids = list(sweep.open_instances(connection, status, self._after, LOOKED_AT))
        if len(ids) < LOOKED_AT:
            self._status, self._after = (self._status + 1) % len(invariant.OPEN), ""
        else:
            self._after = ids[-1]
        return ids


def _raise_stuck(workspace: Workspace, id_: str, connection: Connection) -> bool:
    return service.raise_stuck(workspace, connection, id_)


def _instance_of(subject: str, ids: list[str]) -> str:
    """`ins_1` and `ins_1.7` are about the instance `ins_1`."""
    known = set(ids)
    return next((id_ for id_ in (subject, subject.rpartition(".")[0]) if id_ in known), "")
