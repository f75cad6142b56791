"""The door of every start: map what came, find its keys, check it against the flow's input. Pure; the store comes after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from headrace.engine.clock import to_iso
from headrace.engine.errors import (
    Conflict,
    ExpressionError,
    HeadraceError,
    NotFound,
    Problem,
    ValidationFailed,
)
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.flow.form_files import has_files
from headrace.engine.flow.form_rights import taken
from headrace.engine.node import Context, Done

KEY_LENGTH_MAX = 200
"""Characters of a business or dedup key: both stand in an index."""


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A start that has passed the door: permission, published flow, valid input."""

    flow: CompiledFlow
    start_node: str
    input: Mapping[str, Any]
    business_key: str | None = None
    dedup_key: str | None = None
    initiator: str | None = None
    id: str | None = None
    priority: int | None = None
    """0 to 9, the most urgent; None: as the flow says."""
    route_id: str | None = None
    """The canary that was running."""
    trace: str | None = None
    """The traceparent of whoever asked for it."""
    form: Mapping[str, Any] | None = None
    """The form it was asked for by, when files may come with it."""


def by_hand(flow: CompiledFlow) -> str:
    """Where a person or a parent flow begins: the start by hand, else the first start."""
    hand = [id_ for id_ in flow.starts if flow.nodes[id_].type.name == "start"]
    if not flow.starts:
        raise Conflict(expected=f"flow {flow.key} to have a start", found="none")
    return (hand or list(flow.starts))[0]


def start_form(flow: CompiledFlow) -> Mapping[str, Any] | None:
    """The form of the flow that a person fills in to start it; None: it asks for plain inputs, or nothing."""
    form = flow.nodes[by_hand(flow)].settings.get("form")
    return form if form and form.get("x-into") else None


def prepare(
    flow: CompiledFlow,
    start_node: str,
    raw: Mapping[str, Any],
    *,
    now_ms: int,
    business_key: str | None = None,
    dedup_key: str | None = None,
    initiator: str | None = None,
) -> StartRequest:
    """Run the start node over `raw`, evaluate its keys, check the input. Raises `ValidationFailed` with every problem."""
    node = flow.nodes.get(start_node)
    if node is None or not node.type.starts:
        raise NotFound(kind="start node", id=start_node)
    variables = {**raw, "now": to_iso(now_ms)}
    context = Context(
        settings=node.settings,
        variables=variables,
        evaluate=Evaluator(variables),
        now_ms=now_ms,
        key="",
        connected=node.connected,
    )
    try:
        outcome = node.type.run(context)
    except HeadraceError as trouble:
        problem = Problem(
            "/values", trouble.code, dict(trouble.params), trouble.message, node=start_node
        )
        raise ValidationFailed(
            what=f"start of flow {flow.key}", count=1, problems=[problem]
        ) from trouble
    assert isinstance(outcome, Done), (
        f"expected the start node type {node.type.name} to answer Done"
    )
    mapped = dict(raw) if outcome.variables is None else dict(outcome.variables)
    problems = flow.check_input(mapped, by_hand=node.type.name == "start")
    if "form" in node.settings:
        problems = [*_fill_in(node.settings["form"], mapped), *problems]
    if problems:
        raise ValidationFailed(
            what=f"input of flow {flow.key}", count=len(problems), problems=problems
        )
    evaluator = Evaluator({**variables, **mapped})
    form = node.settings.get("form")
    return StartRequest(
        flow,
        start_node,
        mapped,
        business_key=_key("business_key", business_key, node.settings, evaluator),
        dedup_key=_key("dedup_key", dedup_key, node.settings, evaluator),
        initiator=initiator,
        form=form if form is not None and has_files(form, mapped[form["x-into"]]) else None,
    )


def _fill_in(form: Mapping[str, Any], mapped: dict[str, Any]) -> list[Problem]:
    """Check the form a start asks for, and put in what is worked out; answers what is wrong."""
    key = form["x-into"]
    given = mapped.get(key, {})
    if not isinstance(given, Mapping):
        return []  # the input's own check has said so
    found = taken(form, {}, given, roles=())
    mapped[key] = found.after
    return [replace(problem, path=f"/{key}{problem.path}") for problem in found.problems]


def _key(
    name: str, given: str | None, settings: Mapping[str, Any], evaluator: Evaluator
) -> str | None:
    if given is not None:
        value: Any = given
    elif settings.get(name):
        try:
            value = evaluator.expression(settings[name])
        except ExpressionError as trouble:
            problem = Problem(f"/{name}", trouble.code, dict(trouble.params), trouble.message)
            raise ValidationFailed(what=name, count=1, problems=[problem]) from trouble
    else:
        return None
    text = "" if value is None else str(value)
    if not text or len(text) > KEY_LENGTH_MAX:
        message = f"Expected a {name} of 1 to {KEY_LENGTH_MAX} characters, but found {len(text)}."
        problem = Problem(
            f"/{name}", "key_length", {"limit": KEY_LENGTH_MAX, "found": len(text)}, message
        )
        raise ValidationFailed(what=name, count=1, problems=[problem])
    return text
