"""Start processes, kill them, start them again, and look at what is left."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine.store import invariant
from headrace.engine.store import tables as t
from headrace.engine.store.session import open_database
from tests.crash.flows import expected_effects, expected_instances
from tests.fakes import unlike_history

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("HEADRACE_CRASH") == "full"
"""`make crash`: as many instances and kills as we promise; else a short version of the same."""


@contextmanager
def ledger(seed: int) -> Iterator[int]:
    """The bank; answers its port."""
    process = run("tests.crash.ledger", str(seed))
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        kill(process)


ALIVE: set[subprocess.Popen[str]] = set()
"""What was started and not yet killed: a test that fails leaves nobody behind."""


def run(module: str, *arguments: str, stdin: int | None = None) -> subprocess.Popen[str]:
    """A process of its own session, so that a kill hits it and nobody else; it dies with us."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=_die_with_parent,
    )
    ALIVE.add(process)
    return process


def kill(process: subprocess.Popen[str]) -> None:
    """kill -9, and wait until it is gone."""
    process.kill()
    process.wait()
    ALIVE.discard(process)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def kill_all() -> None:
    """Whoever is left."""
    for process in list(ALIVE):
        kill(process)


def _die_with_parent() -> None:
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Watch:
    """Looks at the database from outside, as `headrace check` does."""

    def __init__(self, url: str, cases: int) -> None:
        self.url, self.cases = url, cases
        self.database = open_database(url)

    def open_instances(self) -> int:
        """How many have not ended, counting those not yet started."""
        ended = t.instances.c.status.in_(("completed", "cancelled"))
        with self.database.connect() as connection:
            try:
                done: int = connection.execute(sa.select(sa.func.count()).where(ended)).scalar_one()
            except sa.exc.DatabaseError:
                return expected_instances(self.cases)  # not even migrated yet
        return expected_instances(self.cases) - done

    def wait_for_all(
        self, process: subprocess.Popen[str], timeout_s: float, may_end: tuple[str, ...] = ()
    ) -> None:
        """Until every instance has ended. `may_end`: how to start the engine again should it have ended (its starter has no
        second try of its own); its work must not depend on that."""
        deadline = time.monotonic() + timeout_s
        while left := self.open_instances():
            if process.poll() is not None and may_end:
                process = run(*may_end)
            assert process.poll() is None, "the engine ended by itself"
            assert time.monotonic() < deadline, f"{left} instances still open: {self.stuck()}"
            rest(0.2)

    def stuck(self) -> Any:
        query = sa.select(
            t.instances.c.id, t.instances.c.flow_key, t.instances.c.status, t.instances.c.state
        )
        with self.database.connect() as connection:
            incidents = connection.execute(
                sa.select(t.incidents.c.code, t.incidents.c.message)
            ).all()
            still = connection.execute(
                query.where(t.instances.c.status.in_(invariant.OPEN)).limit(3)
            ).all()
        return incidents[:5], still

    def promises(self, ledger_port: int) -> dict[str, Any]:
        """Everything that must be so in the end; answers numbers to be shown."""
        with urllib.request.urlopen(f"http://127.0.0.1:{ledger_port}/ledger") as answer:
            told = json.load(answer)
        by_path: dict[str, int] = {}
        for name, times in told["effects"].items():
            by_path[name.split()[0]] = by_path.get(name.split()[0], 0) + times
        expected = expected_effects(self.cases)
        with self.database.connect() as connection:
            results = connection.execute(
                sa.select(t.instances.c.result, sa.func.count()).group_by(t.instances.c.result)
            ).all()
            violations = invariant.violations(connection)
            different = unlike_history(connection)
            rests = {
                table.name: connection.execute(
                    sa.select(sa.func.count()).select_from(table)
                ).scalar_one()
                for table in (t.ready, t.jobs, t.timers)
            }
            records = connection.execute(
                sa.select(sa.func.count()).select_from(t.records)
            ).scalar_one()
        self.database.dispose()
        assert {path: times for path, times in by_path.items() if times != 1} == {}, "done twice"
        assert expected - set(by_path) == set(), "lost"
        assert set(by_path) - expected == set(), "done and never asked for"
        assert [tuple(row) for row in results] == [("completed", expected_instances(self.cases))]
        assert violations == []
        assert different == []
        assert rests == {"ready": 0, "jobs": 0, "timers": 0}
        assert records == len([path for path in expected if path.startswith("/probed/refund-")])
        return {
            "instances": expected_instances(self.cases),
            "effects": len(by_path),
            "requests": told["requests"],
            "violations": 0,
            "unlike their history": 0,
        }


def rest(seconds: float) -> None:
    """Real processes take real time."""
    time.sleep(seconds)  # noqa: TID251 - nothing here can be told to hurry


def dice(seed: int) -> random.Random:
    """Said in the output, so that a failure can be tried again."""
    print(f"seed {seed}")
    return random.Random(seed)
