"""A flow of ours as BPMN 2.0 XML with its layout, for bpmn-js and every tool that reads the standard.

Every node is the element that means the same; what BPMN has no word for (and what it says differently) stands in the namespace
`headrace:` beside it, so that `bpmn.py` gives back the very same flow. Where BPMN needs an element more (a gateway behind a task
with several exits, an event behind an event-based gateway, an error at a call), it is marked as a part of its node.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from headrace.engine.exchange.bpmn_words import (
    BPMN,
    BPMNDI,
    DC,
    DI,
    EVENT,
    GATEWAY,
    HEADRACE,
    LANGUAGE,
    NODE_HEIGHT,
    NODE_WIDTH,
    SMALL,
    XSI,
    Box,
    box_of,
    events_in,
    label,
    printable,
    tag_of,
)

Document = Mapping[str, Any]

_PREFIXES = {"bpmn": BPMN, "bpmndi": BPMNDI, "dc": DC, "di": DI, "xsi": XSI, "headrace": HEADRACE}


def to_bpmn(document: Document, *, language: str = "zh") -> bytes:
    """The XML text. Works for drafts that are half done: what cannot be drawn is kept beside the process."""
    return _Writer(document, language).write()


def as_json(value: Any) -> str:
    """JSON that may stand in XML."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return "".join(c if printable(c) else f"\\u{ord(c):04x}" for c in text)


