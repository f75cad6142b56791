"""Send what the outbox holds: mail, chat robots, text messages, with a receipt an attempt. A 200 with an error body is a failure.

Each channel has its own sender, so that a dead mail server delays no robot; a message to a person is first given its ways
(`routing.py`), and goes on to the next one whenever one fails. A message that a rate or a breaker of its connection holds back
waits; that is no attempt. What waits for a robot's rate goes along with the next message it may send, as one (a digest).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.connector import Receipt
from headrace.engine.errors import HeadraceError
from headrace.engine.node import ConnectionInfo
from headrace.engine.people import reach
from headrace.engine.people.wording import CLOSING, DIGEST_TITLE, OPEN_LINK
from headrace.engine.service import breakers, mail_links, ways
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, limits, outbox
from headrace.engine.work import letter
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.mail import send_mail
from headrace.engine.work.robot import TEXT_MAX_BYTES, send_robot
from headrace.engine.work.routing import route
from headrace.engine.work.sms import send_sms
from headrace.engine.work.watch import host_of

log = logging.getLogger(__name__)

SENDERS: Mapping[str, tuple[str, ...]] = {
    "person": (),
    "mail": ("mail",),
    "robot": ("robot",),
    "sms": ("sms",),
}
"""What each sender takes out of the outbox; `person` only finds ways."""

CHANNELS = tuple(SENDERS)

TAKEN = {"robot": 100}
"""Messages taken at once, where it is not `limit`: a robot says many as one."""

DIGEST_MAX = 100
"""Messages said as one."""

LINE_MAX = 80
"""Letters of the text of one of them."""

OPERATION = "send"
"""What connectors of messages call it."""

ATTEMPTS_MAX = 5
"""After this many the message is failed, and stays to be seen; of a message to a person so many rounds of its ways."""

BACKOFF_MS = (5_000, 30_000, 120_000, 600_000)

SEND_MS = 30_000
"""What one message may take; one that is begun later could be sent by two."""

OpenConnection = Callable[[str], ConnectionInfo]


@dataclass(frozen=True, slots=True)
class Sending:
    """What one call of the far side says: a message, or several as a digest."""

    key: str
    rows: list[Any]


def send_due(
    workspace: Workspace,
    open_connection: OpenConnection,
    http: GuardedHttp,
    limit: int = 20,
    channel: str | None = None,
) -> int:
    """Send what is due (of this channel); answers how many attempts were made, or ways found."""
    routed = route(workspace) if channel in (None, "person") else 0
    if channel == "person":
        return routed
    begin_until = workspace.clock.now_ms() + outbox.HOLD_MS - SEND_MS
    taken = workspace.writer.call(partial(_take, workspace, limit, channel))
    for made, sending in enumerate(taken):
        if workspace.clock.now_ms() > begin_until:
            return made  # the rest is soon anybody's again
        receipt, account = _send(workspace, open_connection, http, sending)
        workspace.writer.call(partial(_settle, workspace, sending, receipt, account))
    return len(taken)


def _take(
    workspace: Workspace, limit: int, channel: str | None, connection: Connection
) -> list[Sending]:
    """Messages that are due and may be sent; what is held back waits, goes another way, or along with one that may go."""
    now_ms = workspace.clock.now_ms()
    wanted = (
        SENDERS[channel] if channel else tuple(name for one in SENDERS.values() for name in one)
    )
    rows = outbox.take(connection, TAKEN.get(channel or "", limit), now_ms, wanted)
    gates = limits.gates(connection) if rows else {}
    taken: list[Sending] = []
    later: list[tuple[int, int]] = []
    over: dict[str, list[tuple[Any, int]]] = {}
    trying: set[str] = set()
    for row in rows:
        key = row.connection or _default(connection, row.channel)
        gate = gates.get(key)
        if key in trying:
            # One of this connection tries now; the others hear soon what became of it.
            later.append((row.id, now_ms + TRY_MS))
        elif gate is None:
            taken.append(Sending(key, [row]))
        elif key in over:  # no room for the one before, none for this
            over[key].append((row, over[key][0][1]))
        else:
            shut = gate.room(now_ms)[0] == 0
            until, tries = limits.admit(
                connection, gate, key, OPERATION, now_ms, f"outbox {row.id}"
            )
            trying |= {key} if tries else set()
            if not until:
                taken.append(Sending(key, [row]))
            elif not shut:
                over[key] = [(row, until)]
            elif not _goes_on(connection, row, HELD, now_ms):
                later.append((row.id, until))
    for key, waiting in over.items():
        later += _along(taken, key, waiting)
    outbox.postpone(connection, later)
    return taken


HELD = Receipt(False, "Not tried: this connection has failed too often and rests.", retryable=True)

TRY_MS = 5_000
"""How long the others wait for the one message that tries an open breaker."""


def _along(
    taken: Sequence[Sending], key: str, waiting: Sequence[tuple[Any, int]]
) -> list[tuple[int, int]]:
    """What a robot's rate holds back goes along with the last message it may send now; answers what must wait all the same."""
    carrier = next((one for one in reversed(taken) if one.key == key), None)
    room = DIGEST_MAX - 1 if carrier and carrier.rows[0].channel == "robot" else 0
    if carrier and room:
        carrier.rows.extend(row for row, _ in waiting[:room])
    return [(row.id, until) for row, until in waiting[room:]]


