"""Records of a table: how many are upserted a second, 500 in a transaction, or how long a search takes among them.

Each record has its history, its slots and its words; a fifth is written a second time with another state. `make tables` asks
the same of a million records, and more.
"""

from __future__ import annotations

import random
import time
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.service import data_tables as drawing
from headrace.engine.service import records as service
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, records
from headrace.engine.store.records import Item, Who
from tests.bench.measure import Sample, options, report, rss_mb, timed
from tests.bench.setting import ACTOR, workspace
from tests.bench.tables import BATCH, ORDERS, order

AGAIN = 5
WORDS = ("红", "茶叶", "留声机", "连衣裙 南山", "0042", "飞机票")
"""One frequent character, a word, a rare one, two, the end of a number, and one that is nowhere."""
ASKED = 20


def main(
    folder: str,
    instances: int,
    what: Literal["upserts", "search"] = "upserts",
    url: str | None = None,
) -> None:
    """`instances`: records."""
    with workspace(folder, url) as opened:
        drawing.create(opened, ACTOR, "orders", ORDERS)
        rnd = random.Random(1)
        values = [order(rnd, number) for number in range(instances)]
        changed = [{**one, "status": "held"} for one in values[::AGAIN]]
        write(opened, values[:BATCH], "created")
        began, cpu = time.perf_counter(), time.process_time()
        write(opened, values[BATCH:], "created")
        write(opened, changed, "updated", "same")
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        count = len(values) - BATCH + len(changed)
        latencies: list[float] = []
        more: dict[str, Any] = {"records": instances}
        if what == "search":
            began, cpu = time.perf_counter(), time.process_time()
            latencies = asked(opened, instances)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
            count = len(latencies)
        report(Sample(count, seconds, cpu, rss_mb=rss_mb(), more=more, **timed(latencies)))


def write(opened: Workspace, values: list[dict[str, Any]], *expected: str) -> None:
    """In transactions of `BATCH`; another outcome than expected fails."""

    def one(some: list[Item], connection: Connection) -> set[str]:
        table = data_tables.find(connection, "orders")
        assert table is not None
        now_ms = opened.clock.now_ms()
        return {done.state for done in records.write(connection, table, some, Who("bench"), now_ms)}

    for at in range(0, len(values), BATCH):
        some = [Item(None, value) for value in values[at : at + BATCH]]
        found = opened.writer.call(partial(one, some))
        assert found <= set(expected), found


def asked(opened: Workspace, count: int) -> list[float]:
    """Seconds of each search, through the service, as the screen asks."""
    took: list[float] = []
    for _ in range(ASKED):
        for word in WORDS:
            began = time.perf_counter()
            found = service.listing(opened, ACTOR, "orders", search=word)["items"]
            took.append(time.perf_counter() - began)
            assert bool(found) == (word != "飞机票"), (word, len(found), count)
    return took


if __name__ == "__main__":
    main(**options())
