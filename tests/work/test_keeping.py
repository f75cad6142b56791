"""The background thread that takes batches further and purges once an hour."""

from __future__ import annotations

import sqlalchemy as sa

from headrace.engine.service import batches, rules
from headrace.engine.store import tables as t
from headrace.engine.work import keeping
from headrace.engine.work.keeping import Keeper
from headrace.engine.work.runtime import Runtime
from tests.builder import flow
from tests.fakes import ANN, House


def quick(house: House, count: int = 1) -> None:
    house.publish(flow("quick").then("done", "end"))
    for _ in range(count):
        house.start("quick")


def test_a_purge_comes_some_time_after_the_start_and_then_every_hour(house: House) -> None:
    rules.change(house.workspace, house.actor(ANN), {"instance_days": 0})
    keeper = Keeper(house.workspace, lambda: False)
    left = []
    for after_s in (0, keeping.PURGE_FIRST_S, 60, keeping.PURGE_EVERY_S):
        quick(house)
        house.later(s=after_s)
        keeper.look()
        left.append(len(house.rows(sa.select(t.instances.c.id))))

    assert left == [1, 0, 1, 0]


def test_a_batch_is_taken_further_and_the_pause_follows_its_throttle(house: House) -> None:
    house.publish(flow("asks").then("ask", "approval").then("done", "end"))
    for _ in range(7):
        house.start("asks")
    ann = house.actor(ANN)
    id_ = batches.create(house.workspace, ann, "cancel", {"flow": "asks"}, per_second=5)["id"]
    keeper = Keeper(house.workspace, lambda: False)

    keeper.look()
    pause_s = keeper.look()

    assert pause_s == keeping.LOOK_S
    assert batches.detail(house.workspace, ann, id_)["counts"]["done"] == 5
    for _ in range(3):
        house.later(s=1)
        keeper.look()
    assert batches.detail(house.workspace, ann, id_)["status"] == "done"


def test_the_runtime_has_a_keeper(cabin: House) -> None:
    runtime = Runtime(cabin.workspace)

    assert "headrace-keeper" in runtime.alive()
