"""Conditions as people click them together (react-querybuilder's JSON), compiled to one yes-or-no question.

A field that is missing makes its rule neither true nor false: such a rule decides nothing, `not` does not turn it into a
yes, and its path is recorded. `null` and `notNull` ask for exactly that. An input box gives texts and shops send money as
`"12.50"`, so numbers are compared as numbers wherever both sides look like one; a number against any other text is an error.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headrace.engine.errors import ExpressionError
from headrace.engine.flow import values
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.values import wrong
from headrace.engine.flow.wording import closest, kind_of, shown

RULES_MAX = 200
"""Rules in one condition: more is a decision table."""

DEPTH_MAX = 10
"""Groups inside groups: nobody reads deeper."""

FIELD_MAX = 200
"""Characters of a field's path."""

LIST_MAX = 1_000
"""Values after in and notIn."""

CACHE_MAX = 1_024

Verdict = bool | None
"""None: undecided, because a field is missing."""

_Rule = Callable[[Mapping[str, Any], set[str]], Verdict]
_MISSING = object()
_FIELD = re.compile(r"[^\W\d]\w*(\.\w[\w-]*)*")


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


# --- what may be asked ---------------------------------------------------------------------------


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

_NO_VALUE = {"null", "notNull"}
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
    items = [item for item in group["rules"] if not _muted(item)]
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
        if _muted(item):
            continue
        place = f"{path}/rules/{index}"
        if isinstance(item, Mapping) and "rules" in item:
            yield from _group_problems(item, place, depth + 1, rules)
        else:
            yield from _rule_problems(item, place)


def _muted(item: Any) -> bool:
    return isinstance(item, Mapping) and item.get("muted") is True


def _rule_problems(rule: Any, path: str) -> Iterator[Trouble]:
    if not isinstance(rule, Mapping):
        yield _trouble(path, "condition_wrong", "a rule", kind_of(rule))
        return
    if not _is_field(rule.get("field")):
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
    elif operator not in _NO_VALUE:
        yield from _value_problems(rule, operator, f"{path}/value")


def _value_problems(rule: Mapping[str, Any], operator: str, path: str) -> Iterator[Trouble]:
    source, value = rule.get("valueSource", "value"), rule.get("value")
    if source not in ("value", "field"):
        yield _trouble(path, "condition_wrong", "a value or a field", shown(source))
    elif operator in {"between", "notBetween"}:
        ends = _as_list(value)
        if len(ends) != 2 or any(end in ("", None) for end in ends):
            yield _trouble(
                path,
                "condition_value_wrong",
                "two values, from and to",
                shown(value),
                operator=operator,
            )
        elif source == "field" and not all(map(_is_field, ends)):
            yield _trouble(
                path, "condition_field_wrong", "two fields", shown(value), found=shown(value)
            )
    elif source == "field":
        if not _is_field(value):
            yield _trouble(
                path,
                "condition_field_wrong",
                "a field as order.amount",
                shown(value),
                found=shown(value),
            )
    elif operator in {"in", "notIn"}:
        if not 0 < len(_as_list(value)) <= LIST_MAX:
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


def _is_field(field: Any) -> bool:
    return isinstance(field, str) and len(field) <= FIELD_MAX and bool(_FIELD.fullmatch(field))


def _as_list(value: Any) -> list[Any]:
    """react-querybuilder gives lists, or one text with commas."""
    if isinstance(value, list):
        return value
    return (
        [part.strip() for part in value.split(",")]
        if isinstance(value, str) and value.strip()
        else []
    )


def _fields(group: Mapping[str, Any]) -> Iterator[str]:
    for item in group["rules"]:
        if _muted(item):
            continue
        if "rules" in item:
            yield from _fields(item)
            continue
        yield item["field"]
        if item.get("valueSource") == "field" and item["operator"] not in _NO_VALUE:
            yield from (
                _as_list(item["value"])
                if item["operator"] in {"between", "notBetween"}
                else [item["value"]]
            )


# --- compiling -----------------------------------------------------------------------------------


