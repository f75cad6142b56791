"""What is measured: each case once, with the sizes of a short and of a long run and what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Size = Literal["quick", "normal", "full"]
SIZES: tuple[Size, ...] = ("quick", "normal", "full")


@dataclass(frozen=True)
class Case:
    """One row. `quick` and `normal` are instances a run; `beside`: the rows to compare with, by the peer's name."""

    key: str
    title: str
    module: str
    quick: int
    normal: int
    options: Mapping[str, Any] = field(default_factory=dict)
    postgresql: bool = False
    beside: Mapping[str, str] = field(default_factory=dict)
    repeats: bool = True
    """Run in every round; the others run once."""

    least: Size = "quick"
    """The smallest size of run it is part of; `--only` runs it in any."""

    needs: str | None = None
    """A peer of Node that must be installed; its row says why if it cannot be."""


PEERS = {"DBOS": "dbos", "Spiff": "spiff", "Node-RED": "node-red", "n8n": "n8n"}
"""Names of the columns, and of the peers' rows."""

STRAIGHT = dict(PEERS)
ON_POSTGRESQL = {**PEERS, "DBOS": "dbos-postgresql"}
ONE = {name: f"{key}-http" for name, key in PEERS.items()}
FIVE = {name: f"{key}-five" for name, key in PEERS.items()}

