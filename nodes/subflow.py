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
    needed,
    pairs,
    setting,
)

ITEMS_MAX = 1_000
"""The most children of one visit that start at once: each is an instance of its own, written in the same transaction."""

WINDOWED_MAX = 10_000
"""The most when only so many run at a time: the others are rows that wait."""

WINDOW_MAX = 1_000


def run(context: Context) -> WaitForChildren | Failed:
    """The children's inputs; the engine starts them together with this step."""
    settings = context.settings
    wait = settings.get("wait", True)
    if "for_each" not in settings:
        child = _child(context, {})
        return WaitForChildren(
            settings["flow"], (child,), wait=wait, version=settings.get("version")
        )
    items = context.evaluate.expression(settings["for_each"])
    if not isinstance(items, list | tuple):
        return Failed(
            "not_a_list", f"Expected a list to go through, but found {type(items).__name__}."
        )
    window = settings.get("window")
    limit = ITEMS_MAX if window is None else WINDOWED_MAX
    if len(items) > limit:
        return Failed("too_many_items", f"Expected at most {limit} items, but found {len(items)}.")
    children = [_child(context, {"item": item, "index": index}) for index, item in enumerate(items)]
    return WaitForChildren(
        settings["flow"],
        children,
        wait=wait,
        each=True,
        version=settings.get("version"),
        window=window,
        until=settings.get("until"),
        more=settings.get("more", False),
        collect=settings.get("collect", "all"),
    )


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
    """One value a name; what is said about many needs many, and somebody who waits for them."""
    problems = name_problems("/input", settings.get("input", ()), ())
    about_many = [name for name in ("window", "until", "more") if settings.get(name)]
    if settings.get("collect", "all") != "all":
        about_many.append("collect")
    if about_many:
        problems += needed(settings, "for_each")
    if about_many and settings.get("wait") is False:
        wrong = {"expected": f"to wait, as {about_many[0]} needs it", "found": "not to wait"}
        problems.append(("/wait", "setting_wrong", wrong))
    return problems


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
                "要启动的流程。",
                "Which flow to start.",
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
            **{"x-names": "flow"},
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
        window=setting(
            ("同时几个", "At the same time"),
            (
                f"同时进行的最多几个；1 表示一个接一个。留空表示一起启动（最多 {ITEMS_MAX} 条，设了以后最多 {WINDOWED_MAX} 条）。",
                "So many run at once; 1: one after another. Empty: all start together"
                f" (at most {ITEMS_MAX} items; with a number, {WINDOWED_MAX}).",
            ),
            type="integer",
            minimum=1,
            maximum=WINDOW_MAX,
        ),
        until={
            **expression(
                ("够了就停", "Until"),
                (
                    "每结束一个就判断，成立时其余的撤掉，往下走。可用 done、failed、total、running、last，例如 done >= 3。",
                    "Asked whenever one ends; when it holds the rest is cancelled."
                    " It knows done, failed, total, running and last, as in done >= 3.",
                ),
                advanced=True,
            ),
            "x-variables": ["done", "failed", "total", "running", "last"],
        },
        more=setting(
            ("可以再加", "More may come"),
            (
                "打开后，进行中还可以再加条目，直到有人关闭。",
                "On: further items may be added while it runs, until it is closed.",
            ),
            type="boolean",
            default=False,
            advanced=True,
        ),
        collect=setting(
            ("保留结果", "Keep"),
            (
                "条目很多时只保留个数。",
                "With many items, keep only how many there were.",
            ),
            type="string",
            choices={
                "all": ("每一条的结果", "The result of each"),
                "counts": ("只保留个数", "Only the numbers"),
            },
            default="all",
            advanced=True,
        ),
        version=setting(
            ("固定版本", "Version"),
            (
                "总是用这个版本；留空表示启动时正在用的版本。",
                "Always this version; empty: the one in use when it starts.",
            ),
            type="integer",
            minimum=1,
            advanced=True,
        ),
    ),
    example={
        "flow": "order-intake",
        "for_each": "[1, 2]",
        "input": [{"name": "order_no", "value": "'A-' + text(item)"}],
        "wait": True,
        "window": 1,
    },
    ports=(OUT, ERROR),
    run=run,
    check=check,
    waits=True,
    rows=frozenset(),
)
