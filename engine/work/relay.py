"""Send what the outbox holds: mail and chat robots, each attempt with its receipt. A 200 with an error body is a failure (G19)."""

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
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, outbox
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.mail import send_mail
from headrace.engine.work.robot import send_robot

log = logging.getLogger(__name__)

ATTEMPTS_MAX = 5
"""After this many the message is failed, and stays to be seen."""

BACKOFF_MS = (5_000, 30_000, 120_000, 600_000)

SEND_MS = 30_000
"""What one message may take; one that is begun later could be sent by two."""

OpenConnection = Callable[[str], ConnectionInfo]


def send_due(
    workspace: Workspace, open_connection: OpenConnection, http: GuardedHttp, limit: int = 20
) -> int:
    """Send what is due; answers how many attempts were made."""
    begin_until = workspace.clock.now_ms() + outbox.HOLD_MS - SEND_MS
    rows = workspace.writer.call(
        lambda connection: outbox.take(connection, limit, workspace.clock.now_ms())
    )
    for made, row in enumerate(rows):
        if workspace.clock.now_ms() > begin_until:
            return made  # the rest is soon anybody's again
        receipt = _send(workspace, open_connection, http, row)
        workspace.writer.call(partial(_settle, workspace, row, receipt))
    return len(rows)


def _send(
    workspace: Workspace, open_connection: OpenConnection, http: GuardedHttp, row: Any
) -> Receipt:
    now_ms = workspace.clock.now_ms()
    try:
        connection = open_connection(row.connection or _default(workspace, row.channel))
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
    except HeadraceError as trouble:
        return Receipt(False, trouble.message)
    except Exception as bug:
        log.exception("message %s could not be sent", row.id)
        return Receipt(False, f"{type(bug).__name__}: {bug}", retryable=True)


def _default(workspace: Workspace, channel: str) -> str:
    """Without a connection named, mail goes by the first mail connection there is."""
    wanted = "robot" if channel == "robot" else "smtp"
    with workspace.read() as connection:
        return accounts.first_of(connection, wanted) or wanted


def _settle(workspace: Workspace, row: Any, receipt: Receipt, connection: Connection) -> None:
    now_ms = workspace.clock.now_ms()
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
