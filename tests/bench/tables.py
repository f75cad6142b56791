"""A table of a million records: upserts a second, and what a page, a filter, a search and a look-up cost then.

    make tables                        # 1,000,000 records on SQLite and PostgreSQL (half an hour)
    make tables TABLES="--records 50000"

Prints a line a question (median and worst of 15) and writes `.make/tables.json`. No assertion on time; wrong answers fail.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine.service import data_tables as drawing
from headrace.engine.service import records as service
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, records
from headrace.engine.store.records import Item, Who
from tests.bench.setting import ACTOR, workspace
from tests.servers import postgresql

BATCH = 500
ASKED = 15
GOODS = (
    *("红色", "蓝色", "黑色", "连衣裙", "短裙", "婴儿车", "奶瓶", "洗衣机", "冰箱", "床垫"),
    *("台灯", "沙发", "纸尿裤", "手机壳", "充电器", "运动鞋", "羽绒服", "茶叶", "面膜", "口红"),
)
STREETS = (
    "科技园",
    "人民路",
    "中山大道",
    "解放街",
    "建设路",
    "和平里",
    "朝阳门",
    "天河城",
    "南山区",
    "西湖边",
)

ORDERS: dict[str, Any] = {
    "title": {"en": "Orders"},
    "key_field": "no",
    "display": "no",
    "fields": [
        {"name": "no", "kind": "text", "required": True, "index": True, "search": True},
        {"name": "goods", "kind": "text", "search": True},
        {"name": "buyer", "kind": "text", "search": True},
        {"name": "address", "kind": "long_text", "search": True},
        {"name": "phone", "kind": "phone", "index": True},
        {
            "name": "status", "kind": "enum", "index": True,
            "options": [{"value": v} for v in ("paid", "shipped", "signed", "held")],
        },
        {"name": "total", "kind": "money", "index": True},
        {"name": "paid_at", "kind": "date_time", "index": True},
    ],
}  # fmt: skip


def order(rnd: random.Random, number: int) -> dict[str, Any]:
    """One order; one in a thousand is held, one in ten thousand has a rare word."""
    rare = " 留声机" if number % 10_000 == 0 else ""
    return {
        "no": f"TB2026{number:08}",
        "goods": rnd.choice(GOODS) + rnd.choice(GOODS) + rare,
        "buyer": rnd.choice("张王李赵陈杨吴周") + rnd.choice("伟芳娜敏静强磊洋"),
        "address": f"广东省深圳市{rnd.choice(STREETS)}{rnd.randrange(1, 900)}号",
        "phone": f"138{number:08}",
        "status": "held" if number % 1_000 == 0 else rnd.choice(("paid", "shipped", "signed")),
        "total": f"{rnd.randrange(100, 900_000) / 100:.2f}",
        "paid_at": 1_767_225_600_000 + number * 1_000,
    }


def fill(opened: Workspace, count: int) -> Iterator[tuple[int, float]]:
    """Write so many orders, and say after every tenth how fast the last ones were."""
    rnd = random.Random(1)
    began, done_before = time.perf_counter(), 0

    def write(some: list[Item], connection: Any) -> None:
        table = data_tables.find(connection, "orders")
        assert table is not None
        for outcome in records.write(connection, table, some, Who("bench"), opened.clock.now_ms()):
            assert outcome.state in {"created", "updated", "same"}, outcome

    for first in range(0, count, BATCH):
        some = [Item(None, order(rnd, n)) for n in range(first, min(first + BATCH, count))]
        opened.writer.call(partial(write, some))
        done = first + len(some)
        if done % max(count // 10, BATCH) < BATCH:
            now = time.perf_counter()
            yield done, (done - done_before) / (now - began)
            began, done_before = now, done


def asked(opened: Workspace, count: int) -> dict[str, dict[str, float]]:
    """What each question takes, in milliseconds, through the service."""
    middle = count // 2
    ask = partial(service.listing, opened, ACTOR, "orders")

    def where(*conditions: Any) -> str:
        return json.dumps(
            [dict(zip(("field", "op", "value"), one, strict=True)) for one in conditions]
        )

    questions: dict[str, tuple[Callable[[], Any], int]] = {
        "first page": (lambda: ask(), 50),
        "sorted by money": (lambda: ask(sort="-total"), 50),
        "unique look-up": (
            lambda: service.by_key(opened, ACTOR, "orders", f"TB2026{middle:08}"),
            0,
        ),
        "phone": (lambda: ask(filter=where(("phone", "=", f"138{middle:08}"))), 1),
        "rare status, by money": (
            lambda: ask(filter=where(("status", "=", "held")), sort="-total"),
            50,
        ),
        "frequent status, by money": (
            lambda: ask(filter=where(("status", "=", "paid")), sort="-total"),
            50,
        ),
        "money between": (
            lambda: ask(filter=where(("total", "between", ["5000", "5010"])), sort="no"),
            50,
        ),
        "number begins": (lambda: ask(filter=where(("no", "^=", f"TB2026{middle // 10:07}"))), 1),
        "one character (frequent)": (lambda: ask(search="红"), 50),
        "two characters": (lambda: ask(search="茶叶"), 50),
        "rare word": (lambda: ask(search="留声机"), 1),
        "two words": (lambda: ask(search="连衣裙 南山"), 50),
        "last four of a number": (lambda: ask(search=f"{middle:08}"[-4:]), 1),
        "nothing": (lambda: ask(search="飞机票"), 0),
        "count of a filter": (
            lambda: service.count(opened, ACTOR, "orders", filter=where(("status", "=", "paid"))),
            0,
        ),
    }
    told: dict[str, dict[str, float]] = {}
    for name, (question, least) in questions.items():
        times = []
        for _ in range(ASKED):
            began = time.perf_counter()
            found = question()
            times.append(1_000 * (time.perf_counter() - began))
            assert len(found.get("items", ())) >= min(least, count // 10_000), (
                name,
                len(found["items"]),
            )
        told[name] = {"median": round(statistics.median(times), 1), "worst": round(max(times), 1)}
        print(
            f"  {name:28} {told[name]['median']:8.1f} ms   worst {told[name]['worst']:8.1f}",
            flush=True,
        )
    return told


def measure(name: str, url: str | None, count: int, folder: str) -> dict[str, Any]:
    """Fill one database, and ask it."""
    with workspace(folder, url) as opened:
        drawing.create(opened, ACTOR, "orders", ORDERS)
        rates = []
        for done, rate in fill(opened, count):
            rates.append(round(rate))
            print(f"{name}: {done:,} records, {rate:,.0f} upserts/s", flush=True)
        if name == "postgresql":
            with opened.database.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            ) as connection:
                connection.execute(sa.text("SET statement_timeout = 0"))
                connection.execute(sa.text("VACUUM ANALYZE"))
        began = time.perf_counter()
        for _ in fill(opened, min(count, 10_000)):
            pass  # the same once more: nothing changes, everything is looked at
        again = round(min(count, 10_000) / (time.perf_counter() - began))
        return {
            "upserts_per_second": rates,
            "same_again_per_second": again,
            "ms": asked(opened, count),
        }


def main(records: int, only: str, result: Path) -> None:
    """Both databases, one after the other."""
    told: dict[str, Any] = {"records": records}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        if only in {"", "sqlite"}:
            told["sqlite"] = measure("sqlite", None, records, folder)
        if only in {"", "postgresql"}:
            url = stack.enter_context(postgresql(durable=True))
            other = stack.enter_context(tempfile.TemporaryDirectory())
            told["postgresql"] = measure("postgresql", url, records, other)
    result.parent.mkdir(exist_ok=True)
    result.write_text(json.dumps(told, indent=1))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--only", choices=["", "sqlite", "postgresql"], default="")
    parser.add_argument("--result", type=Path, default=Path(".make/tables.json"))
    main(**vars(parser.parse_args()))
