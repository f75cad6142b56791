"""Events: how a process begins and ends, what it waits for on its way, what it throws, and what hangs at a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from headrace.engine.errors import HeadraceError
from headrace.engine.exchange import bpmn_own
from headrace.engine.exchange.bpmn_ways import placeholder
from headrace.engine.exchange.draw import named, node_id
from headrace.engine.exchange.translate import inside, quoted, todo
from headrace.engine.exchange.xml import name_of, text_of
from headrace.engine.flow.cron import check_cron
from headrace.engine.flow.duration import is_duration
from headrace.engine.flow.render import compile_template
from headrace.engine.flow.values import parse_moment

if TYPE_CHECKING:
    from headrace.engine.exchange.bpmn_process import Piece, Process

ZONE = "Asia/Shanghai"
_KINDS = {
    "messageEventDefinition": "message", "timerEventDefinition": "timer", "signalEventDefinition": "signal",
    "errorEventDefinition": "error", "escalationEventDefinition": "escalation", "compensateEventDefinition": "compensate",
    "conditionalEventDefinition": "conditional", "terminateEventDefinition": "terminate", "cancelEventDefinition": "cancel",
    "linkEventDefinition": "link",
}  # fmt: skip


def definition_of(process: Process, element: Element) -> tuple[str, Element | None]:
    """(kind, its element): `none` where there is none, `several` where there are more."""
    file = process.file
    found = [child for child in file.children(element) if name_of(child) in _KINDS]
    for reference in file.children(element, "eventDefinitionRef"):
        shared = file.definition(text_of(reference))
        if shared is not None and name_of(shared) in _KINDS:
            found.append(shared)
    if not found:
        return "none", None
    return ("several", found[0]) if len(found) > 1 else (_KINDS[name_of(found[0])], found[0])


def read_event(process: Process, scope: Element, element: Element) -> Piece:
    """The piece of an event that stands by itself."""
    process.leftovers(element, ("initiator",) if name_of(element) == "startEvent" else ())
    match name_of(element):
        case "startEvent":
            return _start(process, scope, element)
        case "endEvent":
            return _end(process, scope, element)
        case "intermediateCatchEvent":
            return _catch(process, scope, element)
        case _:
            return _throw(process, scope, element)


# --- beginnings ----------------------------------------------------------------------------------


def _start(process: Process, scope: Element, element: Element) -> Piece:
    from headrace.engine.exchange.bpmn_process import Piece

    file, drawing = process.file, process.drawing
    kind, definition = definition_of(process, element)
    wanted, name, at = process.take_id(element), file.name(element), process.place(element)
    settings: dict[str, Any] = {}
    type_ = "start"
    told = _name(process, definition) if definition is not None else ""
    if kind in {"message", "signal"} and told:
        type_, settings = "message_start", {"name": told[:200]}
    elif (
        kind == "timer"
        and definition is not None
        and (cron := _cron(file.text(definition, "timeCycle")))
    ):
        type_, settings = "schedule", {"cron": cron, "timezone": ZONE, "misfire": "once"}
    node = drawing.add(wanted, type_, name or "Start", settings, at=at)
    piece = Piece(entry=node)
    process.describe(element, node)
    exits = [(node, "out")]
    if type_ == "start" and kind != "none":
        what = f"{kind} start {told or (text_of(definition) if definition is not None else '')}".strip()
        hold = drawing.placeholder(
            f"{node}_trigger", name or kind, f"bpmn:startEvent ({kind})", f"Say how this starts: {what}",
            at=process.beside(element, 150),
        )  # fmt: skip
        drawing.edge(node, "out", hold)
        exits = [(hold, "out")]
        file.say(element, "placeholder", "kind_open", node=hold, what=what)
    else:
        file.say(element, "carried", "as_it_is", node=node)
    process.leave(scope, element, piece, exits)
    return piece


def _cron(text: str) -> str:
    """A repeated time as five fields of cron; empty where that is not certain."""
    parts = text.upper().split()
    if len(parts) in (6, 7) and parts[0] == "0" and (len(parts) == 6 or parts[6] in {"*", "?"}):
        if any(c.isdigit() for c in parts[5]):
            return ""  # 1 is Sunday for some and Monday for others
        parts = parts[1:6]
    if len(parts) != 5:
        return ""
    cron = " ".join("*" if part == "?" else part for part in parts)
    return cron if check_cron(cron) is None else ""


# --- ends ----------------------------------------------------------------------------------------


def _end(process: Process, scope: Element, element: Element) -> Piece:
    from headrace.engine.exchange.bpmn_process import Piece

    file, drawing = process.file, process.drawing
    kind, definition = definition_of(process, element)
    settings: dict[str, Any] = {}
    if kind == "terminate":
        settings = {"terminate": True}
    elif kind in {"error", "escalation", "cancel"}:
        code = _code(process, definition) or kind
        settings = {"result": code[:64], "terminate": kind != "escalation"}
        file.say(element, "changed", "end_result", text=code)
    if kind in {"message", "signal", "compensate"} and definition is not None:
        before = _thrown(process, scope, element, kind, definition)
        node = drawing.add(f"{before}_end", "end", "End", at=process.beside(element, 250))
        drawing.edge(before, "out", node)
        return Piece(entry=before)
    node = drawing.add(
        process.take_id(element),
        "end",
        file.name(element) or "End",
        settings,
        at=process.place(element),
    )
    process.describe(element, node)
    if kind == "several":
        file.say(element, "placeholder", "kind_open", node=node, what="several events")
        drawing.nodes[node].update(
            type="placeholder", settings={"what": "bpmn:endEvent", "reason": "several events"}
        )
    elif not file.knows(element):
        file.say(element, "carried", "as_it_is", node=node)
    return Piece(entry=node)


def _code(process: Process, definition: Element | None) -> str:
    if definition is None:
        return ""
    found = process.file.definition(definition.get("errorRef") or definition.get("escalationRef"))
    if found is None:
        return definition.get("errorRef", "")
    return found.get("errorCode") or found.get("escalationCode") or process.file.name(found)


# --- on the way ----------------------------------------------------------------------------------


def _catch(process: Process, scope: Element, element: Element) -> Piece:
    from headrace.engine.exchange.bpmn_process import Piece

    file, drawing = process.file, process.drawing
    kind, definition = definition_of(process, element)
    name, at = file.name(element), process.place(element)
    if kind == "link" and definition is not None:
        return _link_target(process, scope, element)
    if kind == "timer" and definition is not None:
        settings = _wait(process, element, definition)
        node = drawing.add(process.take_id(element), "timer", name or "Wait", settings, at=at)
        exits = [(node, "out")]
    elif kind in {"message", "signal"} and definition is not None:
        event = _event(process, element, kind, definition, "came")
        node = drawing.add(
            process.take_id(element), "receive", name or "Wait", {"events": [event]}, at=at
        )
        exits = [(node, "came")]
    elif kind == "conditional" and definition is not None:
        text = file.text(definition, "condition")
        found = process.expression(text)
        if found is None:
            return placeholder(process, scope, element, "condition_open", Piece(), text=text)
        settings = {"condition": {"expression": found.text}}
        node = drawing.add(process.take_id(element), "milestone", name or "Wait", settings, at=at)
        exits = [(node, "out")]
    else:
        return placeholder(
            process, scope, element, "kind_open", Piece(), what=f"{kind} catch event"
        )
    if not file.knows(element):
        file.say(element, "carried", "as_it_is", node=node)
    process.describe(element, node)
    piece = Piece(entry=node)
    process.leave(scope, element, piece, exits)
    return piece


def _throw(process: Process, scope: Element, element: Element) -> Piece:
    from headrace.engine.exchange.bpmn_process import Piece

    file = process.file
    kind, definition = definition_of(process, element)
    flows = file.leaving(scope, file.key(element))
    if kind == "none" and len(flows) == 1:
        file.say(element, "carried", "passed_through")
        return Piece(through=file.key(flows[0]))
    if kind == "link" and definition is not None:
        return _link_source(process, scope, element)
    if kind in {"message", "signal", "compensate"} and definition is not None:
        piece = Piece(entry=_thrown(process, scope, element, kind, definition))
        process.leave(scope, element, piece, [(str(piece.entry), "out")])
        return piece
    return placeholder(process, scope, element, "kind_open", Piece(), what=f"{kind} throw event")


def _thrown(
    process: Process, scope: Element, element: Element, kind: str, definition: Element
) -> str:
    """The node that sends a message or signal, or has things undone."""
    file, drawing = process.file, process.drawing
    name, at = file.name(element), process.place(element)
    if kind == "compensate":
        activity = process.nodes_of.get(definition.get("activityRef", ""))
        settings: dict[str, Any] = {"nodes": [activity]} if activity else {}
        node = drawing.add(process.take_id(element), "compensate", name or "Undo", settings, at=at)
    else:
        told = _template(process, element, _name(process, definition))
        node = drawing.add(
            process.take_id(element),
            "publish",
            name or "Publish",
            {"kind": kind, "name": told},
            at=at,
        )
    if not file.knows(element):
        file.say(element, "carried", "as_it_is", node=node)
    process.describe(element, node)
    return node


def _link_name(process: Process, element: Element) -> str:
    _, definition = definition_of(process, element)
    return (definition.get("name", "") if definition is not None else "") or process.file.name(
        element
    )


def _link_source(process: Process, scope: Element, element: Element) -> Piece:
    """The arrows go on where the link of the same name comes out."""
    from headrace.engine.exchange.bpmn_process import Piece

    file = process.file
    for target in file.children(scope, "intermediateCatchEvent"):
        if definition_of(process, target)[0] == "link" and _link_name(
            process, target
        ) == _link_name(process, element):
            flows = file.leaving(scope, file.key(target))
            if flows:
                file.say(element, "carried", "link")
                return Piece(through=file.key(flows[0]))
    return placeholder(process, scope, element, "kind_open", Piece(), what="link to nowhere")


def _link_target(process: Process, scope: Element, element: Element) -> Piece:
    from headrace.engine.exchange.bpmn_process import Piece

    flows = process.file.leaving(scope, process.file.key(element))
    process.file.say(element, "carried", "link")
    return Piece(through=process.file.key(flows[0])) if flows else Piece()


# --- what an event is -----------------------------------------------------------------------------


def _name(process: Process, definition: Element) -> str:
    """The name of the message or signal it names."""
    file = process.file
    reference = (
        definition.get("messageRef")
        or definition.get("signalRef")
        or file.attribute(definition, "messageName")
    )
    found = file.definition(reference)
    told = file.name(found) if found is not None else ""
    return told or (reference or "").rpartition(":")[2]


def _template(process: Process, element: Element, name: str) -> str:
    """A name, perhaps with `${…}` in it, as a template; what is not certain must be written."""
    told = process.text(name) if name else None
    if told is None or not _reads(told):
        process.file.say(element, "placeholder", "expression_open", text=name or "name")
        return f"{{{{ {todo(name or 'name')} }}}}"
    return told[:200]


def _reads(text: str) -> bool:
    try:
        compile_template(text)
    except HeadraceError:
        return False
    return True


def _key(process: Process, definition: Element) -> str:
    """The correlation key Camunda 8 keeps at the message."""
    file = process.file
    message = file.definition(definition.get("messageRef"))
    subscription = file.extension(message, "subscription") if message is not None else None
    text = subscription.get("correlationKey", "") if subscription is not None else ""
    if not text:
        return ""
    found = process.expression(text)
    return found.text if found is not None else todo(text)


def _event(
    process: Process, element: Element, kind: str, definition: Element, id_: str
) -> dict[str, Any]:
    """An event as ours are drawn."""
    name = process.file.name(element)
    event: dict[str, Any] = {"id": id_, "kind": kind}
    if name:
        event["title"] = named(name)
    if kind == "timer":
        event.update(_moment(process, element, definition))
    else:
        event["name"] = _template(process, element, _name(process, definition))
        if key := _key(process, definition):
            event["key"] = key
    return event


def _moment(process: Process, element: Element, definition: Element) -> dict[str, str]:
    """`after` a duration or `at` a moment."""
    file = process.file
    duration, date, cycle = (
        file.text(definition, name) for name in ("timeDuration", "timeDate", "timeCycle")
    )
    length = duration.strip()
    told = inside(length)
    if told is not None and told[1].strip().strip("\"'") and told[1].strip()[:1] in "\"'":
        length = told[1].strip()[1:-1]  # ="PT1H"
    if length and is_duration(length):
        return {"after": length}
    if date:
        moment = parse_moment(date)
        if moment is not None and moment.tzinfo is not None:
            return {"at": f"date({quoted(date)})"}
        found = process.expression(date)
        if found is not None:
            return {"at": found.text}
    if cycle.startswith("R"):
        _, _, each = cycle.partition("/")
        if is_duration(each):
            file.say(element, "changed", "cycle_open", text=cycle)
            return {"after": each}
    text = duration or date or cycle or "time"
    file.say(element, "placeholder", "time_open", text=text)
    return {"at": todo(text)}


def _wait(process: Process, element: Element, definition: Element) -> dict[str, Any]:
    told = _moment(process, element, definition)
    if "after" in told:
        return {"mode": "for", "duration": told["after"]}
    return {"mode": "until", "until": told["at"]}


# --- several events at once ----------------------------------------------------------------------


def read_event_gateway(process: Process, scope: Element, element: Element) -> Piece:
    """The first event behind it decides: one node that waits for all of them."""
    from headrace.engine.exchange.bpmn_process import Piece

    file, drawing = process.file, process.drawing
    flows = file.leaving(scope, file.key(element))
    piece = Piece()
    behind = [
        (flow, file.elements.get(flow.get("targetRef", "").rpartition(":")[2])) for flow in flows
    ]
    if (
        element.get("instantiate") == "true"
        or not flows
        or not all(_waits(process, scope, one) for _, one in behind)
    ):
        return placeholder(process, scope, element, "kind_open", piece, what="eventBasedGateway")
    name = file.name(element) or "Wait for the first"
    node = drawing.add(
        process.take_id(element), "receive", name, {"events": []}, at=process.place(element)
    )
    piece.entry = node
    file.say(element, "carried", "as_it_is", node=node)
    for flow, event in behind:
        assert event is not None
        kind, definition = definition_of(process, event)
        if name_of(event) == "receiveTask":
            kind, definition = "message", event
        assert definition is not None
        id_ = drawing.exit_of(node, file.name(event) or kind)
        drawing.nodes[node]["settings"]["events"].append(
            _event(process, event, kind, definition, id_)
        )
        file.say(flow, "carried", "merged_into", node=node)
        file.say(event, "carried", "merged_into", node=node)
        process.leftovers(event, ())
        inner = Piece(entry=node)
        process.leave(scope, event, inner, [(node, id_)])
        process.pieces[file.key(event)] = inner
    return piece


def _waits(process: Process, scope: Element, element: Element | None) -> bool:
    """Can this event be one of several? Nobody else leads there, and we know what it waits for."""
    if element is None or len(process.file.entering(scope, process.file.key(element))) != 1:
        return False
    if name_of(element) == "receiveTask":
        return bool(_name(process, element))
    return name_of(element) == "intermediateCatchEvent" and definition_of(process, element)[0] in {
        "message", "signal", "timer",
    }  # fmt: skip


# --- what hangs at a step ------------------------------------------------------------------------


def read_boundary(process: Process, scope: Element, element: Element) -> Piece:
    """An event of the node it is attached to; one we do not have leads on from a placeholder."""
    from headrace.engine.exchange.bpmn_process import Piece

    file, drawing = process.file, process.drawing
    process.leftovers(element, ())
    host = process.nodes_of.get(element.get("attachedToRef", ""))
    kind, definition = definition_of(process, element)
    known = kind in {"timer", "message", "signal", "error", "compensate"}
    if host is None or not known or definition is None or host not in drawing.nodes:
        piece = Piece()
        return placeholder(
            process, scope, element, "event_open", piece, what=f"{kind} boundary event"
        )
    id_ = drawing.exit_of(host, file.name(element) or kind)
    event = _attached(process, element, kind, definition, id_)
    item = drawing.nodes[host]
    item.setdefault("events", []).append(event)
    if not file.knows(element):
        file.say(element, "carried", "event_here", node=host)
    piece = Piece()
    if kind == "compensate":
        _handler(process, scope, element, host, id_)
    else:
        process.leave(scope, element, piece, [(host, id_)])
    return piece


def _attached(
    process: Process, element: Element, kind: str, definition: Element, id_: str
) -> dict[str, Any]:
    if kind == "compensate":
        return {"id": id_, "kind": "compensation"}
    if kind == "error":
        event: dict[str, Any] = {"id": id_, "kind": "error"}
        if code := _code(process, definition):
            event["codes"] = [code[:100]]
        if name := process.file.name(element):
            event["title"] = named(name)
        return event
    event = _event(process, element, kind, definition, id_)
    if element.get("cancelActivity") == "false":
        event["interrupting"] = False
    return event


def _handler(process: Process, scope: Element, element: Element, host: str, port: str) -> None:
    """The dotted line to the step that undoes."""
    file = process.file
    for line in file.children(scope, "association"):
        if line.get("sourceRef") != element.get("id") or bpmn_own.edge_of(file, line) is not None:
            continue
        piece = process.pieces.get(line.get("targetRef", ""))
        if piece is not None and piece.entry is not None:
            process.drawing.edge(host, port, piece.entry, file.key(line))
            file.say(line, "carried", "arrow", source=host, target=piece.entry)
            return
    file.say(element, "placeholder", "event_open", node=host, what="compensation without a handler")
    hold = process.drawing.placeholder(
        f"{node_id(host)}_undo",
        "Undo",
        "bpmn:boundaryEvent",
        "Draw what undoes it.",
        at=process.beside(element, 0, 120),
    )
    process.drawing.edge(host, port, hold)