# --- one call ---------------------------------------------------------------------------------------


def _send(
    workspace: Workspace, open_connection: OpenConnection, http: GuardedHttp, sending: Sending
) -> tuple[Receipt, ConnectionInfo | None]:
    """What the far side said, and who it was."""
    account: ConnectionInfo | None = None
    row = sending.rows[0]
    try:
        account = open_connection(sending.key)
        return _sent(workspace, account, http, sending), account
    except HeadraceError as trouble:
        return Receipt(False, trouble.message), None
    except Exception as bug:
        log.exception("message %s could not be sent", row.id)
        return Receipt(False, f"{type(bug).__name__}: {bug}", retryable=True), account


def _sent(
    workspace: Workspace, account: ConnectionInfo, http: GuardedHttp, sending: Sending
) -> Receipt:
    now_ms = workspace.clock.now_ms()
    row = sending.rows[0]
    if row.channel == "robot":
        return _by_robot(workspace, account, http, sending)
    if row.channel == "sms":
        return _by_sms(workspace, account, http, row)
    if not row.recipient:
        return Receipt(False, "Expected a mail address, but this person has none.")
    text, html = row.text, None
    if row.user_id:
        language, links = _about(workspace, row)
        text = letter.plain(row.text, links, language)
        html = letter.html(row.title, row.text, links, language)
    return send_mail(
        account,
        [row.recipient],
        row.title,
        text,
        guard=http.addresses,
        key=row.dedup,
        now_ms=now_ms,
        html=html,
    )


def _by_robot(
    workspace: Workspace, account: ConnectionInfo, http: GuardedHttp, sending: Sending
) -> Receipt:
    rows = sending.rows
    mentioned = list(dict.fromkeys(row.recipient for row in rows if row.user_id and row.recipient))
    if len(rows) == 1:
        title, text = rows[0].title, _with_link(workspace, rows[0])
    else:
        title, text = digest(rows, TEXT_MAX_BYTES[account.settings.get("kind", "generic")])
    return send_robot(account, title, text, workspace.clock.now_ms(), http, mentioned)


def digest(rows: Sequence[Any], bytes_max: int) -> tuple[str, str]:
    """Several messages as one: a line each, as many as there is room for."""
    lang = "zh" if any(not row.title.isascii() for row in rows) else "en"
    title = DIGEST_TITLE[lang].format(count=len(rows))
    room = bytes_max - len((title + CLOSING["digest"][lang]).encode()) - 40
    lines: list[str] = []
    for row in rows:
        said = " ".join(row.text.split())
        line = f"• {row.title}" + (f" ({said[:LINE_MAX]})" if said and not row.user_id else "")
        room -= len(line.encode()) + 1
        if room < 0:
            lines.append(f"… +{len(rows) - len(lines)}")
            break
        lines.append(line)
    return title, "\n".join([*lines, CLOSING["digest"][lang]])


def _by_sms(workspace: Workspace, account: ConnectionInfo, http: GuardedHttp, row: Any) -> Receipt:
    with workspace.read() as connection:
        template = ways.standard(connection).get("sms", {})
    if not template.get("template"):
        return Receipt(
            False, "Expected a template for text messages, but the workspace names none."
        )
    filled = {"title": row.title, "link": _link(workspace, row), "text": row.text}
    return send_sms(
        account,
        row.recipient,
        template,
        filled,
        http,
        key=row.dedup or str(row.id),
        attempt=row.attempts + 1,
        now_ms=workspace.clock.now_ms(),
    )


