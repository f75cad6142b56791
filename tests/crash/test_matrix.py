"""SIGKILL around commits and calls of a flow, for every node type: nothing is lost, nothing is done twice.

`make crash` goes through all types and points on both databases and prints the matrix; else a few are drawn by lot on SQLite.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.registry import node_types
from headrace.engine.store import invariant
from headrace.engine.store import tables as t
from headrace.engine.store.session import open_database
from tests.crash.dying import POINTS
from tests.crash.kinds import OPERATIONS, STOCK_OF_S1, kinds
from tests.crash.scene import FULL, dice, kill, kill_all, ledger, run
from tests.fakes import unlike_history

pytestmark = pytest.mark.slow

KINDS = kinds()
EACH = 8
"""Deaths of a kind at a point in the long version, on each database."""

SHORT = 3
"""Kinds in the short version, drawn by lot; each dies once at every point."""


class Engines:
    """Makes engine processes that die."""

    def __init__(self) -> None:
        self.parent = run("tests.crash.dying", stdin=subprocess.PIPE)

    def live(self, **request: Any) -> dict[str, Any]:
        """One life; what is told of its end."""
        assert self.parent.stdin
        assert self.parent.stdout
        self.parent.stdin.write(json.dumps(request) + "\n")
        self.parent.stdin.flush()
        answer: dict[str, Any] = json.loads(self.parent.stdout.readline())
        assert "broken" not in answer, answer
        return answer


@pytest.fixture
def engines() -> Iterator[Engines]:
    found = Engines()
    yield found
    kill(found.parent)
    kill_all()


@pytest.fixture
def seed() -> int:
    return time.time_ns() % 1_000_000


def test_every_node_type_is_tried() -> None:
    # What is unfinished is never published.
    tried = {name for name, node_type in node_types().items() if not node_type.unfinished}
    assert set(KINDS) - OPERATIONS == tried


def test_every_kind_ends_when_nobody_dies(
    sqlite_url: str, tmp_path: Path, engines: Engines, seed: int
) -> None:
    names = different()
    with ledger(seed) as bank:
        told = engines.live(
            url=sqlite_url, home=str(tmp_path), port=bank, kinds=names, cases=["c000"], point="", number=0, timeout_s=120
        )  # fmt: skip
        assert told["exit"] == 0, told
        check(sqlite_url, bank, names, ["c000"])


def different() -> list[str]:
    """Kinds that share a flow are tried once."""
    return [
        name
        for place, name in enumerate(KINDS)
        if KINDS[name] not in [KINDS[other] for other in list(KINDS)[:place]]
    ]


def chosen() -> list[str]:
    """What is killed: everything, or a few drawn by lot."""
    return (
        different()
        if FULL
        else dice(int(os.environ["HEADRACE_TEST_LOT"])).sample(different(), SHORT)
    )


@pytest.mark.parametrize("name", chosen())
def test_killed_at_every_commit_and_call(
    name: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    engines: Engines,
    seed: int,
) -> None:
    for database in ("sqlite", "postgresql") if FULL else ("sqlite",):
        url = str(request.getfixturevalue(f"{database}_url"))
        with ledger(seed) as bank:
            home = tmp_path / database
            home.mkdir()
            told = matrix(engines, name, url, home, bank, seed)
        print(f"{name:14} {database:10} {told}")


def numbers(most: int, lots: random.Random) -> list[int]:
    """Which of so many commits or calls are the last: by lot, the first and the last always."""
    chosen = (
        {1, most, *(lots.randint(1, most) for _ in range(EACH))}
        if FULL
        else {lots.randint(1, most)}
    )
    return sorted(chosen)


def matrix(
    engines: Engines, name: str, url: str, home: Path, bank: int, seed: int
) -> dict[str, int]:
    """Die at every point of every commit and call that one case needs, a new case each time; then end them all."""
    kind = KINDS[name]
    lots = dice(seed)
    common = {"url": url, "home": str(home), "port": bank, "kinds": [name]}

    def case_of(number: int) -> str:
        return "c000" if kind.start == "schedule" else f"c{number:03d}"

    cases = [case_of(0)]
    first = engines.live(**common, cases=cases, point="", number=0, timeout_s=60)
    assert first["exit"] == 0, first
    most = {"call": first["calls"], "commit": first["commits"]}
    deaths = [
        (point, number)
        for point in POINTS
        for number in numbers(most["call" if point.endswith("call") else "commit"], lots)
    ]
    killed = 0
    for place, (point, number) in enumerate(deaths, 1):
        if kind.start != "schedule":
            cases.append(case_of(place))
        end = engines.live(**common, cases=cases, point=point, number=number, timeout_s=60)
        assert end["exit"] in {-9, 0}, (point, number, end)
        killed += end["exit"] == -9
    last = engines.live(**common, cases=cases, point="", number=0, timeout_s=120)
    assert last["exit"] == 0, last
    check(url, bank, [name], cases)
    return {"kills": killed, "cases": len(cases), "lost": 0, "twice": 0}


def check(url: str, bank: int, names: list[str], cases: list[str]) -> None:
    """Every call that must have happened did, once; every instance has ended; the store keeps its promise."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bank}/ledger") as answer:
        told = json.load(answer)["effects"]
    done: dict[str, int] = {}
    for effect, times in told.items():
        path = effect.split()[0]
        done[path] = done.get(path, 0) + times
    wanted = set().union(*(KINDS[name].effects(case) for name in names for case in cases))
    assert {path for path in wanted if path not in done} == set(), "lost"
    assert {path: times for path, times in done.items() if times != 1} == {}, "done twice"
    assert set(done) - wanted == set(), "done and never asked for"
    takes, gives_back = (
        len(cases) * sum(getattr(KINDS[name], what) for name in names)
        for what in ("takes", "gives_back")
    )
    database = open_database(url)
    with database.connect() as connection:
        results = dict(
            connection.execute(
                sa.select(t.instances.c.status, sa.func.count()).group_by(t.instances.c.status)
            ).all()  # type: ignore[arg-type]
        )
        assert results == {"completed": len(cases) * sum(KINDS[name].instances for name in names)}
        assert stock(connection) == (STOCK_OF_S1 - takes, {"held": takes, "released": gives_back})
        assert invariant.violations(connection) == []
        assert unlike_history(connection) == []
    database.dispose()


def stock(connection: sa.Connection) -> tuple[int, dict[str, int]]:
    """What is left of `s1`, and how many pieces are noted as held and as given back."""
    rows = connection.execute(
        sa.select(t.data_tables.c.key, t.records.c.value)
        .join_from(t.records, t.data_tables, t.data_tables.c.no == t.records.c.table_no)
        .where(t.data_tables.c.key.in_(("stock", "holds")))
    ).all()
    (left,) = (row.value["on_hand"] for row in rows if row.key == "stock")
    states = [row.value["state"] for row in rows if row.key == "holds"]
    return left, {state: states.count(state) for state in ("held", "released")}
