"""Undo what was done, newest first, by the nodes that are attached for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Compensate, Context, NodeType
from headrace.nodes._fields import Problems, form, node, nodes


def run(context: Context) -> Compensate:
    """Which steps those are, the engine knows: it keeps what can be undone."""
    settings = context.settings
    return Compensate(nodes=tuple(settings.get("nodes", ())), back_to=settings.get("back_to"))


def check(settings: Mapping[str, Any]) -> Problems:
    """Either some, or all since one."""
    if settings.get("nodes") and settings.get("back_to"):
        wrong = {"expected": "either some nodes or one to go back to", "found": "both"}
        return [("/back_to", "setting_wrong", wrong)]
    return []


NODE = NodeType(
    name="compensate",
    title={"zh": "补偿", "en": "Compensate"},
    help={
        "zh": "把已经做完的按相反的顺序逐个撤销：每个节点用它挂着的「补偿」节点。都撤销完再往下走。",
        "en": "Undoes what was done in reverse, one after another, each by the node attached to it for that;"
        " goes on when all is undone.",
    },
    group="control",
    icon="undo",
    settings=form(
        nodes=nodes(
            ("撤销哪些", "Which"),
            (
                "只撤销这些节点做过的。留空表示全部。",
                "Only what these nodes did. Empty: everything.",
            ),
            which="undone",
        ),
        back_to=node(
            ("退回到", "Back to"),
            (
                "只撤销这个节点完成之后做的。",
                "Only what was done after this node was.",
            ),
            advanced=True,
        ),
    ),
    example={},
    run=run,
    check=check,
    waits=True,
    rows=frozenset(),
)
