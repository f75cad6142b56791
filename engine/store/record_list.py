"""Pages of records: filtered, searched, sorted. Which way is chosen here, because the database does not know how rare a value is.

What few records have is fetched by its index and sorted; with more, walking the order from its beginning finds a page sooner.
Words are looked up in FTS5 or GIN, the newest first, at most `SEARCH_MAX`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.sql.elements import ColumnElement

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow.table_definition import Compiled
from headrace.engine.flow.table_fields import BY_TEXT, NOTHING, Misfit, accept, slot_value
from headrace.engine.flow.table_words import asked
from headrace.engine.store import data_tables
from headrace.engine.store import tables as t

FEW = 2_000
"""So many matches are fetched and sorted; beyond, the order is walked."""

SEARCH_MAX = 5_000
"""The newest matches of a search for words."""

COUNT_MAX = 10_000
"""Matches are counted up to here."""

Op = Literal["=", "!=", "<", "<=", ">", ">=", "^=", "in", "empty", "filled"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing asked for: a column of `records` (a slot, `key`, `updated_at`, `created_at`), how, and of what."""

    column: str
    op: Op
    value: Any = None


@dataclass(frozen=True, slots=True)
class Order:
    """By which column; records alike come by their number."""

    column: str = "updated_at"
    descending: bool = True


@dataclass(slots=True)
class Page:
    """Records, and whether the search had more than it looks at."""

    rows: Sequence[Any]
    capped: bool = False


ALWAYS = {"key": "key", "updated_at": "updated_at", "created_at": "id", "id": "id"}
"""What every table is sorted by; the order of arrival is that of the numbers."""

CONDITIONS_MAX = 20
VALUES_MAX = 200
"""Values of one condition `in`."""

_SHOWN = (
    t.records.c.id, t.records.c.key, t.records.c.value, t.records.c.rev, t.records.c.instance_id, t.records.c.created_at,
    t.records.c.updated_at,
)  # fmt: skip


def page(
    connection: Connection,
    no: int,
    conditions: Sequence[Condition],
    search: str,
    order: Order,
    *,
    after: tuple[Any, int] | None,
    limit: int,
) -> Page:
    """The records behind `after` (value of the order's column, number), at most `limit`."""
    ids, capped = narrowed(connection, no, conditions, search)
    if ids is not None and not ids:
        return Page((), capped)
    column = t.records.c[order.column]
    # SQLite walks the order's index only where no condition offers another: `+` hides them from it.
    hidden = ids is None and connection.dialect.name == "sqlite"
    clauses = [_clause(condition, hidden=hidden) for condition in conditions]
    query = sa.select(*_SHOWN).where(t.records.c.table_no == no, *clauses)
    if order.column == "id":
        query = query.order_by(column.desc() if order.descending else column)
    else:
        both = (column, t.records.c.id)
        query = query.order_by(*((one.desc() for one in both) if order.descending else both))
    if after is not None:
        query = query.where(_behind(column, t.records.c.id, after, order.descending))
    if ids is not None:
        query = query.where(t.records.c.id.in_(ids))
    else:
        if order.column[0] in "sn" and len(order.column) == 2:
            query = query.where(column.is_not(None))
    return Page(connection.execute(query.limit(limit)).all(), capped)


def _behind(
    column: ColumnElement[Any], id_: ColumnElement[int], after: tuple[Any, int], down: bool
) -> Any:
    value, number = after
    if down:
        return (column <= value) & ((column < value) | (id_ < number))
    return (column >= value) & ((column > value) | (id_ > number))


def count(connection: Connection, no: int, conditions: Sequence[Condition], search: str) -> int:
    """How many there are, up to `COUNT_MAX` + 1."""
    ids, _ = narrowed(connection, no, conditions, search)
    query = sa.select(sa.literal(1)).where(t.records.c.table_no == no, *map(_clause, conditions))
    if ids is not None:
        query = query.where(t.records.c.id.in_(ids))
    counted = query.limit(COUNT_MAX + 1).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(counted)).scalar_one())


def all_ids(
    connection: Connection, no: int, conditions: Sequence[Condition], search: str, limit: int
) -> list[int]:
    """The numbers of all that are meant, oldest first, at most `limit`."""
    ids, _ = narrowed(connection, no, conditions, search)
    query = sa.select(t.records.c.id).where(t.records.c.table_no == no, *map(_clause, conditions))
    if ids is not None:
        query = query.where(t.records.c.id.in_(ids))
    return list(connection.execute(query.order_by(t.records.c.id).limit(limit)).scalars())


