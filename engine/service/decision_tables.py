"""Decision tables: drawn, checked, tried and published; and asked by flows.

A published version never changes and has a moment from which it is valid; the one that counts is the one that came into force last
by then. Whoever asks gets the versions from memory, a second old at most, and each compiled once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from headrace.engine import jsontext
from headrace.engine.clock import from_iso, to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.flow.decision import sheet
from headrace.engine.flow.decision.analysis import analyse
from headrace.engine.flow.decision.bench import run_samples
from headrace.engine.flow.decision.compiled import Compiled, DecisionTrouble, problems_of
from headrace.engine.flow.decision.diff import changes
from headrace.engine.flow.decision.model import Definition
from headrace.engine.node import Decide, Decision
from headrace.engine.service import audit, org_files
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import decision_tables as rows
from headrace.engine.store.writer import Writer

COMPILED_MAX = 500
PROBLEMS_MAX = 500


# --- asked by flows ------------------------------------------------------------------------------

Valid = list[tuple[int, int]]
_kept: WeakKeyDictionary[Writer, dict[str, tuple[Valid, int]]] = WeakKeyDictionary()


class Decider:
    """Asks tables for the nodes of one advance; nothing is read before a node asks."""

    __slots__ = ("_connection", "_workspace")

    def __init__(self, workspace: Workspace, connection: Connection) -> None:
        self._workspace, self._connection = workspace, connection

    def __call__(
        self, key: str, given: Mapping[str, Any], version: int | None, at_ms: int
    ) -> Decision:
        """What the table says; trouble is told, not raised."""
        valid = self._valid(key)
        if version is None:
            version = in_force(valid, at_ms)
        if version is None or version not in {number for _, number in valid}:
            found = "no version that is valid then" if valid else "no published version"
            return Decision(
                key,
                trouble=(
                    "decision_missing",
                    f"Expected the decision table {key}, but there is {found}.",
                ),
            )
        table = compiled(self._workspace, self._connection, key, version)
        return answered(table, key, version, given)

    def _valid(self, key: str) -> Valid:
        now_ms = self._workspace.clock.now_ms()
        tables = _kept.setdefault(self._workspace.writer, {})
        kept = tables.get(key)
        if kept is None or kept[1] < now_ms:
            found = rows.valid(self._connection, [key]).get(key, [])
            kept = tables[key] = (found, now_ms + FRESH_MS)
        return kept[0]


def answered(table: Compiled, key: str, version: int, given: Mapping[str, Any]) -> Decision:
    """What a compiled table says; trouble is told, not raised."""
    try:
        answer = table.ask(given)
    except DecisionTrouble as trouble:
        return Decision(
            key,
            version,
            trouble=(
                f"decision_{trouble.code}",
                f"{key} (version {version}): {trouble.message}",
            ),
        )
    return Decision(
        key, version, answer.matched, answer.outputs, answer.rows, answer.notes,
        defaults=not answer.matched and (bool(table.defaults) or table.policy in {"collect", "rule_order"}),
    )  # fmt: skip


def asking(workspace: Workspace) -> Decide:
    """The same for those without a connection, such as test runs."""

    def ask(key: str, given: Mapping[str, Any], version: int | None, at_ms: int) -> Decision:
        with workspace.read() as connection:
            return Decider(workspace, connection)(key, given, version, at_ms)

    return ask


def in_force(valid: Sequence[tuple[int, int]], at_ms: int) -> int | None:
    """The version that came into force last by this moment; None before the first."""
    return max((one for one in valid if one[0] <= at_ms), default=(0, None))[1]


def compiled(workspace: Workspace, connection: Connection, key: str, version: int) -> Compiled:
    """A published version, compiled once."""
    cache = _compiled.setdefault(workspace.writer, {})
    found = cache.get((key, version))
    if found is None:
        text = rows.definition(connection, key, version)
        if text is None:
            raise NotFound(kind="decision table", id=f"{key} v{version}")
        if len(cache) >= COMPILED_MAX:
            cache.clear()
        found = cache[key, version] = _compile(text)
    return found


_compiled: WeakKeyDictionary[Writer, dict[tuple[str, int], Compiled]] = WeakKeyDictionary()


@lru_cache(maxsize=64)
def _compile(text: str) -> Compiled:
    return Compiled(jsontext.loads(text))


def forget(workspace: Workspace, key: str) -> None:
    """Look up again which versions there are."""
    _kept.get(workspace.writer, {}).pop(key, None)


def problems(connection: Connection, document: Any, now_ms: int) -> list[Problem]:
    """What is wrong with the tables a drawing asks: not there, never published, without a value for a column."""
    asked = [
        (place, node, node["settings"])
        for place, node in enumerate(_nodes(document))
        if isinstance(node, Mapping)
        and node.get("type") == "decide"
        and isinstance(node.get("settings"), Mapping)
    ]
    keys = {told["table"] for _, _, told in asked if isinstance(told.get("table"), str)}
    if not keys:
        return []
    valid = rows.valid(connection, keys)
    found: list[Problem] = []
    for place, node, told in asked:
        key = told.get("table")
        if not isinstance(key, str):
            continue
        path, id_ = f"/nodes/{place}/settings", str(node.get("id"))
        versions = valid.get(key, [])
        version = told.get("version") or in_force(versions, now_ms)
        if version not in {number for _, number in versions}:
            code = (
                "decision_unpublished"
                if rows.find(connection, key) is not None
                else "decision_unknown"
            )
            message = f"Expected a published decision table, but found {key}."
            found.append(
                Problem(
                    f"{path}/table", code, {"table": key, "version": version}, message, node=id_
                )
            )
            continue
        table = _compile(rows.definition(connection, key, version) or "{}")
        found += _not_mapped(table, told, path, id_)
    return found


def _not_mapped(table: Compiled, told: Mapping[str, Any], path: str, id_: str) -> list[Problem]:
    mapped = {row.get("name") for row in told.get("inputs") or () if isinstance(row, Mapping)}
    found = [
        Problem(f"{path}/inputs", "decision_input", {"input": column["name"]},
                f"Expected a value for the input {column['name']}, but found none.", node=id_)
        for column in table.inputs
        if column["name"] not in mapped and not column.get("optional")
    ]  # fmt: skip
    outputs = [column["name"] for column in table.outputs]
    route = told.get("route")
    if route and route not in outputs:
        params = {"expected": ", ".join(outputs), "found": str(route)}
        found.append(
            Problem(
                f"{path}/route",
                "setting_wrong",
                params,
                f"Expected one of {params['expected']}, but found {route}.",
                node=id_,
            )
        )
    return found


def _nodes(document: Any) -> Sequence[Any]:
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    return nodes if isinstance(nodes, list) else []


# --- seeing --------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Tables by key."""
    actor.require("flows:read")
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        some = rows.listing(connection, after=cursor or "", limit=limit + 1, search=search)
        valid = rows.valid(connection, [row.key for row in some]) if some else {}
        people = workspace.directory(connection).people
    items = [_brief(row, valid.get(row.key, []), now_ms, people) for row in some]
    return page(items, limit, lambda item: str(item["key"]))


