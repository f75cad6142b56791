"""Activities: who or what does them, how often, and what stands inside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from headrace.engine.exchange import bpmn_own, xml
from headrace.engine.exchange.bpmn_moments import definition_of, read_boundary, read_event
from headrace.engine.exchange.bpmn_ways import placeholder, read_gateway
from headrace.engine.exchange.bpmn_words import ACTIVITIES, GATEWAYS, SUB_PROCESSES
from headrace.engine.exchange.draw import flow_key, named, node_id
from headrace.engine.exchange.translate import inside, todo
from headrace.engine.exchange.xml import name_of, text_of

if TYPE_CHECKING:
    from headrace.engine.exchange.bpmn_process import Exit, Piece, Process

_LOOPS = ("multiInstanceLoopCharacteristics", "standardLoopCharacteristics")
_PEOPLE = (
    "assignee", "candidateUsers", "candidateGroups", "assignmentDefinition", "formData", "formProperty", "collection",
    "elementVariable", "initiator",
)  # fmt: skip
_WHO_STARTED = re.compile(
    r"\$\{(initiator|starter|startUser|startUserId|applyUser|applyUserId|INITIATOR)\}"
)


def read_step(process: Process, scope: Element, element: Element) -> None:
    """Make the piece of one element."""
    from headrace.engine.exchange.bpmn_process import Piece

    key = process.file.key(element)
    if key in process.pieces or _read_own(process, scope, element):
        return
    name = name_of(element)
    if name in GATEWAYS:
        piece = read_gateway(process, scope, element)
    elif name == "boundaryEvent":
        piece = read_boundary(process, scope, element)
    elif name in ACTIVITIES:
        piece = _activity(process, scope, element)
    else:
        piece = read_event(process, scope, element)
    assert isinstance(piece, Piece)
    process.pieces[key] = piece
    if piece.entry is not None:
        process.nodes_of.setdefault(key, piece.entry)


# --- ours ----------------------------------------------------------------------------------------


def _read_own(process: Process, scope: Element, element: Element) -> bool:
    """An element we wrote: a node, an event of one, or a part."""
    from headrace.engine.exchange.bpmn_process import Piece

    file, drawing, key = process.file, process.drawing, process.file.key(element)
    if node := bpmn_own.node_of(file, element):
        if node["id"] in drawing.nodes:
            return False
        drawing.put(node)
        process.nodes_of[key] = node["id"]
        process.pieces[key] = Piece(
            node["id"], exits=_own_exits(process, scope, element, node["id"], None)
        )
        return True
    if (told := bpmn_own.event_of(file, element)) and told[0] in drawing.nodes:
        host, event = told
        drawing.nodes[host].setdefault("events", []).append(event)
        file.say(element, "carried", "is_ours", node=host)
        process.pieces[key] = Piece(
            host, exits=_own_exits(process, scope, element, host, event["id"])
        )
        return True
    if (part := bpmn_own.part_of(file, element)) and part[0] in drawing.nodes:
        file.say(element, "carried", "is_ours", node=part[0])
        process.pieces[key] = Piece(
            part[0], exits=_own_exits(process, scope, element, part[0], part[1] or None)
        )
        return True
    return False


def _own_exits(
    process: Process, scope: Element, element: Element, node: str, port: str | None
) -> dict[str, list[Exit]]:
    """Which exit each arrow leaves by. One drawn anew in another tool takes the first exit that is free."""
    exits: dict[str, list[Exit]] = {}
    for flow in process.file.leaving(scope, process.file.key(element)):
        told = bpmn_own.edge_of(process.file, flow)
        if told is not None and told[1] == node:
            name = told[2] if told[2] is not None else "out"
        else:
            name = port or _free_exit(process.drawing.nodes[node], exits)
        exits[process.file.key(flow)] = [(node, name)]
    return exits


def _free_exit(node: Mapping[str, Any], taken: Mapping[str, list[Exit]]) -> str:
    usual = {"approval": ("approved", "rejected"), "condition": ("else",)}.get(
        node["type"], ("out",)
    )
    used = {exit_[1] for exits in taken.values() for exit_ in exits}
    return next((name for name in usual if name not in used), usual[0])


# --- activities ----------------------------------------------------------------------------------


def _activity(process: Process, scope: Element, element: Element) -> Piece:
    file = process.file
    name = name_of(element)
    loop = next((child for child in file.children(element) if name_of(child) in _LOOPS), None)
    if name in SUB_PROCESSES:
        return _sub_process(process, scope, element, loop)
    if name in {"userTask", "manualTask"}:
        return _user_task(process, scope, element, loop)
    if name == "callActivity":
        return _call(process, scope, element, loop)
    if loop is not None:
        what = f"{name_of(loop)}: {_loop_text(process, loop)}"
        file.say(loop, "placeholder", "multi_open", text=what)
        return _work(process, scope, element, note=what)
    return _work(process, scope, element)


def _finish(
    process: Process, scope: Element, element: Element, node: str, exits: list[Exit]
) -> Piece:
    """The arrows behind a step; none behind one that undoes another."""
    from headrace.engine.exchange.bpmn_process import Piece

    piece = Piece(entry=node)
    process.nodes_of[process.file.key(element)] = node
    if element.get("isForCompensation") != "true":
        process.leave(scope, element, piece, exits)
    return piece


def _work(process: Process, scope: Element, element: Element, note: str = "") -> Piece:
    """What a machine does: carried where the file says it all, else a placeholder."""
    file, drawing = process.file, process.drawing
    name, title = name_of(element), file.name(element)
    at = process.place(element)
    if not note:
        if (
            name == "receiveTask"
            and (message := file.definition(element.get("messageRef"))) is not None
        ):
            from headrace.engine.exchange.bpmn_moments import _event

            event = _event(process, element, "message", element, "came")
            del message
            node = drawing.add(
                process.take_id(element), "receive", title or "Wait", {"events": [event]}, at=at
            )
            return _told(process, scope, element, node, [(node, "came")])
        if name == "sendTask" and file.definition(element.get("messageRef")) is not None:
            from headrace.engine.exchange.bpmn_moments import _name, _template

            settings = {
                "kind": "message",
                "name": _template(process, element, _name(process, element)),
            }
            node = drawing.add(
                process.take_id(element), "publish", title or "Send", settings, at=at
            )
            return _told(process, scope, element, node, [(node, "out")])
        if name == "businessRuleTask" and (table := _table(process, element)):
            node = drawing.add(
                process.take_id(element),
                "decide",
                title or table,
                {"table": node_id(table, "table")},
                at=at,
            )
            _result(process, element, node)
            file.say(element, "changed", "table_elsewhere", node=node, text=table)
            process.describe(element, node)
            process.leftovers(element, ("decisionRef", "calledDecision", "resultVariable"), node)
            return _finish(process, scope, element, node, [(node, "out")])
        if (value := _script(process, element)) is not None:
            variable, expression = value
            rows = {"values": [{"name": variable, "value": expression}]}
            node = drawing.add(
                process.take_id(element), "set_values", title or variable, rows, at=at
            )
            return _told(process, scope, element, node, [(node, "out")])
    from headrace.engine.exchange.bpmn_process import Piece

    what = _what_it_does(process, element)
    code = "work_open" if what or note else "no_kind"
    piece = placeholder(process, scope, element, code, Piece(), text=note or what)
    assert piece.entry is not None
    _result(process, element, piece.entry)
    process.nodes_of[file.key(element)] = piece.entry
    for one in (*file.children(element), *file.extensions(element)):
        if not file.knows(one) and one.get("id"):
            file.report.say(
                one.get("id", ""), name_of(one), "placeholder", "merged_into", node=piece.entry
            )
    return piece


def _told(
    process: Process, scope: Element, element: Element, node: str, exits: list[Exit]
) -> Piece:
    if not process.file.knows(element):
        process.file.say(element, "carried", "as_it_is", node=node)
    process.describe(element, node)
    process.leftovers(element, ("script", "resultVariable"), node)
    return _finish(process, scope, element, node, exits)


def _result(process: Process, element: Element, node: str) -> None:
    """The name a step's result has over there."""
    file = process.file
    variable = file.attribute(element, "resultVariable") or file.attribute(
        element, "resultVariableName"
    )
    called = file.extension(element, "calledDecision")
    if called is not None:
        variable = variable or called.get("resultVariable", "")
    if re.fullmatch(r"[a-z][a-z0-9_]{0,63}", variable) and variable not in process.drawing.nodes:
        process.drawing.nodes[node]["result"] = variable