def _group(group: Mapping[str, Any]) -> _Rule:
    rules = tuple(
        _group(item) if "rules" in item else _rule(item)
        for item in group["rules"]
        if not _muted(item)
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
    if operator in _NO_VALUE:
        wanted = operator == "null"
        return lambda variables, _: (_found(variables, path) in (None, _MISSING)) is wanted
    negated = operator in _NEGATED
    compare = _COMPARISONS[_NEGATED.get(operator, operator)]
    if rule.get("valueSource") == "field":
        return _against_fields(field, path, compare, value, operator, negated)
    constant = _as_list(value) if operator in {"in", "notIn", "between", "notBetween"} else value

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
    others = _as_list(value) if several else [value]
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
_PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,30})(\.\d{1,20})?", re.ASCII)
"""Texts that are a number. `007` is a code, not a number."""


def _number_of(value: Any) -> values.Number | None:
    if values.is_number(value):
        return values.exact(value)
    if isinstance(value, str) and _PLAIN_NUMBER.fullmatch(value):
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


# --- reading back --------------------------------------------------------------------------------

_WORDS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "=": "等于", "!=": "不等于", "<": "小于", "<=": "不大于", ">": "大于", ">=": "不小于", "contains": "包含",
        "doesNotContain": "不包含", "beginsWith": "开头是", "doesNotBeginWith": "开头不是", "endsWith": "结尾是",
        "doesNotEndWith": "结尾不是", "in": "是其中之一", "notIn": "不在其中", "between": "介于", "notBetween": "不介于",
        "null": "为空", "notNull": "不为空", "and": " 且 ", "or": " 或 ", "not": "并非", "to": " 和 ", "list": "、",
        "true": "是", "false": "否", "nothing": "空", "open": "(", "close": ")", "quote": "「{}」", "always": "(没有条件)",
    },
    "en": {
        "=": "is", "!=": "is not", "<": "is less than", "<=": "is at most", ">": "is more than", ">=": "is at least",
        "contains": "contains", "doesNotContain": "does not contain", "beginsWith": "begins with",
        "doesNotBeginWith": "does not begin with", "endsWith": "ends with", "doesNotEndWith": "does not end with",
        "in": "is one of", "notIn": "is none of", "between": "is between", "notBetween": "is not between",
        "null": "is empty", "notNull": "is not empty", "and": " and ", "or": " or ", "not": "not ", "to": " and ",
        "list": ", ", "true": "yes", "false": "no", "nothing": "nothing", "open": "(", "close": ")", "quote": "“{}”",
        "always": "(no condition)",
    },
}  # fmt: skip


def sentence(
    tree: Mapping[str, Any], language: str = "zh", labels: Mapping[str, str] | None = None
) -> str:
    """A condition in plain words: `金额 大于 500 且 状态 等于 「已付」`. `labels`: field path → its name for people."""
    if "expression" in tree:
        return str(tree["expression"])
    words = _WORDS.get(language, _WORDS["en"])
    return _group_sentence(tree, words, labels or {}, outermost=True)


def _group_sentence(
    group: Mapping[str, Any],
    words: Mapping[str, str],
    labels: Mapping[str, str],
    *,
    outermost: bool,
) -> str:
    parts = [
        _group_sentence(item, words, labels, outermost=False)
        if "rules" in item
        else _rule_sentence(item, words, labels)
        for item in group.get("rules", ())
        if not _muted(item)
    ]
    text = words[group.get("combinator", "and")].join(parts) or words["always"]
    if group.get("not"):
        return f"{words['not']}{words['open']}{text}{words['close']}"
    return text if outermost or len(parts) < 2 else f"{words['open']}{text}{words['close']}"


def _rule_sentence(
    rule: Mapping[str, Any], words: Mapping[str, str], labels: Mapping[str, str]
) -> str:
    field, operator = str(rule.get("field")), str(rule.get("operator"))
    start = f"{labels.get(field, field)} {words.get(operator, operator)}"
    if operator in _NO_VALUE:
        return start
    value = rule.get("value")
    several = operator in {"in", "notIn", "between", "notBetween"}
    items = _as_list(value) if several else [value]
    if rule.get("valueSource") == "field":
        told = [labels.get(str(item), str(item)) for item in items]
    else:
        told = [_value_sentence(item, words) for item in items]
    return f"{start} {words['to' if 'etween' in operator else 'list'].join(told)}"


def _value_sentence(value: Any, words: Mapping[str, str]) -> str:
    match value:
        case None:
            return words["nothing"]
        case bool():
            return words["true" if value else "false"]
        case str() if not _PLAIN_NUMBER.fullmatch(value):
            return words["quote"].format(value)
        case _:
            return str(value)
