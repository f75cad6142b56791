"""Tell other instances: a message to those that wait for it, or a signal to all who wait now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Failed, NodeType, Publish, duration_ms
from headrace.nodes._fields import (
    Problems,
    duration,
    evaluated,
    expression,
    form,
    name_problems,
    pairs,
    setting,
    template,
)

NAME_MAX = KEY_MAX = 200
"""Characters: both stand in an index."""

TTL = "PT1H"


def run(context: Context) -> Publish | Failed:
    """Everything is worked out now; the engine finds the receivers in the same transaction."""
    settings = context.settings
    name = context.evaluate.template(settings["name"]).strip()
    key = _text(context, "key")
    dedup = _text(context, "dedup")
    if not 0 < len(name) <= NAME_MAX:
        return _wrong("name_wrong", "a name of 1", NAME_MAX, len(name))
    if len(key) > KEY_MAX or len(dedup) > KEY_MAX:
        return _wrong("key_wrong", "a key of 0", KEY_MAX, max(len(key), len(dedup)))
    message = settings.get("kind", "message") == "message"
    return Publish(
        kind="message" if message else "signal",
        name=name,
        key=key,
        payload=evaluated(context, settings.get("payload", ())),
        ttl_ms=duration_ms(settings.get("ttl", TTL)) if message else 0,
        dedup=dedup or None,
        mode=settings.get("mode", "one") if message else "all",
    )


def _text(context: Context, name: str) -> str:
    source = context.settings.get(name)
    value = None if source is None else context.evaluate.expression(source)
    return "" if value is None else str(value)


def _wrong(code: str, what: str, limit: int, found: int) -> Failed:
    return Failed(code, f"Expected {what} to {limit} characters, but found {found}.")


def check(settings: Mapping[str, Any]) -> Problems:
    """One value a name."""
    return name_problems("/payload", settings.get("payload", ()), ())


_MESSAGE = {"kind": ["message"]}

NODE = NodeType(
    name="publish",
    title={"zh": "发送消息", "en": "Publish"},
    help={
        "zh": "通知其他流程：消息交给等它的流程，没人等就保留一段时间；信号告诉此刻所有在等的流程。发出后立即往下走。",
        "en": "Tells other flows. A message goes to those that wait for it, and is kept for a while if none does;"
        " a signal reaches all who wait now. The flow goes on at once.",
    },
    group="connect",
    icon="send",
    settings=form(
        ["name"],
        kind=setting(
            ("哪一种", "Kind"),
            (
                "消息：一对一，可保留。信号：广播，只有此刻在等的收得到。",
                "A message is for one and is kept; a signal is for all who wait at this moment.",
            ),
            type="string",
            choices={"message": ("消息", "A message"), "signal": ("信号", "A signal")},
            default="message",
        ),
        name=template(
            ("名称", "Name"),
            (
                "和「等待消息」里写的一致，例如 order.paid。",
                "The same as where it is waited for, such as order.paid.",
            ),
            minLength=1,
            maxLength=400,
        ),
        key=expression(
            ("对应键", "Key"),
            (
                "只有等同一个键的收得到，例如 order_no。",
                "Only who waits for the same key gets it, such as order_no.",
            ),
        ),
        payload=pairs(("内容", "Content"), ("带给对方的值。", "Values for whoever receives it.")),
        mode=setting(
            ("给谁", "For whom"),
            (
                "一个：等得最久的那一单。每个流程一个：各流程里等得最久的。所有：全部在等的。",
                "One: who has waited longest. One a flow: of each flow, who has waited longest. All who wait.",
            ),
            type="string",
            choices={
                "one": ("一个", "One"),
                "one_per_flow": ("每个流程一个", "One of each flow"),
                "all": ("所有在等的", "All who wait"),
            },
            default="one",
            when=_MESSAGE,
        ),
        ttl=duration(
            ("保留多久", "Kept for"),
            (
                "没人等的时候保留这么久，例如 PT1H。",
                "How long it stays while nobody waits for it, such as PT1H.",
            ),
            default=TTL,
            when=_MESSAGE,
        ),
        dedup=expression(
            ("去重键", "Counts once"),
            (
                "同名消息里，同一个值只发一次。",
                "Of the messages of that name, one with the same value is sent only once.",
            ),
            advanced=True,
        ),
    ),
    example={
        "kind": "message",
        "name": "order.paid",
        "key": "order_no",
        "payload": [{"name": "amount", "value": "amount"}],
        "ttl": TTL,
        "mode": "one",
    },
    run=run,
    check=check,
    rows=frozenset(),
)
