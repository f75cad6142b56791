"""Records of tables: written in batches, each change with its history, found again by key, by field and by words.

One function writes (`write`): what a person types, what a flow does and what a file brings take the same way, so that bounds,
unique keys, history and search never differ. A visit of a node that is repeated finds its own change and does nothing more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.flow.table_definition import Compiled
from headrace.engine.flow.table_merge import merge
from headrace.engine.flow.values import to_json_value
from headrace.engine.node import RecordAnswer
from headrace.engine.store import data_tables
from headrace.engine.store import tables as t
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.inbox import upsert
from headrace.engine.store.many import write as write_rows

KEYS_AT_ONCE = 500
"""Keys in one query."""

Mode = Literal["create", "upsert", "update"]


@dataclass(frozen=True, slots=True)
class Who:
    """Who changes records: a person, or a visit of a node."""

    by: str = "engine"
    channel: str = ""
    instance_id: str | None = None
    node: str | None = None
    step_key: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One record to write. `id` names one that is there (its key may change then); `rev`: only if it still has this revision."""

    key: str | None
    values: Mapping[str, Any]
    mode: Mode = "upsert"
    rule: Mapping[str, Any] | None = None
    id: int | None = None
    rev: int | None = None


@dataclass(slots=True)
class Outcome:
    """What became of an item."""

    state: Literal["created", "updated", "same", "exists", "missing", "stale", "wrong"]
    id: int = 0
    key: str = ""
    rev: int = 0
    value: dict[str, Any] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    problems: list[Problem] = field(default_factory=list)
    conflicts: list[dict[str, Any]] = field(default_factory=list)
    alert: bool = False
    held: list[str] = field(default_factory=list)


# --- reading ---------------------------------------------------------------------------------------


def by_keys(
    connection: Connection, no: int, keys: Sequence[str], *, lock: bool = False
) -> dict[str, Any]:
    """Records by key."""
    found: dict[str, Any] = {}
    one_by_one = connection.dialect.name == "postgresql"
    for at in range(0, len(keys), KEYS_AT_ONCE):
        some = list(keys[at : at + KEYS_AT_ONCE])
        rows = connection.execute(
            _BY_EACH_KEY if one_by_one else _BY_KEYS, {"b_no": no, "b_keys": some}
        ).all()
        if lock and one_by_one and rows:
            # Locked by their numbers, in one order, so that two never wait for each other; whoever has got another key
            # or has gone since is not found any more.
            locked = by_ids(connection, no, [row.id for row in rows], lock=True)
            wanted = set(some)
            rows = [row for row in locked.values() if row.key in wanted]
        found.update({row.key: row for row in rows})
    return found


def by_ids(
    connection: Connection, no: int, ids: Sequence[int], *, lock: bool = False
) -> dict[int, Any]:
    """Records by number."""
    found: dict[int, Any] = {}
    for at in range(0, len(ids), KEYS_AT_ONCE):
        some = ids[at : at + KEYS_AT_ONCE]
        # `+ 0`: by the primary key, also where PostgreSQL has no statistics and takes any table for a small one.
        query = sa.select(*_READ).where(t.records.c.table_no + 0 == no, t.records.c.id.in_(some))
        if lock:
            query = query.order_by(t.records.c.id + 0).with_for_update()
        found.update({row.id: row for row in connection.execute(query)})
    return found


_READ = (
    t.records.c.id, t.records.c.key, t.records.c.value, t.records.c.rev, t.records.c.instance_id, t.records.c.created_at,
    t.records.c.updated_at,
)  # fmt: skip

_BY_KEYS = sa.select(*_READ).where(
    t.records.c.table_no == sa.bindparam("b_no"),
    t.records.c.key.in_(sa.bindparam("b_keys", expanding=True)),
)

_WANTED = (
    sa.func.unnest(sa.cast(sa.bindparam("b_keys"), postgresql.ARRAY(sa.Text)))
    .table_valued("key")
    .render_derived(name="wanted")
)
_EACH = (
    sa.select(*_READ)
    .where(t.records.c.table_no == sa.bindparam("b_no"), t.records.c.key == _WANTED.c.key)
    .offset(0)
    .lateral("each")
)
_BY_EACH_KEY = sa.select(*_EACH.c).select_from(_WANTED.join(_EACH, sa.true()))
"""Key by key along the unique index. In one list, PostgreSQL without statistics takes a table of 20,000 records for a hundred
and reads all of it (a second for 500 keys); `OFFSET 0` keeps it from turning this into such a list."""


