"""Begin when a message or a signal of a name is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType
from headrace.nodes._fields import (
    RESERVED,
    Problems,
    evaluated,
    form,
    name_problems,
    pairs,
    setting,
)
from headrace.nodes.start import BUSINESS_KEY

RAW = ("payload", "message")
"""What is known before it is mapped: what the message brings, and its `name`, `key` and `id`."""


def run(context: Context) -> Done:
    """The payload is the input (`value`, if it is no record), or what is mapped from it. One begun by hand has nothing to map."""
    if "message" not in context.variables:
        return Done()
    rows = context.settings.get("values")
    if rows:
        return Done(variables=evaluated(context, rows))
    payload = context.variables.get("payload")
    if isinstance(payload, Mapping):
        return Done(variables=dict(payload))
    return Done(variables={} if payload is None else {"value": payload})


def check(settings: Mapping[str, Any]) -> Problems:
    """Names the engine fills in stay the engine's."""
    return name_problems("/values", settings.get("values", ()), (*RESERVED, *RAW))


NODE = NodeType(
    name="message_start",
    title={"zh": "消息触发", "en": "On message"},
    help={
        "zh": "有人发出这个名称的消息或信号时启动一单；同一条消息只启动一次。",
        "en": "Starts an instance when a message or signal of this name is published; the same message starts only one.",
    },
    group="start",
    icon="mail",
    settings={
        **form(
            ["name"],
            name=setting(
                ("消息名", "Message"),
                (
                    "消息或信号的名称，例如 order.paid。",
                    "The name of the message or signal, such as order.paid.",
                ),
                type="string",
                minLength=1,
                maxLength=200,
            ),
            key=setting(
                ("键的含义", "What its key is"),
                (
                    "只作说明，例如「订单号」；不影响启动。",
                    "For readers only, such as “the order number”; it decides nothing.",
                ),
                type="string",
                maxLength=200,
                advanced=True,
            ),
            values=pairs(
                ("字段对应", "Mapping"),
                (
                    "左边是流程的输入项，右边从 payload（内容）、message.key（键）里取值。留空表示内容就是输入。",
                    "Left the flow's input; right where it comes from: payload (what it brings), message.key."
                    " Empty: what it brings is the input.",
                ),
                **{"x-names": "input"},
            ),
            business_key=BUSINESS_KEY,
        ),
        "x-variables": list(RAW),
    },
    example={
        "name": "order.paid",
        "values": [{"name": "order_no", "value": "payload.order_no"}],
        "business_key": "order_no",
    },
    run=run,
    check=check,
    starts=True,
)
