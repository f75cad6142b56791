"""Which variables are known where: inputs, results of nodes that come before, values set before, what events before brought,
and the reserved three."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.graph import Drawing
from headrace.engine.flow.model import Edge
from headrace.engine.flow.wording import closest, listed
from headrace.engine.node import NodeType

RESERVED = frozenset({"instance", "now", "step"})
"""What the engine fills in."""

UNDONE = "compensated"
"""What a node that undoes another sees of it: `{node, step, key, output}`."""

KNOWN_MAX = 20
"""Names listed in a problem."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One place that reads variables: where, which, and the names that only this place knows."""

    node: str
    path: str
    required: Collection[str]
    optional: Collection[str]
    local: Collection[str]


class Scope:
    """Knows for every node of a document which variables may be there."""

    def __init__(
        self,
        nodes: Mapping[str, Mapping[str, Any]],
        types: Mapping[str, NodeType],
        drawing: Drawing,
        input_schema: Mapping[str, Any],
        *,
        made: Iterable[tuple[str, str]] = (),
        handlers: Collection[str] = (),
    ) -> None:
        """`made`: (place in the drawing, name) of variables that no node makes, as those of events. `handlers`: nodes that
        undo others; they run at any time later, so whatever is made may be there."""
        self._before = drawing.before()
        self._bit = {node: 1 << place for node, place in drawing.positions().items()}
        self._input = input_schema
        properties = input_schema.get("properties")
        self._inputs: Mapping[str, Any] = properties if isinstance(properties, Mapping) else {}
        self._makers: dict[str, int] = {}
        for node_id, node in nodes.items():
            for name in names_made(node_id, node, types.get(str(node.get("type")))):
                self._makers[name] = self._makers.get(name, 0) | self._bit[node_id]
        for place, name in made:
            self._makers[name] = self._makers.get(name, 0) | self._bit[place]
        self._handlers = frozenset(handlers)
        self._all = (1 << len(self._bit)) - 1

    def problems(self, reading: Reading) -> Iterator[Problem]:
        """The unknown variables of one place."""
        for path in sorted(reading.required):
            yield from self._check(reading, path, "error")
        for path in sorted(reading.optional):
            yield from self._check(reading, path, "warning")

    def _check(self, reading: Reading, path: str, severity: str) -> Iterator[Problem]:
        root, *members = path.split(".")
        if root in self._inputs:
            yield from self._check_members(reading, root, members, severity)
        elif not self._is_known(reading, root):
            yield self._unknown(reading, path, root, severity)

    def _is_known(self, reading: Reading, root: str) -> bool:
        if root in RESERVED or root in reading.local:
            return True
        if root == UNDONE and reading.node in self._handlers:
            return True
        return bool(self._makers.get(root, 0) & self._seen_by(reading.node))

    def _seen_by(self, node: str) -> int:
        if node in self._handlers:
            return self._all
        return self._before[node] | self._bit[node]

    def _unknown(self, reading: Reading, path: str, root: str, severity: str) -> Problem:
        seen = self._seen_by(reading.node)
        known = {name for name, makers in self._makers.items() if makers & seen}
        known |= {*self._inputs, *reading.local, *RESERVED}
        known |= {UNDONE} if reading.node in self._handlers else set()
        near = closest(root, known)
        params = {"name": root, "path": path, "known": sorted(known)[:KNOWN_MAX], "closest": near}
        open_input = not self._inputs and self._input.get("additionalProperties") is not False
        weak = severity == "warning" or open_input
        if root in self._makers:
            code, expected = (
                "variable_later",
                f"a variable that exists here, but {root} is only made later",
            )
            message = f"Expected {expected}."
        else:
            code = "variable_unknown"
            hint = f" Do you mean {near[0]}?" if near else ""
            message = (
                f"Expected a known variable, but found {root}; known here: {listed(known)}.{hint}"
            )
        return Problem(
            reading.path,
            code,
            params,
            message,
            node=reading.node,
            severity="warning" if weak else "error",
        )

    def _check_members(
        self, reading: Reading, root: str, members: list[str], severity: str
    ) -> Iterator[Problem]:
        schema: Any = self._inputs[root]
        place = root
        for member in members:
            properties = schema.get("properties") if isinstance(schema, Mapping) else None
            if not isinstance(properties, Mapping) or not properties:
                return
            if member not in properties:
                near = closest(member, properties)
                params = {
                    "name": member,
                    "path": f"{place}.{member}",
                    "known": sorted(properties)[:KNOWN_MAX],
                    "closest": near,
                }
                closed = schema.get("additionalProperties") is False and severity == "error"
                hint = f" Do you mean {near[0]}?" if near else ""
                yield Problem(
                    reading.path,
                    "variable_unknown",
                    params,
                    f"Expected a declared field of {place}, but found {member}; declared: {listed(properties)}.{hint}",
                    node=reading.node,
                    severity="error" if closed else "warning",
                )
                return
            schema, place = properties[member], f"{place}.{member}"


def with_events(drawn: Drawn) -> tuple[Drawing, list[tuple[str, str]]]:
    """The ways of tokens with a place for every event on its arrow, and the variables made at these places."""
    places: dict[str, str] = {}
    edges: list[Edge] = []
    for _, edge in drawn.edges:
        if drawn.event(edge.source, edge.port) is None:
            edges.append(edge)
            continue
        place = f"{edge.source}\0{edge.port}"  # no node has such a name
        places[place] = edge.port
        edges.append(Edge(edge.id, edge.source, edge.port, place))
        edges.append(Edge(edge.id, place, "out", edge.target))
    return Drawing([*drawn.nodes, *places], edges), list(places.items())


def names_made(node_id: str, node: Mapping[str, Any], node_type: NodeType | None) -> Iterator[str]:
    """The variables a node leaves behind: its result, and what its `values` set at the root.

    Only pure nodes set variables; a node that works outside keeps its `values` for the outside.
    """
    result = node.get("result")
    yield result if isinstance(result, str) else node_id
    settings = node.get("settings")
    form = settings.get("form") if isinstance(settings, Mapping) else None
    if isinstance(form, Mapping) and isinstance(form.get("use"), str):
        yield form["use"]  # a form of the flow is kept under its key
    if node_type is None or node_type.in_worker or not isinstance(settings, Mapping):
        return
    schema = node_type.settings.get("properties", {}).get("values", {})
    rows = settings.get("values")
    if schema.get("x-widget") == "pairs" and isinstance(rows, list):
        for row in rows:
            if isinstance(row, Mapping) and isinstance(row.get("name"), str):
                yield row["name"]
