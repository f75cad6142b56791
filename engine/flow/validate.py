"""Is a drawn flow right? Every problem at once, each with its place, so that the designer can take people there.

Errors stop a publish, warnings do not. The order: is it the file format at all (`flow.schema.json`) → names (`names.py`) →
every node by itself (`settings.py`, its events `boundary.py`) → the arrows (`arrows.py`, `graph.py`), where they meet
(`meetings.py`, `playing.py`) → what names other nodes (`references.py`) → the variables (`scope.py`). Sub-flows are looked at where
they are known (`calls.py`). What an earlier question makes meaningless is not asked, but one broken node never hides the problems
of the others.

The codes, for whoever translates them. Format and forms: those of `forms.py` (`required`, `type`, `pattern`, …). Form schemas:
`form_keyword_unknown`, `form_value_wrong`, `form_pattern_refused`, `form_format_unknown`, `form_required_unknown`, `form_wrong`,
`form_too_deep`, `form_hint_wrong`, `form_formula_wrong`, `form_formula_circle`, `form_field_unknown`, `form_too_long`; their
values also `read_only`, `rows_fixed`. Forms of the flow: `too_many_forms`, `form_unknown`, `form_right_wrong`. Whole document:
`too_many_nodes|edges|notes`, `too_deep`, `input_wrong`, `no_start`, `no_end`. Names: `id_twice`,
`name_twice`, `name_reserved`, `name_unusable`, `result_clash`. Nodes: `node_type_unknown`, `placeholder_left`,
`setting_missing`, `setting_wrong`, `expression_open`,
`expression_wrong`, `template_wrong`, `cron_wrong`, `flow_unknown`, `condition_empty|wrong|too_deep|too_long|field_wrong|
operator_unknown|value_wrong`, `variable_unknown`, `variable_later`. Arrows: `edge_dangling`, `edge_into_start`,
`edge_out_of_end`, `port_unknown`, `port_taken`, `port_unconnected`, `unreachable`, `no_way_to_end`, `loop_without_wait`,
`join_never_fills`, `join_may_starve`, `join_needs_too_many`, `join_of_one`, `inclusive_circle`, `runs_twice`, `branch_strays`.
Events: `event_id_taken`, `event_field_unused`, `event_shadowed`, `event_never`, `event_at_end`, `compensation_twice`,
`handler_wrong`, `handler_entered`, `handler_left`. Nodes that name others: `node_unknown`, `node_itself`, `node_never_waits`,
`nothing_to_undo`, `lock_kept`, `unlock_without_lock`. Sub-flows: `call_unpublished`, `call_version_unknown`,
`call_input_missing`, `call_input_unknown`.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from headrace.engine.errors import Problem
from headrace.engine.flow import forms
from headrace.engine.flow.arrows import check_edges, check_ports, check_ways
from headrace.engine.flow.boundary import check_events, check_handlers
from headrace.engine.flow.compile import SEARCH_FIELDS_MAX
from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.form_uses import form_problems, use_problems
from headrace.engine.flow.graph import Drawing
from headrace.engine.flow.lint import lint
from headrace.engine.flow.meetings import check_meetings
from headrace.engine.flow.names import check_names
from headrace.engine.flow.references import check_references, check_sections
from headrace.engine.flow.scope import Reading, Scope, with_events
from headrace.engine.flow.settings import SettingsCheck
from headrace.engine.flow.wording import closest, kind_of
from headrace.engine.node import NodeType

NODES_MAX = 2_000
"""Nodes of one flow: nobody reads more, and every check walks them."""

EDGES_MAX = 5_000
"""Arrows of one flow."""

NOTES_MAX = 200
"""Sticky notes of one flow."""

PROBLEMS_MAX = 500
"""Problems reported at once."""


def validate(
    document: Any, types: Mapping[str, NodeType], *, known_flows: Collection[str] | None = None
) -> list[Problem]:
    """All problems of a document, errors first, then in the order of the checks. Never raises for any JSON.

    `known_flows`: the keys sub-flows may name; None asks nothing about them.
    """
    if not isinstance(document, Mapping):
        message = f"Expected a flow as a JSON object, but found {kind_of(document)}."
        return [
            Problem("", "type", {"expected": "object", "found_kind": kind_of(document)}, message)
        ]
    if too_many := list(_counted(document)):
        return too_many
    drawn = Drawn(document, types)
    try:
        _check(drawn, known_flows)
    except RecursionError:
        return [Problem("", "too_deep", {"limit": 100}, "Expected data nested at most 100 deep.")]
    told = map(_unfinished, drawn.problems)
    return sorted(told, key=lambda problem: problem.severity == "warning")[:PROBLEMS_MAX]


def _unfinished(problem: Problem) -> Problem:
    """An expression that an import left open is not wrong: it is still to be written."""
    if problem.params.get("kind") != "unfinished":
        return problem
    return Problem(
        problem.path, "expression_open", problem.params, problem.message, problem.node, problem.edge
    )


@cache
def schema() -> Mapping[str, Any]:
    """The published schema of the file format."""
    text = files("headrace.engine.flow").joinpath("flow.schema.json").read_text("utf-8")
    return json.loads(text)  # type: ignore[no-any-return]


@cache
def _document_form() -> forms.Form:
    return forms.Form(schema())


def _counted(document: Mapping[str, Any]) -> Iterator[Problem]:
    """Before anything walks them."""
    for name, limit in (("nodes", NODES_MAX), ("edges", EDGES_MAX), ("notes", NOTES_MAX)):
        items = document.get(name)
        if isinstance(items, list) and len(items) > limit:
            message = f"Expected at most {limit} {name}, but found {len(items)}."
            yield Problem(
                f"/{name}", f"too_many_{name}", {"limit": limit, "found": len(items)}, message
            )


def _check(drawn: Drawn, known_flows: Collection[str] | None) -> None:
    _check_format(drawn)
    _check_input(drawn)
    check_names(drawn)
    checked = _check_nodes(drawn, known_flows)
    _check_forms(drawn, checked)
    trusted = {node for node, check in checked.items() if check.fits}
    in_events = check_events(drawn, trusted)
    check_edges(drawn)
    check_ports(drawn, trusted)
    check_handlers(drawn)
    drawing = Drawing(drawn.nodes, [edge for _, edge in drawn.edges])
    check_ways(drawn, drawing)
    check_meetings(drawn, drawing, trusted)
    check_references(drawn, [named for check in checked.values() for named in check.named])
    check_sections(drawn, drawing)
    readings = [reading for check in checked.values() for reading in check.readings]
    _check_variables(drawn, [*readings, *in_events])


def _check_format(drawn: Drawn) -> None:
    for problem in _document_form().problems(dict(drawn.document)):
        drawn.problems.append(_with_owner(problem, drawn.document))


def _with_owner(problem: Problem, document: Mapping[str, Any]) -> Problem:
    """The node or edge a problem of the format lies in."""
    parts = problem.path.split("/")
    if len(parts) < 3 or parts[1] not in {"nodes", "edges"}:
        return problem
    items = document[parts[1]]
    owner = items[int(parts[2])] if isinstance(items, list) else None
    owner_id = owner.get("id") if isinstance(owner, Mapping) else None
    if not isinstance(owner_id, str):
        return problem
    return (
        replace(problem, node=owner_id) if parts[1] == "nodes" else replace(problem, edge=owner_id)
    )


def _check_input(drawn: Drawn) -> None:
    drawn_input = drawn.document.get("input")
    schema = drawn_input if isinstance(drawn_input, Mapping) else {}
    drawn.problems.extend(lint(schema, "/input"))
    if schema and schema.get("type") != "object":
        found = str(schema.get("type", "nothing"))
        drawn.say("/input/type", "input_wrong", "an input of type object", found)
    fields = schema.get("properties")
    marked = [
        name
        for name, schema in (fields.items() if isinstance(fields, Mapping) else ())
        if isinstance(schema, Mapping) and schema.get("x-search") is True
    ]
    if len(marked) > SEARCH_FIELDS_MAX:
        wanted = f"at most {SEARCH_FIELDS_MAX} fields to search by"
        drawn.say("/input/properties", "input_wrong", wanted, str(len(marked)))


def _check_nodes(drawn: Drawn, known_flows: Collection[str] | None) -> Mapping[str, SettingsCheck]:
    own = {str(drawn.document.get("key"))}
    flows = None if known_flows is None else {*known_flows, *own}
    checked: dict[str, SettingsCheck] = {}
    built: dict[str, forms.Form] = {}
    for node, item in drawn.nodes.items():
        name, settings = item.get("type"), item.get("settings")
        node_type = drawn.type_of(node)
        if node_type is None:
            if isinstance(name, str):
                _unknown_type(drawn, node, name)
        elif node_type.unfinished:
            what = f"a placeholder ({drawn.title(node)})"
            drawn.say_of_node(
                node, "placeholder_left", "a finished step", what, name=drawn.title(node)
            )
        if node_type is not None and isinstance(settings, Mapping):
            if node_type.name not in built:
                built[node_type.name] = forms.form_of(node_type.settings)
            check = SettingsCheck(node, node_type, f"{drawn.path(node)}/settings", flows)
            check.run(settings, built[node_type.name])
            checked[node] = check
            drawn.problems.extend(check.problems)
    return checked


def _check_forms(drawn: Drawn, checked: Mapping[str, SettingsCheck]) -> None:
    """The forms of the flow, and how nodes use them."""
    forms = drawn.document.get("forms")
    drawn.problems.extend(form_problems(forms))
    known = forms if isinstance(forms, Mapping) else {}
    for node, check in checked.items():
        for path, use in check.uses:
            found = use_problems(use, path, known)
            drawn.problems.extend(replace(problem, node=node) for problem in found)


def _unknown_type(drawn: Drawn, node: str, name: str) -> None:
    near = closest(name, drawn.types)
    found = f"{name} (do you mean {near[0]}?)" if near else name
    path = f"{drawn.path(node)}/type"
    drawn.say(
        path, "node_type_unknown", "a known node type", found, node=node, name=name, closest=near
    )


def _check_variables(drawn: Drawn, readings: list[Reading]) -> None:
    drawing, made = with_events(drawn)
    scope = Scope(
        drawn.nodes, drawn.types, drawing, drawn.input_schema, made=made, handlers=drawn.handlers
    )
    for reading in readings:
        drawn.problems.extend(scope.problems(reading))
        if len(drawn.problems) > 2 * PROBLEMS_MAX:
            return
