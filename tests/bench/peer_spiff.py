"""SpiffWorkflow: the same eight steps as BPMN with script tasks and exclusive gateways; its state saved once a run to SQLite.

It is a library without a store of its own, so this is the least durable way to use it: whoever is killed half-way begins anew.
"""

from __future__ import annotations

import http.client
import json
import sqlite3
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer

from tests.bench import order as work
from tests.bench.far import far_side
from tests.bench.measure import Sample, options, report, rss_mb, timed

WARM = 4
_SCRIPTS = {
    "totals": "goods = text(sum_of(lines)); total = text(money(goods) + money(shipping['fee']))",
    "first": "priority = 'high'; sla_hours = 4",
    "later": "priority = 'normal'; sla_hours = 24",
    "home": "warehouse = 'HZ-1'",
    "abroad": "warehouse = 'SG-2'",
    "last": "label = warehouse + '/' + order_no; points = int(money(total) / 10) * (buyer['level'] + 1)",
}
_HIGH = "money(total) > 300"
_DOMESTIC = "address['country'] == 'CN' and channel in ('tmall', 'jd', 'shopify')"


def _bpmn(calls: int) -> bytes:
    flows = [
        ("start", "totals", ""), ("totals", "worth", ""), ("worth", "first", _HIGH), ("worth", "later", ""),
        ("first", "met", ""), ("later", "met", ""), ("met", "where", ""), ("where", "home", _DOMESTIC),
        ("where", "abroad", ""), ("home", "again", ""), ("abroad", "again", ""), ("again", "last", ""),
    ]  # fmt: skip
    names = [f"reserve{number}" for number in range(calls)]
    flows += [(source, target, "") for source, target in pairwise(["last", *names, "end"])]
    scripts = _SCRIPTS | {name: f"reserved = call(order_no, warehouse, '{name}')" for name in names}
    parts = ['<startEvent id="start"/>', '<endEvent id="end"/>']
    parts += [f'<scriptTask id="{k}"><script>{v}</script></scriptTask>' for k, v in scripts.items()]
    parts += [
        '<exclusiveGateway id="worth" default="worth-later"/>', '<exclusiveGateway id="met"/>',
        '<exclusiveGateway id="where" default="where-abroad"/>', '<exclusiveGateway id="again"/>',
    ]  # fmt: skip
    for source, target, when in flows:
        text = (
            f"<conditionExpression>{when.replace('>', '&gt;')}</conditionExpression>"
            if when
            else ""
        )
        parts.append(
            f'<sequenceFlow id="{source}-{target}" sourceRef="{source}" targetRef="{target}">{text}</sequenceFlow>'
        )
    space = "http://www.omg.org/spec/BPMN/20100524/MODEL"
    return f'<definitions xmlns="{space}"><process id="order" isExecutable="true">{"".join(parts)}</process></definitions>'.encode()


def main(folder: str, instances: int, calls: int = 0) -> None:
    """Run them one after another: its work is all Python, threads would not help."""
    with far_side() as far:
        caller = _Caller(far.port)
        parser = BpmnParser()
        parser.add_bpmn_xml(etree.fromstring(_bpmn(calls)))
        spec = parser.get_spec("order")
        known = {"sum_of": _sum_of, "money": Decimal, "text": str, "call": caller}
        engine = PythonScriptEngine(TaskDataEnvironment(known))
        serializer = BpmnWorkflowSerializer(BpmnWorkflowSerializer.configure())
        database = sqlite3.connect(Path(folder) / "spiff.sqlite3", isolation_level=None)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT)")
        latencies: list[float] = []

        def one(number: int) -> dict[str, Any]:
            began = time.perf_counter()
            run = BpmnWorkflow(spec, script_engine=engine)
            run.task_tree.set_data(**work.order(number))
            run.do_engine_steps()
            assert run.is_completed()
            state = serializer.serialize_json(run)
            database.execute("INSERT INTO runs VALUES (?, ?)", (number, state))
            latencies.append(time.perf_counter() - began)
            return work.result_of(run.data)

        for number in range(WARM):
            assert one(number) == work.expected(number)
        latencies.clear()
        began, cpu = time.perf_counter(), time.process_time()
        for number in range(WARM, WARM + instances):
            one(number)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        assert not calls or far.counts() == ((WARM + instances) * calls, 0), far.counts()
    report(Sample(instances, seconds, cpu, rss_mb=rss_mb(), **timed(latencies)))


def _sum_of(lines: list[dict[str, Any]]) -> Any:
    return sum((Decimal(line["amount"]) for line in lines), Decimal(0))


class _Caller:
    """A call of another system, over a connection that is kept."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def __call__(self, order_no: str, warehouse: str, step: str) -> dict[str, Any]:
        body = json.dumps({"order_no": order_no, "warehouse": warehouse})
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{order_no}/{step}"}
        self._connection.request("POST", f"/reserve/{order_no}", body, headers)
        answer: dict[str, Any] = json.loads(self._connection.getresponse().read())
        return answer

    def __deepcopy__(self, _: Any) -> _Caller:
        return self


if __name__ == "__main__":
    main(**options())
