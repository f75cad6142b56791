"""Random flows, stopped anywhere, taken to a changed drawing: what the dry run lets through comes to its end, what it refuses
would not have, and an undo puts back exactly what was.

`HYPOTHESIS_PROFILE=soak` looks a hundred times longer.
"""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from headrace.engine.flow.compile import CompiledFlow, compile_flow
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.advance import Run
from headrace.engine.run.migrate import Checked, Plan, prepare, remember, undone
from headrace.engine.run.state import Instance, to_json
from tests.builder import Document, flow
from tests.fakes import ANN, PEOPLE, TYPES, Case, same
from tests.test_run_properties import (
    FACTOR,
    Block,
    Drawer,
    blocks,
    documents,
    play,
    possible_now,
)

Change = tuple[Document, Plan]


# --- changes of a drawing ------------------------------------------------------------------------------


def renamed(document: Document, dice: Any) -> Change:
    """Some nodes and all edges get other ids."""
    new = copy.deepcopy(document)
    names = {n["id"]: f"new_{n['id']}" for n in new["nodes"] if dice.draw(st.booleans())}
    for node in new["nodes"]:
        node.setdefault("result", node["id"])  # what it is called is not where its output goes
        node["id"] = names.get(node["id"], node["id"])
    for edge in new["edges"]:
        edge |= {"id": f"new_{edge['id']}"} | {
            end: names.get(edge[end], edge[end]) for end in ("from", "to")
        }
    return new, Plan(2, names)


def inserted(document: Document, dice: Any) -> Change:
    """One more node on an edge."""
    new = copy.deepcopy(document)
    edge = dice.draw(st.sampled_from(new["edges"]))
    new["nodes"].append(
        {"id": "extra", "type": "timer", "name": {"en": "x"}, "position": {"x": 0, "y": 0},
         "settings": {"mode": "for", "duration": "PT1S"}}
    )  # fmt: skip
    new["edges"].append({"id": "extra", "from": "extra", "port": "out", "to": edge["to"]})
    edge["to"] = "extra"
    return new, Plan(2)


def one_branch_more(document: Document, dice: Any) -> Change:
    """A split gets one more branch to the join its first branch comes to."""
    new = copy.deepcopy(document)
    splits = [node["id"] for node in new["nodes"] if node["type"] == "split"]
    joins = [node["id"] for node in new["nodes"] if node["type"] == "join"]
    assume(splits)
    at = dice.draw(st.integers(0, len(splits) - 1))
    new["edges"].append({"id": "extra", "from": splits[at], "port": "out", "to": joins[at]})
    return new, Plan(2)


def without_a_branch(document: Document, dice: Any) -> Change:
    """An edge into a join is taken away, with all that only led there."""
    new = copy.deepcopy(document)
    joins = {node["id"] for node in new["nodes"] if node["type"] == "join"}
    edges = [edge for edge in new["edges"] if edge["to"] in joins]
    assume(edges)
    gone = dice.draw(st.sampled_from(edges))
    source = gone["from"]
    new["edges"] = [one for one in new["edges"] if source not in (one["from"], one["to"])]
    new["nodes"] = [one for one in new["nodes"] if one["id"] != source]
    return new, Plan(2)


ANSWERS_MAX = 200
"""Answers until a join that cannot be filled must be stuck."""

CHANGES = (renamed, inserted, one_branch_more, without_a_branch)


# --- playing -----------------------------------------------------------------------------------------------


def stopped(document: Document, dice: Any) -> Case:
    """An instance that has heard some answers and rests."""
    case = Case(document)
    for _ in range(dice.draw(st.integers(0, 12))):
        if case.instance.ended:
            break
        possible = possible_now(case)
        case.tell(possible[dice.draw(st.integers(0, len(possible) - 1))])
    assume(not case.instance.ended)
    return case


def looked_at(case: Case, new: CompiledFlow, plan: Plan) -> Checked:
    return prepare(case.instance, case.flow, new, plan, by=ANN, now_ms=case.now_ms)


def tell(case: Case, wish: c.Migrate, flows: dict[int, CompiledFlow]) -> None:
    """`Case.tell`, where other versions can be had."""
    run = Run(case.flow, case.instance, case.now_ms, PEOPLE, case.ends, flows.__getitem__)
    run.take(wish)
    run.move()
    case.history += run.events
    case.ends.tell(run.events)
    case.flow = run.flow


def compiled(document: Document, version: int) -> CompiledFlow:
    return compile_flow(document, TYPES, version=version)


