"""Again and again: patterns 10, 21 and 22."""

import pytest

from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import House, settle
from tests.patterns.explore import completed, endings


def test_wcp_10_arbitrary_cycles() -> None:
    """A loop with two ways in and two ways out, as no block structure allows."""
    drawing = (
        flow("two-ways-in").then("where", "condition", branches={"middle": "middle"})
        .then("a", "connector").then("b", "connector").then("ask", "approval").then("done", "end")
        .at("where", "middle").to("b")
        .at("ask", "rejected").to("a")
        .at("ask", "returned").to("b")
        .at("b", "error").then("failed", "end")
    )  # fmt: skip
    answers = {"ask": ("approved", "rejected*1", "returned*1"), "b": ("out", "error:refused")}
    turns = ("", "a b ask", "b ask", "a b b ask ask")

    for middle, way_in in ((False, "start where a b"), (True, "start where b")):
        found = endings(drawing, answers, middle=middle)

        assert found == {
            *(completed(f"{way_in} ask {turn} done") for turn in turns),
            *(completed(f"{way_in} {turn} failed") for turn in turns),
        }


@pytest.mark.parametrize("wanted", [0, 1, 5])
def test_wcp_21_structured_loop_that_asks_before(wanted: int) -> None:
    drawing = (
        flow("while").then("more", "condition", branches={"yes": "default(n, 0) < wanted"}).then("done", "end")
        .at("more", "yes").then("body", "set_values", values={"n": "default(n, 0) + 1"}).bounded(10).to("more")
    )  # fmt: skip

    found = endings(drawing, wanted=wanted)

    assert found == {completed(f"start more done {'body more ' * wanted}")}


@pytest.mark.parametrize("wanted", [1, 3])
def test_wcp_21_structured_loop_that_asks_after(wanted: int) -> None:
    drawing = (
        flow("repeat").then("body", "connector").bounded(10)
        .then("count", "set_values", values={"n": "default(n, 0) + 1"})
        .then("more", "condition", branches={"yes": "n < wanted"}).then("done", "end")
        .at("more", "yes").to("body")
    )  # fmt: skip

    assert endings(drawing, wanted=wanted) == {
        completed(f"start done {'body count more ' * wanted}")
    }


def test_wcp_21_a_loop_with_a_bound_stops_there_and_asks_a_person() -> None:
    drawing = (
        flow("endless").then("body", "set_values", values={"n": "default(n, 0) + 1"}).bounded(3)
        .then("more", "condition", branches={"no": "n < 0"}).to("body")
        .at("more", "no").then("done", "end")
    )  # fmt: skip

    ((status, visits),) = endings(drawing)

    assert status == "too_many_visits at body"
    assert visits == completed("start body body body more more more")[1]


def test_wcp_22_recursion(house: House) -> None:
    """A flow that starts itself: each level is an instance of its own, and the result comes back up."""
    house.publish(
        flow("factorial").then("last", "condition", branches={"one": "n <= 1"})
        .then("below", "subflow", flow="factorial", input={"n": "n - 1"})
        .then("product", "end", output={"value": "n * below.value"})
        .at("last", "one").then("bottom", "end", output={"value": "1"})
    )  # fmt: skip

    id_ = house.start("factorial", {"n": 5})
    settle(house)

    assert house.detail(id_)["output"] == {"value": 120}


def test_wcp_22_recursion_without_a_bottom_is_an_incident(house: House) -> None:
    house.publish(flow("endless").then("below", "subflow", flow="endless").then("done", "end"))

    house.start("endless")
    settle(house)

    found = [row.code for row in house.rows(t.incidents.select())]
    assert found == ["too_deep"]