def _table(process: Process, element: Element) -> str:
    file = process.file
    called = file.extension(element, "calledDecision")
    table = (
        called.get("decisionId", "")
        if called is not None
        else file.attribute(element, "decisionRef")
    )
    return "" if inside(table) else table


def _script(process: Process, element: Element) -> tuple[str, str] | None:
    """(variable, expression) of a script that only works out one value in a language we can read."""
    file = process.file
    if name_of(element) not in {"scriptTask", "serviceTask"}:
        return None
    script = file.extension(element, "script")
    variable, text = "", ""
    if script is not None and script.get("expression"):
        variable, text = script.get("resultVariable", ""), script.get("expression", "")
    elif name_of(element) == "scriptTask" and element.get("scriptFormat", "").lower() in {
        "juel",
        "feel",
    }:
        variable = file.attribute(element, "resultVariable")
        text = file.text(element, "script")
        if element.get("scriptFormat", "").lower() == "feel" and not text.startswith("="):
            text = f"={text}"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", variable) or not text:
        return None
    found = process.expression(text)
    return (variable, found.text) if found is not None else None


def _what_it_does(process: Process, element: Element) -> str:
    """How other tools say what a step calls."""
    file = process.file
    names = (
        "class",
        "delegateExpression",
        "expression",
        "topic",
        "type",
        "connectorId",
        "decisionRef",
    )
    told = [f"{name} {value}" for name in names if (value := file.attribute(element, name))]
    definition = file.extension(element, "taskDefinition")
    if definition is not None:
        told.append(f"job type {definition.get('type', '')}")
    if element.get("scriptFormat"):
        told.append(f"script in {element.get('scriptFormat')}")
    if element.get("operationRef"):
        told.append(f"operation {element.get('operationRef')}")
    return ", ".join(told)


