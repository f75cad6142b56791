"""Shapes that several patterns share."""

from __future__ import annotations

from typing import Any

from tests.builder import Flow, flow


def side_by_side(*branches: str, copies: int = 1, **join: Any) -> Flow:
    """start → fork → each branch, a call by name or several in a row (`"a b"`) → meet → after → done."""
    drawing = flow("side-by-side").then("fork", "split", copies=copies)
    for index, names in enumerate(branches):
        drawing.at("fork")
        for name in names.split():
            drawing.then(name, "connector")
        if index:
            drawing.to("meet")
        else:
            drawing.then("meet", "join", **join)
    return drawing.at("meet").then("after", "connector").then("done", "end")


def asked_again(*branches: str, **join: Any) -> Flow:
    """start → fork → each branch → meet → again → done; a no of `again` leads back to the fork."""
    drawing = flow("asked-again").then("fork", "split")
    for index, name in enumerate(branches):
        drawing.at("fork").then(name, "connector")
        if index:
            drawing.to("meet")
        else:
            drawing.then("meet", "join", **join)
    drawing.at("meet").then("again", "approval").then("done", "end")
    return drawing.at("again", "rejected").to("fork")


def any_of(*branches: str, join: str = "inclusive") -> Flow:
    """start → which (all that hold) → those branches, each if its variable is true → meet → after → done; none: else."""
    drawing = flow("any-of").then(
        "which", "condition", mode="all", branches={f"go_{name}": name for name in branches}
    )
    for index, name in enumerate(branches):
        drawing.at("which", f"go_{name}").then(name, "connector")
        if index:
            drawing.to("meet")
        else:
            drawing.then("meet", "join", mode=join)
    drawing.at("meet").then("after", "connector").then("done", "end")
    return drawing.at("which", "else").then("none", "end")


def subsets(names: str) -> list[dict[str, Any]]:
    """Every choice of some of these names, as input."""
    all_ = names.split()
    return [
        {name: bool(mask & 1 << place) for place, name in enumerate(all_)}
        for mask in range(1 << len(all_))
    ]


def chosen(input_: dict[str, Any]) -> str:
    """The names chosen, as words."""
    return " ".join(name for name, wanted in input_.items() if wanted)
