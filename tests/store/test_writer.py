"""The one writer: groups share a commit, a bad operation harms nobody, a lost race is tried again."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from headrace.engine.errors import Busy
from headrace.engine.store import facts, session, writer
from headrace.engine.store import tables as t
from headrace.engine.store.writer import Writer
from tests.builder import flow
from tests.fakes import House


def put(name: str, value: Any = 1) -> Callable[[Connection], None]:
    return lambda connection: facts.put(connection, name, value)


def names(house: House) -> list[str]:
    return [row.name for row in house.rows(sa.select(t.workspace_settings.c.name).order_by("name"))]


def together(house: House, *operations: Callable[[Connection], Any]) -> list[Future[Any]]:
    """Queue these behind one that waits, so that they share a commit."""
    gate = closed_gate(house)
    futures = [house.workspace.writer.submit(operation) for operation in operations]
    gate.set()
    wait(futures)
    return futures


def closed_gate(house: House) -> threading.Event:
    """The writer is busy until this is set; what comes now shares its next commit."""
    gate, entered = threading.Event(), threading.Event()

    def hold(_: Connection) -> None:
        entered.set()
        gate.wait(10)

    house.workspace.writer.submit(hold)
    entered.wait(10)
    return gate


def broken(_: Connection) -> None:
    raise ValueError("as the test wanted")


def test_operations_that_come_together_share_a_commit(house: House) -> None:
    before = house.workspace.writer.commits

    together(house, *(put(f"n{number}") for number in range(50)))

    assert len(names(house)) == 50
    assert house.workspace.writer.commits - before == 2


def test_one_that_raises_leaves_no_trace_and_harms_no_other(house: House) -> None:
    def half(connection: Connection) -> None:
        facts.put(connection, "half", 1)
        broken(connection)

    good, bad, also = together(house, put("a"), half, put("b"))

    assert good.exception() is also.exception() is None
    assert isinstance(bad.exception(), ValueError)
    assert names(house) == ["a", "b"]


def test_one_the_database_refuses_harms_no_other(house: House) -> None:
    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.execute(t.workspace_settings.insert().values(name="same", value=1))

    good, bad, also = together(house, put("a"), twice, put("b"))

    assert good.exception() is also.exception() is None
    assert isinstance(bad.exception(), IntegrityError)
    assert names(house) == ["a", "b"]


def test_gathered_items_are_one_call_and_each_gets_its_own_answer(house: House) -> None:
    calls: list[int] = []

    def gathered(_: Connection, items: Sequence[int]) -> list[Any]:
        calls.append(len(items))
        return [ValueError("odd") if item % 2 else item * 10 for item in items]

    gate = closed_gate(house)
    writer = house.workspace.writer
    futures = [writer.submit_gathered(gathered, item) for item in range(4)]
    gate.set()
    wait(futures)

    assert calls == [4]
    assert [futures[0].result(), futures[2].result()] == [0, 20]
    assert isinstance(futures[1].exception(), ValueError)


def test_what_is_queued_is_finished_before_closing(house: House) -> None:
    futures = [house.workspace.writer.submit(put(f"n{number}")) for number in range(20)]

    house.workspace.writer.close()

    assert all(future.exception() is None for future in futures)
    with pytest.raises(RuntimeError, match="closed"):
        house.write(put("late"))
    assert len(names(house)) == 20


def test_an_operation_that_waits_for_another_is_told_so_at_once(cabin: House) -> None:
    with pytest.raises(RuntimeError, match="hand it the connection"):
        cabin.write(lambda _: cabin.write(put("inner")))


def test_the_answer_comes_after_the_commit(house: House) -> None:
    house.write(put("a"))

    assert names(house) == ["a"]


def test_a_deadlock_between_two_processes_costs_time_and_no_operation(
    migrated_postgresql_url: str,
) -> None:
    here = House(migrated_postgresql_url)
    there = House(migrated_postgresql_url, furnish=False)
    here.write(put("a", 0))
    here.write(put("b", 0))
    both = threading.Barrier(2, timeout=10)

    def crossing(first: str, second: str) -> Callable[[Connection], None]:
        tries = 0

        def add(connection: Connection) -> None:
            nonlocal tries
            tries += 1
            column = t.workspace_settings.c
            for name in (first, second):
                row = sa.select(column.value).where(column.name == name).with_for_update()
                value = connection.execute(row).scalar_one()
                connection.execute(
                    t.workspace_settings.update().where(column.name == name).values(value=value + 1)
                )
                if name == first and tries == 1:
                    both.wait()

        return add

    futures = [
        here.workspace.writer.submit(crossing("a", "b")),
        there.workspace.writer.submit(crossing("b", "a")),
    ]
    wait(futures)

    assert [future.exception() for future in futures] == [None, None]
    assert here.rows(sa.select(t.workspace_settings.c.value)) == [(2,), (2,)]
    there.close()
    here.close()


def test_a_full_queue_is_told_at_once_and_not_waited_for(
    cabin: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    monkeypatch.setattr(writer, "QUEUE_MAX", 1)
    tight = Writer(cabin.database)

    def slow(_: Connection) -> None:
        begun.set()
        go_on.wait(10)

    first = tight.submit(slow)
    begun.wait(10)
    second = tight.submit(lambda _: 2)
    with pytest.raises(Busy) as full:
        tight.submit(lambda _: 3)
    go_on.set()

    assert full.value.params["retry_after_s"] > 0
    assert (first.result(10), second.result(10)) == (None, 2)
    tight.close()


def test_a_caller_who_waited_too_long_is_told_to_come_again(
    cabin: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(writer, "CALL_TIMEOUT_S", 0.01)

    with pytest.raises(Busy):
        cabin.workspace.writer.call(lambda _: go_on.wait(10))

    monkeypatch.undo()
    go_on.set()


def test_a_start_that_waited_too_long_is_told_to_come_again(
    cabin: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And not that the server is broken: whoever comes again with the same key finds what became of it."""
    cabin.publish(flow("order").then("done", "end"))
    gate = closed_gate(cabin)
    monkeypatch.setattr(writer, "CALL_TIMEOUT_S", 0.01)

    with pytest.raises(Busy):
        cabin.start("order", dedup_key="o1")

    monkeypatch.undo()
    gate.set()
    cabin.start("order", dedup_key="o1")
    assert cabin.rows(sa.select(sa.func.count()).select_from(t.instances)) == [(1,)]


def test_whoever_opens_the_database_anew_reads_while_the_writer_is_at_work(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = closed_gate(house)
    monkeypatch.setattr(session, "BUSY_TIMEOUT_MS", 50)
    again = session.open_database(house.url)
    try:
        with again.connect() as connection:
            assert connection.scalar(sa.select(sa.func.count()).select_from(t.users)) == 4
    finally:
        gate.set()
        again.dispose()
