"""A flow to be shown: one that cannot be loaded (a node type is gone, its document was damaged) must not take a list with it."""

from __future__ import annotations

from sqlalchemy import Connection

from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow, compile_flow
from headrace.engine.service.workspace import Workspace


def shown_flow(
    workspace: Workspace, connection: Connection, key: str, version: int
) -> CompiledFlow:
    """The version, or one of its name without nodes. For looking only: nothing runs on it."""
    try:
        return workspace.flow(connection, key, version)
    except HeadraceError:
        empty = {"format": 1, "key": key, "name": {"en": key}, "nodes": [], "edges": []}
        return compile_flow(empty, {}, version_id=f"{key}:{version}", version=version)
