"""How long a wait is."""

from datetime import UTC, datetime

import pytest

from headrace.engine.clock import from_iso
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Context, Failed, WaitUntil
from headrace.engine.registry import node_types

TIMER = node_types()["timer"]

# 2026-01-09 is a Friday.
BUSINESS = [
    # from, how long, until; all in Beijing time
    ("2026-01-09T15:00+08:00", "P1D", "2026-01-12T15:00+08:00"),
    ("2026-01-08T15:00+08:00", "P1D", "2026-01-09T15:00+08:00"),
    ("2026-01-09T20:00+08:00", "PT8H", "2026-01-12T04:00+08:00"),
    ("2026-01-10T10:00+08:00", "P1D", "2026-01-13T00:00+08:00"),  # begins on a Saturday
    ("2026-01-11T23:59+08:00", "PT1H", "2026-01-12T01:00+08:00"),  # begins on a Sunday
    ("2026-01-09T15:00+08:00", "P5D", "2026-01-16T15:00+08:00"),
    ("2026-01-09T15:00+08:00", "P4D", "2026-01-15T15:00+08:00"),
    ("2026-01-07T09:30+08:00", "P12D", "2026-01-23T09:30+08:00"),
    ("2026-01-09T15:00+08:00", "PT8H59M", "2026-01-09T23:59+08:00"),
    ("2026-01-09T15:00+08:00", "PT9H", "2026-01-12T00:00+08:00"),
    ("2026-01-09T16:30Z", "PT1H", "2026-01-12T01:00+08:00"),  # Friday in London, Saturday here
]


@pytest.mark.parametrize(("start", "length", "end"), BUSINESS)
def test_on_working_days_the_clock_stands_still_at_weekends(start, length, end):
    settings = {"mode": "for", "duration": length, "days": "business"}

    assert wait(settings, start) == WaitUntil(from_iso(end))


def test_every_day_counts_otherwise():
    settings = {"mode": "for", "duration": "P1D", "days": "all"}

    assert wait(settings, "2026-01-09T15:00Z") == WaitUntil(from_iso("2026-01-10T15:00Z"))


def test_until_a_moment_that_the_data_name():
    settings = {"mode": "until", "until": "order.ship_before"}
    variables = {"order": {"ship_before": "2026-02-01T10:00:00+08:00"}}

    assert wait(settings, "2026-01-09T15:00Z", variables) == WaitUntil(
        int(datetime(2026, 2, 1, 2, tzinfo=UTC).timestamp() * 1000)
    )


@pytest.mark.parametrize("value", ["2026-02-01T10:00:00", "soon", 7, None])
def test_a_moment_without_a_zone_is_an_incident(value):
    outcome = wait({"mode": "until", "until": "at"}, "2026-01-09T15:00Z", {"at": value})

    assert isinstance(outcome, Failed)
    assert outcome.code == "not_a_moment"


def wait(settings, start, variables=None):
    seen = variables or {}
    return TIMER.run(Context(settings, seen, Evaluator(seen), from_iso(start), "k"))
