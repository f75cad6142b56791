"""Run jobs: claim with a lease, run the node with the world, hand the result in under the epoch of the lease.

What happens to an outcome is decided in `judge`, by the effect class (engine.md 5.4): *unknown* is never treated as *failed*.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Context, Done, Failed, Outcome, Policy, World
from headrace.engine.run import commands as c
from headrace.engine.service import breakers, calendars, interfaces
from headrace.engine.service.advance import advance_each
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import jobs
from headrace.engine.store.jobs import Claim, Share
from headrace.engine.work.spans import traced
from headrace.engine.work.watch import Call, HostShut, WatchedWorld

log = logging.getLogger(__name__)

RETRY_AFTER_MAX_MS = 3_600_000
"""The longest `Retry-After` that is believed."""

OTHERS_MS = 50
"""How often jobs of other connections are looked for while one holds more than its threads."""

CLAIMS_MAX = 20
"""How often a job may be claimed in all: one that kills its worker must not do so for ever."""

OUTPUT_MAX = 1_000_000
"""Bytes of one step's output: variables travel with the instance."""

PLAIN = Policy()

MakeWorld = Callable[[Claim], World]


@dataclass(slots=True)
class Result:
    """One attempt, ended."""

    claim: Claim
    outcome: Outcome
    started_at: int
    ended_at: int
    policy: Policy = PLAIN
    calls: Sequence[Call] = ()
    connector: str = ""
    main: str = ""
    """The host of the connection's own address."""
    wait_until: int = 0
    """It came to a host that must not be called: nothing was tried, it waits until then."""


def run_due(workspace: Workspace, make_world: MakeWorld, owner: str, limit: int = 100) -> int:
    """Claim and run what is due, here and now, one after another; answers how many. For tests and tools."""
    claims = workspace.writer.call(
        lambda connection: jobs.claim(connection, owner, limit, workspace.clock.now_ms())
    )
    for claim in claims:
        finish(workspace, attempt(workspace, make_world, claim))
    return len(claims)


@traced
def attempt(workspace: Workspace, make_world: MakeWorld, claim: Claim) -> Result:
    """Run the node once, outside any transaction."""
    started_at = workspace.clock.now_ms()
    node = workspace.kept_flow(claim.flow_key, claim.version).nodes[claim.node]
    variables = {
        **claim.variables, "now": to_iso(started_at), "step": {"id": claim.step, "node": claim.node, "key": claim.key},
    }  # fmt: skip
    world = WatchedWorld(make_world(claim), claim.connection, claim.shut)
    context = Context(
        settings=node.settings, variables=variables, evaluate=Evaluator(variables), now_ms=started_at, key=claim.key,
        connected=node.connected, attempt=claim.attempt, unknown_before=claim.unknown, world=world,
        business=lambda start_ms, length: calendars.kept(workspace, claim.flow_key).after(start_ms, length),
        compensated=variables.get("compensated"),
    )  # fmt: skip
    wait_until = 0
    try:
        outcome = _bounded(node.type.run(context))
    except HeadraceError as trouble:
        outcome = Failed(trouble.code, trouble.message)
    except HostShut as shut:
        outcome, wait_until = Failed("breaker_open", shut.host), shut.until
    except Exception as bug:
        # The node may have reached the far side before it broke: nobody knows.
        log.exception("job %s failed", claim.id)
        outcome = Failed("node_failed", f"{type(bug).__name__}: {bug}", unknown=True)
    ended_at = workspace.clock.now_ms()
    if world.asked and node.type.name in REGISTERED:
        _register(
            workspace,
            node.type.name,
            node.settings,
            outcome,
            world,
            ended_at,
            ended_at - started_at,
        )
    return Result(
        claim, outcome, started_at, ended_at, node.policy(), world.calls, world.connector, world.main, wait_until,
    )  # fmt: skip


