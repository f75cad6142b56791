"""Withdrawing tokens: a region, all of them, all behind a node (engine.md 5.10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from headrace.engine.run import events as e
from headrace.engine.run.state import Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def children_of(step: Step) -> list[str]:
    """The sub-flows of a step that still run."""
    if step.items is not None:
        return list(step.items.running)
    return [child for child in step.children if child not in step.outputs]


def withdraw(
    run: Run,
    nodes: Collection[str],
    *,
    sparing: int = 0,
    entries: Collection[str] | None = None,
) -> None:
    """Withdraw every token in these nodes, on edges to them and at these joins, but for step `sparing`.

    `entries`: of marks at joins only those on edges out of these nodes.
    """
    instance = run.instance
    for step in list(instance.steps.values()):
        if step.node in nodes and step.id != sparing:
            withdraw_step(run, step)
    edges = [edge for edge in instance.pending if run.flow.edges[edge].target in nodes]
    marks: Mapping[str, Mapping[str, int]] = {
        join: counts
        for join, found in instance.marks.items()
        if join in nodes
        and (
            counts := {
                edge: n
                for edge, n in found.items()
                if entries is None or run.flow.edges[edge].source in entries
            }
        )
    }
    if edges or marks:
        run.emit(e.TokensRemoved(edges, marks))
    for join in list(instance.rounds):
        if join in nodes:
            run.emit(e.RoundEnded(join))
    gone = [
        id_
        for id_, (step_id, node) in instance.incidents.items()
        if not step_id and node in nodes and node not in instance.marks
    ]
    for incident in gone:
        run.emit(e.IncidentResolved(incident, "cancelled", "engine"))


def withdraw_step(run: Run, step: Step) -> None:
    """Withdraw one open step, with its incident."""
    settle_incident(run, step, "cancelled")
    run.emit(e.StepCancelled(step.id, step.node, children_of(step)))


def settle_incident(run: Run, step: Step, resolution: str) -> None:
    """The step goes on, or goes away: nobody need decide about it any more."""
    if step.incident and step.incident in run.instance.incidents:
        run.emit(e.IncidentResolved(step.incident, resolution, "engine"))


def withdraw_all(run: Run, *, by: str = "engine", compensate: bool = False) -> None:
    """Withdraw every token there is; `compensate`: sub-flows that still run undo what they did."""
    instance = run.instance
    for incident in list(instance.incidents):
        run.emit(e.IncidentResolved(incident, "cancelled", by))
    for step in list(instance.steps.values()):
        run.emit(e.StepCancelled(step.id, step.node, children_of(step), compensate))
