"""Opening the database: one engine for SQLite and PostgreSQL, with the settings each needs to be safe.

SQLite: WAL, `synchronous=FULL` (a commit survives a power cut), one writer per file, held by a lock on `<file>.lock`.
PostgreSQL: short transactions only; a hung host must not keep row locks.
"""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, event

from headrace.engine.errors import StoreLocked

NAME = f"headrace {socket.gethostname()[:40]}:{os.getpid()}"
"""How PostgreSQL knows our connections; `headrace top` counts the living processes by it."""

BUSY_TIMEOUT_MS = 10_000
"""How long a reader or the writer waits for SQLite's lock; only checkpoints hold it for noticeable time."""

IDLE_IN_TRANSACTION_MS = 10_000
STATEMENT_TIMEOUT_MS = 30_000
"""PostgreSQL ends what is slower: an engine transaction takes milliseconds."""
LOCK_TIMEOUT_MS = 20_000
"""A row held longer belongs to somebody who hangs; the writer tries again."""
KEEPALIVE_S = 10
DEAD_MS = 25_000
CONNECT_S = 10
POOL = 12
"""Connections to PostgreSQL of one process, and as many more when all are busy: see `max_connections` in docs/scale.md."""


def open_database(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`; makes the folder of an SQLite file."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            parsed, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000}, pool_size=16, max_overflow=64
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    # TCP must notice a host that is gone, ours or the server's: within half a minute.
    keepalive = {
        "keepalives": 1, "keepalives_idle": KEEPALIVE_S, "keepalives_interval": 5, "keepalives_count": 3,
        "tcp_user_timeout": DEAD_MS, "connect_timeout": CONNECT_S, "application_name": NAME,
    }  # fmt: skip
    options = (
        f"-c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_MS}"
        f" -c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
        f" -c tcp_keepalives_idle={KEEPALIVE_S} -c tcp_keepalives_interval=5"
        f" -c tcp_keepalives_count=3 -c tcp_user_timeout={DEAD_MS} -c timezone=UTC"
    )
    return sa.create_engine(
        parsed,
        pool_pre_ping=True,
        pool_size=POOL,
        max_overflow=POOL,
        connect_args={"options": options, **keepalive},
    )


def _prepare_sqlite(dbapi_connection: Any, _: Any) -> None:
    # We say BEGIN ourselves: readers plain, the writer IMMEDIATE.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    # auto_vacuum works only when set before the first table: purging later must give disk back. Set again it takes
    # the lock of the writer, so that nobody could begin to read while the writer is at work.
    if not cursor.execute("PRAGMA page_count").fetchone()[0]:
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("headrace_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def is_sqlite(engine: Engine) -> bool:
    """Is this the embedded database?"""
    return engine.dialect.name == "sqlite"


class WriterLock:
    """Held by the one process that writes to an SQLite file; a second one is told so at its start."""

    def __init__(self, engine: Engine) -> None:
        self._file: IO[str] | None = None
        path = engine.url.database
        if not is_sqlite(engine) or not path or path == ":memory:":
            return
        self._file = Path(f"{path}.lock").open("a+", encoding="utf-8")  # noqa: SIM115 - held for life
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            found = self._file.read().strip() or "unknown"
            self._file.close()
            raise StoreLocked(path=path, found=found) from None
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let another process write."""
        if self._file:
            self._file.close()
            self._file = None
