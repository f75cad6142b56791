"""WeChat Pay, version 3: ask for a payment, refund, ask for a refund; and its notices, signed and encrypted."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Incoming,
    Operation,
    ParamWrong,
    Rate,
    Reply,
    Request,
    Verdict,
    Wish,
)
from headrace.nodes import _pay as pay
from headrace.nodes import _shop as shop
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form, setting

GATEWAY = "https://api.mch.weixin.qq.com"
SCHEME = "WECHATPAY2-SHA256-RSA2048"
CLOCK_S = 300
"""What is five minutes old, or as much ahead, is not believed."""

ERRORS = ErrorTable(
    {
        "SYSTEM_ERROR": "busy",
        "BIZERR_NEED_RETRY": "busy",
        "FREQUENCY_LIMITED": "throttled",
        "FREQUENCY_LIMIT_EXCEED": "throttled",
        "RATELIMIT_EXCEEDED": "throttled",
        "SIGN_ERROR": "signature",
        "NO_AUTH": "not_allowed",
        "PARAM_ERROR": "refused",
        "INVALID_REQUEST": "refused",
        "NOT_ENOUGH": "refused",
        "USER_ACCOUNT_ABNORMAL": "refused",
        "RESOURCE_NOT_EXISTS": "refused",
        "ORDER_NOT_EXIST": "refused",
        "MCH_NOT_EXISTS": "refused",
        "ABNORMAL": "refused",
        "CLOSED": "refused",
        "400": "refused",
        "401": "signature",
        "403": "refused",
        "404": "refused",
        "429": "throttled",
        "5*": "busy",
    },
    {"throttled": 60.0},
)


def authorization(
    private_key: str,
    mchid: str,
    serial: str,
    request: tuple[str, str, str],
    now_s: int,
    nonce: str,
) -> str:
    """The header over (method, address, body)."""
    method, url, body = request
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    signature = wire.rsa_sign(private_key, f"{method}\n{path}\n{now_s}\n{nonce}\n{body}\n".encode())
    return (
        f'{SCHEME} mchid="{mchid}",nonce_str="{nonce}",timestamp="{now_s}",'
        f'serial_no="{serial}",signature="{signature}"'
    )


def signed(account: ConnectionInfo, method: str, path: str, own: Any, wish: Wish) -> Request:
    """A call of one of its interfaces."""
    settings = account.settings
    url = settings.get("gateway", GATEWAY).rstrip("/") + path
    body = "" if own is None else wire.compact(own)
    headers = {
        "authorization": authorization(
            wire.secret(account, "private_key"),
            settings["mchid"],
            settings["serial"],
            (method, url, body),
            wish.now_ms // 1_000,
            wish.nonce,
        ),
        "accept": "application/json",
        "user-agent": "Headrace",
        "wechatpay-serial": settings["platform_serial"],
    }
    if own is not None:
        headers["content-type"] = "application/json"
    return Request(method, url, headers, body.encode() if own is not None else None)


def judge(answer: HttpAnswer) -> Verdict:
    """The status decides; the body names the reason."""
    body = wire.read_object(answer.body)
    if 200 <= answer.status < 300:
        empty = answer.status == 204
        return (
            Verdict(body)
            if body or empty
            else Verdict(trouble="unlisted", code=f"http_{answer.status}")
        )
    return ERRORS.verdict(
        wire.words(body.get("message")), wire.words(body.get("code")), str(answer.status)
    )


def judge_refund(answer: HttpAnswer) -> Verdict:
    """A yes means taken on: what becomes of it is told by a notice, or asked for. ABNORMAL needs a person."""
    verdict = judge(answer)
    status = wire.words(wire.inside(verdict.output, "status"))
    if verdict.trouble or status in ("SUCCESS", "PROCESSING"):
        return verdict
    return ERRORS.verdict(f"the refund is {status or 'without a status'}", status)


def _query(account: ConnectionInfo, wish: Wish) -> Request:
    mchid = account.settings["mchid"]
    if theirs := wire.text(wish.params, "trade_no", ""):
        path = f"/v3/pay/transactions/id/{quote(theirs, safe='')}"
    else:
        ours = quote(wire.text(wish.params, "out_trade_no"), safe="")
        path = f"/v3/pay/transactions/out-trade-no/{ours}"
    return signed(account, "GET", f"{path}?mchid={mchid}", None, wish)


def _refund(account: ConnectionInfo, wish: Wish) -> Request:
    refund, total = wire.fen(wish.params, "amount"), wire.fen(wish.params, "total")
    if refund > total:
        raise ParamWrong("Expected an amount of at most the total, but found a larger one.")
    own: dict[str, Any] = {
        "out_refund_no": pay.refund_no(wish),
        "amount": {"refund": refund, "total": total, "currency": "CNY"},
    }
    if theirs := wire.text(wish.params, "trade_no", ""):
        own["transaction_id"] = theirs
    else:
        own["out_trade_no"] = wire.text(wish.params, "out_trade_no")
    if reason := wire.text(wish.params, "reason", ""):
        own["reason"] = reason
    return signed(account, "POST", "/v3/refund/domestic/refunds", own, wish)


def _refund_query(account: ConnectionInfo, wish: Wish) -> Request:
    return signed(account, "GET", f"/v3/refund/domestic/refunds/{pay.refund_no(wish)}", None, wish)


def judge_refund_query(answer: HttpAnswer) -> Verdict:
    """A number it does not know is an answer: that refund was never asked for."""
    verdict = judge(answer)
    unknown = verdict.code == "RESOURCE_NOT_EXISTS"
    return replace(verdict, absent=True) if unknown else verdict


def _is_refunded(_: Wish, output: Any) -> bool | None:
    """Taken on is enough: the number may be sent again, and its outcome is told by a notice. ABNORMAL needs a person."""
    status = wire.words(wire.inside(output, "status"))
    if status in ("SUCCESS", "PROCESSING"):
        return True
    return False if status == "CLOSED" else None


# --- what it says -------------------------------------------------------------------------------


def _holds(account: ConnectionInfo, headers: Mapping[str, str], body: bytes, now_ms: int) -> bool:
    settings = account.settings
    moment, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):
        return False
    if abs(now_ms // 1_000 - int(moment)) >= CLOCK_S:
        return False
    if headers.get("wechatpay-serial", "") != settings.get("platform_serial"):
        return False
    message = f"{moment}\n{nonce}\n".encode("utf-8", "backslashreplace") + body + b"\n"
    signature = headers.get("wechatpay-signature", "")
    return wire.rsa_holds(settings.get("platform_key", ""), message, signature)


def verify(account: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """Signed by the platform's key of that serial, and fresh."""
    return auth == "hmac" and _holds(account, incoming.headers, incoming.body, incoming.now_ms)


