"""Tables of business data: what they take, what is unique, how they are searched, and stock that never goes below its bound."""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from headrace.engine.errors import ValidationFailed
from headrace.engine.flow.table_definition import slots_for
from headrace.engine.flow.table_fields import NOTHING, Misfit, accept, slot_value
from headrace.engine.flow.table_merge import merge
from headrace.engine.flow.table_words import asked, words_of
from headrace.engine.store import data_tables, record_list, record_moves, record_steps, records
from headrace.engine.store import tables as t
from headrace.engine.store.records import Item, Line, Who
from headrace.engine.store.session import open_database
from headrace.engine.store.writer import Writer
from tests.fakes import NOON, House

STOCK = {
    "title": {"zh": "库存", "en": "Stock"},
    "key_field": "sku",
    "display": "name",
    "extra": "refuse",
    "fields": [
        {"name": "sku", "kind": "text", "required": True, "index": True, "search": True},
        {"name": "name", "kind": "text", "search": True},
        {"name": "on_hand", "kind": "integer", "min": 0, "default": 0, "index": True},
        {"name": "price", "kind": "money", "currency": "CNY", "index": True},
        {"name": "ean", "kind": "text", "unique": True},
        {
            "name": "line",
            "kind": "enum",
            "index": True,
            "options": [
                {"value": "a", "title": {"zh": "轻小件", "en": "Small"}},
                {"value": "b", "title": {"zh": "大家电", "en": "Large"}},
            ],
        },
        {"name": "since", "kind": "date", "index": True},
    ],
}


def drawn(house: House, definition: Any = STOCK, key: str = "stock") -> Any:
    return house.write(
        lambda c: data_tables.insert(c, key, definition, slots_for(definition, {}), "ann", NOON)
    )


def put(house: House, table: Any, *items: Item, step: str | None = None) -> list[records.Outcome]:
    found: list[records.Outcome] = house.write(
        lambda c: records.write(c, table, items, Who("ann", step_key=step), NOON)
    )
    return found


def listed(
    house: House, table: Any, *conditions: Any, search: str = "", sort: str = "key"
) -> list[str]:
    wanted = [dict(zip(("field", "op", "value"), one, strict=False)) for one in conditions]
    with house.database.connect() as connection:
        page = record_list.page(
            connection, table.no, record_list.conditions(table.form, wanted), search,
            record_list.order(table.form, sort), after=None, limit=100,
        )  # fmt: skip
    return [row.key for row in page.rows]


# --- values ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "given_", "kept"),
    [
        ({"kind": "money"}, "￥1,234.50", 1234.5),
        ({"kind": "money"}, "0.10", 0.1),
        ({"kind": "decimal", "decimals": 3}, 0.125, 0.125),
        ({"kind": "integer"}, "42", 42),
        ({"kind": "yes_no"}, "是", True),
        ({"kind": "date"}, "2026年1月9日", "2026-01-09"),
        ({"kind": "date_time"}, "2026/1/9 8:30", "2026-01-09T00:30:00.000Z"),
        ({"kind": "date_time"}, 1_767_949_200, "2026-01-09T09:00:00.000Z"),
        ({"kind": "phone"}, "138-0000 1234", "13800001234"),
        ({"kind": "list"}, "a；b;c", ["a", "b", "c"]),
        ({"kind": "enum", "options": STOCK["fields"][5]["options"]}, "大家电", "b"),  # type: ignore[index]
        ({"kind": "text"}, "  ", None),
    ],
)
def test_what_people_type_becomes_one_form(field: Any, given_: Any, kept: Any) -> None:
    assert accept({"name": "x", **field}, given_) == kept


