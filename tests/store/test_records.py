"""Business records: one a key, the same answer to a repeated step, fields merged."""

import threading
from typing import Any

import sqlalchemy as sa

from headrace.engine.node import RecordAnswer
from headrace.engine.store import records
from headrace.engine.store.session import open_database
from tests.fakes import NOON, House


def apply(house: House, operation: str, value: Any = None, *, step: str = "s1") -> RecordAnswer:
    answer: RecordAnswer = house.write(
        lambda connection: records.apply(
            connection,
            operation,
            "orders",
            "A-1",
            value or {},
            step_key=step,
            instance_id=None,
            now_ms=NOON,
        )
    )
    return answer


def test_what_is_not_there_is_not_found(house: House) -> None:
    assert apply(house, "find") == RecordAnswer(False, False, None)


def test_a_record_is_made_once_and_stays_as_it_is(house: House) -> None:
    assert apply(house, "create", {"n": 1}) == RecordAnswer(False, True, {"n": 1})
    assert apply(house, "create", {"n": 2}, step="s2") == RecordAnswer(True, False, {"n": 1})
    assert apply(house, "find").value == {"n": 1}


def test_a_step_that_is_repeated_hears_the_same(house: House) -> None:
    apply(house, "create", {"n": 1})

    assert apply(house, "create", {"n": 1}).created


def test_an_update_changes_these_fields_and_keeps_the_others(house: House) -> None:
    apply(house, "upsert", {"a": 1, "b": 1})

    answer = apply(house, "upsert", {"b": 2, "c": 3}, step="s2")

    assert answer == RecordAnswer(True, False, {"a": 1, "b": 2, "c": 3})
    assert apply(house, "find").value == {"a": 1, "b": 2, "c": 3}


def test_of_two_processes_that_make_the_same_record_one_has_made_it(
    migrated_postgresql_url: str,
) -> None:
    database = open_database(migrated_postgresql_url)
    answers: dict[str, RecordAnswer] = {}
    waiting = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )

    def make(step_key: str, *, before_the_end: Any = lambda: None) -> None:
        with database.begin() as connection:
            answer = records.apply(
                connection,
                "create",
                "orders",
                "A-1",
                {},
                step_key=step_key,
                instance_id=None,
                now_ms=0,
            )
            before_the_end()
        answers[step_key] = answer

    def until_the_other_waits() -> None:
        other.start()
        waits = 0
        while not waits:
            with database.connect() as looking:
                waits = looking.execute(waiting).scalar_one()

    other = threading.Thread(target=make, args=("second",))
    make("first", before_the_end=until_the_other_waits)
    other.join()
    database.dispose()

    assert {step: answer.created for step, answer in answers.items()} == {
        "first": True,
        "second": False,
    }


def test_keys_are_looked_up_one_by_one_also_where_nothing_is_known_of_the_table(
    migrated_postgresql_url: str,
) -> None:
    """Right after a large import PostgreSQL has no statistics; 500 keys in one list then read the whole table."""
    database = open_database(migrated_postgresql_url)
    fill = sa.text(
        "INSERT INTO records (table_no, key, value, created_at, updated_at)"
        " SELECT 7, 'k' || n, '{}', 0, n FROM generate_series(1, 20000) n"
    )
    with database.begin() as connection:
        connection.execute(fill)
        keys = [f"k{n}" for n in range(100, 600)]
        asked = records._BY_EACH_KEY.params(b_no=7, b_keys=keys)
        text = asked.compile(connection, compile_kwargs={"render_postcompile": True})
        plan = connection.exec_driver_sql(f"EXPLAIN (ANALYZE) {text}", dict(text.params)).scalars()
        told = "\n".join(plan)
        found = records.by_keys(connection, 7, keys, lock=True)
    database.dispose()

    assert "Index Cond: ((table_no = " in told
    assert "Rows Removed by Filter" not in told, told
    assert sorted(found) == sorted(keys)
