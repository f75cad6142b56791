"""`each(list, value)`: a value for every item, without giving the language a loop that could run away."""

import pytest

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.flow.expression import compile_expression, variables_of

LINES = [{"sku": "A", "fen": 1250, "n": 2}, {"sku": "B", "fen": 1, "n": 1}]


def value(text, **variables):
    return Evaluator({"lines": LINES, **variables}).expression(text)


def test_every_item_gives_one_value_in_order():
    assert value('each(lines, {"sku": it.sku, "price": it.fen / 100})') == [
        {"sku": "A", "price": 12.5},
        {"sku": "B", "price": 0.01},
    ]


def test_what_stands_outside_is_seen_inside():
    assert value('each(lines, shop + ":" + it.sku)', shop="s") == ["s:A", "s:B"]
    assert value("sum(each(lines, it.fen * it.n))") == 2501
    assert value("each([], it.nothing)") == []


def test_the_item_is_no_variable_of_the_flow():
    assert variables_of("each(order.lines, it.price * rate)") == {"order.lines", "rate"}
    assert variables_of("it.price") == {"it.price"}


def test_a_variable_called_it_is_untouched_afterwards():
    assert value("each(lines, it.n) + [it]", it=7) == [2, 1, 7]


WRONG = [
    ("each(lines, each(lines, it))", "inside"),
    ("each(1, it)", "list"),
    ("each(lines, it.missing)", "missing"),
    ("each(lines)", "each"),
    ("each(many, it + it)", "at most"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_cannot_be_is_told(text, why):
    with pytest.raises(ExpressionError, match=why) as told:
        value(text, many=[1] * 50_000)

    assert "at" in told.value.params


def test_a_result_cannot_grow_without_end():
    with pytest.raises(ExpressionError, match="at most"):
        value("each(many, big + big)", many=list(range(1000)), big="x" * 30_000)


def test_a_default_may_stand_inside():
    assert value('each(lines, default(it.note, "-"))') == ["-", "-"]
    assert compile_expression("each(default(a, []), it)").variables == frozenset()


def test_seconds_since_1970_are_a_moment():
    assert value("from_unix(1617355413)") == "2021-04-02T09:23:33.000Z"
    with pytest.raises(ExpressionError, match="seconds"):
        value("from_unix(1617355413000000)")
