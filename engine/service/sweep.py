"""Put right what must not be: a wish nobody was told of, an open instance that nothing will move.

Each is counted, because the count should stay 0: every commit holds all that follows from it. This is the net under mistakes
of ours, and under rows somebody deleted by hand.
"""

from __future__ import annotations

from sqlalchemy import Connection

from headrace.engine.people.directory import Directory
from headrace.engine.run import events as e
from headrace.engine.run.apply import apply
from headrace.engine.run.state import Instance
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox, instances, invariant, sweep
from headrace.engine.store.instances import Stored
from headrace.engine.store.project import raise_incident
from headrace.engine.store.rows import Rows

CODE = "nothing_moves_it"

FOUND_MAX = 500
"""Repairs of a kind in one transaction; the next sweep goes on."""


def remind(workspace: Workspace, connection: Connection) -> int:
    """Mark instances ready that have a wish and are not; answers how many."""
    found = sweep.with_forgotten_wishes(connection, FOUND_MAX)
    inbox.mark_ready(connection, found, workspace.clock.now_ms())
    if found:
        workspace.changed.add("ready")
    return len(found)


def raise_stuck(workspace: Workspace, connection: Connection, id_: str) -> bool:
    """An incident for an open instance that nothing will move; False when, looked at under its lock, all is well."""
    stored = instances.load(connection, [id_]).get(id_)
    if stored is None or stored.instance.ended:
        return False
    instance = stored.instance
    lacking = {v.subject: v for v in invariant.violations(connection, [id_])}
    raised: list[e.Event] = []
    for step in list(instance.steps.values()):
        violation = lacking.get(f"{id_}.{step.id}")
        if violation is not None and not step.incident:
            raised.append(_raise(instance, step.id, step.node, violation))
    if not raised and id_ in lacking:
        raised.append(_raise(instance, 0, "", lacking[id_]))
    if not raised:
        return False
    _save(workspace, connection, stored, raised)
    return True


def _raise(
    instance: Instance, step: int, node: str, violation: invariant.Violation
) -> e.IncidentRaised:
    message = f"expected that {violation.rule}, but found: {violation.found}"
    event = e.IncidentRaised(f"{instance.id}.i{instance.seq}", step, node, CODE, message)
    apply(instance, event)
    return event


def _save(
    workspace: Workspace, connection: Connection, stored: Stored, raised: list[e.Event]
) -> None:
    now_ms = workspace.clock.now_ms()
    rows = Rows(now_ms, Directory())
    for event in raised:
        assert isinstance(event, e.IncidentRaised)
        raise_incident(rows, stored.instance, event)
    instances.save(connection, [(stored, raised)], now_ms)
    rows.write(connection)
    workspace.changed.add("history")
