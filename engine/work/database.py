"""Databases of others, by SQLAlchemy: one guarded connection for each transaction, bound values, limits on time, rows and size.

What was rolled back is known not to have happened; only a connection lost while committing leaves the outcome open. The node's
key goes into a table over there in the same transaction (`key_table`), so that the repetition finds it.
"""

from __future__ import annotations

import base64
import json
import socket
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import exc
from sqlalchemy.pool import NullPool

from headrace.engine.connector import Receipt
from headrace.engine.errors import AddressRefused
from headrace.engine.node import (
    ConnectionInfo,
    NotSent,
    OutcomeUnknown,
    SqlAnswer,
    SqlStep,
    SqlWork,
)
from headrace.engine.work.address import AddressGuard

CONNECT_TIMEOUT_S = 5
OUTPUT_MAX = 1_000_000
"""Characters of all rows together: they become a variable."""
MESSAGE_MAX = 300
PORTS = {"postgresql": 5432, "mysql": 3306}
AGAIN = frozenset({"40001", "40P01", "55P03", "57014", "57P01", "1205", "1213", "1969", "3024"})
"""Deadlocks, locks and statements that took too long: all was undone, later it may work."""
_FILE = object()


class _Unmet(Exception):
    """A statement met another number of rows than expected."""


def perform(
    account: ConnectionInfo, work: SqlWork, guard: AddressGuard, folder: Path | None
) -> SqlAnswer:
    """All of it or nothing. Raises `NotSent`, `OutcomeUnknown`, `AddressRefused`."""
    settings = account.settings
    if work.write and not settings.get("write", False):
        return SqlAnswer(code="read_only", message="Expected a connection that may write.")
    engine = _engine(account, work, guard, folder)
    try:
        connection = _opened(engine)
        with connection:
            return _transaction(connection, settings, work)
    finally:
        engine.dispose()


def greet(account: ConnectionInfo, guard: AddressGuard, folder: Path | None) -> Receipt:
    """Connect, sign in, ask for 1."""
    try:
        answer = perform(account, SqlWork([SqlStep("SELECT 1 AS one", {})], False), guard, folder)
    except AddressRefused as refused:
        return Receipt(False, refused.message)
    except (NotSent, OutcomeUnknown) as trouble:
        return Receipt(False, str(trouble))
    return Receipt(not answer.code, answer.message or "SELECT 1")


# --- one transaction -------------------------------------------------------------------------------


def _transaction(
    connection: sa.Connection, settings: Mapping[str, Any], work: SqlWork
) -> SqlAnswer:
    try:
        _begin(connection, settings["kind"], work)
        told = _noted(connection, settings, work.key) if work.key else None
        if told is not None:
            connection.rollback()
            return SqlAnswer({**told, "again": True})
        output = _steps(connection, work, settings.get("rows_max", 1_000))
        if work.key:
            _note(connection, settings, work.key, output)
    except _Unmet as unmet:
        connection.rollback()
        return SqlAnswer(code="rows_unexpected", message=str(unmet))
    except exc.SQLAlchemyError as trouble:
        return _refused(connection, trouble, settings, work)
    if not work.write:
        connection.rollback()
        return SqlAnswer(output)
    try:
        connection.commit()
    except exc.SQLAlchemyError as trouble:
        if _lost(trouble) or not isinstance(trouble, exc.DBAPIError):
            raise OutcomeUnknown("Expected a commit, but the connection was lost.") from None
        return _refused(connection, trouble, settings, work)
    return SqlAnswer({**output, "again": False} if work.key else output)


def _begin(connection: sa.Connection, kind: str, work: SqlWork) -> None:
    """Read-only where nothing is to be written; locks and statements have the time of the step."""
    ms = int(work.timeout_s * 1_000)
    if kind == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if work.write else "BEGIN")
        if not work.write:
            connection.exec_driver_sql("PRAGMA query_only = ON")
    elif kind == "postgresql":
        if not work.write:
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {ms}")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {ms}")
    else:
        mode = "READ WRITE" if work.write else "READ ONLY"
        connection.exec_driver_sql(f"START TRANSACTION {mode}")


def _noted(
    connection: sa.Connection, settings: Mapping[str, Any], key: str
) -> dict[str, Any] | None:
    """What was answered when this key was done; None: never. Who comes at the same moment waits here."""
    table = settings.get("key_table") or "headrace_done"
    insert = sa.text(f"INSERT INTO {table} (step_key, answer) VALUES (:key, '')")  # noqa: S608 - a checked name
    try:
        with connection.begin_nested():
            connection.execute(insert, {"key": key})
    except exc.IntegrityError:
        found = connection.execute(
            sa.text(f"SELECT answer FROM {table} WHERE step_key = :key"),  # noqa: S608 - as above
            {"key": key},
        ).scalar()
        told: dict[str, Any] = json.loads(found) if found else {"rows": [], "count": 0}
        return told
    return None


