"""Instances: start, look at, cancel. What one page shows is read from its state and its history, nothing is kept twice."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext, tracing
from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import Conflict, NotFound, ValidationFailed
from headrace.engine.flow.compile import CompiledNode
from headrace.engine.flow.form_veils import Veil, veil_of
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance
from headrace.engine.service import audit, choosing, disk, files
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import (
    Started,
    advance,
    advance_each,
    start_calls,
    start_many,
)
from headrace.engine.service.forms import roles_of
from headrace.engine.service.routes import prepare_start
from headrace.engine.service.search import parse
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.story import last_part, told_part
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, incidents, outbox, timers
from headrace.engine.store import history as history_store
from headrace.engine.store import instances as rows_of
from headrace.engine.store.writer import answered

OPEN = ("running", "waiting", "suspended", "incident", "compensating")
PAGE_MAX = 200
"""Rows of one answer: a page on a phone shows twenty."""

CHILDREN_SHOWN_MAX = 200
"""Sub-flows listed on the page of an instance."""

DELIVERIES_SHOWN_MAX = 200
"""Messages listed there."""


def start(
    workspace: Workspace,
    actor: Actor,
    flow_key: str,
    input_: Mapping[str, Any],
    *,
    start_node: str | None = None,
    business_key: str | None = None,
    dedup_key: str | None = None,
    repeat_key: str | None = None,
    priority: int | None = None,
) -> Started:
    """Start the version in force, or a running canary's. Answers after the commit; the same dedup key answers the same for ever.

    `repeat_key` stands in where neither the caller nor the flow names a dedup key: a repeated request is not a second start.
    """
    actor.require("instances:start")
    request = prepare_start(
        workspace, flow_key, start_node, input_, business_key=business_key, dedup_key=dedup_key,
        initiator=actor.user_id, repeat_key=repeat_key,
    )  # fmt: skip
    choosing.check(workspace, request)
    if priority is not None:
        request = replace(request, priority=priority)
    if request.form is not None:
        return _start_with_files(workspace, actor, request)
    return submit(workspace, request)


def _start_with_files(workspace: Workspace, actor: Actor, request: StartRequest) -> Started:
    """The start, and the files of its form bound to the instance, in one transaction."""
    disk.require_room(workspace)
    id_ = request.id or workspace.id("ins")
    form, key = request.form or {}, (request.form or {})["x-into"]

    def operation(connection: Connection) -> Started:
        value = request.input[key]
        problems = files.hand_in(connection, actor, form, value, {}, id_)
        if problems:
            told = [replace(problem, path=f"/{key}{problem.path}") for problem in problems]
            what = f"input of flow {request.flow.key}"
            raise ValidationFailed(what=what, count=len(told), problems=told)
        [started] = start_many(workspace, connection, [replace(request, id=id_)])
        if started.duplicate:
            files.let_go(connection, id_)
        return started

    started: Started = workspace.writer.call(operation)
    return started


def submit(workspace: Workspace, request: StartRequest) -> Started:
    """Hand a prepared start to the writer; those that come together share one commit."""
    return answered(submit_all(workspace, [request]))[0]


def submit_all(workspace: Workspace, requests: Sequence[StartRequest]) -> Future[list[Started]]:
    """`submit` for several: either all of them are in the store, or none is. None is when the disk is almost full."""
    disk.require_room(workspace)
    trace = tracing.current()
    if trace is not None:
        requests = [replace(request, trace=trace) for request in requests]
    starter = workspace.operations.get("start")
    if starter is None:
        starter = workspace.operations["start"] = partial(start_calls, workspace)
    return workspace.writer.submit_gathered(starter, requests)


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    flow: str | None = None,
    status: str | None = None,
    search: str | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    cursor: str | None = None,
    limit: int = 50,
    filter_: str = "",
    node: str | None = None,
    version: int | None = None,
    hold: bool | None = None,
) -> dict[str, Any]:
    """Newest first. `search` is the beginning of a business key, or an id; `filter_` asks for business fields
    (`service/search.py`). Everybody sees what he started himself."""
    limit = min(limit, PAGE_MAX)
    conditions = parse(filter_)
    with workspace.read() as connection:
        rows = rows_of.page(
            connection,
            started_by=None if actor.may("instances:read") else actor.user_id,
            flow=flow,
            statuses=OPEN if status == "open" else (status,) if status else (),
            search=search,
            from_ms=from_ms,
            to_ms=to_ms,
            before=cursor,
            limit=limit + 1,
            conditions=conditions,
            node=node,
            version=version,
            hold=hold,
        )
        items = [_summary(workspace, connection, row) for row in rows[:limit]]
    return {"items": items, "next_cursor": rows[limit - 1].id if len(rows) > limit else None}


def _summary(workspace: Workspace, connection: Connection, row: Any) -> dict[str, Any]:
    names, nodes = names_of(workspace, connection, row.flow_key, row.version)
    return {
        "id": row.id,
        "flow_key": row.flow_key,
        "flow_name": names,
        "version": row.version,
        "business_key": row.business_key,
        "status": row.status,
        "result": row.result,
        "started_at": to_iso(row.started_at),
        "updated_at": to_iso(row.updated_at),
        "ended_at": iso_or_none(row.ended_at),
        "incidents": row.incidents_open,
        "waiting_at": [
            dict(nodes[node].name) if node in nodes else {"en": node}
            for node in jsontext.loads(row.waiting_nodes)
        ],
        "priority": row.priority,
        "hold": row.hold,
        "retain_until": iso_or_none(row.retain_until),
    }


def names_of(
    workspace: Workspace, connection: Connection, key: str, version: int
) -> tuple[dict[str, str], Mapping[str, CompiledNode]]:
    """The name of a flow and its nodes; a flow that cannot be loaded does not take the list of all others with it."""
    flow = shown_flow(workspace, connection, key, version)
    return dict(flow.name), flow.nodes


def detail(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """All of one instance's page: the drawing it runs on, where it stands, and every step with what went in and came out."""
    with workspace.read() as connection:
        row = row_for(connection, actor, id_)
        compiled = shown_flow(workspace, connection, row.flow_key, row.version)
        version = drafts.find_version(connection, row.flow_key, row.version)
        part = last_part(connection, row)
        story = told_part(workspace, connection, row, part)
        children = rows_of.children(connection, id_, CHILDREN_SHOWN_MAX)
        raised = incidents.of_instance(connection, id_)
        starter = workspace.directory(connection).people.get(row.started_by or "")
        deliveries = outbox.page(
            connection, instance_id=id_, before=None, limit=DELIVERIES_SHOWN_MAX
        )
        due = timers.due_of(connection, id_)
        people = workspace.directory(connection).people
        held = row.hold or _root_held(connection, row)
        veil = veil_for(workspace, connection, actor, row, row.version)
    steps = [{**told, "due_at": iso_or_none(due.get(told["step"]))} for told in veil(story.told())]
    return {
        "id": row.id,
        "flow_key": row.flow_key,
        "flow_name": dict(compiled.name),
        "version": row.version,
        "business_key": row.business_key,
        "dedup_key": row.dedup_key,
        "trace_id": tracing.trace_id(row.trace),
        "status": row.status,
        "result": row.result,
        "started_at": to_iso(row.started_at),
        "updated_at": to_iso(row.updated_at),
        "ended_at": iso_or_none(row.ended_at),
        "started_by": starter.name if starter else row.started_by,
        "variables": veil(story.instance.variables),
        "output": veil(story.instance.output),
        "parent": {"id": row.parent_id} if row.parent_id else None,
        "children": [
            {
                "id": child.id,
                "status": child.status,
                "flow_key": child.flow_key,
                "node": story.node_of(child.parent_step),
            }
            for child in children
        ],
        "document": _document(row, version),
        "seq": story.instance.seq,
        "steps": steps,
        "steps_cursor": str(part.first) if part.first else None,
        "hold": held,
        "retain_until": iso_or_none(row.retain_until),
        "priority": row.priority,
        "suspended": _suspension(story.instance),
        "edges": story.edges,
        "incidents": [incident_json(incident) for incident in raised],
        "deliveries": [delivery_json(delivery) for delivery in reversed(deliveries)],
        "people": {user: people[user].name for user in story.users if user in people},
    }


