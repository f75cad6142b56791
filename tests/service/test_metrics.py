"""Metrics say what happened and what waits: counted when it commits, found by indexes, and never without bound."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from headrace.engine.counters import BOUNDS, OTHER, SERIES_MAX, Counters
from headrace.engine.service import figures, metrics
from headrace.engine.store import figures as store_figures
from headrace.engine.store import tables as t
from headrace.engine.work import drain, timers
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, settle

DOCS = Path(__file__).parents[2] / "docs" / "operate.md"


def scraped(house: House) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """(name, labels) → value, as Prometheus would read them."""
    figures.forget(house.workspace)
    text = metrics.exposition(house.workspace).decode()
    return {
        (
            sample.name.removeprefix(metrics.PREFIX),
            tuple(sorted(sample.labels.items())),
        ): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(found: Any, name: str, **labels: str) -> float:
    return float(found.get((name, tuple(sorted(labels.items()))), 0))


def test_what_happened_is_counted(house: House) -> None:
    house.publish(flow("pay").then("pay", "connector").then("done", "end"))
    house.publish(flow("ask").then("ask", "approval").then("done", "end"))
    house.publish(flow("wait").then("wait", "timer", duration="PT1M").then("done", "end"))
    house.start("pay")
    house.start("ask")
    settle(house, ScriptedWorld(200))
    house.start("pay")
    settle(house, ScriptedWorld(400))
    house.start("wait")
    house.later(s=63)
    settle(house)

    found = scraped(house)
    assert value(found, "instances_started_total", flow="pay", version="1") == 2
    ended = {"flow": "pay", "version": "1"}
    assert value(found, "instances_ended_total", **ended, result="completed") == 1
    assert value(found, "jobs_total", connector="bank", outcome="done") == 1
    assert value(found, "jobs_total", connector="bank", outcome="failed") == 1
    assert value(found, "job_seconds_count", connector="bank") == 2
    assert value(found, "timers_fired_total") == 1
    assert value(found, "timer_late_seconds_sum") == 3
    assert value(found, "timer_late_seconds_bucket", le="2.5") == 0
    assert value(found, "timer_late_seconds_bucket", le="5.0") == 1
    assert value(found, "tasks_open") == 1
    (raised,) = [labels for name, labels in found if name == "incidents_open"]
    assert dict(raised)["flow"] == "pay"
    assert value(found, "commit_seconds_count") >= 4
    assert value(found, "advances_total") >= 6


def test_what_waits_is_told_with_its_age(house: House) -> None:
    house.publish(flow("child").then("done", "end"))
    house.publish(flow("parent").then("sub", "subflow", flow="child").then("done", "end"))
    house.publish(flow("wait").then("wait", "timer", duration="PT1M").then("done", "end"))
    house.publish(flow("pay").then("pay", "connector").then("done", "end"))
    house.start("parent")
    house.start("wait")
    house.start("pay")
    house.later(s=70)

    found = scraped(house)
    assert value(found, "ready_instances") == 1
    assert value(found, "ready_oldest_seconds") == 70
    assert value(found, "timers_due") == 1
    assert value(found, "timers_oldest_seconds") == 10
    assert sum(n for (name, _), n in found.items() if name == "jobs") == 1

    drain.drain_all(house.workspace)
    timers.fire_due(house.workspace)
    after = scraped(house)
    assert value(after, "ready_instances") == value(after, "timers_due") == 0
    assert value(after, "inbox_wait_seconds_bucket", le="60.0") >= 1
    assert value(after, "inbox_wait_seconds_bucket", le="300.0") >= 2


def test_what_did_not_commit_is_not_counted(cabin: House) -> None:
    workspace = cabin.workspace

    def breaks(connection: sa.Connection) -> None:
        workspace.note("timers_fired_total", 7)
        connection.execute(sa.text("SELECT nonsense"))

    def works(_: sa.Connection) -> None:
        workspace.note("timers_fired_total", 2)

    with pytest.raises(sa.exc.OperationalError):
        workspace.writer.call(breaks)
    workspace.writer.call(works)

    assert workspace.counters.get("timers_fired_total") == 2
    assert workspace.writer.counters.get("commit_failures_total") == 1


def test_labels_are_bounded() -> None:
    counters = Counters()
    for number in range(SERIES_MAX + 500):
        counters.add("jobs_total", connector=f"c{number}", outcome="done")
        counters.observe("job_seconds", 0.2, connector=f"c{number}")

    assert len(counters.snapshot()) == SERIES_MAX + 1
    assert counters.get("jobs_total", connector=OTHER, outcome=OTHER) == 500
    assert len(counters.histograms()) == SERIES_MAX + 1


def test_a_value_counts_in_the_bucket_it_just_fits_in() -> None:
    counters = Counters()
    for seen in (0.001, 0.0011, 99):
        counters.observe("commit_seconds", seen)

    ((_, found),) = counters.histograms().items()
    assert (found.counts[0], found.counts[1], found.counts[-1]) == (1, 1, 1)
    assert sum(found.counts) == 3


def test_every_histogram_is_listed_and_has_its_bounds() -> None:
    listed = {name for name, metric in metrics.METRICS.items() if metric.kind == "histogram"}

    assert listed == set(BOUNDS)


def test_the_docs_list_every_metric() -> None:
    assert metrics.table() in DOCS.read_text(encoding="utf-8")


def test_looking_is_bounded_and_by_index(house: House) -> None:
    house.publish(flow("ask").then("ask", "approval").then("done", "end"))
    house.start("ask")
    asked: list[tuple[str, Any]] = []
    listen = sa.event.listen
    with house.workspace.read() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        listen(
            connection,
            "before_cursor_execute",
            lambda _c, _u, text, values, *_: asked.append((text, values)),
        )
        store_figures.waiting(connection, house.now_ms)
        store_figures.jobs(connection)
        store_figures.incidents(connection)
        store_figures.flows_since(connection, house.now_ms - 60_000)
        statements = [(text, values) for text, values in asked if text.startswith("SELECT")]
        sqlite = connection.dialect.name == "sqlite"
        explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
        plans = {
            text: " ".join(str(row) for row in connection.exec_driver_sql(explain + text, values))
            for text, values in statements
        }

    assert len(plans) >= 11
    for text, plan in plans.items():
        scanned = set(re.findall(r"(?:SCAN|Seq Scan on) (\w+)(?!\w* USING)", plan))
        assert {name for name in scanned if not name.startswith("anon")} == set(), text + plan
    assert all("LIMIT" in text or "min(" in text for text in plans)


def test_a_schedule_that_fails_is_a_figure(house: House) -> None:
    house.publish(flow("tick", "schedule").then("done", "end"))
    row = {
        "id": "tick:schedule", "flow_key": "tick", "node": "schedule", "cron": "0 3 * * *", "timezone": "UTC",
        "misfire": "skip", "next_at": house.now_ms + 9, "last_error": "no", "paused_by": ANN,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.schedules.insert().values(**row)))

    found = scraped(house)
    assert value(found, "schedules", state="failing") == 1
    assert value(found, "schedules", state="total") == 1
