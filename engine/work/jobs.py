"""Run jobs: claim with a lease, run the node with the world, hand the result in under the epoch of the lease.

What happens to an outcome is decided in `judge`, by the effect class (engine.md 5.4): *unknown* is never treated as *failed*.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Context, Done, Failed, Outcome, World
from headrace.engine.run import commands as c
from headrace.engine.service.advance import advance_each
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import jobs
from headrace.engine.store.jobs import Claim

log = logging.getLogger(__name__)

BACKOFF_MAX_MS = 300_000
"""The longest pause between attempts, unless the far side asks for more."""

RETRY_AFTER_MAX_MS = 3_600_000
"""The longest `Retry-After` that is believed."""

CLAIMS_MAX = 20
"""How often a job may be claimed in all: one that kills its worker must not do so for ever."""

OUTPUT_MAX = 1_000_000
"""Bytes of one step's output: variables travel with the instance."""

MakeWorld = Callable[[Claim], World]


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt, ended."""

    claim: Claim
    outcome: Outcome
    started_at: int
    ended_at: int


def run_due(workspace: Workspace, make_world: MakeWorld, owner: str, limit: int = 100) -> int:
    """Claim and run what is due, here and now, one after another; answers how many. For tests and tools."""
    claims = workspace.writer.call(
        lambda connection: jobs.claim(connection, owner, limit, workspace.clock.now_ms())
    )
    for claim in claims:
        finish(workspace, attempt(workspace, make_world, claim))
    return len(claims)


def attempt(workspace: Workspace, make_world: MakeWorld, claim: Claim) -> Result:
    """Run the node once, outside any transaction."""
    started_at = workspace.clock.now_ms()
    node = workspace.kept_flow(claim.flow_key, claim.version).nodes[claim.node]
    variables = {
        **claim.variables, "now": to_iso(started_at), "step": {"id": claim.step, "node": claim.node, "key": claim.key},
    }  # fmt: skip
    context = Context(
        settings=node.settings, variables=variables, evaluate=Evaluator(variables), now_ms=started_at, key=claim.key,
        connected=node.connected, attempt=claim.attempt, unknown_before=claim.unknown, world=make_world(claim),
    )  # fmt: skip
    try:
        outcome = _bounded(node.type.run(context))
    except HeadraceError as trouble:
        outcome = Failed(trouble.code, trouble.message)
    except Exception as bug:
        # The node may have reached the far side before it broke: nobody knows.
        log.exception("job %s failed", claim.id)
        outcome = Failed("node_failed", f"{type(bug).__name__}: {bug}", unknown=True)
    return Result(claim, outcome, started_at, workspace.clock.now_ms())


def _bounded(outcome: Outcome) -> Outcome:
    if isinstance(outcome, Done) and len(jsontext.dumps(outcome.output)) > OUTPUT_MAX:
        return Failed(
            "output_too_large",
            f"expected an output of at most {OUTPUT_MAX} bytes, but it is larger",
        )
    return outcome


def finish(workspace: Workspace, result: Result) -> None:
    """Hand one result in; waits for the commit."""
    workspace.writer.gather(_finisher(workspace), result)


def _finisher(workspace: Workspace) -> Callable[[Connection, Sequence[Any]], Sequence[Any]]:
    """One function object a workspace, so that the writer can tell that results belong together."""
    found = workspace.operations.get("finish")
    if found is None:
        found = workspace.operations["finish"] = lambda connection, results: finish_many(
            workspace, connection, results
        )
    return found


def finish_many(
    workspace: Workspace, connection: Connection, results: Sequence[Result]
) -> list[None]:
    """Apply these results to their instances in one go; those whose lease has gone are only kept in history."""
    now_ms = workspace.clock.now_ms()
    held = jobs.holds(connection, [result.claim for result in results])
    wishes: list[tuple[str, c.Command]] = []
    released: list[tuple[str, str, int, bool]] = []
    for result in results:
        claim = result.claim
        if claim.id not in held:
            wishes.append(
                (claim.instance_id, c.LateResult(claim.step, claim.attempt, _told(result.outcome)))
            )
            continue
        wish, release = judge(result, now_ms, random.random())  # noqa: S311 - jitter, not a secret
        wishes.append((claim.instance_id, wish))
        if release:
            released.append((claim.id, *release))
    jobs.release(connection, released)
    if any(status == "ready" for _, status, _, _ in released):
        workspace.changed.add("jobs")
    aside = advance_each(workspace, connection, {id_ for id_, _ in wishes}, wishes)
    # The result rests in the inbox of an instance that cannot be advanced now: nobody may run the job again.
    kept = {id_ for id_, *_ in released}
    told = [r.claim.id for r in results if r.claim.instance_id in aside and r.claim.id in held]
    jobs.release(connection, [(id_, "done", now_ms, False) for id_ in told if id_ not in kept])
    return [None] * len(results)


def judge(
    result: Result, now_ms: int, jitter: float
) -> tuple[c.Command, tuple[str, int, bool] | None]:
    """The wish for the instance, and how the job's row is released (None: it goes with the step)."""
    claim, outcome = result.claim, result.outcome
    tried = (claim.step, claim.attempt, result.started_at, result.ended_at)
    if isinstance(outcome, Done):
        return c.JobEnded(*tried, outcome.port, outcome.output, outcome.variables), None
    if not isinstance(outcome, Failed):
        message = (
            f"expected Done or Failed from a node in a worker, but found {type(outcome).__name__}"
        )
        return c.JobEnded(*tried, None, code="node_failed", message=message), (
            "incident",
            now_ms,
            claim.unknown,
        )
    unknown = outcome.unknown or claim.unknown
    may_repeat = claim.effect != "once" if outcome.unknown else outcome.retryable
    if may_repeat and claim.attempt < claim.attempts_max:
        pause = pause_ms(claim.backoff_ms, claim.attempt, outcome.retry_after_s, jitter)
        retried = c.JobRetried(*tried, outcome.code, outcome.message, outcome.unknown)
        return retried, ("ready", now_ms + pause, unknown)
    ended = c.JobEnded(
        *tried, None, code=outcome.code, message=outcome.message, unknown=outcome.unknown
    )
    return ended, ("incident", now_ms, unknown)


