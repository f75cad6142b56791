"""Find the ways of messages to people: what waits under `person` in the outbox is given to the sender of its first way."""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.people import reach
from headrace.engine.people.reach import KINDS_OFF
from headrace.engine.people.wording import ZONE
from headrace.engine.service import ways
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import channels, outbox, users
from headrace.engine.store.telling import PERSON

ROUTED_MAX = 200
"""Messages routed in one transaction."""


def route(workspace: Workspace) -> int:
    """Answers how many messages were looked at."""
    found: int = workspace.writer.call(partial(_route, workspace))
    return found


def _route(workspace: Workspace, connection: Connection) -> int:
    now_ms = workspace.clock.now_ms()
    rows = outbox.take(connection, ROUTED_MAX, now_ms, (PERSON,))
    if not rows:
        return 0
    ids = sorted({row.user_id for row in rows})
    people = {row.id: row for row in users.by_ids(connection, ids)}
    settings = channels.settings_of(connection, ids)
    standard, senders = ways.standard(connection), ways.senders(connection)
    zone = standard.get("zone", ZONE)
    gone: list[int] = []
    later: list[tuple[int, int]] = []
    routed: list[dict[str, Any]] = []
    for row in rows:
        person, mine = people.get(row.user_id), settings.get(row.user_id, {})
        wish = (row.details or {}).get("way", {})
        off = row.kind in mine.get("off", ()) and row.kind in KINDS_OFF
        if person is None or not person.active or off:
            gone.append(row.id)
            continue
        until = reach.quiet_until(mine, row.kind, now_ms, zone)
        if until is not None:
            later.append((row.id, until))
            continue
        found = reach.ways(mine, standard, person.email, senders, wish)
        if found:
            routed.append(outbox.way_row(row.id, reach.begun(found).as_json(), now_ms))
        elif row.kind in KINDS_OFF or wish.get("without") == ["mail"]:
            gone.append(row.id)  # told in the app, and perhaps by the mail beside this text message
        else:
            outbox.settle(connection, row.id, "failed", [_nowhere(now_ms)], now_ms, None)
    outbox.delete(connection, gone)
    outbox.postpone(connection, later)
    outbox.give(connection, routed)
    if routed:
        workspace.changed.add("outbox")
    return len(rows)


def _nowhere(now_ms: int) -> dict[str, Any]:
    answer = "Expected a channel this person is reached by, but found none."
    return {"at": to_iso(now_ms), "ok": False, "answer": answer}
