"""Names and numbers both directions share: namespaces, which element a node type is, sizes of the drawing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
HEADRACE = "urn:headrace:bpmn:1"
"""Our settings: `headrace:flow`, `node`, `event`, `edge`, `note`, and `part` (an element BPMN needs and we do not)."""

LANGUAGE = "urn:headrace:expression"

ACTIVITIES = frozenset(
    {
        "task", "userTask", "serviceTask", "sendTask", "receiveTask", "scriptTask", "businessRuleTask", "manualTask",
        "callActivity", "subProcess", "transaction", "adHocSubProcess",
    }
)  # fmt: skip
GATEWAYS = frozenset(
    {
        "exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway",
    }
)  # fmt: skip
EVENTS = frozenset(
    {
        "startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent", "implicitThrowEvent",
    }
)  # fmt: skip
FLOW_NODES = ACTIVITIES | GATEWAYS | EVENTS
SUB_PROCESSES = frozenset({"subProcess", "transaction", "adHocSubProcess"})

NODE_WIDTH = 232
NODE_HEIGHT = 64
"""As the designer draws a node; a gateway or an event stands in the middle of that box."""

GATEWAY = 50
EVENT = 36

SMALL: Mapping[str, int] = {
    **dict.fromkeys(GATEWAYS, GATEWAY),
    **dict.fromkeys(EVENTS, EVENT),
}

_TAGS: Mapping[str, str] = {
    "start": "startEvent",
    "message_start": "startEvent",
    "schedule": "startEvent",
    "webhook": "startEvent",
    "end": "endEvent",
    "split": "parallelGateway",
    "approval": "userTask",
    "notification": "sendTask",
    "timer": "intermediateCatchEvent",
    "milestone": "intermediateCatchEvent",
    "publish": "intermediateThrowEvent",
    "compensate": "intermediateThrowEvent",
    "subflow": "callActivity",
    "set_values": "scriptTask",
    "decide": "businessRuleTask",
    "connector": "serviceTask",
    "operation": "serviceTask",
    "record": "serviceTask",
    "database": "serviceTask",
}


def tag_of(node: Mapping[str, Any], *, activity: bool) -> str:
    """Which element a node is. `activity`: something is attached to it or it undoes another, so it must be one."""
    settings = node.get("settings")
    told: Mapping[str, Any] = settings if isinstance(settings, Mapping) else {}
    match node.get("type"):
        case "condition":
            tag = "inclusiveGateway" if told.get("mode") == "all" else "exclusiveGateway"
        case "join":
            modes = {"all": "parallelGateway", "inclusive": "inclusiveGateway"}
            tag = modes.get(str(told.get("mode", "all")), "complexGateway")
        case "receive":
            tag = "intermediateCatchEvent" if len(events_in(told)) == 1 else "eventBasedGateway"
            if activity:
                return "receiveTask"
        case type_:
            tag = _TAGS.get(str(type_), "task")
    if activity and tag in SMALL and tag not in {"startEvent", "endEvent"}:
        return "task"
    return tag


def events_in(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a receive node waits for."""
    found = settings.get("events")
    return (
        [
            event
            for event in found
            if isinstance(event, Mapping) and isinstance(event.get("id"), str)
        ]
        if isinstance(found, list)
        else []
    )


def label(text: Any, language: str) -> str:
    """A bilingual text as one line: in that language, or in the other."""
    if not isinstance(text, Mapping):
        return ""
    for one in (language, "zh", "en"):
        if isinstance(text.get(one), str) and text[one]:
            return printable(text[one])
    return ""


def printable(text: str) -> str:
    """Without what XML cannot say."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c >= "\U00010000"
    )


Box = tuple[float, float, float, float]
"""Left, top, width, height."""


def box_of(x: float, y: float, tag: str) -> Box:
    """Where an element stands whose node is at (x, y)."""
    size = SMALL.get(tag)
    if size is None:
        return x, y, NODE_WIDTH, NODE_HEIGHT
    return x + (NODE_WIDTH - size) / 2, y + (NODE_HEIGHT - size) / 2, size, size
