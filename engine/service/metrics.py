"""Metrics for Prometheus: what this process counted, and what the database says waits. `METRICS` is the list, docs follow it.

A count is of this process since its start; several processes are summed by whoever reads them. A figure marked `database` is
the same whichever process is asked, and some seconds old at most (`service/figures.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Literal
from weakref import WeakKeyDictionary

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from headrace.engine.counters import Counters, Histogram
from headrace.engine.service.figures import figures_of
from headrace.engine.service.workspace import Workspace
from headrace.engine.store.writer import Writer

PREFIX = "headrace_"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Kind = Literal["counter", "histogram", "gauge"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table in docs/operate.md."""

    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    source: Literal["process", "database"] = "process"


METRICS: dict[str, Metric] = {
    # --- how it goes ---
    "instances_started_total": Metric("counter", "Instances started.", ("flow", "version")),
    "instances_ended_total": Metric(
        "counter", "Instances ended; the result is the end's name, or cancelled.", ("flow", "version", "result")
    ),
    "advances_total": Metric("counter", "Instances advanced."),
    "advance_group_size": Metric("histogram", "Instances advanced in one group."),
    "commit_seconds": Metric("histogram", "One transaction of the writer, from its first operation to the disk."),
    "commit_operations": Metric("histogram", "Operations that shared one commit."),
    "commit_failures_total": Metric("counter", "Transactions the database refused; they are tried again one by one."),
    "inbox_wait_seconds": Metric("histogram", "How long a wish rested in an inbox before it was applied."),
    "http_requests_total": Metric("counter", "Requests answered.", ("route", "status")),
    "http_seconds": Metric("histogram", "Answering a request, without streams.", ("route",)),
    # --- jobs ---
    "jobs_total": Metric(
        "counter", "Attempts ended: done, failed or unknown; by connection, else by type of node.", ("connector", "outcome")
    ),
    "job_seconds": Metric("histogram", "One attempt.", ("connector",)),
    "late_results_total": Metric("counter", "Results that came after their step had ended; kept, not applied."),
    "sweeper_leases_expired_total": Metric("counter", "Leases that ran out because a worker fell silent."),
    # --- time ---
    "timers_fired_total": Metric("counter", "Timers fired."),
    "timer_late_seconds": Metric("histogram", "How long after its moment a timer fired; never less than nothing."),
    "schedule_slots_total": Metric("counter", "Slots of schedules: started, skipped or refused.", ("result",)),
    # --- trouble ---
    "incidents_raised_total": Metric("counter", "Incidents raised.", ("flow", "code")),
    "sweeper_repairs_total": Metric("counter", "What should never have to be put right; stays 0.", ("kind",)),
    "nudges_total": Metric("counter", "Nudges sent to other processes."),
    "nudge_errors_total": Metric("counter", "Nudges that could not be sent; others look by themselves."),
    # --- now ---
    "ready_instances": Metric("gauge", "Instances that could be advanced now.", (), "database"),
    "ready_oldest_seconds": Metric("gauge", "How long the oldest of them has been waiting.", (), "database"),
    "timers_due": Metric("gauge", "Timers that are due and not fired yet.", (), "database"),
    "timers_oldest_seconds": Metric("gauge", "How long the oldest of them has been due.", (), "database"),
    "jobs": Metric("gauge", "Jobs: ready, parked by a limit, or leased by a worker.", ("queue", "status"), "database"),
    "incidents_open": Metric("gauge", "Open incidents.", ("flow", "code"), "database"),
    "tasks_open": Metric("gauge", "Tasks that wait for people.", (), "database"),
    "outbox_messages": Metric("gauge", "Messages queued or failed.", ("status",), "database"),
    "schedules": Metric("gauge", "Schedules: all, paused, or failing to start their flow.", ("state",), "database"),
    "breaker_open": Metric(
        "gauge", "Circuit breakers: 0 closed, 0.5 half open, 1 open.", ("connection", "host"), "database"
    ),
    "writer_queue": Metric("gauge", "Operations waiting for this process's writer."),
    "disk_free_bytes": Metric("gauge", "Room on the database's disk; only where that disk is ours (SQLite)."),
    "info": Metric("gauge", "Always 1.", ("version", "database")),
}  # fmt: skip
"""Name without the prefix → what it is. Counts stop at `figures.COUNT_MAX`."""

_BREAKER = {"closed": 0.0, "half_open": 0.5, "open": 1.0}

_registries: WeakKeyDictionary[Writer, CollectorRegistry] = WeakKeyDictionary()


