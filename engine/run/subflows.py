"""Sub-flows of a step: started together, done when the last has ended. Many items, a window at a time: `items.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headrace.engine.node import ChildStart, Done, Failed, WaitForChildren
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import items
from headrace.engine.run.state import Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run

CHILDREN_MAX = 1_000
"""Sub-flows of one step."""

DEPTH_MAX = 20
"""Sub-flows within sub-flows: one that starts itself for ever is an incident."""


def start(run: Run, step: Step, wait: WaitForChildren) -> None:
    """Start the sub-flows of a step, or the first items of a for-each."""
    kept = items.wanted(wait)
    most = items.ITEMS_MAX if kept else CHILDREN_MAX
    if len(wait.children) > most:
        run.raise_incident(
            step,
            "too_many_children",
            f"expected at most {most} sub-flows, but found {len(wait.children)}",
        )
        return
    if run.instance.depth >= DEPTH_MAX and wait.children:
        run.raise_incident(
            step,
            "too_deep",
            f"expected sub-flows at most {DEPTH_MAX} deep, but this would be one more",
        )
        return
    if kept:
        items.begin(run, step, wait)
        return
    children = [_child(run, step, index, child) for index, child in enumerate(wait.children)]
    run.emit(e.ChildrenStarted(step.id, wait.flow, children, wait.each, wait.version))
    if not wait.wait or not children:
        run.done(step, Done([child[0] for child in children]))


def _child(run: Run, step: Step, index: int, child: ChildStart) -> list[Any]:
    """Ids of children follow from the parent's: the same advance done again gives the same, a retry of the step others."""
    return [
        items.child_id(run.instance.id, step.id, index, run.instance.seq, run.now_ms),
        dict(child.input),
        child.business_key,
        child.dedup_key,
    ]


def ended(run: Run, command: c.EndChild) -> None:
    """A sub-flow has ended; the step is done with the last."""
    step = run.instance.steps.get(command.step)
    if step is not None and step.items is not None and command.child in step.items.running:
        items.ended(run, step, command)
        return
    if (
        step is None
        or step.wait != "children"
        or command.child not in step.children
        or command.child in step.outputs
    ):
        run.ignore(command, "the step no longer waits for this sub-flow")
        return
    run.emit(e.ChildEnded(*command))
    if len(step.outputs) == len(step.children):
        results = [step.outputs[child] for child in step.children]
        first = results[0]
        if not step.each and first["status"] in {"cancelled", "failed"}:
            run.failed(
                step,
                Failed(
                    f"subflow_{first['status']}",
                    str(first["output"] or "the sub-flow was cancelled"),
                ),
            )
        else:
            found = Done(results if step.each else results[0]["output"])
            run.settle(step, run.kept_small(run.flow.nodes[step.node], found))
