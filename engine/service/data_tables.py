"""Tables as people draw them: who may, what a change does to the records that are there, and every version of a drawing.

A change that records may not fit is looked at first (`check`): it tells which ones, and whoever goes on says what becomes of
them. Records are then written anew in slices, in the background, so that a table of a million stays in use meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, Forbidden, NotFound, Problem, ValidationFailed
from headrace.engine.flow.table_definition import (
    FIELDS_MAX,
    Compiled,
    Definition,
    changes,
    must_look,
    problems_of,
    slots_for,
    unique_keys,
)
from headrace.engine.flow.table_fields import Misfit, accept, indexable
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import data_tables as rows
from headrace.engine.store import record_moves, records
from headrace.engine.store.data_tables import DataTable

LOOK_MAX = 20_000
"""Records looked at before a change is made; those beyond are looked at while they are written anew."""

MISFITS_SHOWN = 50
SLICE = 500
"""Records written anew in one transaction."""

_NAME = re.compile("[a-z][a-z0-9_]{0,63}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]")

Right = Literal["read", "write", "administer"]

_PERMISSIONS: Mapping[Right, str] = {
    "read": "records:read", "write": "records:write", "administer": "tables:write",
}  # fmt: skip


def may(actor: Actor, table: DataTable, right: Right) -> bool:
    """May this person do so? The permission is needed; where the table names roles, one of them besides."""
    if not actor.may(_PERMISSIONS[right]):
        return False
    wanted: Sequence[str] = (table.definition.get("access") or {}).get(right) or ()
    return not wanted or "administrator" in actor.roles or bool(set(wanted) & set(actor.roles))


def require(actor: Actor, table: DataTable, right: Right) -> None:
    """Raise `Forbidden` unless so."""
    if not may(actor, table, right):
        raise Forbidden(permission=f"{_PERMISSIONS[right]} ({table.key})")


def found(connection: Connection, key: str, *, lock: bool = False) -> DataTable:
    """The table; raises `NotFound`."""
    table = rows.find(connection, key, lock=lock)
    if table is None:
        raise NotFound(kind="table", id=key)
    return table


# --- seeing ----------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Tables by key, those that one may read."""
    actor.require("records:read")
    shown: list[DataTable] = []
    after = cursor or ""
    with workspace.read() as connection:
        while len(shown) <= limit:
            some = rows.listing(connection, after=after, limit=limit + 1, search=search)
            shown.extend(table for table in some if may(actor, table, "read"))
            if len(some) <= limit:
                break
            after = some[-1].key
        counts = rows.counts(connection, [table.no for table in shown[: limit + 1]])
    items = [_brief(actor, table, counts.get(table.no, 0)) for table in shown]
    return page(items, limit, lambda item: str(item["key"]))


def _brief(actor: Actor, table: DataTable, count: int) -> dict[str, Any]:
    definition = table.definition
    return {
        "key": table.key,
        "title": definition.get("title") or {},
        "description": definition.get("description") or {},
        "drawn": table.drawn,
        "version": table.version,
        "fields": sum(not field.get("hidden") for field in definition["fields"]),
        "records": min(count, rows.COUNT_MAX),
        "more": count > rows.COUNT_MAX,
        "refilling": table.refilled_to is not None,
        "rights": {right: may(actor, table, right) for right in _PERMISSIONS},
        "updated_at": to_iso(table.updated_at),
    }


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """A table with its drawing."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        count = rows.counts(connection, [table.no]).get(table.no, 0)
        flows = record_moves.flows_using(connection, table.key)
    return {
        **_brief(actor, table, count),
        "definition": {**table.definition, "fields": list(table.definition["fields"])},
        "filterable": sorted(table.form.slots),
        "flows": flows,
    }


def versions(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Drawings of a table, newest first, each with what it changed."""
    before = int(cursor) if cursor and cursor.isdigit() else None
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "read")
        some = rows.versions(connection, table.no, before=before, limit=limit + 1)
        people = workspace.directory(connection).people
    documents = [jsontext.loads(row.definition) for row in some]
    items = [
        {
            "version": row.version,
            "definition": document,
            "changes": _told(changes(older, document)) if older else [],
            "at": to_iso(row.created_at),
            "by": {
                "id": row.created_by,
                "name": getattr(people.get(row.created_by), "name", row.created_by),
            },
        }
        for row, document, older in zip(some, documents, [*documents[1:], None], strict=True)
    ]
    return page(items, limit, lambda item: str(item["version"]))


