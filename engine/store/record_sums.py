"""Records added up: how many there are, sums, means, least and most, in groups; by the database, exactly, however many there are.

A number lies in its slot as a whole number of its last digit, so money is added as cents. Sums are taken in two halves,
because SQLite refuses one that outgrows 64 bits. What is asked for is read by `wanted`, worked out by `add_up`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Context, Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.sql.elements import ColumnElement

from headrace.engine.clock import to_iso
from headrace.engine.flow.table_definition import Compiled
from headrace.engine.flow.table_fields import BY_TEXT, NOTHING, NUMBERS, decimals_of
from headrace.engine.flow.values import divide, to_json_value
from headrace.engine.store import record_list, records
from headrace.engine.store import tables as t
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.record_list import Condition, wrong

GROUPS_MAX = 200
"""Groups that are told, the largest; the totals count all."""
GROUP_FIELDS_MAX = 3
SUMS_MAX = 10
AGES_DAYS = (1, 3, 7, 30)
"""Where ages are cut: younger than a day, one to three days …"""

WHATS = ("sum", "avg", "min", "max", "filled")
PERS = ("value", "day", "month", "age")

_HALF = 10**9
_DAY_MS = 86_400_000
_EAST_MS = 8 * 3_600_000
"""Days and months begin in Beijing, as everywhere in tables; there is no summer time."""
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EXACT = Context(prec=60)
_MOMENTS = {"updated_at": "updated_at", "created_at": "created_at"}


@dataclass(frozen=True, slots=True)
class Group:
    """Together is what has the same value of a field, or lies in the same day or month, or is about as old."""

    name: str
    kind: str
    column: str
    per: str
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Sum:
    """What is worked out of a number, date or moment field, and its name in the answer."""

    name: str
    what: str
    kind: str
    column: str
    decimals: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """Groups and sums of one question; how many there are is told anyhow."""

    groups: Sequence[Group] = ()
    sums: Sequence[Sum] = ()


@dataclass(slots=True)
class _Line:
    """A group as the database tells it: how many, a record of it, and what each sum is made of."""

    keys: tuple[Any, ...]
    count: int
    some_id: int
    parts: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class AddedUp:
    """`count` and `totals` of all; `groups`, each with its fields, its `count` and its values, the largest first."""

    count: int
    totals: Mapping[str, Any]
    groups: list[dict[str, Any]] = field(default_factory=list)
    more: bool = False
    capped: bool = False

    def as_json(self) -> dict[str, Any]:
        """As nodes and screens are told."""
        return {
            "count": self.count, "totals": dict(self.totals), "groups": self.groups, "more": self.more,
        }  # fmt: skip


def wanted(
    form: Compiled,
    group_by: Sequence[Mapping[str, Any]],
    sums: Sequence[Mapping[str, Any]],
    closed: Collection[str] = (),
) -> Wanted:
    """`{field, per}` and `{name, what, field}` as columns; raises `ValidationFailed` for what cannot be asked."""
    for path, rows, most in (
        ("/group_by", group_by, GROUP_FIELDS_MAX),
        ("/sums", sums, SUMS_MAX),
    ):
        if len(rows) > most:
            raise wrong(path, "max_items", f"at most {most}", str(len(rows)))
    groups = tuple(_group(form, told, closed) for told in group_by)
    taken = [group.name for group in groups] + [str(told.get("name")) for told in sums] + ["count"]
    for name in taken:
        if taken.count(name) > 1:
            raise wrong("/sums", "name_taken", "a name of its own", name)
    return Wanted(groups, tuple(_sum(form, told, closed) for told in sums))


def _group(form: Compiled, told: Mapping[str, Any], closed: Collection[str]) -> Group:
    name = str(told.get("field"))
    kind, column, decimals = _place(form, name, closed, "/group_by")
    in_time = kind in {"date", "date_time"}
    per = told.get("per") or ("day" if kind == "date_time" else "value")
    allowed = PERS[1:] if kind == "date_time" else PERS if in_time else PERS[:1]
    if per not in allowed:
        raise wrong(f"/group_by/{name}", "per_wrong", ", ".join(allowed), str(per))
    return Group(name, kind, column, per, decimals)


def _sum(form: Compiled, told: Mapping[str, Any], closed: Collection[str]) -> Sum:
    name, what = str(told.get("field")), str(told.get("what"))
    if what not in WHATS:
        raise wrong(f"/sums/{name}", "enum", ", ".join(WHATS), what)
    kind, column, decimals = _place(form, name, closed, "/sums")
    takes = NUMBERS if what in {"sum", "avg"} else NUMBERS | {"date", "date_time"}
    if what != "filled" and kind not in takes:
        raise wrong(f"/sums/{name}", "not_a_number", "a field with a number", kind)
    return Sum(str(told["name"]), what, kind, column, decimals)


def _place(form: Compiled, name: str, closed: Collection[str], path: str) -> tuple[str, str, int]:
    if name in _MOMENTS:
        return "date_time", _MOMENTS[name], 0
    if name not in form.slots or name not in form.fields or name in closed:
        raise wrong(f"{path}/{name}", "not_filterable", "a field that can be filtered by", name)
    drawn = form.fields[name]
    return drawn["kind"], form.slots[name], decimals_of(drawn) if drawn["kind"] in NUMBERS else 0


def add_up(
    connection: Connection,
    table: DataTable,
    conditions: Sequence[Condition],
    asked: Wanted,
    now_ms: int,
    *,
    search: str = "",
) -> AddedUp:
    """All records that the conditions find, added up; words are looked for in the newest ones only (`capped`)."""
    ids, capped = (
        record_list.narrowed(connection, table.no, (), search) if search else (None, False)
    )
    clauses = [t.records.c.table_no == table.no, *record_list.clauses(conditions)]
    if ids is not None:
        clauses.append(t.records.c.id.in_(ids))
    lines = _lines(connection, asked, clauses, now_ms)
    more = len(lines) > GROUPS_MAX
    # Where there are more groups than are told, all are counted by themselves.
    whole = _lines(connection, Wanted((), asked.sums), clauses, now_ms) if more else lines
    total = _together(whole, asked.sums)
    told = lines[:GROUPS_MAX] if asked.groups else []
    values = _shown_values(connection, table, asked.groups, told)
    groups = [
        {**shown, "count": line.count, **_values(asked.sums, line.parts)}
        for line, shown in zip(told, values, strict=True)
    ]
    return AddedUp(total.count, _values(asked.sums, total.parts), groups, more, capped)


def _lines(
    connection: Connection, asked: Wanted, clauses: Sequence[Any], now_ms: int
) -> list[_Line]:
    lines = []
    for row in connection.execute(query(connection.dialect.name, asked, clauses, now_ms)):
        cells = iter(row)
        common = tuple(next(cells) for _ in asked.groups)
        count, first = next(cells), next(cells)
        made = [tuple(next(cells) for _ in _parts(one)) for one in asked.sums]
        lines.append(_Line(common, count, first or 0, made))
    return lines


def query(dialect: str, asked: Wanted, clauses: Sequence[Any], now_ms: int) -> sa.Select[Any]:
    """A row a group: what it has in common, how many, the number of one of its records, the parts of each sum."""
    names = [f"group_{index}" for index in range(len(asked.groups))]
    keys = [
        _key(dialect, group, now_ms).label(name)
        for name, group in zip(names, asked.groups, strict=True)
    ]
    parts = (cell for one in asked.sums for cell in _parts(one))
    number, some_id = sa.func.count().label("number"), sa.func.min(t.records.c.id).label("some_id")
    # An index holds only records that have something in its slot; all have, once a table is filled.
    slots = [t.records.c[g.column].is_not(None) for g in asked.groups if len(g.column) == 2]
    made = sa.select(*keys, number, some_id, *parts).where(*clauses, *slots)
    if not names:
        return made
    in_time = asked.groups[0].per in {"day", "month"}
    order: ColumnElement[Any] = sa.desc("group_0") if in_time else sa.desc("number")
    return made.group_by(*names).order_by(order, "some_id").limit(GROUPS_MAX + 1)


def _key(dialect: str, group: Group, now_ms: int) -> Any:
    """What a group has in common: what stands in the slot, or a text for a day or month, or the days where its age begins."""
    column = t.records.c[group.column]
    if group.per == "value":
        return column
    begun_ms = (column - _EPOCH_DAY) * _DAY_MS - _EAST_MS if group.kind == "date" else column
    if group.per == "age":
        ages = [
            (begun_ms > now_ms - days * _DAY_MS, sa.literal(least))
            for least, days in zip((0, *AGES_DAYS), AGES_DAYS, strict=False)
        ]
        return sa.case((column <= NOTHING, sa.null()), *ages, else_=sa.literal(AGES_DAYS[-1]))
    seconds = (begun_ms + _EAST_MS) // 1_000
    if dialect == "sqlite":
        form = "%Y-%m-%d" if group.per == "day" else "%Y-%m"
        text: Any = sa.func.strftime(form, seconds, "unixepoch")
    else:
        form = "YYYY-MM-DD" if group.per == "day" else "YYYY-MM"
        text = sa.func.to_char(sa.func.timezone("UTC", sa.func.to_timestamp(seconds)), form)
    return sa.case((column > NOTHING, text))


def _parts(one: Sum) -> tuple[ColumnElement[Any], ...]:
    """What a sum is made of: how many have a value, and the two halves, or the one at the end."""
    column: ColumnElement[Any] = t.records.c[one.column]
    there = column != "" if one.column[0] == "s" else column > NOTHING
    filled = sa.func.sum(sa.case((there, 1), else_=0))
    if one.what == "filled":
        return (filled,)
    value = sa.case((there, column))
    if one.what in {"min", "max"}:
        return (filled, (sa.func.min if one.what == "min" else sa.func.max)(value))
    return (filled, sa.func.sum(value // _HALF), sa.func.sum(value % _HALF))


def _together(lines: Sequence[_Line], sums: Sequence[Sum]) -> _Line:
    """The lines as one."""
    parts: list[tuple[Any, ...]] = []
    for index, one in enumerate(sums):
        columns = list(zip(*(line.parts[index] for line in lines), strict=True))
        columns = [tuple(cell for cell in cells if cell is not None) for cells in columns]
        if one.what in {"min", "max"}:
            end = min if one.what == "min" else max
            parts.append((sum(columns[0]), end(columns[1], default=None)) if columns else (0, None))
        else:
            parts.append(tuple(sum(cells) for cells in columns) or (0, 0, 0))
    return _Line((), sum(line.count for line in lines), 0, parts)


# --- as people and expressions read it -------------------------------------------------------------


def _values(sums: Sequence[Sum], parts: Sequence[tuple[Any, ...]]) -> dict[str, Any]:
    """Name → value. Of nothing, the sum is 0, and the mean, the least and the most are null."""
    return {one.name: _value(one, part) for one, part in zip(sums, parts, strict=True)}


def _value(one: Sum, part: tuple[Any, ...]) -> Any:
    filled = int(part[0] or 0)
    if one.what == "filled":
        return filled
    if one.what in {"min", "max"}:
        return _of_slot(one.kind, part[1], one.decimals) if filled else None
    number = int(part[1] or 0) * _HALF + int(part[2] or 0)
    total = Decimal(number).scaleb(-one.decimals, _EXACT)
    if one.what == "sum":
        return to_json_value(total)
    return to_json_value(divide(total, filled)) if filled else None


def _of_slot(kind: str, value: Any, decimals: int = 0) -> Any:
    """A value as records keep it, of what stands in its slot."""
    if value is None or value == NOTHING:
        return None
    if kind == "yes_no":
        return bool(value)
    if kind == "date":
        return date.fromordinal(value).isoformat()
    if kind == "date_time":
        return to_iso(value)
    return to_json_value(Decimal(value).scaleb(-decimals, _EXACT))


def _shown_values(
    connection: Connection, table: DataTable, groups: Sequence[Group], lines: Sequence[_Line]
) -> list[dict[str, Any]]:
    """What the groups have in common. Texts are told as one of their records has them: in slots all letters are small."""
    by_text = [group for group in groups if group.kind in BY_TEXT]
    some = records.by_ids(connection, table.no, [line.some_id for line in lines]) if by_text else {}
    shown = []
    for line in lines:
        values: dict[str, Any] = {}
        for group, key in zip(groups, line.keys, strict=True):
            if group in by_text:
                row = some.get(line.some_id)
                values[group.name] = row.value.get(group.name) if row is not None and key else None
            elif group.per == "value":
                values[group.name] = _of_slot(group.kind, key, group.decimals)
            else:
                values[group.name] = key
        shown.append(values)
    return shown
