"""F6: five platforms sold 237 sofas of which 200 stood in the warehouses, 37 more than there were (T04).

Signed pushes of five shops, sixteen at once, through the door of the API into the intake; a buffer of 15 % leaves 170 to sell.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from headrace.engine.service import connections, sources
from headrace.engine.service.actor import ENGINE
from headrace.engine.trials.bench import DAY, Trial
from headrace.engine.trials.opening import trial
from tests.scenarios import door

SHOPS = ("tmall", "jingdong", "pinduoduo", "douyin", "wechat")
REGIONS = ("浙江省", "广东省", "北京市", "四川省")
ORDERS, SELLABLE, THREADS = 237, 170, 16


@pytest.fixture
def furniture() -> Iterator[Trial]:
    """The template, five shops that push, and the night in which buffers are worked out."""
    with trial(6, full=False) as made:
        made.install("stock-reservation")
        for shop in SHOPS:
            account = {
                "key": shop, "name": shop, "connector": "webhook", "settings": {"platform": "other"},
                "secrets": {"secret": shop * 4},
            }  # fmt: skip
            connections.create(made.workspace, ENGINE, account)
            source = {
                "key": shop, "title": {"en": shop}, "connection": shop, "channel": shop, "shop": "home",
                "ways": {"push": {"enabled": True}},
            }  # fmt: skip
            sources.create(made.workspace, ENGINE, source)
        made.later(DAY)
        made.threads = THREADS
        yield made


def push(house: Trial, shop: str, order: dict[str, Any]) -> int:
    body = json.dumps(order).encode()
    signed = hmac.new((shop * 4).encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signed, "Content-Type": "application/json"}
    return int(door.post(house, f"/intake/{shop}", body, headers).status_code)


def order(house: Trial, number: int, state: str = "paid") -> dict[str, Any]:
    dice = Random(number)
    return {
        "platform_order_id": f"H-{number:03}", "status_code": state, "created_at": house.now, "updated_at": house.now,
        "total": 2_999, "currency": "CNY", "address_parts": {"province": dice.choice(REGIONS)},
        "items": [{"sku": "SOFA", "quantity": 1, "price": 2_999}],
    }  # fmt: skip


def shop_of(number: int) -> str:
    return SHOPS[number % len(SHOPS)]


def states(house: Trial) -> list[str]:
    return [one["state"] for one in house.records("stock_orders")]


def held(house: Trial) -> int:
    return sum(one["state"] == "held" for one in house.records("reservations"))


def sellable(house: Trial) -> int:
    return sum(one["sellable"] for one in house.records("warehouse_stock"))


def test_f6_nothing_is_sold_twice_on_five_platforms(furniture: Trial) -> None:
    house = furniture
    assert sellable(house) == SELLABLE
    # A platform that hears nothing in time says it again: every seventh comes twice.
    calls = [n for n in range(ORDERS) for _ in range(2 if n % 7 == 0 else 1)]
    Random(37).shuffle(calls)
    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(pool.map(lambda n: push(house, shop_of(n), order(house, n)), calls))
    house.settle()

    assert set(answers) == {202}
    assert len(house.records("orders")) == ORDERS
    found = states(house)
    assert (found.count("reserved"), found.count("refused")) == (SELLABLE, ORDERS - SELLABLE)
    assert (sellable(house), held(house)) == (0, SELLABLE)

    # Ten change their mind on their platform: ten others are sold, the eleventh is not.
    sold = [one["key"] for one in house.records("stock_orders") if one["state"] == "reserved"][:10]
    house.later(60_000)
    for key in sold:
        number = int(key.rpartition("-")[2])
        assert push(house, shop_of(number), order(house, number, "cancelled")) == 202
    house.settle()
    assert (sellable(house), held(house)) == (10, SELLABLE - 10)
    for number in range(ORDERS, ORDERS + 11):
        push(house, shop_of(number), order(house, number))
        house.settle()
    assert (sellable(house), held(house)) == (0, SELLABLE)
    assert states(house).count("refused") == ORDERS - SELLABLE + 1
    assert house.record("channel_stock", "SOFA")["available"] == 0
