"""Calls from outside that are not taken because they do not prove themselves, or prove to be somebody else's.

A forged call is nothing; three in a row with no good one between mean that a platform's calls are lost: a key that was mistyped,
another app, another seller. That is told as failing pulls are (R015, R017): classified, at the third, once, and when it is over.
Each account has a line in the registry of interfaces for that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from headrace.engine.connector import Connector, Incoming
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import interfaces
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import interfaces as rows
from headrace.engine.store.writer import Writer

PER_MINUTE = 30
"""Refusals that one process notes: who floods us costs no more than that."""
LOOK_MS = 10_000
"""How old the list of accounts may be whose calls were refused: a good call of another is not written down."""


@dataclass(slots=True)
class _Known:
    failing: set[str] = field(default_factory=set)
    looked_ms: int | None = None
    minute: int = 0
    noted: int = 0


_known: WeakKeyDictionary[Writer, _Known] = WeakKeyDictionary()


def refused(
    workspace: Workspace,
    account: ConnectionInfo,
    connector: Connector,
    auth: str,
    incoming: Incoming,
) -> None:
    """Note one; the caller does not wait."""
    known = _known.setdefault(workspace.writer, _Known())
    minute = incoming.now_ms // 60_000
    known.noted = known.noted if known.minute == minute else 0
    known.minute = minute
    if known.noted >= PER_MINUTE:
        return
    known.noted += 1
    known.failing.add(account.key)
    whose = connector.stranger(account, auth, incoming) if connector.stranger else ""
    _note(
        workspace,
        account,
        incoming.now_ms,
        "scope" if whose else "auth",
        whose or "signature_wrong",
    )


def proven(workspace: Workspace, account: ConnectionInfo, now_ms: int) -> None:
    """A call that is theirs and about us: whatever was refused before is over."""
    known = _known.setdefault(workspace.writer, _Known())
    if known.looked_ms is None or not 0 <= now_ms - known.looked_ms < LOOK_MS:
        known.looked_ms = now_ms
        with workspace.read() as connection:
            known.failing = rows.failing(connection, interfaces.NOTICES)
    if account.key in known.failing:
        known.failing.discard(account.key)
        _note(workspace, account, now_ms, "", "")


def _note(
    workspace: Workspace, account: ConnectionInfo, now_ms: int, trouble: str, error: str
) -> None:
    name = interfaces.NOTICES
    called = interfaces.Called(
        account.key, account.connector, name, "", "", now_ms, 0, trouble, error, api=f"{account.connector} {name}",
    )  # fmt: skip
    workspace.writer.submit(lambda connection: interfaces.write(workspace, connection, [called]))