OPERATION, REST = "operation", "connector"
"""The node types that ask other systems: an operation of a connector (a platform's, or one drawn here), and a plain request."""
REGISTERED = frozenset({OPERATION, REST})
"""What they ask stands in the registry of interfaces (R158)."""

_TROUBLES = {
    "http_401": "auth", "http_403": "scope", "http_410": "gone", "http_429": "throttled", "http_5": "timeout",
    "throttled": "throttled", "busy": "timeout", "no_answer": "timeout", "not_sent": "timeout", "token_dead": "auth",
    "signature": "auth", "not_allowed": "scope", "withdrawn": "gone", "unlisted": "refused",
}  # fmt: skip
"""What says that the interface is not well; a refused order says nothing of it."""


def _register(
    workspace: Workspace,
    node_type: str,
    settings: Mapping[str, Any],
    outcome: Outcome,
    world: WatchedWorld,
    at_ms: int,
    took_ms: int,
) -> None:
    account = str(settings["connection"])
    known = world.account.settings if world.account is not None else {}
    api = ""
    if node_type == OPERATION:
        connector, _, operation = str(settings["operation"]).partition(".")
        version = str(known.get("version") or "")
    else:
        connector = world.connector or "rest"
        api, version = interfaces.plain(
            str(settings["method"]), str(settings["path"]), str(known.get("base_url") or "")
        )
        operation = interfaces.short(api)
    code = outcome.code if isinstance(outcome, Failed) else ""
    trouble = _TROUBLES.get(code) or (_TROUBLES["http_5"] if code.startswith("http_5") else "")
    said = outcome.message if isinstance(outcome, Failed) else ""
    interfaces.note(
        workspace,
        interfaces.Called(
            account, connector, operation, version, f"https://{world.asked}", at_ms, max(0, took_ms), trouble,
            said[:500] if trouble else "", world.ends, api,
        ),
    )  # fmt: skip


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
    withdrawn = [id_ for id_, status in held.items() if status == "cancelled"]
    named = jobs.nodes_of(connection, withdrawn)
    wishes: list[tuple[str, c.Command]] = []
    released: list[tuple[str, str, int, bool]] = []
    untried: list[str] = []
    for result in results:
        claim = result.claim
        status = held.get(claim.id)
        if status != "leased":
            # With its node: somebody withdrew the step, and what was done all the same may have to be undone.
            node = named.get(claim.id, "")
            late = c.LateResult(claim.step, claim.attempt, _told(result.outcome), node)
            wishes.append((claim.instance_id, late))
        elif result.wait_until:
            untried.append(claim.id)
            released.append((claim.id, "ready", result.wait_until, claim.unknown))
        else:
            wish, release = judge(result, now_ms, random.random())  # noqa: S311 - jitter, not a secret
            wishes.append((claim.instance_id, wish))
            if release:
                released.append((claim.id, *release))
    # Before the advance: a step that goes takes its row with it only while no worker has it.
    jobs.release(connection, released)
    jobs.not_counted(connection, untried)
    jobs.delete(connection, withdrawn)
    aside = advance_each(workspace, connection, {r.claim.instance_id for r in results}, wishes)
    kept = {id_ for id_, *_ in released}
    told = [r.claim.id for r in results if r.claim.instance_id in aside and r.claim.id in held]
    # The result rests in the inbox of an instance that cannot be advanced now: nobody may run the job again.
    jobs.release(connection, [(id_, "done", now_ms, False) for id_ in told if id_ not in kept])
    jobs.hold_suspended(connection, [id_ for id_ in (*told, *untried) if id_ in kept])
    _tell_breakers(workspace, connection, results)
    ended = [result.claim for result in results if result.claim.id in held]
    jobs.wake(connection, Counter(claim.limit_key for claim in ended if claim.limit_key))
    if any(status == "ready" for _, status, _, _ in released) or any(
        claim.limit_key or claim.counted for claim in ended
    ):
        workspace.changed.add("jobs")
    return [None] * len(results)


