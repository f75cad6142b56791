"""What the functions of `service/` work with: the open store, the writer, the clock, the node types, and small caches.

One `Workspace` a process. Functions take it as their first argument, so that tests make their own with their own clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from headrace.engine import jsontext
from headrace.engine.clock import Clock
from headrace.engine.counters import Counters
from headrace.engine.errors import Busy, NotFound, VersionDamaged
from headrace.engine.flow.compile import CompiledFlow, compile_flow
from headrace.engine.flow.model import sha256
from headrace.engine.flow.routing import Route, rule_from_json
from headrace.engine.ids import new_id
from headrace.engine.node import ConnectionInfo, NodeType
from headrace.engine.people.directory import Directory
from headrace.engine.service import directories
from headrace.engine.store import drafts, organisation, routes
from headrace.engine.store.writer import RETRY_AFTER_S, Writer
from headrace.engine.wakeup import Wakeup

FLOWS_CACHED_MAX = 500
"""Compiled versions kept in memory; a version never changes, so nothing has to be thrown out for being old."""


FRESH_MS = 1_000
"""How long this process may not know what another has published, whom it has made inactive, which connection it changed."""


@dataclass
class Workspace:
    """The engine as `service/` sees it."""

    database: Engine
    writer: Writer
    clock: Clock
    types: Mapping[str, NodeType]
    wakeup: Wakeup
    secret_key: bytes = b""
    settings: Any = None
    new_id: Callable[[str, int], str] = new_id
    changed: set[str] = field(default_factory=set)
    """Hints that the next commit gives; only the writer's thread touches it."""
    free_bytes: Callable[[], int | None] | None = None
    """How `service/disk.py` measures; None: as it does. Tests give their own."""
    disk_measured: tuple[int, int | None] | None = None
    """When it was measured last, and what was free."""
    noted: list[tuple[int, str, float, bool, dict[str, Any]]] = field(default_factory=list)
    """What the next commit counts (see `note`); only the writer's thread touches it."""
    alerted: dict[str, int] = field(default_factory=dict)
    """What people were told of, and when; only the writer's thread touches it."""
    caller: Any = None
    """Whose wish is being applied, for the audit of decisions; only the writer's thread touches it."""
    operations: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """Operations that the writer gathers; kept, because it gathers by identity."""
    counters: Counters = field(default_factory=Counters)
    """What happened in this process, for metrics: names as Prometheus writes them."""
    accounts: dict[str, tuple[ConnectionInfo, int]] = field(default_factory=dict, repr=False)
    """Connections in use, and until when they are believed; `service/connections.py` uses it."""
    _compiled: dict[tuple[str, int], CompiledFlow] = field(default_factory=dict)
    _published: dict[str, tuple[int, int, Route | None]] = field(default_factory=dict)
    """Flow → the version in force, until when that is believed, the canary beside it."""
    _directory: tuple[Directory, int] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def after_commit(self) -> None:
        """Count what this commit has done, and tell the workers what it has for them; the writer calls it."""
        if self.noted:
            self._count_noted()
        changed, self.changed = self.changed, set()
        if changed:
            self.wakeup.announce(*changed)

    def note(self, name: str, count: float = 1, *, observed: bool = False, **labels: Any) -> None:
        """Count this when the transaction under way commits, and not when it does not; only for the writer's thread."""
        self.noted.append((self.writer.rollbacks, name, count, observed, labels))

    def _count_noted(self) -> None:
        noted, self.noted = self.noted, []
        for rollbacks, name, count, observed, labels in noted:
            if rollbacks != self.writer.rollbacks:
                continue
            if observed:
                self.counters.observe(name, count, **labels)
            else:
                self.counters.add(name, int(count), **labels)

    def id(self, kind: str) -> str:
        """A new id of this kind."""
        return self.new_id(kind, self.clock.now_ms())

    def read(self) -> Connection:
        """A connection for reading, to be used in `with`."""
        try:
            return self.database.connect()
        except PoolTimeout:
            raise Busy(what="the database's connections", retry_after_s=RETRY_AFTER_S) from None

    def flow(self, connection: Connection, key: str, version: int) -> CompiledFlow:
        """The compiled version."""
        cached = self._compiled.get((key, version))
        if cached is not None:
            return cached
        row = drafts.find_version(connection, key, version)
        if row is None:
            raise NotFound(kind="flow version", id=f"{key} {version}")
        document = jsontext.loads(row.document)
        if (found := sha256(document)) != row.sha256:
            raise VersionDamaged(key=key, version=version, expected=row.sha256, found=found)
        compiled = compile_flow(
            document, self.types, version_id=f"{key}:{version}", version=version
        )
        with self._lock:
            if len(self._compiled) >= FLOWS_CACHED_MAX:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[key, version] = compiled
        return compiled

    def published(self, connection: Connection, key: str) -> CompiledFlow:
        """The version that new instances get now; `NotFound` when none is published. `routing` knows the canary too."""
        return self.flow(connection, key, self.routing(connection, key)[0])

    def routing(self, connection: Connection, key: str) -> tuple[int, Route | None]:
        """The version in force, and the canary that runs beside it."""
        now_ms = self.clock.now_ms()
        cached = self._published.get(key)
        if cached is None or cached[1] < now_ms:
            row = routes.routing(connection, key)
            if row is None or row.published_version is None:
                raise NotFound(kind="published flow", id=key)
            route = (
                Route(row.id, key, row.baseline, tuple(rule_from_json(r) for r in row.rules))
                if row.id is not None
                else None
            )
            cached = self._published[key] = (row.published_version, now_ms + FRESH_MS, route)
        return cached[0], cached[2]

    def kept_flow(self, key: str, version: int) -> CompiledFlow:
        """`flow`, for those without a connection: mostly it is in memory and none is needed."""
        cached = self._compiled.get((key, version))
        if cached is not None:
            return cached
        with self.read() as connection:
            return self.flow(connection, key, version)

    def kept_published(self, key: str) -> CompiledFlow:
        """`published`, for those without a connection."""
        return self.kept_flow(key, self.kept_routing(key)[0])

    def kept_routing(self, key: str) -> tuple[int, Route | None]:
        """`routing`, for those without a connection."""
        cached = self._published.get(key)
        if cached is not None and cached[1] >= self.clock.now_ms():
            return cached[0], cached[2]
        with self.read() as connection:
            return self.routing(connection, key)

    def forget_published(self, key: str) -> None:
        """A flow was published, routed, imported or deleted: look again."""
        self._published.pop(key, None)

    def directory(self, connection: Connection) -> Directory:
        """Who there is now: people, roles, departments, substitutes. Read again only when its number has changed."""
        now_ms = self.clock.now_ms()
        kept = self._directory
        if kept is None or kept[1] < now_ms:
            same = kept is not None and kept[0].version == organisation.version(connection)
            found = kept[0] if kept is not None and same else directories.load(connection, now_ms)
            kept = self._directory = (found, now_ms + FRESH_MS)
        return kept[0]

    def kept_directory(self) -> Directory:
        """`directory` for who has no connection open; one is opened only where what is kept is not fresh."""
        kept = self._directory
        if kept is not None and kept[1] >= self.clock.now_ms():
            return kept[0]
        with self.read() as connection:
            return self.directory(connection)

    def forget_directory(self) -> None:
        """Users, roles or the organisation have changed: read them again."""
        self._directory = None