def narrowed(
    connection: Connection, no: int, conditions: Sequence[Condition], search: str
) -> tuple[list[int] | None, bool]:
    """The numbers it can only be, where they are few enough to name; None: too many, walk. And: was the search cut off?"""
    if search.strip():
        words = asked(search, no)
        if not words:
            return [], False
        ids = _found(connection, words)
        return ids[:SEARCH_MAX], len(ids) > SEARCH_MAX
    for condition in conditions:
        if condition.op in {"!=", "filled"}:
            continue
        query = (
            sa.select(t.records.c.id)
            .where(t.records.c.table_no == no, _clause(condition))
            .limit(FEW + 1)
        )
        if condition.column[0] in "sn" and len(condition.column) == 2:
            query = query.where(t.records.c[condition.column].is_not(None))
        ids = list(connection.execute(query).scalars())
        if len(ids) <= FEW:
            return ids, False
    return None, False


def _found(connection: Connection, words: Sequence[tuple[str, bool]]) -> list[int]:
    if connection.dialect.name == "sqlite":
        text = " AND ".join(f'"{word}"*' if begins else f'"{word}"' for word, begins in words)
        query = sa.text(
            "SELECT rowid FROM record_words_index WHERE record_words_index MATCH :words"
            " ORDER BY rowid DESC LIMIT :most"
        )
    else:
        text = " & ".join(f"'{word}':*" if begins else f"'{word}'" for word, begins in words)
        query = sa.text(
            "SELECT id FROM record_words WHERE words @@ cast(:words AS tsquery) ORDER BY id DESC LIMIT :most"
        )
    return list(connection.execute(query, {"words": text, "most": SEARCH_MAX + 1}).scalars())


def clauses(conditions: Sequence[Condition]) -> list[Any]:
    """Conditions as SQL."""
    return [_clause(condition) for condition in conditions]


def _clause(condition: Condition, *, hidden: bool = False) -> Any:
    column: ColumnElement[Any] = t.records.c[condition.column]
    if hidden:
        column = sa.literal_column(f"+records.{condition.column}", column.type)
    value = condition.value
    nothing: Any = "" if condition.column[0] == "s" else NOTHING
    match condition.op:
        case "=":
            return column == value
        case "!=":
            return column != value
        case "<":
            return (column < value) & (column > NOTHING)
        case "<=":
            return (column <= value) & (column > NOTHING)
        case ">":
            return column > value
        case ">=":
            return column >= value
        case "^=":
            return (column >= value) & (column < value + "\U0010ffff")
        case "in":
            return column.in_(value)
        case "empty":
            return column == nothing
        case _:  # filled
            return column != nothing


def one(connection: Connection, no: int, record_id: int) -> Any:
    """A record; None where there is none."""
    query = sa.select(*_SHOWN).where(t.records.c.id == record_id, t.records.c.table_no == no)
    return connection.execute(query).one_or_none()


def latest(connection: Connection, key: str, limit: int) -> Sequence[Any]:
    """The records of a table that were changed last; none where there is no such table."""
    table = data_tables.find(connection, key)
    if table is None:
        return ()
    return page(connection, table.no, (), "", Order(), after=None, limit=limit).rows


# --- views -----------------------------------------------------------------------------------------

VIEWS_SHOWN = 200


def views(connection: Connection, no: int, owner: str) -> Sequence[Any]:
    """Views of one's own, and shared ones."""
    columns = t.record_views.c
    query = sa.select(t.record_views).where(
        columns.table_no == no, (columns.owner == owner) | columns.shared.is_(True)
    )
    return connection.execute(query.order_by(columns.title, columns.id).limit(VIEWS_SHOWN)).all()


def insert_view(connection: Connection, values: dict[str, Any]) -> Any:
    """Keep a view."""
    return connection.execute(t.record_views.insert().returning(t.record_views), values).one()


def update_view(connection: Connection, view_id: str, values: dict[str, Any]) -> Any:
    """Change a view."""
    statement = t.record_views.update().where(t.record_views.c.id == view_id).values(values)
    return connection.execute(statement.returning(t.record_views)).one()


def delete_view(connection: Connection, view_id: str) -> None:
    """Delete a view."""
    connection.execute(t.record_views.delete().where(t.record_views.c.id == view_id))


# --- what is asked for -----------------------------------------------------------------------------


