"""How long a wait is."""

from datetime import UTC, datetime

import pytest

from headrace.engine.clock import from_iso
from headrace.engine.errors import NoCalendar
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Context, Failed, WaitUntil
from headrace.engine.registry import node_types

TIMER = node_types()["timer"]


def test_business_time_is_counted_by_the_calendar_of_the_flow():
    asked = []

    def calendar(start_ms, length):
        asked.append((start_ms, length))
        return 42

    settings = {"mode": "for", "duration": "P1DT4H", "days": "business"}

    assert wait(settings, "2026-01-09T15:00Z", business=calendar) == WaitUntil(42)
    assert asked == [(from_iso("2026-01-09T15:00Z"), "P1DT4H")]


def test_without_a_calendar_business_time_is_not_guessed():
    with pytest.raises(NoCalendar, match="P1D"):
        wait({"mode": "for", "duration": "P1D", "days": "business"}, "2026-01-09T15:00Z")


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


def wait(settings, start, variables=None, business=None):
    seen = variables or {}
    return TIMER.run(
        Context(settings, seen, Evaluator(seen), from_iso(start), "k", business=business)
    )
