"""Withdraw whatever is under way in a part of the flow."""

from __future__ import annotations

from headrace.engine.node import CancelNodes, Context, NodeType
from headrace.nodes._fields import form, nodes


def run(context: Context) -> CancelNodes:
    """The engine withdraws tokens, tasks, jobs, timers and sub-flows there, then goes on."""
    return CancelNodes(tuple(context.settings["nodes"]))


NODE = NodeType(
    name="cancel",
    title={"zh": "撤回", "en": "Withdraw"},
    help={
        "zh": "把这些节点上正在进行的全部撤掉：待办、等待、调用和子流程，然后往下走。已经完成的不变。",
        "en": "Withdraws whatever is under way at these nodes: tasks, waits, calls and sub-flows; then goes on."
        " What is done stays done.",
    },
    group="control",
    icon="close-circle",
    settings=form(
        ["nodes"],
        nodes=nodes(
            ("撤掉哪些", "Where"),
            (
                "这些节点上、正走向它们的、在这些汇合处等着的，都撤掉。",
                "What is at these nodes, on its way to them, or waiting at these joins.",
            ),
            which="others",
            minItems=1,
        ),
    ),
    example={"nodes": ["ask", "remind"]},
    run=run,
    rows=frozenset(),
)
