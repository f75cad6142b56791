"""The chain of decisions: what was touched is found, what was purged is known, and nobody can lose one."""

from __future__ import annotations

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from headrace.engine.errors import Forbidden
from headrace.engine.service import decision_log, decisions, rules
from headrace.engine.service import purge as purging
from headrace.engine.service.actor import Actor
from headrace.engine.service.decisions import Verified
from headrace.engine.store import decisions as rows
from headrace.engine.store import purge as purge_rows
from headrace.engine.store import tables as t
from headrace.engine.store.copying import copy_store
from headrace.engine.store.decisions import Filter
from tests.fakes import ANN, BOB, NOON, House

DAY_S = 86_400


def decided(house: House, *comments: str, **more: Any) -> None:
    """One row each, all in one transaction."""

    def write(_: sa.Connection) -> None:
        for comment in comments:
            row = {"actor": ANN, "action": "approved", "comment": comment, "via": "web", **more}
            decisions.add(house.workspace, row)

    house.write(write)


def verified(house: House, **more: Any) -> Verified:
    with house.workspace.read() as connection:
        return decisions.verify(connection, decisions.keys(house.workspace), **more)


def by_hand(house: House, *statements: str) -> None:
    """Somebody with the database's password, who takes the guards away first."""
    with house.database.connect() as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            for name in ("decisions_unchanged", "decisions_undeleted"):
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("ALTER TABLE decisions DISABLE TRIGGER ALL")
        for statement in statements:
            connection.exec_driver_sql(statement)


# --- the chain -------------------------------------------------------------------------------------


def test_an_untouched_chain_holds(house: House) -> None:
    assert verified(house).ok
    decided(house, "one", "two")
    decided(house, "three")

    told = verified(house)

    assert told.ok
    assert (told.checked, told.seq) == (3, 3)
    assert [row.seq for row in house.rows(sa.select(t.decisions.c.seq))] == [1, 2, 3]


@pytest.mark.parametrize(
    ("statement", "wrong", "why"),
    [
        ("UPDATE decisions SET comment = 'no' WHERE seq = 2", 2, "content"),
        ("UPDATE decisions SET actor = 'usr_bob' WHERE seq = 4", 4, "content"),
        ("UPDATE decisions SET at = at + 1 WHERE seq = 1", 1, "content"),
        ("UPDATE decisions SET hash = digest WHERE seq = 3", 3, "link"),
        ("DELETE FROM decisions WHERE seq = 3", 3, "missing"),
        ("DELETE FROM decisions WHERE seq >= 3", 3, "missing"),
        ("DELETE FROM decisions WHERE seq = 4", 4, "missing"),
        ("DELETE FROM decisions", 1, "missing"),
        ("UPDATE decisions SET comment = NULL, redacted_at = 5 WHERE seq = 2", 2, "content"),
        (
            "UPDATE decisions SET comment = NULL, actor = NULL, action = NULL, via = NULL, salt = NULL, redacted_at = 5"
            " WHERE seq = 2",
            2,
            "redacted",
        ),
        ("UPDATE decision_head SET seq = 3", 3, "signature"),
        ("INSERT INTO decisions (seq, at, digest, hash) VALUES (5, 1, 'x', 'y')", 5, "behind"),
    ],
)
def test_the_first_row_that_was_touched_is_named(
    house: House, statement: str, wrong: int, why: str
) -> None:
    decided(house, "one", "two", "three", "four")
    by_hand(house, statement)

    told = verified(house)

    assert (told.wrong, told.why) == (wrong, why)
    assert told.expected
    assert told.found


def test_rows_that_were_exchanged_are_named(cabin: House) -> None:
    decided(cabin, "one", "two", "three")
    by_hand(
        cabin,
        "UPDATE decisions SET seq = 99 WHERE seq = 2",
        "UPDATE decisions SET seq = 2 WHERE seq = 3",
        "UPDATE decisions SET seq = 3 WHERE seq = 99",
    )

    assert (verified(cabin).wrong, verified(cabin).why) == (2, "link")


def test_a_chain_made_anew_without_the_key_has_no_end(cabin: House) -> None:
    """The hashes anybody can compute; the signature of the end nobody can."""
    decided(cabin, "one", "two")
    (one, two) = cabin.rows(sa.select(t.decisions).order_by(t.decisions.c.seq))
    forged = dict(one._mapping) | {"comment": "no"}
    digest = decisions.digest(forged)
    first = decisions.chained(1, rows.GENESIS, digest)
    second = decisions.chained(2, first, two.digest)
    by_hand(
        cabin,
        f"UPDATE decisions SET comment = 'no', digest = '{digest}', hash = '{first}' WHERE seq = 1",
        f"UPDATE decisions SET hash = '{second}' WHERE seq = 2",
        f"UPDATE decision_head SET hash = '{second}'",
    )

    assert verified(cabin).why == "signature"