@pytest.mark.parametrize(
    ("field", "given_", "code"),
    [
        ({"kind": "money"}, "1.005", "decimals"),
        ({"kind": "money"}, "12元3", "type"),
        ({"kind": "integer"}, 1.5, "decimals"),
        ({"kind": "integer", "max": 5}, 6, "maximum"),
        ({"kind": "yes_no"}, "maybe", "type"),
        ({"kind": "date"}, "2026-02-30", "type"),
        ({"kind": "date_time"}, "yesterday", "type"),
        ({"kind": "phone"}, "call me", "type"),
        ({"kind": "text", "max_length": 3}, "four", "max_length"),
        ({"kind": "integer"}, True, "type"),
    ],
)
def test_what_does_not_fit_is_told(field: Any, given_: Any, code: str) -> None:
    with pytest.raises(Misfit) as misfit:
        accept({"name": "x", **field}, given_)

    assert misfit.value.code == code


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    st.decimals(min_value=-(10**12), max_value=10**12, places=2),
)
def test_money_sorts_as_it_is_exactly(one: Decimal, other: Decimal) -> None:
    field = {"name": "x", "kind": "money"}
    first, second = (slot_value(field, accept(field, str(value))) for value in (one, other))

    assert (first < second) == (one < other)  # type: ignore[operator]
    assert first > NOTHING  # type: ignore[operator]


@given(st.text(alphabet="红色连衣裙ab12 ", min_size=1, max_size=30), st.data())
def test_every_part_of_a_chinese_text_finds_it(text: str, data: st.DataObject) -> None:
    runs = [
        run
        for run in text.replace("a", " ")
        .replace("b", " ")
        .replace("1", " ")
        .replace("2", " ")
        .split()
        if run
    ]
    if not runs:
        return
    run = data.draw(st.sampled_from(runs))
    begin = data.draw(st.integers(0, len(run) - 1))
    part = run[begin : data.draw(st.integers(begin + 1, len(run)))]
    words = words_of([text], 7).split(" ")

    for word, begins in asked(part, 7):
        assert any(w.startswith(word) if begins else w == word for w in words), (part, words)


# --- writing ---------------------------------------------------------------------------------------


def test_a_record_gets_its_defaults_and_its_key(house: House) -> None:
    table = drawn(house)

    made = put(house, table, Item(None, {"sku": "S1", "name": "红色连衣裙", "price": "99.90"}))[0]

    assert (made.state, made.key, made.value["on_hand"], made.value["price"]) == (
        "created",
        "S1",
        0,
        99.9,
    )
    with house.database.connect() as connection:
        row = connection.execute(sa.select(t.record_changes)).one()
    assert (row.kind, row.by, row.changes["price"]) == ("create", "ann", [None, 99.9])


def test_all_that_is_wrong_is_told_and_nothing_written(house: House) -> None:
    table = drawn(house)

    wrong = put(
        house, table, Item(None, {"name": "x", "price": "1.234", "on_hand": -1, "colour": "red"})
    )[0]

    assert wrong.state == "wrong"
    assert {problem.code for problem in wrong.problems} == {
        "decimals",
        "minimum",
        "unknown_property",
        "required",
    }
    assert listed(house, table) == []


def test_a_unique_field_is_unique_also_within_one_batch(house: House) -> None:
    table = drawn(house)
    first, second, third = put(
        house, table,
        Item(None, {"sku": "S1", "ean": "690"}), Item(None, {"sku": "S2", "ean": "690"}), Item(None, {"sku": "S3"}),
    )  # fmt: skip

    assert (first.state, second.state, third.state) == ("created", "wrong", "created")
    assert (
        put(house, table, Item(None, {"sku": "S4", "ean": "690"}))[0].problems[0].code
        == "not_unique"
    )
    put(house, table, Item("S1", {"ean": None}))
    assert put(house, table, Item(None, {"sku": "S4", "ean": "690"}))[0].state == "created"


def test_one_record_twice_in_a_batch_is_written_in_order(house: House) -> None:
    table = drawn(house)

    made, again = put(house, table, Item("S1", {"on_hand": 1}), Item("S1", {"on_hand": 2}))

    assert (made.state, again.state, again.value["on_hand"], again.rev) == (
        "created",
        "updated",
        2,
        2,
    )