# --- writing ---------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Plan:
    item: Item
    outcome: Outcome
    row: Any = None


def write(
    connection: Connection,
    table: DataTable,
    items: Sequence[Item],
    who: Who,
    now_ms: int,
    *,
    kind: str = "",
    absent: Collection[str] = (),
) -> list[Outcome]:
    """Write these; what is wrong with one is told in its outcome and does not stop the others.

    `absent`: keys that this transaction has just looked for and not found; they are not looked for again. Whoever was
    faster all the same is met by the insert.
    """
    outcomes: list[Outcome] = []
    for some in _without_repeats(table.form, items):
        outcomes.extend(_write(connection, table, some, who, now_ms, kind, absent))
        absent = ()
    return outcomes


def _without_repeats(form: Compiled, items: Sequence[Item]) -> list[list[Item]]:
    """Parts in which no record is meant twice: the later one must see what the earlier one did."""
    parts: list[list[Item]] = [[]]
    seen: set[Any] = set()
    for item in items:
        name = item.id if item.id is not None else _key_of(form, item)
        if name in seen:
            parts.append([])
            seen = set()
        seen.add(name)
        parts[-1].append(item)
    return parts


def _key_of(form: Compiled, item: Item) -> str | None:
    if item.key is not None or form.key_field is None:
        return item.key
    value = item.values.get(form.key_field)
    return None if value is None else str(value).strip()


def _write(
    connection: Connection,
    table: DataTable,
    items: Sequence[Item],
    who: Who,
    now_ms: int,
    kind: str,
    absent: Collection[str] = (),
) -> list[Outcome]:
    form = table.form
    keys = [key for item in items if item.id is None and (key := _key_of(form, item))]
    keys = [key for key in keys if key not in absent]
    ids = [item.id for item in items if item.id is not None]
    known = by_keys(connection, table.no, keys, lock=True)
    numbered = by_ids(connection, table.no, ids, lock=True) if ids else {}
    plans: list[_Plan] = []
    for item in items:
        row = numbered.get(item.id) if item.id is not None else known.get(_key_of(form, item) or "")
        plans.append(_Plan(item, _planned(form, item, row), row))
    changed = [plan for plan in plans if plan.outcome.state in {"created", "updated"}]
    _check_references(connection, form, changed)
    _check_keys(connection, table, [plan for plan in changed if plan.outcome.state != "wrong"])
    made = [plan for plan in changed if plan.outcome.state == "created"]
    again = _insert(connection, table, made, who, now_ms) if made else []
    _update(connection, table, [p for p in changed if p.outcome.state == "updated"], who, now_ms)
    _keep_history(connection, table, changed, who, now_ms, kind)
    if again:  # another process was faster: now they are there
        found = _write(connection, table, [plan.item for plan in again], who, now_ms, kind)
        for plan, outcome in zip(again, found, strict=True):
            plan.outcome = outcome
    return [plan.outcome for plan in plans]


