"""Opening a workspace: database, the writer's lock, migrations, the writer, the roles of the system."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from headrace.engine.clock import Clock, SystemClock
from headrace.engine.errors import StoreLocked
from headrace.engine.registry import node_types
from headrace.engine.service import calendars, users
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store.dbclock import DatabaseClock
from headrace.engine.store.migrations import migrate
from headrace.engine.store.session import WriterLock, is_sqlite, open_database
from headrace.engine.store.writer import Writer
from headrace.engine.wakeup import Wakeup

LOCK_TRIED_EVERY_S = 0.2


@contextmanager
def open_workspace(
    settings: Settings, *, clock: Clock | None = None, wait_s: float = 0
) -> Iterator[Workspace]:
    """A workspace without workers; closing it finishes what is queued. Waits up to `wait_s` for another process to let go."""
    database = open_database(settings.database_url)
    lock = _lock(database, wait_s)
    try:
        migrate(database)
        wakeup = Wakeup(shared=not is_sqlite(database))
        made: list[Workspace] = []
        shared_clock = None if clock or is_sqlite(database) else DatabaseClock(database)
        writer = Writer(database, lambda: made[0].after_commit())
        try:
            if shared_clock:
                shared_clock.start()
            workspace = Workspace(
                database,
                writer,
                clock or shared_clock or SystemClock(),
                node_types(),
                wakeup,
                settings.secret_keys[0],
                settings,
            )
            made.append(workspace)
            users.prepare(workspace)
            calendars.prepare(workspace)
            yield workspace
        finally:
            writer.close()
            if shared_clock:
                shared_clock.stop()
    finally:
        database.dispose()
        lock.release()


def _lock(database: object, wait_s: float) -> WriterLock:
    """Whoever was killed a moment ago may still be going."""
    left = wait_s
    while True:
        try:
            return WriterLock(database)  # type: ignore[arg-type]
        except StoreLocked:
            if left <= 0:
                raise
            threading.Event().wait(LOCK_TRIED_EVERY_S)
            left -= LOCK_TRIED_EVERY_S
