"""What counts as working time: weekly hours, public holidays with their make-up workdays, days set by hand, a time zone.

Pure: a moment and a length in, a moment out. How a length is counted (docs/time.md has the table):

- A start outside hours counts as the next opening.
- Weeks first: the same weekday and time so many weeks later, as on the wall.
- Then days: the same time on the so-manieth next business day.
- Then hours, minutes, seconds: only what lies inside business hours counts, in real time (a change of the clocks too).
- A moment outside hours that comes out of weeks or days moves on to the next opening: never earlier than was promised.

The last minute of a day belongs to it: 18:00 is inside 9:00-18:00.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from headrace.engine.duration import duration_parts
from headrace.engine.errors import HeadraceError
from headrace.engine.people.holidays import Holidays, PublicDay

DAY_MINUTES = 24 * 60
HORIZON_DAYS = 20 * 366
"""How far is looked: what does not end within twenty years is a slip of the finger, or a calendar that hardly ever opens."""

YEAR_MAX = 9_900
Spans = tuple[tuple[int, int], ...]
"""Working hours of a day: (from, to) in minutes after midnight, in order, apart from one another."""

Kind = Literal["work", "rest", "holiday", "makeup", "own"]


class CalendarTooFar(HeadraceError):
    """Expected {length} of business time to end within twenty years, but it does not: shorten it, or open more hours."""

    code = "calendar_too_far"
    status = 422


class YearUnknown(HeadraceError):
    """Expected the public holidays of {year}, but only {first} to {last} are known: update, or count it by the week."""

    code = "calendar_year_unknown"
    status = 422


@dataclass(frozen=True, slots=True)
class Day:
    """One day, for people to look at."""

    date: date
    kind: Kind
    spans: Spans
    note: Mapping[str, str] = field(default_factory=dict)
    known: bool = True
    """False: no public holidays are known for its year."""


@dataclass(frozen=True, slots=True)
class OwnDay:
    """A day set by hand; no spans: closed."""

    spans: Spans
    note: str = ""


@dataclass(frozen=True)
class Calendar:
    """See the module. `weekly` has seven entries, Monday first. Made by `working_hours.py`."""

    zone: ZoneInfo
    weekly: tuple[Spans, ...]
    holidays: Holidays | None = None
    makeup: Spans = ()
    """Hours of a make-up workday whose weekday has none."""
    own: Mapping[date, OwnDay] = field(default_factory=dict)
    refuses_unknown: bool = False
    """A year whose holidays are not known: refuse to count (True), or count it by the weekly hours."""

    # --- counting -----------------------------------------------------------------------------------

    def after(self, start_ms: int, length: str) -> int:
        """The moment (ms, UTC) when so much business time has passed since `start_ms`: `P1D`, `PT8H`, `P1DT4H`."""
        weeks, days, rest_ms = duration_parts(length)
        at_ms = self._opening(start_ms, length)
        if weeks or days:
            moment = datetime.fromtimestamp(at_ms / 1000, self.zone)
            target = self._workday(moment.date() + timedelta(weeks=weeks), days, length)
            at_ms = _ms(datetime.combine(target, moment.time(), self.zone))
            at_ms = self._opening(at_ms, length)
        return self._hours(at_ms, rest_ms, length) if rest_ms else at_ms

    def worked(self, start_ms: int, end_ms: int) -> int:
        """How many ms of business time lie between the two."""
        total = 0
        for from_ms, to_ms in self._open_from(start_ms, "PT0S"):
            if from_ms >= end_ms:
                break
            total += min(to_ms, end_ms) - max(from_ms, start_ms)
        return total

    def part(self, start_ms: int, end_ms: int, percent: float) -> int:
        """The moment when so many percent of the business time between the two have passed."""
        part_ms = round(self.worked(start_ms, end_ms) * percent / 100)
        return self._hours(self._opening(start_ms, "PT0S"), part_ms, f"{percent:g}%")

    def _opening(self, at_ms: int, length: str) -> int:
        """The same moment if it is inside business hours, else the next opening."""
        for from_ms, to_ms in self._open_from(at_ms, length):
            if at_ms <= to_ms:
                return max(at_ms, from_ms)
        raise CalendarTooFar(length=length)

    def _workday(self, start: date, days: int, length: str) -> date:
        if not days:
            return start
        left = days
        for ahead in range(1, HORIZON_DAYS):
            day = start + timedelta(days=ahead)
            left -= bool(self.spans(day))
            if not left:
                return day
        raise CalendarTooFar(length=length)

    def _hours(self, at_ms: int, rest_ms: int, length: str) -> int:
        for from_ms, to_ms in self._open_from(at_ms, length):
            begins = max(at_ms, from_ms)
            if rest_ms <= to_ms - begins:
                return begins + rest_ms
            rest_ms -= max(0, to_ms - begins)
        raise CalendarTooFar(length=length)

    def _open_from(self, at_ms: int, length: str) -> Iterator[tuple[int, int]]:
        """The business hours that end at or after this moment, as (from, to) in ms."""
        first = datetime.fromtimestamp(at_ms / 1000, self.zone).date()
        if first.year > YEAR_MAX:
            raise CalendarTooFar(length=length)
        for ahead in range(HORIZON_DAYS):
            day = first + timedelta(days=ahead)
            for begin, end in self.spans(day):
                from_ms, to_ms = self._moment(day, begin), self._moment(day, end)
                if at_ms <= to_ms and from_ms < to_ms:
                    yield from_ms, to_ms

    def _moment(self, day: date, minutes: int) -> int:
        days, rest = divmod(minutes, DAY_MINUTES)  # 24:00 is midnight of the next day
        at = time(rest // 60, rest % 60)
        return _ms(datetime.combine(day + timedelta(days=days), at, self.zone))

    # --- days ---------------------------------------------------------------------------------------

    def spans(self, day: date) -> Spans:
        """The working hours of a day; raises `YearUnknown` where the calendar refuses to guess."""
        if self.own and (own := self.own.get(day)) is not None:
            return own.spans
        usual = self.weekly[day.weekday()]
        holidays = self.holidays
        if holidays is None:
            return usual
        public = holidays.days.get(day)
        if public is not None:
            return self._public(public, usual)
        if self.refuses_unknown and not holidays.knows(day.year):
            raise YearUnknown(year=day.year, first=holidays.first_year, last=holidays.last_year)
        return usual

    def day(self, day: date) -> Day:
        """A day as people see it; never raises."""
        known = self.holidays is None or self.holidays.knows(day.year)
        own = self.own.get(day)
        if own is not None:
            return Day(day, "own", own.spans, {"zh": own.note, "en": own.note}, known)
        usual = self.weekly[day.weekday()]
        public = self.holidays.days.get(day) if self.holidays else None
        if public is None:
            return Day(day, "work" if usual else "rest", usual, {}, known)
        return Day(day, public.kind, self._public(public, usual), public.name)

    def _public(self, public: PublicDay, usual: Spans) -> Spans:
        return () if public.kind == "holiday" else usual or self._makeup

    def unknown(self, years: range) -> list[int]:
        """Those of these years whose public holidays this calendar should know and does not."""
        return [year for year in years if self.holidays and not self.holidays.knows(year)]

    @cached_property
    def _makeup(self) -> Spans:
        return self.makeup or next(spans for spans in self.weekly if spans)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(UTC).timestamp() * 1000)
