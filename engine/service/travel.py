"""Time travel: the state of an instance at any point of its history, and a test run from any step with what it had then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import NotFound
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance, step_to_json
from headrace.engine.service.actor import Actor
from headrace.engine.service.calendars import calendars_of
from headrace.engine.service.decision_tables import asking
from headrace.engine.service.instances import row_for, veil_for
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.story import before_step, standing_at
from headrace.engine.service.testrun import run_from
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts


def at(workspace: Workspace, actor: Actor, id_: str, seq: int) -> dict[str, Any]:
    """The instance as it stood after fact `seq`."""
    with workspace.read() as connection:
        row = row_for(connection, actor, id_)
        instance, moment, event = standing_at(connection, row, seq)
        if seq > instance.seq or seq < 1:
            raise NotFound(kind=f"fact of {id_}", id=str(seq))
        flow = shown_flow(workspace, connection, row.flow_key, instance.version)
        veil = veil_for(workspace, connection, actor, row, instance.version)
    names = {key: dict(node.name) for key, node in flow.nodes.items()}
    return {
        "id": id_,
        "seq": instance.seq,
        "at": to_iso(moment),
        "event": veil(e.describe(event)) if event is not None else None,
        "version": instance.version,
        "status": instance.status,
        "variables": veil(instance.variables),
        "steps": [
            {**veil(step_to_json(step)), "name": names.get(step.node, {"en": step.node})}
            for step in instance.steps.values()
        ],
        "tokens": tokens(instance),
        "incidents": [
            {"id": incident, "step": step or None, "node": node or None}
            for incident, (step, node) in instance.incidents.items()
        ],
        "result": instance.result,
        "output": veil(instance.output),
    }


def tokens(instance: Instance) -> list[dict[str, Any]]:
    """Where execution is: at steps, on edges, at joins, before nodes."""
    found: list[dict[str, Any]] = [
        {"kind": "step", "step": step.id, "node": step.node, "waits_for": step.wait or None}
        for step in instance.steps.values()
    ]
    if instance.start_at is not None:
        found.append({"kind": "node", "node": instance.start_at})
    found += [{"kind": "node", "node": node} for node in instance.placed]
    found += [{"kind": "edge", "edge": edge} for edge in instance.pending]
    found += [
        {"kind": "join", "node": node, "edge": edge, "count": count}
        for node, edges in instance.marks.items()
        for edge, count in edges.items()
    ]
    return found


def was(connection: Connection, row: Any, step: int) -> tuple[Instance, str]:
    """The instance just before a visit, and the node visited."""
    found = before_step(connection, row, step)
    if found is None:
        raise NotFound(kind=f"step of {row.id}", id=str(step))
    return found


def test_from(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    step: int,
    *,
    variables: Mapping[str, Any] | None = None,
    decisions: Mapping[str, Any] | None = None,
    mocks: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> dict[str, Any]:
    """Run from a step on as a test, with the variables as they were then: nothing leaves the process, nothing is stored.

    `variables` replace some of them; `version`: try another version of the flow.
    """
    actor.require("instances:read")
    with workspace.read() as connection:
        row = row_for(connection, actor, id_)
        instance, node = was(connection, row, step)
        number = version or instance.version
        found = drafts.find_version(connection, row.flow_key, number)
        if found is None:
            raise NotFound(kind="flow version", id=f"{row.flow_key} {number}")
        directory = workspace.directory(connection)
        calendar = calendars_of(workspace, connection).of(row.flow_key)
    return run_from(
        jsontext.loads(found.document),
        workspace.types,
        node,
        {**instance.variables, **(variables or {})},
        business_key=row.business_key,
        decisions=decisions,
        mocks=mocks,
        now_ms=workspace.clock.now_ms(),
        directory=directory,
        calendar=calendar,
        decide=asking(workspace),
    )
