"""Records of tables for people: pages, one with its history, changes by hand, views. Flows write by `store/records.py`, too.

Whoever changes a record says which revision he saw; where another was faster, the answer is 409 with the record as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.flow.form_masks import STARS, is_masked, masked
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.data_tables import found, may, require
from headrace.engine.service.paging import key_from, key_text, page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables, record_list, record_moves, records
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.record_list import Condition, Order

BULK_MAX = 2_000
"""Records changed or deleted by one wish: one transaction, all or none."""

INSTANCES_SHOWN = 50
Wanted = Sequence[Mapping[str, Any]]


# --- seeing ----------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    search: str = "",
    filter: str = "",  # noqa: A002 - its name in the query
    sort: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """A page of records. `filter`: JSON, a list of {field, op, value}; `sort`: a field, with - before it downwards."""
    actor.require("records:read")
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        conditions = conditions_of(table, actor, read_filter(filter))
        order = order_of(table, actor, sort)
        after = key_from(cursor, str if order.column[0] in "sk" else int, int)
        some = record_list.page(
            connection, table.no, conditions, search, order, after=after, limit=limit + 1
        )
        names = _names(connection, table, some.rows)
    items = [_shown(table, actor, row, names) for row in some.rows]
    last = some.rows[limit - 1] if len(some.rows) > limit else None
    answer = page(items, limit, lambda _: _cursor(table, order, last))
    return {**answer, "capped": some.capped}


def _cursor(table: DataTable, order: Order, row: Any) -> str:
    if order.column in {"key", "updated_at", "id"}:
        return key_text(getattr(row, order.column), row.id)
    return key_text(table.form.slot_values(row.value)[order.column], row.id)


def count(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    search: str = "",
    filter: str = "",  # noqa: A002
) -> dict[str, Any]:
    """How many records are meant, counted up to a limit."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        conditions = conditions_of(table, actor, read_filter(filter))
        number = record_list.count(connection, table.no, conditions, search)
    most = record_list.COUNT_MAX
    return {"count": min(number, most), "more": number > most}


def detail(workspace: Workspace, actor: Actor, key: str, record_id: int) -> dict[str, Any]:
    """A record, and the instances that touched it."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        row = _row(connection, table, record_id)
        names = _names(connection, table, [row])
        touched = record_moves.touched_by(connection, record_id, INSTANCES_SHOWN)
    return {**_shown(table, actor, row, names), "instances": [_instance(one) for one in touched]}


def _row(connection: Connection, table: DataTable, record_id: int) -> Any:
    row = record_list.one(connection, table.no, record_id)
    if row is None:
        raise NotFound(kind="record", id=f"{table.key} {record_id}")
    return row


def by_key(workspace: Workspace, actor: Actor, key: str, record_key: str) -> dict[str, Any]:
    """The record with this key."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        row = records.by_keys(connection, table.no, [record_key]).get(record_key)
        if row is None:
            raise NotFound(kind="record", id=f"{key} {record_key}")
        return _shown(table, actor, row, _names(connection, table, [row]))


def _instance(row: Any) -> dict[str, Any]:
    return {
        "id": row.instance_id,
        "flow": row.flow_key,
        "version": row.version,
        "status": row.status,
        "created_at": to_iso(row.created_at) if row.created_at is not None else None,
    }


def _shown(
    table: DataTable, actor: Actor, row: Any, names: Mapping[str, Mapping[str, str]]
) -> dict[str, Any]:
    value = seen(table, actor, row.value)
    references = {
        name: shown
        for name, target in names.items()
        if (shown := target.get(str(row.value.get(name)))) is not None
    }
    return {
        "id": row.id,
        "key": row.key,
        "title": STARS
        if _starred(table, actor, table.definition.get("display"))
        else table.form.display(row.key, row.value),
        "rev": row.rev,
        "value": value,
        "references": references,
        "instance_id": row.instance_id,
        "created_at": to_iso(row.created_at),
        "updated_at": to_iso(row.updated_at),
    }


