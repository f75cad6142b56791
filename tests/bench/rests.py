"""Instances that wait: how long it takes to make many, what each costs in memory and on disk, and how fast due ones go on."""

from __future__ import annotations

import gc
import threading
import time
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine.clock import SystemClock, to_iso
from headrace.engine.service import instances as service
from headrace.engine.service.starts import prepare
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tables as t
from headrace.engine.work.runtime import Runtime
from tests.bench import order as work
from tests.bench.measure import Sample, options, report, rss_mb
from tests.bench.setting import ACTOR, completed, workspace

QUEUED = 256
HOUR_MS = 3_600_000


class _Shifted(SystemClock):
    """The machine's clock, and what was added."""

    shift_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.shift_ms


def main(folder: str, instances: int, due: int, url: str | None = None) -> None:
    """Make `instances`, let `due` of them come due at once, and count."""
    clock = _Shifted()
    with workspace(folder, url, clock=clock) as opened:
        service.start(opened, ACTOR, work.WAIT_KEY, _order(0, clock.now_ms() + 48 * HOUR_MS))
        gc.collect()
        rss, disk = rss_mb(), _disk(folder)
        began, cpu = time.perf_counter(), time.process_time()
        _make(opened, range(1, instances + 1), due)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        gc.collect()
        grown, each = rss_mb() - rss, (_disk(folder) - disk) / instances
        clock.shift_ms = 2 * HOUR_MS
        runtime = Runtime(opened)
        fire_began, fire_cpu = time.perf_counter(), time.process_time()
        runtime.start()
        pause = threading.Event()
        while completed(opened) < due:
            pause.wait(0.02)
        fire_s, fire_cpu = time.perf_counter() - fire_began, time.process_time() - fire_cpu
        runtime.stop()
        more: dict[str, Any] = {
            "fired": due, "fire_s": fire_s, "fire_cpu_ms": fire_cpu * 1000 / due, "doubled": _doubled(opened, due),
            "grown_mb": grown, "bytes_each": each,
        }  # fmt: skip
        report(Sample(instances, seconds, cpu, rss_mb=rss_mb(), more=more))


def _order(number: int, due_at: int) -> dict[str, Any]:
    return work.order(number) | {"paid_at": to_iso(due_at)}


def _make(opened: Workspace, numbers: range, due: int) -> None:
    """Every tenth (or as `due` says) comes due in an hour, the others in two days."""
    with opened.read() as connection:
        flow = opened.published(connection, work.WAIT_KEY)
    every = len(numbers) // due
    queued: deque[Future[Any]] = deque()
    for number in numbers:
        if len(queued) == QUEUED:
            queued.popleft().result()
        soon = number % every == 0 and number // every <= due
        now = opened.clock.now_ms()
        data = _order(number, now + (1 if soon else 48) * HOUR_MS)
        request = prepare(flow, "start", data, now_ms=now)
        queued.append(service.submit_all(opened, [request]))
    for future in queued:
        future.result()


def _disk(folder: str) -> int:
    """Bytes of the database with its log, after a checkpoint has been possible."""
    return sum(path.stat().st_size for path in Path(folder).glob("headrace.sqlite3*"))


def _doubled(opened: Workspace, due: int) -> int:
    """Firings too many: more than one in an instance's history, or an instance that ended though not due."""
    with opened.read() as connection:
        events = connection.execute(
            sa.select(t.history.c.events)
            .join(t.instances, t.instances.c.id == t.history.c.instance_id)
            .where(t.instances.c.status == "completed")
        ).scalars()
        fired: int = sum(text.count('"TimerFired"') for text in events)
        return fired - due


if __name__ == "__main__":
    main(**options())
