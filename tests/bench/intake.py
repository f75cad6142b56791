"""Orders through the intake a second, and what one costs: pushed one by one by several at once, and as a file of many.

    make intake                                    # SQLite and PostgreSQL, some minutes
    make intake INTAKE="--orders 2000 --numbers 1000"

Prints median, p99 and orders a second, and writes `.make/intake.json`. No assertion on time; a lost or doubled order fails.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine.service import intake, sources
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import intake as rows
from headrace.engine.store import tables as t
from tests.bench.setting import ACTOR, workspace
from tests.servers import postgresql

RESULTS = Path(".make/intake.json")
AT_ONCE = 8


def order(number: int) -> dict[str, Any]:
    """One as a shop writes it."""
    return {
        "platform_order_id": f"B-{number}", "status_code": "paid", "created_at": "2026-01-09T07:59:00Z",
        "updated_at": "2026-01-09T08:00:00Z", "paid_at": "2026-01-09T08:00:00Z", "buyer": "王芳", "phone": "13800000000",
        "address": "浙江省杭州市西湖区文三路 100 号", "currency": "CNY", "total": 99 + number % 900,
        "items": [{"sku": f"HW-{number % 50}", "title": "保温杯 500ml", "quantity": 1, "price": 99}],
        "seller_memo": "", "weight": 0.4,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=12_000)
    parser.add_argument(
        "--numbers", type=int, default=100_000, help="numbers each of 8 workers takes"
    )
    told = parser.parse_args()
    results: dict[str, Any] = {}
    with ExitStack() as stack:
        url = stack.enter_context(postgresql(durable=True))
        for kind, where in (("sqlite", None), ("postgresql", url)):
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            with workspace(folder, where) as house:
                results[kind] = measure(house, told.orders, told.numbers)
            print(kind, json.dumps(results[kind]))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2))


def measure(house: Workspace, orders: int, numbers: int) -> dict[str, Any]:
    """All cases on one database."""
    source = {"key": "bench", "title": {"en": "Bench"}, "shop": "bench"}
    sources.create(house, ACTOR, source)
    pushed = pushes(house, orders)
    began = time.perf_counter()
    outcomes = intake.take(house, "bench", "file", [order(orders + n) for n in range(orders)])
    file_s = time.perf_counter() - began
    assert {one.outcome for one in outcomes} == {"created"}
    began = time.perf_counter()
    again = intake.take(house, "bench", "file", [order(orders + n) for n in range(orders)])
    again_s = time.perf_counter() - began
    assert {one.outcome for one in again} == {"same"}
    with house.read() as connection:
        kept = connection.execute(sa.select(sa.func.count()).select_from(t.records)).scalar_one()
    assert kept == 2 * orders, kept
    return {
        "pushed": pushed,
        "file_orders_s": round(orders / file_s),
        "again_orders_s": round(orders / again_s),
        "numbers_s": given(house, numbers),
    }


def pushes(house: Workspace, orders: int) -> dict[str, Any]:
    """One order a call, by several callers at once, one in thirty of them twice."""
    dice = random.Random(1)
    wanted = [n for n in range(orders) for _ in range(2 if dice.random() < 0.03 else 1)]
    took: list[float] = []
    lock = threading.Lock()
    left = iter(wanted)

    def call() -> None:
        while True:
            with lock:
                number = next(left, None)
            if number is None:
                return
            began = time.perf_counter()
            intake.take(house, "bench", "push", [order(number)], raw=intake.Raw(b"{}"))
            took.append((time.perf_counter() - began) * 1_000)

    began = time.perf_counter()
    threads = [threading.Thread(target=call) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole_s = time.perf_counter() - began
    took.sort()
    return {
        "orders_s": round(len(wanted) / whole_s),
        "median_ms": round(statistics.median(took), 1),
        "p99_ms": round(took[int(len(took) * 0.99)], 1),
        "worst_ms": round(took[-1], 1),
    }


def given(house: Workspace, each: int) -> int:
    """Numbers a second, taken by eight at once, a hundred at a time; none twice (R023)."""
    got: list[int] = []

    def work() -> None:
        for _ in range(each // 100):
            first = house.writer.call(lambda c: rows.next_numbers(c, {("TB", "20260109"): 100}))
            got.append(first["TB", "20260109"])

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == list(range(1, AT_ONCE * (each // 100) * 100, 100))
    return round(len(got) * 100 / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
