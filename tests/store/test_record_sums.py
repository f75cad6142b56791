"""Records added up: exactly, over any number of records, in groups, on both databases alike."""

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import to_iso
from headrace.engine.errors import ValidationFailed
from headrace.engine.flow.table_definition import slots_for
from headrace.engine.node import TableAnswer
from headrace.engine.store import data_tables, record_list, record_steps, record_sums, records
from headrace.engine.store import tables as t
from headrace.engine.store.records import Item, Who
from tests.fakes import NOON, House

HOUR, DAY = 3_600_000, 86_400_000

DRAWN = {
    "title": {"en": "Sales"},
    "key_field": "no",
    "fields": [
        {"name": "no", "kind": "text", "index": True},
        {"name": "shop", "kind": "text", "index": True},
        {
            "name": "state",
            "kind": "enum",
            "index": True,
            "options": [{"value": "Open"}, {"value": "Closed"}],
        },
        {"name": "amount", "kind": "money", "index": True},
        {"name": "paid", "kind": "yes_no", "index": True},
        {"name": "day", "kind": "date", "index": True},
        {"name": "at", "kind": "date_time", "index": True},
        {"name": "note", "kind": "text"},
        {"name": "weight", "kind": "decimal", "decimals": 6, "index": True},
    ],
}


def sales(house: House, rows: list[dict[str, Any]]) -> None:
    def write(connection: Any) -> None:
        if data_tables.find(connection, "sales") is None:
            slots = slots_for(DRAWN, {})
            data_tables.insert(connection, "sales", DRAWN, slots, "ann", NOON)
        table = data_tables.find(connection, "sales")
        assert table is not None
        items = [Item(str(number), row) for number, row in enumerate(rows)]
        wrong = [
            one for one in records.write(connection, table, items, Who(), NOON) if one.problems
        ]
        assert not wrong

    house.write(write)


def added(house: House, *group_by: Any, sums: Any = (), where: Any = ()) -> record_sums.AddedUp:
    groups = [{"field": one} if isinstance(one, str) else one for one in group_by]
    with house.workspace.read() as connection:
        table = data_tables.find(connection, "sales")
        assert table is not None
        asked = record_sums.wanted(table.form, groups, sums)
        conditions = record_list.conditions(table.form, where)
        return record_sums.add_up(connection, table, conditions, asked, NOON)


def of(what: str, field: str, name: str = "it") -> dict[str, str]:
    return {"name": name, "what": what, "field": field}


def test_a_thousand_amounts_are_added_to_the_cent(house: House) -> None:
    sales(house, [{"shop": f"S{n % 3}", "amount": "0.10"} for n in range(1_000)])

    found = added(house, "shop", sums=[of("sum", "amount", "total"), of("avg", "amount", "mean")])

    assert (found.count, found.totals) == (1_000, {"total": 100, "mean": 0.1})
    assert found.groups == [
        {"shop": "S0", "count": 334, "total": 33.4, "mean": 0.1},
        {"shop": "S1", "count": 333, "total": 33.3, "mean": 0.1},
        {"shop": "S2", "count": 333, "total": 33.3, "mean": 0.1},
    ]


def test_a_sum_may_outgrow_what_a_slot_holds(house: House) -> None:
    most = Decimal("89999999999999999.99")
    sales(
        house,
        [
            {"amount": str(most)},
            {"amount": str(most)},
            {"amount": f"-{most}"},
            {"amount": str(most)},
        ],
    )

    assert added(house, sums=[of("sum", "amount")]).totals == {"it": "179999999999999999.98"}


def test_below_zero_is_added_as_exactly(house: House) -> None:
    sales(house, [{"weight": "-1234567.000001"}, {"weight": "-0.000001"}, {"weight": "0.5"}])

    found = added(house, sums=[of(what, "weight", what) for what in ("sum", "min", "max")])

    assert found.totals == {"sum": -1234566.500002, "min": -1234567.000001, "max": 0.5}


def test_what_has_no_value_does_not_count(house: House) -> None:
    sales(house, [{"amount": 10}, {"shop": "S"}, {"amount": 20}])

    wanted = [of(what, "amount", what) for what in record_sums.WHATS]

    assert added(house, sums=wanted).totals == {
        "sum": 30, "avg": 15, "min": 10, "max": 20, "filled": 2,
    }  # fmt: skip
    assert added(house, "shop").groups == [{"shop": None, "count": 2}, {"shop": "S", "count": 1}]


def test_of_nothing_the_sum_is_zero_and_there_is_no_mean(house: House) -> None:
    sales(house, [])

    found = added(house, "shop", sums=[of("sum", "amount", "sum"), of("avg", "amount", "avg")])

    assert (found.count, found.totals, found.groups) == (0, {"sum": 0, "avg": None}, [])


