"""Scale in kind: what a million waiting instances cost, and whether new work, long flows and long lists cost what they should.

    make scale                       # 1,000,000 waiting (a quarter of an hour)
    make scale SCALE="--waiting 20000"

Throughput with the million waiting is measured in turns with an empty store in the same process, so that a noisy minute hits both.
Prints a table and writes `.make/scale.json`. No assertion on time; wrong counts fail.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine import jsontext
from headrace.engine.flow.model import sha256
from headrace.engine.service import instances as service
from headrace.engine.service import messages, tasks
from headrace.engine.service.starts import StartRequest, prepare
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tables as t
from headrace.engine.work.drain import drain_all
from tests.bench import order as work
from tests.bench.measure import rss_mb
from tests.bench.setting import ACTOR, workspace
from tests.builder import Document, flow, user

QUEUED = 256
KINDS = ("timer", "approval", "message")
ROUNDS = 7
PROBE = 4_000
"""Straight-through instances of one measurement."""


def drawings() -> list[Document]:
    """Three ways of waiting, chains of 10 to 1,000 nodes, a for-each."""
    found = [
        flow("timer").then("rest", "timer", duration="P10D").then("done", "end"),
        flow("approval").then("ask", "approval", assignees=[user(ACTOR.user_id)], title="{{ n }}").then("done", "end"),
        flow("message").then(
            "listen", "receive", events=[{"id": "came", "kind": "message", "name": "paid", "key": "string(n)"}]
        ).on("came").then("done", "end"),
        flow("one").then("done", "end"),
        flow("many").then(
            "each", "subflow", flow="one", for_each="rows", window=500, collect="counts",
            input=[{"name": "n", "value": "item"}],
        ).then("done", "end", output={"each": "each"}),
    ]  # fmt: skip
    for nodes in CHAINS:
        chain = flow(f"chain-{nodes}")
        for number in range(nodes - 2):
            chain.then(f"n{number}", "set_values", values={"x": "n + 1"})
        found.append(chain.then("done", "end"))
    return [drawing.document() for drawing in found]


CHAINS = (10, 30, 100, 300, 1_000)


def install(opened: Workspace, connection: sa.Connection) -> None:
    """Publish the drawings, and let the caller be a person who can decide."""
    now = opened.clock.now_ms()
    for document in drawings():
        connection.execute(
            t.flows.insert().values(
                key=document["key"], name=document["name"], published_version=1, draft="{}", draft_etag="e",
                draft_updated_at=now, draft_updated_by="x", created_at=now, created_by="x",
            )
        )  # fmt: skip
        connection.execute(
            t.flow_versions.insert().values(
                flow_key=document["key"], version=1, document=jsontext.dumps(document), sha256=sha256(document),
                published_at=now, published_by="x",
            )
        )  # fmt: skip
    connection.execute(
        t.users.insert().values(
            id=ACTOR.user_id,
            login="bench",
            name="Bench",
            password_hash="x",
            active=True,
            created_at=now,
        )
    )


def submit_all(opened: Workspace, requests: Iterable[list[StartRequest]]) -> None:
    """Keep the writer's queue full until all are in the store."""
    queued: deque[Future[Any]] = deque()
    for request in requests:
        if len(queued) == QUEUED:
            queued.popleft().result()
        queued.append(service.submit_all(opened, request))
    for future in queued:
        future.result()


def starts(
    opened: Workspace, key: str, inputs: Iterable[dict[str, Any]]
) -> Iterable[list[StartRequest]]:
    compiled = opened.kept_published(key)
    for data in inputs:
        yield [prepare(compiled, "start", data, now_ms=opened.clock.now_ms())]


class Straight:
    """Straight-through orders, measured again and again on one store."""

    def __init__(self, opened: Workspace) -> None:
        self.opened, self.next = opened, 0

    def measure(self, count: int = PROBE) -> tuple[float, float]:
        """(instances a second, CPU ms each)."""
        numbers = range(self.next, self.next + count)
        self.next += count
        began, cpu = time.perf_counter(), time.process_time()
        submit_all(self.opened, starts(self.opened, work.KEY, (work.order(n) for n in numbers)))
        cpu = time.process_time() - cpu
        return count / (time.perf_counter() - began), cpu * 1000 / count


def disk(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).glob("headrace.sqlite3*"))


def make_waiting(opened: Workspace, numbers: range) -> None:
    """A third each of timers, approvals and messages."""

    def requests() -> Iterable[list[StartRequest]]:
        compiled = {key: opened.kept_published(key) for key in KINDS}
        for number in numbers:
            now_ms = opened.clock.now_ms()
            yield [prepare(compiled[KINDS[number % 3]], "start", {"n": number}, now_ms=now_ms)]

    submit_all(opened, requests())


