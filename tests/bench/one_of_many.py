"""One process of a `shared` case: it starts orders, or works, or both, on a database that others use too."""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from headrace.engine.service import instances as service
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.workspace import Workspace
from headrace.engine.work.nudges import QUEUE, Listener, Nudger
from headrace.engine.work.runtime import Runtime
from tests.bench import order as work
from tests.bench.measure import options, timed
from tests.bench.setting import ACTOR, settings_for

WARM = 50
SAID = "said "
"""How a line for `shared` begins; others are the log's."""


def main(
    folder: str,
    url: str,
    key: str,
    role: str,
    redis: str | None = None,
    first: int = 0,
    count: int = 0,
    at_once: int = 8,
) -> None:
    """Says when it is ready; `warm` and `go` come by the standard input, and its end is the end."""
    settings = replace(settings_for(folder, url), redis_url=redis)
    with ExitStack() as stack:
        opened = stack.enter_context(open_workspace(settings))
        runtime = Runtime(opened)
        if redis:
            nudger = Nudger(redis, opened.counters, () if role == "work" else ("jobs", "ready"))
            nudger.start()
            stack.callback(nudger.stop)
            opened.wakeup.carrier = nudger.carry
        if role != "start":
            runtime.start()
            stack.callback(runtime.stop)
        if redis and role == "work":
            listener = Listener(redis, QUEUE, runtime.look_now)
            listener.start()
            stack.callback(listener.stop)
        _say({})
        for line in sys.stdin:
            numbers = range(first, first + WARM)
            if line.strip() == "go":
                numbers = range(first + WARM, first + WARM + count)
            began = time.perf_counter()
            latencies = _start_all(opened, key, at_once, numbers)
            if line.strip() == "go":
                _say({"seconds": time.perf_counter() - began, **timed(latencies)})


def _start_all(opened: Workspace, key: str, at_once: int, numbers: range) -> list[float]:
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


def _say(what: dict[str, Any]) -> None:
    print(f"{SAID}{json.dumps(what)}", flush=True)


if __name__ == "__main__":
    main(**options())
