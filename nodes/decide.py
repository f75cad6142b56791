"""Ask a decision table: values go in, what its rows say comes out, and which rows it were.

The version is the one valid now, the one valid at a moment of the data (an order is judged by the rules of its day), or a pinned
one. History keeps the version and the rows with the output, so that an approver sees why.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from headrace.engine.node import OUT, Context, Decision, Done, Failed, NodeType, Port
from headrace.nodes._fields import (
    EXIT_ID,
    NAME,
    Problems,
    evaluated,
    exit_title,
    expression,
    form,
    name_problems,
    pairs,
    setting,
)

NO_MATCH = Port("no_match", {"zh": "没有匹配的行", "en": "No row matches"}, required=False)


def run(context: Context) -> Done | Failed:
    """By `no_match` where no row hits; by the branch whose value the result has; else by `out`."""
    settings = context.settings
    given = evaluated(context, settings.get("inputs", ()))
    at_ms = _moment(context)
    if isinstance(at_ms, Failed):
        return at_ms
    if context.decide is None:
        return Failed(
            "decision_missing", "Expected a workspace with decision tables, but found none."
        )
    found = context.decide(settings["table"], given, settings.get("version"), at_ms)
    if found.trouble is not None:
        return Failed(*found.trouble)
    output = {
        **found.outputs, "matched": found.matched, "rows": list(found.rows), "notes": list(found.notes),
        "table": found.table, "version": found.version,
    }  # fmt: skip
    if not found.matched and "no_match" in context.connected:
        return Done(output=output, port="no_match")
    if not found.matched and not found.defaults:
        return Failed(
            "no_row_matches",
            f"Expected a row of {found.table} (version {found.version}) for these inputs, but none matches.",
        )
    return Done(output=output, port=_port(settings, found))


def _moment(context: Context) -> int | Failed:
    text = context.settings.get("at")
    if not text:
        return context.now_ms
    told = context.evaluate.expression(text)
    try:
        # A day begins when it does in China.
        whole = f"{told}T00:00:00+08:00" if len(told) == len("2026-01-31") else told
        moment = datetime.fromisoformat(whole)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        return Failed("moment_wrong", f"Expected a moment or a day, but found {str(told)[:60]}.")
    return int(moment.timestamp() * 1000)


def _port(settings: Mapping[str, Any], found: Decision) -> str:
    said = found.outputs.get(settings.get("route", ""))
    for branch in settings.get("branches", ()):
        if said == branch["value"]:
            return str(branch["id"])
    return "out"


def check(settings: Mapping[str, Any]) -> Problems:
    """One value an input; every branch is an exit of its own, and needs a result to go by."""
    problems = name_problems("/inputs", settings.get("inputs", ()), ())
    branches = settings.get("branches", ())
    ids = [branch.get("id") for branch in branches]
    problems += [
        (f"/branches/{index}/id", "setting_wrong", {"expected": "a free name", "found": name})
        for index, name in enumerate(ids)
        if name in ids[:index] or name in {"out", "no_match"}
    ]
    if branches and not settings.get("route"):
        problems.append(("/route", "setting_missing", {"setting": "route"}))
    return problems


_BRANCH = {
    "type": "object",
    "properties": {
        "id": EXIT_ID,
        "name": exit_title("Name"),
        "value": setting(
            ("结果是", "The result is"),
            ("结果等于它时走这条分支。", "This branch is taken when the result is this."),
            type="string",
            minLength=1,
            maxLength=200,
        ),
    },
    "required": ["id", "value"],
    "additionalProperties": False,
    "x-order": ["name", "value", "id"],
}

NODE = NodeType(
    name="decide",
    title={"zh": "决策表", "en": "Decision table"},
    help={
        "zh": "把数据交给一张决策表，得到结果；历史里记着命中了哪几行。",
        "en": "Hands values to a decision table and takes what it says; history keeps which rows hit.",
    },
    group="control",
    icon="table",
    settings=form(
        ["table"],
        table=setting(
            ("决策表", "Decision table"),
            (
                "在“决策表”里画好并发布的表。",
                "One that was drawn and published among the decision tables.",
            ),
            type="string",
            pattern=NAME,
            widget="decision_table",
        ),
        inputs=pairs(
            ("输入", "Inputs"),
            ("表的每一列条件用哪个数据。", "Which value each condition column of the table gets."),
            **{"x-names": "decision"},
        ),
        route=setting(
            ("按哪个结果分支", "Branch by"),
            (
                "结果列的名称；留空则只有一个出口。",
                "The name of a result; empty: there is one exit.",
            ),
            type="string",
            pattern=NAME,
            widget="decision_result",
        ),
        branches=setting(
            ("分支", "Branches"),
            (
                "结果是这些值时从各自的出口走，其他的走“下一步”。",
                "These values have exits of their own, others go on by Next.",
            ),
            type="array",
            items=_BRANCH,
            maxItems=20,
        ),
        version=setting(
            ("固定版本", "Pinned version"),
            ("留空：用当时有效的版本。", "Empty: the version that is valid then."),
            type="integer",
            minimum=1,
            advanced=True,
        ),
        at=expression(
            ("按哪个时间选版本", "Valid when"),
            (
                "留空：现在。例如 order.paid_at：按付款那天的规则。",
                "Empty: now. Such as order.paid_at: by the rules of the day it was paid.",
            ),
            advanced=True,
        ),
    ),
    example={"table": "order_routing", "inputs": [{"name": "amount", "value": "amount"}]},
    ports=(OUT, NO_MATCH),
    ports_from="branches",
    run=run,
    check=check,
)
