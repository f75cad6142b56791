"""When a source is pulled, and what a pull has read. The calls themselves are in `work/polling.py`, failures in `pull_failures.py`.

A pull holds the source's lease, so there is one at a time whatever process; its watermark moves when what it read is in the
store; it reads a little of what it has read again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.connector import Connector, Operation, Verdict
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.service import audit, order_rate, pull_failures, source_incidents
from headrace.engine.service import sources as source_service
from headrace.engine.service.actor import Actor
from headrace.engine.service.pull_failures import RETRIED, Class, What
from headrace.engine.service.sources import DAILY, ZONE, Source
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, connection_tokens
from headrace.engine.store import sources as rows

LEASE_MS = 120_000
"""A pull renews its lease with every page; a page takes less."""
FIRST_BACK_MS = 86_400_000
"""A new source begins with what has changed in the last day."""
WINDOW_MAX_MS = 92 * 86_400_000
"""The longest window that may be pulled again."""
DUE_MAX = 50
GONE = "The process that pulled has gone."


@dataclass(frozen=True, slots=True)
class Job:
    """One pull to be done, its lease taken."""

    source: Source
    kind: Literal["poll", "reconcile", "repull"]
    pull: int
    since_ms: int
    until_ms: int
    """By our clock; the platform's lag comes off."""
    whats: tuple[What, ...] = ("order",)
    """Lists to be read, one after the other: a refund finds its order there."""
    begin_ms: int = 0
    """Of a window that goes on where it broke off: where it began. Its refunds are read from there."""


def class_of(verdict: Verdict) -> Class:
    """The class of what a platform said no with."""
    match verdict.trouble:
        case "throttled":
            return "throttled"
        case "busy":
            return "timeout"
        case "token_dead" | "signature":
            return "auth"
        case "not_allowed":
            return "scope"
        case "withdrawn":
            return "gone"
        case _:
            # A gateway that says 404 or 410 to a list has no list any more (G16).
            return "gone" if verdict.code in ("http_404", "http_410", "404", "410") else "refused"


def list_operation(connector: Connector | None, what: What = "order") -> Operation | None:
    """The operation that lists orders, or refunds, by time of change."""
    if what == "refund":
        return source_service.refund_list(connector)
    found = (one for one in (connector.operations if connector else ()) if one.name == "orders")
    operation = next(found, None)
    return operation if operation is not None and operation.build is not None else None


# --- beginning -------------------------------------------------------------------------------------


def begin_due(workspace: Workspace, owner: str) -> list[Job]:
    """Take what is due and belongs to nobody: polls, daily looks back, windows people want again."""
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        keys = rows.due(connection, now_ms, DUE_MAX)
        wished = rows.open_pulls(connection, DUE_MAX)
    jobs: list[Job] = []
    for row in wished:
        job = workspace.writer.call(partial(_begin_repull, workspace, row, owner))
        if job is not None:
            jobs.append(job)
    for key in keys:
        job = workspace.writer.call(partial(_begin, workspace, key, owner))
        if job is not None:
            jobs.append(job)
    return jobs


def next_due_ms(workspace: Workspace) -> int | None:
    """When the next one is due; None: nothing is polled."""
    with workspace.read() as connection:
        first = (rows.next_due(connection), connection_tokens.next_due(connection))
    return min((at for at in first if at is not None), default=None)


