"""The engine's threads in one process: advance, jobs, timers and schedules, outbox, sweeper, keeper.

Hints wake them, and each also looks by itself. Alone on its store (SQLite) a process hears of every commit, so it looks seldom.
Where others write too (PostgreSQL) a hint may be missing: after work a thread looks again at once and then ever more seldom
(`REST_MIN_S` to `POLL_S`).
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from headrace.engine.connector import Request
from headrace.engine.node import ConnectionInfo, HttpAnswer, RecordAnswer, TableAnswer, World
from headrace.engine.service import own_tokens, public_pages
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import record_steps, records
from headrace.engine.store.jobs import Claim
from headrace.engine.wakeup import HINTS
from headrace.engine.work import drain, jobs, relay, timers, versions
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.keeping import LOOK_S, Keeper
from headrace.engine.work.polling import TIMEOUT_S as PULL_TIMEOUT_S
from headrace.engine.work.polling import Poller, Pool
from headrace.engine.work.sweeper import Sweeper
from headrace.engine.work.world import WorkerWorld

log = logging.getLogger(__name__)

POLL_S = 1.0
"""How often each thread looks without a hint: the most that a lost hint costs."""

REST_MIN_S = 0.05
"""Where others write too: the first rest after work; it doubles up to `POLL_S`."""

TIMERS_REST_S = 0.02
"""After timers have fired: how long the next may come together, and be that much late."""

SWEEP_S = 2.0
"""How often somebody looks for what was left."""

FAILED_PAUSE_S = 1.0
"""After an unexpected error a thread waits this long, so that a broken database does not fill the log."""


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a thread found when it looked, and when the next thing is due that it knows of."""

    found: bool
    due_s: float = POLL_S


