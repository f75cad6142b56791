"""What is done to many tasks at once, each as a batch with the true outcome of every item: bulk decisions of one person, the
green channel (R104), the hand-over of all that somebody has open (R097), and sending to-dos again (R105).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.duration import duration_ms
from headrace.engine.errors import HeadraceError, Problem, ValidationFailed
from headrace.engine.service import audit, batches, task_acts, task_rules
from headrace.engine.service.actor import Actor
from headrace.engine.service.batch_kinds import BatchKind, Outcome, Params, register
from headrace.engine.service.decisions import Caller
from headrace.engine.service.search import parse
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import stages
from headrace.engine.store.stages import Stage, Wanted

PER_SECOND = 1_000
"""Tasks begun in a second: a batch of 2,000 is done in some seconds, and others still get their turn."""

RELEASE = task_rules.RELEASE
HAND_OVER = task_rules.OPERATE

COUNTED_MAX = 10_000
SAMPLE = 10

LOOK_AGAIN_MS = 3_000
"""A hand-over looks a second time: another process may have believed for a second that the person was still there."""


# --- bulk decisions of one person ------------------------------------------------------------------


def decide(
    workspace: Workspace,
    actor: Actor,
    ids: Sequence[str],
    decision: str,
    comment: str = "",
    caller: Caller = task_acts.WEB,
) -> dict[str, Any]:
    """Approve or reject these tasks of mine: a batch, each item with its own outcome."""
    actor.require("tasks:decide")
    params = {"decision": decision, "comment": comment}
    return batches.create(
        workspace, actor, "decide", {"ids": list(ids)}, params=params, kept=_from(caller),
        per_second=PER_SECOND,
    )  # fmt: skip


def _decide(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    found = task_acts.find_for(workspace, connection, actor, item.subject)
    caller = _caller("bulk", item, params)
    decision, comment = params["decision"], params.get("comment", "")
    task_acts.vote_now(workspace, connection, found, decision, comment, None, None, caller)
    return Outcome("done", found.row.status)


# --- the green channel -----------------------------------------------------------------------------


def release(
    workspace: Workspace,
    actor: Actor,
    wanted: Mapping[str, Any],
    reason: str,
    caller: Caller = task_acts.WEB,
) -> dict[str, Any]:
    """Let all open tasks of a filter pass, as one audited batch: `{flow, node, role, older_than, filter}`, all of which hold."""
    actor.require(RELEASE)
    _some(wanted)
    with workspace.read() as connection:
        _wanted(workspace, connection, wanted)  # a wrong one is told now
    return batches.create(
        workspace, actor, "release_tasks", dict(wanted), kept=_from(caller), reason=reason,
        per_second=PER_SECOND, own=True,
    )  # fmt: skip


def preview(workspace: Workspace, actor: Actor, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """How many tasks a release would let pass now, how many would stay, and the first of them."""
    actor.require(RELEASE)
    with workspace.read() as connection:
        found = _wanted(workspace, connection, wanted)
        number = stages.count(connection, found, COUNTED_MAX + 1)
        open_ = sum(row.number for row in stages.waiting(connection))
        sample = stages.tasks(connection, found, limit=SAMPLE)
    return {
        "count": min(number, COUNTED_MAX),
        "more": number > COUNTED_MAX,
        "kept": max(0, open_ - number),
        "sample": [
            {
                "id": row.subject,
                "title": row.title,
                "business_key": row.business_key,
                "instance_id": row.instance_id,
                "created_at": to_iso(row.created_at),
            }
            for row in sample
        ],
    }


def _release(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    return _act(workspace, connection, actor, item, params, "release", "release", _because)


def _because(params: Params) -> dict[str, Any]:
    return {"reason": params.get("reason") or "-"}


# --- hand-over and sending again -------------------------------------------------------------------


def _hand_over(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    def args(told: Params) -> dict[str, Any]:
        of = {"of": told["of"]} if told.get("of") else {}
        return {"seat": 0, "from": told["from"], "to": told.get("to"), **of, **_because(told)}

    if params.get("rechecks"):
        return _act(workspace, connection, actor, item, params, "recheck", "rule", lambda _: {})
    return _act(workspace, connection, actor, item, params, "reassign", "bulk", args)


def _resend(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    def args(told: Params) -> dict[str, Any]:
        return {"reason": told["reason"]} if told.get("reason") else {}

    return _act(workspace, connection, actor, item, params, "resend", "bulk", args)


def resend(
    workspace: Workspace,
    actor: Actor,
    selection: Mapping[str, Any],
    reason: str = "",
    caller: Caller = task_acts.WEB,
) -> dict[str, Any]:
    """Tell people of these open tasks again; who has left is replaced. Nobody gets a second task."""
    actor.require(HAND_OVER)
    return batches.create(
        workspace, actor, "resend", dict(selection), kept=_from(caller), reason=reason,
        per_second=PER_SECOND, own=True,
    )  # fmt: skip


def _act(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    item: Any,
    params: Params,
    action: str,
    via: str,
    args: Callable[[Params], dict[str, Any]],
) -> Outcome | None:
    found = task_acts.find_for(workspace, connection, actor, item.subject)
    caller = _caller(via, item, params)
    told = args(params)
    task_acts.act_now(workspace, connection, found, action, told, caller, operator=True)
    return Outcome("done", found.row.status)


# --- which tasks -----------------------------------------------------------------------------------


def gather(workspace: Workspace, connection: Connection, row: Any) -> Sequence[Any]:
    """The next items of a batch of tasks that was asked for by a filter."""
    found = _wanted(workspace, connection, row.selection, until_ms=row.created_at + 1)
    return stages.tasks(connection, found, after=row.cursor)


def _wanted(
    workspace: Workspace,
    connection: Connection,
    told: Mapping[str, Any],
    until_ms: int | None = None,
) -> Wanted:
    now_ms = workspace.clock.now_ms()
    before = until_ms
    if told.get("older_than"):
        before = min(before or now_ms, (until_ms or now_ms) - _length(told["older_than"]))
    found = None
    if any(told.get(name) for name in ("flow", "node", "role")):
        found = _stages(workspace, connection, told)
    conditions = parse(told.get("filter") or "")
    return Wanted(
        found, before, conditions, told.get("user"), told.get("flows"), told.get("behalf")
    )


def _stages(workspace: Workspace, connection: Connection, told: Mapping[str, Any]) -> list[Stage]:
    """Where open tasks wait that this filter means: of a flow, at a node, drawn for a role."""
    role = told.get("role")
    return [
        (row.flow_key, row.version, row.node)
        for row in stages.waiting(connection, told.get("flow"), told.get("node"))
        if not role or _drawn_for(workspace, connection, row, role)
    ]


def _drawn_for(workspace: Workspace, connection: Connection, stage: Any, role: str) -> bool:
    try:
        node = workspace.flow(connection, stage.flow_key, stage.version).nodes.get(stage.node)
    except HeadraceError:
        return False
    return node is not None and any(
        who.get("kind") == "role" and who.get("id") == role
        for who in node.settings.get("assignees", ())
    )


def _length(text: str) -> int:
    try:
        return duration_ms(text)
    except (HeadraceError, ValueError):
        message = f"Expected a duration such as PT8H, but found {text}."
        problem = Problem("/filter/older_than", "duration_wrong", {"found": text}, message)
        raise ValidationFailed(what="filter", count=1, problems=[problem]) from None


def _some(wanted: Mapping[str, Any]) -> None:
    """To let everything pass that waits anywhere is never meant."""
    if not any(wanted.get(name) for name in ("flow", "node", "role", "filter")):
        message = "Expected a flow, a node, a role or a condition, but found none: that would be every task."
        problem = Problem("/filter", "filter_empty", {}, message)
        raise ValidationFailed(what="filter", count=1, problems=[problem])


def _from(caller: Caller) -> dict[str, Any]:
    """Where the wish came from goes along with the batch, for the audit; a name with `_` is not shown."""
    return {"_from": [caller.ip, caller.client]}


def _caller(via: str, item: Any, params: Params) -> Caller:
    ip, client = params.get("_from") or (None, None)
    return Caller(via, ip, client, item.batch_id)


# --- hand-over of all that somebody has open -------------------------------------------------------


def begin_hand_over(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    user_id: str,
    to: str | None = None,
    reason: str = "",
    flows: Sequence[str] | None = None,
    caller: Caller = task_acts.WEB,
    *,
    rechecks: bool = False,
    behalf: str | None = None,
) -> str:
    """Inside an operation: a batch that gives every open task of somebody to `to`, or (None) to whom the policy names.

    `rechecks`: by the rules only (who has left or is away), nobody wishes it; then the substitute comes first.
    `behalf`: only the seats they have in the place of this person.
    """
    selection = {"user": user_id, **({"flows": list(flows)} if flows is not None else {})}
    params = {"from": user_id, "to": to, "rechecks": rechecks, **_from(caller)}
    if behalf is not None:
        selection["behalf"] = params["of"] = behalf
    id_ = batches.insert(
        workspace, connection, actor, "hand_over", selection, params, reason, PER_SECOND
    )
    audit.note(
        connection, workspace, actor, "tasks.hand_over", user_id, to=to, reason=reason, batch=id_
    )
    return id_


_TEXT = {"type": "string", "maxLength": task_acts.COMMENT_MAX}
_USER = {"type": ["string", "null"], "maxLength": 80}

for _kind in (
    BatchKind(
        "decide",
        "task",
        _decide,
        permission="tasks:decide",
        reads=None,
        params={
            "decision": {"type": "string", "enum": ["approved", "rejected"]},
            "comment": _TEXT,
        },
        required=("decision",),
    ),
    BatchKind("release_tasks", "task", _release, permission=RELEASE, gather=gather),
    BatchKind("resend", "task", _resend, permission=HAND_OVER, gather=gather),
    BatchKind(
        "hand_over",
        "task",
        _hand_over,
        permission=HAND_OVER,
        params={"from": _USER, "to": _USER, "of": _USER, "rechecks": {"type": "boolean"}},
        gather=gather,
        again_ms=LOOK_AGAIN_MS,
    ),
):  # fmt: skip
    register(_kind)
