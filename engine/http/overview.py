"""How the workspace is doing, and whether the server is up."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from headrace.engine.http.route import ANYBODY, Call, route
from headrace.engine.http.shapes import BOOLEAN, COUNT, STRING, record
from headrace.engine.service import overview

VERSION = version("headrace")


@route(
    "GET",
    "/api/overview",
    "Instances by status, what waits, what ended today; some seconds old at most",
    permission="flows:read",
    query={
        "timezone": {
            "type": "string",
            "format": "timezone",
            "maxLength": 64,
            "default": overview.ZONE,
        }
    },
    answer=record(
        {
            "instances": {"type": "object", "additionalProperties": COUNT},
            "tasks": record({"open": COUNT}),
            "incidents": record({"open": COUNT}),
            "ready": COUNT,
            "outbox_queued": COUNT,
            "jobs_running": COUNT,
            "jobs_ready": COUNT,
            "schedules": record({"total": COUNT, "paused": COUNT, "failing": COUNT}),
            "disk_low": BOOLEAN,
        }
    ),
)
def show(call: Call) -> Any:
    return overview.overview(call.workspace, call.actor, call.query["timezone"])


@route(
    "GET",
    "/health",
    "Is the server up, and which version is it",
    permission=ANYBODY,
    answer=record({"ok": BOOLEAN, "version": STRING}),
)
def health(_: Call) -> Any:
    return {"ok": True, "version": VERSION}