def test_an_old_revision_changes_nothing(house: House) -> None:
    table = drawn(house)
    made = put(house, table, Item("S1", {"on_hand": 1}))[0]
    put(house, table, Item("S1", {"on_hand": 5}))

    late = put(house, table, Item(None, {"on_hand": 9}, "update", id=made.id, rev=1))[0]

    assert (late.state, late.rev, late.value["on_hand"]) == ("stale", 2, 5)


def test_what_was_deleted_comes_back_as_it_was(house: House) -> None:
    table = drawn(house)
    made = put(house, table, Item("S1", {"on_hand": 4, "name": "连衣裙", "ean": "1"}))[0]

    house.write(lambda c: records.delete(c, table, [made.id], Who("ann"), NOON))
    assert listed(house, table, search="连衣") == []
    back = house.write(lambda c: record_moves.restore(c, table, [made.id], Who("ann"), NOON))

    assert [one.state for one in back] == ["created"]
    assert listed(house, table, search="连衣") == ["S1"]
    assert put(house, table, Item("S2", {"ean": "1"}))[0].state == "wrong"


# --- finding ---------------------------------------------------------------------------------------


def test_records_are_filtered_sorted_and_found_by_words(house: House) -> None:
    table = drawn(house)
    put(
        house, table,
        Item("S1", {"name": "红色连衣裙 XL", "on_hand": 3, "price": "99.90", "line": "a", "since": "2026-01-01"}),
        Item("S2", {"name": "蓝色短裙", "on_hand": 0, "price": "1000", "line": "b", "since": "2026-03-01"}),
        Item("SKU-9981", {"name": "红外线仪"}),
    )  # fmt: skip

    assert listed(house, table, search="裙") == ["S1", "S2"]
    assert listed(house, table, search="红") == ["S1", "SKU-9981"]
    assert listed(house, table, search="红色连衣") == ["S1"]
    assert listed(house, table, search="xl") == ["S1"]
    assert listed(house, table, search="9981") == ["SKU-9981"]
    assert listed(house, table, search="短裙 蓝") == ["S2"]
    assert listed(house, table, search="黑") == []
    assert listed(house, table, ("price", ">=", "99.9")) == ["S1", "S2"]
    assert listed(house, table, ("price", "<", 1000)) == ["S1"]
    assert listed(house, table, ("price", "empty")) == ["SKU-9981"]
    assert listed(house, table, ("line", "in", ["大家电", "a"])) == ["S1", "S2"]
    assert listed(house, table, ("sku", "^=", "sku-")) == ["SKU-9981"]
    assert listed(house, table, ("since", "between", ["2026-01-01", "2026-02-01"])) == ["S1"]
    assert listed(house, table, sort="-price") == ["S2", "S1", "SKU-9981"]
    assert listed(house, table, sort="on_hand") == ["S2", "SKU-9981", "S1"]
    with pytest.raises(ValidationFailed):
        listed(house, table, ("name", "=", "x"))


def test_pages_follow_one_another_without_a_gap(house: House) -> None:
    table = drawn(house)
    put(house, table, *(Item(f"S{n:02}", {"on_hand": n % 3}) for n in range(20)))
    order = record_list.order(table.form, "-on_hand")
    seen: list[str] = []
    after: Any = None
    with house.database.connect() as connection:
        while True:
            rows = record_list.page(connection, table.no, (), "", order, after=after, limit=7).rows
            seen.extend(row.key for row in rows)
            if len(rows) < 7:
                break
            after = (table.form.slot_values(rows[-1].value)[order.column], rows[-1].id)

    assert len(seen) == len(set(seen)) == 20
    assert [int(key[1:]) % 3 for key in seen] == sorted((n % 3 for n in range(20)), reverse=True)


