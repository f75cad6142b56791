"""Inclusive joins: patterns 37 and 38, with loops and vicious circles, by the rule of BPMN 2.0 (13.4.3).

A join goes on when a token has come and no other token can still come to an edge that has none, without passing the join,
unless that token can also come to an edge that has one.
"""

from typing import Any

import pytest

from headrace.engine.run import events as e
from tests.builder import Flow, flow
from tests.patterns.drawings import chosen, subsets
from tests.patterns.explore import completed, endings, first, possible, told, visits, ways


def crossed() -> Flow:
    """which → a, b, c; a → left; c → right; b → both: two inclusive joins that share a branch, without a loop."""
    return (
        flow("crossed").then("which", "condition", mode="all", branches={"go_a": "a", "go_b": "b", "go_c": "c"})
        .then("none", "end")
        .at("which", "go_a").then("a", "connector").then("left", "join", mode="inclusive")
        .then("l", "connector").then("last", "join", mode="inclusive").then("done", "end")
        .at("which", "go_b").then("b", "connector").then("both", "split").to("left")
        .at("which", "go_c").then("c", "connector").then("right", "join", mode="inclusive").then("r", "connector").to("last")
        .at("both").to("right")
    )  # fmt: skip


@pytest.mark.parametrize("input_", subsets("a b c"), ids=chosen)
def test_wcp_37_acyclic_synchronizing_merge(input_: dict[str, Any]) -> None:
    a, b, c = (input_[name] for name in "abc")
    left = "left l" if a or b else ""
    right = "right r" if b or c else ""
    rest = f"{left} {right} last done" if left or right else "none"

    found = endings(crossed(), **input_)

    assert found == {completed(f"start which {chosen(input_)} {'both' if b else ''} {rest}")}


def looping_branch() -> Flow:
    """One branch may turn again and again; the join waits for it as long as it can still come."""
    return (
        flow("looping").then("fork", "split")
        .then("a", "connector").then("again", "approval").then("meet", "join", mode="inclusive")
        .then("after", "connector").then("done", "end")
        .at("again", "rejected").to("a")
        .at("again", "returned").then("gone", "end")
        .at("fork").then("b", "connector").to("meet")
    )  # fmt: skip


def test_wcp_38_general_synchronizing_merge() -> None:
    """Whether the branch that turns comes in the end or leaves for good: the join goes on once, and never too early."""
    found = endings(looping_branch(), {"again": ("approved", "rejected*2", "returned")})

    turns = ("a again", "a a again again", "a a a again again again")
    assert found == {
        *(completed(f"start fork b meet after done {turn}") for turn in turns),
        *(completed(f"start fork b meet after done gone {turn}") for turn in turns),
    }


def test_wcp_38_a_join_at_the_head_of_a_loop_does_not_wait_for_itself() -> None:
    drawing = (
        flow("head").then("first", "connector").then("head", "join", mode="inclusive")
        .then("body", "connector").then("again", "approval").then("done", "end")
        .at("again", "rejected").to("head")
    )  # fmt: skip

    found = endings(drawing, {"again": ("approved", "rejected*2")})

    assert found == {
        completed(f"start first done {'head body again ' * turns}") for turns in (1, 2, 3)
    }


def test_wcp_38_a_token_that_can_also_come_where_one_is_does_not_hold_the_join() -> None:
    """`late` can come to both edges: by the rule it does not hold `a` up, and what it brings makes the join go on again.

    `a` can only come to one of them: where `late` has come to the other, the join waits for `a`.
    """
    drawing = (
        flow("either").then("fork", "split")
        .then("a", "connector").then("one", "set_values", values={"x": "1"}).then("meet", "join", mode="inclusive")
        .then("after", "set_values", values={"y": "1"}).then("done", "end")
        .at("fork").then("late", "connector").then("which", "condition", branches={"two": "two"}).to("one")
        .at("which", "two").then("other", "set_values", values={"x": "2"}).to("meet")
    )  # fmt: skip
    twice = "start fork a late which meet meet after after done done"
    once = "start fork a late which meet after done"

    assert endings(drawing, two=True) == {
        completed(f"{twice} one other"),
        completed(f"{once} one other"),
    }
    assert endings(drawing, two=False) == {completed(f"{twice} one one")}


def circle() -> Flow:
    """Two inclusive joins, each behind the other: each could still get a token from the other's side."""
    return (
        flow("circle").then("fork", "split")
        .then("a", "connector").then("one", "join", mode="inclusive").then("c", "connector").bounded(10)
        .then("c_next", "condition", branches={"across": "turn"}).then("done", "end")
        .at("fork").then("b", "connector").then("two", "join", mode="inclusive").then("d", "connector")
        .then("d_next", "condition", branches={"across": "turn"}).to("done")
        .at("c_next", "across").to("two")
        .at("d_next", "across").to("one")
    )  # fmt: skip


def test_wcp_38_a_vicious_circle_is_broken_and_said_so() -> None:
    """Both wait, each for the other: nothing else can move, so the first of the drawing goes on, marked as forced."""
    for case in ways(first(circle(), turn=False)):
        forced = [event for event in case.of(e.JoinFired) if event.forced]

        assert [event.node for event in forced] == ["one"]
        assert case.instance.status == "completed"
        assert visits(case)["one"] == visits(case)["two"] == 1
        assert visits(case)["done"] == 2


def test_wcp_38_a_join_in_a_vicious_circle_waits_for_what_still_moves() -> None:
    case = first(circle(), turn=False)

    ((_, _, a_done),) = [one for one in possible(case, {}) if one[0] == "a"]
    case = told(case, a_done)

    assert case.waiting == ["b"]  # `b` may come to `one` by way of `two`
    assert "one" in case.instance.marks


def test_wcp_38_of_two_that_wait_the_one_that_the_other_cannot_reach_goes_first() -> None:
    """`behind` waits for what `ahead` may send; `ahead` waits for nothing: no circle, and nothing is forced."""
    drawing = (
        flow("one-way").then("fork", "split")
        .then("a", "connector").then("behind", "join", mode="inclusive").then("done", "end")
        .at("fork").then("b", "connector").then("ahead", "join", mode="inclusive")
        .then("d", "connector").to("behind")
        .at("fork").then("c", "connector").to("ahead")
    )  # fmt: skip

    found = endings(drawing)

    assert found == {completed("start fork a b c ahead d behind done")}
    for case in ways(first(drawing)):
        assert not any(event.forced for event in case.of(e.JoinFired))


def test_wcp_38_an_inclusive_join_waits_for_tokens_at_other_joins() -> None:
    """A mark at an all-join that can still be completed counts as a token that may come."""
    drawing = (
        flow("nested").then("fork", "split")
        .then("a", "connector").then("inner", "join").then("outer", "join", mode="inclusive").then("done", "end")
        .at("fork").then("b", "connector").to("inner")
        .at("fork").then("c", "connector").to("outer")
    )  # fmt: skip

    assert endings(drawing) == {completed("start fork a b c inner outer done")}
