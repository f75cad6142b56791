"""Older file formats to the current one, step by step: format n → n + 1, each step a function that is never changed again.

Documents stay readable for ever; a newer format than ours is refused instead of half understood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow.model import FORMAT
from headrace.engine.flow.wording import kind_of, shown

Document = dict[str, Any]


def upgrade(document: Any) -> Document:
    """A document of any known format, in the current one. The given one stays as it is.

    Raises `ValidationFailed` for what is no document of ours, or one of a newer format. Whether the result is *right* is
    for `validate` to say.
    """
    if not isinstance(document, Mapping):
        raise _refused("", "type", "a flow as a JSON object", kind_of(document))
    current = dict(document)
    found = _format_of(current)
    if found > FORMAT:
        raise _refused(
            "/format",
            "format_newer",
            f"format {FORMAT} or older",
            f"format {found}, made by a newer Headrace",
        )
    try:
        while (found := _format_of(current)) < FORMAT:
            current = _STEPS[found](current)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise _refused("", "format_wrong", f"a flow of format {found}", "something else") from None
    return current


def _format_of(document: Mapping[str, Any]) -> int:
    """Before there was a number, a flow had steps."""
    found = document.get("format", 0 if "steps" in document else None)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise _refused("/format", "format_wrong", f"a format number up to {FORMAT}", shown(found))
    return found


def _refused(path: str, code: str, expected: str, found: str) -> ValidationFailed:
    problem = Problem(
        path,
        code,
        {"expected": expected, "found": found},
        f"Expected {expected}, but found {found}.",
    )
    return ValidationFailed(what="flow", count=1, problems=[problem])


# --- 0 → 1 ---------------------------------------------------------------------------------------
# The drafts of the first design: steps and links, titles in one language, links as "step:port", a list of variables.


def _from_0(old: Document) -> Document:
    new: Document = {
        "format": 1,
        "key": old["id"],
        "name": _text_0(old.get("title", old["id"])),
        "input": _input_0(old.get("variables", [])),
        "nodes": [_node_0(step) for step in old["steps"]],
        "edges": [_edge_0(number, link) for number, link in enumerate(old.get("links", []), 1)],
    }
    if old.get("description"):
        new["description"] = _text_0(old["description"])
    return new


def _text_0(text: Any) -> dict[str, str]:
    if isinstance(text, Mapping):
        return dict(text)
    return {"zh" if re.search("[\u3400-\u9fff]", str(text)) else "en": str(text)}


def _input_0(variables: list[Mapping[str, Any]]) -> Document:
    kinds = {"text": {"type": "string"}, "number": {"type": "number"}, "yes_no": {"type": "boolean"},
             "money": {"type": "string", "format": "money"}, "date": {"type": "string", "format": "date-time"},
             "list": {"type": "array"}, "record": {"type": "object"}}  # fmt: skip
    properties: Document = {}
    for variable in variables:
        schema: Document = dict(kinds[variable.get("type", "text")])
        if variable.get("title"):
            schema["x-title"] = _text_0(variable["title"])
        properties[variable["name"]] = schema
    required = [variable["name"] for variable in variables if variable.get("required")]
    return {"type": "object", "properties": properties, "required": required}


def _node_0(step: Mapping[str, Any]) -> Document:
    return {
        "id": step["id"],
        "type": _TYPES_0.get(step["type"], step["type"]),
        "name": _text_0(step.get("title", step["id"])),
        "position": {"x": step.get("x", 0), "y": step.get("y", 0)},
        "settings": dict(step.get("config", {})),
    }


_TYPES_0 = {
    "begin": "start",
    "finish": "end",
    "approve": "approval",
    "wait": "timer",
    "notify": "notification",
}


def _edge_0(number: int, link: Mapping[str, Any]) -> Document:
    source, _, port = link["from"].partition(":")
    return {
        "id": link.get("id", f"e{number}"),
        "from": source,
        "port": port or "out",
        "to": link["to"],
    }


_STEPS: Mapping[int, Callable[[Document], Document]] = {0: _from_0}
"""Format n → the step to n + 1."""