def exposition(workspace: Workspace) -> bytes:
    """The text Prometheus reads."""
    registry = _registries.get(workspace.writer)
    if registry is None:
        registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        registry.register(_Ours(workspace))
        _registries[workspace.writer] = registry
    return generate_latest(registry)


class _Ours(Collector):
    """Reads the counters and the figures anew at every scrape."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def collect(self) -> Iterator[Any]:
        """All families."""
        kept = (self._workspace.counters, self._workspace.writer.counters)
        yield from _counters(kept)
        yield from _histograms(kept)
        yield from _gauges(self._workspace)

    def describe(self) -> Iterable[Any]:
        """Nothing to compare with: this is the only collector of its names."""
        return []


def _counters(kept: Iterable[Counters]) -> Iterator[Any]:
    families: dict[str, CounterMetricFamily] = {
        name: CounterMetricFamily(PREFIX + name, metric.help, labels=metric.labels)
        for name, metric in METRICS.items()
        if metric.kind == "counter"
    }
    for counters in kept:
        for (name, labels), count in counters.snapshot().items():
            family = families.get(name)
            if (
                family is None
            ):  # counted by somebody who did not say what it is: still better shown than hidden
                names = [label for label, _ in labels]
                family = families[name] = CounterMetricFamily(PREFIX + name, name, labels=names)
            family.add_metric(_in_order(name, labels), count)
    for name, family in families.items():
        if not family.samples and not METRICS[name].labels:
            family.add_metric([], 0)
        yield family


def _histograms(kept: Iterable[Counters]) -> Iterator[Any]:
    families: dict[str, HistogramMetricFamily] = {
        name: HistogramMetricFamily(PREFIX + name, metric.help, labels=metric.labels)
        for name, metric in METRICS.items()
        if metric.kind == "histogram"
    }
    for counters in kept:
        for (name, labels), found in counters.histograms().items():
            family = families[name]
            family.add_metric(_in_order(name, labels), buckets=_buckets(found), sum_value=found.sum)
    yield from families.values()


def _buckets(found: Histogram) -> list[tuple[str, float]]:
    """Prometheus counts in each bucket all that is not larger."""
    buckets, total = [], 0
    for bound, count in zip((*found.bounds, "+Inf"), found.counts, strict=True):
        total += count
        buckets.append((str(bound), float(total)))
    return buckets


def _in_order(name: str, labels: Iterable[tuple[str, str]]) -> list[str]:
    metric = METRICS.get(name)
    values = dict(labels)
    return [values.get(label, "") for label in (metric.labels if metric else values)]


def _gauges(workspace: Workspace) -> Iterator[Any]:
    found = figures_of(workspace)
    free = found["disk_free_bytes"]
    values: dict[str, list[tuple[tuple[str, ...], float]]] = {
        "ready_instances": [((), found["ready"])],
        "ready_oldest_seconds": [((), found["ready_oldest_ms"] / 1000)],
        "timers_due": [((), found["timers_due"])],
        "timers_oldest_seconds": [((), found["timers_oldest_ms"] / 1000)],
        "jobs": [((queue, status), count) for queue, status, count in found["jobs"]],
        "incidents_open": [((flow, code), count) for flow, code, count in found["incidents"]],
        "tasks_open": [((), found["tasks_open"])],
        "outbox_messages": [
            (("queued",), found["outbox_queued"]),
            (("failed",), found["outbox_failed"]),
        ],
        "schedules": [((state,), count) for state, count in found["schedules"].items()],
        "breaker_open": [
            ((connection, host), _BREAKER.get(state, 1.0))
            for connection, host, state in found["breakers"]
        ],
        "writer_queue": [((), workspace.writer.depth())],
        "disk_free_bytes": [] if free is None else [((), free)],
        "info": [((version("headrace"), workspace.database.dialect.name), 1)],
    }
    for name, samples in values.items():
        family = GaugeMetricFamily(PREFIX + name, METRICS[name].help, labels=METRICS[name].labels)
        for labels, value in samples:
            family.add_metric(list(labels), value)
        yield family


def table() -> str:
    """The list for docs/operate.md."""
    lines = ["| metric | kind | labels | what it says |", "|---|---|---|---|"]
    for name, metric in METRICS.items():
        where = ", database" if metric.source == "database" else ""
        labels = ", ".join(metric.labels)
        lines.append(f"| `{PREFIX}{name}` | {metric.kind}{where} | {labels} | {metric.help} |")
    return "\n".join(lines)
