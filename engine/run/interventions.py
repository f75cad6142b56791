"""What people do to an instance from outside its drawing: retry, skip, resume, place and move tokens, rewind, migrate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.engine.node import Done
from headrace.engine.people import deadlines
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import items, joins, task_returns, tasks, undo, waits
from headrace.engine.run.region import withdraw, withdraw_step
from headrace.engine.run.state import SET_ASIDE

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def retry(run: Run, incident: str, by: str) -> None:
    """Try again what led to an incident."""
    if incident not in run.instance.incidents:
        run.ignore(c.Retry(incident, by), "the incident is no longer open")
        return
    step_id, node_id = run.instance.incidents[incident]
    run.emit(e.IncidentResolved(incident, "retried", by))
    if step_id:
        step = run.instance.steps[step_id]
        if step.items is None:
            run.begin(step, run.flow.nodes[step.node])
        else:
            items.go_on_again(run, step)
    elif node_id and run.flow.nodes[node_id].join is None:
        undo.retried(run, node_id)


def skip(run: Run, command: c.Skip) -> None:
    """Go past an incident with a result that a person gives."""
    found = run.instance.incidents.get(command.incident)
    if found is None or found == SET_ASIDE:
        run.ignore(
            command,
            "the incident is no longer open" if found is None else "there is no step to go past",
        )
        return
    run.emit(e.IncidentResolved(command.incident, "skipped", command.by, command.reason))
    step_id, node_id = found
    if step_id:
        done = Done(command.output, command.port)
        tasks.skip(run, run.instance.steps[step_id], done, command.by)
    elif run.flow.nodes[node_id].join is not None and node_id in run.instance.marks:
        run.fire_join(run.flow.nodes[node_id], tuple(run.instance.marks[node_id]))


def resume(run: Run, by: str) -> None:
    """Go on where it was suspended."""
    if run.instance.suspended is None:
        run.ignore(c.Resume(by), "the instance is not suspended")
        return
    since, timers = run.instance.suspended
    run.emit(e.InstanceResumed(by, run.now_ms - since if timers == "shift" else 0))


def place(
    run: Run,
    command: c.Command,
    node: str,
    by: str,
    reason: str,
    variables: Mapping[str, Any] | None,
    *,
    replace: bool = False,
) -> bool:
    """A token at a node, whatever the drawing says; answers whether there is such a node."""
    if node not in run.flow.nodes:
        run.ignore(command, f"expected a node of the flow, but found {node}")
        return False
    run.emit(e.TokenPlaced(node, by, reason, variables, replace))
    return True


def move_token(run: Run, command: c.MoveToken) -> None:
    """A token goes from its step to another node."""
    step = run.instance.steps.get(command.step)
    if step is None:
        run.ignore(command, "the step is no longer open")
    elif place(run, command, command.node, command.by, command.reason, None):
        task_returns.moved(run, step, command.node)
        withdraw_step(run, step)


def rewind(run: Run, command: c.Rewind) -> None:
    """Back to a node: all that came behind it is withdrawn."""
    if command.node not in run.flow.nodes:
        run.ignore(command, f"expected a node of the flow, but found {command.node}")
        return
    again = run.flow.reach.behind(command.node)
    withdraw(run, again, entries=again)
    joins.restore(run, again)
    waits.release_behind(run, command.node)
    place(
        run, command, command.node, command.by, command.reason, command.variables,
        replace=command.variables is not None,
    )  # fmt: skip


def migrate(run: Run, command: c.Migrate) -> None:
    """Go on in another version."""
    if run.flows is None:
        run.ignore(command, "no other version can be had here")
        return
    version, nodes, edges, variables, by, timers, gone, jobs, limits = command
    before = run.instance.version
    run.emit(e.InstanceMigrated(version, nodes, edges, variables, by, before, gone))
    run.flow = run.flows(version)
    for join in list(run.instance.marks):  # what it waits for may be all there by its new rule
        joins.offer(run, run.flow.nodes[join])
    for step, due_at, *how in timers:
        if step not in run.instance.steps:
            continue
        if how:
            node_ = run.flow.nodes[run.instance.steps[step].node]
            found = (run.calendar_of(node_), deadlines.Reckoning(*how))
            run.reckoned[step, due_at] = found
        run.emit(e.TimerSet(step, "due", due_at))
    for step, *was in limits:
        tasks.limits(run, step, was)
    for step in jobs:
        if step in run.instance.steps:
            run.request_job(step, run.flow.nodes[run.instance.steps[step].node], again=True)
