"""The clock of the database, for all processes that share one: leases, timers and slots must mean the same moment to each.

A process does not ask the database for every moment. It measures how far its own steady clock (which nobody can set) is from
the database's at the start and every minute, and counts on from there. So a machine whose clock is wrong, or is set while it
runs, neither fires a timer early nor takes a lease for expired. What can still be off is the way of the question, some
milliseconds, always to the late side: the answer is taken to be from the moment it arrived.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)

MEASURED_EVERY_S = 60.0
"""Two quartz clocks part by some milliseconds in this time."""

ASKED = 3
"""Questions of one measurement; the quickest answer counts."""

NOTED_MS = 1_000
"""A change of the offset larger than this is logged: somebody has set the database's clock, or this machine slept."""

_NOW = sa.text("SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS bigint)")


def steady_s() -> float:
    """Seconds of a clock that is never set; on Linux one that goes on while the machine sleeps."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class DatabaseClock:
    """A `clock.Clock`; `start` keeps it right, `stop` ends that."""

    def __init__(self, database: Engine, steady: Callable[[], float] = steady_s) -> None:
        self._database = database
        self._steady = steady
        self._offset_ms: float | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="headrace-clock", daemon=True)
        self.measure()

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z by the database's clock."""
        assert self._offset_ms is not None
        return int(self._steady() * 1000 + self._offset_ms)

    def measure(self) -> None:
        """Ask the database. What is known is kept as long as the answer allows it, so that time goes back only when it must."""
        least_ms, most_ms = self._asked()
        known = self._offset_ms
        if known is not None and least_ms <= known <= most_ms:
            return
        self._offset_ms = least_ms
        if known is not None and abs(least_ms - known) > NOTED_MS:
            log.warning("the database's clock has moved by %d ms against ours", least_ms - known)

    def _asked(self) -> tuple[float, float]:
        """Between which two the offset lies: the database looked at its clock after we asked and before we heard."""
        best: tuple[float, float] | None = None
        with self._database.connect() as connection:
            for _ in range(ASKED):
                asked = self._steady() * 1000
                told: int = connection.execute(_NOW).scalar_one()
                heard = self._steady() * 1000
                # The answer has no parts of a millisecond: it may have been one later.
                span = (told - heard, told + 1 - asked)
                if best is None or span[1] - span[0] < best[1] - best[0]:
                    best = span
        assert best is not None
        return best

    def start(self) -> None:
        """Measure again every minute."""
        self._thread.start()

    def stop(self) -> None:
        """No more."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.wait(MEASURED_EVERY_S):
            try:
                self.measure()
            except SQLAlchemyError as trouble:
                log.warning("the database's clock cannot be read; ours counts on: %s", trouble)