CASES = (
    Case("limit", "limit loop, SQLite", "limit", 5_000, 10_000),
    Case("sqlite", "Headrace, SQLite, 16 at once", "ours", 1_500, 3_000, beside=STRAIGHT),
    Case("queue", "Headrace, SQLite, queue kept full", "ours", 3_000, 6_000, {"how": "queue"}, beside=STRAIGHT),
    Case("lone", "Headrace, SQLite, one caller alone", "ours", 300, 800, {"at_once": 1}, beside=STRAIGHT),
    Case("postgresql", "Headrace, PostgreSQL, 16 at once", "ours", 1_000, 2_000, postgresql=True, beside=ON_POSTGRESQL),
    Case("pair", "Headrace, PostgreSQL, 2 workers", "shared", 1_000, 2_000, {"processes": 2}, postgresql=True,
         beside=ON_POSTGRESQL),
    Case("rest", "Headrace, REST API, SQLite, 16 at once", "served", 1_500, 3_000, beside=STRAIGHT),
    Case("hooks", "Headrace, signed webhooks, 16 at once", "served", 1_500, 3_000, {"target": "hook"}),
    Case("dbos", "DBOS, SQLite, 16 at once", "peer_dbos", 48, 96),
    Case("dbos-postgresql", "DBOS, PostgreSQL, 16 at once", "peer_dbos", 48, 96, postgresql=True),
    Case("spiff", "SpiffWorkflow, one save a run, SQLite", "peer_spiff", 150, 400),
    Case("node-red", "Node-RED over HTTP, nothing kept", "peer_node_red", 1_500, 3_000, needs="node-red"),
    Case("n8n", "n8n over HTTP, SQLite", "peer_n8n", 60, 120, repeats=False, least="normal", needs="n8n"),
    Case("http", "Headrace, SQLite + 1 HTTP step", "ours", 600, 1_500, {"calls": 1}, beside=ONE),
    Case("http-postgresql", "Headrace, PostgreSQL + 1 HTTP step", "ours", 400, 1_000, {"calls": 1}, postgresql=True,
         beside=ONE),
    Case("http-pair", "Headrace, PostgreSQL, 2 workers + 1 HTTP step", "shared", 400, 1_000,
         {"processes": 2, "calls": 1}, postgresql=True, beside=ONE),
    Case("rq-1", "Headrace, starts + 1 RQ worker, 1 HTTP step", "shared", 400, 1_500, {"workers": 1, "calls": 1},
         postgresql=True, beside=ONE, least="full"),
    Case("rq-2", "Headrace, starts + 2 RQ workers, 1 HTTP step", "shared", 400, 1_500, {"workers": 2, "calls": 1},
         postgresql=True, beside=ONE, least="full"),
    Case("rq-4", "Headrace, starts + 4 RQ workers, 1 HTTP step", "shared", 400, 1_500, {"workers": 4, "calls": 1},
         postgresql=True, beside=ONE, least="full"),
    Case("dbos-http", "DBOS, SQLite + 1 HTTP step", "peer_dbos", 48, 96, {"calls": 1}),
    Case("spiff-http", "SpiffWorkflow + 1 HTTP step", "peer_spiff", 150, 400, {"calls": 1}),
    Case("node-red-http", "Node-RED + 1 HTTP step", "peer_node_red", 600, 1_500, {"calls": 1}, needs="node-red"),
    Case("n8n-http", "n8n + 1 HTTP step", "peer_n8n", 60, 120, {"calls": 1}, repeats=False, least="normal", needs="n8n"),
    Case("five", "Headrace, SQLite + 5 HTTP steps", "ours", 200, 500, {"calls": 5}, beside=FIVE),
    Case("five-postgresql", "Headrace, PostgreSQL + 5 HTTP steps", "ours", 150, 300, {"calls": 5}, postgresql=True,
         beside=FIVE),
    Case("dbos-five", "DBOS, SQLite + 5 HTTP steps", "peer_dbos", 48, 64, {"calls": 5}),
    Case("spiff-five", "SpiffWorkflow + 5 HTTP steps", "peer_spiff", 150, 400, {"calls": 5}),
    Case("node-red-five", "Node-RED + 5 HTTP steps", "peer_node_red", 300, 600, {"calls": 5}, needs="node-red"),
    Case("n8n-five", "n8n + 5 HTTP steps", "peer_n8n", 60, 100, {"calls": 5}, repeats=False, least="normal", needs="n8n"),
    Case("orders", "Headrace, orders through T01, SQLite, 8 at once", "through", 150, 1_000),
    Case("orders-postgresql", "Headrace, orders through T01, PostgreSQL, 8 at once", "through", 150, 1_000, postgresql=True),
    Case("upserts", "Headrace, table upserts, SQLite, 500 a commit", "upserts", 10_000, 50_000, repeats=False),
    Case("upserts-postgresql", "Headrace, table upserts, PostgreSQL, 500 a commit", "upserts", 10_000, 50_000,
         postgresql=True, repeats=False),
    Case("search", "Headrace, search in a table, SQLite", "upserts", 10_000, 50_000, {"what": "search"}, repeats=False),
    Case("search-postgresql", "Headrace, search in a table, PostgreSQL", "upserts", 10_000, 50_000, {"what": "search"},
         postgresql=True, repeats=False),
    *(
        Case(f"paced-{rate}", f"Headrace, REST API, {rate} starts/s", "served", 3 * rate, 10 * rate,
             {"rate": float(rate)}, repeats=False)
        for rate in (10, 50, 100, 200)
    ),
    Case("shares", "Headrace, SQLite, watched", "shares", 1_500, 6_000, repeats=False),
    Case("shares-http", "Headrace, SQLite + 1 HTTP step, watched", "shares", 500, 2_000, {"calls": 1}, repeats=False),
    Case("killed", "Headrace, killed and started again", "killed", 1, 1, repeats=False, least="normal"),
    Case("waiting", "Headrace, waiting instances, SQLite", "rests", 10_000, 100_000, {"due": 1_000}, repeats=False),
    Case("timers", "Headrace, timers due within a minute, SQLite", "timers", 5_000, 100_000, {"spread_s": 60},
         repeats=False, least="full"),
    Case("timers-at-once", "Headrace, timers due at one moment, SQLite", "timers", 5_000, 100_000, {"spread_s": 0},
         repeats=False, least="full"),
    Case("timers-postgresql", "Headrace, timers due within a minute, PostgreSQL", "timers", 5_000, 100_000,
         {"spread_s": 60}, postgresql=True, repeats=False, least="full"),
)  # fmt: skip

WAITING_DUE = {"quick": 1_000, "normal": 10_000}
WAITING_FULL = 1_000_000
