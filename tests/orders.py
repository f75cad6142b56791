"""Orders and sources for tests."""

from __future__ import annotations

from typing import Any

from headrace.engine.service import sources
from tests.fakes import EVE, House


def order(id_: str, state: str = "paid", **more: Any) -> dict[str, Any]:
    """An order as a file brings it."""
    return {
        "platform_order_id": id_, "status_code": state, "created_at": "2026-01-09T07:59:00Z",
        "updated_at": "2026-01-09T08:00:00Z", "buyer": "王芳", "phone": "13800000000", "address": "浙江省杭州市文三路 100 号",
        "currency": "CNY", "total": 99, "items": [{"sku": "HW-101", "title": "保温杯", "quantity": 1, "price": 99}],
    } | more  # fmt: skip


def source_of(house: House, key: str = "shop", **more: Any) -> House:
    """A source of files, unless told otherwise; answers the house."""
    values = {
        "key": key, "title": {"zh": "北店", "en": "North"}, "channel": "file", "shop": "north", "ways": {"file": {"enabled": True}},
    }  # fmt: skip
    sources.create(house.workspace, house.actor(EVE), {**values, **more})
    return house
