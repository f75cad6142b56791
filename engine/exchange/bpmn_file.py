"""A BPMN file as it is looked at: elements by key, shared definitions, where things are drawn, and who said what about what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from headrace.engine.errors import FileRefused
from headrace.engine.exchange import xml
from headrace.engine.exchange.bpmn_words import BPMN, BPMNDI, DC, DI, FLOW_NODES, HEADRACE, Box
from headrace.engine.exchange.report import Fate, Report
from headrace.engine.exchange.xml import name_of, space_of

_DRAWN = frozenset({BPMNDI, DC, DI})
_PLAIN_ATTRIBUTES = frozenset({"color", "fill", "stroke", "background-color", "border-color"})


class File:
    """One file. Every element has a key: its id, or a made one; a second element of an id gets another."""

    def __init__(self, root: Element) -> None:
        if name_of(root) != "definitions":
            raise FileRefused(expected="BPMN 2.0 (definitions)", found=name_of(root) or "nothing")
        self.root = root
        self.space = space_of(root)
        self.report = Report()
        self.elements: dict[str, Element] = {}
        """Key → element, in the order of the file; only those of BPMN."""
        self._keys: dict[int, str] = {}
        self._parents: dict[int, Element] = {}
        self._scopes: dict[tuple[int, str], list[Element]] = {}
        self.boxes: dict[str, Box] = {}
        for element in xml.below(root):
            for child in element:
                self._parents[id(child)] = element
            if space_of(element) == self.space:
                self._index(element)
        self._read_places()

    def _index(self, element: Element) -> None:
        wanted = element.get("id") or f"({name_of(element)})"
        found, count = wanted, 1
        while found in self.elements:
            count += 1
            found = f"{wanted} #{count}"
        self.elements[found] = element
        self._keys[id(element)] = found

    def _read_places(self) -> None:
        for shape in self.root.iter(f"{{{BPMNDI}}}BPMNShape"):
            bounds = shape.find(f"{{{DC}}}Bounds")
            if bounds is None:
                continue
            try:
                x, y, width, height = (
                    float(bounds.get(name, "")) for name in ("x", "y", "width", "height")
                )
            except ValueError:
                continue
            if all(abs(value) < 1e7 for value in (x, y, width, height)):
                self.boxes.setdefault(_local(shape.get("bpmnElement", "")), (x, y, width, height))

    # looking

    def key(self, element: Element) -> str:
        """How the report calls it."""
        return self._keys.get(id(element), element.get("id", ""))

    def parent(self, element: Element) -> Element | None:
        """What it stands in."""
        return self._parents.get(id(element))

    def children(self, element: Element, *names: str) -> list[Element]:
        """Its own elements of BPMN, of these names if any."""
        return [
            child
            for child in element
            if space_of(child) == self.space and (not names or name_of(child) in names)
        ]

    def child(self, element: Element, *names: str) -> Element | None:
        """The first of them."""
        return next(iter(self.children(element, *names)), None)

    def flow_nodes(self, scope: Element) -> list[Element]:
        """Everything a token can be at."""
        return [child for child in self.children(scope) if name_of(child) in FLOW_NODES]

    def leaving(self, scope: Element, key: str) -> list[Element]:
        """The arrows out of an element, in the order of the file."""
        return self._by(scope, "sourceRef").get(key, [])

    def entering(self, scope: Element, key: str) -> list[Element]:
        """The arrows into an element."""
        return self._by(scope, "targetRef").get(key, [])

    def _by(self, scope: Element, end: str) -> dict[str, list[Element]]:
        cache: dict[Any, Any] = self._scopes
        found: dict[str, list[Element]] | None = cache.get((id(scope), end))
        if found is None:
            found = {}
            for flow in self.children(scope, "sequenceFlow"):
                found.setdefault(_local(flow.get(end, "")), []).append(flow)
            cache[id(scope), end] = found
        return found

    def definition(self, reference: str | None) -> Element | None:
        """The message, signal, error … a reference names."""
        if not reference:
            return None
        return (
            self.elements.get(reference)
            if reference in self.elements
            else self.elements.get(_local(reference))
        )

    def name(self, element: Element | None) -> str:
        """What people called it."""
        return "" if element is None else " ".join(element.get("name", "").split())

    def text(self, element: Element, *names: str) -> str:
        """The text of its first child of these names."""
        found = self.child(element, *names)
        return xml.text_of(found)

    def documentation(self, element: Element) -> str:
        """All that is written about it."""
        return "\n\n".join(filter(None, map(xml.text_of, self.children(element, "documentation"))))

    # what other tools put beside it

    def extensions(self, element: Element) -> Iterator[Element]:
        """The elements inside its `extensionElements`."""
        for extension in self.children(element, "extensionElements"):
            yield from extension

    def extension(self, element: Element, name: str) -> Element | None:
        """The first of a name, whatever its namespace; also a level deeper (lists of them)."""
        for one in self.extensions(element):
            if name_of(one) == name:
                return one
        return None

    def own(self, element: Element, name: str) -> tuple[Element, Any] | None:
        """What we wrote beside it, and its JSON (None if it has none, or none that can be read)."""
        for one in self.extensions(element):
            if space_of(one) == HEADRACE and name_of(one) == name:
                try:
                    return one, json.loads(one.text) if one.text else None
                except (ValueError, RecursionError):
                    return one, None
        return None

    def attribute(self, element: Element, name: str) -> str:
        """An attribute of another tool, whatever its namespace."""
        for full, value in element.attrib.items():
            space, local = xml.split(full)
            if space and local == name:
                return value
        return ""

    def left_over(self, element: Element, used: Sequence[str]) -> list[str]:
        """Names of what other tools put beside it that nobody has used."""
        found = []
        for full in element.attrib:
            space, local = xml.split(full)
            if space and space != BPMN and local not in used and local not in _PLAIN_ATTRIBUTES:
                found.append(local)
        found += [
            name_of(one)
            for one in self.extensions(element)
            if space_of(one) != HEADRACE and name_of(one) and name_of(one) not in used
        ]
        return list(dict.fromkeys(found))

    # telling

    def say(
        self,
        element: Element,
        fate: Fate,
        code: str,
        *,
        flow: str = "",
        node: str = "",
        **params: Any,
    ) -> None:
        """A line about an element."""
        self.report.say(
            self.key(element), name_of(element), fate, code, name=self.name(element), flow=flow, node=node,
            **params,
        )  # fmt: skip

    def knows(self, element: Element) -> bool:
        """Has it a line?"""
        return self.report.knows(self.key(element))


def original(element: Element) -> str:
    """An element's settings as they stood, for whoever draws them anew; without what is drawn and without names of spaces."""
    lines: list[str] = []
    hidden: set[int] = set()
    for one in xml.below(element):
        space, name = xml.split(one.tag)
        if (
            id(one) in hidden
            or _secret(name)
            or any(map(_secret, (one.get("name", ""), one.get("key", ""))))
        ):
            hidden.add(id(one))
            hidden.update(map(id, one))
            continue
        if space in _DRAWN or not name or name in {"incoming", "outgoing", "extensionElements"}:
            continue
        told = " ".join(
            f"{xml.split(key)[1]}={value[:200]!r}"
            for key, value in one.attrib.items()
            if xml.split(key)[1] not in {"id", "name", "type"} and not _secret(key)
        )
        text = (one.text or "").strip()
        if told or text:
            lines.append(" ".join(filter(None, (name, told, text[:500]))))
        if len(lines) > 60:
            break
    return "\n".join(lines)[:4000]


_SECRET = re.compile(
    r"password|passwd|secret|token|api_?key|credential|authorization", re.IGNORECASE
)


def _secret(name: str) -> bool:
    return bool(_SECRET.search(name))


def _local(reference: str) -> str:
    """A QName without its prefix."""
    return reference.rpartition(":")[2].strip()


def as_mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a record; else an empty one."""
    return value if isinstance(value, Mapping) else {}
