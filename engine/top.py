"""`headrace top`: what waits and how it goes, in the terminal. Reads the database only, so it works beside any process, or none."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from headrace.engine.clock import Clock, SystemClock, to_iso
from headrace.engine.errors import NotFound
from headrace.engine.store import figures, timers
from headrace.engine.store.dbclock import DatabaseClock
from headrace.engine.store.migrations import revision
from headrace.engine.store.session import is_sqlite, open_database

RECENT_MS = 60_000
"""What throughput and the slowest flows are measured over."""

ROWS = 8
"""Lines of each table: a terminal has few."""

EVERY_MIN_S = 0.5
"""Looking more often would be work of its own."""

WIDTH = 100
"""Columns when nobody looks (a pipe, a test)."""


def run(database_url: str, *, once: bool, every_s: float, console: Console | None = None) -> int:
    """Show it until Ctrl-C, or once."""
    found = console or Console(width=None if os.isatty(1) else WIDTH)
    database = open_database(database_url)
    path = database.url.database
    try:
        # Opening an SQLite file that is not there would make it.
        if (is_sqlite(database) and not Path(str(path)).exists()) or revision(database) is None:
            raise NotFound(kind="database", id=_shown(database))
        clock = SystemClock() if is_sqlite(database) else DatabaseClock(database)
        if once:
            found.print(frame(database, clock))
            return 0
        _watch(database, clock, max(every_s, EVERY_MIN_S), found)
    finally:
        database.dispose()
    return 0


def _watch(database: Engine, clock: Clock, every_s: float, console: Console) -> None:
    never = threading.Event()
    with Live(frame(database, clock), console=console, screen=True, auto_refresh=False) as live:
        while not never.wait(every_s):
            try:
                shown: Any = frame(database, clock)
            except SQLAlchemyError as trouble:
                shown = Panel(f"The database cannot be read: {type(trouble).__name__}")
            live.update(shown, refresh=True)


def frame(database: Engine, clock: Clock) -> Group:
    """One look."""
    now_ms = clock.now_ms()
    with database.connect() as connection:
        waiting = figures.waiting(connection, now_ms)
        flows = figures.flows_since(connection, now_ms - RECENT_MS)
        jobs = figures.jobs(connection)
        incidents = figures.incidents(connection)
        breakers = [found for found in figures.breakers(connection) if found[2] != "closed"]
        schedules = timers.count_schedules(connection)
        workers = figures.workers(connection, now_ms)
        processes = figures.processes(connection) or _locked_by(database)
    seconds = RECENT_MS / 1000
    started, ended = (sum(flow[name] for flow in flows) for name in ("started", "ended"))
    head = Text.assemble(
        ("headrace top", "bold"), f"  {to_iso(now_ms)}  {_shown(database)}\n",
        ("throughput ", "bold"), f"{started / seconds:.1f} started/s, {ended / seconds:.1f} ended/s in the last minute\n",
        ("processes  ", "bold"), f"{len(processes)} alive: {', '.join(processes[:ROWS]) or 'none'}",
    )  # fmt: skip
    return Group(
        Panel(head),
        Columns(
            [_now(waiting, now_ms, schedules), _jobs(jobs, workers), _trouble(incidents, breakers)]
        ),
        _flows(flows),
    )


def _now(waiting: dict[str, Any], now_ms: int, schedules: dict[str, int]) -> Table:
    table = _table("Waiting", "what", "how many", "oldest")
    table.add_row("ready", _many(waiting["ready"]), _age(waiting["ready_oldest_at"], now_ms))
    table.add_row(
        "timers due", _many(waiting["timers_due"]), _age(waiting["timers_oldest_at"], now_ms)
    )
    table.add_row("tasks open", _many(waiting["tasks_open"]), "")
    table.add_row("outbox queued", _many(waiting["outbox_queued"]), "")
    table.add_row("outbox failed", _many(waiting["outbox_failed"]), "")
    table.add_row("schedules failing", f"{schedules['failing']} of {schedules['total']}", "")
    return table


def _jobs(jobs: list[tuple[str, str, int]], workers: list[tuple[str, int]]) -> Table:
    table = _table("Jobs by queue", "queue", "ready", "parked", "leased")
    counts = {(queue, status): count for queue, status, count in jobs}
    for queue in sorted({queue for queue, _, _ in jobs})[:ROWS]:
        row = [_many(counts.get((queue, status), 0)) for status in ("ready", "parked", "leased")]
        table.add_row(queue, *row)
    for worker, held in workers[:ROWS]:
        table.add_row(Text(f"worker {worker}", style="dim"), "", "", str(held))
    return table


def _trouble(incidents: list[tuple[str, str, int]], breakers: list[tuple[str, str, str]]) -> Table:
    table = _table("Incidents and breakers", "where", "what", "how many")
    for flow, code, count in incidents[:ROWS]:
        table.add_row(flow, code, _many(count))
    for connection, host, state in breakers[:ROWS]:
        table.add_row(connection, f"breaker {state}", host)
    return table


def _flows(flows: list[dict[str, Any]]) -> Table:
    table = _table(
        "Slowest flows, of instances started in the last minute",
        "flow", "started", "ended", "average", "longest",
    )  # fmt: skip
    for flow in flows[:ROWS]:
        table.add_row(
            flow["flow_key"], str(flow["started"]), str(flow["ended"]), _took(flow["average_ms"]), _took(flow["longest_ms"])
        )  # fmt: skip
    return table


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right")
    return table


def _many(count: int) -> str:
    return f"{count}+" if count >= figures.COUNT_MAX else str(count)


def _age(at_ms: int | None, now_ms: int) -> str:
    return "" if at_ms is None else _took(max(0, now_ms - at_ms))


def _took(ms: Any) -> str:
    return "" if ms is None else f"{float(ms) / 1000:.1f} s"


def _shown(database: Engine) -> str:
    return database.url.render_as_string(hide_password=True)


def _locked_by(database: Engine) -> list[str]:
    """The one process that has the file of SQLite open for writing, if it lives."""
    path = Path(f"{database.url.database}.lock")
    try:
        pid = int(path.read_text(encoding="utf-8").split()[0])
        os.kill(pid, 0)
    except (OSError, ValueError, IndexError):
        return []
    return [f"pid {pid}"]
