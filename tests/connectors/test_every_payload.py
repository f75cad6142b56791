"""Every published payload is accounted for: mapped without losing a field, told as an event, or named here as neither.

The payloads are not part of the project (HEADRACE_PAYLOADS, or ../shared/data/payloads); without them this is skipped. A file
that is new there fails until somebody says what it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from headrace.engine.connector import Incoming
from headrace.engine.registry import connectors
from tests.connectors.test_orders_in_our_words import FOLDER, lost

CALLED = Incoming({}, {}, b"")

# Platform → file (its beginning) → what it is, and where in it: `order.data.shop_order_list` is a list of orders.
KINDS: Mapping[str, Mapping[str, str]] = {
    "doudian": {
        "OrderSearchListResponse": "order data shop_order_list",
        "AftersaleRefundListSearchResponse": "refund data aftersale_list",
        "RefundArbitrate": "event",
        "Refund": "event",
        "Trade": "event",
        "IOPTrade": "supply chain, another kind of account",
        "CrossBorder": "warehouse",
        "Logistics": "waybills",
        "OrderBatchDecrypt": "what was encrypted, opened",
        "OrderGetServiceList": "services beside an order",
        "Product": "goods",
        "Token": "tokens",
        "Warehouse": "warehouse",
    },
    "shopify": {
        "order.json": "order order",
        "refund.json": "refund refund",
        "refund_calculate": "a question, not a refund",
        "customer": "people", "fulfillment": "parcels", "gift_card": "goods", "inventory": "stock", "location": "places",
        "product": "goods", "shop": "the shop", "transaction": "payments",
    },
    "wechat_shop": {
        "ChannelsECOrderGetResponse": "order order",
        "ChannelsECAftersaleGetAftersaleOrderResponse": "refund after_sale_order",
        "ChannelsECOrderCancelEvent": "event", "ChannelsECOrderConfirmEvent": "event", "ChannelsECOrderDeliverEvent": "event",
        "ChannelsECOrderExtendedInfoUpdateEvent": "event", "ChannelsECOrderNewEvent": "event",
        "ChannelsECOrderPayEvent": "event", "ChannelsECOrderSettleEvent": "event",
        "ChannelsECAftersaleGenerate": "a number only", "ChannelsECAftersaleGetAftersaleList": "numbers only",
        "ChannelsECAftersaleRefundPriceDiff": "a yes", "ChannelsECOrderListGet": "numbers only",
        "ChannelsECOrderSearch": "numbers only",
        "ChannelsECOrderPresentSubOrder": "numbers only", "ChannelsECOrderRealNumber": "telephones",
        "ChannelsECOrderSensitiveInfo": "what was masked, opened", "ChannelsECOrderVirtual": "telephones",
    },
    "woocommerce": {
        "orders_6": "order create|update",
        "orders_": "order",
        "order-refunds_": "refund",
        "customers_": "people", "products_": "goods", "webhooks_": "subscriptions",
    },
    "wechat_pay": {"": "notices of payments: tests/connectors/test_calls_of_platforms.py opens them"},
}  # fmt: skip


def files() -> list[tuple[str, str]]:
    return sorted((path.parent.name, path.name) for path in FOLDER.glob("*/*.json"))


here = pytest.mark.skipif(not files(), reason="the published payloads are not at hand")


def kind_of(platform: str, name: str) -> str | None:
    """The longest beginning that is listed decides."""
    known = [start for start in KINDS.get(platform, {}) if name.startswith(start)]
    return KINDS[platform][max(known, key=len)] if known else None


def inside(value: Any, places: list[str]) -> Iterator[Mapping[str, Any]]:
    """The objects that stand there; `a|b` is both."""
    if not places:
        yield from value if isinstance(value, list) else [value]
        return
    for name in places[0].split("|"):
        if name in value:
            yield from inside(value[name], places[1:])


@here
def test_every_file_is_accounted_for() -> None:
    assert [pair for pair in files() if kind_of(*pair) is None] == []


@pytest.mark.parametrize(("platform", "name"), files() or [("none", "none")])
@here
def test_nothing_of_it_is_lost(platform: str, name: str) -> None:
    kind, *places = (kind_of(platform, name) or "").split(" ")
    if kind not in ("order", "refund", "event"):
        return
    connector = connectors()[platform]
    told = json.loads((FOLDER / platform / name).read_text("utf-8"))
    if kind == "event":
        assert connector.pushed is not None
        pushed = connector.pushed([told] if platform == "doudian" else told, CALLED)
        assert pushed and all(one.number or one.payload for one in pushed)
        found = [(one.what, one.payload) for one in pushed if one.payload is not None]
    else:
        found = [(kind, payload) for payload in inside(told, places)]
        assert found
    for what, payload in found:
        mapping = connector.order if what == "order" else connector.refund
        assert mapping is not None and payload is not None
        mapped = mapping(payload)
        assert mapped.values["platform_order_id"] or what == "refund"
        assert lost(payload, mapped) == []
