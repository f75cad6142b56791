"""Many of the same at once: patterns 12 to 15, 26, 27, 34 to 36. An item is a sub-flow, an instance of its own."""

from typing import Any

import pytest

from headrace.engine.run import events as e
from headrace.engine.service import messages, tasks
from tests.builder import Flow, flow, user
from tests.fakes import ANN, House, settle
from tests.patterns.explore import completed, endings, explored, positions


def for_each(items: str, **settings: Any) -> Flow:
    """start → each → after → done."""
    return (
        flow("many")
        .then("each", "subflow", flow="item", for_each=items, input={"n": "item"}, **settings)
        .then("after", "connector")
        .then("done", "end")
    )


def ended(count: int, status: str = "completed") -> str:
    """So many ends of items, in words."""
    return f"each.{status} " * count


ITEM = (
    flow("item")
    .then("work", "approval", assignees=[user(ANN)])
    .then("done", "end", output={"n": "n"})
    .at("work", "rejected").to("done")
)  # fmt: skip


def test_wcp_12_without_synchronization(house: House) -> None:
    """The flow goes on, and ends, while its items still run; each ends by itself."""
    house.publish(ITEM)
    house.publish(flow("many").then("each", "subflow", flow="item", for_each="[1, 2, 3]", input={"n": "item"}, wait=False)
                  .then("done", "end"))  # fmt: skip

    id_ = house.start("many")
    settle(house)

    assert house.status(id_) == "completed"
    tasks = house.todo(ANN)
    assert len(tasks) == 3
    for task in tasks:
        decide(house, task)
    settle(house)
    assert [house.status(task["instance_id"]) for task in tasks] == ["completed"] * 3


def decide(house: House, task: dict[str, Any]) -> None:
    """Ann says yes to this one."""
    tasks.decide(house.workspace, house.actor(ANN), task["id"], "approved")


def test_wcp_13_known_when_drawn() -> None:
    found = explored(for_each("[1, 2, 3]"))

    assert found.endings == {completed(f"start each {ended(3)} after done")}
    assert found.orders == 6


@pytest.mark.parametrize("items", [[], ["x"], ["x", "y", "z"]], ids=len)
def test_wcp_14_known_at_run_time(items: list[str]) -> None:
    found = endings(for_each("items"), items=items)

    assert found == {completed(f"start each {ended(len(items))} after done")}


@pytest.mark.parametrize("window", [1, 2, 5])
def test_wcp_14_so_many_at_once(window: int) -> None:
    """Four items, at most `window` of them at a time."""
    drawing = for_each("[1, 2, 3, 4]", window=window)

    for case in positions(drawing):
        for step in case.instance.steps.values():
            if step.items:
                assert len(step.items.running) == min(window, 4 - step.items.done)
    assert endings(drawing) == {completed(f"start each {ended(4)} after done")}


def test_wcp_14_in_sequence(house: House) -> None:
    """One after another, in the order of the list; what they gave is in that order too."""
    house.publish(ITEM)
    house.publish(
        flow("many")
        .then("each", "subflow", flow="item", for_each="[7, 8, 9]", input={"n": "item"}, window=1)
        .then("done", "end", output={"all": "each"})
    )
    id_ = house.start("many")

    for _ in range(3):
        settle(house)
        (task,) = house.todo(ANN)
        decide(house, task)
    settle(house)

    assert house.status(id_) == "completed"
    assert [one["output"]["n"] for one in house.detail(id_)["output"]["all"]] == [7, 8, 9]


def test_wcp_15_added_while_it_runs() -> None:
    """Up to two more may come until it is closed; it goes on when it is closed and all have ended."""
    drawing = for_each("[1]", more=True, window=10)

    found = endings(drawing, {"each": ("completed", "add*2", "close")})

    assert {one for one in found if one[0] == "completed"} == {
        completed(f"start each {ended(count)} after done") for count in (1, 2, 3)
    }
    assert {status for status, _ in found} == {"completed"}


def test_wcp_15_it_does_not_go_on_before_it_is_closed() -> None:
    found = endings(for_each("[1]", more=True, window=10), {"each": ("completed",)})

    assert found == {("waits at each", "each.completed start")}


def open_step(house: House, id_: str) -> int:
    """The only step of this instance that is not over."""
    (step,) = [step["step"] for step in house.detail(id_)["steps"] if step["ended_at"] is None]
    return int(step)


def test_wcp_15_added_by_people_in_the_store(house: House) -> None:
    """Two at the start, one more while they run, and on only after it was closed and all have ended."""
    house.publish(ITEM)
    house.publish(
        flow("growing")
        .then("each", "subflow", flow="item", for_each="[7, 8]", input={"n": "item"}, more=True, window=10)
        .then("done", "end", output={"all": "each"})
    )  # fmt: skip
    id_ = house.start("growing")
    settle(house)
    step, ann = open_step(house, id_), house.actor(ANN)

    messages.add_items(house.workspace, ann, id_, step, [{"n": 9}])
    settle(house)
    for task in house.todo(ANN):
        decide(house, task)
    settle(house)
    assert house.waiting(id_) == ["each"]
    messages.close_items(house.workspace, ann, id_, step, finish=False)
    settle(house)

    assert house.status(id_) == "completed"
    assert [one["output"]["n"] for one in house.detail(id_)["output"]["all"]] == [7, 8, 9]


