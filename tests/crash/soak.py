"""Soak: mixed flows on PostgreSQL and Redis, four worker processes, one killed every few seconds. Memory flat, counts equal.

    make soak                        # 30 minutes
    make soak SOAK="--minutes 1"     # the short version

This process starts orders and does what people and shops do; `headrace work` processes do the rest. Three of them are killed in
turn, the fourth grows old, so that its memory can be looked at. In the end everything that was asked for has happened once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import redis
import sqlalchemy as sa

from headrace.engine.errors import HeadraceError
from headrace.engine.service import opening, tasks
from headrace.engine.service.messages import publish
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import invariant
from headrace.engine.store import tables as t
from tests.crash.dying import ANN, KEY, begin, furnish
from tests.crash.kinds import Kind, kinds
from tests.crash.scene import _die_with_parent, ledger
from tests.fakes import unlike_history
from tests.servers import postgresql, redis_server

WORKERS = 4
KILL_EVERY_S = (5.0, 15.0)
FLUSH_EVERY_S = 1.0
SAMPLE_EVERY_S = 15.0
GROWTH_MAX = 1.15
"""The old worker's memory in the last quarter of the time against the second: more than this is a leak."""

ROOT = Path(__file__).parents[2]


def mixed() -> dict[str, Kind]:
    """All kinds that start by being asked, each flow once."""
    found: dict[str, Kind] = {}
    for name, kind in kinds().items():
        if kind.start != "schedule" and kind not in found.values():
            found[name] = kind
    return found


