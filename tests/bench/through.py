"""Orders through template T01, end to end: pushed by several shops' calls at once, tagged, stock reserved, the warehouse called,
audited. Counted until the last one has ended; a lost or doubled order fails."""

from __future__ import annotations

import threading
import time
from typing import Any

from sqlalchemy import Connection

from headrace.engine.service import (
    connections,
    data_tables,
    intake,
    records,
    sources,
    template_install,
    templates,
    users,
)
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import records as record_rows
from headrace.engine.work.runtime import Runtime
from tests.bench.far import far_side
from tests.bench.intake import order
from tests.bench.measure import Sample, options, report, rss_mb, timed
from tests.bench.ours import wait_for
from tests.bench.setting import workspace

TEMPLATE, SOURCE = "order-intake", "bench-shop"
WARM = 30
SKUS = 50
BUYER = "own:13800000000:王芳"
"""Who buys everything: known, so that nobody is asked."""


def main(folder: str, instances: int, at_once: int = 8, url: str | None = None) -> None:
    """`instances` orders, each below 500 yuan, by somebody known, of goods that are there."""
    with far_side() as far, workspace(folder, url, far=far.url) as opened:
        prepare(opened, far.url)
        runtime = Runtime(opened)
        runtime.start()
        try:
            push(opened, range(WARM), 1)
            wait_for(opened, WARM)
            commits = opened.writer.commits
            began, cpu = time.perf_counter(), time.process_time()
            latencies = push(opened, range(WARM, WARM + instances), at_once)
            wait_for(opened, WARM + instances)
            seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        finally:
            runtime.stop()
        whole = WARM + instances
        assert far.counts() == (whole, 0), far.counts()
        kept = data_tables.detail(opened, ENGINE, "orders")["records"]
        audited = data_tables.detail(opened, ENGINE, "order_events")["records"]
        assert (kept, audited) == (whole, whole), (kept, audited)
        more: dict[str, Any] = {
            "a_commit": round(instances / max(1, opened.writer.commits - commits), 2)
        }
        report(Sample(instances, seconds, cpu, rss_mb=rss_mb(), more=more, **timed(latencies)))


def prepare(opened: Workspace, far: str) -> None:
    """The template as a person installs it, its warehouse filled in, and stock for all."""
    template_install.install(opened, ENGINE, TEMPLATE, parts=("roles", "connections", "tables"))
    ann, ben = (
        users.create(opened, ENGINE, {"login": name, "name": name, "roles": ["approver"]}, password="long-enough")["id"]
        for name in ("ann", "ben")
    )  # fmt: skip
    for role in templates.all_templates()[TEMPLATE].about["roles"]:
        users.set_members(opened, ENGINE, role["key"], [ann])
        users.set_members(opened, ENGINE, role["key"], [ben], "backup")
    account = {"settings": {"base_url": far, "auth": "bearer"}, "secrets": {"token": "of-the-far-side"}}  # fmt: skip
    connections.change(opened, ENGINE, "wms", account)
    told = template_install.install(opened, ENGINE, TEMPLATE, parts=("flows",))
    assert not [one for one in told["problems"] if one["severity"] == "error"], told["problems"]
    sources.create(opened, ENGINE, {"key": SOURCE, "channel": "own", "shop": "bench"})
    for number in range(SKUS):
        row = {"sku": f"HW-{number}", "on_hand": 1_000_000, "sellable": 1_000_000}
        records.create(opened, ENGINE, "inventory", row)

    def known(connection: Connection) -> None:
        table = data_tables.found(connection, "buyers")
        item = record_rows.Item(BUYER, {"name": "王芳"}, "upsert")
        who = record_rows.Who("engine", "bench")
        record_rows.write(connection, table, [item], who, opened.clock.now_ms())

    opened.writer.call(known)


def push(opened: Workspace, numbers: range, at_once: int) -> list[float]:
    """Push these orders, one a call; answers how long each caller waited, in seconds."""
    latencies: list[float] = []

    def call(mine: range) -> None:
        for number in mine:
            payload = {**order(number), "total": 99}
            began = time.perf_counter()
            intake.take(opened, SOURCE, "push", [payload], raw=intake.Raw(b"{}"))
            latencies.append(time.perf_counter() - began)

    threads = [
        threading.Thread(target=call, args=(numbers[index::at_once],)) for index in range(at_once)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(latencies) == len(numbers), "a caller has failed"
    return latencies


if __name__ == "__main__":
    main(**options())
