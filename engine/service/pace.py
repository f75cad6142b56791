"""How often somebody may ask, counted in this process, in bounded memory: for pages that anybody may open.

Like `throttle`, which counts wrong tries of signing in: a restart forgives, several processes each count for themselves, and a
flood writes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from math import ceil

from headrace.engine.errors import TooManyRequests

COUNTED_MAX = 20_000
"""What is kept in memory; beyond, the oldest are forgiven."""


class Pace:
    """Counts asks in windows."""

    def __init__(self) -> None:
        self._asked: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, kind: str, who: str, limit: int, window_s: int, now_ms: int) -> None:
        """Count one; raises `TooManyRequests` where there were `limit` in this window already."""
        with self._lock:
            count, since = self._asked.get((kind, who), (0, now_ms))
            if now_ms - since >= window_s * 1_000:
                count, since = 0, now_ms
            if count >= limit:
                wait = max(1, ceil((since + window_s * 1_000 - now_ms) / 1_000))
                raise TooManyRequests(limit=limit, window_s=window_s, retry_after_s=wait)
            self._asked[kind, who] = (count + 1, since)
            self._asked.move_to_end((kind, who))
            while len(self._asked) > COUNTED_MAX:
                self._asked.popitem(last=False)
