"""A valid document made ready to run: every question the loop asks is one dict look-up.

Done once a published version and then kept; `validate.py` has said before that the document can run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from headrace.engine import errors
from headrace.engine.flow import forms
from headrace.engine.flow.choices import CHOSEN, Choice, choice_problems, choices_of
from headrace.engine.flow.form_uses import input_of, resolved
from headrace.engine.flow.model import Edge, Node, from_json
from headrace.engine.flow.reach import Reach
from headrace.engine.node import JoinRule, NodeType, Policy, Text

SEARCH_FIELDS_MAX = 10
"""Inputs of one flow by which its instances can be found: each is a row more at a start."""


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """A node with its type, and its edges sorted out."""

    id: str
    type: NodeType
    name: Text
    settings: Mapping[str, Any]
    result: str
    """The variable its output is stored under."""
    exits: Mapping[str, tuple[Edge, ...]]
    """Port → the edges that leave there, in the order of the document; a port without an edge is absent."""
    leaves: Mapping[str, tuple[str, ...]]
    """The ids of the same."""
    entries: tuple[str, ...]
    """The ids of the edges that lead here, in the order of the document."""
    connected: frozenset[str]
    """Names of the ports an edge leaves from."""
    events: Mapping[str, Mapping[str, Any]]
    """Boundary events by id, as drawn; without those for errors and compensation."""
    errors: tuple[Mapping[str, Any], ...]
    """Boundary events for errors, those with codes first."""
    handler: str | None
    """The node that undoes this one."""
    subscribes: bool
    """It waits for messages or signals, itself or by an event attached to it."""
    join: JoinRule | None
    visits_max: int | None
    _kept: dict[str, Policy] = field(default_factory=dict, compare=False, repr=False)

    def policy(self) -> Policy:
        """How its jobs are held back and repeated; read from the settings once."""
        found = self._kept.get("policy")
        if found is None:
            found = self._kept["policy"] = self.type.policy(self.settings)
        return found


@dataclass(frozen=True)
class CompiledFlow:
    """One version of a flow, ready to run."""

    key: str
    name: Text
    version_id: str
    version: int
    nodes: Mapping[str, CompiledNode]
    edges: Mapping[str, Edge]
    starts: tuple[str, ...]
    """The ids of the nodes an instance can start at."""
    input_schema: Mapping[str, Any]

    @cached_property
    def locks(self) -> bool:
        """Does it have critical sections?"""
        return any(node.type.lock for node in self.nodes.values())

    @cached_property
    def reach(self) -> Reach:
        """Which tokens can still come where; for joins that must know."""
        return Reach(self.nodes, self.edges)

    @cached_property
    def search_fields(self) -> Mapping[str, str]:
        """The inputs marked `x-search`, by whose values instances are found: name → text, number or time."""
        marked = {
            name: _search_kind(schema)
            for name, schema in self.input_schema.get("properties", {}).items()
            if isinstance(schema, Mapping) and schema.get("x-search") is True
        }
        return dict(list(marked.items())[:SEARCH_FIELDS_MAX])

    @cached_property
    def choices(self) -> Mapping[str, Choice]:
        """People the initiator chooses, by name."""
        return choices_of(node.settings for node in self.nodes.values())

    def check_input(self, value: Any, *, by_hand: bool = False) -> list[errors.Problem]:
        """What is wrong with the input of a start: nothing, or every problem at once."""
        if not self.choices or not isinstance(value, Mapping):
            return self._form.problems(value)
        rest = {name: item for name, item in value.items() if name != CHOSEN}
        chosen = choice_problems(self.choices, value.get(CHOSEN), needed=by_hand)
        return [*self._form.problems(rest), *chosen]

    @cached_property
    def _form(self) -> forms.Form:
        return forms.Form(self.input_schema)


def compile_flow(
    document: Mapping[str, Any],
    types: Mapping[str, NodeType],
    *,
    version_id: str = "",
    version: int = 0,
) -> CompiledFlow:
    """Compile a valid document. Raises `errors.NotFound` for a node type this installation does not have."""
    flow = from_json(document)
    leaving: dict[str, dict[str, list[Edge]]] = {node.id: {} for node in flow.nodes}
    entering: dict[str, list[str]] = {node.id: [] for node in flow.nodes}
    undoing = {
        (node.id, event["id"])
        for node in flow.nodes
        for event in node.events
        if event["kind"] == "compensation"
    }
    handlers: dict[str, str] = {}
    for edge in flow.edges:
        if (edge.source, edge.port) in undoing:  # no way for tokens: it names the node that undoes
            handlers[edge.source] = edge.target
            continue
        leaving[edge.source].setdefault(edge.port, []).append(edge)
        entering[edge.target].append(edge.id)
    nodes = {
        node.id: _compiled(
            node,
            _type_of(node, types),
            resolved(node.settings, document.get("forms", {})),
            leaving[node.id],
            entering[node.id],
            handlers.get(node.id),
        )
        for node in flow.nodes
    }
    return CompiledFlow(
        key=flow.key,
        name=flow.name,
        version_id=version_id,
        version=version,
        nodes=nodes,
        edges={edge.id: edge for edge in flow.edges},
        starts=tuple(node.id for node in nodes.values() if node.type.starts),
        input_schema=input_of(document) if "forms" in document else flow.input,
    )


def _search_kind(schema: Mapping[str, Any]) -> str:
    if schema.get("format") in {"date", "date-time"}:
        return "time"
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    return "number" if {"number", "integer"} & set(kinds) else "text"


def _type_of(node: Node, types: Mapping[str, NodeType]) -> NodeType:
    try:
        return types[node.type]
    except KeyError:
        raise errors.NotFound(kind="node type", id=node.type) from None


def _compiled(
    node: Node,
    node_type: NodeType,
    settings: Mapping[str, Any],
    leaving: Mapping[str, list[Edge]],
    entering: list[str],
    handler: str | None,
) -> CompiledNode:
    exits = {port: tuple(edges) for port, edges in leaving.items()}
    outside = {"error", "compensation"}
    waited_for = (*node.events, *node.settings.get("events", ()))
    return CompiledNode(
        id=node.id,
        type=node_type,
        name=node.name,
        settings=settings,
        result=node.result or node.id,
        exits=exits,
        leaves={port: tuple(edge.id for edge in edges) for port, edges in exits.items()},
        entries=tuple(entering),
        connected=frozenset(exits),
        events={event["id"]: event for event in node.events if event["kind"] not in outside},
        errors=tuple(
            sorted(
                (event for event in node.events if event["kind"] == "error"),
                key=lambda event: not event.get("codes"),
            )
        ),
        handler=handler,
        subscribes=any(event["kind"] in {"message", "signal"} for event in waited_for),
        join=node_type.join(node.settings) if node_type.joins else None,
        visits_max=node.visits_max,
    )