def pause_ms(backoff_ms: int, attempt: int, retry_after_s: float | None, jitter: float) -> int:
    """Exponential with full jitter, never less than the far side asks for."""
    ceiling = min(BACKOFF_MAX_MS, backoff_ms * 2 ** min(attempt - 1, 20))
    asked = min(RETRY_AFTER_MAX_MS, int((retry_after_s or 0) * 1000))
    return int(max(asked, ceiling * jitter))


def _told(outcome: Outcome) -> Any:
    return outcome.output if isinstance(outcome, Done) else getattr(outcome, "message", "")


def reclaim(workspace: Workspace) -> int:
    """Leases whose worker is gone: the outcome is unknown. Answers how many there were."""
    return int(workspace.writer.call(lambda connection: _reclaim(workspace, connection)))


def _reclaim(workspace: Workspace, connection: Connection) -> int:
    now_ms = workspace.clock.now_ms()
    rows = jobs.expired(connection, 500, now_ms)
    wishes: list[tuple[str, c.Command]] = []
    released: list[tuple[str, str, int, bool]] = []
    for row in rows:
        tried = (row.step, row.attempt, row.lease_until - jobs.LEASE_MS, now_ms)
        message = (
            "the worker fell silent during this attempt; whether the far side did it is unknown"
        )
        if row.effect == "once" or row.lease_epoch >= CLAIMS_MAX:
            wishes.append(
                (
                    row.instance_id,
                    c.JobEnded(*tried, None, code="outcome_unknown", message=message, unknown=True),
                )
            )
            released.append((row.id, "incident", now_ms, True))
        else:
            wishes.append((row.instance_id, c.JobRetried(*tried, "worker_lost", message, True)))
            released.append((row.id, "ready", now_ms, True))
    if rows:
        jobs.release(connection, released)
        jobs.not_counted(connection, [id_ for id_, status, _, _ in released if status == "ready"])
        advance_each(workspace, connection, {id_ for id_, _ in wishes}, wishes)
        workspace.changed.add("jobs")
    return len(rows)


