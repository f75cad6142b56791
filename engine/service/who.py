""" "Who would get this?": the people a node would ask, for sample data, somebody who starts it, and a moment; with every step why.

Works on drafts too, as far as the node itself is drawn: the same `people/assign.py` answers that decides in earnest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import NotFound
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.people.assign import Asked, Assigned, Assignment, assign
from headrace.engine.people.directory import Directory
from headrace.engine.service import access
from headrace.engine.service.actor import Actor
from headrace.engine.service.organisation import ref
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts

NODES_MAX = 200
"""Nodes answered at once."""


def of_node(
    workspace: Workspace,
    actor: Actor,
    *,
    node: str,
    flow: str | None = None,
    version: int | None = None,
    document: Any = None,
    **asked: Any,
) -> dict[str, Any]:
    """One node of a document, or of a flow: of this version, else the one in force, else the draft."""
    actor.require("flows:read")
    drawn = document if document is not None else _document(workspace, flow or "", version)
    for found in _asking(workspace, drawn):
        if found["id"] == node:
            return {**_answer(workspace, actor, drawn, found, **asked), "node": node}
    raise NotFound(kind="node that asks people", id=node)


def of_flow(
    workspace: Workspace,
    actor: Actor,
    *,
    flow: str | None = None,
    version: int | None = None,
    document: Any = None,
    **asked: Any,
) -> dict[str, Any]:
    """Every node that asks people, in the order drawn; without data, the sample of the drawing counts."""
    actor.require("flows:read")
    drawn = document if document is not None else _document(workspace, flow or "", version)
    found = list(_asking(workspace, drawn))[:NODES_MAX]
    items = [
        {
            "node": node["id"],
            "name": node.get("name") or {"en": node["id"]},
            **_answer(workspace, actor, drawn, node, **asked),
        }
        for node in found
    ]
    return {"items": items, "next_cursor": None}


def _document(workspace: Workspace, flow: str, version: int | None) -> Any:
    with workspace.read() as connection:
        row = drafts.find(connection, flow)
        if row is None:
            raise NotFound(kind="flow", id=flow)
        number = version or row.published_version
        text = row.draft if number is None else drafts.document_of(connection, flow, number)
    if text is None:
        raise NotFound(kind="flow version", id=f"{flow} {version}")
    return jsontext.loads(text)


def _asking(workspace: Workspace, document: Any) -> Iterator[Mapping[str, Any]]:
    """The nodes that wait for people."""
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    for node in nodes if isinstance(nodes, list) else ():
        if isinstance(node, Mapping) and asks_people(workspace, str(node.get("type"))):
            yield node


def asks_people(workspace: Workspace, type_: str) -> bool:
    """Does a node of this type wait for people?"""
    kind = workspace.types.get(type_)
    if kind is None or not kind.waits:
        return False
    setting = kind.settings.get("properties", {}).get("assignees", {})
    return bool(setting.get("x-widget") == "assignees")


def _answer(
    workspace: Workspace,
    actor: Actor,
    document: Mapping[str, Any],
    node: Mapping[str, Any],
    *,
    data: Mapping[str, Any] | None = None,
    initiator: str | None = None,
    approver: str | None = None,
    at_ms: int | None = None,
    chosen: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    with workspace.read() as connection:
        directory = workspace.directory(connection)
    now_ms = workspace.clock.now_ms() if at_ms is None else at_ms
    variables = dict(data if data is not None else document.get("sample") or {})
    if chosen is not None:
        variables["chosen"] = dict(chosen)
    starter = directory.find(initiator) if initiator else None
    settings = node.get("settings") or {}
    asked = Asked(
        now_ms,
        str(document.get("key", "")),
        starter.id if starter else actor.user_id,
        approver,
        Evaluator(variables).expression,
    )
    found = assign(
        settings.get("assignees") or (),
        directory,
        asked,
        backup=settings.get("backup") or (),
        fallback=settings.get("fallback") or (),
        same_initiator=settings.get("same_initiator", "allow"),
        each=settings.get("mode", "any") != "any",
    )
    return {
        **told(found, directory),
        "at": to_iso(now_ms),
        "initiator": ref(directory, asked.initiator or ""),
    }


def told(found: Assignment, directory: Directory) -> dict[str, Any]:
    """People and why, as screens get them."""
    incident = found.incident
    return {
        "people": [_person(one, directory) for one in found.people],
        "steps": [step.as_json() for step in found.steps],
        "incident": None if incident is None else incident.as_json(),
    }


def _person(one: Assigned, directory: Directory) -> dict[str, Any]:
    return {
        **ref(directory, one.user),
        "on_behalf_of": ref(directory, one.on_behalf_of) if one.on_behalf_of else None,
        "origin": one.origin,
        "stage": one.stage,
        "by_rule": one.by_rule,
        "may_decide": access.actor_of(directory, one.user).may("tasks:decide"),
        "why": [why.as_json() for why in one.why],
    }
