"""May a form's schema be used at all? A subset that browser and server read alike, and that costs neither of them much."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import jsonschema_rs

from headrace.engine.errors import Problem
from headrace.engine.flow.formats import FORMAT_CHECKS, pattern_engine
from headrace.engine.flow.forms import KINDS, only_choices, problem_of
from headrace.engine.flow.wording import kind_of, pointer, shown

PATTERN_MAX = 500
"""Characters of a regular expression: enough for any number or code, too little to hide in."""

LINT_DEPTH_MAX = 12
"""Levels of a form inside a form; nobody can fill in more."""


_KEYWORDS: Mapping[str, Callable[[Any], bool]] = {
    "$schema": lambda v: isinstance(v, str),
    "type": lambda v: _is_kind(v) or (isinstance(v, list) and bool(v) and all(map(_is_kind, v))),
    "properties": lambda v: isinstance(v, dict),
    "required": lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v),
    "additionalProperties": lambda v: isinstance(v, bool | dict),
    "items": lambda v: isinstance(v, dict),
    "enum": lambda v: isinstance(v, list) and bool(v),
    "const": lambda v: True,
    "oneOf": lambda v: isinstance(v, list) and only_choices(v),
    "minimum": lambda v: _is_number(v),
    "maximum": lambda v: _is_number(v),
    "exclusiveMinimum": lambda v: _is_number(v),
    "exclusiveMaximum": lambda v: _is_number(v),
    "multipleOf": lambda v: _is_count(v) and v > 0,
    "minLength": lambda v: _is_count(v),
    "maxLength": lambda v: _is_count(v),
    "minItems": lambda v: _is_count(v),
    "maxItems": lambda v: _is_count(v),
    "uniqueItems": lambda v: isinstance(v, bool),
    "pattern": lambda v: isinstance(v, str),
    "format": lambda v: isinstance(v, str),
    "title": lambda v: isinstance(v, str),
    "description": lambda v: isinstance(v, str),
    "default": lambda v: True,
    "examples": lambda v: isinstance(v, list),
    "readOnly": lambda v: isinstance(v, bool),
}
"""What a form may say, and the shape of each word. `multipleOf` only whole: 19.99 is no multiple of 0.01 in floats."""


def lint(schema: Any, path: str = "", depth: int = 0) -> Iterator[Problem]:
    """Why a form's schema must not be used: unknown words, wild patterns, floats where money breaks."""
    if not isinstance(schema, Mapping):
        yield problem_of(
            path, "form_wrong", {"found": kind_of(schema)}, "a JSON Schema", kind_of(schema)
        )
        return
    if depth > LINT_DEPTH_MAX:
        yield problem_of(
            path,
            "form_too_deep",
            {"limit": LINT_DEPTH_MAX},
            f"at most {LINT_DEPTH_MAX} levels",
            "more",
        )
        return
    for keyword, value in schema.items():
        yield from _lint_keyword(keyword, value, schema, f"{path}{pointer([keyword])}")
    yield from _lint_below(schema, path, depth)


def _lint_keyword(
    keyword: str, value: Any, schema: Mapping[str, Any], path: str
) -> Iterator[Problem]:
    if keyword.startswith("x-"):
        return
    if keyword not in _KEYWORDS:
        params = {"keyword": keyword, "known": sorted(_KEYWORDS)}
        yield problem_of(path, "form_keyword_unknown", params, "a word a form knows", keyword)
    elif not _KEYWORDS[keyword](value):
        params = {"keyword": keyword, "found": shown(value)}
        wanted = "a whole number" if keyword == "multipleOf" else f"a right value of {keyword}"
        yield problem_of(path, "form_value_wrong", params, wanted, shown(value))
    elif keyword == "pattern" and (reason := pattern_refused(value)):
        params = {"pattern": value, "reason": reason}
        yield problem_of(path, "form_pattern_refused", params, "a simple pattern", reason)
    elif keyword == "format" and value not in FORMAT_CHECKS:
        params = {"format": value, "known": sorted(FORMAT_CHECKS)}
        yield problem_of(
            path, "form_format_unknown", params, f"one of {', '.join(FORMAT_CHECKS)}", value
        )
    elif keyword == "required" and isinstance(schema.get("properties", {}), Mapping):
        for name in [name for name in value if name not in schema.get("properties", {})]:
            params = {"name": name}
            yield problem_of(
                path, "form_required_unknown", params, f"a field {name}", "none by that name"
            )


def _lint_below(schema: Mapping[str, Any], path: str, depth: int) -> Iterator[Problem]:
    properties = schema.get("properties")
    if isinstance(properties, Mapping):
        for name, below in properties.items():
            yield from lint(below, f"{path}/properties{pointer([name])}", depth + 1)
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            yield from lint(schema[keyword], f"{path}/{keyword}", depth + 1)


def pattern_refused(pattern: str) -> str | None:
    """Why a regular expression is outside the subset that every engine reads alike; None when it is inside."""
    if len(pattern) > PATTERN_MAX:
        return f"more than {PATTERN_MAX} characters"
    if odd := re.search(r"\\[^\\dswDSWtnr.^$|?*+()\[\]{}/\-u]|\\u(?![0-9A-Fa-f]{4})", pattern):
        return f"{odd.group()}, which engines read differently"
    if re.search(r"\(\?(?!:)", pattern):
        return "a group with (?…, only (?:…) is known everywhere"
    try:
        re.compile(pattern, re.ASCII)
        pattern_engine(pattern)
    except (
        re.error,
        jsonschema_rs.ValidationError,
        ValueError,
        OverflowError,
        RecursionError,
    ) as error:
        return f"no regular expression: {str(error).splitlines()[0]}"
    return None


def _is_kind(value: Any) -> bool:
    return isinstance(value, str) and value in KINDS


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return Decimal(str(value)).is_finite()
    except InvalidOperation:
        return False


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
