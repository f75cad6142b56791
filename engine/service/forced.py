"""Ending an instance that cannot be advanced (its flow cannot be loaded, or the engine fails on it): without asking its drawing.

All that is open is closed by the instance's id, not step by step. What could be undone is not undone: that needs the drawing.
"""

from __future__ import annotations

from sqlalchemy import Connection

from headrace.engine.people.directory import Directory
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.apply import apply
from headrace.engine.run.region import children_of
from headrace.engine.service.following import follow
from headrace.engine.service.rules import rules_of
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import forced, inbox, instances
from headrace.engine.store.instances import Stored
from headrace.engine.store.project import Rows


def cancel(workspace: Workspace, connection: Connection, stored: Stored, wish: c.Cancel) -> None:
    """Make the wish true, whatever the flow says."""
    instance = stored.instance
    now_ms = workspace.clock.now_ms()
    events: list[e.Event] = [
        e.IncidentResolved(incident, "cancelled", wish.by) for incident in instance.incidents
    ]
    rows = Rows(now_ms, Directory())
    for step in instance.steps.values():
        children = children_of(step)
        events.append(e.StepCancelled(step.id, step.node, children))
        told = c.Cancel("the flow that started it was cancelled", "engine")
        rows.wishes.extend((child, told) for child in children)
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
    follow(workspace, connection, rows, {instance.id: stored.root_id})
    inbox.put(connection, rows.wishes, now_ms)
    workspace.changed.update(rows.changed())
    workspace.changed.add("history")
