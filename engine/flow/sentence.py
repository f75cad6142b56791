"""A condition read back in plain words, for people who check what they clicked together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine.flow.rules import NO_VALUE, PLAIN_NUMBER, as_list, is_muted

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
        if not is_muted(item)
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
    if operator in NO_VALUE:
        return start
    value = rule.get("value")
    several = operator in {"in", "notIn", "between", "notBetween"}
    items = as_list(value) if several else [value]
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
        case str() if not PLAIN_NUMBER.fullmatch(value):
            return words["quote"].format(value)
        case _:
            return str(value)
