"""Too many wrong tries make the caller wait: counted in this process, in bounded memory.

Not in a table: a restart forgives, several processes each count for themselves, and a flood of sign-ins writes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from math import ceil

from headrace.engine.errors import TooManyRequests

WINDOW_S = 300
"""How long a wrong try counts."""

TRIES_PER_LOGIN_MAX = 5
"""Wrong passwords for one sign-in name from one address, in a window."""

TRIES_PER_ADDRESS_MAX = 50
"""Wrong passwords from one address for whatever names, in a window: an office behind one address mistypes less."""

COUNTED_MAX = 10_000
"""Names and addresses kept in memory; beyond, the oldest are forgiven."""


class Throttle:
    """Counts wrong tries."""

    def __init__(self) -> None:
        self._tries: OrderedDict[tuple[str, ...], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def trying(self, login: str, address: str, now_ms: int) -> None:
        """Count a try before it is made; raise `TooManyRequests` when there were too many wrong ones."""
        with self._lock:
            for key, limit in _keys(login, address):
                count, since = self._counted(key, now_ms)
                if count >= limit:
                    raise TooManyRequests(
                        limit=limit,
                        window_s=WINDOW_S,
                        retry_after_s=ceil((since + WINDOW_S * 1_000 - now_ms) / 1_000),
                    )
            for key, _ in _keys(login, address):
                count, since = self._counted(key, now_ms)
                self._tries[key] = (count + 1, since)
                self._tries.move_to_end(key)
            while len(self._tries) > COUNTED_MAX:
                self._tries.popitem(last=False)

    def right(self, login: str, address: str) -> None:
        """The try was right: forget those for this name, and do not hold this one against the address."""
        with self._lock:
            self._tries.pop(("login", login, address), None)
            count, since = self._tries.get(("address", address), (0, 0))
            if count:
                self._tries["address", address] = (count - 1, since)

    def _counted(self, key: tuple[str, ...], now_ms: int) -> tuple[int, int]:
        count, since = self._tries.get(key, (0, now_ms))
        return (count, since) if now_ms - since < WINDOW_S * 1_000 else (0, now_ms)


def _keys(login: str, address: str) -> tuple[tuple[tuple[str, ...], int], ...]:
    return (
        (("login", login, address), TRIES_PER_LOGIN_MAX),
        (("address", address), TRIES_PER_ADDRESS_MAX),
    )
