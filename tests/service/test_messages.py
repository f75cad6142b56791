"""Messages, signals, locks, windows of items, suspension: through the store, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.errors import Conflict, Forbidden
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.service import instances, messages
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import advance_each
from headrace.engine.store import tables as t
from headrace.engine.store.jobs import LEASE_MS
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, claim_jobs, run_claim, settle


def listener(flow_key: str = "listener", **event: Any) -> Any:
    found = {"id": "came", "kind": "message", "name": "paid", "key": "order_no", **event}
    return (
        flow(flow_key)
        .then("listen", "receive", events=[found])
        .on("came")
        .then("done", "end", output={"got": "listen"})
    )


def publish(house: House, name: str = "paid", **more: Any) -> dict[str, Any]:
    answer = messages.publish(house.workspace, house.actor(ANN), name, **more)
    settle(house)
    return answer


def listed(house: House, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = messages.listing(house.workspace, house.actor(ANN), **more)[
        "items"
    ]
    return found


def test_a_message_reaches_the_one_that_waited_longest(house: House) -> None:
    house.publish(listener())
    first = house.start("listener", {"order_no": "A"})
    house.later(s=1)
    second = house.start("listener", {"order_no": "A"})

    answer = publish(house, key="A", payload={"sum": "9.90"})

    assert (answer["reached"], answer["duplicate"]) == (1, False)
    assert house.status(first) == "completed"
    assert house.detail(first)["output"] == {"got": {"sum": "9.90"}}
    assert house.waiting(second) == ["listen"]


def test_a_message_that_nobody_wants_waits_until_its_time_is_over(house: House) -> None:
    house.publish(listener())
    publish(house, key="A", payload=1, ttl_s=60)
    publish(house, key="B", payload=2, ttl_s=60)
    house.later(s=59)
    in_time = house.start("listener", {"order_no": "A"})
    settle(house)
    house.later(s=2)
    too_late = house.start("listener", {"order_no": "B"})
    settle(house)
    messages.tidy(house.workspace)

    assert house.detail(in_time)["output"] == {"got": 1}
    assert house.waiting(too_late) == ["listen"]
    assert {found["key"]: found["status"] for found in listed(house)} == {
        "A": "delivered",
        "B": "expired",
    }


def test_a_message_told_twice_is_heard_once(house: House) -> None:
    house.publish(listener())
    first = house.start("listener", {"order_no": "A"})
    second = house.start("listener", {"order_no": "A"})

    answers = [publish(house, key="A", dedup="evt-1") for _ in range(2)]

    assert [answer["duplicate"] for answer in answers] == [False, True]
    assert {house.status(first), house.status(second)} == {"completed", "waiting"}


@pytest.mark.parametrize(("mode", "reached"), [("one", 1), ("one_per_flow", 2), ("all", 4)])
def test_how_many_hear_a_message(house: House, mode: Any, reached: int) -> None:
    for key in ("listener", "other"):
        house.publish(listener(key))
        for _ in range(2):
            house.start(key, {"order_no": "A"})

    assert publish(house, key="A", mode=mode)["reached"] == reached


def test_a_signal_is_heard_by_all_who_wait_now_and_kept_for_nobody(house: House) -> None:
    house.publish(listener(kind="signal", name="closing", key="''"))
    waiting = [house.start("listener", {"order_no": str(n)}) for n in range(3)]

    answer = publish(house, "closing", kind="signal")
    late = house.start("listener", {"order_no": "9"})
    settle(house)

    assert answer["reached"] == 3
    assert [house.status(id_) for id_ in waiting] == ["completed"] * 3
    assert house.waiting(late) == ["listen"]


def test_a_message_for_a_step_that_has_gone_goes_to_the_next(house: House) -> None:
    """It was given to the first, whose time had run out in the very same moment."""
    event = {"id": "came", "kind": "message", "name": "paid", "key": "order_no"}
    late = {"id": "late", "kind": "timer", "after": "PT1M"}
    drawing = (
        flow("listener")
        .then("listen", "receive", events=[event, late])
        .on("came")
        .then("done", "end")
    )
    house.publish(drawing.at("listen", "late").then("over", "end", result="late"))
    first = house.start("listener", {"order_no": "A"})
    house.later(s=1)
    second = house.start("listener", {"order_no": "A"})
    step = house.rows(t.timers.select().where(t.timers.c.instance_id == first))[0].step

    def both(connection: Any) -> None:
        """The timer fires in the advance that finds the message in the inbox behind it."""
        wishes: list[tuple[str, c.Command]] = []
        told = messages.Message("msg_1", "message", "paid", "A", 7, "one", house.now_ms + 60_000)
        messages.send(house.workspace, connection, told, house.now_ms, wishes, None)
        connection.execute(t.timers.delete().where(t.timers.c.instance_id == first))
        own = [(first, c.FireTimer(step, "w.late")), *wishes]
        advance_each(house.workspace, connection, {first}, own)

    house.write(both)
    settle(house)

    assert house.detail(first)["result"] == "late"
    assert house.events(first, e.MessageReturned) != []
    assert house.status(second) == "completed"


def test_a_suspended_instance_hears_its_message_when_it_goes_on(house: House) -> None:
    house.publish(listener())
    id_ = house.start("listener", {"order_no": "A"})
    tell(house, id_, c.Suspend(ANN, "look"))

    publish(house, key="A", payload=5, ttl_s=1)
    house.later(s=3_600)
    assert (house.status(id_), house.violations()) == ("suspended", [])
    tell(house, id_, c.Resume(ANN))

    assert house.detail(id_)["output"] == {"got": 5}


def tell(house: House, id_: str, command: c.Command) -> None:
    house.write(
        lambda connection: advance_each(house.workspace, connection, {id_}, [(id_, command)])
    )
    settle(house)


def test_a_suspended_instance_keeps_the_result_of_a_running_job(house: House) -> None:
    house.publish(flow("pay").then("call", "connector").then("done", "end"))
    id_ = house.start("pay", {})
    (claim,) = claim_jobs(house)
    tell(house, id_, c.Suspend(ANN, "look"))

    run_claim(house, claim, ScriptedWorld())
    house.later(ms=10 * LEASE_MS)
    settle(house)
    assert house.status(id_) == "suspended"
    tell(house, id_, c.Resume(ANN))

    assert house.status(id_) == "completed"
    assert len(house.events(id_, e.JobTried)) == 1


@pytest.mark.parametrize(("timers", "after_resume"), [("keep", "completed"), ("shift", "waiting")])
def test_timers_of_a_suspended_instance_go_on_or_stand_still(
    house: House, timers: str, after_resume: str
) -> None:
    house.publish(flow("wait").then("rest", "timer", duration="PT10M").then("done", "end"))
    id_ = house.start("wait", {})
    house.later(s=60)
    tell(house, id_, c.Suspend(ANN, "look", timers))
    house.later(s=3_600)
    settle(house)
    assert house.status(id_) == "suspended"

    tell(house, id_, c.Resume(ANN))
    assert house.status(id_) == after_resume
    house.later(s=540)
    settle(house)
    assert house.status(id_) == "completed"


def test_suspension_goes_down_to_sub_flows_and_up_again(house: House) -> None:
    house.publish(flow("child").then("rest", "timer", duration="PT1M").then("done", "end"))
    house.publish(flow("parent").then("sub", "subflow", flow="child").then("done", "end"))
    id_ = house.start("parent", {})
    settle(house)
    (child,) = house.detail(id_)["children"]
    tell(house, id_, c.Suspend(ANN, "look"))
    house.later(s=120)
    settle(house)
    assert house.status(child["id"]) == "suspended"

    tell(house, id_, c.Resume(ANN))
    assert (house.status(child["id"]), house.status(id_)) == ("completed", "completed")


# --- locks -------------------------------------------------------------------------------------------------------------------


def guarded(key: str = "guarded") -> Any:
    return (
        flow(key)
        .then("enter", "lock", key="till", scope="workspace")
        .then("inside", "timer", duration="PT1M")
        .then("leave", "unlock", key="till", scope="workspace")
        .then("done", "end")
    )


def test_a_lock_has_one_holder_at_a_time_first_come_first_served(house: House) -> None:
    house.publish(guarded())
    ids = [house.start("guarded", {"till": "T1"}) for _ in range(3)]
    other = house.start("guarded", {"till": "T2"})
    settle(house)
    seen = []
    for _ in range(4):
        seen.append([house.waiting(id_) for id_ in ids])
        house.later(s=60)
        settle(house)

    assert seen == [
        [["inside"], ["enter"], ["enter"]],
        [[], ["inside"], ["enter"]],
        [[], [], ["inside"]],
        [[], [], []],
    ]
    assert house.status(other) == "completed"
    assert house.rows(t.locks.select()) == []


def test_a_cancelled_holder_lets_the_next_in(house: House) -> None:
    house.publish(guarded())
    first, second = (house.start("guarded", {"till": "T1"}) for _ in range(2))
    settle(house)
    house.cancel(first)
    settle(house)

    assert house.waiting(second) == ["inside"]
    held = messages.locks_of(house.workspace, house.actor(ANN), second)["items"]
    assert [(found["key"], found["held"]) for found in held] == [("T1", True)]


def test_holders_that_wait_for_one_another_are_told_so(house: House) -> None:
    drawing = (
        flow("crossed")
        .then("one", "lock", key="first", scope="workspace")
        .then("rest", "timer", duration="PT1M")
        .then("two", "lock", key="second", scope="workspace")
        .then("done", "end")
    )
    house.publish(drawing)
    ids = [
        house.start("crossed", {"first": "A", "second": "B"}),
        house.start("crossed", {"first": "B", "second": "A"}),
    ]
    settle(house)
    house.later(s=60)
    settle(house)
    assert [house.waiting(id_) for id_ in ids] == [["two"], ["two"]]

    assert messages.tidy(house.workspace) == 1
    assert messages.tidy(house.workspace) == 0
    (told,) = [id_ for id_ in ids if house.status(id_) == "incident"]
    assert house.incidents(told)[0]["code"] == "lock_deadlock"
    house.cancel(told)
    settle(house)
    assert sorted(house.status(id_) for id_ in ids) == ["cancelled", "completed"]


# --- windows of items ----------------------------------------------------------------------------------------------------------


def many(**settings: Any) -> Any:
    house_flow = flow("many").then("each", "subflow", flow="one", for_each="rows", **settings)
    return house_flow.then("done", "end", output={"each": "each"})


ONE = flow("one").then("rest", "timer", duration="PT1M").then("done", "end", output={"n": "n"})
INPUT = [{"name": "n", "value": "item"}]


def test_a_window_of_items_runs_at_once_and_results_come_in_order(house: House) -> None:
    house.publish(ONE)
    house.publish(many(window=3, input=INPUT))
    id_ = house.start("many", {"rows": list(range(8))})
    settle(house)
    running = []
    for _ in range(3):
        running.append(items(house, id_)["counts"]["running"])
        house.later(s=60)
        settle(house)

    assert running == [3, 3, 2]
    each = house.detail(id_)["output"]["each"]
    assert [found["output"] for found in each] == [{"n": n} for n in range(8)]


def items(house: House, id_: str) -> dict[str, Any]:
    (step,) = {row.step for row in house.rows(t.items.select().where(t.items.c.instance_id == id_))}
    return messages.item_list(house.workspace, house.actor(ANN), id_, step)


def test_enough_items_end_the_step_and_the_rest_is_cancelled(house: House) -> None:
    house.publish(
        flow("one")
        .then("ask", "approval", assignees=[{"kind": "user", "id": "ann"}])
        .then("done", "end")
    )
    house.publish(many(window=5, until="done >= 2", collect="counts", input=INPUT))
    id_ = house.start("many", {"rows": [1, 2, 3]})
    settle(house)
    for _ in range(2):
        task = house.todo(ANN)[0]
        instances_of_ann = Actor(ANN, "Ann", (), house.actor(ANN).permissions)
        from headrace.engine.service import tasks

        tasks.decide(house.workspace, instances_of_ann, task["id"], "approved")
        settle(house)

    assert house.detail(id_)["output"] == {"each": {"total": 3, "done": 2, "failed": 0}}
    assert house.todo(ANN) == []


def test_items_are_added_while_it_runs_and_ended_by_hand(house: House) -> None:
    house.publish(ONE)
    house.publish(many(more=True, input=INPUT))
    id_ = house.start("many", {"rows": [1]})
    settle(house)
    step = house.rows(t.items.select())[0].step
    ann = house.actor(ANN)
    house.later(s=60)
    settle(house)
    assert (house.status(id_), house.violations()) == ("waiting", [])

    messages.add_items(house.workspace, ann, id_, step, [{"n": 2}, {"n": 3}])
    settle(house)
    house.later(s=30)
    messages.add_items(house.workspace, ann, id_, step, [{"n": 4}])
    settle(house)
    house.later(s=30)
    settle(house)
    messages.close_items(house.workspace, ann, id_, step, finish=True)
    settle(house)

    ends = [found["status"] for found in house.detail(id_)["output"]["each"]]
    assert ends == ["completed", "completed", "completed", "cancelled"]
    with pytest.raises(Conflict):
        messages.add_items(house.workspace, ann, id_, step, [{"n": 5}])


def test_ten_thousand_items_keep_the_state_small(cabin: House) -> None:
    cabin.publish(flow("one").then("done", "end"))
    cabin.publish(many(window=500, collect="counts", input=INPUT))
    id_ = cabin.start("many", {"rows": list(range(10_000))})
    settle(cabin)

    assert cabin.detail(id_)["output"] == {"each": {"total": 10_000, "done": 10_000, "failed": 0}}
    sizes = [
        len(row.state) for row in cabin.rows(t.instances.select().where(t.instances.c.id == id_))
    ]
    assert sizes[0] < 100_000  # the list it was started with, and nothing an item


# --- what was undone late --------------------------------------------------------------------------------------------------------


def paid() -> Any:
    drawing = flow("pay").then("call", "connector").event("undo", "compensation")
    drawing.then("done", "end")
    return drawing.at("call", "undo").then("back", "connector", path="/back")


def test_a_success_after_the_cancellation_is_undone(house: House) -> None:
    house.publish(paid())
    id_ = house.start("pay", {})
    (claim,) = claim_jobs(house)
    house.cancel(id_)
    assert (house.status(id_), house.violations()) == ("cancelled", [])

    world = ScriptedWorld()
    run_claim(house, claim, world)
    settle(house, world)

    assert house.status(id_) == "cancelled"
    assert [event.node for event in house.events(id_, e.CompensationStarted)] == ["back"]
    assert house.rows(t.jobs.select()) == []


def test_nobody_knows_after_the_cancellation_so_a_person_is_asked(house: House) -> None:
    house.publish(paid())
    id_ = house.start("pay", {})
    claim_jobs(house)
    house.cancel(id_)
    house.later(ms=2 * LEASE_MS)
    from headrace.engine.work import jobs

    jobs.reclaim(house.workspace)
    settle(house)
    assert [found["code"] for found in house.incidents(id_)] == ["late_outcome_unknown"]

    house.retry(id_)
    settle(house)
    assert house.status(id_) == "cancelled"
    assert [event.node for event in house.events(id_, e.CompensationStarted)] == ["back"]


def test_who_may_send_and_look(house: House) -> None:
    nobody = Actor("usr_x", "X", (), frozenset())
    for forbidden in (
        lambda: messages.publish(house.workspace, nobody, "paid"),
        lambda: messages.listing(house.workspace, nobody),
        lambda: messages.subscriptions(house.workspace, nobody),
        lambda: messages.add_items(house.workspace, nobody, "ins_1", 1, []),
        lambda: instances.cancel(house.workspace, nobody, "ins_1", "no"),
    ):
        with pytest.raises(Forbidden):
            forbidden()
