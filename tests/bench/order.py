"""The work that every engine is given: one order of about 1 kB through eight steps, and what must come out of it."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

KEY = "order"
HTTP_KEYS = {1: "order-http", 5: "order-five"}
"""The flow's key, by the calls of another system it makes."""
WAIT_KEY = "order-wait"
LOOP_KEY = "order-loop"
LOOP_PIECES = 60
"""Advances of the looping flow, each of 1,000 visits and one piece of history."""
CONNECTION = "warehouse"
HOOK_CONNECTION = "shop"
HOOK_SECRET = "a-secret-for-the-bench"
HOOK_NODE = "hook"
TOKEN = "hr_" + "b" * 43
STEPS = 8


def order(number: int) -> dict[str, Any]:
    """An order as a shop sends it: money as text, most fields of no interest to the flow."""
    return {
        "order_no": f"SO-2026-{number:08d}",
        "channel": "tmall" if number % 3 else "shopify",
        "paid_at": "2026-01-09T08:00:00Z",
        "currency": "CNY",
        "buyer": {"id": f"B{number % 9_973:06d}", "name": "Li Lei", "level": number % 5, "phone": "13800000000"},
        "address": {
            "country": "CN" if number % 7 else "SG", "province": "Zhejiang", "city": "Hangzhou",
            "street": "969 West Wen Yi Road, Building 5, Floor 3", "zip": "311121",
        },
        "lines": [
            {"sku": f"SKU-{number % 500:05d}", "title": "Cotton shirt, long sleeves, blue, size L", "quantity": 2,
             "amount": f"{100 + number % 300}.50"},
            {"sku": "SKU-00017", "title": "Leather belt, brown, 110 cm", "quantity": 1, "amount": "89.90"},
            {"sku": "SKU-00231", "title": "Socks, merino wool, five pairs in a box", "quantity": 3, "amount": "59.70"},
            {"sku": "SKU-04112", "title": "Gift wrapping with a card", "quantity": 1, "amount": "5.00"},
        ],
        "shipping": {"method": "express", "fee": "12.00"},
        "note": "Please deliver after six in the evening and call before; the concierge is absent on Fridays.",
    }  # fmt: skip


# --- the steps as plain Python: what peers and the limit loop run ------------------------------------


def total_of(data: dict[str, Any]) -> dict[str, Any]:
    """Goods and total, exact."""
    goods = sum((Decimal(line["amount"]) for line in data["lines"]), Decimal(0))
    return {"goods": str(goods), "total": str(goods + Decimal(data["shipping"]["fee"]))}


def is_high(data: dict[str, Any]) -> bool:
    """The first branch."""
    return Decimal(data["total"]) > 300


def priority_of(data: dict[str, Any], high: bool) -> dict[str, Any]:
    """After the first branch."""
    return {"priority": "high" if high else "normal", "sla_hours": 4 if high else 24}


def is_domestic(data: dict[str, Any]) -> bool:
    """The second branch."""
    return bool(
        data["address"]["country"] == "CN" and data["channel"] in ("tmall", "jd", "shopify")
    )


def warehouse_of(data: dict[str, Any], domestic: bool) -> dict[str, Any]:
    """After the second branch."""
    return {"warehouse": "HZ-1" if domestic else "SG-2"}


def label_of(data: dict[str, Any]) -> dict[str, Any]:
    """The last values."""
    return {
        "label": f"{data['warehouse']}/{data['order_no']}",
        "points": int(Decimal(data["total"]) / 10) * (data["buyer"]["level"] + 1),
    }


def result_of(data: dict[str, Any]) -> dict[str, Any]:
    """The flow's output."""
    return {name: data[name] for name in ("total", "priority", "warehouse", "label", "points")}


def expected(number: int) -> dict[str, Any]:
    """What every engine must answer for this order."""
    data = order(number)
    data |= total_of(data)
    data |= priority_of(data, is_high(data))
    data |= warehouse_of(data, is_domestic(data))
    data |= label_of(data)
    return result_of(data)


# --- the same as a drawn flow ------------------------------------------------------------------------

_INPUT = {
    "type": "object",
    "required": ["order_no", "channel", "buyer", "address", "lines", "shipping"],
    "properties": {
        "order_no": {"type": "string", "minLength": 1, "maxLength": 60},
        "channel": {"enum": ["tmall", "jd", "shopify"]},
        "buyer": {"type": "object", "required": ["level"], "properties": {"level": {"type": "integer"}}},
        "address": {"type": "object", "required": ["country"], "properties": {"country": {"type": "string"}}},
        "lines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["sku", "quantity", "amount"],
                "properties": {
                    "sku": {"type": "string"},
                    "quantity": {"type": "integer", "minimum": 1},
                    "amount": {"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"},
                },
            },
        },
        "shipping": {"type": "object", "required": ["fee"], "properties": {"fee": {"type": "string"}}},
    },
}  # fmt: skip


def _node(id_: str, type_: str, settings: dict[str, Any]) -> dict[str, Any]:
    name = {"zh": id_, "en": id_}
    return {
        "id": id_,
        "type": type_,
        "name": name,
        "position": {"x": 0, "y": 0},
        "settings": settings,
    }


