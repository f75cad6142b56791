"""Throwing away what nobody keeps any more: ended instances past their retention, and rows with limits of their own.

Runs in the background once an hour, or by `headrace purge`; one process at a time. Small transactions through the writer, so that
nobody waits; what was interrupted goes on where it stood. At the end the disk gets its room back (SQLite).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.service import archive, decisions
from headrace.engine.service.rules import DAY_MS, Rules, load
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import facts, files, intake, purge, rules, rush, sources, vacuum
from headrace.engine.store import tables as t

log = logging.getLogger(__name__)

LEASE_MS = 60_000
"""How long a purge may be silent before another process goes on with it."""

RETAG_MAX = 1_000
"""Instances given a new date in one transaction."""

REPLIES_KEPT_MS = DAY_MS
"""As `service/idempotency.py` promises."""

INFLOWS_KEPT_MS = 30 * 86_400_000
"""How long requests are kept as they came: buyers' data is in them."""
PULLS_KEPT_MS = 90 * 86_400_000
"""How long pulls, counts of orders and settled exceptions are kept."""
ARRIVALS_KEPT_MS = 30 * DAY_MS
"""How long it is known how many orders came every ten seconds."""
BATCHES_KEPT_MS = 90 * DAY_MS
"""How long one can look up what a batch has done."""

_LEASE = "purge_lease"


@dataclass(slots=True)
class Purged:
    """What a purge did."""

    roots: int = 0
    rows: int = 0
    log_cut: bool = True

    @property
    def worked(self) -> bool:
        """Was there anything?"""
        return self.rows > 0


def due(workspace: Workspace) -> int:
    """How many root instances a purge would delete now."""
    with workspace.read() as connection:
        return purge.due_count(connection, workspace.clock.now_ms())


def run(
    workspace: Workspace,
    *,
    stopping: Callable[[], bool] = lambda: False,
    archive_folder: Path | None = None,
) -> Purged | None:
    """Purge all that is due; None when another process is at it. `stopping` is asked between transactions."""
    done = Purged()
    lease = _Lease(workspace, stopping)
    if not lease.taken():
        return None
    try:
        for part in (_retag, partial(_instances, archive_folder=archive_folder), _limits):
            part(workspace, done, lease.over)
        if done.worked:
            _free_disk(workspace, done, stopping)
    finally:
        lease.let_go()
    if done.worked:
        log.info("purged %s root instances, %s rows in all", done.roots, done.rows)
    return done


# --- one process at a time ---------------------------------------------------------------------------


class _Lease:
    """The right to purge, renewed while it is in use."""

    def __init__(self, workspace: Workspace, stopping: Callable[[], bool]) -> None:
        self._workspace = workspace
        self._stopping = stopping
        self._me = os.urandom(8).hex()
        self._until = 0

    def taken(self) -> bool:
        """Take or renew it; False when another process has it."""
        ours: bool = self._workspace.writer.call(self._take)
        return ours

    def over(self) -> bool:
        """Is it time to stop?"""
        if self._stopping():
            return True
        soon = self._until - self._workspace.clock.now_ms() < LEASE_MS // 2
        return soon and not self.taken()

    def let_go(self) -> None:
        """Another may purge."""
        self._workspace.writer.call(self._drop)

    def _take(self, connection: Connection) -> bool:
        now_ms = self._workspace.clock.now_ms()
        held = facts.get(connection, _LEASE)
        if held and held["by"] != self._me and held["until"] > now_ms:
            return False
        self._until = now_ms + LEASE_MS
        facts.put(connection, _LEASE, {"by": self._me, "until": self._until})
        return True

    def _drop(self, connection: Connection) -> None:
        held = facts.get(connection, _LEASE)
        if held and held["by"] == self._me:
            facts.put(connection, _LEASE, {"by": "", "until": 0})


# --- the parts ---------------------------------------------------------------------------------------


