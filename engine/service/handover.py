"""All open tasks of one person go to another, or to whom the policy of each task names (backup, superior, fallback, incident)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import NotFound, Problem, ValidationFailed
from headrace.engine.service import batches, task_acts, task_batches
from headrace.engine.service.actor import Actor
from headrace.engine.service.decisions import Caller
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import stages
from headrace.engine.store.stages import Wanted


def begin(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    user_id: str,
    to: str | None = None,
    reason: str = "",
    flows: Sequence[str] | None = None,
    behalf: str | None = None,
) -> str:
    """A batch that moves the tasks, made in the caller's transaction; answers its id.

    `to` None: the rules say who is asked instead of somebody who has left or is away.
    `behalf`: only what they have in the place of this person.
    """
    return task_batches.begin_hand_over(
        workspace, connection, actor, user_id, to, reason, flows, rechecks=to is None, behalf=behalf
    )


def hand_over(
    workspace: Workspace,
    actor: Actor,
    user_id: str,
    to: str | None,
    reason: str,
    caller: Caller = task_acts.WEB,
) -> dict[str, Any]:
    """By hand: somebody leaves, or is away for long. `to` None: as the policy of each task says."""
    actor.require(task_batches.HAND_OVER)
    with workspace.read() as connection:
        people = workspace.directory(connection).people
    if user_id not in people:
        raise NotFound(kind="user", id=user_id)
    if to is not None:
        person = people.get(to)
        if person is None or not person.active or to == user_id:
            name = person.name if person else to
            message = f"Expected another active person, but found {name}."
            problem = Problem("/to", "user_inactive", {"name": name}, message)
            raise ValidationFailed(what="hand-over", count=1, problems=[problem])
    id_ = workspace.writer.call(
        lambda connection: task_batches.begin_hand_over(
            workspace, connection, actor, user_id, to, reason, caller=caller
        )
    )
    return batches.detail(workspace, actor, id_)


def open_tasks(connection: Connection, user_id: str) -> int:
    """How many tasks wait for somebody, or will."""
    return stages.count(connection, Wanted(user=user_id), task_batches.COUNTED_MAX)
