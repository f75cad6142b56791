"""Leave by the first branch that holds, or by `else`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType, Port
from headrace.nodes._fields import NAME, Problems, form, setting

ELSE = Port("else", {"zh": "其他情况", "en": "Otherwise"})


def run(context: Context) -> Done:
    """The first branch that holds wins; its name is the output."""
    for branch in context.settings["branches"]:
        if context.evaluate.condition(branch["when"]):
            return Done(output={"branch": branch["id"]}, port=branch["id"])
    return Done(output={"branch": "else"}, port="else")


def check(settings: Mapping[str, Any]) -> Problems:
    """Every branch is an exit of its own."""
    ids = [branch.get("id") for branch in settings.get("branches", ())]
    return [
        (f"/branches/{index}/id", "setting_wrong", {"expected": "a free name", "found": name})
        for index, name in enumerate(ids)
        if name in ids[:index] or name == "else"
    ]


_BRANCH = {
    "type": "object",
    "properties": {
        "id": setting(
            ("标识", "Id"),
            ("出口的固定名称，连线按它对应。", "The exit's fixed name; edges refer to it."),
            type="string",
            pattern=NAME,
            advanced=True,
        ),
        "name": setting(
            ("名称", "Name"),
            ("画布上显示的名称。", "Shown on the canvas."),
            type="object",
            properties={"zh": {"type": "string"}, "en": {"type": "string"}},
            minProperties=1,
            additionalProperties=False,
        ),
        "when": setting(
            ("条件", "Condition"),
            ("满足时走这条分支。", "This branch is taken when it holds."),
            type="object",
            widget="condition",
        ),
    },
    "required": ["id", "when"],
    "additionalProperties": False,
    "x-order": ["name", "when", "id"],
}

NODE = NodeType(
    name="condition",
    title={"zh": "条件分支", "en": "Condition"},
    help={
        "zh": "从上到下判断，走第一条满足的分支；都不满足时走「其他情况」。",
        "en": "Tests from top to bottom and takes the first branch that holds; otherwise the last exit.",
    },
    group="control",
    icon="branches",
    settings=form(
        ["branches"],
        branches=setting(
            ("分支", "Branches"),
            ("按顺序判断，先满足先走。", "Tested in this order; the first that holds wins."),
            type="array",
            items=_BRANCH,
            minItems=1,
            maxItems=20,
        ),
    ),
    example={
        "branches": [
            {
                "id": "big",
                "name": {"zh": "大额", "en": "Large"},
                "when": {
                    "combinator": "and",
                    "rules": [{"field": "amount", "operator": ">", "value": 500}],
                },
            }
        ]
    },
    ports=(ELSE,),
    ports_from="branches",
    run=run,
    check=check,
)
