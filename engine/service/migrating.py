"""Taking running instances to another version: a plan, a dry run over every instance, the migration one by one, the undo.

What was begun goes on by itself in any process (`work`, called by the runtime), a few instances a transaction, and can be
stopped and taken up again. Every instance has a row that says what became of it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, ExpressionError, NotFound, Problem, ValidationFailed
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.flow.expression import compile_expression
from headrace.engine.run import commands as c
from headrace.engine.run.migrate import Checked, Plan, Prover, prepare, remember, undone
from headrace.engine.run.state import Instance
from headrace.engine.service import audit, calendars
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import advance, advance_each
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, inbox, migrating
from headrace.engine.store.writer import transient

log = logging.getLogger(__name__)

CHECKED_AT_ONCE = 200
"""Instances of a dry run between two writes."""

MIGRATED_AT_ONCE = 50
"""Instances in one transaction: others wait for it no longer than some milliseconds."""

FORGOTTEN_AT_ONCE = 5_000
"""Rows of an earlier dry run deleted at once."""

WORKED_AT_ONCE = 20
"""Migrations that go on in one look."""

BUDGET_S = 0.5
"""How long one look goes on, so that everything else that is looked for has its turn."""

PROBLEMS_MAX = 20
"""Problems kept an instance."""


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
        return _json(workspace, connection, _found(connection, id_))


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
        _found(connection, id_)
        rows = migrating.items_page(
            connection, id_, status=status or None, after=cursor, limit=limit + 1
        )
    return page(
        [
            {
                "instance_id": row.instance_id,
                "business_key": row.business_key,
                "version": row.version,
                "status": row.status,
                "problems": row.problems,
                "can_undo": row.status == "migrated" and row.before is not None,
                "updated_at": to_iso(row.updated_at),
            }
            for row in rows
        ],
        limit,
        lambda item: str(item["instance_id"]),
    )


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
        row = _found(connection, id_, lock=True)
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
        _set(workspace, connection, id_, status=status, wanted=what, cursor="")
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
        row = _found(connection, id_, lock=True)
        if row.wanted is None:
            raise Conflict(expected="a migration that goes on", found=row.status)
        _set(workspace, connection, id_, status="stopped", wanted=None)

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


# --- going on by itself ------------------------------------------------------------------------------


def work(workspace: Workspace, budget_s: float = BUDGET_S) -> int:
    """Go on with what was begun; answers how many instances were looked at. Any process, as often as it likes."""
    with workspace.read() as connection:
        ids = migrating.wanted(connection, WORKED_AT_ONCE)
    total = 0
    until = time.monotonic() + budget_s
    for id_ in ids:
        prove = Prover()
        while (done := _some(workspace, id_, prove)) is not None:
            total += done
            if time.monotonic() >= until:
                return total
    return total


def _some(workspace: Workspace, id_: str, prove: Prover) -> int | None:
    """The next few instances of one migration; None when it is over."""
    with workspace.read() as connection:
        row = migrating.find(connection, id_)
    if row is None or row.wanted is None:
        return None
    match row.wanted:
        case "check":
            return _check_some(workspace, row, prove)
        case "apply":
            return _apply_some(workspace, row, prove)
        case _:
            return _undo_some(workspace, row)


def _check_some(workspace: Workspace, row: Row[Any], prove: Prover) -> int | None:
    """The dry run: read without locks, work out, write what was found if nobody else has."""
    if row.cursor == "" and workspace.writer.call(
        lambda connection: migrating.delete_items(connection, row.id, FORGOTTEN_AT_ONCE)
    ):
        return 0
    now = workspace.clock.now_ms()
    with workspace.read() as connection:
        found = migrating.open_instances(
            connection, row.flow_key, row.plan["versions"], row.cursor or "", CHECKED_AT_ONCE
        )
        checked = _checked(workspace, connection, row, found, prove)
    rows = [
        {
            "migration_id": row.id,
            "instance_id": instance.id,
            "version": instance.version,
            "status": "ok" if checked[instance.id].ok else "problem",
            "problems": _problems(checked[instance.id]),
            "rev": rev,
            "before": None,
            "updated_at": now,
        }
        for instance, rev in found
    ]

    def write(connection: Connection) -> bool:
        if not _still(connection, row):
            return False
        migrating.insert_items(connection, rows)
        if rows:
            _set(workspace, connection, row.id, cursor=rows[-1]["instance_id"])
        else:
            _set(workspace, connection, row.id, status="ready", wanted=None, cursor="")
        return True

    workspace.writer.call(write)
    return len(rows) or None


def _checked(
    workspace: Workspace,
    connection: Connection,
    row: Row[Any],
    found: Sequence[tuple[Instance, int]],
    prove: Prover,
) -> dict[str, Checked]:
    new = workspace.flow(connection, row.flow_key, row.to_version)
    busy = migrating.busy_steps(connection, [instance.id for instance, _ in found])
    plan = _plan(row)
    calendar = calendars.calendars_of(workspace, connection).of(row.flow_key)
    return {
        instance.id: prepare(
            instance,
            workspace.flow(connection, row.flow_key, instance.version),
            new,
            plan,
            by=row.created_by,
            now_ms=workspace.clock.now_ms(),
            busy=busy.get(instance.id, ()),
            prove=prove,
            calendar=calendar,
        )
        for instance, _ in found
    }


def _apply_some(workspace: Workspace, row: Row[Any], prove: Prover) -> int | None:
    """Worked out without locks; applied only where the instance still stands as it was looked at."""
    with workspace.read() as connection:
        todo = migrating.next_items(connection, row.id, "ok", row.cursor or "", MIGRATED_AT_ONCE)
        now_at = migrating.instances(connection, [item.instance_id for item in todo])
        open_ = [one for one in now_at.values() if not one[0].ended]
        checked = _checked(
            workspace, connection, row, [o for o in open_ if o[0].version != row.to_version], prove
        )

    def write(connection: Connection) -> int:
        if not _still(connection, row):
            return 0
        results = _applied(workspace, connection, row, todo, now_at, checked)
        migrating.update_items(connection, results)
        if todo:
            _set(workspace, connection, row.id, cursor=todo[-1].instance_id)
        else:
            _pass_over(workspace, connection, row, "ok", "done")
        return len(todo)

    count = workspace.writer.call(write)
    return None if not todo and _over(workspace, row.id) else int(count)


def _applied(
    workspace: Workspace,
    connection: Connection,
    row: Row[Any],
    todo: Sequence[Row[Any]],
    now_at: Mapping[str, tuple[Instance, int]],
    checked: Mapping[str, Checked],
) -> list[dict[str, Any]]:
    """What became of them. One that has moved just now is left out: the next pass looks at it again."""
    ids = [item.instance_id for item in todo]
    revisions = migrating.lock_revisions(connection, ids)
    rested = inbox.unapplied(connection, ids) if ids else {}
    due = migrating.due_of(connection, ids)
    results: list[dict[str, Any]] = []
    ready: list[Row[Any]] = []
    for item in todo:
        id_ = item.instance_id
        seen = now_at.get(id_)
        if seen is None or seen[0].ended:
            said = _said("ended", "the instance has ended")
            results.append(_result(workspace, row, item, "failed", [said]))
        elif seen[0].version == row.to_version:
            said = _said("moved", "it is on this version already")
            results.append(_result(workspace, row, item, "failed", [said]))
        elif not checked[id_].ok:
            found = _problems(checked[id_])
            results.append(_result(workspace, row, item, "problem", found, rev=seen[1]))
        elif revisions.get(id_) == seen[1]:
            if id_ in rested and not seen[0].suspended:
                # What rests there was accepted before: first things first.
                advance_each(workspace, connection, [id_])
            else:
                ready.append(item)
    wishes = {item.instance_id: checked[item.instance_id].wish for item in ready}
    after, failed = _advanced(workspace, connection, wishes)
    for item in ready:
        id_ = item.instance_id
        before, rev = now_at[id_]
        if id_ in failed:
            said = _said("failed", failed[id_])
            results.append(_result(workspace, row, item, "failed", [said]))
            continue
        stood = _same_place(before, after[id_], wishes[id_])
        kept = remember(before, wishes[id_], due.get(id_, {})) if stood else None
        told = _problems(checked[id_])
        results.append(_result(workspace, row, item, "migrated", told, rev=rev + 1, before=kept))
    return results


def _advanced(
    workspace: Workspace, connection: Connection, wishes: Mapping[str, c.Migrate]
) -> tuple[dict[str, Instance], dict[str, str]]:
    """Apply these together; if that fails, one by one, so that one does not hold the others. Answers who failed, and why."""
    if not wishes:
        return {}, {}
    try:
        with connection.begin_nested():
            return advance(workspace, connection, list(wishes), list(wishes.items())), {}
    except Exception as trouble:
        if transient(trouble):
            raise
        if len(wishes) == 1:
            (id_,) = wishes
            log.exception("instance %s cannot be migrated", id_)
            return {}, {id_: str(trouble)[:300]}
    after: dict[str, Instance] = {}
    failed: dict[str, str] = {}
    for id_, wish in wishes.items():
        stood, fell = _advanced(workspace, connection, {id_: wish})
        after |= stood
        failed |= fell
    return after, failed


def _same_place(before: Instance, after: Instance, wish: c.Migrate) -> bool:
    """Has the instance not moved on in the very migration? Then it cannot be put back."""
    nodes = {step.id: wish.nodes.get(step.node, step.node) for step in before.steps.values()}
    return (
        not after.ended
        and {step.id: step.node for step in after.steps.values()} == nodes
        and len(after.pending) == len(before.pending)
        and after.next_step == before.next_step
    )


def _undo_some(workspace: Workspace, row: Row[Any]) -> int | None:
    with workspace.read() as connection:
        todo = migrating.next_items(
            connection, row.id, "migrated", row.cursor or "", MIGRATED_AT_ONCE
        )

    def write(connection: Connection) -> int:
        if not _still(connection, row):
            return 0
        migrating.update_items(connection, _undone(workspace, connection, row, todo))
        if todo:
            _set(workspace, connection, row.id, cursor=todo[-1].instance_id)
        else:
            _set(workspace, connection, row.id, status="done", wanted=None, cursor="")
        return len(todo)

    count = workspace.writer.call(write)
    return int(count) if todo else None


def _undone(
    workspace: Workspace, connection: Connection, row: Row[Any], todo: Sequence[Row[Any]]
) -> list[dict[str, Any]]:
    ids = [item.instance_id for item in todo]
    revisions = migrating.lock_revisions(connection, ids)
    rested = inbox.unapplied(connection, ids) if ids else {}
    now_at = migrating.instances(connection, ids)
    results: list[dict[str, Any]] = []
    wishes: dict[str, c.Migrate] = {}
    for item in todo:
        id_ = item.instance_id
        still = item.before is not None and revisions.get(id_) == item.rev
        if still and (id_ not in rested or now_at[id_][0].suspended):
            wishes[id_] = undone(now_at[id_][0], item.before, row.created_by)
            continue
        said = _said("moved", "it has moved since, so it cannot be put back", "warning")
        kept = [problem for problem in item.problems if problem["code"] != "moved"]
        results.append(_kept(workspace, row, item, "migrated", [*kept, said]))
    _, failed = _advanced(workspace, connection, wishes)
    for item in todo:
        if item.instance_id in failed:
            said = _said("failed", failed[item.instance_id])
            results.append(_kept(workspace, row, item, "migrated", [said]))
        elif item.instance_id in wishes:
            results.append(_result(workspace, row, item, "undone", [], rev=item.rev + 1))
    return results


def _kept(
    workspace: Workspace,
    row: Row[Any],
    item: Row[Any],
    status: str,
    problems: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    return _result(workspace, row, item, status, problems, rev=item.rev, before=item.before)


def _pass_over(
    workspace: Workspace, connection: Connection, row: Row[Any], status: str, then: str
) -> None:
    """A pass has come to the end: again from the beginning if some had just moved, else it is over."""
    if migrating.next_items(connection, row.id, status, "", 1):
        _set(workspace, connection, row.id, cursor="")
    else:
        _set(workspace, connection, row.id, status=then, wanted=None, cursor="")


def _over(workspace: Workspace, id_: str) -> bool:
    with workspace.read() as connection:
        row = migrating.find(connection, id_)
    return row is None or row.wanted is None


# --- small things ------------------------------------------------------------------------------------


def _still(connection: Connection, row: Row[Any]) -> bool:
    """Does the migration stand as it was read? Another process may have done this part, or somebody has stopped it."""
    now = migrating.find(connection, row.id, lock=True)
    return now is not None and (now.wanted, now.cursor) == (row.wanted, row.cursor)


def _result(
    workspace: Workspace,
    row: Row[Any],
    item: Row[Any],
    status: str,
    problems: Sequence[Mapping[str, Any]],
    *,
    rev: int | None = None,
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "b_migration": row.id,
        "b_instance": item.instance_id,
        "b_status": status,
        "b_problems": list(problems)[:PROBLEMS_MAX],
        "b_rev": item.rev if rev is None else rev,
        "b_before": before,
        "b_at": workspace.clock.now_ms(),
    }


def _said(code: str, message: str, severity: str = "error") -> dict[str, Any]:
    return {"code": code, "message": message, "node": None, "edge": None, "severity": severity}


def _problems(checked: Checked) -> list[dict[str, Any]]:
    return [trouble.as_json() for trouble in checked.troubles[:PROBLEMS_MAX]]


def _plan(row: Row[Any]) -> Plan:
    told = row.plan
    return Plan(row.to_version, told["nodes"], told["edges"], told["timers"], told["variables"])


def _set(workspace: Workspace, connection: Connection, id_: str, **values: Any) -> None:
    migrating.update(connection, id_, {**values, "updated_at": workspace.clock.now_ms()})


def _found(connection: Connection, id_: str, *, lock: bool = False) -> Row[Any]:
    row: Row[Any] | None = migrating.find(connection, id_, lock=lock)
    if row is None:
        raise NotFound(kind="migration", id=id_)
    return row


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