def _brief(row: Any, valid: Valid, now_ms: int, people: Mapping[str, Any]) -> dict[str, Any]:
    draft = jsontext.loads(row.draft)
    later = [one for one in valid if one[0] > now_ms]
    return {
        "key": row.key,
        "title": draft.get("title") or {},
        "description": draft.get("description") or {},
        "policy": draft.get("policy", "unique"),
        "rows": len(draft["rules"]),
        "revision": row.revision,
        "in_force": in_force(valid, now_ms),
        "next": {"version": later[0][1], "valid_from": to_iso(later[0][0])} if later else None,
        "last_version": row.last_version,
        "changed": row.revision != row.published_revision,
        "updated_at": to_iso(row.updated_at),
        "updated_by": _who(row.updated_by, people),
    }


def _who(user_id: str, people: Mapping[str, Any]) -> dict[str, str]:
    return {"id": user_id, "name": getattr(people.get(user_id), "name", user_id)}


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """A table with its draft, and the flows that ask it."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
        valid = rows.valid(connection, [key]).get(key, [])
        people = workspace.directory(connection).people
        flows = rows.used_by(connection, key)
    return {
        **_brief(row, valid, workspace.clock.now_ms(), people),
        "definition": jsontext.loads(row.draft),
        "used_by": flows,
    }


def _found(connection: Connection, key: str, *, lock: bool = False) -> Any:
    row = rows.find(connection, key, lock=lock)
    if row is None:
        raise NotFound(kind="decision table", id=key)
    return row


def versions(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Published versions, newest first, each with what it changed."""
    actor.require("flows:read")
    before = int(cursor) if cursor and cursor.isdigit() else None
    with workspace.read() as connection:
        _found(connection, key)
        some = rows.versions(connection, key, before=before, limit=limit + 1)
        valid = rows.valid(connection, [key]).get(key, [])
        people = workspace.directory(connection).people
    now = in_force(valid, workspace.clock.now_ms())
    documents = [jsontext.loads(row.definition) for row in some]
    items = [
        {
            **_version(row, now, workspace.clock.now_ms(), people),
            "changes": changes(older, document) if older else [],
        }
        for row, document, older in zip(some, documents, [*documents[1:], None], strict=True)
    ]
    return page(items, limit, lambda item: str(item["version"]))


