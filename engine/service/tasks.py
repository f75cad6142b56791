"""Tasks: what people must decide. A vote is applied in the transaction that accepts it; a lost race is told with the state now.

Reading is here, deciding in `task_acts.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import Forbidden, NotFound
from headrace.engine.people import deadlines
from headrace.engine.run.state import Instance
from headrace.engine.service import (
    exemptions,
    files,
    forms,
    nonces,
    task_changes,
    task_path,
    task_rules,
    task_shown,
)
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import PAGE_MAX, delivery_json
from headrace.engine.service.nonces import Nonce
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.starts import start_form
from headrace.engine.service.task_acts import COMMENT_MAX, act, decide, form_shown
from headrace.engine.service.task_shown import DECISIONS, GONE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import instances, outbox, tasks, timers
from headrace.engine.store.tasks import Box

__all__ = [
    "COMMENT_MAX", "DECISIONS", "act", "count", "decide", "deliveries", "detail", "flows", "listing",
    "notes", "notifications", "read_notification",
]  # fmt: skip

BoxName = Literal["todo", "done", "started", "cc"]

NOTES_AT_ONCE = 50
CASE_NOTES_MAX = 500
"""What was done in a whole case, as its timeline tells it: the newest."""


def listing(
    workspace: Workspace,
    actor: Actor,
    box: BoxName = "todo",
    *,
    search: str | None = None,
    flow: str | None = None,
    sort: Literal["new", "due"] = "new",
    late: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """todo: what waits for me · done: what I decided · started: tasks of what I started · cc: what I read along."""
    limit = min(limit, PAGE_MAX)
    wanted = Box(
        actor.user_id,
        box,
        search or "",
        flow or "",
        workspace.clock.now_ms() if late else None,
        sort,
    )
    if sort == "due" and cursor is not None:
        at = cursor.partition("_")[0]
        if not (at.isascii() and at.isdigit() and int(at) <= tasks.NO_DUE):  # none of ours
            cursor = None
    with workspace.read() as connection:
        rows = tasks.page(connection, wanted, after=cursor, limit=limit + 1)
        people = workspace.directory(connection).people
        flows_ = {
            at: shown_flow(workspace, connection, *at)
            for at in {(row.flow_key, row.version) for row in rows}
        }
        stands = (
            tasks.stands_at(connection, [row.instance_id for row in rows])
            if box == "started"
            else {}
        )
    items: dict[str, dict[str, Any]] = {}  # somebody with two seats sees one task
    for row in rows[:limit]:
        shown = flows_[row.flow_key, row.version]
        if row.id not in items:
            items[row.id] = task_shown.summary(row, shown, people)
            if row.instance_id in stands:
                items[row.id] |= _stands(shown, *stands[row.instance_id])
    return {
        "items": list(items.values()),
        "next_cursor": rows[limit - 1].cursor if len(rows) > limit else None,
    }


def _stands(flow: Any, status: str, waiting: str) -> dict[str, Any]:
    nodes = jsontext.loads(waiting)
    node = flow.nodes.get(nodes[0]) if nodes else None
    return {"instance_status": status, "step_at": dict(node.name) if node else None}


def count(workspace: Workspace, actor: Actor) -> dict[str, int]:
    """How many tasks wait for me, how many of these are late, and copies I have not looked at."""
    with workspace.read() as connection:
        return tasks.counts(connection, actor.user_id, workspace.clock.now_ms())


def flows(workspace: Workspace, actor: Actor, box: BoxName = "todo") -> dict[str, Any]:
    """Which flows the tasks of a box belong to, to filter by."""
    with workspace.read() as connection:
        rows = tasks.flows_of(connection, Box(actor.user_id, box))
        items = [
            {
                "key": row.flow_key,
                "name": dict(shown_flow(workspace, connection, row.flow_key, row.version).name),
                "count": row.number,
            }
            for row in rows
        ]
    return {"items": items, "next_cursor": None}


def _deadlines(connection: Connection, row: Any, flow: Any) -> list[dict[str, Any]]:
    """What its time limits will still do, first to last; while it is paused these moments move on."""
    node = flow.nodes.get(row.node)
    if row.status != "open" or node is None:
        return []
    coming = deadlines.upcoming(
        node.settings, timers.of_step(connection, row.instance_id, row.step)
    )
    return [
        {
            "kind": one["kind"],
            "at": to_iso(one["at_ms"]),
            "do": one["do"],
            "text": dict(one["text"]),
        }
        for one in coming
    ]


def detail(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """All of one task, for those it concerns and for operators."""
    with workspace.read() as connection:
        row, seats = concerned(workspace, connection, actor, id_)
        directory = workspace.directory(connection)
        people = directory.people
        flow = shown_flow(workspace, connection, row.flow_key, row.version)
        found = instances.find(connection, row.instance_id)
        instance = instances.load_one(connection, found) if found is not None else None
        offers = task_rules.offers(workspace, connection, row, instance, actor)
        case = tasks.of_instance(connection, row.instance_id)
        case_seats = tasks.seats_of_instance(connection, row.instance_id)
        case_notes = tasks.notes_of_instance(connection, row.instance_id, CASE_NOTES_MAX)
        rounds = [one.id for one in case if one.node == row.node]
        notes_ = tasks.notes(connection, rounds, after=0, limit=NOTES_AT_ONCE + 1)
        told = {
            **task_shown.summary(row, flow, people),
            "path": task_path.path(workspace, connection, found, instance) if instance else None,
            "changed": task_changes.changed(
                workspace, connection, row, seats, found, instance, actor
            ),
            "attachments": files.of_instance(connection, actor, row.instance_id),
            "deadlines": _deadlines(connection, row, flow),
        }
        told |= _form(workspace, connection, row, seats, instance, actor)
        mine = own_seat(seats, actor.user_id)
        told["mend"] = _mend(workspace, connection, mine, instance, actor)
    _note_seen(workspace, actor, id_, seats)
    decisions = [d for d in DECISIONS if d != "returned" or row.can_return]
    can_decide = row.status == "open" and mine is not None and mine.status == "open"
    nonce = Nonce(
        id_, mine.seat if mine else 0, row.round, actor.user_id, str(told["form_version"])
    )
    return {
        **told,
        "kind": mine.kind if mine else "none",
        "origin": mine.origin if mine else None,
        "on_behalf_of": (
            task_shown.name_of(mine.on_behalf_of, people) if mine and mine.on_behalf_of else None
        ),
        "decision": mine.decision if mine else None,
        "seat": mine.seat if mine else None,
        "description": row.description,
        "show": row.show,
        "buttons": [{"decision": d, "title": row.buttons.get(d) or DECISIONS[d]} for d in decisions],
        "assignees": [task_shown.assignee(s, people) for s in seats if s.kind == "decide" and s.status not in GONE],
        "seats": [task_shown.seat(one, people) for one in seats],
        "rule": task_shown.rule(row, seats),
        "actions": offers,
        "notes": [task_shown.note(one, people) for one in notes_[:NOTES_AT_ONCE]],
        "notes_cursor": str(notes_[NOTES_AT_ONCE - 1].id) if len(notes_) > NOTES_AT_ONCE else None,
        "timeline": task_shown.timeline(case, case_seats, case_notes, flow, people),
        "sent_back": task_shown.sent_back(row, case, case_notes, flow, people),
        "can_decide": can_decide and mine is not None and mine.kind == "decide",
        "nonce": nonces.make(workspace, nonce),
        "ended_at": iso_or_none(row.ended_at),
    }  # fmt: skip


def _form(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    seats: Sequence[Row[Any]],
    instance: Instance | None,
    actor: Actor,
) -> dict[str, Any]:
    variables = instance.variables if instance is not None else {}
    form = form_shown(workspace, connection, row, seats, actor, variables)
    return {"form": form, "form_version": nonces.form_version(row, form)}


def _mend(
    workspace: Workspace, connection: Connection, mine: Any, instance: Instance | None, actor: Actor
) -> dict[str, Any] | None:
    """The form of the start, for the one who mends what was sent back: `{key, form}`, to be sent as `variables: {key: value}`."""
    if instance is None or mine is None or (mine.kind, mine.status) != ("resubmit", "open"):
        return None
    form = start_form(workspace.flow(connection, instance.flow_key, instance.version))
    if form is None:
        return None
    shown = forms.shown(workspace, connection, form, instance.variables, (), actor)
    return {"key": form["x-into"], "form": shown}


def _note_seen(workspace: Workspace, actor: Actor, id_: str, seats: Sequence[Row[Any]]) -> None:
    """A copy that is looked at for the first time is noted; nobody waits for it."""
    now_ms = workspace.clock.now_ms()
    if any(s.user_id == actor.user_id and s.status == "copy" and s.seen_at is None for s in seats):
        workspace.writer.submit(lambda c: tasks.mark_seen(c, id_, actor.user_id, now_ms))


def notes(
    workspace: Workspace, actor: Actor, id_: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """What people said and did with a task and its earlier rounds, oldest first."""
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        row, _ = concerned(workspace, connection, actor, id_)
        case = tasks.of_instance(connection, row.instance_id)
        rounds = [one.id for one in case if one.node == row.node]
        rows = tasks.notes(connection, rounds, after=int(cursor or 0), limit=limit + 1)
        people = workspace.directory(connection).people
    return {
        "items": [task_shown.note(row, people) for row in rows[:limit]],
        "next_cursor": str(rows[limit - 1].id) if len(rows) > limit else None,
    }


def concerned(
    workspace: Workspace, connection: Connection, actor: Actor, id_: str
) -> tuple[Any, Sequence[Row[Any]]]:
    """A task with its seats, for those it concerns: who has a seat, who started it, who may exempt it, and operators."""
    row = tasks.find(connection, id_)
    if row is None:
        raise NotFound(kind="task", id=id_)
    seats = tasks.seats(connection, id_)
    has_seat = any(s.user_id == actor.user_id and s.status not in GONE for s in seats)
    mine = has_seat or row.initiator == actor.user_id or actor.may("instances:read")
    if not (mine or exemptions.may_look(workspace, connection, row, actor)):
        raise Forbidden(permission="instances:read")
    return row, seats


def own_seat(seats: Sequence[Row[Any]], user_id: str) -> Any:
    """The seat that matters to this person: where they are asked, else where they decided, else any."""
    rank = {
        "open": 0,
        "owner_waits": 1,
        "waiting": 2,
        "done": 3,
        "copy": 4,
        "closed": 5,
        "moved": 6,
    }
    own = [s for s in seats if s.user_id == user_id]
    return min(own, key=lambda s: (rank.get(s.status, 9), s.seat), default=None)


def notifications(
    workspace: Workspace, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """My messages, newest first."""
    limit = min(limit, PAGE_MAX)
    before = int(cursor) if cursor else None
    with workspace.read() as connection:
        rows = tasks.notifications(connection, actor.user_id, before=before, limit=limit + 1)
        unread = tasks.unread_count(connection, actor.user_id)
    items = [
        {
            "id": row.id, "title": row.title, "text": row.text, "at": to_iso(row.created_at), "read": row.read_at is not None,
            "instance_id": row.instance_id, "task_id": row.task_id, "kind": row.kind,
        }
        for row in rows[:limit]
    ]  # fmt: skip
    return {
        "items": items,
        "unread": unread,
        "next_cursor": str(rows[limit - 1].id) if len(rows) > limit else None,
    }


def read_notification(workspace: Workspace, actor: Actor, id_: int) -> None:
    """Mark one as read; somebody else's is not found."""
    now_ms = workspace.clock.now_ms()
    if not workspace.writer.call(lambda c_: tasks.mark_read(c_, actor.user_id, id_, now_ms)):
        raise NotFound(kind="notification", id=id_)


def deliveries(
    workspace: Workspace,
    actor: Actor,
    *,
    instance: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Mails and robot messages with their receipts, newest first."""
    actor.require("instances:read")
    limit = min(limit, PAGE_MAX)
    before = int(cursor) if cursor else None
    with workspace.read() as connection:
        rows = outbox.page(connection, instance_id=instance, before=before, limit=limit + 1)
    return {
        "items": [delivery_json(row) for row in rows[:limit]],
        "next_cursor": str(rows[limit - 1].id) if len(rows) > limit else None,
    }