def test_a_list_asks_an_index_whatever_it_asks(migrated_url: str) -> None:
    house = House(migrated_url)
    sqlite = house.database.dialect.name == "sqlite"
    many = 50 if sqlite else 2_000  # PostgreSQL walks what is small, and goes by what it counted
    for key in ("other", "stock"):
        table = drawn(house, key=key)
        put(house, table, *(Item(f"S{n}", {"on_hand": n}) for n in range(many)))
    if not sqlite:
        house.write(lambda connection: connection.exec_driver_sql("ANALYZE records"))
    asked_: list[tuple[str, Any]] = []

    def note(_c: Any, _cur: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            asked_.append((statement, parameters))

    sa.event.listen(house.database, "before_cursor_execute", note)
    try:
        for conditions, sort in (
            ((), ""),
            ((), "-on_hand"),
            ((), "sku"),
            ((("on_hand", ">=", many - 5),), "sku"),
            ((("on_hand", "=", 5),), ""),
            ((("sku", "=", "S7"),), ""),
            ((("on_hand", "<", 9),), "-on_hand"),
        ):
            listed(house, table, *conditions, sort=sort)
    finally:
        sa.event.remove(house.database, "before_cursor_execute", note)
    assert asked_
    explain = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    with house.database.connect() as connection:
        for statement, parameters in asked_:
            rows = connection.exec_driver_sql(explain + statement, parameters).all()
            told = "\n".join(row[3] if sqlite else row[0] for row in rows)
            index = ("USING INDEX", "COVERING INDEX", "PRIMARY KEY") if sqlite else ("Index ",)
            assert any(word in told for word in index), (statement, told)
            assert "SCAN records" not in told
            assert "Seq Scan on records" not in told, (statement, told)
    house.close()


# --- merging (G3) ----------------------------------------------------------------------------------

G3 = {
    "mode": "newest",
    "by": "at",
    "window_s": 300,
    "order": {"status": ["paid", "shipped", "signed"]},
}


@pytest.mark.parametrize(
    ("theirs", "status", "note", "alert", "held"),
    [
        (
            {"at": "2026-01-09T10:05:01Z", "status": "shipped", "note": "n"},
            "shipped",
            "n",
            True,
            [],
        ),
        (
            {"at": "2026-01-09T10:05:00Z", "status": "shipped", "note": "n"},
            "shipped",
            "n",
            False,
            [],
        ),
        ({"at": "2026-01-09T10:00:30Z", "status": "paid", "note": "n"}, "shipped", "n", False, []),
        (
            {"at": "2026-01-09T12:00:00Z", "status": "paid", "note": "n"},
            "shipped",
            "n",
            True,
            ["status"],
        ),
        ({"at": "2026-01-09T09:00:00Z", "status": "signed", "note": "n"}, "shipped", "o", True, []),
    ],
)
def test_what_two_platforms_say_of_one_order(
    theirs: Any, status: str, note: str, alert: bool, held: Any
) -> None:
    ours = {"at": "2026-01-09T10:00:00Z", "status": "shipped", "note": "o"}

    made = merge(G3, ours, theirs)

    assert (made.value["status"], made.value["note"], made.alert, made.held) == (
        status,
        note,
        alert,
        held,
    )


# --- stock -----------------------------------------------------------------------------------------


def reserve(house: House, step: str, by: int = -1, key: str = "S1", **more: Any) -> Any:
    told = {
        "field": "on_hand",
        "lines": [{"key": key, "by": str(by)}],
        "reservations": "reservations",
        **more,
    }
    return house.write(
        lambda c: record_steps.perform(c, "adjust", "stock", told, Who(step_key=step), NOON)
    )


def release(house: House, of: str, step: str) -> Any:
    return house.write(
        lambda c: record_steps.perform(c, "release", "", {"of": of}, Who(step_key=step), NOON)
    )


def on_hand(house: House, key: str = "S1") -> Any:
    with house.database.connect() as connection:
        table = data_tables.find(connection, "stock")
        assert table
        return records.by_keys(connection, table.no, [key])[key].value["on_hand"]


def test_a_reservation_is_made_once_and_given_back_once(house: House) -> None:
    put(house, drawn(house), Item("S1", {"on_hand": 3}))

    assert reserve(house, "a", -2).state == "done"
    assert reserve(house, "a", -2).state == "done"  # the same visit again
    assert on_hand(house) == 1
    refused = reserve(house, "b", -2)
    assert (refused.state, refused.output["why"]["limit"]) == ("refused", 0)
    assert release(house, "a", "r1").output["released"]
    assert release(house, "a", "r1").output["released"]  # a repeat hears the same
    assert not release(house, "a", "r2").output["released"]
    assert on_hand(house) == 3
    with house.database.connect() as connection:
        kept = data_tables.find(connection, "reservations")
        assert kept
        rows = record_list.latest(connection, "reservations", 10)
    assert [(row.value["state"], row.value["record"]) for row in rows] == [("released", "S1")]


def test_several_lines_are_reserved_together_or_not_at_all(house: House) -> None:
    put(house, drawn(house), Item("S1", {"on_hand": 5}), Item("S2", {"on_hand": 1}))
    lines = [{"key": "S1", "by": "-2"}, {"key": "S2", "by": "-2"}]

    assert reserve(house, "a", lines=lines).state == "refused"

    assert (on_hand(house, "S1"), on_hand(house, "S2")) == (5, 1)


def test_of_200_at_once_the_first_100_get_the_100_units(house: House) -> None:
    put(house, drawn(house), Item("S1", {"on_hand": 100}))
    done: list[int] = []
    ready = threading.Barrier(8)

    def buy(first: int) -> None:
        ready.wait()
        numbers = range(first, 200, 8)
        done.extend(n for n in numbers if reserve(house, f"step-{n}").state == "done")

    threads = [threading.Thread(target=buy, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(done) == 100
    assert on_hand(house) == 0
    with house.database.connect() as connection:
        query = sa.select(t.record_changes.c.changes).where(t.record_changes.c.kind == "adjust")
        told = [
            row.changes["on_hand"]
            for row in connection.execute(query.order_by(t.record_changes.c.id))
        ]
    assert told == [[left, left - 1] for left in range(100, 0, -1)]


def test_queued_wishes_get_the_stock_in_the_order_they_came(house: House) -> None:
    put(house, drawn(house), Item("S1", {"on_hand": 100}))
    told = {"field": "on_hand", "lines": [{"key": "S1", "by": "-1"}]}

    def step(name: str) -> Any:
        return lambda c: record_steps.perform(c, "adjust", "stock", told, Who(step_key=name), NOON)

    futures = [house.workspace.writer.submit(step(f"s{n}")) for n in range(200)]

    assert [future.result(30).state for future in futures] == ["done"] * 100 + ["refused"] * 100


def test_two_processes_never_sell_more_than_there_is(migrated_postgresql_url: str) -> None:
    house = House(migrated_postgresql_url)
    put(house, drawn(house), Item("S1", {"on_hand": 30}))
    database = open_database(migrated_postgresql_url)
    other = Writer(database)
    told = {"field": "on_hand", "lines": [{"key": "S1", "by": "-1"}]}

    def step(name: str) -> Any:
        return lambda c: record_steps.perform(c, "adjust", "stock", told, Who(step_key=name), NOON)

    futures = [
        w.submit(step(f"{i}-{n}"))
        for n in range(30)
        for i, w in enumerate((house.workspace.writer, other))
    ]
    states = [future.result(30).state for future in futures]

    assert (states.count("done"), states.count("refused"), on_hand(house)) == (30, 30, 0)
    other.close()
    database.dispose()
    house.close()


def test_lines_are_exact_decimals(cabin: House) -> None:
    table = drawn(cabin)
    put(cabin, table, Item("S1", {"price": "0.30"}))

    found = cabin.write(
        lambda c: records.adjust(c, table, "price", [Line("S1", Decimal("-0.1"))] * 3, Who(), NOON)
    )

    assert (found.state, found.lines[-1]["after"]) == ("done", 0)
