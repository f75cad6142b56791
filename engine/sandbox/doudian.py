"""The Douyin shop: JSON signed as it was sent, HTTP 200, and `code` 10000 for a yes. It pushes lists of events."""

from __future__ import annotations

import json
from typing import Any

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Shop, said, whole
from headrace.engine.sandbox.pushes import Push
from headrace.engine.sandbox.world import Fact, Order

APP_KEY, SECRET, TOKEN = "7099000000000000001", "sandbox-doudian-secret", "sandbox-doudian-token"
REFRESH = "sandbox-doudian-refresh"
SHOP_ID = 66_009_001
CLOCK_S = 600
PAGE_MAX = 100

STATUS = {"unpaid": 1, "paid": 2, "shipped": 3, "cancelled": 4, "completed": 5, "refunded": 4}
TAGS = {
    "created": "100",
    "paid": "101",
    "shipped": "102",
    "cancelled": "106",
    "noted": "113",
    "refund_wanted": "200",
    "refunded": "206",
}
NO = {
    "signature": (40003, "isv.sign-invalid", "签名校验失败"),
    "clock": (40003, "isv.sign-timestamp-invalid", "时间戳不对"),
    "app_key": (30001, "isv.app-key-invalid", "应用不存在"),
    "token_dead": (40003, "isv.access-token-expired", "access_token已过期"),
    "throttled": (60000, "isv.flow-limited", "调用太频繁"),
    "busy": (20000, "isp.service-error", "服务内部错误"),
    "withdrawn": (70000, "isp.api-service-off", "API不存在或已下线"),
    "params": (40004, "isv.parameter-invalid", "参数不合法"),
    "not_found": (50002, "isv.business-failed:order-not-found", "订单不存在"),
    "rule": (50002, "isv.business-failed:order-status", "订单状态不允许"),
}


