"""A step says what it does while it does it, how long it took, and what to do when it fails."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from tools.fresh import ROOT, STATE

LOG_TAIL_LINES = 40


class Trouble(Exception):
    """What a step needs and does not find, told in words for the person at the keyboard."""


def run_steps(steps: Sequence[tuple[str, Callable[[], str]]]) -> None:
    """Run steps in order, numbered; each answers with a word on what it did."""
    for number, (title, work) in enumerate(steps, start=1):
        head = f"[{number}/{len(steps)}] {title}"
        started = time.monotonic()
        try:
            with _ticking(head, started):
                done = work()
        except Trouble as trouble:
            stop(f"{head}: {trouble}")
        print(f"{head} … {done}, {time.monotonic() - started:.1f} s", flush=True)


def stop(message: str) -> NoReturn:
    """Say it loudly and fail."""
    print(f"\n{message}\n", file=sys.stderr, flush=True)
    raise SystemExit(1)


def call(log: str, *command: str | Path, cwd: Path = ROOT, **env: str) -> None:
    """Run a program quietly, its words kept in .make/<log>.log and shown when it fails."""
    STATE.mkdir(exist_ok=True)
    path = STATE / f"{log}.log"
    with path.open("w") as out:
        out.write(f"$ {' '.join(map(str, command))}\n")
        out.flush()
        code = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env={**os.environ, **env},
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
    if code != 0:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:])
        raise Trouble(
            f"failed with exit code {code}.\n\n{tail}\n\nAll of it: {path.relative_to(ROOT)}"
        )


class _ticking:
    """Shows that a slow step lives: the seconds so far on a terminal, a line now and then in a log."""

    def __init__(self, head: str, started: float) -> None:
        self.head, self.started = head, started
        self.every_s = 0.5 if sys.stdout.isatty() else 15.0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()
        if sys.stdout.isatty():
            print("\r\x1b[K", end="", flush=True)

    def _tick(self) -> None:
        while not self.ended.wait(self.every_s):
            line = f"{self.head} … {time.monotonic() - self.started:.0f} s"
            print(
                f"\r\x1b[K{line}" if sys.stdout.isatty() else line,
                end="" if sys.stdout.isatty() else "\n",
                flush=True,
            )