# --- people --------------------------------------------------------------------------------------


def _user_task(process: Process, scope: Element, element: Element, loop: Element | None) -> Piece:
    file, drawing = process.file, process.drawing
    key = file.key(element)
    title = file.name(element) or key
    settings: dict[str, Any] = {
        "title": process.text(title) or title.replace("{{", "{ {")[:200],
        "assignees": [],
    }
    node = drawing.add(
        process.take_id(element), "approval", title, settings, at=process.place(element)
    )
    process.nodes_of[key] = node
    settings = drawing.nodes[node]["settings"]
    _assign(process, element, node, settings, loop)
    if text := file.documentation(element):
        described = process.text(text)
        if described is not None:
            settings["description"] = described[:4000]
            file.say(element, "carried", "documentation_kept", node=node)
        else:
            process.describe(element, node)
    if fields := _form(process, element, node):
        settings["form"] = fields
    elif elsewhere := _form_elsewhere(process, element):
        file.say(element, "placeholder", "form_elsewhere", node=node, text=elsewhere)
    process.leftovers(element, (*_PEOPLE, "formKey", "formDefinition", "formRef"), node)
    exits = [(node, "approved"), (node, "rejected")]
    if element.get("isForCompensation") != "true":
        file.say(element, "changed", "one_way_on", node=node)
    return _finish(process, scope, element, node, exits)


def _form_elsewhere(process: Process, element: Element) -> str:
    file = process.file
    definition = file.extension(element, "formDefinition")
    if definition is not None:
        return definition.get("formId") or definition.get("formKey") or "form"
    return file.attribute(element, "formKey") or file.attribute(element, "formRef")


