"""The WeChat shop: a token in the address and no signature; lists hold numbers only; pushes are sealed."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Shop, said, whole
from headrace.engine.sandbox.pushes import Push
from headrace.engine.sandbox.world import Fact, Order

APP_ID, TOKEN = "wxsandbox0000000001", "sandbox-wechat-access-token"
WORD, AES_KEY, APP_SECRET = (
    "sandboxtoken",
    "sandboxsandboxsandboxsandboxsandboxsandbox0",
    "sandbox-wechat-app",
)
WINDOW_S = 7 * 86_400
PAGE_MAX = 100
AFTER_WINDOW_S, AFTER_PAGE = 86_400, 20

STATUS = {"unpaid": 10, "paid": 20, "shipped": 30, "completed": 100, "refunded": 200,
          "cancelled": 250}  # fmt: skip
EVENTS = {
    "created": "channels_ec_order_new",
    "paid": "channels_ec_order_pay",
    "cancelled": "channels_ec_order_cancel",
    "shipped": "channels_ec_order_deliver",
    "noted": "channels_ec_order_ext_info_update",
    "refund_wanted": "channels_ec_aftersale_update",
}
NO = {
    "token_dead": (42001, "access_token expired"),
    "app_secret": (40125, "invalid appsecret"),
    "throttled": (45011, "api minute-quota reach limit  must slower  retry next minute"),
    "busy": (-1, "system error"),
    "withdrawn": (48001, "api unauthorized"),
    "params": (10020050, "参数错误"),
    "not_found": (10020051, "订单不存在"),
    "rule": (10020052, "订单状态不允许"),
}


class WechatShop(Shop):
    """One shop there."""

    name = "wechat_shop"
    LIVES_S = 7_200
    troubles = (*(t for t in Shop.troubles if t != "clock"), "duplicate", "reordered")

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {"app_id": APP_ID, "gateway": f"{base}/wechat_shop"}
        secrets = {
            "access_token": TOKEN, "app_secret": APP_SECRET, "token": WORD, "aes_key": AES_KEY,
        }  # fmt: skip
        return Account(self.name, settings, secrets)

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        if self.renews(asked):
            own = asked.json()
            if own.get("appid") != APP_ID or own.get("secret") != APP_SECRET:
                raise No("app_secret")
            return
        self.alive(asked.query.get("access_token", ""), TOKEN, asked.now_ms)

    def renews(self, asked: Asked) -> bool:
        """See `Simulator`."""
        return asked.path == "/cgi-bin/stable_token"

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, words = NO[kind]
        return said({"errcode": code, "errmsg": f"{words} {message}".strip()})

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        own = asked.json()
        found: dict[str, Any]
        match asked.path:
            case "/cgi-bin/stable_token":
                new = self.renew(APP_SECRET, APP_SECRET, asked.now_ms)
                return said({"access_token": f"{TOKEN}{new}", "expires_in": self.LIVES_S})
            case "/channels/ec/order/list/get":
                found = self._changed(asked, own)
            case "/channels/ec/order/get":
                found = {"order": self.payload(self.order(str(own.get("order_id", ""))))}
            case "/channels/ec/aftersale/getaftersalelist":
                found = self._after_sales(asked, own)
            case "/channels/ec/aftersale/getaftersaleorder":
                found = {"after_sale_order": self._after_sale(own)}
            case "/channels/ec/product/stock/update" if own.get("diff_type") == 3:
                self.offer(own.get("sku_id"), own.get("num"))
                found = {}
            case path:
                raise No("withdrawn", path[:80])
        return said({"errcode": 0, "errmsg": "ok", **found})

    def _changed(self, asked: Asked, own: dict[str, Any]) -> dict[str, Any]:
        between = own.get("update_time_range")
        if not isinstance(between, dict):
            raise No("params", "update_time_range is needed")
        since, until = whole(between.get("start_time")), whole(between.get("end_time"))
        size, begin = whole(own.get("page_size"), 10, PAGE_MAX), whole(own.get("next_key"), 0)
        if until - since > WINDOW_S:
            raise No("params", "at most seven days")
        found = self.changed(asked, since * 1_000, until * 1_000 + 999, ascending=True)
        rows = self.cut(found, begin, size, asked.now_ms)
        more = begin + size < len(found)
        key = str(begin + size) if more else ""
        return {"order_id_list": [r["order_id"] for r in rows], "has_more": more, "next_key": key}

    def _after_sales(self, asked: Asked, own: dict[str, Any]) -> dict[str, Any]:
        since, until = whole(own.get("begin_update_time")), whole(own.get("end_update_time"))
        begin = whole(own.get("next_key"), 0)
        if until - since > AFTER_WINDOW_S:
            raise No("params", "at most a day")
        found = self.refunds(asked, since * 1_000, until * 1_000 + 999)[::-1]
        more = begin + AFTER_PAGE < len(found)
        rows = [f"R{order.id}" for order in found[begin : begin + AFTER_PAGE]]
        key = str(begin + AFTER_PAGE) if more else ""
        return {"after_sale_order_id_list": rows, "has_more": more, "next_key": key}

    def _after_sale(self, own: dict[str, Any]) -> dict[str, Any]:
        number = str(own.get("after_sale_order_id", ""))
        order = self.order(number.removeprefix("R"))
        if not order.refunds:
            raise No("not_found")
        refund = order.refunds[-1]
        return {
            "after_sale_order_id": number,
            "order_id": order.id,
            "status": "MERCHANT_REFUND_SUCCESS" if refund.done else "MERCHANT_PROCESSING",
            "create_time": refund.at_ms // 1_000,
            "update_time": order.modified_ms // 1_000,
            "reason": refund.reason,
            "refund_info": {"amount": refund.amount_fen},
            "product_info": {"sku_id": order.lines[0].sku, "count": order.lines[0].quantity},
        }

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """See `Pushing`; it seals with its own key always."""
        order, event = self.world.find(self.name, fact.subject), EVENTS.get(fact.kind)
        if order is None or event is None:
            return None
        about: dict[str, Any] = {"order_info": {"order_id": order.id}}
        if fact.kind == "refund_wanted":
            after = {"after_sale_order_id": f"R{order.id}", "order_id": order.id}
            about = {"finder_shop_aftersale_status_update": after}
        message = json.dumps(
            {
                "ToUserName": "gh_sandbox",
                "FromUserName": "sandbox",
                "CreateTime": fact.at_ms // 1_000,
                "MsgType": "event",
                "Event": event,
                **about,
            }
        ).encode()
        salt = hashlib.sha256(message).digest()[:16]
        cipher = proofs.wechat_seal(AES_KEY, APP_ID, message, salt)
        seconds, nonce = str(now_ms // 1_000), str(fact.seq)
        query = {
            "timestamp": seconds,
            "nonce": nonce,
            "encrypt_type": "aes",
            "msg_signature": proofs.wechat_words(WORD, seconds, nonce, cipher),
        }
        body = json.dumps({"ToUserName": "gh_sandbox", "Encrypt": cipher}).encode()
        headers = {"content-type": "application/json"}
        return Push(self.name, f"{event} {order.id}", headers, body, urlencode(query))

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        return {
            "order_id": order.id,
            "status": STATUS[order.state],
            "create_time": order.created_ms // 1_000,
            "update_time": order.modified_ms // 1_000,
            "openid": f"sandbox{order.number}",
            "order_detail": {
                "product_infos": [
                    {
                        "sku_id": str(27_000 + index),
                        "sku_code": line.sku,
                        "title": line.title,
                        "sku_cnt": line.quantity,
                        "sale_price": line.price_fen,
                    }
                    for index, line in enumerate(order.lines)
                ],
                "price_info": {"order_price": order.total_fen, "freight": 0},
                "pay_info": {"pay_time": (order.paid_ms or 0) // 1_000},
                "delivery_info": {
                    "address_info": {
                        "user_name": order.buyer,
                        "virtual_order_tel_number": order.phone,
                        "province_name": province,
                        "city_name": city,
                        "county_name": district,
                        "detail_info": detail,
                        "postal_code": "000000",
                    }
                },
                "ext_info": {"customer_notes": order.note, "merchant_notes": order.remark},
            },
        }
