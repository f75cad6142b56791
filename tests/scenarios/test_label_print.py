"""F2: a batch print of labels made up orders to preview them, and stock was reserved twice.

Now the print component is a program of its own: it may look, and what it makes up is refused, with its name and address noted,
while real orders come in beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from headrace.engine.sandbox.calls import Said
from headrace.engine.sandbox.server import Sandbox
from headrace.engine.service import audit, sources, tokens
from headrace.engine.service.actor import ENGINE
from headrace.engine.store import tables as t
from headrace.engine.trials.bench import DAY, Trial
from headrace.engine.trials.opening import trial
from tests.scenarios import door

ON_HAND, REAL, LABELS = 10, 10, 5
SOURCE = {
    "key": "shop", "title": {"en": "Shop"}, "channel": "file", "shop": "home", "ways": {"file": {"enabled": True}},
}  # fmt: skip


@pytest.fixture
def house() -> Iterator[Trial]:
    """Ten of a SKU on the shelf, orders that reserve them, and two programs: of orders, and of labels."""
    with trial(2, full=False) as made:
        made.install("stock-reservation")
        sources.create(made.workspace, ENGINE, SOURCE)
        made.later(DAY)
        made.threads = 8
        yield made


def program(house: Trial, name: str, *scopes: str) -> str:
    house.person("it", ("administrator",))
    made = tokens.create(house.workspace, house.actor("it"), name, scopes)
    return str(made["token"])


def order(house: Trial, number: int) -> dict[str, object]:
    return {
        "platform_order_id": f"R-{number}", "status_code": "paid", "created_at": house.now, "updated_at": house.now,
        "total": 10, "address_parts": {"province": "浙江省"}, "items": [{"sku": "SOFA", "quantity": 1, "price": 10}],
    }  # fmt: skip


def send(house: Trial, token: str, items: list[dict[str, object]]) -> int:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"items": items}).encode()
    return int(door.post(house, "/api/sources/shop/orders", body, headers).status_code)


def test_f2_labels_reserve_nothing_and_every_real_order_has_its_goods(house: Trial) -> None:
    printing = program(house, "print", "records:read")
    ordering = program(house, "orders", "records:read", "records:write")
    sellable = sum(one["sellable"] for one in house.records("warehouse_stock"))

    def carry(url: str, headers: Mapping[str, str], body: bytes) -> Said:
        answer = door.post(house, url.removeprefix("http://127.0.0.1:1"), body, dict(headers))
        return Said(answer.data, answer.status_code)

    carrier = Sandbox(
        house.clock, house.sandbox.simulators["alipay"].keys, send=carry, per_minute=0
    )
    url = "http://127.0.0.1:1/api/sources/shop/orders"

    def print_label(_: int) -> list[int]:
        wish = {"url": url, "token": printing, "times": 1, "sku": "SOFA"}
        found: list[int] = carrier._acts()["labels"](wish)["statuses"]
        return found

    with ThreadPoolExecutor(8) as pool:
        labels = [pool.submit(print_label, n) for n in range(LABELS)]
        real = [pool.submit(send, house, ordering, [order(house, n)]) for n in range(REAL)]
    house.settle()

    assert [one.result() for one in labels] == [[403]] * LABELS
    assert {one.result() for one in real} == {200}
    # Ten orders, ten reservations, ten pieces less: nothing of the labels is anywhere.
    assert {one["platform_order_id"] for one in house.records("orders")} == {
        f"R-{n}" for n in range(REAL)
    }
    held = [one for one in house.records("reservations") if one["state"] == "held"]
    assert len(held) == REAL
    assert sum(one["sellable"] for one in house.records("warehouse_stock")) == sellable - REAL
    with house.workspace.read() as connection:
        kept = connection.execute(sa.select(t.inflows.c.body)).scalars().all()
    assert not any(b"LABEL" in bytes(body) for body in kept)
    # Who asked, for what, and from where.
    refused = audit.listing(house.workspace, ENGINE, action="access.refused")["items"]
    assert len(refused) == LABELS
    for one in refused:
        told = json.dumps(one)
        assert "print" in told
        assert "/api/sources/shop/orders" in told
        assert "127.0.0.1" in told

    # Looking is allowed: the same order shown by the map, and nothing kept of it.
    headers = {"Authorization": f"Bearer {printing}", "Content-Type": "application/json"}
    body = json.dumps({"payload": order(house, 99), "kind": "order"}).encode()
    answer = door.post(house, "/api/sources/shop/preview", body, headers)
    assert answer.status_code == 200
    assert answer.json["values"]["platform_order_id"] == "R-99"
    assert len(house.records("orders")) == REAL
