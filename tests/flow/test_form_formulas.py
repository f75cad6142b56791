"""Fields that are worked out: the same as in the browser, exact to the cent, and only by formulas both sides know."""

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.flow import form_formulas
from headrace.engine.flow.form_formulas import computed, formula_problems

CASES = json.loads(
    (Path(__file__).parents[1] / "fixtures" / "form_formulas.json").read_text("utf-8")
)["cases"]

MONEY = {"type": "string", "format": "money"}
LINES = {
    "properties": {
        "lines": {
            "type": "array",
            "items": {
                "properties": {
                    "price": MONEY,
                    "quantity": {"type": "integer"},
                    "amount": {**MONEY, "x-compute": "price * quantity"},
                }
            },
        },
        "total": {**MONEY, "x-compute": 'sum(pluck(lines, "amount"))'},
    }
}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_form_works_out_what_the_fixture_says(case):
    assert computed(case["schema"], case["value"]) == case["computed"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_formulas_of_the_fixture_may_be_used(case):
    assert list(formula_problems(case["schema"])) == []


amounts = st.decimals(min_value=0, max_value=10**9, places=2)


@given(st.lists(st.tuples(amounts, st.integers(0, 10_000)), max_size=20))
def test_totals_are_exact_to_the_cent(rows):
    lines = [{"price": f"{price:.2f}", "quantity": quantity} for price, quantity in rows]

    found = computed(LINES, {"lines": lines})

    assert found["total"] == f"{sum((p * q for p, q in rows), Decimal(0)):.2f}"
    assert all(type(row["amount"]) is str for row in found["lines"])


@given(amounts, st.integers(1, 1000))
def test_half_a_cent_is_rounded_as_merchants_do(price, share):
    schema = {
        "properties": {
            "p": MONEY,
            "s": {"type": "integer"},
            "r": {**MONEY, "x-compute": "p * s / 1000"},
        }
    }

    found = computed(schema, {"p": f"{price:.2f}", "s": share})

    wanted = (price * share / 1000).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert found["r"] == f"{wanted:.2f}"


@given(
    st.dictionaries(
        st.sampled_from(["lines", "total", "x"]), st.none() | st.text() | st.lists(st.integers())
    )
)
def test_whatever_is_typed_is_no_exception(value):
    computed(LINES, value)


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("a +", "form_formula_wrong"),
        ("", "form_formula_wrong"),
        (5, "form_formula_wrong"),
        ("a" * 501, "form_formula_wrong"),
        ("a[0]", "form_formula_wrong"),  # the browser's part knows no index
        ("upper(a)", "form_formula_wrong"),
        ("1 < a < 3", "form_formula_wrong"),
        ("a in [1]", "form_formula_wrong"),
        ("b + 1", "form_field_unknown"),
        ("r + 1", "form_formula_circle"),
    ],
)
def test_a_formula_only_one_side_could_read_is_refused(formula, code):
    schema = {
        "properties": {"a": {"type": "number"}, "r": {"type": "number", "x-compute": formula}}
    }

    assert [problem.code for problem in formula_problems(schema)] == [code]


def test_a_circle_of_two_names_both():
    schema = {
        "properties": {"a": {"x-compute": "b"}, "b": {"x-compute": "a"}, "c": {"x-compute": "1"}}
    }

    found = list(formula_problems(schema))

    assert [problem.params["name"] for problem in found] == ["a", "b"]


def test_the_browser_knows_the_same_functions():
    """formula.test.ts says the same list."""
    assert " ".join(sorted(form_formulas.FUNCTIONS)) == (
        "abs ceil default floor len max min number pluck round sum"
    )
