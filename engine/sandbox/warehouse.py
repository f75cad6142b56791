"""A warehouse (WMS) of no particular make: a bearer token, JSON, and `Idempotency-Key` for what must happen once."""

from __future__ import annotations

from typing import Any, ClassVar

from headrace.engine.sandbox.bearer import NO, BearerService
from headrace.engine.sandbox.calls import Asked, No, Said, said, whole


class Warehouse(BearerService):
    """One warehouse: `GET /stock`, `GET /stock/{sku}`, `POST /shipments`, `GET /shipments/{key}`."""

    name = "wms"
    token = "sandbox-wms-token"  # noqa: S105 - opens nothing
    test_path = "/stock"
    refusals: ClassVar = {**NO, "rule": (409, "not enough on the shelf")}

    def do(self, asked: Asked) -> Said:
        """See `Simulator`."""
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["stock"]:
                rows = [{"sku": sku, "on_hand": n} for sku, n in self.world.stock.items()]
                return said({"items": rows})
            case "GET", ["stock", sku] if sku in self.world.stock:
                return said({"sku": sku, "on_hand": self.world.stock[sku]})
            case "POST", ["shipments"]:
                return self._send_out(asked)
            case "GET", ["shipments", key] if key in self.world.shipments:
                return said(self.world.shipments[key])
            case _:
                raise No("not_found")

    def _send_out(self, asked: Asked) -> Said:
        key, own = asked.headers.get("idempotency-key", ""), asked.json()
        rows = own.get("lines")
        if not key or not isinstance(rows, list) or not rows:
            raise No("params", "an Idempotency-Key and lines are needed")
        lines = [_line(row) for row in rows]
        known = key in self.world.shipments
        made = self.world.send_out(key, str(own.get("order_id", "")), lines, asked.now_ms)
        if made is None:
            raise No("rule")
        return said(made, 200 if known else 201)


def _line(row: Any) -> tuple[str, int]:
    if not isinstance(row, dict) or not isinstance(row.get("sku"), str):
        raise No("params", "a line is {sku, quantity}")
    return row["sku"], whole(row.get("quantity"), most=100_000)
