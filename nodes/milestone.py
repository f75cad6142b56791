"""Go on only while the case is where it should be: a token waits at another node, a condition holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import OUT, Context, Done, NodeType, Port, WaitForState
from headrace.nodes._fields import Problems, form, node, setting

MISSED = Port("missed", {"zh": "不会再有", "en": "Missed"}, required=False)


def run(context: Context) -> Done | WaitForState:
    """Asked when a token comes, and again whenever the instance has moved."""
    place, condition = context.settings.get("node"), context.settings.get("condition")
    here = place is None or place in context.waiting_at
    if here and (condition is None or context.evaluate.condition(condition)):
        return Done()
    return WaitForState(node=place, condition=condition)


def check(settings: Mapping[str, Any]) -> Problems:
    """A milestone of nothing would be none."""
    if settings.get("node") or settings.get("condition"):
        return []
    return [("/node", "setting_missing", {"setting": "node"})]


NODE = NodeType(
    name="milestone",
    title={"zh": "里程碑", "en": "Milestone"},
    help={
        "zh": "流程正停在指定的节点、并且条件满足时才往下走；否则等着。那个节点再也到不了时，走「不会再有」。",
        "en": "Goes on only while the case waits at a certain node and a condition holds; until then it waits."
        " When that node can no longer be reached it leaves by “missed”.",
    },
    group="control",
    icon="flag",
    settings=form(
        node=node(
            ("停在哪个节点", "Waits at"),
            (
                "会停下来等的节点，例如「待发货」。",
                "A node where the case rests, such as “awaiting shipment”.",
            ),
            which="waits",
        ),
        condition=setting(
            ("并且", "And"),
            ("还要满足的条件，可以不填。", "What must hold besides; may be empty."),
            type="object",
            widget="condition",
        ),
    ),
    example={
        "node": "ask",
        "condition": {
            "combinator": "and",
            "rules": [{"field": "amount", "operator": ">", "value": 0}],
        },
    },
    ports=(OUT, MISSED),
    run=run,
    check=check,
    waits=True,
    rows=frozenset(),
)
