"""Slow, not dead; and a database that goes away and comes back: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
import redis

from tests.crash.scene import FULL, Watch, dice, kill, kill_all, ledger, rest, run
from tests.servers import free_port, restarted_postgresql

pytestmark = pytest.mark.slow
long_only = pytest.mark.skipif(
    not FULL, reason="make crash runs it; tests/machines has a short one"
)

STOPPED_S = 60.0 if FULL else 5.0
"""Longer than a lease (3 s in this engine): whoever sleeps so long has lost what it held."""
CASES, ROUNDS = (120, 5) if FULL else (24, 1)
LEFT_S = 240 if FULL else 90


@pytest.fixture
def seed() -> int:
    return time.time_ns() % 1_000_000


@pytest.fixture
def bank(seed: int) -> Iterator[int]:
    with ledger(seed) as port:
        yield port
    kill_all()


@long_only
def test_an_engine_that_sleeps_and_wakes_does_nothing_twice(
    postgresql_url: str, bank: int, seed: int
) -> None:
    """Another takes its work over; when it wakes, its answers come too late and change nothing."""
    moments = dice(seed)
    watch = Watch(postgresql_url, CASES)
    arguments = ("tests.crash.engine", postgresql_url, str(bank), str(CASES))
    engines = [run(*arguments), run(*arguments)]
    for engine in engines:
        assert engine.stdout
        engine.stdout.readline()
    rest(moments.uniform(0.2, 1.0))
    os.kill(engines[0].pid, signal.SIGSTOP)
    rest(STOPPED_S)
    os.kill(engines[0].pid, signal.SIGCONT)
    watch.wait_for_all(engines[1], LEFT_S)
    rest(1)  # what it still has to say, it says now
    for engine in engines:
        kill(engine)

    print({"stopped s": STOPPED_S, **watch.promises(bank)})


def test_an_engine_alone_that_sleeps_and_wakes_does_nothing_twice(
    sqlite_url: str, bank: int, seed: int
) -> None:
    moments = dice(seed)
    watch = Watch(sqlite_url, CASES)
    engine = run("tests.crash.engine", sqlite_url, str(bank), str(CASES))
    assert engine.stdout
    engine.stdout.readline()
    rest(moments.uniform(0.2, 1.0))
    os.kill(engine.pid, signal.SIGSTOP)
    rest(STOPPED_S)
    os.kill(engine.pid, signal.SIGCONT)
    watch.wait_for_all(engine, LEFT_S)
    kill(engine)

    print({"stopped s": STOPPED_S, **watch.promises(bank)})


def test_a_clock_that_jumps_an_hour_ahead_and_back_does_nothing_twice(
    sqlite_url: str, bank: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leases run out while their workers are at it, timers come and go: what happens twice is asked for under the same key."""
    monkeypatch.setenv("HEADRACE_CRASH_CLOCK", "jumps")
    watch = Watch(sqlite_url, CASES)
    engine = run("tests.crash.engine", sqlite_url, str(bank), str(CASES))
    watch.wait_for_all(engine, LEFT_S)
    kill(engine)

    print({"seed": seed, "jumps": 7, **watch.promises(bank)})


def two_engines(url: str, bank: int, seed: int) -> dict[str, object]:
    """Two engines on one database, one or the other killed now and then."""
    moments = dice(seed)
    watch = Watch(url, CASES)
    arguments = ("tests.crash.engine", url, str(bank), str(CASES))
    engines = [run(*arguments), run(*arguments)]
    for _ in range(ROUNDS):
        rest(moments.uniform(1.0, 2.5))
        victim = moments.randrange(2)
        kill(engines[victim])
        engines[victim] = run(*arguments)
    watch.wait_for_all(engines[0], LEFT_S)
    for engine in engines:
        kill(engine)
    return {"kills": ROUNDS, **watch.promises(bank)}


@long_only
def test_without_its_redis_nothing_is_lost_or_done_twice(
    postgresql_url: str, bank: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_CRASH_REDIS", f"redis://127.0.0.1:{free_port()}/0")

    print({"redis": "gone", **two_engines(postgresql_url, bank, seed)})


@long_only
def test_with_a_redis_that_forgets_everything_nothing_is_lost_or_done_twice(
    postgresql_url: str, redis_url: str, bank: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADRACE_CRASH_REDIS", redis_url)
    store = redis.Redis.from_url(redis_url)
    stop = threading.Event()

    def forget() -> None:
        while not stop.wait(1):
            store.flushall()

    forgetting = threading.Thread(target=forget)
    forgetting.start()
    try:
        print({"redis": "flushed", **two_engines(postgresql_url, bank, seed)})
    finally:
        stop.set()
        forgetting.join()


def test_a_database_restarted_during_recovery_strands_nothing(bank: int, seed: int) -> None:
    """The engine is killed; while the next one finds what was left, PostgreSQL crashes and comes back, again and again."""
    moments = dice(seed)
    with restarted_postgresql() as server:
        watch = Watch(server.url, CASES)
        arguments = ("tests.crash.engine", server.url, str(bank), str(CASES))
        engine = run(*arguments)
        assert engine.stdout
        engine.stdout.readline()
        rest(moments.uniform(0.5, 1.5))
        for number in range(ROUNDS):
            kill(engine)
            engine = run(*arguments)
            assert engine.stdout
            engine.stdout.readline()
            rest(moments.uniform(0.05, 0.8))
            server.stop(signal.SIGQUIT if number % 2 == 0 else signal.SIGINT)
            rest(moments.uniform(0.1, 2.0))
            server.start()
            rest(moments.uniform(0.2, 1.0))
        watch.wait_for_all(engine, LEFT_S, may_end=arguments)
        print({"restarts": ROUNDS, **watch.promises(bank)})
