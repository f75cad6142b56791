"""Durations as ISO 8601 text and as milliseconds: `PT24H`, `P1D`, `PT8H30M`.

Months and years are refused: their length depends on when they begin.
"""

from __future__ import annotations

import re
from decimal import Decimal

DURATION_MAX_MS = 10 * 366 * 86_400_000
"""Ten years: longer is a slip of the finger, and keeps every due time inside the calendar."""

_DURATION = re.compile(
    r"P(?:(\d{1,9})W|(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,3})?)S)?)?)",
    re.ASCII,
)
_UNITS_MS = (604_800_000, 86_400_000, 3_600_000, 60_000, 1_000)
_CALENDAR = re.compile(r"P(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T.*)?", re.ASCII)


def to_ms(text: str) -> int:
    """The milliseconds of a duration. Raises ValueError that says what was expected."""
    found = _DURATION.fullmatch(text)
    if not found or text in {"P", "PT"} or text.endswith("T"):
        raise ValueError(_why_not(text))
    ms = sum(
        int(Decimal(count) * unit)
        for count, unit in zip(found.groups(), _UNITS_MS, strict=True)
        if count
    )
    if ms > DURATION_MAX_MS:
        raise ValueError(f"Expected a duration of at most ten years, but found {text}.")
    return ms


def is_duration(text: str) -> bool:
    """Is this a duration we understand?"""
    try:
        to_ms(text)
    except ValueError:
        return False
    return True


def from_ms(ms: int) -> str:
    """The shortest text of a duration: `90_000` → `PT1M30S`. Negative periods get a leading minus."""
    sign, rest = ("-", -ms) if ms < 0 else ("", ms)
    days, rest = divmod(rest, 86_400_000)
    hours, rest = divmod(rest, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    seconds, thousandths = divmod(rest, 1_000)
    date = f"{days}D" if days else ""
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if thousandths:
        time += f"{seconds}.{thousandths:03d}".rstrip("0") + "S"
    elif seconds or not (date or time):
        time += f"{seconds}S"
    return f"{sign}P{date}" + (f"T{time}" if time else "")


_NAMES = {
    "zh": (" 天", " 小时", " 分钟", " 秒", " "),
    "en": (" day", " hour", " minute", " second", ", "),
}


def sentence(ms: int, language: str = "zh") -> str:
    """A duration for people: `1 天 2 小时`, `1 day, 2 hours`."""
    *names, between = _NAMES.get(language, _NAMES["en"])
    rest, parts = ms, []
    for unit, name in zip(_UNITS_MS[1:], names, strict=True):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count}{name}" + ("s" if count > 1 and language != "zh" else ""))
    return between.join(parts) or f"0{names[-1]}" + ("" if language == "zh" else "s")


def _why_not(text: str) -> str:
    if (
        text not in {"P", ""}
        and _CALENDAR.fullmatch(text)
        and ("Y" in text or "M" in text.split("T")[0])
    ):
        return (
            f"Expected days, hours or minutes, but found {text}: months and years differ in length."
        )
    return f"Expected a duration as PT30M, PT24H or P1D, but found {text[:60]!r}."
