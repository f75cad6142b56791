"""A demo workspace whose clock begins at a fixed moment, so that "three minutes ago" is the same in every picture."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from headrace.designer import static_files
from headrace.engine import clock
from headrace.engine.cli import main

BEGINS_MS = 1_930_183_200_000
"""2031-03-02 10:00 in Shanghai, a Sunday: in the future, since a browser drops cookies that have ended."""


def shifted() -> None:
    """Moves the machine's clock for this process; it goes on as clocks do."""
    began = time.monotonic()

    def now_ms(_: clock.SystemClock) -> int:
        return BEGINS_MS + int((time.monotonic() - began) * 1_000)

    clock.SystemClock.now_ms = now_ms  # type: ignore[method-assign, assignment]


def pages_of(folder: str) -> None:
    """Serves a build that lies elsewhere than the usual one."""
    static_files.install.__defaults__ = (Path(folder),)


if __name__ == "__main__":
    shifted()
    if "LOOKS_PAGES" in os.environ:
        pages_of(os.environ["LOOKS_PAGES"])
    sys.argv = ["headrace", "serve", "--demo"]
    main()
