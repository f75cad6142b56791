"""What the history of an instance says of its drawing: visits, failures and durations of nodes, counts of edges. Pure.

Durations go into buckets that are a tenth wide, so that any number of instances adds up to a few numbers, and a median of all of
them is right to 5 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

GROWTH = 1.1
"""How much longer the next bucket is than the one before."""

_LOG = math.log(GROWTH)


def bucket(ms: int) -> int:
    """The bucket of a duration; 0 is what took no time."""
    return 0 if ms <= 0 else 1 + int(math.log(ms) / _LOG)


def length(number: int) -> int:
    """The duration in the middle of a bucket, in milliseconds."""
    return 0 if number <= 0 else round(GROWTH ** (number - 0.5))


def quantile(buckets: Mapping[str, int], share: float) -> int | None:
    """The duration that this share of the visits does not exceed (nearest rank); None of no visit."""
    total = sum(buckets.values())
    if total == 0:
        return None
    wanted = max(1, math.ceil(share * total))
    for number in sorted(map(int, buckets)):
        wanted -= buckets[str(number)]
        if wanted <= 0:
            return length(number)
    raise AssertionError("expected the rank to lie within the total")


class Told:
    """One instance, chunk by chunk."""

    def __init__(self) -> None:
        self.visits: list[tuple[str, int]] = []
        """(node, how long in ms) of every visit that has ended."""
        self.failed: list[str] = []
        """Nodes, once for each incident and for each exit by `error`."""
        self.edges: dict[str, int] = {}
        self._open: dict[int, tuple[str, int]] = {}
        self._marks: dict[str, int] = {}

    def take(self, at: int, events: Iterable[Sequence[Any]]) -> None:
        """The facts of one chunk, as history keeps them (`["StepPassed", 3, "check", …]`)."""
        for event in events:
            kind = event[0]
            if kind == "StepPassed":
                self.visits.append((event[2], 0))
                self._took(event[5])
            elif kind in ("StepEntered", "CompensationStarted"):
                self._open[event[1]] = (event[2], at)
            elif kind == "StepDone":
                self._close(event[1], at)
                self._took(event[4])
                if event[3] == "error":
                    self.failed.append(event[2])
            elif kind == "StepInterrupted":
                self._close(event[1], at)
                self._took(event[4])
            elif kind == "StepCancelled":
                self._close(event[1], at)
            elif kind == "EventFired":
                self._took(event[4])
            elif kind == "TokenMarked":
                self._marks.setdefault(event[2], at)
            elif kind == "JoinFired":
                self.visits.append((event[2], at - self._marks.pop(event[2], at)))
                self._took(event[4])
            elif kind == "IncidentRaised":
                self.failed.append(event[3])

    def _close(self, step: int, at: int) -> None:
        opened = self._open.pop(step, None)
        if opened is not None:
            self.visits.append((opened[0], max(0, at - opened[1])))

    def _took(self, edges: Iterable[str]) -> None:
        for edge in edges:
            self.edges[edge] = self.edges.get(edge, 0) + 1
