"""Enter a critical section: one at a time holds a key."""

from __future__ import annotations

from headrace.engine.node import Context, Failed, NodeType, WaitForLock
from headrace.nodes._fields import form
from headrace.nodes._locks import EXAMPLE, KEY, SCOPE, key_of


def run(context: Context) -> WaitForLock | Failed:
    """First come, first served; who comes to a free key goes on at once."""
    key = key_of(context)
    return key if isinstance(key, Failed) else WaitForLock(key)


NODE = NodeType(
    name="lock",
    title={"zh": "独占开始", "en": "Lock"},
    help={
        "zh": "从这里到「独占结束」，同一个键同时只有一个在进行，其余的按先后排队。流程结束时自动放开。",
        "en": "From here to “unlock”, one at a time holds the key; the others wait in order. The end of the instance frees it.",
    },
    group="control",
    icon="lock",
    settings=form(["key"], key=KEY, scope=SCOPE),
    example=EXAMPLE,
    run=run,
    lock="enter",
    waits=True,
    rows=frozenset(),
)
