"""The pure rules: a token bucket that keeps its word in every window, and the breaker as a table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.limits import (
    FORGET_MS,
    WINDOW,
    Breaker,
    Guard,
    Rate,
    after,
    read_limits,
    tried,
)

NOW = 1_767_945_600_000

# --- rates ----------------------------------------------------------------------------------------

rates = st.builds(
    Rate,
    calls=st.integers(1, 500),
    per_s=st.sampled_from([0.1, 0.3, 1, 7, 60, 3_600]),
    burst=st.integers(1, 20),
)


@given(rate=rates, pauses_ms=st.lists(st.integers(0, 5_000), max_size=60), data=st.data())
def test_in_no_window_do_more_begin_than_promised(
    rate: Rate, pauses_ms: list[int], data: st.DataObject
) -> None:
    now, full_at, began = NOW, 0, []
    for pause in pauses_ms:
        now += pause
        count = min(rate.free(full_at, now), data.draw(st.integers(0, 30)))
        full_at = rate.spent(full_at, now, count) if count else full_at
        began += [now] * count

    window_ms = rate.per_s * 1_000
    for start in set(began):
        inside = sum(start <= moment < start + window_ms for moment in began)
        assert inside <= rate.calls + rate.burst - 1


@given(rate=rates, used=st.integers(1, 50))
def test_a_bucket_never_stays_empty_and_says_when_it_is_not(rate: Rate, used: int) -> None:
    full_at = rate.spent(0, NOW, used)
    next_at = rate.next_at(full_at)

    assert rate.free(full_at, max(next_at, NOW)) >= 1
    if next_at > NOW:
        assert rate.free(full_at, next_at - 1) == 0


def test_a_rested_bucket_holds_its_burst_and_no_more() -> None:
    rate = Rate(calls=10, per_s=1, burst=4)

    assert rate.free(0, NOW) == 4
    assert rate.free(rate.spent(0, NOW, 4), NOW) == 0
    assert rate.free(rate.spent(0, NOW, 4), NOW + 100) == 1
    assert rate.free(rate.spent(0, NOW, 4), NOW + 86_400_000) == 4


# --- breakers: one row a case -----------------------------------------------------------------------

GUARD = Guard(failures=3, open_s=10, open_max_s=40)
CLOSED = Breaker()
OPEN = Breaker("open", window="xxx", seen_at=NOW, opens=1, until=NOW + 10_000)
TRYING = tried(OPEN)


@pytest.mark.parametrize(
    ("before", "outcomes", "state", "pause_ms"),
    [
        (CLOSED, "xx", "closed", 0),  # too few
        (CLOSED, "xxx", "open", 10_000),  # enough, and all of them
        (CLOSED, "...x.x.x", "closed", 0),  # enough, but fewer than half
        (CLOSED, "..xxx", "open", 10_000),  # so many in a row
        (CLOSED, "x.x." * 4 + "x.x", "closed", 0),  # half, of too few to say so
        (CLOSED, "x.x." * 4 + "x.xx", "open", 10_000),  # half of twenty
        (CLOSED, "x...." * 40, "closed", 0),  # one in five, for ever
        (CLOSED, "x" + "." * WINDOW + "xx", "closed", 0),  # the first has left the window
        (OPEN, "x.", "open", 10_000),  # those that began before it opened say nothing
        (TRYING, "x.", "half_open", 10_000),  # only the one let through counts
        (replace(CLOSED, window="xx", seen_at=NOW - FORGET_MS - 1), "x", "closed", 0),  # long ago
        (replace(CLOSED, window="xx", seen_at=NOW - FORGET_MS), "x", "open", 10_000),  # not so long
    ],
)
def test_a_breaker_opens_by_what_it_saw(
    before: Breaker, outcomes: str, state: str, pause_ms: int
) -> None:
    for outcome in outcomes:
        before = after(before, GUARD, outcome == ".", NOW, probe=False)

    assert (before.state, max(0, before.until - NOW)) == (state, pause_ms)


@pytest.mark.parametrize(
    ("failed_before", "pause_ms"),
    [(1, 20_000), (2, 40_000), (3, 40_000), (30, 40_000)],  # doubles, up to its longest
)
def test_a_failed_try_opens_it_for_longer(failed_before: int, pause_ms: int) -> None:
    trying = replace(TRYING, opens=failed_before)

    found = after(trying, GUARD, False, NOW, probe=True)

    assert (found.state, found.until - NOW, found.opens) == ("open", pause_ms, failed_before + 1)


def test_a_try_that_works_closes_it_and_forgets() -> None:
    found = after(TRYING, GUARD, True, NOW, probe=True)

    assert (found.state, found.window, found.opens, found.calm) == ("closed", "", 0, True)


def test_successes_alone_leave_it_calm() -> None:
    breaker = after(CLOSED, GUARD, False, NOW, probe=False)
    assert not breaker.calm

    for _ in range(WINDOW):
        breaker = after(breaker, GUARD, True, NOW, probe=False)

    assert breaker.calm


@pytest.mark.parametrize(
    ("state", "forced", "gate"),
    [
        ("closed", "", "closed"),
        ("open", "", "open"),
        ("half_open", "", "half_open"),
        ("open", "closed", "closed"),  # a person's word is stronger
        ("closed", "open", "open"),
    ],
)
def test_what_a_breaker_says_to_a_job(state: str, forced: str, gate: str) -> None:
    assert Breaker(state, forced).gate() == gate


def test_stored_limits_are_read_with_their_defaults() -> None:
    found = read_limits(
        '{"rate":{"calls":5,"per_s":1},"operations":{"write":{"calls":1,"per_s":2,"burst":3}},"breaker":{"failures":2}}'
    )

    assert found.rates == {"": Rate(5, 1, 1), "write": Rate(1, 2, 3)}
    assert (found.parallel, found.queue, found.guard) == (None, None, Guard(failures=2))
    assert found.counted
    assert not read_limits('{"queue":"slow"}').counted
