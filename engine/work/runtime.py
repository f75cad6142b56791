"""The engine's threads in one process: advance, jobs, timers and schedules, outbox. Hints wake them; each also looks by itself."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable

from headrace.engine.node import ConnectionInfo, RecordAnswer, World
from headrace.engine.service import connections
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import jobs as job_store
from headrace.engine.store import records
from headrace.engine.store.jobs import Claim
from headrace.engine.work import drain, jobs, relay, timers
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.world import WorkerWorld

log = logging.getLogger(__name__)

POLL_S = 1.0
"""How often each thread looks without a hint: the most that a lost hint costs."""

SWEEP_MS = 2_000
"""How often leases of silent workers are looked for."""

FAILED_PAUSE_S = 1.0
"""After an unexpected error a thread waits this long, so that a broken database does not fill the log."""


class Runtime:
    """Start it once a process; `stop` finishes what is running."""

    def __init__(
        self, workspace: Workspace, *, job_threads: int = 16, owner: str | None = None
    ) -> None:
        self.workspace = workspace
        allow = getattr(workspace.settings, "allow_addresses", ())
        self.http = GuardedHttp(AddressGuard(allow))
        self._runner = jobs.JobRunner(
            workspace, self.world, owner or f"{os.getpid()}-{os.urandom(4).hex()}", job_threads
        )
        self._stopping = threading.Event()
        self._swept_at = 0
        self._threads = [
            threading.Thread(target=self._loop, args=args, name=f"headrace-{args[0]}", daemon=True)
            for args in (
                ("ready", self._drain),
                ("jobs", self._jobs),
                ("timers", self._timers),
                ("outbox", self._outbox),
            )
        ]

    def start(self) -> None:
        """Begin; what an earlier process left is found by looking, there is no recovery of its own."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads, then the jobs that run."""
        self._stopping.set()
        self.workspace.wakeup.hint("ready", "jobs", "timers", "outbox")
        for thread in self._threads:
            thread.join()
        self._runner.close()

    def open_connection(self, key: str) -> ConnectionInfo:
        """A connection with its secrets, for a worker."""
        return connections.open_connection(self.workspace, key)

    def world(self, claim: Claim) -> World:
        """What the node of this job may touch."""

        def record(
            operation: str, table: str, key: str, value: dict[str, object], step_key: str
        ) -> RecordAnswer:
            answer: RecordAnswer = self.workspace.writer.call(
                lambda connection: records.apply(
                    connection, operation, table, key, value, step_key=step_key, instance_id=claim.instance_id,
                    now_ms=self.workspace.clock.now_ms(),
                )
            )  # fmt: skip
            return answer

        return WorkerWorld(self.open_connection, record, self.http)  # type: ignore[arg-type]

    def _loop(self, hint: str, work: Callable[[], float]) -> None:
        seen = self.workspace.wakeup.seen(hint)
        while not self._stopping.is_set():
            try:
                pause_s = work()
            except Exception:
                if self._stopping.is_set():
                    return
                log.exception("%s: the thread goes on", hint)
                self._stopping.wait(FAILED_PAUSE_S)
                continue
            seen = self.workspace.wakeup.wait(hint, seen, pause_s)

    def _drain(self) -> float:
        drain.drain_all(self.workspace)
        return POLL_S

    def _jobs(self) -> float:
        now_ms = self.workspace.clock.now_ms()
        self._runner.beat()
        if now_ms - self._swept_at >= SWEEP_MS:
            self._swept_at = now_ms
            jobs.reclaim(self.workspace)
        while self._runner.step():
            pass
        if self._runner.free() <= 0:
            return POLL_S
        with self.workspace.read() as connection:
            due_at = job_store.next_available_at(connection)
        return POLL_S if due_at is None else self._until(due_at)

    def _timers(self) -> float:
        fired = timers.fire_due(self.workspace) + timers.fire_schedules(self.workspace)
        due_at = timers.next_due_at(self.workspace)
        if due_at is None or (not fired and due_at <= self.workspace.clock.now_ms()):
            return POLL_S  # nothing waits, or what is due cannot be fired: look again, not at once
        return self._until(due_at)

    def _outbox(self) -> float:
        while not self._stopping.is_set():
            if not relay.send_due(self.workspace, self.open_connection, self.http):
                break
        return POLL_S

    def _until(self, due_at: int) -> float:
        return min(POLL_S, max(0.002, (due_at - self.workspace.clock.now_ms()) / 1000))
