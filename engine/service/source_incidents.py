"""The record of an incident of a source (F1): what happened when, who was told, what was pulled again, which orders came late.

It begins when people are first told that something is wrong, goes back to the last moment that was good, and writes itself along
until a person closes it. Orders that came late are not kept here: they are asked for, so that the list is always true.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import from_iso, iso_or_none, to_iso
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.service import audit, records
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import intake, sources
from headrace.engine.store import source_incidents as rows

IN_MS = 300_000
"""From paid until it is with us: five minutes (requirements 3.2)."""
SHIP_MS: Mapping[str, int] = {"taobao": 48 * 3_600_000, "doudian": 24 * 3_600_000}
"""From paid until it must have left, as platforms want it (requirements 3.3)."""
SHIP_USUAL_MS = 48 * 3_600_000
TO_SHIP = frozenset({"paid", "held", "part_shipped"})
NOTE_MAX = 2_000


# --- writing along, in the transaction of what happens ----------------------------------------------


def begin(
    workspace: Workspace,
    connection: Connection,
    source: str,
    cause: str,
    details: Mapping[str, Any],
    people: Sequence[str],
) -> None:
    """People are told of it now: a new record, or one more line of the one that is open. `cause`: gone, failing, quiet."""
    now_ms = workspace.clock.now_ms()
    known = rows.latest(connection, source)
    if known is None or known.status == "over":
        state = sources.state(connection, source)
        good = [
            at
            for at in (getattr(state, "last_ok_at", None), getattr(state, "last_order_at", None))
            if at
        ]
        marked = getattr(state, "watermark_at", None) if cause != "quiet" else None
        since = min([*good, marked] if marked else good, default=now_ms)
        values = {
            "source": source, "status": "open", "cause": cause, "since_at": min(since, now_ms), "opened_at": now_ms,
        }  # fmt: skip
        id_ = rows.insert(connection, values)
        rows.add(connection, id_, min(since, now_ms), "last_good", {})
        for pull in reversed(sources.pulls(connection, source, before=None, limit=20)):
            if pull.status == "failed" and (pull.ended_at or 0) > since:
                about = {"class": pull.error_class, "error": pull.error}
                rows.add(connection, id_, pull.ended_at, "pull_failed", about)
    else:
        id_ = known.id
    rows.add(connection, id_, now_ms, f"noticed_{cause}", dict(details))
    rows.add(connection, id_, now_ms, "told", {"people": list(people)})


def step(
    workspace: Workspace,
    connection: Connection,
    source: str,
    kind: str,
    details: Mapping[str, Any],
) -> None:
    """Something happened to this source: a line of its open record, if it has one. The same failure again counts up."""
    known = rows.latest(connection, source)
    if known is None:
        return
    now_ms = workspace.clock.now_ms()
    last = rows.last_step(connection, known.id)
    about = dict(details)
    again = last is not None and last.kind == kind == "pull_failed"
    if last is not None and again and last.details.get("class") == about.get("class"):
        times = int(last.details.get("times", 1)) + 1
        rows.set_details(connection, last.id, {**last.details, "times": times, "until": now_ms})
        return
    rows.add(connection, known.id, now_ms, kind, about)


def over(workspace: Workspace, connection: Connection, source: str, kind: str) -> None:
    """It works again; somebody still has to close the record."""
    known = rows.latest(connection, source)
    if known is None:
        return
    now_ms = workspace.clock.now_ms()
    rows.add(connection, known.id, now_ms, kind, {})
    state = sources.state(connection, source)
    if known.status == "open" and not (state is not None and (state.alerted_at or state.quiet_at)):
        rows.change(connection, known.id, {"status": "over", "over_at": now_ms})


# --- for people ------------------------------------------------------------------------------------


def listing(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Records of a source, newest first."""
    actor.require("records:read")
    good = cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19
    before = int(cursor) if cursor and good else None
    with workspace.read() as connection:
        _source(connection, key)
        found = rows.page(connection, key, before=before, limit=limit + 1)
    return page([_brief(row) for row in found], limit, lambda item: str(item["id"]))


def _brief(row: Any) -> dict[str, Any]:
    return {
        "id": row.id, "source": row.source, "status": row.status, "cause": row.cause, "since": to_iso(row.since_at),
        "opened_at": to_iso(row.opened_at), "over_at": iso_or_none(row.over_at), "closed_at": iso_or_none(row.closed_at),
        "note": row.note,
    }  # fmt: skip


