"""`apply(instance, event)`: the only code that changes an instance. It decides nothing; `replay` builds an instance from history.

The instance is changed in place, which keeps a step at a few microseconds; nobody else holds it while it moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from headrace.engine.people import tasking
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance, Items, Step


def replay(id_: str, flow_key: str, version: int, history: Iterable[e.Event]) -> Instance:
    """The instance that this history makes."""
    instance = Instance(id_, flow_key, version)
    for event in history:
        apply(instance, event)
    return instance


def apply(instance: Instance, event: e.Event) -> None:
    """Make the fact true."""
    instance.seq += 1
    if isinstance(
        event, e.StepPassed
    ):  # most events are; unpacked, because a class pattern takes three times as long
        step, node, via, port, edges, result, output, variables = event
        _leave_edges(instance, via, node)
        instance.next_step = step + 1
        _store(instance, result, output, variables)
        _send(instance, port, edges, output)
        return
    match event:
        case e.StepEntered(step, node, via):
            _leave_edges(instance, via, node)
            instance.next_step = step + 1
            instance.steps[step] = Step(step, node)
        case e.StepDone(step, node, port, edges, result, output, variables):
            left = _leave(instance, step)
            if left.undoes:
                instance.undo = [entry for entry in instance.undo if entry[0] != left.undoes]
            if instance.approvals:
                instance.touched[node] = step
            if left.task is not None:
                _remember(instance, left, port)
            _store(instance, result, output, variables)
            _send(instance, port, edges, output)
        case e.StepInterrupted(step, node, _, edges, result, output):
            _leave(instance, step)
            if instance.approvals:
                instance.touched[node] = step
            _store(instance, result, output, None)
            instance.pending.extend(edges)
        case e.EventFired(step, node, _, edges, result, output):
            if instance.approvals:
                instance.touched[node] = step
            _store(instance, result, output, None)
            instance.pending.extend(edges)
        case e.TokenMarked(edge, node):
            instance.pending.remove(edge)
            marks = instance.marks.setdefault(node, {})
            marks[edge] = marks.get(edge, 0) + 1
        case e.JoinFired(step, node, via, edges, opens):
            instance.next_step = step + 1
            if via:
                _consume_marks(instance, node, via)
            else:
                instance.placed.remove(node)
            instance.pending.extend(edges)
            if opens:
                instance.rounds[node] = list(via)
        case e.TokenAbsorbed(edge, node, ends):
            _consume_marks(instance, node, (edge,))
            _add_to_round(instance, node, edge, ends=ends)
        case e.RoundEnded(node):
            del instance.rounds[node]
        case e.VisitCounted(node):
            instance.visits[node] = instance.visits.get(node, 0) + 1
        case e.MarksRestored(marks):
            for join, edges in marks.items():
                for edge in edges:
                    instance.marks.setdefault(join, {})[edge] = 1
        case e.TokensRemoved(edges, marks):
            _remove_tokens(instance, edges, marks)
        case e.TokenPlaced(node, _, _, variables, whole):
            instance.placed.append(node)
            for found in instance.approvals.values():
                found["fixed"] = (
                    True  # its token may have gone another way: not to be taken back any more
                )
            if whole and variables is not None:
                instance.variables = dict(variables)
            elif variables:
                instance.variables.update(variables)
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
                if instance.approvals:
                    instance.touched[instance.steps[step].node] = step
        case e.TaskOpened(step):
            row = instance.steps[step]
            row.wait, row.remind, row.task = "task", list(event.remind), _task(event)
            instance.comebacks.pop(row.node, None)
        case e.VoteCast(step, user, decision, comment, form, at, seat):
            _vote(instance, step, user, decision, comment, form, at, seat)
        case e.TaskChanged(step):
            if step in instance.steps:
                _change(instance.steps[step], event)
        case e.ComebackKept(node, comeback):
            instance.comebacks.pop(node, None)
            if comeback is not None:
                instance.comebacks[node] = dict(comeback)
        case e.TimerSet(step, name):
            if name == "due":
                instance.steps[step].wait = "timer"
            else:
                _listen(instance.steps[step], name)
        case e.TimerFired() | e.LimitsSet():
            pass
        case e.ChildrenStarted(step, _, children, each, _):
            row = instance.steps[step]
            row.wait, row.children, row.each = "children", [child[0] for child in children], each
            row.outputs = {}  # those of an earlier try
        case e.ChildEnded(step, child, status, output):
            instance.steps[step].outputs[child] = {"status": status, "output": output}
        case e.ItemsAdded() | e.ItemsStarted() | e.ItemEnded() | e.ItemsClosed():
            _apply_items(instance, event)
        case e.Subscribed(step, name):
            _listen(instance.steps[step], name)
        case e.MessageTaken() | e.MessageReturned() | e.MessagePublished():
            pass
        case e.StateAwaited(step):
            instance.steps[step].wait = "state"
        case e.LockRequested(step, key):
            instance.steps[step].wait, instance.steps[step].key = "lock", key
        case e.LockTaken(step, key):
            instance.locks[key] = instance.steps[step].node
        case e.LockReleased(_, key):
            del instance.locks[key]
        case e.CompensationKept(step, node, handler, output):
            instance.undo.append([step, node, handler, output])
        case e.CompensationBegun(step, todo):
            instance.undoing[step] = list(todo)
            if step in instance.steps:
                instance.steps[step].wait = "compensate"
        case e.CompensationStarted(step, node, of, by):
            instance.next_step = step + 1
            instance.steps[step] = Step(step, node, undoes=of, by=by)
            if by in instance.steps:
                instance.steps[by].undone += 1
            if by in instance.undoing:
                instance.undoing[by].remove(of)
                if by < 0 and not instance.undoing[by]:
                    del instance.undoing[by]
        case e.CancellationBegun(reason, by):
            instance.cancelling = [reason, by]
            instance.pending, instance.marks, instance.start_at = [], {}, None
            instance.placed, instance.rounds, instance.suspended = [], {}, None
        case e.InstanceReopened():
            instance.reopened, instance.ended = instance.ended, ""
        case e.InstanceSuspended(_, _, timers, at):
            instance.suspended = [at, timers]
        case e.InstanceResumed():
            instance.suspended = None
        case e.InstanceMigrated():
            _migrate(instance, event)
        case e.NotificationQueued():
            pass
        case e.StepCancelled(step):
            _leave(instance, step)
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
            _at_rest(instance)
        case e.InstanceCancelled():
            instance.ended, instance.result = "cancelled", "cancelled"
            _at_rest(instance)
        case _:
            assert_never(event)


def _task(event: e.TaskOpened) -> tasking.TaskState:
    if not event.seats:
        task = tasking.plain(event.mode, event.actors)
        for name, value in (event.task or {}).items():
            setattr(task, name, value)
        return task
    return tasking.from_json(
        {
            **(event.task or {}),
            "rule": event.rule or {"mode": event.mode},
            "seats": [dict(seat) for seat in event.seats],
        }
    )


def _vote(
    instance: Instance,
    step: int,
    user: str,
    decision: str,
    comment: str,
    form: Any,
    at: int,
    seat: int,
) -> None:
    task = instance.steps[step].task
    assert task is not None
    mine = task.seats[seat] if seat else next(s for s in task.seats.values() if s.user == user)
    tasking.cast(task, mine, decision, comment, form, at)
    if instance.approvals:
        instance.touched[instance.steps[step].node] = step


def _remember(instance: Instance, step: Step, port: str | None) -> None:
    """How a node was decided, so that one can return to it, or take it back."""
    assert step.task is not None
    last = step.task.votes()[-1] if any(seat.nth for seat in step.task.seats.values()) else None
    instance.approvals[step.node] = {
        "step": step.id, "port": port, "by": last.user if last else None, "at": (last.at if last else None) or 0,
        "next": instance.next_step, "task": tasking.to_json(step.task),
    }  # fmt: skip


def _change(step: Step, event: e.TaskChanged) -> None:
    assert step.task is not None
    for row in event.seats:
        seat = tasking.seat_from_json(row)
        step.task.seats[seat.id] = seat
    for name, value in (event.task or {}).items():
        setattr(step.task, name, value)
    step.task.revision += 1


def _listen(step: Step, name: str) -> None:
    if name.startswith("w."):
        step.wait = "event"
    elif name.startswith("e."):
        step.armed = True


def _at_rest(instance: Instance) -> None:
    instance.pending, instance.marks, instance.start_at = [], {}, None
    instance.placed, instance.rounds, instance.locks, instance.undoing = [], {}, {}, {}
    instance.cancelling, instance.suspended, instance.reopened = None, None, ""
    instance.approvals, instance.touched, instance.comebacks = {}, {}, {}


def _leave_edges(instance: Instance, via: Iterable[str], node: str) -> None:
    """The token has come: by edges, at the start, or because a person put it before the node."""
    if via:
        for edge in via:
            instance.pending.remove(edge)
    elif instance.start_at == node:
        instance.start_at = None
    else:
        instance.placed.remove(node)


def _leave(instance: Instance, step_id: int) -> Step:
    instance.undoing.pop(step_id, None)
    return instance.steps.pop(step_id)


def _add_to_round(instance: Instance, node: str, edge: str, *, ends: bool) -> None:
    if ends:
        instance.rounds.pop(node, None)
    elif edge not in instance.rounds[node]:
        instance.rounds[node].append(edge)


def _remove_tokens(
    instance: Instance, edges: Iterable[str], marks: Mapping[str, Mapping[str, int]]
) -> None:
    for edge in edges:
        instance.pending.remove(edge)
    for join, counts in marks.items():
        _consume_marks(instance, join, [edge for edge, n in counts.items() for _ in range(n)])


def _apply_items(
    instance: Instance, event: e.ItemsAdded | e.ItemsStarted | e.ItemEnded | e.ItemsClosed
) -> None:
    step = instance.steps[event.step]
    match event:
        case e.ItemsAdded(_, flow, first, items, window, until, more, collect, version):
            if not first:
                step.items = Items(
                    flow, window=window, until=until, more=more, collect=collect, version=version
                )
            assert step.items is not None
            step.wait = "items"
            step.items.total += len(items)
        case e.ItemsStarted(_, _, children):
            assert step.items is not None
            step.items.started += len(children)
            step.items.running.update((child, index) for index, child in children)
        case e.ItemEnded(_, _, child, status):
            assert step.items is not None
            del step.items.running[child]
            step.items.done += 1
            step.items.failed += status != "completed"
        case e.ItemsClosed():
            assert step.items is not None
            step.items.more = False


def _migrate(instance: Instance, event: e.InstanceMigrated) -> None:
    nodes, edges = event.nodes, event.edges

    def node_of(id_: str) -> str:
        return nodes.get(id_, id_)

    def edge_of(id_: str) -> str:
        return edges.get(id_, id_)

    instance.version = event.version
    for step in instance.steps.values():
        step.node = node_of(step.node)
        if step.task is not None and step.task.back is not None:
            step.task.back = {**step.task.back, "node": node_of(step.task.back["node"])}
    instance.pending = [edge_of(edge) for edge in instance.pending]
    instance.marks = {
        node_of(join): {edge_of(edge): n for edge, n in counts.items()}
        for join, counts in instance.marks.items()
    }
    instance.rounds = {
        node_of(join): [edge_of(edge) for edge in seen] for join, seen in instance.rounds.items()
    }
    instance.placed = [node_of(node) for node in instance.placed]
    instance.visits = {node_of(node): n for node, n in instance.visits.items()}
    instance.locks = {key: node_of(node) for key, node in instance.locks.items()}
    instance.approvals = {node_of(node): found for node, found in instance.approvals.items()}
    instance.touched = {node_of(node): step for node, step in instance.touched.items()}
    instance.comebacks = {node_of(node): found for node, found in instance.comebacks.items()}
    instance.incidents = {
        id_: [step, node_of(node)] for id_, (step, node) in instance.incidents.items()
    }
    instance.undo = [
        [step, node_of(node), node_of(handler), output]
        for step, node, handler, output in instance.undo
    ]
    if instance.start_at is not None:
        instance.start_at = node_of(instance.start_at)
    if event.variables:
        instance.variables.update(event.variables)
    for name in event.gone:
        instance.variables.pop(name, None)


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