def proves(account: ConnectionInfo, answer: HttpAnswer, now_ms: int) -> bool:
    """Answers are signed as notices are."""
    return _holds(account, answer.headers, answer.body, now_ms)


def decrypt(api_key: str, nonce: str, associated: str, cipher: str) -> str:
    """AES-GCM; the key has 32 bytes in production and 16 in published examples."""
    try:
        data = base64.b64decode(cipher, validate=True)
        return AESGCM(api_key.encode()).decrypt(nonce.encode(), data, associated.encode()).decode()
    except (InvalidTag, ValueError, OverflowError):
        raise ParamWrong(
            "Expected a notice this connection's key opens, but it does not."
        ) from None


def unwrap(account: ConnectionInfo, incoming: Incoming) -> Any:
    """The notice, its `resource` opened."""
    notice = wire.read_object(incoming.body)
    resource = notice.get("resource")
    names = ("nonce", "associated_data", "ciphertext")
    values = [wire.words(wire.inside(resource, name)) for name in names]
    opened = wire.read_json(decrypt(wire.secret(account, "api_v3_key"), *values))
    if not isinstance(opened, dict):
        raise ParamWrong("Expected JSON in the notice, but it is none.")
    return {**notice, "resource": opened}


QUERY = Operation(
    "query",
    {"zh": "查询支付", "en": "Ask for a payment"},
    "pure",
    api="GET /v3/pay/transactions",
    params=form(out_trade_no=pay.OUT_TRADE_NO, trade_no=pay.TRADE_NO),
    build=_query,
    judge=judge,
)