def _version(row: Any, now: int | None, now_ms: int, people: Mapping[str, Any]) -> dict[str, Any]:
    if row.withdrawn_at is not None:
        state = "withdrawn"
    elif row.version == now:
        state = "in_force"
    else:
        state = "scheduled" if row.valid_from > now_ms else "past"
    return {
        "version": row.version,
        "state": state,
        "valid_from": to_iso(row.valid_from),
        "note": row.note,
        "published_at": to_iso(row.published_at),
        "published_by": _who(row.published_by, people),
    }


def version(workspace: Workspace, actor: Actor, key: str, number: int) -> dict[str, Any]:
    """One published version."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = rows.version(connection, key, number)
        if row is None:
            raise NotFound(kind="decision table", id=f"{key} v{number}")
        valid = rows.valid(connection, [key]).get(key, [])
        people = workspace.directory(connection).people
    now_ms = workspace.clock.now_ms()
    told = _version(row, in_force(valid, now_ms), now_ms, people)
    return {**told, "definition": jsontext.loads(row.definition)}


# --- drawing -------------------------------------------------------------------------------------


def create(workspace: Workspace, actor: Actor, key: str, definition: Definition) -> dict[str, Any]:
    """Begin a table; a draft may be wrong."""
    actor.require("flows:write")

    def write(connection: Connection) -> None:
        try:
            with connection.begin_nested():
                rows.insert(
                    connection,
                    key,
                    jsontext.dumps(definition),
                    actor.user_id,
                    workspace.clock.now_ms(),
                )
        except IntegrityError:
            raise Conflict(expected="a key that no decision table has", found=key) from None
        audit.note(connection, workspace, actor, "decision_tables.create", key)

    workspace.writer.call(write)
    return detail(workspace, actor, key)


def save(
    workspace: Workspace, actor: Actor, key: str, definition: Definition, revision: int
) -> dict[str, Any]:
    """Keep the draft on top of `revision`; another one meanwhile is a conflict."""
    actor.require("flows:write")

    def write(connection: Connection) -> None:
        row = _found(connection, key, lock=True)
        text = jsontext.dumps(definition)
        if row.draft == text:
            return
        _still(row, revision)
        values = {
            "draft": text, "revision": row.revision + 1, "updated_at": workspace.clock.now_ms(), "updated_by": actor.user_id,
        }  # fmt: skip
        rows.update(connection, key, values)
        audit.note(
            connection, workspace, actor, "decision_tables.save", key, revision=row.revision + 1
        )

    workspace.writer.call(write)
    return detail(workspace, actor, key)


def _still(row: Any, revision: int) -> None:
    if row.revision != revision:
        raise Conflict(
            expected=f"revision {revision} of {row.key}",
            found=f"revision {row.revision}, saved by {row.updated_by}",
        )


def remove(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take a table away that no flow asks."""
    actor.require("flows:write")

    def write(connection: Connection) -> None:
        row = _found(connection, key, lock=True)
        flows = rows.used_by(connection, key)
        if flows:
            names = ", ".join(flow["key"] for flow in flows[:5])
            raise Conflict(expected="a decision table that no flow asks", found=names)
        if row.last_version:
            actor.require("flows:publish")
        rows.delete(connection, key)
        audit.note(
            connection, workspace, actor, "decision_tables.delete", key, version=row.last_version
        )

    workspace.writer.call(write)
    forget(workspace, key)
    _compiled.pop(workspace.writer, None)