def _retag(workspace: Workspace, done: Purged, stopping: Callable[[], bool]) -> None:
    """A rule has changed: what has ended already gets the date it has now."""
    del done

    def some(connection: Connection) -> bool:
        in_force = load(connection)
        for row in rules.to_retag(connection):
            keep_ms = in_force.keep_ms(row.flow_key)
            rules.retag(connection, row.flow_key, row.retag_after, keep_ms, RETAG_MAX)
            return True
        return False

    while not stopping() and workspace.writer.call(some):
        pass


def _instances(
    workspace: Workspace,
    done: Purged,
    stopping: Callable[[], bool],
    archive_folder: Path | None,
) -> None:
    archives = _rules(workspace).retention.archive
    while not stopping():
        roots = workspace.writer.call(
            lambda connection: purge.mark_due(connection, workspace.clock.now_ms())
        )
        if roots is None:
            return
        if not roots:
            continue
        if archives:
            archive.write(workspace, roots, archive_folder)
        while not stopping():
            with workspace.read() as connection:
                members = purge.members(connection, roots)
            if members and archives:
                archive.write(workspace, members, archive_folder)
            if not _delete_all(workspace, done, members or roots, stopping):
                return
            if not members:
                done.roots += len(roots)
                break


def _delete_all(
    workspace: Workspace, done: Purged, ids: Sequence[str], stopping: Callable[[], bool]
) -> bool:
    """Everything of these instances; False when asked to stop before the end."""
    while True:
        rows, gone = workspace.writer.call(lambda connection: purge.delete_some(connection, ids))
        done.rows += rows
        if gone:
            return True
        if stopping():
            return False


def _limits(workspace: Workspace, done: Purged, stopping: Callable[[], bool]) -> None:
    now_ms = workspace.clock.now_ms()
    kept = _rules(workspace).retention
    for table, days in (
        (t.inbox, kept.inbox_days),
        (t.outbox, kept.outbox_days),
        (t.notifications, kept.notification_days),
        (t.audit, kept.audit_days),
    ):
        if days is not None:
            _walk(workspace, done, table, now_ms - days * DAY_MS, stopping)
    if kept.decision_days is not None:
        older = partial(decisions.redact_some, workspace, now_ms - kept.decision_days * DAY_MS)
        while not stopping() and (rows := workspace.writer.call(older)):
            done.rows += rows
    messages = [] if kept.message_days is None else [kept.message_days * DAY_MS]
    for delete, age in (
        (purge.delete_old_replies, REPLIES_KEPT_MS),
        (purge.delete_old_batches, BATCHES_KEPT_MS),
        (files.delete_left, files.WAITING_KEPT_MS),
        (files.delete_contents, files.UNUSED_KEPT_MS),
        *((purge.delete_old_messages, age) for age in messages),
        (intake.forget, INFLOWS_KEPT_MS),
        (sources.forget, PULLS_KEPT_MS),
        (rush.forget, ARRIVALS_KEPT_MS),
    ):
        while not stopping():
            rows = workspace.writer.call(partial(_older, delete, now_ms - age))
            done.rows += rows
            if not rows:
                break


def _older(delete: Callable[[Connection, int], int], at: int, connection: Connection) -> int:
    return delete(connection, at)


def _walk(
    workspace: Workspace,
    done: Purged,
    table: sa.Table,
    before_ms: int,
    stopping: Callable[[], bool],
) -> None:
    after: int | None = 0
    while after is not None and not stopping():
        with workspace.read() as connection:
            ids, after = purge.aged(connection, table, after, before_ms)
        if ids:
            done.rows += workspace.writer.call(partial(_delete_rows, table, ids))


def _delete_rows(table: sa.Table, ids: Sequence[int], connection: Connection) -> int:
    return purge.delete_rows(connection, table, ids)


def _free_disk(workspace: Workspace, done: Purged, stopping: Callable[[], bool]) -> None:
    left = -1
    while not stopping():
        before, left = left, workspace.writer.call(vacuum.free_some)
        if left in (0, before):
            break
    done.log_cut = vacuum.cut_log(workspace.database)


def _rules(workspace: Workspace) -> Rules:
    with workspace.read() as connection:
        return load(connection)
