"""The one writer: every change of the store goes through here, and whatever is queued shares one commit.

A lone caller pays one commit; a hundred callers at once pay one commit together (group commit without a timer). An operation
is a function of the connection; it may be given alone (`call`) or be gathered with others of its kind (`gather`), so that a
hundred starts become one `executemany` a table. No network and no waiting inside an operation.

An operation that raises leaves no trace (savepoint), the others of its group commit. If the group's commit itself fails, its
operations are tried again one by one, so that a bad one is found and the rest get through.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from headrace.engine.counters import Counters
from headrace.engine.errors import Busy, DiskLow

GROUP_MAX = 256
"""Operations in one commit: groups of 100 are already within a few per cent of the best (measured)."""

QUEUE_MAX = 20_000
"""Waiting operations: enough for any burst we promise, and bounded, so that memory is."""

CALL_TIMEOUT_S = 60.0
"""A caller that waited longer is told so; its operation may still happen (it carries a dedup key)."""

RETRY_AFTER_S = 5
"""What a caller is told who finds the queue full or waited too long."""

DISK_RETRY_AFTER_S = 60
"""What a caller is told whose commit found the disk full: somebody must make room first."""

SLOW_S = 1.0
"""A transaction that takes longer is told in the log, with what it was: much work, or much waiting for disk and processor."""

TRIES_MAX = 5
"""Tries of an operation that loses a race against another process; PostgreSQL picks the loser, the next try finds what won."""

RACES_LOST = frozenset({"40P01", "40001", "23505"})
"""SQLSTATEs of deadlock, serialization failure, and a key that another process has just inserted."""

HELD = frozenset({"55P03", "57014"})
"""SQLSTATEs of a lock and of a statement that took too long: another process holds what is needed, and may hang."""

log = logging.getLogger(__name__)

T = TypeVar("T")

Operation = Callable[[Connection], Any]

RIDER: ContextVar[Operation | None] = ContextVar("rider", default=None)
"""Goes along in each transaction this caller asks for: what is known of a request is committed with what it did."""
Gathered = Callable[[Connection, Sequence[Any]], Sequence[Any]]


@dataclass(slots=True)
class _Wish:
    run: Operation | None = None
    gathered: Gathered | None = None
    item: Any = None
    future: Future[Any] = field(default_factory=Future)


def _both(run: Operation, rider: Operation) -> Operation:
    def both(connection: Connection) -> Any:
        answer = run(connection)
        rider(connection)
        return answer

    return both


class Writer:
    """Runs operations in groups, each group one transaction. `after_commit` is called with no lock held."""

    def __init__(self, engine: Engine, after_commit: Callable[[], None] = lambda: None) -> None:
        self._engine = engine
        self._after_commit = after_commit
        self._queue: queue.Queue[_Wish | None] = queue.Queue(QUEUE_MAX)
        self._thread = threading.Thread(target=self._loop, name="headrace-writer", daemon=True)
        self._closed = False
        self._door = threading.Lock()
        self.deferred: list[tuple[Gathered, Any]] = []
        """What the transaction under way does at its end; see `defer`. Only the writer's thread touches it."""
        self.commits = 0
        self.operations = 0
        self.rollbacks = 0
        """Groups that did not commit; what was noted during one has not happened."""
        self.counters = Counters()
        self.busy_since: float | None = None
        """When the group under way began (monotonic seconds); None: the writer is idle."""
        self._thread.start()

    def call(self, run: Operation) -> Any:
        """Run one operation and answer its result after the commit; the caller's `RIDER` goes along."""
        rider = RIDER.get()
        return answered(self.submit(run if rider is None else _both(run, rider)))

    def submit(self, run: Operation) -> Future[Any]:
        """Queue one operation; the future is done after its commit."""
        return self._put(_Wish(run=run))

    def gather(self, gathered: Gathered, item: Any) -> Any:
        """Hand `item` to `gathered` together with the other items queued for it; answers this item's result after the commit.

        `gathered` answers one result an item; an exception as result is raised for that caller alone.
        """
        return answered(self.submit_gathered(gathered, item))

    def submit_gathered(self, gathered: Gathered, item: Any) -> Future[Any]:
        """`gather` without waiting."""
        return self._put(_Wish(gathered=gathered, item=item))

    def defer(self, gathered: Gathered, item: Any) -> None:
        """For operations: do this last in the transaction under way, once with all that the group defers for it.

        So that a row which all processes queue for is held for the commit only. What a failed operation deferred is dropped.
        """
        self.deferred.append((gathered, item))

    def depth(self) -> int:
        """Operations waiting now."""
        return self._queue.qsize()

    def close(self) -> None:
        """Finish what is queued, then stop."""
        with self._door:
            was_open, self._closed = not self._closed, True
        if was_open:
            self._queue.put(None)
            self._thread.join()

    def _put(self, wish: _Wish) -> Future[Any]:
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "expected operations from outside the writer, but one waits for another: hand it the connection instead"
            )
        with self._door:  # nothing comes in behind the word that ends the queue
            if self._closed:
                raise RuntimeError("expected an open writer, but it is closed")
            try:
                self._queue.put_nowait(wish)
            except queue.Full:
                raise Busy(what="the writer's queue", retry_after_s=RETRY_AFTER_S) from None
        return wish.future

    def _loop(self) -> None:
        while True:
            first = self._queue.get()
            if first is None:
                return
            group = [first]
            closing = False
            while len(group) < GROUP_MAX:
                try:
                    wish = self._queue.get_nowait()
                except queue.Empty:
                    break
                if wish is None:
                    closing = True
                    break
                group.append(wish)
            self._run_group(group)
            if closing:
                return

    def _run_group(self, group: list[_Wish]) -> None:
        began = self.busy_since = time.monotonic()
        began_cpu = time.thread_time()
        for tried in range(1, TRIES_MAX + 1):
            try:
                results = self._transaction(group)
                break
            except BaseException as broken:  # noqa: BLE001 - whatever it was belongs to the callers; the writer goes on
                self.rollbacks += 1
                if isinstance(broken, DBAPIError):
                    self.counters.add("commit_failures_total")
                if len(group) > 1:
                    for wish in group:
                        self._run_group([wish])
                    return
                if tried == TRIES_MAX or not _lost_a_race(broken):
                    self.busy_since = None
                    group[0].future.set_exception(_told(broken))
                    return
        else:
            raise AssertionError("expected the last try to end this")
        self.busy_since = None
        self.commits += 1
        self.operations += len(group)
        took = time.monotonic() - began
        if took > SLOW_S:
            cpu = time.thread_time() - began_cpu
            log.warning(
                "a transaction of %d operations held the writer for %.1f s, %.2f s of them on the processor",
                len(group), took, cpu,
            )  # fmt: skip
        self.counters.observe("commit_seconds", took)
        self.counters.observe("commit_operations", len(group))
        self._after_commit()
        for wish, result in zip(group, results, strict=True):
            if isinstance(result, BaseException):
                wish.future.set_exception(result)
            else:
                wish.future.set_result(result)

    def _transaction(self, group: list[_Wish]) -> list[Any]:
        results: list[Any] = [None] * len(group)
        self.deferred = []
        with (
            self._engine.connect().execution_options(headrace_begin="IMMEDIATE") as connection,
            connection.begin(),
        ):
            for gathered, indexes in _by_kind(group):
                if gathered is None:
                    index = indexes[0]
                    deferred = len(self.deferred)
                    results[index] = _alone(connection, group[index].run, savepoint=len(group) > 1)
                    if isinstance(results[index], BaseException):
                        del self.deferred[deferred:]
                else:
                    answers = gathered(connection, [group[index].item for index in indexes])
                    for index, answer in zip(indexes, answers, strict=True):
                        results[index] = answer
            for last in dict.fromkeys(gathered for gathered, _ in self.deferred):
                last(connection, [item for gathered, item in self.deferred if gathered is last])
        return results


