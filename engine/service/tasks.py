"""Tasks: what people must decide. A vote is applied in the transaction that accepts it; a lost race is told with the state now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import (
    Conflict,
    Forbidden,
    NotFound,
    Problem,
    Suspended,
    ValidationFailed,
)
from headrace.engine.flow.forms import check_form
from headrace.engine.node import Text
from headrace.engine.run import commands as c
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import advance
from headrace.engine.service.instances import PAGE_MAX, delivery_json
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import instances, outbox, tasks

COMMENT_MAX = 4_000
"""Characters of a comment: a page, not a file."""

SUMMARY_MAX = 5
"""Fields shown in a row of the list, as people know it from DingTalk and Feishu."""

DECISIONS: dict[str, Text] = {
    "approved": {"zh": "同意", "en": "Approve"},
    "rejected": {"zh": "拒绝", "en": "Reject"},
    "returned": {"zh": "退回", "en": "Return"},
}


def listing(
    workspace: Workspace,
    actor: Actor,
    box: Literal["todo", "done", "started"] = "todo",
    *,
    search: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """todo: what waits for me · done: what I decided · started: tasks of what I started. Newest first."""
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        rows = tasks.page(
            connection, actor.user_id, box, search=search, before=cursor, limit=limit + 1
        )
        items = [_summary(workspace, connection, row) for row in rows[:limit]]
    return {"items": items, "next_cursor": rows[limit - 1].id if len(rows) > limit else None}


def count(workspace: Workspace, actor: Actor) -> dict[str, int]:
    """How many tasks wait for me."""
    with workspace.read() as connection:
        return {"todo": tasks.open_count(connection, actor.user_id)}


def detail(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """All of one task, for those it concerns and for operators."""
    with workspace.read() as connection:
        row = _row(connection, id_)
        votes = tasks.votes(connection, id_)
        if not _concerns(row, votes, actor):
            raise Forbidden(permission="instances:read")
        directory = workspace.directory(connection)
        summary = _summary(workspace, connection, row)
    names = {
        vote.user_id: directory.people[vote.user_id].name
        for vote in votes
        if vote.user_id in directory.people
    }
    mine = next((vote for vote in votes if vote.user_id == actor.user_id), None)
    decisions = [d for d in DECISIONS if d != "returned" or row.can_return]
    return {
        **summary,
        "description": row.description,
        "show": row.show,
        "form": row.form,
        "buttons": [{"decision": d, "title": row.buttons.get(d) or DECISIONS[d]} for d in decisions],
        "assignees": [
            {
                "id": vote.user_id, "name": names.get(vote.user_id, vote.user_id), "decision": vote.decision,
                "comment": vote.comment, "decided_at": iso_or_none(vote.decided_at), "status": vote.status,
            }
            for vote in votes
        ],
        "timeline": _timeline(row, votes, names, directory.people),
        "can_decide": row.status == "open" and mine is not None and mine.status == "open",
        "ended_at": iso_or_none(row.ended_at),
    }  # fmt: skip


def decide(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    decision: str,
    *,
    comment: str = "",
    form: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Approve, reject or return. Raises `Conflict` with the task as it is now when it is no longer this person's to decide."""
    actor.require("tasks:decide")

    def operation(connection: Connection) -> None:
        # The instance's row is locked first, so that of two voters in two processes the second finds the task decided.
        instance_id = id_.rpartition(".")[0]
        status = instances.status(connection, instance_id, lock=True)
        row = _row(connection, id_)
        votes = tasks.votes(connection, id_)
        mine = next((vote for vote in votes if vote.user_id == actor.user_id), None)
        if mine is None:
            raise Forbidden(permission=f"to decide task {id_}")
        if row.status != "open" or mine.status != "open":
            current = {
                "status": row.status,
                "decision": mine.decision,
                "ended_at": iso_or_none(row.ended_at),
            }
            raise Conflict(expected="an open task", found=f"{id_} is {row.status}", current=current)
        if status == "suspended":
            raise Suspended(id=instance_id, current={"status": status})
        _check(row, decision, comment, form)
        vote = c.Vote(
            row.step,
            actor.user_id,
            decision,
            comment,
            dict(form) if form else None,
            workspace.clock.now_ms(),
        )
        advance(workspace, connection, [row.instance_id], [(row.instance_id, vote)])

    workspace.writer.call(operation)
    return detail(workspace, actor, id_)


