"""Taobao and Tmall (TOP): everything is HTTP 200; `error_response` in the body says no."""

from __future__ import annotations

import json
from typing import Any

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import (
    Account,
    Asked,
    No,
    Said,
    Shop,
    china,
    china_ms,
    said,
    whole,
    yuan,
)
from headrace.engine.sandbox.world import Order

APP_KEY, SECRET, SESSION = "27001001", "sandbox-taobao-secret", "sandbox-taobao-session"
REFRESH = "sandbox-taobao-refresh"
CLOCK_MS = 10 * 60_000
WINDOW_MS = 86_400_000
PAGE_MAX = 100

STATES = {
    "unpaid": "WAIT_BUYER_PAY",
    "paid": "WAIT_SELLER_SEND_GOODS",
    "shipped": "WAIT_BUYER_CONFIRM_GOODS",
    "completed": "TRADE_FINISHED",
    "cancelled": "TRADE_CLOSED_BY_TAOBAO",
    "refunded": "TRADE_CLOSED",
}
NO = {
    "signature": ("25", "Invalid signature", ""),
    "clock": ("31", "Invalid timestamp", "isv.invalid-timestamp"),
    "app_key": ("29", "Invalid app Key", ""),
    "token_dead": ("27", "Invalid session", "invalid-sessionkey"),
    "throttled": ("7", "App Call Limited", "accesscontrol.limited-by-api-access-count"),
    "busy": ("15", "Remote service error", "isp.service-unavailable"),
    "withdrawn": ("22", "Invalid method", "isv.method-offline"),
    "params": ("41", "Invalid arguments", "isv.invalid-parameter"),
    "not_found": ("15", "Remote service error", "isv.trade-not-exist"),
    "rule": ("15", "Remote service error", "isv.trade-status-error"),
}
"""Kind → code, msg, sub_code."""


