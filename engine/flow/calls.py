"""Sub-flows that a document starts: is the called flow there, and does it get the input it asks for?

Which node types call others, their settings say: a `flow` with the widget of that name, and its `version` and `input` beside it.
What the called flows ask for is in the store, so that `service/flows.py` puts the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow.wording import closest, listed
from headrace.engine.node import NodeType

CALLS_MAX = 200
"""Nodes with a sub-flow that are looked at: each other flow costs a query."""


@dataclass(frozen=True, slots=True)
class Call:
    """One node that starts another flow. `names`: what it gives, with their places; None: nobody can tell."""

    node: str
    path: str
    flow: str
    version: int | None
    names: Mapping[str, str] | None


def calls_of(document: Any, types: Mapping[str, NodeType]) -> list[Call]:
    """All nodes of any document that start a flow."""
    return list(_calls(document, types))[:CALLS_MAX]


def _calls(document: Any, types: Mapping[str, NodeType]) -> Iterator[Call]:
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        if not isinstance(node, Mapping):
            continue
        node_type, settings = types.get(str(node.get("type"))), node.get("settings")
        if node_type is None or not isinstance(settings, Mapping):
            continue
        schema = node_type.settings.get("properties", {}).get("flow", {})
        key, version = settings.get("flow"), settings.get("version")
        if schema.get("x-widget") == "flow" and isinstance(key, str):
            path = f"/nodes/{index}/settings"
            pinned = version if type(version) is int else None
            yield Call(str(node.get("id")), path, key, pinned, _names(settings, path))


def _names(settings: Mapping[str, Any], path: str) -> Mapping[str, str] | None:
    rows = settings.get("input", [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        return None
    return {str(row.get("name")): f"{path}/input/{index}/name" for index, row in enumerate(rows)}


def not_there(call: Call) -> Problem:
    """The called flow cannot start: it has no such version, or was never published."""
    if call.version is not None:
        message = (
            f"Expected a published version of {call.flow}, but found no version {call.version}."
        )
        params = {"flow": call.flow, "version": call.version}
        return Problem(
            f"{call.path}/version", "call_version_unknown", params, message, node=call.node
        )
    message = f"Expected a published flow, but {call.flow} has only a draft."
    return Problem(
        f"{call.path}/flow", "call_unpublished", {"flow": call.flow}, message, node=call.node,
        severity="warning",
    )  # fmt: skip


def input_problems(call: Call, document: Any) -> Iterator[Problem]:
    """What the called document asks for and does not get, and what it gets and does not ask for.

    Only of flows with a start by hand: the others map what comes by themselves.
    """
    schema = document.get("input") if isinstance(document, Mapping) else None
    if call.names is None or not isinstance(schema, Mapping) or not _starts_plainly(document):
        return
    properties = schema.get("properties")
    known = properties if isinstance(properties, Mapping) else {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else ():
        if isinstance(name, str) and name not in call.names:
            message = f"Expected a value for {name}, which {call.flow} needs, but found none."
            yield Problem(
                f"{call.path}/input", "call_input_missing", {"flow": call.flow, "name": name},
                message, node=call.node,
            )  # fmt: skip
    closed = schema.get("additionalProperties") is False
    for name, path in call.names.items() if known or closed else ():
        if name not in known:
            near = closest(name, known)
            hint = f" Do you mean {near[0]}?" if near else ""
            message = (
                f"Expected an input of {call.flow}, but found {name}; it has {listed(known)}.{hint}"
            )
            yield Problem(
                path, "call_input_unknown", {"flow": call.flow, "name": name, "closest": near}, message,
                node=call.node, severity="error" if closed else "warning",
            )  # fmt: skip


def _starts_plainly(document: Mapping[str, Any]) -> bool:
    nodes = document.get("nodes")
    found = nodes if isinstance(nodes, list) else []
    return any(isinstance(node, Mapping) and node.get("type") == "start" for node in found)
