"""Bring branches together: wait for all, for so many, or for all that can still come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import JoinRule, NodeType
from headrace.nodes._fields import Problems, form, needed, setting

EDGES_MAX = 1_000


def rule(settings: Mapping[str, Any]) -> JoinRule:
    """When it goes on; all by default."""
    return JoinRule(
        mode=settings.get("mode", "all"),
        n=settings.get("n", 1),
        percent=settings.get("percent", 100),
        rest=settings.get("rest", "ignore"),
    )


def check(settings: Mapping[str, Any]) -> Problems:
    """A number for the modes that count."""
    match settings.get("mode"):
        case "count" | "tokens":
            return needed(settings, "n")
        case "percent":
            return needed(settings, "percent")
        case _:
            return []


NODE = NodeType(
    name="join",
    title={"zh": "汇合", "en": "Join"},
    help={
        "zh": "把同时进行的分支汇到一起，再往下走一次：可以等全部到齐，等到几条，或等所有还会来的。",
        "en": "Brings branches together and goes on once: when all have come, when so many have,"
        " or when all that can still come have.",
    },
    group="control",
    icon="merge",
    settings=form(
        mode=setting(
            ("等什么", "What it waits for"),
            (
                "全部：每条连进来的线各到一次。还会来的：走「所有满足的分支」之后用，不会来的不等。"
                "按到达次数：不论从哪条线来，够数就走。",
                "All: every edge once. All that can come: behind a choice that takes all branches that hold."
                " Tokens: so many, whatever their edges.",
            ),
            type="string",
            choices={
                "all": ("全部到齐", "All edges"),
                "first": ("最先到的", "The first"),
                "count": ("到几条", "So many edges"),
                "percent": ("到百分之几", "A share of the edges"),
                "inclusive": ("等还会来的", "All that can still come"),
                "tokens": ("按到达次数", "So many tokens"),
            },
            default="all",
        ),
        n=setting(
            ("几条", "How many"),
            ("到这么多就往下走。", "Goes on when so many have come."),
            type="integer",
            minimum=1,
            maximum=EDGES_MAX,
            when={"mode": ["count", "tokens"]},
        ),
        percent=setting(
            ("百分之几", "Percent"),
            ("占连线总数的百分比，向上取整。", "Of the edges that lead here, rounded up."),
            type="number",
            exclusiveMinimum=0,
            maximum=100,
            when={"mode": ["percent"]},
        ),
        rest=setting(
            ("其余的", "The rest"),
            (
                "忽略：后到的不再理会。撤掉：还在进行的分支立即停止。挡住：等这一轮都到了，才开始下一轮。",
                "Ignore what comes later. Cancel: branches still under way stop at once."
                " Block: the next round begins when all of this one have come.",
            ),
            type="string",
            choices={
                "ignore": ("忽略", "Ignore"),
                "cancel": ("撤掉", "Cancel"),
                "block": ("挡住", "Block"),
            },
            default="ignore",
            when={"mode": ["first", "count", "percent"]},
        ),
    ),
    example={"mode": "all"},
    joins=True,
    join=rule,
    check=check,
)
