"""Search by business fields: what is marked is found by, at once, and by the index."""

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import ValidationFailed
from headrace.engine.service import instances
from headrace.engine.service.search import parse
from headrace.engine.store import search
from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import ANN, House


def order(**extra: Any) -> dict[str, Any]:
    document = (
        flow("order")
        .then("check", "set_values", values={"city": "upper(city)"})
        .then("ask", "approval")
        .then("done", "end")
        .document()
    )
    document["input"] = {
        "type": "object",
        "properties": {
            "order_no": {"type": "string", "x-search": True},
            "amount": {"type": "number", "x-search": True},
            "city": {"type": "string", "x-search": True},
            "day": {"type": "string", "format": "date", "x-search": True},
            "note": {"type": "string"},
            **extra,
        },
    }
    return document


@pytest.fixture
def orders(house: House) -> House:
    house.publish(order())
    for number in range(1, 21):
        house.later(ms=1)  # ids are in the order of time
        house.start(
            "order",
            {
                "order_no": f"A-{number:03}",
                "amount": number * 10.5,
                "city": "shanghai" if number % 2 else "xi'an",
                "day": f"2026-01-{number:02}",
                "note": "n",
            },
        )
    return house


def found(house: House, filter_: str, **more: Any) -> list[str]:
    """The order numbers of one page."""
    page = instances.listing(house.workspace, house.actor(ANN), filter_=filter_, **more)
    ids = [item["id"] for item in page["items"]]
    rows = house.rows(
        sa.select(t.search_values.c.instance_id, t.search_values.c.text).where(
            t.search_values.c.field == "order_no"
        )
    )
    numbers = {row.instance_id: row.text for row in rows}
    return [numbers[id_] for id_ in ids]


# filter → the order numbers found, newest first
CASES = [
    ("order_no = A-007", ["A-007"]),
    ("order_no = a-007", []),
    ("amount = 21", ["A-002"]),
    ("amount = 21.0", ["A-002"]),
    ("amount >= 199.5", ["A-020", "A-019"]),
    ("amount > 10.5 and amount < 42", ["A-003", "A-002"]),
    ("day <= 2026-01-02", ["A-002", "A-001"]),
    ("day > 2026-01-19T00:00:00Z", ["A-020"]),
    ("order_no ^= A-01 and city = SHANGHAI", ["A-019", "A-017", "A-015", "A-013", "A-011"]),
    ("city != SHANGHAI and amount < 22", ["A-002"]),
    ('city = "XI\'AN" and amount < 22', ["A-002"]),
    ("nothing = 1", []),
]


@pytest.mark.parametrize(("filter_", "expected"), CASES)
def test_fields_are_found_by(filter_: str, expected: list[str], orders: House) -> None:
    assert found(orders, filter_) == expected


def test_many_matches_are_found_the_other_way_alike(
    orders: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "FEW", 3)

    assert found(orders, "amount > 150 and city = SHANGHAI") == ["A-019", "A-017", "A-015"]
    assert found(orders, "amount > 21", limit=2) == ["A-020", "A-019"]


@pytest.mark.parametrize("filter_", ["city = SHANGHAI", "amount > 0"])
def test_pages_follow_one_another(filter_: str, orders: House) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        page = instances.listing(
            orders.workspace, orders.actor(ANN), filter_=filter_, cursor=cursor, limit=3
        )
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == (10 if "city" in filter_ else 20)


def test_a_value_that_changes_is_found_by_its_new_one(orders: House) -> None:
    """The flow itself wrote the city in capitals."""
    assert found(orders, "city = shanghai") == []
    assert len(found(orders, "city = SHANGHAI")) == 10


def test_without_marks_nothing_is_written(house: House) -> None:
    house.publish(flow("plain").then("done", "end"))

    house.start("plain", {"order_no": "A-1"})

    assert house.rows(sa.select(t.search_values)) == []


def test_with_other_filters(orders: House) -> None:
    assert len(found(orders, "city = SHANGHAI", flow="order", status="waiting")) == 10
    assert found(orders, "city = SHANGHAI", status="completed") == []
    assert len(found(orders, "city = SHANGHAI", node="ask")) == 10
    assert found(orders, "city = SHANGHAI", node="check") == []


@pytest.mark.parametrize(
    "text", ["amount", "amount ~ 3", "= 3", "a = 1 or b = 2", 'a = "b', " and ".join(["a=1"] * 9)]
)
def test_what_is_no_filter_is_said(text: str) -> None:
    with pytest.raises(ValidationFailed):
        parse(text)


def test_a_million_rows_are_found_by_the_index(cabin: House) -> None:
    """The plan names our index, and nothing is sorted or read through."""
    for filter_ in ("order_no = A-1", "order_no = A-1 and amount > 5"):
        with cabin.workspace.read() as connection:
            query = sa.select(t.instances.c.id).order_by(t.instances.c.id.desc()).limit(50)
            narrowed = search.narrow(connection, query, parse(filter_))
            compiled = narrowed.compile(connection, compile_kwargs={"literal_binds": True})
            plan = [
                row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}").all()
            ]
        assert any("ix_search_values_text" in line for line in plan), plan
        assert not any(line.startswith("SCAN") or "TEMP B-TREE" in line for line in plan), plan
