"""WooCommerce shops. Their errors are honest HTTP statuses; their calls stop for good after five that failed."""

from __future__ import annotations

import base64
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
    Request,
    Verdict,
    Wish,
)
from headrace.nodes import _shop as shop
from headrace.nodes import _shop_operations as operations
from headrace.nodes import _wire as wire
from headrace.nodes._fields import Problems, form, setting

ERRORS = ErrorTable(
    {
        "rest_no_route": "withdrawn",
        "woocommerce_rest_authentication_error": "token_dead",
        "woocommerce_rest_cannot_view": "not_allowed",
        "woocommerce_rest_cannot_create": "not_allowed",
        "woocommerce_rest_cannot_edit": "not_allowed",
        "woocommerce_rest_*": "refused",
        "rest_*": "refused",
        "400": "refused",
        "401": "token_dead",
        "403": "not_allowed",
        "404": "refused",
        "409": "refused",
        "410": "withdrawn",
        "429": "throttled",
        "5*": "busy",
    },
    {"throttled": 30.0},
)

STATUSES = {
    "pending": "unpaid",
    "on-hold": "held",
    "processing": "paid",
    "completed": "completed",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "refunded": "refunded",
    "trash": "cancelled",
}

REFUND_STATUSES = {"": "refunded"}
"""A refund there has no state: it is written when it is done."""


def asked(
    account: ConnectionInfo,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: Any = None,
) -> Request:
    """A call of /wc/v3, with key and secret in the header: only over TLS."""
    base = account.settings["base_url"].rstrip("/") + "/wp-json/wc/v3"
    pair = f"{wire.secret(account, 'consumer_key')}:{wire.secret(account, 'consumer_secret')}"
    headers = {
        "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "accept": "application/json",
    }
    if body is not None:
        headers["content-type"] = wire.JSON
    content = None if body is None else wire.compact(body).encode()
    return Request(method, wire.address(base, path, query or {}), headers, content)


def judge(answer: HttpAnswer) -> Verdict:
    """The status decides; the body says more."""
    body = wire.read_json(answer.body)
    if 200 <= answer.status < 300 and body is not None:
        return Verdict(body)
    if 200 <= answer.status < 300:  # a page of a plugin, or of maintenance
        return Verdict(trouble="unlisted", code=f"http_{answer.status}")
    code, message = wire.words(wire.inside(body, "code")), wire.words(wire.inside(body, "message"))
    status = str(answer.status)
    codes = (status, code) if status in ("429",) or answer.status >= 500 else (code, status)
    return ERRORS.verdict(message, *codes)


def judge_list(answer: HttpAnswer) -> Verdict:
    verdict = judge(answer)
    if verdict.trouble:
        return verdict
    if not isinstance(verdict.output, list):
        return Verdict(trouble="unlisted", code=f"http_{answer.status}")
    total = answer.headers.get("x-wp-total", "")
    more = 'rel="next"' in answer.headers.get("link", "")
    count = int(total) if total.isascii() and total.isdigit() and len(total) < 10 else None
    return Verdict({"items": verdict.output, "more": more, "total": count, "next": None})


def _orders(account: ConnectionInfo, wish: Wish) -> Request:
    query = {
        "modified_after": wire.utc_time(wire.moment_ms(wish.params, "since")),
        "modified_before": wire.utc_time(wire.moment_ms(wish.params, "until")),
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "page": str(wire.whole(wish.params, "page", 1)),
        "per_page": str(wire.whole(wish.params, "size", 100)),
    }
    return asked(account, "GET", "/orders", query)


def _all_refunds(account: ConnectionInfo, wish: Wish) -> Request:
    """Written once and never changed: by when they were made."""
    query = {
        "after": wire.utc_time(wire.moment_ms(wish.params, "since")),
        "before": wire.utc_time(wire.moment_ms(wish.params, "until")),
        "dates_are_gmt": "true",
        "orderby": "date",
        "order": "asc",
        "page": str(wire.whole(wish.params, "page", 1)),
        "per_page": str(wire.whole(wish.params, "size", 100)),
    }
    return asked(account, "GET", "/refunds", query)


def _number(params: Mapping[str, Any]) -> str:
    return quote(wire.text(params, "order_id"), safe="")


def _order(account: ConnectionInfo, wish: Wish) -> Request:
    return asked(account, "GET", f"/orders/{_number(wish.params)}")


def _refunds(account: ConnectionInfo, wish: Wish) -> Request:
    return asked(account, "GET", f"/orders/{_number(wish.params)}/refunds", {"per_page": "100"})


