"""What was done is undone in reverse, under every order of events: part of the instance, or all of it before a cancellation."""

import pytest

from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import to_json
from tests.builder import Flow, flow
from tests.fakes import ANN, Case, same
from tests.patterns.explore import endings, first, positions, told, ways


def booked(**undo: object) -> Flow:
    """fork → flight → seat → meet; hotel → meet → sure; a no of `sure` undoes (all, or what `undo` says) → gone."""
    drawing = flow("trip").then("fork", "split")
    for name in ("flight", "seat"):
        drawing.then(name, "connector").event(f"undo_{name}", "compensation")
    drawing.then("meet", "join").then("sure", "approval").then("done", "end")
    drawing.at("fork").then("hotel", "connector").event("undo_hotel", "compensation").to("meet")
    for name in ("flight", "seat", "hotel"):
        drawing.at(name, f"undo_{name}").then(f"no_{name}", "connector")
    drawing.at("sure", "rejected").then("undo", "compensate", **undo).then(
        "gone", "end", result="gone"
    )
    return drawing


NO = {"sure": ("rejected",)}


def undone(case: Case) -> list[str]:
    """The nodes that were undone, in that order."""
    nodes = {event.step: event.node for event in case.of(e.CompensationKept)}
    return [nodes[event.of] for event in case.of(e.CompensationStarted)]


def done(case: Case) -> list[str]:
    """The nodes that could be undone, in the order they were done."""
    return [event.node for event in case.of(e.CompensationKept)]


def test_what_was_done_is_undone_in_reverse() -> None:
    orders = set()
    for case in ways(first(booked()), NO):
        assert undone(case) == done(case)[::-1]
        assert case.instance.result == "gone"
        orders.add(tuple(done(case)))

    assert len(orders) == 3  # hotel before, between, behind flight and seat


def test_nothing_is_undone_where_all_is_well() -> None:
    ((status, visits),) = endings(booked())

    assert status == "completed"
    assert "no_" not in visits


@pytest.mark.parametrize(
    ("undo", "wanted"),
    [
        ({"nodes": ["seat", "flight"]}, {"flight", "seat"}),
        ({"nodes": ["hotel"]}, {"hotel"}),
    ],
)
def test_only_what_is_named_is_undone(undo: dict[str, object], wanted: set[str]) -> None:
    for case in ways(first(booked(**undo)), NO):
        assert undone(case) == [node for node in done(case)[::-1] if node in wanted]


def test_all_that_was_done_since_a_node_is_undone_and_not_that_node() -> None:
    for case in ways(first(booked(back_to="flight")), NO):
        assert undone(case) == done(case)[: done(case).index("flight") : -1]


def test_a_cancellation_at_any_moment_undoes_what_was_done_then() -> None:
    """Every position: what is open is withdrawn, what was done is undone in reverse, then the instance is cancelled."""
    for case in positions(booked(), {"sure": ()}):
        gone = told(case, c.Cancel("not wanted", ANN, compensate=True))

        (ended,) = list(ways(gone))

        assert ended.instance.status == "cancelled"
        assert undone(ended) == done(case)[::-1]
        assert same(to_json(ended.replayed())) == same(to_json(ended.instance))


def test_a_job_that_fails_while_undoing_is_an_incident_and_goes_on_when_it_is_solved() -> None:
    case = next(ways(first(booked()), {**NO, "no_seat": ("error:refused",)}))
    assert case.instance.status == "incident"
    before = undone(case)

    case = told(case, c.Retry(case.incident, ANN))
    (ended,) = list(ways(case))

    assert undone(ended) == done(ended)[::-1]
    assert len(before) == undone(ended).index("seat") + 1
    assert ended.instance.result == "gone"