class Taobao(Shop):
    """One shop there."""

    name = "taobao"

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {"app_key": APP_KEY, "gateway": f"{base}/taobao/router/rest"}
        secrets = {"app_secret": SECRET, "access_token": SESSION, "refresh_token": REFRESH}
        return Account(self.name, settings, secrets)

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        fields = asked.form()
        if fields.get("app_key") != APP_KEY:
            raise No("app_key")
        expected = proofs.taobao(SECRET, fields)
        if expected is None or not proofs.equal(fields.get("sign", ""), expected):
            raise No("signature")
        if abs(china_ms(fields.get("timestamp", "")) - asked.now_ms) > CLOCK_MS:
            raise No("clock")
        if not self.renews(asked):  # there the refresh token is what counts
            self.alive(fields.get("session", ""), SESSION, asked.now_ms)

    def renews(self, asked: Asked) -> bool:
        """See `Simulator`."""
        return asked.form().get("method") == "taobao.top.auth.token.refresh"

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, words, sub = NO[kind]
        error = {"code": int(code), "msg": words, "request_id": "sandbox"}
        if sub:
            error |= {"sub_code": sub, "sub_msg": message}
        return said({"error_response": error})

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        fields = asked.form()
        method = fields.get("method", "")
        match method:
            case "taobao.trades.sold.increment.get":
                found = self._changed(asked, fields)
            case "taobao.top.auth.token.refresh":
                # Good for one use: the next one comes with the new token.
                new = self.renew(
                    fields.get("refresh_token", ""), f"{REFRESH}{self.renewed}", asked.now_ms
                )
                told = {
                    "access_token": f"{SESSION}{new}", "refresh_token": f"{REFRESH}{new}",
                    "expires_in": self.LIVES_S, "re_expires_in": 30 * 86_400, "r1_expires_in": self.LIVES_S,
                    "taobao_user_nick": "沙箱淘宝店",
                }  # fmt: skip
                found = {"token_result": json.dumps(told, ensure_ascii=False)}
            case "taobao.refunds.receive.get":
                found = self._refunds(asked, fields)
            case "taobao.trade.fullinfo.get":
                found = {"trade": self.payload(self.order(fields.get("tid", "")))}
            case "taobao.logistics.offline.send":
                id_ = fields.get("tid", "")
                self.ship(asked, id_, fields.get("company_code", ""), fields.get("out_sid", ""))
                found = {"shipping": {"is_success": True}}
            case "taobao.item.quantity.update" if fields.get("type") == "1":
                self.offer(fields.get("sku_id"), fields.get("quantity"))
                found = {
                    "item": {"num_iid": fields.get("num_iid"), "modified": china(asked.now_ms)}
                }
            case _:
                raise No("withdrawn", method[:80])
        answer = method.removeprefix("taobao.").replace(".", "_") + "_response"
        return said({answer: {**found, "request_id": "sandbox"}})

    def _changed(self, asked: Asked, fields: dict[str, str]) -> dict[str, Any]:
        since = china_ms(fields.get("start_modified", ""))
        until = china_ms(fields.get("end_modified", ""))
        page, size = whole(fields.get("page_no"), 1), whole(fields.get("page_size"), 40, PAGE_MAX)
        if until - since > WINDOW_MS or page < 1:
            raise No("params", "at most one day, and pages begin with 1")
        found = self.changed(asked, since, until)
        rows = self.cut(found, (page - 1) * size, size, asked.now_ms)
        if fields.get("use_has_next") == "true":
            return {"trades": {"trade": rows}, "has_next": page * size < len(found)}
        return {"trades": {"trade": rows} if rows else {}, "total_results": len(found)}

    def _refunds(self, asked: Asked, fields: dict[str, str]) -> dict[str, Any]:
        since = china_ms(fields.get("start_modified", ""))
        until = china_ms(fields.get("end_modified", ""))
        page, size = whole(fields.get("page_no"), 1), whole(fields.get("page_size"), 40, PAGE_MAX)
        if page < 1:
            raise No("params", "pages begin with 1")
        found = self.refunds(asked, since, until)
        rows = [_refund(order) for order in found[(page - 1) * size : page * size]]
        return {"refunds": {"refund": rows} if rows else {}, "total_results": len(found)}

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        paid = {"pay_time": china(order.paid_ms)} if order.paid_ms else {}
        return {
            "tid": int(order.id),
            "tid_str": order.id,
            "status": STATES[order.state],
            "type": "fixed",
            "created": china(order.created_ms),
            "modified": china(order.modified_ms),
            **paid,
            "payment": yuan(order.total_fen),
            "total_fee": yuan(order.total_fen),
            "post_fee": "0.00",
            "seller_nick": "沙箱淘宝店",
            "buyer_nick": f"~{order.buyer[:1]}**",
            "receiver_name": f"{order.buyer[:1]}**",
            "receiver_mobile": f"{order.phone[:3]}****{order.phone[-4:]}",
            "receiver_state": province,
            "receiver_city": city,
            "receiver_district": district,
            "receiver_address": detail,
            "receiver_zip": "000000",
            "buyer_message": order.note,
            "seller_memo": order.remark,
            "orders": {
                "order": [
                    {
                        "oid": int(order.id) * 10 + index,
                        "outer_sku_id": line.sku,
                        "title": line.title,
                        "num": line.quantity,
                        "price": yuan(line.price_fen),
                        "refund_status": "WAIT_SELLER_AGREE" if order.refunds else "NO_REFUND",
                    }
                    for index, line in enumerate(order.lines)
                ]
            },
        }


def _refund(order: Order) -> dict[str, Any]:
    refund = order.refunds[-1]
    return {
        "refund_id": 40_000_000_000 + order.number,
        "tid": int(order.id),
        "title": order.lines[0].title,
        "outer_id": order.lines[0].sku,
        "num": order.lines[0].quantity,
        "seller_nick": "沙箱淘宝店",
        "status": "SUCCESS" if refund.done else "WAIT_SELLER_AGREE",
        "refund_fee": yuan(refund.amount_fen),
        "total_fee": yuan(order.total_fen),
        "reason": refund.reason,
        "created": china(refund.at_ms),
        "modified": china(order.modified_ms),
    }
