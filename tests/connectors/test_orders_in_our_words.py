"""Orders and refunds of platforms in our words: values of our own making here, and published payloads where they are at hand.

The payloads are not part of the project: HEADRACE_PAYLOADS, or ../shared/data/payloads. Without them those tests are skipped.
"""

import json
import os
from decimal import Decimal
from pathlib import Path

import pytest

from headrace.engine.connector import ORDER_STATES, ParamWrong
from headrace.engine.registry import connectors
from headrace.nodes import _wire

FOLDER = Path(
    os.environ.get("HEADRACE_PAYLOADS", Path(__file__).parents[3] / "shared/data/payloads")
)
here = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published payloads are not at hand")


def leaves(value, path=()):
    """Every value that is no object and no list, with where it stands; an empty one counts too."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    else:
        yield path, value


def lost(payload, mapped):
    """Fields that are neither a value of ours nor kept in `extra`."""
    kept = dict(leaves(mapped.extra))
    return [
        path
        for path, value in leaves(payload)
        if path not in mapped.taken and not (path in kept and kept[path] == value)
    ]


def samples(platform, *names):
    return [json.loads((FOLDER / platform / name).read_text("utf-8")) for name in names]


def order(name, payload):
    found = connectors()[name].order(payload)
    assert lost(payload, found) == []
    return found.values


def refund(name, payload):
    found = connectors()[name].refund(payload)
    assert lost(payload, found) == []
    return found.values


# --- published payloads ---------------------------------------------------------------------------


@here
def test_published_orders_of_doudian():
    (page,) = samples("doudian", "OrderSearchListResponse.json")

    for payload in page["data"]["shop_order_list"]:
        values = order("doudian", payload)
        assert (
            values["platform_order_id"] and values["total"] == Decimal(payload["pay_amount"]) / 100
        )
        assert values["state"] in ORDER_STATES
        assert [row["quantity"] for row in values["items"]] == [
            row["item_num"] for row in payload["sku_order_list"]
        ]


@here
def test_published_refunds_of_doudian():
    (page,) = samples("doudian", "AftersaleRefundListSearchResponse.json")
    events = [
        json.loads(path.read_text("utf-8")) for path in FOLDER.glob("doudian/Refund*Event.json")
    ]

    assert len(events) >= 10
    for payload in [*page["data"]["aftersale_list"], *(event["data"] for event in events)]:
        values = refund("doudian", payload)
        assert values["platform_order_id"]


@here
def test_published_orders_and_refunds_of_shopify():
    ordered, refunded = samples("shopify", "order.json", "refund.json")

    values = order("shopify", ordered["order"])
    assert (values["total"], values["currency"]) == (Decimal("409.94"), "USD")
    assert len(values["items"]) == 3
    assert refund("shopify", refunded["refund"])["refund_id"] == "509562969"


@here
def test_published_orders_and_refunds_of_woocommerce():
    seen = 0
    for path in sorted(FOLDER.glob("woocommerce/orders_*.json")):
        found = json.loads(path.read_text("utf-8"))
        for payload in found if isinstance(found, list) else [found]:
            if "line_items" not in payload:
                continue
            values = order("woocommerce", payload)
            assert values["state"] in ORDER_STATES
            seen += 1
    for path in sorted(FOLDER.glob("woocommerce/order-refunds_*.json")):
        found = json.loads(path.read_text("utf-8"))
        for payload in found if isinstance(found, list) else [found]:
            assert refund("woocommerce", payload)["platform_order_id"] in ("723", "724", "")
            seen += 1
    assert seen >= 8


@here
def test_published_orders_and_refunds_of_wechat_shops():
    ordered, refunded = samples(
        "wechat_shop",
        "ChannelsECOrderGetResponse.json",
        "ChannelsECAftersaleGetAftersaleOrderResponse.json",
    )

    values = order("wechat_shop", ordered["order"])
    assert (values["state"], values["total"]) == ("paid", Decimal("105"))
    assert refund("wechat_shop", refunded["after_sale_order"])["amount"] == Decimal("0.11")


# --- one of each, with values of our own, checked by hand -------------------------------------------

DOUDIAN = {
    "order_id": "5000000000000000001",
    "shop_id": 77,
    "order_status": 2,
    "order_status_desc": "待发货",
    "create_time": 1767945600,
    "update_time": 1767945660,
    "pay_time": 1767945650,
    "pay_amount": 50050,
    "encrypt_post_receiver": "##王##",
    "encrypt_post_tel": "##138##",
    "post_addr": {
        "province": {"name": "广东省", "id": "44"},
        "city": {"name": "深圳市", "id": "4403"},
        "town": {"name": "南山区", "id": "440305"},
        "street": {"name": "粤海街道", "id": "1"},
        "encrypt_detail": "##科技园1栋##",
    },
    "sku_order_list": [
        {
            "out_sku_id": "MILK-1",
            "product_name": "奶粉",
            "item_num": 2,
            "origin_amount": 25025,
            "room_id": 9,
        }
    ],
    "buyer_words": "请开发票",
    "trade_type": 1,
}


def test_an_order_of_doudian_in_our_words():
    found = connectors()["doudian"].order(DOUDIAN)

    assert found.values == {
        "channel": "doudian",
        "shop": "77",
        "platform_order_id": "5000000000000000001",
        "created_at": "2026-01-09T08:00:00Z",
        "updated_at": "2026-01-09T08:01:00Z",
        "paid_at": "2026-01-09T08:00:50Z",
        "status_code": "2",
        "status_label": "待发货",
        "state": "paid",
        "buyer": {"name": "##王##", "phone": "##138##"},
        "address": "广东省深圳市南山区粤海街道##科技园1栋##",
        "address_parts": {
            "province": "广东省",
            "city": "深圳市",
            "district": "南山区",
            "street": "粤海街道",
            "detail": "##科技园1栋##",
        },
        "currency": "CNY",
        "total": Decimal("500.50"),
        "items": [{"sku": "MILK-1", "title": "奶粉", "quantity": 2, "price": Decimal("250.25")}],
        "note": "请开发票",
    }
    assert found.extra == {
        "post_addr": {
            "province": {"id": "44"},
            "city": {"id": "4403"},
            "town": {"id": "440305"},
            "street": {"id": "1"},
        },
        "sku_order_list": [{"room_id": 9}],
        "trade_type": 1,
    }
    assert lost(DOUDIAN, found) == []


OTHERS = [
    # connector, payload of our own, what must come out
    (
        "taobao",
        {"tid": 2000000000000001, "status": "PAID_FORBID_CONSIGN", "payment": "88.80", "created": "2026-01-09 16:00:00",
         "receiver_state": "浙江省", "receiver_city": "杭州市", "buyer_message": "加急", "seller_nick": "店",
         "orders": {"order": [{"outer_sku_id": "S", "title": "茶", "num": 1, "price": "88.80", "oid": 1}]}},
        {"platform_order_id": "2000000000000001", "state": "held", "total": Decimal("88.80"), "note": "加急",
         "created_at": "2026-01-09T16:00:00+08:00", "address": "浙江省 杭州市"},
    ),
    (
        "jd",
        {"orderId": "30001", "orderState": "LOCKED", "orderPayment": "15.00", "orderStartTime": "2026-01-09 16:00:00",
         "consigneeInfo": {"fullname": "李", "mobile": "1*", "fullAddress": "北京朝阳"},
         "itemInfoList": [{"outerSkuId": "S", "skuName": "米", "itemTotal": "3", "jdPrice": "5.00"}]},
        {"platform_order_id": "30001", "state": "held", "total": Decimal("15.00"), "address": "北京朝阳",
         "items": [{"sku": "S", "title": "米", "quantity": 3, "price": Decimal("5.00")}]},
    ),
    (
        "pdd",
        {"order_sn": "260109-1", "order_status": 1, "confirm_status": 1, "group_status": 1, "pay_amount": 9.9,
         "created_time": "2026-01-09 16:00:00", "item_list": [{"outer_id": "S", "goods_count": 1, "goods_price": 9.9}]},
        {"platform_order_id": "260109-1", "state": "paid", "total": Decimal("9.9")},
    ),
    ("pdd", {"order_sn": "2", "order_status": 1, "risk_control_status": 1}, {"state": "held", "status_code": "risk"}),
    ("pdd", {"order_sn": "3", "order_status": 1, "group_status": 0}, {"state": "held", "status_code": "grouping"}),
    ("pdd", {"order_sn": "4", "order_status": 1, "confirm_status": 2}, {"state": "cancelled"}),
    (
        "wechat_shop",
        {"order_id": "37", "status": 190, "order_detail": {"price_info": {"order_price": 1}}},
        {"state": "cancelled", "total": Decimal("0.01")},
    ),
    ("shopify", {"id": 1, "financial_status": "paid", "fulfillment_status": "fulfilled"}, {"state": "shipped"}),
    ("shopify", {"id": 1, "financial_status": "paid", "fulfillment_status": "partial"}, {"state": "part_shipped"}),
    ("shopify", {"id": 1, "financial_status": "paid", "cancelled_at": "2026-01-09T08:00:00Z"}, {"state": "cancelled"}),
    ("shopify", {"id": 1, "financial_status": "authorized"}, {"state": "unpaid"}),
    (
        "woocommerce",
        {"id": 7, "status": "on-hold", "total": "3.00", "date_created_gmt": "2026-01-09T08:00:00",
         "billing": {"first_name": "A", "last_name": "B", "phone": "1"}, "shipping": {"first_name": ""}},
        {"state": "held", "created_at": "2026-01-09T08:00:00Z", "buyer": {"name": "A B", "phone": "1"}},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "payload", "expected"), OTHERS)
def test_an_order_in_our_words(name, payload, expected):
    values = order(name, payload)

    assert {key: values[key] for key in expected} == expected


MAPPERS = [name for name, connector in connectors().items() if connector.order]


@pytest.mark.parametrize("name", MAPPERS)
def test_a_status_nobody_listed_has_no_state(name):
    """A person looks: it never becomes a state by default."""
    payload = {"order_id": "1", "orderId": "1", "order_sn": "1", "tid": 1, "id": 1}
    payload |= dict.fromkeys(
        ("status", "order_status", "orderState", "financial_status"), "BRAND_NEW"
    )

    values = order(name, payload)

    assert values["state"] is None
    assert "brand_new" in values["status_code"].lower()


@pytest.mark.parametrize("name", MAPPERS)
@pytest.mark.parametrize("payload", [{}, {"order_id": None}, {"id": ""}, {"tid": []}])
def test_an_order_without_a_number_is_refused(name, payload):
    with pytest.raises(ParamWrong):
        connectors()[name].order(payload)


def test_a_field_nobody_knows_is_kept_where_it_stood():
    payload = {
        "id": 1,
        "line_items": [{"sku": "a"}, {"sku": "b", "new": {"deep": [1]}}],
        "empty": {},
    }

    assert connectors()["shopify"].order(payload).extra == {
        "line_items": [{}, {"new": {"deep": [1]}}],
        "empty": {},
    }


@pytest.mark.parametrize(
    "payload",
    [
        {"id": 1, "total_price": "NaN"},
        {"id": 1, "total_price": "1e999999999"},
        {"id": 1, "total_price": {}, "line_items": [{"price": [1]}]},
        {"id": 1, "total_price": "free"},
    ],
)
def test_an_amount_that_is_none_is_refused_and_fills_no_memory(payload):
    with pytest.raises(ParamWrong):
        connectors()["shopify"].order(payload)


def test_a_number_that_would_fill_the_memory_is_not_read():
    assert _wire.read_json('{"a": 1e999999999}') is None
    assert _wire.read_json('{"a": 471e99905288465508532862}') is None
    assert _wire.read_json("[" * 100_000) is None
    assert _wire.read_json('{"a": 1.10}') == {"a": Decimal("1.10")}