def _values(**values: str) -> dict[str, Any]:
    return {"values": [{"name": name, "value": value} for name, value in values.items()]}


def _branch(id_: str, *rules: tuple[str, str, Any]) -> dict[str, Any]:
    listed = [{"field": field, "operator": sign, "value": value} for field, sign, value in rules]
    return {
        "branches": [
            {
                "id": id_,
                "name": {"zh": id_, "en": id_},
                "when": {"combinator": "and", "rules": listed},
            }
        ]
    }


def _document(
    key: str, nodes: list[dict[str, Any]], edges: list[tuple[str, str, str]]
) -> dict[str, Any]:
    return {
        "format": 1,
        "key": key,
        "name": {"zh": key, "en": key},
        "input": _INPUT,
        "nodes": nodes,
        "edges": [
            {"id": f"e{index}", "from": source, "port": port, "to": target}
            for index, (source, port, target) in enumerate(edges)
        ],
    }


_WORK = [
    _node("totals", "set_values", _values(
        goods='sum(number(pluck(lines, "amount")))', total="text(goods + number(shipping.fee))")),
    _node("worth", "condition", _branch("high", ("total", ">", 300))),
    _node("first", "set_values", _values(priority='"high"', sla_hours="4")),
    _node("later", "set_values", _values(priority='"normal"', sla_hours="24")),
    _node("where", "condition", _branch(
        "domestic", ("address.country", "=", "CN"), ("channel", "in", ["tmall", "jd", "shopify"]))),
    _node("home", "set_values", _values(warehouse='"HZ-1"')),
    _node("abroad", "set_values", _values(warehouse='"SG-2"')),
    _node("last", "set_values", _values(
        label='warehouse + "/" + order_no', points="floor(number(total) / 10) * (buyer.level + 1)")),
    _node("done", "end", {"output": [
        {"name": name, "value": name} for name in ("total", "priority", "warehouse", "label", "points")]}),
]  # fmt: skip
_EDGES = [
    ("totals", "out", "worth"),
    ("worth", "high", "first"),
    ("worth", "else", "later"),
    ("first", "out", "where"),
    ("later", "out", "where"),
    ("where", "domestic", "home"),
    ("where", "else", "abroad"),
    ("home", "out", "last"),
    ("abroad", "out", "last"),
]
_START = _node("start", "start", {"business_key": "order_no"})


def straight() -> dict[str, Any]:
    """Eight visits, started by hand, or by a webhook (signed, one start for each order number)."""
    hook = _node("hook", "webhook", {
        "auth": "hmac", "connection": HOOK_CONNECTION, "business_key": "order_no", "dedup_key": "order_no",
        "values": [{"name": name, "value": f"item.{name}"}
                   for name in ("order_no", "channel", "buyer", "address", "lines", "shipping")],
    })  # fmt: skip
    starts = [("start", "out", "totals"), (HOOK_NODE, "out", "totals")]
    return _document(KEY, [_START, hook, *_WORK], [*starts, *_EDGES, ("last", "out", "done")])


def key_of(calls: int) -> str:
    """The flow with so many calls of another system."""
    return HTTP_KEYS[calls] if calls else KEY


def with_http(calls: int) -> dict[str, Any]:
    """The same and calls of another system before the end, one after another: each a visit and a job more."""
    names = [f"reserve{number}" for number in range(1, calls + 1)]
    reserving = [
        _node(name, "connector", {
            "connection": CONNECTION, "method": "POST", "path": "/reserve/{{ order_no }}",
            "body": '{"order_no": order_no, "warehouse": warehouse}', "timeout_s": 10, "attempts": 5, "backoff_s": 1,
            "effect": "keyed",
        })
        for name in names
    ]  # fmt: skip
    row = ["last", *names, "done"]
    edges = [
        ("start", "out", "totals"),
        *_EDGES,
        *((source, "out", target) for source, target in pairwise(row)),
    ]
    return _document(HTTP_KEYS[calls], [_START, *_WORK, *reserving], edges)


def waiting() -> dict[str, Any]:
    """Start, wait until the moment in the order, end."""
    nodes = [
        _START,
        _node("wait", "timer", {"mode": "until", "until": "paid_at"}),
        _node("done", "end", {}),
    ]
    return _document(WAIT_KEY, nodes, [("start", "out", "wait"), ("wait", "out", "done")])


def looping() -> dict[str, Any]:
    """Turn round and round: pure work for seconds."""
    count = _node("count", "set_values", _values(turn="turn + 1"))
    nodes = [
        _START,
        _node("zero", "set_values", _values(turn="0")),
        count | {"visits_max": 1_000 * LOOP_PIECES},
        _node("again", "condition", _branch("more", ("turn", "<", 500 * LOOP_PIECES))),
        _node("done", "end", {}),
    ]
    edges = [
        ("start", "out", "zero"), ("zero", "out", "count"), ("count", "out", "again"), ("again", "more", "count"),
        ("again", "else", "done"),
    ]  # fmt: skip
    return _document(LOOP_KEY, nodes, edges)
