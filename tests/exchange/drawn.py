"""Flows of ours to send there and back: templates, one of each node type, patterns, random processes, and drafts half done."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from headrace.engine.exchange.bpmn import read_bpmn
from headrace.engine.exchange.bpmn_out import to_bpmn
from headrace.engine.flow.diff import diff
from headrace.engine.flow.model import sha256
from headrace.engine.registry import node_types
from tests.crash.kinds import kinds
from tests.patterns.processes import process

ROOT = Path(__file__).parents[2]
Document = dict[str, Any]
ODD_NAMES = ("", "A & B", "x" * 90, "\ufffe", "𠮷")


def files() -> list[Path]:
    """Every flow that comes with Headrace."""
    return [*sorted(ROOT.glob("templates/*/flows/*.json")), *sorted(ROOT.glob("flows/*.json"))]


def of_file(path: Path) -> Document:
    """A flow file without its cases."""
    document: Document = json.loads(path.read_text("utf-8"))
    document.pop("cases", None)
    return document


def of_every_type() -> Iterator[tuple[str, Document]]:
    """One flow or more for each node type, with all its exits drawn."""
    for name, kind in kinds().items():
        for place, document in enumerate(kind.documents):
            yield f"{name}/{place}", document
    for name, node_type in node_types().items():
        yield (
            f"{name}/exits",
            with_all_exits(name, dict(node_type.example), node_type.port_names(node_type.example)),
        )


def with_all_exits(type_: str, settings: dict[str, Any], ports: tuple[str, ...]) -> Document:
    """A node with an arrow from each exit and an event of each kind, right or not."""
    events = [
        {"id": "late", "kind": "timer", "after": "PT1H", "interrupting": False, "title": {"zh": "迟了"}},
        {"id": "at_six", "kind": "timer", "at": "date('2026-01-01T06:00:00+08:00')"},
        {"id": "told", "kind": "message", "name": "a.{{ b }}", "key": "c"},
        {"id": "seen", "kind": "signal", "name": "s"},
        {"id": "broke", "kind": "error", "codes": ["http_500", "x"]},
        {"id": "undo", "kind": "compensation"},
    ]  # fmt: skip
    node = {
        "id": "n", "type": type_, "name": {"zh": "节点 <&\"'>", "en": "Node"}, "position": {"x": 300.5, "y": -20},
        "settings": settings,
        "result": "told_result", "visits_max": 7, "events": events,
    }  # fmt: skip
    exits = [*ports, *(event["id"] for event in events)]
    ends = [
        {
            "id": f"to_{name}",
            "type": "set_values" if name == "undo" else "end",
            "name": {"en": name},
            "settings": {},
        }
        for name in exits
    ]
    arrows = [{"id": f"e-{name}", "from": "n", "port": name, "to": f"to_{name}"} for name in exits]
    return {
        "format": 1, "key": "all-exits", "name": {"zh": "全部", "en": "All"}, "nodes": [node, *ends], "edges": arrows,
        "notes": [{"id": "1", "text": "a\nb <c> \u0001", "position": {"x": 1, "y": 2.25}, "color": "pink"}],
    }  # fmt: skip


def half_done(seed: int) -> Document:
    """A draft as nobody should leave it: ids twice, arrows to nowhere, settings that are missing, odd names."""
    dice = random.Random(seed)
    types = [*node_types(), "gone_type", ""]
    ids = [f"n{number}" for number in range(dice.randint(1, 8))]
    nodes: list[Document] = []
    for id_ in ids:
        type_ = dice.choice(types)
        known = node_types().get(type_)
        settings = dict(known.example) if known is not None and dice.random() < 0.7 else {}
        node: Document = {
            "id": id_,
            "type": type_,
            "name": {"en": dice.choice(ODD_NAMES)},
            "settings": settings,
        }
        if dice.random() < 0.7:
            node["position"] = {"x": dice.uniform(-900, 900), "y": dice.randint(-900, 900)}
        if dice.random() < 0.3:
            node["events"] = [
                {"id": "ev", "kind": dice.choice(["timer", "error", "compensation", "odd"])}
            ]
        nodes.append(node)
    if dice.random() < 0.2:
        nodes.append(dict(nodes[0]))
    ports = ["out", "else", "approved", "error", "ev", "paid", "nothing"]
    edges = []
    for number in range(dice.randint(0, 12)):
        edge = {
            "id": f"e{dice.choice([number, 0])}",
            "from": dice.choice(ids),
            "to": dice.choice([*ids, "nowhere"]),
        }
        if dice.random() < 0.8:
            edge["port"] = dice.choice(ports)
        edges.append(edge)
    return {
        "format": 1,
        "key": "half-done",
        "name": {"zh": "半"},
        "nodes": nodes,
        "edges": edges,
        "odd": [1],
    }


def of_process(seed: int) -> Document:
    """A random process."""
    return process(seed).document


def check(document: Document, language: str = "zh") -> bytes:
    """There and back: the very same document, as far as anything runs or is seen. Answers the XML."""
    data = to_bpmn(document, language=language)
    found = read_bpmn(data, "x")
    assert not found.wrong
    assert len(found.documents) == 1
    assert [one.as_json() for one in diff_of(document, found.documents[0])] == []
    assert sha256(found.documents[0]) == sha256(document)
    assert [line for line in found.report.lines if line.fate != "carried"] == []
    return data


def diff_of(before: Document, after: Document) -> Any:
    """The difference, if ids are such that there is one to tell."""
    ids = [node["id"] for node in before["nodes"]]
    return diff(before, after) if len(ids) == len(set(ids)) else []
