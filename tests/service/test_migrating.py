"""Running instances taken to another version: what maps, what is refused and why, and the way back."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Conflict, Forbidden, NotFound, ValidationFailed
from headrace.engine.people.working_hours import CHINA
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.service import calendars, canary, instances, migrating, migrating_work, tasks
from headrace.engine.service.actor import Actor
from headrace.engine.store import tables as t
from tests.builder import Flow, flow
from tests.fakes import ANN, NOON, House, ScriptedWorld, claim_jobs, run_claim, settle

HOUR = 3_600_000


def asks(node: str = "ask", **settings: Any) -> Flow:
    return (
        flow("f").then(node, "approval", **settings).then("done", "end")
        .at(node, "rejected").then("no", "end", result="no")
    )  # fmt: skip


def waits(node: str = "wait", duration: str = "PT1H") -> Flow:
    return flow("f").then(node, "timer", duration=duration).then("done", "end")


def pays(path: str = "/pay") -> Flow:
    return flow("f").then("pay", "connector", path=path).then("done", "end")


def split(*branches: str) -> Flow:
    """start → split → branches (timers) → both → done; edges are numbered as drawn."""
    drawing = flow("f").then("split", "split")
    for index, branch in enumerate(branches):
        drawing.at("split").then(branch, "timer", duration=f"PT{index + 1}H")
        drawing.then("both", "join") if index == 0 else drawing.to("both")
    return drawing.at("both").then("done", "end")


def plan(house: House, **more: Any) -> str:
    """Version 1 → 2, dry run done; answers the migration's id."""
    told: dict[str, Any] = {"to": 2, "versions": [1], **more}
    made = migrating.create(house.workspace, house.actor(ANN), "f", **told)
    done(house)
    return str(made["id"])


def done(house: House) -> None:
    """What the runtime does: go on until nothing is left to do."""
    while migrating_work.work(house.workspace, 60):
        pass


def apply(house: House, id_: str) -> dict[str, int]:
    return go(house, id_, "apply")


def go(house: House, id_: str, what: str) -> dict[str, int]:
    migrating.begin(house.workspace, house.actor(ANN), id_, what)
    done(house)
    told = migrating.detail(house.workspace, house.actor(ANN), id_)
    assert told["status"] == "done"
    return dict(told["counts"])


def report(house: House, id_: str) -> dict[str, Any]:
    return {row["instance_id"]: row for row in items(house, id_)}


