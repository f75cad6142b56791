"""How a commit tells workers "there is something": a hint that may be lost, never the guarantee (workers also look by themselves).

In one process it is a condition variable. A carrier (`work/nudges.py`) takes the hints of commits to other processes, and
gives theirs to `hint`. Without a carrier, or with a broken one, others find what is there by looking.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

HINTS = ("ready", "jobs", "timers", "outbox", "polling")
"""What the workers wait for."""

LOOK_S = 1.0
"""Where others write too, nobody waits longer than this without looking."""

Carrier = Callable[[frozenset[str]], None]


@dataclass(slots=True)
class _Hint:
    condition: threading.Condition = field(default_factory=threading.Condition)
    count: int = 0


class Wakeup:
    """Named hints: `HINTS`, and `history` for live screens. Each wakes only those that wait for it.

    `shared`: other processes write to the same store, so a hint may be missing although something is there.
    """

    def __init__(self, *, shared: bool = False) -> None:
        self.shared = shared
        self.carrier: Carrier | None = None
        self._hints: dict[str, _Hint] = {}

    def announce(self, *names: str) -> None:
        """A commit of this process has something for these: for its own threads at once, for other processes by the carrier."""
        self.hint(*names)
        if self.carrier is not None:
            self.carrier(frozenset(names))

    def hint(self, *names: str) -> None:
        """Something has changed; cheap, never blocks for long, safe to call twice. Stays within this process."""
        for name in names:
            hint = self._of(name)
            with hint.condition:
                hint.count += 1
                hint.condition.notify_all()

    def seen(self, name: str) -> int:
        """A mark to hand to `wait`."""
        return self._of(name).count

    def wait(self, name: str, seen: int, timeout_s: float) -> int:
        """Return when there was a hint since `seen`, or after `timeout_s`, or when it is time to look; answers the new mark."""
        hint = self._of(name)
        if self.shared:
            timeout_s = min(timeout_s, LOOK_S)
        with hint.condition:
            hint.condition.wait_for(lambda: hint.count != seen, timeout_s)
            return hint.count

    def _of(self, name: str) -> _Hint:
        return self._hints.get(name) or self._hints.setdefault(name, _Hint())
