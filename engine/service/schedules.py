"""Schedules: which slots are due, the rows that follow from a published document, and what people may see and do.

A *slot* is one moment the cron line names. Summer time is as in Debian's cron: a line with fixed hours and minutes that falls
into the hour that is left out comes right after it, and one in the hour that comes twice comes once, the first time; a line
with `*` or `*/n` as its minute or hour goes by the time that passes, none missing and none doubled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import NotFound
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, messages, timers

MISFIRE_MS = 60_000
"""A slot found later than this was missed, and the schedule's policy says what becomes of it."""

CATCH_UP_MAX = 100
"""Missed slots made up for at most, whatever the schedule says: they start in one transaction, all at once."""

NEXT_TIMES = 5
"""Coming slots that are shown."""

_WINDOW_MS = 3_600_000
"""Missed slots are looked for this far back first, then four times as far, and so on: a minute's line was down for a year."""

_KEPT = (
    "paused_at", "paused_by", "last_slot_at", "last_result", "last_instance", "last_error", "last_error_at",
)  # fmt: skip
"""What a schedule keeps when a new version changes its times."""


# --- slots -----------------------------------------------------------------------------------------


def next_slot(cron: str, timezone: str, after_ms: int) -> int:
    """The first moment after `after_ms` that the cron line names in that time zone."""
    after = datetime.fromtimestamp(after_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    slots = CronSim(cron, after)
    while True:
        slot = int(next(slots).timestamp() * 1000)
        # Asked within the second of two equal hours, cronsim answers with the first one's, which is past.
        if slot > after_ms:
            return slot


def slots_due(row: Any, now_ms: int) -> list[int]:
    """The slots from `row.next_at` to now that the schedule's policy wants started, oldest first.

    Slots in time (see `MISFIRE_MS`) always; of those that were missed: `skip` none, `once` one, `catch_up` the newest few.
    """
    late_until = now_ms - MISFIRE_MS
    in_time = _newest(row, max(row.next_at, late_until), now_ms, CATCH_UP_MAX)
    if row.next_at >= late_until or row.misfire == "skip":
        return in_time
    if row.misfire == "once":
        return [row.next_at, *in_time]
    most = min(row.catch_up_max, CATCH_UP_MAX)
    return _newest(row, row.next_at, late_until - 1, most) + in_time


def _newest(row: Any, since_ms: int, until_ms: int, most: int) -> list[int]:
    """The last `most` slots from `since_ms` to `until_ms`, both included. Looks back step by step, not over all there were."""
    window_ms = _WINDOW_MS
    while True:
        begin = max(since_ms, until_ms - window_ms)
        found: deque[int] = deque(maxlen=most)
        slot = next_slot(row.cron, row.timezone, begin - 1)
        while slot <= until_ms:
            found.append(slot)
            slot = next_slot(row.cron, row.timezone, slot)
        if begin == since_ms or len(found) == most:
            return list(found)
        window_ms *= 4


def next_times(row: Any, now_ms: int) -> list[int]:
    """The next few slots; none of one that is paused, or cannot be read."""
    if row.paused_at is not None:
        return []
    times: list[int] = []
    moment = max(now_ms, row.next_at - 1)
    try:
        for _ in range(NEXT_TIMES):
            moment = next_slot(row.cron, row.timezone, moment)
            times.append(moment)
    except (CronSimError, ZoneInfoNotFoundError, StopIteration):
        pass
    return times


# --- publishing ------------------------------------------------------------------------------------


def follow(connection: Connection, document: Mapping[str, Any], now_ms: int) -> None:
    """Make the schedules of a flow those of its newly published document. One that says the same keeps its next moment."""
    known = drafts.schedules(connection, document["key"])
    wanted = {row["id"]: row for row in _rows(document, now_ms)}
    kept = {id_ for id_, row in wanted.items() if id_ in known and _same(known[id_], row)}
    for id_, row in wanted.items():
        if id_ in known:  # a pause outlives a change of the times
            row |= {name: getattr(known[id_], name) for name in _KEPT}
    drafts.replace_schedules(
        connection,
        [id_ for id_ in known if id_ not in kept],
        [row for id_, row in wanted.items() if id_ not in kept],
    )
    messages.replace_starts(connection, document["key"], _message_starts(document))


def _message_starts(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The messages that start the flow."""
    return [
        {
            "id": f"{document['key']}:{node['id']}",
            "flow_key": document["key"],
            "node": node["id"],
            "name": node["settings"]["name"],
        }
        for node in document["nodes"]
        if node["type"] == "message_start"
    ]


def _rows(document: Mapping[str, Any], now_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{document['key']}:{node['id']}",
            "flow_key": document["key"],
            "node": node["id"],
            "cron": node["settings"]["cron"],
            "timezone": node["settings"]["timezone"],
            "misfire": node["settings"].get("misfire", "skip"),
            "catch_up_max": node["settings"].get("catch_up_max", 10),
            "next_at": next_slot(node["settings"]["cron"], node["settings"]["timezone"], now_ms),
            **dict.fromkeys(_KEPT),
        }
        for node in document["nodes"]
        if node["type"] == "schedule"
    ]


def _same(row: Any, wanted: Mapping[str, Any]) -> bool:
    names = ("cron", "timezone", "misfire", "catch_up_max")
    return all(getattr(row, name) == wanted[name] for name in names)


# --- for people ------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    flow: str | None = None,
    failing: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """All schedules by id, or one flow's, or those whose last slot could not start its flow."""
    actor.require("flows:read")
    with workspace.read() as connection:
        rows = timers.page_of_schedules(
            connection, flow=flow, failing=failing, after=cursor, limit=limit + 1
        )
    now_ms = workspace.clock.now_ms()
    return page([_json(row, now_ms) for row in rows], limit, lambda item: str(item["id"]))


def pause(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Let no slot start its flow until somebody resumes it. Doing so again changes nothing."""
    now_ms = workspace.clock.now_ms()
    return _changed(workspace, actor, id_, {"paused_at": now_ms, "paused_by": actor.user_id})


def resume(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Go on with the next slot from now; those that passed meanwhile were not missed, they were not wanted."""
    return _changed(workspace, actor, id_, {"paused_at": None, "paused_by": None})


def _changed(
    workspace: Workspace, actor: Actor, id_: str, values: dict[str, Any]
) -> dict[str, Any]:
    actor.require("instances:operate")
    now_ms = workspace.clock.now_ms()
    pausing = values["paused_at"] is not None

    def write(connection: Connection) -> dict[str, Any]:
        row = timers.find_schedule(connection, id_, lock=True)
        if row is None:
            raise NotFound(kind="schedule", id=id_)
        if (row.paused_at is not None) != pausing:
            if not pausing:
                values["next_at"] = next_slot(row.cron, row.timezone, now_ms)
                workspace.changed.add("timers")
            timers.note_schedule(connection, id_, values)
            action = "schedules.pause" if pausing else "schedules.resume"
            audit.note(connection, workspace, actor, action, id_)
        return _json(timers.find_schedule(connection, id_), now_ms)

    answer: dict[str, Any] = workspace.writer.call(write)
    return answer


def _json(row: Any, now_ms: int) -> dict[str, Any]:
    return {
        "id": row.id, "flow_key": row.flow_key, "flow_name": row.flow_name, "node": row.node, "cron": row.cron,
        "timezone": row.timezone, "misfire": row.misfire, "catch_up_max": row.catch_up_max,
        "paused_at": iso_or_none(row.paused_at), "paused_by": row.paused_by,
        "next_times": [to_iso(moment) for moment in next_times(row, now_ms)],
        "last_slot_at": iso_or_none(row.last_slot_at), "last_result": row.last_result,
        "last_instance": row.last_instance, "last_error": row.last_error,
        "last_error_at": iso_or_none(row.last_error_at),
    }  # fmt: skip
