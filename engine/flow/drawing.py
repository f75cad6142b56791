"""A document as the checks see it: perhaps broken, indexed once, with one place where problems are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow.form_uses import input_of
from headrace.engine.flow.model import Edge
from headrace.engine.node import NodeType

EVENTS_MAX = 20
"""Boundary events of one node that are looked at; the format refuses more."""


class Drawn:
    """Nodes by id and arrows whose ends exist; `problems` grows while the checks look."""

    def __init__(self, document: Mapping[str, Any], types: Mapping[str, NodeType]) -> None:
        self.document = document
        self.types = types
        self.problems: list[Problem] = []
        self.nodes: dict[str, Mapping[str, Any]] = {}
        self.edges: list[tuple[int, Edge]] = []
        """(place in the document, arrow): the ways of tokens."""
        self.undoing: list[tuple[int, Edge]] = []
        """(place, arrow) from a node to the one that undoes it; no token goes there."""
        self.handlers: dict[str, str] = {}
        """Node that undoes → the node it undoes."""
        self._index: dict[str, int] = {}
        for index, item in self.records("nodes"):
            node_id = item.get("id")
            if isinstance(node_id, str) and node_id not in self.nodes:
                self.nodes[node_id] = item
                self._index[node_id] = index

    def say(
        self,
        path: str,
        code: str,
        expected: str,
        found: str,
        *,
        node: str | None = None,
        edge: str | None = None,
        warning: bool = False,
        **params: Any,
    ) -> None:
        """Report one problem."""
        message = f"Expected {expected}, but found {found}."
        severity: Any = "warning" if warning else "error"
        self.problems.append(Problem(path, code, params, message, node, edge, severity))

    def report(
        self, path: str, code: str, params: Mapping[str, Any], message: str, *, node: str
    ) -> None:
        """Report what somebody else has put into words."""
        self.problems.append(Problem(path, code, params, message, node))

    def say_of_node(
        self,
        node: str,
        code: str,
        expected: str,
        found: str,
        *,
        warning: bool = False,
        **params: Any,
    ) -> None:
        """Report one problem of a whole node."""
        self.say(self.path(node), code, expected, found, node=node, warning=warning, **params)

    def records(self, kind: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The items of a list of the document that are records at all, with their places."""
        items = self.document.get(kind)
        if isinstance(items, list):
            yield from ((i, item) for i, item in enumerate(items) if isinstance(item, Mapping))

    def path(self, node: str) -> str:
        """The JSON pointer to a node."""
        return f"/nodes/{self._index[node]}"

    def type_of(self, node: str) -> NodeType | None:
        """The type of a node, if there is one."""
        return self.types.get(str(self.nodes[node].get("type")))

    def events(self, node: str) -> list[tuple[int, Mapping[str, Any]]]:
        """The boundary events of a node that have an id and a kind, with their places."""
        items = self.nodes[node].get("events")
        return [
            (index, item)
            for index, item in enumerate(items[:EVENTS_MAX] if isinstance(items, list) else ())
            if isinstance(item, Mapping)
            and isinstance(item.get("id"), str)
            and isinstance(item.get("kind"), str)
        ]

    def event(self, node: str, port: str) -> Mapping[str, Any] | None:
        """The boundary event whose exit this is."""
        return next((item for _, item in self.events(node) if item["id"] == port), None)

    def settings(self, node: str) -> Mapping[str, Any]:
        """The settings of a node; empty where they are none."""
        settings = self.nodes[node].get("settings")
        return settings if isinstance(settings, Mapping) else {}

    def where(self, asked: Callable[[NodeType], bool]) -> list[str]:
        """The nodes whose type answers yes."""
        known = ((node, self.type_of(node)) for node in self.nodes)
        return [node for node, node_type in known if node_type is not None and asked(node_type)]

    def title(self, node: str) -> str:
        """What a node is called in messages."""
        name = self.nodes[node].get("name")
        if isinstance(name, Mapping):
            for language in ("en", "zh"):
                if isinstance(name.get(language), str):
                    return str(name[language])
        return node

    @property
    def input_schema(self) -> Mapping[str, Any]:
        """The schema of the input, forms of starts included; empty where there is none."""
        return input_of(self.document)

    @property
    def inputs(self) -> Mapping[str, Any]:
        """The declared inputs by name."""
        properties = self.input_schema.get("properties")
        return properties if isinstance(properties, Mapping) else {}
