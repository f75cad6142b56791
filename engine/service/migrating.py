"""Taking running instances to another version: a plan, a dry run over every instance, the migration one by one, the undo.

What was begun goes on by itself in any process (`migrating_work`), a few instances a transaction, and can be stopped and taken
up again. Every instance has a row that says what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, ExpressionError, NotFound, Problem, ValidationFailed
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.flow.expression import compile_expression
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.migrating_work import change, item_json, row_of
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, migrating

# --- making ------------------------------------------------------------------------------------------


def suggest(
    workspace: Workspace, actor: Actor, key: str, *, versions: Sequence[int], to: int
) -> dict[str, Any]:
    """The mapping to begin with: every node of the old versions, and where it goes: the same id, else a likely new name."""
    actor.require("flows:read")
    with workspace.read() as connection:
        new = _version(workspace, connection, key, to)
        olds = [_version(workspace, connection, key, number) for number in versions]
        counted = migrating.open_counts(connection, key)
    rows: dict[str, dict[str, Any]] = {}
    for old in olds:
        for node in old.nodes.values():
            if node.id not in rows:
                rows[node.id] = {
                    "node": node.id,
                    "name": dict(node.name),
                    "type": node.type.name,
                    "to": node.id if node.id in new.nodes else _likely(old, new, node.id),
                    "same_id": node.id in new.nodes,
                }
    return {
        "nodes": list(rows.values()),
        "targets": [
            {"node": node.id, "name": dict(node.name), "type": node.type.name}
            for node in new.nodes.values()
        ],
        "open_instances": sum(counted.get(number, 0) for number in versions),
    }


def _likely(old: CompiledFlow, new: CompiledFlow, id_: str) -> str | None:
    """A node that came in place of this one: of its type, and with its name or alone between the same neighbours."""
    node = old.nodes[id_]
    fresh = [one for one in new.nodes.values() if one.id not in old.nodes and one.type is node.type]
    named = [one for one in fresh if one.name == node.name]
    if len(named) == 1:
        return named[0].id
    beside = [one for one in fresh if _neighbours(new, one.id) == _neighbours(old, id_)]
    return beside[0].id if len(beside) == 1 else None


def _neighbours(flow: CompiledFlow, id_: str) -> tuple[set[str], set[str]]:
    before = {flow.edges[edge].source for edge in flow.nodes[id_].entries}
    after = {edge.target for edges in flow.nodes[id_].exits.values() for edge in edges}
    return before, after


def create(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    to: int,
    versions: Sequence[int],
    nodes: Mapping[str, str] | None = None,
    edges: Mapping[str, str] | None = None,
    due: str = "keep",
    variables: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A plan, and its dry run over every open instance of `versions`, which begins by itself."""
    actor.require("instances:operate")
    plan = {
        "versions": sorted(set(versions)),
        "nodes": {old: new for old, new in (nodes or {}).items() if old != new},
        "edges": dict(edges or {}),
        "timers": due,
        "variables": dict(variables or {}),
    }
    _check_plan(workspace, key, to, plan)
    now = workspace.clock.now_ms()
    id_ = workspace.id("mig")

    def write(connection: Connection) -> None:
        migrating.insert(
            connection,
            {
                "id": id_,
                "flow_key": key,
                "to_version": to,
                "plan": plan,
                "status": "checking",
                "wanted": "check",
                "cursor": "",
                "created_at": now,
                "created_by": actor.user_id,
                "updated_at": now,
            },
        )

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


