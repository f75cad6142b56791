"""The rules people click together: what a condition tree may say, and everything wrong with one that says something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.wording import closest, kind_of, shown

RULES_MAX = 200
"""Rules in one condition: more is a decision table."""

DEPTH_MAX = 10
"""Groups inside groups: nobody reads deeper."""

FIELD_MAX = 200
"""Characters of a field's path."""

LIST_MAX = 1_000
"""Values after in and notIn."""

_FIELD = re.compile(r"[^\W\d]\w*(\.\w[\w-]*)*")
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,20})?", re.ASCII)
"""Texts that are a number. `007` is a code, not a number."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing wrong with a tree: where inside it, what, and the words."""

    path: str
    code: str
    params: Mapping[str, Any]
    message: str


_ORDER = {"<", "<=", ">", ">="}
OPERATORS = (
    "=", "!=", "<", "<=", ">", ">=", "contains", "doesNotContain", "beginsWith", "doesNotBeginWith", "endsWith",
    "doesNotEndWith", "in", "notIn", "between", "notBetween", "null", "notNull",
)  # fmt: skip
"""As react-querybuilder names them."""

NO_VALUE = {"null", "notNull"}
_TEXTS = {
    "contains",
    "doesNotContain",
    "beginsWith",
    "doesNotBeginWith",
    "endsWith",
    "doesNotEndWith",
}


def problems_of(tree: Any) -> list[Trouble]:
    """Everything wrong with a condition tree; an empty group is a problem, because it would mean anything."""
    found: list[Trouble] = []
    if isinstance(tree, Mapping) and "expression" in tree:
        found.extend(_expression_problems(tree["expression"]))
    else:
        rules = [0]
        for trouble in _group_problems(tree, "", 0, rules):
            found.append(trouble)
            if len(found) >= 50:
                break
    return found


def _trouble(path: str, code: str, expected: str, found: str, /, **params: Any) -> Trouble:
    return Trouble(path, code, params, f"Expected {expected}, but found {found}.")


def _expression_problems(text: Any) -> Iterator[Trouble]:
    if not isinstance(text, str):
        yield _trouble("/expression", "condition_wrong", "an expression as text", kind_of(text))
        return
    try:
        compile_expression(text)
    except ExpressionError as error:
        yield Trouble("/expression", "expression_wrong", error.params, error.message)


def _group_problems(group: Any, path: str, depth: int, rules: list[int]) -> Iterator[Trouble]:
    if not isinstance(group, Mapping) or not isinstance(group.get("rules"), list):
        yield _trouble(path, "condition_wrong", "a group of rules", kind_of(group))
        return
    if depth >= DEPTH_MAX:
        yield _trouble(
            path,
            "condition_too_deep",
            f"at most {DEPTH_MAX} groups inside each other",
            "more",
            limit=DEPTH_MAX,
        )
        return
    if group.get("combinator", "and") not in ("and", "or"):
        found = shown(group.get("combinator"))
        yield _trouble(
            f"{path}/combinator",
            "condition_wrong",
            "the word and, or the word or",
            found,
            found=found,
        )
    items = [item for item in group["rules"] if not is_muted(item)]
    if not items:
        yield _trouble(path, "condition_empty", "at least one rule in every group", "none")
    for index, item in enumerate(group["rules"]):
        rules[0] += 1
        if rules[0] > RULES_MAX:
            if rules[0] == RULES_MAX + 1:
                yield _trouble(
                    path,
                    "condition_too_long",
                    f"at most {RULES_MAX} rules",
                    "more",
                    limit=RULES_MAX,
                )
            return
        if is_muted(item):
            continue
        place = f"{path}/rules/{index}"
        if isinstance(item, Mapping) and "rules" in item:
            yield from _group_problems(item, place, depth + 1, rules)
        else:
            yield from _rule_problems(item, place)


def is_muted(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("muted") is True


def _rule_problems(rule: Any, path: str) -> Iterator[Trouble]:
    if not isinstance(rule, Mapping):
        yield _trouble(path, "condition_wrong", "a rule", kind_of(rule))
        return
    if not is_field(rule.get("field")):
        found = shown(rule.get("field"))
        yield _trouble(
            f"{path}/field", "condition_field_wrong", "a field as order.amount", found, found=found
        )
    operator = rule.get("operator")
    if operator not in OPERATORS:
        near = closest(str(operator), OPERATORS)
        yield _trouble(
            f"{path}/operator", "condition_operator_unknown", f"one of {', '.join(OPERATORS)}", shown(operator),
            found=shown(operator), closest=near,
        )  # fmt: skip
    elif operator not in NO_VALUE:
        yield from _value_problems(rule, operator, f"{path}/value")


def _value_problems(rule: Mapping[str, Any], operator: str, path: str) -> Iterator[Trouble]:
    source, value = rule.get("valueSource", "value"), rule.get("value")
    if source not in ("value", "field"):
        yield _trouble(path, "condition_wrong", "a value or a field", shown(source))
    elif operator in {"between", "notBetween"}:
        ends = as_list(value)
        if len(ends) != 2 or any(end in ("", None) for end in ends):
            yield _trouble(
                path,
                "condition_value_wrong",
                "two values, from and to",
                shown(value),
                operator=operator,
            )
        elif source == "field" and not all(map(is_field, ends)):
            yield _trouble(
                path, "condition_field_wrong", "two fields", shown(value), found=shown(value)
            )
    elif source == "field":
        if not is_field(value):
            yield _trouble(
                path,
                "condition_field_wrong",
                "a field as order.amount",
                shown(value),
                found=shown(value),
            )
    elif operator in {"in", "notIn"}:
        if not 0 < len(as_list(value)) <= LIST_MAX:
            yield _trouble(
                path,
                "condition_value_wrong",
                f"1 to {LIST_MAX} values",
                shown(value),
                operator=operator,
            )
    elif operator in _TEXTS:
        if not isinstance(value, str | int | float) or value == "":
            yield _trouble(path, "condition_value_wrong", "a text", shown(value), operator=operator)
    elif isinstance(value, Mapping | list) or (operator in _ORDER and value in ("", None)):
        yield _trouble(
            path, "condition_value_wrong", "a single value", shown(value), operator=operator
        )


def is_field(field: Any) -> bool:
    return isinstance(field, str) and len(field) <= FIELD_MAX and bool(_FIELD.fullmatch(field))


def as_list(value: Any) -> list[Any]:
    """react-querybuilder gives lists, or one text with commas."""
    if isinstance(value, list):
        return value
    return (
        [part.strip() for part in value.split(",")]
        if isinstance(value, str) and value.strip()
        else []
    )
