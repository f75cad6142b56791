"""How a commit tells workers "there is something": a hint that may be lost, never the guarantee (workers also look by themselves).

In one process it is a condition variable; a nudge through a queue for many machines plugs in here.
"""

from __future__ import annotations

import threading
from collections import defaultdict


class Wakeup:
    """Named hints: `ready`, `jobs`, `timers`, `outbox`, and `history` for live screens."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._counts: defaultdict[str, int] = defaultdict(int)

    def hint(self, *names: str) -> None:
        """Something has changed; cheap, never blocks for long, safe to call twice."""
        with self._condition:
            for name in names:
                self._counts[name] += 1
            self._condition.notify_all()

    def seen(self, name: str) -> int:
        """A mark to hand to `wait`."""
        with self._condition:
            return self._counts[name]

    def wait(self, name: str, seen: int, timeout_s: float) -> int:
        """Return when there was a hint since `seen`, or after `timeout_s`; answers the new mark."""
        with self._condition:
            self._condition.wait_for(lambda: self._counts[name] != seen, timeout_s)
            return self._counts[name]