class Runtime:
    """Start it once a process; `stop` finishes what is running. `queues`: the kinds of jobs it does; None is all."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        job_threads: int = 16,
        owner: str | None = None,
        queues: Collection[str] | None = None,
    ) -> None:
        self.workspace = workspace
        allow = getattr(workspace.settings, "allow_addresses", ())
        self.http = GuardedHttp(AddressGuard(allow))
        owner = owner or f"{os.getpid()}-{os.urandom(4).hex()}"
        self._runner = jobs.JobRunner(
            workspace,
            self.world,
            owner,
            job_threads,
            queues,
        )
        self._stopping = threading.Event()
        self._sweeper = Sweeper(workspace)
        self._looked: dict[str, int] = {}
        """Hint → the mark up to which its thread has looked."""
        self._looking = threading.Condition()
        self._threads = [
            threading.Thread(target=self._loop, args=args, name=f"headrace-{args[0]}", daemon=True)
            for args in (
                ("ready", self._drain),
                ("jobs", self._jobs),
                ("timers", self._timers),
                *(("outbox", partial(self._outbox, channel)) for channel in relay.CHANNELS),
            )
        ]
        self._threads.append(
            threading.Thread(target=self._sweep, name="headrace-sweeper", daemon=True)
        )
        self._poller = Poller(
            workspace, self._ask, owner, self.open_connection, self._stopping.wait
        )
        self._pulling = Pool()
        self._threads.append(
            threading.Thread(
                target=self._loop,
                args=("polling", self._poll),
                name="headrace-polling",
                daemon=True,
            )
        )
        self._keeper = Keeper(workspace, self._stopping.is_set)
        self._threads.append(
            threading.Thread(target=self._keep, name="headrace-keeper", daemon=True)
        )

    def start(self) -> None:
        """Begin; what an earlier process left is found by looking, there is no recovery of its own."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads, then the jobs that run."""
        self._stopping.set()
        self.workspace.wakeup.hint(*HINTS)
        for thread in self._threads:
            thread.join()
        self._runner.close()
        self._pulling.close()
        self.http.close()

    def open_connection(self, key: str) -> ConnectionInfo:
        """A connection with its secrets, for a worker."""
        return own_tokens.fresh(self.workspace, key, self._send)

    def renew_connection(self, info: ConnectionInfo) -> ConnectionInfo | None:
        """The same with a new token, for a worker whom the far side refused the old one."""
        if info.own is None:
            return self._poller.renewer.renewed(info)
        return own_tokens.renewed(self.workspace, info, self._send)

    def _send(self, request: Request) -> HttpAnswer:
        return self.http.request(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            timeout_s=own_tokens.TIMEOUT_S,
        )

    def world(self, claim: Claim) -> World:
        """What the node of this job may touch."""

        def record(
            operation: str, table: str, key: str, value: dict[str, object], step_key: str
        ) -> RecordAnswer:
            answer: RecordAnswer = self.workspace.writer.call(
                lambda connection: records.apply(
                    connection, operation, table, key, value, step_key=step_key, instance_id=claim.instance_id,
                    now_ms=self.workspace.clock.now_ms(), node=claim.node,
                )
            )  # fmt: skip
            return answer

        def operate(
            operation: str, table: str, arguments: Mapping[str, Any], step_key: str
        ) -> TableAnswer:
            who = records.Who("engine", "", claim.instance_id, claim.node, step_key)
            if operation in record_steps.READS:
                with self.workspace.read() as reading:
                    now_ms = self.workspace.clock.now_ms()
                    return record_steps.perform(reading, operation, table, arguments, who, now_ms)
            answer: TableAnswer = self.workspace.writer.call(
                lambda connection: (
                    public_pages.make(self.workspace, connection, table, arguments, who)
                    if operation == "page"
                    else record_steps.perform(
                        connection, operation, table, arguments, who, self.workspace.clock.now_ms()
                    )
                )
            )
            return answer

        open_, renew = self.open_connection, self.renew_connection
        folder = getattr(self.workspace.settings, "sqlite_folder", None)
        return WorkerWorld(open_, record, self.http, operate, renew, folder)  # type: ignore[arg-type]

    def alive(self) -> dict[str, bool]:
        """Which of the threads live; all of them, unless something went wrong that nothing foresaw."""
        return {thread.name: thread.is_alive() for thread in self._threads}

    def look_now(self, limit_s: float) -> None:
        """What a nudge asks for: every thread looks until it finds nothing to begin. Returns then, or after `limit_s`."""
        wakeup = self.workspace.wakeup
        wakeup.hint(*HINTS)
        wanted = {hint: wakeup.seen(hint) for hint in HINTS}

        def all_looked() -> bool:
            return self._stopping.is_set() or all(
                self._looked.get(hint, 0) >= mark for hint, mark in wanted.items()
            )

        with self._looking:
            self._looking.wait_for(all_looked, limit_s)

    def _loop(self, hint: str, look: Callable[[], _Looked]) -> None:
        wakeup = self.workspace.wakeup
        seen = wakeup.seen(hint)
        longest_s = REST_MIN_S
        while not self._stopping.is_set():
            try:
                looked = look()
            except Exception:
                if self._stopping.is_set():
                    break
                log.exception("%s: the thread goes on", hint)
                self._stopping.wait(FAILED_PAUSE_S)
                continue
            with self._looking:
                self._looked[hint] = seen
                self._looking.notify_all()
            longest_s = REST_MIN_S if looked.found else min(2 * longest_s, POLL_S)
            rest_s = longest_s if wakeup.shared else POLL_S
            before, seen = seen, wakeup.wait(hint, seen, min(looked.due_s, rest_s))
            if seen != before:
                longest_s = REST_MIN_S
        with self._looking:
            self._looking.notify_all()

    def _drain(self) -> _Looked:
        return _Looked(drain.drain_all(self.workspace) > 0)

    def _jobs(self) -> _Looked:
        self._runner.beat()
        room = self._runner.free()
        while self._runner.step():
            pass
        left = self._runner.free()
        if left <= 0:
            return _Looked(True)
        with self.workspace.read() as connection:
            due_at = self._runner.due_at(connection)
        return _Looked(left < room, self._until(due_at))

    def _timers(self) -> _Looked:
        fired = timers.fire_due(self.workspace) + timers.fire_schedules(self.workspace)
        if fired >= timers.DUE_MAX:  # perhaps not all of it, so that schedules get their turn
            return _Looked(True, 0)
        if fired:  # where many come due, some of them at a time: a group costs a transaction however small it is
            return _Looked(True, TIMERS_REST_S)
        return _Looked(False, self._until(timers.next_due_at(self.workspace)))

    def _ask(self, request: Request) -> HttpAnswer:
        return self.http.request(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            timeout_s=PULL_TIMEOUT_S,
        )

    def _poll(self) -> _Looked:
        done = self._poller.look(self._pulling.run)
        if done:
            return _Looked(True, 0)
        return _Looked(False, self._until(self._poller.due_ms()))

    def _outbox(self, channel: str) -> _Looked:
        found = False
        while not self._stopping.is_set():
            if not relay.send_due(self.workspace, self.open_connection, self.http, channel=channel):
                break
            found = True
        return _Looked(found)

    def _sweep(self) -> None:
        while not self._stopping.wait(SWEEP_S):
            try:
                self._sweeper.sweep()
                versions.look(self.workspace)
            except Exception:
                if not self._stopping.is_set():
                    log.exception("sweeper: the thread goes on")

    def _keep(self) -> None:
        pause_s = LOOK_S
        while not self._stopping.wait(pause_s):
            try:
                pause_s = self._keeper.look()
            except Exception:
                pause_s = FAILED_PAUSE_S
                if not self._stopping.is_set():
                    log.exception("keeper: the thread goes on")

    def _until(self, due_at: int | None) -> float:
        """Seconds until then. What was due a while ago and was not taken is not for us: no hurry."""
        if due_at is None:
            return POLL_S
        left_s = (due_at - self.workspace.clock.now_ms()) / 1000
        if left_s <= 0:
            return REST_MIN_S if left_s > -POLL_S else POLL_S
        return min(POLL_S, max(0.002, left_s))
