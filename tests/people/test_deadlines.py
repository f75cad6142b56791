"""Timers of a task with a time limit: a table of cases, and what a name is for."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.people import deadlines
from headrace.engine.people.deadlines import AllHours, Moment, reckoning_of
from headrace.engine.people.working_hours import CHINA, STANDARD, calendar_of

ALL = AllHours()
MONDAY = "2026-01-05T10:00"
"""An ordinary Monday in Beijing."""

CHAIN = {
    "due": "P1D",
    "warn": [50, 80],
    "escalation": [
        {"after": "PT20H", "do": "remind"},
        {"after": "due", "do": "superior", "every": "PT12H", "times": 3},
    ],
}

CASES: list[tuple[str, dict[str, Any], str, list[tuple[str, str]]]] = [
    ("nothing asked", {}, MONDAY, []),
    ("due only", {"due": "PT24H"}, MONDAY, [("task:due", "2026-01-06T10:00:00.001")]),
    (
        # a limit is broken when more than it has passed (R050); a warning comes at its moment
        "warnings are part of the time",
        {"due": "PT24H", "warn": [50, 90]},
        MONDAY,
        [
            ("task:warn:0", "2026-01-05T22:00"),
            ("task:warn:1", "2026-01-06T07:36"),
            ("task:due", "2026-01-06T10:00:00.001"),
        ],
    ),
    ("no warning without a due time", {"warn": [50]}, MONDAY, []),
    (
        "steps count from the opening, each for itself",
        {"escalation": [{"after": "PT8H", "do": "backup"}, {"after": "P1D", "do": "superior"}]},
        MONDAY,
        [
            ("task:escalate:0", "2026-01-05T18:00:00.001"),
            ("task:escalate:1", "2026-01-06T10:00:00.001"),
        ],
    ),
    (
        "a step at the due time",
        {"due": "PT4H", "escalation": [{"after": "due", "do": "approve"}]},
        MONDAY,
        [
            ("task:due", "2026-01-05T14:00:00.001"),
            ("task:escalate:0", "2026-01-05T14:00:00.001"),
        ],
    ),
    (
        "no step at a due time there is not",
        {"escalation": [{"after": "due", "do": "remind"}]},
        MONDAY,
        [],
    ),
    (
        "first to last, whatever the order drawn",
        {"escalation": [{"after": "PT9H", "do": "superior"}, {"after": "PT1H", "do": "remind"}]},
        MONDAY,
        [
            ("task:escalate:1", "2026-01-05T11:00:00.001"),
            ("task:escalate:0", "2026-01-05T19:00:00.001"),
        ],
    ),
]


@pytest.mark.parametrize(("why", "settings", "opened", "want"), CASES, ids=[c[0] for c in CASES])
def test_the_timers_of_a_task(
    why: str, settings: dict[str, Any], opened: str, want: list[tuple[str, str]]
) -> None:
    del why

    assert shown(deadlines.moments(settings, at(opened), ALL)) == want


BUSINESS = [
    # what, length, opened, warning at 50 %, due; Monday to Friday 9-18, Beijing, 2026
    ("in a day", "PT8H", "2026-01-05T10:00", "2026-01-05T14:00", "2026-01-05T18:00"),
    ("over a night", "PT8H", "2026-01-05T16:00", "2026-01-06T11:00", "2026-01-06T15:00"),
    ("over a weekend", "PT8H", "2026-01-09T15:00", "2026-01-12T10:00", "2026-01-12T14:00"),
    ("a day over a weekend", "P1D", "2026-01-09T15:00", "2026-01-12T10:30", "2026-01-12T15:00"),
    ("from a Saturday", "PT8H", "2026-01-10T12:00", "2026-01-12T13:00", "2026-01-12T17:00"),
    ("to a make-up Saturday", "P1D", "2026-02-13T15:00", "2026-02-14T10:30", "2026-02-14T15:00"),
    ("over Spring Festival", "PT8H", "2026-02-14T14:00", "2026-02-14T18:00", "2026-02-24T13:00"),
    ("over National Day", "P1D", "2026-09-30T15:00", "2026-10-08T10:30", "2026-10-08T15:00"),
    ("at night on a holiday", "PT8H", "2026-10-01T02:00", "2026-10-08T13:00", "2026-10-08T17:00"),
]


@pytest.mark.parametrize(
    ("why", "length", "opened", "half", "due"), BUSINESS, ids=[c[0] for c in BUSINESS]
)
def test_business_time_counts_for_warnings_too(
    why: str, length: str, opened: str, half: str, due: str
) -> None:
    del why
    settings = {"due": length, "warn": [50], "escalation": [{"after": length, "do": "backup"}]}

    found = {m.name: m for m in deadlines.moments(settings, at(opened), STANDARD)}

    assert found["task:warn:0"].at_ms == at(half)
    assert found["task:due"].at_ms == at(due) + 1
    assert found["task:escalate:0"].at_ms == at(due) + 1


def test_a_day_is_a_day_when_clocks_change() -> None:
    """New York goes forward on 8 March 2026 at 2: a business day is the same time on the wall, an hour is a real hour."""
    nights = calendar_of(
        {
            **CHINA,
            "timezone": "America/New_York",
            "holidays": None,
            "weekly": everyday("00:00", "24:00"),
        }
    )
    opened = from_iso("2026-03-07T12:00:00-05:00")

    day = deadlines.moments({"due": "P1D"}, opened, nights)
    hours = deadlines.moments({"due": "PT24H", "warn": [50]}, opened, nights)

    assert to_iso(day[0].at_ms - 1) == to_iso(from_iso("2026-03-08T12:00:00-04:00"))
    assert to_iso(hours[1].at_ms - 1) == to_iso(from_iso("2026-03-08T13:00:00-04:00"))
    assert to_iso(hours[0].at_ms) == to_iso(from_iso("2026-03-08T00:00:00-05:00"))


# --- repeating --------------------------------------------------------------------------------------


def test_a_step_repeats_by_its_own_beat_and_only_so_often() -> None:
    due_ms = at("2026-01-06T10:00") + 1

    second = deadlines.again(CHAIN, "task:escalate:1", due_ms, due_ms + 700, ALL)
    assert second is not None
    assert (second.name, second.at_ms) == ("task:escalate:1:1", due_ms + 12 * 3_600_000)

    third = deadlines.again(CHAIN, second.name, second.at_ms, second.at_ms, ALL)
    assert third is not None
    assert third.name == "task:escalate:1:2"
    assert deadlines.again(CHAIN, third.name, third.at_ms, third.at_ms, ALL) is None


def test_what_was_missed_is_told_once_and_not_in_a_heap() -> None:
    """The clock jumps, or the server stood still for two days: the next time counts from now."""
    due_ms = at(MONDAY)
    now_ms = due_ms + 50 * 3_600_000

    found = deadlines.again(CHAIN, "task:escalate:1", due_ms, now_ms, ALL)

    assert found is not None
    assert found.at_ms == now_ms + 12 * 3_600_000


@pytest.mark.parametrize("name", ["task:escalate:0", "task:warn:1", "task:due", "remind", "e.wait"])
def test_nothing_else_repeats(name: str) -> None:
    assert deadlines.again(CHAIN, name, at(MONDAY), at(MONDAY), ALL) is None


def test_without_times_it_goes_on_but_not_for_ever() -> None:
    settings = {"escalation": [{"after": "PT1H", "do": "remind", "every": "PT1H"}]}
    name, count, now_ms = "task:escalate:0", 1, at(MONDAY)

    while moment := deadlines.again(settings, name, now_ms, now_ms, ALL):
        name, now_ms, count = moment.name, moment.at_ms, count + 1

    assert count == deadlines.TIMES_MAX


# --- names and reckonings ---------------------------------------------------------------------------


def test_a_name_says_what_is_to_be_done() -> None:
    assert act("task:warn:1") == ("warn", 1, 0, "warn")
    assert act("task:due") == ("due", 0, 0, "due")
    assert act("task:escalate:1:2") == ("escalate", 1, 2, "superior")


@pytest.mark.parametrize("name", ["remind", "due", "e.x", "task:warn:7", "task:escalate:9:1"])
def test_a_name_that_is_no_longer_drawn_means_nothing(name: str) -> None:
    assert deadlines.meaning(CHAIN, name) is None


@pytest.mark.parametrize(
    "moment", deadlines.moments(CHAIN, 1_000_000, STANDARD), ids=lambda m: m.name
)
def test_a_moment_can_be_found_again_from_what_is_kept(moment: Moment) -> None:
    kept = moment.reckoning.as_json(moment.at_ms)

    assert reckoning_of(kept) == moment.reckoning
    assert reckoning_of(kept).moment(STANDARD) == moment.at_ms


def test_what_needs_a_due_time_says_so() -> None:
    settings = {
        "warn": [50],
        "escalation": [{"after": "PT1H", "do": "remind"}, {"after": "due", "do": "reject"}],
    }

    assert [path for path, _, _ in deadlines.problems(settings)] == ["/escalation/1/after", "/warn"]
    assert list(deadlines.problems({**settings, "due": "P1D"})) == []


def test_what_comes_is_told_in_words() -> None:
    timers = [("task:escalate:1", 30), ("task:warn:0", 10), ("remind", 20), ("e.other", 5)]

    found = deadlines.upcoming(CHAIN, timers)

    assert [(row["kind"], row["at_ms"], row["do"]) for row in found] == [
        ("warn", 10, "warn"),
        ("escalation", 20, "remind"),
        ("escalation", 30, "superior"),
    ]
    assert found[0]["text"]["en"] == "Warn at 50% of the time"


def test_business_time_between_two_moments() -> None:
    assert STANDARD.worked(at("2026-01-09T17:00"), at("2026-01-12T10:00")) == 2 * 3_600_000
    assert STANDARD.worked(at("2026-01-10T10:00"), at("2026-01-11T10:00")) == 0
    assert STANDARD.worked(at("2026-01-09T10:00"), at("2026-01-09T10:00")) == 0


def act(name: str) -> tuple[str, int, int, str]:
    found = deadlines.meaning(CHAIN, name)
    assert found is not None
    return found.kind, found.index, found.time, found.do


def at(text: str) -> int:
    return from_iso(f"{text}+08:00") if len(text) > 16 else from_iso(f"{text}:00+08:00")


def shown(found: list[Moment]) -> list[tuple[str, str]]:
    return [(moment.name, beijing(moment.at_ms)) for moment in found]


def beijing(ms: int) -> str:
    text = to_iso(ms + 8 * 3_600_000).removesuffix("Z")
    whole = text.removesuffix(".000")
    return whole[:16] if whole.endswith(":00") and whole == text.removesuffix(".000") else text


def everyday(begin: str, end: str) -> dict[str, Any]:
    return {day: [[begin, end]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