def items(house: House, id_: str, **more: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = migrating.items(house.workspace, house.actor(ANN), id_, **more)[
        "items"
    ]
    return found


def codes(house: House, id_: str, instance: str) -> list[str]:
    return [problem["code"] for problem in report(house, id_)[instance]["problems"]]


def version_of(house: House, id_: str) -> int:
    return int(house.detail(id_)["version"])


# --- what maps ---------------------------------------------------------------------------------------


def test_a_dry_run_changes_nothing_and_a_migration_goes_on_in_the_new_version(house: House) -> None:
    house.publish(asks())
    ids = [house.start("f", {"n": n}) for n in range(3)]
    house.publish(asks(title="New words").at("ask", "returned").then("back", "end", result="back"))
    before = [(house.detail(id_)["version"], house.detail(id_)["seq"]) for id_ in ids]

    id_ = plan(house)

    assert [(house.detail(i)["version"], house.detail(i)["seq"]) for i in ids] == before
    assert {row["status"] for row in items(house, id_)} == {"ok"}
    assert apply(house, id_) == {"migrated": 3}
    assert [version_of(house, i) for i in ids] == [2, 2, 2]
    rows = house.rows(sa.select(t.tasks.c.version, t.tasks.c.can_return))
    assert {tuple(row) for row in rows} == {(2, True)}


def test_a_renamed_node_is_mapped_and_its_task_goes_on(house: House) -> None:
    house.publish(asks("ask"))
    id_ = house.start("f")
    house.publish(asks("decide"))
    migration = plan(house, nodes={"ask": "decide"})

    apply(house, migration)

    assert house.waiting(id_) == ["decide"]
    (task,) = house.todo(ANN)
    assert task["node"] == "decide"
    house.decide(ANN)
    assert house.status(id_) == "completed"


def test_a_gone_node_is_a_problem_named_with_its_node(house: House) -> None:
    house.publish(asks("ask"))
    id_ = house.start("f")
    house.publish(asks("decide"))

    migration = plan(house)

    (problem,) = report(house, migration)[id_]["problems"]
    assert (problem["code"], problem["node"]) == ("node_gone", "ask")
    assert apply(house, migration) == {"problem": 1}
    assert version_of(house, id_) == 1


def test_the_suggestion_finds_the_new_name(house: House) -> None:
    house.publish(asks("ask"))
    house.start("f")
    house.publish(asks("decide"))

    told = migrating.suggest(house.workspace, house.actor(ANN), "f", versions=[1], to=2)

    assert {row["node"]: row["to"] for row in told["nodes"]} == {
        "start": "start", "ask": "decide", "done": "done", "no": "no",
    }  # fmt: skip
    assert told["open_instances"] == 1


def test_another_type_is_refused_because_its_answer_would_not_be_understood(house: House) -> None:
    house.publish(asks("step"))
    id_ = house.start("f")
    house.publish(waits("step"))

    assert codes(house, plan(house), id_) == ["type_changed"]


def test_a_timer_that_runs_may_end_any_node_of_time(cabin: House) -> None:
    cabin.publish(waits("wait"))
    id_ = cabin.start("f")
    cabin.publish(waits("pause", "PT9H"))
    migration = plan(cabin, nodes={"wait": "pause"})

    apply(cabin, migration)
    cabin.later(s=3_600)
    settle(cabin)

    assert cabin.status(id_) == "completed"


# --- joins -------------------------------------------------------------------------------------------


def test_a_join_with_one_more_branch_would_wait_for_ever(house: House) -> None:
    house.publish(split("a", "b"))
    id_ = house.start("f")
    house.later(s=3_600)
    settle(house)  # a has come; its token is a mark at the join
    house.publish(split("a", "b", "c"))

    migration = plan(house)

    (problem,) = report(house, migration)[id_]["problems"]
    assert (problem["code"], problem["node"]) == ("join_unfillable", "both")
    assert problem["edge"] == "e7"  # from the third branch, which was never entered


def test_marks_move_to_the_new_edges_of_the_join(house: House) -> None:
    house.publish(split("a", "b"))
    id_ = house.start("f")
    house.later(s=3_600)
    settle(house)
    renumbered = split("a", "b").document()
    for edge in renumbered["edges"]:
        edge["id"] = f"new_{edge['id']}"
    house.publish(renumbered)

    assert apply(house, plan(house)) == {"migrated": 1}
    house.later(s=3_600)
    settle(house)

    assert house.status(id_) == "completed"


def test_a_join_that_needs_less_now_goes_on_at_once_and_is_not_undone(house: House) -> None:
    house.publish(split("a", "b"))
    id_ = house.start("f")
    house.later(s=3_600)
    settle(house)
    document = split("a", "b").document()
    next(n for n in document["nodes"] if n["id"] == "both")["settings"] = {"mode": "first"}
    house.publish(document)
    migration = plan(house)

    apply(house, migration)

    assert house.waiting(id_) == ["b"]
    (row,) = items(house, migration)
    assert (row["status"], row["can_undo"]) == ("migrated", False)


# --- timers, jobs, variables ---------------------------------------------------------------------------


def test_a_timer_that_begins_in_the_very_migration_is_there(house: House) -> None:
    key = house.publish(split("quick", "slow"))
    instance = house.start(key)
    settle(house)
    house.later(s=3_600)
    settle(house)
    drawing = flow("f").then("split", "split")
    drawing.at("split").then("quick", "timer", duration="PT1H").then("both", "join", mode="first")
    drawing.at("split").then("slow", "timer", duration="PT2H").to("both")
    house.publish(drawing.at("both").then("more", "timer", duration="PT5H").then("done", "end"))
    apply(house, plan(house))
    assert sorted(house.waiting(instance)) == ["more", "slow"]
    assert house.violations() == []

    house.later(s=5 * 3_600)
    settle(house)
    assert house.status(instance) == "completed"


def due_at(house: House) -> int:
    (row,) = house.rows(sa.select(t.timers.c.due_at))
    return int(row.due_at)


@pytest.mark.parametrize(("due", "expected"), [("keep", HOUR), ("reset", 600_000 + 3 * HOUR)])
def test_timers_are_kept_or_begin_anew(house: House, due: str, expected: int) -> None:
    house.publish(waits())
    id_ = house.start("f")
    house.publish(waits(duration="PT3H"))
    house.later(s=600)
    migration = plan(house, due=due)

    apply(house, migration)

    assert due_at(house) == NOON + expected
    go(house, migration, "undo")
    assert due_at(house) == NOON + HOUR
    house.later(s=3_000)
    settle(house)
    assert house.status(id_) == "completed"


def test_timers_begin_anew_in_business_time_and_follow_its_calendar(house: House) -> None:
    calendars.prepare(house.workspace)
    house.publish(waits())
    house.start("f")
    house.publish(
        flow("f").then("wait", "timer", duration="P1D", days="business").then("done", "end")
    )

    migration = plan(house, due="reset")
    apply(house, migration)

    monday = NOON + 3 * 24 * HOUR  # noon is a Friday
    assert due_at(house) == monday
    closed = {**CHINA, "days": [{"date": "2026-01-12", "hours": []}]}
    calendars.change(house.workspace, house.actor(ANN), "china", closed, "1")
    assert calendars.follow(house.workspace) == 1
    assert due_at(house) == monday + 24 * HOUR


ESCALATED: dict[str, Any] = {
    "due": "PT4H",
    "warn": [50],
    "escalation": [{"after": "PT8H", "do": "remind", "to": [{"kind": "user", "id": ANN}]}],
    "reminder": {"after": "PT1H", "to": [{"kind": "user", "id": ANN}]},
}


def limits(house: House) -> dict[str, int]:
    """Timer → minutes after noon; with the due time of the task."""
    rows = house.rows(sa.select(t.timers.c.name, t.timers.c.due_at))
    found = {row.name: (row.due_at - NOON) // 60_000 for row in rows}
    (task,) = house.rows(sa.select(t.tasks.c.due_at).where(t.tasks.c.status == "open"))
    return found if task.due_at is None else {**found, "": (task.due_at - NOON) // 60_000}


def test_the_time_limits_of_a_task_begin_anew_as_the_new_version_says(house: House) -> None:
    house.publish(asks(due="PT2H"))
    id_ = house.start("f")
    before = limits(house)
    assert before == {"": 120, "task:due": 120}
    house.publish(asks(**ESCALATED))
    house.later(s=600)
    migration = plan(house, due="reset")

    assert apply(house, migration) == {"migrated": 1}
    assert limits(house) == {
        "": 250, "task:due": 250, "task:warn:0": 130, "task:escalate:0": 490, "remind": 70,
    }  # fmt: skip

    go(house, migration, "undo")
    assert limits(house) == before
    house.decide(ANN)
    assert (house.status(id_), house.rows(t.timers.select())) == ("completed", [])


def test_with_timers_kept_a_task_keeps_its_time_limits(house: House) -> None:
    house.publish(asks(due="PT2H"))
    house.start("f")
    house.publish(asks(**ESCALATED))
    house.later(s=600)

    apply(house, plan(house))

    assert limits(house) == {"": 120, "task:due": 120}


def test_time_limits_that_begin_anew_in_business_time_follow_their_calendar(house: House) -> None:
    calendars.prepare(house.workspace)
    house.publish(asks(due="PT2H"))
    house.start("f")
    house.publish(asks(due="P1D", days="business"))

    apply(house, plan(house, due="reset"))

    monday = 3 * 24 * 60  # noon is a Friday
    assert limits(house) == {"": monday, "task:due": monday}
    closed = {**CHINA, "days": [{"date": "2026-01-12", "hours": []}]}
    calendars.change(house.workspace, house.actor(ANN), "china", closed, "1")
    calendars.follow(house.workspace)
    assert limits(house) == {"": monday + 24 * 60, "task:due": monday + 24 * 60}


def test_the_time_limits_of_what_stands_still_stay_and_the_dry_run_says_so(house: House) -> None:
    house.publish(asks(due="PT2H"))
    id_ = house.start("f")
    house.publish(asks(**ESCALATED))
    instances.wish(house.workspace, id_, c.Suspend(ANN, "look", "shift"))
    before = limits(house)
    migration = plan(house, due="reset")

    assert "limits_stay" in codes(house, migration, id_)
    assert apply(house, migration) == {"migrated": 1}
    assert limits(house) == before


def test_a_job_with_new_settings_is_made_anew_under_its_old_key(house: House) -> None:
    house.publish(pays("/old"))
    id_ = house.start("f")
    (key,) = house.rows(sa.select(t.jobs.c.key))
    house.publish(pays("/new"))

    apply(house, plan(house))
    world = ScriptedWorld()
    settle(house, world)

    assert house.status(id_) == "completed"
    (call,) = world.calls
    assert "/new" in str(call)
    assert str(key.key) in str(call)


def test_a_job_that_runs_waits_for_its_worker_before_its_settings_change(house: House) -> None:
    house.publish(pays("/old"))
    id_ = house.start("f")
    house.publish(pays("/new"))
    (claim,) = claim_jobs(house)

    assert codes(house, plan(house), id_) == ["job_running"]

    run_claim(house, claim, ScriptedWorld())
    assert house.status(id_) == "completed"


def test_a_running_job_of_an_unchanged_node_counts_after_the_migration(house: House) -> None:
    house.publish(pays())
    id_ = house.start("f")
    house.publish(pays().at("start").then("unused", "end"))
    (claim,) = claim_jobs(house)

    assert apply(house, plan(house)) == {"migrated": 1}
    run_claim(house, claim, ScriptedWorld())

    assert house.status(id_) == "completed"
    assert version_of(house, id_) == 2


def takes_back(pay: str, back: str) -> Flow:
    """Pays, unless it takes too long; what was paid all the same is given back. Then somebody looks."""
    drawing = flow("f").then(pay, "connector")
    drawing.event("late", "timer", after="PT1M").event("undo", "compensation")
    return (
        drawing.then("done", "end")
        .at(pay, "late").then("look", "approval").then("over", "end")
        .at(pay, "undo").then(back, "connector", path="/back")
    )  # fmt: skip


@pytest.mark.parametrize("undone", [False, True])
def test_a_late_success_of_a_renamed_node_is_undone_by_the_new_drawing(
    undone: bool, house: House
) -> None:
    house.publish(takes_back("pay", "back"))
    id_ = house.start("f")
    (claim,) = claim_jobs(house)
    house.later(s=61)
    settle(house)
    assert house.waiting(id_) == ["look"]
    house.publish(takes_back("charge", "refund"))
    migration = plan(house, nodes={"pay": "charge", "back": "refund"})

    assert apply(house, migration) == {"migrated": 1}
    if undone:
        go(house, migration, "undo")
    world = ScriptedWorld()
    run_claim(house, claim, world)
    settle(house, world)

    handlers = [event.node for event in house.events(id_, e.CompensationStarted)]
    assert handlers == ["back" if undone else "refund"]
    assert house.waiting(id_) == ["look"]


def test_what_a_worker_may_still_do_can_be_undone_in_the_new_version_too(house: House) -> None:
    house.publish(takes_back("pay", "back"))
    id_ = house.start("f")
    (claim,) = claim_jobs(house)
    house.later(s=61)
    settle(house)
    house.publish(flow("f").then("look", "approval").then("over", "end"))

    assert "undo_gone" in codes(house, plan(house), id_)

    run_claim(house, claim, ScriptedWorld())  # its worker's word has come, and was undone
    settle(house, ScriptedWorld())
    assert codes(house, plan(house), id_) == []


def test_variables_are_worked_out_and_put_back(house: House) -> None:
    house.publish(asks())
    id_ = house.start("f", {"amount": 5, "name": "x"})
    house.publish(asks(title="new"))
    migration = plan(house, variables={"amount": "amount * 100", "currency": "'CNY'"})

    apply(house, migration)
    assert house.detail(id_)["variables"] == {"amount": 500, "name": "x", "currency": "CNY"}

    go(house, migration, "undo")
    assert house.detail(id_)["variables"] == {"amount": 5, "name": "x"}
    assert version_of(house, id_) == 1


def test_a_variable_that_cannot_be_worked_out_is_that_instances_problem(house: House) -> None:
    house.publish(asks())
    bad, good = house.start("f", {"amount": "many"}), house.start("f", {"amount": 2})
    house.publish(asks(title="new"))

    migration = plan(house, variables={"amount": "amount * 100"})

    assert "variable_failed" in codes(house, migration, bad)
    assert apply(house, migration) == {"migrated": 1, "problem": 1}
    assert version_of(house, good) == 2


# --- incidents, suspension -----------------------------------------------------------------------------


def test_an_incident_goes_along_and_is_tried_again_in_the_new_version(house: House) -> None:
    house.publish(pays("/old"))
    id_ = house.start("f")
    settle(house, ScriptedWorld(400))
    house.publish(pays("/new"))

    apply(house, plan(house))
    house.retry(id_)
    world = ScriptedWorld()
    settle(house, world)

    assert house.status(id_) == "completed"
    assert "/new" in str(world.calls[0])


def test_a_suspended_instance_is_migrated_where_it_rests(house: House) -> None:
    house.publish(waits())
    id_ = house.start("f")
    instances.wish(house.workspace, id_, c.Suspend(ANN, "look at it"))
    house.publish(waits(duration="PT2H"))

    assert apply(house, plan(house)) == {"migrated": 1}
    assert (house.status(id_), version_of(house, id_)) == ("suspended", 2)
    instances.wish(house.workspace, id_, c.Resume(ANN))
    house.later(s=3_600)
    settle(house)
    assert house.status(id_) == "completed"


# --- undo, races, going on ------------------------------------------------------------------------------


def test_an_undo_puts_back_only_those_that_have_not_moved(house: House) -> None:
    house.publish(asks("ask"))
    stays, moves = house.start("f"), house.start("f")
    house.publish(asks("decide"))
    migration = plan(house, nodes={"ask": "decide"})
    apply(house, migration)
    task = next(t_ for t_ in house.todo(ANN) if t_["instance_id"] == moves)
    tasks.decide(house.workspace, house.actor(ANN), task["id"], "approved")

    assert go(house, migration, "undo") == {"migrated": 1, "undone": 1}

    assert (version_of(house, stays), house.waiting(stays)) == (1, ["ask"])
    assert "moved" in codes(house, migration, moves)
    assert version_of(house, moves) == 2


def alone(house: House, migration: str, instance: str, what: str) -> dict[str, Any]:
    told: dict[str, Any] = migrating_work.one(
        house.workspace, house.actor(ANN), migration, instance, what
    )
    return told


def test_one_is_tried_before_the_others_and_put_back_alone(house: House) -> None:
    house.publish(asks())
    first, second = house.start("f"), house.start("f")
    house.publish(asks(title="new"))
    migration = plan(house)

    assert alone(house, migration, first, "apply")["status"] == "migrated"
    assert (version_of(house, first), version_of(house, second)) == (2, 1)
    told = migrating.detail(house.workspace, house.actor(ANN), migration)
    assert (told["status"], told["counts"]) == ("stopped", {"migrated": 1, "ok": 1})

    assert alone(house, migration, first, "undo")["status"] == "undone"
    assert version_of(house, first) == 1
    assert apply(house, migration) == {"migrated": 1, "undone": 1}
    assert (version_of(house, first), version_of(house, second)) == (1, 2)


def test_the_last_one_alone_ends_the_migration(house: House) -> None:
    house.publish(asks())
    id_ = house.start("f")
    house.publish(asks(title="new"))
    migration = plan(house)

    alone(house, migration, id_, "apply")

    told = migrating.detail(house.workspace, house.actor(ANN), migration)
    assert (told["status"], told["counts"]) == ("done", {"migrated": 1})


def test_one_that_is_no_longer_ok_alone_says_so(house: House) -> None:
    house.publish(asks())
    id_ = house.start("f")
    house.publish(asks(title="new"))
    migration = plan(house)
    house.decide(ANN)

    told = alone(house, migration, id_, "apply")

    assert (told["status"], [p["code"] for p in told["problems"]]) == ("failed", ["ended"])
    with pytest.raises(Conflict):
        alone(house, migration, id_, "apply")
    with pytest.raises(NotFound):
        alone(house, migration, "ins_nobody", "apply")


def test_one_that_moved_after_the_dry_run_is_checked_again(house: House) -> None:
    two = flow("f").then("first", "approval").then("ask", "approval").then("done", "end")
    two.at("first", "rejected").to("done").at("ask", "rejected").to("done")
    house.publish(two)
    id_ = house.start("f")
    house.publish(
        flow("f").then("first", "approval").then("done", "end").at("first", "rejected").to("done")
    )
    migration = plan(house)
    assert report(house, migration)[id_]["status"] == "ok"
    house.decide(ANN)  # now it waits at a node that version 2 does not have

    assert apply(house, migration) == {"problem": 1}

    assert codes(house, migration, id_) == ["node_gone"]
    assert house.waiting(id_) == ["ask"]


def test_it_is_taken_up_again_by_another_process(house: House) -> None:
    house.publish(waits())
    ids = [house.start("f") for _ in range(migrating_work.MIGRATED_AT_ONCE + 15)]
    house.publish(waits(duration="PT2H"))
    migration = plan(house)
    migrating.begin(house.workspace, house.actor(ANN), migration, "apply")
    assert migrating_work.work(house.workspace, 0) == migrating_work.MIGRATED_AT_ONCE
    migrating.stop(house.workspace, house.actor(ANN), migration)
    assert migrating_work.work(house.workspace) == 0

    again = house.again()
    try:
        assert apply(again, migration) == {"migrated": len(ids)}
        assert {version_of(again, id_) for id_ in ids} == {2}
        events = [again.events(id_, e.InstanceMigrated) for id_ in ids]
        assert [len(found) for found in events] == [1] * len(ids)
    finally:
        again.close()


def test_what_begins_after_the_dry_run_is_not_touched(house: House) -> None:
    house.publish(waits())
    house.start("f")
    house.publish(waits(duration="PT2H"))
    migration = plan(house)
    canary.activate(house.workspace, house.actor(ANN), "f", 1)
    late = house.start("f")

    apply(house, migration)

    assert version_of(house, late) == 1


def test_wishes_that_do_not_fit_are_conflicts(cabin: House) -> None:
    cabin.publish(waits())
    cabin.publish(waits(duration="PT2H"))
    migration = plan(cabin)

    with pytest.raises(Conflict):
        migrating.begin(cabin.workspace, cabin.actor(ANN), migration, "undo")
    with pytest.raises(Conflict):
        migrating.stop(cabin.workspace, cabin.actor(ANN), migration)
    for told, error in (
        ({"nodes": {"wait": "nowhere"}}, ValidationFailed),
        ({"versions": [2]}, ValidationFailed),
        ({"to": 9}, NotFound),
        ({"variables": {"x": "1 +"}}, ValidationFailed),
    ):
        with pytest.raises(error):
            plan(cabin, **told)


def test_only_who_may_operate_migrates(cabin: House) -> None:
    cabin.publish(waits())
    with pytest.raises(Forbidden):
        migrating.create(cabin.workspace, Actor("usr_eve", "Eve"), "f", to=2, versions=[1])


def test_the_story_of_a_migrated_instance_names_nodes_of_both_versions(house: House) -> None:
    house.publish(
        flow("f")
        .then("old", "set_values", values={"a": "1"})
        .then("ask", "approval")
        .then("done", "end")
        .at("ask", "rejected")
        .to("done")
    )
    id_ = house.start("f")
    house.publish(asks())
    apply(house, plan(house))

    steps = {step["node"]: step for step in house.detail(id_)["steps"]}

    assert steps["old"]["status"] == "done"
    assert steps["ask"]["status"] == "waiting"
