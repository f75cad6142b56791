"""Shopify shops, through the Admin REST interface. A version that is gone is answered by the oldest that is not: headers tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Incoming,
    Mapped,
    Operation,
    Paging,
    ParamWrong,
    Pushed,
    Rate,
    Request,
    Verdict,
    Window,
    Wish,
)
from headrace.nodes import _shop as shop
from headrace.nodes import _shop_operations as operations
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form, setting

VERSION = "2026-01"
VERSIONS = {"2025-07": "2026-07-01", "2025-10": "2026-10-01", "2026-01": "2027-01-01"}
"""Each is served for a year; then the oldest one that is still there answers in its place."""

ERRORS = ErrorTable(
    {
        "401": "token_dead",
        "402": "not_allowed",
        "403": "not_allowed",
        "404": "refused",
        "406": "refused",
        "409": "refused",
        "410": "withdrawn",
        "422": "refused",
        "423": "not_allowed",
        "429": "throttled",
        "400": "refused",
        "430": "throttled",
        "5*": "busy",
    },
    {"throttled": 2.0},
)

STATUSES = {
    "pending": "unpaid",
    "authorized": "unpaid",
    "partially_paid": "unpaid",
    "paid": "paid",
    "partially_refunded": "paid",
    "refunded": "refunded",
    "voided": "cancelled",
    "expired": "cancelled",
    "cancelled": "cancelled",
    "fulfilled": "shipped",
    "partial": "part_shipped",
}

REFUND_STATUSES = {
    "success": "refunded",
    "pending": "approved",
    "failure": "refused",
    "error": "refused",
    "": "requested",
}
"""Of the payment that goes back; without one nothing has been paid back yet."""


def asked(
    account: ConnectionInfo,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: Any = None,
) -> Request:
    """A call of the Admin interface."""
    settings = account.settings
    base = settings.get("gateway") or f"https://{settings['shop']}"
    version = settings.get("version", VERSION)
    headers = {
        "x-shopify-access-token": wire.secret(account, "access_token"),
        "accept": "application/json",
    }
    if body is not None:
        headers["content-type"] = wire.JSON
    address = wire.address(base, f"/admin/api/{version}{path}", query or {})
    return Request(method, address, headers, None if body is None else wire.compact(body).encode())


def judge(answer: HttpAnswer) -> Verdict:
    """The status decides here. What warns of an end is passed on: nothing fails when a version goes."""
    body = wire.read_json(answer.body)
    if not 200 <= answer.status < 300:
        errors = wire.inside(body, "errors") or wire.inside(body, "error")
        message = errors if isinstance(errors, str) else wire.compact(errors) if errors else ""
        return ERRORS.verdict(message, str(answer.status))
    if not isinstance(body, dict):
        return Verdict(trouble="unlisted", code=f"http_{answer.status}")
    reason = answer.headers.get("x-shopify-api-deprecated-reason", "")
    served = answer.headers.get("x-shopify-api-version", "")
    return Verdict({**body, "api": {"served": served, "ends": reason}})


_NEXT = re.compile(r'<[^>]*[?&]page_info=([^&>]{1,2000})[^>]*>;\s*rel="?next"?')


def _listed(name: str) -> Any:
    def judge_list(answer: HttpAnswer) -> Verdict:
        verdict = judge(answer)
        if verdict.trouble:
            return verdict
        found = _NEXT.search(answer.headers.get("link", "")[:8_000])
        cursor = found.group(1) if found else None
        items = verdict.output.get(name) or []
        output = {"items": items, "more": cursor is not None, "total": None, "next": cursor}
        return Verdict({**output, "api": verdict.output["api"]})

    return judge_list


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    query = {"limit": str(wire.whole(wish.params, "size", 250))}
    if cursor := wire.text(wish.params, "cursor", ""):
        return asked(account, "GET", "/orders.json", {**query, "page_info": cursor})
    between = {
        "updated_at_min": wire.utc_time(wire.moment_ms(wish.params, "since")),
        "updated_at_max": wire.utc_time(wire.moment_ms(wish.params, "until")),
    }
    query |= {"status": "any", "order": "updated_at asc", **between}
    return asked(account, "GET", "/orders.json", query)


def judge_refunds(answer: HttpAnswer) -> Verdict:
    """The refunds of all orders of the page, each with its order's number and currency."""
    verdict: Verdict = _listed("orders")(answer)
    if verdict.trouble:
        return verdict
    found = [
        {"order_id": order.get("id"), "currency": order.get("currency"), **one}
        for order in verdict.output["items"]
        if isinstance(order, Mapping)
        for one in order.get("refunds") or ()
        if isinstance(one, Mapping)
    ]
    return Verdict({**verdict.output, "items": found})


