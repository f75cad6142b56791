"""Is a text a rule of five cron fields that fires at all? Working out when is the engine's work, with `cronsim`."""

from __future__ import annotations

import re

_FIELDS = (
    ("minute", 0, 59),
    ("hour", 0, 23),
    ("day", 1, 31),
    ("month", 1, 12),
    ("weekday", 0, 7),
)
_NAMES = {
    "month": {
        name: number
        for number, name in enumerate(
            ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
        )
    },
    "weekday": {
        name: number
        for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])
    },
}
_PART = re.compile(r"(\*|[0-9A-Z]+(?:-[0-9A-Z]+)?)(?:/([0-9]{1,2}))?", re.ASCII)
_LONGEST = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}


def check_cron(text: str) -> str | None:
    """Why a text is no cron rule, in words; None when it is one. `*/15 * * * *` is every 15 minutes."""
    parts = text.upper().split()
    if len(text) > 100 or len(parts) != len(_FIELDS):
        return f"Expected five fields (minute hour day month weekday), but found {len(parts)}."
    meant: dict[str, set[int]] = {}
    for part, (name, least, most) in zip(parts, _FIELDS, strict=True):
        values = _values(part, name, least, most)
        if not values:
            return f"Expected *, numbers from {least} to {most}, ranges or steps for the {name}, but found {part}."
        meant[name] = values
    if parts[4] == "*" and all(min(meant["day"]) > _LONGEST[month] for month in meant["month"]):
        return f"Expected a day that exists, but found {parts[2]} in month {parts[3]}, which never comes."
    return None


def _values(field: str, name: str, least: int, most: int) -> set[int]:
    """The numbers a field means; empty when it cannot be read."""
    values: set[int] = set()
    for part in field.split(","):
        found = _PART.fullmatch(part)
        if not found:
            return set()
        ends, step = _ends(found[1], name, least, most), int(found[2] or 1)
        if ends is None or step < 1:
            return set()
        first, last = ends
        if found[2] and "-" not in found[1] and found[1] != "*":
            last = most  # 5/15 is 5-59/15
        values.update(range(first, last + 1, step))
    return values


def _ends(text: str, name: str, least: int, most: int) -> tuple[int, int] | None:
    if text == "*":
        return least, most
    ends = [_number(end, name) for end in text.split("-")]
    first, last = ends[0], ends[-1]
    if first is None or last is None or not least <= first <= last <= most:
        return None
    return first, last


def _number(text: str, name: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _NAMES.get(name, {}).get(text)