_FIELD_TYPES: Mapping[str, dict[str, Any]] = {
    "string": {"type": "string"}, "text": {"type": "string"}, "long": {"type": "integer"}, "int": {"type": "integer"},
    "integer": {"type": "integer"}, "double": {"type": "number"}, "number": {"type": "number"}, "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"}, "enum": {"type": "string"},
}  # fmt: skip


def _form(process: Process, element: Element, node: str) -> dict[str, Any]:
    """Fields kept beside a task as a form of ours."""
    from headrace.engine.exchange.bpmn_process import form_fields

    properties: dict[str, Any] = {}
    required = []
    for row in form_fields(process.file, element):
        id_ = row.get("id", "")
        if not re.fullmatch(r"[A-Za-z_]\w{0,63}", id_):
            process.file.report.say(
                id_ or "(formField)",
                "formField",
                "placeholder",
                "kind_open",
                node=node,
                what="field without a usable id",
            )
            continue
        schema = dict(_FIELD_TYPES.get(row.get("type", "string"), {"type": "string"}))
        schema["x-title"] = named(row.get("label") or row.get("name") or id_)
        if row["values"]:
            schema["enum"] = row["values"].split("\n")
        properties[id_] = schema
        for one in filter(None, (id_, *row["values"].split("\n"))):
            process.file.report.say(
                one, "formField", "carried", "form_field", flow=process.drawing.key, node=node
            )
        if row["required"]:
            required.append(id_)
    if not properties:
        return {}
    form = {"type": "object", "properties": properties, "x-order": list(properties)}
    return {**form, "required": required} if required else form


def _assign(
    process: Process, element: Element, node: str, settings: dict[str, Any], loop: Element | None
) -> None:
    file = process.file
    people: list[dict[str, Any]] = []
    open_: list[str] = []
    definition = file.extension(element, "assignmentDefinition")

    def told(name: str) -> str:
        return (definition.get(name, "") if definition is not None else "") or file.attribute(
            element, name
        )

    each = file.attribute(loop, "elementVariable") if loop is not None else ""
    for name, kind in (
        ("assignee", "user"),
        ("candidateUsers", "user"),
        ("candidateGroups", "role"),
    ):
        text = told(name)
        if not text or (each and text.strip() == f"${{{each}}}"):
            continue
        _who(process, text, kind, people, open_)
    for owner in file.children(element, "potentialOwner", "humanPerformer", "performer"):
        _owner(process, text_of(owner), people, open_)
    if loop is not None:
        _together(process, loop, each, people, settings, open_, node)
    if not people and not open_:
        lane = process.roles.get(element.get("id", ""))
        if lane:
            from headrace.engine.exchange.bpmn_process import role_key

            people.append({"kind": "role", "id": role_key(lane)})
            file.say(element, "changed", "role_from_lane", node=node, lane=lane)
        else:
            open_.append("nobody is named")
    for text in open_:
        file.say(element, "placeholder", "people_open", node=node, text=text)
    if open_:
        people.append({"kind": "expression", "value": todo("; ".join(open_))})
    settings["assignees"] = people[:50]


def _who(
    process: Process, text: str, kind: str, people: list[dict[str, Any]], open_: list[str]
) -> None:
    """People or groups, separated by commas, or one expression for all of them."""
    if _WHO_STARTED.fullmatch(text.strip()) or (
        text.strip().startswith("${") and text.strip()[2:-1] in process.initiators
    ):
        people.append({"kind": "initiator"})
        return
    if inside(text) is not None or "${" in text or "#{" in text:
        found = process.expression(text) if kind == "user" else None
        if found is not None and found.kind == "any":
            people.append({"kind": "expression", "value": found.text})
        else:
            open_.append(text)
        return
    parts = (part.strip() for part in text.split(","))
    people.extend({"kind": kind, "id": part[:100]} for part in parts if part)


_OWNER = re.compile(r"(user|group)\(([^()]*)\)")


