"""What nodes do to tables: each operation one transaction, done once for a visit however often it is tried.

A visit leaves its key in the history of what it changed; a repeat finds that and answers the same. Whoever reserves stock adjusts
a number under its row's lock, notes a reservation in the same transaction, and gives both back with `release`. What an instance
still holds so when it is cancelled is given back with that (`give_back`), in the transaction of the cancellation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import NotFound, ValidationFailed
from headrace.engine.node import TableAnswer
from headrace.engine.store import data_tables, record_list, record_sums, records
from headrace.engine.store import tables as t
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.records import Item, Line, Who

LIST_MAX = 200
"""Records that a node is given at once."""

READS = frozenset({"list", "add_up"})
"""Operations that change nothing and need no writer."""

Arguments = Mapping[str, Any]


def perform(
    connection: Connection, operation: str, table: str, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    """list | add_up | merge | update | delete | adjust | release. Raises `ValidationFailed` for what the table does not take."""
    if operation == "release":
        return _release(connection, told, who, now_ms)
    if operation == "merge":
        drawn = data_tables.found_or_made(connection, table, now_ms)
    else:
        found = data_tables.find(connection, table)
        if found is None:
            raise NotFound(kind="table", id=table)
        drawn = found
    return _OPERATIONS[operation](connection, drawn, told, who, now_ms)


def _list(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    del who, now_ms
    limit = min(int(told.get("limit") or 50), LIST_MAX)
    conditions = record_list.conditions(table.form, told.get("conditions") or ())
    order = record_list.order(table.form, told.get("sort") or "")
    page = record_list.page(
        connection, table.no, conditions, told.get("search") or "", order, after=None, limit=limit + 1
    )  # fmt: skip
    items = [{**row.value, "key": row.key} for row in page.rows[:limit]]
    more = len(page.rows) > limit
    state = "found" if items else "missing"
    return TableAnswer(state, {"items": items, "count": len(items), "more": more})


def _add_up(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    del who
    if table.refilled_to is not None:  # what is not in its slot yet would be missing in the sums
        return TableAnswer("refilling", {})
    asked = record_sums.wanted(table.form, told.get("group_by") or (), told.get("sums") or ())
    conditions = record_list.conditions(table.form, told.get("conditions") or ())
    added = record_sums.add_up(connection, table, conditions, asked, now_ms)
    return TableAnswer("found" if added.count else "missing", added.as_json())


def _merge(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    """Upsert by a conflict rule (G3)."""
    key, values = told["key"], told["values"]
    before = records.done_by(connection, who.step_key, "create", "update")
    if before:
        row = records.by_keys(connection, table.no, [key]).get(key)
        value = row.value if row else {}
        return TableAnswer(
            "out",
            {
                "key": key,
                "created": before[0].kind == "create",
                "value": value,
                "conflicts": [],
                "alert": False,
                "held": [],
            },
        )
    told_by = Who(
        who.by,
        str(values.get("source_channel") or "")[:64],
        who.instance_id,
        who.node,
        who.step_key,
    )
    outcome = records.write(
        connection, table, [Item(key, values, "upsert", told["rule"])], told_by, now_ms
    )[0]
    _raise(table, key, outcome)
    output = {
        "key": key, "created": outcome.state == "created", "value": outcome.value, "conflicts": outcome.conflicts,
        "alert": outcome.alert, "held": outcome.held,
    }  # fmt: skip
    return TableAnswer("conflict" if outcome.alert or outcome.held else "out", output)


def _update(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    key = told["key"]
    item = Item(key, told["values"], "update")
    outcome = records.write(connection, table, [item], who, now_ms)[0]
    _raise(table, key, outcome)
    found = outcome.state != "missing"
    return TableAnswer(
        "found" if found else "missing", {"key": key, "value": outcome.value if found else None}
    )


def _delete(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    key = told["key"]
    if records.done_by(connection, who.step_key, "delete"):
        return TableAnswer("found", {"key": key})
    row = records.by_keys(connection, table.no, [key]).get(key)
    if row is None:
        return TableAnswer("missing", {"key": key})
    records.delete(connection, table, [row.id], who, now_ms)
    return TableAnswer("found", {"key": key, "value": row.value})


def _adjust(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> TableAnswer:
    if told.get("reservations") and _is_over(connection, who):
        why = {"code": "instance_over", "instance": who.instance_id}
        return TableAnswer("refused", {"reservation": who.step_key, "lines": [], "why": why})
    lines = [Line(str(one["key"]), Decimal(str(one["by"]))) for one in told["lines"]]
    least, most = (
        Decimal(str(told[word])) if told.get(word) is not None else None
        for word in ("least", "most")
    )
    adjusted = records.adjust(
        connection, table, told["field"], lines, who, now_ms, least=least, most=most
    )
    output: dict[str, Any] = {
        "reservation": who.step_key,
        "lines": adjusted.lines,
        "why": adjusted.why,
    }
    if adjusted.state == "done" and told.get("reservations"):
        _note_reservations(connection, table, told, who, now_ms)
    return TableAnswer(adjusted.state, output)


def _is_over(connection: Connection, who: Who) -> bool:
    """Has its instance been cancelled meanwhile? Nobody would give back what it reserves now. A repeat hears what it did.

    The instance's row is held until we commit, so that its cancellation finds what was reserved.
    """
    if who.instance_id is None or records.done_by(connection, who.step_key, "adjust"):
        return False
    query = sa.select(t.instances.c.status).where(t.instances.c.id == who.instance_id)
    return connection.execute(query.with_for_update(read=True)).scalar_one_or_none() == "cancelled"


def _note_reservations(
    connection: Connection, table: DataTable, told: Arguments, who: Who, now_ms: int
) -> None:
    kept = data_tables.found_or_made(connection, told["reservations"], now_ms)
    items = [
        Item(
            f"{who.step_key}.{number}",
            {
                "table": table.key, "record": str(line["key"]), "field": told["field"], "by": line["by"], "state": "held",
                "instance": who.instance_id, "held_at": to_iso(now_ms),
            },
            "create",
        )
        for number, line in enumerate(told["lines"], 1)
    ]  # fmt: skip
    for outcome in records.write(connection, kept, items, who, now_ms):
        _raise(kept, outcome.key, outcome)


def _release(connection: Connection, told: Arguments, who: Who, now_ms: int) -> TableAnswer:
    given = records.release(connection, told["of"], who, now_ms)
    if given:
        noted = records.done_by(connection, told["of"], "create")
        tables = data_tables.by_numbers(connection, [row.table_no for row in noted])
        for number, kept in tables.items():
            items = [
                Item(
                    None,
                    {"state": "released", "released_at": to_iso(now_ms)},
                    "update",
                    id=row.record_id,
                )
                for row in noted
                if row.table_no == number
            ]
            records.write(connection, kept, items, who, now_ms)
    return TableAnswer("out", {"released": bool(given), "lines": given})


def give_back(connection: Connection, instance_ids: Sequence[str], now_ms: int) -> None:
    """These instances were cancelled: what they have reserved and nobody has used or released is free again."""
    changes = t.record_changes.c
    query = (
        sa.select(changes.step_key, changes.instance_id)
        .where(
            changes.instance_id.in_(instance_ids),
            changes.kind == "adjust",
            changes.undone_by.is_(None),
        )
        .order_by(changes.id)
    )
    open_ = {row.step_key: row.instance_id for row in connection.execute(query) if row.step_key}
    for step_key, instance_id in open_.items():
        if _still_held(connection, step_key):
            who = Who("engine", "", instance_id, None, f"{step_key}.cancel"[:64])
            _release(connection, {"of": step_key}, who, now_ms)


def _still_held(connection: Connection, step_key: str) -> bool:
    """Is it noted as a reservation, and is one of its lines not used yet?"""
    noted = records.done_by(connection, step_key, "create")
    for number in {row.table_no for row in noted}:
        ids = [row.record_id for row in noted if row.table_no == number]
        rows = records.by_ids(connection, number, ids)
        if any(row.value.get("state") == "held" for row in rows.values()):
            return True
    return False


def _raise(table: DataTable, key: str, outcome: records.Outcome) -> None:
    if outcome.problems:
        what = f"record {key} of {table.key}"
        raise ValidationFailed(what=what, count=len(outcome.problems), problems=outcome.problems)


_OPERATIONS: Mapping[str, Callable[..., TableAnswer]] = {
    "list": _list, "add_up": _add_up, "merge": _merge, "update": _update, "delete": _delete, "adjust": _adjust,
}  # fmt: skip
