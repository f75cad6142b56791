"""Lists in pages: ask the store for one more than fits, and the extra one says that there is a next page."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any

import orjson


def page(
    items: Sequence[dict[str, Any]], limit: int, cursor_of: Callable[[dict[str, Any]], str]
) -> dict[str, Any]:
    """`{"items", "next_cursor"}`; the cursor is that of the last item shown."""
    shown = list(items[:limit])
    return {
        "items": shown,
        "next_cursor": cursor_of(shown[-1]) if len(items) > limit and shown else None,
    }


def key_text(*values: Any) -> str:
    """A cursor of several values, such as a name and an id."""
    return urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def key_from(cursor: str | None, *kinds: type) -> Any:
    """The values of such a cursor; None for none, and for one that was made up."""
    if not cursor:
        return None
    try:
        values = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        return None
    right = isinstance(values, list) and len(values) == len(kinds)
    if not right or any(type(v) is not k for v, k in zip(values, kinds, strict=True)):
        return None
    return tuple(values)
