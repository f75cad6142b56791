"""Branches that meet: patterns 6 to 9, 28 to 33, 41, 42. The inclusive joins with loops are in `test_or_joins.py`."""

from itertools import combinations
from typing import Any

import pytest

from tests.builder import flow
from tests.patterns.drawings import any_of, asked_again, chosen, side_by_side, subsets
from tests.patterns.explore import completed, endings, explored, stuck


@pytest.mark.parametrize("input_", subsets("a b c"), ids=chosen)
def test_wcp_06_multi_choice(input_: dict[str, Any]) -> None:
    drawing = (
        flow("some-of").then("which", "condition", mode="all", branches={"go_a": "a", "go_b": "b", "go_c": "c"})
        .then("none", "end")
        .at("which", "go_a").then("a", "connector").then("done", "end")
        .at("which", "go_b").then("b", "connector").to("done")
        .at("which", "go_c").then("c", "connector").to("done")
    )  # fmt: skip
    names = chosen(input_)
    ends = "done " * len(names.split()) or "none"

    assert endings(drawing, **input_) == {completed(f"start which {names} {ends}")}


@pytest.mark.parametrize("input_", subsets("a b c"), ids=chosen)
def test_wcp_07_structured_synchronizing_merge(input_: dict[str, Any]) -> None:
    names = chosen(input_)
    rest = f"{names} meet after done" if names else "none"

    assert endings(any_of("a", "b", "c"), **input_) == {completed(f"start which {rest}")}


def test_wcp_08_multi_merge() -> None:
    drawing = (
        flow("twice").then("fork", "split")
        .then("a", "connector").then("after", "connector").then("done", "end")
        .at("fork").then("b", "connector").to("after")
    )  # fmt: skip

    found = explored(drawing)

    assert found.endings == {completed("start fork a b after after done done")}
    assert found.orders == 6  # a → after and b → after, interleaved


def test_wcp_09_structured_discriminator() -> None:
    found = explored(side_by_side("a", "b", "c", mode="first"))

    assert found.endings == {completed("start fork a b c meet after done")}
    assert found.orders == 18  # after the first, `after` takes any place


def test_wcp_09_a_discriminator_is_as_new_when_all_have_come() -> None:
    """A loop whose turns do not overlap: `wait_all` keeps the next turn back until every branch of this one has come."""
    drawing = (
        flow("turns").then("fork", "split")
        .then("a", "connector").then("a_fork", "split").then("meet", "join", mode="first")
        .then("early", "connector").then("noted", "end")
        .at("a_fork").then("wait_all", "join").then("again", "approval").then("done", "end")
        .at("fork").then("b", "connector").then("b_fork", "split").to("meet")
        .at("b_fork").to("wait_all")
        .at("again", "rejected").to("fork")
    )  # fmt: skip
    turn = "fork a a_fork b b_fork meet early noted wait_all again"

    found = endings(drawing, {"again": ("approved", "rejected*2")})

    assert found == {completed(f"start done {f'{turn} ' * turns}") for turns in (1, 2, 3)}


def test_wcp_28_blocking_discriminator() -> None:
    """A turn that begins before the last one is over waits with its second token of an edge."""
    found = endings(
        asked_again("a", "b", mode="first", rest="block"), {"again": ("approved", "rejected*2")}
    )

    turn = "fork a b meet again"
    assert found == {completed(f"start done {f'{turn} ' * turns}") for turns in (1, 2, 3)}


def test_wcp_29_cancelling_discriminator() -> None:
    found = endings(side_by_side("a", "b b2", "c", mode="first", rest="cancel"))

    assert found == {
        completed("start fork a meet after done"),
        completed("start fork a b meet after done"),
        completed("start fork c meet after done"),
        completed("start fork b c meet after done"),
        completed("start fork b b2 meet after done"),
    }


def test_wcp_30_structured_partial_join() -> None:
    found = explored(side_by_side("a", "b", "c", mode="count", n=2))

    assert found.endings == {completed("start fork a b c meet after done")}
    assert found.orders == 12  # six orders of a, b, c; `after` before or after the third


@pytest.mark.parametrize(
    ("percent", "wanted"),
    [
        (1, 1),
        (33, 1),
        (34, 2),  # rounded up: no less than was asked for
        (66, 2),
        (67, 3),
        (100, 3),
    ],
)
def test_wcp_30_a_share_of_the_branches(percent: int, wanted: int) -> None:
    found = endings(side_by_side("a", "b", "c", mode="percent", percent=percent, rest="cancel"))

    assert found == {
        completed(f"start fork {' '.join(some)} meet after done")
        for some in combinations("abc", wanted)
    }


def test_wcp_31_blocking_partial_join() -> None:
    found = endings(
        asked_again("a", "b", "c", mode="count", n=2, rest="block"),
        {"again": ("approved", "rejected*1")},
    )

    turn = "fork a b c meet again"
    assert found == {completed(f"start done {f'{turn} ' * turns}") for turns in (1, 2)}


def test_wcp_32_cancelling_partial_join() -> None:
    found = endings(side_by_side("a", "b", "c", mode="count", n=2, rest="cancel"))

    assert found == {
        completed(f"start fork {one} {two} meet after done") for one, two in combinations("abc", 2)
    }


def test_wcp_33_generalized_and_join() -> None:
    """Two threads on each branch: one of each edge makes one, in the order they came; surplus waits for its partner."""
    found = endings(side_by_side("a", "b", copies=2))

    assert found == {completed("start fork a a b b meet meet after after done done")}


def test_wcp_33_what_finds_no_partner_is_an_incident() -> None:
    drawing = (
        flow("unequal").then("fork", "split")
        .then("a", "connector").then("meet", "join").then("done", "end")
        .at("fork").then("two", "split", copies=2).then("b", "connector").to("meet")
    )  # fmt: skip

    assert endings(drawing) == {stuck("meet", "start fork two a b b meet done")}


def test_wcp_41_thread_merge() -> None:
    drawing = (
        flow("threads").then("three", "split", copies=3).then("a", "connector")
        .then("meet", "join", mode="tokens", n=3).then("after", "connector").then("done", "end")
    )  # fmt: skip

    assert endings(drawing) == {completed("start three a a a meet after done")}


def test_wcp_42_thread_split() -> None:
    drawing = (
        flow("threads")
        .then("three", "split", copies=3)
        .then("a", "connector")
        .then("b", "connector")
        .then("done", "end")
    )

    assert endings(drawing) == {completed("start three a a a b b b done done done")}
