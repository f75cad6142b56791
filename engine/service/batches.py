"""Bulk actions: one wish for many instances or incidents, with a result for each, resumable and throttled.

A batch gathers its items in slices, then works through them: beginning an item and noting that it has begun are one transaction,
so that a crash neither forgets nor repeats one. `work` is called in the background by any process; the batch's row is its lock.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import from_iso, iso_or_none, to_iso
from headrace.engine.errors import Conflict, HeadraceError, NotFound, Problem, ValidationFailed
from headrace.engine.flow.forms import check_form
from headrace.engine.service import audit
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.service.batch_kinds import BATCH_KINDS, BatchKind, Outcome
from headrace.engine.service.search import parse
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import batches, instances
from headrace.engine.store.batches import Filter
from headrace.engine.store.writer import transient

log = logging.getLogger(__name__)

SELECTED_MAX = 1_000
"""Items named one by one; more are asked for by a filter."""

COUNTED_MAX = 10_000
"""A preview counts so far, and then says that there are more."""

SAMPLE = 10
"""Items that a preview shows."""

SLICE_MAX = 20
"""Items begun in one transaction."""

RUNNING_MAX = 200
"""Items of one batch whose outcome is awaited at once: a thousand retries are no stampede."""

PER_SECOND = 50
PER_SECOND_MAX = 1_000
"""Items begun in a second, unless the batch says otherwise, and at most."""

LOOKED_EVERY_MS = 500
"""How often running items are looked at."""

MESSAGE_MAX = 500

LOOKED_AGAIN = "again"
"""The cursor of a batch that has looked for late items."""


# --- asking ----------------------------------------------------------------------------------------


def preview(
    workspace: Workspace, actor: Actor, kind: str, selection: Mapping[str, Any]
) -> dict[str, Any]:
    """How many items a batch would have now, and the first of them."""
    known = _kind(actor, kind)
    with workspace.read() as connection:
        now_ms = workspace.clock.now_ms()
        if "ids" in selection:
            found = batches.of_ids(connection, known.subject, selection["ids"])
            sample = list(found.items())[:SAMPLE]
            number = len(found)
        else:
            wanted = _filter(known, selection)
            number = batches.count(connection, known.subject, wanted, now_ms, COUNTED_MAX + 1)
            rows = batches.matching(
                connection, known.subject, wanted, until_ms=now_ms, limit=SAMPLE
            )
            sample = [(row.subject, row.instance_id) for row in rows]
    return {
        "kind": kind,
        "subject": known.subject,
        "count": min(number, COUNTED_MAX),
        "more": number > COUNTED_MAX,
        "sample": [{"subject": subject, "instance_id": id_} for subject, id_ in sample],
    }


def create(
    workspace: Workspace,
    actor: Actor,
    kind: str,
    selection: Mapping[str, Any],
    *,
    params: Mapping[str, Any] | None = None,
    reason: str = "",
    per_second: int = PER_SECOND,
    own: bool = False,
    kept: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Begin a batch: `selection` is `{"ids": […]}` or the fields of a filter. What comes later than now is not in it.

    `own`: by the module whose kind it is, which has checked the selection; kinds with a `gather` begin in no other way.
    `kept`: what that module keeps with it and nobody may say from outside.
    """
    known = _kind(actor, kind, own=own)
    told = {**(params or {}), **({"reason": reason} if reason else {}), **(kept or {})}
    _check_params(known, params or {})
    ids = selection.get("ids")
    if ids is None and known.gather is None:
        _filter(known, selection)  # a wrong one is told now

    def write(connection: Connection) -> str:
        id_ = insert(workspace, connection, actor, kind, selection, told, reason, per_second)
        if ids is not None:
            found = batches.of_ids(connection, known.subject, ids)
            _add(
                connection,
                id_,
                0,
                [(one, found[one]) for one in dict.fromkeys(ids) if one in found],
            )
            batches.change(connection, id_, status="running", total=len(found))
        audit.note(connection, workspace, actor, f"batches.{kind}", id_, reason=reason)
        return id_

    return detail(workspace, actor, workspace.writer.call(write))