def _all_refunds(account: ConnectionInfo, wish: Wish) -> Request:
    """There is no list of refunds: a refund changes its order, and stands in it."""
    fields = {"fields": "id,currency,updated_at,refunds"}
    query = {"limit": str(wire.whole(wish.params, "size", 250)), **fields}
    if cursor := wire.text(wish.params, "cursor", ""):
        return asked(account, "GET", "/orders.json", {**query, "page_info": cursor})
    between = {
        "updated_at_min": wire.utc_time(wire.moment_ms(wish.params, "since")),
        "updated_at_max": wire.utc_time(wire.moment_ms(wish.params, "until")),
    }
    query |= {"status": "any", "order": "updated_at asc", **between}
    return asked(account, "GET", "/orders.json", query)


def _number(params: Mapping[str, Any]) -> str:
    return quote(wire.text(params, "order_id"), safe="")


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    return asked(account, "GET", f"/orders/{_number(wish.params)}.json")


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    return asked(account, "GET", f"/orders/{_number(wish.params)}/refunds.json")


def _refund(account: ConnectionInfo, wish: Wish) -> Request:
    """Its key stands in the note: the far side knows no repetition, so the probe looks for it there."""
    amount = wire.yuan(wire.fen(wish.params, "amount"))
    parent = wire.whole({"parent_id": wire.text(wish.params, "transaction_id")}, "parent_id", 0)
    note = f"{wire.text(wish.params, 'reason', 'refund')} [{wish.key}]"
    transaction = {"parent_id": parent, "amount": amount, "kind": "refund"}
    if gateway := wire.text(wish.params, "payment_gateway", ""):
        transaction["gateway"] = gateway
    own = {"refund": {"note": note, "notify": False, "transactions": [transaction]}}
    return asked(account, "POST", f"/orders/{_number(wish.params)}/refunds.json", body=own)


def _is_refunded(wish: Wish, output: Any) -> bool | None:
    rows = wire.inside(output, "refunds")
    if not isinstance(rows, list):
        return None
    return any(f"[{wish.key}]" in wire.words(wire.inside(row, "note")) for row in rows)


_PATH = re.compile(r"/[A-Za-z0-9_./-]{1,300}")


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    path = shop.not_of_tokens(wire.text(wish.params, "method"))
    if not _PATH.fullmatch(path) or ".." in path:
        raise ParamWrong("Expected a path such as /orders/1/close.json.")
    body = wish.params.get("body")
    return asked(account, "GET" if body is None else "POST", path, body=body)


