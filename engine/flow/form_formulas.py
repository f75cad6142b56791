"""Fields of a form that are worked out from others: `x-compute`, an expression over the form, in exact decimals.

The browser calculates the same while one types (designer/web/src/forms/formula.ts; tests/fixtures/form_formulas.json is run by
both), so only a part of the expression language may be used: `FUNCTIONS` and the operators of `_ALLOWED`. What cannot be worked
out (a field is still empty) has no value; it is no error.

What a formula sees: amounts as exact numbers, empty fields not at all, except that an empty number counts 0 in a column of line
items. In a row: its own columns, then the fields of the form.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from headrace.engine.errors import ExpressionError, Problem
from headrace.engine.flow import values
from headrace.engine.flow.expression import compile_expression, variables_of
from headrace.engine.flow.forms import problem_of
from headrace.engine.flow.reading import parsed
from headrace.engine.flow.wording import pointer

DECIMALS = 2
"""Digits after the point of an amount that is worked out, where the form says nothing."""

FORMULA_MAX = 500
"""Characters of a formula."""

FUNCTIONS = frozenset(
    {"abs", "ceil", "default", "floor", "len", "max", "min", "number", "pluck", "round", "sum"}
)

_ALLOWED: tuple[type[ast.AST], ...] = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Attribute, ast.Call, ast.IfExp, ast.BoolOp, ast.And, ast.Or,
    ast.UnaryOp, ast.Not, ast.USub, ast.UAdd, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod,
    ast.Compare, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


# --- working out -----------------------------------------------------------------------------------


def computed(schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """The value with everything that is worked out put in anew."""
    result = dict(value)
    fields = _fields(schema)
    # A field may build on another that stands below it: as many rounds as there are such fields settle all.
    for _ in range(sum(map(_has_formula, fields.values()))):
        before = dict(result)
        for name, field in fields.items():
            _compute_field(schema, name, field, result)
        if before == result:
            break
    return result


def _fields(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """In the order of the form."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    order = [name for name in schema.get("x-order", ()) if name in properties]
    return {name: properties[name] for name in dict.fromkeys([*order, *properties])}


def _has_formula(field: Mapping[str, Any]) -> bool:
    if "x-compute" in field:
        return True
    return is_lines(field) and any(map(_has_formula, field["items"]["properties"].values()))


def is_lines(field: Mapping[str, Any]) -> bool:
    """A table of line items?"""
    items = field.get("items")
    return isinstance(items, Mapping) and isinstance(items.get("properties"), Mapping)


def _compute_field(
    schema: Mapping[str, Any], name: str, field: Mapping[str, Any], value: dict[str, Any]
) -> None:
    if "x-compute" in field:
        _put(value, name, _stored(field, _calculate(field["x-compute"], names_of(schema, value))))
    elif _has_formula(field) and isinstance(value.get(name), list):
        outer = names_of(schema, value)
        value[name] = [
            _computed_row(field["items"], row, outer) if isinstance(row, Mapping) else row
            for row in value[name]
        ]


def _computed_row(
    schema: Mapping[str, Any], row: Mapping[str, Any], outer: Mapping[str, Any]
) -> dict[str, Any]:
    result = dict(row)
    columns = {name: field for name, field in _fields(schema).items() if "x-compute" in field}
    for _ in columns:
        before = dict(result)
        for name, field in columns.items():
            names = {**outer, **names_of(schema, result)}
            for column in schema["properties"]:  # an empty column hides a field with its name
                if _is_empty(result.get(column)):
                    names.pop(column, None)
            _put(result, name, _stored(field, _calculate(field["x-compute"], names)))
        if before == result:
            break
    return result


def _put(value: dict[str, Any], name: str, item: Any) -> None:
    if item is None:
        value.pop(name, None)
    else:
        value[name] = item


def _calculate(text: str, names: Mapping[str, Any]) -> Any:
    try:
        return compile_expression(text).evaluate(names)
    except ExpressionError:
        return None


def _stored(field: Mapping[str, Any], value: Any) -> Any:
    kinds = field.get("type")
    kind = next(
        (k for k in ([kinds] if isinstance(kinds, str) else kinds or ()) if k != "null"), None
    )
    if not values.is_number(value):
        fits = {"string": str, "boolean": bool}.get(str(kind))
        return value if fits is not None and type(value) is fits and not is_amount(field) else None
    digits = field.get("x-decimals", DECIMALS if is_amount(field) else None)
    if kind in {"string", None}:
        return amount(value, DECIMALS if digits is None else digits) if is_amount(field) else None
    if kind == "integer":
        return int(values.rounded(value))
    if kind != "number":
        return None
    return values.to_json_value(value if digits is None else values.rounded(value, digits))


