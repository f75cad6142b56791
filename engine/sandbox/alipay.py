"""Alipay: signed both ways. A refund asked for twice under one number moves money once, and says `fund_change` N."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import (
    Account,
    Asked,
    No,
    Said,
    Simulator,
    china,
    china_ms,
    fen,
    json_object,
    yuan,
)
from headrace.engine.sandbox.pushes import Push
from headrace.engine.sandbox.world import Fact, Payment

APP_ID, SELLER_ID = "2021009900000001", "2088990000000001"
CLOCK_MS = 15 * 60_000

NO = {
    "signature": ("40002", "isv.invalid-signature", "验签出错"),
    "clock": ("40002", "isv.invalid-timestamp", "非法的时间戳"),
    "app_key": ("40002", "isv.invalid-app-id", "无效的AppID参数"),
    "token_dead": ("20001", "aop.invalid-auth-token", "无效的应用授权令牌"),
    "throttled": ("40004", "isv.app-call-limited", "应用调用次数超限"),
    "busy": ("20000", "isp.unknow-error", "服务不可用"),
    "withdrawn": ("40002", "isv.invalid-method", "不存在的方法名"),
    "params": ("40002", "isv.invalid-parameter", "参数无效"),
    "not_found": ("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在"),
    "too_much": ("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"),
    "differs": ("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR", "退款金额与原请求不一致"),
}


class Alipay(Simulator):
    """One merchant there."""

    name = "alipay"
    troubles = (*Simulator.troubles, "duplicate", "reordered")

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {
            "app_id": APP_ID,
            "seller_id": SELLER_ID,
            "alipay_public_key": self.keys.service.public,
            "gateway": f"{base}/alipay/gateway.do",
        }
        return Account(self.name, settings, {"private_key": self.keys.merchant.private})

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        fields = asked.form()
        if fields.get("app_id") != APP_ID:
            raise No("app_key")
        content = proofs.alipay_request(fields)
        if fields.get("sign_type") != "RSA2" or not self.keys.merchant.made(
            content, fields.get("sign", "")
        ):
            raise No("signature")
        if abs(china_ms(fields.get("timestamp", "")) - asked.now_ms) > CLOCK_MS:
            raise No("clock")

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, sub, words = NO[kind]
        answer = {"code": code, "msg": "Business Failed", "sub_code": sub, "sub_msg": words}
        return self._signed(asked.form().get("method", ""), answer)

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        fields = asked.form()
        method, own = fields.get("method", ""), json_object(fields.get("biz_content", ""))
        known = ("alipay.trade.query", "alipay.trade.refund", "alipay.trade.fastpay.refund.query")
        if method not in known:
            raise No("withdrawn")
        found = self.world.payment(
            self.name, str(own.get("out_trade_no", "")), str(own.get("trade_no", ""))
        )
        if found is None:
            raise No("not_found")
        number = str(own.get("out_request_no", ""))
        both = {"out_trade_no": found.out_trade_no, "trade_no": found.trade_no}
        if method.endswith("trade.query"):
            more = {"trade_status": _state(found), "total_amount": yuan(found.total_fen)}
        elif method.endswith("trade.refund"):
            result = self.world.pay_back(
                found, number, fen(own.get("refund_amount", "")), asked.now_ms
            )
            if result not in ("done", "again"):
                raise No(result)
            change = "Y" if result == "done" else "N"
            more = {"fund_change": change, "refund_fee": yuan(found.refunded_fen)}
        else:
            known_refund = found.refunds.get(number)
            more = {"out_request_no": number} if known_refund else {}
            if known_refund:
                more |= {
                    "refund_status": "REFUND_SUCCESS",
                    "refund_amount": yuan(known_refund.amount_fen),
                    "total_amount": yuan(found.total_fen),
                }
        return self._signed(method, {"code": "10000", "msg": "Success", **both, **more})

    def _signed(self, method: str, answer: dict[str, Any]) -> Said:
        name = method.replace(".", "_") + "_response" if method else "error_response"
        inner = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
        signature = self.keys.service.sign(inner.encode())
        body = f'{{"{name}":{inner},"sign":"{signature}"}}'
        return Said(body.encode(), headers={"content-type": "text/html;charset=utf-8"})

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """See `Pushing`; it signs with its own key always."""
        payment = self.world.payment(self.name, fact.subject, "")
        if payment is None:
            return None
        body = urlencode(self.notice(payment, now_ms)).encode()
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
        return Push(self.name, f"{fact.kind} {fact.subject}", headers, body, wanted=b"success")

    def notice(self, payment: Payment, now_ms: int) -> dict[str, str]:
        """What it tells the merchant of a payment, signed; the same `notify_id` on every repetition."""
        fields = {
            "notify_time": china(now_ms),
            "notify_type": "trade_status_sync",
            "notify_id": f"sandbox{payment.trade_no}",
            "charset": "utf-8",
            "version": "1.0",
            "app_id": APP_ID,
            "seller_id": SELLER_ID,
            "trade_no": payment.trade_no,
            "out_trade_no": payment.out_trade_no,
            "trade_status": _state(payment),
            "total_amount": yuan(payment.total_fen),
            "receipt_amount": yuan(payment.total_fen),
            "gmt_create": china(payment.paid_ms),
            "gmt_payment": china(payment.paid_ms),
            "subject": "沙箱订单 & 测试",
        }
        if payment.refunds:
            fields["refund_fee"] = yuan(payment.refunded_fen)
        signature = self.keys.service.sign(proofs.alipay_notice(fields))
        return {**fields, "sign": signature, "sign_type": "RSA2"}


def _state(payment: Payment) -> str:
    return "TRADE_CLOSED" if payment.refunded_fen == payment.total_fen else "TRADE_SUCCESS"