CONNECTOR = Connector(
    name="wechat_pay",
    title={"zh": "微信支付", "en": "WeChat Pay"},
    help={
        "zh": "微信支付 v3：查询支付、退款、查询退款，并接收支付和退款通知。",
        "en": "WeChat Pay v3: ask for a payment, refund, ask for a refund; and its notices of payments and refunds.",
    },
    icon="wechat",
    settings=form(
        ["mchid", "serial", "platform_serial", "platform_key"],
        mchid=shop.plain(
            ("商户号", "Merchant no."), ("十位数字。", "Ten digits."), pattern="^[0-9]{6,20}$"
        ),
        serial=shop.plain(
            ("商户证书序列号", "Serial of our certificate"),
            ("商户 API 证书的序列号。", "Of the merchant's API certificate."),
            pattern="^[0-9A-Za-z_]+$",
        ),
        platform_serial=shop.plain(
            ("微信支付公钥 ID 或平台证书序列号", "Id of their key"),
            ("用来确认通知和应答来自微信支付。", "By which their notices and answers are known."),
            pattern="^[0-9A-Za-z_]+$",
        ),
        platform_key=shop.plain(
            ("微信支付公钥或平台证书", "Their key"),
            ("PEM 格式的公钥或证书。", "PEM, a public key or a certificate."),
            maxLength=8_000,
            widget="textarea",
        ),
        gateway=shop.gateway(GATEWAY),
    ),
    secrets=form(
        ["private_key"],
        private_key=shop.hidden(
            ("商户私钥", "Our private key"),
            ("商户 API 证书的私钥，PEM。", "Of the merchant's certificate, PEM."),
        ),
        api_v3_key=shop.hidden(
            ("APIv3 密钥", "APIv3 key"),
            ("32 位，用来解开通知。", "32 characters; opens their notices."),
            maxLength=64,
        ),
    ),
    example={
        "mchid": "1900000100",
        "serial": "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        "platform_serial": "PUB_KEY_ID_0000000000000000000000000000000",
        "platform_key": "MIIBIjANBgkq-example",
    },
    example_secrets={
        "private_key": "example-private-key",
        "api_v3_key": "exampleexampleexampleexample1234",
    },
    operations=(
        QUERY,
        Operation(
            "refund",
            {"zh": "退款", "en": "Refund"},
            "probe",
            Rate(150, 1, 10),
            api="POST /v3/refund/domestic/refunds",
            params=form(
                ["amount", "total"],
                out_trade_no=pay.OUT_TRADE_NO,
                trade_no=pay.TRADE_NO,
                amount=shop.AMOUNT,
                total=setting(
                    ("原付款金额（元）", "Paid"),
                    ("这笔付款的总金额。", "The whole payment."),
                    type=["number", "string"],
                ),
                refund_no=pay.REFUND_NO,
                reason=shop.REASON,
            ),
            build=_refund,
            judge=judge_refund,
            key_field="out_refund_no",
            probe="refund_query",
            happened=_is_refunded,
        ),
        Operation(
            "refund_query",
            {"zh": "查询退款", "en": "Ask for a refund"},
            "pure",
            api="GET /v3/refund/domestic/refunds/{out_refund_no}",
            params=form(["refund_no"], refund_no=pay.REFUND_NO),
            build=_refund_query,
            judge=judge_refund_query,
        ),
    ),
    test=shop.trial(QUERY, {"out_trade_no": "headrace-trial"}),
    verify=verify,
    unwrap=unwrap,
    proves=proves,
    reply=Reply('{"code":"SUCCESS","message":"OK"}', "application/json"),
    refusal=Reply('{"code":"FAIL","message":"not as expected"}', "application/json", 409),
    errors=ERRORS,
)