def _check_plan(workspace: Workspace, key: str, to: int, plan: Mapping[str, Any]) -> None:
    problems: list[Problem] = []
    with workspace.read() as connection:
        new = _version(workspace, connection, key, to)
        olds = [_version(workspace, connection, key, number) for number in plan["versions"]]
        row = drafts.find_version(connection, key, to)
    if row is not None and row.status == "retired":
        problems.append(
            Problem("/to", "version_not_routable", {"version": to}, f"Version {to} is retired.")
        )
    if to in plan["versions"]:
        message = f"Expected versions other than {to}, but found it among them."
        problems.append(Problem("/versions", "version_not_routable", {"version": to}, message))
    for what, known, given in (
        ("nodes", new.nodes.keys(), plan["nodes"]),
        ("edges", new.edges.keys(), plan["edges"]),
    ):
        for old, target in given.items():
            if target not in known:
                message = f"Expected {what} of version {to}, but found {target}."
                problems.append(
                    Problem(f"/{what}/{old}", "unknown_target", {"found": target}, message)
                )
            elif not any(old in getattr(flow, what) for flow in olds):
                message = f"Expected {what} of the versions left, but found {old}."
                problems.append(
                    Problem(f"/{what}/{old}", "unknown_target", {"found": old}, message)
                )
    for name, text in plan["variables"].items():
        try:
            compile_expression(text)
        except ExpressionError as wrong:
            problems.append(
                Problem(f"/variables/{name}", wrong.code, dict(wrong.params), wrong.message)
            )
    if problems:
        raise ValidationFailed(what="migration", count=len(problems), problems=problems)


# --- looking -----------------------------------------------------------------------------------------


def listing(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """The migrations of a flow, newest first."""
    actor.require("instances:read")
    with workspace.read() as connection:
        if drafts.find(connection, key) is None:
            raise NotFound(kind="flow", id=key)
        rows = migrating.page(connection, key, before=cursor, limit=limit + 1)
        items = [_json(workspace, connection, row) for row in rows]
    return page(items, limit, lambda item: str(item["id"]))


def detail(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """One migration with how many instances stand where."""
    actor.require("instances:read")
    with workspace.read() as connection:
        return _json(workspace, connection, row_of(connection, id_))


def items(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    *,
    status: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """What became of each instance."""
    actor.require("instances:read")
    with workspace.read() as connection:
        row_of(connection, id_)
        rows = migrating.items_page(
            connection, id_, status=status or None, after=cursor, limit=limit + 1
        )
    return page([item_json(row) for row in rows], limit, lambda item: str(item["instance_id"]))


# --- wishes ------------------------------------------------------------------------------------------

_BEGINS = {
    "check": ("checking", {"ready", "stopped"}),
    "apply": ("applying", {"ready", "stopped"}),
    "undo": ("undoing", {"done", "stopped", "applying"}),
}


def begin(workspace: Workspace, actor: Actor, id_: str, what: str) -> dict[str, Any]:
    """`check` again, `apply` to all that are ok, `undo` all that were migrated and have not moved since."""
    actor.require("instances:operate")
    status, allowed = _BEGINS[what]

    def write(connection: Connection) -> None:
        row = row_of(connection, id_, lock=True)
        if row.status not in allowed:
            raise Conflict(
                expected=f"a migration that is {' or '.join(sorted(allowed))}",
                found=row.status,
                current={"status": row.status},
            )
        if what == "check" and migrating.counts(connection, id_).keys() & {"migrated", "undone"}:
            raise Conflict(
                expected="a migration that was never applied", found="migrated instances"
            )
        change(workspace, connection, id_, status=status, wanted=what, cursor="")
        if what != "check":
            audit.note(
                connection,
                workspace,
                actor,
                f"migrations.{what}",
                row.flow_key,
                migration=id_,
                to=row.to_version,
            )

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


def stop(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Stop what goes on after the instances just at hand; what was done stays done, and can be taken up again or undone."""
    actor.require("instances:operate")

    def write(connection: Connection) -> None:
        row = row_of(connection, id_, lock=True)
        if row.wanted is None:
            raise Conflict(expected="a migration that goes on", found=row.status)
        change(workspace, connection, id_, status="stopped", wanted=None)

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


# --- small things ------------------------------------------------------------------------------------


def _version(workspace: Workspace, connection: Connection, key: str, number: int) -> CompiledFlow:
    return workspace.flow(connection, key, number)


def _json(workspace: Workspace, connection: Connection, row: Row[Any]) -> dict[str, Any]:
    people = workspace.directory(connection).people
    author = people.get(row.created_by)
    return {
        "id": row.id,
        "flow_key": row.flow_key,
        "to": row.to_version,
        **row.plan,
        "status": row.status,
        "counts": migrating.counts(connection, row.id),
        "created_at": to_iso(row.created_at),
        "created_by": author.name if author else row.created_by,
        "updated_at": to_iso(row.updated_at),
    }
