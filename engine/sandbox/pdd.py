"""Pinduoduo: everything is HTTP 200; half an hour at a time, and its end three minutes behind the platform."""

from __future__ import annotations

from typing import Any

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Shop, china, said, whole
from headrace.engine.sandbox.world import Order

CLIENT_ID, SECRET, TOKEN = "sandbox-pdd-client", "sandbox-pdd-secret", "sandbox-pdd-token"
REFRESH = "sandbox-pdd-refresh"
CLOCK_S = 600
WINDOW_S = 1_800
LAG_S = 180
PAGE_MAX = 100

NO = {
    "signature": (20004, "签名错误"),
    "clock": (20004, "时间戳不对"),
    "app_key": (20031, "client_id 不存在"),
    "token_dead": (10019, "access_token 已过期"),
    "throttled": (70031, "调用过于频繁，请调整调用频率"),
    "busy": (52102, "服务暂不可用"),
    "withdrawn": (50012, "此API已下线"),
    "params": (50001, "参数错误"),
    "not_found": (50001, "订单不存在"),
    "rule": (50001, "订单状态不允许"),
}
STATUS = {"unpaid": 1, "paid": 1, "shipped": 2, "completed": 3, "cancelled": 1, "refunded": 1}


class Pdd(Shop):
    """One shop there."""

    name = "pdd"

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {"app_key": CLIENT_ID, "gateway": f"{base}/pdd/api/router"}
        return Account(
            self.name,
            settings,
            {"app_secret": SECRET, "access_token": TOKEN, "refresh_token": REFRESH},
        )

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        fields = asked.form()
        if fields.get("client_id") != CLIENT_ID:
            raise No("app_key")
        if not proofs.equal(fields.get("sign", ""), proofs.between_secrets(SECRET, fields)):
            raise No("signature")
        if abs(whole(fields.get("timestamp")) - asked.now_ms // 1_000) > CLOCK_S:
            raise No("clock")
        if self.renews(asked):
            return  # the refresh token is what counts there
        self.alive(fields.get("access_token") or "", TOKEN, asked.now_ms)

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, words = NO[kind]
        error = {"error_code": code, "error_msg": words, "sub_code": None, "sub_msg": message}
        return said({"error_response": {**error, "request_id": "sandbox"}})

    def renews(self, asked: Asked) -> bool:
        """See `Simulator`."""
        return asked.form().get("type") == "pdd.pop.auth.token.refresh"

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        fields = asked.form()
        match fields.get("type", ""):
            case "pdd.order.number.list.increment.get":
                found, begin, size = self._between(asked, fields, wanted=False)
                rows = self.cut(found, begin, size, asked.now_ms)
                more = begin + size < len(found)
                answer = {"order_sn_list": rows, "has_next": more, "total_count": len(found)}
                return said({"order_sn_increment_get_response": answer})
            case "pdd.refund.list.increment.get":
                found, begin, size = self._between(asked, fields, wanted=True)
                rows = [self._refund(order) for order in found[begin : begin + size]]
                answer = {"refund_list": rows, "total_count": len(found)}
                return said({"refund_increment_get_response": answer})
            case "pdd.order.information.get":
                order = self.payload(self.order(fields.get("order_sn", "")))
                return said({"order_info_get_response": {"order_info": order}})
            case "pdd.logistics.online.send":
                company, waybill = fields.get("logistics_id", ""), fields.get("tracking_number", "")
                self.ship(asked, fields.get("order_sn", ""), company, waybill)
                return said({"logistics_online_send_response": {"is_success": True}})
            case "pdd.goods.quantity.update" if fields.get("update_type") == "1":
                self.offer(fields.get("sku_id"), fields.get("quantity"))
                return said({"goods_quantity_update_response": {"is_success": True}})
            case "pdd.pop.auth.token.refresh":
                new = self.renew(fields.get("refresh_token", ""), REFRESH, asked.now_ms)
                answer = {
                    "access_token": f"{TOKEN}{new}",
                    "refresh_token": REFRESH,
                    "expires_in": self.LIVES_S,
                    "refresh_token_expires_in": 30 * 86_400,
                }
                return said({"pop_auth_token_refresh_response": answer})
            case method:
                raise No("withdrawn", method[:80])

    def _between(
        self, asked: Asked, fields: dict[str, str], *, wanted: bool
    ) -> tuple[list[Order], int, int]:
        since, until = whole(fields.get("start_updated_at")), whole(fields.get("end_updated_at"))
        page, size = whole(fields.get("page"), 1), whole(fields.get("page_size"), 100, PAGE_MAX)
        if until - since > WINDOW_S or page < 1:
            raise No("params", "at most 30 minutes, and pages begin with 1")
        if until > asked.now_ms // 1_000 - LAG_S:
            raise No("params", "the end must be three minutes ago")
        found = self.changed(asked, since * 1_000, until * 1_000 + 999)
        return ([o for o in found if o.refunds] if wanted else found), (page - 1) * size, size

    def payload(self, order: Order) -> dict[str, Any]:
        """See `Shop`."""
        province, city, district, detail = order.place
        return {
            "order_sn": order.id,
            "mall_id": 8800001,
            "order_status": STATUS[order.state],
            "confirm_status": {"cancelled": 2, "unpaid": 0}.get(order.state, 1),
            "group_status": 1,
            "risk_control_status": 0,
            "refund_status": 2 if order.refunds else 1,
            "created_time": china(order.created_ms),
            "updated_at": china(order.modified_ms),
            "pay_time": china(order.paid_ms),
            "pay_amount": order.total_fen / 100,
            "goods_amount": order.total_fen / 100,
            "receiver_name_mask": f"{order.buyer[:1]}*",
            "receiver_phone_mask": f"{order.phone[:3]}****{order.phone[-4:]}",
            "country": "中国",
            "province": province,
            "city": city,
            "town": district,
            "address_mask": detail[:4] + "****",
            "buyer_memo": order.note,
            "remark": order.remark,
            "tracking_number": order.waybill,
            "item_list": [
                {
                    "sku_id": 7000 + index,
                    "outer_id": line.sku,
                    "goods_name": line.title,
                    "goods_count": line.quantity,
                    "goods_price": line.price_fen / 100,
                }
                for index, line in enumerate(order.lines)
            ],
        }

    def _refund(self, order: Order) -> dict[str, Any]:
        refund = order.refunds[-1]
        return {
            "id": 90_000_000 + order.number,
            "order_sn": order.id,
            "after_sales_status": 10 if refund.done else 2,
            "after_sales_type": 2,
            "after_sale_reason": refund.reason,
            "refund_amount": refund.amount_fen / 100,
            "goods_name": order.lines[0].title,
            "outer_id": order.lines[0].sku,
            "goods_number": order.lines[0].quantity,
            "updated_time": china(order.modified_ms),
        }
