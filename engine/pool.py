"""Several processes of one command: started together, started again when one ends by itself, stopped together.

Each is the same command without `--processes`, so one process and many run the same code. A child whose parent was killed
hears it at its standard input, which then ends, and stops in good order.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

log = logging.getLogger(__name__)

CHILD = "HEADRACE_CHILD"
"""Set in the environment of a child: its number."""

LOOK_S = 0.2
AGAIN_MIN_S = 0.5
AGAIN_MAX_S = 30.0
"""A process that ends at once each time is started ever more seldom."""
LASTED_S = 60.0
"""One that lasted so long begins again without a pause."""
STOP_S = 60.0
"""What children have to finish what they accepted; then they are killed, and others take up their work."""


def run(command: Sequence[str], processes: int, say: Callable[[str], None]) -> int:
    """Run `headrace <command>` so many times until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    children = [_Child(command, number + 1) for number in range(processes)]
    say(f"Starting {processes} processes")
    while not stopping.wait(LOOK_S):
        for child in children:
            child.look()
    say("Stopping: every process finishes what it accepted")
    for child in children:
        child.ask_to_stop()
    deadline = time.monotonic() + STOP_S
    for child in children:
        child.wait(deadline)
    say("Stopped")
    return 0


def is_child() -> bool:
    """Was this process started by `run`?"""
    return CHILD in os.environ


def stop_with_parent() -> None:
    """In a child: when the parent is gone, stop as if asked to."""
    if is_child():
        threading.Thread(target=_hear_the_end, name="headrace-parent", daemon=True).start()


def _hear_the_end() -> None:
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


class _Child:
    """One process, however often it had to be started."""

    def __init__(self, command: Sequence[str], number: int) -> None:
        self._command, self._number = command, number
        self._pause_s = AGAIN_MIN_S
        self._start()

    def _start(self) -> None:
        self._started_at = time.monotonic()
        self._again_at: float | None = None
        self._process = subprocess.Popen(  # noqa: S603 - ourselves, with our own options
            [sys.executable, "-m", "headrace.engine.cli", *self._command],
            stdin=subprocess.PIPE,
            env={**os.environ, CHILD: str(self._number)},
            start_new_session=True,  # Ctrl-C is ours to pass on
        )

    def look(self) -> None:
        """Start it again when it has ended and its pause is over."""
        code = self._process.poll()
        now = time.monotonic()
        if code is None:
            return
        if self._again_at is None:
            self._close()
            lasted = now - self._started_at >= LASTED_S
            self._pause_s = AGAIN_MIN_S if lasted else min(AGAIN_MAX_S, 2 * self._pause_s)
            self._again_at = now + self._pause_s
            log.error("process %s ended with %s; it is started again", self._number, code)
        elif now >= self._again_at:
            self._start()

    def ask_to_stop(self) -> None:
        """SIGTERM."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self, deadline: float) -> None:
        """Until it has ended; killed at the deadline."""
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.exception("process %s did not stop and is killed", self._number)
            self._process.kill()
            self._process.wait()
        self._close()

    def _close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
