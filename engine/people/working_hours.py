"""The text of a calendar, as it is stored and sent, and what can be wrong with it.

{"name": {"zh", "en"}, "timezone": "Asia/Shanghai", "holidays": "CN" | null, "unknown_years": "weekly" | "refuse",
 "weekly": {"mon": [["09:00", "12:00"], ["13:00", "18:00"]], …}, "makeup": [["09:00", "18:00"]],
 "days": [{"date": "2026-12-25", "hours": [], "note": "盘点"}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol
from zoneinfo import ZoneInfo, available_timezones

from headrace.engine.errors import Problem
from headrace.engine.people.calendar import DAY_MINUTES, Calendar, OwnDay, Spans
from headrace.engine.people.holidays import COUNTRIES

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK = "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"

Content = Mapping[str, Any]


class BusinessTime(Protocol):
    """Whoever can count business time: a calendar, or something that looks for one when asked."""

    def after(self, start_ms: int, length: str) -> int:
        """The moment (ms, UTC) when so much business time has passed since `start_ms`."""
        ...

    def part(self, start_ms: int, end_ms: int, percent: float) -> int:
        """The moment when so many percent of the business time between the two have passed."""
        ...

    def worked(self, start_ms: int, end_ms: int) -> int:
        """How many ms of business time lie between the two."""
        ...


def calendar_of(content: Content) -> Calendar:
    """The calendar behind a content in which `problems_of` has found none."""
    country = content.get("holidays")
    return Calendar(
        zone=ZoneInfo(content["timezone"]),
        weekly=tuple(spans_of(content["weekly"].get(name, ())) for name in WEEKDAYS),
        holidays=COUNTRIES[country]() if country else None,
        makeup=spans_of(content.get("makeup", ())),
        own={
            date.fromisoformat(row["date"]): OwnDay(spans_of(row["hours"]), row.get("note", ""))
            for row in content.get("days", ())
        },
        refuses_unknown=content.get("unknown_years") == "refuse",
    )


def spans_of(rows: Sequence[Sequence[str]]) -> Spans:
    """`[["09:00", "12:00"], …]` → minutes, in order."""
    return tuple(sorted((_minutes(begin), _minutes(end)) for begin, end in rows))


def spans_text(spans: Spans) -> list[list[str]]:
    """Minutes → `[["09:00", "12:00"], …]`."""
    return [[f"{at // 60:02d}:{at % 60:02d}" for at in span] for span in spans]


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def problems_of(content: Content) -> list[Problem]:
    """All that is wrong with a content of the right shape."""
    return list(_problems(content))


def _problems(content: Content) -> Iterator[Problem]:
    if content["timezone"] not in available_timezones():
        yield _wrong("/timezone", "a time zone such as Asia/Shanghai", content["timezone"])
    country = content.get("holidays")
    if country is not None and country not in COUNTRIES:
        yield _wrong("/holidays", f"one of {', '.join(COUNTRIES)}, or null", country)
    for name in WEEKDAYS:
        yield from _spans_problems(f"/weekly/{name}", content["weekly"].get(name, ()))
    yield from _spans_problems("/makeup", content.get("makeup", ()))
    if not any(content["weekly"].get(name) for name in WEEKDAYS):
        text = "Expected working hours on at least one weekday, but found none: no time would ever pass."
        yield Problem("/weekly", "calendar_never_open", {}, text)
    seen: set[str] = set()
    for index, row in enumerate(content.get("days", ())):
        path = f"/days/{index}"
        if not _is_date(row["date"]):
            yield _wrong(f"{path}/date", "a day such as 2026-12-25", row["date"])
        elif row["date"] in seen:
            yield _wrong(f"{path}/date", "each day once", row["date"])
        seen.add(row["date"])
        yield from _spans_problems(f"{path}/hours", row["hours"])


def _spans_problems(path: str, rows: Sequence[Sequence[str]]) -> Iterator[Problem]:
    wrong = [row for row in rows if not all(re.match(CLOCK, text) for text in row)]
    for row in wrong:
        yield _wrong(path, "times from 00:00 to 24:00", "-".join(row))
    if wrong:
        return
    last = 0
    for begin, end in spans_of(rows):
        found = "-".join(spans_text(((begin, end),))[0])
        if not begin < end <= DAY_MINUTES:
            yield _wrong(path, "hours that end after they begin, on the same day", found)
        elif begin < last:
            yield _wrong(path, "hours that do not overlap", found)
        last = max(last, end)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _wrong(path: str, expected: str, found: str) -> Problem:
    params = {"expected": expected, "found": found}
    return Problem(path, "setting_wrong", params, f"Expected {expected}, but found {found}.")


OFFICE = [["09:00", "18:00"]]

CHINA: Content = {
    "name": {"zh": "中国：周一至周五 9–18 点，含法定节假日", "en": "China: Mon-Fri 9-18, with public holidays"},
    "timezone": "Asia/Shanghai",
    "weekly": dict.fromkeys(WEEKDAYS[:5], OFFICE),
    "holidays": "CN",
    "makeup": OFFICE,
    "unknown_years": "weekly",
    "days": [],
}  # fmt: skip
"""What a new workspace begins with."""

STANDARD = calendar_of(CHINA)
"""Where no workspace says otherwise."""
