"""The migrations make what `tables/` says, on both databases, up and down, and whoever starts first."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from headrace.engine.store import migrations
from headrace.engine.store.migrations import downgrade, migrate, revision
from headrace.engine.store.session import is_sqlite, open_database
from headrace.engine.store.tables import metadata


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        opts = {"compare_type": True, "include_object": _is_ours}
        context = MigrationContext.configure(connection, opts=opts)
        return list(compare_metadata(context, metadata))


def _is_ours(_: object, name: str | None, *__: object) -> bool:
    """The index of words is made by hand on each database; SQLite shows its parts as tables."""
    return not (name or "").startswith("record_words_index")


def shape(engine: Engine) -> dict[str, object]:
    """Tables with their columns, keys and indexes, as the database tells them."""
    found = inspect(engine)
    return {
        name: (
            [
                (c["name"], str(c["type"]), c["nullable"], c["default"])
                for c in found.get_columns(name)
            ],
            sorted(found.get_pk_constraint(name)["constrained_columns"]),
            sorted(
                (i["name"] or "", tuple(i["column_names"]), i["unique"])
                for i in found.get_indexes(name)
            ),
            sorted(
                (u["name"] or "", tuple(u["column_names"]))
                for u in found.get_unique_constraints(name)
            ),
            sorted((f["name"] or "", f["referred_table"]) for f in found.get_foreign_keys(name)),
        )
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_migrations_and_tables_say_the_same(database: Engine) -> None:
    migrate(database)

    assert differences(database) == []


def test_a_migrated_database_is_one_made_at_once(database: Engine) -> None:
    migrate(database)
    migrated = shape(database)
    downgrade(database)
    metadata.create_all(database)

    assert migrated == shape(database)


def test_up_and_down_and_up_again(database: Engine) -> None:
    migrate(database)
    head = revision(database)
    downgrade(database)
    assert revision(database) is None
    assert inspect(database).get_table_names() == ["alembic_version"]

    migrate(database)

    assert revision(database) == head
    assert differences(database) == []


def test_migrating_again_changes_nothing(database: Engine) -> None:
    migrate(database)
    before = shape(database)

    migrate(database)

    assert shape(database) == before


def test_two_first_starts_at_once_make_the_tables_once(postgresql_url: str) -> None:
    engines = [open_database(postgresql_url) for _ in range(3)]
    troubles: list[BaseException] = []

    def run(engine: Engine) -> None:
        try:
            migrate(engine)
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=run, args=(engine,)) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert troubles == []
    assert not is_sqlite(engines[0])
    assert differences(engines[0]) == []
    for engine in engines:
        engine.dispose()


def test_a_workspace_from_before_is_only_warned_of_roles_without_a_backup(
    database: Engine,
) -> None:
    """R096: its flows were published without, and must be publishable again."""
    migrate(database)
    rule = "SELECT value FROM workspace_settings WHERE name = 'organisation'"
    with database.connect() as connection:
        assert connection.exec_driver_sql(rule).first() is None  # a new one: refused

    downgrade(database, "0009")
    with database.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO users (id, login, name, password_hash, active, created_at)"
            f" VALUES ('u', 'u', 'U', 'x', {'1' if is_sqlite(database) else 'true'}, 0)"
        )
    migrate(database)

    with database.connect() as connection:
        assert connection.exec_driver_sql(rule).scalar_one() == '{"backup":"warn"}'


def test_files_are_called_by_the_revision_they_make() -> None:
    """What a start compares without Alembic is what Alembic would do."""
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    known = [step.revision for step in script.walk_revisions()][::-1]

    assert known == migrations._steps()
    assert migrations.head() == script.get_current_head()
