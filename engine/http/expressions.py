"""Trying an expression, a text template or a condition while it is being written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headrace.engine import jsontext
from headrace.engine.errors import (
    ExpressionError,
    HeadraceError,
    Problem,
    TemplateError,
    ValidationFailed,
)
from headrace.engine.flow.condition import sentence
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.http.shapes import (
    ANY,
    BOOLEAN,
    OBJECT,
    STRING,
    Schema,
    body,
    many,
    one_of,
    record,
)

KINDS = ("expression", "template", "condition")
TEXT_MAX = 20_000
ROWS_MAX = 100
"""Rows worked out in one call: as many as a list of names and values has (`nodes/_fields.pairs`)."""

_LINE: Schema = {"type": "string", "maxLength": 2_000}
_WRONG: Schema = record({"code": STRING, "message": STRING, "params": OBJECT})


@route(
    "POST",
    "/api/expressions/rows",
    "Evaluate names and values over a sample, from top to bottom as a node does: a later one may use an earlier",
    permission=SIGNED_IN,
    body=body(
        {
            "rows": many(
                record({"name": {"type": "string", "maxLength": 100}, "value": _LINE}, closed=True),
                ROWS_MAX,
            ),
            "sample?": OBJECT,
        }
    ),
    answer=record({"items": many(record({"ok": BOOLEAN, "value?": ANY, "error?": _WRONG}))}),
)
def rows(call: Call) -> Any:
    variables = dict(call.body.get("sample", {}))
    items: list[dict[str, Any]] = []
    for row in call.body["rows"]:
        answer = _answer("expression", row["value"], variables)
        items.append(answer)
        if answer["ok"] and row["name"]:
            variables[row["name"]] = answer["value"]
    return {"items": items}


@route(
    "POST",
    "/api/expressions/check",
    "Evaluate an expression, a template or a condition over a sample",
    permission=SIGNED_IN,
    body=body(
        {
            "kind?": one_of(*KINDS),
            "expression?": {"type": "string", "maxLength": TEXT_MAX},
            "template?": {"type": "string", "maxLength": TEXT_MAX},
            "condition?": OBJECT,
            "sample?": OBJECT,
            "language?": one_of("zh", "en"),
        }
    ),
    answer=record(
        {
            "ok": BOOLEAN,
            "value?": ANY,
            "sentence?": STRING,
            "error?": _WRONG,
        }
    ),
)
def check(call: Call) -> Any:
    told = call.body
    kind = told.get("kind") or next((kind for kind in KINDS if kind in told), "")
    if kind not in told:
        message = "Expected one of expression, template and condition, but found none."
        problem = Problem("", "required", {"name": kind or "expression"}, message)
        raise ValidationFailed(what="body", count=1, problems=[problem])
    answer = _answer(kind, told[kind], told.get("sample", {}))
    if kind == "condition":
        try:
            answer["sentence"] = sentence(told[kind], told.get("language", call_language(call)))
        except (HeadraceError, KeyError, TypeError, AttributeError):
            answer.setdefault(
                "sentence", ""
            )  # half a tree has no words yet; what is wrong was told above
    return answer


def _answer(kind: str, text: Any, sample: Mapping[str, Any]) -> dict[str, Any]:
    try:
        value = _value(kind, text, sample)
        jsontext.dumps(value)
    except (ExpressionError, TemplateError) as wrong:
        return {"ok": False, "error": _error(wrong)}
    return {"ok": True, "value": value}


def call_language(call: Call) -> str:
    """What the browser asks for."""
    return call.request.accept_languages.best_match(("zh", "en"), "zh") or "zh"


def _value(kind: str, text: Any, sample: Mapping[str, Any]) -> Any:
    evaluator = Evaluator(sample)
    match kind:
        case "expression":
            return evaluator.expression(text)
        case "template":
            return evaluator.template(text)
        case _:
            return evaluator.condition(text)


def _error(wrong: HeadraceError) -> dict[str, Any]:
    error = {"code": wrong.code, "message": wrong.message, "params": wrong.params}
    return {**error, "at": wrong.params["at"]} if "at" in wrong.params else error
