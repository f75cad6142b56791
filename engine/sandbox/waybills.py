"""An e-waybill service of no particular make: a carrier's number for an order, by a bearer token; one key, one waybill."""

from __future__ import annotations

from typing import Any

from headrace.engine.sandbox.bearer import BearerService
from headrace.engine.sandbox.calls import Asked, No, Said, said

CARRIERS = ("SF", "ZTO", "JT")
"""顺丰, 中通, 极兔."""
KEPT = 50_000


class Waybills(BearerService):
    """One account there: `POST /waybills`, `GET /waybills/{key}`, `GET /carriers`."""

    name = "waybill"
    token = "sandbox-waybill-token"  # noqa: S105 - opens nothing
    test_path = "/carriers"

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.made: dict[str, dict[str, Any]] = {}
        """Idempotency key → waybill."""

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["carriers"]:
                return said({"items": list(CARRIERS)})
            case "GET", ["waybills", key] if key in self.made:
                return said(self.made[key])
            case "POST", ["waybills"]:
                return self._issue(asked)
            case _:
                raise No("not_found")

    def _issue(self, asked: Asked) -> Said:
        key, own = asked.headers.get("idempotency-key", ""), asked.json()
        carrier, order = own.get("carrier"), own.get("order_id")
        if not key or carrier not in CARRIERS or not isinstance(order, str) or not order:
            raise No("params", "an Idempotency-Key, a carrier and an order_id are needed")
        if not str(own.get("address") or "").strip():
            raise No("params", "nobody can be reached without an address")
        with self.world.lock:
            known = self.made.get(key)
            if known is None:
                waybill = f"{carrier}{asked.now_ms // 86_400_000:05}{len(self.made) + 1:08}"
                known = self.made[key] = {
                    "waybill": waybill,
                    "carrier": carrier,
                    "order_id": order,
                    "weight_kg": own.get("weight_kg"),
                    "track_url": f"https://t.example.com/{waybill}",
                    "at_ms": asked.now_ms,
                }
                while len(self.made) > KEPT:
                    self.made.pop(next(iter(self.made)))
                return said(known, 201)
        return said(known)
