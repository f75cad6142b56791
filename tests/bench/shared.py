"""Several processes on one PostgreSQL: `processes` that each start and work, or one that starts and `workers` woken through RQ."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench import order as work
from tests.bench.far import far_side
from tests.bench.measure import ROOT, Sample, cpu_of, options, report, rss_mb
from tests.bench.one_of_many import SAID, WARM
from tests.bench.setting import completed, output_of, workspace
from tests.servers import redis_server


def main(
    folder: str,
    instances: int,
    url: str,
    processes: int = 1,
    workers: int = 0,
    calls: int = 0,
    at_once: int = 16,
) -> None:
    """With `workers` there is a Redis, and the processes that start do no work."""
    key = work.key_of(calls)
    with ExitStack() as stack:
        far = stack.enter_context(far_side())
        redis = stack.enter_context(redis_server()) if workers else None
        opened = stack.enter_context(workspace(folder, url, far=far.url))
        common = {"folder": folder, "url": url, "redis": redis, "key": key}
        more = [stack.enter_context(_process({**common, "role": "work"})) for _ in range(workers)]
        each = instances // processes
        starting = [
            stack.enter_context(
                _process(
                    {
                        **common,
                        "role": "start" if workers else "both",
                        "first": number * (each + WARM),
                        "count": each,
                        "at_once": at_once // processes,
                    }
                )
            )
            for number in range(processes)
        ]
        for process in [*more, *starting]:
            _heard(process)
        total = processes * (each + WARM)
        _tell(starting, "warm")
        _wait_for(opened, processes * WARM, starting)
        everybody = [*more, *starting]
        before = sum(cpu_of(process.pid) for process in everybody)
        _tell(starting, "go")
        told = [_heard(process) for process in starting]
        seconds = max(one["seconds"] for one in told) + _wait_for(opened, total, starting)
        cpu = sum(cpu_of(process.pid) for process in everybody) - before
        number = (processes - 1) * (each + WARM) + WARM + 3
        assert output_of(opened, f"SO-2026-{number:08d}") == work.expected(number)
        if calls:
            assert far.counts() == (total * calls, 0), far.counts()
        report(
            Sample(
                each * processes,
                seconds,
                cpu,
                p50_ms=max(one["p50_ms"] for one in told),
                p99_ms=max(one["p99_ms"] for one in told),
                rss_mb=max(rss_mb(process.pid) for process in everybody),
                more={"processes": processes, "workers": workers},
            )
        )


@contextmanager
def _process(given: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    with (Path(given["folder"]) / "said.log").open("a") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.one_of_many", json.dumps(given)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()  # its sign to end
        process.wait(60)


def _tell(processes: list[subprocess.Popen[str]], word: str) -> None:
    for process in processes:
        assert process.stdin
        process.stdin.write(f"{word}\n")
        process.stdin.flush()


def _heard(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith(SAID), f"expected a word from a process, but found {line!r}"
    found: dict[str, Any] = json.loads(line.removeprefix(SAID))
    return found


def _wait_for(opened: Any, count: int, processes: list[subprocess.Popen[str]]) -> float:
    """Until so many have ended; answers how long that took."""
    began = time.perf_counter()
    while completed(opened) < count:
        assert all(process.poll() is None for process in processes), "a process has ended"
        threading.Event().wait(0.02)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(**options())
