"""Reserved stock through real flows: free again when the instance is cancelled, however that happens, and when its time is up."""

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import ManualClock
from headrace.engine.flow.table_definition import slots_for
from headrace.engine.node import TableAnswer
from headrace.engine.store import data_tables, record_steps, records
from headrace.engine.store import tables as t
from headrace.engine.store.records import Item, Who
from headrace.engine.work import drain, jobs, timers
from tests.builder import Flow, flow
from tests.fakes import NOON, House, ScriptedWorld

STOCK = {
    "title": {"en": "Stock"},
    "fields": [{"name": "on_hand", "kind": "integer", "min": 0, "index": True}],
}
TAKE = {
    "operation": "adjust", "table": "stock", "field": "on_hand", "key": "'S-1'", "by": "-quantity", "least": "0",
    "reservations": "reservations",
}  # fmt: skip
PAID = {"id": "paid", "kind": "message", "name": "paid", "key": "order_no"}


class Working(ScriptedWorld):
    """As a worker does it: in the name of the instance whose job this is."""

    def __init__(self, house: House, claim: Any) -> None:
        super().__init__()
        self.house, self.claim = house, claim

    def table(self, operation: str, table: str, arguments: Any, step_key: str) -> TableAnswer:
        assert self.house
        who = Who("engine", "", self.claim.instance_id, self.claim.node, step_key)
        now_ms = self.house.now_ms
        answer: TableAnswer = self.house.write(
            lambda connection: record_steps.perform(
                connection, operation, table, arguments, who, now_ms
            )
        )
        return answer


def settle(house: House) -> None:
    moved = 1
    while moved:
        moved = drain.drain_all(house.workspace)
        moved += jobs.run_due(house.workspace, lambda claim: Working(house, claim), "test")
        moved += timers.fire_due(house.workspace)


@pytest.fixture
def shop(house: House) -> House:
    def write(connection: Any) -> None:
        slots = slots_for(STOCK, {})
        table = data_tables.insert(connection, "stock", STOCK, slots, "ann", NOON)
        records.write(connection, table, [Item("S-1", {"on_hand": 10})], Who(), NOON)

    house.write(write)
    return house


def values(house: House, table: str) -> list[dict[str, Any]]:
    query = sa.select(t.records.c.value).join(
        t.data_tables, t.data_tables.c.no == t.records.c.table_no
    )
    rows = house.rows(query.where(t.data_tables.c.key == table).order_by(t.records.c.id))
    return [row.value for row in rows]


def on_hand(house: House) -> int:
    return int(values(house, "stock")[0]["on_hand"])


def held(house: House) -> list[str]:
    return [row["state"] for row in values(house, "reservations")]


def ordering(key: str = "ordering") -> Flow:
    """Reserves, and waits for the payment."""
    drawn = flow(key).then("take", "record", **TAKE).on("done")
    return drawn.then("wait", "receive", events=[PAID]).on("paid").then("sold", "end")


def begun(house: House, drawn: Flow, quantity: int = 4) -> str:
    house.publish(drawn)
    key = drawn.document()["key"]
    id_ = house.start(key, {"order_no": f"A-{quantity}", "quantity": quantity})
    settle(house)
    return id_


def test_a_cancelled_instance_gives_back_what_it_has_reserved(shop: House) -> None:
    id_ = begun(shop, ordering())
    assert (on_hand(shop), held(shop)) == (6, ["held"])

    shop.cancel(id_)
    settle(shop)

    assert (on_hand(shop), held(shop)) == (10, ["released"])
    assert shop.status(id_) == "cancelled"


def test_undoing_besides_gives_it_back_once(shop: House) -> None:
    drawn = flow("undone").then("take", "record", **TAKE).event("undo", "compensation").on("done")
    drawn = drawn.then("wait", "receive", events=[PAID]).on("paid").then("sold", "end")
    drawn.at("take", "undo").then("back", "record", operation="release", table="stock")
    id_ = begun(shop, drawn)

    shop.cancel(id_, compensate=True)
    settle(shop)

    assert (on_hand(shop), held(shop)) == (10, ["released"])


