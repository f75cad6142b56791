"""A person's inbox at a glance, for screens that stay open: has anything changed since they looked?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from headrace.engine import jsontext
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


def look(workspace: Workspace, actor: Actor) -> Glance:
    """Two small queries, each along an index."""
    with workspace.read() as connection:
        open_ = glance.open_tasks(connection, actor.user_id)
        newest = glance.newest_notification(connection, actor.user_id)
    seen = jsontext.dumps([open_, newest])
    return Glance(hashlib.sha256(seen.encode()).hexdigest()[:MARK_CHARS], len(open_), newest)