def verify(account: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """HMAC-SHA256 over the bytes that came, in Base64. After a change of the secret the old one may sign for an hour."""
    known = [account.secrets.get(name, "") for name in ("app_secret", "app_secret_before")]
    given = incoming.headers.get("x-shopify-hmac-sha256", "") or incoming.headers.get(
        "shopify-hmac-sha256", ""
    )
    signed = [wire.b64(wire.hmac_sha256(secret, incoming.body)) for secret in known if secret]
    good = [wire.same(given, expected) for expected in signed]
    return auth == "hmac" and any(good)


def callback_digest(secret: str, query: Mapping[str, str | list[str]]) -> str:
    """What `hmac` of an OAuth callback must be: over the other parameters, sorted; lists as `ids=["2", "1"]`."""
    rows: dict[str, str] = {}
    for name, value in query.items():
        if name == "hmac":
            continue
        if name.endswith("[]") or isinstance(value, list):
            rows[name.removesuffix("[]")] = f"[{', '.join(_quoted(one) for one in value)}]"
        else:
            rows[name] = value
    pairs = sorted(f"{_escaped(name, key=True)}={_escaped(value)}" for name, value in rows.items())
    return wire.hmac_sha256(secret, "&".join(pairs).encode()).hex()


def _quoted(value: str) -> str:
    return f'"{value}"'


def _escaped(text: str, *, key: bool = False) -> str:
    escaped = text.replace("%", "%25").replace("&", "%26")
    return escaped.replace("=", "%3D") if key else escaped


def pushed(said: Any, incoming: Incoming) -> list[Pushed]:
    """What a call tells of: its topic says whether an order or a refund; the whole of it comes along."""
    topic = incoming.headers.get("x-shopify-topic", "orders/")
    what = topic.partition("/")[0]
    if not isinstance(said, Mapping) or what not in ("orders", "refunds"):
        return []
    return [Pushed("order" if what == "orders" else "refund", said)]


def order(payload: Mapping[str, Any]) -> Mapped:
    """An order of the REST interface or of a call. Its state has three sides; the one that stops most decides."""
    reading = shop.Reading(payload)
    where = "shipping_address." if payload.get("shipping_address") else "billing_address."
    parts = {
        "country": reading.text(where + "country"),
        "province": reading.text(where + "province"),
        "city": reading.text(where + "city"),
        "detail": reading.text(where + "address1"),
        "more": reading.text(where + "address2"),
        "postcode": reading.text(where + "zip"),
    }
    paid = wire.words(payload.get("financial_status")).lower()
    sent = wire.words(payload.get("fulfillment_status")).lower()
    code = (
        "cancelled"
        if payload.get("cancelled_at")
        else sent
        if sent in ("fulfilled", "partial") and paid != "refunded"
        else paid
    )
    values = {
        "channel": "shopify",
        "shop": "",
        "platform_order_id": reading.text("id"),
        "created_at": reading.take("created_at"),
        "updated_at": reading.take("updated_at"),
        "paid_at": reading.take("processed_at"),
        "status_code": code,  # what it is made of stays in `extra`
        "status_label": "",
        "buyer": {
            "name": reading.text(where + "name"),
            "phone": reading.text(where + "phone", "phone"),
        },
        "address": shop.address(*list(parts.values())[:5]),
        "address_parts": parts,
        "currency": reading.text("currency"),
        "total": reading.yuan("total_price"),
        "items": [
            {
                "sku": row.text("sku", "variant_id"),
                "title": row.text("title"),
                "quantity": row.take("quantity"),
                "price": row.yuan("price"),
            }
            for row in reading.each("line_items")
        ],
        "note": reading.text("note"),
    }
    return shop.mapped(reading, STATUSES, values, what="order")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """A refund of an order."""
    reading = shop.Reading(payload)
    payments = reading.each("transactions")
    amounts = [row.yuan("amount") for row in payments]
    codes = [row.text("status").lower() for row in payments]
    values = {
        "channel": "shopify",
        "platform_order_id": reading.text("order_id"),
        "refund_id": reading.text("id"),
        "created_at": reading.take("created_at"),
        "status_code": next((code for code in codes if code != "success"), "success")
        if codes
        else "",
        "currency": reading.text("currency"),
        "amount": sum(amount for amount in amounts if amount is not None) if amounts else None,
        "reason": reading.text("note"),
        "items": [
            {"sku": row.text("line_item.sku"), "quantity": row.take("quantity")}
            for row in reading.each("refund_line_items")
        ],
    }
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


ORDER = operations.one_order(f"GET orders/{{id}}.json {VERSION}", _order, judge)

CONNECTOR = Connector(
    name="shopify",
    title={"zh": "Shopify 店铺", "en": "Shopify"},
    help={
        "zh": "Shopify 店铺：按修改时间取订单、查订单、退款，并接收推送。默认只能看到 60 天内的订单。",
        "en": "A Shopify shop: orders by time of change, one order, refunds; and it calls us. Orders older than 60 days"
        " need a permission of their own.",
    },
    icon="shop",
    settings=form(
        ["shop"],
        shop=shop.plain(
            ("店铺域名", "Shop"),
            ("例如 my-shop.myshopify.com。", "Such as my-shop.myshopify.com."),
            pattern="^[A-Za-z0-9][A-Za-z0-9.-]+$",
        ),
        version=shop.plain(
            ("接口版本", "Version"),
            ("每季度一个，一年后停用。", "One a quarter; each ends after a year."),
            pattern="^20[0-9]{2}-(01|04|07|10)$",
            default=VERSION,
            advanced=True,
        ),
        gateway=setting(
            ("接口网址", "Address"),
            ("只有沙箱测试时才需要填。", "For a sandbox only."),
            type="string",
            pattern="^https?://[^\\s?#]+$",
            maxLength=300,
            advanced=True,
        ),
    ),
    secrets=form(
        access_token=shop.ACCESS_TOKEN,
        app_secret=shop.hidden(
            ("推送签名密钥", "Secret of calls"),
            (
                "应用的 client secret，或后台「通知」里的密钥。",
                "The app's client secret, or the one shown under notifications.",
            ),
        ),
        app_secret_before=shop.hidden(
            ("上一个签名密钥", "Secret before"),
            (
                "刚换过密钥时填写，一小时后可以删掉。",
                "After a change of the secret; to be removed an hour later.",
            ),
        ),
    ),
    example={"shop": "my-shop.myshopify.com"},
    example_secrets={
        "access_token": "shpat_example-access-token",
        "app_secret": "example-app-secret",
    },
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单", "en": "Orders by time of change"},
            "pure",
            Rate(2, 1, 40),
            api=f"GET orders.json {VERSION}",
            params=operations.following(250),
            build=_orders,
            judge=_listed("orders"),
            paging=Paging("cursor", "forwards", 250),
            window=Window(history_s=60 * 86_400),
        ),
        Operation(
            "all_refunds",
            shop.REFUNDS_TITLE,
            "pure",
            Rate(2, 1, 40),
            api=f"GET orders.json fields=refunds {VERSION}",
            params=operations.following(250),
            build=_all_refunds,
            judge=judge_refunds,
            paging=Paging("cursor", "forwards", 250),
            window=Window(history_s=60 * 86_400),
        ),
        ORDER,
        Operation(
            "refunds",
            {"zh": "查订单的退款", "en": "Refunds of an order"},
            "pure",
            api=f"GET orders/{{id}}/refunds.json {VERSION}",
            params=form(["order_id"], order_id=shop.ORDER_ID),
            build=_refunds,
            judge=judge,
        ),
        Operation(
            "refund",
            {"zh": "退款", "en": "Refund"},
            "probe",
            api=f"POST orders/{{id}}/refunds.json {VERSION}",
            params=form(
                ["order_id", "amount", "transaction_id"],
                order_id=shop.ORDER_ID,
                amount=shop.AMOUNT,
                transaction_id=shop.plain(
                    ("原支付流水号", "Transaction"),
                    ("订单上那笔付款的编号。", "The payment of the order."),
                ),
                payment_gateway=shop.plain(
                    ("支付通道", "Gateway"), ("那笔付款的 gateway。", "The payment's gateway.")
                ),
                reason=shop.REASON,
            ),
            build=_refund,
            judge=judge,
            key_field="note",
            probe="refunds",
            happened=_is_refunded,
        ),
        operations.call(_call, judge),
    ),
    test=shop.trial(ORDER, {"order_id": "0"}),
    verify=verify,
    errors=ERRORS,
    statuses=STATUSES,
    refund_statuses=REFUND_STATUSES,
    pushed=pushed,
    versions=VERSIONS,
    order=order,
    refund=refund,
)