def _planned(form: Compiled, item: Item, row: Any) -> Outcome:
    """What is to become of an item, before anything is written."""
    if row is None:
        if item.mode == "update" or item.id is not None:
            return Outcome("missing", key=item.key or "")
        key = _key_of(form, item)
        values = dict(item.values)
        if form.key_field and values.get(form.key_field) is None:
            values[form.key_field] = key
        value, problems = form.accepted(values)
        key = str(value.get(form.key_field, key) or "") if form.key_field else key
        if not key or len(key) > 200:
            problems.append(
                Problem(
                    "/" + (form.key_field or "key"),
                    "required",
                    {"name": form.key_field or "key"},
                    "Expected a key of 1 to 200 characters.",
                )
            )
        if problems:
            return Outcome("wrong", key=key or "", value=value, problems=problems)
        return Outcome("created", key=key or "", rev=1, value=value)
    outcome = Outcome("same", row.id, row.key, row.rev, row.value, row.value)
    if item.mode == "create":
        outcome.state = "exists"
        return outcome
    if item.rev is not None and item.rev != row.rev:
        outcome.state = "stale"
        return outcome
    values = dict(item.values)
    if item.rule is not None:
        wanted, problems = form.accepted(values, {})
        problems = [p for p in problems if p.code != "required"]
        merged = merge(
            item.rule,
            row.value,
            {k: wanted.get(k) for k in values if k in wanted or k in row.value},
        )
        outcome.conflicts, outcome.alert, outcome.held = merged.conflicts, merged.alert, merged.held
        values = {name: merged.value.get(name) for name in values}
        if problems:
            outcome.state, outcome.problems = "wrong", problems
            return outcome
    value, problems = form.accepted(values, row.value)
    if problems:
        outcome.state, outcome.problems = "wrong", problems
        return outcome
    if value == row.value:
        return outcome
    outcome.state, outcome.value, outcome.rev = "updated", value, row.rev + 1
    if form.key_field and value.get(form.key_field) is not None:
        outcome.key = str(value[form.key_field])
    return outcome


def _check_references(connection: Connection, form: Compiled, plans: Sequence[_Plan]) -> None:
    fields = [f for f in form.fields.values() if f["kind"] == "reference"]
    for one in fields:
        name = one["name"]
        wanted = {
            plan.outcome.value[name]: None
            for plan in plans
            if plan.outcome.value.get(name) is not None
            and plan.outcome.value.get(name) != (plan.outcome.before or {}).get(name)
        }
        if not wanted:
            continue
        target = data_tables.find(connection, one["table"])
        found = by_keys(connection, target.no, list(wanted)) if target is not None else {}
        for plan in plans:
            value = plan.outcome.value.get(name)
            if value in wanted and value not in found:
                params = {"table": one["table"], "found": value}
                message = f"Expected a record of {one['table']}, but found none by the key {value}."
                plan.outcome.problems.append(Problem(f"/{name}", "no_such_record", params, message))
                plan.outcome.state = "wrong"


def _check_keys(connection: Connection, table: DataTable, plans: Sequence[_Plan]) -> None:
    """Unique keys, and keys that are about to change."""
    moved = [p for p in plans if p.row is not None and p.outcome.key != p.row.key]
    if moved:
        taken = by_keys(connection, table.no, [plan.outcome.key for plan in moved])
        for plan in moved:
            if plan.outcome.key in taken:
                _not_unique(plan, table.form.key_field or "key", taken[plan.outcome.key].key)
    if not table.form.unique:
        return
    wanted: dict[tuple[str, str], _Plan] = {}
    for plan in plans:
        for name, value in table.form.unique_values(plan.outcome.value).items():
            if (name, value) in wanted:
                _not_unique(plan, name, wanted[name, value].outcome.key)
            else:
                wanted[name, value] = plan
    rows = t.record_keys.c
    for name in table.form.unique:
        values = [value for known, value in wanted if known == name]
        for at in range(0, len(values), KEYS_AT_ONCE):
            query = sa.select(rows.value, rows.record_id).where(
                rows.table_no == table.no,
                rows.name == name,
                rows.value.in_(values[at : at + KEYS_AT_ONCE]),
            )
            for found in connection.execute(query):
                plan = wanted[name, found.value]
                if found.record_id != plan.outcome.id:
                    _not_unique(plan, name, str(found.record_id))


def not_unique(name: str, other: str) -> Problem:
    """Somebody else has this value."""
    message = f"Expected a value of {name} that no other record has, but {other} has it."
    return Problem(
        f"/{name.partition('+')[0]}", "not_unique", {"field": name, "other": other}, message
    )


def _not_unique(plan: _Plan, name: str, other: str) -> None:
    plan.outcome.problems.append(not_unique(name, other))
    plan.outcome.state = "wrong"