def _tell_breakers(workspace: Workspace, connection: Connection, results: Sequence[Result]) -> None:
    """Failures always; successes only where a breaker remembers failures."""
    told = [
        breakers.Told(
            result.claim.connection, result.connector, call.host, call.host == result.main, call.good, call.error,
            result.claim.id, result.claim.epoch,
        )
        for result in results
        for call in result.calls
        if result.claim.connection and call.host and (result.claim.watched or not call.good)
    ]  # fmt: skip
    if told:
        breakers.record(workspace, connection, told)


def judge(
    result: Result, now_ms: int, jitter: float
) -> tuple[c.Command, tuple[str, int, bool] | None]:
    """The wish for the instance, and how the job's row is released (None: it goes with the step)."""
    claim, outcome, policy = result.claim, result.outcome, result.policy
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
    again_at = now_ms + pause_ms(
        claim.backoff_ms, claim.attempt, outcome.retry_after_s, jitter, policy.backoff_max_ms
    )
    ended_because = _no_more(claim, outcome, policy, again_at)
    if ended_because is None:
        retried = c.JobRetried(*tried, outcome.code, outcome.message, outcome.unknown)
        return retried, ("ready", again_at, unknown)
    message = outcome.message + _account(claim, policy, ended_because, result.ended_at)
    ended = c.JobEnded(*tried, None, code=outcome.code, message=message, unknown=outcome.unknown)
    return ended, ("incident", now_ms, unknown)


def _no_more(claim: Claim, outcome: Failed, policy: Policy, again_at: int) -> str | None:
    """Why there is no further attempt; None: there is one."""
    if matches(outcome.code, policy.never):
        return "this code is not to be tried again"
    if outcome.unknown:
        if claim.effect == "once":
            return ""
    elif not outcome.retryable and not matches(outcome.code, policy.again):
        return ""
    if claim.attempt >= claim.attempts_max:
        return "no attempt is left"
    if policy.budget_ms is not None and again_at > claim.first_at + policy.budget_ms:
        return "the next attempt would be beyond the budget"
    return None


def _account(claim: Claim, policy: Policy, why: str, ended_at: int) -> str:
    """What a person should know of the attempts that were made; nothing when the first one decided."""
    if not why and claim.attempt == 1:
        return ""
    parts = [f"attempt {claim.attempt} of {claim.attempts_max}"]
    if claim.first_at:
        parts.append(f"{max(0, ended_at - claim.first_at) // 1_000} s after the first began")
    if policy.budget_ms is not None:
        parts.append(f"budget {policy.budget_ms // 1_000} s")
    return f" ({'; '.join([*([why] if why else []), ', '.join(parts)])})"


def matches(code: str, wanted: Collection[str]) -> bool:
    """Is this code among these? `503` means `http_503`, `5xx` all of its kind."""
    if not wanted:
        return False
    status = code.removeprefix("http_")
    return code in wanted or (status != code and (status in wanted or f"{status[:1]}xx" in wanted))


def pause_ms(
    backoff_ms: int,
    attempt: int,
    retry_after_s: float | None,
    jitter: float,
    longest_ms: int = PLAIN.backoff_max_ms,
) -> int:
    """Exponential with full jitter, never less than the far side asks for."""
    ceiling = min(longest_ms, backoff_ms * 2 ** min(attempt - 1, 20))
    asked = min(RETRY_AFTER_MAX_MS, int((retry_after_s or 0) * 1000))
    return int(max(asked, ceiling * jitter))


