"""Leave by the first branch that holds, or by `else`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType, Port
from headrace.nodes._fields import EXIT_ID, Problems, exit_title, form, setting

ELSE = Port("else", {"zh": "其他情况", "en": "Otherwise"})


def run(context: Context) -> Done:
    """The first branch that holds wins, or all that hold; the output names what was taken."""
    if takes_all(context.settings):
        return _all(context)
    for branch in context.settings["branches"]:
        if context.evaluate.condition(branch["when"]):
            return Done(output={"branch": branch["id"]}, port=branch["id"])
    return Done(output={"branch": "else"}, port="else")


def _all(context: Context) -> Done:
    branches = context.settings["branches"]
    found = [row["id"] for row in branches if context.evaluate.condition(row["when"])] or ["else"]
    return Done(output={"branches": found}, port=found[0], ports=tuple(found))


def takes_all(settings: Mapping[str, Any]) -> bool:
    """Is it an inclusive choice?"""
    return settings.get("mode") == "all"


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
        "id": EXIT_ID,
        "name": exit_title("Name"),
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
        "zh": "从上到下判断，走第一条满足的分支，或同时走所有满足的分支；都不满足时走「其他情况」。",
        "en": "Tests from top to bottom and takes the first branch that holds, or all that hold; otherwise the last exit.",
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
        mode=setting(
            ("走几条", "How many"),
            (
                "所有满足的：同时走；要再等齐时，用「汇合」的「等还会来的」。",
                "All that hold: at the same time; where they meet, a join that waits for what can still come.",
            ),
            type="string",
            choices={
                "first": ("第一条满足的", "The first that holds"),
                "all": ("所有满足的", "All that hold"),
            },
            default="first",
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
    several=takes_all,
)
