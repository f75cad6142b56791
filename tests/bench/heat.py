"""A heat map over many instances: how long it takes to count them, and to look.

    python -m tests.bench.heat --instances 100000 [--url postgresql+psycopg://…]

One real instance is copied with its history, so that counting reads what it would read.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from headrace.engine.ids import new_id
from headrace.engine.service import heat
from headrace.engine.store import tables as t
from headrace.engine.store.migrations import migrate
from headrace.engine.store.session import open_database
from tests.builder import flow
from tests.fakes import ANN, BOB, NOON, House, ScriptedWorld, settle

DAYS = 25
BATCH = 2_000


def drawing() -> Any:
    """Eight nodes, as many as a usual approval has."""
    return (
        flow("many").then("a", "set_values", values={"x": "1"}).then("ask", "approval")
        .then("pay", "connector").then("b", "set_values", values={"y": "2"}).then("done", "end")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip


def filled(house: House, count: int) -> None:
    """So many ended instances, spread over 25 days."""
    house.publish(drawing())
    first = house.start("many")
    house.later(s=3_600)
    house.decide(BOB)
    settle(house, ScriptedWorld(200))
    with house.workspace.read() as connection:
        row = dict(
            connection.execute(sa.select(t.instances).where(t.instances.c.id == first))
            .one()
            ._mapping
        )
        chunks = [
            dict(one._mapping)
            for one in connection.execute(
                sa.select(t.history).where(t.history.c.instance_id == first)
            )
        ]
    for begin in range(0, count, BATCH):
        instances, history = [], []
        for number in range(begin, min(count, begin + BATCH)):
            at = NOON + number * DAYS * 86_400_000 // count
            id_ = new_id("ins", at)
            moved = {"started_at": at, "ended_at": at + 3_600_000, "updated_at": at + 3_600_000}
            instances.append({**row, **moved, "id": id_, "root_id": id_, "dedup_key": None})
            history += [
                {**one, "instance_id": id_, "at": at + one["at"] - row["started_at"]}
                for one in chunks
            ]

        def write(connection: sa.Connection, rows: Any = (instances, history)) -> None:
            connection.execute(sa.insert(t.instances), rows[0])
            connection.execute(sa.insert(t.history), rows[1])

        house.write(write)
    house.later(s=(DAYS + 1) * 86_400)


def main() -> None:
    """Fill, count, look; print what it took."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--instances", type=int, default=100_000)
    asked.add_argument("--url", default="")
    told = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = told.url or f"sqlite:///{folder}/heat.sqlite3"
        database = open_database(url)
        migrate(database)
        database.dispose()
        house = House(url)
        began = time.perf_counter()
        filled(house, told.instances)
        print(
            f"{house.database.dialect.name}: {told.instances} instances in {time.perf_counter() - began:.0f} s"
        )
        actor = house.actor(ANN)
        began, cpu, calls, counted = time.perf_counter(), time.process_time(), 0, 0
        longest = 0.0
        while True:
            one = time.perf_counter()
            found = heat.count(house.workspace, actor, "many")
            longest = max(longest, time.perf_counter() - one)
            calls, counted = calls + 1, counted + found["counted"]
            if not found["counted"]:
                break
        spent, used = time.perf_counter() - began, time.process_time() - cpu
        print(
            f"counted {counted} in {spent:.1f} s ({used:.1f} s CPU), {calls} requests, longest {longest:.2f} s"
        )
        asks: list[tuple[str, Callable[[], Any]]] = [
            ("look", lambda: heat.look(house.workspace, actor, "many")),
            ("count with nothing new", lambda: heat.count(house.workspace, actor, "many")),
            ("slowest", lambda: heat.listing(house.workspace, actor, "many", "ask", kind="slow")),
        ]
        for name, what in asks:
            times = []
            for _ in range(5):
                one = time.perf_counter()
                what()
                times.append(time.perf_counter() - one)
            print(f"{name}: {sorted(times)[2] * 1_000:.0f} ms")
        assert heat.look(house.workspace, actor, "many")["instances"]["visits"] >= told.instances
        house.close()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
