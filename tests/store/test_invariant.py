"""The invariant sees what hangs: each kind of damage, done by hand, is found."""

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.store import tables as t
from headrace.engine.work.timers import fire_due
from tests.builder import flow
from tests.fakes import NOON, House, ScriptedWorld, settle


@pytest.fixture
def busy(migrated_sqlite_url: str) -> Any:
    """A house with a task, a timer, a job, an incident and a sub-flow that are open."""
    house = House(migrated_sqlite_url)
    house.publish(flow("child").then("wait", "timer", duration="PT1H").then("done", "end"))
    house.publish(
        flow("all").then("fork", "split").then("ask", "approval").then("done", "end").at("ask", "rejected").to("done")
        .at("fork").then("wait", "timer", duration="PT1H").to("done")
        .at("fork").then("sub", "subflow", flow="child").to("done")
        .at("fork").then("bad", "connector", attempts=1).to("done")
        .at("fork").then("later", "timer", duration="PT1S").then("pay", "connector").to("done")
    )  # fmt: skip
    house.start("all")
    settle(house, ScriptedWorld(400))
    house.later(s=1)
    fire_due(house.workspace)
    assert house.violations() == []
    yield house
    house.close()


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        (t.tasks.delete(), "an open step has the row that will end it"),
        (t.timers.delete(), "an open step has the row that will end it"),
        (t.jobs.delete().where(t.jobs.c.status == "ready"), "an open step has the row that will end it"),
        (t.jobs.update().values(status="incident"), "an open step has the row that will end it"),
        (t.incidents.delete(), "an open step has the row that will end it"),
        (
            t.instances.delete().where(t.instances.c.parent_id.is_not(None)),
            "an open step has the row that will end it",
        ),
        (t.instances.update().values(status="completed"), "jobs belong to open instances"),
        (
            t.inbox.insert().values(instance_id="ins_x", kind="Cancel", payload="[]", created_at=NOON),
            "a wish in the inbox makes its instance ready",
        ),
        (
            t.timers.insert().values(id="x.9.due", instance_id="x", step=9, name="due", due_at=NOON),
            "timers belong to open instances",
        ),
        (t.instances.update().values(state=sa.func.replace(t.instances.c.state, '"ask"', '"ask"')), None),  # no damage
    ],
)  # fmt: skip
def test_every_kind_of_damage_is_found(busy: House, damage: Any, rule: str | None) -> None:
    busy.write(lambda connection: connection.execute(damage))

    found = {violation.rule for violation in busy.violations()}

    assert (rule in found) if rule else not found


def test_an_instance_that_nothing_will_move_is_found(busy: House) -> None:
    def forget(connection: sa.Connection) -> None:
        for table in (t.tasks, t.timers, t.jobs, t.incidents, t.ready):
            connection.execute(table.delete())
        connection.execute(t.instances.delete().where(t.instances.c.parent_id.is_not(None)))

    busy.write(forget)

    assert "an open instance has something that will move it" in {
        found.rule for found in busy.violations()
    }


def test_a_row_whose_step_is_over_is_found(busy: House) -> None:
    (instance,) = busy.rows(sa.select(t.instances.c.id).where(t.instances.c.flow_key == "all"))
    row = {
        "id": f"{instance.id}.99.remind",
        "instance_id": instance.id,
        "step": 99,
        "name": "remind",
        "due_at": NOON,
    }
    busy.write(lambda connection: connection.execute(t.timers.insert().values(**row)))

    assert [found.rule for found in busy.violations()] == ["timers belong to open steps"]
