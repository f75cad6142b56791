"""Wait for what comes first: a message, a signal, or a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, NodeType, WaitForEvent
from headrace.nodes._fields import EXIT_ID, Problems, exit_title, form, setting

EVENTS_MAX = 20


def run(context: Context) -> WaitForEvent:
    """The events as drawn; the engine works out their keys and moments when it begins to wait."""
    return WaitForEvent(events=context.settings["events"])


def check(settings: Mapping[str, Any]) -> Problems:
    """Every event is an exit of its own, and says what it waits for."""
    problems: Problems = []
    seen: set[str] = set()
    for index, event in enumerate(settings.get("events", ())):
        place = f"/events/{index}"
        if event.get("id") in seen:
            wrong = {"expected": "a free name", "found": event["id"]}
            problems.append((f"{place}/id", "setting_wrong", wrong))
        seen.add(event.get("id", ""))
        problems += _incomplete(place, event)
    return problems


def _incomplete(place: str, event: Mapping[str, Any]) -> Problems:
    if event.get("kind") != "timer":
        return [] if event.get("name") else [_missing(place, "name")]
    if event.get("after") and event.get("at"):
        wrong = {"expected": "either a length of time or a moment", "found": "both"}
        return [(f"{place}/at", "setting_wrong", wrong)]
    return [] if event.get("after") or event.get("at") else [_missing(place, "after")]


def _missing(place: str, name: str) -> tuple[str, str, Mapping[str, Any]]:
    return f"{place}/{name}", "setting_missing", {"setting": name}


_EVENT = {
    "type": "object",
    "properties": {
        "id": EXIT_ID,
        "title": exit_title("Title"),
        "kind": setting(
            ("等什么", "Kind"),
            (
                "消息：发给一个等它的流程，会保留一段时间。信号：告诉此刻所有在等的流程。",
                "A message is for one that waits and is kept for a while; a signal reaches all who wait now.",
            ),
            type="string",
            choices={
                "message": ("消息", "A message"),
                "signal": ("信号", "A signal"),
                "timer": ("时间", "A time"),
            },
            default="message",
        ),
        "name": setting(
            ("消息名", "Message"),
            (
                "消息或信号的名称，例如 order.paid；可用 {{ 变量 }}。",
                "Its name, such as order.paid; {{ variable }} is filled in.",
            ),
            type="string",
            format="template",
            minLength=1,
            maxLength=200,
            when={"kind": ["message", "signal"]},
        ),
        "key": setting(
            ("对应键", "Key"),
            (
                "只收同一个键的，例如 order_no。留空表示不分。",
                "Only those with the same key, such as order_no. Empty: any.",
            ),
            type="string",
            format="expression",
            minLength=1,
            maxLength=2000,
            when={"kind": ["message", "signal"]},
        ),
        "after": setting(
            ("多久以后", "After"),
            ("例如 PT30M、P3D。", "Such as PT30M or P3D."),
            type="string",
            format="duration",
            minLength=2,
            maxLength=40,
            when={"kind": ["timer"]},
        ),
        "at": setting(
            ("或到哪个时刻", "Or at"),
            (
                "结果是带时区的时间，例如 order.ship_before。",
                "Gives a time with its zone, such as order.ship_before.",
            ),
            type="string",
            format="expression",
            minLength=1,
            maxLength=2000,
            when={"kind": ["timer"]},
        ),
    },
    "required": ["id", "kind"],
    "additionalProperties": False,
    "x-order": ["title", "kind", "name", "key", "after", "at", "id"],
}

NODE = NodeType(
    name="receive",
    title={"zh": "等待消息", "en": "Receive"},
    help={
        "zh": "等消息、信号或时间，哪个先来就走哪个出口，其余的不再等。",
        "en": "Waits for messages, signals or a time; whichever comes first is the exit, the others are given up.",
    },
    group="time",
    icon="inbox",
    settings=form(
        ["events"],
        events=setting(
            ("等哪些", "Events"),
            (
                "先来的算数；每一项是一个出口，消息的内容存放在本节点的结果里。",
                "The first one counts; each is an exit. What a message brings is this node's result.",
            ),
            type="array",
            items=_EVENT,
            minItems=1,
            maxItems=EVENTS_MAX,
            widget="events",
        ),
    ),
    example={
        "events": [
            {
                "id": "paid",
                "title": {"zh": "已付款", "en": "Paid"},
                "kind": "message",
                "name": "order.paid",
                "key": "order_no",
            },
            {
                "id": "too_late",
                "title": {"zh": "超时", "en": "Too late"},
                "kind": "timer",
                "after": "P1D",
            },
        ]
    },
    ports=(),
    ports_from="events",
    run=run,
    check=check,
    waits=True,
    rows=frozenset({"timer"}),
)