def _told(outcome: Outcome) -> dict[str, Any]:
    """A whole outcome, as a late result keeps it."""
    if isinstance(outcome, Done):
        return {"port": outcome.port, "output": outcome.output, "code": None, "unknown": False}
    return {
        "port": None, "output": None, "code": getattr(outcome, "code", "node_failed"),
        "unknown": getattr(outcome, "unknown", False), "message": getattr(outcome, "message", ""),
    }  # fmt: skip


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
        lost = Failed("outcome_unknown", SILENT, unknown=True)
        if row.status == "cancelled":
            late = c.LateResult(row.step, row.attempt, _told(lost), row.node)
            wishes.append((row.instance_id, late))
        elif row.effect == "once" or row.lease_epoch >= CLAIMS_MAX:
            ended = c.JobEnded(*tried, None, code=lost.code, message=SILENT, unknown=True)
            wishes.append((row.instance_id, ended))
            released.append((row.id, "incident", now_ms, True))
        else:
            wishes.append((row.instance_id, c.JobRetried(*tried, "worker_lost", SILENT, True)))
            released.append((row.id, "ready", now_ms, True))
    if rows:
        jobs.release(connection, released)
        ready = [id_ for id_, status, _, _ in released if status == "ready"]
        jobs.not_counted(connection, ready)
        jobs.delete(connection, [row.id for row in rows if row.status == "cancelled"])
        advance_each(workspace, connection, {id_ for id_, _ in wishes}, wishes)
        jobs.hold_suspended(connection, ready)
    if jobs.wake_idle(connection) or rows:
        workspace.changed.add("jobs")
    return len(rows)


def _give_back(workspace: Workspace, unbegun: Sequence[Claim], connection: Connection) -> None:
    """As if these had not been claimed; of those withdrawn meanwhile it is known that nothing was done."""
    held = jobs.holds(connection, unbegun)
    jobs.give_back(connection, [claim for claim in unbegun if held.get(claim.id) == "leased"])
    jobs.hold_suspended(connection, [claim.id for claim in unbegun])
    now_ms = workspace.clock.now_ms()
    not_begun = Failed("not_begun", "the worker stopped before it began")
    withdrawn = [claim for claim in unbegun if held.get(claim.id) == "cancelled"]
    if withdrawn:
        results = [Result(claim, not_begun, now_ms, now_ms) for claim in withdrawn]
        finish_many(workspace, connection, results)


SILENT = "the worker fell silent during this attempt; whether the far side did it is unknown"


def _used_up(share: Share | None, claims: Sequence[Claim]) -> bool:
    """Did a connection get all it may have? There may be more of it."""
    if share is None:
        return False
    got = Counter(claim.connection for claim in claims if claim.connection)
    return any(count + share.held.get(key, 0) >= share.most for key, count in got.items())


