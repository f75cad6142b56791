"""DBOS (durable, a library like ours): each of the eight steps a `@DBOS.step`, each order a `@DBOS.workflow`, threads at once."""

from __future__ import annotations

import http.client
import json
import threading
import time
from pathlib import Path
from typing import Any

from dbos import DBOS, DBOSConfig, SetWorkflowID

from tests.bench import order as work
from tests.bench.far import Far, far_side
from tests.bench.measure import Sample, options, report, rss_mb, timed

WARM = 4
_connections = threading.local()
_far: Far | None = None


@DBOS.step()
def start(data: dict[str, Any]) -> dict[str, Any]:
    return data


@DBOS.step()
def totals(data: dict[str, Any]) -> dict[str, Any]:
    return work.total_of(data)


@DBOS.step()
def worth(data: dict[str, Any]) -> bool:
    return work.is_high(data)


@DBOS.step()
def priority(data: dict[str, Any], high: bool) -> dict[str, Any]:
    return work.priority_of(data, high)


@DBOS.step()
def where(data: dict[str, Any]) -> bool:
    return work.is_domestic(data)


@DBOS.step()
def warehouse(data: dict[str, Any], domestic: bool) -> dict[str, Any]:
    return work.warehouse_of(data, domestic)


@DBOS.step()
def last(data: dict[str, Any]) -> dict[str, Any]:
    return work.label_of(data)


@DBOS.step()
def done(data: dict[str, Any]) -> dict[str, Any]:
    return work.result_of(data)


@DBOS.step()
def reserve(data: dict[str, Any], number: int) -> dict[str, Any]:
    assert _far is not None
    if not hasattr(_connections, "kept"):
        _connections.kept = http.client.HTTPConnection("127.0.0.1", _far.port)
    body = json.dumps({"order_no": data["order_no"], "warehouse": data["warehouse"]})
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": f"{data['order_no']}/{number}",
    }
    _connections.kept.request("POST", f"/reserve/{data['order_no']}", body, headers)
    answer: dict[str, Any] = json.loads(_connections.kept.getresponse().read())
    return answer


@DBOS.workflow()
def straight(data: dict[str, Any], calls: int) -> dict[str, Any]:
    data = start(data)
    data |= totals(data)
    data |= priority(data, worth(data))
    data |= warehouse(data, where(data))
    data |= last(data)
    for number in range(calls):
        reserve(data, number)
    return done(data)


def main(
    folder: str, instances: int, at_once: int = 16, url: str | None = None, calls: int = 0
) -> None:
    """Run them all."""
    global _far
    database = url or f"sqlite:///{Path(folder) / 'dbos.sqlite'}"
    config: DBOSConfig = {"name": "bench", "system_database_url": database, "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    with far_side() as far:
        _far = far
        assert [_one(number, calls) for number in range(WARM)] == [
            work.expected(number) for number in range(WARM)
        ]
        latencies: list[float] = []

        def submit(numbers: range) -> None:
            for number in numbers:
                began = time.perf_counter()
                _one(number, calls)
                latencies.append(time.perf_counter() - began)

        numbers = range(WARM, WARM + instances)
        threads = [
            threading.Thread(target=submit, args=(numbers[index::at_once],))
            for index in range(at_once)
        ]
        began, cpu = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert not calls or far.counts() == ((WARM + instances) * calls, 0), far.counts()
    assert len(latencies) == instances, "a submitter has failed"
    report(Sample(instances, seconds, cpu, rss_mb=rss_mb(), **timed(latencies)))
    DBOS.destroy()


def _one(number: int, calls: int) -> dict[str, Any]:
    with SetWorkflowID(f"order-{number}"):
        return straight(work.order(number), calls)


if __name__ == "__main__":
    main(**options())
