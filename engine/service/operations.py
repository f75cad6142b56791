"""What an operator does to one instance: suspend, resume, move its tokens, go back to an earlier step, make it more urgent.

Each is one wish, applied in the transaction that accepts it and noted in the audit; sub-flows hear of a suspension by their inbox.
A lost race is a `Conflict` with the state as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.run import commands as c
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import OPEN, apply_wish, wish
from headrace.engine.service.paging import page
from headrace.engine.service.rules import PRIORITY_MAX
from headrace.engine.service.travel import was
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox, instances, ranks

GOING = tuple(status for status in OPEN if status != "suspended")
OPERATE = "instances:operate"


def suspend(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    *,
    reason: str = "",
    timers: Literal["keep", "shift"] = "keep",
) -> dict[str, Any]:
    """Apply nothing until it is resumed; its sub-flows too. `timers`: keep (what is due meanwhile comes at the resume) or shift."""
    actor.require(OPERATE)
    command = c.Suspend(actor.user_id, reason, timers)
    return wish(
        workspace, id_, command, statuses=GOING, actor=actor, action="instances.suspend",
        reason=reason, timers=timers,
    )  # fmt: skip


def resume(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Go on; what has come meanwhile is applied in its order."""
    actor.require(OPERATE)
    command = c.Resume(actor.user_id)
    return wish(
        workspace, id_, command, statuses=("suspended",), actor=actor, action="instances.resume"
    )


RESTS = {
    c.JobEnded: "job", c.JobRetried: "job", c.LateResult: "job", c.FireTimer: "timer", c.Deliver: "message",
    c.EndChild: "sub_flow", c.GrantLock: "lock", c.Cancel: "cancel",
}  # fmt: skip
"""What may rest in an inbox, in the words of a screen; anything else is `other`."""


def resting(
    workspace: Workspace, actor: Actor, id_: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """What has come for an instance that is suspended or cannot be advanced: it is applied in this order when it goes on."""
    actor.require("instances:read")
    with workspace.read() as connection:
        row = instances.find(connection, id_)
        if row is None or row.retain_until == 0:
            raise NotFound(kind="instance", id=id_)
        found = inbox.resting(connection, id_, after=int(cursor or 0), limit=limit + 1)
    items = [
        {
            "id": str(number),
            "kind": RESTS.get(type(wish), "other"),
            "step": getattr(wish, "step", None) or None,
            "at": to_iso(accepted_at),
        }
        for number, wish, accepted_at in found
    ]
    return page(items, limit, lambda item: str(item["id"]))


def inject(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    node: str,
    *,
    reason: str = "",
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Put one more token before a node; `variables` are set besides."""
    actor.require(OPERATE)

    def check(connection: Connection, row: Any) -> None:
        _check_node(workspace, connection, row, node)

    command = c.Inject(node, actor.user_id, reason, dict(variables) if variables else None)
    return wish(
        workspace, id_, command, check=check, actor=actor, action="instances.inject", node=node,
        reason=reason,
    )  # fmt: skip


def move(
    workspace: Workspace, actor: Actor, id_: str, step: int, node: str, *, reason: str = ""
) -> dict[str, Any]:
    """Withdraw an open step, with its task, job, timers and sub-flows; its token goes on before another node."""
    actor.require(OPERATE)

    def check(connection: Connection, row: Any) -> None:
        _check_node(workspace, connection, row, node)
        stored = instances.load(connection, [id_])[id_]
        if step not in stored.instance.steps:
            current = {"status": row.status, "steps": sorted(stored.instance.steps)}
            raise Conflict(
                expected=f"step {step} of {id_} to be open", found="that it is not", current=current
            )

    command = c.MoveToken(step, node, actor.user_id, reason)
    return wish(
        workspace, id_, command, check=check, actor=actor, action="instances.move", step=step,
        node=node, reason=reason,
    )  # fmt: skip


def rewind(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    *,
    step: int,
    variables: Literal["now", "then"] = "now",
    change: Mapping[str, Any] | None = None,
    reason: str = "",
) -> dict[str, Any]:
    """Resume from an earlier visit, for real: all tokens at its node or behind it are withdrawn, one is put before it.

    `variables`: as they are now, or as they were then; `change` sets some of them. What steps have done outside stays done.
    """
    actor.require(OPERATE)
    with workspace.read() as connection:
        row = instances.find(connection, id_)
        if row is None or row.retain_until == 0:
            raise NotFound(kind="instance", id=id_)
        then, node = was(connection, row, step)

    def operation(connection: Connection) -> dict[str, Any]:
        stored = instances.load(connection, [id_]).get(id_)
        if stored is not None:
            _check_node(workspace, connection, stored.instance, node)
        given = None
        if stored is not None and (variables == "then" or change):
            kept = then if variables == "then" else stored.instance
            given = {**kept.variables, **(change or {})}
        command = c.Rewind(node, actor.user_id, reason, given)
        status = apply_wish(workspace, connection, id_, command)
        told = {"step": step, "node": node, "variables": variables, "reason": reason}
        audit.note(connection, workspace, actor, "instances.rewind", id_, **told)
        return {"id": id_, "status": status}

    answer: dict[str, Any] = workspace.writer.call(operation)
    return answer


def set_priority(workspace: Workspace, actor: Actor, id_: str, priority: int) -> dict[str, Any]:
    """Make an instance more or less urgent, with what waits of it now: 0 to 9, the most urgent."""
    actor.require(OPERATE)

    def operation(connection: Connection) -> dict[str, Any]:
        status = prioritise(connection, id_, priority)
        audit.note(connection, workspace, actor, "instances.priority", id_, priority=priority)
        return {"id": id_, "status": status, "priority": priority}

    answer: dict[str, Any] = workspace.writer.call(operation)
    return answer


def prioritise(connection: Connection, id_: str, priority: int) -> str:
    """Inside an operation of the writer; answers the status."""
    if not 0 <= priority <= PRIORITY_MAX:
        raise Conflict(expected=f"a priority from 0 to {PRIORITY_MAX}", found=str(priority))
    status = instances.status(connection, id_, lock=True)
    if status is None:
        raise NotFound(kind="instance", id=id_)
    if status not in OPEN:
        raise Conflict(
            expected="an open instance", found=f"{id_} is {status}", current={"status": status}
        )
    ranks.set_priority(connection, id_, priority)
    return status


def _check_node(workspace: Workspace, connection: Connection, row: Any, node: str) -> None:
    """A token goes before a node that can be visited: of the drawing, and no start."""
    flow = workspace.flow(connection, row.flow_key, row.version)
    found = flow.nodes.get(node)
    if found is not None and not found.type.starts and found.entries:
        return
    known = sorted(id_ for id_, one in flow.nodes.items() if one.entries and not one.type.starts)
    message = f"Expected one of the nodes {', '.join(known)}, but found {node}."
    problem = Problem("/node", "unknown_node", {"nodes": known, "found": node}, message)
    raise ValidationFailed(what="node", count=1, problems=[problem])
