"""The limit loop: the same work and the same durability with no engine around it. Nothing that keeps history can be faster.

Plain Python steps, one JSON chunk of history and one instance row an order, 100 orders a commit, SQLite in WAL mode with
`synchronous=FULL`.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import orjson

from tests.bench import order as work
from tests.bench.measure import Sample, options, report, rss_mb

GROUP = 100


def main(folder: str, instances: int) -> None:
    """Run them all."""
    database = sqlite3.connect(Path(folder) / "limit.sqlite3", isolation_level=None)
    for line in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE instances (id TEXT PRIMARY KEY, status TEXT, state TEXT, at INTEGER)",
        "CREATE TABLE history (instance TEXT, chunk INTEGER, events TEXT, PRIMARY KEY (instance, chunk))",
    ):
        database.execute(line)
    began, cpu = time.perf_counter(), time.process_time()
    for first in range(0, instances, GROUP):
        rows = [_advance(number) for number in range(first, min(first + GROUP, instances))]
        database.execute("BEGIN IMMEDIATE")
        database.executemany(
            "INSERT INTO instances VALUES (?, 'completed', ?, 0)", [(i, s) for i, s, _ in rows]
        )
        database.executemany(
            "INSERT INTO history VALUES (?, 1, ?)", [(i, events) for i, _, events in rows]
        )
        database.execute("COMMIT")
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    found = database.execute("SELECT state FROM instances WHERE id = 'ins_0000000003'").fetchone()
    assert work.result_of(orjson.loads(found[0])) == work.expected(3)
    report(Sample(instances, seconds, cpu, rss_mb=rss_mb()))


def _advance(number: int) -> tuple[str, str, str]:
    data = work.order(number)
    events: list[list[Any]] = [["Started", dict(data)]]

    def step(node: str, values: dict[str, Any] | None = None, port: str = "out") -> None:
        if values:
            data.update(values)
        events.append([node, port, values])

    step("start")
    step("totals", work.total_of(data))
    high = work.is_high(data)
    step("worth", port="high" if high else "else")
    step("priority", work.priority_of(data, high))
    domestic = work.is_domestic(data)
    step("where", port="domestic" if domestic else "else")
    step("warehouse", work.warehouse_of(data, domestic))
    step("last", work.label_of(data))
    step("done", work.result_of(data))
    return f"ins_{number:010d}", orjson.dumps(data).decode(), orjson.dumps(events).decode()


if __name__ == "__main__":
    main(**options())
