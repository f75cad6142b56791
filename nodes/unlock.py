"""Leave a critical section."""

from __future__ import annotations

from headrace.engine.node import Context, Failed, NodeType, Unlock
from headrace.nodes._fields import form
from headrace.nodes._locks import EXAMPLE, KEY, SCOPE, key_of


def run(context: Context) -> Unlock | Failed:
    """The next in line goes on; a key that is not held is no trouble."""
    key = key_of(context)
    return key if isinstance(key, Failed) else Unlock(key)


NODE = NodeType(
    name="unlock",
    title={"zh": "独占结束", "en": "Unlock"},
    help={
        "zh": "放开「独占开始」占住的键，排在后面的可以继续。键和范围要写得一样。",
        "en": "Frees the key that “lock” holds, and the next in line goes on. Key and scope must be the same.",
    },
    group="control",
    icon="unlock",
    settings=form(["key"], key=KEY, scope=SCOPE),
    example=EXAMPLE,
    run=run,
    lock="leave",
    rows=frozenset(),
)
