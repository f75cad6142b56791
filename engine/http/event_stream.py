"""Server-sent events that end after a while: the browser comes back by itself, and says by `Last-Event-ID` what it has seen.

A stream holds a thread of the server, so whoever offers some has few places; a browser that gets none asks now and then.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

from flask import Response

from headrace.engine.errors import Busy

STREAM_S = 25
"""Shorter than the patience of proxies."""

PING_S = 5
"""A browser that has gone is noticed by the next ping; until then its place is taken."""

PING = b"event: ping\ndata: {}\n\n"
FULL_RETRY_AFTER_S = 5


class EventStream:
    """Gives its place back however it ends: read to the end, or closed by a browser that has gone."""

    def __init__(self, events: Generator[bytes, None, None], give_back: Callable[[], None]) -> None:
        self._events, self._give_back = events, give_back
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
            self._give_back()


def answer(stream: EventStream) -> Response:
    """It begins; nothing on the way may keep or gather it."""
    headers = {"Cache-Control": "no-cache, no-store", "X-Accel-Buffering": "no"}
    return Response(stream, 200, headers, content_type="text/event-stream")


def full() -> Busy:
    """All places are taken."""
    return Busy(what="the number of live screens", retry_after_s=FULL_RETRY_AFTER_S)