def test_an_earlier_state_put_back_whole_is_found_by_an_end_kept_elsewhere(cabin: House) -> None:
    decided(cabin, "one")
    (end,) = cabin.rows(sa.select(t.decision_head))
    decided(cabin, "two")
    kept = {2: verified(cabin).hash}
    by_hand(
        cabin,
        "DELETE FROM decisions WHERE seq = 2",
        f"UPDATE decision_head SET seq = 1, hash = '{end.hash}', signature = '{end.signature}'",
    )

    assert verified(cabin).ok  # the database alone cannot tell
    assert (verified(cabin, ends=kept).wrong, verified(cabin, ends=kept).why) == (2, "missing")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions SET comment = 'no'",
        "UPDATE decisions SET redacted_at = 1",
        "UPDATE decisions SET redacted_at = 1, comment = NULL, actor = NULL, salt = NULL",
        "DELETE FROM decisions",
        "DELETE FROM decisions WHERE seq = 2",
    ],
)
def test_the_database_refuses_to_change_or_delete(house: House, statement: str) -> None:
    decided(house, "one", "two")

    with pytest.raises(DBAPIError, match="never changed"), house.database.begin() as connection:
        connection.exec_driver_sql(statement)

    assert verified(house).checked == 2


def test_postgresql_refuses_to_truncate(migrated_postgresql_url: str) -> None:
    house = House(migrated_postgresql_url)
    decided(house, "one")

    with pytest.raises(DBAPIError, match="never changed"), house.database.begin() as connection:
        connection.exec_driver_sql("TRUNCATE decisions")

    house.close()


# --- one transaction, many writers -----------------------------------------------------------------


def test_what_is_rolled_back_leaves_no_row_and_no_gap(house: House) -> None:
    decided(house, "one")

    def fails(_: sa.Connection) -> None:
        decisions.add(house.workspace, {"actor": ANN, "action": "approved"})
        raise RuntimeError("after all not")

    def goes(_: sa.Connection) -> None:
        decisions.add(house.workspace, {"actor": BOB, "action": "rejected"})

    gate = house.workspace.writer.submit(lambda _: None)
    wishes = [house.workspace.writer.submit(run) for run in (fails, goes, fails, goes)]
    gate.result()
    for wish in wishes:
        try:
            wish.result()
        except RuntimeError:
            continue

    assert verified(house).checked == 3
    assert verified(house).ok


def test_many_processes_write_one_chain(migrated_postgresql_url: str) -> None:
    """Each `House` has a writer of its own, as each process has."""
    houses = [House(migrated_postgresql_url, furnish=number == 0) for number in range(4)]

    def write(number: int) -> None:
        decided(houses[number % 4], f"c{number}")

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(200)))

    told = verified(houses[0])
    assert (told.checked, told.why) == (200, "")
    for house in houses:
        house.close()


