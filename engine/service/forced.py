"""Ending an instance that cannot be advanced (its flow cannot be loaded, or the engine fails on it): without asking its drawing.

All that is open is closed by the instance's id, not step by step. Undoing needs the drawing: a cancellation that asks for it
waits until there is one (`fits`), and so does what a worker did although its step had been withdrawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from headrace.engine.people.directory import Directory
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.apply import apply
from headrace.engine.run.region import children_of
from headrace.engine.run.state import Instance
from headrace.engine.service.following import follow
from headrace.engine.service.rules import rules_of
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import forced, inbox, instances, record_steps
from headrace.engine.store.instances import Stored
from headrace.engine.store.rows import Rows

Rested = Sequence[tuple[int, c.Command]]


def fits(instance: Instance, rested: Rested) -> c.Cancel | None:
    """The wish to cancel that can be made true now: one that undoes nothing, or where nothing is to be undone."""
    cancels = (wish for _, wish in rested if isinstance(wish, c.Cancel))
    return next((wish for wish in cancels if not (wish.compensate and instance.undo)), None)


def cancel(
    workspace: Workspace,
    connection: Connection,
    stored: Stored,
    wish: c.Cancel,
    rested: Rested,
) -> None:
    """Make the wish true, whatever the flow says; `rested`: all that waits in the inbox."""
    instance = stored.instance
    now_ms = workspace.clock.now_ms()
    events: list[e.Event] = [
        e.IncidentResolved(incident, "cancelled", wish.by) for incident in instance.incidents
    ]
    rows = Rows(now_ms, Directory())
    told = c.Cancel("the flow that started it was cancelled", "engine", wish.compensate)
    late = list(_late(instance, rested))
    for step in instance.steps.values():
        children = children_of(step)
        events.append(e.StepCancelled(step.id, step.node, children, wish.compensate))
        rows.wishes.extend((child, told) for child in children)
    for _, other in rested:
        if isinstance(other, c.Deliver) and other.kind == "message":
            events.append(e.MessageReturned(other.step, other.message))
            rows.returned.append(other.message)
    events.append(e.InstanceCancelled(wish.reason, wish.by))
    for event in events:
        apply(instance, event)
    if instance.parent_id is not None and instance.parent_step is not None:
        ended = c.EndChild(instance.parent_step, instance.id, "cancelled")
        rows.wishes.append((instance.parent_id, ended))
    rows.locks_ended.append(instance.id)
    keep_ms = rules_of(workspace, connection).keep_ms
    instances.save(connection, [(stored, events)], now_ms, keep_ms)
    forced.close(connection, instance.id, stored.rev + 1, wish.by, now_ms)
    record_steps.give_back(connection, [instance.id], now_ms)
    rows.wishes.extend((instance.id, one) for one in late)
    follow(workspace, connection, rows, {instance.id: stored.root_id})
    inbox.put(connection, rows.wishes, now_ms)
    workspace.changed.update(rows.changed())
    workspace.changed.add("history")


def _late(instance: Instance, rested: Rested) -> Iterable[c.LateResult]:
    """What jobs have done, or perhaps done, that the instance has not heard: late from now on, to be undone when it can be."""
    for _, wish in rested:
        if isinstance(wish, c.LateResult) and wish.node:
            yield wish
        elif isinstance(wish, c.JobEnded) and (step := instance.steps.get(wish.step)) is not None:
            if wish.code is not None and not wish.unknown:
                continue  # it failed: there is nothing to undo
            told = {"port": wish.port, "output": wish.output, "code": wish.code}
            told |= {"unknown": wish.unknown, "message": wish.message or ""}
            yield c.LateResult(wish.step, wish.attempt, told, step.node)