def amount(value: values.Number, digits: int = DECIMALS) -> str:
    """An amount as it is stored: exact text with so many digits after the point, half up, `1299.50`."""
    text = f"{Decimal(values.rounded(value, digits)):.{digits}f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


# --- what a formula sees ---------------------------------------------------------------------------


def names_of(schema: Mapping[str, Any], value: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as numbers, texts and rows."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    names: dict[str, Any] = {}
    for name in asked(schema, value):
        seen = _seen(properties[name], value.get(name))
        if seen is not None:
            names[name] = seen
    return names


def _seen(field: Mapping[str, Any], value: Any) -> Any:
    if _is_empty(value):
        return None
    items = field.get("items", {})
    match value:
        case list():
            return [
                _row_names(items, item) if isinstance(item, Mapping) else _seen(items, item)
                for item in value
            ]
        case Mapping():
            return names_of(field, value)
        case str() if is_amount(field):
            return values.parse_number(value)
        case _:
            return value


def _row_names(schema: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    zeros = {name: 0 for name, field in schema.get("properties", {}).items() if _is_numeric(field)}
    return {**zeros, **names_of(schema, row)}


def _is_empty(value: Any) -> bool:
    return value is None or value == ""


def is_amount(field: Mapping[str, Any]) -> bool:
    """Money: exact decimals as text."""
    return field.get("format") == "money"


def _is_numeric(field: Mapping[str, Any]) -> bool:
    kinds = field.get("type")
    return is_amount(field) or bool(
        {"number", "integer"} & {*([kinds] if isinstance(kinds, str) else kinds or ())}
    )


def asked(schema: Mapping[str, Any], value: Mapping[str, Any]) -> list[str]:
    """The fields that are asked now: those whose `x-when` holds."""
    properties: Mapping[str, Any] = schema.get("properties", {})
    return [name for name in _fields(schema) if _holds(properties[name], properties, value)]


def _holds(
    field: Mapping[str, Any], properties: Mapping[str, Any], value: Mapping[str, Any]
) -> bool:
    for other, wanted in field.get("x-when", {}).items():
        found = value.get(other)
        if found is None:
            found = properties.get(other, {}).get("default")
        if not any(values.same(found, one) for one in wanted):
            return False
    return True


# --- may a formula be used? ------------------------------------------------------------------------


def formula_problems(schema: Mapping[str, Any], path: str = "") -> Iterator[Problem]:
    """What is wrong with the formulas of a form: unreadable, out of the part both sides know, of unknown fields, in a circle."""
    fields = _fields(schema)
    yield from _of_fields(fields, frozenset(fields), f"{path}/properties")
    for name, field in fields.items():
        if is_lines(field):
            columns = _fields(field["items"])
            place = f"{path}/properties{pointer([name])}/items/properties"
            yield from _of_fields(columns, frozenset({*fields, *columns}), place)


def _of_fields(
    fields: Mapping[str, Mapping[str, Any]], known: frozenset[str], path: str
) -> Iterator[Problem]:
    needs: dict[str, set[str]] = {}
    for name, field in fields.items():
        text = field.get("x-compute")
        if text is None:
            continue
        place = f"{path}{pointer([name])}/x-compute"
        if reason := _refused(text):
            yield problem_of(place, "form_formula_wrong", {"reason": reason}, "a formula", reason)
            continue
        roots = {variable.split(".")[0] for variable in variables_of(text)}
        needs[name] = roots & set(fields)
        for root in sorted(roots - known):
            params = {"name": root, "known": sorted(known)[:20]}
            yield problem_of(place, "form_field_unknown", params, "a field of this form", root)
    for name in sorted(_in_circles(needs)):
        place = f"{path}{pointer([name])}/x-compute"
        yield problem_of(
            place,
            "form_formula_circle",
            {"name": name},
            "a formula that does not need itself",
            name,
        )


def _refused(text: Any) -> str | None:
    if not isinstance(text, str) or not text.strip() or len(text) > FORMULA_MAX:
        return f"no text of 1 to {FORMULA_MAX} characters"
    try:
        compile_expression(text)
    except ExpressionError as error:
        return error.message
    for node in ast.walk(parsed(text.strip())):
        if not isinstance(node, _ALLOWED) or (isinstance(node, ast.Compare) and len(node.ops) > 1):
            return f"{type(node).__name__.lower()}, which forms do not know"
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") not in FUNCTIONS:
            return f"{getattr(node.func, 'id', 'a call')}, which forms do not know"
    return None


def _in_circles(needs: Mapping[str, set[str]]) -> set[str]:
    left = {name: set(others) for name, others in needs.items()}
    while free := {name for name, others in left.items() if not others & set(left)}:
        for name in free:
            del left[name]
    return set(left)
