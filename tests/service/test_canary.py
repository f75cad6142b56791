"""Canaries: who gets which version, what is compared, and what is taken back by itself."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.engine.errors import Conflict, NotFound, ValidationFailed, VersionDamaged
from headrace.engine.flow.routing import Route, Rule, choose, point
from headrace.engine.service import canary
from headrace.engine.service.workspace import FRESH_MS
from headrace.engine.store import tables as t
from tests.builder import Flow, flow
from tests.fakes import ANN, BOB, House, ScriptedWorld, settle

GUARD = {"instances": 4, "rate": 20, "factor": 2}


def orders(result: str, **settings: Any) -> Flow:
    return flow("orders", **settings).then("done", "end", result=result)


def pays(path: str = "/pay") -> Flow:
    return flow("orders", business_key="no").then("pay", "connector", path=path).then("done", "end")


def two_versions(house: House, *drawings: Flow) -> None:
    """Version 1 in force, version 2 beside it."""
    first, second = drawings or (orders("old"), orders("new"))
    house.publish(first)
    house.publish(second)
    canary.activate(house.workspace, house.actor(ANN), "orders", 1)


def begin(house: House, *rules: dict[str, Any], guard: Any = None) -> dict[str, Any]:
    return canary.begin(house.workspace, house.actor(BOB), "orders", rules=list(rules), guard=guard)


def version_of(house: House, id_: str) -> int:
    (row,) = house.rows(sa.select(t.instances.c.version).where(t.instances.c.id == id_))
    return int(row.version)


def run(house: House, count: int, world: ScriptedWorld | None = None, first: int = 0) -> list[int]:
    """Start so many orders and work them off; answers their versions."""
    found = [house.start("orders", {"no": f"A-{first + n}"}) for n in range(count)]
    settle(house, world)
    return [version_of(house, id_) for id_ in found]


# --- choosing ----------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=40)
@given(weight=st.floats(0.5, 100), seed=st.integers(0, 10**6))
def test_a_weight_gets_its_share_of_the_keys(weight: float, seed: int) -> None:
    route = Route("r", "orders", 1, (Rule(2, weight=weight),))
    count = 4_000

    got = sum(choose(route, {}, f"{seed}-{n}") == 2 for n in range(count))

    # Five standard deviations of a binomial: a fair hash misses this once in a million.
    share = weight / 100
    assert abs(got - count * share) <= 5 * (count * share * (1 - share)) ** 0.5 + 1


@given(key=st.text(max_size=30), low=st.floats(0.1, 50), more=st.floats(0, 50))
def test_raising_a_weight_moves_nobody_back(key: str, low: float, more: float) -> None:
    def version(weight: float) -> int:
        return choose(Route("r", "orders", 1, (Rule(2, weight=weight),)), {}, key)

    assert not (version(low) == 2 and version(low + more) == 1)


def test_two_weights_take_from_one_another_nothing_but_the_order() -> None:
    route = Route("r", "orders", 1, (Rule(2, weight=50), Rule(3, weight=50)))

    got = Counter(choose(route, {}, str(n)) for n in range(4_000))

    assert abs(got[2] - 2_000) < 200
    assert abs(got[3] - 1_000) < 200
    assert 0 <= point("orders", 2, "x") < 100


def test_the_first_rule_that_fits_decides() -> None:
    big = {"expression": "amount > 100"}
    route = Route("r", "orders", 1, (Rule(2, {"expression": "shop == 'S1'"}), Rule(3, big)))

    assert choose(route, {"shop": "S1", "amount": 500}, "k") == 2
    assert choose(route, {"shop": "S2", "amount": 500}, "k") == 3
    assert choose(route, {"shop": "S2", "amount": 5}, "k") == 1


def test_a_condition_that_cannot_be_answered_decides_nothing() -> None:
    route = Route("r", "orders", 1, (Rule(2, {"expression": "amount > 100"}),))

    assert choose(route, {"amount": "many"}, "k") == 1
    assert choose(route, {}, "k") == 1


# --- starting ----------------------------------------------------------------------------------------


def test_a_rule_sends_by_what_came(house: House) -> None:
    two_versions(house)
    rule = {"combinator": "and", "rules": [{"field": "shop", "operator": "=", "value": "S1"}]}
    begin(house, {"version": 2, "when": rule})

    assert version_of(house, house.start("orders", {"shop": "S1"})) == 2
    assert version_of(house, house.start("orders", {"shop": "S2"})) == 1


def test_the_same_business_key_gets_the_same_version_in_another_process(house: House) -> None:
    two_versions(house, orders("old", business_key="no"), orders("new", business_key="no"))
    begin(house, {"version": 2, "weight": 50})

    first = run(house, 30)
    again = house.again()
    try:
        second = run(again, 30)
    finally:
        again.close()

    assert first == second
    assert set(first) == {1, 2}


def test_without_any_key_the_instance_decides(cabin: House) -> None:
    two_versions(cabin)
    begin(cabin, {"version": 2, "weight": 50})

    found = [cabin.start("orders") for _ in range(60)]

    assert {version_of(cabin, id_) for id_ in found} == {1, 2}
    for id_ in found:
        assert version_of(cabin, id_) == (2 if point("orders", 2, id_) < 50 else 1)


def test_a_sub_flow_is_routed_when_it_starts(house: House) -> None:
    two_versions(house)
    house.publish(flow("parent").then("sub", "subflow", flow="orders").then("done", "end"))
    begin(house, {"version": 2, "weight": 100})

    id_ = house.start("parent")
    settle(house)

    (child,) = house.rows(sa.select(t.instances.c.version).where(t.instances.c.parent_id == id_))
    assert child.version == 2


def test_a_start_that_the_canary_cannot_take_is_not_lost(cabin: House) -> None:
    strict = orders("new").document()
    strict["input"] = {"type": "object", "properties": {}, "required": ["shop"]}
    cabin.publish(orders("old"))
    cabin.publish(strict)
    canary.activate(cabin.workspace, cabin.actor(ANN), "orders", 1)
    begin(cabin, {"version": 2, "weight": 100})

    assert version_of(cabin, cabin.start("orders", {})) == 1
    assert version_of(cabin, cabin.start("orders", {"shop": "S1"})) == 2


def test_another_process_hears_of_a_canary_within_its_time(cabin: House) -> None:
    two_versions(cabin)
    cabin.start("orders")
    other = House(cabin.url, clock=cabin.clock, furnish=False)
    try:
        canary.begin(
            other.workspace, other.actor(ANN), "orders", rules=[{"version": 2, "weight": 100}]
        )
        cabin.later(ms=FRESH_MS + 1)
        assert version_of(cabin, cabin.start("orders")) == 2
    finally:
        other.close()


# --- comparing and taking back -------------------------------------------------------------------------


def test_both_arms_are_compared_from_the_starts_under_the_canary(house: House) -> None:
    two_versions(house, pays(), pays("/new"))
    run(house, 5, ScriptedWorld(400))
    begin(house, {"version": 2, "weight": 50})

    versions = run(house, 12, first=100)

    base, new = canary.compare(house.workspace, house.actor(ANN), "orders")["versions"]
    assert (base["version"], new["version"]) == (1, 2)
    assert (base["started"], new["started"]) == (versions.count(1), versions.count(2))
    assert base["failed"] == new["failed"] == 0
    assert new["ended"] == new["started"] > 0
    assert new["p50_ms"] == 0


def test_latency_is_the_nearest_rank() -> None:
    class Ended:
        status, failed, started_at = "completed", False, 0

        def __init__(self, ended_at: int) -> None:
            self.ended_at = ended_at

    told = canary.summed_up(1, [Ended(n) for n in range(1, 101)], sampled=False)

    assert (told["p50_ms"], told["p95_ms"]) == (50, 95)


def test_a_canary_that_fails_more_is_taken_back_once_and_told(house: House) -> None:
    two_versions(house, pays(), pays("/new"))
    begin(house, {"version": 2, "when": {"expression": "bad"}}, guard=GUARD)
    for n in range(4):
        house.start("orders", {"no": f"good-{n}", "bad": False})
    settle(house)
    for n in range(3):
        house.start("orders", {"no": f"bad-{n}", "bad": True})
    settle(house, ScriptedWorld(400, 400, 400))
    assert canary.check_canaries(house.workspace) == 0  # three are too few to judge by

    house.start("orders", {"no": "bad-4", "bad": True})
    settle(house, ScriptedWorld(400))

    assert canary.check_canaries(house.workspace) == 1
    assert canary.check_canaries(house.workspace) == 0
    assert version_of(house, house.start("orders", {"no": "next", "bad": True})) == 1
    (past,) = canary.listing(house.workspace, house.actor(ANN), "orders")["items"]
    assert (past["status"], past["ended_by"]) == ("rolled_back", "engine")
    (told,) = house.rows(sa.select(t.notifications).where(t.notifications.c.user_id == BOB))
    assert "orders" in told.title
    noted = [row.action for row in house.rows(sa.select(t.audit).order_by(t.audit.c.id))]
    assert noted == ["flows.activate", "flows.canary_begin", "flows.canary_end"]


@pytest.mark.parametrize(
    ("failed", "baseline", "expected"),
    [
        ((20, 100), (0, 100), False),  # exactly the rate is allowed
        ((21, 100), (0, 100), True),
        ((21, 100), (11, 100), False),  # the version in force is hardly better
        ((23, 100), (11, 100), True),
        ((3, 3), (0, 100), False),  # too few
        ((100, 100), (0, 0), True),  # nothing to compare with
    ],
)
def test_the_threshold(
    failed: tuple[int, int], baseline: tuple[int, int], *, expected: bool
) -> None:
    arms = [{"failed": f, "started": n} for f, n in (failed, baseline)]

    assert canary.too_bad(GUARD, *arms) is expected


def test_a_canary_without_guard_is_never_taken_back(cabin: House) -> None:
    two_versions(cabin, pays(), pays("/new"))
    begin(cabin, {"version": 2, "weight": 100})
    run(cabin, 6, ScriptedWorld(*[400] * 6))

    assert canary.check_canaries(cabin.workspace) == 0


# --- rolling back and forward ----------------------------------------------------------------------------


def test_rolling_back_and_forward_leaves_running_instances_where_they_are(house: House) -> None:
    asks = (
        flow("orders").then("ask", "approval").then("done", "end").at("ask", "rejected").to("done")
    )
    two_versions(house, asks, orders("new"))
    old = house.start("orders")

    canary.activate(house.workspace, house.actor(ANN), "orders", 2)

    assert version_of(house, house.start("orders")) == 2
    assert version_of(house, old) == 1
    canary.activate(house.workspace, house.actor(ANN), "orders", 1)
    assert version_of(house, house.start("orders")) == 1


def test_promoting_ends_the_canary(house: House) -> None:
    two_versions(house)
    begin(house, {"version": 2, "weight": 1})

    told = canary.end(house.workspace, house.actor(ANN), "orders", version=2, reason="it is good")

    assert told == {"published_version": 2, "running": None}
    (past,) = canary.listing(house.workspace, house.actor(ANN), "orders")["items"]
    assert (past["status"], past["reason"]) == ("promoted", "it is good")
    with pytest.raises(Conflict):
        canary.end(house.workspace, house.actor(ANN), "orders")


def test_a_schedule_follows_the_version_in_force(cabin: House) -> None:
    cabin.publish(flow("orders", start="schedule", cron="0 * * * *").then("done", "end"))
    cabin.publish(orders("by hand"))
    canary.activate(cabin.workspace, cabin.actor(ANN), "orders", 1)

    (row,) = cabin.rows(sa.select(t.schedules.c.cron))
    assert row.cron == "0 * * * *"
    canary.activate(cabin.workspace, cabin.actor(ANN), "orders", 2)
    assert cabin.rows(sa.select(t.schedules.c.cron)) == []


def test_a_retired_version_never_comes_in_force_again(house: House) -> None:
    two_versions(house)
    canary.set_status(house.workspace, house.actor(ANN), "orders", 2, "retired")

    with pytest.raises(ValidationFailed):
        canary.activate(house.workspace, house.actor(ANN), "orders", 2)
    with pytest.raises(ValidationFailed):
        begin(house, {"version": 2, "weight": 5})
    with pytest.raises(Conflict):
        canary.set_status(house.workspace, house.actor(ANN), "orders", 1, "retired")


def test_a_canary_needs_another_version_that_is_there(cabin: House) -> None:
    two_versions(cabin)

    for rule, error in (
        ({"version": 1, "weight": 5}, ValidationFailed),
        ({"version": 3, "weight": 5}, NotFound),
        ({"version": 2}, ValidationFailed),
        ({"version": 2, "when": {"expression": "1 +"}}, ValidationFailed),
    ):
        with pytest.raises(error):
            begin(cabin, rule)
    with pytest.raises(Conflict):
        canary.activate(cabin.workspace, cabin.actor(ANN), "orders", 1)


# --- never changed -----------------------------------------------------------------------------------------


def test_a_version_changed_in_the_database_is_refused(house: House) -> None:
    house.publish(orders("old"))
    text = sa.func.replace(t.flow_versions.c.document, "old", "odd")
    house.write(
        lambda connection: connection.execute(t.flow_versions.update().values(document=text))
    )

    with pytest.raises(VersionDamaged) as raised:
        house.start("orders")

    assert "version 1 of flow orders" in str(raised.value)
    assert house.rows(sa.select(t.instances.c.id)) == []


def test_a_canary_costs_a_start_no_query(house: House) -> None:
    two_versions(house)
    seen: list[str] = []

    def statements() -> int:
        house.start("orders", {"n": 1})  # what is kept in memory is there now
        seen.clear()
        house.start("orders", {"n": 1})
        return len(seen)

    sa.event.listen(
        house.workspace.database, "before_cursor_execute", lambda *told: seen.append(str(told[2]))
    )
    without = statements()
    begin(house, {"version": 2, "when": {"expression": "n == 1"}})

    assert statements() == without
    assert version_of(house, house.start("orders", {"n": 1})) == 2


def test_a_pinned_sub_flow_takes_no_part_in_a_canary(house: House) -> None:
    two_versions(house)
    house.publish(
        flow("parent").then("sub", "subflow", flow="orders", version=1).then("done", "end")
    )
    begin(house, {"version": 2, "weight": 100})

    id_ = house.start("parent")
    settle(house)

    (child,) = house.rows(sa.select(t.instances.c.version).where(t.instances.c.parent_id == id_))
    assert child.version == 1
