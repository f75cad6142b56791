"""Many tasks at once: bulk decisions, the green channel, hand-over, sending again; each item with its own outcome."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Forbidden, NotFound, ValidationFailed
from headrace.engine.service import batches, handover, task_batches, tasks, users
from headrace.engine.service.actor import PERMISSIONS, Actor
from headrace.engine.store import stages
from headrace.engine.store import tables as t
from headrace.engine.store.stages import Wanted
from tests.builder import Flow, flow, role, user
from tests.fakes import ANN, BOB, CID, EVE, House

FULL = os.environ.get("HEADRACE_PEOPLE") == "full"
"""`make people`: 2,000 tasks on PostgreSQL, too; else as many as `make test` has time for."""


def asks(key: str = "asks", **settings: Any) -> Flow:
    drawn = (
        flow(key)
        .then("ask", "approval", **settings)
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip
    document = drawn.document()
    document["input"]["properties"] = {
        "amount": {"type": "number", "x-search": True},
        "risk": {"type": "string", "x-search": True},
    }
    drawn.document = lambda: document  # type: ignore[method-assign]
    return drawn


def approver(user_id: str) -> Actor:
    return Actor(user_id, user_id, (), PERMISSIONS["approver"])


def work_off(house: House, batch: str, steps: int = 3_000) -> dict[str, Any]:
    """Until the batch is done; time goes on as the batch wants it to."""
    told: dict[str, Any] = {}
    for _ in range(steps):
        due_at = batches.work(house.workspace)
        told = batches.detail(house.workspace, house.actor(ANN), batch)
        if told["status"] in {"done", "cancelled"}:
            return told
        house.later(ms=max(1, (due_at or 0) - house.now_ms))
    raise AssertionError(f"expected the batch to end, but found {told}")


def outcomes(house: House, batch: str) -> dict[str, tuple[str, str | None]]:
    """Task → status and code."""
    rows = batches.items(house.workspace, house.actor(ANN), batch, limit=200)["items"]
    return {row["subject"]: (row["status"], row["code"]) for row in rows}


def decided(house: House) -> list[Any]:
    return house.rows(sa.select(t.decisions).order_by(t.decisions.c.seq))


# --- bulk ------------------------------------------------------------------------------------------


def test_every_item_of_a_bulk_approval_has_its_own_outcome(house: House) -> None:
    house.publish(asks())
    house.publish(
        asks(
            "fills",
            form={"type": "object", "required": ["why"], "properties": {"why": {"type": "string"}}},
        )
    )
    house.publish(asks("other", assignees=[user(BOB)]))
    mine = [f"{house.start('asks')}.2" for _ in range(2)]
    late = f"{house.start('asks')}.2"
    form = f"{house.start('fills')}.2"
    other = f"{house.start('other')}.2"
    tasks.decide(house.workspace, approver(BOB), late, "rejected")

    batch = task_batches.decide(
        house.workspace, approver(ANN), [*mine, late, form, other, "ins_none.1"], "approved", "ok"
    )
    told = work_off(house, batch["id"])

    assert told["counts"] == {"waiting": 0, "running": 0, "done": 2, "failed": 2, "skipped": 1}
    assert outcomes(house, batch["id"]) == {
        mine[0]: ("done", "approved"),
        mine[1]: ("done", "approved"),
        late: ("skipped", "conflict"),
        form: ("failed", "validation_failed"),
        other: ("failed", "forbidden"),
    }
    by_bulk = [row for row in decided(house) if row.batch_id == batch["id"]]
    assert [(row.actor, row.via, row.comment) for row in by_bulk] == [(ANN, "bulk", "ok")] * 2


def test_who_made_a_batch_may_look_at_it_and_no_other_approver(cabin: House) -> None:
    cabin.publish(asks())
    id_ = f"{cabin.start('asks')}.2"
    batch = task_batches.decide(cabin.workspace, approver(ANN), [id_], "approved")

    assert batches.detail(cabin.workspace, approver(ANN), batch["id"])["total"] == 1
    assert "_from" not in batch["params"]
    with pytest.raises(Forbidden):
        batches.detail(cabin.workspace, approver(BOB), batch["id"])
    with pytest.raises(Forbidden):
        batches.items(cabin.workspace, approver(BOB), batch["id"])


# --- the green channel (R104, F3) ------------------------------------------------------------------


def test_2000_stuck_1800_released_200_kept_in_one_audited_batch(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    """R104: the filter lets 1,800 of 2,000 pass in one action, 200 stay for review, under one batch id.

    With `make people`; else a tenth of it.
    """
    stuck = 2_000 if FULL else 200
    kept = stuck // 10
    released = stuck - kept
    house.publish(asks(assignees=[role("boss")]))

    def start(number: int) -> None:
        risky, large = number < kept // 2, kept // 2 <= number < kept
        given = {"amount": 900 if large else 100, "risk": "high" if risky else "none"}
        house.start("asks", given)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(start, range(stuck)))
    house.later(s=9 * 3_600)
    operator = house.actor(EVE)
    wanted = {
        "flow": "asks",
        "role": "boss",
        "older_than": "PT8H",
        "filter": "amount < 500 and risk = none",
    }

    preview = task_batches.preview(house.workspace, operator, wanted)
    assert (preview["count"], preview["kept"], preview["more"]) == (released, kept, False)
    assert len(preview["sample"]) == task_batches.SAMPLE

    began, moment = time.monotonic(), house.now_ms
    batch = task_batches.release(house.workspace, operator, wanted, "618: the approver has left")
    told = work_off(house, batch["id"])
    took_s = time.monotonic() - began
    with capsys.disabled():
        print(f"\n{released} of {stuck} tasks released in {took_s:.1f} s of work", end=" ")

    # Seconds are printed, not asserted (a busy machine); the pace that the batch keeps is.
    assert house.now_ms - moment < 60_000
    assert told["counts"] == {
        "waiting": 0,
        "running": 0,
        "done": released,
        "failed": 0,
        "skipped": 0,
    }
    with house.workspace.read() as connection:
        assert stages.count(connection, Wanted(), 10_000) == kept
    rows = decided(house)
    assert len(rows) == released
    assert {(row.batch_id, row.action, row.via, row.actor) for row in rows} == {
        (batch["id"], "release", "release", EVE)
    }
    assert {row.comment for row in rows} == {"618: the approver has left"}
    assert {
        row.result
        for row in house.rows(
            sa.select(t.instances.c.result).where(t.instances.c.ended_at.is_not(None))
        )
    } == {"yes"}


def test_a_release_of_everything_is_never_meant(cabin: House) -> None:
    for wanted in ({}, {"older_than": "PT8H"}):
        with pytest.raises(ValidationFailed, match="valid filter"):
            task_batches.release(cabin.workspace, cabin.actor(EVE), wanted, "all")
    with pytest.raises(ValidationFailed):
        task_batches.release(
            cabin.workspace, cabin.actor(EVE), {"flow": "a", "older_than": "soon"}, "x"
        )
    with pytest.raises(NotFound):  # nor by the door of all batches
        batches.create(cabin.workspace, cabin.actor(EVE), "release_tasks", {})


def test_only_who_may_release_releases(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")

    with pytest.raises(Forbidden):
        task_batches.release(cabin.workspace, approver(ANN), {"flow": "asks"}, "x")
    with pytest.raises(Forbidden):
        task_batches.preview(cabin.workspace, approver(ANN), {"flow": "asks"})


def test_what_comes_later_is_not_released(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")
    batch = task_batches.release(cabin.workspace, cabin.actor(EVE), {"flow": "asks"}, "x")
    cabin.later(s=1)
    cabin.start("asks")

    assert work_off(cabin, batch["id"])["counts"]["done"] == 1
    assert len(cabin.todo(ANN)) == 1


# --- hand-over (R097) ------------------------------------------------------------------------------


def test_all_open_tasks_of_somebody_go_to_another(house: House) -> None:
    house.publish(asks(assignees=[user(ANN)]))
    ids = [house.start("asks") for _ in range(30)]

    batch = handover.hand_over(house.workspace, house.actor(EVE), ANN, BOB, "leaves on Friday")
    told = work_off(house, batch["id"])

    assert told["counts"]["done"] == 30
    assert house.todo(ANN) == []
    assert {task["instance_id"] for task in house.todo(BOB)} == set(ids)
    assert {row.action for row in decided(house)} == {"reassign"}


def test_a_hand_over_to_nobody_or_to_who_has_left_is_refused(cabin: House) -> None:
    for to in (CID, "usr_none", ANN):
        with pytest.raises(ValidationFailed):
            handover.hand_over(cabin.workspace, cabin.actor(EVE), ANN, to, "x")
    with pytest.raises(NotFound):
        handover.hand_over(cabin.workspace, cabin.actor(EVE), "usr_none", BOB, "x")
    with pytest.raises(Forbidden):
        handover.hand_over(cabin.workspace, approver(BOB), ANN, BOB, "x")


def test_a_task_that_another_process_gave_meanwhile_is_moved_too(cabin: House) -> None:
    """It believed for up to a second that the person was still there."""
    cabin.publish(asks(assignees=[user(ANN)]))
    cabin.start("asks")
    batch = handover.hand_over(cabin.workspace, cabin.actor(EVE), ANN, BOB, "left")
    batches.work(cabin.workspace)
    cabin.later(s=1)
    cabin.start("asks")

    assert work_off(cabin, batch["id"])["counts"]["done"] == 2
    assert cabin.todo(ANN) == []


def test_who_is_deactivated_has_no_task_any_more(house: House) -> None:
    """R097: open tasks are given to others by the policy, never silence."""
    house.publish(asks(assignees=[user(ANN)], fallback=[user(BOB)]))
    ids = [house.start("asks") for _ in range(3)]
    house.publish(asks("alone", assignees=[user(ANN)]))
    alone = house.start("alone")

    users.change(house.workspace, house.actor(EVE), ANN, {"active": False})
    (batch,) = batches.listing(house.workspace, house.actor(EVE), kind="hand_over")["items"]
    work_off(house, batch["id"])

    with house.workspace.read() as connection:
        assert handover.open_tasks(connection, ANN) == 0
    assert {task["instance_id"] for task in house.todo(BOB)} == set(ids)
    assert [found["code"] for found in house.incidents(alone)] == ["nobody_to_ask"]


# --- sending again (R105) --------------------------------------------------------------------------


def test_sending_again_tells_and_makes_no_second_task(house: House) -> None:
    house.publish(asks(mode="all"))
    house.start("asks")
    before = (house.todo(ANN), house.todo(BOB))
    told = tasks.notifications(house.workspace, house.actor(ANN))["unread"]

    for _ in range(2):
        batch = task_batches.resend(house.workspace, house.actor(EVE), {"flow": "asks"}, "again")
        assert work_off(house, batch["id"])["counts"]["done"] == 1
        house.later(s=3_600)

    after = (house.todo(ANN), house.todo(BOB))
    assert [[task["id"] for task in box] for box in after] == [
        [task["id"] for task in box] for box in before
    ]
    assert len(house.rows(sa.select(t.tasks))) == 1
    assert len(house.rows(sa.select(t.task_actors))) == 2
    assert tasks.notifications(house.workspace, house.actor(ANN))["unread"] > told


def test_nobody_says_from_outside_where_a_batch_came_from(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks", {})
    (task,) = cabin.todo(ANN)
    params = {"decision": "approved", "_from": ["6.6.6.6", "somebody else"]}

    with pytest.raises(ValidationFailed):
        batches.create(
            cabin.workspace, approver(ANN), "decide", {"ids": [task["id"]]}, params=params
        )


# --- the queries -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (Wanted([("asks", 1, "ask")], before_ms=5), "ix_tasks_stage"),
        (Wanted(user="usr_ann"), "ix_task_actors_user"),
    ],
)
def test_open_tasks_are_found_by_an_index(cabin: House, wanted: Wanted, index: str) -> None:
    with cabin.workspace.read() as connection:
        query = stages.query_of(wanted, None).limit(50)
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]

    assert any(index in line for line in plan), plan
