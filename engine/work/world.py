"""What a node in a worker may touch, and what the trial of a connection may touch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from headrace.engine import tracing
from headrace.engine.connector import Receipt
from headrace.engine.node import (
    ConnectionInfo,
    HttpAnswer,
    RecordAnswer,
    SqlAnswer,
    SqlWork,
    TableAnswer,
)
from headrace.engine.work import database
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.mail import greet_mail
from headrace.engine.work.robot import send_robot

Records = Callable[[str, str, str, Mapping[str, Any], str], RecordAnswer]
"""operation, table, key, value, step key → answer; a short transaction of its own."""

Operations = Callable[[str, str, Mapping[str, Any], str], TableAnswer]
"""operation, table, arguments, step key → answer; a short transaction of its own."""


class WorkerWorld:
    """Implements `node.World`."""

    def __init__(
        self,
        connections: Callable[[str], ConnectionInfo],
        records: Records,
        http: GuardedHttp,
        tables: Operations | None = None,
        renewing: Callable[[ConnectionInfo], ConnectionInfo | None] = lambda _: None,
        sqlite_folder: Path | None = None,
    ) -> None:
        self._connections = connections
        self._records = records
        self._tables = tables
        self._http = http
        self._renewing = renewing
        self._sqlite_folder = sqlite_folder

    def connection(self, key: str) -> ConnectionInfo:
        """The connection by that key."""
        return self._connections(key)

    def renew(self, connection: ConnectionInfo) -> ConnectionInfo | None:
        """The connection with a new token, where one can be had without a person."""
        return self._renewing(connection)

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One guarded request, in the trace of the job."""
        if tracing.enabled() and (trace := tracing.current()):
            headers = {"traceparent": trace, **headers}
        return self._http.request(method, url, headers=headers, body=body, timeout_s=timeout_s)

    def sql(self, connection: ConnectionInfo, work: SqlWork) -> SqlAnswer:
        """One transaction at somebody else's database."""
        return database.perform(connection, work, self._http.addresses, self._sqlite_folder)

    def record(
        self, operation: str, table: str, key: str, value: Mapping[str, Any], step_key: str
    ) -> RecordAnswer:
        """One business record."""
        return self._records(operation, table, key, value, step_key)

    def table(
        self, operation: str, table: str, arguments: Mapping[str, Any], step_key: str
    ) -> TableAnswer:
        """One operation on a table."""
        assert self._tables is not None, "expected a world with tables, but this one has none"
        return self._tables(operation, table, arguments, step_key)


class WorkerOutside:
    """Implements `connector.Outside`."""

    def __init__(
        self, http: GuardedHttp, now_ms: Callable[[], int], sqlite_folder: Path | None = None
    ) -> None:
        self._http = http
        self._now_ms = now_ms
        self._sqlite_folder = sqlite_folder

    def now_ms(self) -> int:
        """What time it is."""
        return self._now_ms()

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One guarded request."""
        return self._http.request(method, url, headers=headers, body=body, timeout_s=timeout_s)

    def greet_mail(self, connection: ConnectionInfo) -> Receipt:
        """Connect and sign in."""
        return greet_mail(connection, self._http.addresses)

    def greet_database(self, connection: ConnectionInfo) -> Receipt:
        """Connect, sign in, ask for 1."""
        return database.greet(connection, self._http.addresses, self._sqlite_folder)

    def send_robot(self, connection: ConnectionInfo, title: str, text: str) -> Receipt:
        """One message to the group."""
        return send_robot(connection, title, text, self._now_ms(), self._http)