class JobRunner:
    """Claims jobs for a pool of threads and keeps their leases alive.

    A quarter of the threads is never given to one connection, so that a slow one leaves room for the others. What it has claimed
    beyond its threads does not keep others from being claimed.
    """

    def __init__(
        self,
        workspace: Workspace,
        make_world: MakeWorld,
        owner: str,
        threads: int = 16,
        queues: Collection[str] | None = None,
    ) -> None:
        self._workspace, self._make_world, self._owner = workspace, make_world, owner
        self._threads, self._queues = threads, queues
        self._most_busy = threads - threads // 4
        """Threads that one connection may have."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="headrace-job")
        self._running: dict[str, Claim] = {}
        """Held: begun or not."""
        self._waiting: dict[str, Claim] = {}
        """Claimed, but no thread has begun yet; the oldest first."""
        self._held: Counter[str] = Counter()
        """Connection → held."""
        self._busy: Counter[str] = Counter()
        """Connection → threads at it."""
        self._skipped = 0
        """Threads that found nothing they might begin: as many are called again, one for each that ends."""
        self._lock = threading.Lock()
        self._beat_at = self._others_at = 0

    def free(self) -> int:
        """Attempts to claim now. Twice the threads may be held, so that none waits for the next claim; and nothing is claimed
        while more than half of them is held, because a claim costs a transaction however small it is. If it is one connection
        that holds them, others are looked for now and then."""
        now_ms = self._workspace.clock.now_ms()
        with self._lock:
            held = len(self._running)
            if held <= self._threads:
                return 2 * self._threads - held
            able = sum(min(n, self._most_busy) if key else n for key, n in self._held.items())
            looks = able < self._threads and now_ms - self._others_at >= OTHERS_MS
            return 2 * self._threads - able if looks else 0

    def beat(self) -> None:
        """Renew the leases of what is held, when it is time; also, and above all, while there is no room for more."""
        now_ms = self._workspace.clock.now_ms()
        with self._lock:
            held = [(id_, claim.epoch) for id_, claim in self._running.items()]
        if held and now_ms - self._beat_at >= jobs.HEARTBEAT_MS:
            self._beat_at = now_ms
            self._workspace.writer.call(lambda connection: jobs.renew(connection, held, now_ms))

    def step(self) -> int:
        """Claim what there is room for; answers how many were claimed when there may be more, else 0."""
        room = self.free()
        if room <= 0:
            return 0
        self._others_at = self._workspace.clock.now_ms()
        share = self._share()
        claims: list[Claim] = self._workspace.writer.gather(self._claim, (room, share))
        for claim in claims:
            with self._lock:
                self._running[claim.id] = self._waiting[claim.id] = claim
                self._held[claim.connection] += 1
            self._pool.submit(self._work)
        return len(claims) if len(claims) == room or _used_up(share, claims) else 0

    def due_at(self, connection: Connection) -> int | None:
        """When there may be something to claim; what waits for another job to end makes itself heard."""
        now_ms, share = self._workspace.clock.now_ms(), self._share()
        full = [key for key, held in share.held.items() if held >= share.most] if share else []
        return jobs.next_due_at(connection, now_ms, self._queues, full)

    def _share(self) -> Share | None:
        with self._lock:
            held = {key: count for key, count in self._held.items() if key and count}
            crowded = len(self._running) > self._threads
        if self._most_busy == self._threads:
            return None
        # Up to its threads and as many again to go on with; nothing more while others are looked for.
        most = self._most_busy if crowded else self._threads + self._most_busy
        return Share(held, most)

    def _claim(
        self, connection: Connection, wanted: Sequence[tuple[int, Share | None]]
    ) -> list[list[Claim]]:
        now_ms = self._workspace.clock.now_ms()
        return [
            jobs.claim(connection, self._owner, room, now_ms, self._queues, share)
            for room, share in wanted
        ]

    def _work(self) -> None:
        claim = self._next()
        if claim is None:
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
        self._ended(claim)

    def _next(self) -> Claim | None:
        """The oldest claim whose connection has not all the threads it may have."""
        with self._lock:
            for claim in self._waiting.values():
                key = claim.connection
                if not key or self._busy[key] < self._most_busy:
                    del self._waiting[claim.id]
                    self._busy[key] += 1
                    return claim
            self._skipped += bool(self._waiting)
            return None

    def _ended(self, claim: Claim) -> None:
        with self._lock:
            self._busy[claim.connection] -= 1
            again = self._skipped > 0 and bool(self._waiting)
            self._skipped -= again
        if again:
            with suppress(RuntimeError):  # closed meanwhile: what waited was given back
                self._pool.submit(self._work)

    def _handed_in(self, claim: Claim, handed_in: Future[Any]) -> None:
        if trouble := handed_in.exception():
            message = "the result of job %s could not be handed in; its lease will run out"
            log.error(message, claim.id, exc_info=trouble)
        self._let_go(claim)

    def _let_go(self, claim: Claim) -> None:
        with self._lock:
            self._running.pop(claim.id, None)
            self._held[claim.connection] -= 1
            held = len(self._running)
        if held == self._threads:  # there is room again, see `free`
            self._workspace.wakeup.hint("jobs")

    def close(self) -> None:
        """Begin nothing more, give back what has not begun (nobody need wonder what became of it), wait for what is running."""
        with self._lock:
            unbegun, self._waiting = list(self._waiting.values()), {}
        self._workspace.writer.call(partial(_give_back, self._workspace, unbegun))
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._workspace.writer.call(
            lambda _: None
        )  # behind their results: these are in the store now