def _document(row: Any, version: Any) -> dict[str, Any]:
    """The drawing; an empty one where the version is gone."""
    if version is not None:
        drawing: dict[str, Any] = jsontext.loads(version.document)
        return drawing
    name = {"en": row.flow_key}
    return {"format": 1, "key": row.flow_key, "name": name, "nodes": [], "edges": []}


def steps(
    workspace: Workspace, actor: Actor, id_: str, cursor: str | None = None
) -> dict[str, Any]:
    """The steps of an instance part by part, the latest part first; within a part the oldest first."""
    with workspace.read() as connection:
        row = row_for(connection, actor, id_)
        part = last_part(connection, row, int(cursor) if cursor else None)
        story = told_part(workspace, connection, row, part)
        told = veil_for(workspace, connection, actor, row, row.version)(story.told())
    return {"items": told, "next_cursor": str(part.first) if part.first else None}


def _root_held(connection: Connection, row: Any) -> bool:
    root = rows_of.find(connection, row.root_id) if row.parent_id else None
    return bool(root and root.hold)


def _suspension(instance: Instance) -> dict[str, Any] | None:
    if instance.suspended is None:
        return None
    since, timers = instance.suspended
    return {"since": to_iso(since), "timers": timers}


def history(
    workspace: Workspace, actor: Actor, id_: str, after: int = 0, limit: int = 500
) -> dict[str, Any]:
    """Facts after `after`, oldest first."""
    with workspace.read() as connection:
        row = row_for(connection, actor, id_)
        veil = veil_for(workspace, connection, actor, row, row.version)
        items: list[dict[str, Any]] = []
        for seq, at, event in history_store.read(connection, id_, after):
            if len(items) == limit:
                break
            items.append({"seq": seq, "at": to_iso(at), **veil(e.describe(event))})
    return {"items": items, "next_cursor": str(items[-1]["seq"]) if len(items) == limit else None}


