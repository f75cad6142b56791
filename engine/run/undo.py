"""Compensation: what was done is undone newest first, each by the node attached for it (engine.md 5.10).

A node that undoes is visited like any other, with jobs, retries and incidents; its idempotency key follows from the step it
undoes, so that undoing again asks the far side for the same thing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from headrace.engine.node import Compensate, Done
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance, Step, step_key

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run

LATE = -1
"""On whose behalf a late result is undone: nobody's."""


def keep(run: Run, step_id: int, node_id: str, port: str | None, output: object) -> None:
    """Remember a step that can be undone; one that failed has done nothing."""
    node = run.flow.nodes[node_id]
    if node.handler is not None and port != "error":
        run.emit(e.CompensationKept(step_id, node_id, node.handler, output))


def begin(run: Run, step: Step, wish: Compensate) -> None:
    """Undo on behalf of a step; it is done when all has been."""
    todo = _wanted(run, wish)
    if not todo:
        run.done(step, Done({"undone": 0}))
        return
    run.emit(e.CompensationBegun(step.id, todo))


def begin_cancellation(run: Run, reason: str, by: str) -> bool:
    """Undo everything before the instance is cancelled; False when there is nothing."""
    todo = _wanted(run, Compensate())
    if not todo:
        return False
    run.emit(e.CancellationBegun(reason, by))
    run.emit(e.CompensationBegun(0, todo))
    return True


def begin_return(run: Run, step: Step, nodes: Collection[str]) -> bool:
    """Undo what these nodes did before a task goes back; False when there is nothing."""
    todo = _wanted(run, Compensate(nodes=tuple(nodes)))
    if todo:
        run.emit(e.CompensationBegun(step.id, todo))
    return bool(todo)


def _wanted(run: Run, wish: Compensate) -> list[int]:
    busy = {step for todo in run.instance.undoing.values() for step in todo}
    busy |= {step.undoes for step in run.instance.steps.values()}
    entries = run.instance.undo
    if wish.back_to is not None:
        last = max((i for i, entry in enumerate(entries) if entry[1] == wish.back_to), default=-1)
        entries = entries[last + 1 :]
    return [
        entry[0]
        for entry in reversed(entries)
        if entry[0] not in busy and (not wish.nodes or entry[1] in wish.nodes)
    ]


def go_on(run: Run) -> bool:
    """Begin the next visit that undoes something, where none is open; answers whether anything has changed."""
    instance = run.instance
    for by, todo in list(instance.undoing.items()):
        if any(step.by == by and step.undoes for step in instance.steps.values()):
            continue
        if todo:
            _visit(run, by, todo[0])
        elif by:
            step = instance.steps[by]
            if step.task is not None:
                run.returned(step)
            else:
                run.done(step, Done({"undone": step.undone}))
        elif instance.steps or instance.incidents or LATE in instance.undoing:
            continue  # what came late is still being undone
        else:
            reason, who = instance.cancelling or ["", "engine"]
            run.emit(e.InstanceCancelled(reason, who))
        return True
    return False


def _visit(run: Run, by: int, of: int) -> None:
    _, _, handler, _ = next(entry for entry in run.instance.undo if entry[0] == of)
    step_id = run.instance.next_step
    run.emit(e.CompensationStarted(step_id, handler, of, by))
    run.begin(run.instance.steps[step_id], run.flow.nodes[handler])


def late(run: Run, late: c.LateResult) -> None:
    """A job whose step was withdrawn has been done all the same, or nobody knows: undo it, or ask."""
    details = late.details if isinstance(late.details, dict) else {}
    node = run.flow.nodes.get(late.node)
    run.emit(e.ResultIgnored("job", late.step, "the step had been withdrawn", late.details))
    failed = details.get("code") is not None
    if node is None or node.handler is None or (failed and not details.get("unknown")):
        return
    if run.instance.ended:
        run.emit(e.InstanceReopened(f"the job of {node.id} ended after it was withdrawn"))
    run.emit(e.CompensationKept(late.step, node.id, node.handler, details.get("output")))
    if not failed:
        run.emit(e.CompensationBegun(LATE, [late.step, *run.instance.undoing.get(LATE, ())]))
        return
    message = (
        f"expected to know whether the withdrawn job of {node.id} was done, but nobody does:"
        " retry undoes it, skip leaves it"
    )
    run.emit(
        e.IncidentRaised(
            f"{run.instance.id}.i{run.instance.seq}", 0, node.id, "late_outcome_unknown", message
        )
    )


def retried(run: Run, node_id: str) -> None:
    """A person says that the unknown job was done: undo it."""
    steps = [entry[0] for entry in run.instance.undo if entry[1] == node_id]
    if steps:
        run.emit(e.CompensationBegun(LATE, [steps[-1], *run.instance.undoing.get(LATE, ())]))


def compensated(instance: Instance, step_id: int) -> dict[str, Any] | None:
    """What this visit undoes; None: it undoes nothing."""
    step = instance.steps.get(step_id)
    if step is None or not step.undoes:
        return None
    found = next((entry for entry in instance.undo if entry[0] == step.undoes), None)
    if found is None:
        return None
    of, node, _, output = found
    return {"node": node, "step": of, "key": step_key(instance.id, node, of), "output": output}
