"""Open tasks of somebody who has left, or who is away from now on, go to others: in the background, a slice at a time.

What is to be done is a row (`handovers`), written in the transaction that makes somebody inactive or lets a substitution begin, so
that a crash forgets nobody. Who gets each task says the policy of its node (`people/assign.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import handovers as rows


def queue(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    user_id: str,
    kind: str,
    flows: Sequence[str] | None = None,
) -> None:
    """The open tasks of this person are looked at again. `kind`: left, away."""
    values = {
        "user_id": user_id,
        "kind": kind,
        "flows": None if flows is None else list(flows),
        "created_at": workspace.clock.now_ms(),
        "created_by": actor.user_id,
    }
    rows.insert(connection, values)
    workspace.changed.add("handovers")
