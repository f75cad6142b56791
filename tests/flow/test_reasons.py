"""Every sentence the engine says of an expression, a template or a condition is known to the designer, which says it in Chinese.

The designer finds a sentence by `reason.*.said` of `designer/locales/*/errors.json` (`designer/web/src/ui/reasons.ts`), also
where only the sentence was kept: in incidents and histories.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headrace.engine.errors import ExpressionError, TemplateError
from headrace.engine.flow.condition import compile_condition
from headrace.engine.flow.expression import compile_expression
from headrace.engine.flow.render import render

ROOT = Path(__file__).parents[2]
FILES = ["expression", "values", "functions", "reading", "condition", "render", "filters"]
PIECES = {"Expected an expression, but §"}
"""Put together of pieces: the expressions below have it said whole."""
KNOWN: dict[str, dict[str, dict[str, str]]] = json.loads(
    (ROOT / "designer/locales/zh/errors.json").read_text("utf-8")
)["reason"]
HOLE = "§"
WANTS = {"_expected": 1, "wrong_value": 1}
"""Who says what is wanted, and in which argument."""


def _patterns(part: str) -> list[re.Pattern[str]]:
    said = [one["said"] for one in KNOWN[part].values()]
    return [
        re.compile("(.*?)".join(map(re.escape, re.split(r"{{\w+}}", text))), re.DOTALL)
        for text in said
    ]


SENTENCES, HINTS, WORDS = map(_patterns, ("sentence", "hint", "word"))
FOR_ALL = KNOWN["sentence"]["wanted"]["said"]


def known(reason: str) -> bool:
    """A sentence, and up to three hints behind it. "Expected …, but found …" alone would fit any."""
    rest = reason
    for _ in range(4):
        if any(
            one.fullmatch(rest) for one in SENTENCES if one.pattern != _patterns_of(FOR_ALL)
        ) or _of_words(rest):
            return True
        ends = [
            at
            for at, letter in enumerate(rest)
            if letter == " " and any(one.fullmatch(rest[at + 1 :]) for one in HINTS)
        ]
        if not ends:
            return False
        rest = rest[: ends[-1]]
    return False


def _patterns_of(said: str) -> str:
    return "(.*?)".join(map(re.escape, re.split(r"{{\w+}}", said)))


def _of_words(reason: str) -> bool:
    """`Expected {wanted}, but found {found}.` with a wish there are words for."""
    match = re.fullmatch(r"Expected (.*?), but found (.*)\.", reason, re.DOTALL)
    return match is not None and any(one.fullmatch(match.group(1)) for one in WORDS)


def test_the_sentences_in_the_code_are_known() -> None:
    said = {text for name in FILES for text in _sentences(_tree(name))} - PIECES
    said = {text.removesuffix(HOLE) for text in said}  # a hint may follow

    assert len(said) > 45
    assert sorted(text for text in said if not known(text)) == []


def test_what_is_wanted_has_its_words() -> None:
    wanted = sorted({text for name in FILES for text in _wanted(_tree(name))})

    assert len(wanted) > 20
    assert [text for text in wanted if not any(one.fullmatch(text) for one in WORDS)] == []


NAMES: dict[str, Any] = {
    "a": 1, "t": "x", "n": None, "r": {"b": 1, "items": [{"c": 1}, {"d": 2}]}, "l": [1, "x"], "m": "2026-01-09T08:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "", "a = 1", "a && a", "a <> 1", "(a", "a)", "（a）", "'x", "a +", "a b", "1 if a", "007", "1x", "a[", "a.b.",  # not read
        "lambda: 1", "[x for x in l]", "f'x'", "{1}", "a ** 2", "a is 1", "l[0:1]", "(a := 1)", "a @ a", "...", "b'x'",  # refused
        "nosuch(1)", "uper(t)", "round()", "len(*l)", "a(1)(2)", "todo('x')", "{a: 1}", "each(l, each(l, 1))",
        "missing", "r.missing", "r.bb", "n.b", "t.b", "l.c", "l[9]", "a[0]", "r.items.c", "pluck(r.items, 'c')",
        "a + t", "t - 1", "a > n", "-t", "a / 0", "not a", "a and true", "1 if 1 else 2", "a + m",
        "sum(a)", "sum(l)", "max()", "first([])", "round(1, 2.5)", "upper(1)", "number('x')", "date('x')", "date('2026-01-09')",
        "date_add(m, 'x')", "date_diff(m, m, 'weeks')", "format_date(m, 'YYYY', 'Mars')", "split(t, '')", "replace(t, '', '')",
        "days('x')", "days(99999)", "keys(t)", "join(a)", "text(l)", "contains(1, 2)", "each(t, 1)", "from_unix(-1)", "len(1)",
        "10 ** 2", "9" * 400, "+".join(["a"] * 300), "-" * 60 + "a", "(" * 210 + "a" + ")" * 210, "a" * 2001,
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_in_a_known_sentence(text: str) -> None:
    with pytest.raises(ExpressionError) as told:
        compile_expression(text).evaluate(NAMES)

    assert known(told.value.params["reason"])


@pytest.mark.parametrize(
    "text",
    [
        "{{ missing }}", "{{ r.missing }}", "{{ t | nosuch }}", "{{ a * 2 }}", "{{ a(1) }}", "{% for x in t %}{% endfor %}", "{{ a",
        "{% if a %}", "{{ t | money }}", "{{ a | join }}", "{{ l | first | join }}", "{{ [] | first }}", "{{ r }}", "{{ a + t }}",
        "{% set x = 1 %}", "{{ _x }}", "{{ todo('x') }}",
        "{% macro x() %}{% endmacro %}", "{% for x in l %}{{ loop.nope }}{% endfor %}",
    ],
)  # fmt: skip
def test_what_a_template_cannot_do_is_told_in_a_known_sentence(text: str) -> None:
    with pytest.raises(TemplateError) as told:
        render(text, NAMES)

    assert known(told.value.params["reason"])


@pytest.mark.parametrize(
    "tree",
    [
        {"combinator": "and", "rules": []},
        {"combinator": "xor", "rules": [{"field": "a", "operator": "=", "value": 1}]},
        {"combinator": "and", "rules": [{"field": "a", "operator": "near", "value": 1}]},
        {"combinator": "and", "rules": [{"field": "1", "operator": "=", "value": 1}]},
        {"combinator": "and", "rules": [{"field": "a", "operator": "between", "value": 1}]},
        {"combinator": "and", "rules": [{"field": "a", "operator": "in", "value": []}]},
        {"combinator": "and", "rules": [{"field": "a", "operator": ">", "value": ""}]},
        {"combinator": "and", "rules": [{"field": "t", "operator": ">", "value": 5}]},
        {"combinator": "and", "rules": [{"field": "a", "operator": "beginsWith", "value": "x"}]},
        {"combinator": "and", "rules": ["x"]},
        {"expression": "a"},
    ],
)
def test_what_a_condition_cannot_ask_is_told_in_a_known_sentence(tree: dict[str, Any]) -> None:
    with pytest.raises(ExpressionError) as told:
        compile_condition(tree).evaluate(NAMES)

    assert known(told.value.params["reason"])


# --- reading the code ---


def _tree(name: str) -> ast.AST:
    return ast.parse((ROOT / f"engine/flow/{name}.py").read_text("utf-8"))


def _sentences(tree: ast.AST) -> Iterator[str]:
    """Texts that begin as a sentence does, with a hole where a value is put in; pieces of others are not whole."""
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}  # fmt: skip
    documented = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in inner or id(node) in documented:
            continue
        text = _text(node)
        if text is not None and text.startswith("Expected "):
            yield text


def _wanted(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in WANTS and len(node.args) > WANTS[name]:
            text = _text(node.args[WANTS[name]])
            if text is not None:
                yield text


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else HOLE for part in node.values
    )
