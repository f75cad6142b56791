"""What an operator does to one instance: suspend, resume, tokens, back to an earlier step, urgency; and time travel."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Conflict, Forbidden, NotFound, Suspended, ValidationFailed
from headrace.engine.run import events as e
from headrace.engine.run.apply import replay
from headrace.engine.run.state import to_json
from headrace.engine.service import audit, instances, messages, operations, rules, travel
from headrace.engine.service.actor import Actor
from headrace.engine.store import inbox, jobs
from headrace.engine.store import instances as instance_rows
from headrace.engine.store import tables as t
from headrace.engine.work import jobs as work_jobs
from tests.builder import flow
from tests.fakes import ANN, BOB, House, ScriptedWorld, claim_jobs, settle, unlike_history


def asks(key: str = "asks") -> Any:
    return (
        flow(key)
        .then("note", "set_values", values={"n": "default(n, 0) + 1"})
        .then("ask", "approval")
        .then("check", "approval", title="Check")
        .then("done", "end", output={"n": "n"})
    )


def waits(key: str = "waits") -> Any:
    return flow(key).then("wait", "timer", duration="PT1H").then("done", "end")


def parent() -> Any:
    return flow("parent").then("sub", "subflow", flow="child").then("done", "end")


def suspend(house: House, id_: str, **more: Any) -> dict[str, Any]:
    return operations.suspend(house.workspace, house.actor(ANN), id_, **more)


def resume(house: House, id_: str) -> dict[str, Any]:
    return operations.resume(house.workspace, house.actor(ANN), id_)


# --- suspend ---------------------------------------------------------------------------------------


def test_a_vote_on_a_suspended_instance_is_refused_and_says_why(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    assert suspend(house, id_, reason="audit") == {"id": id_, "status": "suspended"}

    with pytest.raises(Suspended) as refused:
        house.decide(BOB)
    assert (refused.value.code, refused.value.status) == ("suspended", 409)

    resume(house, id_)
    house.decide(BOB)
    assert house.waiting(id_) == ["check"]


def test_what_comes_meanwhile_is_applied_at_the_resume(house: House) -> None:
    house.publish(flow("pays").then("pay", "connector").then("done", "end"))
    id_ = house.start("pays")
    world = ScriptedWorld(200)
    world.during = lambda: suspend(house, id_) and None

    settle(house, world)
    assert house.status(id_) == "suspended"
    resume(house, id_)
    settle(house, world)

    assert house.status(id_) == "completed"
    assert len(world.keys) == 1


def test_what_has_come_meanwhile_is_listed_until_it_is_applied(house: House) -> None:
    event = {"id": "came", "kind": "message", "name": "paid", "key": "order_no"}
    house.publish(
        flow("f").then("fork", "split").then("pay", "connector").then("paid", "end")
        .at("fork").then("listen", "receive", events=[event]).on("came").then("done", "end")
        .at("fork").then("wait", "timer", duration="PT1H").then("over", "end")
    )  # fmt: skip
    id_ = house.start("f", {"order_no": "A"})
    (claim,) = claim_jobs(house)
    suspend(house, id_)
    world = ScriptedWorld()
    world.house = house
    work_jobs.finish(house.workspace, work_jobs.attempt(house.workspace, lambda _: world, claim))
    messages.publish(house.workspace, house.actor(ANN), "paid", key="A", payload=5)
    house.later(s=3_600)
    settle(house)

    def came(**more: Any) -> dict[str, Any]:
        return operations.resting(house.workspace, house.actor(ANN), id_, **more)

    first = came(limit=2)
    assert [row["kind"] for row in first["items"]] == ["job", "message"]
    rest = came(limit=2, cursor=first["next_cursor"])
    assert ([row["kind"] for row in rest["items"]], rest["next_cursor"]) == (["timer"], None)
    at = {step["step"]: step["node"] for step in house.detail(id_)["steps"]}
    assert [at[row["step"]] for row in came()["items"]] == ["pay", "listen", "wait"]
    with pytest.raises(Forbidden):
        operations.resting(house.workspace, Actor("usr_x", "X", (), frozenset()), id_)

    resume(house, id_)
    settle(house, world)
    assert (house.status(id_), came()["items"]) == ("completed", [])


@pytest.mark.parametrize(
    ("timers", "after_s", "status"),
    [("keep", 1, "completed"), ("shift", 1, "waiting"), ("shift", 3_600, "completed")],
)
def test_timers_go_on_or_stand_still(timers: Any, after_s: int, status: str, house: House) -> None:
    house.publish(waits())
    id_ = house.start("waits")

    suspend(house, id_, timers=timers)
    house.later(s=7_200)
    settle(house)
    assert house.status(id_) == "suspended"
    resume(house, id_)
    house.later(s=after_s)
    settle(house)

    assert house.status(id_) == status


def test_sub_flows_are_suspended_and_resumed_with_it(house: House) -> None:
    house.publish(asks("child"))
    house.publish(parent())
    id_ = house.start("parent")
    settle(house)
    (child,) = house.detail(id_)["children"]

    suspend(house, id_)
    settle(house)
    assert house.status(child["id"]) == "suspended"
    resume(house, id_)
    settle(house)

    assert (house.status(id_), house.status(child["id"])) == ("waiting", "waiting")


def test_a_suspended_instance_is_cancelled_with_its_sub_flows(house: House) -> None:
    house.publish(asks("child"))
    house.publish(parent())
    id_ = house.start("parent")
    settle(house)
    (child,) = house.detail(id_)["children"]
    suspend(house, id_)
    settle(house)

    house.cancel(id_)
    settle(house)

    assert (house.status(id_), house.status(child["id"])) == ("cancelled", "cancelled")


def test_a_lost_race_is_told_with_the_state_now(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")

    with pytest.raises(Conflict) as early:
        resume(house, id_)
    suspend(house, id_)
    with pytest.raises(Conflict) as twice:
        suspend(house, id_)
    house.cancel(id_)
    with pytest.raises(Conflict) as late:
        resume(house, id_)

    found = [one.value.params["current"]["status"] for one in (early, twice, late)]
    assert found == ["waiting", "suspended", "cancelled"]


# --- tokens ----------------------------------------------------------------------------------------


def test_a_token_is_moved_to_another_node(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    (step,) = (s["step"] for s in house.detail(id_)["steps"] if s["ended_at"] is None)

    operations.move(house.workspace, house.actor(ANN), id_, step, "check", reason="Bob is ill")

    assert house.waiting(id_) == ["check"]
    assert len(house.todo(BOB)) == 1
    with pytest.raises(Conflict) as gone:
        operations.move(house.workspace, house.actor(ANN), id_, step, "ask")
    assert len(gone.value.params["current"]["steps"]) == 1


def test_a_token_is_injected(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")

    operations.inject(house.workspace, house.actor(ANN), id_, "check", variables={"extra": 1})

    assert house.waiting(id_) == ["ask", "check"]
    assert house.detail(id_)["variables"]["extra"] == 1


@pytest.mark.parametrize("node", ["nowhere", "start"])
def test_a_token_goes_only_where_one_can(node: str, cabin: House) -> None:
    cabin.publish(asks())
    id_ = cabin.start("asks")

    with pytest.raises(ValidationFailed):
        operations.inject(cabin.workspace, cabin.actor(ANN), id_, node)


def steps(house: House, id_: str, node: str) -> list[int]:
    return [step["step"] for step in house.detail(id_)["steps"] if step["node"] == node]


@pytest.mark.parametrize(("variables", "n"), [("now", 2), ("then", 1)])
def test_one_goes_back_to_an_earlier_step(variables: Any, n: int, house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    house.decide(BOB)
    (note,) = steps(house, id_, "note")

    operations.rewind(house.workspace, house.actor(ANN), id_, step=note, variables=variables)

    assert house.waiting(id_) == ["ask"]
    assert house.detail(id_)["variables"]["n"] == n
    house.decide(BOB)
    house.decide(BOB)
    assert house.detail(id_)["output"] == {"n": n}


def test_variables_are_changed_on_the_way_back(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    (note,) = steps(house, id_, "note")

    operations.rewind(house.workspace, house.actor(ANN), id_, step=note, change={"n": 40})

    assert house.detail(id_)["variables"]["n"] == 41


def test_who_has_an_incident_goes_back_too(house: House) -> None:
    house.publish(flow("pays").then("ask", "approval").then("pay", "connector").then("done", "end"))
    id_ = house.start("pays")
    house.decide(BOB)
    settle(house, ScriptedWorld(400))
    (ask,) = steps(house, id_, "ask")

    operations.rewind(house.workspace, house.actor(ANN), id_, step=ask)

    assert house.waiting(id_) == ["ask"]
    assert house.incidents(id_) == []


def test_a_step_that_never_was_is_not_found(cabin: House) -> None:
    cabin.publish(asks())
    id_ = cabin.start("asks")

    with pytest.raises(NotFound):
        operations.rewind(cabin.workspace, cabin.actor(ANN), id_, step=99)


def test_what_is_done_by_hand_is_in_the_audit(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    suspend(house, id_, reason="look")
    resume(house, id_)
    operations.inject(house.workspace, house.actor(ANN), id_, "check", reason="one more")
    operations.set_priority(house.workspace, house.actor(ANN), id_, 3)
    house.cancel(id_)

    told = audit.listing(house.workspace, house.actor(ANN), subject=id_)["items"]

    done = [entry["action"].removeprefix("instances.") for entry in told]
    assert done == ["cancel", "priority", "inject", "resume", "suspend"]
    assert told[2]["params"] == {"node": "check", "reason": "one more"}


def test_only_an_operator_operates(cabin: House) -> None:
    cabin.publish(asks())
    id_ = cabin.start("asks")
    eve = Actor("usr_eve", "Eve", (), frozenset({"instances:read"}))
    workspace = cabin.workspace

    for do in (
        lambda: operations.suspend(workspace, eve, id_),
        lambda: operations.resume(workspace, eve, id_),
        lambda: operations.inject(workspace, eve, id_, "ask"),
        lambda: operations.move(workspace, eve, id_, 2, "ask"),
        lambda: operations.rewind(workspace, eve, id_, step=2),
        lambda: operations.set_priority(workspace, eve, id_, 2),
        lambda: instances.cancel(workspace, eve, id_, ""),
    ):
        with pytest.raises(Forbidden):
            do()


# --- time travel -----------------------------------------------------------------------------------


def at(house: House, id_: str, seq: int) -> dict[str, Any]:
    return travel.at(house.workspace, house.actor(ANN), id_, seq)


def test_every_moment_can_be_visited(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    house.decide(BOB)
    house.decide(BOB)
    last = house.detail(id_)["seq"]

    moments = [at(house, id_, seq) for seq in range(1, last + 1)]

    assert [moment["seq"] for moment in moments] == list(range(1, last + 1))
    assert [moment["event"]["type"] for moment in moments] == [
        type(event).__name__ for event in house.events(id_)
    ]
    assert (moments[0]["status"], moments[-1]["status"]) == ("running", "completed")
    waiting = next(m for m in moments if m["event"]["type"] == "TaskOpened")
    assert waiting["tokens"] == [{"kind": "step", "step": 3, "node": "ask", "waits_for": "task"}]
    for wrong in (0, last + 1):
        with pytest.raises(NotFound):
            at(house, id_, wrong)


def looping(house: House, rounds: int) -> str:
    """A flow that asks again and again: every vote is an advance, with a chunk of its own."""
    house.publish(
        flow("loops")
        .then("count", "set_values", values={"n": "default(n, 0) + 1"})
        .then("ask", "approval")
        .to("count")
        .at("ask", "rejected")
        .then("done", "end")
    )
    id_ = house.start("loops")
    for _ in range(rounds):
        house.later(ms=10)
        house.decide(BOB)
    return id_


def test_a_long_story_is_told_from_the_nearest_snapshot(house: House) -> None:
    id_ = looping(house, 160)
    facts = house.events(id_)
    chunks = house.rows(sa.select(t.snapshots.c.chunk).where(t.snapshots.c.instance_id == id_))
    assert [row.chunk for row in chunks] == [50, 100, 150]

    for seq in (1, 2, 200, 203, 500, len(facts)):
        found = at(house, id_, seq)
        slow = replay(id_, "loops", 1, facts[:seq])
        assert found["variables"] == slow.variables
        assert [step["id"] for step in found["steps"]] == list(slow.steps)
    with house.workspace.read() as connection:
        assert unlike_history(connection) == []
        row = instance_rows.find(connection, id_)
        assert row is not None
        kept = instance_rows.load_one(connection, row)
    assert to_json(kept)["seq"] == len(facts)


def test_the_page_of_a_long_instance_is_its_last_part_and_the_rest_follows(house: House) -> None:
    id_ = looping(house, 160)
    ann = house.actor(ANN)

    page = house.detail(id_)
    seen = {step["step"]: step for step in page["steps"]}
    cursor = page["steps_cursor"]
    pages = 1
    while cursor:
        part = instances.steps(house.workspace, ann, id_, cursor)
        seen = {**{step["step"]: step for step in part["items"]}, **seen}
        cursor = part["next_cursor"]
        pages += 1

    assert pages == 2
    assert sorted(seen) == list(range(1, 2 * 161 + 2))
    assert page["variables"]["n"] == 161
    assert [step["node"] for step in page["steps"] if step["ended_at"] is None] == ["ask"]
    assert seen[1]["node"] == "start"


def test_a_step_from_before_the_part_says_when_it_began(house: House) -> None:
    house.publish(
        flow("two")
        .then("fork", "split")
        .then("old", "approval", assignees=[{"kind": "user", "id": ANN}])
        .then("end", "end")
        .at("fork")
        .then("count", "set_values", values={"n": "default(n, 0) + 1"})
        .then("ask", "approval", assignees=[{"kind": "user", "id": BOB}])
        .to("count")
        .at("ask", "rejected")
        .then("done", "end")
    )
    id_ = house.start("two")
    began = house.detail(id_)["started_at"]
    for _ in range(150):
        house.later(ms=10)
        house.decide(BOB)

    (old,) = [step for step in house.detail(id_)["steps"] if step["node"] == "old"]

    assert (old["started_at"], old["ended_at"], old["actors"]) == (began, None, [ANN])


def test_one_tries_from_a_step_on_with_what_it_had(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks", {"n": 5})
    house.decide(BOB)
    (note,) = steps(house, id_, "note")
    before = house.detail(id_)

    ann = house.actor(ANN)
    same = travel.test_from(house.workspace, ann, id_, note)
    other = travel.test_from(house.workspace, ann, id_, note, variables={"n": 70})

    assert (same["status"], same["output"]) == ("completed", {"n": 6})
    assert same["visited"] == ["note", "ask", "check", "done"]
    assert other["output"] == {"n": 71}
    assert house.detail(id_) == before


# --- urgency ---------------------------------------------------------------------------------------


def test_the_more_urgent_comes_first_and_nobody_waits_for_ever(house: House) -> None:
    """A step of priority is worth a minute of waiting."""
    house.publish(flow("pays").then("pay", "connector").then("done", "end"))
    plain = house.start("pays")
    house.later(s=60 * 8)
    urgent = house.start("pays", priority=9)
    house.later(s=61)
    later = house.start("pays", priority=9)

    rows = house.rows(sa.select(t.jobs.c.instance_id).order_by(t.jobs.c.rank))
    claims = house.write(lambda c: jobs.claim(c, "test", 10, house.now_ms))

    assert [row.instance_id for row in rows] == [urgent, plain, later]
    assert [claim.instance_id for claim in claims][:1] == [urgent]


def test_a_ready_instance_has_its_priority(house: House) -> None:
    house.publish(asks("child"))
    house.publish(parent())
    low = house.start("parent")
    house.later(ms=5)
    high = house.start("parent", priority=5)

    children = {row.id: row.root_id for row in house.rows(sa.select(t.instances)) if row.parent_id}
    seen = house.write(lambda c: list(inbox.pick_ready(c, 10, house.now_ms)))

    assert [children[id_] for id_ in seen] == [high, low]


def test_a_flow_has_a_priority_and_an_instance_gets_another(house: House) -> None:
    house.publish(flow("pays").then("pay", "connector").then("done", "end"))
    ann = house.actor(ANN)
    rules.change_flow(house.workspace, ann, "pays", {"priority": 4})
    id_ = house.start("pays")
    assert house.detail(id_)["priority"] == 4

    operations.set_priority(house.workspace, ann, id_, 8)

    (job,) = house.rows(sa.select(t.jobs.c.priority))
    assert (house.detail(id_)["priority"], job.priority) == (8, 8)


# --- an instance that cannot be advanced -------------------------------------------------------------


def broken(house: House, key: str) -> None:
    """The version can no longer be loaded."""
    house.write(lambda c: c.execute(t.flow_versions.delete().where(t.flow_versions.c.flow_key == key)))  # fmt: skip
    house.workspace._compiled.clear()


def test_what_cannot_be_loaded_can_be_cancelled(house: House) -> None:
    house.publish(asks("child"))
    house.publish(parent())
    id_ = house.start("parent")
    settle(house)
    (child,) = house.detail(id_)["children"]
    broken(house, "child")

    assert [step["node"] for step in house.detail(child["id"])["steps"]] == ["start", "note", "ask"]
    assert [task["node"] for task in house.todo(BOB)] == ["ask"]
    assert len(instances.listing(house.workspace, house.actor(ANN))["items"]) == 2
    house.cancel(id_)
    settle(house)

    rows = house.rows(sa.select(t.instances.c.id, t.instances.c.status))
    assert {row.id: row.status for row in rows} == {id_: "cancelled", child["id"]: "cancelled"}
    assert house.todo(BOB) == []
    told = house.events(child["id"])
    assert [type(event) for event in told[-2:]] == [e.StepCancelled, e.InstanceCancelled]


def test_it_is_said_once_a_cause_and_tried_ever_more_seldom(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.publish(waits())
    id_ = house.start("waits")
    broken(house, "waits")
    house.later(s=3_600)
    pauses = []
    with caplog.at_level(logging.ERROR):
        for _ in range(8):
            settle(house)
            (row,) = house.rows(sa.select(t.ready.c.ready_at))
            pauses.append((row.ready_at - house.now_ms) // 60_000)
            house.later(ms=row.ready_at - house.now_ms)

    assert pauses == [1, 1, 2, 4, 8, 16, 32, 60]
    assert len([r for r in caplog.records if "set aside" in r.message]) == 1
    instances.cancel(house.workspace, house.actor(ANN), id_, "no flow")


def mended(house: House, row: Any) -> None:
    """The version can be loaded again."""
    house.write(lambda c: c.execute(t.flow_versions.insert().values(**row._mapping)))


def taken_away(house: House, key: str) -> Any:
    """`broken`; answers the row that is missing now."""
    (row,) = house.rows(t.flow_versions.select().where(t.flow_versions.c.flow_key == key))
    broken(house, key)
    return row


def pays_and_asks() -> Any:
    """Pays, then asks; the payment can be undone."""
    drawing = flow("pays").then("pay", "connector").event("undo", "compensation")
    drawing.then("ask", "approval").then("done", "end")
    return drawing.at("pay", "undo").then("back", "connector", path="/back")


def test_a_message_that_rests_with_what_cannot_be_loaded_goes_to_the_next(house: House) -> None:
    event = {"id": "came", "kind": "message", "name": "paid", "key": "order_no"}
    for key in ("first", "second"):
        house.publish(
            flow(key).then("listen", "receive", events=[event]).on("came").then("done", "end")
        )
    first = house.start("first", {"order_no": "A"})
    broken(house, "first")
    ann = house.actor(ANN)
    messages.publish(house.workspace, ann, "paid", key="A", payload=5)
    settle(house)

    house.cancel(first)
    settle(house)

    assert [event.message for event in house.events(first, e.MessageReturned)] != []
    assert [row.status for row in house.rows(t.messages.select())] == ["buffered"]
    second = house.start("second", {"order_no": "A"})
    settle(house)
    assert (house.status(first), house.status(second)) == ("cancelled", "completed")


def test_undoing_what_cannot_be_loaded_waits_until_it_can(house: House) -> None:
    """Cancelled with "undo first": the flow is not there, so the payment could not be given back. Not forgotten, and told."""
    house.publish(pays_and_asks())
    id_ = house.start("pays")
    settle(house)
    row = taken_away(house, "pays")

    house.cancel(id_, compensate=True)
    settle(house)

    (incident,) = house.incidents(id_)
    assert incident["code"] == "engine_failed"
    assert "its cancellation waits" in incident["message"]
    mended(house, row)
    house.later(s=3_600)
    settle(house)
    assert house.status(id_) == "cancelled"
    assert [event.node for event in house.events(id_, e.CompensationStarted)] == ["back"]


def test_who_does_not_want_it_undone_may_cancel_what_waits_for_its_drawing(house: House) -> None:
    house.publish(pays_and_asks())
    id_ = house.start("pays")
    settle(house)
    broken(house, "pays")
    house.cancel(id_, compensate=True)
    settle(house)

    house.cancel(id_)

    assert (house.status(id_), house.todo(BOB)) == ("cancelled", [])


def test_where_nothing_can_be_undone_the_cancellation_does_not_wait(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    broken(house, "asks")

    house.cancel(id_, compensate=True)

    assert house.status(id_) == "cancelled"


@pytest.mark.parametrize("heard", ["before", "after"])
def test_a_late_success_of_what_could_not_be_loaded_is_undone_when_it_can(
    heard: str, house: House
) -> None:
    """A worker is at the payment when the flow goes and the instance is cancelled; its word comes before or after that."""
    house.publish(pays_and_asks())
    id_ = house.start("pays")
    (claim,) = claim_jobs(house)
    world = ScriptedWorld()
    world.house = house
    result = work_jobs.attempt(house.workspace, lambda _: world, claim)
    row = taken_away(house, "pays")

    if heard == "before":
        work_jobs.finish(house.workspace, result)
    house.cancel(id_)
    if heard == "after":
        work_jobs.finish(house.workspace, result)
    settle(house, world)
    assert (house.status(id_), house.violations()) == ("cancelled", [])
    assert house.rows(t.jobs.select()) == []

    mended(house, row)
    house.later(s=3_600)
    settle(house, world)
    assert house.status(id_) == "cancelled"
    assert [event.node for event in house.events(id_, e.CompensationStarted)] == ["back"]
