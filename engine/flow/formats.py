"""The formats and the pattern engine of forms: what a text must look like to be a date, an amount, a time zone.

Both validators of `forms.py` ask here, and the browser has the same (tests/fixtures/forms.json).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import jsonschema_rs

from headrace.engine import clock
from headrace.engine.flow.duration import is_duration

_DATE_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)
_MONEY = re.compile(r"-?\d{1,15}(\.\d{1,4})?", re.ASCII)
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}", re.ASCII)


def is_date_time(text: str) -> bool:
    """A date and time with its zone: `2026-01-09T16:00:00+08:00`."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        clock.from_iso(text.upper())
    except (ValueError, OverflowError):
        return False
    return True


def is_date(text: str) -> bool:
    """A day: `2026-01-09`."""
    return bool(_DATE.fullmatch(text)) and is_date_time(text + "T00:00:00Z")


def is_money(text: str) -> bool:
    """An amount as exact text: at most 15 digits before and 4 after the point."""
    return bool(_MONEY.fullmatch(text))


def is_uri(text: str) -> bool:
    """A web address with scheme and host."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", text)


def is_timezone(text: str) -> bool:
    """A name of the IANA list: `Asia/Shanghai`."""
    if not _ZONE.fullmatch(text):
        return False
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        return False
    return True


FORMAT_CHECKS: Mapping[str, Callable[[str], bool]] = {
    "date-time": is_date_time,
    "date": is_date,
    "time": lambda text: bool(_TIME.fullmatch(text)),
    "money": is_money,
    "email": lambda text: len(text) <= 254 and bool(_EMAIL.fullmatch(text)),
    "uri": is_uri,
    "duration": is_duration,
    "timezone": is_timezone,
}
"""Format → is this text one? Both validators use these, the browser has the same (tests/fixtures/forms.json)."""

FORMAT_WORDS: Mapping[str, str] = {
    "date-time": "a date and time with its zone, as 2026-01-09T16:00:00+08:00",
    "date": "a day, as 2026-01-09",
    "time": "a time of day, as 16:30",
    "money": "an amount, as 12.50",
    "email": "a mail address",
    "uri": "a web address",
    "duration": "a duration, as PT24H or P1D",
    "timezone": "a time zone, as Asia/Shanghai",
}


@lru_cache(maxsize=1_024)
def pattern_engine(pattern: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions()
    )


def fits(pattern: str, text: str) -> bool:
    try:
        return bool(pattern_engine(pattern).is_valid(text))
    except ValueError:  # a lone surrogate is no character: it fits nothing
        return False
