"""Alipay: ask for a payment, refund, ask for a refund; and its notices. All signed by RSA2, also its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Incoming,
    Operation,
    ParamWrong,
    Reply,
    Request,
    Verdict,
    Wish,
)
from headrace.nodes import _pay as pay
from headrace.nodes import _shop as shop
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form

GATEWAY = "https://openapi.alipay.com/gateway.do"
CHARSETS = frozenset({"utf-8", "gbk", "gb2312", "gb18030"})
FIELDS_MAX = 200

ERRORS = ErrorTable(
    {
        "ACQ.SYSTEM_ERROR": "busy",
        "aop.ACQ.SYSTEM_ERROR": "busy",
        "isv.invalid-signature": "signature",
        "isv.missing-signature": "signature",
        "isv.invalid-timestamp": "signature",
        "isv.insufficient-isv-permissions": "not_allowed",
        "isv.insufficient-user-permissions": "not_allowed",
        "isv.invalid-app-id": "not_allowed",
        "ACQ.ACCESS_FORBIDDEN": "not_allowed",
        "ACQ.PARTNER_ERROR": "not_allowed",
        "isv.app-call-limited": "throttled",
        "isp.call-limited": "throttled",
        "isv.invalid-method": "withdrawn",
        "aop.invalid-auth-token": "token_dead",
        "aop.auth-token-time-out": "token_dead",
        "isp.*": "busy",
        "ACQ.*": "refused",
        "isv.*": "refused",
        "20000": "busy",
        "20001": "token_dead",
        "40001": "refused",
        "40002": "refused",
        "40004": "refused",
        "40006": "not_allowed",
        "fund_change_n": "busy",
    },
    {"throttled": 60.0, "fund_change_n": 1.0},
)


def signed(account: ConnectionInfo, method: str, own: Mapping[str, Any], now_ms: int) -> Request:
    """A call of one of its interfaces."""
    params = {
        "app_id": account.settings["app_id"],
        "method": method,
        "format": "JSON",
        "charset": "utf-8",
        "sign_type": "RSA2",
        "timestamp": wire.china_time(now_ms),
        "version": "1.0",
        "biz_content": wire.compact(own, in_order=True),
    }
    content = wire.joined(params, "&", "=").encode()
    params["sign"] = wire.rsa_sign(wire.secret(account, "private_key"), content)
    headers = {"content-type": wire.FORM, "accept": "application/json"}
    address = account.settings.get("gateway", GATEWAY)
    return Request("POST", address, headers, wire.form_body(params))


def judge(answer: HttpAnswer) -> Verdict:
    """`code` 10000 is a yes; `sub_code` says why not."""
    body = wire.read_object(answer.body)
    found = next((value for name, value in body.items() if name.endswith("_response")), None)
    code = wire.words(wire.inside(found, "code"))
    if code == "10000":
        return Verdict(found)
    if not code:
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    message = wire.words(wire.inside(found, "sub_msg") or wire.inside(found, "msg"))
    return ERRORS.verdict(message, wire.words(wire.inside(found, "sub_code")), code)


def judge_refund(answer: HttpAnswer) -> Verdict:
    """`fund_change` N: no money moved this time. Perhaps it did before, so the probe has to ask."""
    verdict = judge(answer)
    if verdict.trouble or wire.inside(verdict.output, "fund_change") == "Y":
        return verdict
    return ERRORS.verdict(
        "no money moved by this call; asking what became of the refund", "fund_change_n"
    )


def proves(account: ConnectionInfo, answer: HttpAnswer, _: int) -> bool:
    """The signature is over the bytes of the inner object, as they came."""
    text = answer.body.decode("utf-8", "replace")
    body = wire.read_object(text)
    name = next((name for name in body if name.endswith("_response")), None)
    signature = body.get("sign")
    if name is None or not isinstance(signature, str):
        return False
    begin = text.find(f'"{name}"')
    begin = text.find("{", begin) if begin >= 0 else -1
    try:
        _, end = json.JSONDecoder().raw_decode(text, begin)
    except (ValueError, RecursionError):
        return False
    inner = text[begin:end].encode()
    return wire.rsa_holds(account.settings["alipay_public_key"], inner, signature)


def _which(wish: Wish) -> dict[str, str]:
    """The payment by our number or by theirs."""
    names = ("out_trade_no", "trade_no")
    found = {name: value for name in names if (value := wire.text(wish.params, name, ""))}
    if not found:
        raise ParamWrong("Expected out_trade_no or trade_no, but found neither.")
    return found


def _query(account: ConnectionInfo, wish: Wish) -> Request:
    return signed(account, "alipay.trade.query", _which(wish), wish.now_ms)


def _refund(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        **_which(wish),
        "refund_amount": wire.yuan(wire.fen(wish.params, "amount")),
        "out_request_no": pay.refund_no(wish),
    }
    if reason := wire.text(wish.params, "reason", ""):
        own["refund_reason"] = reason
    return signed(account, "alipay.trade.refund", own, wish.now_ms)


def _refund_query(account: ConnectionInfo, wish: Wish) -> Request:
    own = {**_which(wish), "out_request_no": pay.refund_no(wish)}
    return signed(account, "alipay.trade.fastpay.refund.query", own, wish.now_ms)


def _is_refunded(_: Wish, output: Any) -> bool | None:
    """Without a status the refund has not come or has failed: the same number may be sent again."""
    return bool(wire.inside(output, "refund_status") == "REFUND_SUCCESS")


# --- its notices --------------------------------------------------------------------------------


def _fields(body: bytes) -> tuple[dict[str, str], str]:
    """The fields of the form and their charset; none where it cannot be read or names one twice."""
    if len(body) > wire.BODY_MAX:
        return {}, "utf-8"
    try:
        text = body.decode("ascii")
        named = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX))
        charset = named.get("charset", "utf-8").lower()
        if charset not in CHARSETS:
            return {}, "utf-8"
        rows = parse_qsl(
            text,
            keep_blank_values=True,
            encoding=charset,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError:
        return {}, "utf-8"
    fields = dict(rows)
    return (fields, charset) if len(fields) == len(rows) else ({}, charset)


def verify(account: ConnectionInfo, auth: str, incoming: Incoming) -> bool:
    """Signed by Alipay's key (not the app's), and about our app and our seller."""
    fields, charset = _fields(incoming.body)
    return auth == "hmac" and not _whose(account, fields) and _is_signed(account, fields, charset)


def stranger(account: ConnectionInfo, auth: str, incoming: Incoming) -> str:
    """Another app or seller, where Alipay itself says so: the account is set up for somebody else."""
    fields, charset = _fields(incoming.body)
    whose = _whose(account, fields)
    return whose if auth == "hmac" and whose and _is_signed(account, fields, charset) else ""


def _whose(account: ConnectionInfo, fields: Mapping[str, str]) -> str:
    """What of it is not ours; a seller counts where the account names one."""
    settings = account.settings
    if fields.get("app_id") != settings.get("app_id"):
        return f"app_id {fields.get('app_id', '')[:32]}"
    if settings.get("seller_id") and fields.get("seller_id") != settings["seller_id"]:
        return f"seller_id {fields.get('seller_id', '')[:32]}"
    return ""


def _is_signed(account: ConnectionInfo, fields: Mapping[str, str], charset: str) -> bool:
    if fields.get("sign_type") != "RSA2":
        return False
    own = {name: value for name, value in fields.items() if name not in ("sign", "sign_type")}
    try:
        content = wire.joined(own, "&", "=").encode(charset)
    except ValueError:
        return False
    key = account.settings.get("alipay_public_key", "")
    return wire.rsa_holds(key, content, fields.get("sign", ""))


def unwrap(_: ConnectionInfo, incoming: Incoming) -> Any:
    """Its fields, read in the charset they were written in."""
    fields, _charset = _fields(incoming.body)
    if not fields:
        raise ParamWrong("Expected a form as Alipay sends, but it cannot be read.")
    return fields


QUERY = Operation(
    "query",
    {"zh": "查询支付", "en": "Ask for a payment"},
    "pure",
    api="alipay.trade.query 1.0",
    params=form(out_trade_no=pay.OUT_TRADE_NO, trade_no=pay.TRADE_NO),
    build=_query,
    judge=judge,
)

CONNECTOR = Connector(
    name="alipay",
    title={"zh": "支付宝", "en": "Alipay"},
    help={
        "zh": "支付宝：查询支付、退款、查询退款，并接收支付通知。",
        "en": "Alipay: ask for a payment, refund, ask for a refund; and its notices of payments.",
    },
    icon="pay-circle",
    settings=form(
        ["app_id", "alipay_public_key"],
        app_id=shop.plain(
            ("应用 AppID", "App id"), ("开放平台里应用的 AppID。", "The app's id at the platform.")
        ),
        alipay_public_key=shop.plain(
            ("支付宝公钥", "Alipay's public key"),
            ("是支付宝的公钥，不是应用公钥。", "Alipay's, not the app's."),
            maxLength=4_000,
            widget="textarea",
        ),
        seller_id=shop.plain(
            ("收款方 ID", "Seller id"),
            (
                "填写后，只认发给这个收款方的通知。",
                "When given, only notices about this seller count.",
            ),
        ),
        gateway=shop.gateway(GATEWAY),
    ),
    secrets=form(
        ["private_key"],
        private_key=shop.hidden(
            ("应用私钥", "App's private key"),
            ("RSA2，PEM 或其 Base64。", "For RSA2, as PEM or its Base64."),
        ),
    ),
    example={"app_id": "2021000000000000", "alipay_public_key": "MIIBIjANBgkq-example"},
    example_secrets={"private_key": "example-private-key"},
    operations=(
        QUERY,
        Operation(
            "refund",
            {"zh": "退款", "en": "Refund"},
            "probe",
            api="alipay.trade.refund 1.0",
            params=form(
                ["amount"],
                out_trade_no=pay.OUT_TRADE_NO,
                trade_no=pay.TRADE_NO,
                amount=shop.AMOUNT,
                refund_no=pay.REFUND_NO,
                reason=shop.REASON,
            ),
            build=_refund,
            judge=judge_refund,
            key_field="out_request_no",
            probe="refund_query",
            happened=_is_refunded,
        ),
        Operation(
            "refund_query",
            {"zh": "查询退款", "en": "Ask for a refund"},
            "pure",
            api="alipay.trade.fastpay.refund.query 1.0",
            params=form(
                out_trade_no=pay.OUT_TRADE_NO, trade_no=pay.TRADE_NO, refund_no=pay.REFUND_NO
            ),
            build=_refund_query,
            judge=judge,
        ),
    ),
    test=shop.trial(QUERY, {"out_trade_no": "headrace-trial"}),
    verify=verify,
    stranger=stranger,
    unwrap=unwrap,
    proves=proves,
    reply=Reply("success"),
    refusal=Reply("fail"),
    errors=ERRORS,
)
