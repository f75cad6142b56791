"""Headrace in its own process: started by threads at once, by one caller alone, or by a queue that is kept full."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future
from typing import Any

from headrace.engine.service import instances as service
from headrace.engine.service.starts import prepare
from headrace.engine.service.workspace import Workspace
from headrace.engine.work.runtime import Runtime
from tests.bench import order as work
from tests.bench.far import far_side
from tests.bench.measure import Sample, options, report, rss_mb, timed
from tests.bench.setting import ACTOR, completed, output_of, workspace

WARM = 50
QUEUED = 256


def main(
    folder: str,
    instances: int,
    how: str = "submitters",
    at_once: int = 16,
    url: str | None = None,
    calls: int = 0,
) -> None:
    """`how`: submitters (that many threads at once) or queue (256 starts always waiting); `calls` of another system each."""
    key = work.key_of(calls)
    with far_side() as far, workspace(folder, url, far=far.url) as opened:
        runtime = Runtime(opened) if calls else None
        if runtime:
            runtime.start()
        try:
            start_all(opened, key, "submitters", 1, range(WARM))
            wait_for(opened, WARM)
            commits = opened.writer.commits
            began, cpu = time.perf_counter(), time.process_time()
            latencies = start_all(opened, key, how, at_once, range(WARM, WARM + instances))
            wait_for(opened, WARM + instances)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        finally:
            if runtime:
                runtime.stop()
        groups = instances / max(1, opened.writer.commits - commits)
        assert output_of(opened, f"SO-2026-{WARM + 3:08d}") == work.expected(WARM + 3)
        more: dict[str, Any] = {"a_commit": round(groups, 1)}
        if calls:
            assert far.counts() == ((WARM + instances) * calls, 0), far.counts()
        report(Sample(instances, seconds, cpu, rss_mb=rss_mb(), more=more, **timed(latencies)))


def start_all(opened: Workspace, key: str, how: str, at_once: int, numbers: range) -> list[float]:
    """Start these orders; answers how long each caller waited, in seconds."""
    if how == "queue":
        _keep_full(opened, key, numbers)
        return []
    latencies: list[float] = []

    def submit(mine: range) -> None:
        for number in mine:
            began = time.perf_counter()
            service.start(opened, ACTOR, key, work.order(number))
            latencies.append(time.perf_counter() - began)

    threads = [
        threading.Thread(target=submit, args=(numbers[index::at_once],)) for index in range(at_once)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(latencies) == len(numbers), "a submitter has failed"
    return latencies


def _keep_full(opened: Workspace, key: str, numbers: range) -> None:
    with opened.read() as connection:
        flow = opened.published(connection, key)
    queued: deque[Future[Any]] = deque()
    for number in numbers:
        if len(queued) == QUEUED:
            queued.popleft().result()
        request = prepare(flow, "start", work.order(number), now_ms=opened.clock.now_ms())
        queued.append(service.submit_all(opened, [request]))
    for future in queued:
        future.result()


def wait_for(opened: Workspace, count: int) -> None:
    """Until so many have come to their end."""
    pause = threading.Event()
    while completed(opened) < count:
        pause.wait(0.02)


if __name__ == "__main__":
    main(**options())