class Crowd:
    """The workers."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.log = env, folder / "workers.log"
        self.alive = [self._new() for _ in range(WORKERS)]
        self.kills = 0

    def _new(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [str(Path(sys.executable).parent / "headrace"), "work", "--threads", "4"],
                env=self.env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                preexec_fn=_die_with_parent,
            )  # fmt: skip

    def kill_one(self, dice: random.Random) -> None:
        """kill -9 one of the younger ones, and start another."""
        place = dice.randrange(1, WORKERS)
        victim = self.alive[place]
        with contextlib.suppress(ProcessLookupError):
            os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        self.alive[place] = self._new()
        self.kills += 1

    def end(self) -> None:
        for process in self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def old_mb(self) -> float:
        """Resident memory of the one that is never killed."""
        assert self.alive[0].poll() is None, self.log.read_text()[-2000:]
        text = Path(f"/proc/{self.alive[0].pid}/status").read_text()
        return (
            int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1])
            / 1024
        )


def act(workspace: Workspace, waiting_for: dict[str, str]) -> None:
    """Approve what is asked, and send the messages that somebody may wait for."""
    for task in tasks.listing(workspace, ANN, limit=200)["items"]:
        with contextlib.suppress(HeadraceError):
            tasks.decide(workspace, ANN, task["id"], "approved")
    for case, name in waiting_for.items():
        with contextlib.suppress(HeadraceError):
            publish(
                workspace, ANN, name, key=case, dedup=case, payload={"case": case}, ttl_s=86_400
            )
    waiting_for.clear()


def main(minutes: float, rate: float, seed: int) -> None:
    """The whole soak; raises when something was lost, doubled, stuck or leaked."""
    logging.basicConfig(level=logging.ERROR)
    dice = random.Random(seed)
    chosen = mixed()
    with (
        postgresql() as url,
        redis_server() as redis_url,
        ledger(seed) as bank,
        tempfile.TemporaryDirectory() as folder,
    ):
        home = Path(folder)
        settings = Settings(home, url, 0, ("127.0.0.0/8",), (KEY,))
        outside = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
        env = {
            **outside, "HEADRACE_HOME": folder, "HEADRACE_DATABASE_URL": url, "HEADRACE_REDIS_URL": redis_url,
            "HEADRACE_ALLOW_ADDRESSES": "127.0.0.0/8", "HEADRACE_SECRET_KEY": KEY.decode(),
            "HEADRACE_SQLITE_FOLDER": folder,
        }  # fmt: skip
        with opening.open_workspace(settings, wait_s=5) as workspace:
            documents = [document for kind in chosen.values() for document in kind.documents]
            workspace.writer.call(partial(furnish, workspace, documents, bank))
            crowd = Crowd(env, home)
            try:
                told = soak(workspace, crowd, chosen, dice, redis_url, minutes * 60, rate)
                finish(workspace, told, crowd)
            finally:
                crowd.end()
            check(workspace, bank, chosen, told)


def soak(
    workspace: Workspace,
    crowd: Crowd,
    chosen: dict[str, Kind],
    dice: random.Random,
    redis_url: str,
    seconds: float,
    rate: float,
) -> dict[str, Any]:
    """Start, act, kill and flush until the time is over."""
    store = redis.Redis.from_url(redis_url)
    names = list(chosen)
    cases: dict[str, list[str]] = {name: [] for name in names}
    waiting_for: dict[str, str] = {}
    memory: list[float] = []
    began = time.monotonic()
    kill_at, flush_at, sample_at, number = began + dice.uniform(*KILL_EVERY_S), began, began, 0
    while (now := time.monotonic()) - began < seconds:
        while number < (now - began) * rate:
            name, case = names[number % len(names)], f"s{number:06d}"
            begin(workspace, chosen[name], name, case)
            cases[name].append(case)
            if chosen[name].message:
                waiting_for[case] = chosen[name].message
            number += 1
        act(workspace, waiting_for)
        if now >= kill_at:
            crowd.kill_one(dice)
            kill_at = now + dice.uniform(*KILL_EVERY_S)
        if now >= flush_at:
            store.flushall()
            flush_at = now + FLUSH_EVERY_S
        if now >= sample_at:
            memory.append(crowd.old_mb())
            sample_at = now + SAMPLE_EVERY_S
            if len(memory) % 8 == 1:
                print(
                    f"{now - began:6.0f} s  {number} started, {crowd.kills} kills, {memory[-1]:.0f} MB",
                    flush=True,
                )
        time.sleep(0.05)  # noqa: TID251 - real processes take real time
    return {
        "cases": cases,
        "memory": memory,
        "kills": crowd.kills,
        "started": number,
        "waiting_for": waiting_for,
    }


def finish(
    workspace: Workspace, told: dict[str, Any], crowd: Crowd, patience_s: float = 180
) -> None:
    """Until nothing is open."""
    deadline = time.monotonic() + patience_s
    still = sa.select(sa.func.count()).where(t.instances.c.status.in_(invariant.OPEN))
    rest = sa.select(sa.func.count()).select_from(t.inbox).where(t.inbox.c.applied_rev.is_(None))
    while True:
        act(workspace, told["waiting_for"])
        with workspace.read() as connection:
            left = connection.execute(still).scalar_one()
            waiting = connection.execute(rest).scalar_one()
        if not left and not waiting:
            return
        if time.monotonic() > deadline:
            with workspace.read() as connection:
                rows = connection.execute(
                    sa.select(t.instances.c.id, t.instances.c.flow_key, t.instances.c.state)
                    .where(t.instances.c.status.in_(invariant.OPEN))
                    .limit(3)
                ).all()
                incidents = connection.execute(
                    sa.select(t.incidents.c.code, t.incidents.c.message).limit(3)
                ).all()
            raise AssertionError(
                f"{left} instances still open: {rows} {incidents} {crowd.log.read_text()[-1500:]}"
            )
        time.sleep(0.2)  # noqa: TID251 - real processes take real time


def check(workspace: Workspace, bank: int, chosen: dict[str, Kind], told: dict[str, Any]) -> None:
    """Nothing lost, nothing twice, the invariant kept, memory flat."""
    with urllib.request.urlopen(f"http://127.0.0.1:{bank}/ledger") as answer:
        ledger_told = json.load(answer)
    done: Counter[str] = Counter()
    for effect, times in ledger_told["effects"].items():
        done[effect.split()[0]] += times
    wanted = {
        effect for name, cases in told["cases"].items() for case in cases for effect in chosen[name].effects(case)
    }  # fmt: skip
    instances = sum(len(cases) * chosen[name].instances for name, cases in told["cases"].items())
    with workspace.read() as connection:
        ended = dict(
            connection.execute(
                sa.select(t.instances.c.status, sa.func.count()).group_by(t.instances.c.status)
            ).all()  # type: ignore[arg-type]
        )
        violations = invariant.violations(connection)
        unlike = unlike_history(connection)
    memory = told["memory"]
    quarter = max(1, len(memory) // 4)
    before, after = sorted(memory[quarter : 2 * quarter] or memory), sorted(memory[-quarter:])
    growth = after[len(after) // 2] / before[len(before) // 2]
    result = {
        "started": told["started"], "instances": instances, "kills": told["kills"], "ended": ended,
        "effects": sum(done.values()), "lost": len(wanted - set(done)),
        "twice": sum(times > 1 for times in done.values()), "never asked for": len(set(done) - wanted),
        "violations": len(violations), "unlike their history": len(unlike),
        "memory MB": [round(mb) for mb in memory[:: max(1, len(memory) // 12)]], "growth": round(growth, 3),
    }  # fmt: skip
    print(json.dumps(result, indent=1))
    assert ended == {"completed": instances}
    assert (result["lost"], result["twice"], result["never asked for"]) == (0, 0, 0)
    assert violations == []
    assert unlike == []
    assert growth <= GROWTH_MAX


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=8, help="starts a second")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    main(**vars(parser.parse_args()))
