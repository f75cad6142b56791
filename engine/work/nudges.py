"""Hints across processes: RQ wakes workers, Redis pub/sub wakes live screens. Nothing depends on either.

A nudge is the RQ job `drain(shard)`: it carries no data, may be lost, doubled or late, and says only "look now". Redis gone or
flushed costs the time until the next look of the workers (`LOOK_S`), and is counted (`nudge_errors_total`), never raised.
RQ's scheduler, retries and dependencies are not used: what must happen stands in the database.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker, get_current_job
from rq.exceptions import DuplicateJobError, StopRequested
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty
from rq.worker_registration import register

from headrace.engine.counters import Counters
from headrace.engine.wakeup import HINTS, Wakeup

log = logging.getLogger(__name__)

QUEUE = "headrace"
"""The RQ queue of workers that do every kind of job; `headrace-http-mail` is that of workers for two kinds."""

CHANNEL = "headrace:hints"
"""Pub/sub: names of hints with a comma between."""

WORKERS = "headrace:queues"
"""A sorted set: RQ queue → when a worker on it was last seen."""

SHARDS = 4
"""Nudges that may wait in a queue at once: enough to wake several workers, and a bound on what Redis holds."""

REDIS_TIMEOUT_S = 0.2
PAUSE_S = 0.05
"""Commits within this time share a nudge: a worker that has just found something looks again by then anyhow."""
BROKEN_PAUSE_S = 1.0
"""A Redis that did not answer is left alone for so long."""
SEEN_EVERY_S = 5.0
SEEN_FOR_S = 30.0
"""A queue whose workers were not seen for so long gets no more nudges."""
DRAIN_S = 5.0
"""The longest that one nudge keeps a worker's listener; the work itself is done by the runtime's threads."""
JOB_TIMEOUT_S = 10
NUDGE_TTL_S = 10
"""A nudge nobody took by then is forgotten: also one whose worker was killed with it."""
LISTENER_TTL_S = 30

Drain = Callable[[float], None]

_drain: Drain | None = None
"""Of this process: RQ calls a function by its name, not an object."""


def queue_name(queues: Collection[str] | None) -> str:
    """The RQ queue of workers for these kinds of jobs; None is all kinds."""
    return QUEUE if queues is None else "-".join([QUEUE, *sorted(queues)])


def drain(shard: int) -> None:
    """What a nudge does: look for work until there is none, or for `DRAIN_S`."""
    del shard  # tells nudges apart, so that each may wait once
    job = get_current_job()
    if (
        job is not None
    ):  # RQ has taken its end from it; should we be killed now, nobody may be mute for long
        job.connection.expire(job.key, NUDGE_TTL_S)
    if _drain is not None:
        _drain(DRAIN_S)


def connect(url: str, timeout_s: float | None = REDIS_TIMEOUT_S) -> Redis:
    """A Redis that fails at once rather than trying again: the next hint is the next try."""
    return Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=REDIS_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
    )


class Nudger:
    """Publishes what commits have for other processes, in a thread of its own: a dead Redis slows nobody.

    `carried` are the hints for which workers elsewhere are nudged; a process that does this work itself leaves them out.
    """

    def __init__(self, url: str, counters: Counters, carried: Collection[str] = HINTS) -> None:
        self._redis = connect(url)
        self._counters = counters
        self._carried = frozenset(carried)
        self._names: set[str] = set()
        self._something = threading.Condition()
        self._stopping = False
        self._queues: list[str] = [QUEUE]
        self._queues_until = 0.0
        self._turn = 0
        self._thread = threading.Thread(target=self._loop, name="headrace-nudger", daemon=True)

    def start(self) -> None:
        """Begin to publish."""
        self._thread.start()

    def carry(self, names: frozenset[str]) -> None:
        """The carrier of `Wakeup`: remembers, and returns at once."""
        with self._something:
            self._names |= names
            self._something.notify()

    def stop(self) -> None:
        """What was not published is found by looking."""
        with self._something:
            self._stopping = True
            self._something.notify()
        self._thread.join()
        self._redis.close()

    def _loop(self) -> None:
        while True:
            with self._something:
                self._something.wait_for(lambda: self._names or self._stopping)
                if self._stopping:
                    return
                names, self._names = self._names, set()
            pause_s = PAUSE_S
            try:
                self._publish(names)
            except (RedisError, OSError) as trouble:
                self._counters.add("nudge_errors_total")
                log.debug("a nudge was lost: %s", trouble)
                pause_s = BROKEN_PAUSE_S
            except Exception:
                self._counters.add("nudge_errors_total")
                log.exception("a nudge was lost")
                pause_s = BROKEN_PAUSE_S
            with self._something:
                self._something.wait_for(lambda: self._stopping, pause_s)

    def _publish(self, names: set[str]) -> None:
        if names & self._carried:
            self._turn = (self._turn + 1) % SHARDS
            for name in self._live_queues():
                self._nudge(name, self._turn)
        if "history" in names:
            self._redis.publish(CHANNEL, "history")

    def _nudge(self, name: str, shard: int) -> None:
        queue = Queue(name, connection=self._redis, serializer=JSONSerializer)
        try:
            queue.enqueue(
                drain,
                args=(shard,),
                job_id=f"drain-{name}-{shard}",
                unique=True,
                ttl=NUDGE_TTL_S,
                result_ttl=0,
                failure_ttl=0,
                job_timeout=JOB_TIMEOUT_S,
            )
        except DuplicateJobError:
            return  # somebody has been told, and has not begun to look
        self._counters.add("nudges_total")

    def _live_queues(self) -> list[str]:
        now = time.time()
        if now >= self._queues_until:
            found: Any = self._redis.zrangebyscore(WORKERS, now - SEEN_FOR_S, "+inf")
            self._queues = [name.decode() for name in found] or [QUEUE]
            self._queues_until = now + 1
        return self._queues


class Echo:
    """Hears the hints of other processes' commits (`history`, for live screens) and repeats them here."""

    def __init__(self, url: str, wakeup: Wakeup) -> None:
        self._url, self._wakeup = url, wakeup
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="headrace-echo", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Hear no more."""
        self._stopping.set()
        self._thread.join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url) as redis, redis.pubsub() as channel:
                    channel.subscribe(CHANNEL)
                    self._hear(channel)
            except (RedisError, OSError):
                self._stopping.wait(BROKEN_PAUSE_S)

    def _hear(self, channel: Any) -> None:
        while not self._stopping.is_set():
            said = channel.get_message(ignore_subscribe_messages=True, timeout=0.5)
            if said is not None:
                self._wakeup.hint(*said["data"].decode().split(","))


class _Worker(SimpleWorker):
    """RQ's worker in a thread beside the runtime's."""

    death_penalty_class = TimerDeathPenalty  # the other kind needs the main thread
    max_connection_wait_time = 2.0  # seconds; RQ's own is a minute

    def _install_signal_handlers(self) -> None:
        """The process has its own."""

    def subscribe(self) -> None:
        """No commands through Redis: a nudge is all that may come from there."""

    def unsubscribe(self) -> None:
        """See `subscribe`."""

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """RQ asks for a stop between nudges only; this comes also while there are none."""
        if self._stop_requested:
            raise StopRequested
        super().heartbeat(timeout, pipeline)


class Listener:
    """An RQ worker on one queue; it does what a nudge says, and works again by itself when Redis is back.

    One queue, because RQ then moves a nudge with BLMOVE; with several it would pop it, and a killed worker would take it along.
    """

    def __init__(self, url: str, name: str, wanted: Drain) -> None:
        self._url, self._name = url, name
        self._wanted = wanted
        self._stopping = threading.Event()
        self._worker: _Worker | None = None
        self._threads = [
            threading.Thread(target=self._loop, name="headrace-nudged", daemon=True),
            threading.Thread(target=self._be_seen, name="headrace-seen", daemon=True),
        ]

    def start(self) -> None:
        """Begin to listen; there is one listener a process."""
        global _drain
        _drain = self._wanted
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Listen no more; a nudge that comes now is somebody else's."""
        self._stopping.set()
        worker = self._worker
        if worker is not None:
            worker._stop_requested = True
            worker.connection.connection_pool.disconnect()  # ends its waiting
            try:
                with connect(self._url) as redis:
                    worker.connection = redis
                    worker.register_death()  # type: ignore[no-untyped-call]
            except Exception:  # noqa: BLE001 - RQ forgets it by itself
                log.debug("the worker's end could not be told to Redis")
        self._threads[1].join()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._url, timeout_s=None) as redis:
                    queue = Queue(self._name, connection=redis, serializer=JSONSerializer)
                    self._worker = _Worker(
                        [queue],
                        connection=redis,
                        serializer=JSONSerializer,
                        worker_ttl=LISTENER_TTL_S,
                        default_result_ttl=0,
                        log_job_description=False,
                    )
                    self._worker.work(logging_level="CRITICAL", with_scheduler=False)
            except Exception as trouble:  # noqa: BLE001 - whatever it was, the runtime looks by itself
                log.debug("no nudges: %s", trouble)
            self._stopping.wait(BROKEN_PAUSE_S)

    def _be_seen(self) -> None:
        pause_s = 0.0
        while not self._stopping.wait(pause_s):
            try:
                with connect(self._url) as redis:
                    redis.zadd(WORKERS, {self._name: time.time()})
                    if self._worker is not None:  # RQ says it once, and Redis may have been emptied
                        register(self._worker, pipeline=redis)
                pause_s = SEEN_EVERY_S
            except (RedisError, OSError) as trouble:
                log.debug("not seen: %s", trouble)
                pause_s = BROKEN_PAUSE_S