def _starred(table: DataTable, actor: Actor, name: str | None) -> bool:
    field = table.form.fields.get(name or "")
    return field is not None and is_starred(field, actor)


def is_starred(field: Mapping[str, Any], actor: Actor) -> bool:
    """Does this person get stars here? An administrator of the workspace does, too, unless a role says otherwise."""
    told = (
        {"x-mask": field["mask"], "x-unmask": field.get("unmask", ())} if field.get("mask") else {}
    )
    return is_masked(told, actor.roles)


def seen(table: DataTable, actor: Actor, value: Mapping[str, Any]) -> dict[str, Any]:
    """A record as this person may see it: with stars where there must be some, without hidden fields."""
    fields = table.form.fields
    return {
        name: masked(fields[name]["mask"], one)
        if name in fields and is_starred(fields[name], actor)
        else one
        for name, one in value.items()
        if not fields.get(name, {}).get("hidden")
    }


def _names(
    connection: Connection, table: DataTable, rows: Sequence[Any]
) -> dict[str, dict[str, str]]:
    """How the records are called that these refer to: field → key → name. One query a field."""
    told: dict[str, dict[str, str]] = {}
    for name, field in table.form.fields.items():
        if field["kind"] != "reference":
            continue
        wanted = list({str(row.value[name]) for row in rows if row.value.get(name) is not None})
        target = data_tables.find(connection, field["table"]) if wanted else None
        if target is not None:
            there = records.by_keys(connection, target.no, wanted)
            told[name] = {key: target.form.display(key, row.value) for key, row in there.items()}
    return told


# --- what is asked for -----------------------------------------------------------------------------


def read_filter(text: str) -> Wanted:
    """The conditions of a query string."""
    if not text:
        return ()
    try:
        wanted = jsontext.loads(text)
    except ValueError:
        wanted = None
    right = isinstance(wanted, list) and len(wanted) <= 20
    if not right or not all(
        isinstance(one, dict) and isinstance(one.get("field"), str) for one in wanted
    ):
        raise _wrong("/query/filter", "filter_wrong", "a list of {field, op, value}", text[:60])
    return wanted  # type: ignore[no-any-return]


def conditions_of(table: DataTable, actor: Actor, wanted: Wanted) -> list[Condition]:
    """As the store asks; raises `ValidationFailed` for a field one cannot ask for, or a value that is none."""
    return record_list.conditions(table.form, wanted, closed=closed_to(table, actor))


def closed_to(table: DataTable, actor: Actor) -> frozenset[str]:
    """Fields this person sees stars in: who could filter by them would know them."""
    return frozenset(name for name, field in table.form.fields.items() if is_starred(field, actor))


def order_of(table: DataTable, actor: Actor, sort: str) -> Order:
    """By which column; without a wish, last changed first."""
    return record_list.order(table.form, sort, closed=closed_to(table, actor))


_wrong = record_list.wrong

# --- changing --------------------------------------------------------------------------------------


def create(
    workspace: Workspace,
    actor: Actor,
    key: str,
    values: Mapping[str, Any],
    record_key: str | None = None,
) -> dict[str, Any]:
    """A new record. Without a key of its own, and without a field that is the key, it gets one."""
    actor.require("records:write")

    def write(connection: Connection) -> int:
        table = found(connection, key)
        require(actor, table, "write")
        name = record_key
        if name is None and not table.form.key_field:
            name = workspace.id("rec")
        item = records.Item(name, unstarred(table, actor, values), "create")
        outcome = records.write(connection, table, [item], who(actor), workspace.clock.now_ms())[0]
        if outcome.state == "exists":
            raise Conflict(expected=f"a key that no record of {key} has", found=outcome.key)
        _raise_problems(outcome)
        return outcome.id

    return detail(workspace, actor, key, workspace.writer.call(write))


