"""Boundary events: what may happen while a token waits at a node, and nodes that undo others.

An event is an exit of its node (`arrows.py` looks at its arrow) and a variable (`scope.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from headrace.engine.errors import HeadraceError
from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.duration import is_duration
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.render import compile_template
from headrace.engine.flow.scope import RESERVED, Reading
from headrace.engine.node import NodeType

_FIELDS: Mapping[str, frozenset[str]] = {
    "timer": frozenset({"interrupting", "after", "at"}),
    "message": frozenset({"interrupting", "name", "key"}),
    "signal": frozenset({"interrupting", "name", "key"}),
    "error": frozenset({"codes"}),
    "compensation": frozenset(),
}
_ALWAYS = frozenset({"id", "kind", "title"})


def check_events(drawn: Drawn, trusted: Collection[str]) -> list[Reading]:
    """Look at every event by itself and among its sisters; answers who reads which variables."""
    readings: list[Reading] = []
    for node in drawn.nodes:
        events = drawn.events(node)
        if not events:
            continue
        _check_ids(drawn, node, events, trusted)
        _check_sisters(drawn, node, events)
        for index, event in events:
            place = f"{drawn.path(node)}/events/{index}"
            _check_fields(drawn, node, place, event)
            _check_use(drawn, node, place, event)
            readings += _texts(drawn, node, place, event)
    return readings


# --- among others --------------------------------------------------------------------------------

Events = list[tuple[int, Mapping[str, Any]]]


def _check_ids(drawn: Drawn, node: str, events: Events, trusted: Collection[str]) -> None:
    result = drawn.nodes[node].get("result")
    taken = {result if isinstance(result, str) else node}
    node_type = drawn.type_of(node)
    if node_type is not None:
        taken |= {port.name for port in node_type.ports}
        taken |= set(node_type.port_names(drawn.settings(node)) if node in trusted else ())
    for index, event in events:
        name = event["id"]
        path = f"{drawn.path(node)}/events/{index}/id"
        if name in taken:
            found = f"{name}, which is taken"
            drawn.say(
                path, "event_id_taken", "a name of its own", found, node=node, id=name, name=name
            )
        elif event["kind"] != "compensation" and name in RESERVED:
            found = f"{name}, which the engine fills in"
            drawn.say(path, "name_reserved", "a free name", found, node=node, name=name)
        elif event["kind"] != "compensation" and name in drawn.inputs:
            found = f"{name}, which is an input already and would be lost"
            drawn.say(path, "result_clash", "a free name", found, node=node, name=name)
        taken.add(name)


def _check_sisters(drawn: Drawn, node: str, events: Events) -> None:
    """One node undoes another; an error that an earlier event takes never comes to a later one."""
    undone = False
    caught: set[str] = set()
    for index, event in events:
        place = f"{drawn.path(node)}/events/{index}"
        if event["kind"] == "compensation":
            if undone:
                drawn.say(
                    place, "compensation_twice", "one node that undoes this one", "two", node=node
                )
            undone = True
        elif event["kind"] == "error":
            codes = event.get("codes")
            wanted = {str(code) for code in codes} if isinstance(codes, list) and codes else {""}
            if wanted <= caught:
                found = "one that an earlier event takes all of"
                drawn.say(
                    place, "event_shadowed", "an event that can happen", found, node=node,
                    warning=True, id=event["id"], name=event["id"],
                )  # fmt: skip
            caught |= wanted


# --- by itself -----------------------------------------------------------------------------------


def _check_fields(drawn: Drawn, node: str, place: str, event: Mapping[str, Any]) -> None:
    kind = event["kind"]
    for name in sorted(set(event) - _ALWAYS - _FIELDS.get(kind, frozenset(event))):
        known = any(name in fields for fields in _FIELDS.values())
        if known and not (name == "interrupting" and event[name] is True):
            expected = f"nothing about {name} in an event of the kind {kind}"
            drawn.say(
                f"{place}/{name}", "event_field_unused", expected, name, node=node, warning=True,
                setting=name, kind=kind,
            )  # fmt: skip
    if kind == "timer":
        _check_time(drawn, node, place, event)
    elif kind in {"message", "signal"} and "name" not in event:
        _missing(drawn, node, place, "name", f"the name of the {kind}")


def _check_time(drawn: Drawn, node: str, place: str, event: Mapping[str, Any]) -> None:
    after = event.get("after")
    if "after" in event and "at" in event:
        expected = "either a length of time or a moment"
        drawn.say(f"{place}/at", "setting_wrong", expected, "both", node=node, setting="at")
    elif "after" not in event and "at" not in event:
        _missing(drawn, node, place, "after", "a length of time, or a moment")
    if isinstance(after, str) and not is_duration(after):
        drawn.say(
            f"{place}/after", "setting_wrong", "a duration, as PT24H or P1D", after, node=node,
            setting="after",
        )  # fmt: skip


def _missing(drawn: Drawn, node: str, place: str, name: str, expected: str) -> None:
    drawn.say(f"{place}/{name}", "setting_missing", expected, "nothing", node=node, setting=name)


def _check_use(drawn: Drawn, node: str, place: str, event: Mapping[str, Any]) -> None:
    """Can it ever happen here?"""
    node_type = drawn.type_of(node)
    if node_type is None or event["kind"] not in _FIELDS:
        return
    title, kind = drawn.title(node), event["kind"]
    params = {"id": event["id"], "name": event["id"], "kind": kind}
    if node_type.ends:
        found = f"one at {title}, which ends the flow"
        drawn.say(place, "event_at_end", "no event at an end", found, node=node, **params)
    elif kind == "error" and not can_fail(node_type):
        found = f"one at {title}, which cannot fail"
        drawn.say(
            place, "event_never", "an event that can happen", found, node=node, warning=True,
            **params,
        )  # fmt: skip
    elif kind in {"timer", "message", "signal"} and not rests(node_type):
        found = f"one at {title}, where no token ever waits"
        drawn.say(
            place, "event_never", "an event that can happen", found, node=node, warning=True,
            **params,
        )  # fmt: skip


def rests(node_type: NodeType) -> bool:
    """Can a token wait at such a node, for whatever or for a worker?"""
    return node_type.waits or node_type.in_worker or node_type.unfinished


def can_fail(node_type: NodeType) -> bool:
    """It works something out, waits or goes outside; a start has done so before there was an instance."""
    if node_type.starts or node_type.joins:
        return False
    return rests(node_type) or _evaluates(node_type.settings)


def _evaluates(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(map(_evaluates, schema))
    if not isinstance(schema, Mapping):
        return False
    evaluated = schema.get("format") in ("expression", "template")
    return (
        evaluated or schema.get("x-widget") == "condition" or any(map(_evaluates, schema.values()))
    )


def _texts(drawn: Drawn, node: str, place: str, event: Mapping[str, Any]) -> Iterator[Reading]:
    """The texts that are worked out when the token comes."""
    fields = _FIELDS.get(event["kind"], frozenset())
    for name, code, compiled in (
        ("at", "expression_wrong", compile_expression),
        ("key", "expression_wrong", compile_expression),
        ("name", "template_wrong", compile_template),
    ):
        text = event.get(name)
        if name not in fields or not isinstance(text, str) or not text:
            continue
        try:
            found: Any = compiled(text)
        except HeadraceError as error:
            drawn.report(f"{place}/{name}", code, error.params, error.message, node=node)
        else:
            if found.variables or found.optional:
                yield Reading(node, f"{place}/{name}", found.variables, found.optional, ())


# --- nodes that undo others ----------------------------------------------------------------------


def check_handlers(drawn: Drawn) -> None:
    """A node that undoes another is in no way of tokens: nothing leads there besides, nothing leads on."""
    handlers = drawn.handlers
    for index, edge in drawn.undoing:
        node_type = drawn.type_of(edge.target)
        if node_type is None:
            continue
        if node_type.starts or node_type.ends or node_type.joins or node_type.splits:
            drawn.say(
                f"/edges/{index}/to", "handler_wrong", "a node that does something", drawn.title(edge.target),
                node=edge.target, edge=edge.id, name=drawn.title(edge.target),
            )  # fmt: skip
    first = {edge.target: edge.id for _, edge in reversed(drawn.undoing)}
    besides = [(i, e) for i, e in drawn.undoing if first[e.target] != e.id]
    for index, edge in (*besides, *((i, e) for i, e in drawn.edges if e.target in handlers)):
        title = drawn.title(edge.target)
        drawn.say(
            f"/edges/{index}/to", "handler_entered", f"no other arrow into {title}, which undoes a node",
            f"one from {drawn.title(edge.source)}", node=edge.target, edge=edge.id, name=title,
        )  # fmt: skip
    for index, edge in (*drawn.edges, *drawn.undoing):
        if edge.source in handlers:
            title = drawn.title(edge.source)
            drawn.say(
                f"/edges/{index}/from", "handler_left", f"no arrow out of {title}, which undoes a node",
                f"one to {drawn.title(edge.target)}", node=edge.source, edge=edge.id, name=title,
            )  # fmt: skip
