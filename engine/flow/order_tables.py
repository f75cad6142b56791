"""The tables of orders and refunds as the intake draws them; a user may add fields of his own. Pure.

And what becomes of an order that says something else later (decision G3), its number (R023, G21), and what flows are told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from headrace.engine.connector import ORDER_STATES
from headrace.engine.flow.order_map import EVENTLESS, REFUND_STATES
from headrace.engine.flow.table_definition import slots_for

ZONE = ZoneInfo("Asia/Shanghai")

_STATE_TITLES = {
    "unpaid": ("待付款", "Unpaid", "gray"), "paid": ("已付款", "Paid", "blue"), "held": ("暂停发货", "Held", "orange"),
    "part_shipped": ("部分发货", "Partly shipped", "cyan"), "shipped": ("已发货", "Shipped", "teal"),
    "signed": ("已签收", "Signed for", "teal"), "completed": ("已完成", "Completed", "green"),
    "cancelled": ("已取消", "Cancelled", "red"), "refunded": ("已退款", "Refunded", "red"),
}  # fmt: skip
_REFUND_TITLES = {
    "requested": ("已申请", "Requested", "orange"), "approved": ("已同意", "Approved", "blue"),
    "returning": ("退货中", "Returning", "cyan"),
    "refunded": ("已退款", "Refunded", "green"), "refused": ("已拒绝", "Refused", "red"), "closed": ("已关闭", "Closed", "gray"),
}  # fmt: skip


def _field(name: str, kind: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": kind, "title": {"zh": zh, "en": en}, **more}


def _states(
    titles: Mapping[str, tuple[str, str, str]], known: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        {
            "value": one,
            "title": {"zh": titles[one][0], "en": titles[one][1]},
            "color": titles[one][2],
        }
        for one in known
    ]


_I = {"index": True}
_S = {"search": True}
ORDERS: Mapping[str, Any] = {
    "title": {"zh": "订单", "en": "Orders"},
    "description": {"zh": "各来源接入的订单，同一订单只有一条。", "en": "Orders of all sources; each order once."},
    "display": "number",
    "fields": [
        _field("number", "text", "订单编号", "Number", **_I, **_S),
        _field("channel", "text", "渠道", "Channel", **_I),
        _field("shop", "text", "店铺", "Shop", **_I),
        _field("platform_order_id", "text", "平台订单号", "Platform order no.", **_I, **_S),
        _field("state", "enum", "状态", "State", options=_states(_STATE_TITLES, ORDER_STATES), **_I),
        _field("total", "money", "金额", "Total", currency="CNY", **_I),
        _field("created_at", "date_time", "下单时间", "Ordered at", **_I),
        _field("paid_at", "date_time", "付款时间", "Paid at", **_I),
        _field("updated_at", "date_time", "平台更新时间", "Changed at the platform", **_I),
        _field("buyer", "text", "买家", "Buyer", **_I, **_S),
        _field("phone", "text", "电话", "Phone"),
        _field("address", "long_text", "收货地址", "Address", **_S),
        _field("address_parts", "json", "地址分段", "Parts of the address"),
        _field("items", "json", "商品", "Items"),
        _field("note", "long_text", "买家留言", "Buyer's note", **_S),
        _field("currency", "text", "币种", "Currency"),
        _field("status_code", "text", "平台状态码", "Platform's status code", **_I),
        _field("status_label", "text", "平台状态", "Platform's status"),
        _field("source", "text", "来源", "Source", **_I),
        _field("way", "text", "接入方式", "Way in"),
        _field("validated_at", "date_time", "校验时间", "Validated at"),
        _field("identity", "text", "唯一标识哈希", "Identity hash"),
        _field("content_hash", "text", "内容哈希", "Content hash"),
        _field("extra", "json", "其他字段", "Other fields"),
    ],
    "extra": "keep",
}  # fmt: skip
REFUNDS: Mapping[str, Any] = {
    "title": {"zh": "退款售后", "en": "Refunds"},
    "description": {"zh": "各来源接入的退款申请。", "en": "Refunds wanted, of all sources."},
    "display": "number",
    "fields": [
        _field("number", "text", "退款编号", "Number", **_I, **_S),
        _field("channel", "text", "渠道", "Channel", **_I),
        _field("shop", "text", "店铺", "Shop", **_I),
        _field("refund_id", "text", "平台退款单号", "Platform refund no.", **_I, **_S),
        _field("platform_order_id", "text", "平台订单号", "Platform order no.", **_I, **_S),
        _field("order_key", "text", "订单", "Order", **_I),
        _field("state", "enum", "状态", "State", options=_states(_REFUND_TITLES, REFUND_STATES), **_I),
        _field("amount", "money", "退款金额", "Amount", currency="CNY", **_I),
        _field("created_at", "date_time", "申请时间", "Asked for at", **_I),
        _field("updated_at", "date_time", "平台更新时间", "Changed at the platform", **_I),
        _field("reason", "long_text", "原因", "Reason", **_S),
        _field("items", "json", "商品", "Items"),
        _field("currency", "text", "币种", "Currency"),
        _field("status_code", "text", "平台状态码", "Platform's status code", **_I),
        _field("source", "text", "来源", "Source"),
        _field("way", "text", "接入方式", "Way in"),
        _field("validated_at", "date_time", "校验时间", "Validated at"),
        _field("identity", "text", "唯一标识哈希", "Identity hash"),
        _field("content_hash", "text", "内容哈希", "Content hash"),
        _field("extra", "json", "其他字段", "Other fields"),
    ],
    "extra": "keep",
}  # fmt: skip

_FIRST = dict.fromkeys(("number", "source", "way", "validated_at", "identity"), "fill")
_ONWARD = {
    "order": ["unpaid", "paid", "part_shipped", "shipped", "signed", "completed", "cancelled", "refunded"],
    "refund": ["requested", "approved", "returning", "refunded"],
}  # fmt: skip
"""States that are never gone back in; `held` may be put on and taken off."""


def state_words(what: str) -> dict[str, str]:
    """Our own words for states, in both languages and as they are kept → the state."""
    titles = _STATE_TITLES if what == "order" else _REFUND_TITLES
    return {
        word: state for state, (zh, en, _) in titles.items() for word in (zh, en, en.lower(), state)
    }


def rule(what: str, *, dated: bool) -> dict[str, Any]:
    """The conflict rule (G3). `dated`: it says when it was changed at the platform, else what comes later counts."""
    base = {"fields": _FIRST, "order": {"state": _ONWARD[what]}}
    return (
        {**base, "mode": "newest", "by": "updated_at", "window_s": 300}
        if dated
        else {**base, "mode": "theirs"}
    )


# --- numbers ---------------------------------------------------------------------------------------

DIGITS = 5
_NUMBER = re.compile(r"([A-Z]{2})(\d{8})(\d{5,12})", re.ASCII)


def day_of(created_at: Any, now_ms: int) -> str:
    """The day a number counts in: when the order was made, in Shanghai; `20260109`."""
    moment: datetime | None = None
    if isinstance(created_at, str):
        try:
            moment = datetime.fromisoformat(created_at)
        except ValueError:
            moment = None
    if moment is None or moment.tzinfo is None:
        moment = datetime.fromtimestamp(now_ms / 1_000, ZONE)
    return moment.astimezone(ZONE).strftime("%Y%m%d")


def number(prefix: str, day: str, sequence: int) -> str:
    """`TB2026010900123`; past 99999 it gets longer and is read as before (G21)."""
    return f"{prefix}{day}{sequence:0{DIGITS}d}"


def parse_number(text: str) -> tuple[str, str, int] | None:
    """Prefix, day, sequence; None: not one of our numbers."""
    found = _NUMBER.fullmatch(text)
    return (found[1], found[2], int(found[3])) if found else None


# --- events ----------------------------------------------------------------------------------------

ORDER_EVENTS = ("order.created", "order.paid", "order.changed", "order.cancelled")
REFUND_EVENTS = ("refund.requested", "refund.changed")
EVENTS = (*ORDER_EVENTS, *REFUND_EVENTS)
_PAID = frozenset({"paid", "part_shipped", "shipped", "signed", "completed"})
_OVER = frozenset({"cancelled", "refunded"})


def events_of(what: str, before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[str]:
    """What flows are told when a record has come to be this."""
    silent = EVENTLESS if what == "order" else EVENTLESS - {"status_code"}
    names = {*after, *(before or {})} - silent
    changed = before is None or any(before.get(name) != after.get(name) for name in names)
    if not changed:
        return []
    if what == "refund":
        return ["refund.requested" if before is None else "refund.changed"]
    was, state = (before or {}).get("state"), after.get("state")
    told = ["order.created"] if before is None else []
    if state in _PAID and was not in _PAID:
        told.append("order.paid")
    if state in _OVER and was not in _OVER:
        told.append("order.cancelled")
    return told or ["order.changed"]


def previous(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that have changed → what they were."""
    names = {*after, *before} - {"extra", "content_hash", "validated_at"}
    return {name: before.get(name) for name in sorted(names) if before.get(name) != after.get(name)}


def slots(definition: Mapping[str, Any]) -> dict[str, str]:
    """The columns its fields are filtered by."""
    return slots_for(definition, {})
