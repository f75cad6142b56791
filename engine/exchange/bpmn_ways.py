"""Gateways: which node each is, and the conditions of the ways behind them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element

from headrace.engine.exchange.draw import named
from headrace.engine.exchange.translate import negated, todo
from headrace.engine.exchange.xml import name_of, text_of

if TYPE_CHECKING:
    from headrace.engine.exchange.bpmn_process import Piece, Process


def read_gateway(process: Process, scope: Element, element: Element) -> Piece:
    """The piece of a gateway."""
    from headrace.engine.exchange.bpmn_process import Piece

    file, key = process.file, process.file.key(element)
    coming, going = file.entering(scope, key), file.leaving(scope, key)
    process.leftovers(element, ())
    kind = name_of(element)
    if kind == "eventBasedGateway":
        from headrace.engine.exchange.bpmn_moments import read_event_gateway

        return read_event_gateway(process, scope, element)
    if kind == "complexGateway":
        return _complex(process, scope, element, going)
    gathers = len(coming) > 1 and kind in {"parallelGateway", "inclusiveGateway"}
    spreads = len(going) > 1
    if not gathers and not spreads:
        if len(going) == 1 and not process.condition_of(going[0])[0]:
            file.say(element, "carried", "passed_through")
            return Piece(through=file.key(going[0]))
        if going:
            spreads = True  # one way with a condition: who it is not for has nowhere to go
        else:
            end = process.drawing.add(
                process.wanted(element),
                "end",
                file.name(element) or "End",
                at=process.place(element),
            )
            file.say(element, "carried", "as_it_is", node=end)
            return Piece(entry=end)
    piece = Piece()
    at = process.place(element)
    name = file.name(element)
    if gathers:
        mode = "all" if kind == "parallelGateway" else "inclusive"
        joint = process.drawing.add(
            process.take_id(element), "join", name or "Join", {"mode": mode}, at=at
        )
        piece.entry = joint
        at = process.beside(element, 240)
        if not spreads:
            file.say(element, "carried", "as_it_is", node=joint)
            process.leave(scope, element, piece, [(joint, "out")])
            return piece
    wanted = process.take_id(element) if not gathers else f"{piece.entry}_ways"
    if kind == "parallelGateway":
        node = process.drawing.add(wanted, "split", name or "Split", at=at)
        for flow in going:
            piece.exits[file.key(flow)] = [(node, "out")]
    else:
        node = choice(
            process, element, going, default=element.get("default", ""), several=kind == "inclusiveGateway",
            wanted=wanted, at=at, piece=piece,
        )  # fmt: skip
    if piece.entry is not None:
        process.drawing.edge(piece.entry, "out", node)
    piece.entry = piece.entry or node
    if not file.knows(element):
        file.say(element, "carried", "as_it_is", node=node)
    return piece


def _complex(process: Process, scope: Element, element: Element, going: Sequence[Element]) -> Piece:
    from headrace.engine.exchange.bpmn_process import Piece

    rule = text_of(process.file.child(element, "activationCondition"))
    what = f"complexGateway {rule}".strip()
    return placeholder(process, scope, element, "kind_open", Piece(), what=what)


def placeholder(
    process: Process, scope: Element, element: Element, code: str, piece: Piece, **params: Any
) -> Piece:
    """A step that stands for an element a person must draw, with as many exits as it had."""
    from headrace.engine.exchange.bpmn_file import original
    from headrace.engine.exchange.report import WORDS

    file = process.file
    reason = WORDS[code].format_map({**params})
    node = process.drawing.placeholder(
        process.take_id(element), file.name(element) or name_of(element), f"bpmn:{name_of(element)}", reason,
        original(element), at=process.place(element),
    )  # fmt: skip
    piece.entry = node
    file.say(element, "placeholder", code, node=node, **params)
    process.describe(element, node)
    flows = file.leaving(scope, file.key(element))
    if element.get("isForCompensation") == "true":
        return piece  # nothing follows what undoes
    if len(flows) > 1 and name_of(element).endswith("Gateway"):
        exits = []
        for flow in flows:
            id_ = process.drawing.exit_of(node, file.name(flow) or "way")
            exits.append({"id": id_, "name": named(file.name(flow) or id_)})
            process.drawing.nodes[node]["settings"]["exits"] = exits
            piece.exits[file.key(flow)] = [(node, id_)]
    else:
        process.leave(scope, element, piece, [(node, "out")])
    return piece


def choice(
    process: Process,
    element: Element,
    flows: Sequence[Element],
    *,
    default: str,
    several: bool,
    wanted: str,
    at: tuple[float, float] | None,
    piece: Piece,
) -> str:
    """A condition node with a branch for each way; what is else leads on by the default way, or to a placeholder."""
    file, drawing = process.file, process.drawing
    name = file.name(element) if name_of(element).endswith("Gateway") else ""
    node = drawing.add(wanted, "condition", name or "Condition", {"branches": []}, at=at)
    item = drawing.nodes[node]
    if several:
        item["settings"]["mode"] = "all"
    otherwise = next((flow for flow in flows if file.key(flow) == default), None)
    rest = [flow for flow in flows if flow is not otherwise]
    told = [(flow, *_condition(process, flow, several)) for flow in rest]
    if otherwise is None and not several and len(told) == 2:
        (_, first, sure), (last, second, sure_too) = told
        if sure and sure_too and second in (negated(first), f"not ({first})"):
            otherwise = last  # one holds exactly when the other does not
            told = told[:1]
            file.say(last, "changed", "condition_translated", node=node, text=f"not ({first})")
    branches: list[dict[str, Any]] = item["settings"]["branches"]
    for flow, text, _ in told:
        id_ = drawing.exit_of(node, file.name(flow) or file.key(flow))
        branches.append(
            {"id": id_, "name": named(file.name(flow) or text[:60]), "when": {"expression": text}}
        )
        piece.exits[file.key(flow)] = [(node, id_)]
    if otherwise is not None:
        piece.exits[file.key(otherwise)] = [(node, "else")]
        if not branches:  # a default way and nothing else
            branches.append({"id": "never", "name": named("—"), "when": {"expression": "false"}})
            drawing.edge(node, "never", _open_end(process, element, node))
    else:
        always = next((flow for flow, text, _ in told if text == "true"), None)
        if always is not None:
            piece.exits[file.key(always)].append((node, "else"))
        else:
            drawing.edge(node, "else", _open_end(process, element, node))
            file.say(element, "placeholder", "else_open", node=node)
    return node


def _open_end(process: Process, element: Element, node: str) -> str:
    from headrace.engine.exchange.report import WORDS

    return process.drawing.placeholder(
        f"{node}_else",
        "Otherwise",
        f"bpmn:{name_of(element)}",
        WORDS["else_open"],
        at=process.beside(element, 250, 120),
    )


def _condition(process: Process, flow: Element, several: bool) -> tuple[str, bool]:
    """(expression, is it certain)."""
    file = process.file
    text, told = process.condition_of(flow)
    if told is None:
        if name_of(file.parent(flow) or flow) and several:
            return "true", True  # at an inclusive choice, a way without a condition is always taken
        file.say(flow, "placeholder", "condition_none")
        return todo(file.name(flow) or file.key(flow)), False
    language = told.get("language", "")
    found = process.expression(text, language=language)
    if found is None:
        file.say(flow, "placeholder", "condition_open", text=text)
        return todo(text), False
    file.say(flow, "changed", "condition_translated", text=found.text)
    return found.text, True
