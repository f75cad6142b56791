"""What counts as working time: a table of cases, and promises for all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.people.calendar import Calendar, CalendarTooFar, YearUnknown
from headrace.engine.people.working_hours import CHINA, STANDARD, calendar_of, problems_of, spans_of

CASES = [
    # 2026-01-09 is a Friday, 2026-01-12 the Monday after it; 9-18, Beijing time
    ("in a day", "2026-01-08T10:00", "PT2H", "2026-01-08T12:00"),
    ("a day later", "2026-01-08T10:00", "P1D", "2026-01-09T10:00"),
    ("not 24 business hours", "2026-01-05T10:00", "P1D", "2026-01-06T10:00"),
    ("over a night", "2026-01-08T16:00", "PT8H", "2026-01-09T15:00"),
    ("a day over a weekend", "2026-01-09T15:00", "P1D", "2026-01-12T15:00"),
    ("hours over a weekend", "2026-01-09T15:00", "PT8H", "2026-01-12T14:00"),
    ("five days are a week", "2026-01-09T15:00", "P5D", "2026-01-16T15:00"),
    ("weeks are those on the wall", "2026-01-09T15:00", "P2W", "2026-01-23T15:00"),
    ("a week that ends in a holiday", "2026-09-28T15:00", "P1W", "2026-10-08T09:00"),
    ("days and hours", "2026-01-08T15:00", "P1DT4H", "2026-01-12T10:00"),
    ("days first, then hours", "2026-01-09T15:00", "P1DT4H", "2026-01-13T10:00"),
    ("starts before hours", "2026-01-08T06:00", "PT1H", "2026-01-08T10:00"),
    ("starts after hours", "2026-01-09T20:00", "PT8H", "2026-01-12T17:00"),
    ("a day from after hours", "2026-01-08T20:00", "P1D", "2026-01-12T09:00"),
    ("starts on a Saturday", "2026-01-10T10:00", "P1D", "2026-01-13T09:00"),
    ("starts on a Sunday", "2026-01-11T23:59", "PT1H", "2026-01-12T10:00"),
    ("exactly the last minute", "2026-01-08T17:00", "PT1H", "2026-01-08T18:00"),
    ("a second more", "2026-01-08T17:00", "PT1H0M1S", "2026-01-09T09:00:01"),
    ("starts at the last minute", "2026-01-08T18:00", "PT1H", "2026-01-09T10:00"),
    ("a day from the last minute", "2026-01-08T18:00", "P1D", "2026-01-09T18:00"),
    ("zero in hours", "2026-01-08T10:00", "PT0S", "2026-01-08T10:00"),
    ("zero outside hours", "2026-01-10T10:00", "P0D", "2026-01-12T09:00"),
    # Spring Festival 2026: 15-23 February, Saturdays 14 and 28 are worked
    ("up to a make-up Saturday", "2026-02-13T15:00", "P1D", "2026-02-14T15:00"),
    ("over Spring Festival", "2026-02-14T15:00", "P1D", "2026-02-24T15:00"),
    ("hours over Spring Festival", "2026-02-14T17:00", "PT2H", "2026-02-24T10:00"),
    ("into a make-up Saturday", "2026-02-27T17:00", "PT2H", "2026-02-28T10:00"),
    # National Day 2026: 1-7 October; Sunday 20 September and Saturday 10 October are worked
    ("over National Day", "2026-09-30T15:00", "P1D", "2026-10-08T15:00"),
    ("a make-up Sunday", "2026-09-18T15:00", "P1D", "2026-09-20T15:00"),
    ("starts in a holiday", "2026-10-03T12:00", "PT8H", "2026-10-08T17:00"),
    ("over both", "2026-10-09T15:00", "P2D", "2026-10-12T15:00"),
    ("another's clock", "2026-01-09T16:30Z", "PT1H", "2026-01-12T10:00"),  # Saturday in Beijing
    ("very long", "2026-01-05T09:00", "P240D", "2026-12-23T09:00"),
]


@pytest.mark.parametrize(("why", "start", "length", "end"), CASES, ids=[c[0] for c in CASES])
def test_business_time_in_china(why: str, start: str, length: str, end: str) -> None:
    del why

    assert beijing(STANDARD.after(at(start), length)) == beijing(at(end))


def test_two_spans_a_day() -> None:
    shop = made(
        weekly={"fri": [["13:00", "18:00"], ["09:00", "12:00"]], "sat": [["10:00", "12:00"]]}
    )

    assert beijing(shop.after(at("2026-01-09T11:00"), "PT2H")) == beijing(at("2026-01-09T14:00"))
    # the same time on Saturday is after hours: never earlier than promised, so the next opening
    assert beijing(shop.after(at("2026-01-09T15:00"), "P1D")) == beijing(at("2026-01-16T09:00"))
    # in the break of the day it would be due
    assert beijing(shop.after(at("2026-01-10T11:30"), "P1D")) == beijing(at("2026-01-16T11:30"))


def test_midnight_is_the_end_of_a_day() -> None:
    always = made(weekly={day: [["00:00", "24:00"]] for day in DAYS}, holidays=None)

    assert beijing(always.after(at("2026-01-09T23:00"), "PT2H")) == beijing(at("2026-01-10T01:00"))
    assert beijing(always.after(at("2026-01-09T23:00"), "P1D")) == beijing(at("2026-01-10T23:00"))


BERLIN = [
    # clocks go forward on 2026-03-29 at 02:00 and back on 2026-10-25 at 03:00
    ("2026-03-27T15:00+01:00", "P1D", "2026-03-30T15:00+02:00"),
    ("2026-03-27T17:00+01:00", "PT2H", "2026-03-30T10:00+02:00"),
    ("2026-10-23T15:00+02:00", "P1D", "2026-10-26T15:00+01:00"),
]


@pytest.mark.parametrize(("start", "length", "end"), BERLIN)
def test_a_day_is_the_same_time_on_the_wall_when_clocks_change(
    start: str, length: str, end: str
) -> None:
    office = made(timezone="Europe/Berlin", holidays=None)

    assert to_iso(office.after(from_iso(start), length)) == to_iso(from_iso(end))


def test_hours_are_real_hours_when_clocks_change() -> None:
    nights = made(
        timezone="Europe/Berlin", holidays=None, weekly={day: [["00:00", "06:00"]] for day in DAYS}
    )
    forward, back = from_iso("2026-03-29T00:00+01:00"), from_iso("2026-10-25T00:00+02:00")

    assert nights.after(forward, "PT5H") - forward == 5 * 3_600_000  # 06:00: an hour was not there
    assert nights.after(back, "PT7H") - back == 7 * 3_600_000  # 06:00: an hour was there twice
    assert nights.after(forward, "PT6H") == from_iso("2026-03-30T01:00+02:00")


def test_hours_that_the_change_of_clocks_swallows_are_none() -> None:
    early = made(
        timezone="Europe/Berlin", holidays=None, weekly={day: [["02:00", "03:00"]] for day in DAYS}
    )

    end = early.after(from_iso("2026-03-28T02:30+01:00"), "PT1H")

    assert to_iso(end) == to_iso(from_iso("2026-03-30T02:30+02:00"))


def test_own_days_are_stronger_than_all_else() -> None:
    own = made(
        days=[
            {"date": "2026-01-12", "hours": []},
            {"date": "2026-01-10", "hours": [["10:00", "12:00"]]},
            {"date": "2026-10-01", "hours": [["09:00", "18:00"]]},
        ]
    )

    assert beijing(own.after(at("2026-01-09T17:00"), "PT4H")) == beijing(at("2026-01-13T10:00"))
    assert beijing(own.after(at("2026-09-30T15:00"), "P1D")) == beijing(at("2026-10-01T15:00"))


def test_a_make_up_day_has_hours_of_its_own_where_its_weekday_has_none() -> None:
    short = made(makeup=[["09:00", "12:00"]])

    assert short.spans(date(2026, 2, 14)) == spans_of([["09:00", "12:00"]])
    assert made(makeup=[]).spans(date(2026, 2, 14)) == spans_of([["09:00", "18:00"]])


def test_a_year_without_data_is_refused_where_the_calendar_says_so() -> None:
    strict = made(unknown_years="refuse")

    with pytest.raises(YearUnknown, match=r"public holidays of 2199, but only 2004 to \d{4}"):
        strict.after(at("2199-01-04T10:00"), "P1D")


def test_a_year_without_data_counts_by_the_week_and_is_said_so() -> None:
    assert beijing(STANDARD.after(at("2199-01-04T10:00"), "P1D")) == beijing(at("2199-01-07T10:00"))
    assert STANDARD.unknown(range(2026, 2200))[-1] == 2199
    assert STANDARD.unknown(range(2004, 2027)) == []
    assert STANDARD.day(date(2199, 1, 4)).known is False
    assert made(holidays=None).unknown(range(2199, 2200)) == []


def test_what_never_ends_is_refused() -> None:
    rare = made(weekly={"mon": [["09:00", "10:00"]]})

    with pytest.raises(CalendarTooFar, match="PT2000H"):
        rare.after(at("2026-01-05T09:00"), "PT2000H")


def test_days_as_people_see_them() -> None:
    found = {day: STANDARD.day(date.fromisoformat(day)) for day in SEEN}

    assert {day: (one.kind, bool(one.spans)) for day, one in found.items()} == SEEN
    assert found["2026-10-01"].note == {"zh": "国庆节", "en": "National Day"}


SEEN = {
    "2026-10-01": ("holiday", False),
    "2026-10-03": ("holiday", False),  # a Saturday
    "2026-10-10": ("makeup", True),
    "2026-10-12": ("work", True),
    "2026-10-17": ("rest", False),
}

WRONG = [
    ({"weekly": {}}, "/weekly", "at least one weekday"),
    ({"weekly": {"mon": []}, "days": [{"date": "2026-01-05", "hours": [["09:00", "10:00"]]}]}, "/weekly", "at least"),
    ({"timezone": "Mars/Olympus"}, "/timezone", "Mars/Olympus"),
    ({"holidays": "XX"}, "/holidays", "CN"),
    ({"weekly": {"mon": [["18:00", "09:00"]]}}, "/weekly/mon", "end after they begin"),
    ({"weekly": {"mon": [["09:00", "12:00"], ["11:00", "18:00"]]}}, "/weekly/mon", "overlap"),
    ({"weekly": {"mon": [["09:00", "25:00"]]}}, "/weekly/mon", "24:00"),
    ({"makeup": [["10:00", "10:00"]]}, "/makeup", "end after"),
    ({"days": [{"date": "2026-02-30", "hours": []}]}, "/days/0/date", "2026-02-30"),
    ({"days": [{"date": "2026-02-03", "hours": []}] * 2}, "/days/1/date", "each day once"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "path", "says"), WRONG)
def test_a_wrong_calendar_is_told(content: dict[str, Any], path: str, says: str) -> None:
    (problem,) = problems_of({**CHINA, **content})

    assert problem.path == path
    assert says in problem.message


# --- for all ------------------------------------------------------------------------------------------

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOMENTS = st.integers(1_735_660_800_000, 1_798_732_800_000)  # 2025 and 2026
HOURS = st.integers(0, 2_000).map(lambda quarters: quarters * 900)


def made(**content: Any) -> Calendar:
    return calendar_of({**CHINA, **content})


CALENDARS = st.sampled_from(
    [
        STANDARD,
        made(weekly={"mon": [["09:00", "12:00"], ["13:30", "18:00"]], "sat": [["10:00", "12:00"]]}),
        made(weekly={day: [["00:00", "06:00"], ["22:00", "24:00"]] for day in DAYS}),
        made(timezone="Europe/Berlin", holidays=None),
        made(timezone="America/New_York", holidays=None, weekly={"sun": [["01:00", "04:00"]]}),
    ]
)
LENGTHS = st.builds(
    lambda days, seconds: f"P{days}DT{seconds}S", st.integers(0, 40), st.integers(0, 200_000)
)


@given(CALENDARS, MOMENTS, HOURS, HOURS)
def test_hours_add_up(calendar: Calendar, start: int, first: int, then: int) -> None:
    middle = calendar.after(start, f"PT{first}S")

    assert calendar.after(middle, f"PT{then}S") == calendar.after(start, f"PT{first + then}S")


@given(
    CALENDARS.filter(lambda one: one.zone.key != "America/New_York"),
    MOMENTS,
    st.integers(0, 10**9),
    LENGTHS,
)
def test_who_comes_later_is_not_due_earlier(
    calendar: Calendar, start: int, later: int, length: str
) -> None:
    assert calendar.after(start, length) <= calendar.after(start + later, length)


@given(CALENDARS, MOMENTS, LENGTHS)
def test_it_ends_inside_business_hours_and_not_before_it_began(
    calendar: Calendar, start: int, length: str
) -> None:
    end = calendar.after(start, length)

    assert end >= start
    assert calendar.after(end, "PT0S") == end


def at(text: str) -> int:
    return from_iso(text if text.endswith("Z") else f"{text}+08:00")


def beijing(ms: int) -> str:
    return to_iso(ms + 8 * 3_600_000)