def detail(workspace: Workspace, actor: Actor, key: str, id_: int) -> dict[str, Any]:
    """One with its timeline, how many orders came late, and whether the gap has been read again."""
    actor.require("records:read")
    with workspace.read() as connection:
        _source(connection, key)
        row = _found(connection, key, id_)
        steps = rows.steps(connection, id_)
        waiting = intake.open_counts(connection, [key]).get(key, 0)
        people = workspace.directory(connection).people
        again = [
            pull
            for pull in sources.pulls(connection, key, before=None, limit=100)
            if pull.status == "ok" and pull.since_at <= row.since_at and pull.until_at >= (row.over_at or row.opened_at)
        ]  # fmt: skip
    names = {
        str(one)
        for step_ in steps
        for one in [*step_.details.get("people", ()), step_.details.get("by")]
        if one
    }
    checked = again[0] if again else None
    return {
        **_brief(row),
        "closed_by": row.closed_by,
        "steps": [{"at": to_iso(one.at), "kind": one.kind, "details": one.details} for one in steps],
        "names": {one: getattr(people.get(one), "name", one) for one in sorted(names)},
        "late": late(workspace, actor, key, id_, limit=200)["counts"],
        "exceptions": waiting,
        "checked": None
        if checked is None
        else {
            "id": checked.id, "at": iso_or_none(checked.ended_at), "seen": checked.seen, "created": checked.created,
            "changed": checked.changed,
        },
    }  # fmt: skip


def late(
    workspace: Workspace,
    actor: Actor,
    key: str,
    id_: int,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Orders that were paid while it lasted, each by how much it came late and when it must have left; clocks run from when it
    was paid, not from when we found it."""
    actor.require("records:read")
    with workspace.read() as connection:
        source = _source(connection, key)
        row = _found(connection, key, id_)
    now_ms = workspace.clock.now_ms()
    until = row.over_at or row.closed_at or now_ms
    wanted = [
        {"field": "source", "op": "=", "value": key},
        {"field": "paid_at", "op": ">=", "value": to_iso(row.since_at)},
        {"field": "paid_at", "op": "<=", "value": to_iso(until)},
    ]
    found = records.listing(
        workspace, actor, source.order_table, filter=jsontext.dumps(wanted), sort="paid_at",
        cursor=cursor, limit=limit,
    )  # fmt: skip
    items = [_late(source.channel, item, now_ms) for item in found["items"]]
    shown = [one for one in items if one["late_ms"] > IN_MS]
    counts = {
        "orders": len(items), "late": len(shown), "unshipped": sum(one["ship_breached"] for one in items),
        "worst_ms": max((one["late_ms"] for one in items), default=0), "whole": found["next_cursor"] is None,
        "limit_ms": IN_MS,
    }  # fmt: skip
    return {"items": shown, "next_cursor": found["next_cursor"], "counts": counts}


def _late(channel: str, item: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    value = item["value"]
    paid_ms, in_ms = from_iso(value["paid_at"]), from_iso(item["created_at"])
    ship_by = paid_ms + SHIP_MS.get(channel, SHIP_USUAL_MS)
    return {
        "id": item["id"], "key": item["key"], "number": str(value.get("number") or ""), "state": str(value.get("state") or ""),
        "paid_at": value["paid_at"], "in_at": item["created_at"], "late_ms": max(0, in_ms - paid_ms),
        "ship_by": to_iso(ship_by), "ship_breached": value.get("state") in TO_SHIP and now_ms > ship_by,
    }  # fmt: skip


def close(workspace: Workspace, actor: Actor, key: str, id_: int, note: str) -> dict[str, Any]:
    """It is settled; the note says how."""
    actor.require("records:write")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row = _found(connection, key, id_)
        if row.status == "closed":
            raise Conflict(expected="a record that is open", found="one that is closed")
        about = {"by": actor.user_id, "note": note[:NOTE_MAX]}
        rows.add(connection, id_, now_ms, "closed", about)
        values = {
            "status": "closed", "closed_at": now_ms, "closed_by": actor.user_id, "note": note[:NOTE_MAX],
            "over_at": row.over_at or now_ms,
        }  # fmt: skip
        rows.change(connection, id_, values)
        audit.note(connection, workspace, actor, "sources.incident", key, incident=id_)

    workspace.writer.call(write)
    return detail(workspace, actor, key, id_)


def _source(connection: Connection, key: str) -> Any:
    row = sources.find(connection, key)
    if row is None:
        raise NotFound(kind="source", id=key[:80])
    return row


def _found(connection: Connection, key: str, id_: int) -> Any:
    row = rows.find(connection, id_)
    if row is None or row.source != key:
        raise NotFound(kind="incident", id=str(id_))
    return row
