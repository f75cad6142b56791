"""A person's inbox as it changes: server-sent events `inbox`, so that a new task appears without being asked for.

The browser comes back with the mark of what it has seen, and asks now and then when there is no room.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from typing import Any

from headrace.engine import jsontext
from headrace.engine.http.event_stream import PING, PING_S, STREAM_S, EventStream, answer, full
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.service import glance

STREAMS_MAX = 16
"""Beside those of single instances; together they leave the server more than a third of its threads."""

EACH_MAX = 6
"""Of one person: who has more tabs open than that asks now and then in the others, and leaves room for colleagues."""

LOOK_EVERY_S = 0.4
"""At a busy server something happens all the time, mostly to other people."""

RETRY_MS = 300
"""A task that comes between two streams is seen within a second all the same."""


class _Slots:
    """Places for streams, and who sits there."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[_Stream, tuple[str, str]] = {}

    def take(self, stream: _Stream, user_id: str, tab: str) -> bool:
        """A place, unless all are taken or this person has theirs. What the same tab had before, on the page it has left, ends."""
        with self._lock:
            if tab:
                for old in [old for old, place in self._held.items() if place == (user_id, tab)]:
                    old.left = True
                    del self._held[old]
            theirs = sum(1 for place in self._held.values() if place[0] == user_id)
            if len(self._held) >= STREAMS_MAX or theirs >= EACH_MAX:
                return False
            self._held[stream] = (user_id, tab)
            return True

    def give(self, stream: _Stream) -> None:
        """It is free again."""
        with self._lock:
            self._held.pop(stream, None)


_slots = _Slots()


@route(
    "GET",
    "/api/tasks/live",
    "Changes of my inbox, as server-sent events `inbox` and `ping`; ends after 25 s, come back with Last-Event-ID",
    permission=SIGNED_IN,
    query={
        "tab": {
            "type": "string",
            "maxLength": 40,
            "description": "The same for all pages of a tab.",
        }
    },
    answer={"type": "string"},
    media="text/event-stream",
    errors=(503,),
)
def live(call: Call) -> Any:
    stream = _Stream(call)
    if not _slots.take(stream, call.actor.user_id, call.query["tab"] or ""):
        raise full()
    return answer(stream)


class _Stream(EventStream):
    def __init__(self, call: Call) -> None:
        super().__init__(self._read(), lambda: _slots.give(self))
        self._call = call
        self._mark = call.request.headers.get("Last-Event-ID", "")
        self.left = False  # the tab has another page now

    def _read(self) -> Generator[bytes, None, None]:
        workspace, stopping = self._call.workspace, self._call.house.stopping
        ends_at = time.monotonic() + STREAM_S
        pinged_at = time.monotonic()
        yield f"retry: {RETRY_MS}\n\n".encode()
        while True:
            seen = workspace.wakeup.seen("history")
            told = self._told()
            if told:
                yield told
            now = time.monotonic()
            if now >= ends_at or stopping.is_set() or self.left:
                return
            if now - pinged_at >= PING_S:
                pinged_at = now
                yield PING
            workspace.wakeup.wait("history", seen, min(PING_S, ends_at - now))
            stopping.wait(LOOK_EVERY_S)

    def _told(self) -> bytes:
        found = glance.look(self._call.workspace, self._call.actor)
        if found.mark == self._mark:
            return b""
        self._mark = found.mark
        data = {"todo": found.todo, "notification": found.newest_notification}
        return f"id: {found.mark}\nevent: inbox\ndata: {jsontext.dumps(data)}\n\n".encode()
