"""An instance as it happens: server-sent events, read from its history.

A stream holds a thread of the server, so there are few (`STREAMS_MAX`; the browser polls when it gets none) and each ends after
`STREAM_S` (the browser comes back by itself, and says by `Last-Event-ID` how far it has read).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator, Iterator
from typing import Any

from flask import Response

from headrace.engine import jsontext
from headrace.engine.errors import Busy
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.service import instances

STREAMS_MAX = 24
"""Of the server's 64 threads; the rest answers requests."""

STREAM_S = 25
"""Shorter than the patience of proxies."""

PING_S = 5
"""A browser that has gone is noticed by the next ping; until then its place is taken."""
LOOK_EVERY_S = 0.3
"""At a busy server something happens all the time, mostly to other instances."""

EVENTS_AT_ONCE = 500
RETRY_MS = 1_000
FULL_RETRY_AFTER_S = 5

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
        raise Busy(what="the number of live screens", retry_after_s=FULL_RETRY_AFTER_S)
    stream = _Stream(call, instance_id, after, first["items"])
    headers = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}
    return Response(stream, 200, headers, content_type="text/event-stream")


def _after(call: Call) -> int:
    seen = call.request.headers.get("Last-Event-ID", "")
    if seen.isascii() and seen.isdigit() and len(seen) < 16:
        return int(seen)
    return int(call.query["after"])


class _Stream:
    """Gives its slot back however it ends: read to the end, or closed by a browser that has gone."""

    def __init__(
        self, call: Call, instance_id: str, after: int, first: list[dict[str, Any]]
    ) -> None:
        self._call = call
        self._id = instance_id
        self._after = after
        self._events = self._read(first)
        self._open = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._events)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """WSGI calls it at the end."""
        if self._open:
            self._open = False
            self._events.close()
            _slots.release()

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
                yield b"event: ping\ndata: {}\n\n"
            seen = workspace.wakeup.wait("history", seen, min(PING_S, ends_at - now))
            stopping.wait(LOOK_EVERY_S)
            page = instances.history(
                workspace, self._call.actor, self._id, self._after, EVENTS_AT_ONCE
            )
            items = page["items"]

    def _told(self, item: dict[str, Any]) -> bytes:
        self._after = item["seq"]
        return f"id: {item['seq']}\nevent: history\ndata: {jsontext.dumps(item)}\n\n".encode()
