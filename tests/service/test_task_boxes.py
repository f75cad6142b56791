"""Boxes, counters, the detail of a task and the board of its flow: what people see, and that an index answers it."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.errors import Forbidden, NotFound
from headrace.engine.service import task_board, tasks
from headrace.engine.service.actor import PERMISSIONS, Actor
from headrace.engine.store import tasks as rows
from headrace.engine.store.tasks import Box
from tests.builder import Flow, flow, user
from tests.fakes import ANN, BOB, EVE, House, settle

HOUR_S, DAY_S = 3_600, 86_400


def asks(key: str = "asks", **settings: Any) -> Flow:
    return (
        flow(key)
        .then("ask", "approval", **settings)
        .then("second", "approval", assignees=[user(BOB)])
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
        .at("second", "rejected").to("no")
    )  # fmt: skip


def approver(user_id: str) -> Actor:
    return Actor(user_id, user_id, (), PERMISSIONS["approver"])


def keys(house: House, who: str, box: Any = "todo", **more: Any) -> list[str]:
    found = tasks.listing(house.workspace, approver(who), box, **more)["items"]
    return [str(task["business_key"]) for task in found]


# --- boxes -----------------------------------------------------------------------------------------


def test_by_due_time_the_most_urgent_comes_first_and_those_without_last(house: House) -> None:
    house.publish(asks("tomorrow", due="P1D"))
    house.publish(asks("soon", due="PT1H"))
    house.publish(asks("never"))
    for key in ("never", "tomorrow", "soon", "never"):
        house.start(key, business_key=f"{key}-{len(keys(house, ANN))}")
        house.later(s=1)

    assert keys(house, ANN, sort="due") == ["soon-2", "tomorrow-1", "never-0", "never-3"]
    assert keys(house, ANN) == ["never-3", "soon-2", "tomorrow-1", "never-0"]

    seen, cursor = [], None
    for _ in range(3):
        page = tasks.listing(
            house.workspace, approver(ANN), "todo", sort="due", cursor=cursor, limit=2
        )
        seen += [task["business_key"] for task in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ["soon-2", "tomorrow-1", "never-0", "never-3"]


@pytest.mark.parametrize("cursor", ["9" * 30 + "_x", "\u0663_x", "-1_x", "x"])
def test_a_place_in_the_list_that_never_was_begins_anew(cabin: House, cursor: str) -> None:
    cabin.publish(asks())
    cabin.start("asks")

    told = tasks.listing(cabin.workspace, cabin.actor(ANN), sort="due", cursor=cursor)

    assert len(told["items"]) == 1


def test_filters_by_flow_lateness_and_text(house: House) -> None:
    house.publish(asks("one", due="PT1H"))
    house.publish(asks("two"))
    house.start("one", business_key="A_1")
    house.start("two", business_key="AB1")
    house.later(s=2 * HOUR_S)

    assert keys(house, ANN, flow="two") == ["AB1"]
    assert keys(house, ANN, late=True) == ["A_1"]
    assert keys(house, ANN, search="A_1") == ["A_1"]  # a person's _ is a _
    assert tasks.count(house.workspace, approver(ANN)) == {"todo": 2, "late": 1, "cc": 0}
    told = tasks.flows(house.workspace, approver(ANN))["items"]
    assert [(row["key"], row["count"]) for row in told] == [("one", 1), ("two", 1)]


def test_the_boxes_of_each_person(house: House) -> None:
    house.publish(asks(assignees=[user(ANN)], cc=[user(EVE)]))
    house.start("asks", business_key="A-1")
    house.decide(ANN)
    settle(house)

    assert keys(house, ANN) == []
    assert keys(house, ANN, "done") == ["A-1"]
    assert keys(house, BOB) == ["A-1"]
    assert keys(house, EVE, "cc") == ["A-1"]
    assert keys(house, EVE, "started") == ["A-1", "A-1"]  # one task at each node
    (first, _) = tasks.listing(house.workspace, approver(EVE), "started")["items"]
    assert first["step_at"] == {"zh": "second", "en": "second"}


def test_somebody_with_two_seats_sees_one_task(house: House) -> None:
    house.publish(asks(assignees=[user(ANN)]))
    house.start("asks", business_key="A-1")
    (task,) = house.todo(ANN)
    tasks.act(house.workspace, approver(ANN), task["id"], "ask", {"to": BOB, "text": "?"})
    tasks.act(
        house.workspace, approver(ANN), task["id"], "add_sign", {"people": [BOB], "where": "parallel"}
    )  # fmt: skip

    assert keys(house, BOB) == ["A-1"]
    assert tasks.count(house.workspace, approver(BOB))["todo"] == 1


@pytest.mark.parametrize("name", ["todo", "done", "cc", "started"])
def test_a_box_is_read_along_its_index(cabin: House, name: Any) -> None:
    with cabin.workspace.read() as connection:
        query = rows.box_query(Box("usr_ann", name), after="x").limit(51)
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]

    index = "ix_tasks_initiator_id" if name == "started" else "ix_task_actors_user"
    assert any(index in line for line in plan), plan
    assert not any(line.startswith("SCAN") or "TEMP B-TREE" in line for line in plan), plan


# --- the detail ------------------------------------------------------------------------------------


def test_the_path_says_what_is_done_now_and_next_with_who(house: House) -> None:
    house.publish(asks(assignees=[user(ANN)]))
    house.start("asks")
    (task,) = house.todo(ANN)

    path = tasks.detail(house.workspace, approver(ANN), task["id"])["path"]

    told = {
        node["id"]: (node["status"], [who["name"] for who in node["who"]]) for node in path["nodes"]
    }
    assert told == {"start": ("done", []), "ask": ("now", ["Ann"]), "second": ("next", ["Bob"])}
    assert {node["id"] for node in path["document"]["nodes"]} >= set(told)
    assert all(node["settings"] == {} for node in path["document"]["nodes"])

    house.decide(ANN)
    settle(house)
    (after,) = house.todo(BOB)
    path = tasks.detail(house.workspace, approver(BOB), after["id"])["path"]
    (first,) = [node for node in path["nodes"] if node["id"] == "ask"]
    assert (first["status"], first["decision"], first["task_id"]) == (
        "done",
        "approved",
        task["id"],
    )


def test_what_has_changed_since_the_last_approval(house: House) -> None:
    shown = [
        {"label": {"en": "Amount"}, "value": "amount"},
        {"label": {"en": "Who"}, "value": "who"},
    ]
    house.publish(
        flow("loop")
        .then("ask", "approval", show=shown, assignees=[user(ANN)])
        .then("more", "set_values", values={"amount": "amount + 1"})
        .then("second", "approval", assignees=[user(BOB)])
        .then("yes", "end")
        .at("second", "rejected").to("ask")
        .at("ask", "rejected").to("yes")
    )  # fmt: skip
    house.start("loop", {"amount": 1, "who": "me"})
    (first,) = house.todo(ANN)
    assert tasks.detail(house.workspace, approver(ANN), first["id"])["changed"] is None
    house.decide(ANN)
    settle(house)
    house.decide(BOB, "rejected")
    settle(house)

    (again,) = house.todo(ANN)
    changed = tasks.detail(house.workspace, approver(ANN), again["id"])["changed"]

    assert changed["by"]["name"] == "Ann"
    told = [(one["label"], one["before"], one["after"]) for one in changed["items"]]
    assert told == [({"en": "Amount"}, 1, 2)]


def test_the_rule_is_told_in_words_and_how_far_it_is(house: House) -> None:
    house.publish(asks(mode="ratio", ratio=100))
    house.start("asks")
    (task,) = house.todo(ANN)
    house.decide(ANN)

    rule = tasks.detail(house.workspace, approver(ANN), task["id"])["rule"]

    assert (rule["mode"], rule["have"], rule["needed"], rule["total"]) == ("ratio", 1, 2, 2)
    assert rule["text"]["en"] == "Passes with 100 % (2) approving"


# --- the board -------------------------------------------------------------------------------------


def test_nine_of_ten_were_not_slower_than_the_time_told() -> None:
    assert task_board.times_of([4, 1, 3, 2]) == {
        "ended": 4,
        "mean_ms": 2,
        "median_ms": 2,
        "p90_ms": 4,
    }
    assert task_board.times_of(list(range(1, 101)))["p90_ms"] == 90
    assert task_board.times_of([7])["p90_ms"] == 7


def test_the_board_counts_what_the_tasks_are(house: House) -> None:
    """R106: numbers match the task table; the bottleneck is named."""
    house.publish(asks(due="PT1H", assignees=[user(ANN)]))
    for _ in range(4):
        house.start("asks")
    house.later(s=2 * HOUR_S)
    for task in house.todo(ANN)[:3]:
        tasks.decide(house.workspace, approver(ANN), task["id"], "approved")
    settle(house)
    house.later(s=HOUR_S)
    for task in house.todo(BOB)[:1]:
        tasks.decide(house.workspace, approver(BOB), task["id"], "approved")

    told = task_board.board(house.workspace, house.actor(EVE), "asks")

    ask, second = told["stages"]
    assert (ask["waiting"], ask["late"], ask["ended"], ask["mean_ms"]) == (
        1,
        1,
        3,
        2 * HOUR_S * 1_000,
    )
    assert (second["waiting"], second["ended"], second["mean_ms"]) == (2, 1, HOUR_S * 1_000)
    assert (ask["came_today"], ask["ended_today"], ask["trend"]) == (4, 3, 1)
    assert told["bottleneck"] == "ask"  # one for three hours, against two for one
    assert [stage["bottleneck"] for stage in told["stages"]] == [True, False]

    house.later(s=2 * DAY_S)
    told = task_board.board(house.workspace, house.actor(EVE), "asks")
    assert told["bottleneck"] == "second"
    assert [stage["came_today"] for stage in told["stages"]] == [0, 0]


def test_only_operators_see_the_board(cabin: House) -> None:
    cabin.publish(asks())
    with pytest.raises(Forbidden):
        task_board.board(cabin.workspace, approver(ANN), "asks")
    with pytest.raises(NotFound):
        task_board.board(cabin.workspace, cabin.actor(EVE), "nothing")
