"""Open tasks of somebody who has left, or who is away from now on, go to others.

The batch that moves them is made in the transaction that makes somebody inactive or lets a substitution begin, so that a crash
forgets nobody. Who gets each task says the policy of its node (`people/assign.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import Connection

from headrace.engine.service import handover
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace

REASONS = {
    "left": "已停用或离职，待办转交他人 · no longer active, tasks go to others",
    "away": "不在，由代理人或备份处理 · away, the substitute or backup acts",
    "back": "已回来，代理期间未处理的交还本人 · back, what was not decided meanwhile is theirs again",
}
"""What the tasks say; kept with them, so in both languages."""


def queue(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    user_id: str,
    why: Literal["left", "away"],
    flows: Sequence[str] | None = None,
) -> None:
    """The open tasks of this person, if there are any, are given to others (`flows`: only those of these)."""
    if handover.open_tasks(connection, user_id):
        handover.begin(workspace, connection, actor, user_id, None, REASONS[why], flows)


def give_back(
    workspace: Workspace, connection: Connection, actor: Actor, substitute: str, person: str
) -> str:
    """What the substitute still has to decide for this person is the person's again; answers the batch."""
    return handover.begin(
        workspace, connection, actor, substitute, person, REASONS["back"], behalf=person
    )
