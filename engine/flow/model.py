"""A drawn flow as values, and its one canonical text.

The document (JSON, `flow.schema.json`) is what people draw, export and import; `validate.py` says what is wrong with one.
These dataclasses are for code that walks a *valid* document.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.engine.node import Text

FORMAT = 1
"""The file format written today; `upgrade.py` brings older ones here."""

_ORDERED_BY_ID = ("nodes", "edges", "notes")


@dataclass(frozen=True, slots=True)
class Node:
    """One box of the drawing. `result` is the variable its output is stored under (default: its id)."""

    id: str
    type: str
    name: Text
    x: float = 0
    y: float = 0
    settings: Mapping[str, Any] = field(default_factory=dict)
    result: str | None = None
    events: tuple[Mapping[str, Any], ...] = ()
    """Boundary events: what may happen while a token waits here, as drawn."""
    visits_max: int | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """An arrow from a port of `source` to `target`."""

    id: str
    source: str
    port: str
    target: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sticky note, or a section: a frame around nodes, which it may hide. It does nothing."""

    id: str
    text: str
    x: float = 0
    y: float = 0
    width: float = 200
    height: float = 120
    color: str = "yellow"
    kind: str | None = None
    hides: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A whole document."""

    key: str
    name: Text
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    description: Text | None = None
    input: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    sample: Mapping[str, Any] | None = None
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Forms that several nodes use, by key: `{title, schema, ui}`."""


def from_json(document: Mapping[str, Any]) -> Flow:
    """A valid document as values. Raises KeyError on one that never went through `validate`."""
    return Flow(
        key=document["key"],
        name=document["name"],
        description=document.get("description"),
        input=document.get("input", {}),
        nodes=tuple(_node(item) for item in document["nodes"]),
        edges=tuple(
            Edge(item["id"], item["from"], item.get("port", "out"), item["to"])
            for item in document["edges"]
        ),
        notes=tuple(_note(item) for item in document.get("notes", ())),
        sample=document.get("sample"),
        forms=document.get("forms", {}),
    )


def to_json(flow: Flow) -> dict[str, Any]:
    """The document of a flow; `from_json` undoes it. What is absent stays absent."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "key": flow.key,
        "name": dict(flow.name),
        "description": None if flow.description is None else dict(flow.description),
        "input": dict(flow.input) or None,
        "forms": dict(flow.forms) or None,
        "nodes": [_node_json(node) for node in flow.nodes],
        "edges": [
            {"id": edge.id, "from": edge.source, "port": edge.port, "to": edge.target}
            for edge in flow.edges
        ],
        "notes": [_note_json(note) for note in flow.notes] or None,
        "sample": None if flow.sample is None else dict(flow.sample),
    }
    return {name: value for name, value in document.items() if value is not None}


def canonical(document: Mapping[str, Any]) -> bytes:
    """The one UTF-8 text of a document: keys sorted, nodes, edges and notes by id, compact.

    Two documents that say the same, whatever their order or `1` against `1.0`, have the same bytes. Raises ValueError
    for what JSON cannot say (NaN, infinities).
    """
    plain = {name: _plain(value) for name, value in document.items()}
    for name in _ORDERED_BY_ID:
        if isinstance(plain.get(name), list):
            plain[name] = sorted(plain[name], key=_by_id)
    return json.dumps(
        plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode("utf-8", "surrogatepass")


def sha256(document: Mapping[str, Any]) -> str:
    """The hash of the canonical text, in hex: equal exactly when two documents say the same."""
    return hashlib.sha256(canonical(document)).hexdigest()


def _node(item: Mapping[str, Any]) -> Node:
    position = item.get("position", {})
    return Node(
        id=item["id"],
        type=item["type"],
        name=item["name"],
        x=position.get("x", 0),
        y=position.get("y", 0),
        settings=item.get("settings", {}),
        result=item.get("result"),
        events=tuple(item.get("events", ())),
        visits_max=item.get("visits_max"),
    )


def _node_json(node: Node) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": node.id,
        "type": node.type,
        "name": dict(node.name),
        "position": {"x": node.x, "y": node.y},
        "settings": dict(node.settings),
    }
    if node.result is not None:
        item["result"] = node.result
    if node.events:
        item["events"] = [dict(event) for event in node.events]
    if node.visits_max is not None:
        item["visits_max"] = node.visits_max
    return item


def _note(item: Mapping[str, Any]) -> Note:
    position, size = item.get("position", {}), item.get("size", {})
    return Note(
        id=item["id"],
        text=item["text"],
        x=position.get("x", 0),
        y=position.get("y", 0),
        width=size.get("width", 200),
        height=size.get("height", 120),
        color=item.get("color", "yellow"),
        kind=item.get("kind"),
        hides=None if item.get("hides") is None else tuple(item["hides"]),
    )


def _note_json(note: Note) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": note.id,
        "text": note.text,
        "position": {"x": note.x, "y": note.y},
        "size": {"width": note.width, "height": note.height},
        "color": note.color,
    }
    if note.kind is not None:
        item["kind"] = note.kind
    if note.hides is not None:
        item["hides"] = list(note.hides)
    return item


def _plain(value: Any) -> Any:
    match value:
        case float() if value.is_integer() and abs(value) < 2**53:
            return int(value)  # a browser writes 1.0 as 1
        case Mapping():
            return {name: _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def _by_id(item: Any) -> str:
    return str(item.get("id", "")) if isinstance(item, Mapping) else ""
