"""Three shops push an order each into the demo workspace, signed as their platforms sign; people see them through.

The payloads are of our own making, in the platforms' shapes. Where the platforms' published examples are at hand
(`../shared/data/payloads`), they are pushed too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import APIRequestContext, Page, expect

from tests.e2e.pages import SAVED_MS, Inbox, api, read_case, sign_in

PAYLOADS = Path(__file__).parents[3] / "shared" / "data" / "payloads"
SECRET = b"demo-secret"
APP_KEY = b""


def in_base64(body: bytes) -> str:
    return base64.b64encode(hmac.new(SECRET, body, hashlib.sha256).digest()).decode()


def as_doudian(body: bytes) -> str:
    return hashlib.md5(APP_KEY + body + SECRET, usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Shop:
    """How one platform calls."""

    node: str
    header: str
    sign: Callable[[bytes], str]

    def push(self, request: APIRequestContext, payload: Any) -> list[dict[str, Any]]:
        """Posts as the platform does; what the door made of it."""
        body = json.dumps(payload, ensure_ascii=False).encode()
        answer = request.post(
            f"/hooks/order-intake/{self.node}",
            data=body,
            headers={"content-type": "application/json", self.header: self.sign(body)},
        )
        assert answer.status == 202, answer.text()
        begun: list[dict[str, Any]] = answer.json()["instances"]
        return begun


SHOPS = {
    "shopify": Shop("shopify", "X-Shopify-Hmac-Sha256", in_base64),
    "woocommerce": Shop("woocommerce", "X-WC-Webhook-Signature", in_base64),
    "doudian": Shop("doudian", "event-sign", as_doudian),
}

SHOPIFY = {
    "id": 880001,
    "name": "#E2E-1",
    "created_at": "2026-01-09T10:00:00+08:00",
    "currency": "CNY",
    "total_price": "1299.00",
    "financial_status": "paid",
    "shipping_address": {
        "name": "Wang Li",
        "phone": "13800001111",
        "country": "China",
        "province": "Guangdong",
        "city": "Shenzhen",
        "address1": "Keji Yuan 1",
    },
    "line_items": [
        {"sku": "SEAT-E2E", "title": "Car seat", "quantity": 1, "price": "1299.00"},
    ],
}
WOOCOMMERCE = {
    "id": 880002,
    "status": "processing",
    "currency": "CNY",
    "total": "128.50",
    "date_created_gmt": "2026-01-09T02:00:00",
    "shipping": {
        "first_name": "Jun",
        "last_name": "Zhao",
        "country": "CN",
        "state": "ZJ",
        "city": "Hangzhou",
        "address_1": "Wensan Road 8",
        "address_2": "",
    },
    "billing": {"phone": "13800002222"},
    "line_items": [
        {"sku": "BIB-E2E", "name": "Bibs", "quantity": 3, "price": 42.8333, "total": "128.50"},
    ],
    "_links": {"self": [{"href": "https://baby.example.com/wp-json/wc/v3/orders/880002"}]},
}
DOUDIAN = {
    "data": {
        "shop_order_list": [
            {
                "shop_id": 88003,
                "order_id": "6920000000000880003",
                "order_status": 2,
                "order_status_desc": "待发货",
                "create_time": 1767945000,
                "pay_amount": 4990,
                "encrypt_post_receiver": "孙七",
                "encrypt_post_tel": "13800003333",
                "post_addr": {
                    "province": {"name": "广东省"},
                    "city": {"name": "深圳市"},
                    "town": {"name": "南山区"},
                    "street": {"name": "粤海街道"},
                    "encrypt_detail": "科技园 3 号",
                },
                "sku_order_list": [
                    {
                        "out_sku_id": "CUP-E2E",
                        "sku_id": 3,
                        "product_name": "水杯",
                        "item_num": 1,
                        "origin_amount": 4990,
                    }
                ],
            }
        ]
    }
}
OURS = [
    ("shopify", SHOPIFY, "shopify:shopify:880001", 1299),
    ("woocommerce", WOOCOMMERCE, "woocommerce:baby.example.com:880002", 128.5),
    ("doudian", DOUDIAN, "doudian:88003:6920000000000880003", 49.9),
]


def test_orders_of_three_shops_become_one_record_each_and_a_costly_one_waits_for_a_person(
    page: Page, person: Callable[..., Page]
) -> None:
    install(page)
    cases = {shop: pushed_twice(page, shop, payload) for shop, payload, _, _ in OURS}

    for shop, _, key, total in OURS:
        assert_kept_once(page, cases[shop], key, total)

    ann = person("ann")
    task = Inbox(ann).open("880001")
    expect(task).to_contain_text("1299")
    expect(task).to_contain_text("Car seat × 1")
    Inbox(ann).decide("approved", "Address confirmed.")
    # Nobody has filled in the warehouse's account: what it would be told is handed over by a person.
    sue = person("sue")
    Inbox(sue).open("880001")
    Inbox(sue).decide("rejected", "Told the warehouse by phone.")

    sign_in(page, "oscar")
    page.goto(f"/instances/{cases['shopify']}")
    read_case(
        page,
        "completed",
        passed=[
            "shopify",
            "keep",
            "tag",
            "noted",
            "buyer",
            "needs_check",
            "confirm",
            "reserve",
            "kept_here",
            "by_hand",
            "sent",
            "audit",
            "done",
        ],
        spared=["duplicate", "stopped", "pause"],
        failed=["send"],
    )
    page.goto("/tables/orders")
    expect(page.get_by_test_id("record-shopify:shopify:880001")).to_be_visible()


@pytest.mark.parametrize(
    ("shop", "file", "key", "total"),
    [
        ("shopify", "shopify/order.json", "shopify:shopify:450789469", 409.94),
        ("woocommerce", "woocommerce/orders_1.json", "woocommerce:example.com:727", 29.35),
        (
            "doudian",
            "doudian/OrderSearchListResponse.json",
            "doudian:77977:4781320682406083640",
            5,
        ),
    ],
)
@pytest.mark.skipif(not PAYLOADS.is_dir(), reason="the platforms' examples are not at hand")
def test_what_a_platform_really_sends_is_taken_in_once(
    page: Page, shop: str, file: str, key: str, total: float
) -> None:
    sign_in(page, "admin")
    payload = json.loads((PAYLOADS / file).read_text())

    case = pushed_twice(page, shop, payload)

    assert_kept_once(page, case, key, total)


def test_a_call_that_is_not_signed_is_refused(page: Page) -> None:
    answer = page.request.post("/hooks/order-intake/shopify", data=SHOPIFY)

    assert answer.status in (401, 403)


def install(page: Page) -> None:
    """From the gallery; a template that is there already is kept as it is."""
    sign_in(page, "admin")
    page.get_by_test_id("nav-templates").click()
    page.get_by_test_id("template-order-intake").click()
    page.get_by_test_id("btn-install").click()
    for _ in ("what it brings", "what of ours", "a look before"):
        page.get_by_test_id("btn-wizard-next").click()
    expect(page.get_by_test_id("wizard-next")).to_be_visible(timeout=SAVED_MS)
    page.get_by_test_id("btn-wizard-close").click()


def pushed_twice(page: Page, shop: str, payload: Any) -> str:
    """Shops repeat themselves; the second post names the first one's case."""
    first = SHOPS[shop].push(page.request, payload)
    again = SHOPS[shop].push(page.request, payload)
    assert [case["duplicate"] for case in first] == [False]
    assert again == [{"id": first[0]["id"], "duplicate": True}]
    return str(first[0]["id"])


def assert_kept_once(page: Page, case: str, key: str, total: float) -> None:
    """The page of the case follows it; once the order is kept, there is one of it."""
    page.goto(f"/instances/{case}")
    kept = page.get_by_test_id("steps").locator("[data-node=keep]")
    expect(kept).to_have_attribute("data-status", "done", timeout=SAVED_MS)
    number = key.rsplit(":", 1)[1]
    orders = api(page.context, f"/api/tables/orders/records?search={number}")["items"]
    assert [(one["key"], float(one["value"]["total"])) for one in orders] == [(key, total)]
