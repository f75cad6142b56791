"""Heat maps: what many instances together say of a drawing, counted once each, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.errors import Forbidden, NotFound
from headrace.engine.run import heat as pure
from headrace.engine.service import heat
from headrace.engine.service.actor import EVERYTHING, Actor
from tests.builder import flow
from tests.fakes import ANN, BOB, NOON, House, ScriptedWorld, settle

HOUR_S = 3_600


def refunds() -> Any:
    return (
        flow("refunds").then("ask", "approval").then("pay", "connector").then("done", "end")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip


def count(house: House) -> dict[str, Any]:
    """As the screen does it: until nothing is left."""
    total = 0
    while True:
        found = heat.count(house.workspace, house.actor(ANN), "refunds")
        total += found["counted"]
        if not found["counted"]:
            return {**found, "counted": total}


def look(house: House, **more: Any) -> dict[str, Any]:
    return heat.look(house.workspace, house.actor(ANN), "refunds", **more)


def node(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["nodes"] if one["node"] == name)


def decided(house: House, hours: int, decision: str = "approved") -> str:
    """One that waits so long for Bob."""
    id_ = house.start("refunds")
    house.later(s=hours * HOUR_S)
    house.decide(BOB, decision)
    settle(house, ScriptedWorld(200))
    return id_


def test_where_they_wait_is_counted_from_those_that_have_ended(house: House) -> None:
    house.publish(refunds())
    for hours in (1, 1, 1, 10):
        decided(house, hours)
    refused = decided(house, 2, "rejected")
    house.later(s=60)

    assert look(house)["behind"] == 5
    assert count(house) == {"counted": 5, "behind": 0}
    found = look(house)

    assert found["instances"]["visits"] == 5
    ask = node(found, "ask")
    assert (ask["visits"], ask["max_ms"]) == (5, 10 * HOUR_S * 1_000)
    assert ask["median_ms"] == pytest.approx(HOUR_S * 1_000, rel=0.06)
    assert ask["p95_ms"] == pytest.approx(10 * HOUR_S * 1_000, rel=0.06)
    assert ask["total_ms"] == 15 * HOUR_S * 1_000
    assert node(found, "pay")["visits"] == 4
    edges = {edge["id"]: (edge["from"], edge["port"]) for edge in found["document"]["edges"]}
    taken = {edges[edge]: times for edge, times in found["edges"].items()}
    assert taken["ask", "approved"] == 4
    assert taken["ask", "rejected"] == 1
    slow = heat.listing(house.workspace, house.actor(ANN), "refunds", "ask", kind="slow")["items"]
    assert [one["ms"] // 3_600_000 for one in slow] == [10, 2, 1, 1, 1]
    assert slow[1]["id"] == refused


def test_each_is_counted_once_however_often_one_looks_and_late_ones_when_they_end(
    house: House,
) -> None:
    house.publish(refunds())
    open_ = house.start("refunds")
    house.later(s=60)
    assert count(house)["counted"] == 1  # looked at, and put aside
    assert look(house)["instances"]["visits"] == 0
    assert (look(house)["open"], node(look(house), "ask")["waiting"]) == (1, 1)

    house.decide(BOB)
    settle(house, ScriptedWorld(200))
    assert house.status(open_) == "completed"
    for _ in range(3):
        count(house)

    assert look(house)["instances"]["visits"] == 1
    assert node(look(house), "ask")["visits"] == 1
    assert node(look(house), "ask")["waiting"] == 0


def test_failures_have_a_list_behind_them(house: House) -> None:
    house.publish(refunds())
    id_ = house.start("refunds")
    house.decide(BOB)
    settle(house, ScriptedWorld(400))
    house.later(s=60)
    assert node(look(house), "pay")["incidents"] == 1  # open: seen at once
    house.retry(id_)
    settle(house, ScriptedWorld(200))
    count(house)

    found = look(house)

    assert (node(found, "pay")["failed"], node(found, "pay")["incidents"]) == (1, 0)
    assert found["instances"]["failed"] == 1
    failed = heat.listing(house.workspace, house.actor(ANN), "refunds", "pay", kind="failed")
    assert [one["id"] for one in failed["items"]] == [id_]


def test_periods_and_versions_are_kept_apart(house: House) -> None:
    house.publish(refunds())
    decided(house, 1)
    house.later(s=3 * 24 * HOUR_S)
    house.publish(refunds())
    decided(house, 2)
    house.later(s=60)
    count(house)

    assert look(house)["instances"]["visits"] == 2
    assert look(house, version=1)["instances"]["visits"] == 1
    late = look(house, from_ms=NOON + 2 * 24 * HOUR_S * 1_000)
    assert late["instances"]["visits"] == 1
    assert node(late, "ask")["total_ms"] == 2 * HOUR_S * 1_000
    assert look(house, to_ms=NOON)["instances"]["visits"] == 1
    with pytest.raises(NotFound):
        look(house, version=9)


def test_what_somebody_else_counted_meanwhile_is_not_counted_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.publish(refunds())
    decided(house, 1)
    house.later(s=60)
    gathered = heat._gathered
    again = [True]

    def slowly(*told: Any) -> Any:
        found = gathered(*told)
        if again:  # another process counts while we have read and not yet written
            again.clear()
            count(house)
        return found

    monkeypatch.setattr(heat, "_gathered", slowly)
    count(house)

    assert look(house)["instances"]["visits"] == 1


def test_who_may_not_see_instances_sees_no_map(house: House) -> None:
    house.publish(refunds())
    stranger = Actor(ANN, "Ann", (), EVERYTHING - {"instances:read"})
    for ask in (heat.look, heat.count):
        with pytest.raises(Forbidden):
            ask(house.workspace, stranger, "refunds")
    with pytest.raises(Forbidden):
        heat.listing(house.workspace, stranger, "refunds", "ask", kind="slow")
    with pytest.raises(NotFound):
        heat.count(house.workspace, house.actor(ANN), "nothing")


@pytest.mark.parametrize("ms", [0, 1, 7, 1_000, 59_999, 3_600_000, 86_400_000 * 400])
def test_a_bucket_is_right_to_five_percent(ms: int) -> None:
    assert pure.length(pure.bucket(ms)) == pytest.approx(ms, rel=0.06, abs=1)


def test_the_median_of_many_is_that_of_the_list() -> None:
    lengths = [ms * 997 for ms in range(1, 1_000)]
    buckets: dict[str, int] = {}
    for ms in lengths:
        name = str(pure.bucket(ms))
        buckets[name] = buckets.get(name, 0) + 1
    assert pure.quantile(buckets, 0.5) == pytest.approx(lengths[499], rel=0.06)
    assert pure.quantile(buckets, 0.95) == pytest.approx(lengths[949], rel=0.06)
    assert pure.quantile({}, 0.5) is None


def test_a_join_waits_from_its_first_token_on() -> None:
    told = pure.Told()
    told.take(1_000, [["TokenMarked", "e1", "meet"]])
    told.take(4_000, [["TokenMarked", "e2", "meet"], ["JoinFired", 7, "meet", ["e1"], ["e3"]]])
    assert told.visits == [("meet", 3_000)]
    assert told.edges == {"e3": 1}