def _insert(
    connection: Connection, table: DataTable, plans: Sequence[_Plan], who: Who, now_ms: int
) -> list[_Plan]:
    """Insert these; answers those whose key another process has taken meanwhile."""
    empty = dict.fromkeys(table.form.slots.values())
    rows = [
        {
            "table_no": table.no, "key": plan.outcome.key, "value": plan.outcome.value, "rev": 1, "instance_id": who.instance_id,
            "created_at": now_ms, "updated_at": now_ms, **empty, **table.form.slot_values(plan.outcome.value),
        }
        for plan in plans
    ]  # fmt: skip
    statement = _new(connection.dialect.name)
    ids = {row.key: row.id for row in connection.execute(statement, rows)}
    again = [plan for plan in plans if plan.outcome.key not in ids]
    there = [plan for plan in plans if plan.outcome.key in ids]
    for plan in there:
        plan.outcome.id = ids[plan.outcome.key]
    if not there:
        return again
    write_rows(
        connection,
        t.record_words,
        [
            {"id": plan.outcome.id, "words": table.form.words(plan.outcome.key, plan.outcome.value)}
            for plan in there
        ],
    )
    keys = [
        {"table_no": table.no, "name": name, "value": value, "record_id": plan.outcome.id}
        for plan in there
        for name, value in table.form.unique_values(plan.outcome.value).items()
    ]
    if keys:
        write_rows(connection, t.record_keys, keys)
    for plan in again:
        plan.outcome.state = "same"
    return again


@cache
def _new(dialect: str) -> Any:
    made = upsert(dialect, t.records).on_conflict_do_nothing()
    return made.returning(t.records.c.id, t.records.c.key)


_WORDS = (
    t.record_words.update()
    .where(t.record_words.c.id == sa.bindparam("b_id"))
    .values(words=sa.bindparam("words"))
)


def _update(
    connection: Connection, table: DataTable, plans: Sequence[_Plan], who: Who, now_ms: int
) -> None:
    if not plans:
        return
    form = table.form
    empty = dict.fromkeys(form.slots.values())
    rows = [
        {
            "b_id": plan.outcome.id, "key": plan.outcome.key, "value": plan.outcome.value, "rev": plan.outcome.rev,
            "instance_id": who.instance_id, "updated_at": now_ms, **empty, **form.slot_values(plan.outcome.value),
        }
        for plan in plans
    ]  # fmt: skip
    names = [name for name in rows[0] if name != "b_id"]
    statement = (
        t.records.update()
        .where(t.records.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(name, type_=t.records.c[name].type) for name in names})
    )
    connection.execute(statement, rows)
    words = [
        {"b_id": plan.outcome.id, "words": after}
        for plan in plans
        if (after := form.words(plan.outcome.key, plan.outcome.value))
        != form.words(plan.row.key, plan.row.value)
    ]
    if words:
        write_rows(connection, _WORDS, words)
    for plan in plans:
        before, after_ = form.unique_values(plan.row.value), form.unique_values(plan.outcome.value)
        if before != after_:
            _set_keys(connection, table.no, plan.outcome.id, after_)


def _set_keys(connection: Connection, no: int, record_id: int, values: Mapping[str, str]) -> None:
    connection.execute(t.record_keys.delete().where(t.record_keys.c.record_id == record_id))
    rows = [
        {"table_no": no, "name": name, "value": value, "record_id": record_id}
        for name, value in values.items()
    ]
    if rows:
        connection.execute(t.record_keys.insert(), rows)


def _keep_history(
    connection: Connection,
    table: DataTable,
    plans: Sequence[_Plan],
    who: Who,
    now_ms: int,
    kind: str,
) -> None:
    rows = [
        change_row(
            table.no, plan.outcome, who, now_ms,
            kind or ("create" if plan.outcome.state == "created" else "update"),
            differences(plan.outcome.before or {}, plan.outcome.value),
        )
        for plan in plans
        if plan.outcome.state in {"created", "updated"}
    ]  # fmt: skip
    if rows:
        write_rows(connection, t.record_changes, rows)


