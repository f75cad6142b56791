"""Timers that come due: all within a minute, or all at one moment. Were all fired in time, none early, none twice?

Lateness is from the moment a timer was due to the moment its transaction began to apply it; its commit follows within
milliseconds (`headrace_commit_seconds`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Any

import sqlalchemy as sa

from headrace.engine.clock import SystemClock, to_iso
from headrace.engine.service import instances as service
from headrace.engine.service.starts import prepare
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tables as t
from headrace.engine.work.runtime import Runtime
from tests.bench import order as work
from tests.bench.measure import Sample, options, percentile, report
from tests.bench.setting import completed, workspace

QUEUED = 256
HOUR_MS = 3_600_000
AHEAD_MS = 1_000
"""How long before the first timer the clock is set."""


class _Shifted(SystemClock):
    """The machine's clock, and what was added."""

    shift_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.shift_ms


def main(folder: str, instances: int, spread_s: float = 60, url: str | None = None) -> None:
    """Let `instances` timers come due evenly over `spread_s` seconds (0: all at once), and watch them fire."""
    clock = _Shifted()
    with workspace(folder, url, clock=clock) as opened:
        first = clock.now_ms() + HOUR_MS
        _make(opened, instances, first, spread_s)
        with opened.read() as connection:
            rows = connection.execute(sa.select(t.timers.c.instance_id, t.timers.c.due_at))
            due = {row.instance_id: row.due_at for row in rows}
        assert len(due) == instances
        clock.shift_ms += first - AHEAD_MS - clock.now_ms()
        runtime = Runtime(opened)
        cpu = time.process_time()
        began = time.perf_counter()
        runtime.start()
        pause = threading.Event()
        while completed(opened) < instances:
            pause.wait(0.2)
        seconds = time.perf_counter() - began - AHEAD_MS / 1000
        cpu = time.process_time() - cpu
        runtime.stop()
        with opened.read() as connection:
            query = sa.select(t.instances.c.id, t.instances.c.ended_at)
            late = [row.ended_at - due[row.id] for row in connection.execute(query)]
        more: dict[str, Any] = {
            "early": sum(ms < 0 for ms in late), "doubled": _fired(opened) - instances,
            "left": _left(opened), "late_p50_ms": percentile(late, 0.5), "late_p99_ms": percentile(late, 0.99),
            "late_max_ms": max(late),
        }  # fmt: skip
        report(Sample(instances, seconds, cpu, more=more))


def _make(opened: Workspace, instances: int, first: int, spread_s: float) -> None:
    with opened.read() as connection:
        flow = opened.published(connection, work.WAIT_KEY)
    queued: deque[Future[Any]] = deque()
    for number in range(instances):
        if len(queued) == QUEUED:
            queued.popleft().result()
        due = first + int(spread_s * 1000 * number / instances)
        data = work.order(number) | {"paid_at": to_iso(due)}
        request = prepare(flow, "start", data, now_ms=opened.clock.now_ms())
        queued.append(service.submit_all(opened, [request]))
    for future in queued:
        future.result()


def _fired(opened: Workspace) -> int:
    """Firings in all histories; each instance may have one."""
    with opened.read() as connection:
        texts = connection.execution_options(yield_per=5_000).execute(sa.select(t.history.c.events))
        return sum(text.count('"TimerFired"') for (text,) in texts)


def _left(opened: Workspace) -> int:
    with opened.read() as connection:
        found = connection.execute(sa.select(sa.func.count()).select_from(t.timers))
        return int(found.scalar_one())


if __name__ == "__main__":
    main(**options())
