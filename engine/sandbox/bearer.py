"""Services of no particular make: a bearer token, JSON, and refusals as `{error: {code, message}}`."""

from __future__ import annotations

from typing import ClassVar

from headrace.engine.sandbox import proofs
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Simulator, said

NO = {
    "token_dead": (401, "token"),
    "throttled": (429, "too many calls"),
    "busy": (503, "busy"),
    "withdrawn": (410, "gone"),
    "params": (400, "bad request"),
    "not_found": (404, "not found"),
}


class BearerService(Simulator):
    """Asked with the connector `rest`. A subclass says what it does, and which refusals it has besides."""

    troubles = tuple(t for t in Simulator.troubles if t != "clock")
    token: ClassVar[str]
    test_path: ClassVar[str]
    refusals: ClassVar[dict[str, tuple[int, str]]] = NO

    def account(self, base: str) -> Account:
        """See `Simulator`."""
        settings = {
            "base_url": f"{base}/{self.name}", "auth": "bearer", "test_path": self.test_path,
        }  # fmt: skip
        return Account("rest", settings, {"token": self.token})

    def prove(self, asked: Asked) -> None:
        """See `Simulator`."""
        if not proofs.equal(asked.headers.get("authorization", ""), f"Bearer {self.token}"):
            raise No("token_dead")

    def no(self, kind: str, message: str, asked: Asked) -> Said:
        """See `Simulator`."""
        status, words = self.refusals[kind]
        return said({"error": {"code": kind, "message": f"{words} {message}".strip()}}, status)
