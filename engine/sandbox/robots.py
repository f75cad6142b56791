"""Robots of chat groups: DingTalk, WeCom, Feishu. HTTP 200 to everything; the body says whether it was taken."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Simulator, said, whole

KEY = "sandbox-robot-key"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class Robot(Simulator):
    """One robot in one group."""

    secret: ClassVar[str] = ""
    path: ClassVar[str]
    a_minute: ClassVar[int] = 20
    NO: ClassVar[dict[str, tuple[int, str]]]
    troubles = ("throttled", "busy", "token_dead", "lost", "slow", "clock")
    BODILY = ("throttled", "busy", "token_dead")

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self._sent: deque[int] = deque(maxlen=self.a_minute)

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        secrets = {"url": f"{base}/{self.name}{self.path}"}
        if self.secret:
            secrets["secret"] = self.secret
        return Account("robot", {"kind": self.name}, secrets)

    def text(self, asked: Asked) -> str:
        """What it is to say."""
        found = asked.json().get("text")
        return str(found.get("content", "")) if isinstance(found, dict) else ""

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, words = self.NO[kind]
        return said({"errcode": code, "errmsg": f"{words} {message}".strip()})

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        if not self.text(asked):
            raise No("params", "no text")
        full = len(self._sent) == self.a_minute
        if full and asked.now_ms - self._sent[0] < MINUTE_MS:
            raise No("throttled")
        self._sent.append(asked.now_ms)
        return self.yes()

    def yes(self) -> Said:
        """As this platform says it."""
        return said({"errcode": 0, "errmsg": "ok"})


class Dingtalk(Robot):
    """DingTalk, with a signature in the address."""

    name = "dingtalk"
    secret = "SECsandboxdingtalk"  # noqa: S105 - opens nothing
    path = f"/robot/send?access_token={KEY}"
    NO: ClassVar = {
        "signature": (310000, "sign not match"),
        "clock": (310000, "invalid timestamp"),
        "token_dead": (300001, "token is not exist"),
        "throttled": (130101, "send too fast, exceed 20 times per minute"),
        "busy": (-1, "system busy"),
        "params": (40035, "invalid parameter"),
    }

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        if asked.query.get("access_token") != KEY:
            raise No("token_dead")
        moment = asked.query.get("timestamp", "")
        if not proofs.equal(asked.query.get("sign", ""), proofs.dingtalk(self.secret, moment)):
            raise No("signature")
        if abs(whole(moment) - asked.now_ms) > HOUR_MS:
            raise No("clock")


class Wecom(Robot):
    """WeCom: the key in the address is all there is."""

    name = "wecom"
    path = f"/cgi-bin/webhook/send?key={KEY}"
    NO: ClassVar = {
        "token_dead": (93000, "invalid webhook url"),
        "throttled": (45009, "api freq out of limit"),
        "busy": (-1, "system busy"),
        "params": (40058, "invalid Request Parameter"),
    }
    BYTES_MAX = 2_048

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        if asked.query.get("key") != KEY:
            raise No("token_dead")
        if len(self.text(asked).encode()) > self.BYTES_MAX:
            raise No("params", "content too long")


class Feishu(Robot):
    """Feishu, with a signature in the body."""

    name = "feishu"
    secret = "sandbox-feishu-secret"  # noqa: S105 - opens nothing
    path = f"/open-apis/bot/v2/hook/{KEY}"
    a_minute = 100
    NO: ClassVar = {
        "signature": (
            19021,
            "sign match fail or timestamp is not within one hour from current time",
        ),
        "clock": (19021, "sign match fail or timestamp is not within one hour from current time"),
        "token_dead": (19001, "incoming webhook access token invalid"),
        "throttled": (11232, "frequency limited"),
        "busy": (-1, "system busy"),
        "params": (9499, "Bad Request"),
    }

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        if not asked.path.endswith(f"/{KEY}"):
            raise No("token_dead")
        body = asked.json()
        moment = str(body.get("timestamp", ""))
        if not proofs.equal(str(body.get("sign", "")), proofs.feishu(self.secret, moment)):
            raise No("signature")
        if abs(whole(moment) * 1_000 - asked.now_ms) > HOUR_MS:
            raise No("clock")

    def text(self, asked: Asked) -> str:
        """See `Robot`."""
        found = asked.json().get("content")
        return str(found.get("text", "")) if isinstance(found, dict) else ""

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        code, words = self.NO[kind]
        return said({"code": code, "msg": f"{words} {message}".strip(), "data": {}})

    def yes(self) -> Said:
        """See `Robot`."""
        return said({"StatusCode": 0, "StatusMessage": "success", "code": 0, "msg": "success"})
