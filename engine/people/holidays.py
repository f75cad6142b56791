"""Public holidays and make-up workdays (调休) from the library `chinesecalendar`: what is a day, and which years are known.

The State Council announces a year in the November before it; the library has it some days later. A year it does not know is
`None` here and never guessed: `calendar.py` says what happens then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Literal

import chinese_calendar  # type: ignore[import-untyped]

DayKind = Literal["holiday", "makeup"]


@dataclass(frozen=True, slots=True)
class PublicDay:
    """A day that is not as its weekday: free although a weekday, or worked although a weekend."""

    kind: DayKind
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Holidays:
    """The public days of a country, for the years that have been announced."""

    first_year: int
    last_year: int
    days: Mapping[date, PublicDay]
    source: str
    """Where it is from, with its version: a calendar reckoned with an older one is reckoned again."""

    def knows(self, year: int) -> bool:
        """Has this year been announced?"""
        return self.first_year <= year <= self.last_year


@cache
def china() -> Holidays:
    """Mainland China."""
    days = {
        day: PublicDay(kind, _name(name)) for kind, found in _TABLES for day, name in found.items()
    }
    years = [day.year for day in chinese_calendar.holidays]
    source = f"chinesecalendar {version('chinesecalendar')}"
    return Holidays(min(years), max(years), days, source)


COUNTRIES = {"CN": china}
"""What a calendar may name."""

_TABLES: tuple[tuple[DayKind, Mapping[date, str]], ...] = (
    ("holiday", chinese_calendar.holidays),
    ("makeup", chinese_calendar.workdays),
)


def _name(english: str) -> Mapping[str, str]:
    chinese = next(
        (one.chinese for one in chinese_calendar.Holiday if one.value == english), english
    )
    return {"zh": chinese, "en": english}
