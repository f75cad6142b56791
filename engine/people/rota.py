"""Who is on duty: shifts of a day, a pattern of weeks that repeats, days set by hand. Pure: a moment in, people out.

A shift belongs to the day it begins on; one that ends at or before its begin ends on the next day (20:00-08:00). The pattern is
counted from the Monday `starts_on`. A shift may be worked on every day, on business days only, or on days off only: then the
rota's calendar says what a day is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from headrace.engine.people.calendar import DAY_MINUTES, Calendar, YearUnknown
from headrace.engine.people.working_hours import WEEKDAYS

DAYS_MAX = 62
"""Days of a plan shown at once."""

Days = Literal["all", "work", "rest"]
Who = tuple[str, ...]
"""Ids of users, and roles as `role:<key>`."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A part of the day: minutes after midnight, `to` at most a day after `begin`."""

    id: str
    name: str
    begin: int
    end: int
    on: Days = "all"

    @property
    def minutes(self) -> int:
        """How long it is on the wall."""
        return (self.end - self.begin) % DAY_MINUTES or DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Slot:
    """One shift of one day: when, and who was put there."""

    day: date
    shift: Shift
    from_ms: int
    until_ms: int
    who: Who
    by_hand: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class OwnSlot:
    """A shift of a day set by hand; no people: nobody."""

    who: Who
    note: str = ""


@dataclass(frozen=True)
class Rota:
    """See the module. `weeks[n]["mon"]["<shift>"]` are the people of that shift."""

    key: str
    name: str
    zone: ZoneInfo
    starts_on: date
    shifts: tuple[Shift, ...]
    weeks: tuple[Mapping[str, Mapping[str, Who]], ...]
    own: Mapping[tuple[date, str], OwnSlot] = field(default_factory=dict)
    calendar: Calendar | None = None

    def on_duty(self, at_ms: int) -> list[Slot]:
        """The shifts that are worked at this moment; the one that begins last comes first."""
        today = datetime.fromtimestamp(at_ms / 1000, self.zone).date()
        found = [
            slot
            for day in (today, today - timedelta(days=1))
            for slot in self.slots(day)
            if slot.from_ms <= at_ms < slot.until_ms
        ]
        return sorted(found, key=lambda slot: -slot.from_ms)

    def slots(self, day: date) -> list[Slot]:
        """The shifts that begin on a day, in order, also those nobody was put in."""
        if day < self.starts_on:
            return []
        week = (day - self.starts_on).days // 7 % len(self.weeks)
        usual = self.weeks[week].get(WEEKDAYS[day.weekday()], {})
        return [
            self._slot(day, shift, usual.get(shift.id, ()))
            for shift in sorted(self.shifts, key=lambda shift: (shift.begin, shift.id))
            if (day, shift.id) in self.own or self._worked(day, shift)
        ]

    def _slot(self, day: date, shift: Shift, usual: Who) -> Slot:
        own = self.own.get((day, shift.id))
        return Slot(
            day,
            shift,
            self._moment(day, shift.begin),
            self._moment(day, shift.begin + shift.minutes),
            own.who if own else usual,
            own is not None,
            own.note if own else "",
        )

    def _worked(self, day: date, shift: Shift) -> bool:
        if shift.on == "all" or self.calendar is None:
            return True
        try:
            open_ = bool(self.calendar.spans(day))
        except YearUnknown:
            open_ = bool(self.calendar.weekly[day.weekday()])
        return open_ == (shift.on == "work")

    def _moment(self, day: date, minutes: int) -> int:
        days, rest = divmod(minutes, DAY_MINUTES)
        at = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), self.zone)
        return round(at.astimezone(UTC).timestamp() * 1000)
