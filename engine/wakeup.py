"""How a commit tells workers "there is something": a hint that may be lost, never the guarantee (workers also look by themselves).

In one process it is a condition variable; a nudge through a queue for many machines plugs in here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Hint:
    condition: threading.Condition = field(default_factory=threading.Condition)
    count: int = 0


class Wakeup:
    """Named hints: `ready`, `jobs`, `timers`, `outbox`, and `history` for live screens. Each wakes only those that wait for it."""

    def __init__(self) -> None:
        self._hints: dict[str, _Hint] = {}

    def hint(self, *names: str) -> None:
        """Something has changed; cheap, never blocks for long, safe to call twice."""
        for name in names:
            hint = self._of(name)
            with hint.condition:
                hint.count += 1
                hint.condition.notify_all()

    def seen(self, name: str) -> int:
        """A mark to hand to `wait`."""
        return self._of(name).count

    def wait(self, name: str, seen: int, timeout_s: float) -> int:
        """Return when there was a hint since `seen`, or after `timeout_s`; answers the new mark."""
        hint = self._of(name)
        with hint.condition:
            hint.condition.wait_for(lambda: hint.count != seen, timeout_s)
            return hint.count

    def _of(self, name: str) -> _Hint:
        return self._hints.get(name) or self._hints.setdefault(name, _Hint())
