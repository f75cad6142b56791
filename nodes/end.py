"""End the flow, and say how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType
from headrace.nodes._fields import Problems, evaluated, form, name_problems, pairs, setting


def run(context: Context) -> Done:
    """The output of the node is the output of the flow."""
    output = evaluated(context, context.settings.get("output", ()))
    return Done(
        output=output or None, port=None, terminate=context.settings.get("terminate", False)
    )


def check(settings: Mapping[str, Any]) -> Problems:
    """One value a name."""
    return name_problems("/output", settings.get("output", ()), ())


NODE = NodeType(
    name="end",
    title={"zh": "结束", "en": "End"},
    help={"zh": "流程到此结束。", "en": "The flow ends here."},
    group="control",
    icon="stop",
    settings=form(
        result=setting(
            ("结果", "Result"),
            (
                "用一个词说明怎样结束，例如 completed、rejected、refused。列表里可以看到。",
                "One word for how it ended, such as completed, rejected or refused. Lists show it.",
            ),
            type="string",
            default="completed",
            minLength=1,
            maxLength=64,
            examples=["completed", "rejected", "refused"],
        ),
        output=pairs(
            ("输出", "Output"),
            ("留给调用者的值。", "Values for whoever started the flow."),
            advanced=True,
        ),
        terminate=setting(
            ("全部停止", "Stop everything"),
            (
                "打开后，走到这里时其他还在进行的分支也一并撤掉，整个流程结束。",
                "On: whatever else is still under way is withdrawn, and the flow is over.",
            ),
            type="boolean",
            default=False,
            advanced=True,
        ),
    ),
    example={"result": "completed", "terminate": False},
    ports=(),
    run=run,
    check=check,
    ends=True,
)
