"""JD (JOS): everything is HTTP 200; it spells the name of its answers `…_responce`."""

from __future__ import annotations

from datetime import datetime
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
    json_object,
    said,
    whole,
    yuan,
)
from headrace.engine.sandbox.world import Order

APP_KEY, SECRET, TOKEN = "SANDBOXJD0000001", "sandbox-jd-secret", "sandbox-jd-token"
REFRESH = "sandbox-jd-refresh"
CLOCK_MS = 6 * 60_000
WINDOW_MS = 31 * 86_400_000
PAGE_MAX = 100
REFUND_WINDOW_MS, REFUNDS_MAX = 7 * 86_400_000, 50

STATES = {
    "unpaid": "NOT_PAY",
    "paid": "WAIT_SELLER_STOCK_OUT",
    "shipped": "WAIT_GOODS_RECEIVE_CONFIRM",
    "completed": "FINISHED_L",
    "cancelled": "TRADE_CANCELED",
    "refunded": "TRADE_CANCELED",
}
NO = {
    "signature": ("12", "无效签名"),
    "clock": ("8", "非法的时间戳参数"),
    "app_key": ("10", "无效的app_key"),
    "token_dead": ("19", "token已过期或者不存在"),
    "throttled": ("2", "超过调用次数限制"),
    "busy": ("67", "平台连接后端服务不可用"),
    "withdrawn": ("15", "不存在的方法名"),
    "params": ("43", "系统参数不正确"),
    "not_found": ("62", "订单不存在"),
    "rule": ("63", "订单状态不允许出库"),
}


