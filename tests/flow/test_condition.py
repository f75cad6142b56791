import json
from pathlib import Path

import pytest

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.condition import compile_condition, problems_of, sentence

FIXTURE = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "conditions.json").read_text("utf-8")
)
CASES = FIXTURE["cases"]
DECIDED = [case for case in CASES if case["expect"] != "error"]
REFUSED = [case for case in CASES if case["expect"] == "error"]
TOLD = [(case, language) for case in CASES for language in ("zh", "en") if language in case]


def names(cases):
    return [case["name"] for case in cases]


@pytest.mark.parametrize("case", DECIDED, ids=names(DECIDED))
def test_a_condition_decides_as_the_fixture_says(case):
    missing = set()

    answer = compile_condition(case["tree"]).evaluate(FIXTURE["variables"], missing)

    assert (answer, missing) == (case["expect"], set(case.get("missing", ())))


@pytest.mark.parametrize("case", REFUSED, ids=names(REFUSED))
def test_what_cannot_be_decided_is_an_error(case):
    with pytest.raises(ExpressionError):
        compile_condition(case["tree"]).evaluate(FIXTURE["variables"])


@pytest.mark.parametrize(("case", "language"), TOLD)
def test_a_condition_reads_back_in_plain_words(case, language):
    assert sentence(case["tree"], language) == case[language]


def test_labels_stand_for_fields_in_the_sentence():
    tree = {
        "combinator": "and",
        "rules": [{"field": "order.amount", "operator": ">", "value": 500}],
    }

    assert sentence(tree, "zh", {"order.amount": "订单金额"}) == "订单金额 大于 500"


def test_an_error_names_the_field_and_both_kinds():
    tree = {"combinator": "and", "rules": [{"field": "status", "operator": ">", "value": 5}]}

    with pytest.raises(ExpressionError) as error:
        compile_condition(tree).evaluate({"status": "paid"})

    assert (
        error.value.params["field"],
        error.value.params["left"],
        error.value.params["right"],
    ) == ("status", "text", "number")


def test_a_condition_says_which_variables_it_reads():
    tree = {
        "combinator": "or",
        "rules": [
            {"field": "a.b", "operator": "=", "value": "c.d", "valueSource": "field"},
            {"rules": [{"field": "e", "operator": "null"}]},
        ],
    }

    assert compile_condition(tree).variables == {"a.b", "c.d", "e"}


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ({"combinator": "and", "rules": []}, "condition_empty"),
        ({"combinator": "xor", "rules": [{"field": "a", "operator": "null"}]}, "condition_wrong"),
        ({"rules": [{"field": "", "operator": "null"}]}, "condition_field_wrong"),
        ({"rules": [{"field": "a b", "operator": "null"}]}, "condition_field_wrong"),
        ({"rules": [{"field": "a", "operator": "like"}]}, "condition_operator_unknown"),
        ({"rules": [{"field": "a", "operator": "between", "value": "5"}]}, "condition_value_wrong"),
        ({"rules": [{"field": "a", "operator": "in", "value": []}]}, "condition_value_wrong"),
        (
            {"rules": [{"field": "a", "operator": ">", "value": ""}]},
            "condition_value_wrong",
        ),  # the box was left empty
        ({"rules": ["and"]}, "condition_wrong"),
        ({"expression": "amount >"}, "expression_wrong"),
        ({"expression": 5}, "condition_wrong"),
        ({}, "condition_wrong"),
        ([], "condition_wrong"),
    ],
)
def test_a_tree_that_cannot_be_meant_is_a_problem(tree, code):
    assert [trouble.code for trouble in problems_of(tree)] == [code]


def test_every_problem_of_a_tree_is_told_with_its_place():
    tree = {"rules": [{"field": "", "operator": "null"}, {"rules": []}]}

    assert [trouble.path for trouble in problems_of(tree)] == ["/rules/0/field", "/rules/1"]


def test_too_many_rules_are_refused_without_walking_them_all():
    tree = {"rules": [{"field": "a", "operator": "null"}] * 100_000}

    assert [trouble.code for trouble in problems_of(tree)] == ["condition_too_long"]


def test_groups_nested_without_end_are_refused():
    tree = {"field": "a", "operator": "null"}
    for _ in range(50):
        tree = {"combinator": "and", "rules": [tree]}

    assert [trouble.code for trouble in problems_of(tree)] == ["condition_too_deep"]


def test_a_muted_rule_is_not_asked():
    tree = {
        "rules": [
            {"field": "amount", "operator": ">", "value": 5},
            {"field": "amount", "operator": ">", "value": 5000, "muted": True},
        ]
    }

    assert compile_condition(tree).evaluate({"amount": 600})
