"""Totals for people and for flows: the same numbers however many records, and only of what one may see."""

import json
from decimal import Decimal
from typing import Any

import pytest

from headrace.engine.clock import to_iso
from headrace.engine.errors import Forbidden, ValidationFailed
from headrace.engine.service import data_tables, record_totals, records, template_install
from headrace.engine.service.actor import EVERYTHING, Actor
from tests.builder import flow
from tests.fakes import EVE, NOON, House, settle

ADMIN = Actor(EVE, "Eve", ("administrator",), EVERYTHING)
SALES: dict[str, Any] = {
    "title": {"en": "Sales"},
    "fields": [
        {"name": "shop", "kind": "text", "index": True},
        {"name": "amount", "kind": "money", "index": True},
        {"name": "phone", "kind": "phone", "index": True, "mask": "phone", "unmask": ["boss"]},
        {"name": "note", "kind": "text"},
    ],
}


def sell(house: House, rows: list[dict[str, Any]], definition: Any = SALES) -> None:
    data_tables.create(house.workspace, ADMIN, "sales", definition)
    template_install.seed(house.workspace, "sales", rows)


def asked(house: House, actor: Actor = ADMIN, **query: Any) -> dict[str, Any]:
    told = {name: json.dumps(value) for name, value in query.items()}
    return record_totals.totals(house.workspace, actor, "sales", **told)


def test_a_board_is_told_with_its_totals(cabin: House) -> None:
    sell(cabin, [{"shop": "A", "amount": "0.10"}] * 3 + [{"shop": "B", "amount": "0.05"}])

    found = asked(
        cabin, group_by=[{"field": "shop"}], sums=[{"name": "it", "what": "sum", "field": "amount"}]
    )

    assert found == {
        "count": 4, "totals": {"it": 0.35}, "more": False, "capped": False, "refilling": False,
        "groups": [{"shop": "A", "count": 3, "it": 0.3}, {"shop": "B", "count": 1, "it": 0.05}],
    }  # fmt: skip


def test_nobody_groups_by_what_he_sees_stars_in(cabin: House) -> None:
    sell(cabin, [{"phone": "13800000001"}])
    boss = Actor(EVE, "Eve", ("boss",), EVERYTHING)

    with pytest.raises(ValidationFailed):
        asked(cabin, group_by=[{"field": "phone"}])
    assert asked(cabin, boss, group_by=[{"field": "phone"}])["groups"][0]["phone"] == "13800000001"


def test_whoever_may_not_read_the_table_hears_no_numbers(cabin: House) -> None:
    sell(cabin, [], {**SALES, "access": {"read": ["boss"]}})

    with pytest.raises(Forbidden):
        asked(cabin, Actor(EVE, "Eve", (), EVERYTHING))