class Jd(Shop):
    """One shop there."""

    name = "jd"

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {
            "app_key": APP_KEY,
            "gateway": f"{base}/jd/routerjson",
            "token_gateway": f"{base}/jd/oauth2/refresh_token",
        }
        secrets = {"app_secret": SECRET, "access_token": TOKEN, "refresh_token": REFRESH}
        return Account(self.name, settings, secrets)

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        fields = asked.form()
        if fields.get("app_key") != APP_KEY:
            raise No("app_key")
        if self.renews(asked):  # not signed: the secret itself comes along
            if not proofs.equal(fields.get("app_secret", ""), SECRET):
                raise No("signature")
            return
        if not proofs.equal(fields.get("sign", ""), proofs.between_secrets(SECRET, fields)):
            raise No("signature")
        if abs(_moment(fields.get("timestamp", "")) - asked.now_ms) > CLOCK_MS:
            raise No("clock")
        self.alive(fields.get("access_token", ""), TOKEN, asked.now_ms)

    def renews(self, asked: Asked) -> bool:
        """See `Simulator`."""
        return asked.path == "/oauth2/refresh_token"

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, words = NO[kind]
        if self.renews(asked):
            return said({"code": int(code), "msg": words})
        if kind in ("not_found", "rule"):  # a yes of the gateway, a no of the shop
            name = asked.form().get("method", "").replace(".", "_")
            answer = {"success": False, "numberCode": code, "chineseErrCode": words}
            return said({f"{name}_responce": {"code": "0", "result": {"apiResult": answer}}})
        error = {"code": code, "zh_desc": words, "en_desc": message or kind}
        return said({"error_response": error})

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        fields = asked.form()
        if self.renews(asked):
            new = self.renew(fields.get("refresh_token", ""), REFRESH, asked.now_ms)
            told = {
                "access_token": f"{TOKEN}{new}",
                "refresh_token": REFRESH,
                "expires_in": self.LIVES_S,
            }
            return said({**told, "scope": "snsapi_base"})
        method, own = fields.get("method", ""), json_object(fields.get("360buy_param_json", ""))
        found: dict[str, Any]
        match method:
            case "jingdong.pop.order.search":
                found = {"searchorderinfo_result": self._changed(asked, own)}
            case "jingdong.pop.afs.soa.refundapply.queryPageList":
                found = {"queryResult": self._refunds(asked, own)}
            case "jingdong.pop.order.get":
                order = self.payload(self.order(str(own.get("order_id", ""))))
                found = {"orderDetailInfo": {"apiResult": {"success": True}, "orderInfo": order}}
            case "jingdong.pop.order.shipment":
                id_, waybill = str(own.get("orderId", "")), str(own.get("logiNo", ""))
                self.ship(asked, id_, str(own.get("logiCoprId", "")), waybill)
                found = {"sopjosshipment_result": {"success": True}}
            case "jingdong.stock.write.updateSkuStock":
                self.offer(own.get("skuId"), own.get("stockNum"))
                found = {"updateSkuStock_result": {"success": True}}
            case _:
                raise No("withdrawn", method[:80])
        return said({f"{method.replace('.', '_')}_responce": {"code": "0", **found}})

    def _changed(self, asked: Asked, own: dict[str, Any]) -> dict[str, Any]:
        since, until = china_ms(str(own.get("start_date"))), china_ms(str(own.get("end_date")))
        page, size = whole(own.get("page"), 1), whole(own.get("page_size"), 20, PAGE_MAX)
        if until - since > WINDOW_MS or page < 1:
            raise No("params", "at most a month, and pages begin with 1")
        states = str(own.get("order_state", "")).split(",")
        changed = self.changed(asked, since, until + 999)
        found = [order for order in changed if STATES[order.state] in states]
        rows = self.cut(found, (page - 1) * size, size, asked.now_ms)
        answer = {"success": True}
        return {"apiResult": answer, "orderTotal": len(found), "orderInfoList": rows}

    def _refunds(self, asked: Asked, own: dict[str, Any]) -> dict[str, Any]:
        """By when they were asked for, or by when they were decided: it knows no other time."""
        by = "check" if own.get("checkTimeStart") else "apply"
        since, until = (
            china_ms(str(own.get(f"{by}TimeStart"))),
            china_ms(str(own.get(f"{by}TimeEnd"))),
        )
        page, size = (
            whole(own.get("pageIndex"), 1, 100),
            whole(own.get("pageSize"), 20, REFUNDS_MAX),
        )
        if until - since > REFUND_WINDOW_MS or page < 1:
            raise No("params", "at most a week, and pages begin with 1")
        if self.on("empty"):
            return {"success": True, "totalCount": 0, "result": []}
        with self.world.lock:
            orders = [o for o in self.world.orders.values() if o.channel == self.name and o.refunds]
        found = [
            order
            for order in orders
            if since <= order.refunds[-1].at_ms <= until + 999
            and order.refunds[-1].done == (by == "check")
        ]
        rows = [_refund(order) for order in found[(page - 1) * size : page * size]]
        return {"success": True, "totalCount": len(found), "result": rows}

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        return {
            "orderId": order.id,
            "venderId": "10099001",
            "orderState": STATES[order.state],
            "orderStateRemark": "",
            "orderPayment": yuan(order.total_fen),
            "orderTotalPrice": yuan(order.total_fen),
            "freightPrice": "0.00",
            "orderStartTime": china(order.created_ms),
            "modified": china(order.modified_ms),
            "paymentConfirmTime": china(order.paid_ms),
            "orderRemark": order.note,
            "venderRemark": order.remark,
            "consigneeInfo": {
                "fullname": f"{order.buyer[:1]}**",
                "mobile": f"{order.phone[:3]}****{order.phone[-4:]}",
                "province": province,
                "city": city,
                "county": district,
                "town": "",
                "fullAddress": f"{province}{city}{district}{detail}",
            },
            "itemInfoList": [
                {
                    "skuId": str(100_000 + index),
                    "outerSkuId": line.sku,
                    "skuName": line.title,
                    "itemTotal": str(line.quantity),
                    "jdPrice": yuan(line.price_fen),
                }
                for index, line in enumerate(order.lines)
            ],
        }


def _refund(order: Order) -> dict[str, Any]:
    refund = order.refunds[-1]
    return {
        "id": 50_000_000 + order.number,
        "orderId": order.id,
        "status": 3 if refund.done else 0,
        "applyTime": china(refund.at_ms),
        "checkTime": china(refund.at_ms) if refund.done else None,
        "applyRefundSum": refund.amount_fen,
        "reason": refund.reason,
    }


def _moment(text: str) -> int:
    """`2021-05-07 09:20:39.683+0800`, or without milliseconds and zone. Raises `No`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise No("clock") from None
    return china_ms(text) if moment.tzinfo is None else round(moment.timestamp() * 1_000)