@settings(settings.get_profile("default"), max_examples=150 * FACTOR)
@given(documents(), st.sampled_from(CHANGES), st.data())
def test_what_the_dry_run_lets_through_comes_to_its_end(
    document: Document, change: Any, dice: st.DataObject
) -> None:
    case = stopped(document, dice)
    case.flow = compiled(document, 1)
    drawn, plan = change(document, dice)
    new = compiled(drawn, 2)
    before = to_json(case.instance)

    found = looked_at(case, new, plan)

    assert same(to_json(case.instance)) == same(before), "a dry run changes nothing"
    if change in (renamed, inserted):
        # What is being undone is not migrated; nothing else stands in the way.
        errors = {trouble.code for trouble in found.troubles if trouble.severity == "error"}
        assert errors <= {"compensating"}
    if not found.ok:
        return
    began = len(case.history)
    tell(case, found.wish, {1: case.flow, 2: new})
    play(case, lambda count: dice.draw(st.integers(0, count - 1)))
    assert case.instance.ended == "completed"
    assert same(to_json(case.replayed())) == same(to_json(case.instance))
    if not found.may_stick:
        raised = [one for one in case.history[began:] if isinstance(one, e.IncidentRaised)]
        assert [one.node for one in raised if one.code == "join_stuck"] == []


beside_one_another = st.builds(
    lambda parts: Drawer().document(Block("parallel", parts)),
    st.lists(blocks(), min_size=2, max_size=3),
)


@settings(
    settings.get_profile("default"),
    max_examples=60 * FACTOR,
    suppress_health_check=list(HealthCheck),
)
@given(beside_one_another, st.data())
def test_what_the_dry_run_calls_unfillable_is_stuck_when_forced(
    document: Document, dice: st.DataObject
) -> None:
    case = stopped(document, dice)
    case.flow = compiled(document, 1)
    drawn, plan = one_branch_more(document, dice)
    new = compiled(drawn, 2)
    found = looked_at(case, new, plan)
    errors = {trouble.code for trouble in found.troubles if trouble.severity == "error"}
    assume(errors == {"join_unfillable"})

    case.history.clear()
    tell(case, found.wish, {1: case.flow, 2: new})
    for answer in range(ANSWERS_MAX):
        if stuck(case) or case.instance.ended:
            break
        possible = possible_now(case)
        # After a while everything succeeds: what fails for ever would never come to the join.
        last = len(possible) - 1 if answer < ANSWERS_MAX // 4 else 0
        case.tell(possible[dice.draw(st.integers(0, last))])

    assert stuck(case)


def stuck(case: Case) -> bool:
    """Has a join waited in vain?"""
    return any(raised.code == "join_stuck" for raised in case.of(e.IncidentRaised))


@settings(settings.get_profile("default"), max_examples=100 * FACTOR)
@given(documents(), st.data())
def test_an_undo_puts_back_exactly_what_was(document: Document, dice: st.DataObject) -> None:
    case = stopped(document, dice)
    old = case.flow = compiled(document, 1)
    drawn, plan = renamed(document, dice)
    plan = Plan(2, plan.nodes, timers="reset", variables={"n": "default(n, 0) + 1", "extra": "1"})
    new = compiled(drawn, 2)
    before = to_json(case.instance)
    due = {event.step: event.due_at for event in case.of(e.TimerSet) if event.name == "due"}
    found = looked_at(case, new, plan)
    kept = remember(case.instance, found.wish, due)

    tell(case, found.wish, {1: old, 2: new})
    assume(case.instance.next_step == before["next"])
    tell(case, undone(case.instance, same(kept), ANN), {1: old, 2: new})

    assert places(to_json(case.instance)) == places(before)
    assert case.instance.version == 1
    last = {event.step: event.due_at for event in case.of(e.TimerSet) if event.name == "due"}
    assert last == due


def places(state: dict[str, Any]) -> Any:
    """All but how many facts there are, and attempts, which a job made anew begins to count again."""
    return same({name: value for name, value in state.items() if name != "seq"})


def test_the_changes_are_not_all_refused_and_not_all_let_through() -> None:
    """The generator is no use if one side never happens."""
    drawing = flow("f").then("split", "split")
    for index in range(2):
        drawing.at("split").then(f"t{index}", "timer", duration="PT1H")
        drawing.then("both", "join") if index == 0 else drawing.to("both")
    document = drawing.at("both").then("done", "end").document()
    more = copy.deepcopy(document)
    more["edges"].append({"id": "extra", "from": "split", "port": "out", "to": "both"})
    case = Case(document)
    assert isinstance(case.instance, Instance)

    assert looked_at(case, compiled(document, 2), Plan(2)).ok
    assert not looked_at(case, compiled(more, 2), Plan(2)).ok
