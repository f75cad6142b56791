"""What we wrote ourselves, read back: nodes, events, arrows and notes as they were, with what another tool changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element

from headrace.engine.exchange.bpmn_file import File, as_mapping
from headrace.engine.exchange.bpmn_out import branch_condition
from headrace.engine.exchange.bpmn_words import (
    NODE_HEIGHT,
    NODE_WIDTH,
    SMALL,
    box_of,
    label,
    printable,
    tag_of,
)
from headrace.engine.exchange.draw import named
from headrace.engine.exchange.xml import name_of, text_of

_CLOSE = 1e-6


def node_of(file: File, element: Element) -> dict[str, Any] | None:
    """The node an element is; None: it is none of ours (any more)."""
    found = file.own(element, "node")
    if found is None:
        return None
    told, kept = found
    id_, type_ = told.get("id"), told.get("type")
    if not (
        id_
        and type_ is not None
        and isinstance(kept, Mapping)
        and isinstance(kept.get("settings"), Mapping)
    ):
        return None
    node = {**kept, "id": id_, "type": type_}
    tag = name_of(element)
    if tag not in (tag_of(node, activity=False), tag_of(node, activity=True)):
        file.say(element, "changed", "own_retyped", found=tag)
        return None
    changed = _renamed(file, element, node)
    _moved(file, element, node, tag)
    if changed:
        file.say(element, "changed", "own_changed", node=id_, what="name")
    else:
        file.say(element, "carried", "is_ours", node=id_)
    return node


def _renamed(file: File, element: Element, node: dict[str, Any]) -> bool:
    name, shown = node.get("name"), element.get("name", "")
    if shown in (label(name, "zh"), label(name, "en")) or not shown.strip():
        return False
    (language, text), *_ = named(shown).items()
    node["name"] = {**as_mapping(name), language: text}
    return True


def _moved(file: File, element: Element, node: dict[str, Any], tag: str) -> None:
    """The place as it was written, unless the drawing says another."""
    box = file.boxes.get(element.get("id", ""))
    if box is None:
        return
    place = as_mapping(node.get("position"))
    x, y = place.get("x", 0), place.get("y", 0)
    if all(isinstance(value, int | float) for value in (x, y)):
        was = box_of(x, y, tag)
        if all(abs(a - b) < _CLOSE for a, b in zip(was[:2], box[:2], strict=True)):
            return
    size = SMALL.get(tag)
    left = box[0] - ((NODE_WIDTH - size) / 2 if size else 0)
    top = box[1] - ((NODE_HEIGHT - size) / 2 if size else 0)
    node["position"] = {"x": round(left, 3), "y": round(top, 3)}


def event_of(file: File, element: Element) -> tuple[str, dict[str, Any]] | None:
    """(node, event) of a boundary event of ours."""
    found = file.own(element, "event")
    if found is None or not isinstance(found[1], Mapping) or not found[0].get("node"):
        return None
    event = dict(found[1])
    if not isinstance(event.get("id"), str) or not isinstance(event.get("kind"), str):
        return None
    return str(found[0].get("node")), event


def part_of(file: File, element: Element) -> tuple[str, str] | None:
    """(node, port) of an element that is only a part of a node; the port is empty where any leaves."""
    found = file.own(element, "part")
    if found is None or not found[0].get("node"):
        return None
    return str(found[0].get("node")), found[0].get("port", "")


def edge_of(file: File, element: Element) -> tuple[str, str, str | None] | None:
    """(id, node it left, port) of an arrow; the port is None where none was written."""
    found = file.own(element, "edge")
    if found is None or not found[0].get("id"):
        return None
    return str(found[0].get("id")), found[0].get("node", ""), found[0].get("port")


def note_of(file: File, element: Element) -> dict[str, Any] | None:
    """A note, with its text as it is now."""
    found = file.own(element, "note")
    if found is None or not isinstance(found[1], Mapping):
        return None
    note = dict(found[1])
    if not isinstance(note.get("id"), str) or not isinstance(note.get("text"), str):
        return None
    text = text_of(file.child(element, "text"))
    if text and text.split() != printable(note["text"]).split():
        note["text"] = text[:4000]
    box = file.boxes.get(element.get("id", ""))
    place = as_mapping(note.get("position"))
    if box is not None and (
        abs(box[0] - _number(place.get("x"))) > _CLOSE
        or abs(box[1] - _number(place.get("y"))) > _CLOSE
    ):
        note["position"] = {"x": round(box[0], 3), "y": round(box[1], 3)}
    return note


def condition_changed(file: File, element: Element, node: Mapping[str, Any], port: str) -> bool:
    """Did somebody write another condition at an arrow of ours?"""
    if node.get("type") != "condition":
        return False
    told = file.child(element, "conditionExpression")
    return told is not None and text_of(told) != branch_condition(node, port).strip()


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
