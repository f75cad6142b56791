"""An instance as it happens: server-sent events, read from its history. `Last-Event-ID` says how far a browser has read."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from typing import Any

from headrace.engine import jsontext
from headrace.engine.http.event_stream import PING, PING_S, STREAM_S, EventStream, answer, full
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.service import instances

STREAMS_MAX = 24
"""Of the server's 64 threads; the rest answers requests."""

LOOK_EVERY_S = 0.3
"""At a busy server something happens all the time, mostly to other instances."""

EVENTS_AT_ONCE = 500
RETRY_MS = 1_000

_slots = threading.BoundedSemaphore(STREAMS_MAX)


@route(
    "GET",
    "/api/instances/{instance_id}/live",
    "What happens to an instance, as server-sent events `history` and `ping`; ends after 25 s, come back with Last-Event-ID",
    permission=SIGNED_IN,
    query={"after": {"type": "integer", "minimum": 0, "default": 0}},
    answer={"type": "string"},
    media="text/event-stream",
    errors=(403, 503),
)
def live(call: Call, instance_id: str) -> Any:
    after = _after(call)
    first = instances.history(call.workspace, call.actor, instance_id, after, EVENTS_AT_ONCE)
    if not _slots.acquire(blocking=False):
        raise full()
    stream = _Stream(call, instance_id, after, first["items"])
    return answer(stream)


def _after(call: Call) -> int:
    seen = call.request.headers.get("Last-Event-ID", "")
    if seen.isascii() and seen.isdigit() and len(seen) < 16:
        return int(seen)
    return int(call.query["after"])


class _Stream(EventStream):
    def __init__(
        self, call: Call, instance_id: str, after: int, first: list[dict[str, Any]]
    ) -> None:
        super().__init__(self._read(first), _slots.release)
        self._call = call
        self._id = instance_id
        self._after = after

    def _read(self, items: list[dict[str, Any]]) -> Generator[bytes, None, None]:
        workspace, stopping = self._call.workspace, self._call.house.stopping
        ends_at = time.monotonic() + STREAM_S
        pinged_at = time.monotonic()
        seen = workspace.wakeup.seen("history")
        yield f"retry: {RETRY_MS}\n\n".encode()
        while True:
            if items:
                yield b"".join(self._told(item) for item in items)
            now = time.monotonic()
            if now >= ends_at or stopping.is_set():
                return
            if now - pinged_at >= PING_S:
                pinged_at = now
                yield PING
            seen = workspace.wakeup.wait("history", seen, min(PING_S, ends_at - now))
            stopping.wait(LOOK_EVERY_S)
            page = instances.history(
                workspace, self._call.actor, self._id, self._after, EVENTS_AT_ONCE
            )
            items = page["items"]

    def _told(self, item: dict[str, Any]) -> bytes:
        self._after = item["seq"]
        return f"id: {item['seq']}\nevent: history\ndata: {jsontext.dumps(item)}\n\n".encode()
