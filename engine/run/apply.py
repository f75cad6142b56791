"""`apply(instance, event)`: the only code that changes an instance. It decides nothing; `replay` builds an instance from history.

The instance is changed in place, which keeps a step at a few microseconds; nobody else holds it while it moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from headrace.engine.run import events as e
from headrace.engine.run.state import Instance, Step


def replay(id_: str, flow_key: str, version: int, history: Iterable[e.Event]) -> Instance:
    """The instance that this history makes."""
    instance = Instance(id_, flow_key, version)
    for event in history:
        apply(instance, event)
    return instance


def apply(instance: Instance, event: e.Event) -> None:
    """Make the fact true."""
    instance.seq += 1
    match event:
        case e.StepPassed(step, _, via, port, edges, result, output, variables):
            _leave_edges(instance, via)
            instance.next_step = step + 1
            _store(instance, result, output, variables)
            _send(instance, port, edges, output)
        case e.StepEntered(step, node, via):
            _leave_edges(instance, via)
            instance.next_step = step + 1
            instance.steps[step] = Step(step, node)
        case e.StepDone(step, _, port, edges, result, output, variables):
            del instance.steps[step]
            _store(instance, result, output, variables)
            _send(instance, port, edges, output)
        case e.TokenMarked(edge, node):
            instance.pending.remove(edge)
            marks = instance.marks.setdefault(node, {})
            marks[edge] = marks.get(edge, 0) + 1
        case e.JoinFired(step, node, via, edges):
            instance.next_step = step + 1
            _consume_marks(instance, node, via)
            instance.pending.extend(edges)
        case e.InstanceStarted(
            start_node, input_, business_key, initiator, parent_id, parent_step, depth
        ):
            instance.start_at = start_node
            instance.variables = dict(input_)
            instance.business_key = business_key
            instance.initiator = initiator
            instance.parent_id = parent_id
            instance.parent_step = parent_step
            instance.depth = depth
        case e.JobRequested(step, _, _, _, _, unknown, _):
            instance.steps[step].wait = "job"
            instance.steps[step].unknown = unknown
        case e.JobTried(step, attempt, _, _, outcome):
            if step in instance.steps:
                instance.steps[step].attempt = attempt
                instance.steps[step].unknown |= outcome == "unknown"
        case e.TaskOpened(step, actors, mode):
            row = instance.steps[step]
            row.wait, row.actors, row.mode, row.remind = (
                "task",
                tuple(actors),
                mode,
                list(event.remind),
            )
        case e.VoteCast(step, user, decision, comment, form, at):
            instance.steps[step].votes[user] = [decision, comment, form, at]
        case e.TimerSet(step, name):
            if name == "due":
                instance.steps[step].wait = "timer"
        case e.TimerFired():
            pass
        case e.ChildrenStarted(step, _, children, each):
            row = instance.steps[step]
            row.wait, row.children, row.each = "children", [child[0] for child in children], each
            row.outputs = {}  # those of an earlier try
        case e.ChildEnded(step, child, status, output):
            instance.steps[step].outputs[child] = {"status": status, "output": output}
        case e.NotificationQueued():
            pass
        case e.StepCancelled(step):
            del instance.steps[step]
        case e.IncidentRaised(incident, step, node):
            instance.incidents[incident] = [step, node]
            if step:
                instance.steps[step].incident = incident
                instance.steps[step].wait = ""
        case e.IncidentResolved(incident):
            step = instance.incidents.pop(incident)[0]
            if step in instance.steps:
                instance.steps[step].incident = None
        case e.ResultIgnored():
            pass
        case e.InstanceCompleted(result, output):
            instance.ended, instance.result, instance.output = "completed", result, output
        case e.InstanceCancelled():
            instance.ended, instance.result = "cancelled", "cancelled"
            instance.pending, instance.marks, instance.start_at = [], {}, None
        case _:
            assert_never(event)


def _leave_edges(instance: Instance, via: Iterable[str]) -> None:
    instance.start_at = None
    for edge in via:
        instance.pending.remove(edge)


def _store(
    instance: Instance, result: str | None, output: Any, variables: Mapping[str, Any] | None
) -> None:
    if result is not None:
        instance.variables[result] = output
    if variables:
        instance.variables.update(variables)


def _send(instance: Instance, port: str | None, edges: Iterable[str], output: Any) -> None:
    instance.pending.extend(edges)
    if port is None:  # an end node: what it says is the result so far
        instance.result, instance.output = output["result"], output["output"]


def _consume_marks(instance: Instance, node: str, via: Iterable[str]) -> None:
    marks = instance.marks[node]
    for edge in via:
        marks[edge] -= 1
        if not marks[edge]:
            del marks[edge]
    if not marks:
        del instance.marks[node]