def answered(future: Future[T]) -> T:
    """What the writer answers, within `CALL_TIMEOUT_S`; Busy where it does not: it may still be done."""
    try:
        return future.result(CALL_TIMEOUT_S)
    except TimeoutError:
        if future.done():
            raise  # the operation's own
        raise Busy(what="the writer", retry_after_s=RETRY_AFTER_S) from None


def _by_kind(group: list[_Wish]) -> list[tuple[Gathered | None, list[int]]]:
    """All of one kind together, where the first of them stands: none of them has been answered yet, so none came "before"."""
    runs: list[tuple[Gathered | None, list[int]]] = []
    places: dict[Gathered, list[int]] = {}
    for index, wish in enumerate(group):
        if wish.gathered is None:
            runs.append((None, [index]))
        elif wish.gathered in places:
            places[wish.gathered].append(index)
        else:
            places[wish.gathered] = [index]
            runs.append((wish.gathered, places[wish.gathered]))
    return runs


def _alone(connection: Connection, run: Operation | None, *, savepoint: bool) -> Any:
    assert run is not None
    if not savepoint:
        return run(connection)
    try:
        with connection.begin_nested():
            return run(connection)
    except DBAPIError:
        raise
    except Exception as broken:  # noqa: BLE001 - the caller's; its savepoint is rolled back
        return broken


def transient(trouble: BaseException) -> bool:
    """Is it the database's trouble (a deadlock, a lost connection, a full disk) and not that of what was written?"""
    return isinstance(trouble, OperationalError | InterfaceError) or (
        isinstance(trouble, DBAPIError) and trouble.connection_invalidated
    )


def _lost_a_race(broken: BaseException) -> bool:
    return isinstance(broken, DBAPIError) and getattr(broken.orig, "sqlstate", "") in RACES_LOST


def _told(broken: BaseException) -> BaseException:
    """A full disk, or a row that somebody who hangs holds, is no mystery to the caller; everything else is told as it is."""
    if isinstance(broken, OperationalError):
        text = str(broken.orig).lower()
        state = getattr(broken.orig, "sqlstate", "")
        if state in HELD:
            return Busy(what="a row that another process holds", retry_after_s=RETRY_AFTER_S)
        if "disk is full" in text or state == "53100":
            return DiskLow(
                found="no room", expected="room for a commit", retry_after_s=DISK_RETRY_AFTER_S
            )
    return broken