def _refund(account: ConnectionInfo, wish: Wish) -> Request:
    """Its key stands in the reason: the far side knows no repetition, so the probe looks for it there."""
    own = {
        "amount": wire.yuan(wire.fen(wish.params, "amount")),
        "reason": f"{wire.text(wish.params, 'reason', 'refund')} [{wish.key}]",
        "api_refund": wish.params.get("pay_back", True) is True,
        "api_restock": wish.params.get("restock", False) is True,
    }
    return asked(account, "POST", f"/orders/{_number(wish.params)}/refunds", body=own)


def _is_refunded(wish: Wish, output: Any) -> bool | None:
    if not isinstance(output, list):
        return None
    return any(f"[{wish.key}]" in wire.words(wire.inside(row, "reason")) for row in output)


def _complete(account: ConnectionInfo, wish: Wish) -> Request:
    return asked(
        account,
        "PUT",
        f"/orders/{_number(wish.params)}",
        body={"status": wire.text(wish.params, "status")},
    )


_PATH = re.compile(r"/[A-Za-z0-9_/-]{1,300}")


def _call(account: ConnectionInfo, wish: Wish) -> Request:
    path = shop.not_of_tokens(wire.text(wish.params, "method"))
    if not _PATH.fullmatch(path):
        raise ParamWrong("Expected a path such as /orders/1/notes.")
    body = wish.params.get("body")
    return asked(account, "GET" if body is None else "POST", path, body=body)


