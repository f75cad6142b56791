"""Go on in several directions at once."""

from __future__ import annotations

from headrace.engine.node import OUT, NodeType
from headrace.nodes._fields import form

NODE = NodeType(
    name="split",
    title={"zh": "并行开始", "en": "Split"},
    help={
        "zh": "后面连出的每一条线同时进行；需要等齐时，在后面放「并行汇合」。",
        "en": "Every edge that leaves goes on at the same time; put a join where they must meet again.",
    },
    group="control",
    icon="fork",
    settings=form(),
    example={},
    ports=(OUT,),
    splits=True,
)
