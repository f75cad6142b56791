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
from headrace.engine.http.shapes import ANY, BOOLEAN, OBJECT, STRING, body, one_of, record

KINDS = ("expression", "template", "condition")
TEXT_MAX = 20_000


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
            "error?": record({"code": STRING, "message": STRING, "params": OBJECT}),
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
    answer: dict[str, Any] = {"ok": True}
    try:
        answer["value"] = _value(kind, told[kind], told.get("sample", {}))
        jsontext.dumps(answer["value"])
    except (ExpressionError, TemplateError) as wrong:
        answer = {"ok": False, "error": _error(wrong)}
    if kind == "condition":
        try:
            answer["sentence"] = sentence(told[kind], told.get("language", call_language(call)))
        except (HeadraceError, KeyError, TypeError, AttributeError):
            answer.setdefault(
                "sentence", ""
            )  # half a tree has no words yet; what is wrong was told above
    return answer


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
