"""A step says what it does while it does it, how long it took, and what to do when it fails."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import NoReturn

from tools.fresh import ROOT, STATE

LOG_ENDS_LINES = 25  # npm says what is wrong at the top of its words, pip at the bottom
WIPE = "\r\x1b[K"  # back to the start of the line, and clear it
NOTHING: Mapping[str, str] = {}


class Trouble(Exception):
    """What a step needs and does not find, told in words for the person at the keyboard."""


Step = tuple[str, Callable[[], str]]
"""What a person is told that it is, and its work, which answers with a word on what it did."""


def run_steps(steps: Sequence[Step | tuple[Step, ...]]) -> None:
    """Run steps in order, numbered; those in a tuple side by side."""
    groups = [(step,) if callable(step[1]) else step for step in steps]
    total, number = sum(map(len, groups)), 1
    for group in groups:
        heads = [f"[{place}/{total}] {title}" for place, (title, _) in enumerate(group, number)]
        started = time.monotonic()
        with _Ticking(", ".join(heads), started), ThreadPoolExecutor(len(group)) as side_by_side:
            trying = [side_by_side.submit(_timed, work) for _, work in group]
            wait(trying)
        for head, tried in zip(heads, trying, strict=True):
            if isinstance(trouble := tried.exception(), Trouble):
                stop(f"{head}: {trouble}")
            done, took_s = tried.result()
            print(f"{head} … {done}, {took_s:.1f} s", flush=True)
        number += len(group)


def _timed(work: Callable[[], str]) -> tuple[str, float]:
    started = time.monotonic()
    return work(), time.monotonic() - started


def stop(message: str) -> NoReturn:
    """Say it loudly and fail."""
    print(f"\n{message}\n", file=sys.stderr, flush=True)
    raise SystemExit(1)


def call(
    log: str, *command: str | Path, cwd: Path = ROOT, env: Mapping[str, str] = NOTHING
) -> None:
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
        raise Trouble(
            f"failed with exit code {code}.\n\n{_ends(path)}\n\nAll of it: {path.relative_to(ROOT)}"
        )


def _ends(path: Path) -> str:
    lines = path.read_text(errors="replace").splitlines()
    if len(lines) > 2 * LOG_ENDS_LINES:
        lines = [*lines[:LOG_ENDS_LINES], "…", *lines[-LOG_ENDS_LINES:]]
    return "\n".join(lines)


class _Ticking:
    """Shows that a slow step lives: the seconds so far on a terminal, a line now and then in a log."""

    def __init__(self, head: str, started: float) -> None:
        self.head, self.started = head, started
        self.live = sys.stdout.isatty()
        self.every_s = 0.5 if self.live else 15.0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()
        if self.live:
            print(WIPE, end="", flush=True)

    def _tick(self) -> None:
        while not self.ended.wait(self.every_s):
            line = f"{self.head} … {time.monotonic() - self.started:.0f} s"
            print(f"{WIPE}{line}" if self.live else line, end="" if self.live else "\n", flush=True)
