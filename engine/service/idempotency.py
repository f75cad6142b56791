"""The same wish sent twice happens once: an `Idempotency-Key` on a write keeps its answer for a day.

The key is reserved before the work and filled in after it; that something was done is written in the transaction that does it
(`riding`). A process that dies in between leaves a reservation. Where nothing was done the same request may be made again after
`IN_PROGRESS_S`; where something was, it is refused for a day: done, its answer lost. A start tells more: it takes `repeat_key`
as its dedup key when it has no other, and answers with the instance there is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from headrace.engine.errors import Conflict
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import replies
from headrace.engine.store.writer import RIDER, Writer

DONE = 1
"""The status of a reservation whose work is committed, without an answer."""

KEEP_S = 24 * 3_600
IN_PROGRESS_S = 60
TIDY_EVERY_S = 3_600
KEY_MAX = 200
"""Characters of a key as sent."""


_tidied: WeakKeyDictionary[Writer, int] = WeakKeyDictionary()
"""When what is older than a day was last thrown away."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A kept answer."""

    status: int
    answer: str


def request_sha256(method: str, path: str, body: bytes) -> str:
    """What makes two requests the same."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).hexdigest()


def repeat_key(who: str, key: str, sha256: str) -> str:
    """The same for the same request with the same key, and known to nobody else."""
    return hashlib.sha256(f"{who}\0{key}\0{sha256}".encode()).hexdigest()


def begin(workspace: Workspace, who: str, key: str, sha256: str) -> Reply | None:
    """The kept answer, or None: do the work, then `finish`. Raises `Conflict` for another request with that key."""
    now = workspace.clock.now_ms()
    name = _name(who, key)

    def write(connection: Connection) -> Reply | None:
        if now - _tidied.get(workspace.writer, 0) >= TIDY_EVERY_S * 1_000:
            _tidied[workspace.writer] = now
            replies.forget_before(connection, now - KEEP_S * 1_000)
        row = replies.find(connection, name)
        if row is not None and _worthless(row.status, now - row.created_at):
            replies.forget(connection, name)
            row = None
        if row is None:
            replies.reserve(connection, name, sha256, now)
            return None
        if row.request_sha256 != sha256:
            raise Conflict(
                expected="a new Idempotency-Key", found="one that came with another request before"
            )
        if row.status in {0, DONE} and now - row.created_at <= IN_PROGRESS_S * 1_000:
            raise Conflict(
                expected="a request that is not being done", found="the same one, still in progress"
            )
        if row.status == DONE:
            raise Conflict(
                expected="a request that was not made before",
                found="the same one: it was done, its answer was lost; look before it is sent with a new key",
            )
        return Reply(row.status, row.answer)

    kept: Reply | None = workspace.writer.call(write)
    return kept


@contextmanager
def riding(workspace: Workspace, who: str, key: str) -> Iterator[None]:
    """What is done meanwhile says so of this key, in its own transaction."""
    name = _name(who, key)
    token = RIDER.set(lambda connection: replies.done(connection, name))
    try:
        yield
    finally:
        RIDER.reset(token)


def finish(workspace: Workspace, who: str, key: str, status: int, answer: str) -> None:
    """Keep a good answer; after a bad one the key is free again, unless our side failed when something was done.

    Shares the next commit, nobody waits for it.
    """
    name = _name(who, key)
    if 200 <= status < 300:
        workspace.writer.submit(lambda connection: replies.finish(connection, name, status, answer))
    elif status < 500:
        workspace.writer.submit(lambda connection: replies.forget(connection, name))
    else:
        workspace.writer.submit(lambda connection: replies.forget_undone(connection, name))


def _name(who: str, key: str) -> str:
    return f"{who}:{key}"


def _worthless(status: int, age_ms: int) -> bool:
    return age_ms > (KEEP_S if status else IN_PROGRESS_S) * 1_000
