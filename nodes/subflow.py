"""Start another flow: once, or once for each item of a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import ERROR, OUT, ChildStart, Context, Failed, NodeType, WaitForChildren
from headrace.nodes._fields import (
    Problems,
    evaluated,
    expression,
    form,
    name_problems,
    pairs,
    setting,
)

ITEMS_MAX = 1_000
"""The most children of one visit: each is an instance of its own, written in the same transaction."""


def run(context: Context) -> WaitForChildren | Failed:
    """The children's inputs; the engine starts them together with this step."""
    settings = context.settings
    wait = settings.get("wait", True)
    if "for_each" not in settings:
        child = _child(context, {})
        return WaitForChildren(settings["flow"], (child,), wait=wait)
    items = context.evaluate.expression(settings["for_each"])
    if not isinstance(items, list | tuple):
        return Failed(
            "not_a_list", f"Expected a list to go through, but found {type(items).__name__}."
        )
    if len(items) > ITEMS_MAX:
        return Failed(
            "too_many_items", f"Expected at most {ITEMS_MAX} items, but found {len(items)}."
        )
    children = [_child(context, {"item": item, "index": index}) for index, item in enumerate(items)]
    return WaitForChildren(settings["flow"], children, wait=wait, each=True)


def _child(context: Context, extra: Mapping[str, Any]) -> ChildStart:
    values = evaluated(context, context.settings.get("input", ()), extra)
    return ChildStart(
        input=values,
        business_key=_key(context, "business_key", {**extra, **values}),
        dedup_key=_key(context, "dedup_key", {**extra, **values}),
    )


def _key(context: Context, name: str, extra: Mapping[str, Any]) -> str | None:
    source = context.settings.get(name)
    return None if source is None else str(context.evaluate.expression(source, extra))


def check(settings: Mapping[str, Any]) -> Problems:
    """One value a name."""
    return name_problems("/input", settings.get("input", ()), ())


NODE = NodeType(
    name="subflow",
    title={"zh": "子流程", "en": "Sub-flow"},
    help={
        "zh": "启动另一个流程，可以对列表中的每一条各启动一次，并等它们全部结束。",
        "en": "Starts another flow, if wanted once for each item of a list, and waits until all have ended.",
    },
    group="control",
    icon="apartment",
    settings=form(
        ["flow"],
        flow=setting(
            ("流程", "Flow"),
            (
                "要启动的流程，总是用它当前发布的版本。",
                "Which flow to start; always its published version.",
            ),
            type="string",
            minLength=1,
            maxLength=64,
            widget="flow",
        ),
        for_each=expression(
            ("对每一条", "For each of"),
            (
                "一个列表；每一条各启动一次，用 item 取这一条，index 是从 0 开始的序号。留空表示只启动一次。",
                "A list; each item starts one. item is this one, index its number from 0. Empty: start once.",
            ),
        ),
        input=pairs(
            ("输入", "Input"),
            ("给子流程的输入项。", "What the sub-flow is given."),
        ),
        business_key=expression(
            ("业务编号", "Business number"),
            ("子流程这一单叫什么。", "What the sub-flow's instance is called."),
            advanced=True,
        ),
        dedup_key=expression(
            ("去重键", "Counts once"),
            (
                "同一个值只会启动一次；可用上面的输入项。",
                "The same value starts only once; the input above may be used.",
            ),
            advanced=True,
        ),
        wait=setting(
            ("等它结束", "Wait for it"),
            ("关掉后，启动了就往下走。", "Off: go on as soon as they are started."),
            type="boolean",
            default=True,
        ),
    ),
    example={
        "flow": "order-intake",
        "input": [{"name": "order_no", "value": "'A-1'"}],
        "wait": True,
    },
    ports=(OUT, ERROR),
    run=run,
    check=check,
    waits=True,
)