def _told(found_: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {"what": c.what, "field": c.field, "before": c.before, "after": c.after} for c in found_
    ]


# --- drawing ---------------------------------------------------------------------------------------


def create(workspace: Workspace, actor: Actor, key: str, definition: Definition) -> dict[str, Any]:
    """Draw a table."""
    actor.require("tables:write")
    _check_definition(definition)

    def write(connection: Connection) -> None:
        if rows.find(connection, key) is not None:
            raise Conflict(expected="a key that no table has", found=key)
        slots = slots_for(definition, {})
        try:
            with connection.begin_nested():
                rows.insert(
                    connection, key, definition, slots, actor.user_id, workspace.clock.now_ms()
                )
        except IntegrityError:  # of one that was removed
            table = rows.restore(connection, key)
            assert table is not None
            rows.change(
                connection, table, definition, slots_for(definition, table.form.slots), actor.user_id, workspace.clock.now_ms(),
                refill=True,
            )  # fmt: skip
        audit.note(connection, workspace, actor, "tables.create", key)

    workspace.writer.call(write)
    return detail(workspace, actor, key)


def check(workspace: Workspace, actor: Actor, key: str, definition: Definition) -> dict[str, Any]:
    """What a new drawing would do: what is wrong with it, what changes, and which records do not fit."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "administer")
        problems = problems_of(definition)
        misfits: list[dict[str, Any]] = []
        looked, complete = 0, True
        if not problems and must_look(table.definition, definition):
            misfits, looked, complete = _misfits(connection, table, definition)
    return {
        "problems": [problem.as_json() for problem in problems],
        "changes": _told(changes(table.definition, definition)),
        "misfits": misfits,
        "looked": looked,
        "complete": complete,
    }


def _misfits(
    connection: Connection, table: DataTable, definition: Definition
) -> tuple[list[dict[str, Any]], int, bool]:
    """Records whose values a new drawing does not take, by field."""
    fields = {field["name"]: field for field in definition["fields"] if not field.get("hidden")}
    told: dict[str, dict[str, Any]] = {}
    seen: dict[str, dict[str, str]] = {name: {} for name in unique_keys(definition)}
    form = Compiled(definition, {}, table.no)
    looked, after = 0, 0
    while looked < LOOK_MAX:
        some = record_moves.slice_after(connection, table.no, after, SLICE)
        for row in some:
            for name, field in fields.items():
                trouble = _trouble(field, row.value.get(name))
                if trouble is not None:
                    _tell(told, name, row.key, row.value.get(name), trouble)
            for name, value in form.unique_values(row.value).items():
                other = seen[name].setdefault(value, row.key)
                if other != row.key:
                    _tell(told, name, row.key, value, "not_unique")
        looked += len(some)
        if len(some) < SLICE:
            return list(told.values()), looked, True
        after = some[-1].id
    return list(told.values()), looked, False


def _trouble(field: Mapping[str, Any], value: Any) -> str | None:
    try:
        kept = accept(field, value)
    except Misfit as misfit:
        return misfit.code
    return (
        "required"
        if kept is None and field.get("required") and field.get("default") is None
        else None
    )


def _tell(told: dict[str, dict[str, Any]], name: str, key: str, value: Any, code: str) -> None:
    entry = told.setdefault(name, {"field": name, "count": 0, "sample": []})
    entry["count"] += 1
    if len(entry["sample"]) < MISFITS_SHOWN:
        entry["sample"].append({"key": key, "value": value, "code": code})


def change(
    workspace: Workspace,
    actor: Actor,
    key: str,
    definition: Definition,
    version: int,
    misfits: Literal["refuse", "clear"] = "refuse",
) -> dict[str, Any]:
    """The next drawing, on top of `version`. `misfits`: what does not fit stops it, or is taken out (history keeps it)."""
    _check_definition(definition)
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "administer")
        wrong, _, _ = (
            _misfits(connection, table, definition)
            if must_look(table.definition, definition)
            else ([], 0, True)
        )
    stops = [
        one
        for one in wrong
        if misfits == "refuse" or any(s["code"] == "not_unique" for s in one["sample"])
    ]
    stops = [one for one in stops if {s["code"] for s in one["sample"]} != {"required"}]
    if stops:
        problems = [
            Problem(f"/fields/{one['field']}", "records_do_not_fit", {"field": one["field"], "count": one["count"]},
                    f"Expected records that fit, but {one['count']} do not.")
            for one in stops
        ]  # fmt: skip
        raise ValidationFailed(what="table", count=len(problems), problems=problems)

    def write(connection: Connection) -> None:
        now = found(connection, key, lock=True)
        if now.version != version:
            raise Conflict(
                expected=f"version {version} of {key}",
                found=f"version {now.version}, saved by {now.updated_by}",
            )
        slots = slots_for(definition, now.form.slots)
        refill = must_look(now.definition, definition) or slots != now.form.slots
        if definition == now.definition:
            return
        rows.change(
            connection,
            now,
            definition,
            slots,
            actor.user_id,
            workspace.clock.now_ms(),
            refill=refill,
        )
        told = [f"{c.what} {c.field}" for c in changes(now.definition, definition)][:50]
        audit.note(
            connection, workspace, actor, "tables.change", key, changes=told, version=version + 1
        )

    workspace.writer.call(write)
    refill(workspace, slices=8)  # a small table is ready when the answer comes
    return detail(workspace, actor, key)


def remove(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take a table away. Its records stay, and come back when a table of this key is drawn again."""

    def write(connection: Connection) -> None:
        table = found(connection, key, lock=True)
        require(actor, table, "administer")
        rows.remove(connection, table.no, workspace.clock.now_ms())
        audit.note(connection, workspace, actor, "tables.remove", key)

    workspace.writer.call(write)


