"""A row that somebody who hangs holds: the caller is told to come again, and nobody else suffers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Busy
from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import furnished


def test_who_waits_for_a_row_of_one_who_hangs_is_told_to_come_again(
    migrated_postgresql_url: str,
) -> None:
    with furnished(migrated_postgresql_url) as house:
        house.publish(flow("wait").then("rest", "timer", duration="PT1H").then("done", "end"))
        id_ = house.start("wait")
        with house.database.connect() as hanging, hanging.begin():
            row = sa.select(t.instances.c.id).where(t.instances.c.id == id_)
            hanging.execute(row.with_for_update())

            with pytest.raises(Busy):
                house.write(lambda connection: _lock(connection, id_))

        assert house.write(lambda connection: _lock(connection, id_)) == id_
        assert house.start("wait")


def _lock(connection: sa.Connection, id_: str) -> str:
    connection.execute(sa.text("SET LOCAL lock_timeout = '50ms'"))
    row = sa.select(t.instances.c.id).where(t.instances.c.id == id_)
    return str(connection.execute(row.with_for_update()).scalar_one())
