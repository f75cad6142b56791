"""Migrations that were begun: the dry run, the migration and the undo, a few instances a transaction, in any process.

What runs can be stopped and taken up again; every instance has a row that says what became of it. `one` does it to one instance.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.run import commands as c
from headrace.engine.run.migrate import Checked, Plan, Prover, prepare, remember, undone
from headrace.engine.run.state import Instance
from headrace.engine.service import audit, calendars
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import advance, advance_each
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox, migrating
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
            change(workspace, connection, row.id, cursor=rows[-1]["instance_id"])
        else:
            change(workspace, connection, row.id, status="ready", wanted=None, cursor="")
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
    ids = [instance.id for instance, _ in found]
    busy = migrating.busy_steps(connection, ids)
    withdrawn = migrating.withdrawn_nodes(connection, ids)
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
            withdrawn=withdrawn.get(instance.id, ()),
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
        open_ = [found for found in now_at.values() if not found[0].ended]
        checked = _checked(
            workspace, connection, row, [o for o in open_ if o[0].version != row.to_version], prove
        )

    def write(connection: Connection) -> int:
        if not _still(connection, row):
            return 0
        results = _applied(workspace, connection, row, todo, now_at, checked)
        migrating.update_items(connection, results)
        if todo:
            change(workspace, connection, row.id, cursor=todo[-1].instance_id)
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
    limits = migrating.limits_of(connection, [id_ for id_, wish in wishes.items() if wish.limits])
    after, failed = _advanced(workspace, connection, wishes)
    migrating.rename_withdrawn(connection, list(after), row.plan["nodes"])
    for item in ready:
        id_ = item.instance_id
        before, rev = now_at[id_]
        if id_ in failed:
            said = _said("failed", failed[id_])
            results.append(_result(workspace, row, item, "failed", [said]))
            continue
        stood = _same_place(before, after[id_], wishes[id_])
        was = due.get(id_, {}), limits.get(id_, {})
        kept = remember(before, wishes[id_], *was) if stood else None
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
            change(workspace, connection, row.id, cursor=todo[-1].instance_id)
        else:
            change(workspace, connection, row.id, status="done", wanted=None, cursor="")
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
    after, failed = _advanced(workspace, connection, wishes)
    back = {new: old for old, new in row.plan["nodes"].items()}
    migrating.rename_withdrawn(connection, list(after), back)
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
        change(workspace, connection, row.id, cursor="")
    else:
        change(workspace, connection, row.id, status=then, wanted=None, cursor="")


def _over(workspace: Workspace, id_: str) -> bool:
    with workspace.read() as connection:
        row = migrating.find(connection, id_)
    return row is None or row.wanted is None


# --- one instance ------------------------------------------------------------------------------------

_ALONE = {"apply": "ok", "undo": "migrated"}
"""What is done to one instance, and how its row must stand for that."""

ALONE_TRIES = 5
"""So often one that moves in the very moment is looked at again."""


def one(
    workspace: Workspace, actor: Actor, id_: str, instance_id: str, what: str
) -> dict[str, Any]:
    """`apply` the migration to one instance before the others, or `undo` it for one; answers what became of it."""
    actor.require("instances:operate")
    for _ in range(ALONE_TRIES):
        if _one(workspace, actor, id_, instance_id, what):
            with workspace.read() as connection:
                return item_json(migrating.item(connection, id_, instance_id))
    raise Conflict(expected="an instance that rests for a moment", found="one that keeps moving")


def _one(workspace: Workspace, actor: Actor, id_: str, instance_id: str, what: str) -> bool:
    """False when it had just moved."""
    with workspace.read() as connection:
        row = row_of(connection, id_)
        _at_rest(connection, row, instance_id, what)
        now_at = migrating.instances(connection, [instance_id])
        open_ = [found for found in now_at.values() if not found[0].ended]
        if what == "undo" or (open_ and open_[0][0].version == row.to_version):
            open_ = []
        checked = _checked(workspace, connection, row, open_, Prover())

    def write(connection: Connection) -> bool:
        locked = row_of(connection, id_, lock=True)
        again = _at_rest(connection, locked, instance_id, what)
        if what == "apply":
            results = _applied(workspace, connection, row, [again], now_at, checked)
        else:
            results = _undone(workspace, connection, row, [again])
        if not results:
            return False
        migrating.update_items(connection, results)
        if locked.status in {"ready", "stopped"}:  # begun: what is left may follow, and be undone
            more = migrating.next_items(connection, id_, "ok", "", 1)
            change(workspace, connection, id_, status="stopped" if more else "done")
        audit.note(
            connection, workspace, actor, f"migrations.{what}", row.flow_key,
            migration=id_, to=row.to_version, instance=instance_id,
        )  # fmt: skip
        return True

    return bool(workspace.writer.call(write))


def _at_rest(connection: Connection, row: Row[Any], instance_id: str, what: str) -> Row[Any]:
    """The row of one instance, where the migration as a whole is not going on just now."""
    found: Row[Any] | None = migrating.item(connection, row.id, instance_id)
    if found is None:
        raise NotFound(kind="instance", id=instance_id)
    if row.wanted is not None or found.status != _ALONE[what]:
        raise Conflict(
            expected=f"a migration at rest, and an instance that is {_ALONE[what]}",
            found=f"a migration that is {row.status}, and an instance that is {found.status}",
            current={"status": row.status},
        )
    return found


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


def change(workspace: Workspace, connection: Connection, id_: str, **values: Any) -> None:
    """Change columns of a migration."""
    migrating.update(connection, id_, {**values, "updated_at": workspace.clock.now_ms()})


def row_of(connection: Connection, id_: str, *, lock: bool = False) -> Row[Any]:
    """One migration, which there must be."""
    row: Row[Any] | None = migrating.find(connection, id_, lock=lock)
    if row is None:
        raise NotFound(kind="migration", id=id_)
    return row


def item_json(row: Row[Any]) -> dict[str, Any]:
    """What became of one instance, as the API shows it."""
    return {
        "instance_id": row.instance_id,
        "business_key": row.business_key,
        "version": row.version,
        "status": row.status,
        "problems": row.problems,
        "can_undo": row.status == "migrated" and row.before is not None,
        "updated_at": to_iso(row.updated_at),
    }
