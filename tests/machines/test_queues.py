"""A worker for some kinds of jobs leaves the others alone, and does everything else."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from cryptography.fernet import Fernet

from headrace.engine.clock import SystemClock
from headrace.engine.service.secrets import seal
from headrace.engine.settings import Settings
from headrace.engine.store import tables as t
from headrace.engine.work.runtime import Runtime
from tests.builder import flow
from tests.fakes import House
from tests.far_side import far_side, says
from tests.machines.processes import until


def test_a_worker_does_only_the_kinds_it_was_given(migrated_url: str) -> None:
    house = House(migrated_url, clock=SystemClock())
    key = Fernet.generate_key()
    house.workspace.settings = Settings(Path(), migrated_url, 0, ("127.0.0.0/8",), (key,))
    house.workspace.secret_key = key
    house.publish(flow("child").then("pay", "connector").then("done", "end"))
    house.publish(flow("order").then("sub", "subflow", flow="child").then("done", "end"))
    with far_side(says(200, "{}")) as bank:
        row = {
            "key": "bank", "name": "Bank", "connector": "rest", "settings": {"base_url": bank.url, "auth": "none"},
            "secrets": seal(house.workspace, {}), "created_at": 0, "updated_at": 0, "updated_by": "x",
        }  # fmt: skip
        house.write(lambda c: c.execute(t.connections.insert().values(**row)))
        id_ = house.start("order")

        mail = Runtime(house.workspace, queues=("mail",))
        mail.start()
        until(lambda: house.rows(sa.select(t.jobs.c.queue, t.jobs.c.status)) == [("http", "ready")])
        mail.look_now(10)
        mail.look_now(10)
        mail.stop()
        # The sub-flow was begun, which any worker does; its call was left for others.
        assert bank.seen == []

        http = Runtime(house.workspace, queues=("http", "other"))
        http.start()
        until(lambda: house.status(id_) == "completed")
        http.stop()
        assert len(bank.seen) == 1
    assert house.violations() == []
    house.close()
