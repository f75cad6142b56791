"""Numbers that only grow, counted where something happens and read by whoever shows them (metrics, `headrace top`, tests).

A name is written as Prometheus does, with its labels apart: `add("sweeper_repairs_total", kind="timer")`. What has a size, not
only a number, is observed: `observe("commit_seconds", 0.004)` counts it in every bucket of `BOUNDS` that it fits in.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A name, and its labels sorted by their names."""

SERIES_MAX = 1_000
"""Different labels under one name; what comes after is counted together as `other`, so that no drawing fills the memory."""

OTHER = "other"

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_SLOW = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)

BOUNDS: dict[str, tuple[float, ...]] = {
    "advance_group_size": (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
    "commit_operations": (1, 2, 4, 8, 16, 32, 64, 128, 256),
    "commit_seconds": _FAST,
    "http_seconds": _FAST,
    "inbox_wait_seconds": _SLOW,
    "job_seconds": _SLOW,
    "timer_late_seconds": _SLOW,
}
"""The upper ends of the buckets of what is observed; times are seconds."""


@dataclass(slots=True)
class Histogram:
    """How many fitted between each two bounds (the last: above all), and the sum of all."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    sum: float = 0.0


class Counters:
    """Counts of this process since its start; safe from every thread."""

    def __init__(self) -> None:
        self._counts: dict[Key, int] = {}
        self._observed: dict[Key, Histogram] = {}
        self._series: dict[str, int] = {}
        self._lock = threading.Lock()

    def add(self, name: str, count: int = 1, **labels: Any) -> None:
        """Count `count` more; nothing at 0, so that what never happened is not listed."""
        if not count:
            return
        key = _key(name, labels)
        with self._lock:
            key = self._bounded(key, self._counts)
            self._counts[key] = self._counts.get(key, 0) + count

    def observe(self, name: str, value: float, **labels: Any) -> None:
        """Something of this size has happened; its name stands in `BOUNDS`."""
        key = _key(name, labels)
        with self._lock:
            key = self._bounded(key, self._observed)
            found = self._observed.get(key)
            if found is None:
                bounds = BOUNDS[name]
                found = self._observed[key] = Histogram(bounds, [0] * (len(bounds) + 1))
            found.counts[bisect_left(found.bounds, value)] += 1
            found.sum += value

    def get(self, name: str, **labels: Any) -> int:
        """The count under exactly these labels; 0 when nothing was counted."""
        return self._counts.get(_key(name, labels), 0)

    def total(self, name: str) -> int:
        """The count under all labels together."""
        return sum(count for (found, _), count in self.snapshot().items() if found == name)

    def snapshot(self) -> dict[Key, int]:
        """All counts now, by name and labels."""
        with self._lock:
            return dict(self._counts)

    def histograms(self) -> dict[Key, Histogram]:
        """All that was observed, by name and labels."""
        with self._lock:
            return {
                key: Histogram(found.bounds, list(found.counts), found.sum)
                for key, found in self._observed.items()
            }

    def _bounded(self, key: Key, known: dict[Key, Any]) -> Key:
        """The key itself, or that of all others when there are too many of its name."""
        if key in known:
            return key
        name, labels = key
        series = self._series.get(name, 0)
        if series >= SERIES_MAX:
            return name, tuple((label, OTHER) for label, _ in labels)
        self._series[name] = series + 1
        return key


def _key(name: str, labels: dict[str, Any]) -> Key:
    return name, tuple(sorted((label, str(value)) for label, value in labels.items()))