def test_a_group_of_decisions_asks_for_the_end_once(cabin: House) -> None:
    asked: list[str] = []

    def listen(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "decision_head" in statement:
            asked.append(statement.split()[0])

    decided(cabin, "one")
    sa.event.listen(cabin.database, "before_cursor_execute", listen)
    decided(cabin, *(f"c{number}" for number in range(100)))

    assert asked == ["SELECT", "UPDATE"]


def test_a_copied_store_has_its_chain(migrated_sqlite_url: str, postgresql_url: str) -> None:
    here = House(migrated_sqlite_url)
    decided(here, "one", "两个", "three")
    here.close()

    list(copy_store(migrated_sqlite_url, postgresql_url))

    there = House(postgresql_url, furnish=False)
    assert verified(there).checked == 3
    assert verified(there).ok
    decided(there, "four")
    assert verified(there).ok
    there.close()


# --- purging ---------------------------------------------------------------------------------------


def test_a_purge_takes_the_content_and_leaves_the_chain(house: House) -> None:
    decided(house, "one", "two", ip="10.0.0.1")
    house.later(s=10 * DAY_S)
    decided(house, "three")
    rules.change(house.workspace, house.actor(ANN), {"decision_days": 5})

    purging.run(house.workspace)

    told = verified(house)
    assert (told.ok, told.checked, told.redacted) == (True, 4, 2)
    found = house.rows(sa.select(t.decisions).order_by(t.decisions.c.seq))
    assert [(row.comment, row.actor, row.ip, row.salt is None) for row in found] == [
        (None, None, None, True),
        (None, None, None, True),
        ("three", ANN, None, False),
        (None, "engine", None, False),
    ]
    assert json.loads(found[3].after)["rows"] == [[1, 2]]

    purging.run(house.workspace)  # nothing more to take: no further record
    assert verified(house).checked == 4


def test_a_purge_goes_on_where_the_last_has_come_to(house: House) -> None:
    for number in range(6):
        decided(house, f"day {number}")
        house.later(s=DAY_S)
    taken = []
    for _ in range(3):
        before = house.now_ms - 3 * DAY_S * 1_000
        house.write(lambda c, at=before: decisions.redact_some(house.workspace, at, c))
        house.later(s=DAY_S)
        found = house.rows(sa.select(t.decisions.c.seq).where(t.decisions.c.redacted_at.is_(None)))
        taken.append(min(row.seq for row in found))

    assert taken == [4, 5, 6]
    with house.workspace.read() as connection:
        assert rows._purged_until(connection) == NOON + 4 * DAY_S * 1_000
    assert verified(house).ok


def test_words_put_into_a_row_that_was_purged_are_found(house: House) -> None:
    decided(house, "one")
    house.write(lambda c: decisions.redact_some(house.workspace, house.now_ms + 1, c))
    assert verified(house).ok
    by_hand(house, "UPDATE decisions SET actor = 'usr_bob', action = 'rejected' WHERE seq = 1")

    told = verified(house)

    assert (told.wrong, told.why, told.found) == (1, "content", "actor, action")


def test_a_purge_of_instances_leaves_their_decisions(cabin: House) -> None:
    decided(cabin, "one", instance_id="ins_gone")

    with cabin.workspace.read() as connection:
        assert connection.execute(sa.select(t.decisions.c.instance_id)).scalar_one() == "ins_gone"
    assert t.decisions not in purge_rows.tables_of_instances()


# --- reading ---------------------------------------------------------------------------------------


def test_pages_filters_and_names(house: House) -> None:
    decided(house, "one", flow_key="a", business_key="A-1", task_id="ins_1.2", instance_id="ins_1")
    house.later(s=60)
    decided(house, "two", flow_key="b", on_behalf_of=BOB, action="rejected")
    actor = house.actor(ANN)

    def comments(**wanted: Any) -> list[str]:
        found = decision_log.listing(house.workspace, actor, Filter(**wanted))["items"]
        return [item["comment"] for item in found]

    assert comments() == ["two", "one"]
    assert comments(flow="a") == ["one"]
    assert comments(actor=BOB) == ["two"]
    assert comments(action="rejected") == ["two"]
    assert comments(search="A-") == ["one"]
    assert comments(task="ins_1.2") == ["one"]
    assert comments(instance="ins_1") == ["one"]
    assert comments(from_ms=NOON + 1_000) == ["two"]
    assert comments(until_ms=NOON + 1_000) == ["one"]
    (two,) = decision_log.listing(house.workspace, actor, Filter(action="rejected"))["items"]
    assert (two["by"]["name"], two["on_behalf_of"]["name"]) == ("Ann", "Bob")

    first = decision_log.listing(house.workspace, actor, Filter(), limit=1)
    second = decision_log.listing(
        house.workspace, actor, Filter(), limit=1, cursor=first["next_cursor"]
    )
    assert [item["comment"] for item in first["items"] + second["items"]] == ["two", "one"]
    assert second["next_cursor"] is None


def test_only_who_may_see_the_audit_sees_it(cabin: House) -> None:
    nobody = Actor(BOB, "Bob", (), frozenset({"tasks:decide", "instances:read"}))
    for ask in (
        lambda: decision_log.listing(cabin.workspace, nobody, Filter()),
        lambda: decision_log.export(cabin.workspace, nobody, Filter(), "csv"),
        lambda: decision_log.verify(cabin.workspace, nobody),
    ):
        with pytest.raises(Forbidden):
            ask()


def test_an_export_is_a_stream_that_spreadsheets_do_not_run(cabin: House) -> None:
    decided(cabin, *(f"c{number}" for number in range(1_100)))
    decided(cabin, "=HYPERLINK(1)", before='{"amount":12.5}')
    actor = cabin.actor(ANN)

    parts = list(decision_log.export(cabin.workspace, actor, Filter(), "csv"))
    table = list(csv.DictReader(io.StringIO(b"".join(parts).decode("utf-8-sig"))))

    assert len(parts) > 3  # by and by
    assert len(table) == 1_101
    assert table[0]["comment"] == "'=HYPERLINK(1)"
    assert json.loads(table[0]["before"]) == {"amount": 12.5}
    assert table[0]["by_name"] == "Ann"

    lines = b"".join(decision_log.export(cabin.workspace, actor, Filter(), "jsonl")).splitlines()
    assert len(lines) == 1_101
    assert json.loads(lines[0])["comment"] == "=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({}, "sqlite_autoindex_decisions"),  # its primary key
        ({"flow": "a"}, "ix_decisions_flow_key"),
        ({"action": "approved"}, "ix_decisions_action"),
        ({"task": "x"}, "ix_decisions_task_id"),
        ({"instance": "x"}, "ix_decisions_instance_id"),
        ({"batch": "x"}, "ix_decisions_batch_id"),
        ({"actor": "x"}, "ix_decisions_actor"),
        ({"search": "x"}, "ix_decisions_business_key"),
    ],
)
def test_every_filter_has_its_index(cabin: House, wanted: dict[str, Any], index: str) -> None:
    with cabin.workspace.read() as connection:
        query = rows.query(Filter(**wanted), before=1_000_000).limit(50)
        compiled = query.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]

    assert any(index in line for line in plan), plan
