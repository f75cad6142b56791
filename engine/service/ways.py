"""Connections messages can leave by, and what the workspace has set for everybody; `channels.py` is what a person can ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from headrace.engine.people import reach
from headrace.engine.people.reach import CONNECTORS, Sender
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import channels, facts
from headrace.engine.store.writer import Writer

FACT = "channels"

Settings = Mapping[str, Any]

_leaves: WeakKeyDictionary[Writer, tuple[bool, int]] = WeakKeyDictionary()


def leaves(workspace: Workspace, connection: Connection) -> bool:
    """Is there any connection a message could leave by? At most a second old, so that a task costs no question."""
    now_ms = workspace.clock.now_ms()
    kept = _leaves.get(workspace.writer)
    if kept is None or kept[1] < now_ms:
        found = bool(channels.senders(connection, list(CONNECTORS)))
        kept = _leaves[workspace.writer] = (found, now_ms + FRESH_MS)
    return kept[0]


def senders(connection: Connection) -> list[Sender]:
    """All of them."""
    return [
        reach.sender_of(row.key, row.connector, row.settings, row.name)
        for row in channels.senders(connection, list(CONNECTORS))
    ]


def standard(connection: Connection) -> Settings:
    """What the workspace has set: `{order?, connections?, sms?: {template, values?}, zone?}`."""
    found: Settings = facts.get(connection, FACT) or {}
    return found