class _Writer:
    def __init__(self, document: Document, language: str) -> None:
        for prefix, uri in _PREFIXES.items():
            ElementTree.register_namespace(prefix, uri)
        self._document = document
        self._language = language
        self._root = Element(
            f"{{{BPMN}}}definitions",
            {"id": "definitions", "targetNamespace": HEADRACE, "exporter": "Headrace"},
        )
        self._ids: set[str] = {"definitions"}
        self._shared: dict[tuple[str, str], str] = {}
        self._boxes: dict[str, Box] = {}
        self._lines: list[tuple[str, str, str]] = []
        self._nodes: dict[str, Mapping[str, Any]] = {}
        self._elements: dict[str, Element] = {}
        self._tags: dict[str, str] = {}
        self._exits: dict[tuple[str, str], str] = {}
        """(node, port) → the XML element its arrow leaves."""
        self._process = Element(f"{{{BPMN}}}process")

    def write(self) -> bytes:
        rest_nodes, rest_edges = self._sorted()
        self._process.attrib.update(
            id=self._id(str(self._document.get("key", "flow"))),
            name=label(self._document.get("name"), self._language),
            isExecutable="true",
        )
        kept = {
            name: value for name, value in self._document.items() if name not in {"nodes", "edges", "notes"}
        }  # fmt: skip
        description = label(self._document.get("description"), self._language)
        if description:
            self._sub(self._process, "documentation").text = description
        self._extend(self._process, "flow", {**kept, **_rest(rest_nodes, rest_edges)})
        edges = [
            edge for edge in self._records("edges") if id(edge) not in set(map(id, rest_edges))
        ]
        for node in self._nodes.values():
            self._node(node, [edge for edge in edges if edge["from"] == node["id"]])
        undoing = [edge for edge in edges if self._undoes(edge)]
        for edge in edges:
            if edge not in undoing:
                self._edge(edge)
        self._defaults(edges)
        self._notes()
        for edge in undoing:
            self._association(edge)
        for kind, element in self._definitions():
            self._root.insert(kind, element)
        self._root.append(self._process)
        self._diagram()
        ElementTree.indent(self._root)
        data: bytes = ElementTree.tostring(self._root, encoding="utf-8", xml_declaration=True)
        return data

    # what there is

    def _records(self, name: str) -> list[Mapping[str, Any]]:
        found = self._document.get(name)
        return (
            [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []
        )

    def _sorted(self) -> tuple[list[Any], list[Mapping[str, Any]]]:
        """Nodes by id; and what cannot be drawn: second nodes of an id, arrows without ends."""
        rest_nodes: list[Any] = []
        for node in self._records("nodes"):
            id_ = node.get("id")
            if isinstance(id_, str) and id_ and id_ not in self._nodes:
                self._nodes[id_] = node
            else:
                rest_nodes.append(node)
        handlers = set()
        rest_edges, seen = [], set()
        for edge in self._records("edges"):
            fits = all(isinstance(edge.get(part), str) for part in ("id", "from", "to"))
            if (
                fits
                and edge["from"] in self._nodes
                and edge["to"] in self._nodes
                and edge["id"] not in seen
            ):
                seen.add(edge["id"])
                if self._undoes(edge):
                    handlers.add(edge["to"])
            else:
                rest_edges.append(edge)
        for id_, node in self._nodes.items():
            busy = bool(_events(node)) or id_ in handlers
            self._tags[id_] = tag_of(node, activity=busy)
        self._handlers = handlers
        return rest_nodes, rest_edges

    def _undoes(self, edge: Mapping[str, Any]) -> bool:
        events = _events(self._nodes[edge["from"]])
        port = edge.get("port", "out")
        return any(event["id"] == port and event["kind"] == "compensation" for event in events)

    # building

    def _id(self, wanted: str) -> str:
        base = (
            "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in wanted) or "x"
        )
        if not (base[0].isalpha() or base[0] == "_"):
            base = f"_{base}"
        found, count = base, 1
        while found in self._ids:
            count += 1
            found = f"{base}_{count}"
        self._ids.add(found)
        return found

    def _sub(self, parent: Element, tag: str, **attributes: str) -> Element:
        return SubElement(parent, f"{{{BPMN}}}{tag}", attributes)

    def _extend(self, parent: Element, what: str, value: Any = None, **attributes: str) -> None:
        extension = self._sub(parent, "extensionElements")
        element = SubElement(extension, f"{{{HEADRACE}}}{what}", attributes)
        if value is not None:
            element.text = as_json(value)

    def _definition(self, kind: str, name: str) -> str:
        """The id of a message, signal or error shared by all who name it."""
        if (kind, name) not in self._shared:
            self._shared[kind, name] = self._id(f"{kind}_{name}"[:80])
        return self._shared[kind, name]

    def _definitions(self) -> Iterator[tuple[int, Element]]:
        for place, ((kind, name), id_) in enumerate(self._shared.items()):
            attributes = {"id": id_, "name": printable(name)}
            if kind == "error" and name:
                attributes["errorCode"] = printable(name)
            yield place, Element(f"{{{BPMN}}}{kind}", attributes)

    def _formal(self, parent: Element, tag: str, text: str) -> None:
        element = self._sub(parent, tag, language=LANGUAGE)
        element.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
        element.text = printable(text)

    # nodes

    def _node(self, node: Mapping[str, Any], edges: Sequence[Mapping[str, Any]]) -> None:
        id_, tag = str(node["id"]), self._tags[str(node["id"])]
        settings: Mapping[str, Any] = (
            node["settings"] if isinstance(node.get("settings"), Mapping) else {}
        )
        xml_id = self._id(id_)
        element = self._sub(
            self._process, tag, id=xml_id, name=label(node.get("name"), self._language)
        )
        attached = tag not in SMALL
        kept = {
            key: value
            for key, value in node.items()
            if key not in {"id", "type"} and not (key == "events" and attached)
        }
        self._extend(element, "node", kept, id=id_, type=str(node.get("type", "")))
        self._elements[id_] = element
        self._boxes[xml_id] = box_of(*_position(node), tag)
        self._says(element, tag, node, settings)
        self._ways_out(node, xml_id, tag, settings, edges)
        if attached:
            for place, event in enumerate(_events(node)):
                self._boundary(id_, xml_id, place, event)

    def _says(
        self, element: Element, tag: str, node: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        """What BPMN has words for."""
        if str(node["id"]) in self._handlers:
            element.set("isForCompensation", "true")
        if tag in {"startEvent", "intermediateCatchEvent", "intermediateThrowEvent", "endEvent"}:
            self._event_definition(element, node, settings)
            return
        match tag:
            case "complexGateway":
                wanted = settings.get("n", settings.get("percent", 1))
                self._formal(element, "activationCondition", f"{settings.get('mode')} {wanted}")
            case "userTask":
                for who in (
                    settings.get("assignees", ())
                    if isinstance(settings.get("assignees"), list)
                    else ()
                ):
                    owner = self._sub(element, "potentialOwner")
                    assigned = self._sub(owner, "resourceAssignmentExpression")
                    self._formal(assigned, "formalExpression", _who(who))
            case "callActivity":
                called = settings.get("flow")
                if isinstance(called, str) and called:
                    element.set("calledElement", _qname(called))
                if settings.get("for_each"):
                    loop = self._sub(element, "multiInstanceLoopCharacteristics")
                    loop.set("isSequential", "true" if settings.get("window") == 1 else "false")
                    self._formal(loop, "loopCardinality", f"len({settings['for_each']})")
                    if settings.get("until"):
                        self._formal(loop, "completionCondition", str(settings["until"]))
            case "scriptTask":
                element.set("scriptFormat", LANGUAGE)
                rows = settings.get("values")
                lines = [
                    f"{row.get('name')} = {row.get('value')}"
                    for row in (rows if isinstance(rows, list) else ())
                    if isinstance(row, Mapping)
                ]
                self._sub(element, "script").text = printable("\n".join(lines))
            case _:
                pass

    def _event_definition(
        self, element: Element, node: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> None:
        match node.get("type"):
            case "message_start":
                self._message(element, "message", settings.get("name"))
            case "webhook":
                self._message(element, "message", f"webhook {node['id']}")
            case "schedule":
                timer = self._sub(
                    element, "timerEventDefinition", id=self._id(f"{node['id']}_time")
                )
                self._formal(timer, "timeCycle", str(settings.get("cron", "")))
            case "timer":
                until = settings.get("mode") == "until"
                text = settings.get("until" if until else "duration")
                self._time(
                    element, str(node["id"]), None if until else text, text if until else None
                )
            case "receive":
                for event in events_in(settings)[:1]:
                    self._what_happens(element, str(node["id"]), event)
            case "publish":
                kind = "signal" if settings.get("kind") == "signal" else "message"
                self._message(element, kind, settings.get("name"))
            case "compensate":
                definition = self._sub(
                    element, "compensateEventDefinition", id=self._id(f"{node['id']}_undo")
                )
                nodes = settings.get("nodes")
                if isinstance(nodes, list) and len(nodes) == 1 and nodes[0] in self._nodes:
                    definition.set("activityRef", _xml_name(nodes[0]))
            case "milestone":
                conditional = self._sub(
                    element, "conditionalEventDefinition", id=self._id(f"{node['id']}_state")
                )
                told = condition_text(settings.get("condition"))
                state = f"at {settings['node']}" if settings.get("node") else ""
                self._formal(
                    conditional, "condition", " and ".join(filter(None, (state, told))) or "true"
                )
            case "end" if settings.get("terminate"):
                self._sub(element, "terminateEventDefinition", id=self._id(f"{node['id']}_stop"))
            case _:
                pass

    def _message(self, element: Element, kind: str, name: Any) -> None:
        definition = self._sub(element, f"{kind}EventDefinition", id=self._id(f"{kind}_event"))
        if isinstance(name, str) and name:
            definition.set(f"{kind}Ref", self._definition(kind, name))

    def _time(self, element: Element, id_: str, after: Any, at: Any) -> None:
        timer = self._sub(element, "timerEventDefinition", id=self._id(f"{id_}_time"))
        if isinstance(after, str):
            self._formal(timer, "timeDuration", after)
        elif isinstance(at, str):
            self._formal(timer, "timeDate", at)

    def _what_happens(self, element: Element, id_: str, event: Mapping[str, Any]) -> None:
        match event.get("kind"):
            case "timer":
                self._time(element, id_, event.get("after"), event.get("at"))
            case "signal":
                self._message(element, "signal", event.get("name"))
            case "error":
                definition = self._sub(element, "errorEventDefinition", id=self._id(f"{id_}_error"))
                codes = event.get("codes")
                if isinstance(codes, list) and len(codes) == 1 and isinstance(codes[0], str):
                    definition.set("errorRef", self._definition("error", codes[0]))
            case "compensation":
                self._sub(element, "compensateEventDefinition", id=self._id(f"{id_}_undo"))
            case _:
                self._message(element, "message", event.get("name"))

    # what is attached, and exits

    def _boundary(self, node: str, xml_id: str, place: int, event: Mapping[str, Any]) -> None:
        id_ = self._attached(xml_id, f"{node}_{event['id']}", place)
        title = label(event.get("title"), self._language) or printable(event["id"])
        interrupting = event.get("interrupting") is not False
        element = self._sub(
            self._process, "boundaryEvent", id=id_, name=title, attachedToRef=xml_id,
            cancelActivity="true" if interrupting else "false",
        )  # fmt: skip
        self._extend(element, "event", event, node=node)
        self._what_happens(element, id_, event)
        self._exits[node, event["id"]] = id_

    def _attached(self, xml_id: str, wanted: str, place: int) -> str:
        id_ = self._id(wanted)
        x, y, _, height = self._boxes[xml_id]
        self._boxes[id_] = (x + 14 + 46 * place, y + height - EVENT / 2, EVENT, EVENT)
        return id_

    def _ways_out(
        self,
        node: Mapping[str, Any],
        xml_id: str,
        tag: str,
        settings: Mapping[str, Any],
        edges: Sequence[Mapping[str, Any]],
    ) -> None:
        id_ = str(node["id"])
        taken = {event["id"] for event in _events(node)}
        ports = list(dict.fromkeys(str(edge.get("port", "out")) for edge in edges))
        ports = [port for port in ports if port not in taken or tag in SMALL]
        if tag == "eventBasedGateway":
            self._events_behind(node, xml_id, settings)
            ports = [port for port in ports if (id_, port) not in self._exits]
        if "error" in ports and tag not in SMALL:
            ports.remove("error")
            self._error(id_, xml_id, len(taken))
        behind = xml_id
        if len(ports) > 1 and tag not in {"exclusiveGateway", "inclusiveGateway"}:
            behind = self._choice_behind(id_, xml_id)
        for port in ports:
            self._exits[id_, port] = behind

    def _events_behind(
        self, node: Mapping[str, Any], xml_id: str, settings: Mapping[str, Any]
    ) -> None:
        x, y = _position(node)
        id_ = str(node["id"])
        for place, event in enumerate(events_in(settings)):
            if (id_, event["id"]) in self._exits:
                continue
            part = self._id(f"{id_}_{event['id']}")
            title = label(event.get("title"), self._language) or printable(event["id"])
            element = self._sub(self._process, "intermediateCatchEvent", id=part, name=title)
            self._extend(element, "part", node=id_, port=event["id"])
            self._what_happens(element, part, event)
            self._boxes[part] = (
                x + NODE_WIDTH,
                y + (NODE_HEIGHT - EVENT) / 2 + 60 * place,
                EVENT,
                EVENT,
            )
            self._flow(xml_id, part, id_)
            self._exits[id_, event["id"]] = part

    def _error(self, node: str, xml_id: str, place: int) -> None:
        id_ = self._attached(xml_id, f"{node}_error", place)
        element = self._sub(
            self._process, "boundaryEvent", id=id_, attachedToRef=xml_id, cancelActivity="true"
        )
        self._extend(element, "part", node=node, port="error")
        self._sub(element, "errorEventDefinition", id=self._id(f"{id_}_event"))
        self._exits[node, "error"] = id_

    def _choice_behind(self, node: str, xml_id: str) -> str:
        id_ = self._id(f"{node}_way")
        element = self._sub(self._process, "exclusiveGateway", id=id_)
        self._extend(element, "part", node=node)
        self._elements[f"{node} way"] = element
        x, y, width, height = self._boxes[xml_id]
        self._boxes[id_] = (x + width + 16, y + (height - GATEWAY) / 2, GATEWAY, GATEWAY)
        self._flow(xml_id, id_, node)
        return id_

    def _flow(self, source: str, target: str, node: str) -> None:
        """An arrow inside a node."""
        id_ = self._id(f"{source}_to_{target}")
        element = self._sub(
            self._process, "sequenceFlow", id=id_, sourceRef=source, targetRef=target
        )
        self._extend(element, "part", node=node)
        self._lines.append((id_, source, target))

    # arrows

    def _edge(self, edge: Mapping[str, Any]) -> None:
        port = str(edge.get("port", "out"))
        node = self._nodes[edge["from"]]
        source = self._exits[edge["from"], port]
        target = self._elements[edge["to"]].get("id", "")
        id_ = self._id(edge["id"])
        element = self._sub(
            self._process, "sequenceFlow", id=id_, sourceRef=source, targetRef=target
        )
        if name := _port_name(node, port, self._language):
            element.set("name", name)
        kept = {"port": port} if "port" in edge else {}
        self._extend(element, "edge", id=edge["id"], node=edge["from"], **kept)
        if text := self._way_condition(node, port, source):
            self._formal(element, "conditionExpression", text)
        self._lines.append((id_, source, target))

    def _way_condition(self, node: Mapping[str, Any], port: str, source: str) -> str:
        id_ = str(node["id"])
        if node.get("type") == "condition":
            return branch_condition(node, port)
        part = self._elements.get(f"{id_} way")
        if part is None or part.get("id") != source:
            return ""
        word = "decision" if node.get("type") == "approval" else "exit"
        return f"{node.get('result') or id_}.{word} == {json.dumps(port, ensure_ascii=False)}"

    def _defaults(self, edges: Sequence[Mapping[str, Any]]) -> None:
        for edge in edges:
            element = self._elements[edge["from"]]
            if edge.get("port") == "else" and element.tag.endswith(
                ("exclusiveGateway", "inclusiveGateway")
            ):
                for flow in self._process.iter(f"{{{BPMN}}}sequenceFlow"):
                    kept = flow.find(f".//{{{HEADRACE}}}edge")
                    if kept is not None and kept.get("id") == edge["id"]:
                        element.set("default", flow.get("id", ""))

    def _association(self, edge: Mapping[str, Any]) -> None:
        source = self._exits[edge["from"], edge["port"]]
        target = self._elements[edge["to"]].get("id", "")
        id_ = self._id(edge["id"])
        element = self._sub(
            self._process, "association", id=id_, sourceRef=source, targetRef=target,
            associationDirection="One",
        )  # fmt: skip
        self._extend(element, "edge", id=edge["id"], node=edge["from"], port=edge["port"])
        self._lines.append((id_, source, target))

    def _notes(self) -> None:
        for note in self._records("notes"):
            id_ = self._id(f"note_{note.get('id', '')}")
            element = self._sub(self._process, "textAnnotation", id=id_)
            self._extend(element, "note", note)
            self._sub(element, "text").text = printable(str(note.get("text", "")))
            size = note["size"] if isinstance(note.get("size"), Mapping) else {}
            self._boxes[id_] = (
                *_position(note), _number(size.get("width"), 200), _number(size.get("height"), 120),
            )  # fmt: skip

    # the drawing

    def _diagram(self) -> None:
        diagram = SubElement(self._root, f"{{{BPMNDI}}}BPMNDiagram", {"id": self._id("diagram")})
        plane = SubElement(
            diagram,
            f"{{{BPMNDI}}}BPMNPlane",
            {"id": self._id("plane"), "bpmnElement": self._process.get("id", "")},
        )
        for id_, (x, y, width, height) in self._boxes.items():
            shape = SubElement(
                plane, f"{{{BPMNDI}}}BPMNShape", {"id": self._id(f"{id_}_di"), "bpmnElement": id_}
            )
            if width == GATEWAY:
                shape.set("isMarkerVisible", "true")
            SubElement(
                shape, f"{{{DC}}}Bounds",
                {"x": _said(x), "y": _said(y), "width": _said(width), "height": _said(height)},
            )  # fmt: skip
        for id_, source, target in self._lines:
            edge = SubElement(
                plane, f"{{{BPMNDI}}}BPMNEdge", {"id": self._id(f"{id_}_di"), "bpmnElement": id_}
            )
            for x, y in _way(self._boxes[source], self._boxes[target]):
                SubElement(edge, f"{{{DI}}}waypoint", {"x": _said(x), "y": _said(y)})


def branch_condition(node: Mapping[str, Any], port: str) -> str:
    """The condition of a branch as one expression; empty for the exit `else`."""
    settings = node.get("settings")
    branches = settings.get("branches") if isinstance(settings, Mapping) else None
    for branch in branches if isinstance(branches, list) else ():
        if isinstance(branch, Mapping) and branch.get("id") == port:
            return printable(condition_text(branch.get("when")))
    return ""


def condition_text(tree: Any) -> str:
    """A condition as an expression, for readers: what runs stands in `headrace:node`."""
    if not isinstance(tree, Mapping):
        return ""
    if isinstance(tree.get("expression"), str):
        return str(tree["expression"])
    rules = tree.get("rules")
    if isinstance(rules, list):
        joined = f" {'or' if tree.get('combinator') == 'or' else 'and'} "
        parts = [text for text in map(condition_text, rules) if text]
        text = joined.join(f"({part})" if " or " in part else part for part in parts)
        return f"not ({text})" if tree.get("not") and text else text
    field, operator, value = tree.get("field"), str(tree.get("operator", "=")), tree.get("value")
    said = (
        str(value) if tree.get("valueSource") == "field" else json.dumps(value, ensure_ascii=False)
    )
    sign = {"=": "==", "notIn": "not in"}.get(operator, operator)
    return f"{field} {sign}" if operator in {"null", "notNull"} else f"{field} {sign} {said}"


def _rest(nodes: Sequence[Any], edges: Sequence[Any]) -> dict[str, Any]:
    return {
        **({"nodes": list(nodes)} if nodes else {}),
        **({"edges": list(edges)} if edges else {}),
    }


def _events(node: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = node.get("events")
    return [
        event
        for event in (found if isinstance(found, list) else ())
        if isinstance(event, Mapping)
        and isinstance(event.get("id"), str)
        and isinstance(event.get("kind"), str)
    ]


def _position(item: Mapping[str, Any]) -> tuple[float, float]:
    place = item["position"] if isinstance(item.get("position"), Mapping) else {}
    return _number(place.get("x"), 0), _number(place.get("y"), 0)


def _number(value: Any, default: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else default


def _said(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(value)


def _who(who: Any) -> str:
    if not isinstance(who, Mapping):
        return "?"
    rest = [str(value) for key, value in who.items() if key != "kind" and isinstance(value, str)]
    return ":".join([str(who.get("kind", "")), *rest])


def _xml_name(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "_" for c in text)


def _qname(text: str) -> str:
    plain = _xml_name(text)
    return plain if plain[:1].isalpha() else f"_{plain}"


def _port_name(node: Mapping[str, Any], port: str, language: str) -> str:
    settings = node.get("settings")
    for listed in ("branches", "exits"):
        rows = settings.get(listed) if isinstance(settings, Mapping) else None
        for row in rows if isinstance(rows, list) else ():
            if isinstance(row, Mapping) and row.get("id") == port:
                return label(row.get("name"), language)
    words = {
        "approved": ("同意", "Approved"), "rejected": ("拒绝", "Rejected"), "returned": ("退回", "Returned"),
        "else": ("其他情况", "Otherwise"), "missed": ("不会再有", "Missed"), "no_match": ("没有匹配的行", "No row matches"),
    }  # fmt: skip
    return words[port][0 if language == "zh" else 1] if port in words else ""


def _way(source: Box, target: Box) -> list[tuple[float, float]]:
    left, top, width, height = source
    x, y = left + width, top + height / 2
    to_x, to_y = target[0], target[1] + target[3] / 2
    if width == EVENT and target[1] > top + height:  # down out of what hangs at a task
        middle = left + width / 2
        return [(middle, top + height), (middle, to_y), (to_x, to_y)]
    if y == to_y:
        return [(x, y), (to_x, to_y)]
    middle = (x + to_x) / 2 if to_x > x else x + 20
    return [(x, y), (middle, y), (middle, to_y), (to_x, to_y)]