def change(
    workspace: Workspace,
    actor: Actor,
    key: str,
    record_id: int,
    values: Mapping[str, Any],
    rev: int,
) -> dict[str, Any]:
    """Put these values into a record; null takes one out."""

    def write(connection: Connection) -> None:
        table = found(connection, key)
        require(actor, table, "write")
        item = records.Item(None, unstarred(table, actor, values), "update", id=record_id, rev=rev)
        outcome = records.write(connection, table, [item], who(actor), workspace.clock.now_ms())[0]
        if outcome.state == "missing":
            raise NotFound(kind="record", id=f"{key} {record_id}")
        if outcome.state == "stale":
            now = _shown(table, actor, _row(connection, table, record_id), {})
            raise Conflict(
                expected=f"revision {rev} of the record",
                found=f"revision {outcome.rev}",
                current=now,
            )
        _raise_problems(outcome)

    workspace.writer.call(write)
    return detail(workspace, actor, key, record_id)


def _raise_problems(outcome: records.Outcome) -> None:
    if outcome.problems:
        count_ = len(outcome.problems)
        raise ValidationFailed(what="record", count=count_, problems=outcome.problems)


def unstarred(table: DataTable, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is still as it was shown: stars are no value, and hidden fields are not written by hand."""
    fields = table.form.fields
    return {
        name: value
        for name, value in values.items()
        if not fields.get(name, {}).get("hidden")
        and not (
            name in fields
            and is_starred(fields[name], actor)
            and isinstance(value, str)
            and "***" in value
        )
    }


def who(actor: Actor, channel: str = "screen") -> records.Who:
    """A person as history tells it."""
    return records.Who(actor.user_id, channel)


def _meant(
    connection: Connection, table: DataTable, actor: Actor, told: Mapping[str, Any]
) -> list[int]:
    """The records a wish for many means: `ids`, or all that a filter finds; more than the limit is refused."""
    if "ids" in told:
        return list(dict.fromkeys(told["ids"]))
    conditions = conditions_of(table, actor, told.get("filter") or ())
    ids = record_list.all_ids(
        connection, table.no, conditions, told.get("search", ""), BULK_MAX + 1
    )
    if len(ids) > BULK_MAX:
        raise _wrong("/filter", "too_many_records", f"at most {BULK_MAX} records at once", "more")
    return ids


def change_many(
    workspace: Workspace, actor: Actor, key: str, told: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Put these values into many records, all or none."""

    def write(connection: Connection) -> dict[str, Any]:
        table = found(connection, key)
        require(actor, table, "write")
        ids = _meant(connection, table, actor, told)
        clean = unstarred(table, actor, values)
        items = [records.Item(None, clean, "update", id=id_) for id_ in ids]
        outcomes = records.write(connection, table, items, who(actor), workspace.clock.now_ms())
        problems = [
            Problem(f"/{one.id}{problem.path}", problem.code, problem.params, problem.message)
            for one in outcomes
            for problem in one.problems
        ]
        if problems:
            raise ValidationFailed(what="records", count=len(problems), problems=problems[:50])
        changed = [one.id for one in outcomes if one.state == "updated"]
        audit.note(connection, workspace, actor, "records.change_many", key, count=len(changed))
        return {"changed": len(changed), "ids": changed}

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


def delete(workspace: Workspace, actor: Actor, key: str, told: Mapping[str, Any]) -> dict[str, Any]:
    """Delete records; `restore` brings them back."""

    def write(connection: Connection) -> dict[str, Any]:
        table = found(connection, key)
        require(actor, table, "write")
        ids = _meant(connection, table, actor, told)
        gone = records.delete(connection, table, ids, who(actor), workspace.clock.now_ms())
        audit.note(connection, workspace, actor, "records.delete", key, count=len(gone))
        return {"changed": len(gone), "ids": [one.id for one in gone]}

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


def restore(workspace: Workspace, actor: Actor, key: str, ids: Sequence[int]) -> dict[str, Any]:
    """Bring deleted records back; those whose key is taken meanwhile stay away."""

    def write(connection: Connection) -> dict[str, Any]:
        table = found(connection, key)
        require(actor, table, "write")
        back = record_moves.restore(connection, table, ids, who(actor), workspace.clock.now_ms())
        done = [one.id for one in back if one.state == "created"]
        audit.note(connection, workspace, actor, "records.restore", key, count=len(done))
        return {"changed": len(done), "ids": done}

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


# --- what has happened -----------------------------------------------------------------------------


def history(
    workspace: Workspace,
    actor: Actor,
    key: str,
    record_id: int | None = None,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """What has happened to a record (also to one that was deleted), or in a whole table; newest first."""
    before = int(cursor) if cursor and cursor.isdigit() else None
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        if record_id is None:
            rows = record_moves.changes_in(connection, table.no, before=before, limit=limit + 1)
        else:
            rows = record_moves.changes_of(connection, record_id, before=before, limit=limit + 1)
            rows = [row for row in rows if row.table_no == table.no]
        people = workspace.directory(connection).people
    items = [
        {
            "id": str(row.id),
            "record_id": row.record_id,
            "key": row.key,
            "rev": row.rev,
            "at": to_iso(row.at),
            "kind": row.kind,
            "by": {"id": row.by, "name": getattr(people.get(row.by), "name", row.by)},
            "channel": row.channel,
            "instance_id": row.instance_id,
            "node": row.node,
            "changes": _seen_changes(table, actor, row.changes),
        }
        for row in rows
    ]
    return page(items, limit, lambda item: str(item["id"]))


def _seen_changes(
    table: DataTable, actor: Actor, changes: Mapping[str, Any]
) -> list[dict[str, Any]]:
    told = []
    for name, (before, after) in changes.items():
        both = seen(table, actor, {name: before}), seen(table, actor, {name: after})
        if name in both[0]:
            told.append({"field": name, "before": both[0][name], "after": both[1][name]})
    return told


# --- views -----------------------------------------------------------------------------------------


def views(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Views of a table: one's own, and those that others share."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        rows = record_list.views(connection, table.no, actor.user_id)
    return {"items": [_view(row, actor, table) for row in rows], "next_cursor": None}


def _view(row: Any, actor: Actor, table: DataTable) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "shared": row.shared,
        "mine": row.owner == actor.user_id,
        "may_change": row.owner == actor.user_id
        or (row.shared and may(actor, table, "administer")),
        "content": row.content,
    }


VIEWS_MAX = 100
"""Views of one person at one table."""


def keep_view(
    workspace: Workspace,
    actor: Actor,
    key: str,
    told: Mapping[str, Any],
    view_id: str | None = None,
) -> dict[str, Any]:
    """Make a view, or change one's own."""

    def write(connection: Connection) -> Any:
        table = found(connection, key)
        require(actor, table, "read")
        mine = record_list.views(connection, table.no, actor.user_id)
        values = {
            "title": told["title"], "shared": bool(told.get("shared")), "content": told["content"],
            "updated_at": workspace.clock.now_ms(),
        }  # fmt: skip
        if view_id is None:
            if len(mine) >= VIEWS_MAX:
                raise Conflict(expected=f"at most {VIEWS_MAX} views", found=len(mine))
            return record_list.insert_view(
                connection,
                {**values, "id": workspace.id("viw"), "table_no": table.no, "owner": actor.user_id},
            )
        _own_view(table, actor, mine, view_id)
        return record_list.update_view(connection, view_id, values)

    row = workspace.writer.call(write)
    with workspace.read() as connection:
        return _view(row, actor, found(connection, key))


def drop_view(workspace: Workspace, actor: Actor, key: str, view_id: str) -> None:
    """Delete a view."""

    def write(connection: Connection) -> None:
        table = found(connection, key)
        require(actor, table, "read")
        _own_view(table, actor, record_list.views(connection, table.no, actor.user_id), view_id)
        record_list.delete_view(connection, view_id)

    workspace.writer.call(write)


def _own_view(table: DataTable, actor: Actor, rows: Sequence[Any], view_id: str) -> None:
    row = next((row for row in rows if row.id == view_id), None)
    if row is None:
        raise NotFound(kind="view", id=view_id)
    if row.owner != actor.user_id:
        require(actor, table, "administer")