@pytest.mark.parametrize(
    "query",
    [
        {"group_by": "shop"}, {"group_by": [{"x": 1}]}, {"group_by": [{"field": 1}]}, {"sums": [{"field": "amount"}]},
        {"sums": {"field": "amount"}}, {"group_by": [{"field": "note"}]}, {"filter": [{"field": "note", "value": 1}]},
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_told(cabin: House, query: Any) -> None:
    sell(cabin, [])

    with pytest.raises(ValidationFailed):
        asked(cabin, **query)


def test_a_flow_adds_up_more_records_than_it_may_list(house: House) -> None:
    sell(house, [{"shop": f"S{n % 2}", "amount": "0.10"} for n in range(451)])
    sums = [{"name": "total", "what": "sum", "field": "amount"}, {"name": "mean", "what": "avg", "field": "amount"}]  # fmt: skip
    where = [{"field": "shop", "op": "^=", "value": "'S'"}]
    drawn = flow("report").then(
        "sales", "record", operation="add_up", table="sales", group_by=[{"field": "shop"}], sums=sums, conditions=where,
    ).on("found")  # fmt: skip
    one = "first(where(sales.groups, 'shop', 'S1')).count"
    drawn = drawn.then("kept", "set_values", values={"total": "sales.totals.total", "of_s1": one})
    house.publish(drawn.then("done", "end"))

    id_ = house.start("report")
    settle(house)

    known = house.detail(id_)["variables"]
    assert (known["total"], known["of_s1"], known["sales"]["count"]) == (45.1, 225, 451)
    assert Decimal(str(known["sales"]["totals"]["mean"])) == Decimal("0.1")


def test_nothing_to_add_up_leaves_by_its_own_exit(cabin: House) -> None:
    sell(cabin, [])
    drawn = flow("report").then("sales", "record", operation="add_up", table="sales").on("missing")
    cabin.publish(drawn.then("none", "end", result="none"))

    id_ = cabin.start("report")
    settle(cabin)

    assert cabin.detail(id_)["result"] == "none"


# --- the boards and reports of templates ------------------------------------------------------------


@pytest.fixture
def desk(cabin: House) -> House:
    """T09 and T08 are installed."""
    cabin.workspace.secret_key = b"0" * 43 + b"="
    for key in ("exception-desk", "big-ticket-approval"):
        template_install.install(cabin.workspace, ADMIN, key)
    return cabin


def views(house: House, table: str) -> dict[str, Any]:
    found = records.views(house.workspace, ADMIN, table)["items"]
    assert all(view["shared"] for view in found)
    return {view["title"]: view["content"] for view in found}


def test_the_board_of_exceptions_has_27_cells_and_its_sums_match(desk: House) -> None:
    """R114."""
    axes = {"stage": ("售前", "售中", "售后"), "impact": ("轻度", "中度", "重度"), "party": ("客户", "平台", "内部")}  # fmt: skip
    cells = [(s, i, p) for s in axes["stage"] for i in axes["impact"] for p in axes["party"]]
    rows = [
        {"order_no": f"E-{n}-{m}", "status": "open", **dict(zip(axes, cell, strict=True))}
        for n, cell in enumerate(cells)
        for m in range(n + 1)
    ]
    template_install.seed(
        desk.workspace, "exceptions", [*rows, {"order_no": "X", "status": "closed"}]
    )
    content = next(c for title, c in views(desk, "exceptions").items() if "27" in title)

    found = record_totals.totals(
        desk.workspace, ADMIN, "exceptions",
        group_by=json.dumps(content["board"]["group_by"]), filter=json.dumps(content["filter"]),
    )  # fmt: skip

    told = {(g["stage"], g["impact"], g["party"]): g["count"] for g in found["groups"]}
    assert told == {cell: n + 1 for n, cell in enumerate(cells)}
    assert found["count"] == sum(told.values()) == 378


def test_every_view_that_a_template_brings_can_be_asked(desk: House) -> None:
    for table in ("exceptions", "discounts"):
        for content in views(desk, table).values():
            board = content["board"]
            sums = [{**board["sum"], "name": "it"}] if "sum" in board else []
            told = {
                "group_by": board["group_by"],
                "sums": sums,
                "filter": content.get("filter", []),
            }
            texts = {name: json.dumps(value) for name, value in told.items()}
            assert record_totals.totals(desk.workspace, ADMIN, table, **texts)["count"] == 0


def report(house: House, key: str, table: str) -> dict[str, Any]:
    """What it keeps; nobody has the role yet that it tells."""
    house.start(key)
    settle(house)
    (kept,) = records.listing(house.workspace, ADMIN, table)["items"]
    return dict(kept["value"])


def test_the_months_causes_are_those_of_all_exceptions(desk: House) -> None:
    closed = {"status": "closed", "closed_at": to_iso(NOON - 86_400_000)}
    causes = ["carrier"] * 310 + ["customer"] * 90 + ["other"] * 50
    rows = [{**closed, "order_no": f"E-{n}", "cause": cause} for n, cause in enumerate(causes)]
    old = {
        **closed,
        "order_no": "old",
        "cause": "carrier",
        "closed_at": to_iso(NOON - 32 * 86_400_000),
    }
    template_install.seed(desk.workspace, "exceptions", [*rows, old])

    found = report(desk, "cause-report", "cause_reports")

    assert (found["total"], found["carrier"], found["customer"], found["other"]) == (
        450,
        310,
        90,
        50,
    )
    assert found["platform"] == 0


def test_the_months_hours_are_those_of_all_approvals(desk: House) -> None:
    rows = [
        {
            "request_no": f"ZK-{n}", "amount": 1, "granted_at": to_iso(NOON - 86_400_000),
            **{f"{name}_hours": hours for name in ("region", "area", "finance", "total")},
        }
        for n, hours in enumerate([1] * 300 + [4] * 150)
    ]  # fmt: skip
    template_install.seed(desk.workspace, "discounts", rows)

    found = report(desk, "approval-hours", "approval_reports")

    assert (found["count"], found["total_hours"], found["region_hours"]) == (450, 2, 2)
