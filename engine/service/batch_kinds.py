"""What can be done to many at once. A kind begins an item inside an operation of the writer, and says when its outcome is known.

Other modules add theirs: `register(BatchKind("migrate", …))`. What an item answers is the outcome of what was begun, never that
it was begun: the retry of a job runs until its step is done or fails again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.service import holds, incidents, operations
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import OPEN, apply_wish
from headrace.engine.service.rules import PRIORITY_MAX
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import history, instances
from headrace.engine.store import incidents as incident_rows

Subject = Literal["incident", "instance", "task"]
Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an item: `done`, `failed` (code and message say why), `skipped` (there was nothing to do)."""

    status: Literal["done", "failed", "skipped"]
    code: str | None = None
    message: str | None = None
    data: Any = None


Begin = Callable[[Workspace, Connection, Actor, Any, Params], Outcome | None]
"""(workspace, connection, who, item, params) → the outcome, or None: ask `outcome` later. Raises as the single action does."""

Look = Callable[[Workspace, Connection, Any, Params], Outcome | None]
"""(workspace, reading connection, item, params) → the outcome, or None while it is not known. `item.rev`: before it began."""


@dataclass(frozen=True, slots=True)
class BatchKind:
    """See the module."""

    name: str
    subject: Subject
    begin: Begin
    permission: str = "instances:operate"
    outcome: Look = lambda *_: Outcome("done")
    params: Mapping[str, Any] = field(default_factory=dict)
    """A JSON Schema's properties of what the kind wants to be told."""
    required: tuple[str, ...] = ()
    statuses: tuple[str, ...] = OPEN
    """Statuses of instances that a filter without one means."""
    reads: str | None = "instances:read"
    """What else its maker needs; None: nothing, the batch is of his own things."""
    gather: Callable[[Workspace, Connection, Any], Sequence[Any]] | None = None
    """(workspace, reading connection, batch) → the next items (subject, instance_id, cursor); None: as filters of instances do."""
    again_ms: int = 0
    """So long after its making it looks for items once more, before it is done; 0: never."""


BATCH_KINDS: dict[str, BatchKind] = {}


def register(kind: BatchKind) -> None:
    """Add a kind; a name is taken once."""
    assert kind.name not in BATCH_KINDS, f"expected one batch kind {kind.name}, but found two"
    BATCH_KINDS[kind.name] = kind


# --- incidents -------------------------------------------------------------------------------------


def _retry(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    del params
    row = incidents.open_row(connection, item.subject)
    apply_wish(workspace, connection, row.instance_id, c.Retry(item.subject, actor.user_id))
    return _attempt(workspace, connection, item, {})


def _attempt(
    workspace: Workspace, connection: Connection, item: Any, params: Params
) -> Outcome | None:
    """What the new attempt has come to: told by the facts since it began, so that nothing in between is missed."""
    del workspace, params
    incident = incident_rows.find(connection, item.subject)
    row = instances.find(connection, item.instance_id)
    if incident is None or row is None:
        return Outcome("failed", "purged", "the instance is no longer kept")
    step, node = incident.step, incident.node
    for _, _, event in history.between(connection, row.id, item.rev, row.rev):
        match event:
            case e.IncidentRaised(_, at, where, code, message) if (at, where) == (step, node):
                return Outcome("failed", code, message)
            case e.InstanceCancelled(reason):
                return Outcome("failed", "cancelled", reason)
            case e.StepDone(done, _, port) if done == step and step:
                failed = port == "error"
                return Outcome("failed" if failed else "done", f"port:{port}" if port else None)
            case e.StepCancelled(gone) | e.StepInterrupted(gone) if gone == step and step:
                return Outcome("failed", "cancelled", "the step was withdrawn")
            case e.JoinFired(_, fired) if not step and fired == node:
                return Outcome("done")
            case _:
                pass
    if not step:
        return Outcome("done")
    stored = instances.load_one(connection, row)
    waits_for = stored.steps[step].wait if step in stored.steps else ""
    if waits_for in {"", "job", "children", "items"}:
        return None  # also a sub-flow that cannot start says so a moment later only
    return Outcome("done", f"waits:{waits_for}", "the step goes on, and waits")


def _skip(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    row = incidents.open_row(connection, item.subject)
    port = incidents.port_of(workspace, connection, row, params.get("port"))
    command = c.Skip(
        item.subject, actor.user_id, port, params.get("output"), params.get("reason", "")
    )
    apply_wish(workspace, connection, row.instance_id, command)
    return Outcome("done", f"port:{port}")


# --- instances -------------------------------------------------------------------------------------


def _wish(make: Callable[[Actor, Params], c.Command], statuses: tuple[str, ...] = OPEN) -> Begin:
    def begin(
        workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
    ) -> Outcome | None:
        status = apply_wish(workspace, connection, item.instance_id, make(actor, params), statuses)
        return Outcome("done", status)

    return begin


def _ended(
    workspace: Workspace, connection: Connection, item: Any, params: Params
) -> Outcome | None:
    """A cancellation that undoes first is over when all is undone."""
    del workspace, params
    status = instances.status(connection, item.instance_id)
    return None if status in OPEN else Outcome("done", status)


def _cancel(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    command = c.Cancel(
        params.get("reason", ""), actor.user_id, bool(params.get("compensate", False))
    )
    status = apply_wish(workspace, connection, item.instance_id, command)
    return None if status in OPEN else Outcome("done", status)


def _hold(*, on: bool) -> Begin:
    def begin(
        workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
    ) -> Outcome | None:
        reason = params.get("reason", "")
        holds.set_hold(workspace, connection, actor, [item.instance_id], on=on, reason=reason)
        return Outcome("done")

    return begin


def _priority(
    workspace: Workspace, connection: Connection, actor: Actor, item: Any, params: Params
) -> Outcome | None:
    del workspace, actor
    return Outcome("done", operations.prioritise(connection, item.instance_id, params["priority"]))


_ANY_STATUS = (*OPEN, "completed", "cancelled")
_TIMERS = {"type": "string", "enum": ["keep", "shift"], "default": "keep"}

for _kind in (
    BatchKind("retry", "incident", _retry, outcome=_attempt),
    BatchKind(
        "skip",
        "incident",
        _skip,
        params={"port": {"type": ["string", "null"], "maxLength": 200}, "output": {}},
    ),
    BatchKind(
        "cancel", "instance", _cancel, outcome=_ended, params={"compensate": {"type": "boolean"}}
    ),
    BatchKind(
        "suspend",
        "instance",
        _wish(
            lambda actor, params: c.Suspend(
                actor.user_id, params.get("reason", ""), params.get("timers", "keep")
            ),
            operations.GOING,
        ),
        params={"timers": _TIMERS},
        statuses=operations.GOING,
    ),
    BatchKind(
        "resume",
        "instance",
        _wish(lambda actor, _: c.Resume(actor.user_id), ("suspended",)),
        statuses=("suspended",),
    ),
    BatchKind(
        "hold", "instance", _hold(on=True), permission="retention:write", statuses=_ANY_STATUS
    ),
    BatchKind(
        "release", "instance", _hold(on=False), permission="retention:write", statuses=_ANY_STATUS
    ),
    BatchKind(
        "priority",
        "instance",
        _priority,
        params={"priority": {"type": "integer", "minimum": 0, "maximum": PRIORITY_MAX}},
        required=("priority",),
    ),
):
    register(_kind)
