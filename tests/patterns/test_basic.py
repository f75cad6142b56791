"""Basic control flow: patterns 1 to 5."""

import pytest

from tests.builder import flow
from tests.patterns.drawings import side_by_side
from tests.patterns.explore import completed, endings, explored


def test_wcp_01_sequence() -> None:
    drawing = flow("row").then("a", "connector").then("b", "connector").then("done", "end")

    assert endings(drawing) == {completed("start a b done")}


def test_wcp_02_parallel_split() -> None:
    drawing = (
        flow("fan").then("fork", "split")
        .then("a", "connector").then("done", "end")
        .at("fork").then("b", "connector").to("done")
        .at("fork").then("c", "connector").to("done")
    )  # fmt: skip

    found = explored(drawing)

    assert found.endings == {completed("start fork a b c done done done")}
    assert found.orders == 6


def test_wcp_03_synchronization() -> None:
    found = explored(side_by_side("a", "b", "c"))

    assert found.endings == {completed("start fork a b c meet after done")}
    assert found.orders == 6  # `after` has no choice: it comes last


@pytest.mark.parametrize(
    ("amount", "visited"),
    [
        (1001, "huge giant"),  # both branches hold: the first in the list only
        (201, "big large"),
        (200, "rest small"),  # none holds
    ],
)
def test_wcp_04_exclusive_choice(amount: int, visited: str) -> None:
    drawing = (
        flow("one-of").then("size", "condition", branches={"over1000": "amount > 1000", "over200": "amount > 200"})
        .then("rest", "connector").then("small", "end")
        .at("size", "over200").then("big", "connector").then("large", "end")
        .at("size", "over1000").then("huge", "connector").then("giant", "end")
    )  # fmt: skip

    assert endings(drawing, amount=amount) == {completed(f"start size {visited}")}


@pytest.mark.parametrize(("amount", "visited"), [(1, "a"), (2, "b")])
def test_wcp_05_simple_merge(amount: int, visited: str) -> None:
    drawing = (
        flow("merge").then("which", "condition", branches={"two": "amount > 1"})
        .then("a", "connector").then("after", "connector").then("done", "end")
        .at("which", "two").then("b", "connector").to("after")
    )  # fmt: skip

    assert endings(drawing, amount=amount) == {completed(f"start which {visited} after done")}
