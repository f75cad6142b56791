"""One process (or what stands inside a sub-process) becomes one flow.

First every element becomes a `Piece`: where arrows into it lead, and where each of its arrows leaves. What does nothing by itself
(a gateway that only brings ways together) only points to the arrow behind it. Then the arrows are drawn between pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from headrace.engine.exchange import bpmn_own, xml
from headrace.engine.exchange.bpmn_file import File, as_mapping
from headrace.engine.exchange.bpmn_words import NODE_HEIGHT, NODE_WIDTH
from headrace.engine.exchange.draw import Drawing, flow_key, node_id, texts_in
from headrace.engine.exchange.translate import Kind, Path, Translated, inside, template, translate
from headrace.engine.exchange.xml import name_of, text_of
from headrace.engine.flow.expression import variables_of
from headrace.engine.flow.model import FORMAT
from headrace.engine.flow.render import compile_template
from headrace.engine.flow.scope import RESERVED

SCALE_X, SCALE_Y = 1.9, 1.3
"""Other tools draw steps 100 by 80; ours are wider."""

INSIDE_MAX = 12
"""Sub-processes within sub-processes."""

Exit = tuple[str, str]
"""(node, port)."""

_IN_EXPRESSIONS = re.compile(r"[$#]\{([^{}]*)\}")
_WORD = re.compile(r"[A-Za-z_]\w*")
_MADE = re.compile(
    r"(sid-|_)?[A-Za-z]*_?[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{20,}.*|_[0-9]+.*"
    r"|[A-Za-z]*(Activity|Gateway|Event|Flow|Task|Process)_(?=\w*\d)\w{1,8}"
)
"""Ids that a tool has made up."""


@dataclass(slots=True)
class Piece:
    """What an element became. `entry`: the node arrows lead to; none: to where the arrow `through` leads."""

    entry: str | None = None
    through: str | None = None
    exits: dict[str, list[Exit]] = field(default_factory=dict)
    """Arrow → the exits it leaves by."""


class Process:
    """Reads one scope into a drawing."""

    def __init__(
        self,
        file: File,
        drawing: Drawing,
        element: Element,
        keys: set[str],
        *,
        outer: Process | None = None,
    ) -> None:
        self.file = file
        self.drawing = drawing
        self.element = element
        self.keys = keys
        self.outer = outer
        self.depth: int = 0 if outer is None else outer.depth + 1
        self.pieces: dict[str, Piece] = {}
        self.roles: dict[str, str] = dict(outer.roles) if outer else {}
        """Element → the name of its lane."""
        self.forms: dict[str, list[str]] = {}
        """Field of a form → the nodes that ask for it."""
        self.initiators: set[str] = set(outer.initiators) if outer else set()
        """Variables that hold who started it."""
        self.kinds: dict[str, Kind] = {}
        self.nodes_of: dict[str, str] = {}
        """Element → its node, where it has one."""
        self.locals: set[str] = set()
        """Names only one place knows."""
        self.read: set[str] = set()
        """Names that translated expressions read."""
        self.later: list[Element] = []
        """Sub-processes drawn in place: their arrows come when every piece is there."""
        self.more: list[dict[str, Any]] = []
        """Flows of sub-processes."""
        self._own: Mapping[str, Any] | None = None
        self._reserve()

    # --- the whole ---

    def documents(self) -> list[dict[str, Any]]:
        """The flow, and those made of its sub-processes."""
        from headrace.engine.exchange.bpmn_steps import read_step

        self._read_own()
        if self._own is None:
            self.file.say(
                self.element, "carried", "pool", flow=self.drawing.key, text=self.drawing.key
            )
        self._lanes(self.element)
        self._look_ahead(self.element)
        for step in self.steps(self.element):
            read_step(self, self.element, step)
        for scope in (*self.later, self.element):
            self.arrows(scope)
        self._artifacts(self.element)
        self._inputs()
        return [self._document(), *self.more]

    def steps(self, scope: Element) -> list[Element]:
        """What tokens visit: choices by event first (they take the events behind them), what hangs at a step last."""
        order = {"eventBasedGateway": 0, "boundaryEvent": 2}
        return sorted(self.file.flow_nodes(scope), key=lambda e: order.get(name_of(e), 1))

    def _read_own(self) -> None:
        found = self.file.own(self.element, "flow")
        if found is not None and isinstance(found[1], Mapping):
            self._own = found[1]
            self.file.say(self.element, "carried", "is_ours", flow=self.drawing.key)
        elif text := self.file.documentation(self.element):
            self.drawing.description = text

    def _document(self) -> dict[str, Any]:
        document = self.drawing.document()
        if self._own is None:
            return document
        kept = dict(self._own)
        nodes = [*document["nodes"], *_listed(kept.pop("nodes", []))]
        edges = [*document["edges"], *_listed(kept.pop("edges", []))]
        whole = {**kept, "key": self.drawing.key, "nodes": nodes, "edges": edges}
        whole.setdefault("format", FORMAT)
        shown = " ".join(self.element.get("name", "").split())
        names = [" ".join(str(text).split()) for text in as_mapping(kept.get("name")).values()]
        if shown and shown not in names:
            whole["name"] = {**as_mapping(kept.get("name")), **self.drawing.name}
        whole.setdefault("name", self.drawing.name)
        if "notes" in document:
            whole["notes"] = document["notes"]
        if self.drawing.inputs:
            properties = {
                **self.drawing.inputs,
                **as_mapping(as_mapping(kept.get("input")).get("properties")),
            }
            whole["input"] = {
                "type": "object",
                **as_mapping(kept.get("input")),
                "properties": properties,
            }
        return whole

    # --- names ---

    def _reserve(self) -> None:
        """What expressions read is no name for a node, so that a result never hides a value."""
        for element in xml.below(self.element):
            texts = [*element.attrib.values(), element.text or ""]
            for text in texts:
                for match in _IN_EXPRESSIONS.findall(text):
                    self.drawing.known.update(_WORD.findall(match))
                if text.startswith("=") and len(text) < 2000:
                    self.drawing.known.update(_WORD.findall(text))
        for own in self.element.iter("{urn:headrace:bpmn:1}node"):
            self.drawing.known.add(own.get("id", ""))

    def _look_ahead(self, scope: Element) -> None:
        """Forms and initiators, before anything asks for them; ids of nodes follow from names or ids."""
        for element in xml.below(scope):
            name = name_of(element)
            if name == "startEvent" and (who := self.file.attribute(element, "initiator")):
                self.initiators.add(who)
            if name in {"userTask", "manualTask"} and self.file.own(element, "node") is None:
                key = self.file.key(element)
                self.nodes_of[key] = self.drawing.free(self.wanted(element))
                self.drawing.known.add(self.nodes_of[key])
                for row in form_fields(self.file, element):
                    if row.get("id"):
                        self.forms.setdefault(row["id"], []).append(self.nodes_of[key])

    def wanted(self, element: Element) -> str:
        """The id a node would like: that of the element if it says something, else its name."""
        id_ = element.get("id", "")
        name = node_id(self.file.name(element), "")
        if id_ and not _MADE.fullmatch(id_):
            return node_id(id_, name or "step")
        return name or node_id(name_of(element))

    def take_id(self, element: Element) -> str:
        """The id reserved for an element, or a free one."""
        key = self.file.key(element)
        reserved = self.nodes_of.get(key)
        if reserved is not None and reserved not in self.drawing.nodes:
            self.drawing.known.discard(reserved)
            return reserved
        return self.drawing.free(self.wanted(element))

    def place(self, element: Element) -> tuple[float, float] | None:
        """Where it stands, in our measures."""
        box = self.file.boxes.get(element.get("id", ""))
        if box is None:
            return None
        middle = box[0] + box[2] / 2, box[1] + box[3] / 2
        x, y = (1.0, 1.0) if self._own is not None else (SCALE_X, SCALE_Y)
        return round(middle[0] * x - NODE_WIDTH / 2), round(middle[1] * y - NODE_HEIGHT / 2)

    def beside(
        self, element: Element, dx: float = 280, dy: float = 0
    ) -> tuple[float, float] | None:
        """A place near it."""
        at = self.place(element)
        return None if at is None else (at[0] + dx, at[1] + dy)

    # --- expressions ---

    def lookup(self, path: Path) -> str | None:
        """Their variable → ours: a field of a form, something a step sets, or an input."""
        name = path[0]
        if any(not re.fullmatch(r"[A-Za-z_\u4e00-\u9fff]\w*", part) for part in path):
            return None
        if name in {"execution", "task", "authenticatedUserId", "loopCounter", "nrOfInstances"}:
            return None
        rest = "".join(f".{part}" for part in path[1:])
        if name in self.initiators:
            return f"instance.initiator{rest}" if not rest else None
        asked = self.forms.get(name, [])
        if len(asked) == 1:
            return f"{asked[0]}.form.{name}{rest}"
        if len(asked) > 1:
            return None
        return f"{name}{rest}"

    def expression(self, text: str, *, language: str = "") -> Translated | None:
        """`${…}` or `=…` in our language, or None. What it reads is remembered."""
        told = inside(text)
        if told is None and language.lower().endswith(("juel", "uel")) and "${" not in text:
            told = "juel", text
        if told is None and "feel" in language.lower():
            told = "feel", text
        if told is None:
            return None
        found = translate(told[1], told[0], self.lookup)
        if found is not None:
            for path, kind in found.kinds.items():
                self.kinds.setdefault(path, kind)
            self.reads(found.text)
        return found

    def reads(self, text: str) -> None:
        """Remember what a translated expression reads."""
        self.read |= {path.partition(".")[0] for path in variables_of(text)}

    def text(self, text: str) -> str | None:
        """A plain text, perhaps with `${…}` in it, as a template."""
        found = template(text, self.lookup)
        if found is not None and "{{" in found:
            compiled = compile_template(found)
            self.read |= {path.partition(".")[0] for path in compiled.variables}
        return found

    def _inputs(self) -> None:
        """What is read and nothing sets."""
        declared = set(as_mapping(as_mapping((self._own or {}).get("input")).get("properties")))
        made = names_set(self.drawing.nodes.values())
        names = sorted(self.read - declared - made - self.locals - RESERVED)[:100]
        for name in names:
            kind = self.kinds.get(name, "any")
            self.drawing.inputs[name] = {} if kind == "any" else {"type": kind}
        if names:
            self.file.say(
                self.element, "changed", "inputs_made", flow=self.drawing.key, text=", ".join(names)
            )

    # --- arrows ---

    def condition_of(self, flow: Element) -> tuple[str, Element | None]:
        """The text of an arrow's condition, with its braces; empty where there is none."""
        told = self.file.child(flow, "conditionExpression")
        text = text_of(told)
        return ("", None) if told is None or not text else (text, told)

    def arrows(self, scope: Element) -> None:
        """Draw every arrow of a scope from the exits of its source to the entry of its target."""
        for flow in self.file.children(scope, "sequenceFlow"):
            self._arrow(flow)
        for line in self.file.children(scope, "association"):
            own = bpmn_own.edge_of(self.file, line)
            target = self.pieces.get(_ref(line, "targetRef"))
            if (
                own is not None
                and own[1] in self.drawing.nodes
                and target is not None
                and target.entry
            ):
                self.drawing.edge(own[1], own[2] or "out", target.entry, own[0])
                self.file.say(line, "carried", "is_ours", node=own[1])

    def _arrow(self, flow: Element) -> None:
        file, key = self.file, self.file.key(flow)
        if bpmn_own.part_of(file, flow) is not None:
            file.say(flow, "carried", "is_ours")
            return
        source = self.pieces.get(_ref(flow, "sourceRef"))
        if source is not None and source.entry is None and key not in source.exits:
            file.say(flow, "carried", "passed_through")
            return
        exits = [] if source is None else source.exits.get(key, [])
        target = self.target_of(flow)
        if not exits or target is None:
            if not file.knows(flow):
                what = f"{flow.get('sourceRef', '')} → {flow.get('targetRef', '')}"
                file.say(flow, "left_out", "arrow_lost", what=what)
            return
        self._connect(flow, exits, target)

    def _connect(self, flow: Element, exits: Sequence[Exit], target: str) -> None:
        drawing, key = self.drawing, self.file.key(flow)
        own = bpmn_own.edge_of(self.file, flow)
        gathered = self._gathered_at(flow)
        if drawing.nodes[target]["type"] == "join" and (len(exits) > 1 or gathered):
            # A join counts its arrows: several ways that are one over there come together before it.
            target = self._gate(gathered or key, target)
        for place, (node, port) in enumerate(exits):
            wanted = own[0] if own else (key if place == 0 else f"{key}_{port}")
            made = drawing.edge(node, port, target, wanted)
            if own is not None and own[2] is None and port == "out":
                del drawing.edges[-1]["port"]
            del made
        (node, port), *_ = exits
        if own is not None and bpmn_own.condition_changed(
            self.file, flow, drawing.nodes[node], port
        ):
            self.file.say(flow, "changed", "own_changed", node=node, what="condition")
        elif not self.file.knows(flow):
            code = "is_ours" if own else "arrow"
            self.file.say(flow, "carried", code, node=node, source=node, target=target)

    def _gathered_at(self, flow: Element) -> str:
        """The gateway this arrow leads on through where several come together; empty: none."""
        seen: set[str] = set()
        while True:
            key = _ref(flow, "targetRef")
            piece = self.pieces.get(key)
            scope = self.file.parent(flow)
            if piece is None or piece.entry is not None or piece.through is None or key in seen:
                return ""
            if scope is not None and len(self.file.entering(scope, key)) > 1:
                return key
            seen.add(key)
            onward = self.file.elements.get(piece.through)
            if onward is None:
                return ""
            flow = onward

    def _gate(self, key: str, target: str) -> str:
        """The node before a join where ways come together that are one arrow over there."""
        gate = f"{key} gate {target}"
        if gate not in self.nodes_of:
            node = self.drawing.add("merge", "split", "Merge")
            self.nodes_of[gate] = node
            self.drawing.edge(node, "out", target)
        return self.nodes_of[gate]

    def target_of(self, flow: Element) -> str | None:
        """The node an arrow leads to at last; None: to none."""
        seen: set[str] = set()
        while True:
            piece = self.pieces.get(_ref(flow, "targetRef"))
            if piece is None:
                return None
            if piece.entry is not None:
                return piece.entry
            if piece.through is None or piece.through in seen:
                return None
            seen.add(piece.through)
            onward = self.file.elements.get(piece.through)
            if onward is None:
                return None
            flow = onward

    def leave(
        self,
        scope: Element,
        element: Element,
        piece: Piece,
        exits: list[Exit],
        *,
        ends: bool = True,
    ) -> None:
        """Give the arrows out of an activity or event their exits: one plain, several at once, or by conditions."""
        flows = self.file.leaving(scope, self.file.key(element))
        conditional = [flow for flow in flows if self.condition_of(flow)[0]]
        if not flows:
            if ends:
                self.end_after(element, exits)
        elif conditional:
            self._choose_behind(element, piece, exits, flows)
        elif len(flows) == 1:
            piece.exits[self.file.key(flows[0])] = exits
        else:
            split = self.drawing.add(
                f"{exits[0][0]}_split", "split", "Split", at=self.beside(element, 260)
            )
            self.file.say(element, "changed", "split_added", node=split)
            self._lead(exits, split)
            for flow in flows:
                piece.exits[self.file.key(flow)] = [(split, "out")]

    def _lead(self, exits: Iterable[Exit], target: str) -> None:
        for node, port in exits:
            self.drawing.edge(node, port, target)

    def end_after(self, element: Element, exits: list[Exit]) -> None:
        """Nothing follows: over there this way simply ends."""
        end = self.drawing.add(f"{exits[0][0]}_end", "end", "End", at=self.beside(element, 260))
        self._lead(exits, end)

    def _choose_behind(
        self, element: Element, piece: Piece, exits: list[Exit], flows: Sequence[Element]
    ) -> None:
        """Arrows with conditions straight out of a step: all that hold are taken, as at an inclusive gateway."""
        from headrace.engine.exchange.bpmn_ways import choice

        node = choice(
            self, element, flows, default=element.get("default", ""), several=True,
            wanted=f"{exits[0][0]}_choice", at=self.beside(element, 260), piece=piece,
        )  # fmt: skip
        self.file.say(element, "changed", "choice_added", node=node)
        self._lead(exits, node)

    # --- lanes, notes ---

    def _lanes(self, scope: Element) -> None:
        for lane in (e for e in xml.below(scope) if name_of(e) == "lane"):
            if self.file.child(lane, "childLaneSet") is not None and self.file.children(
                _first(self.file.children(lane, "childLaneSet")), "lane"
            ):
                continue
            name = self.file.name(lane)
            for reference in self.file.children(lane, "flowNodeRef"):
                self.roles[text_of(reference)] = name or lane.get("id", "")
            if name and self.file.children(lane, "flowNodeRef"):
                self.file.say(lane, "changed", "lane", flow=self.drawing.key, text=role_key(name))

    def _artifacts(self, scope: Element) -> None:
        for note in self.file.children(scope, "textAnnotation"):
            own = bpmn_own.note_of(self.file, note)
            if own is not None:
                self.drawing.notes.append(own)
                self.file.say(note, "carried", "is_ours")
                continue
            text = text_of(self.file.child(note, "text")) or self.file.name(note)
            at = self.place(note)
            made = self.drawing.note(f"note_{self.file.key(note)}", text or "…", at=at)
            self.file.say(note, "carried", "note", node=made)

    def describe(self, element: Element, node: str) -> None:
        """Documentation of an element, in a note below it."""
        text = self.file.documentation(element)
        if text:
            at = self.beside(element, 0, NODE_HEIGHT + 20)
            name = self.file.name(element)
            self.drawing.note(f"about_{node}", f"{name}: {text}" if name else text, at=at)
            self.file.say(element, "changed", "documentation", node=node)

    def leftovers(self, element: Element, used: Sequence[str], node: str = "") -> None:
        """A line for what other tools put beside an element and nothing here reads."""
        names = self.file.left_over(element, used)
        if names:
            self.file.say(
                element, "left_out", "settings_left", node=node, text=", ".join(names)[:250]
            )

    # --- sub-processes ---

    def sub_flow(self, element: Element) -> Process:
        """What is inside as a flow of its own."""
        base = flow_key(
            f"{self.drawing.key}-{node_id(self.file.name(element), '') or element.get('id', 'part')}"
        )[:60].strip("-")
        key, count = base, 1
        while key in self.keys:
            count += 1
            key = f"{base[:56]}-{count}"
        self.keys.add(key)
        title = self.file.name(element) or self.file.key(element)
        inner = Process(self.file, Drawing(key, title), element, self.keys, outer=self)
        inner.kinds = dict(self.kinds)
        return inner