def test_time_that_is_up_gives_it_back_and_a_later_cancel_nothing_more(shop: House) -> None:
    late = {"id": "late", "kind": "timer", "after": "PT30M"}
    drawn = flow("timed").then("take", "record", **TAKE).on("done")
    drawn = drawn.then("wait", "receive", events=[PAID, late]).on("paid").then("sold", "end")
    drawn.at("wait", "late").then("back", "record", operation="release", of="take.reservation").on(
        "out"
    ).then("ask", "receive", events=[{**PAID, "name": "again"}]).on("paid").then("over", "end")
    id_ = begun(shop, drawn)
    assert isinstance(shop.clock, ManualClock)

    shop.later(s=1_799)
    settle(shop)
    assert on_hand(shop) == 6
    shop.later(s=1)
    settle(shop)
    assert (on_hand(shop), held(shop)) == (10, ["released"])
    shop.cancel(id_)
    settle(shop)

    assert on_hand(shop) == 10


def test_a_time_limit_that_compensates_gives_it_back(shop: House) -> None:
    drawn = flow("limited").then("take", "record", **TAKE).event("undo", "compensation").on("done")
    drawn = drawn.then("wait", "receive", events=[PAID]).event("late", "timer", after="PT30M")
    drawn = drawn.on("paid").then("sold", "end")
    drawn.at("wait", "late").then("undo_all", "compensate").then("over", "end")
    drawn.at("take", "undo").then("back", "record", operation="release", table="stock")
    id_ = begun(shop, drawn)

    shop.later(s=1_800)
    settle(shop)

    assert (on_hand(shop), held(shop), shop.status(id_)) == (10, ["released"], "completed")


def test_a_sub_flow_that_is_cancelled_with_its_caller_gives_it_back(shop: House) -> None:
    shop.publish(ordering())
    given = [{"name": name, "value": name} for name in ("order_no", "quantity")]
    caller = (
        flow("caller").then("call", "subflow", flow="ordering", input=given).then("done", "end")
    )
    id_ = begun(shop, caller)
    assert on_hand(shop) == 6

    shop.cancel(id_)
    settle(shop)

    assert (on_hand(shop), held(shop)) == (10, ["released"])


def test_what_is_sold_or_no_reservation_stays_as_it_is(shop: House) -> None:
    bare = {name: value for name, value in TAKE.items() if name != "reservations"}
    drawn = flow("bare").then("take", "record", **bare).on("done")
    other = begun(shop, drawn.then("wait", "receive", events=[PAID]).on("paid").then("s", "end"), 1)
    sold = begun(shop, ordering(), 2)

    def sell(connection: Any) -> None:
        table = data_tables.find(connection, "reservations")
        assert table is not None
        key = shop.rows(sa.select(t.records.c.key).where(t.records.c.table_no == table.no))[0].key
        records.write(connection, table, [Item(key, {"state": "sold"}, "update")], Who(), NOON)

    shop.write(sell)
    shop.cancel(other)
    shop.cancel(sold)
    settle(shop)

    assert (on_hand(shop), held(shop)) == (7, ["sold"])


def test_a_worker_that_comes_after_the_cancellation_reserves_nothing(shop: House) -> None:
    shop.publish(ordering())
    id_ = shop.start("ordering", {"order_no": "A-1", "quantity": 4})
    drain.drain_all(shop.workspace)
    (claim,) = shop.write(lambda c: jobs.jobs.claim(c, "slow", 10, shop.now_ms))

    shop.cancel(id_)
    drain.drain_all(shop.workspace)
    jobs.finish(shop.workspace, jobs.attempt(shop.workspace, lambda one: Working(shop, one), claim))
    settle(shop)

    assert (on_hand(shop), shop.status(id_)) == (10, "cancelled")


def test_a_worker_that_is_cancelled_between_its_doing_and_its_telling_leaves_nothing(
    shop: House,
) -> None:
    shop.publish(ordering())
    id_ = shop.start("ordering", {"order_no": "A-1", "quantity": 4})
    drain.drain_all(shop.workspace)
    (claim,) = shop.write(lambda c: jobs.jobs.claim(c, "slow", 10, shop.now_ms))
    result = jobs.attempt(shop.workspace, lambda one: Working(shop, one), claim)
    assert on_hand(shop) == 6

    shop.cancel(id_)
    drain.drain_all(shop.workspace)
    assert on_hand(shop) == 10
    jobs.finish(shop.workspace, result)
    settle(shop)

    assert (on_hand(shop), held(shop)) == (10, ["released"])