def _owner(process: Process, text: str, people: list[dict[str, Any]], open_: list[str]) -> None:
    """`user(kermit), group(management)`, as Activiti and Flowable write it; a bare name is a group."""
    if not text:
        return
    named_ = _OWNER.findall(text)
    if named_ and not _OWNER.sub("", text).strip(" ,"):
        for kind, name in named_:
            _who(process, name, "user" if kind == "user" else "role", people, open_)
    else:
        _who(process, text, "role", people, open_)


def _loop_text(process: Process, loop: Element) -> str:
    file = process.file
    zeebe = file.extension(loop, "loopCharacteristics")
    told = [
        file.attribute(loop, "collection"),
        zeebe.get("inputCollection", "") if zeebe is not None else "",
        file.text(loop, "loopCardinality"),
        file.text(loop, "loopCondition"),
        file.text(loop, "loopDataInputRef"),
        file.text(loop, "completionCondition"),
    ]
    return ", ".join(filter(None, told)) or name_of(loop)


def _collection(process: Process, loop: Element) -> str | None:
    """The list a loop goes through, as an expression."""
    file = process.file
    zeebe = file.extension(loop, "loopCharacteristics")
    text = file.attribute(loop, "collection") or (
        zeebe.get("inputCollection", "") if zeebe is not None else ""
    )
    if text and inside(text) is None and re.fullmatch(r"[A-Za-z_]\w*", text):
        text = f"${{{text}}}"  # Activiti and Flowable name the variable alone
    found = process.expression(text) if text else None
    if found is not None:
        return found.text
    count = file.text(loop, "loopCardinality")
    if count.isascii() and count.isdigit() and 1 <= int(count) <= 100:
        return str(list(range(1, int(count) + 1)))
    return None


_RATIO = re.compile(
    r"\$\{\s*nrOfCompletedInstances\s*/\s*nrOfInstances\s*>=\s*(0?\.\d+|1(?:\.0+)?)\s*\}"
)
_COUNT = re.compile(r"\$\{\s*nrOfCompletedInstances\s*(?:==|>=)\s*(\d{1,3})\s*\}")


def _together(
    process: Process,
    loop: Element,
    each: str,
    people: list[dict[str, Any]],
    settings: dict[str, Any],
    open_: list[str],
    node: str,
) -> None:
    """A task for each of several people: here one task that several sign."""
    file = process.file
    sequential = loop.get("isSequential") == "true"
    until = file.text(loop, "completionCondition")
    listed = _collection(process, loop) if each or file.attribute(loop, "collection") else None
    if name_of(loop) != "multiInstanceLoopCharacteristics" or listed is None:
        settings["mode"] = "sequence" if sequential else "all"
        text = _loop_text(process, loop)
        file.say(loop, "placeholder", "group_open", node=node, text=text)
        open_.append(text)
        return
    people.append({"kind": "expression", "value": listed})
    process.leftovers(loop, ("collection", "elementVariable", "loopCharacteristics"), node)
    settings["mode"] = "sequence" if sequential else "all"
    if until:
        if (ratio := _RATIO.fullmatch(until.strip())) and not sequential and float(ratio[1]) < 1:
            settings.update(mode="ratio", ratio=round(float(ratio[1]) * 100, 2))
        elif (count := _COUNT.fullmatch(until.strip())) and not sequential and int(count[1]) > 1:
            settings.update(mode="count", count=int(count[1]))
        elif count and not sequential:
            settings["mode"] = "any"
        elif not ratio or float(ratio[1]) < 1:
            file.say(loop, "placeholder", "group_open", node=node, text=until)
            open_.append(until)
            return
    file.say(loop, "changed", "multi_instance", node=node, text=listed)


# --- flows in flows ------------------------------------------------------------------------------


