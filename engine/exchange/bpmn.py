"""BPMN 2.0 XML in: our own files exactly as they were, those of other tools as far as they can be carried.

`bpmn_process.py` reads one process, `bpmn_steps.py` and `bpmn_moments.py` its elements, `bpmn_own.py` what we wrote ourselves.
At the end every element that nobody has spoken of gets its line here: nothing is dropped in silence.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from headrace.engine.errors import FileRefused, Problem
from headrace.engine.exchange import xml
from headrace.engine.exchange.bpmn_file import File, as_mapping
from headrace.engine.exchange.bpmn_process import Process
from headrace.engine.exchange.bpmn_words import BPMNDI, DC, DI, HEADRACE
from headrace.engine.exchange.draw import Drawing, flow_key
from headrace.engine.exchange.report import Fate, Imported
from headrace.engine.exchange.xml import name_of, space_of

FLOWS_MAX = 100
"""Processes of one file."""

_DRAWN = frozenset({BPMNDI, DC, DI})
_DEFINITIONS = frozenset(
    {
        "message", "signal", "error", "escalation", "itemDefinition", "resource", "interface", "operation", "dataStore", "category",
        "categoryValue", "correlationProperty", "partnerEntity", "partnerRole", "import", "endPoint", "globalTask",
    }
)  # fmt: skip
_DATA = frozenset(
    {
        "dataObject", "dataObjectReference", "dataStoreReference", "dataInput", "dataOutput", "dataInputAssociation",
        "dataOutputAssociation", "ioSpecification", "inputSet", "outputSet", "property", "dataState", "assignment",
    }
)  # fmt: skip
_FRAMES = frozenset({"group"})
_PARTS = frozenset(
    {
        "messageEventDefinition", "timerEventDefinition", "signalEventDefinition", "errorEventDefinition",
        "escalationEventDefinition", "compensateEventDefinition", "conditionalEventDefinition", "terminateEventDefinition",
        "cancelEventDefinition", "linkEventDefinition", "multiInstanceLoopCharacteristics", "standardLoopCharacteristics",
        "conditionExpression", "condition", "timeDuration", "timeDate", "timeCycle", "potentialOwner", "humanPerformer",
        "performer", "resourceRole", "resourceAssignmentExpression", "formalExpression", "expression", "documentation",
        "completionCondition", "loopCardinality", "loopCondition", "activationCondition", "script", "text", "rendering",
        "extensionElements", "loopDataInputRef", "inputDataItem", "outputDataItem", "laneSet", "childLaneSet",
        "participantMultiplicity", "auditing", "monitoring", "resourceParameterBinding", "relationship",
    }
)  # fmt: skip


def read_bpmn(data: bytes, file_name: str) -> Imported:
    """The flows of a file. What is no BPMN at all is told in `wrong`."""
    found = Imported("bpmn", file_name)
    try:
        file = File(xml.parse(data))
    except FileRefused as refused:
        found.wrong.append(Problem(file_name, refused.code, refused.params, refused.message))
        return found
    found.report = file.report
    keys: set[str] = set()
    for element in file.children(file.root, "process")[:FLOWS_MAX]:
        if not _has_something(file, element):
            continue
        drawing = Drawing(_key(file, element, keys), _title(file, element))
        process = Process(file, drawing, element, keys)
        found.documents += process.documents()
    _pools(file)
    _rest(file)
    return found


def _has_something(file: File, element: Element) -> bool:
    return bool(file.flow_nodes(element)) or file.own(element, "flow") is not None


def _key(file: File, element: Element, taken: set[str]) -> str:
    own = file.own(element, "flow")
    wanted = str(as_mapping(own[1]).get("key", "")) if own else ""
    base = wanted or flow_key(element.get("id", "") or file.name(element))
    key, count = base, 1
    while key in taken:
        count += 1
        key = f"{base[:56]}-{count}"
    taken.add(key)
    return key


def _title(file: File, element: Element) -> str:
    pools = {
        pool.get("processRef", ""): file.name(pool)
        for pool in file.root.iter(f"{{{file.space}}}participant")
    }
    return file.name(element) or pools.get(element.get("id", ""), "") or element.get("id", "")


# --- what is left --------------------------------------------------------------------------------


def _pools(file: File) -> None:
    processes = {element.get("id"): element for element in file.children(file.root, "process")}
    for pool in file.root.iter(f"{{{file.space}}}participant"):
        process = processes.get(pool.get("processRef", ""))
        if process is not None and _has_something(file, process):
            file.say(pool, "carried", "pool", text=file.name(process) or file.key(process))
        else:
            file.say(pool, "left_out", "pool_empty")


def _rest(file: File) -> None:
    """A line for every element that has none."""
    used = _references(file)
    for element in file.elements.values():
        if file.knows(element) or name_of(element) in {"incoming", "outgoing", "flowNodeRef"}:
            continue
        if not element.get("id") and name_of(element) in _PARTS:
            continue
        fate, code, told = _what(file, element, used)
        file.say(element, fate, code, **told)
    for element in xml.below(file.root):
        # What other tools put inside: parts of something that has its line, named here by id.
        id_ = element.get("id")
        if (
            not id_
            or space_of(element) in {file.space, HEADRACE, *_DRAWN}
            or file.report.knows(id_)
        ):
            continue
        owner = _owner(file, element)
        file.report.say(
            id_, name_of(element), "left_out", "settings_left" if owner is None else "inside", text=name_of(element),
            what=file.name(owner) or file.key(owner) if owner is not None else "",
        )  # fmt: skip


def _references(file: File) -> dict[str, str]:
    """Definition → an element that names it."""
    found: dict[str, str] = {}
    for element in file.elements.values():
        for attribute, value in element.attrib.items():
            if attribute.endswith("Ref"):
                owner = _owner(file, element)
                found.setdefault(
                    value.rpartition(":")[2], file.name(owner) or file.key(owner or element)
                )
    return found


def _owner(file: File, element: Element) -> Element | None:
    """The nearest element around it that people see."""
    parent = file.parent(element)
    while parent is not None and (
        space_of(parent) != file.space or name_of(parent) in _PARTS | _DATA
    ):
        parent = file.parent(parent)
    return parent


def _what(file: File, element: Element, used: dict[str, str]) -> tuple[Fate, str, dict[str, str]]:
    name = name_of(element)
    owner = _owner(file, element)
    around = (file.name(owner) or file.key(owner)) if owner is not None else ""
    if element is file.root:
        return "carried", "as_it_is", {}
    if name == "process":
        return "left_out", "pool_empty", {}
    if name in _DEFINITIONS:
        who = used.get(element.get("id", ""))
        return (
            ("carried", "definition", {"what": who})
            if who
            else ("left_out", "definition_unused", {})
        )
    if name in _DATA:
        return "left_out", "data", {}
    if name in _FRAMES:
        return "left_out", "frame", {}
    if name == "association":
        return "left_out", "association", {}
    if name in {"messageFlow", "messageFlowAssociation"}:
        return "left_out", "message_flow", {}
    if name == "collaboration":
        return "left_out", "frame", {}
    if name == "lane":
        return "left_out", "lane_plain", {}
    if name == "textAnnotation":
        return "left_out", "inside", {"what": around}
    if name == "sequenceFlow":
        ends = f"{element.get('sourceRef', '')} → {element.get('targetRef', '')}"
        return "left_out", "arrow_lost", {"what": ends}
    if name in _PARTS and owner is not None and owner is not file.root:
        return "carried", "merged_into", {"node": around}
    if owner is not None and owner is not file.root and owner is not element:
        return "left_out", "inside", {"what": around}
    return "left_out", "not_in_flow", {}
