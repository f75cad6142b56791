"""Open tasks of somebody who has left, or who is away from now on, go to others.

The batch that moves them is made in the transaction that makes somebody inactive or lets a substitution begin, so that a crash
forgets nobody. Who gets each task says the policy of its node (`people/assign.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace

REASONS = {"left": "left", "away": "away"}


def queue(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    user_id: str,
    kind: str,
    flows: Sequence[str] | None = None,
) -> None:
    """The open tasks of this person are looked at again. `kind`: left, away."""
