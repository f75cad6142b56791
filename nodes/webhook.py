"""Begin when another system calls, one instance for each item it sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.node import Context, Done, NodeType
from headrace.nodes._fields import (
    NAME,
    RESERVED,
    Problems,
    connection,
    evaluated,
    expression,
    form,
    name_problems,
    needed,
    pairs,
    setting,
)
from headrace.nodes.start import BUSINESS_KEY, DEDUP_KEY

RAW = ("body", "headers", "query", "item", "record", "account")
"""What is known of a call before it is mapped; never a name of a mapped value."""

_SEEN: Mapping[str, Any] = {"x-variables": list(RAW)}


def run(context: Context) -> Done:
    """Map the call. The door does this before the instance exists; one begun with mapped values has nothing left to map."""
    if "item" not in context.variables:
        return Done()
    return Done(variables=evaluated(context, context.settings["values"]))


def check(settings: Mapping[str, Any]) -> Problems:
    """A call that must prove itself needs a connection with the proof."""
    missing = needed(settings, "connection") if settings.get("auth") != "none" else []
    if settings.get("table") or settings.get("record_key"):
        missing = [*missing, *needed(settings, "table", "record_key")]
    return [*missing, *name_problems("/values", settings.get("values", ()), (*RESERVED, *RAW))]


NODE = NodeType(
    name="webhook",
    title={"zh": "外部推送", "en": "Incoming call"},
    help={
        "zh": "店铺或其他系统把数据推送到本节点的网址时启动。一次推送可以带多条，每条各启动一单。",
        "en": "Starts when a shop or another system sends data to this node's address. One call may carry several"
        " items; each starts an instance of its own.",
    },
    group="start",
    icon="api",
    settings=form(
        ["auth", "values"],
        auth=setting(
            ("如何确认来源", "How the caller is known"),
            (
                "对外开放的网址一定要确认来源，否则任何人都能启动流程。",
                "An address that is open to others must know its caller, or anybody can start the flow.",
            ),
            type="string",
            choices={
                "none": ("不确认", "Not at all"),
                "token": ("口令", "A token"),
                "hmac": ("签名", "A signature"),
            },
            default="hmac",
        ),
        connection=connection(
            ("连接", "Connection"),
            (
                "「外部推送」类型的连接，里面存着口令或签名密钥。",
                "A connection of the kind “incoming call”, which holds the token or the secret.",
            ),
            when={"auth": ["token", "hmac"]},
        ),
        items=expression(
            ("多条数据的位置", "Where the items are"),
            (
                "一次推送多条时，指出列表在哪里，例如 body.data.list。留空表示整个内容是一条。",
                "For calls with several items: where the list is, such as body.data.list."
                " Empty: the whole content is one item.",
            ),
        ),
        table=setting(
            ("先查哪张表", "Look it up in"),
            (
                "应答之前先从这张表读一条，映射时可用 record（没有则为 null），用来核对金额等。",
                "Reads one record of this table before the call is answered; the mapping sees it as `record`"
                " (null where there is none), to compare an amount with.",
            ),
            type="string",
            pattern=NAME,
            widget="table",
            advanced=True,
        ),
        record_key=expression(
            ("主键", "Its key"),
            ("例如 item.out_trade_no。", "Such as item.out_trade_no."),
            advanced=True,
        ),
        values=pairs(
            ("字段对应", "Mapping"),
            (
                "左边是流程的输入项，右边从 item（这一条）、body（全部内容）、headers、query、record（查到的那一条）、"
                "account（连接的设置）里取值。",
                "Left the flow's input; right where it comes from: item (this one), body (all of it), headers, query,"
                " record (what was looked up), account (the connection's settings).",
            ),
            **_SEEN,
            **{"x-names": "input"},
        ),
        accept=expression(
            ("什么时候应答成功", "Answer success when"),
            (
                "为假时照样留下并启动流程，但不应答成功，对方会再发；"
                "例如 record != null and record.due == amount。留空表示总是成功。",
                "Where this is false the call is kept and starts the flow, but is not told success, so that it comes again:"
                " record != null and record.due == amount. Empty: always.",
            ),
            advanced=True,
            **_SEEN,
        ),
        business_key=BUSINESS_KEY,
        dedup_key=DEDUP_KEY,
    ),
    example={
        "auth": "none",
        "items": "body.orders",
        "values": [{"name": "order_no", "value": "item.id"}],
        "business_key": "order_no",
        "dedup_key": "'shop-' + order_no",
    },
    run=run,
    check=check,
    starts=True,
)
