"""Aliyun's text messages: signed requests without a body, a template of theirs filled in, and what became of each by number."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import (
    Account,
    Asked,
    No,
    Said,
    Simulator,
    china,
    json_object,
    said,
)

KEY_ID, KEY_SECRET = "LTAIsandbox", "sandbox-access-key-secret"
SIGN_NAME = "沙箱商城"
CLOCK_MS = 15 * 60_000
KEPT = 5_000
VALUE_MAX = 35
"""Characters of one variable."""

NO = {
    "signature": (400, "SignatureDoesNotMatch", "Specified signature is not matched"),
    "clock": (400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired"),
    "token_dead": (404, "InvalidAccessKeyId.NotFound", "Specified access key is not found"),
    "throttled": (200, "isv.BUSINESS_LIMIT_CONTROL", "触发号码天级流控"),
    "busy": (200, "isp.SYSTEM_ERROR", "SYSTEM_ERROR"),
    "withdrawn": (404, "InvalidAction.NotFound", "Specified api is not found"),
    "params": (200, "isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误"),
    "values": (200, "isv.PARAM_LENGTH_LIMIT", "参数超过长度限制"),
    "sign_name": (200, "isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法"),
}
_PAIR = re.compile(r"(Credential|SignedHeaders|Signature)=([^,]+)")


@dataclass(frozen=True, slots=True)
class Message:
    """One that went out."""

    phone: str
    template: str
    values: dict[str, Any]
    out_id: str
    at_ms: int


class AliyunSms(Simulator):
    """One account there, with one approved signature; every template is known."""

    name = "aliyun_sms"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.sent: deque[Message] = deque(maxlen=KEPT)

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {"sign_name": SIGN_NAME, "gateway": f"{base}/aliyun_sms"}
        secrets = {"access_key_id": KEY_ID, "access_key_secret": KEY_SECRET}
        return Account("aliyun_sms", settings, secrets)

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        found = dict(_PAIR.findall(asked.headers.get("authorization", "")))
        if found.get("Credential") != KEY_ID:
            raise No("token_dead")
        made = proofs.aliyun(
            KEY_SECRET, asked.method, asked.target, asked.headers, found.get("SignedHeaders", "")
        )
        if not proofs.equal(made, found.get("Signature", "")):
            raise No("signature")
        if abs(_utc_ms(asked.headers.get("x-acs-date", "")) - asked.now_ms) > CLOCK_MS:
            raise No("clock")

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        status, code, words = NO[kind]
        return said(
            {"Code": code, "Message": f"{words} {message}".strip(), "RequestId": "0"}, status
        )

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        match asked.headers.get("x-acs-action"):
            case "SendSms":
                return self._send(asked)
            case "QuerySendDetails":
                return self._details(asked)
            case _:
                raise No("withdrawn")

    def _send(self, asked: Asked) -> Said:
        query = asked.query
        phones = query.get("PhoneNumbers", "").split(",")
        if not all(re.fullmatch(r"1[3-9]\d{9}", phone) for phone in phones):
            raise No("params")
        if query.get("SignName") != SIGN_NAME:
            raise No("sign_name")
        values = json_object(query.get("TemplateParam", "{}"))
        if any(len(str(value)) > VALUE_MAX for value in values.values()):
            raise No("values")
        for phone in phones:
            self.sent.append(
                Message(
                    phone,
                    query.get("TemplateCode", ""),
                    values,
                    query.get("OutId", ""),
                    asked.now_ms,
                )
            )
        return said(
            {"Code": "OK", "Message": "OK", "BizId": f"biz{len(self.sent)}", "RequestId": "0"}
        )

    def _details(self, asked: Asked) -> Said:
        day = asked.query.get("SendDate", "")
        rows = [
            {
                "PhoneNum": one.phone,
                "TemplateCode": one.template,
                "OutId": one.out_id,
                "SendStatus": 3,
                "SendDate": china(one.at_ms),
            }
            for one in self.sent
            if one.phone == asked.query.get("PhoneNumber")
            and china(one.at_ms)[:10].replace("-", "") == day
        ]
        return said(
            {
                "Code": "OK",
                "Message": "OK",
                "TotalCount": len(rows),
                "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows[-50:]},
            }
        )


def _utc_ms(text: str) -> int:
    try:
        return (
            round(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
            * 1_000
        )
    except ValueError:
        return 0