def _call(process: Process, scope: Element, element: Element, loop: Element | None) -> Piece:
    file, drawing = process.file, process.drawing
    called = file.extension(element, "calledElement")
    target = element.get("calledElement", "") or (
        called.get("processId", "") if called is not None else ""
    )
    if not target or inside(target) is not None:
        from headrace.engine.exchange.bpmn_process import Piece

        piece = placeholder(
            process, scope, element, "work_open", Piece(), text=target or "calls another process"
        )
        assert piece.entry is not None
        process.nodes_of[file.key(element)] = piece.entry
        return piece
    flow = flow_key(target.rpartition(":")[2])
    settings: dict[str, Any] = {"flow": flow}
    node = drawing.add(
        process.take_id(element),
        "subflow",
        file.name(element) or flow,
        settings,
        at=process.place(element),
    )
    file.say(element, "changed", "flow_elsewhere", node=node, text=flow)
    each = _for_each(process, loop, node) if loop is not None else ""
    rows = _inputs(process, element, each)
    if rows:
        drawing.nodes[node]["settings"]["input"] = rows
    process.leftovers(element, ("in", "ioMapping", "calledElement"), node)
    process.describe(element, node)
    return _finish(process, scope, element, node, [(node, "out")])


def _inputs(process: Process, element: Element, each: str) -> list[dict[str, str]]:
    """What is handed to the called process."""
    file = process.file
    rows: list[dict[str, str]] = []
    mappings: list[tuple[str, str]] = []
    for one in file.extensions(element):
        if name_of(one) == "in" and one.get("target"):
            source = one.get("source", "")
            mappings.append(
                (
                    one.get("target", ""),
                    f"${{{source}}}" if source else one.get("sourceExpression", ""),
                )
            )
        if name_of(one) == "in" and (one.get("variables") or one.get("businessKey")):
            file.say(
                element,
                "left_out",
                "settings_left",
                text="in " + (one.get("variables") or "businessKey"),
            )
        if name_of(one) == "ioMapping":
            mappings += [
                (row.get("target", ""), row.get("source", ""))
                for row in one
                if name_of(row) == "input"
            ]
    for target, text in mappings:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", target):
            file.say(element, "placeholder", "expression_open", text=f"{target} = {text}")
            continue
        if each and text == f"${{{each}}}":
            value = "item"
        else:
            found = process.expression(text)
            value = found.text if found is not None else todo(text)
            if found is None:
                file.say(element, "placeholder", "expression_open", text=f"{target} = {text}")
        rows.append({"name": target, "value": value})
    return rows


def _for_each(process: Process, loop: Element, node: str) -> str:
    """Make a sub-flow run once for each of a list; answers the name one item has over there."""
    file = process.file
    settings = process.drawing.nodes[node]["settings"]
    zeebe = file.extension(loop, "loopCharacteristics")
    each = file.attribute(loop, "elementVariable") or (
        zeebe.get("inputElement", "") if zeebe is not None else ""
    )
    listed = (
        _collection(process, loop) if name_of(loop) == "multiInstanceLoopCharacteristics" else None
    )
    until = file.text(loop, "completionCondition")
    if listed is None or until:
        text = _loop_text(process, loop)
        file.say(loop, "placeholder", "multi_open", node=node, text=text)
        settings["for_each"] = todo(text)
    else:
        settings["for_each"] = listed
        file.say(loop, "carried", "multi_instance", node=node, text=listed)
    process.leftovers(loop, ("collection", "elementVariable", "loopCharacteristics"), node)
    if loop.get("isSequential") == "true":
        settings["window"] = 1
    return each


def _sub_process(process: Process, scope: Element, element: Element, loop: Element | None) -> Piece:
    from headrace.engine.exchange.bpmn_process import INSIDE_MAX, Piece

    file = process.file
    if (
        name_of(element) != "subProcess"
        or element.get("triggeredByEvent") == "true"
        or process.depth >= INSIDE_MAX
    ):
        what = (
            "event sub-process" if element.get("triggeredByEvent") == "true" else name_of(element)
        )
        piece = placeholder(process, scope, element, "kind_open", Piece(), what=what)
        title = file.name(element) or file.key(element)
        for inner in xml.below(element):
            if inner is not element and inner.get("id") and xml.space_of(inner) == file.space:
                file.say(inner, "placeholder", "inside", node=piece.entry or "", what=title)
        assert piece.entry is not None
        process.nodes_of[file.key(element)] = piece.entry
        return piece
    process.leftovers(element, ())
    if loop is None and _may_be_inline(process, scope, element):
        return _inline(process, scope, element)
    return _own_flow(process, scope, element, loop)


