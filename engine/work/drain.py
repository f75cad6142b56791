"""Advance whatever is ready: the net under every wish that was not applied in the transaction that accepted it."""

from __future__ import annotations

from headrace.engine.service.advance import drain
from headrace.engine.service.workspace import Workspace


def drain_all(workspace: Workspace) -> int:
    """Until nothing is ready; answers how many advances there were."""
    total = 0
    while count := workspace.writer.call(lambda connection: drain(workspace, connection)):
        total += count
    return total
