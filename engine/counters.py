"""Numbers that only grow, counted where something happens and read by whoever shows them (metrics, `headrace top`, tests).

A name is written as Prometheus does, with its labels apart: `add("sweeper_repairs_total", kind="timer")`.
"""

from __future__ import annotations

import threading
from typing import Any

Key = tuple[str, tuple[tuple[str, str], ...]]
"""A name, and its labels sorted by their names."""


class Counters:
    """Counts of this process since its start; safe from every thread."""

    def __init__(self) -> None:
        self._counts: dict[Key, int] = {}
        self._lock = threading.Lock()

    def add(self, name: str, count: int = 1, **labels: Any) -> None:
        """Count `count` more; nothing at 0, so that what never happened is not listed."""
        if not count:
            return
        key = _key(name, labels)
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + count

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


def _key(name: str, labels: dict[str, Any]) -> Key:
    return name, tuple(sorted((label, str(value)) for label, value in labels.items()))
