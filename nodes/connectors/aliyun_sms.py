"""Text messages through Aliyun: a template of theirs, filled in. Signed by ACS3-HMAC-SHA256."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from headrace.engine.connector import (
    ConnectionInfo,
    Connector,
    ErrorTable,
    HttpAnswer,
    Operation,
    Rate,
    Request,
    Verdict,
    Wish,
)
from headrace.nodes import _shop as shop
from headrace.nodes import _wire as wire
from headrace.nodes._fields import form, setting

GATEWAY = "https://dysmsapi.aliyuncs.com"
VERSION = "2017-05-25"
ALGORITHM = "ACS3-HMAC-SHA256"

ERRORS = ErrorTable(
    {
        "isv.BUSINESS_LIMIT_CONTROL": "throttled",
        "isv.DAY_LIMIT_CONTROL": "throttled",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL": "refused",
        "isv.*": "refused",
        "isp.*": "busy",
        "Throttling*": "throttled",
        "InvalidAccessKeyId*": "token_dead",
        "SignatureDoesNotMatch": "signature",
        "IncompleteSignature": "signature",
        "InvalidTimeStamp*": "signature",
        "SignatureNonceUsed": "busy",
        "Forbidden*": "not_allowed",
        "NoPermission*": "not_allowed",
        "InvalidAction*": "withdrawn",
        "InvalidVersion": "withdrawn",
        "ServiceUnavailable*": "busy",
        "InternalError*": "busy",
    },
    {"isv.BUSINESS_LIMIT_CONTROL": 60.0, "isv.DAY_LIMIT_CONTROL": 3_600.0, "throttled": 5.0},
)


def authorization(
    key_id: str, key_secret: str, query: Mapping[str, str], headers: Mapping[str, str], method: str
) -> str:
    """Over method, path, query and the signed headers; the body is empty."""
    rows = (f"{wire.encoded(name)}={wire.encoded(query[name])}" for name in sorted(query))
    names = sorted(
        name for name in headers if name in ("host", "content-type") or name.startswith("x-acs-")
    )
    listed = ";".join(names)
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    whole = "\n".join((method, "/", "&".join(rows), lines, listed, headers["x-acs-content-sha256"]))
    message = f"{ALGORITHM}\n{hashlib.sha256(whole.encode()).hexdigest()}"
    signature = wire.hmac_sha256(key_secret, message.encode()).hex()
    return f"{ALGORITHM} Credential={key_id},SignedHeaders={listed},Signature={signature}"


def signed(account: ConnectionInfo, action: str, own: Mapping[str, str], wish: Wish) -> Request:
    """A call of one of its interfaces, all of it in the address."""
    base = account.settings.get("gateway", GATEWAY)
    headers = {
        "host": urlsplit(base).netloc,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": wire.utc_time(wish.now_ms),
        "x-acs-signature-nonce": wish.nonce,
        "x-acs-version": VERSION,
    }
    key_id, key_secret = (
        wire.secret(account, "access_key_id"),
        wire.secret(account, "access_key_secret"),
    )
    headers["authorization"] = authorization(key_id, key_secret, own, headers, "POST")
    del headers["host"]  # signed, and written by whoever sends
    headers["accept"] = "application/json"
    return Request("POST", wire.address(base, "/", own), headers)


def judge(answer: HttpAnswer) -> Verdict:
    """`Code` OK is a yes."""
    body = wire.read_object(answer.body)
    code = wire.words(body.get("Code"))
    if code == "OK" and answer.status == 200:
        return Verdict(body)
    if not code:
        return Verdict(
            trouble="busy" if answer.status >= 500 else "unlisted", code=f"http_{answer.status}"
        )
    return ERRORS.verdict(wire.words(body.get("Message")), code)


def _send(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "PhoneNumbers": wire.text(wish.params, "phone"),
        "SignName": wire.text(wish.params, "sign_name", account.settings.get("sign_name")),
        "TemplateCode": wire.text(wish.params, "template"),
        "OutId": wish.key,
    }
    if values := wish.params.get("values"):
        own["TemplateParam"] = wire.compact(values)
    return signed(account, "SendSms", own, wish)


def _sent(account: ConnectionInfo, wish: Wish) -> Request:
    own = {
        "PhoneNumber": wire.text(wish.params, "phone").split(",")[0],
        "SendDate": wire.china_time(wish.now_ms)[:10].replace("-", ""),
        "PageSize": "50",
        "CurrentPage": "1",
    }
    return signed(account, "QuerySendDetails", own, wish)


def _is_sent(wish: Wish, output: Any) -> bool | None:
    rows = wire.inside(output, "SmsSendDetailDTOs", "SmsSendDetailDTO")
    if not isinstance(rows, list):
        return None
    return any(wire.inside(row, "OutId") == wish.key for row in rows)


PHONE = shop.plain(
    ("手机号", "Phone"), ("多个用逗号分开。", "Several with commas."), maxLength=12_000
)
SENT = Operation(
    "sent",
    {"zh": "查发送结果", "en": "Ask what became of messages"},
    "pure",
    api=f"QuerySendDetails {VERSION}",
    params=form(["phone"], phone=PHONE),
    build=_sent,
    judge=judge,
    unproven=True,
)

CONNECTOR = Connector(
    name="aliyun_sms",
    title={"zh": "阿里云短信", "en": "Aliyun SMS"},
    help={
        "zh": "用阿里云审核过的签名和模板发短信。同一号码每分钟 1 条、每小时 5 条、每天 10 条验证码。",
        "en": "Sends text messages by a template Aliyun has approved. One code a minute, five an hour, ten a day for a"
        " number.",
    },
    icon="message",
    settings=form(
        sign_name=shop.plain(
            ("短信签名", "Signature"),
            ("审核通过的签名，操作里可以另写。", "An approved one; an operation may name another."),
        ),
        gateway=shop.gateway(GATEWAY),
    ),
    secrets=form(
        ["access_key_id", "access_key_secret"],
        access_key_id=shop.hidden(
            ("AccessKey ID（访问键）", "AccessKey ID"),
            ("建议用只能发短信的子账号。", "Best of a sub-account that may only send."),
        ),
        access_key_secret=shop.hidden(
            ("AccessKey Secret（访问密钥）", "AccessKey secret"),
            ("与上面的一对。", "The other half."),
        ),
    ),
    example={"sign_name": "订单中心"},
    example_secrets={
        "access_key_id": "LTAI-example-key-id",
        "access_key_secret": "example-key-secret",
    },
    operations=(
        Operation(
            "send",
            {"zh": "发短信", "en": "Send a message"},
            "probe",
            Rate(100, 1, 10),
            api=f"SendSms {VERSION}",
            params=form(
                ["phone", "template"],
                phone=PHONE,
                template=shop.plain(
                    ("模板编码", "Template"), ("例如 SMS_123456789。", "Such as SMS_123456789.")
                ),
                values=setting(
                    ("模板变量", "Values"),
                    ("例如 {'code': '1234'}。", "Such as {'code': '1234'}."),
                    type="object",
                ),
                sign_name=shop.plain(
                    ("短信签名", "Signature"), ("留空用连接里的。", "Empty: the connection's.")
                ),
            ),
            build=_send,
            judge=judge,
            key_field="OutId",
            probe="sent",
            happened=_is_sent,
        ),
        SENT,
    ),
    test=shop.trial(SENT, {"phone": "13000000000"}),
    errors=ERRORS,
)
