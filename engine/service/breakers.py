"""Circuit breakers: what became of calls opens and closes them, people look at them and may overrule them."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import NotFound
from headrace.engine.limits import Breaker, after
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, limits

log = logging.getLogger(__name__)

FORCE = {"open": "open", "closed": "closed", "automatic": ""}
"""What a person may say, and how it is kept."""


@dataclass(frozen=True, slots=True)
class Told:
    """How one call of a job ended."""

    connection: str
    connector: str
    host: str
    main: bool
    good: bool
    error: str
    job: str
    epoch: int


def record(workspace: Workspace, connection: Connection, told: Sequence[Told]) -> None:
    """Tell the breakers what became of calls. Where no breaker has anything on its mind a success is not even told."""
    now_ms = workspace.clock.now_ms()
    rows = limits.breakers_of(connection, {one.connection for one in told})
    found = {place: limits.breaker(row) for place, row in rows.items()}
    guards = {place[0]: limits.guard_of(connection, place[0]) for place in found} | {
        one.connection: limits.guard_of(connection, one.connection) for one in told if not one.good
    }
    changed: dict[tuple[str, str], Told] = {}
    for one in told:
        place = (one.connection, one.host)
        if place not in found and one.good:
            continue
        before = found.get(place, Breaker())
        row = rows.get(place)
        probe = row is not None and (row.probe_job, row.probe_epoch) == (one.job, one.epoch)
        now = after(before, guards[one.connection], one.good, now_ms, probe=probe)
        if now != before:
            found[place] = now
            changed[place] = (
                one if not one.good else replace(one, error=_error(changed, place, row))
            )
            if now.state != before.state:
                _tell(workspace, one, before, now)
    for (key, host), one in changed.items():
        if one.main:
            limits.only_main(connection, key, host)
        limits.put_breaker(
            connection, key, host, found[key, host], now_ms,
            connector=one.connector, main=int(one.main), error=one.error,
        )  # fmt: skip


def _error(
    changed: dict[tuple[str, str], Told], place: tuple[str, str], row: Row[Any] | None
) -> str:
    """What the last failure said stays after a success."""
    if place in changed:
        return changed[place].error
    return row.error if row is not None else ""


def _tell(workspace: Workspace, one: Told, before: Breaker, now: Breaker) -> None:
    workspace.changed.add("jobs")
    workspace.counters.add("breaker_changes_total", connection=one.connection, state=now.state)
    log.warning(
        "breaker of %s (%s): %s, was %s; %s",
        one.connection, one.host, now.state, before.state, one.error or "a call has worked",
    )  # fmt: skip


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    connection: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Breakers by connection and host; a connection that never failed has none."""
    actor.require("connections:read")
    key, _, host = (cursor or "").partition(" ")
    after_ = (key, host) if cursor else None
    with workspace.read() as reading:
        rows = limits.listing(reading, after=after_, limit=limit + 1, key=connection or None)
    now_ms = workspace.clock.now_ms()
    return page(
        [_shown(row, now_ms) for row in rows],
        limit,
        lambda found: f"{found['connection']} {found['host']}",
    )


def force(
    workspace: Workspace, actor: Actor, key: str, word: str, host: str | None = None
) -> dict[str, Any]:
    """Hold a connection's breaker open or closed whatever happens, or let it decide by itself again.

    Without `host` it is that of the connection's address; with it, another one that its calls have gone to.
    """
    actor.require("connections:write")

    def write(connection: Connection) -> Row[Any]:
        account = accounts.find(connection, key)
        if account is None:
            raise NotFound(kind="connection", id=key)
        rows = limits.listing(connection, after=None, limit=HOSTS_MAX, key=key)
        row = next((r for r in rows if (r.host == host if host is not None else r.main)), None)
        if row is None and host is not None:
            raise NotFound(kind="breaker", id=f"{key} {host}"[:200])
        place = row.host if row is not None else _host(account.settings)
        before = limits.breaker(row) if row is not None else Breaker()
        now = replace(before, forced=FORCE[word])
        if word == "automatic":  # what was counted meanwhile was counted under a person's word
            now = replace(now, state="closed", window="", opens=0, until=0)
        limits.put_breaker(
            connection, key, place, now, workspace.clock.now_ms(),
            connector=account.connector, main=int(row is None or bool(row.main)), changed_by=actor.user_id,
        )  # fmt: skip
        audit.note(connection, workspace, actor, f"breakers.{word}", key, host=place)
        workspace.changed.add("jobs")
        return next(
            r
            for r in limits.listing(connection, after=None, limit=HOSTS_MAX, key=key)
            if r.host == place
        )

    return _shown(workspace.writer.call(write), workspace.clock.now_ms())


HOSTS_MAX = 200
"""Hosts of one connection that are looked through."""


def _host(settings: Any) -> str:
    """The host of the account's address; one without an address has a breaker all the same."""
    address = str(settings.get("base_url", "")) if isinstance(settings, dict) else ""
    return address.partition("//")[2].partition("/")[0].rpartition("@")[2].lower()[:255] or "-"


def _shown(row: Row[Any], now_ms: int) -> dict[str, Any]:
    waits = row.state == "open" and not row.forced and row.until_at > now_ms
    return {
        "connection": row.connection,
        "host": row.host,
        "connector": row.connector,
        "state": row.forced or row.state,
        "forced": bool(row.forced),
        "failures": row.window.count("x"),
        "outcomes": len(row.window),
        "opens_in_a_row": row.opens,
        "next_try_at": to_iso(row.until_at) if waits else None,
        "error": row.error,
        "changed_at": to_iso(row.changed_at),
        "changed_by": row.changed_by,
    }