class JobRunner:
    """Claims jobs for a pool of threads and keeps their leases alive."""

    def __init__(
        self, workspace: Workspace, make_world: MakeWorld, owner: str, threads: int = 16
    ) -> None:
        self._workspace, self._make_world, self._owner, self._threads = (
            workspace,
            make_world,
            owner,
            threads,
        )
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="headrace-job")
        self._running: dict[str, int] = {}
        self._waiting: dict[str, Claim] = {}
        """Claimed, but no thread has begun yet."""
        self._lock = threading.Lock()
        self._beat_at = 0

    def free(self) -> int:
        """Attempts to claim now. Twice the threads may be held, so that none waits for the next claim; and nothing is claimed
        while more than half of them is held, because a claim costs a transaction however small it is."""
        with self._lock:
            held = len(self._running)
        return 2 * self._threads - held if held <= self._threads else 0

    def beat(self) -> None:
        """Renew the leases of what is held, when it is time; also, and above all, while there is no room for more."""
        now_ms = self._workspace.clock.now_ms()
        with self._lock:
            held = list(self._running.items())
        if held and now_ms - self._beat_at >= jobs.HEARTBEAT_MS:
            self._beat_at = now_ms
            self._workspace.writer.call(lambda connection: jobs.renew(connection, held, now_ms))

    def step(self) -> int:
        """Claim what there is room for; answers how many were claimed when there may be more, else 0."""
        room = self.free()
        if room <= 0:
            return 0
        claims: list[Claim] = self._workspace.writer.gather(self._claim, room)
        for claim in claims:
            with self._lock:
                self._running[claim.id] = claim.epoch
                self._waiting[claim.id] = claim
            self._pool.submit(self._work, claim)
        return len(claims) if len(claims) == room else 0

    def _claim(self, connection: Connection, rooms: Sequence[int]) -> list[list[Claim]]:
        now_ms = self._workspace.clock.now_ms()
        return [jobs.claim(connection, self._owner, room, now_ms) for room in rooms]

    def _work(self, claim: Claim) -> None:
        with self._lock:
            if self._waiting.pop(claim.id, None) is None:
                return
        try:
            result = attempt(self._workspace, self._make_world, claim)
            handed_in = self._workspace.writer.submit_gathered(_finisher(self._workspace), result)
        except Exception:
            log.exception("job %s could not be tried; its lease will run out", claim.id)
            self._let_go(claim)
        else:
            # The thread goes on to the next job meanwhile: results that come together share a commit.
            handed_in.add_done_callback(partial(self._handed_in, claim))

    def _handed_in(self, claim: Claim, handed_in: Future[Any]) -> None:
        if trouble := handed_in.exception():
            message = "the result of job %s could not be handed in; its lease will run out"
            log.error(message, claim.id, exc_info=trouble)
        self._let_go(claim)

    def _let_go(self, claim: Claim) -> None:
        with self._lock:
            self._running.pop(claim.id, None)
            held = len(self._running)
        if held == self._threads:  # there is room again, see `free`
            self._workspace.wakeup.hint("jobs")

    def close(self) -> None:
        """Begin nothing more, give back what has not begun (nobody need wonder what became of it), wait for what is running."""
        with self._lock:
            unbegun, self._waiting = list(self._waiting.values()), {}
        self._workspace.writer.call(lambda connection: jobs.give_back(connection, unbegun))
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._workspace.writer.call(
            lambda _: None
        )  # behind their results: these are in the store now