def conditions(
    form: Compiled, wanted: Sequence[Mapping[str, Any]], closed: Collection[str] = ()
) -> list[Condition]:
    """`{field, op, value}` as columns; raises `ValidationFailed` for what cannot be asked. `closed`: fields not to ask by."""
    return [made for told in wanted for made in _conditions(form, told, closed)]


def _conditions(
    form: Compiled, told: Mapping[str, Any], closed: Collection[str]
) -> list[Condition]:
    name, op, value = told["field"], told.get("op", "="), told.get("value")
    if name == "key":
        if op not in {"=", "^=", "in", "!="}:
            raise wrong(f"/filter/{name}", "op_wrong", "=, !=, ^= or in", str(op))
        keys = [str(one) for one in _list(value)[:VALUES_MAX]]
        return [Condition("key", op, keys if op == "in" else str(value))]
    field, column = _field(form, name, closed)
    ranges: set[str] = {"^="} if field["kind"] in BY_TEXT else {"<", "<=", ">", ">=", "between"}
    allowed = {"=", "!=", "in", "empty", "filled"} | ranges
    if op not in allowed:
        raise wrong(f"/filter/{name}", "op_wrong", ", ".join(sorted(allowed)), str(op))
    match op:
        case "empty" | "filled":
            return [Condition(column, op)]
        case "^=":
            return [Condition(column, "^=", str(value).casefold()[:100])]
        case "in":
            return [Condition(column, "in", [_slot(field, v) for v in _list(value)[:VALUES_MAX]])]
        case "between":
            ends = _list(value)
            if len(ends) != 2:
                raise wrong(f"/filter/{name}", "filter_wrong", "two values", str(value)[:60])
            first, last = (_slot(field, end) for end in ends)
            return [Condition(column, ">=", first), Condition(column, "<=", last)]
        case _:
            return [Condition(column, op, _slot(field, value))]


def _field(form: Compiled, name: str, closed: Collection[str]) -> tuple[Mapping[str, Any], str]:
    if name in {"updated_at", "created_at"}:
        return {"kind": "moment", "name": name}, name
    if name not in form.slots or name not in form.fields or name in closed:
        raise wrong(f"/filter/{name}", "not_filterable", "a field that can be filtered by", name)
    return form.fields[name], form.slots[name]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _slot(field: Mapping[str, Any], value: Any) -> int | str:
    # Bounds of a record are none of a question: `stock < 0` may be asked.
    free = {word: item for word, item in field.items() if word not in {"min", "max"}}
    if free["kind"] == "moment":
        free["kind"] = "date_time"
    if free["kind"] == "date_time" and isinstance(value, str) and len(value) == 10:
        value += "T00:00:00"
    try:
        return slot_value(free, accept(free, value))
    except Misfit as misfit:
        path = f"/filter/{field['name']}"
        raise wrong(path, misfit.code, misfit.expected, misfit.found) from None


def order(form: Compiled, sort: str, closed: Collection[str] = ()) -> Order:
    """A field's name, `-` before it for downwards; nothing: last changed first."""
    name, down = sort.lstrip("-"), sort.startswith("-")
    if not name:
        return Order()
    if name in ALWAYS:
        return Order(ALWAYS[name], down)
    if name not in form.slots or name not in form.fields or name in closed:
        raise wrong("/query/sort", "not_filterable", "a field that can be sorted by", name)
    return Order(form.slots[name], down)


def wrong(path: str, code: str, expected: str, found: str) -> ValidationFailed:
    """A question that cannot be asked."""
    message = f"Expected {expected}, but found {found}."
    problem = Problem(path, code, {"expected": expected, "found": found}, message)
    return ValidationFailed(what="request", count=1, problems=[problem])


def values_of(connection: Connection, no: int, limit: int) -> list[dict[str, Any]]:
    """Values of a table's records, the oldest first."""
    query = sa.select(t.records.c.value).where(t.records.c.table_no == no)
    return list(connection.execute(query.order_by(t.records.c.id).limit(limit)).scalars())


def touched(connection: Connection, no: int, seeded: int) -> bool:
    """Is there anything in a table but the `seeded` records it began with?"""
    r = t.records.c
    query = sa.select(r.id).where(r.table_no == no).order_by(r.id).limit(seeded + 1)
    if len(connection.execute(query).all()) > seeded:
        return True
    changed = sa.select(r.id).where(r.table_no == no, (r.rev > 1) | r.instance_id.is_not(None))
    return connection.execute(changed.limit(1)).first() is not None