def role_key(name: str) -> str:
    """A lane's or group's name as the key of a role."""
    return re.sub(r"\s+", "_", name.strip())[:100]


def form_fields(file: File, element: Element) -> list[dict[str, str]]:
    """Fields as Camunda 7, Flowable and Activiti keep them beside a task."""
    rows: list[dict[str, str]] = []
    for one in file.extensions(element):
        fields = [one] if name_of(one) == "formProperty" else []
        if name_of(one) == "formData":
            fields = [field for field in one if name_of(field) == "formField"]
        for row in fields:
            told = {xml.split(key)[1]: value for key, value in row.attrib.items()}
            checks = {item.get("name", "") for item in row.iter() if name_of(item) == "constraint"}
            values = [item.get("id", "") for item in row if name_of(item) == "value"]
            rows.append(
                {
                    **told,
                    "required": "true"
                    if told.get("required") == "true" or "required" in checks
                    else "",
                    "values": "\n".join(filter(None, values)),
                }
            )
    return rows


def _ref(flow: Element, end: str) -> str:
    return flow.get(end, "").rpartition(":")[2].strip()


def _first(elements: Sequence[Element]) -> Element:
    return elements[0]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def names_set(nodes: Iterable[Mapping[str, Any]]) -> set[str]:
    """Names that steps of a drawing set: their results, values and events."""
    found: set[str] = set()
    for node in nodes:
        found.add(str(node.get("result") or node["id"]))
        found |= texts_in(node.get("events"), "id")
        if node["type"] in {"set_values", "message_start", "webhook", "schedule"}:
            found |= texts_in(node["settings"].get("values"), "name")
    return found
