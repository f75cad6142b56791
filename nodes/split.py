"""Go on in several directions at once."""

from __future__ import annotations

from headrace.engine.node import OUT, Context, Done, NodeType
from headrace.nodes._fields import form, setting

COPIES_MAX = 100


def run(context: Context) -> Done:
    """Every edge takes a token, or so many of them."""
    return Done(copies=context.settings.get("copies", 1))


NODE = NodeType(
    name="split",
    title={"zh": "并行开始", "en": "Split"},
    help={
        "zh": "后面连出的每一条线同时进行；需要等齐时，在后面放「汇合」。",
        "en": "Every edge that leaves goes on at the same time; put a join where they must meet again.",
    },
    group="control",
    icon="fork",
    settings=form(
        copies=setting(
            ("每条线走几次", "Times each"),
            (
                "一般是 1。大于 1 时，每条线上同时走这么多次，后面用「汇合」的「按到达次数」收回来。",
                "Usually 1. With more, so many tokens go along every edge; a join that counts tokens takes them back.",
            ),
            type="integer",
            minimum=1,
            maximum=COPIES_MAX,
            default=1,
            advanced=True,
        ),
    ),
    example={"copies": 1},
    ports=(OUT,),
    run=run,
    splits=True,
)
