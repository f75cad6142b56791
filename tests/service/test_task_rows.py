"""Rows of tasks say what the state says, whatever people do; on both databases. `make tasks` walks longer."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.people import tasking
from headrace.engine.run import commands as c
from headrace.engine.run.state import Instance
from headrace.engine.service.advance import advance
from headrace.engine.store import instances
from headrace.engine.store import tables as t
from tests.builder import Flow, flow, role, user
from tests.fakes import ANN, BOB, EVE, House

FACTOR = int(os.environ.get("HEADRACE_TASKS_FACTOR", "1"))
PEOPLE = [ANN, BOB, EVE]
ACTIONS = sorted(tasking._ACTIONS)
WALK = 60
"""Wishes of one walk."""


def drawing(mode: dict[str, Any]) -> Flow:
    allow = {"allow": sorted(tasking.DRAWN), "exempt": {"who": [role("boss")]}, **mode}
    found = flow("walk").then("a", "approval", assignees=[role("boss")], **allow)
    found.then("fork", "split").then(
        "b", "approval", assignees=[role("boss"), user("eve")], **allow
    )
    found.then("meet", "join").then("c", "approval", assignees=[user("eve")], **allow)
    found.then("done", "end").at("c", "returned").to("a")
    found.at("fork").then("d", "approval", assignees=[user("ann")], **allow).to("meet")
    for node in "abcd":
        found.at(node, "rejected").to("a" if node == "c" else "done")
    return found


@pytest.mark.parametrize(
    "mode", [{"mode": "all"}, {"mode": "sequence"}, {"mode": "any", "cc": [user("eve")]}, {"mode": "ratio", "ratio": 60}]
)  # fmt: skip
def test_rows_say_what_the_state_says(house: House, mode: dict[str, Any]) -> None:
    house.publish(drawing(mode))
    for seed in range(FACTOR):
        walk(house, random.Random(seed))


def walk(house: House, dice: random.Random) -> None:
    id_ = house.start("walk")
    for _ in range(WALK):
        found = stored(house, id_)
        if found.ended:
            return
        compare(house, found)
        open_ = [step for step in found.steps.values() if step.task and step.wait == "task"]
        if not open_:
            return
        step = dice.choice(open_)
        assert step.task
        asked = dice.choice(step.task.asked())
        who = asked.user if dice.random() < 0.8 else dice.choice(PEOPLE)
        wish: c.Command
        if asked.kind == "decide" and dice.random() < 0.4:
            decision = dice.choice(["approved", "approved", "approved", "returned"])
            wish = c.Vote(step.id, who, decision, "because", {"n": 1}, house.now_ms, via="inbox")
        else:
            action = dice.choice([one for one in ACTIONS if one != "withdraw"])
            args = arguments(dice)
            wish = c.TaskAct(step.id, action, who, args, house.now_ms, dice.random() < 0.3)
        tell(house, id_, wish)
    compare(house, stored(house, id_))


def arguments(dice: random.Random) -> dict[str, Any]:
    return {
        "people": dice.sample(PEOPLE, 1), "to": dice.choice([*PEOPLE, "a", "previous", "initiator"]), "text": "said",
        "where": dice.choice(["before", "after", "parallel"]), "after": dice.choice(["forward", "back"]),
        "keep_votes": dice.random() < 0.5, "confirm": dice.random() < 0.5, "seats": [dice.randint(1, 6)],
        "from": dice.choice(PEOPLE), "seat": dice.choice([0, 0, 1, 2]), "variables": {"n": 1},
    }  # fmt: skip


def tell(house: House, id_: str, wish: c.Command) -> None:
    house.write(lambda connection: advance(house.workspace, connection, [id_], [(id_, wish)]))


def stored(house: House, id_: str) -> Instance:
    with house.workspace.read() as connection:
        return instances.load(connection, [id_])[id_].instance


def compare(house: House, instance: Instance) -> None:
    for step in instance.steps.values():
        if step.task is None or step.wait != "task":
            continue
        task_id = f"{instance.id}.{step.id}"
        (task,) = house.rows(sa.select(t.tasks).where(t.tasks.c.id == task_id))
        assert (task.status, task.revision, task.round) == (
            "open",
            step.task.revision,
            step.task.round,
        )
        assert (task.urged_at, task.paused_at) == (step.task.urged_at, step.task.paused_since)
        query = sa.select(t.task_actors).where(t.task_actors.c.task_id == task_id)
        rows = house.rows(query.order_by(t.task_actors.c.seat))
        assert [in_row(row) for row in rows] == [
            in_state(seat) for seat in step.task.seats.values()
        ]
    open_rows = house.rows(
        sa.select(t.task_actors.c.task_id)
        .join(t.tasks, t.tasks.c.id == t.task_actors.c.task_id)
        .where(t.tasks.c.status != "open", t.task_actors.c.status.in_(tasking.LIVE))
    )
    assert open_rows == []


def in_row(row: Any) -> tuple[Any, ...]:
    return (
        row.seat, row.user_id, row.status, row.kind, row.on_behalf_of, row.origin, row.unit or row.seat, row.stage, row.weight,
        row.veto, row.decision, row.returns_to, row.reason, row.decided_at or row.closed_at,
    )  # fmt: skip


def in_state(seat: tasking.Seat) -> tuple[Any, ...]:
    return (
        seat.id, seat.user, seat.status, seat.kind, seat.on_behalf_of, seat.origin, seat.unit, seat.stage, seat.weight,
        seat.veto, seat.decision, seat.returns_to, seat.reason, seat.at,
    )  # fmt: skip


def test_a_return_is_seen_as_one_and_names_the_round_before(house: House) -> None:
    who = {"assignees": [user("ann")]}
    drawn = flow("two").then("a", "approval", **who).then("b", "approval", **who).then("z", "end")
    house.publish(drawn)
    id_ = house.start("two")
    house.decide(ANN)
    (step,) = stored(house, id_).steps.values()
    args = {"to": "a", "after": "back", "comment": "once more"}
    tell(house, id_, c.TaskAct(step.id, "return", ANN, args, house.now_ms))

    tasks = {
        row.node + str(row.round): (row.status, row.again_of)
        for row in house.rows(sa.select(t.tasks).order_by(t.tasks.c.created_at))
    }
    assert tasks["b1"] == ("returned", None)
    assert tasks["a2"] == ("open", f"{id_}.2")
    house.decide(ANN)
    house.decide(ANN)
    assert house.status(id_) == "completed"
    (note,) = house.rows(sa.select(t.task_notes))
    assert (note.action, note.by, note.text, note.to) == ("return", ANN, "once more", "a")


def test_who_was_not_needed_any_more_is_closed_with_the_reason(house: House) -> None:
    house.publish(flow("any").then("ask", "approval").then("done", "end"))
    house.start("any")
    house.decide(BOB)

    rows = house.rows(sa.select(t.task_actors).order_by(t.task_actors.c.seat))

    assert [(row.user_id, row.status, row.reason) for row in rows] == [
        (ANN, "closed", "first_decision"),
        (BOB, "done", None),
    ]
    assert rows[0].closed_at == house.now_ms


def test_a_task_passed_over_by_rule_is_shown_all_the_same(house: House) -> None:
    drawn = flow("own").then(
        "ask", "approval", assignees=[{"kind": "initiator"}], same_initiator="skip"
    )
    house.publish(drawn.then("done", "end"))
    id_ = house.start("own")

    assert house.status(id_) == "completed"
    (task,) = house.rows(sa.select(t.tasks))
    (seat,) = house.rows(sa.select(t.task_actors))
    assert (task.status, seat.user_id, seat.decision, seat.reason) == (
        "approved", EVE, "approved", "same_initiator",
    )  # fmt: skip
