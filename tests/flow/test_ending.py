"""Which positions of tokens can still come to an end."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.flow.compile import CompiledFlow, compile_flow
from headrace.engine.flow.ending import Ending, explore, position
from tests.builder import Flow, flow
from tests.fakes import TYPES


def compiled(drawing: Flow) -> CompiledFlow:
    return compile_flow(drawing.document(), TYPES)


def two_branches(**join: Any) -> Flow:
    """split → a, b → join → end; edges e1 start→split, e2 →a, e3 a→join, e4 join→end, e5 →b, e6 b→join."""
    return (
        flow("f").then("split", "split").then("a", "timer", duration="PT1H").then("both", "join", **join)
        .then("done", "end").at("split").then("b", "timer", duration="PT1H").to("both")
    )  # fmt: skip


def ending(drawing: Flow, *at: str, marks: dict[str, int] | None = None) -> Ending:
    return explore(compiled(drawing), position(at, (), marks))


def test_two_branches_end_and_one_alone_is_stuck_at_the_join() -> None:
    assert ending(two_branches(), "a", "b").can_end is True
    assert ending(two_branches(), "a", marks={"e6": 1}).can_end is True

    alone = ending(two_branches(), "a")

    assert alone.can_end is False
    assert alone.stuck["both"].missing == ("e6",)


def test_two_tokens_on_one_edge_are_not_two_edges() -> None:
    assert ending(two_branches(), "a", "a").can_end is False


@pytest.mark.parametrize(
    "join", [{"mode": "first"}, {"mode": "count", "n": 1}, {"mode": "inclusive"}]
)
def test_joins_that_need_not_wait_for_every_edge_let_one_through(join: dict[str, Any]) -> None:
    assert ending(two_branches(**join), "a").can_end is True
    assert ending(two_branches(**join), "a", "b").stuck == {}


def test_a_choice_before_a_join_can_end_and_can_be_stuck() -> None:
    drawing = (
        flow("f").then("split", "split").then("c", "condition", branches={"in": "x"}).on("in")
        .then("both", "join").then("done", "end").at("split").to("both").at("c", "else").then("no", "end")
    )  # fmt: skip

    found = ending(drawing, "start")

    assert found.can_end is True
    assert "both" in found.stuck


def test_a_loop_without_a_way_out_never_ends() -> None:
    drawing = (
        flow("f").then("a", "timer", duration="PT1H").then("b", "timer", duration="PT1H").to("a")
    )

    found = ending(drawing, "a")

    assert found.can_end is False
    assert found.endless == ("a",)


def test_a_loop_that_can_be_left_ends() -> None:
    drawing = (
        flow("f").then("ask", "approval").then("done", "end").at("ask", "rejected")
        .then("wait", "timer", duration="PT1H").to("ask")
    )  # fmt: skip

    assert ending(drawing, "wait").can_end is True


def test_many_branches_with_choices_are_no_matter_of_luck() -> None:
    """Ten branches of five choices each: 2^50 orders, and yet all of it is looked at."""
    drawing = flow("f").then("split", "split")
    for branch in range(10):
        drawing.at("split")
        for step in range(5):
            drawing.then(f"c{branch}_{step}", "condition", branches={"x": "a"})
            drawing.on("x").then(f"v{branch}_{step}", "timer", duration="PT1H")
            drawing.at(f"c{branch}_{step}", "else").to(f"v{branch}_{step}").at(f"v{branch}_{step}")
        drawing.then("both", "join") if branch == 0 else drawing.to("both")
    drawing.at("both").then("done", "end")

    found = ending(drawing, "start")

    assert found.can_end is True
    assert found.stuck == {}


def test_an_end_that_stops_everything_ends_whatever_else_is_under_way() -> None:
    drawing = (
        flow("f").then("split", "split").then("a", "timer", duration="PT1H").then("both", "join")
        .then("done", "end").at("split").then("stop", "end", terminate=True)
    )  # fmt: skip
    document = drawing.document()
    document["edges"].append({"id": "never", "from": "a", "port": "out", "to": "both"})

    assert ending(drawing, "a", "stop").can_end is True
