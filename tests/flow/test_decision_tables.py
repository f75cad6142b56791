"""Decision tables: what cells mean, which rows hit, and what is left out, said twice or never reached."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.engine.flow.decision import cells, sheet
from headrace.engine.flow.decision.analysis import analyse
from headrace.engine.flow.decision.bench import run_samples
from headrace.engine.flow.decision.cells import CellWrong
from headrace.engine.flow.decision.compiled import Compiled, DecisionTrouble, problems_of
from headrace.engine.flow.decision.diff import changes

AMOUNT = {"name": "amount", "kind": "money", "min": 0}
SHOP = {"name": "shop", "kind": "choice", "options": [{"value": v} for v in ("tmall", "jd", "pdd")]}
ROUTE = {"name": "route", "kind": "text"}


def table(
    rows: list[tuple[Any, ...]],
    inputs: tuple[dict[str, Any], ...] = (AMOUNT, SHOP),
    outputs: tuple[dict[str, Any], ...] = (ROUTE,),
    policy: str = "unique",
    **more: Any,
) -> dict[str, Any]:
    """A definition; a row is its cells, results last."""
    names = [c["name"] for c in inputs]
    return {
        "title": {"en": "Table"},
        "policy": policy,
        "inputs": list(inputs),
        "outputs": list(outputs),
        "rules": [
            {
                "id": f"r{number}",
                "when": dict(zip(names, row, strict=False)),
                "then": dict(zip((c["name"] for c in outputs), row[len(names) :], strict=True)),
            }
            for number, row in enumerate(rows, 1)
        ],
        **more,
    }


# --- cells --------------------------------------------------------------------------------------

NUMBER = {"name": "n", "kind": "number"}
TEXT = {"name": "t", "kind": "text"}
DAY = {"name": "d", "kind": "date"}
YES = {"name": "y", "kind": "yes_no"}
TAGS = {"name": "tags", "kind": "list"}


@pytest.mark.parametrize(
    ("column", "cell", "holds", "fails"),
    [
        (NUMBER, "-", [1, -5.5], []),
        (NUMBER, "", [1], []),
        (NUMBER, ">= 200", [200, 1e6], [199.99]),
        (NUMBER, "≥200", [200], [199]),
        (NUMBER, "200..500", [200, 333.3, 500], [199, 501]),
        (NUMBER, "200～500", [200, 500], [501]),
        (NUMBER, "(200..500]", [200.01, 500], [200]),
        (NUMBER, "[200..500)", [200], [500]),
        (NUMBER, "1, 5, > 10", [1, 5, 11], [2, 10]),
        (NUMBER, "1，5", [1, 5], [2]),
        (NUMBER, "not(1, 5)", [2], [1, 5]),
        (NUMBER, "!= 3", [2], [3]),
        (NUMBER, "= 3", [3], [2]),
        (NUMBER, "-3", [-3], [3]),
        (NUMBER, "it > 3 and it < 9", [4], [3, 9]),
        (NUMBER, ">= 2 * 10", [20], [19]),
        (TEXT, '"A", "B"', ["A", "B"], ["C", ""]),
        (TEXT, "“红，色”、蓝色", ["红，色", "蓝色"], ["红"]),
        (TEXT, "not(A)", ["B", ""], ["A"]),
        (TEXT, 'contains(it, "x")', ["axb"], ["ab"]),
        (DAY, ">= 2026-05-01", ["2026-05-01", "2026-12-31"], ["2026-04-30"]),
        (DAY, "2026/5/1..2026/5/3", ["2026-05-02", "2026-05-02T18:00:00+00:00"], ["2026-05-04"]),
        (DAY, "<= 2026-05-01", ["2026-04-30T15:59:59Z", "2026-04-30T16:30:00Z"], ["2026-05-01T16:00:00Z"]),
        (YES, "yes", [True], [False]),
        (YES, "否", [False], [True]),
        (SHOP, "tmall, jd", ["tmall"], ["pdd"]),
        (SHOP, "not(jd)", ["tmall", "pdd"], ["jd"]),
        (TAGS, '"vip", "big"', [["vip"], ["x", "big"]], [["x"], []]),
        (TAGS, "len(it) > 1", [["a", "b"]], [["a"]]),
    ],
)  # fmt: skip
def test_what_a_cell_means(
    column: dict[str, Any], cell: str, holds: list[Any], fails: list[Any]
) -> None:
    found = Compiled(table([(cell, "x")], inputs=(column,)))
    for value in holds:
        assert found.ask({column["name"]: value}).matched, (cell, value)
    for value in fails:
        assert not found.ask({column["name"]: value}).matched, (cell, value)


@pytest.mark.parametrize(
    ("column", "cell", "code"),
    [
        (NUMBER, "much", "cell_name"),
        (NUMBER, "5..3", "cell_range"),
        (NUMBER, "(5..5)", "cell_range"),
        (NUMBER, "1,,2", "cell_wrong"),
        (NUMBER, "it >", "cell_expression"),
        (SHOP, "amazon", "cell_option"),
        (SHOP, "> tmall", "cell_wrong"),
        (AMOUNT, "> 1.005", "cell_decimals"),
        (DAY, "2026-02-30", "cell_wrong"),
        (YES, "perhaps", "cell_name"),
        (NUMBER, "> other", "cell_name"),
    ],
)
def test_what_is_no_cell_is_told_where_it_stands(
    column: dict[str, Any], cell: str, code: str
) -> None:
    found = problems_of(table([(cell, "x")], inputs=(column,)))
    assert [(p.path, p.code) for p in found] == [(f"/rules/0/when/{column['name']}", code)]


def test_a_value_survives_being_written() -> None:
    for column, value in (
        (NUMBER, 5),
        (TEXT, 'a "b", c'),
        (DAY, 739000),
        (YES, True),
        (SHOP, "jd"),
    ):
        assert cells.literal(column, cells.written(column, value)) == value


def test_money_is_exact_and_days_leave_as_they_came() -> None:
    sums = table(
        [("-", "-", "amount * 0.1", "2026-05-01")], outputs=({"name": "fee", "kind": "money"}, {"name": "day", "kind": "date"})
    )  # fmt: skip
    answer = Compiled(sums).ask({"amount": "0.30", "shop": "jd"})
    assert answer.outputs == {"fee": 0.03, "day": "2026-05-01"}
    with pytest.raises(DecisionTrouble, match="decimals"):
        Compiled(sums).ask({"amount": 0.305, "shop": "jd"})


def test_nothing_given_is_trouble_unless_the_column_allows_it() -> None:
    with pytest.raises(DecisionTrouble) as trouble:
        Compiled(table([("-", "-", "a")])).ask({"amount": 5, "shop": None})
    assert trouble.value.code == "input_missing"
    maybe = ({**NUMBER, "optional": True},)
    found = Compiled(
        table(
            [("null", "none"), ("> 5", "much"), ("not(null)", "some")], inputs=maybe, policy="first"
        )
    )
    assert [found.ask({"n": v}).outputs["route"] for v in (None, 6, 1)] == ["none", "much", "some"]


# --- hit policies -------------------------------------------------------------------------------

STAGES = {
    "name": "stage",
    "kind": "choice",
    "options": [{"value": v} for v in ("block", "review", "pass")],
}
POINTS = {"name": "points", "kind": "number"}


@pytest.mark.parametrize(
    ("policy", "more", "answer", "rows"),
    [
        ("first", {}, {"stage": "pass", "points": 1}, (1,)),
        ("priority", {}, {"stage": "block", "points": 3}, (3,)),
        ("rule_order", {}, {"stage": ["pass", "review", "block"], "points": [1, 2, 3]}, (1, 2, 3)),
        ("collect", {"collect": "count"}, {"stage": 3, "points": 3}, (1, 2, 3)),
    ],
)
def test_hit_policies(
    policy: str, more: dict[str, Any], answer: dict[str, Any], rows: tuple[int, ...]
) -> None:
    found = Compiled(
        table([("> 1", "pass", "1"), ("> 2", "review", "2"), ("> 3", "block", "3")], (NUMBER,), (STAGES, POINTS), policy, **more)
    ).ask({"n": 9})  # fmt: skip
    assert (found.outputs, found.rows) == (answer, rows)


@pytest.mark.parametrize(
    ("how", "value"), [("sum", 0.6), ("min", 0.1), ("max", 0.3), ("list", [0.1, 0.2, 0.3])]
)
def test_collecting(how: str, value: Any) -> None:
    found = Compiled(
        table(
            [("-", "0.1"), ("-", "0.2"), ("-", "0.3")], (NUMBER,), (POINTS,), "collect", collect=how
        )
    )
    assert found.ask({"n": 1}).outputs == {"points": value}


def test_unique_and_any_refuse_what_they_cannot_decide() -> None:
    rows = [("> 1", "a"), ("> 2", "b")]
    for policy, code in (("unique", "several_rows"), ("any", "rows_disagree")):
        with pytest.raises(DecisionTrouble) as trouble:
            Compiled(table(rows, (NUMBER,), policy=policy)).ask({"n": 5})
        assert (trouble.value.code, trouble.value.params["rows"]) == (code, [1, 2])
    same = Compiled(table([("> 1", "a"), ("> 2", "a")], (NUMBER,), policy="any")).ask({"n": 5})
    assert (same.outputs, same.rows) == ({"route": "a"}, (1, 2))


def test_what_no_row_knows_gets_the_defaults_and_says_so() -> None:
    found = Compiled(table([("> 5", "much")], (NUMBER,), ({**ROUTE, "default": "manual"},))).ask(
        {"n": 1}
    )
    assert (found.matched, found.outputs, found.rows) == (False, {"route": "manual"}, ())


# --- the two the requirements name ----------------------------------------------------------------

GOODS = {
    "name": "goods",
    "kind": "choice",
    "options": [{"value": v} for v in ("food", "electronics", "clothes")],
}
R054 = table(
    [
        ("tmall", "food", "< 200", "cold"), ("tmall", "food", ">= 200", "cold_review"), ("tmall", "electronics", "< 1000", "fast"),
        ("tmall", "electronics", ">= 1000", "risk"), ("tmall", "clothes", "-", "fast"), ("jd", "food", "-", "cold"),
        ("jd", "electronics", "< 1000", "fast"), ("jd", "electronics", "[1000..5000)", "risk"),
        ("jd", "electronics", ">= 5000", "manager"),
        ("jd", "clothes", "-", "fast"), ("pdd", "food, clothes", "< 200", "bulk"),
        ("pdd", "food, clothes", ">= 200", "bulk_review"),
    ],
    (SHOP, GOODS, AMOUNT), outputs=({**ROUTE, "default": "manual"},),
)  # fmt: skip


def test_r054_twelve_rows_route_orders_and_flag_what_they_do_not_know() -> None:
    found = Compiled(R054)
    orders = [
        ("tmall", "food", 199.99, "cold"), ("tmall", "food", 200, "cold_review"), ("tmall", "electronics", 1, "fast"),
        ("tmall", "electronics", 1000, "risk"), ("tmall", "clothes", 9999, "fast"), ("jd", "food", 0, "cold"),
        ("jd", "electronics", 999.99, "fast"), ("jd", "electronics", 4999.99, "risk"), ("jd", "electronics", 5000, "manager"),
        ("jd", "clothes", 1, "fast"), ("pdd", "clothes", 1, "bulk"), ("pdd", "food", 200, "bulk_review"),
    ]  # fmt: skip
    for row, (shop, goods, amount, route) in enumerate(orders, 1):
        answer = found.ask({"shop": shop, "goods": goods, "amount": amount})
        assert (answer.outputs["route"], answer.rows) == (route, (row,))
    missed = found.ask({"shop": "pdd", "goods": "electronics", "amount": 5})
    assert (missed.matched, missed.outputs) == (False, {"route": "manual"})
    report = analyse(found)
    assert [gap.when for gap in report.gaps] == [
        {"shop": '"pdd"', "goods": '"electronics"', "amount": "-"}
    ]
    assert (report.overlaps, report.unreachable, report.free_rows) == ([], [], [])


LEVEL = {"name": "level", "kind": "choice", "options": [{"value": v} for v in ("regular", "vip")]}
RISK = {"name": "high_risk", "kind": "yes_no"}
R098 = table(
    [
        ("<= 200", "regular", "no", "auto"), ("(200..1000]", "regular", "no", "lead"), ("(1000..5000]", "regular", "no", "manager"),
        ("> 5000", "regular", "no", "countersign"), ("<= 1000", "vip", "no", "auto"), ("(1000..5000]", "vip", "no", "lead"),
        ("> 5000", "vip", "no", "manager"), ("-", "-", "yes", "countersign"),
    ],
    (AMOUNT, LEVEL, RISK),
)  # fmt: skip
R098_ASKED = [
    # amount, customer, high risk → route; the first of each pair is the last value of its row, the second the first of the next
    (200, "regular", False, "auto"), (200.01, "regular", False, "lead"), (5000, "regular", False, "manager"),
    (5000.01, "regular", False, "countersign"), (1000, "vip", False, "auto"), (1000.01, "vip", False, "lead"),
    (99999, "vip", False, "manager"), (1, "regular", True, "countersign"),
]  # fmt: skip


def test_r098_eight_rows_grade_approvals() -> None:
    found = Compiled(R098)
    for row, (amount, whom, risky, route) in enumerate(R098_ASKED, 1):
        answer = found.ask({"amount": amount, "level": whom, "high_risk": risky})
        assert (answer.outputs["route"], answer.rows) == (route, (row,))
    report = analyse(found)
    assert (report.gaps, report.overlaps, report.complete) == ([], [], True)


# --- analysis -----------------------------------------------------------------------------------


def test_gaps_are_told_as_cells_with_an_example() -> None:
    report = analyse(Compiled(table([("< 100", "a"), ("[100.02..500)", "b")], (AMOUNT,))))
    assert [(gap.when["amount"], gap.example["amount"]) for gap in report.gaps] == [
        ("[100..100.02), >= 500", 100)
    ]
    cents = analyse(Compiled(table([("<= 100", "a"), (">= 100.01", "b")], (AMOUNT,))))
    assert cents.gaps == []
    dense = analyse(Compiled(table([("<= 100", "a"), (">= 101", "b")], (NUMBER,))))
    assert [(gap.when["n"], gap.example["n"]) for gap in dense.gaps] == [("(100..101)", 100.5)]


def test_overlaps_and_rows_behind_others() -> None:
    rows = [("> 10", "a"), ("5..20", "b"), ("> 15", "c")]
    report = analyse(Compiled(table(rows, (NUMBER,))))
    assert [(o.rows, o.when["n"]) for o in report.overlaps] == [
        ((1, 2), "(10..20]"), ((1, 3), "> 15"), ((2, 3), "(15..20]"),
    ]  # fmt: skip
    report = analyse(Compiled(table(rows, (NUMBER,), policy="first")))
    assert [(one.row, one.why, one.by) for one in report.unreachable] == [(3, "covered", (1, 2))]


def test_a_row_nobody_has_filled_in_yet_is_no_rule() -> None:
    definition = table([("> 10", "a")], (NUMBER,), policy="first")
    definition["rules"].append({"id": "new", "when": {"n": ""}, "then": {}})
    found = Compiled(definition)
    assert not found.ask({"n": 1}).matched
    report = analyse(found)
    assert ([gap.when for gap in report.gaps], report.unreachable) == ([{"n": "<= 10"}], [])


def test_expressions_are_named_not_guessed() -> None:
    report = analyse(Compiled(table([("> 10", "a"), ("it * 2 <= 20", "b")], (NUMBER,))))
    assert (report.free_rows, report.overlaps) == ([2], [])
    assert [(gap.when, gap.maybe) for gap in report.gaps] == [({"n": "<= 10"}, (2,))]


_POINTS = st.integers(0, 6)
_ORDERED = st.one_of(
    st.just("-"),
    _POINTS.map(lambda n: f"> {n}"), _POINTS.map(lambda n: f"<= {n}"), _POINTS.map(str), _POINTS.map(lambda n: f"!= {n}"),
    st.tuples(_POINTS, _POINTS).map(lambda p: f"{min(p)}..{max(p)}"),
    st.tuples(_POINTS, _POINTS).map(lambda p: f"({min(p)}..{max(p) + 1})"),
    st.tuples(_POINTS, _POINTS).map(lambda p: f"not({p[0]}, {p[1]})"),
)  # fmt: skip
_NAMED = st.one_of(
    st.just("-"),
    st.sampled_from(["tmall", "jd, pdd", "not(jd)", "tmall, jd, pdd", "null", "null, jd"]),
)
_MAYBE_SHOP = {**SHOP, "optional": True}


@settings(max_examples=60)
@given(
    rows=st.lists(st.tuples(_ORDERED, _NAMED, st.sampled_from(["a", "b"])), min_size=1, max_size=6),
    whole=st.booleans(),
    policy=st.sampled_from(["unique", "first", "any"]),
)
def test_the_analysis_is_what_trying_everything_finds(
    rows: list[tuple[str, str, str]], whole: bool, policy: str
) -> None:
    """Against a grid finer than the literals: halves where the column takes them."""
    column = {**NUMBER, "min": 0, "max": 7, **({"decimals": 0} if whole else {})}
    found = Compiled(table(rows, (column, _MAYBE_SHOP), policy=policy))
    report = analyse(found)
    grid = [n / 2 for n in range(15) if not whole or n % 2 == 0]
    alone = [Compiled(table([row], (column, _MAYBE_SHOP))) for row in rows]
    uncovered: set[tuple[float, str | None]] = set()
    together: set[tuple[int, int]] = set()
    first: set[int] = set()
    for n, shop in product(grid, (None, "tmall", "jd", "pdd")):
        hits = [at + 1 for at, one in enumerate(alone) if one.ask({"n": n, "shop": shop}).matched]
        if not hits:
            uncovered.add((n, shop))
        together |= {
            (a, b)
            for a in hits
            for b in hits
            if a < b and (policy != "any" or rows[a - 1][2] != rows[b - 1][2])
        }
        first |= set(hits[:1]) if policy == "first" else set(hits)
    # Every gap reads as a row: cut in as rows, they hold for exactly what nothing covered.
    gaps = [
        Compiled(table([(gap.when["n"], gap.when["shop"], "x")], (column, _MAYBE_SHOP)))
        for gap in report.gaps
    ]
    told = {
        (n, shop)
        for n, shop in product(grid, (None, "tmall", "jd", "pdd"))
        if any(gap.ask({"n": n, "shop": shop}).matched for gap in gaps)
    }
    assert told == uncovered
    for gap, one in zip(report.gaps, gaps, strict=True):
        assert one.ask(gap.example).matched
        assert not any(row.ask(gap.example).matched for row in alone)
    if policy != "first":
        assert {overlap.rows for overlap in report.overlaps} == together
    assert {one.row for one in report.unreachable} == set(range(1, len(rows) + 1)) - first


def test_a_thousand_rows_are_analysed_and_asked() -> None:
    rows = [
        (f"{n * 10}..{n * 10 + 9}", shop, "x")
        for n in range(334)
        for shop in ("tmall", "jd", "pdd")
    ]
    found = Compiled(table(rows, ({**NUMBER, "decimals": 0, "min": 0, "max": 3339}, SHOP)))
    report = analyse(found)
    assert (report.gaps, report.overlaps, report.complete) == ([], [], True)
    assert found.ask({"n": 3339, "shop": "pdd"}).rows == (1002,)


# --- bench, differences, sheets -------------------------------------------------------------------


def test_the_bench_says_what_differs_and_which_rows_were_met() -> None:
    told = run_samples(
        Compiled(R054),
        [
            {
                "id": "s1",
                "given": {"shop": "tmall", "goods": "food", "amount": "10"},
                "expect": {"route": "cold"},
            },
            {
                "id": "s2",
                "given": {"shop": "jd", "goods": "clothes", "amount": "10"},
                "expect": {"route": "cold"},
            },
            {
                "id": "s3",
                "given": {"shop": "pdd", "goods": "electronics", "amount": "1"},
                "nothing": True,
            },
            {"id": "s4", "given": {"shop": "ebay", "goods": "electronics", "amount": "1"}},
            {"id": "s5", "given": {"shop": "jd", "goods": "food", "amount": "1"}},
        ],
    )
    assert [one["state"] for one in told["samples"]] == [
        "passed",
        "failed",
        "passed",
        "error",
        "none",
    ]
    assert told["samples"][1]["differs"] == [
        {"output": "route", "expected": "cold", "found": "fast"}
    ]
    assert [row for row, hits in enumerate(told["hits"], 1) if hits] == [1, 6, 10]


def test_differences_are_told_by_cell() -> None:
    before = table([("> 1", "-", "a"), ("> 2", "-", "b"), ("> 3", "-", "c")])
    after = {**before, "policy": "first", "rules": [
        {"id": "r3", "when": {"amount": "> 3", "shop": "-"}, "then": {"route": "c"}},
        {"id": "r1", "when": {"amount": "> 5", "shop": "-"}, "then": {"route": "a"}},
        {"id": "new", "when": {}, "then": {"route": "d"}},
    ]}  # fmt: skip
    found = [
        (c["what"], c["row"], c["column"], c["before"], c["after"]) for c in changes(before, after)
    ]
    assert ("policy", None, None, "unique", "first") in found
    assert ("cell", 2, "amount", "> 1", "> 5") in found
    assert {what for what, *_ in found} == {
        "policy",
        "row_removed",
        "row_added",
        "cell",
        "rows_moved",
    }


def test_a_sheet_comes_back_as_it_left() -> None:
    told = sheet.lines(R054, "zh")
    rules, problems = sheet.read(R054, told)
    assert problems == []
    assert Compiled({**R054, "rules": rules}).boxes == Compiled(R054).boxes
    assert [rule["id"] for rule in rules] == [rule["id"] for rule in R054["rules"]]
    _, problems = sheet.read(R054, [["colour", "taste"], ["red", "sweet"]])
    assert [p.code for p in problems] == ["sheet_columns", "sheet_header"]


def test_a_cell_is_refused_by_its_own_error() -> None:
    with pytest.raises(CellWrong):
        cells.condition(SHOP, "amazon")