def timed(what: Callable[[], Any]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    what()
    return (time.perf_counter() - began) * 1000


def act(opened: Workspace, waiting: int) -> dict[str, float]:
    """What people and shops do while all the others wait: median milliseconds."""
    todo = [timed(lambda: tasks.listing(opened, ACTOR, limit=50)) for _ in range(5)]
    page = tasks.listing(opened, ACTOR, limit=50)["items"]
    decided = [
        timed(lambda task=task: tasks.decide(opened, ACTOR, task["id"], "approved"))
        for task in page
    ]
    told = [
        timed(lambda n=n: messages.publish(opened, ACTOR, "paid", key=str(n)))
        for n in range(2, min(waiting, 302), 6)
    ]
    listed = [
        timed(lambda: service.listing(opened, ACTOR, status="waiting", limit=50)) for _ in range(5)
    ]
    names = ("to-do list", "decide", "message to its receiver", "list of waiting instances")
    return dict(zip(names, map(statistics.median, (todo, decided, told, listed)), strict=True))


def chains(opened: Workspace) -> list[dict[str, float]]:
    """Time a visit, for flows of 10 to 1,000 nodes; interleaved."""
    for nodes in CHAINS:
        service.start(opened, ACTOR, f"chain-{nodes}", {"n": 1})
    micros: dict[int, list[float]] = {nodes: [] for nodes in CHAINS}
    for _ in range(ROUNDS):
        for nodes in CHAINS:
            count = max(10, 10_000 // nodes)
            cpu = time.process_time()
            submit_all(opened, starts(opened, f"chain-{nodes}", ({"n": 1} for _ in range(count))))
            drain_all(opened)
            micros[nodes].append((time.process_time() - cpu) * 1e6 / count / nodes)
    return [
        {"nodes": nodes, "cpu_us_a_visit": statistics.median(found)}
        for nodes, found in micros.items()
    ]


def for_each(opened: Workspace, items: int) -> dict[str, float]:
    """One instance with so many items, each an instance of its own."""
    began = time.perf_counter()
    id_ = service.start(opened, ACTOR, "many", {"rows": list(range(items))}).id
    drain_all(opened)
    seconds = time.perf_counter() - began
    found = service.detail(opened, ACTOR, id_)
    assert found["output"] == {"each": {"total": items, "done": items, "failed": 0}}, found[
        "output"
    ]
    return {"items": items, "seconds": seconds, "items a second": items / seconds}


def main(waiting: int, items: int, result: Path) -> None:
    """Everything, in one process."""
    with ExitStack() as stack:
        full, empty = (stack.enter_context(tempfile.TemporaryDirectory()) for _ in range(2))
        crowded, quiet = (stack.enter_context(workspace(folder)) for folder in (full, empty))
        for opened in (crowded, quiet):
            opened.writer.call(lambda connection, opened=opened: install(opened, connection))
            opened.forget_directory()
        new, old = Straight(quiet), Straight(crowded)
        for straight in (new, old):
            straight.measure(500)
        gc.collect()
        memory, before = rss_mb(), disk(full)
        steps = []
        part = max(1, waiting // 10)
        for begin in range(0, waiting, part):
            count = min(part, waiting - begin)
            began = time.perf_counter()
            make_waiting(crowded, range(begin, begin + count))
            rate = count / (time.perf_counter() - began)
            speed, cpu = old.measure(1_000)
            steps.append(
                {
                    "waiting": begin + count,
                    "made_a_second": rate,
                    "new_a_second": speed,
                    "new_cpu_ms": cpu,
                }
            )
            print(json.dumps(steps[-1]), flush=True)
        gc.collect()
        told: dict[str, Any] = {
            "waiting": waiting, "growth": steps, "bytes_each": (disk(full) - before) / waiting,
            "memory_mb": rss_mb() - memory,
        }  # fmt: skip
        pairs = [(new.measure(), old.measure()) for _ in range(ROUNDS)]
        told["empty"] = {
            "a_second": statistics.median(p[0][0] for p in pairs), "cpu_ms": statistics.median(p[0][1] for p in pairs)
        }  # fmt: skip
        told["crowded"] = {
            "a_second": statistics.median(p[1][0] for p in pairs), "cpu_ms": statistics.median(p[1][1] for p in pairs)
        }  # fmt: skip
        told["loss"] = 1 - statistics.median(p[1][0] / p[0][0] for p in pairs)
        told["acts_ms"] = act(crowded, waiting)
        told["chains"] = chains(quiet)
        told["for_each"] = for_each(crowded, items)
        told["threads"] = threading.active_count()
    result.parent.mkdir(exist_ok=True)
    result.write_text(json.dumps(told, indent=1))
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--waiting", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--result", type=Path, default=Path(".make/scale.json"))
    main(**vars(parser.parse_args()))
