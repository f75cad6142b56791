"""Work out values and keep them under names of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType
from headrace.nodes._fields import RESERVED, Problems, evaluated, form, name_problems, pairs


def run(context: Context) -> Done:
    """Later lines may use what earlier ones set."""
    return Done(variables=evaluated(context, context.settings["values"]))


def check(settings: Mapping[str, Any]) -> Problems:
    """Names the engine fills in stay the engine's."""
    return name_problems("/values", settings.get("values", ()), RESERVED)


NODE = NodeType(
    name="set_values",
    title={"zh": "计算取值", "en": "Set values"},
    help={
        "zh": "算出新的值并取名，后面的节点可以直接使用。",
        "en": "Works out values and names them; later nodes can use them.",
    },
    group="data",
    icon="function",
    settings=form(
        ["values"],
        values=pairs(
            ("取值", "Values"),
            (
                "从上到下计算，后面的行可以用前面的名称。",
                "Worked out from top to bottom; a later line may use an earlier name.",
            ),
            minItems=1,
        ),
    ),
    example={"values": [{"name": "is_large", "value": "amount > 500"}]},
    run=run,
    check=check,
)