class Doudian(Shop):
    """One shop there."""

    name = "doudian"
    LIVES_S = 604_800
    troubles = (*Shop.troubles, "duplicate", "reordered")

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {"app_key": APP_KEY, "gateway": f"{base}/doudian"}
        return Account(
            self.name,
            settings,
            {"app_secret": SECRET, "access_token": TOKEN, "refresh_token": REFRESH},
        )

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        query = asked.query
        if query.get("app_key") != APP_KEY:
            raise No("app_key")
        method, seconds = query.get("method", ""), query.get("timestamp", "")
        if method != asked.path.strip("/").replace("/", "."):
            raise No("params", "method and path differ")
        content = asked.body.decode("utf-8", "replace")
        expected = proofs.doudian(SECRET, APP_KEY, method, content, seconds)
        if query.get("sign_method") != "hmac-sha256" or not proofs.equal(
            query.get("sign", ""), expected
        ):
            raise No("signature")
        if abs(whole(seconds) - asked.now_ms // 1_000) > CLOCK_S:
            raise No("clock")
        if self.renews(asked):
            return  # the refresh token is what counts there
        self.alive(query.get("access_token") or "", TOKEN, asked.now_ms)

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, sub, words = NO[kind]
        answer = {"code": code, "msg": words, "sub_code": sub, "sub_msg": message or words}
        return said({**answer, "log_id": "sandbox", "data": None})

    def renews(self, asked: Asked) -> bool:
        """See `Simulator`."""
        return asked.path == "/token/refresh"

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        own = asked.json()
        data: dict[str, Any] | bool
        match asked.path:
            case "/order/searchList":
                data = self._changed(asked, own)
            case "/afterSale/List":
                data = self._refunds(asked, own)
            case "/order/orderDetail":
                order = self.payload(self.order(str(own.get("shop_order_id", ""))))
                data = {"shop_order_detail": order}
            case "/order/logisticsAdd":
                id_, waybill = str(own.get("order_id", "")), str(own.get("logistics_code", ""))
                self.ship(asked, id_, str(own.get("company_code", "")), waybill)
                data = {"pack_id": f"P{id_}"}
            case "/sku/syncStock" if own.get("incremental") is False and own.get("idempotent_id"):
                self.offer(own.get("sku_id"), own.get("stock_num"))
                data = True
            case "/token/refresh":
                new = self.renew(str(own.get("refresh_token", "")), REFRESH, asked.now_ms)
                data = {
                    "access_token": f"{TOKEN}{new}",
                    "refresh_token": REFRESH,
                    "expires_in": self.LIVES_S,
                }
            case path:
                raise No("withdrawn", path[:80])
        return said({"code": 10000, "msg": "success", "log_id": "sandbox", "data": data})

    def _changed(self, asked: Asked, own: dict[str, Any]) -> dict[str, Any]:
        since, until = whole(own.get("update_time_start")), whole(own.get("update_time_end"))
        page, size = whole(own.get("page"), 0), whole(own.get("size"), 10, PAGE_MAX)
        rising = own.get("order_asc") is True
        found = self.changed(asked, since * 1_000, until * 1_000 + 999, ascending=rising)
        rows = self.cut(found, page * size, size, asked.now_ms)
        return {"shop_order_list": rows, "page": page, "size": size, "total": len(found)}

    def _refunds(self, asked: Asked, own: dict[str, Any]) -> dict[str, Any]:
        since, until = whole(own.get("update_start_time")), whole(own.get("update_end_time"))
        page, size = whole(own.get("page"), 0), whole(own.get("size"), 10, PAGE_MAX)
        found = self.refunds(asked, since * 1_000, until * 1_000 + 999)
        rows = [_refund(order) for order in found[page * size : (page + 1) * size]]
        more = (page + 1) * size < len(found)
        return {"items": rows, "has_more": more, "page": page, "size": size, "total": len(found)}

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """See `Pushing`."""
        order, tag = self.world.find(self.name, fact.subject), TAGS.get(fact.kind)
        if order is None or tag is None:
            return None
        data = {
            "p_id": int(order.id),
            "shop_id": SHOP_ID,
            "order_status": STATUS[order.state],
            "update_time": fact.at_ms // 1_000,
            "pay_amount": order.total_fen,
        }
        event = {"tag": tag, "msg_id": f"{order.id}:{tag}:{fact.at_ms}", "data": json.dumps(data)}
        body = json.dumps([event]).encode()
        headers = {
            "content-type": "application/json",
            "app-id": APP_KEY,
            "event-sign": proofs.doudian_event(APP_KEY, secret or SECRET, body),
        }
        return Push(self.name, f"{tag} {order.id}", headers, body)

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        return {
            "order_id": order.id,
            "shop_id": SHOP_ID,
            "order_status": STATUS[order.state],
            "order_status_desc": {"unpaid": "待支付", "paid": "待发货"}.get(order.state, ""),
            "create_time": order.created_ms // 1_000,
            "update_time": order.modified_ms // 1_000,
            "pay_time": (order.paid_ms or 0) // 1_000,
            "pay_amount": order.total_fen,
            "order_amount": order.total_fen,
            "encrypt_post_receiver": f"##{order.buyer}##",
            "encrypt_post_tel": f"$${order.phone}$$",
            "post_addr": {
                "province": {"name": province, "id": "33"},
                "city": {"name": city, "id": "3301"},
                "town": {"name": district, "id": "330106"},
                "street": {"name": "", "id": "0"},
                "encrypt_detail": detail,
            },
            "buyer_words": order.note,
            "seller_words": order.remark,
            "sku_order_list": [
                {
                    "order_id": f"{order.id}{index}",
                    "out_sku_id": line.sku,
                    "sku_id": 17_000 + index,
                    "product_name": line.title,
                    "item_num": line.quantity,
                    "origin_amount": line.price_fen,
                }
                for index, line in enumerate(order.lines)
            ],
        }


def _refund(order: Order) -> dict[str, Any]:
    refund, line = order.refunds[-1], order.lines[0]
    return {
        "order_info": {
            "shop_order_id": int(order.id),
            "related_order_info": [
                {
                    "shop_sku_code": line.sku,
                    "product_name": line.title,
                    "aftersale_item_num": line.quantity,
                }
            ],
        },
        "aftersale_info": {
            "aftersale_id": 70_000_000_000 + order.number,
            "aftersale_type": 1,
            "aftersale_status": 12 if refund.done else 6,
            "refund_amount": refund.amount_fen,
            "apply_time": refund.at_ms // 1_000,
            "update_time": order.modified_ms // 1_000,
        },
        "text_part": {"reason_text": refund.reason},
    }
