"""Retention: what is past it goes with every row of its tree, in small steps, and the disk gets its room back."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Conflict, Forbidden, NotFound
from headrace.engine.service import archive, audit, holds, instances, purge, rules, tasks
from headrace.engine.service.actor import Actor
from headrace.engine.store import purge as store
from headrace.engine.store import tables as t
from headrace.engine.store import vacuum
from headrace.engine.store.migrations import migrate
from headrace.engine.store.session import open_database
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, settle

DAY_S = 86_400


def quick(key: str = "quick") -> Any:
    return flow(key).then("done", "end")


def keep(house: House, days: int | None, key: str | None = None) -> None:
    if key:
        rules.change_flow(house.workspace, house.actor(ANN), key, {"retain_days": days})
    else:
        rules.change(house.workspace, house.actor(ANN), {"instance_days": days})


def left(house: House) -> dict[str, int]:
    """Rows that belong to instances, table by table."""
    tables = [t.instances, *store.tables_of_instances()]
    counts = {x.name: house.rows(sa.select(sa.func.count()).select_from(x))[0][0] for x in tables}
    return {name: count for name, count in counts.items() if count}


def test_nothing_is_purged_unless_somebody_says_so(house: House) -> None:
    house.publish(quick())
    house.start("quick")

    house.later(s=10_000 * DAY_S)
    purge.run(house.workspace)

    assert left(house)["instances"] == 1


def test_an_instance_goes_when_its_days_are_over_and_not_before(house: House) -> None:
    house.publish(quick())
    keep(house, 30)
    id_ = house.start("quick")

    house.later(s=30 * DAY_S - 1)
    purge.run(house.workspace)
    assert house.status(id_) == "completed"

    house.later(s=1)
    done = purge.run(house.workspace)

    assert left(house) == {}
    assert done is not None
    assert (done.roots, done.rows) == (1, 2)


def test_every_row_of_the_tree_goes(house: House) -> None:
    """A parent with sub-flows, tasks, jobs, incidents, notifications, mail, wishes, and values to search by."""
    child = (
        flow("child")
        .then("ask", "approval", reminder={"after": "PT1H", "to": [{"kind": "initiator"}]})
        .then("tell", "notification")
        .then("pay", "connector")
        .then("done", "end")
    ).document()
    child["input"] = {"type": "object", "properties": {"n": {"x-search": True}}}
    house.publish(child)
    house.publish(
        flow("parent")
        .then("sub", "subflow", flow="child", for_each="[1, 2, 3]", input={"n": "item"})
        .then("done", "end")
    )
    keep(house, 1)
    house.start("parent")
    settle(house)
    for task in house.todo(ANN):
        house.later(s=3_600)
        settle(house)
        tasks.decide(house.workspace, house.actor(ANN), task["id"], "approved")
    settle(house, ScriptedWorld(400))
    for row in house.rows(sa.select(t.instances.c.id).where(t.instances.c.status == "incident")):
        house.skip(row.id)
    settle(house)
    before = left(house)
    written = {"history", "inbox", "tasks", "task_actors", "incidents"}
    assert written | {"notifications", "outbox", "search_values"} <= set(before)
    house.write(lambda c: c.execute(t.outbox.update().values(status="sent")))

    house.later(s=DAY_S)
    purge.run(house.workspace)

    assert left(house) == {}


def test_a_message_that_is_not_sent_yet_is_sent_all_the_same(house: House) -> None:
    house.publish(flow("tells").then("tell", "notification", channel="mail").then("done", "end"))
    keep(house, 0)
    house.start("tells")

    purge.run(house.workspace)

    assert left(house) == {"outbox": 2}


def test_a_large_tree_goes_in_small_steps_and_whole(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.publish(quick("child"))
    house.publish(
        flow("parent")
        .then("sub", "subflow", flow="child", for_each=str(list(range(40))))
        .then("done", "end")
    )
    keep(house, 0)
    house.start("parent")
    settle(house)
    monkeypatch.setattr(store, "ROWS_MAX", 7)
    monkeypatch.setattr(store, "MEMBERS_MAX", 3)
    monkeypatch.setattr(store.members, "__defaults__", (3,))

    purge.run(house.workspace)

    assert left(house) == {}


def test_a_purge_cut_off_goes_on_where_it_stood(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.publish(quick())
    keep(house, 0)
    ids = [house.start("quick") for _ in range(10)]
    monkeypatch.setattr(store, "ROWS_MAX", 3)
    asked = iter([False] * 6 + [True] * 100)

    purge.run(house.workspace, stopping=lambda: next(asked))
    cut = left(house)
    with pytest.raises(NotFound):
        house.detail(ids[0])
    with pytest.raises(Conflict):
        holds.hold(house.workspace, house.actor(ANN), ids[0], on=True, reason="late")
    purge.run(house.workspace)

    assert 0 < cut["history"] < 10
    assert left(house) == {}


def test_a_sub_flow_that_still_runs_keeps_its_root(house: House) -> None:
    house.publish(flow("child").then("ask", "approval").then("done", "end"))
    house.publish(
        flow("parent").then("sub", "subflow", flow="child", wait=False).then("done", "end")
    )
    house.publish(quick())
    keep(house, 1)
    id_ = house.start("parent")
    settle(house)
    other = house.start("quick")

    house.later(s=DAY_S)
    purge.run(house.workspace)
    assert house.status(id_) == "completed"
    with pytest.raises(NotFound):
        house.detail(other)

    house.decide(ANN)
    house.later(s=3_600)
    purge.run(house.workspace)

    assert left(house) == {}


def test_a_flow_has_its_own_days_and_old_instances_follow_a_new_rule(house: House) -> None:
    house.publish(quick("one"))
    house.publish(quick("two"))
    one, two = house.start("one"), house.start("two")
    keep(house, 10)
    keep(house, 20, "two")

    house.later(s=10 * DAY_S)
    purge.run(house.workspace)
    with pytest.raises(NotFound):
        house.detail(one)
    assert house.status(two) == "completed"

    keep(house, None, "two")
    purge.run(house.workspace)

    with pytest.raises(NotFound):
        house.detail(two)


def test_who_is_held_stays_until_let_go(house: House) -> None:
    house.publish(flow("child").then("done", "end"))
    house.publish(flow("parent").then("sub", "subflow", flow="child").then("done", "end"))
    keep(house, 1)
    id_ = house.start("parent", business_key="K-1")
    settle(house)
    (child,) = house.detail(id_)["children"]
    ann = house.actor(ANN)

    holds.hold(house.workspace, ann, child["id"], on=True, reason="court")
    house.later(s=5 * DAY_S)
    purge.run(house.workspace)
    (item,) = instances.listing(house.workspace, ann, hold=True)["items"]
    assert (item["id"], item["retain_until"]) == (id_, None)

    holds.hold_key(house.workspace, ann, "K-1", on=False, reason="over")
    purge.run(house.workspace)

    assert left(house) == {}
    told = audit.listing(house.workspace, ann, subject=id_)["items"]
    assert [(entry["action"], entry["params"]["reason"]) for entry in told] == [
        ("instances.release", "over"),
        ("instances.hold", "court"),
    ]


def test_who_is_held_while_he_runs_stays_after_the_end(house: House) -> None:
    house.publish(flow("asks").then("ask", "approval").then("done", "end"))
    keep(house, 0)
    id_ = house.start("asks")
    holds.hold(house.workspace, house.actor(ANN), id_, on=True, reason="court")
    house.decide(ANN)

    purge.run(house.workspace)

    assert house.status(id_) == "completed"


def test_only_an_administrator_holds_and_sets_days(cabin: House) -> None:
    operator = Actor("usr_eve", "Eve", (), frozenset({"instances:read", "instances:operate"}))
    cabin.publish(quick())
    id_ = cabin.start("quick")

    with pytest.raises(Forbidden):
        holds.hold(cabin.workspace, operator, id_, on=True, reason="")
    with pytest.raises(Forbidden):
        rules.change(cabin.workspace, operator, {"instance_days": 1})


def test_rows_with_limits_of_their_own(house: House) -> None:
    house.publish(flow("child").then("done", "end"))
    house.publish(flow("parent").then("sub", "subflow", flow="child").then("done", "end"))
    house.publish(
        flow("tells")
        .then("mail", "notification", channel="mail")
        .then("tell", "notification")
        .then("done", "end")
    )
    house.start("parent")
    house.start("tells")
    settle(house)
    house.write(lambda c: c.execute(t.outbox.update().values(status="sent")))
    half = sa.select(sa.func.min(t.notifications.c.id)).scalar_subquery()
    house.write(
        lambda c: c.execute(
            t.notifications.update()
            .where(t.notifications.c.id == half)
            .values(read_at=house.now_ms)
        )
    )
    assert {"inbox", "outbox", "notifications"} <= set(left(house))

    house.later(s=91 * DAY_S)
    purge.run(house.workspace)

    found = left(house)
    assert (found.get("inbox"), found.get("outbox"), found["instances"]) == (None, None, 3)
    assert found["notifications"] == 1  # the one nobody has read
    assert house.rows(sa.select(t.audit.c.id)) == []


def test_messages_go_when_nobody_can_take_them_any_more(house: House) -> None:
    def message(id_: str, status: str) -> dict[str, Any]:
        return {
            "id": id_, "kind": "message", "name": "n", "key": "k", "payload": "null", "mode": "one", "status": status,
            "created_at": house.now_ms, "expires_at": house.now_ms + 1_000,
        }  # fmt: skip

    rows = [message("m1", "delivered"), message("m2", "expired"), message("m3", "buffered")]
    house.write(lambda c: c.execute(t.messages.insert(), rows))

    house.later(s=29 * DAY_S)
    purge.run(house.workspace)
    before = len(house.rows(sa.select(t.messages.c.id)))
    house.later(s=2 * DAY_S)
    purge.run(house.workspace)

    assert before == 3
    assert [row.id for row in house.rows(sa.select(t.messages.c.id))] == ["m3"]


def test_an_instance_is_archived_before_it_goes(house: House, tmp_path: Path) -> None:
    house.publish(flow("asks").then("ask", "approval").then("done", "end"))
    keep(house, 0)
    rules.change(house.workspace, house.actor(ANN), {"archive": True})
    id_ = house.start("asks", {"amount": 3}, business_key="K-7")
    house.decide(ANN, comment="fine")
    told = [type(event).__name__ for event in house.events(id_)]

    purge.run(house.workspace, archive_folder=tmp_path)

    found = archive.show(tmp_path, "K-7")
    assert left(house) == {}
    assert found is not None
    assert (found["id"], found["variables"]["amount"], found["status"]) == (id_, 3, "completed")
    assert [event["type"] for event in found["history"]] == told
    assert found["votes"][0]["comment"] == "fine"


def test_an_archive_that_cannot_be_written_keeps_the_instance(cabin: House, tmp_path: Path) -> None:
    cabin.publish(quick())
    keep(cabin, 0)
    rules.change(cabin.workspace, cabin.actor(ANN), {"archive": True})
    id_ = cabin.start("quick")
    (tmp_path / "archive").write_text("in the way")

    with pytest.raises(OSError, match="archive"):
        purge.run(cabin.workspace, archive_folder=tmp_path / "archive")

    assert len(cabin.events(id_)) == 4


def test_only_one_process_purges(house: House) -> None:
    house.publish(quick())
    keep(house, 0)
    house.start("quick")
    inner: list[Any] = []

    def look() -> bool:
        inner.append(purge.run(house.workspace))
        return True

    purge.run(house.workspace, stopping=look)

    assert inner[0] is None
    assert purge.run(house.workspace) is not None


# --- disk ------------------------------------------------------------------------------------------


def test_pages_are_given_back_many_at_a_time(cabin: House) -> None:
    cabin.write(lambda c: c.exec_driver_sql("CREATE TABLE ballast (text)"))
    cabin.write(lambda c: c.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(6000000))"))
    cabin.write(lambda c: c.exec_driver_sql("DELETE FROM ballast"))
    free = cabin.rows(sa.text("PRAGMA freelist_count"))[0][0]

    left = cabin.write(vacuum.free_some)

    assert free > vacuum.PAGES_AT_ONCE
    assert left == free - vacuum.PAGES_AT_ONCE


def test_the_file_really_shrinks(cabin: House) -> None:
    cabin.publish(quick())
    keep(cabin, 0)
    for _ in range(60):
        cabin.start("quick", {"text": "x" * 100_000})
    vacuum.cut_log(cabin.database)
    path = Path(str(cabin.database.url.database))
    full = path.stat().st_size

    purge.run(cabin.workspace)

    assert full > 6_000_000
    assert path.stat().st_size < full / 5
    assert path.with_name(path.name + "-wal").stat().st_size < 50_000
    assert cabin.rows(sa.text("PRAGMA integrity_check"))[0][0] == "ok"


def test_an_old_file_is_made_to_shrink_once(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as raw:
        raw.execute("CREATE TABLE ballast (text)")  # made without auto_vacuum
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == 0
        connection.exec_driver_sql("INSERT INTO ballast VALUES (zeroblob(2000000))")
        connection.exec_driver_sql("DELETE FROM ballast")
        connection.commit()

    before, after = vacuum.vacuum(engine)

    assert after < before
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA auto_vacuum").scalar_one() == vacuum.INCREMENTAL
    engine.dispose()


# --- what is added later -----------------------------------------------------------------------------


def test_no_table_of_instances_is_forgotten() -> None:
    """A column that names an instance under another name would be passed over."""
    known = {
        "instances.parent_id", "instances.root_id", "instances.id", "schedules.last_instance",
        "departments.parent_id",
    }  # fmt: skip
    named = {
        f"{table.name}.{column.name}"
        for table in t.metadata.sorted_tables
        for column in table.c
        if re.search(r"instance(?!_days)|parent_id|root_id", column.name)
    }

    assert (
        named
        - known
        - {f"{x.name}.instance_id" for x in store.tables_of_instances()}
        - {f"{name}.instance_id" for name in store.KEPT}
        - {"instances.incidents_open"}
        == set()
    )


@pytest.mark.parametrize("table", store.tables_of_instances(), ids=lambda x: x.name)
def test_rows_of_an_instance_are_found_by_an_index(table: sa.Table) -> None:
    keys = [[c.name for c in table.primary_key.columns], *([c.name for c in i.columns] for i in table.indexes)]  # fmt: skip

    assert any(names and names[0] == "instance_id" for names in keys)