def insert(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    kind: str,
    selection: Mapping[str, Any],
    params: Mapping[str, Any],
    reason: str = "",
    per_second: int = PER_SECOND,
) -> str:
    """A batch that gathers its items by its selection, inside an operation of the writer; answers its id."""
    id_ = workspace.id("bat")
    now_ms = workspace.clock.now_ms()
    batches.insert(
        connection,
        {
            "id": id_, "kind": kind, "params": dict(params), "selection": dict(selection), "reason": reason,
            "per_second": per_second, "status": "gathering", "next_at": now_ms, "created_at": now_ms,
            "created_by": actor.user_id,
        },
    )  # fmt: skip
    workspace.changed.add("batches")
    return id_


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    kind: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Batches, newest first, each with its progress."""
    actor.require("instances:read")
    with workspace.read() as connection:
        rows = batches.page(connection, kind=kind, before=cursor, limit=limit + 1)
        counts = batches.counts(connection, [row.id for row in rows[:limit]])
    items = [_json(row, counts[row.id]) for row in rows[:limit]]
    return {"items": items, "next_cursor": rows[limit - 1].id if len(rows) > limit else None}


def detail(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """One batch with its progress, also for whoever made it."""
    with workspace.read() as connection:
        row = _row(connection, id_, actor)
        return _json(row, batches.counts(connection, [id_])[id_])


def items(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    *,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """What became of each item, in the order in which they were found."""
    with workspace.read() as connection:
        _row(connection, id_, actor)
        rows = batches.items(
            connection, id_, status=status, after=int(cursor or 0), limit=limit + 1
        )
    told = [
        {
            "number": row.number, "subject": row.subject, "instance_id": row.instance_id, "status": row.status,
            "code": row.code, "message": row.message, "data": row.data, "began_at": iso_or_none(row.began_at),
            "ended_at": iso_or_none(row.ended_at),
        }
        for row in rows[:limit]
    ]  # fmt: skip
    return {
        "items": told,
        "next_cursor": str(rows[limit - 1].number) if len(rows) > limit else None,
    }


def cancel(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Begin no further item; those that run are still followed to their outcome."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row = batches.find(connection, id_, lock=True)
        if row is None:
            raise NotFound(kind="batch", id=id_)
        actor.require(BATCH_KINDS[row.kind].permission)
        if row.status not in {"gathering", "running"}:
            raise Conflict(
                expected="an open batch",
                found=f"{id_} is {row.status}",
                current={"status": row.status},
            )
        batches.cancel_waiting(connection, id_, now_ms)
        batches.change(connection, id_, status="cancelled", next_at=now_ms)
        audit.note(connection, workspace, actor, "batches.stop", id_)
        workspace.changed.add("batches")

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


def kinds(actor: Actor) -> dict[str, Any]:
    """What can be done to many, by this person."""
    return {
        "items": [
            {
                "kind": kind.name,
                "subject": kind.subject,
                "params": {"type": "object", "properties": dict(kind.params), "required": list(kind.required)},
                "statuses": list(kind.statuses),
            }
            for kind in BATCH_KINDS.values()
            if actor.may(kind.permission) and kind.gather is None
        ]
    }  # fmt: skip


# --- working ---------------------------------------------------------------------------------------


def work(workspace: Workspace, limit: int = 10) -> int | None:
    """Take every batch that is due a step further; answers when to come again (ms since 1970), None when none is open."""
    with workspace.read() as connection:
        rows = batches.due(connection, workspace.clock.now_ms(), limit)
    for row in rows:
        try:
            if row.status == "gathering":
                _gather(workspace, row)
            else:
                _look(workspace, row)
                workspace.writer.call(partial(_begin, workspace, row.id))
        except Exception:
            log.exception("batch %s cannot go on now; it is tried again", row.id)
            later = workspace.clock.now_ms() + 60_000
            workspace.writer.call(partial(_postpone, row.id, later))
    with workspace.read() as connection:
        return batches.next_at(connection)


def _postpone(id_: str, at: int, connection: Connection) -> None:
    batches.change(connection, id_, next_at=at)


def _gather(workspace: Workspace, row: Any) -> None:
    """Write down the next slice of items; which they are was decided when the batch was made."""
    with workspace.read() as connection:
        found = _matching(workspace, connection, row)

    def write(connection: Connection) -> None:
        now = batches.find(connection, row.id, lock=True)
        if now is None or now.status != "gathering" or now.cursor != row.cursor:
            return  # another process was faster
        known = batches.subjects(connection, row.id, [one.subject for one in found])
        fresh = [(one.subject, one.instance_id) for one in found if one.subject not in known]
        _add(connection, row.id, now.total, fresh)
        total = now.total + len(fresh)
        if len(found) < batches.GATHER_MAX:
            batches.change(connection, row.id, status="running", total=total)
        else:
            batches.change(connection, row.id, cursor=found[-1].cursor, total=total)

    workspace.writer.call(write)


def _matching(workspace: Workspace, connection: Connection, row: Any) -> Sequence[Any]:
    kind = BATCH_KINDS[row.kind]
    if kind.gather is not None:
        return kind.gather(workspace, connection, row)
    wanted = _filter(kind, row.selection)
    return batches.matching(
        connection, kind.subject, wanted, until_ms=row.created_at, after=row.cursor
    )


def _add(
    connection: Connection, batch_id: str, after: int, found: Sequence[tuple[str, str]]
) -> None:
    batches.insert_items(
        connection,
        [
            {"batch_id": batch_id, "number": number, "subject": subject, "instance_id": instance_id}
            for number, (subject, instance_id) in enumerate(found, after + 1)
        ],
    )


def _begin(workspace: Workspace, batch_id: str, connection: Connection) -> None:
    """Begin the next items, each in a savepoint of its own; the batch's row keeps others off until the commit."""
    row = batches.find(connection, batch_id, lock=True)
    now_ms = workspace.clock.now_ms()
    if row is None or row.ended_at is not None or row.next_at > now_ms:
        return
    kind = BATCH_KINDS[row.kind]
    running = len(batches.items(connection, batch_id, status="running", limit=RUNNING_MAX))
    room = min(SLICE_MAX, RUNNING_MAX - running, row.per_second)
    waiting = batches.items(connection, batch_id, status="waiting", limit=room) if room else []
    actor = Actor(row.created_by, row.created_by, (), EVERYTHING)
    for item in sorted(waiting, key=lambda one: one.instance_id):
        _begin_item(workspace, connection, kind, actor, item, row.params, now_ms)
    left = waiting or running or batches.items(connection, batch_id, status="waiting", limit=1)
    if not left and kind.again_ms and row.status == "running" and row.cursor != LOOKED_AGAIN:
        _look_again(workspace, connection, row, row.created_at + kind.again_ms)
        return
    if not left:
        status = "cancelled" if row.status == "cancelled" else "done"
        batches.change(connection, batch_id, status=status, ended_at=now_ms)
        return
    pause = len(waiting) * 1_000 // row.per_second if waiting else LOOKED_EVERY_MS
    batches.change(connection, batch_id, next_at=now_ms + max(1, pause))
    workspace.changed.add("batches")