def change_row(
    no: int,
    outcome: Outcome,
    who: Who,
    now_ms: int,
    kind: str,
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    return {
        "table_no": no, "record_id": outcome.id, "key": outcome.key, "rev": outcome.rev, "at": now_ms, "kind": kind, "by": who.by,
        "channel": who.channel, "instance_id": who.instance_id, "node": who.node, "step_key": who.step_key, "undone_by": None,
        "changes": changes,
    }  # fmt: skip


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Field → [before, after], of those that differ."""
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if before.get(name) != after.get(name)
    }


def delete(
    connection: Connection, table: DataTable, ids: Sequence[int], who: Who, now_ms: int
) -> list[Outcome]:
    """Delete these; their history stays, with what they were, so that they can be brought back."""
    found = by_ids(connection, table.no, ids, lock=True)
    gone = [
        Outcome("updated", row.id, row.key, row.rev + 1, {}, row.value) for row in found.values()
    ]
    if not gone:
        return []
    numbers = list(found)
    for at in range(0, len(numbers), KEYS_AT_ONCE):
        some = numbers[at : at + KEYS_AT_ONCE]
        connection.execute(t.record_keys.delete().where(t.record_keys.c.record_id.in_(some)))
        connection.execute(t.record_words.delete().where(t.record_words.c.id.in_(some)))
        connection.execute(t.records.delete().where(t.records.c.id.in_(some)))
    rows = [
        change_row(table.no, one, who, now_ms, "delete", differences(one.before or {}, {}))
        for one in gone
    ]
    write_rows(connection, t.record_changes, rows)
    return gone


def look(connection: Connection, table: DataTable, items: Sequence[Item]) -> list[Outcome]:
    """What writing these would do; nothing is written."""
    form = table.form
    known = by_keys(connection, table.no, [key for item in items if (key := _key_of(form, item))])
    plans = []
    for item in items:
        row = known.get(_key_of(form, item) or "")
        plans.append(_Plan(item, _planned(form, item, row), row))
    changed = [plan for plan in plans if plan.outcome.state in {"created", "updated"}]
    _check_references(connection, form, changed)
    _check_keys(connection, table, [plan for plan in changed if plan.outcome.state != "wrong"])
    return [plan.outcome for plan in plans]


# --- by numbers: adjusting and releasing -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """Add `by` to a number of the record with this key; negative takes away."""

    key: str
    by: Decimal


@dataclass(slots=True)
class Adjusted:
    """What became of an adjustment: all lines, or none."""

    state: Literal["done", "refused", "missing"]
    lines: list[dict[str, Any]] = field(default_factory=list)
    why: dict[str, Any] | None = None


def done_by(connection: Connection, step_key: str | None, *kinds: str) -> list[Any]:
    """What this visit has done already."""
    if not step_key:
        return []
    query = sa.select(t.record_changes).where(t.record_changes.c.step_key == step_key)
    if kinds:
        query = query.where(t.record_changes.c.kind.in_(kinds))
    return list(connection.execute(query.order_by(t.record_changes.c.id)))


def adjust(
    connection: Connection,
    table: DataTable,
    name: str,
    lines: Sequence[Line],
    who: Who,
    now_ms: int,
    *,
    least: Decimal | None = None,
    most: Decimal | None = None,
) -> Adjusted:
    """Add to or take from a number field of these records, all or none; refused where a bound would break.

    The rows are locked in one order, so those who come at the same time take turns; the number is read under the lock.
    """
    rows = by_keys(connection, table.no, list(dict.fromkeys(one.key for one in lines)), lock=True)
    before = done_by(
        connection, who.step_key, "adjust"
    )  # under the lock: a repeat waits for the first try
    if before:
        return Adjusted(
            "done",
            [
                {"key": row.key, "before": row.changes[name][0], "after": row.changes[name][1]}
                for row in before
                if name in row.changes
            ],
        )
    bounds = table.form.fields.get(name, {})
    least = _bound(bounds.get("min"), least, max)
    most = _bound(bounds.get("max"), most, min)
    plans: dict[str, _Plan] = {}
    told: list[dict[str, Any]] = []
    for line in lines:
        row = rows.get(line.key)
        if row is None:
            return Adjusted("missing", why={"key": line.key})
        plan = plans.get(line.key)
        value = plan.outcome.value if plan else row.value
        now = Decimal(str(value.get(name) or 0))
        then = now + line.by
        if (least is not None and then < least and line.by < 0) or (
            most is not None and then > most and line.by > 0
        ):
            limit = least if line.by < 0 else most
            why = {
                "key": line.key,
                "field": name,
                "found": to_json_value(now),
                "by": to_json_value(line.by),
                "limit": to_json_value(limit),
            }
            return Adjusted("refused", why=why)
        after = {**value, name: to_json_value(then)}
        if plan is None:
            plan = plans[line.key] = _Plan(
                Item(line.key, {}),
                Outcome("updated", row.id, row.key, row.rev + 1, after, row.value),
                row,
            )
        plan.outcome.value = after
        told.append({"key": line.key, "before": to_json_value(now), "after": after[name]})
    changed = list(plans.values())
    _update(connection, table, changed, who, now_ms)
    _keep_history(connection, table, changed, who, now_ms, "adjust")
    return Adjusted("done", told)


def _bound(drawn: Any, asked: Decimal | None, tighter: Any) -> Decimal | None:
    found = [Decimal(str(one)) for one in (drawn, asked) if one is not None]
    return tighter(found) if found else None


def release(connection: Connection, of: str, who: Who, now_ms: int) -> list[dict[str, Any]]:
    """Undo what the visit `of` adjusted, once, whoever asks again; answers what was given back."""
    changes = t.record_changes.c
    query = (
        sa.select(t.record_changes)
        .where(changes.step_key == of, changes.kind == "adjust")
        .order_by(changes.record_id)
        .with_for_update()
    )
    told: list[dict[str, Any]] = []
    rows = connection.execute(query).all()
    tables = data_tables.by_numbers(connection, [row.table_no for row in rows])
    for row in rows:
        table = tables[row.table_no]
        if row.undone_by is not None:
            if row.undone_by == who.step_key:  # a repeat hears what it did
                told.extend(_given_back(table, row))
            continue
        marked = t.record_changes.update().where(changes.id == row.id)
        connection.execute(marked, {"undone_by": who.step_key or who.by})
        now = by_ids(connection, row.table_no, [row.record_id], lock=True).get(row.record_id)
        if now is None:
            continue  # the record has gone: nothing to give back to
        value = dict(now.value)
        for name, (before, after) in row.changes.items():
            by = Decimal(str(before or 0)) - Decimal(str(after or 0))
            value[name] = to_json_value(Decimal(str(value.get(name) or 0)) + by)
        plan = _Plan(
            Item(now.key, {}),
            Outcome("updated", now.id, now.key, now.rev + 1, value, now.value),
            now,
        )
        _update(connection, table, [plan], who, now_ms)
        _keep_history(connection, table, [plan], who, now_ms, "release")
        told.extend(_given_back(table, row))
    return told


def _given_back(table: DataTable, row: Any) -> list[dict[str, Any]]:
    return [
        {
            "table": table.key,
            "key": row.key,
            "field": name,
            "by": to_json_value(Decimal(str(before or 0)) - Decimal(str(after or 0))),
        }
        for name, (before, after) in row.changes.items()
    ]


# --- what nodes ask --------------------------------------------------------------------------------


def apply(
    connection: Connection,
    operation: str,
    table: str,
    key: str,
    value: Mapping[str, Any],
    *,
    step_key: str,
    instance_id: str | None,
    now_ms: int,
    node: str | None = None,
    rule: Mapping[str, Any] | None = None,
) -> RecordAnswer:
    """find | create (only if absent) | upsert (merges the fields). A create repeated by the same step still answers `created`."""
    if operation == "find":
        there = data_tables.find(connection, table)
        row = by_keys(connection, there.no, [key]).get(key) if there else None
        return RecordAnswer(row is not None, False, row.value if row else None)
    drawn = data_tables.found_or_made(connection, table, now_ms)
    who = Who("engine", str(value.get("source_channel") or "")[:64], instance_id, node, step_key)
    mode: Mode = "create" if operation == "create" else "upsert"
    outcome = write(connection, drawn, [Item(key, value, mode, rule)], who, now_ms)[0]
    if outcome.state == "wrong":
        raise ValidationFailed(
            what=f"record {key} of {table}", count=len(outcome.problems), problems=outcome.problems
        )
    if outcome.state == "created":
        return RecordAnswer(False, True, outcome.value)
    mine = any(row.record_id == outcome.id for row in done_by(connection, step_key, "create"))
    return RecordAnswer(
        True, mine, outcome.value, tuple(outcome.conflicts), outcome.alert, tuple(outcome.held)
    )
