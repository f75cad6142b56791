"""Shopify's Admin REST interface. An unknown version is answered by the oldest one; only headers tell."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import (
    Account,
    Asked,
    No,
    Said,
    Shop,
    fen,
    said,
    utc,
    utc_ms,
    whole,
    yuan,
)
from headrace.engine.sandbox.pushes import Push
from headrace.engine.sandbox.world import Fact, Order

TOKEN, SECRET = "shpat_sandbox", "sandbox-shopify-secret"
OLDEST, NEWEST = "2025-07", "2026-01"
PAGE_MAX = 250

NO = {
    "token_dead": (
        401,
        "[API] Invalid API key or access token (unrecognized login or wrong password)",
    ),
    "throttled": (429, "Exceeded 2 calls per second for api client."),
    "busy": (503, "Service Unavailable"),
    "withdrawn": (410, "Gone"),
    "params": (400, "Bad Request"),
    "not_found": (404, "Not Found"),
    "rule": (422, "Unprocessable"),
}
TOPICS = {
    "created": "orders/create",
    "paid": "orders/paid",
    "cancelled": "orders/cancelled",
    "shipped": "orders/fulfilled",
    "refunded": "refunds/create",
    "noted": "orders/updated",
}
PAID = {"unpaid": "pending", "cancelled": "voided", "refunded": "refunded"}

_PATH = re.compile(r"/admin/api/([0-9]{4}-[0-9]{2})(/[a-z0-9_/]+)\.json")


class Shopify(Shop):
    """One shop there."""

    name = "shopify"
    troubles = (*Shop.troubles, "duplicate", "reordered")

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {"shop": "sandbox.myshopify.com", "gateway": f"{base}/shopify"}
        return Account(self.name, settings, {"access_token": TOKEN, "app_secret": SECRET})

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        if not proofs.equal(asked.headers.get("x-shopify-access-token", ""), TOKEN):
            raise No("token_dead")

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        status, words = NO[kind]
        more = {"retry-after": "2.0"} if status == 429 else {}
        return said({"errors": f"{words} {message}".strip()}, status, more)

    def version(self, asked: Asked) -> str:
        """See `Simulator`: it stands in the path."""
        found = _PATH.fullmatch(asked.path)
        return found.group(1) if found else ""

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        found = _PATH.fullmatch(asked.path)
        if found is None:
            raise No("not_found")
        version, path = found.groups()
        headers = {"x-shopify-api-version": version if version >= OLDEST else OLDEST}
        if version < OLDEST:
            headers["x-shopify-api-deprecated-reason"] = "https://shopify.dev/api/usage/versioning"
        parts = path.strip("/").split("/")
        match asked.method, parts:
            case "GET", ["orders"]:
                return self._changed(asked, headers)
            case "GET", ["orders", id_]:
                return said({"order": self.payload(self.order(id_))}, headers=headers)
            case "GET", ["orders", id_, "refunds"]:
                order = self.order(id_)
                rows = [refund(order, index) for index in range(len(order.refunds))]
                return said({"refunds": rows}, headers=headers)
            case "POST", ["orders", id_, "refunds"]:
                return self._refund(asked, self.order(id_), headers)
            case _:
                raise No("not_found")

    def _changed(self, asked: Asked, headers: dict[str, str]) -> Said:
        query = asked.query
        size = whole(query.get("limit"), 50, PAGE_MAX)
        if cursor := query.get("page_info"):
            since, until, begin = _opened(cursor)
        else:
            since, begin = utc_ms(query.get("updated_at_min") or "1970-01-01"), 0
            until = utc_ms(query["updated_at_max"]) if "updated_at_max" in query else asked.now_ms
        found = self.changed(asked, since, until + 999, ascending=True)
        rows = self.cut(found, begin, size, asked.now_ms)
        if begin + size < len(found):
            token = _closed(since, until, begin + size)
            address = f"https://sandbox.myshopify.com{asked.path}?limit={size}&page_info={token}"
            headers = {**headers, "link": f'<{address}>; rel="next"'}
        return said({"orders": rows}, headers={**headers, "x-shopify-shop-api-call-limit": "1/40"})

    def _refund(self, asked: Asked, order: Order, headers: dict[str, str]) -> Said:
        wish = asked.json().get("refund")
        rows = wish.get("transactions") if isinstance(wish, dict) else None
        if not isinstance(wish, dict) or not isinstance(rows, list) or not rows:
            raise No("params", "transactions are needed")
        amount = fen(rows[0].get("amount", "") if isinstance(rows[0], dict) else "")
        note = str(wish.get("note", ""))
        if not self.world.refund(order, note, amount, note, asked.now_ms):
            raise No("rule", "Refund cannot be more than what was paid")
        return said({"refund": refund(order, len(order.refunds) - 1)}, 201, headers)

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """See `Pushing`."""
        order, topic = self.world.find(self.name, fact.subject), TOPICS.get(fact.kind)
        if order is None or topic is None:
            return None
        about = refund(order, -1) if fact.kind == "refunded" else self.payload(order)
        body = json.dumps(about, ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "x-shopify-topic": topic,
            "x-shopify-shop-domain": "sandbox.myshopify.com",
            "x-shopify-api-version": NEWEST,
            "x-shopify-webhook-id": f"sandbox-{order.id}-{fact.kind}-{fact.at_ms}",
            "x-shopify-event-id": f"sandbox-{order.id}-{fact.at_ms}",
            "x-shopify-hmac-sha256": proofs.body_digest(secret or SECRET, body),
        }
        return Push(self.name, f"{topic} {order.id}", headers, body)

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        partly = 0 < order.refunded_fen < order.total_fen
        return {
            "id": int(order.id),
            "name": f"#{order.number + 1001}",
            "created_at": utc(order.created_ms),
            "updated_at": utc(order.modified_ms),
            "processed_at": utc(order.paid_ms),
            "cancelled_at": utc(order.cancelled_ms),
            "financial_status": "partially_refunded" if partly else PAID.get(order.state, "paid"),
            "fulfillment_status": "fulfilled" if order.waybill else None,
            "currency": "CNY",
            "total_price": yuan(order.total_fen),
            "note": order.note or None,
            "refunds": [  # it knows no wish to have money back, only money that went
                refund(order, index) for index, one in enumerate(order.refunds) if one.done
            ],
            "phone": order.phone,
            "shipping_address": {
                "name": order.buyer,
                "phone": order.phone,
                "country": "China",
                "province": province,
                "city": city,
                "address1": detail,
                "address2": district,
                "zip": "000000",
            },
            "line_items": [
                {
                    "id": int(order.id) * 10 + index,
                    "sku": line.sku,
                    "variant_id": 4000 + index,
                    "title": line.title,
                    "quantity": line.quantity,
                    "price": yuan(line.price_fen),
                }
                for index, line in enumerate(order.lines)
            ],
        }


def refund(order: Order, index: int) -> dict[str, Any]:
    """One refund of an order."""
    found = order.refunds[index]
    return {
        "id": int(order.id) * 100 + index,
        "order_id": int(order.id),
        "created_at": utc(found.at_ms),
        "note": found.reason,
        "refund_line_items": [],
        "transactions": [{"kind": "refund", "status": "success", "amount": yuan(found.amount_fen)}]
        if found.done
        else [],
    }


def _closed(since_ms: int, until_ms: int, begin: int) -> str:
    return base64.urlsafe_b64encode(f"{since_ms}.{until_ms}.{begin}".encode()).decode().strip("=")


def _opened(cursor: str) -> tuple[int, int, int]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        since, until, begin = (int(part) for part in text.split("."))
    except ValueError:
        raise No("params", "Invalid page_info") from None
    return since, until, begin