def check(
    workspace: Workspace,
    actor: Actor,
    key: str,
    definition: Definition | None = None,
) -> dict[str, Any]:
    """What is wrong with a table, what it leaves out or says twice, and how its samples come out."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
    told = jsontext.loads(row.draft) if definition is None else definition
    found = problems_of(told)
    wrong = {
        "problems": [problem.as_json() for problem in found[:PROBLEMS_MAX]],
        "report": None,
        "bench": None,
    }
    if found:
        return wrong
    table = Compiled(told)
    return {
        **wrong,
        "report": asdict(analyse(table)),
        "bench": run_samples(table, told.get("samples") or ()),
    }


def publish(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    revision: int,
    valid_from: str | None = None,
    note: str = "",
) -> dict[str, Any]:
    """Make a version of the draft, valid from a moment on, or from now. Rows that contradict each other stop it."""
    actor.require("flows:publish")
    with workspace.read() as connection:
        row = _found(connection, key)
    _still(row, revision)
    _check(jsontext.loads(row.draft))

    def write(connection: Connection) -> None:
        now = _found(connection, key, lock=True)
        _still(now, revision)
        now_ms = workspace.clock.now_ms()
        number = now.last_version + 1
        begins = max(now_ms, from_iso(valid_from)) if valid_from else now_ms
        rows.add_version(connection, {
            "table_key": key, "version": number, "definition": now.draft, "valid_from": begins, "note": note,
            "published_at": now_ms, "published_by": actor.user_id,
        })  # fmt: skip
        rows.update(connection, key, {"last_version": number, "published_revision": revision})
        audit.note(
            connection,
            workspace,
            actor,
            "decision_tables.publish",
            key,
            version=number,
            valid_from=to_iso(begins),
            note=note,
        )

    workspace.writer.call(write)
    forget(workspace, key)
    return detail(workspace, actor, key)


def _check(definition: Definition) -> None:
    found = problems_of(definition)
    if not found:
        report = analyse(Compiled(definition))
        found = [
            Problem(f"/rules/{one.rows[1] - 1}", "rows_overlap", {"row": one.rows[0], "other": one.rows[1]},
                    f"Expected rows that do not contradict each other, but rows {one.rows[0]} and {one.rows[1]} both hit.")
            for one in report.overlaps[:PROBLEMS_MAX]
        ]  # fmt: skip
    if found:
        raise ValidationFailed(
            what="decision table", count=len(found), problems=found[:PROBLEMS_MAX]
        )


def withdraw(workspace: Workspace, actor: Actor, key: str, number: int) -> dict[str, Any]:
    """A version that has not come into force yet shall not."""
    actor.require("flows:publish")

    def write(connection: Connection) -> None:
        _found(connection, key, lock=True)
        row = rows.version(connection, key, number)
        if row is None:
            raise NotFound(kind="decision table", id=f"{key} v{number}")
        now_ms = workspace.clock.now_ms()
        if row.valid_from <= now_ms:
            raise Conflict(expected="a version that is not in force yet", found=f"version {number}")
        rows.withdraw(connection, key, number, now_ms)
        audit.note(connection, workspace, actor, "decision_tables.withdraw", key, version=number)

    workspace.writer.call(write)
    forget(workspace, key)
    return version(workspace, actor, key, number)


# --- sheets --------------------------------------------------------------------------------------


def read_sheet(workspace: Workspace, actor: Actor, key: str, data: bytes) -> dict[str, Any]:
    """The rows of a CSV or XLSX file for the columns of the draft; nothing is saved."""
    actor.require("flows:write")
    with workspace.read() as connection:
        row = _found(connection, key)
    header, lines = org_files.read(data)
    rules, found = sheet.read(jsontext.loads(row.draft), [header, *(cells for _, cells in lines)])
    return {"rules": rules, "problems": [problem.as_json() for problem in found]}


def write_sheet(
    workspace: Workspace,
    actor: Actor,
    key: str,
    kind: Literal["csv", "xlsx"],
    language: str,
    number: int | None = None,
) -> bytes:
    """The draft, or a version, as a file that can come in again."""
    told = (
        detail(workspace, actor, key) if number is None else version(workspace, actor, key, number)
    )
    return org_files.write(kind, sheet.lines(told["definition"], language))