def verify(account: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """HMAC-SHA256 over the bytes that came, in Base64."""
    secret = account.secrets.get("webhook_secret", "")
    if auth != "hmac" or not secret:
        return False
    expected = wire.b64(wire.hmac_sha256(secret, incoming.body))
    return wire.same(incoming.headers.get("x-wc-webhook-signature", ""), expected)


def pushed(said: Any, incoming: Incoming) -> list[Pushed]:
    """What a call tells of. Its first one only says which webhook it is."""
    topic = incoming.headers.get("x-wc-webhook-topic", "order.")
    if not isinstance(said, Mapping) or not topic.startswith("order.") or "id" not in said:
        return []
    return [Pushed("order", said)]


def order(payload: Mapping[str, Any]) -> Mapped:
    """An order of the interface or of a call."""
    reading = shop.Reading(payload)
    shipping = payload.get("shipping")
    named = isinstance(shipping, Mapping) and any(shipping.values())
    where = "shipping." if named else "billing."
    parts = {
        "country": reading.text(where + "country"),
        "province": reading.text(where + "state"),
        "city": reading.text(where + "city"),
        "detail": reading.text(where + "address_1"),
        "more": reading.text(where + "address_2"),
        "postcode": reading.text(where + "postcode"),
    }
    values = {
        "channel": "woocommerce",
        "shop": "",
        "platform_order_id": reading.text("id"),
        "created_at": _gmt(reading, "date_created_gmt"),
        "updated_at": _gmt(reading, "date_modified_gmt"),
        "paid_at": _gmt(reading, "date_paid_gmt"),
        "status_code": reading.text("status"),
        "status_label": "",
        "buyer": {
            "name": f"{reading.text(where + 'first_name')} {reading.text(where + 'last_name')}".strip(),
            "phone": reading.text(where + "phone", "billing.phone"),
        },
        "address": shop.address(*list(parts.values())[:5]),
        "address_parts": parts,
        "currency": reading.text("currency"),
        "total": reading.yuan("total"),
        "items": [
            {
                "sku": row.text("sku", "variation_id", "product_id"),
                "title": row.text("name"),
                "quantity": row.take("quantity"),
                "price": row.yuan("price"),
            }
            for row in reading.each("line_items")
        ],
        "note": reading.text("customer_note"),
    }
    return shop.mapped(reading, STATUSES, values, what="order")


def refund(payload: Mapping[str, Any]) -> Mapped:
    """A refund of an order; the order's number stands only in its links."""
    reading = shop.Reading(payload)
    links = wire.inside(payload, "_links", "up")
    address = wire.words(wire.inside(links[0], "href")) if isinstance(links, list) and links else ""
    values = {
        "channel": "woocommerce",
        "platform_order_id": reading.text("order_id", "parent_id")
        or address.rstrip("/").rpartition("/")[2],
        "refund_id": reading.text("id"),
        "created_at": _gmt(reading, "date_created_gmt"),
        "status_code": "",
        "amount": reading.yuan("amount"),
        "reason": reading.text("reason"),
        "items": [
            {"sku": row.text("sku"), "quantity": row.take("quantity"), "amount": row.yuan("total")}
            for row in reading.each("line_items")
        ],
    }
    return shop.mapped(reading, REFUND_STATUSES, values, what="refund")


def _gmt(reading: shop.Reading, name: str) -> str | None:
    value = reading.text(name)
    return f"{value.removesuffix('Z')}Z" if value else None


def check(settings: Mapping[str, Any]) -> Problems:
    """Key and secret go with every request: not over a wire that anybody reads."""
    address = settings.get("base_url", "")
    local = re.match(r"^http://(127\.0\.0\.1|localhost|\[::1\])([:/]|$)", address)
    if address.startswith("https://") or local:
        return []
    return [("/base_url", "setting_wrong", {"expected": "https://host", "found": address})]


ORDER = operations.one_order("GET /wc/v3/orders/{id}", _order, judge)

CONNECTOR = Connector(
    name="woocommerce",
    title={"zh": "WooCommerce 店铺", "en": "WooCommerce"},
    help={
        "zh": "WooCommerce 自建商城：按修改时间取订单、查订单、改状态、退款，并接收推送。",
        "en": "A shop of your own on WooCommerce: orders by time of change, one order, its status, refunds; and it"
        " calls us.",
    },
    icon="shop",
    settings=form(
        ["base_url"],
        base_url=shop.plain(
            ("店铺网址", "Shop"),
            ("例如 https://shop.example.com。", "Such as https://shop.example.com."),
            format="uri",
            pattern="^https?://[^\\s?#]+$",
            maxLength=300,
        ),
    ),
    secrets=form(
        consumer_key=shop.hidden(
            ("客户端键 Consumer key", "Consumer key"), ("以 ck_ 开头。", "Begins with ck_.")
        ),
        consumer_secret=shop.hidden(
            ("客户端密钥 Consumer secret", "Consumer secret"), ("以 cs_ 开头。", "Begins with cs_.")
        ),
        webhook_secret=shop.hidden(
            ("推送密钥", "Secret of calls"),
            ("后台「Webhooks」里设定的密钥。", "The secret set in the shop's webhook settings."),
        ),
    ),
    example={"base_url": "https://shop.example.com"},
    example_secrets={
        "consumer_key": "ck_example-key",
        "consumer_secret": "cs_example-secret",
        "webhook_secret": "example-webhook-secret",
    },
    operations=(
        Operation(
            "orders",
            {"zh": "按修改时间取订单", "en": "Orders by time of change"},
            "pure",
            api="GET /wc/v3/orders",
            params=operations.pages(100),
            build=_orders,
            judge=judge_list,
            paging=Paging("page", "backwards", 100),
        ),
        ORDER,
        Operation(
            "status",
            {"zh": "改订单状态", "en": "Set an order's status"},
            "keyed",
            api="PUT /wc/v3/orders/{id}",
            params=form(
                ["order_id", "status"],
                order_id=shop.ORDER_ID,
                status=shop.plain(("状态", "Status"), ("例如 completed。", "Such as completed.")),
            ),
            build=_complete,
            judge=judge,
            key_field="id",
        ),
        Operation(
            "all_refunds",
            {"zh": "按时间取退款", "en": "Refunds by time"},
            "pure",
            api="GET /wc/v3/refunds",
            params=operations.pages(100),
            build=_all_refunds,
            judge=judge_list,
            paging=Paging("page", "forwards", 100),
        ),
        Operation(
            "refunds",
            {"zh": "查订单的退款", "en": "Refunds of an order"},
            "pure",
            api="GET /wc/v3/orders/{id}/refunds",
            params=form(["order_id"], order_id=shop.ORDER_ID),
            build=_refunds,
            judge=judge,
        ),
        Operation(
            "refund",
            {"zh": "退款", "en": "Refund"},
            "probe",
            api="POST /wc/v3/orders/{id}/refunds",
            params=form(
                ["order_id", "amount"],
                order_id=shop.ORDER_ID,
                amount=shop.AMOUNT,
                reason=shop.REASON,
                pay_back=setting(
                    ("退回款项", "Pay back"),
                    (
                        "通过支付通道原路退回；否则只记账。",
                        "Through the payment gateway; else it is only written down.",
                    ),
                    type="boolean",
                    default=True,
                ),
                restock=setting(
                    ("退回库存", "Restock"),
                    ("把商品加回库存。", "Put the goods back."),
                    type="boolean",
                ),
            ),
            build=_refund,
            judge=judge,
            key_field="reason",
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
    order=order,
    refund=refund,
    check=check,
)
