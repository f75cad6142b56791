"""`headrace work`: the engine's threads without a web server, woken by nudges through RQ where there is a Redis."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Collection
from contextlib import ExitStack

from headrace.engine import garbage, pool, scraping
from headrace.engine.service.opening import open_workspace
from headrace.engine.settings import Settings
from headrace.engine.work.nudges import Listener, Nudger, queue_name
from headrace.engine.work.runtime import Runtime

LOCK_WAIT_S = 10
"""How long a start waits for a process that is just ending (SQLite)."""


def work(
    settings: Settings,
    *,
    queues: Collection[str] | None,
    threads: int,
    say: Callable[[str], None],
) -> int:
    """Work until SIGTERM or SIGINT; what has begun is finished, the rest is for others."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    pool.stop_with_parent()
    with ExitStack() as stack:
        workspace = stack.enter_context(open_workspace(settings, wait_s=LOCK_WAIT_S))
        runtime = Runtime(workspace, job_threads=threads, queues=queues)
        if settings.redis_url:
            # Its own threads hear of its own commits; only jobs of other kinds are for others.
            nudger = Nudger(
                settings.redis_url, workspace.counters, () if queues is None else ("jobs",)
            )
            nudger.start()
            stack.callback(nudger.stop)
            workspace.wakeup.carrier = nudger.carry
        runtime.start()
        stack.callback(runtime.stop)
        stack.callback(scraping.listen(workspace, runtime.alive))
        if settings.redis_url:
            listener = Listener(settings.redis_url, queue_name(queues), runtime.look_now)
            listener.start()
            stack.callback(listener.stop)
        kinds = ", ".join(sorted(queues)) if queues is not None else "all kinds of jobs"
        garbage.settle()
        say(f"Working on {kinds} (process {os.getpid()})")
        stopping.wait()
        say("Stopping: finishing what has begun")
    say("Stopped")
    return 0