def test_groups_are_told_as_their_records_have_them(house: House) -> None:
    row = {"shop": "天猫 A", "state": "Open", "paid": True, "day": "2026-01-09", "amount": "12.50"}
    sales(house, [row, row])

    assert added(house, "state", "paid", "day").groups == [
        {"state": "Open", "paid": True, "day": "2026-01-09", "count": 2}
    ]
    assert added(house, "shop", "amount").groups == [{"shop": "天猫 A", "amount": 12.5, "count": 2}]


def test_days_and_months_begin_in_beijing_newest_first(house: House) -> None:
    moments = ("2025-12-31T15:59:59Z", "2025-12-31T16:00:00Z", "2026-01-31T15:59:59Z")
    sales(house, [{"at": moment, "day": moment[:10]} for moment in moments] + [{}])

    by_month = added(
        house, {"field": "at", "per": "month"}, where=[{"field": "at", "op": "filled"}]
    )
    by_day = added(house, {"field": "at", "per": "day"}, where=[{"field": "at", "op": "filled"}])
    by_date = added(
        house, {"field": "day", "per": "month"}, where=[{"field": "day", "op": "filled"}]
    )

    assert [(g["at"], g["count"]) for g in by_month.groups] == [("2026-01", 2), ("2025-12", 1)]
    assert [g["at"] for g in by_day.groups] == ["2026-01-31", "2026-01-01", "2025-12-31"]
    assert [(g["day"], g["count"]) for g in by_date.groups] == [("2026-01", 1), ("2025-12", 2)]
    assert {"at": None, "count": 1} in added(house, {"field": "at", "per": "month"}).groups


def test_ages_are_cut_at_whole_days(house: House) -> None:
    ages_ms = (0, DAY - 1, DAY, 3 * DAY - 1, 3 * DAY, 8 * DAY, 400 * DAY)
    sales(house, [{"at": to_iso(NOON - age)} for age in ages_ms] + [{}])

    found = added(house, {"field": "at", "per": "age"}).groups

    assert {group["at"]: group["count"] for group in found} == {
        0: 2,
        1: 2,
        3: 1,
        7: 1,
        30: 1,
        None: 1,
    }


def test_more_groups_than_are_told_all_count(house: House) -> None:
    sales(house, [{"shop": f"S{n}", "amount": 1} for n in range(230)])

    found = added(house, "shop", sums=[of("sum", "amount")])

    assert (len(found.groups), found.more) == (record_sums.GROUPS_MAX, True)
    assert (found.count, found.totals) == (230, {"it": 230})


def test_conditions_choose_what_is_added(house: House) -> None:
    sales(house, [{"amount": n, "shop": "A" if n % 2 else "B"} for n in range(10)])

    found = added(
        house,
        "shop",
        sums=[of("sum", "amount")],
        where=[{"field": "amount", "op": ">=", "value": 7}],
    )

    assert found.groups == [{"shop": "A", "count": 2, "it": 16}, {"shop": "B", "count": 1, "it": 8}]


@pytest.mark.parametrize(
    ("group_by", "sums", "code"),
    [
        (["note"], [], "not_filterable"),  # not in a slot
        (["shop"] * 2, [], "name_taken"),
        (["no", "shop", "state", "day"], [], "max_items"),
        ([], [of("sum", "shop")], "not_a_number"),
        ([], [of("sum", "at")], "not_a_number"),
        ([], [of("median", "amount")], "enum"),
        (["shop"], [of("sum", "amount", "shop")], "name_taken"),
        ([], [of("sum", "amount", "count")], "name_taken"),
        ([{"field": "shop", "per": "day"}], [], "per_wrong"),
        ([{"field": "at", "per": "value"}], [], "per_wrong"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_refused(cabin: House, group_by: Any, sums: Any, code: str) -> None:
    sales(cabin, [])

    with pytest.raises(ValidationFailed) as refused:
        added(cabin, *group_by, sums=sums)

    assert [problem.code for problem in refused.value.problems] == [code]


def perform(house: House) -> TableAnswer:
    told = {"group_by": [{"field": "shop"}], "sums": [of("sum", "amount")]}
    with house.workspace.read() as connection:
        return record_steps.perform(connection, "add_up", "sales", told, Who(), NOON)


def test_a_table_that_is_being_written_anew_is_not_added_up(cabin: House) -> None:
    sales(cabin, [{"amount": 1}])
    cabin.write(lambda connection: data_tables.set_refilled(connection, 1, 0))

    assert perform(cabin).state == "refilling"


def test_groups_of_one_text_are_read_along_an_index(cabin: House) -> None:
    """A board over a million records must not read the records."""
    sales(cabin, [{"shop": "A"}])
    with cabin.workspace.read() as connection:
        table = data_tables.find(connection, "sales")
        assert table is not None
        asked = record_sums.wanted(table.form, [{"field": "shop"}], [])
        made = record_sums.query("sqlite", asked, [t.records.c.table_no == table.no], NOON)
        text = made.compile(connection.engine, compile_kwargs={"literal_binds": True})
        plan = connection.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")).all()

    assert "USING COVERING INDEX ix_records_s1" in str(plan)