def _look_again(workspace: Workspace, connection: Connection, row: Any, at: int) -> None:
    """Items that came while it was begun are in it, too."""
    now_ms = workspace.clock.now_ms()
    if now_ms < at:
        batches.change(connection, row.id, next_at=at)
        return
    again = _Item(**row._asdict() | {"cursor": None, "created_at": now_ms})
    found = _matching(workspace, connection, again)
    known = batches.subjects(connection, row.id, [one.subject for one in found])
    fresh = [(one.subject, one.instance_id) for one in found if one.subject not in known]
    _add(connection, row.id, row.total, fresh)
    total = row.total + len(fresh)
    batches.change(connection, row.id, cursor=LOOKED_AGAIN, total=total, next_at=now_ms)


def _begin_item(
    workspace: Workspace,
    connection: Connection,
    kind: BatchKind,
    actor: Actor,
    item: Any,
    params: Mapping[str, Any],
    now_ms: int,
) -> None:
    found = instances.find(connection, item.instance_id)
    rev = found.rev if found is not None else 0
    begun = item._asdict() | {"rev": rev}
    try:
        with connection.begin_nested():
            outcome = kind.begin(workspace, connection, actor, _Item(**begun), params)
    except (Conflict, NotFound) as trouble:
        outcome = Outcome("skipped", trouble.code, trouble.message[:MESSAGE_MAX])
    except HeadraceError as trouble:
        outcome = Outcome("failed", trouble.code, trouble.message[:MESSAGE_MAX])
    except Exception as bug:
        if transient(bug):
            raise
        log.exception("batch %s: item %s failed", item.batch_id, item.number)
        outcome = Outcome("failed", "engine_failed", f"{type(bug).__name__}: {bug}"[:MESSAGE_MAX])
    _settle(connection, item, outcome, rev, now_ms, now_ms)


