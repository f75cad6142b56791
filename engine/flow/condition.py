"""Conditions as people click them together (react-querybuilder's JSON), compiled to one yes-or-no question.

A field that is missing makes its rule neither true nor false: such a rule decides nothing, `not` does not turn it into a
yes, and its path is recorded. `null` and `notNull` ask for exactly that. An input box gives texts and shops send money as
`"12.50"`, so numbers are compared as numbers wherever both sides look like one; a number against any other text is an error.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.engine.errors import ExpressionError
from headrace.engine.flow import values
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.rules import NO_VALUE, PLAIN_NUMBER, as_list, is_muted, problems_of
from headrace.engine.flow.sentence import sentence
from headrace.engine.flow.values import wrong
from headrace.engine.flow.wording import kind_of, shown

__all__ = ["Condition", "compile_condition", "problems_of", "sentence"]

CACHE_MAX = 1_024
"""Compiled conditions kept."""

Verdict = bool | None
"""None: undecided, because a field is missing."""

_Rule = Callable[[Mapping[str, Any], set[str]], Verdict]
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition."""

    variables: frozenset[str]
    """Dotted paths it reads; a missing one is no error."""
    required: frozenset[str]
    """Dotted paths that must exist, because they stand in an expression."""
    run: _Rule

    def evaluate(self, variables: Mapping[str, Any], missing: set[str] | None = None) -> bool:
        """Does it hold? Paths that were not there are added to `missing`. Raises `ExpressionError`."""
        try:
            return self.run(variables, set() if missing is None else missing) is True
        except RecursionError:
            raise wrong("limit", "Expected data nested less deeply.", at=0) from None


def compile_condition(tree: Mapping[str, Any]) -> Condition:
    """Compile a tree, or `{"expression": text}`, once.

    Raises `ExpressionError` for the first problem of `problems_of`.
    """
    try:
        # Without shared references (version 2) equal trees have equal bytes; a tenth of the time json takes.
        key = marshal.dumps(dict(tree), 2)
    except ValueError:
        raise wrong(
            "condition_wrong", "Expected a condition as JSON, but found something else."
        ) from None
    condition = _cache.get(key)
    if condition is None:
        if len(_cache) >= CACHE_MAX:
            _cache.clear()
        condition = _cache[key] = _compiled(json.loads(json.dumps(tree)))
    return condition


_cache: dict[bytes, Condition] = {}


def _compiled(tree: Mapping[str, Any]) -> Condition:
    if isinstance(tree.get("expression"), str):
        return _from_expression(tree["expression"])
    for problem in problems_of(tree):
        raise wrong(problem.code, problem.message, path=problem.path, **problem.params)
    fields = frozenset(_fields(tree))
    return Condition(variables=fields, required=frozenset(), run=_group(tree))


def _from_expression(text: str) -> Condition:
    expression = compile_expression(text)

    def run(variables: Mapping[str, Any], _: set[str]) -> Verdict:
        value = expression.evaluate(variables)
        if value is True or value is False:
            return value
        found = "nothing" if value is None else f"the {kind_of(value)} {shown(value)}"
        raise wrong(
            "kind",
            f"Expected yes or no from the condition, but found {found}.",
            found=kind_of(value),
            at=0,
        )

    return Condition(
        variables=expression.variables | expression.optional, required=expression.variables, run=run
    )


def _fields(group: Mapping[str, Any]) -> Iterator[str]:
    for item in group["rules"]:
        if is_muted(item):
            continue
        if "rules" in item:
            yield from _fields(item)
            continue
        yield item["field"]
        if item.get("valueSource") == "field" and item["operator"] not in NO_VALUE:
            yield from (
                as_list(item["value"])
                if item["operator"] in {"between", "notBetween"}
                else [item["value"]]
            )


# --- compiling -----------------------------------------------------------------------------------


def _group(group: Mapping[str, Any]) -> _Rule:
    rules = tuple(
        _group(item) if "rules" in item else _rule(item)
        for item in group["rules"]
        if not is_muted(item)
    )
    stops = group.get("combinator", "and") == "or"
    turned = bool(group.get("not", False))

    def run(variables: Mapping[str, Any], missing: set[str]) -> Verdict:
        # Three values: undecided only matters where no other rule has decided already.
        verdict: Verdict = not stops
        for rule in rules:
            one = rule(variables, missing)
            if one is stops:
                verdict = stops
                break
            if one is None:
                verdict = None
        return verdict if verdict is None or not turned else not verdict

    return run


def _rule(rule: Mapping[str, Any]) -> _Rule:
    field, operator, value = rule["field"], rule["operator"], rule.get("value")
    path = tuple(field.split("."))
    if operator in NO_VALUE:
        wanted = operator == "null"
        return lambda variables, _: (_found(variables, path) in (None, _MISSING)) is wanted
    negated = operator in _NEGATED
    compare = _COMPARISONS[_NEGATED.get(operator, operator)]
    if rule.get("valueSource") == "field":
        return _against_fields(field, path, compare, value, operator, negated)
    constant = as_list(value) if operator in {"in", "notIn", "between", "notBetween"} else value

    def run(variables: Mapping[str, Any], missing: set[str]) -> Verdict:
        found = _found(variables, path)
        if found is _MISSING:
            missing.add(field)
            return None
        return compare(field, found, constant) is not negated

    return run