_SINGLE = ACTIVITIES | {
    "exclusiveGateway", "intermediateThrowEvent", "intermediateCatchEvent", "startEvent", "endEvent", "eventBasedGateway",
}  # fmt: skip


def _may_be_inline(process: Process, scope: Element, element: Element) -> bool:
    """Is the drawing inside the same as in place? One token, one plain way in, plain ends, nothing hangs at it, one way on."""
    file = process.file
    key = file.key(element)
    going = file.leaving(scope, key)
    if (
        len(going) != 1
        or process.condition_of(going[0])[0]
        or element.get("isForCompensation") == "true"
    ):
        return False
    if any(
        event.get("attachedToRef") == element.get("id")
        for event in file.children(scope, "boundaryEvent")
    ):
        return False
    steps = file.flow_nodes(element)
    starts = [step for step in steps if name_of(step) == "startEvent"]
    if len(starts) != 1 or definition_of(process, starts[0])[0] != "none":
        return False
    for step in steps:
        leaving = file.leaving(element, file.key(step))
        plain = name_of(step) in _SINGLE or (
            name_of(step) == "boundaryEvent" and step.get("cancelActivity") != "false"
        )
        several = name_of(step) not in GATEWAYS and len(leaving) > 1
        loose = not leaving and name_of(step) not in {"endEvent", "boundaryEvent"}
        told = name_of(step) == "endEvent" and definition_of(process, step)[0] != "none"
        entered = (
            name_of(step) != "startEvent"
            and name_of(step) != "boundaryEvent"
            and not file.entering(element, file.key(step))
        )
        if not plain or several or loose or told or entered:
            return False
    return len(file.leaving(element, file.key(starts[0]))) == 1


def _inline(process: Process, scope: Element, element: Element) -> Piece:
    """Draw what is inside in the flow itself: the start and the ends only hand on."""
    from headrace.engine.exchange.bpmn_process import Piece

    file = process.file
    going = file.key(file.leaving(scope, file.key(element))[0])
    first = ""
    process._lanes(element)
    for step in process.steps(element):
        key = file.key(step)
        if name_of(step) == "startEvent":
            first = file.key(file.leaving(element, key)[0])
            process.pieces[key] = Piece(through=first)
            file.say(step, "carried", "passed_through")
        elif name_of(step) == "endEvent":
            process.pieces[key] = Piece(through=going)
            file.say(step, "carried", "passed_through")
        else:
            read_step(process, element, step)
    process.later.append(element)
    process._artifacts(element)
    file.say(element, "changed", "subprocess_inline")
    return Piece(through=first)


def _own_flow(process: Process, scope: Element, element: Element, loop: Element | None) -> Piece:
    """What is inside becomes a flow of its own; it is given every value it reads."""
    file, drawing = process.file, process.drawing
    inner = process.sub_flow(element)
    title = file.name(element) or inner.drawing.key
    node = drawing.add(
        process.take_id(element),
        "subflow",
        title,
        {"flow": inner.drawing.key},
        at=process.place(element),
    )
    process.nodes_of[file.key(element)] = node
    settings = drawing.nodes[node]["settings"]
    each = _for_each(process, loop, node) if loop is not None else ""
    documents = inner.documents()
    process.more += documents
    rows = []
    for name in inner.drawing.inputs:
        if name == each:
            rows.append({"name": name, "value": "item"})
            continue
        found = process.lookup((name,))
        rows.append({"name": name, "value": found if found is not None else todo(name)})
        if found is not None:
            process.reads(found)
    if rows:
        settings["input"] = rows[:100]
    process.kinds = {**inner.kinds, **process.kinds}
    file.say(element, "changed", "subprocess_flow", node=node, text=inner.drawing.key)
    return _finish(process, scope, element, node, [(node, "out")])