def _note(
    connection: sa.Connection, settings: Mapping[str, Any], key: str, output: Mapping[str, Any]
) -> None:
    table = settings.get("key_table") or "headrace_done"
    text = json.dumps(output, ensure_ascii=False, default=str)
    kept = text if len(text) <= 4_000 else json.dumps({"rows": [], "count": output.get("count", 0)})
    connection.execute(
        sa.text(f"UPDATE {table} SET answer = :answer WHERE step_key = :key"),  # noqa: S608 - a checked name
        {"answer": kept, "key": key},
    )


def _steps(connection: sa.Connection, work: SqlWork, rows_max: int) -> dict[str, Any]:
    """The rows of the last query, and those of named ones beside them."""
    output: dict[str, Any] = {"rows": [], "count": 0}
    size = 0
    for number, step in enumerate(work.steps, 1):
        statement = sa.text(step.sql)
        wanted = set(statement._bindparams)
        missing = wanted - set(step.params)
        if missing:
            raise _Unmet(f"Statement {number}: expected a value for {', '.join(sorted(missing))}.")
        result = connection.execute(statement, {name: step.params[name] for name in wanted})
        if result.returns_rows:
            rows = [dict(row) for row in result.mappings().fetchmany(rows_max + 1)]
            kept = [_plain(row) for row in rows[:rows_max]]
            told = {"rows": kept, "more": len(rows) > rows_max}
            count = len(kept)
            result.close()
            size += len(json.dumps(kept, default=str))
            if size > OUTPUT_MAX:
                raise _Unmet(
                    f"Statement {number}: expected rows of at most {OUTPUT_MAX} characters."
                )
        else:
            told, count = {"rows": [], "more": False}, max(result.rowcount, 0)
        if step.expect is not None and count != step.expect:
            raise _Unmet(f"Statement {number}: expected {step.expect} rows, but found {count}.")
        output |= {**told, "count": count}
        if step.name:
            output[step.name] = told["rows"]
    return output


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    """As JSON can hold it; exact numbers stay exact."""
    match value:
        case None | bool() | int() | str() | Decimal():
            return value
        case float():
            return value if value == value and abs(value) != float("inf") else None
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | memoryview():
            return base64.b64encode(bytes(value)).decode()
        case UUID():
            return str(value)
        case dict():
            return _plain(value)
        case list() | tuple():
            return [_value(one) for one in value]
        case _:
            return str(value)


# --- when it goes wrong ----------------------------------------------------------------------------


def _refused(
    connection: sa.Connection,
    trouble: exc.SQLAlchemyError,
    settings: Mapping[str, Any],
    work: SqlWork,
) -> SqlAnswer:
    """Before a commit everything is undone, also by a server that lost us."""
    try:
        connection.rollback()
    except exc.SQLAlchemyError:
        connection.invalidate()
    if _lost(trouble):
        raise NotSent(
            "Expected the database to stay, but the connection was lost; nothing was committed."
        )
    code = _code(trouble)
    said = _said(trouble)
    table = settings.get("key_table") or "headrace_done"
    if (
        work.key
        and table in said
        and isinstance(trouble, exc.ProgrammingError | exc.OperationalError)
    ):
        return SqlAnswer(
            code="key_table_missing",
            message=f"Expected the table {table} over there: CREATE TABLE {table}"
            " (step_key VARCHAR(200) PRIMARY KEY, answer TEXT NOT NULL)",
        )
    if isinstance(trouble, exc.IntegrityError):
        return SqlAnswer(
            code="duplicate" if _is_duplicate(code, said) else "constraint", message=said
        )
    locked = code in AGAIN or "locked" in said or "interrupted" in said
    return SqlAnswer(code="busy" if locked else "sql_failed", message=said, retryable=locked)


def _is_duplicate(code: str, said: str) -> bool:
    return code in ("23505", "1062") or "UNIQUE constraint" in said


def _code(trouble: exc.SQLAlchemyError) -> str:
    origin = getattr(trouble, "orig", None)
    given = getattr(origin, "args", ())
    if given and isinstance(given[0], int):  # MySQL's numbers say more than its states
        return str(given[0])
    return str(getattr(origin, "sqlstate", None) or "")


def _said(trouble: exc.SQLAlchemyError) -> str:
    """The database's own words: SQLAlchemy's would repeat the values."""
    origin = getattr(trouble, "orig", None) or trouble
    diagnosed = getattr(getattr(origin, "diag", None), "message_primary", None)
    return " ".join(str(diagnosed or origin).split())[:MESSAGE_MAX]


