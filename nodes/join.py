"""Wait until everything that was split has arrived."""

from __future__ import annotations

from headrace.engine.node import NodeType
from headrace.nodes._fields import form

NODE = NodeType(
    name="join",
    title={"zh": "并行汇合", "en": "Join"},
    help={
        "zh": "等所有连进来的线都到齐，再往下走一次。",
        "en": "Waits until every edge that leads here has arrived, then goes on once.",
    },
    group="control",
    icon="merge",
    settings=form(),
    example={},
    joins=True,
)