def _check_definition(definition: Definition) -> None:
    problems = problems_of(definition)
    if problems:
        raise ValidationFailed(what="table", count=len(problems), problems=problems)


# --- writing anew ----------------------------------------------------------------------------------


def refill(workspace: Workspace, slices: int = 4) -> int:
    """Write records anew after a change of their table, a slice a transaction; answers how many were."""
    with workspace.read() as connection:
        waiting = [table.key for table in rows.to_refill(connection)]
    done = 0
    for key in waiting:
        for _ in range(slices):
            count = workspace.writer.call(partial(_refill_slice, workspace, key))
            done += count
            if count < SLICE:
                break
    return done


def _refill_slice(workspace: Workspace, key: str, connection: Connection) -> int:
    table = rows.find(connection, key, lock=True)
    if table is None or table.refilled_to is None:
        return 0
    some = record_moves.slice_after(connection, table.no, table.refilled_to, SLICE, lock=True)
    who = records.Who("engine", "schema")
    record_moves.write_anew(connection, table, some, who, workspace.clock.now_ms())
    rows.set_refilled(connection, table.no, some[-1].id if len(some) == SLICE else None)
    return len(some)


# --- a drawing from what is there ------------------------------------------------------------------


def suggestion(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """A drawing that fits the records that flows have kept so far, to begin with."""
    with workspace.read() as connection:
        table = found(connection, key)
        require(actor, table, "administer")
        some = record_moves.slice_after(connection, table.no, 0, SLICE)
    values: dict[str, list[Any]] = {}
    for row in some:
        for name, value in row.value.items():
            if value is not None:
                values.setdefault(name, []).append(value)
    known = {field["name"] for field in table.definition["fields"]}
    fields: list[dict[str, Any]] = [
        {"name": name, "kind": _kind_of(found_), "title": {"zh": name, "en": name}}
        for name, found_ in list(values.items())[:FIELDS_MAX]
        if name not in known and _NAME.fullmatch(name)
    ]
    for field in fields[:6]:
        if indexable(field):
            field["index"] = True
    return {"definition": {**table.definition, "fields": [*table.definition["fields"], *fields]}}


def _kind_of(values: Sequence[Any]) -> str:
    for kind in ("yes_no", "integer", "decimal", "date_time"):
        if all(_is(kind, value) for value in values):
            return kind
    if all(isinstance(value, str) for value in values):
        return "text" if max(map(len, values)) <= 200 else "long_text"
    return (
        "list"
        if all(isinstance(v, list) and all(isinstance(i, str) for i in v) for v in values)
        else "json"
    )


def _is(kind: str, value: Any) -> bool:
    if kind == "yes_no":
        return isinstance(value, bool)
    if isinstance(value, bool) or isinstance(value, str) != (kind == "date_time"):
        return False
    if kind == "date_time" and not _MOMENT.match(value):
        return False
    try:
        accept({"name": "x", "kind": kind, "decimals": 4}, value)
    except Misfit:
        return False
    return True