def _lost(trouble: exc.SQLAlchemyError) -> bool:
    return isinstance(trouble, exc.DBAPIError) and (
        trouble.connection_invalidated or _code(trouble) in ("2006", "2013", "2055")
    )


# --- getting there ---------------------------------------------------------------------------------


def _opened(engine: sa.Engine) -> sa.Connection:
    try:
        return engine.connect()
    except exc.SQLAlchemyError as trouble:
        raise NotSent(f"Expected to sign in at the database, but: {_said(trouble)}") from None


def _engine(
    account: ConnectionInfo, work: SqlWork, guard: AddressGuard, folder: Path | None
) -> sa.Engine:
    kind = account.settings["kind"]
    if kind == "sqlite":
        path = _file(account.settings["file"], folder)
        return _made("sqlite://", lambda: _sqlite(path, work))
    host = account.settings["host"]
    port = account.settings.get("port") or PORTS[kind]
    if kind == "postgresql":
        return _made("postgresql+psycopg://", lambda: _postgresql(account, guard, host, port))
    return _made("mysql+pymysql://", lambda: _mysql(account, guard, host, port, work))


def _made(url: str, creator: Any) -> sa.Engine:
    try:
        return sa.create_engine(url, creator=creator, poolclass=NullPool, hide_parameters=True)
    except ImportError:
        raise NotSent("Expected the extra package `mysql` (PyMySQL) to be installed.") from None


def _file(name: str, folder: Path | None) -> Path:
    """A file that is there, below the allowed folder, wherever links lead."""
    if folder is None:
        raise NotSent("Expected HEADRACE_SQLITE_FOLDER to say where SQLite files may stand.")
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise NotSent("Expected an SQLite file below the allowed folder, but there is none.")
    return path


def _sqlite(path: Path, work: SqlWork) -> sqlite3.Connection:
    """No file is made. SQLite knows no time limit of its own: it is asked now and then whether to go on."""
    mode = "rw" if work.write else "ro"
    made = sqlite3.connect(
        f"{path.as_uri()}?mode={mode}",
        uri=True,
        timeout=work.timeout_s,
        isolation_level=None,
        check_same_thread=False,
    )
    made.execute("PRAGMA trusted_schema = OFF")
    made.set_authorizer(_no_other_files)
    asks = iter(range(int(work.timeout_s * 2_000)))
    made.set_progress_handler(lambda: next(asks, _FILE) is _FILE, 10_000)
    return made


def _no_other_files(action: int, *_: Any) -> int:
    """One file is allowed, not those it could attach."""
    attach, detach = 24, 25
    return sqlite3.SQLITE_DENY if action in (attach, detach) else sqlite3.SQLITE_OK


def _postgresql(account: ConnectionInfo, guard: AddressGuard, host: str, port: int) -> Any:
    import psycopg  # here, since most have no other PostgreSQL and every start would read it

    required = account.settings.get("tls", "require") == "require"
    trouble: Exception | None = None
    for address in _addresses(guard, host, port):
        try:
            return psycopg.connect(
                host=host,
                hostaddr=address,
                port=port,
                dbname=account.settings["database"],
                user=account.secrets.get("username", ""),
                password=account.secrets.get("password", ""),
                connect_timeout=CONNECT_TIMEOUT_S,
                sslmode="verify-full" if required else "disable",
                sslrootcert="system" if required else "",
                application_name="headrace",
                client_encoding="utf8",
            )
        except psycopg.OperationalError as error:
            trouble = error
    assert trouble is not None
    raise trouble


def _mysql(
    account: ConnectionInfo, guard: AddressGuard, host: str, port: int, work: SqlWork
) -> Any:
    import pymysql  # type: ignore[import-untyped] # an extra: only who has such a database needs it

    secure = account.settings.get("tls", "require") == "require"
    made = pymysql.connect(
        host=host,
        port=port,
        database=account.settings["database"],
        user=account.secrets.get("username", ""),
        password=account.secrets.get("password", ""),
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=work.timeout_s,
        write_timeout=work.timeout_s,
        charset="utf8mb4",
        autocommit=False,
        local_infile=False,
        ssl=ssl.create_default_context() if secure else None,
        ssl_disabled=not secure,
        defer_connect=True,
    )
    made.connect(guard.connect(host, port, CONNECT_TIMEOUT_S))
    return made


def _addresses(guard: AddressGuard, host: str, port: int) -> Iterator[str]:
    """Those the name leads to and may be called; the connection goes to the very address that was checked."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotSent(f"Expected {host} to have an address, but: {error}") from error
    allowed = [str(one[4][0]) for one in found if guard.allows(host, str(one[4][0]), port)]
    if not allowed:
        raise AddressRefused(host=host, address=str(found[0][4][0]))
    yield from allowed
