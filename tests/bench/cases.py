"""What is measured: each case once, with the sizes of a short and of a long run and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Case:
    """One row. `quick` and `normal` are instances a run; peers are the keys of the rows to compare with."""

    key: str
    title: str
    module: str
    quick: int
    normal: int
    options: Mapping[str, Any] = field(default_factory=dict)
    postgresql: bool = False
    dbos: str | None = None
    spiff: str | None = None
    repeats: bool = True
    """Run in every round; the others run once."""


CASES = (
    Case("limit", "limit loop, SQLite", "limit", 5_000, 20_000),
    Case("sqlite", "Headrace, SQLite, 16 at once", "ours", 1_500, 6_000, dbos="dbos", spiff="spiff"),
    Case("queue", "Headrace, SQLite, queue kept full", "ours", 3_000, 10_000, {"how": "queue"},
         dbos="dbos", spiff="spiff"),
    Case("lone", "Headrace, SQLite, one caller alone", "ours", 300, 1_500, {"at_once": 1},
         dbos="dbos", spiff="spiff"),
    Case("postgresql", "Headrace, PostgreSQL, 16 at once", "ours", 1_000, 4_000, postgresql=True,
         dbos="dbos-postgresql", spiff="spiff"),
    Case("rest", "Headrace, REST API, SQLite, 16 at once", "served", 1_500, 6_000, dbos="dbos", spiff="spiff"),
    Case("dbos", "DBOS, SQLite, 16 at once", "peer_dbos", 48, 160),
    Case("dbos-postgresql", "DBOS, PostgreSQL, 16 at once", "peer_dbos", 48, 160, postgresql=True),
    Case("spiff", "SpiffWorkflow, one save a run, SQLite", "peer_spiff", 150, 600),
    Case("http", "Headrace, SQLite + 1 HTTP step", "ours", 600, 3_000, {"http": True},
         dbos="dbos-http", spiff="spiff-http"),
    Case("http-postgresql", "Headrace, PostgreSQL + 1 HTTP step", "ours", 400, 2_000, {"http": True}, postgresql=True,
         dbos="dbos-http", spiff="spiff-http"),
    Case("pair", "Headrace, PostgreSQL, 2 workers", "shared", 1_000, 4_000, {"processes": 2}, postgresql=True,
         dbos="dbos-postgresql", spiff="spiff"),
    Case("http-pair", "Headrace, PostgreSQL, 2 workers + 1 HTTP step", "shared", 400, 2_000,
         {"processes": 2, "http": True}, postgresql=True, dbos="dbos-http", spiff="spiff-http"),
    Case("rq-1", "Headrace, starts + 1 RQ worker, 1 HTTP step", "shared", 400, 1_500,
         {"workers": 1, "http": True}, postgresql=True, dbos="dbos-http"),
    Case("rq-2", "Headrace, starts + 2 RQ workers, 1 HTTP step", "shared", 400, 1_500,
         {"workers": 2, "http": True}, postgresql=True, dbos="dbos-http"),
    Case("rq-4", "Headrace, starts + 4 RQ workers, 1 HTTP step", "shared", 400, 1_500,
         {"workers": 4, "http": True}, postgresql=True, dbos="dbos-http"),
    Case("dbos-http", "DBOS, SQLite + 1 HTTP step", "peer_dbos", 48, 160, {"http": True}),
    Case("spiff-http", "SpiffWorkflow + 1 HTTP step", "peer_spiff", 150, 600, {"http": True}),
    Case("paced", "Headrace, REST API, 100 starts/s", "served", 300, 1_500, {"rate": 100.0}, repeats=False),
    Case("hooks", "Headrace, signed webhooks, 16 at once", "served", 1_500, 6_000, {"target": "hook"}),
    Case("waiting", "Headrace, waiting instances, SQLite", "rests", 10_000, 100_000, {"due": 1_000}, repeats=False),
    Case("timers", "Headrace, timers due within a minute, SQLite", "timers", 5_000, 100_000, {"spread_s": 60}, repeats=False),
    Case("timers-at-once", "Headrace, timers due at one moment, SQLite", "timers", 5_000, 100_000, {"spread_s": 0},
         repeats=False),
    Case("timers-postgresql", "Headrace, timers due within a minute, PostgreSQL", "timers", 5_000, 100_000,
         {"spread_s": 60}, postgresql=True, repeats=False),
)  # fmt: skip

WAITING_DUE = {"quick": 1_000, "normal": 10_000}
WAITING_FULL = 1_000_000
