"""Where time comes from. The engine counts milliseconds since 1970 in UTC, as `int`; text exists only at the edges."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time; tests pass `ManualClock`."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now_ms: int = 1_767_945_600_000) -> None:  # 2026-01-09T08:00Z
        self._now_ms = now_ms

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00Z."""
        return self._now_ms

    def advance(self, *, ms: int = 0, s: float = 0) -> None:
        """Move forward."""
        self._now_ms += ms + int(s * 1000)

    def set(self, now_ms: int) -> None:
        """Jump to a moment."""
        self._now_ms = now_ms


@lru_cache(maxsize=64)
def to_iso(ms: int) -> str:
    """`1767945600000` → `2026-01-09T08:00:00.000Z`."""
    return (
        datetime.fromtimestamp(ms / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def iso_or_none(ms: int | None) -> str | None:
    """`to_iso` that lets None through."""
    return None if ms is None else to_iso(ms)


def from_iso(text: str) -> int:
    """ISO 8601 with a zone → milliseconds; without a zone it is refused, because it would mean two moments."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"expected a date-time with a zone, but found {text!r}")
    return int(moment.timestamp() * 1000)