def _begin(workspace: Workspace, key: str, owner: str, connection: Connection) -> Job | None:
    now_ms = workspace.clock.now_ms()
    state = rows.state(connection, key)
    row = rows.find(connection, key)
    if state is None or row is None or not row.enabled:
        return None
    source = source_service.source_of(row)
    if (
        state.next_at > now_ms and state.reconcile_at > now_ms
    ):  # its refunds, or somebody was faster
        return _begin_refunds(workspace, connection, source, state, owner)
    every = source.every_ms
    if every is None or not source.connection:
        never = now_ms + 366 * 86_400_000
        rows.set_state(
            connection, key, {"next_at": never, "reconcile_at": never, "refund_next_at": None}
        )
        return None
    if not rows.take_lease(connection, key, owner, now_ms, now_ms + LEASE_MS):
        return None
    gone = state.lease_until is not None and state.lease_until <= now_ms
    if gone and state.lease_owner not in (owner, "pause"):
        _interrupted(workspace, connection, source, state, now_ms)
    daily = state.reconcile_at <= now_ms
    values: dict[str, Any] = {"last_pull_at": now_ms}
    if daily:  # one look back, however many were missed (R006)
        midnight = datetime.fromtimestamp(now_ms / 1_000, ZONE).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        since_ms = int((midnight - timedelta(days=1)).timestamp() * 1_000)
        until_ms = int(midnight.timestamp() * 1_000)
        at = (source.ways.get("poll") or {}).get("daily") or DAILY
        values["reconcile_at"] = source_service.reconcile_after(now_ms, at)
    else:
        until_ms = now_ms
        known = state.watermark_at
        since_ms = now_ms - FIRST_BACK_MS if known is None else known - source.overlap_ms
        values["next_at"] = now_ms + round(every * state.slow)
    rows.set_state(connection, key, values)
    whats = _whats(workspace, source) if daily else ("order",)
    pull = rows.begin_pull(
        connection,
        _pull(
            source, "reconcile" if daily else "poll", since_ms, until_ms, now_ms, "engine", whats
        ),
    )
    kind: Literal["poll", "reconcile"] = "reconcile" if daily else "poll"
    return Job(source, kind, pull, since_ms, until_ms, whats, since_ms)


def begin_refunds(workspace: Workspace, key: str, owner: str) -> Job | None:
    """Its refunds, where they are due: asked right after its orders, so that a refund finds its order."""

    def write(connection: Connection) -> Job | None:
        state, row = rows.state(connection, key), rows.find(connection, key)
        if state is None or row is None or not row.enabled:
            return None
        source = source_service.source_of(row)
        return _begin_refunds(workspace, connection, source, state, owner)

    job: Job | None = workspace.writer.call(write)
    return job


def _begin_refunds(
    workspace: Workspace, connection: Connection, source: Source, state: Any, owner: str
) -> Job | None:
    now_ms = workspace.clock.now_ms()
    every = source.every_ms
    if state.refund_next_at is None or state.refund_next_at > now_ms:
        return None
    if every is None or not source.connection or "refund" not in _whats(workspace, source):
        rows.set_state(connection, source.key, {"refund_next_at": None})
        return None
    if state.failures:  # one trouble is told once: its refunds wait until its orders come again
        later = max(state.next_at, now_ms + 1_000)
        rows.set_state(connection, source.key, {"refund_next_at": later})
        return None
    if not rows.take_lease(connection, source.key, owner, now_ms, now_ms + LEASE_MS):
        return None
    known = state.refund_watermark_at
    since_ms = now_ms - FIRST_BACK_MS if known is None else known - source.overlap_ms
    rows.set_state(connection, source.key, {"refund_next_at": now_ms + round(every * state.slow)})
    whats: tuple[What, ...] = ("refund",)
    pull = rows.begin_pull(
        connection, _pull(source, "poll", since_ms, now_ms, now_ms, "engine", whats)
    )
    return Job(source, "poll", pull, since_ms, now_ms, whats, since_ms)


def _whats(workspace: Workspace, source: Source) -> tuple[What, ...]:
    connector = source_service.connector_of(workspace, source)
    has = source.refunds_too and list_operation(connector, "refund") is not None
    return ("order", "refund") if has else ("order",)


def _begin_repull(workspace: Workspace, row: Any, owner: str, connection: Connection) -> Job | None:
    now_ms = workspace.clock.now_ms()
    now = rows.find_pull(connection, row.id)
    found = rows.find(connection, row.source)
    if now is None or now.status not in ("queued", "running") or found is None:
        return None
    source = source_service.source_of(found)
    if not rows.take_lease(connection, row.source, owner, now_ms, now_ms + LEASE_MS):
        return None
    rows.change_pull(connection, row.id, {"status": "running"})
    whats = _whats(workspace, source) if now.what == "both" else ("order",)
    return Job(
        source, "repull", row.id, now.done_to or now.since_at, now.until_at, whats, now.since_at
    )


