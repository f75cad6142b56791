"""Events attached to steps that workers and sub-flows do, and a join that waits in vain, in a real store."""

import pytest
import sqlalchemy as sa

from headrace.engine.service import messages, operations
from headrace.engine.store import tables as t
from headrace.engine.work import timers
from tests.builder import Flow, flow
from tests.fakes import ANN, House, ScriptedWorld, claim_jobs, run_claim, settle


def tell(house: House, name: str, kind: str = "message") -> None:
    messages.publish(house.workspace, house.actor(ANN), name, kind=kind)  # type: ignore[arg-type]
    settle(house)


def test_events_at_a_sub_flow_send_a_token_or_end_it_with_its_child(house: House) -> None:
    house.publish(flow("one").then("ask", "approval").then("end", "end"))
    drawing = flow("many").then("sub", "subflow", flow="one")
    drawing.event("note", "signal", name="note", interrupting=False)
    drawing.event("stop", "message", name="stop").then("done", "end")
    drawing.at("sub", "note").then("seen", "set_values", values={"seen": "true"}).then("e", "end")
    drawing.at("sub", "stop").then("gone", "end", result="stopped")
    id_ = house.start(house.publish(drawing))
    settle(house)

    tell(house, "note", "signal")
    tell(house, "note", "signal")
    assert house.waiting(id_) == ["sub"]
    tell(house, "stop")

    assert house.detail(id_)["result"] == "stopped"
    assert house.rows(sa.select(t.instances.c.status).where(t.instances.c.parent_id == id_)) == [
        ("cancelled",)
    ]
    assert house.rows(sa.select(t.subscriptions.c.id)) == []
    assert house.todo(ANN) == []


def test_a_call_that_takes_too_long_is_left_and_undone_when_it_succeeds_late(house: House) -> None:
    drawing = flow("slow").then("pay", "connector").event("late", "timer", after="PT1M")
    drawing.event("undo", "compensation").then("paid", "end")
    drawing.at("pay", "late").then("gave_up", "end", result="late")
    drawing.at("pay", "undo").then("refund", "connector", path="/refund")
    id_ = house.start(house.publish(drawing))
    (claim,) = claim_jobs(house)
    house.later(s=61)
    timers.fire_due(house.workspace)
    assert house.detail(id_)["result"] == "late"

    world = ScriptedWorld()
    run_claim(house, claim, world)
    assert house.status(id_) == "compensating"
    settle(house, world)

    assert [path for _, path, _ in world.calls] == ["/pay", "/refund"]
    assert (house.status(id_), house.detail(id_)["result"]) == ("completed", "late")


def _starved() -> Flow:
    """fork → a, b; b → ask: approved goes to the join, rejected to an end."""
    drawing = flow("starved").then("fork", "split").then("meet", "join").then("done", "end")
    drawing.at("fork").then("ask", "approval").to("meet")
    return drawing.at("ask", "rejected").then("no", "end")


@pytest.mark.parametrize("way", ["fire anyway", "inject", "cancel"])
def test_a_join_that_waits_in_vain_names_its_edge_and_has_three_ways_out(
    house: House, way: str
) -> None:
    drawing = _starved()
    (missing,) = (
        edge["id"] for edge in drawing.edges if edge["from"] == "ask" and edge["to"] == "meet"
    )
    id_ = house.start(house.publish(drawing))
    settle(house)
    house.decide(ANN, "rejected")
    settle(house)
    (incident,) = house.incidents(id_)
    assert incident["code"] == "join_stuck"
    assert missing in incident["message"]

    if way == "fire anyway":
        house.skip(id_)
    elif way == "inject":
        operations.inject(house.workspace, house.actor(ANN), id_, "ask")
        settle(house)
        house.decide(ANN, "approved")
    else:
        house.cancel(id_)
    settle(house)

    assert house.status(id_) == ("cancelled" if way == "cancel" else "completed")
    assert house.incidents(id_) == []
