"""kill -9 at any moment: everything ends, nothing is lost, nothing is done twice."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.crash.scene import FULL, Watch, dice, kill, kill_all, ledger, rest, run

pytestmark = pytest.mark.slow

CASES, KILLS = (300, 10) if FULL else (40, 3)
LEFT_S = 240 if FULL else 60


@pytest.fixture
def seed() -> int:
    return time.time_ns() % 1_000_000


@pytest.fixture(autouse=True)
def nobody_is_left() -> Iterator[None]:
    yield
    kill_all()


@pytest.fixture
def bank(seed: int) -> Iterator[int]:
    with ledger(seed) as port:
        yield port


def test_an_engine_killed_at_random_moments_ends_everything_once(
    database_url: str, bank: int, seed: int
) -> None:
    moments = dice(seed)
    watch = Watch(database_url, CASES)
    kills = 0
    while kills < KILLS and watch.open_instances():
        engine = run("tests.crash.engine", database_url, str(bank), str(CASES))
        assert engine.stdout
        engine.stdout.readline()
        rest(moments.uniform(0.05, 2.5 if FULL else 1.0))
        kill(engine)
        kills += 1
    assert kills == KILLS or not FULL, "expected something under way at every kill"

    engine = run("tests.crash.engine", database_url, str(bank), str(CASES))
    watch.wait_for_all(engine, LEFT_S)
    kill(engine)

    print({"kills": kills, **watch.promises(bank)})


def test_an_engine_that_dies_in_the_middle_of_a_commit_ends_everything_once(
    sqlite_url: str, bank: int, seed: int
) -> None:
    moments = dice(seed)
    cases, rounds = (40, 5) if FULL else (12, 1)
    watch = Watch(sqlite_url, cases)
    for point in ("begin", "before-commit", "after-commit") * rounds:
        number = str(moments.randint(2, 40))
        engine = run("tests.crash.engine", sqlite_url, str(bank), str(cases), point, number)
        engine.wait(30)
        kill(engine)

    engine = run("tests.crash.engine", sqlite_url, str(bank), str(cases))
    watch.wait_for_all(engine, LEFT_S)
    kill(engine)

    print({"deaths": 3 * rounds, **watch.promises(bank)})


def test_two_engines_on_one_database_do_everything_once(
    postgresql_url: str, bank: int, seed: int
) -> None:
    moments = dice(seed)
    cases, kills = (200, 10) if FULL else (40, 1)
    watch = Watch(postgresql_url, cases)
    arguments = ("tests.crash.engine", postgresql_url, str(bank), str(cases))
    engines = [run(*arguments), run(*arguments)]
    for _ in range(kills):
        rest(moments.uniform(1.0, 2.5))
        victim = moments.randrange(2)
        kill(engines[victim])
        engines[victim] = run(*arguments)

    watch.wait_for_all(engines[0], LEFT_S)
    for engine in engines:
        kill(engine)

    print({"kills": kills, **watch.promises(bank)})