def _look(workspace: Workspace, row: Any) -> None:
    """Which running items have their outcome now?"""
    kind = BATCH_KINDS[row.kind]
    with workspace.read() as connection:
        running = batches.items(connection, row.id, status="running", limit=RUNNING_MAX)
        known = [
            (item, outcome)
            for item in running
            if (outcome := kind.outcome(workspace, connection, item, row.params)) is not None
        ]
    if not known:
        return
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        for item, outcome in known:
            _settle(connection, item, outcome, item.rev, item.began_at, now_ms)

    workspace.writer.call(write)


def _settle(
    connection: Connection, item: Any, outcome: Outcome | None, rev: int, began_at: int, now_ms: int
) -> None:
    if outcome is None:
        batches.set_item(connection, item, "running", rev=rev, began_at=began_at, ended_at=None)
        return
    batches.set_item(
        connection,
        item,
        outcome.status,
        rev=rev,
        began_at=began_at,
        ended_at=now_ms,
        code=outcome.code[:64] if outcome.code else None,
        message=outcome.message,
        data=outcome.data,
    )


class _Item:
    """An item, or a batch, as its kind sees it."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


# --- checking --------------------------------------------------------------------------------------


def _kind(actor: Actor, name: str, *, own: bool = False) -> BatchKind:
    kind = BATCH_KINDS.get(name)
    if kind is None or (kind.gather is not None and not own):
        raise NotFound(kind="batch kind", id=name)
    actor.require(kind.permission)
    if kind.reads is not None:
        actor.require(kind.reads)
    return kind


def _check_params(kind: BatchKind, params: Mapping[str, Any]) -> None:
    schema = {
        "type": "object",
        "properties": dict(kind.params),
        "required": list(kind.required),
        "additionalProperties": False,
    }
    problems = check_form(schema, dict(params))
    if problems:
        problems = [Problem(f"/params{p.path}", p.code, p.params, p.message) for p in problems]
        raise ValidationFailed(what="params", count=len(problems), problems=problems)


def _filter(kind: BatchKind, told: Mapping[str, Any]) -> Filter:
    statuses = (told["status"],) if told.get("status") else kind.statuses
    return Filter(
        flow=told.get("flow"),
        version=told.get("version"),
        node=told.get("node"),
        code=told.get("code"),
        statuses=statuses if kind.subject == "instance" else (),
        from_ms=_ms(told.get("from")),
        to_ms=_ms(told.get("to")),
        search=told.get("search"),
        conditions=parse(told.get("filter") or ""),
        hold=told.get("hold"),
    )


def _ms(text: str | None) -> int | None:
    return from_iso(text.upper()) if text else None


def _row(connection: Connection, id_: str, actor: Actor) -> Any:
    row = batches.find(connection, id_)
    if row is None or row.created_by != actor.user_id:
        actor.require("instances:read")
    if row is None:
        raise NotFound(kind="batch", id=id_)
    return row


def _json(row: Any, counts: Mapping[str, int]) -> dict[str, Any]:
    return {
        "id": row.id, "kind": row.kind, "status": row.status, "reason": row.reason,
        "params": {name: value for name, value in row.params.items() if not name.startswith("_")},
        "selection": row.selection if "ids" not in row.selection else {"ids": len(row.selection["ids"])},
        "total": row.total, "counts": {name: counts.get(name, 0) for name in ("waiting", "running", "done", "failed", "skipped")},
        "per_second": row.per_second, "created_at": to_iso(row.created_at), "created_by": row.created_by,
        "ended_at": iso_or_none(row.ended_at),
    }  # fmt: skip
