"""Where a task's flow stands: what is done, what waits, who is likely next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow, CompiledNode
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.people.assign import Asked, assign
from headrace.engine.people.directory import Directory
from headrace.engine.run.state import Instance
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.story import last_part, told_part
from headrace.engine.service.task_shown import ref
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, tasks

NEXT_MAX = 6
"""People's nodes that are named as next; who is behind a long row of choices is a guess anyway."""

_DRAWN = ("id", "type", "name", "position", "size")


def path(
    workspace: Workspace, connection: Connection, instance_row: Any, instance: Instance
) -> dict[str, Any]:
    """The drawn flow with what is done, now, next and skipped."""
    flow = shown_flow(workspace, connection, instance.flow_key, instance.version)
    directory = workspace.directory(connection)
    story = told_part(workspace, connection, instance_row, last_part(connection, instance_row))
    told = {row.step: row for row in tasks.of_instance(connection, instance.id)}
    seats = tasks.seats_of_instance(connection, instance.id)
    nodes: dict[str, dict[str, Any]] = {}
    for step in story.told():
        node = nodes[step["node"]] = _node(flow, step["node"], _status(step))
        task = told.get(step["step"])
        if task is not None:
            asked = [
                s for s in seats if s.task_id == task.id and s.status in _WHO and s.kind in _DECIDE
            ]
            node["who"] = [ref(one.user_id, directory.people) for one in asked]
            node |= {
                "task_id": task.id,
                "decision": None if task.status == "open" else task.status,
                "at": iso_or_none(task.ended_at),
            }
        elif step["ended_at"]:
            node["at"] = step["ended_at"]
    evaluate = Evaluator({**instance.variables}).expression
    for id_ in _next(flow, instance):
        if nodes.get(id_, {}).get("status") != "now":
            node = nodes[id_] = _node(flow, id_, "next")
            who = _people(flow, id_, directory, instance, evaluate, workspace.clock.now_ms())
            node["who"] = [ref(one, directory.people) for one in who]
    if instance.ended:
        for id_ in flow.nodes:
            nodes.setdefault(id_, _node(flow, id_, "skipped"))
    return {
        "version": instance.version,
        "document": _document(connection, instance),
        "nodes": list(nodes.values()),
    }


_WHO = ("open", "waiting", "done", "owner_waits")
_DECIDE = ("decide", "resubmit")


def _status(step: Mapping[str, Any]) -> str:
    if step["ended_at"] is None:
        return "now"
    return "skipped" if step["status"] in {"cancelled", "skipped", "interrupted"} else "done"


def _node(flow: CompiledFlow, id_: str, status: str) -> dict[str, Any]:
    node = flow.nodes.get(id_)
    return {
        "id": id_,
        "name": dict(node.name) if node else {"en": id_},
        "type": node.type.name if node else "",
        "status": status,
        "who": [],
        "decision": None,
        "at": None,
        "task_id": None,
    }


def _next(flow: CompiledFlow, instance: Instance) -> list[str]:
    """The first nodes of people behind those that wait now, whichever way the flow takes."""
    found: list[str] = []
    seen: set[str] = set()
    way = [step.node for step in instance.steps.values()]
    while way and len(found) < NEXT_MAX:
        node = flow.nodes.get(way.pop(0))
        if node is None:
            continue
        for port, edges in node.exits.items():
            if port in {"rejected", "returned", "error"} and asks_people(node):
                continue
            for edge in edges:
                if edge.target in seen:
                    continue
                seen.add(edge.target)
                target = flow.nodes[edge.target]
                if asks_people(target):
                    found.append(edge.target)
                else:
                    way.append(edge.target)
    return found


def asks_people(node: CompiledNode) -> bool:
    """Does a visit to this node leave a task?"""
    return node.type.waits and "task" in node.type.rows


def _people(
    flow: CompiledFlow,
    id_: str,
    directory: Directory,
    instance: Instance,
    evaluate: Callable[[str], Any],
    now_ms: int,
) -> Sequence[str]:
    settings = flow.nodes[id_].settings
    asked = Asked(now_ms, flow.key, instance.initiator, evaluate=evaluate)
    try:
        return assign(
            settings.get("assignees", ()),
            directory,
            asked,
            backup=settings.get("backup", ()),
            fallback=settings.get("fallback", ()),
            same_initiator=settings.get("same_initiator", "allow"),
        ).users
    except HeadraceError:
        return ()


def _document(connection: Connection, instance: Instance) -> dict[str, Any] | None:
    """The drawing without its settings: who may see a task may not therefore read expressions and connections."""
    row = drafts.find_version(connection, instance.flow_key, instance.version)
    if row is None:
        return None
    document = jsontext.loads(row.document)
    nodes = [
        {name: n[name] for name in _DRAWN if name in n} | {"settings": {}}
        for n in document["nodes"]
    ]
    for drawn, shown in zip(document["nodes"], nodes, strict=True):
        if "events" in drawn:
            shown["events"] = [{"id": one["id"], "kind": one["kind"]} for one in drawn["events"]]
    return {
        **{name: document[name] for name in ("format", "key", "name") if name in document},
        "nodes": nodes,
        "edges": document["edges"],
    }
