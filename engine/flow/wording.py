"""How values and places are named in messages."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

SHOWN_MAX = 60
"""Characters of a value quoted in a message: enough to recognise it."""


def kind_of(value: Any) -> str:
    """The kind of a value in plain words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "yes/no"
        case int() | float() | Decimal():
            return "number"
        case str():
            return "text"
        case Mapping():
            return "record"
        case list() | tuple():
            return "list"
        case datetime():
            return "moment"
        case timedelta():
            return "period"
        case _:
            return type(value).__name__


def shown(value: Any) -> str:
    """A value as JSON, cut to `SHOWN_MAX` characters."""
    match value:
        case str():
            text = json.dumps(value[: SHOWN_MAX + 1], ensure_ascii=False)
        case Mapping():
            text = f"a record of {len(value)} field(s)"
        case list() | tuple() if len(value) > 3 or any(isinstance(i, dict | list) for i in value):
            text = f"a list of {len(value)} item(s)"
        case list() | tuple():
            text = "[" + ", ".join(shown(item) for item in value) + "]"
        case None | bool():
            text = json.dumps(value)
        case Decimal():
            text = f"{value:f}" if abs(value.adjusted()) < SHOWN_MAX else str(value)
        case int() if abs(value) >= 10**SHOWN_MAX:
            text = "a very long number"
        case _:
            text = str(value)
    return text if len(text) <= SHOWN_MAX else text[:SHOWN_MAX] + "…"


def pointer(parts: Iterable[Any]) -> str:
    """A JSON pointer: `["nodes", 3]` → `/nodes/3`."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def closest(name: str, known: Collection[str], limit: int = 3) -> list[str]:
    """The known names most like this one, best first."""
    if len(known) > 1_000 or len(name) > 100:
        return []  # comparing costs time in the lengths and the number
    by_lower = {candidate.lower(): candidate for candidate in known}
    return [by_lower[match] for match in get_close_matches(name.lower(), by_lower, limit, 0.6)]


def listed(names: Collection[str], limit: int = 8) -> str:
    """`a, b, c and 4 more`, or `nothing`."""
    some = sorted(names)[:limit]
    more = len(names) - len(some)
    return (", ".join(some) + (f" and {more} more" if more else "")) if some else "nothing"