def cancel(
    workspace: Workspace, actor: Actor, id_: str, reason: str, *, compensate: bool = False
) -> dict[str, Any]:
    """End the instance, with its tasks, jobs, timers and sub-flows; `compensate`: undo first what can be undone."""
    actor.require("instances:operate")
    command = c.Cancel(reason, actor.user_id, compensate)
    return wish(workspace, id_, command, actor=actor, action="instances.cancel", reason=reason)


def wish(
    workspace: Workspace,
    id_: str,
    command: c.Command,
    *,
    statuses: Collection[str] = OPEN,
    check: Callable[[Connection, Any], None] = lambda *_: None,
    actor: Actor | None = None,
    action: str = "",
    **details: Any,
) -> dict[str, Any]:
    """Apply one wish and answer where the instance stands then; `Conflict` with its state when it is in none of `statuses`.

    `check` looks at the locked row and raises; `actor` and `action`: who is noted in the audit, and as what.
    """

    def operation(connection: Connection) -> dict[str, Any]:
        status = apply_wish(workspace, connection, id_, command, statuses, check)
        if actor is not None:
            audit.note(connection, workspace, actor, action, id_, **details)
        return {"id": id_, "status": status}

    answer: dict[str, Any] = workspace.writer.call(operation)
    return answer


def apply_wish(
    workspace: Workspace,
    connection: Connection,
    id_: str,
    command: c.Command,
    statuses: Collection[str] = OPEN,
    check: Callable[[Connection, Any], None] = lambda *_: None,
) -> str:
    """`wish` inside an operation of the writer; answers the status."""
    row = rows_of.find(connection, id_, lock=True)
    if row is None or row.retain_until == 0:
        raise NotFound(kind="instance", id=id_)
    if row.status not in statuses:
        expected = (
            "an open instance" if statuses is OPEN else f"one that is {' or '.join(statuses)}"
        )
        raise Conflict(
            expected=expected, found=f"{id_} is {row.status}", current={"status": row.status}
        )
    check(connection, row)
    if isinstance(
        command, c.Cancel
    ):  # also when its flow cannot be loaded: it is set aside, and ended
        advance_each(workspace, connection, [id_], [(id_, command)])
        return str(rows_of.status(connection, id_))
    return advance(workspace, connection, [id_], [(id_, command)])[id_].status


def row_for(connection: Connection, actor: Actor, id_: str) -> Any:
    """The row of an instance that this person may see."""
    row = rows_of.find(connection, id_)
    if row is None or row.retain_until == 0:
        raise NotFound(kind="instance", id=id_)
    if row.started_by != actor.user_id:
        actor.require("instances:read")
    return row


def veil_for(
    workspace: Workspace, connection: Connection, actor: Actor, row: Any, version: int
) -> Veil:
    """Whoever has started an instance sees it, but nothing of its forms in full that is masked for them."""
    if actor.may("instances:read"):
        return veil_of((), ())
    flow = shown_flow(workspace, connection, row.flow_key, version)
    forms = (node.settings.get("form") for node in flow.nodes.values())
    return veil_of(forms, roles_of(workspace.directory(connection), actor))


def incident_json(row: Any) -> dict[str, Any]:
    """An incident as the API shows it."""
    return {
        "id": row.id, "instance_id": row.instance_id, "flow_key": row.flow_key, "step": row.step, "node": row.node,
        "code": row.code, "message": row.message, "raised_at": to_iso(row.raised_at),
        "resolved_at": iso_or_none(row.resolved_at), "resolution": row.resolution, "resolved_by": row.resolved_by,
    }  # fmt: skip


def delivery_json(row: Any) -> dict[str, Any]:
    """A message in the outbox with its receipts; of one to a person each attempt names its channel."""
    return {
        "id": row.id, "channel": row.channel, "to": row.recipient or row.connection or "", "title": row.title,
        "status": row.status, "attempts": row.receipts, "instance_id": row.instance_id, "step": row.step,
        "task_id": row.task_id, "user_id": row.user_id, "kind": row.kind, "created_at": to_iso(row.created_at),
        "sent_at": iso_or_none(row.sent_at),
    }  # fmt: skip
