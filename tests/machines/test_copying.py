"""The whole store into another database, both ways, and the engine goes on there."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from headrace.engine.errors import StoreLocked, StoreNotEmpty, StoreNotReady
from headrace.engine.store import tables as t
from headrace.engine.store.copying import copy_store
from headrace.engine.store.migrations import migrate
from headrace.engine.store.session import WriterLock, open_database
from tests.builder import flow
from tests.fakes import House, settle


def lived_in(url: str) -> House:
    """A house in which much has happened, and more is to come."""
    house = House(url)
    house.publish(flow("child").then("wait", "timer", duration="PT1M").then("done", "end"))
    house.publish(
        flow("all").then("sub", "subflow", flow="child").then("note", "record", key="step.key")
        .then("ask", "approval", assignee={"user": "ann"}).then("done", "end")
    )  # fmt: skip
    for number in range(20):
        house.start("all", {}, business_key=f"单-{number}")
    settle(house)
    return house


def everything(url: str) -> dict[str, list[tuple[object, ...]]]:
    engine = open_database(url)
    with engine.connect() as connection:
        found = {
            table.name: [
                tuple(row)
                for row in connection.execute(sa.select(table).order_by(*table.primary_key))
            ]
            for table in t.metadata.sorted_tables
        }
    engine.dispose()
    return found


@pytest.mark.parametrize("way", ["up", "down"])
def test_everything_arrives_and_goes_on(
    migrated_sqlite_url: str,
    postgresql_url: str,
    way: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    if way == "up":
        source, target = migrated_sqlite_url, postgresql_url
    else:
        source = str(request.getfixturevalue("migrated_postgresql_url"))
        target = f"sqlite:///{tmp_path / 'copied.sqlite3'}"
    house = lived_in(source)
    house.close()

    counted = dict(copy_store(source, target))

    assert everything(target) == everything(source)
    assert counted["instances"] == 40
    again = House(target, clock=house.clock, furnish=False)
    again.later(s=61)
    settle(again)
    open_tasks = again.rows(sa.select(t.tasks.c.id).where(t.tasks.c.status == "open"))
    assert len(open_tasks) == 20
    last = max(row.id for row in again.rows(sa.select(t.inbox.c.id)))
    again.start("all")
    settle(again)
    assert max(row.id for row in again.rows(sa.select(t.inbox.c.id))) > last  # numbers go on
    assert again.violations() == []
    again.close()


def test_a_target_with_rows_is_refused_and_stays_as_it_is(
    migrated_sqlite_url: str, migrated_postgresql_url: str
) -> None:
    for url in (migrated_sqlite_url, migrated_postgresql_url):
        House(url).close()
    before = everything(migrated_postgresql_url)

    with pytest.raises(StoreNotEmpty):
        list(copy_store(migrated_sqlite_url, migrated_postgresql_url))

    assert everything(migrated_postgresql_url) == before


def test_a_store_in_use_and_one_of_another_version_are_refused(
    migrated_sqlite_url: str, tmp_path: Path
) -> None:
    target = f"sqlite:///{tmp_path / 'target.sqlite3'}"
    engine = open_database(migrated_sqlite_url)
    lock = WriterLock(engine)
    with pytest.raises(StoreLocked):
        list(copy_store(migrated_sqlite_url, target))
    lock.release()
    engine.dispose()

    with pytest.raises(StoreNotReady):
        list(copy_store(f"sqlite:///{tmp_path / 'empty.sqlite3'}", target))


def test_a_program_older_than_the_database_does_not_touch_it(migrated_url: str) -> None:
    engine = open_database(migrated_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(StoreNotReady) as refused:
        migrate(engine)

    assert refused.value.params["found"] == "9999"
    engine.dispose()
