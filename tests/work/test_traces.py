"""One order is one trace: from the request over every advance and attempt to the far side; and it costs nothing when off."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from headrace.engine import tracing
from headrace.engine.node import HttpAnswer
from headrace.engine.store import tables as t
from headrace.engine.work.world import WorkerWorld
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, settle

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def collected() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.begin(SimpleSpanProcessor(exporter))
    yield exporter
    tracing.end()


def of_trace(collected: InMemorySpanExporter, trace_id: str) -> list[str]:
    return [
        span.name
        for span in collected.get_finished_spans()
        if f"{span.context.trace_id:032x}" == trace_id
    ]


def trace_of(house: House, id_: str) -> str | None:
    query = sa.select(t.instances.c.trace).where(t.instances.c.id == id_)
    return tracing.trace_id(house.rows(query)[0].trace)


def test_what_one_order_does_is_one_trace(house: House, collected: InMemorySpanExporter) -> None:
    house.publish(flow("child").then("done", "end"))
    drawing = flow("order").then("pay", "connector").then("ask", "approval")
    house.publish(drawing.then("sub", "subflow", flow="child").then("done", "end"))
    with tracing.span("POST /api/flows/{key}/instances"):
        id_ = house.start("order")
    settle(house, ScriptedWorld(200))
    house.decide(ANN)
    settle(house)

    trace_id = trace_of(house, id_)
    assert trace_id is not None
    names = of_trace(collected, trace_id)
    assert names.count("job pay") == 1
    assert names.count("advance") >= 4
    (child,) = house.rows(sa.select(t.instances.c.id).where(t.instances.c.parent_id == id_))
    assert trace_of(house, child.id) == trace_id
    job = next(span for span in collected.get_finished_spans() if span.name == "job pay")
    assert job.attributes is not None
    assert job.attributes["headrace.instance"] == id_
    assert job.attributes["headrace.outcome"] == "Done"


def test_two_orders_are_two_traces(cabin: House, collected: InMemorySpanExporter) -> None:
    cabin.publish(flow("plain").then("done", "end"))
    ids = []
    for _ in range(2):
        with tracing.span("request"):
            ids.append(cabin.start("plain"))

    assert len({trace_of(cabin, id_) for id_ in ids} - {None}) == 2


def test_a_callers_trace_is_kept_although_nobody_collects(cabin: House) -> None:
    cabin.publish(flow("plain").then("done", "end"))
    with tracing.given(CALLER):
        id_ = cabin.start("plain")
    with tracing.given("not a traceparent"):
        other = cabin.start("plain")

    assert trace_of(cabin, id_) == "0af7651916cd43dd8448eb211c80319c"
    assert trace_of(cabin, other) is None


def test_the_far_side_is_told_the_trace(collected: InMemorySpanExporter) -> None:
    sent: list[dict[str, str]] = []

    class Far:
        def request(self, method: str, url: str, *, headers: Any, **_: Any) -> HttpAnswer:
            sent.append(dict(headers))
            return HttpAnswer(200, {}, b"")

    world = WorkerWorld(None, None, Far())  # type: ignore[arg-type]
    with tracing.span("job"):
        expected = tracing.current()
        world.http("GET", "http://far", headers={"a": "b"}, body=None, timeout_s=1)
    tracing.end()
    world.http("GET", "http://far", headers={"a": "b"}, body=None, timeout_s=1)

    assert sent == [{"traceparent": expected, "a": "b"}, {"a": "b"}]
    assert collected.get_finished_spans()[0].name == "job"


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
    ],
)
def test_the_usual_environment_switches_it_on(environment: dict[str, str], wanted: bool) -> None:
    assert tracing.wanted(environment) is wanted


def test_switched_off_nothing_of_the_library_is_loaded() -> None:
    code = (
        "import sys; from headrace.engine import tracing\n"
        "with tracing.span('x') as span: assert span is None\n"
        "assert tracing.current() is None\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
