"""Send what the outbox holds: mail and chat robots, each attempt with its receipt. A 200 with an error body is a failure (G19).

Each channel has its own sender, so that a dead mail server delays no robot. A message that a rate or a breaker of its connection
holds back waits; that is no attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.connector import Receipt
from headrace.engine.errors import HeadraceError
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import breakers
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, limits, outbox
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.mail import send_mail
from headrace.engine.work.robot import send_robot
from headrace.engine.work.watch import host_of

log = logging.getLogger(__name__)

CHANNELS = ("mail", "robot")
"""Each has a sender of its own."""

OPERATION = "send"
"""What connectors of messages call it."""

ATTEMPTS_MAX = 5
"""After this many the message is failed, and stays to be seen."""

BACKOFF_MS = (5_000, 30_000, 120_000, 600_000)

SEND_MS = 30_000
"""What one message may take; one that is begun later could be sent by two."""

OpenConnection = Callable[[str], ConnectionInfo]


def send_due(
    workspace: Workspace,
    open_connection: OpenConnection,
    http: GuardedHttp,
    limit: int = 20,
    channel: str | None = None,
) -> int:
    """Send what is due (of this channel); answers how many attempts were made."""
    begin_until = workspace.clock.now_ms() + outbox.HOLD_MS - SEND_MS
    rows = workspace.writer.call(partial(_take, workspace, limit, channel))
    for made, (row, key) in enumerate(rows):
        if workspace.clock.now_ms() > begin_until:
            return made  # the rest is soon anybody's again
        receipt, account = _send(workspace, open_connection, http, row, key)
        workspace.writer.call(partial(_settle, workspace, row, receipt, account))
    return len(rows)


def _take(
    workspace: Workspace, limit: int, channel: str | None, connection: Connection
) -> list[tuple[Any, str]]:
    """Messages that are due and may be sent, with the key of their connection; what is held back waits."""
    now_ms = workspace.clock.now_ms()
    rows = outbox.take(connection, limit, now_ms, channel)
    gates = limits.gates(connection) if rows else {}
    taken: list[tuple[Any, str]] = []
    later: list[tuple[int, int]] = []
    trying: set[str] = set()
    for row in rows:
        key = row.connection or _default(connection, row.channel)
        until = 0
        if (
            key in trying
        ):  # one of this connection tries now; the others hear soon what became of it
            until = now_ms + TRY_MS
        elif key in gates:
            until, tries = limits.admit(
                connection, gates[key], key, OPERATION, now_ms, f"outbox {row.id}"
            )
            trying |= {key} if tries else set()
        if until:
            later.append((row.id, until))
        else:
            taken.append((row, key))
    outbox.postpone(connection, later)
    return taken


TRY_MS = 5_000
"""How long the others wait for the one message that tries an open breaker."""


def _send(
    workspace: Workspace, open_connection: OpenConnection, http: GuardedHttp, row: Any, key: str
) -> tuple[Receipt, ConnectionInfo | None]:
    """What the far side said, and who it was."""
    account: ConnectionInfo | None = None
    try:
        account = open_connection(key)
        return _sent(workspace, account, http, row), account
    except HeadraceError as trouble:
        return Receipt(False, trouble.message), None
    except Exception as bug:
        log.exception("message %s could not be sent", row.id)
        return Receipt(False, f"{type(bug).__name__}: {bug}", retryable=True), account


def _sent(workspace: Workspace, connection: ConnectionInfo, http: GuardedHttp, row: Any) -> Receipt:
    now_ms = workspace.clock.now_ms()
    if row.channel == "robot":
        return send_robot(connection, row.title, row.text, now_ms, http)
    if not row.recipient:
        return Receipt(False, "Expected a mail address, but this person has none.")
    return send_mail(
        connection,
        [row.recipient],
        row.title,
        row.text,
        guard=http.addresses,
        key=row.dedup,
        now_ms=now_ms,
    )


def _default(connection: Connection, channel: str) -> str:
    """Without a connection named, mail goes by the first mail connection there is."""
    wanted = "robot" if channel == "robot" else "smtp"
    return accounts.first_of(connection, wanted) or wanted


def _settle(
    workspace: Workspace,
    row: Any,
    receipt: Receipt,
    account: ConnectionInfo | None,
    connection: Connection,
) -> None:
    now_ms = workspace.clock.now_ms()
    if account is not None:
        _tell_breaker(workspace, connection, row, receipt, account)
    receipts = [*row.receipts, {"at": to_iso(now_ms), "ok": receipt.ok, "answer": receipt.answer}]
    if receipt.ok:
        outbox.settle(connection, row.id, "sent", receipts, now_ms, now_ms)
    elif receipt.retryable and len(receipts) < ATTEMPTS_MAX:
        outbox.settle(
            connection, row.id, "queued", receipts, now_ms + BACKOFF_MS[len(receipts) - 1], None
        )
    else:
        outbox.settle(connection, row.id, "failed", receipts, now_ms, None)
        log.warning("message %s by %s failed: %s", row.id, row.channel, receipt.answer)


def _tell_breaker(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    receipt: Receipt,
    account: ConnectionInfo,
) -> None:
    """A refusal for good is an answer: the far side is there."""
    good = receipt.ok or not receipt.retryable
    settings = account.settings
    host = (
        host_of(account.secrets.get("url", "")) or f"{settings.get('host')}:{settings.get('port')}"
    )
    told = breakers.Told(
        account.key,
        account.connector,
        host,
        True,
        good,
        "" if good else receipt.answer[:200],
        f"outbox {row.id}",
        0,
    )
    breakers.record(workspace, connection, [told])
