"""WeChat Pay, version 3: requests, answers and notices signed, notices sealed. A refund's number is what it knows it by."""

from __future__ import annotations

import json
import re
from typing import Any

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Simulator, said, utc, whole
from headrace.engine.sandbox.pushes import Push
from headrace.engine.sandbox.world import Fact, Payment, Refund

MCHID, SERIAL = "1900009901", "5157F09EFDC096DE15EBE81A47057A72SANDBOX1"
SERVICE_SERIAL = "PUB_KEY_ID_0190000990100000000000000000000"
API_V3_KEY = "sandboxsandboxsandboxsandbox1234"
CLOCK_S = 300

NO = {
    "signature": (401, "SIGN_ERROR", "签名错误"),
    "clock": (401, "SIGN_ERROR", "Http头Authorization中的timestamp与发起请求的时间不得超过5分钟"),
    "app_key": (403, "NO_AUTH", "商户号无权限"),
    "token_dead": (403, "NO_AUTH", "商户无权限"),
    "throttled": (429, "FREQUENCY_LIMITED", "频率超限"),
    "busy": (500, "SYSTEM_ERROR", "系统异常，请用相同参数重新调用"),
    "withdrawn": (404, "NOT_FOUND", "接口不存在"),
    "params": (400, "PARAM_ERROR", "参数错误"),
    "not_found": (404, "RESOURCE_NOT_EXISTS", "订单不存在"),
    "too_much": (403, "NOT_ENOUGH", "可退金额不足"),
    "differs": (400, "INVALID_REQUEST", "与原请求参数不一致"),
}
_PAIR = re.compile(r'(\w+)="([^"]*)"')


class WechatPay(Simulator):
    """One merchant there."""

    name = "wechat_pay"
    troubles = (*Simulator.troubles, "duplicate", "reordered")

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {
            "mchid": MCHID,
            "serial": SERIAL,
            "platform_serial": SERVICE_SERIAL,
            "platform_key": self.keys.service.public,
            "gateway": f"{base}/wechat_pay",
        }
        secrets = {"private_key": self.keys.merchant.private, "api_v3_key": API_V3_KEY}
        return Account(self.name, settings, secrets)

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        scheme, _, rest = asked.headers.get("authorization", "").partition(" ")
        found = dict(_PAIR.findall(rest))
        if scheme != "WECHATPAY2-SHA256-RSA2048" or found.get("serial_no") != SERIAL:
            raise No("signature")
        if found.get("mchid") != MCHID:
            raise No("app_key")
        seconds, nonce = found.get("timestamp", ""), found.get("nonce_str", "")
        message = proofs.wechat_pay_request(asked.method, asked.target, seconds, nonce, asked.body)
        if not self.keys.merchant.made(message, found.get("signature", "")):
            raise No("signature")
        if abs(whole(seconds) - asked.now_ms // 1_000) >= CLOCK_S:
            raise No("clock")

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        status, code, words = NO[kind]
        return self._signed({"code": code, "message": f"{words} {message}".strip()}, asked, status)

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["v3", "pay", "transactions", "id", theirs]:
                return self._signed(transaction(self._found("", theirs)), asked)
            case "GET", ["v3", "pay", "transactions", "out-trade-no", ours]:
                return self._signed(transaction(self._found(ours, "")), asked)
            case "POST", ["v3", "refund", "domestic", "refunds"]:
                return self._refund(asked)
            case "GET", ["v3", "refund", "domestic", "refunds", number]:
                with self.world.lock:
                    payments = list(self.world.payments.values())
                for payment in payments:
                    if payment.provider == self.name and number in payment.refunds:
                        return self._signed(_refund(payment, payment.refunds[number]), asked)
                raise No("not_found")
            case _:
                raise No("withdrawn")

    def _found(self, ours: str, theirs: str) -> Payment:
        payment = self.world.payment(self.name, ours, theirs)
        if payment is None:
            raise No("not_found")
        return payment

    def _refund(self, asked: Asked) -> Said:
        own = asked.json()
        amount = own.get("amount")
        number = str(own.get("out_refund_no", ""))
        if not isinstance(amount, dict) or not number:
            raise No("params")
        payment = self._found(str(own.get("out_trade_no", "")), str(own.get("transaction_id", "")))
        if whole(amount.get("total")) != payment.total_fen:
            raise No("params", "订单金额不一致")
        back = whole(amount.get("refund"))
        result = self.world.pay_back(payment, number, back, asked.now_ms)
        if result not in ("done", "again"):
            raise No(result)
        return self._signed(_refund(payment, payment.refunds[number]), asked)

    def _signed(self, value: Any, asked: Asked, status: int = 200) -> Said:
        plain = said(value, status)
        return Said(
            plain.body, status, {**plain.headers, **self._headers(plain.body, asked.now_ms)}
        )

    def _headers(self, body: bytes, now_ms: int, nonce: str = "sandbox-answer") -> dict[str, str]:
        seconds = str(now_ms // 1_000)
        message = proofs.wechat_pay_answer(seconds, nonce, body)
        return {
            "wechatpay-timestamp": seconds,
            "wechatpay-nonce": nonce,
            "wechatpay-serial": SERVICE_SERIAL,
            "wechatpay-signature": self.keys.service.sign(message),
        }

    def push(self, fact: Fact, secret: str, now_ms: int) -> Push | None:
        """See `Pushing`; it signs with its own key always."""
        payment = self.world.payment(self.name, fact.subject, "")
        if payment is None or fact.kind != "paid":
            return None
        return Push(self.name, f"{fact.kind} {fact.subject}", *self.notice(payment, now_ms))

    def notice(self, payment: Payment, now_ms: int) -> tuple[dict[str, str], bytes]:
        """Headers and body of what it tells the merchant of a payment."""
        about, nonce = "transaction", f"{payment.paid_ms % 10**12:012}"
        plain = json.dumps(transaction(payment), ensure_ascii=False).encode()
        body = json.dumps(
            {
                "id": f"EV-{payment.trade_no}",
                "create_time": utc(payment.paid_ms),
                "resource_type": "encrypt-resource",
                "event_type": "TRANSACTION.SUCCESS",
                "summary": "支付成功",
                "resource": {
                    "original_type": "transaction",
                    "algorithm": "AEAD_AES_256_GCM",
                    "ciphertext": proofs.wechat_pay_seal(API_V3_KEY, nonce, about, plain),
                    "associated_data": about,
                    "nonce": nonce,
                },
            },
            ensure_ascii=False,
        ).encode()
        headers = {"content-type": "application/json"}
        return headers | self._headers(body, now_ms, nonce), body


def transaction(payment: Payment) -> dict[str, Any]:
    """A payment in its words; amounts in fen."""
    return {
        "mchid": MCHID,
        "appid": "wxsandbox0000000001",
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.trade_no,
        "trade_type": "JSAPI",
        "trade_state": "REFUND" if payment.refunds else "SUCCESS",
        "trade_state_desc": "支付成功",
        "success_time": utc(payment.paid_ms),
        "amount": {"total": payment.total_fen, "payer_total": payment.total_fen, "currency": "CNY"},
    }


def _refund(payment: Payment, refund: Refund) -> dict[str, Any]:
    return {
        "refund_id": f"5{payment.trade_no}",
        "out_refund_no": refund.key,
        "transaction_id": payment.trade_no,
        "out_trade_no": payment.out_trade_no,
        "status": "SUCCESS",
        "success_time": utc(refund.at_ms),
        "amount": {"total": payment.total_fen, "refund": refund.amount_fen, "currency": "CNY"},
    }
