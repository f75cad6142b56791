"""A person's inbox at a glance, for screens that stay open: has anything changed since they looked?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from headrace.engine import jsontext
from headrace.engine.service import tasks
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import glance

MARK_CHARS = 16
"""Of a hash; two glances that look alike by chance cost one update of a screen."""


@dataclass(frozen=True, slots=True)
class Glance:
    """`mark` differs when anything a person sees does."""

    mark: str
    todo: int
    """What waits for the person, counted up to `glance.TASKS_MAX`."""
    newest_notification: int
    task: tuple[str, int] | None
    """How the task that is open on the screen stands: status and revision."""


def allowed(workspace: Workspace, actor: Actor, task_id: str | None) -> None:
    """Raises `NotFound` or `Forbidden` unless this person may watch that task."""
    if task_id:
        tasks.detail(workspace, actor, task_id)


def look(workspace: Workspace, actor: Actor, task_id: str | None) -> Glance:
    """Three small queries, each along an index."""
    with workspace.read() as connection:
        open_ = glance.open_tasks(connection, actor.user_id)
        newest = glance.newest_notification(connection, actor.user_id)
        task = glance.task(connection, task_id) if task_id else None
    seen: list[Any] = [open_, newest, task]
    mark = hashlib.sha256(jsontext.dumps(seen).encode()).hexdigest()[:MARK_CHARS]
    return Glance(mark, len(open_), newest, task)
