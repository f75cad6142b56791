"""What holds jobs back, as pure rules: rates (a token bucket), and circuit breakers (closed, open, half-open).

The rows are `buckets` and `breakers`; `store/jobs.py` asks at every claim, `store/limits.py` writes what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from headrace.engine import jsontext

# --- rates ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `calls` in `per_s` seconds on average, at most `burst` at once.

    In any `per_s` seconds at most `calls + burst - 1` begin: with a burst of 1 the words are meant literally.
    The bucket is one number: when it will be full again (µs). That cannot be lost by halves, and needs no ticking.
    """

    calls: int
    per_s: float
    burst: int = 1

    @property
    def interval_us(self) -> int:
        """Between two calls, rounded up: never a little too fast."""
        return -(-int(self.per_s * 1_000_000) // self.calls)

    def free(self, full_at_us: int, now_ms: int) -> int:
        """How many may begin now."""
        now_us = now_ms * 1_000
        room = now_us + self.burst * self.interval_us - max(full_at_us, now_us)
        return max(0, room // self.interval_us)

    def spent(self, full_at_us: int, now_ms: int, count: int) -> int:
        """The bucket after so many calls."""
        return max(full_at_us, now_ms * 1_000) + count * self.interval_us

    def next_at(self, full_at_us: int) -> int:
        """When one more may begin (ms, rounded up)."""
        return -(-(full_at_us - (self.burst - 1) * self.interval_us) // 1_000)


# --- what is set for a connection --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guard:
    """When a breaker opens, and for how long."""

    failures: int = 5
    """So many failures in a row open it; and so does half or more of at least `COUNTED_MIN` of the last `WINDOW` outcomes."""
    open_s: float = 30.0
    """The first time; doubles with every probe that fails."""
    open_max_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What somebody set for one connection."""

    rates: Mapping[str, Rate]
    """Operation → its rate; "" is that of all operations together."""
    parallel: int | None = None
    queue: str | None = None
    guard: Guard = Guard()

    @property
    def counted(self) -> bool:
        """Must its calls be counted one by one?"""
        return bool(self.rates) or self.parallel is not None


NO_LIMITS = Limits({})


@lru_cache(maxsize=1_000)
def read_limits(text: str) -> Limits:
    """Out of the stored JSON: `{"rate": {…}, "operations": {name: {…}}, "parallel": n, "queue": …, "breaker": {…}}`."""
    values: dict[str, Any] = jsontext.loads(text)
    given = {"": values.get("rate"), **values.get("operations", {})}
    rates = {name: Rate(**rate) for name, rate in given.items() if rate}
    guard = Guard(**values.get("breaker", {}))
    return Limits(rates, values.get("parallel"), values.get("queue"), guard)


# --- breakers ---------------------------------------------------------------------------------------------------------------

WINDOW = 40
"""The last outcomes that count."""

COUNTED_MIN = 20
"""Fewer outcomes say nothing about a share: a far side that fails one call in five is slow work, not a reason to stop."""

FORGET_MS = 300_000
"""After so long without an outcome the window begins anew: yesterday's failures say nothing about now."""

GOOD, BAD = ".", "x"


@dataclass(frozen=True, slots=True)
class Breaker:
    """The breaker of one host of one connection. `forced`: a person's word, stronger than the outcomes."""

    state: str = "closed"
    """closed, open, half_open (one job, the probe, is under way)."""
    forced: str = ""
    """"", open, closed."""
    window: str = ""
    """The last outcomes, oldest first."""
    seen_at: int = 0
    """When the last outcome came."""
    opens: int = 0
    """How often it has opened since it was last closed."""
    until: int = 0
    """Open until then; after that one job may try."""

    @property
    def calm(self) -> bool:
        """Closed, with nothing on its mind: successes need not be told to it."""
        return self.state == "closed" and not self.forced and BAD not in self.window

    def gate(self) -> str:
        """What it says to a job: closed lets it through, open does not, half_open lets one through."""
        return self.forced or self.state


def after(breaker: Breaker, guard: Guard, good: bool, now_ms: int, *, probe: bool) -> Breaker:
    """The breaker after one outcome. `probe`: it is that of the job which was let through to try.

    While it is not closed only the probe counts: the others began before it opened.
    """
    if breaker.state == "closed":
        return _counted(breaker, guard, good, now_ms)
    if not probe:
        return breaker
    if good:
        return replace(breaker, state="closed", window="", seen_at=now_ms, opens=0, until=0)
    return _opened(breaker, guard, now_ms)


def _counted(breaker: Breaker, guard: Guard, good: bool, now_ms: int) -> Breaker:
    kept = breaker.window if now_ms - breaker.seen_at <= FORGET_MS else ""
    window = (kept + (GOOD if good else BAD))[-WINDOW:]
    counted = replace(breaker, window=window, seen_at=now_ms)
    in_a_row = window.endswith(BAD * guard.failures)
    half = len(window) >= COUNTED_MIN and 2 * window.count(BAD) >= len(window)
    if good or not (in_a_row or half):
        return counted
    return _opened(counted, guard, now_ms)


def _opened(breaker: Breaker, guard: Guard, now_ms: int) -> Breaker:
    doubled = guard.open_s * 2 ** min(breaker.opens, 20)
    pause_ms = int(min(doubled, max(guard.open_max_s, guard.open_s)) * 1_000)
    return replace(
        breaker, state="open", opens=breaker.opens + 1, until=now_ms + pause_ms, seen_at=now_ms
    )


def tried(breaker: Breaker) -> Breaker:
    """One job has been let through."""
    return replace(breaker, state="half_open")