def _against_fields(
    field: str, path: Sequence[str], compare: _Comparison, value: Any, operator: str, negated: bool
) -> _Rule:
    several = operator in {"between", "notBetween"}
    others = as_list(value) if several else [value]
    paths = [tuple(other.split(".")) for other in others]

    def run(variables: Mapping[str, Any], missing: set[str]) -> Verdict:
        found = _found(variables, path)
        wanted = [_found(variables, other) for other in paths]
        absent = [
            n for n, v in zip([field, *others], [found, *wanted], strict=True) if v is _MISSING
        ]
        if absent:
            missing.update(absent)
            return None
        return compare(field, found, wanted if several else wanted[0]) is not negated

    return run


def _found(variables: Any, path: Sequence[str]) -> Any:
    for key in path:
        if not isinstance(variables, Mapping) or key not in variables:
            return _MISSING
        variables = variables[key]
    return variables


# --- comparing -----------------------------------------------------------------------------------

_Comparison = Callable[[str, Any, Any], bool]


def _number_of(value: Any) -> values.Number | None:
    if values.is_number(value):
        return values.exact(value)
    if isinstance(value, str) and PLAIN_NUMBER.fullmatch(value):
        return values.parse_number(value)
    return None


def _equals(field: str, found: Any, wanted: Any) -> bool:
    if found is None or wanted is None:
        return found is wanted
    if isinstance(found, bool) and wanted in ("true", "false"):
        return found is (wanted == "true")
    if isinstance(found, str) and isinstance(wanted, str) and found == wanted:
        return True
    a, b = _number_of(found), _number_of(wanted)
    if a is not None and b is not None:
        return a == b
    if (a is None) is not (b is None) and (values.is_number(found) or values.is_number(wanted)):
        if wanted == "" or found == "":
            return False
        raise _unlike(field, "=", found, wanted)
    moments = _moments(found, wanted)
    if moments:
        return moments[0] == moments[1]
    if kind_of(found) != kind_of(wanted):
        raise _unlike(field, "=", found, wanted)
    return values.same(found, wanted)


def _ordered(sign: str) -> _Comparison:
    def compare(field: str, found: Any, wanted: Any) -> bool:
        if found is None or wanted is None:
            return False
        a, b = _number_of(found), _number_of(wanted)
        if a is not None and b is not None:
            return values.order(sign, a, b)
        if a is not None or b is not None:
            raise _unlike(field, sign, found, wanted)
        moments = _moments(found, wanted)
        if moments:
            return values.order(sign, *moments)
        if isinstance(found, str) and isinstance(wanted, str):
            return values.order(sign, found, wanted)
        raise _unlike(field, sign, found, wanted)

    return compare


def _moments(found: Any, wanted: Any) -> tuple[datetime, datetime] | None:
    if not (isinstance(found, str) and isinstance(wanted, str)):
        return None
    a, b = values.parse_moment(found), values.parse_moment(wanted)
    return (a, b) if a is not None and b is not None else None


def _between(field: str, found: Any, wanted: Any) -> bool:
    least, most = wanted
    return _ordered(">=")(field, found, least) and _ordered("<=")(field, found, most)


def _in(field: str, found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):  # the other side is a field that holds a text
        return isinstance(found, str) and found in wanted
    if not isinstance(wanted, list | tuple):
        raise _unlike(field, "in", found, wanted)
    return any(_quietly_equal(field, found, item) for item in wanted)


def _contains(field: str, found: Any, wanted: Any) -> bool:
    if found is None:
        return False
    if isinstance(found, str):
        return (wanted if isinstance(wanted, str) else values.number_text(wanted)) in found
    if isinstance(found, list | tuple):
        return any(_quietly_equal(field, item, wanted) for item in found)
    raise _unlike(field, "contains", found, wanted)


def _quietly_equal(field: str, found: Any, wanted: Any) -> bool:
    try:
        return _equals(field, found, wanted)
    except ExpressionError:
        return False


def _edge(sign: str, test: Callable[[str, str], bool]) -> _Comparison:
    def compare(field: str, found: Any, wanted: Any) -> bool:
        if found is None:
            return False
        if not isinstance(found, str):
            raise _unlike(field, sign, found, wanted)
        return test(found, wanted if isinstance(wanted, str) else values.number_text(wanted))

    return compare


def _unlike(field: str, sign: str, found: Any, wanted: Any) -> ExpressionError:
    reason = (
        f"Expected a value of {field} that goes together with {sign} {shown(wanted)} ({kind_of(wanted)}), "
        f"but found the {kind_of(found)} {shown(found)}."
    )
    return wrong(
        "kind", reason, field=field, sign=sign, left=kind_of(found), right=kind_of(wanted),
        left_value=shown(found), right_value=shown(wanted),
    )  # fmt: skip


_NEGATED = {
    "!=": "=", "doesNotContain": "contains", "doesNotBeginWith": "beginsWith", "doesNotEndWith": "endsWith",
    "notIn": "in", "notBetween": "between",
}  # fmt: skip
_COMPARISONS: Mapping[str, _Comparison] = {
    "=": _equals,
    "<": _ordered("<"),
    "<=": _ordered("<="),
    ">": _ordered(">"),
    ">=": _ordered(">="),
    "between": _between,
    "in": _in,
    "contains": _contains,
    "beginsWith": _edge("beginsWith", str.startswith),
    "endsWith": _edge("endsWith", str.endswith),
}
