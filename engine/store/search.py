"""Search by business fields: the values of inputs marked `x-search`, in a table of their own with an index a kind.

Written in the transaction of the advance that set them, so that what is answered 2xx is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.clock import from_iso
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.run.state import Instance
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert

TEXT_MAX = 200
"""Characters of a value that can be found by; what is longer is cut."""

FEW = 2_000
"""So many matches are fetched and sorted; with more, walking from the newest instance finds a page sooner."""

Op = Literal["=", "!=", "<", "<=", ">", ">=", "^="]
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Condition:
    """One thing asked for: `amount >= 100`. `number` is what `text` means as a number or a moment; None: nothing."""

    field: str
    op: Op
    text: str
    number: float | None = None


# --- writing ---------------------------------------------------------------------------------------


def values_of(flow: CompiledFlow, instance: Instance) -> dict[str, Any]:
    """The values of the marked fields as they are; empty without a look where none is marked."""
    fields = flow.search_fields
    return {name: instance.variables.get(name) for name in fields} if fields else {}


def rows_for(flow: CompiledFlow, instance: Instance, before: Mapping[str, Any]) -> list[Row]:
    """The rows of what has changed since `before` (of `values_of`); a row without text takes the value away."""
    return [
        {"instance_id": instance.id, "field": name, **_typed(instance.variables.get(name), kind)}
        for name, kind in flow.search_fields.items()
        if instance.variables.get(name) != before.get(name)
    ]


def write(connection: Connection, rows: Iterable[Row]) -> None:
    """Keep these."""
    kept: list[Row] = []
    gone: list[Row] = []
    for row in rows:
        (gone if row["text"] is None else kept).append(row)
    if kept:
        statement = upsert(connection, t.search_values)
        new = statement.excluded
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["instance_id", "field"],
                set_={"text": new.text, "number": new.number},
            ),
            kept,
        )
    if gone:
        columns = t.search_values.c
        connection.execute(
            t.search_values.delete().where(
                columns.instance_id == sa.bindparam("b_id"),
                columns.field == sa.bindparam("b_field"),
            ),
            [{"b_id": row["instance_id"], "b_field": row["field"]} for row in gone],
        )


def _typed(value: Any, kind: str) -> Row:
    if value is None or isinstance(value, dict | list):
        return {"text": None, "number": None}
    if isinstance(value, bool):
        return {"text": "true" if value else "false", "number": None}
    if isinstance(value, int | float):
        return {"text": text_of(value), "number": float(value)}
    text = str(value).replace("\0", "")
    return {"text": text[:TEXT_MAX], "number": moment(text) if kind == "time" else None}


def text_of(number: float) -> str:
    """A number as it is kept: 5 and 5.0 are the same."""
    if float(number).is_integer() and abs(number) < 2**53:
        return str(int(number))
    return str(number)[:TEXT_MAX]


def moment(text: str) -> float | None:
    """ms since 1970 of a date or a date and time; None for any other text."""
    if len(text) == len("2026-01-09"):
        text += "T00:00:00Z"
    try:
        return float(from_iso(text.upper()))
    except (ValueError, OverflowError):
        return None


# --- finding ---------------------------------------------------------------------------------------


def narrow(
    connection: Connection,
    query: sa.Select[Any],
    conditions: Sequence[Condition],
    before: str | None = None,
) -> sa.Select[Any]:
    """`query` (over instances, newest first, those before the id `before`) for those that meet all conditions.

    The way is chosen here and not by the database, which knows nothing of how rare a value is: an equality walks its index
    in the order of ids; a range with few matches fetches them; one with many is looked up for each instance, newest first.
    """
    if not conditions:
        return query
    lead = next((one for one in conditions if one.op == "="), conditions[0])
    rest = [one for one in conditions if one is not lead]
    if lead.op == "=":
        found = t.search_values.alias("found")
        query = query.join(found, found.c.instance_id == t.instances.c.id)
        query = query.where(_meets(found, lead)).order_by(None).order_by(found.c.instance_id.desc())
        if before:
            query = query.where(found.c.instance_id < before)
    elif lead.op != "!=" and (ids := _few(connection, lead)) is not None:
        query = query.where(t.instances.c.id.in_(ids))
    else:
        rest = list(conditions)
    for condition in rest:
        value = t.search_values.alias()
        query = query.where(
            sa.exists().where(value.c.instance_id == t.instances.c.id, _meets(value, condition))
        )
    return query


def meeting(condition: Condition) -> sa.Select[Any]:
    """The ids of the instances that meet a condition, for `IN`."""
    return sa.select(t.search_values.c.instance_id).where(_meets(t.search_values, condition))


def _few(connection: Connection, condition: Condition) -> list[str] | None:
    ids: list[str] = list(connection.execute(meeting(condition).limit(FEW + 1)).scalars())
    return ids if len(ids) <= FEW else None


def _meets(table: Any, condition: Condition) -> Any:
    field, text, number = table.c.field, table.c.text, table.c.number
    wanted, as_number = condition.text, condition.number
    match condition.op:
        case "=" | "!=" if as_number is not None and (same := text_of(as_number)) != wanted:
            met = text.in_((wanted, same))  # 10.50 is the number 10.5, and may be a text
            met = met if condition.op == "=" else sa.not_(met)
        case "=":
            met = text == wanted
        case "!=":
            met = text != wanted
        case "^=":
            met = sa.and_(text >= wanted, text < wanted + "\U0010ffff")
        case op:
            column, value = (number, as_number) if as_number is not None else (text, wanted)
            met = {"<": column < value, "<=": column <= value, ">": column > value, ">=": column >= value}[op]  # fmt: skip
            if as_number is not None:
                met = sa.and_(number.is_not(None), met)
    return sa.and_(field == condition.field, met)
