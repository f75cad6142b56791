"""Where the time of an instance goes: Python, SQL, the disk; and the first lines of the writer's profile.

How: CPU is the process's. What the driver takes is the thread's CPU around each statement and each COMMIT (SQLAlchemy's own work
counts as Python). The wait for the disk is the time in COMMIT off the CPU, less the same with `synchronous=OFF`, measured in
turns: that leaves what fsync costs, without the wait for the interpreter's lock that both have. The profile is cProfile's in the
writer's thread in a turn of its own, by a function's own time, waiting for work left out.
"""

from __future__ import annotations

import cProfile
import pstats
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from headrace.engine.service.workspace import Workspace
from headrace.engine.work.runtime import Runtime
from tests.bench import order as work
from tests.bench.far import far_side
from tests.bench.measure import Sample, options, report, rss_mb
from tests.bench.ours import start_all, wait_for
from tests.bench.setting import workspace

WARM = 200
TURNS = 3
AT_ONCE = 16
TOP = 3
WAITING = "<method 'acquire' of '_thread.lock' objects>"


@dataclass
class _Spent:
    """Seconds since the last turn began."""

    statements_cpu: float = 0.0
    commits_cpu: float = 0.0
    commits_off: float = 0.0
    """In COMMIT, but not on the CPU."""


class _Watch:
    """Counts what the database's driver takes, on all threads."""

    def __init__(self, engine: Engine) -> None:
        self.spent = _Spent()
        self.durable = True
        self._engine = engine
        self._lock = threading.Lock()
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "before_cursor_execute", self._before)
        event.listen(engine, "after_cursor_execute", self._after)
        self._commit = engine.dialect.do_commit
        engine.dialect.do_commit = self._committing  # type: ignore[method-assign]

    def turn(self, *, durable: bool) -> None:
        """Count anew, with connections that wait for the disk or do not."""
        self.durable = durable
        self._engine.dispose()
        self.spent = _Spent()

    def stop(self) -> None:
        """Count no more: the profile must not show it."""
        event.remove(self._engine, "before_cursor_execute", self._before)
        event.remove(self._engine, "after_cursor_execute", self._after)
        self._engine.dialect.do_commit = self._commit  # type: ignore[method-assign]

    def _connected(self, dbapi_connection: Any, _: Any) -> None:
        if not self.durable:
            dbapi_connection.execute("PRAGMA synchronous=OFF")

    def _before(self, connection: Any, *_: Any) -> None:
        connection.info["began"] = time.thread_time()

    def _after(self, connection: Any, *_: Any) -> None:
        taken = time.thread_time() - connection.info["began"]
        with self._lock:
            self.spent.statements_cpu += taken

    def _committing(self, dbapi_connection: Any) -> None:
        began, cpu = time.perf_counter(), time.thread_time()
        self._commit(dbapi_connection)
        taken, cpu = time.perf_counter() - began, time.thread_time() - cpu
        with self._lock:
            self.spent.commits_cpu += cpu
            self.spent.commits_off += max(0.0, taken - cpu)


def main(folder: str, instances: int, calls: int = 0) -> None:
    """In turns durable and not, then once with the profile."""
    key = work.key_of(calls)
    with far_side() as far, workspace(folder, far=far.url) as opened:
        watch = _Watch(opened.database)
        runtime = Runtime(opened)
        if calls:
            runtime.start()
        try:
            orders = _Orders(opened, key)
            orders.run(WARM)
            each = instances // TURNS
            on, off = _Spent(), _Spent()
            seconds = total = 0.0
            for _ in range(TURNS):
                watch.turn(durable=False)
                orders.run(each)
                _add(off, watch.spent)
                watch.turn(durable=True)
                began, cpu = time.perf_counter(), time.process_time()
                orders.run(each)
                seconds += time.perf_counter() - began
                total += time.process_time() - cpu
                _add(on, watch.spent)
            watch.stop()
            top = _profile(opened, orders, each)
        finally:
            if calls:
                runtime.stop()
    sql = on.statements_cpu + on.commits_cpu
    fsync = max(0.0, on.commits_off - off.commits_off)
    whole = total + fsync
    more = {
        "ms": whole * 1000 / (each * TURNS), "python": (total - sql) / whole, "sql": sql / whole, "fsync": fsync / whole,
        "top": top,
    }  # fmt: skip
    report(Sample(each * TURNS, seconds, total, rss_mb=rss_mb(), more=more))


class _Orders:
    def __init__(self, opened: Workspace, key: str) -> None:
        self._opened, self._key, self._made = opened, key, 0

    def run(self, count: int) -> None:
        numbers = range(self._made, self._made + count)
        self._made += count
        start_all(self._opened, self._key, "submitters", AT_ONCE, numbers)
        wait_for(self._opened, self._made)


def _add(sum_: _Spent, one: _Spent) -> None:
    sum_.statements_cpu += one.statements_cpu
    sum_.commits_cpu += one.commits_cpu
    sum_.commits_off += one.commits_off


def _profile(opened: Workspace, orders: _Orders, count: int) -> list[tuple[str, float]]:
    """The functions with the most own time in the writer's thread: an operation runs there, so it can switch the profiler on."""
    profiler = cProfile.Profile()
    opened.writer.call(lambda _: profiler.enable())
    orders.run(count)
    opened.writer.call(lambda _: profiler.disable())
    found = {
        _named(place): row[2]
        for place, row in pstats.Stats(profiler).stats.items()  # type: ignore[attr-defined]
        if place[2] != WAITING
    }
    whole = sum(found.values())
    first = sorted(found.items(), key=lambda item: -item[1])[:TOP]
    return [(name, own / whole) for name, own in first]


def _named(place: tuple[str, int, str]) -> str:
    file, line, name = place
    if file == "~":
        return name.strip("<>")
    path = Path(file)
    return f"{path.parent.name}/{path.name}:{line} {name}"


if __name__ == "__main__":
    main(**options())