def test_wcp_26_cancel_multiple_instance_activity() -> None:
    """An interrupting event withdraws the whole: whatever number had ended."""
    drawing = (
        flow("recall").then("each", "subflow", flow="item", for_each="[1, 2, 3]", input={"n": "item"})
        .event("recalled", "message", name="recalled", key="'A-1'")
        .then("after", "connector").then("done", "end")
        .at("each", "recalled").then("stopped", "end")
    )  # fmt: skip

    found = endings(drawing)

    assert found == {
        completed(f"start each {ended(3)} after done"),
        *(completed(f"start each.recalled {ended(count)} stopped") for count in range(3)),
    }


def test_wcp_26_the_items_are_cancelled_too(house: House) -> None:
    house.publish(ITEM)
    house.publish(
        flow("recall").then("each", "subflow", flow="item", for_each="[1, 2, 3]", input={"n": "item"})
        .event("late", "timer", after="PT1H")
        .then("done", "end")
        .at("each", "late").then("stopped", "end", result="stopped")
    )  # fmt: skip
    id_ = house.start("recall")
    settle(house)
    tasks = house.todo(ANN)
    decide(house, tasks[0])
    settle(house)

    house.later(s=3600)
    settle(house)

    assert house.detail(id_)["result"] == "stopped"
    found = sorted(house.status(task["instance_id"]) for task in tasks)
    assert found == ["cancelled", "cancelled", "completed"]
    assert house.todo(ANN) == []


def test_wcp_27_complete_multiple_instance_activity() -> None:
    """A person ends it early: what still runs is withdrawn, and the flow goes on by the usual way."""
    found = endings(for_each("[1, 2, 3]", more=True, window=10), {"each": ("completed", "finish")})

    whole = {ended(count) for count in range(4)}
    assert {visits.replace("each.cancelled ", "") for _, visits in found} == {
        completed(f"start each {some} after done")[1] for some in whole
    }
    assert {status for status, _ in found} == {"completed"}


def test_wcp_27_a_person_ends_it_in_the_store(house: House) -> None:
    house.publish(ITEM)
    house.publish(for_each("[1, 2, 3, 4]", window=3))
    id_ = house.start("many")
    settle(house)
    tasks_ = house.todo(ANN)
    decide(house, tasks_[0])
    settle(house)

    messages.close_items(house.workspace, house.actor(ANN), id_, open_step(house, id_), finish=True)
    settle(house)

    assert house.status(id_) == "completed"
    found = [one["status"] for one in house.events(id_, e.StepDone)[0].output]
    assert sorted(found) == ["cancelled", "cancelled", "cancelled", "completed"]
    assert house.todo(ANN) == []


def test_wcp_34_static_partial_join() -> None:
    """Three threads of the same; the second that is done lets the flow go on, the third changes nothing, and ends."""
    drawing = (
        flow("two-of-three").then("three", "split", copies=3)
        .then("a", "connector").then("count", "set_values", values={"ended": "default(ended, 0) + 1"})
        .then("enough", "condition", branches={"now": "ended == 2"}).then("also", "end")
        .at("enough", "now").then("after", "connector").then("done", "end")
    )  # fmt: skip
    threes = "three a a a count count count enough enough enough"

    found = explored(drawing)

    assert found.endings == {completed(f"start {threes} also also after done")}


def test_wcp_35_cancelling_partial_join() -> None:
    """Enough have ended: the rest is withdrawn."""
    found = endings(for_each("[1, 2, 3]", until="done >= 2", window=10))

    assert {visits.replace("each.cancelled ", "") for _, visits in found} == {
        visits for _, visits in [completed(f"start each {ended(2)} after done")]
    }


def test_wcp_35_the_rest_is_cancelled(house: House) -> None:
    house.publish(ITEM)
    house.publish(for_each("[1, 2, 3]", until="done >= 1", window=10))
    id_ = house.start("many")
    settle(house)
    tasks = house.todo(ANN)

    decide(house, tasks[1])
    settle(house)

    assert house.status(id_) == "completed"
    assert [house.status(task["instance_id"]) for task in tasks] == [
        "cancelled",
        "completed",
        "cancelled",
    ]


def test_wcp_36_dynamic_partial_join() -> None:
    """The number is not known while items are still added: two ends are enough, however many there are by then."""
    drawing = for_each("[1]", more=True, until="done >= 2", window=10)

    found = endings(drawing, {"each": ("completed", "add*2", "close")})

    assert {(status, visits.replace("each.cancelled ", "")) for status, visits in found} == {
        completed(f"start each {ended(count)} after done") for count in (1, 2)
    }


def test_wcp_36_ends_are_counted_not_guessed() -> None:
    """Every position: never past two ends."""
    for case in positions(
        for_each("[1]", more=True, until="done >= 2", window=10),
        {"each": ("completed", "add*3", "close"), "after": ()},
    ):
        ends = [event for event in case.of(e.ItemEnded) if event.status == "completed"]
        assert len(ends) <= 2
