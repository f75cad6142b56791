"""Seconds until the real server goes on after `kill -9`: from the kill, with a new server started at once, to its first deed.

Pure work: an instance in the midst of a long loop; the deed is its next piece of history. A job in flight: a call of another system
that has not answered; the deed is the second call, with the same idempotency key.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.bench import order as work
from tests.bench.far import far_side
from tests.bench.measure import Sample, options, report
from tests.bench.served import prepare_token, server
from tests.bench.setting import workspace

WAIT_S = 60
PIECES = 3
"""Pieces of history after which the server is killed: it is in the midst of the loop."""


def main(folder: str, instances: int) -> None:
    """`instances` times each; the longest counts."""
    pure = [_pure(_folder(folder, f"pure{number}")) for number in range(instances)]
    jobs = [_job(_folder(folder, f"job{number}")) for number in range(instances)]
    more = {"pure_s": max(pure), "job_s": max(jobs)}
    report(Sample(2 * instances, sum(pure) + sum(jobs), 0.0, more=more))


def _pure(folder: str) -> float:
    with workspace(folder) as opened:
        opened.writer.call(prepare_token)
    with ExitStack() as stack:
        pid, port = stack.enter_context(server(folder, None))
        caller = threading.Thread(target=_start, args=(port, work.LOOP_KEY), daemon=True)
        caller.start()
        _until(lambda: _pieces(folder) >= PIECES)
        killed = _kill(pid)
        before = _pieces(folder)
        assert before < work.LOOP_PIECES, "the loop had come to its end before the kill"
        pid, _ = stack.enter_context(server(folder, None))
        went_on = _until(lambda: _pieces(folder) > before)
        _kill(pid)  # it would finish the loop first
        return went_on - killed


def _job(folder: str) -> float:
    with ExitStack() as stack:
        far = stack.enter_context(far_side(silent=1))
        with workspace(folder, far=far.url) as opened:
            opened.writer.call(prepare_token)
        pid, port = stack.enter_context(server(folder, None))
        _start(port, work.HTTP_KEYS[1])
        _until(lambda: far.counts()[0] == 1)
        killed = _kill(pid)
        stack.enter_context(server(folder, None))
        again = _until(lambda: far.counts() == (2, 1))
        return again - killed


def _folder(folder: str, name: str) -> str:
    made = Path(folder) / name
    made.mkdir()
    return str(made)


def _start(port: int, key: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {work.TOKEN}"}
    body = json.dumps({"input": work.order(1)})
    try:
        connection.request("POST", f"/api/flows/{key}/instances", body, headers)
        assert connection.getresponse().status == 201
    except OSError:  # killed before the answer
        return


def _kill(pid: int) -> float:
    """All of the server, as the machine would: itself and its helpers."""
    os.killpg(pid, signal.SIGKILL)
    return time.perf_counter()


def _pieces(folder: str) -> int:
    """Pieces of history in the store."""
    with sqlite3.connect(Path(folder) / "headrace.sqlite3", timeout=10) as database:
        return int(database.execute("SELECT count(*) FROM history").fetchone()[0])


def _until(what: Callable[[], bool]) -> float:
    """When it came true."""
    pause = threading.Event()
    limit = time.monotonic() + WAIT_S
    while not what():
        assert time.monotonic() < limit, f"expected it within {WAIT_S} s"
        pause.wait(0.02)
    return time.perf_counter()


if __name__ == "__main__":
    main(**options())