def _base(workspace: Workspace) -> str:
    """The address of this installation, for links; empty where nobody has said it."""
    return str(getattr(workspace.settings, "url", "") or "")


def _link(workspace: Workspace, row: Any) -> str:
    base = _base(workspace)
    return f"{base}/tasks/todo/{row.task_id}" if base and row.task_id else ""


def _with_link(workspace: Workspace, row: Any) -> str:
    link = _link(workspace, row)
    language = "zh" if not row.title.isascii() else "en"
    said = OPEN_LINK[language].format(link=link) if link else ""
    return "\n".join(part for part in (row.text, said) if part)


def _about(workspace: Workspace, row: Any) -> tuple[str, list[letter.Link]]:
    """The language of the one it goes to, and the links it gets."""
    decisions: list[dict[str, Any]] = []
    with workspace.read() as connection:
        person = workspace.directory(connection).people.get(row.user_id)
        seat = outbox.seat_of(connection, row.task_id, row.user_id) if row.kind in ASKING else None
        if seat is not None and _base(workspace):
            decisions = mail_links.links(
                workspace, connection, row.task_id, seat.seat, row.user_id, seat.round
            )
    links = letter.links_of(_base(workspace), row.task_id, decisions)
    return getattr(person, "language", "zh"), links


ASKING = frozenset({"task", "again", "warn", "due", "urge", "moved_to", "escalated_to"})
"""Kinds of message that a person may answer by a click in the mail."""


def _default(connection: Connection, channel: str) -> str:
    """Without a connection named, mail goes by the first mail connection there is."""
    wanted = "robot" if channel == "robot" else "smtp"
    return accounts.first_of(connection, wanted) or wanted


# --- what became of it ------------------------------------------------------------------------------


def _settle(
    workspace: Workspace,
    sending: Sending,
    receipt: Receipt,
    account: ConnectionInfo | None,
    connection: Connection,
) -> None:
    now_ms = workspace.clock.now_ms()
    if account is not None:
        _tell_breaker(workspace, connection, sending.rows[0], receipt, account)
    for row in sending.rows:
        receipts = [*row.receipts, _noted(row, receipt, now_ms, len(sending.rows))]
        if receipt.ok:
            outbox.settle(connection, row.id, "sent", receipts, now_ms, now_ms)
        elif row.ways:
            if not _goes_on(connection, row, receipt, now_ms, receipts, ends=True):
                log.warning("message %s has failed by every way: %s", row.id, receipt.answer)
            workspace.changed.add("outbox")
        elif receipt.retryable and len(receipts) < ATTEMPTS_MAX:
            outbox.settle(
                connection, row.id, "queued", receipts, now_ms + BACKOFF_MS[len(receipts) - 1], None
            )
        else:
            outbox.settle(connection, row.id, "failed", receipts, now_ms, None)
            log.warning("message %s by %s failed: %s", row.id, row.channel, receipt.answer)


def _goes_on(
    connection: Connection,
    row: Any,
    receipt: Receipt,
    now_ms: int,
    receipts: Sequence[Any] | None = None,
    *,
    ends: bool = False,
) -> bool:
    """After a failure: the next way at once, or another round after a pause. `ends`: where nothing is left it has failed; else
    nothing is written. Answers whether it goes on."""
    if not row.ways:
        return False
    trail, pause = reach.trail_of(row.ways).failed(retryable=receipt.retryable)
    noted = receipts or [*row.receipts, _noted(row, receipt, now_ms, 1)]
    if not ends and (trail is None or pause):
        return False  # nothing else to try just now: it waits
    if trail is None or trail.rounds >= ATTEMPTS_MAX:
        outbox.settle(connection, row.id, "failed", noted, now_ms, None)
        return False
    at_ms = now_ms + (BACKOFF_MS[min(trail.rounds, len(BACKOFF_MS)) - 1] if pause else 0)
    outbox.give(connection, [outbox.way_row(row.id, trail.as_json(), at_ms, noted)])
    return True


def _noted(row: Any, receipt: Receipt, now_ms: int, together: int) -> dict[str, Any]:
    """One attempt, as the receipt shows it."""
    noted: dict[str, Any] = {"at": to_iso(now_ms), "ok": receipt.ok, "answer": receipt.answer}
    if row.ways:
        way = row.ways["now"]
        noted |= {"channel": way["channel"], "to": way["address"] or way["connection"]}
    if together > 1:
        noted["together"] = together
    return noted


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
