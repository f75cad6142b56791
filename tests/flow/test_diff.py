"""What differs between two documents, and what of it matters."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.engine.flow.diff import diff
from headrace.engine.flow.model import canonical
from tests.builder import flow, role


def drawing() -> dict[str, Any]:
    return (
        flow("refund")
        .then("check", "condition", branches={"big": "amount > 100", "small": "amount > 10"})
        .then("done", "end")
        .at("check", "big")
        .then("ask", "approval")
        .to("done")
        .at("ask", "rejected")
        .to("done")
        .document()
    )


def changed(change: Any) -> list[tuple[str, str, str, bool]]:
    """(kind, id, change, quiet) of all differences that `change` makes."""
    after = drawing()
    change(after)
    return [(d.kind, d.id, d.change, d.quiet) for d in diff(drawing(), after)]


def fields(change: Any) -> list[tuple[str, str]]:
    after = drawing()
    change(after)
    return [(one.path, one.change) for d in diff(drawing(), after) for one in d.fields]


def node(document: Any, id_: str) -> Any:
    return next(item for item in document["nodes"] if item["id"] == id_)


def test_equal_documents_have_no_difference_whatever_their_order() -> None:
    def shuffle(document: Any) -> None:
        random.Random(3).shuffle(document["nodes"])
        random.Random(4).shuffle(document["edges"])

    assert changed(shuffle) == []


def test_a_node_that_only_moved_is_quiet() -> None:
    def move(document: Any) -> None:
        node(document, "ask")["position"] = {"x": 5, "y": 0}

    assert changed(move) == [("node", "ask", "moved", True)]


def test_a_setting_is_named_by_its_path() -> None:
    def set_title(document: Any) -> None:
        node(document, "ask")["settings"]["title"] = "Really?"
        node(document, "ask")["settings"]["assignees"] = [role("cfo")]
        node(document, "ask")["position"] = {"x": 5, "y": 0}

    assert changed(set_title) == [("node", "ask", "changed", False)]
    assert fields(set_title) == [
        ("/position/x", "changed"),
        ("/settings/title", "changed"),
        ("/settings/assignees/boss", "removed"),
        ("/settings/assignees/cfo", "added"),
    ]


def test_branches_are_compared_by_id_and_their_order_counts() -> None:
    def turn(document: Any) -> None:
        node(document, "check")["settings"]["branches"].reverse()

    def edit(document: Any) -> None:
        node(document, "check")["settings"]["branches"][1]["when"] = {"expression": "amount > 20"}

    assert fields(turn) == [("/settings/branches/-", "changed")]
    assert fields(edit) == [("/settings/branches/small/when/expression", "changed")]


def test_added_and_removed() -> None:
    def replace(document: Any) -> None:
        document["nodes"] = [item for item in document["nodes"] if item["id"] != "ask"]
        document["nodes"].append({"id": "ask2", "type": "approval", "settings": {}})
        document["edges"] = [e for e in document["edges"] if "ask" not in (e["from"], e["to"])]

    assert [one[:3] for one in changed(replace) if one[0] == "node"] == [
        ("node", "ask", "removed"),
        ("node", "ask2", "added"),
    ]


def test_an_edge_drawn_anew_between_the_same_ends_is_quiet() -> None:
    def redraw(document: Any) -> None:
        document["edges"][0]["id"] = "other"

    assert changed(redraw) == [("edge", "other", "changed", True)]


def test_input_and_name_are_of_the_flow() -> None:
    def declare(document: Any) -> None:
        document["input"]["properties"]["shop"] = {"type": "string"}

    assert changed(declare) == [("flow", "", "changed", False)]
    assert fields(declare) == [("/input/properties/shop", "added")]


def test_yes_is_not_one_and_one_is_one_point_nought() -> None:
    def with_value(value: Any) -> Any:
        document = drawing()
        node(document, "ask")["settings"]["n"] = value
        return document

    assert diff(with_value(1), with_value(1.0)) == []
    assert diff(with_value(1), with_value(True)) != []


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_no_difference_means_the_same_canonical_text(data: st.DataObject) -> None:
    """Whatever is changed: documents with different text differ, those with the same do not."""
    after = copy.deepcopy(drawing())
    for _ in range(data.draw(st.integers(0, 3))):
        item = data.draw(st.sampled_from(after["nodes"]))
        kind = data.draw(st.sampled_from(["place", "setting", "name", "result"]))
        value = data.draw(st.sampled_from([0, 1, 2.5, "x", None, True, [1], {"a": 1}]))
        match kind:
            case "place":
                item["position"] = {"x": data.draw(st.integers(0, 2)), "y": 0}
            case "setting":
                item["settings"][data.draw(st.sampled_from("abc"))] = value
            case "name":
                item["name"] = {"en": str(value)}
            case _:
                item["result"] = str(value)

    assert (diff(drawing(), after) == []) == (canonical(drawing()) == canonical(after))