def _pull(
    source: Source, kind: str, since_ms: int, until_ms: int, now_ms: int, by: str,
    whats: tuple[What, ...],
) -> dict[str, Any]:  # fmt: skip
    return {
        "what": whats[0] if len(whats) == 1 else "both",
        "source": source.key, "kind": kind, "since_at": since_ms, "until_at": until_ms, "began_at": now_ms,
        "status": "queued" if kind == "repull" else "running", "by": by,
    }  # fmt: skip


def _interrupted(
    workspace: Workspace, connection: Connection, source: Source, state: Any, now_ms: int
) -> None:
    """Whoever pulled before is gone without a word: that is a failure of its own class (R015)."""
    del state
    for one in rows.running(connection, source.key):
        rows.change_pull(
            connection, one.id,
            {"status": "failed", "ended_at": now_ms, "error_class": "interrupted", "error": GONE},
        )  # fmt: skip
        if one.kind != "repull":
            what: What = "refund" if one.what == "refund" else "order"
            pull_failures.failed(workspace, connection, source, what, "interrupted", GONE, now_ms)
        else:
            rows.change_pull(
                connection,
                one.id,
                {"status": "queued", "ended_at": None, "error_class": None, "error": None},
            )


# --- how far it has come ---------------------------------------------------------------------------


def keep_on(workspace: Workspace, job: Job, owner: str, counts: Mapping[str, int]) -> bool:
    """A page more is in the store: renew the lease. False: the lease has gone, or somebody has stopped it."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> bool:
        held = rows.take_lease(connection, job.source.key, owner, now_ms, now_ms + LEASE_MS)
        row = rows.find_pull(connection, job.pull)
        rows.change_pull(connection, job.pull, dict(counts))
        return held and row is not None and row.status == "running"

    return bool(workspace.writer.call(write))


def slice_done(workspace: Workspace, job: Job, until_ms: int, what: What = "order") -> None:
    """All changes until then are in the store: now, and not before, the watermark moves."""

    def write(connection: Connection) -> None:
        if what == job.whats[0]:  # of both it is the orders that say how far it has come
            rows.change_pull(connection, job.pull, {"done_to": until_ms})
        if job.kind == "poll":
            rows.forward(connection, job.source.key, until_ms, what)

    workspace.writer.call(write)


def ended(workspace: Workspace, job: Job, owner: str, counts: Mapping[str, int]) -> None:
    """The pull has read its whole window."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row = rows.find_pull(connection, job.pull)
        stopped = row is not None and row.status == "stopped"
        status = "stopped" if stopped else "ok"
        rows.change_pull(connection, job.pull, {**counts, "status": status, "ended_at": now_ms})
        state = rows.state(connection, job.source.key)
        if state is None:
            return
        for what in job.whats:
            pull_failures.came(workspace, connection, job.source, what, state, now_ms)
        if "order" not in job.whats:
            rows.give_lease(connection, job.source.key, owner)
            return
        if job.kind == "repull":
            told = {**counts, "pull": job.pull, "status": status}
            source_incidents.step(workspace, connection, job.source.key, "repulled", told)
        order_rate.check(workspace, connection, job.source, now_ms)
        rows.give_lease(connection, job.source.key, owner)

    workspace.writer.call(write)


def failed(
    workspace: Workspace,
    job: Job,
    owner: str,
    counts: Mapping[str, int],
    why: Class,
    message: str,
    pause_s: float | None = None,
    what: What = "order",
) -> None:
    """The pull could not go on. What it has read stays; the watermark stands where all before it is in. `what`: the list that
    was being read."""
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        again = job.kind == "repull" and why in RETRIED
        rows.change_pull(
            connection, job.pull,
            {**counts, "status": "queued" if again else "failed", "ended_at": None if again else now_ms, "error_class": why,
             "error": message[:500]},
        )  # fmt: skip
        pull_failures.failed(
            workspace, connection, job.source, what, why, message, now_ms, pause_s, soon=job.kind == "poll",
        )  # fmt: skip
        order_rate.check(workspace, connection, job.source, now_ms)
        rows.give_lease(connection, job.source.key, owner)
        if again:  # the lease keeps everybody off for as long as the platform wants
            rest = now_ms + round((pause_s or 30.0) * 1_000)
            rows.set_state(
                connection, job.source.key, {"lease_until": rest, "lease_owner": "pause"}
            )

    workspace.writer.call(write)


