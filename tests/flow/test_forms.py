import json
import time
from pathlib import Path

import pytest

from headrace.engine.flow import forms
from headrace.engine.flow.lint import lint

CASES = json.loads((Path(__file__).parents[1] / "fixtures" / "forms.json").read_text("utf-8"))[
    "cases"
]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_form_finds_what_the_fixture_says(case):
    found = forms.check_form(case["schema"], case["value"])

    assert [{"path": problem.path, "code": problem.code} for problem in found] == case["problems"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_both_validators_say_the_same(case):
    form = forms.Form(case["schema"])

    assert form._is_valid(case["value"]) is (not forms.told(form._slow, case["value"]))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_schemas_of_the_fixture_may_be_used(case):
    assert list(lint(case["schema"])) == []


def test_a_message_says_what_was_expected_and_what_was_found():
    [problem] = forms.check_form(
        {"type": "object", "properties": {"n": {"type": "integer"}}}, {"n": "5"}
    )

    assert problem.message == 'Expected a whole number, but found text "5".'


@pytest.mark.parametrize(
    ("schema", "code"),
    [
        ({"type": "object", "if": {}}, "form_keyword_unknown"),
        ({"$ref": "https://example.com/x"}, "form_keyword_unknown"),
        ({"multipleOf": 0.01}, "form_value_wrong"),  # 19.99 is no multiple of 0.01 in floats
        ({"type": "text"}, "form_value_wrong"),
        ({"minimum": "5"}, "form_value_wrong"),
        ({"format": "data-url"}, "form_format_unknown"),
        ({"pattern": "("}, "form_pattern_refused"),
        ({"pattern": "(?<=a)b"}, "form_pattern_refused"),
        ({"pattern": "(?P<y>a)"}, "form_pattern_refused"),
        ({"pattern": "\\p{Script=Han}"}, "form_pattern_refused"),
        ({"pattern": "(a)\\1"}, "form_pattern_refused"),
        ({"pattern": "a" * 1000}, "form_pattern_refused"),
        ({"required": ["a"], "properties": {}}, "form_required_unknown"),
        ({"properties": {"a": {"properties": {"b": {"allOf": []}}}}}, "form_keyword_unknown"),
        ({"items": {"not": {}}}, "form_keyword_unknown"),
        ({"properties": {"a": 5}}, "form_wrong"),
    ],
)
def test_a_schema_that_two_engines_read_differently_is_refused(schema, code):
    assert [problem.code for problem in lint(schema)] == [code]


def test_a_schema_nested_without_end_is_refused():
    schema = {"type": "string"}
    for _ in range(100):
        schema = {"items": schema}

    assert [problem.code for problem in lint(schema)] == ["form_too_deep"]


def test_a_wild_pattern_cannot_hang_the_server():
    schema = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}

    began = time.thread_time()
    found = forms.check_form(schema, {"a": "a" * 50_000 + "!"})

    assert [problem.code for problem in found] == ["pattern"]
    assert time.thread_time() - began < 2


def test_a_hostile_body_gives_a_list_that_can_be_read():
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "integer"}}},
    }

    assert len(forms.check_form(schema, {"a": ["x"] * 10_000})) == forms.PROBLEMS_MAX


@pytest.mark.parametrize(
    "value", [None, 5, "x", [], float("nan"), "\ud800", {"a": "\ud800"}, {1: 2}]
)
def test_any_value_is_answered(value):
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string", "maxLength": 0}},
        "required": ["a"],
    }

    assert forms.check_form(schema, value)
