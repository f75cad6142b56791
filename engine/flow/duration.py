"""More about durations than a node needs: telling whether a text is one, and writing them back for machines and people."""

from __future__ import annotations

from headrace.engine.duration import DURATION_MAX_MS as DURATION_MAX_MS
from headrace.engine.duration import duration_ms

_UNITS_MS = (86_400_000, 3_600_000, 60_000, 1_000)


def to_ms(text: str) -> int:
    """The milliseconds of a duration. Raises ValueError that says what was expected."""
    return duration_ms(text)


def is_duration(text: str) -> bool:
    """Is this a duration we understand?"""
    try:
        duration_ms(text)
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
    plural = "" if language == "zh" else "s"
    rest, parts = ms, []
    for unit, name in zip(_UNITS_MS, names, strict=True):
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count}{name}{plural if count > 1 else ''}")
    return between.join(parts) or f"0{names[-1]}{plural}"
