"""A WooCommerce shop: key and secret in the header, pages, and HTTP statuses that mean what they say."""

from __future__ import annotations

import base64
import json
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
from headrace.engine.sandbox.world import Fact, Order, Refund

KEY, SECRET, WEBHOOK_SECRET = "ck_sandbox", "cs_sandbox", "sandbox-woo-webhook"
PLACE = "/wp-json/wc/v3"
PAGE_MAX = 100

STATUS = {"unpaid": "pending", "paid": "processing", "shipped": "completed",
          "completed": "completed", "cancelled": "cancelled", "refunded": "refunded"}  # fmt: skip
NO = {
    "token_dead": (401, "woocommerce_rest_authentication_error", "Consumer key is invalid."),
    "throttled": (429, "too_many_requests", "Too many requests."),
    "busy": (503, "service_unavailable", "Briefly unavailable for scheduled maintenance."),
    "withdrawn": (404, "rest_no_route", "No route was found matching the URL and request method."),
    "params": (400, "rest_invalid_param", "Invalid parameter(s)."),
    "not_found": (404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID."),
    "rule": (400, "woocommerce_rest_invalid_order_refund", "Invalid refund amount."),
}


class Woocommerce(Shop):
    """One shop."""

    name = "woocommerce"
    troubles = (*(t for t in Shop.troubles if t != "clock"), "duplicate", "reordered")

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        secrets = {"consumer_key": KEY, "consumer_secret": SECRET}
        secrets["webhook_secret"] = WEBHOOK_SECRET
        return Account(self.name, {"base_url": f"{base}/woocommerce"}, secrets)

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if not proofs.equal(asked.headers.get("authorization", ""), expected):
            raise No("token_dead")

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        status, code, words = NO[kind]
        return said(
            {"code": code, "message": f"{words} {message}".strip(), "data": {"status": status}},
            status,
        )

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        if not asked.path.startswith(PLACE):
            raise No("withdrawn")
        match asked.method, asked.path.removeprefix(PLACE).strip("/").split("/"):
            case "GET", ["orders"]:
                return self._changed(asked)
            case "GET", ["refunds"]:
                return self._all_refunds(asked)
            case "GET", ["orders", id_]:
                return said(self.payload(self.order(id_)))
            case "PUT", ["orders", id_]:
                order = self.order(id_)
                if asked.json().get("status") != "completed":
                    raise No("params", "only completed is simulated")
                if order.state not in ("shipped", "completed"):
                    self.ship(asked, id_, "shop", f"W{id_}")
                return said(self.payload(order))
            case "GET", ["orders", id_, "refunds"]:
                order = self.order(id_)
                return said([_refund(order, row) for row in order.refunds if row.done])
            case "POST", ["orders", id_, "refunds"]:
                order, own = self.order(id_), asked.json()
                amount, reason = fen(own.get("amount", "")), str(own.get("reason", ""))
                if not self.world.refund(order, reason, amount, reason, asked.now_ms):
                    raise No("rule")
                return said(_refund(order, order.refunds[-1]), 201)
            case _:
                raise No("withdrawn")

    def _changed(self, asked: Asked) -> Said:
        query = asked.query
        since = utc_ms(query.get("modified_after") or "1970-01-01")
        until = utc_ms(query["modified_before"]) if "modified_before" in query else asked.now_ms
        page, size = whole(query.get("page"), 1), whole(query.get("per_page"), 10, PAGE_MAX)
        if page < 1 or size < 1:
            raise No("params")
        found = self.changed(asked, since, until, ascending=query.get("order") == "asc")
        rows = self.cut(found, (page - 1) * size, size, asked.now_ms)
        pages = -(-len(found) // size)
        headers = {"x-wp-total": str(len(found)), "x-wp-totalpages": str(pages)}
        if page < pages:
            headers["link"] = f'<https://sandbox.example{PLACE}/orders?page={page + 1}>; rel="next"'
        return said(rows, headers=headers)

    def _all_refunds(self, asked: Asked) -> Said:
        query = asked.query
        since, until = (
            utc_ms(query.get("after") or "1970-01-01"),
            utc_ms(query.get("before") or "2200-01-01"),
        )
        page, size = whole(query.get("page"), 1), whole(query.get("per_page"), 10, PAGE_MAX)
        if page < 1 or size < 1:
            raise No("params")
        with self.world.lock:
            mine = [order for order in self.world.orders.values() if order.channel == self.name]
        found = [
            (refund.at_ms, {**_refund(order, refund), "parent_id": int(order.id)})
            for order in mine
            for refund in order.refunds
            if refund.done and since < refund.at_ms < until
        ]
        rows = [row for _, row in sorted(found, key=lambda one: one[0])]
        if self.on("empty"):
            rows = []
        headers = {"x-wp-total": str(len(rows)), "x-wp-totalpages": str(-(-len(rows) // size))}
        if page * size < len(rows):
            headers["link"] = (
                f'<https://sandbox.example{PLACE}/refunds?page={page + 1}>; rel="next"'
            )
        return said(rows[(page - 1) * size : page * size], headers=headers)

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """See `Pushing`."""
        order = self.world.find(self.name, fact.subject)
        if order is None:
            return None
        topic = "order.created" if fact.kind == "created" else "order.updated"
        body = json.dumps(self.payload(order), ensure_ascii=False).encode()
        headers = {
            "content-type": "application/json",
            "x-wc-webhook-source": "https://sandbox.example/",
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-resource": "order",
            "x-wc-webhook-event": topic.partition(".")[2],
            "x-wc-webhook-id": "1",
            "x-wc-webhook-delivery-id": f"sandbox-{order.id}-{fact.kind}-{fact.at_ms}",
            "x-wc-webhook-signature": proofs.body_digest(secret or WEBHOOK_SECRET, body),
        }
        return Push(self.name, f"{topic} {order.id}", headers, body)

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        where = {
            "first_name": order.buyer[1:],
            "last_name": order.buyer[:1],
            "country": "CN",
            "state": province,
            "city": city,
            "address_1": detail,
            "address_2": district,
            "postcode": "000000",
        }
        return {
            "id": int(order.id),
            "status": STATUS[order.state],
            "currency": "CNY",
            "total": yuan(order.total_fen),
            "date_created_gmt": _gmt(order.created_ms),
            "date_modified_gmt": _gmt(order.modified_ms),
            "date_paid_gmt": _gmt(order.paid_ms),
            "customer_note": order.note,
            "billing": {**where, "phone": order.phone, "email": "buyer@sandbox.example"},
            "shipping": where,
            "line_items": [
                {
                    "id": index + 1,
                    "product_id": 500 + index,
                    "sku": line.sku,
                    "name": line.title,
                    "quantity": line.quantity,
                    "price": line.price_fen / 100,
                    "total": yuan(line.price_fen * line.quantity),
                }
                for index, line in enumerate(order.lines)
            ],
            "_links": {"self": [{"href": f"https://sandbox.example{PLACE}/orders/{order.id}"}]},
        }


def _gmt(ms: int | None) -> str | None:
    found = utc(ms)
    return found.removesuffix("Z") if found else None


def _refund(order: Order, refund: Refund) -> dict[str, Any]:
    up = f"https://sandbox.example{PLACE}/orders/{order.id}"
    return {
        "id": 900_000 + order.number * 10 + order.refunds.index(refund),
        "date_created_gmt": _gmt(refund.at_ms),
        "amount": yuan(refund.amount_fen),
        "reason": refund.reason,
        "line_items": [],
        "_links": {"up": [{"href": up}]},
    }
