"""Giving disk back on SQLite: free pages leave the file a few thousand at a time, then the write-ahead log is cut.

A file is made with `auto_vacuum=INCREMENTAL` (see `session.py`); one that was not must be rewritten once, with nobody at it.
PostgreSQL does this by itself (autovacuum).
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine

from headrace.engine.store.session import is_sqlite

PAGES_AT_ONCE = 1_000
"""Pages moved in one transaction: 4 MB, some milliseconds."""

INCREMENTAL = 2
"""What `PRAGMA auto_vacuum` says of a file that can shrink."""


def free_some(connection: Connection) -> int:
    """Give some free pages back; answers how many are left that can be given back."""
    if connection.dialect.name != "sqlite":
        return 0
    if connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() != INCREMENTAL:
        return 0
    free = _free_pages(connection)
    cursor = connection.connection.cursor()
    # One at a time: it frees a page a step, and the driver takes one step of a statement that shows no columns.
    for _ in range(min(free, PAGES_AT_ONCE)):
        cursor.execute("PRAGMA incremental_vacuum(1)")
    cursor.close()
    return _free_pages(connection)


def _free_pages(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA freelist_count").scalar_one())


def cut_log(engine: Engine) -> bool:
    """Write the log into the file and cut it to nothing; False when readers kept it from it."""
    if not is_sqlite(engine):
        return True
    busy, *_ = _pragma(engine, "PRAGMA wal_checkpoint(TRUNCATE)")
    return not busy


def vacuum(engine: Engine) -> tuple[int, int]:
    """Rewrite the whole file so that it can shrink from now on; answers its size in bytes before and after.

    Needs as much room again while it runs, and nobody else at the file.
    """
    path = Path(str(engine.url.database))
    cut_log(engine)
    before = path.stat().st_size
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA auto_vacuum=INCREMENTAL")
        cursor.execute("VACUUM")
        cursor.close()
    finally:
        raw.close()
    cut_log(engine)
    return before, path.stat().st_size


def size(connection: Connection) -> dict[str, int]:
    """Bytes of the store, and how many of them are free inside it."""
    if connection.dialect.name != "sqlite":
        query = "SELECT pg_database_size(current_database())"
        return {"bytes": int(connection.exec_driver_sql(query).scalar_one()), "free": 0}
    page = int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())
    pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    free = _free_pages(connection)
    return {"bytes": page * pages, "free": page * free}


def _pragma(engine: Engine, text: str) -> tuple[int, ...]:
    """Outside any transaction, which a checkpoint needs."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        row = cursor.execute(text).fetchone()
        cursor.close()
        return tuple(row)
    finally:
        raw.close()