# --- for people ------------------------------------------------------------------------------------


def poll_now(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Do not wait for the next poll."""
    actor.require("records:write")

    def write(connection: Connection) -> None:
        source = source_service.read(connection, key)
        _can_pull(connection, source)
        now_ms = workspace.clock.now_ms()
        rows.set_state(connection, key, {"next_at": now_ms, "refund_next_at": now_ms, "slow": 1.0})
        audit.note(connection, workspace, actor, "sources.poll", key)

    workspace.writer.call(write)
    workspace.wakeup.announce("polling")
    return source_service.detail(workspace, actor, key)


def repull(
    workspace: Workspace, actor: Actor, key: str, since_ms: int | None, until_ms: int | None
) -> dict[str, Any]:
    """R162: read a window once more, in the background. Without a beginning: from where orders last came."""
    actor.require("records:write")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> int:
        source = source_service.read(connection, key)
        _can_pull(connection, source)
        until = now_ms if until_ms is None else min(until_ms, now_ms)
        since = since_ms
        if since is None:
            state = rows.state(connection, key)
            known = [
                at
                for at in (
                    getattr(state, "watermark_at", None),
                    getattr(state, "last_order_at", None),
                )
                if at
            ]
            since = (min(known) if known else now_ms - FIRST_BACK_MS) - source.overlap_ms
        if not 0 < until - since <= WINDOW_MAX_MS:
            params = {"limit": WINDOW_MAX_MS // 86_400_000}
            text = (
                f"Expected a window of at most {params['limit']} days, its end after its beginning."
            )
            raise ValidationFailed(
                what="window", count=1, problems=[Problem("/since", "window_wrong", params, text)]
            )
        id_ = rows.begin_pull(
            connection,
            _pull(source, "repull", since, until, now_ms, actor.user_id, _whats(workspace, source)),
        )
        audit.note(connection, workspace, actor, "sources.repull", key, since=since, until=until)
        about = {"by": actor.user_id, "since": since, "until": until, "pull": id_}
        source_incidents.step(workspace, connection, key, "repull", about)
        return id_

    id_ = workspace.writer.call(write)
    workspace.wakeup.announce("polling")
    return pull(workspace, actor, key, id_)


def pull(workspace: Workspace, actor: Actor, key: str, id_: int) -> dict[str, Any]:
    """One pull with its progress."""
    actor.require("records:read")
    with workspace.read() as connection:
        row = rows.find_pull(connection, id_)
    if row is None or row.source != key:
        raise NotFound(kind="pull", id=str(id_))
    return source_service.pull_json(row)


def stop(workspace: Workspace, actor: Actor, key: str, id_: int) -> dict[str, Any]:
    """No more of this window; what was read stays."""
    actor.require("records:write")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        row = rows.find_pull(connection, id_)
        if row is None or row.source != key:
            raise NotFound(kind="pull", id=str(id_))
        if row.status not in ("queued", "running"):
            raise Conflict(expected="a pull under way", found=row.status)
        rows.change_pull(connection, id_, {"status": "stopped", "ended_at": now_ms})
        audit.note(connection, workspace, actor, "sources.stop", key, pull=id_)

    workspace.writer.call(write)
    return pull(workspace, actor, key, id_)


def _can_pull(connection: Connection, source: Source) -> None:
    row = accounts.find(connection, source.connection) if source.connection else None
    if row is None:
        problem = Problem(
            "/connection",
            "source_cannot_poll",
            {"found": source.connection or ""},
            "Expected a source with a shop's account, but it has none.",
        )
        raise ValidationFailed(what="source", count=1, problems=[problem])
