"""Slow, not dead; and a database that goes away and comes back: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.crash.scene import FULL, Watch, dice, kill, kill_all, ledger, rest, run
from tests.servers import restarted_postgresql

pytestmark = pytest.mark.slow

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