def _check(row: Any, decision: str, comment: str, form: Mapping[str, Any] | None) -> None:
    problems: list[Problem] = []
    allowed = [d for d in DECISIONS if d != "returned" or row.can_return]
    if decision not in allowed:
        message = f"Expected one of {', '.join(allowed)}, but found {decision}."
        problems.append(
            Problem(
                "/decision", "unknown_decision", {"allowed": allowed, "found": decision}, message
            )
        )
    if len(comment) > COMMENT_MAX:
        message = f"Expected at most {COMMENT_MAX} characters, but found {len(comment)}."
        problems.append(
            Problem("/comment", "too_long", {"limit": COMMENT_MAX, "found": len(comment)}, message)
        )
    # Who says no need not fill in what only a yes needs; what is filled in must still be right.
    if row.form and (decision == "approved" or form):
        schema = row.form if decision == "approved" else {**row.form, "required": []}
        found = check_form(schema, dict(form or {}))
        problems += [Problem(f"/form{p.path}", p.code, p.params, p.message) for p in found]
    elif form and not row.form:
        problems.append(
            Problem(
                "/form", "no_form", {}, "Expected no form values, because this task asks for none."
            )
        )
    if problems:
        raise ValidationFailed(what="decision", count=len(problems), problems=problems)


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
            "instance_id": row.instance_id,
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


def _row(connection: Connection, id_: str) -> Any:
    row = tasks.find(connection, id_)
    if row is None:
        raise NotFound(kind="task", id=id_)
    return row


def _concerns(row: Any, votes: Any, actor: Actor) -> bool:
    return (
        row.initiator == actor.user_id
        or any(v.user_id == actor.user_id for v in votes)
        or actor.may("instances:read")
    )


def _summary(workspace: Workspace, connection: Connection, row: Any) -> dict[str, Any]:
    flow = shown_flow(workspace, connection, row.flow_key, row.version)
    node = flow.nodes.get(row.node)
    initiator = workspace.directory(connection).people.get(row.initiator or "")
    return {
        "id": row.id,
        "title": row.title,
        "flow_key": row.flow_key,
        "flow_name": dict(flow.name),
        "instance_id": row.instance_id,
        "business_key": row.business_key,
        "node": row.node,
        "node_name": dict(node.name) if node else {"en": row.node},
        "created_at": to_iso(row.created_at),
        "due_at": iso_or_none(row.due_at),
        "summary": row.show[:SUMMARY_MAX],
        "status": row.status,
        "mode": row.mode,
        "initiator": initiator.name if initiator else None,
        "version": row.version,
    }


def _timeline(
    row: Any, votes: Any, names: Mapping[str, str], people: Mapping[str, Any]
) -> list[dict[str, Any]]:
    initiator = people.get(row.initiator or "")
    opened = {
        "at": to_iso(row.created_at), "who": initiator.name if initiator else "Headrace",
        "what": {"zh": "提交审批", "en": "Asked for a decision"}, "comment": "",
    }  # fmt: skip
    decided = [
        {
            "at": to_iso(vote.decided_at), "who": names.get(vote.user_id, vote.user_id),
            "what": row.buttons.get(vote.decision) or DECISIONS[vote.decision], "comment": vote.comment or "",
            "decision": vote.decision,
        }
        for vote in sorted((v for v in votes if v.decided_at is not None), key=lambda v: v.decided_at)
    ]  # fmt: skip
    return [opened, *decided]
