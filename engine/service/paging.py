"""Lists in pages: ask the store for one more than fits, and the extra one says that there is a next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any


def page(
    items: Sequence[dict[str, Any]], limit: int, cursor_of: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """`{"items", "next_cursor"}`; the cursor is that of the last item shown."""
    shown = list(items[:limit])
    return {
        "items": shown,
        "next_cursor": cursor_of(shown[-1]) if len(items) > limit and shown else None,
    }
