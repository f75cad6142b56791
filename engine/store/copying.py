"""The whole store into another database: from SQLite to PostgreSQL when one machine is no longer enough, and back.

Nobody may write meanwhile: SQLite's lock is held on both sides, and PostgreSQL is read from one snapshot. The target must have
no rows of its own. All of it is one transaction there: after a failure it is as empty as before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from headrace.engine.errors import StoreNotEmpty, StoreNotReady
from headrace.engine.store import tables as t
from headrace.engine.store.migrations import head, migrate, revision
from headrace.engine.store.session import WriterLock, is_sqlite, open_database

ROWS_AT_ONCE = 1_000


def copy_store(source_url: str, target_url: str) -> Iterator[tuple[str, int]]:
    """Copy every table; answers each with its rows, counted on both sides."""
    with ExitStack() as stack:
        source, target = open_database(source_url), open_database(target_url)
        for engine in (source, target):
            stack.callback(engine.dispose)
            stack.callback(WriterLock(engine).release)
        found = revision(source)
        if found != head():
            raise StoreNotReady(store=_shown(source), expected=head(), found=found or "none")
        migrate(target)
        reading = stack.enter_context(_snapshot(source))
        writing = stack.enter_context(
            target.connect().execution_options(headrace_begin="IMMEDIATE")
        )
        with writing.begin():
            _unhurried(writing)
            _check_empty(writing, target)
            copied = [(table.name, _copy(reading, writing, table)) for table in _tables()]
            _count_on(writing)
    yield from copied


def _tables() -> list[sa.Table]:
    """Referred tables first."""
    return t.metadata.sorted_tables


def _snapshot(engine: Engine) -> Connection:
    if is_sqlite(engine):
        return engine.connect()
    return engine.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    )


def _unhurried(writing: Connection) -> None:
    if writing.dialect.name != "sqlite":
        writing.execute(sa.text("SET LOCAL statement_timeout = 0"))
        writing.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))


def _check_empty(writing: Connection, target: Engine) -> None:
    for table in _tables():
        found = writing.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first()
        if found is not None:
            raise StoreNotEmpty(store=_shown(target), found=table.name)


def _copy(reading: Connection, writing: Connection, table: sa.Table) -> int:
    rows = reading.execution_options(yield_per=ROWS_AT_ONCE).execute(
        # What the database works out by itself is not written.
        sa.select(*(c for c in table.c if c.computed is None)).order_by(*table.primary_key)
    )
    count = 0
    for some in rows.mappings().partitions(ROWS_AT_ONCE):
        writing.execute(table.insert(), [dict(row) for row in some])
        count += len(some)
    arrived = writing.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    assert arrived == count, f"expected {count} rows in {table.name}, but {arrived} arrived"
    return count


def _count_on(writing: Connection) -> None:
    """PostgreSQL's counters go on behind the largest number copied; SQLite's do so by themselves."""
    if writing.dialect.name == "sqlite":
        return
    for table in _tables():
        for column in table.primary_key:
            if column.autoincrement is True:
                sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
                largest = sa.select(sa.func.coalesce(sa.func.max(column), 0) + 1).scalar_subquery()
                writing.execute(sa.select(sa.func.setval(sequence, largest, False)))


def _shown(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)
