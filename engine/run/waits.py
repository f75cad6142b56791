"""Waiting for messages, signals and times, for a lock, for another node; and events attached to a node (boundary events).

A wait for an event has a name in its row: `w.<id>` where the node itself waits for it, `e.<id>` where it is attached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from headrace.engine.duration import duration_ms
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledNode
from headrace.engine.node import Done, Publish, WaitForState
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run

OWN, ATTACHED = "w.", "e."
PREFIXES = (OWN, ATTACHED)


Expected = e.TimerSet | e.Subscribed


def attached(run: Run, step: Step, node: CompiledNode) -> list[Expected] | None:
    """What is to be listened for while the step is open. None, with an incident, when it cannot be worked out: then the node
    must not begin, since nobody would hear its end."""
    if step.armed:
        return []
    events = [event for event in node.events.values() if event["id"] in node.connected]
    return _expected(run, step, ATTACHED, events)


def wait(run: Run, step: Step, events: Sequence[Mapping[str, Any]]) -> None:
    """The step waits for the first of these."""
    for expected in _expected(run, step, OWN, events) or ():
        run.emit(expected)


def _expected(
    run: Run, step: Step, prefix: str, events: Sequence[Mapping[str, Any]]
) -> list[Expected] | None:
    """All of them or none."""
    evaluator = run.evaluator(step)
    found: list[Expected] = []
    for event in events:
        name = prefix + event["id"]
        try:
            if event["kind"] == "timer":
                found.append(e.TimerSet(step.id, name, _moment(run, evaluator, event)))
                continue
            told = evaluator.template(event["name"])
            value = evaluator.expression(event["key"]) if event.get("key") else None
        except HeadraceError as trouble:
            run.raise_incident(step, trouble.code, f"event {event['id']}: {trouble.message}")
            return None
        key = "" if value is None else str(value)
        found.append(e.Subscribed(step.id, name, event["kind"], told[:NAME_MAX], key[:NAME_MAX]))
    return found


NAME_MAX = 200
"""Characters of a message's name or key."""


def _moment(run: Run, evaluator: Any, event: Mapping[str, Any]) -> int:
    if "after" in event:
        return run.now_ms + duration_ms(event["after"])
    value = evaluator.expression(event["at"])
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        moment = None
    if moment is None or moment.tzinfo is None:
        raise NotAMoment(found=str(value)[:100])
    return round(moment.timestamp() * 1000)


class NotAMoment(HeadraceError):
    """Expected a date and time with its zone, like 2026-01-09T08:00:00Z, but found {found}."""

    code = "not_a_moment"
    status = 422


def expects(run: Run, step: Step, name: str) -> bool:
    """Does this open step wait for this event?"""
    prefix, event = name[:2], name[2:]
    if prefix == OWN:
        return step.wait == "event"
    if prefix == ATTACHED:
        return event in run.flow.nodes[step.node].events
    return True


def happen(run: Run, step: Step, name: str, output: Any) -> None:
    """The event ends the step, or sends one more token on its way."""
    prefix, event = name[:2], name[2:]
    output = {} if output is None else output  # so that what comes after can always ask for it
    if prefix == OWN:
        run.done(step, Done(output, event))
        return
    node = run.flow.nodes[step.node]
    if node.events[event].get("interrupting", True):
        run.interrupt(step, event, output)
    else:
        edges = tuple(edge.id for edge in node.exits.get(event, ()))
        result = None if output is None else event
        run.emit(e.EventFired(step.id, node.id, event, edges, result, output))


def deliver(run: Run, command: c.Deliver) -> None:
    """A message has come; if the step has gone meanwhile, others may have it."""
    step = run.instance.steps.get(command.step)
    if step is None or not expects(run, step, command.event):
        give_back(run, command)
        return
    run.emit(e.MessageTaken(step.id, command.event, command.message))
    happen(run, step, command.event, command.payload)


def give_back(run: Run, command: c.Deliver) -> None:
    """Nobody waits here any more: a message goes to the next who does, a signal is over."""
    if command.kind == "message":
        run.emit(e.MessageReturned(command.step, command.message))
    else:
        run.ignore(command, "the step no longer waits for this signal")


def publish(run: Run, step: Step, wish: Publish) -> None:
    """Tell others; done at once."""
    run.emit(
        e.MessagePublished(
            step.id,
            wish.kind,
            wish.name,
            wish.key,
            wish.payload,
            wish.ttl_ms,
            wish.dedup,
            wish.mode,
        )
    )
    run.done(step, Done({"name": wish.name, "key": wish.key}))


# --- critical sections ---------------------------------------------------------------------------------------------------


def lock(run: Run, step: Step, key: str) -> None:
    """Stand in the queue for the key."""
    run.emit(e.LockRequested(step.id, key))


def grant(run: Run, command: c.GrantLock) -> None:
    """The key is ours; or never will be."""
    step = run.instance.steps.get(command.step)
    if step is None or step.wait != "lock" or step.key != command.key:
        run.ignore(command, "the step no longer waits for this lock")
        return
    if command.deadlock:
        message = (
            f"expected the lock {command.key} to become free, but its holders wait for one another"
        )
        run.raise_incident(step, "lock_deadlock", message)
        return
    run.emit(e.LockTaken(step.id, command.key))
    run.done(step, Done())


def unlock(run: Run, step: Step, key: str) -> None:
    """Let the next have it."""
    if key in run.instance.locks:
        run.emit(e.LockReleased(step.id, key))
    run.done(step, Done())


def release_behind(run: Run, node: str) -> None:
    """After a rewind to before a section: no token is in it any more. A rewind within a section keeps its key."""
    behind = run.flow.reach.behind
    for key, lock_node in list(run.instance.locks.items()):
        if lock_node in behind(node) and (node == lock_node or node not in behind(lock_node)):
            run.emit(e.LockReleased(0, key))


# --- milestones ----------------------------------------------------------------------------------------------------------


def wait_for_state(run: Run, step: Step) -> None:
    """Asked again whenever the instance has come to rest."""
    run.emit(e.StateAwaited(step.id))


def states(run: Run) -> bool:
    """Milestones that hold now, or that nobody can reach any more; answers whether one went on."""
    for step in list(run.instance.steps.values()):
        if step.wait != "state":
            continue
        node = run.flow.nodes[step.node]
        outcome = run.ask(node, step.id)
        if not isinstance(outcome, WaitForState):
            run.settle(step, outcome)
            return True
        if "missed" in node.connected and _missed(run, step, outcome):
            run.done(step, Done(None, "missed"))
            return True
    return False


def _missed(run: Run, step: Step, wait: WaitForState) -> bool:
    if wait.node is None:
        return False
    places = [other.node for other in run.instance.steps.values() if other.id != step.id]
    places += list(run.instance.marks)
    return not any(run.flow.reach.leads_to(place, {wait.node}) for place in places)


def nobody_else(run: Run) -> bool:
    """Every open step waits for the rest of this instance: for a milestone, or for a key that a branch of it holds."""
    return all(
        step.incident is None
        and (step.wait == "state" or (step.wait == "lock" and step.key in run.instance.locks))
        and not run.flow.nodes[step.node].events
        for step in run.instance.steps.values()
    )


def never(run: Run) -> None:
    """Only such steps are left, and none can go on: nobody else will make it so."""
    for step in list(run.instance.steps.values()):
        if step.wait == "lock":
            message = f"expected the lock {step.key} to become free, but another branch of this instance keeps it"
            run.raise_incident(step, "lock_deadlock", message)
        else:
            message = f"expected that {step.node} may go on some time, but nothing else moves in this instance"
            run.raise_incident(step, "state_never", message)
