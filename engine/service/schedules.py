"""When a schedule starts its flow next, and the rows that follow from a published document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim
from sqlalchemy import Connection

from headrace.engine.store import drafts


def next_slot(cron: str, timezone: str, after_ms: int) -> int:
    """The first moment after `after_ms` that the cron line names in that time zone (DST as cronsim does, like Debian's cron)."""
    after = datetime.fromtimestamp(after_ms / 1000, UTC).astimezone(ZoneInfo(timezone))
    return int(next(CronSim(cron, after)).timestamp() * 1000)


def follow(connection: Connection, document: Mapping[str, Any], now_ms: int) -> None:
    """Make the schedules of a flow those of its newly published document. One that says the same keeps its next moment."""
    known = drafts.schedules(connection, document["key"])
    wanted = {row["id"]: row for row in _rows(document, now_ms)}
    kept = {id_ for id_, row in wanted.items() if id_ in known and _same(known[id_], row)}
    drafts.replace_schedules(
        connection,
        [id_ for id_ in known if id_ not in kept],
        [row for id_, row in wanted.items() if id_ not in kept],
    )


def _rows(document: Mapping[str, Any], now_ms: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{document['key']}:{node['id']}",
            "flow_key": document["key"],
            "node": node["id"],
            "cron": node["settings"]["cron"],
            "timezone": node["settings"]["timezone"],
            "misfire": node["settings"].get("misfire", "skip"),
            "next_at": next_slot(node["settings"]["cron"], node["settings"]["timezone"], now_ms),
        }
        for node in document["nodes"]
        if node["type"] == "schedule"
    ]


def _same(row: Any, wanted: Mapping[str, Any]) -> bool:
    return all(getattr(row, name) == wanted[name] for name in ("cron", "timezone", "misfire"))
