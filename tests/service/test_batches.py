"""Bulk actions: a result for every item, true ones, and none lost or done twice when a process dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Conflict, Forbidden, NotFound, ValidationFailed
from headrace.engine.run import events as e
from headrace.engine.service import batches, instances
from headrace.engine.service.actor import Actor
from headrace.engine.store import batches as store
from headrace.engine.store import tables as t
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, settle


def pays(key: str = "pays") -> Any:
    return flow(key).then("pay", "connector", attempts=1).then("done", "end")


def asks(key: str = "asks") -> Any:
    document = flow(key).then("ask", "approval").then("done", "end").document()
    document["input"] = {"type": "object", "properties": {"n": {"x-search": True}}}
    return document


def failing(house: House, count: int, key: str = "pays") -> list[str]:
    """Instances whose payment was refused."""
    house.publish(pays(key))
    ids = []
    for _ in range(count):
        house.later(ms=1)
        ids.append(house.start(key))
    settle(house, ScriptedWorld(400))
    return ids


def begin(house: House, kind: str, selection: dict[str, Any], **more: Any) -> str:
    return str(batches.create(house.workspace, house.actor(ANN), kind, selection, **more)["id"])


def turn(house: House, times: int = 30) -> None:
    """Let the batches work, with time going by between."""
    for _ in range(times):
        batches.work(house.workspace)
        house.later(s=1)


def told(house: House, id_: str) -> dict[str, Any]:
    return batches.detail(house.workspace, house.actor(ANN), id_)


def outcomes(house: House, id_: str) -> list[tuple[str, str | None]]:
    found = batches.items(house.workspace, house.actor(ANN), id_, limit=200)["items"]
    return [(item["status"], item["code"]) for item in found]


def test_a_retry_is_done_when_its_step_is_done_and_not_before(house: House) -> None:
    failing(house, 3)

    id_ = begin(house, "retry", {"flow": "pays"})
    turn(house)
    assert told(house, id_)["counts"] == {
        "waiting": 0,
        "running": 3,
        "done": 0,
        "failed": 0,
        "skipped": 0,
    }

    settle(house, ScriptedWorld(200, 409, 200))
    turn(house)

    found = told(house, id_)
    assert (found["status"], found["total"]) == ("done", 3)
    assert sorted(outcomes(house, id_)) == [("done", "port:out"), ("done", "port:out"), ("failed", "http_409")]  # fmt: skip


def test_what_was_solved_meanwhile_is_skipped_and_says_so(house: House) -> None:
    ids = failing(house, 2)
    chosen = [house.incidents(id_)[0]["id"] for id_ in ids]
    id_ = begin(house, "retry", {"ids": chosen})
    house.skip(ids[0])

    turn(house)
    settle(house)
    turn(house)

    assert outcomes(house, id_) == [("skipped", "conflict"), ("done", "port:out")]


def test_an_attempt_that_is_cancelled_has_failed(house: House) -> None:
    (instance,) = failing(house, 1)
    id_ = begin(house, "retry", {})
    turn(house, 2)

    house.cancel(instance)
    turn(house)

    assert outcomes(house, id_) == [("failed", "cancelled")]


def test_a_retry_that_leads_to_a_wait_is_done(house: House) -> None:
    house.publish(
        flow("asks")
        .then("ask", "approval", assignees=[{"kind": "role", "id": "empty"}])
        .then("done", "end")
    )
    house.start("asks")
    house.write(lambda c: c.execute(t.role_members.insert().values(role="empty", user_id=ANN)))
    house.workspace.forget_directory()

    id_ = begin(house, "retry", {"code": "nobody_to_ask"})
    turn(house)

    assert outcomes(house, id_) == [("done", "waits:task")]


def test_a_retry_of_a_sub_flow_is_not_done_because_it_was_asked_for(house: House) -> None:
    house.publish(flow("parent").then("sub", "subflow", flow="missing").then("done", "end"))
    house.start("parent")
    settle(house)

    id_ = begin(house, "retry", {"flow": "parent"})
    turn(house, 2)
    assert outcomes(house, id_) == [("running", None)]
    settle(house)
    turn(house)

    assert outcomes(house, id_) == [("failed", "subflow_failed")]


def test_a_restart_neither_forgets_nor_repeats(house: House) -> None:
    """Two workspaces on one database, one after the other; the second goes on where the first stopped in the middle."""
    ids = failing(house, 45)
    batch = begin(house, "retry", {"flow": "pays"}, per_second=10)
    for _ in range(3):
        batches.work(house.workspace)
        house.later(s=1)
    half = told(house, batch)["counts"]
    assert 0 < half["running"] < 45

    other = house.again()
    settle(other, ScriptedWorld(200))
    turn(other, 60)
    settle(other, ScriptedWorld(200))
    turn(other)

    assert told(other, batch)["counts"]["done"] == 45
    for id_ in ids:
        resolved = other.events(id_, e.IncidentResolved)
        assert [(one.resolution, one.by) for one in resolved] == [("retried", ANN)]
    assert other.violations() == []
    other.close()


def test_a_crash_in_the_middle_of_a_slice_leaves_no_trace(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beginning an item and noting it are one transaction: what was not committed is begun again, once."""
    ids = failing(house, 5)
    batch = begin(house, "retry", {"flow": "pays"})
    batches.work(house.workspace)
    original = store.set_item
    calls = iter(range(100))

    def dies(*args: Any, **more: Any) -> None:
        if next(calls) == 3:
            raise RuntimeError("the power went")
        original(*args, **more)

    monkeypatch.setattr(store, "set_item", dies)
    batches.work(house.workspace)
    assert told(house, batch)["counts"]["waiting"] == 5
    assert [len(house.events(id_, e.IncidentResolved)) for id_ in ids] == [0] * 5

    monkeypatch.undo()
    house.later(s=60)
    turn(house)
    settle(house)
    turn(house)

    assert told(house, batch)["counts"]["done"] == 5
    assert [len(house.events(id_, e.IncidentResolved)) for id_ in ids] == [1] * 5


def test_a_batch_is_throttled(house: House) -> None:
    house.publish(asks())
    for _ in range(30):
        house.start("asks")
    id_ = begin(house, "cancel", {"flow": "asks"}, per_second=5)
    batches.work(house.workspace)

    done = []
    for _ in range(4):
        batches.work(house.workspace)
        done.append(told(house, id_)["counts"]["done"])
    house.later(s=1)
    batches.work(house.workspace)

    assert done == [5, 5, 5, 5]
    assert told(house, id_)["counts"]["done"] == 10


def test_many_items_are_gathered_in_slices_and_later_ones_are_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "GATHER_MAX", 4)
    monkeypatch.setattr(store.matching, "__kwdefaults__", {"after": None, "limit": 4})
    house.publish(asks())
    for _ in range(10):
        house.later(ms=1)
        house.start("asks")
    id_ = begin(house, "cancel", {"flow": "asks"})
    batches.work(house.workspace)
    house.later(ms=1)
    late = house.start("asks")

    turn(house)

    found = told(house, id_)
    assert (found["total"], found["counts"]["done"]) == (10, 10)
    assert house.status(late) == "waiting"


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ({}, 4),
        ({"flow": "asks"}, 3),
        ({"flow": "asks", "filter": "n >= 2"}, 2),
        ({"node": "ask"}, 3),
        ({"node": "pay", "code": "http_400"}, 1),
        ({"status": "incident"}, 1),
        ({"search": "K-"}, 1),
        ({"version": 2}, 0),
        ({"to": "2026-01-09T08:00:00Z"}, 0),
    ],
)
def test_a_filter_chooses(selection: dict[str, Any], count: int, house: House) -> None:
    house.later(ms=10)
    house.publish(asks())
    for n in (1, 2, 3):
        house.start("asks", {"n": n}, business_key="K-1" if n == 1 else None)
    failing(house, 1)

    seen = batches.preview(house.workspace, house.actor(ANN), "cancel", selection)
    id_ = begin(house, "cancel", selection)
    turn(house)

    assert (seen["count"], seen["more"]) == (count, False)
    assert len(seen["sample"]) == count
    assert told(house, id_)["counts"]["done"] == count


def test_each_kind_does_what_the_single_action_does(house: House) -> None:
    house.publish(asks())
    ids = [house.start("asks") for _ in range(3)]
    ended = ids[2]
    house.cancel(ended)

    def status() -> list[str]:
        return [house.status(id_) for id_ in ids[:2]]

    suspended = begin(house, "suspend", {"ids": ids}, params={"timers": "shift"})
    turn(house)
    assert status() == ["suspended", "suspended"]
    assert outcomes(house, suspended)[2] == ("skipped", "conflict")
    urgent = begin(house, "priority", {"ids": ids[:2]}, params={"priority": 7})
    turn(house)
    begin(house, "resume", {"flow": "asks"})
    turn(house)
    assert status() == ["waiting", "waiting"]
    held = begin(house, "hold", {"ids": ids}, reason="court")
    turn(house)
    assert outcomes(house, held) == [("done", None)] * 3
    begin(house, "release", {})
    begin(house, "cancel", {}, reason="over")
    turn(house)
    assert status() == ["cancelled", "cancelled"]
    assert told(house, urgent)["counts"]["done"] == 2
    rows = house.rows(sa.select(t.instances.c.priority, t.instances.c.hold))
    assert sorted((row.priority, row.hold) for row in rows) == [(0, False), (7, False), (7, False)]


def test_skip_passes_by_the_port_named(house: House) -> None:
    ids = failing(house, 2)

    id_ = begin(house, "skip", {"flow": "pays"}, params={"output": {"by": "hand"}})
    turn(house)

    assert outcomes(house, id_) == [("done", "port:out")] * 2
    assert [house.status(one) for one in ids] == ["completed"] * 2


def test_a_cancelled_batch_begins_nothing_more_and_follows_what_runs(house: House) -> None:
    failing(house, 30)
    id_ = begin(house, "retry", {}, per_second=10)
    turn(house, 2)

    batches.cancel(house.workspace, house.actor(ANN), id_)
    settle(house)
    turn(house)

    found = told(house, id_)
    assert (found["status"], found["counts"]["done"], found["counts"]["skipped"]) == ("cancelled", 10, 20)  # fmt: skip
    assert found["ended_at"] is not None
    with pytest.raises(Conflict):
        batches.cancel(house.workspace, house.actor(ANN), id_)


def test_who_may_not_may_not(cabin: House) -> None:
    reader = Actor("usr_eve", "Eve", (), frozenset({"instances:read"}))

    with pytest.raises(Forbidden):
        batches.create(cabin.workspace, reader, "cancel", {})
    with pytest.raises(Forbidden):
        batches.create(
            cabin.workspace,
            Actor("usr_eve", "Eve", (), frozenset({"instances:read", "instances:operate"})),
            "hold",
            {},
        )
    with pytest.raises(NotFound):
        batches.create(cabin.workspace, cabin.actor(ANN), "explode", {})


@pytest.mark.parametrize(
    ("kind", "params", "selection"),
    [
        ("priority", {}, {}),
        ("priority", {"priority": 10}, {}),
        ("suspend", {"timers": "stop"}, {}),
        ("cancel", {"unknown": 1}, {}),
        ("cancel", {}, {"filter": "what"}),
    ],
)
def test_what_is_wrong_is_told_before_anything_begins(
    kind: str, params: dict[str, Any], selection: dict[str, Any], cabin: House
) -> None:
    with pytest.raises(ValidationFailed):
        batches.create(cabin.workspace, cabin.actor(ANN), kind, selection, params=params)

    assert cabin.rows(sa.select(t.batches.c.id)) == []


def test_pages_of_batches_and_items(cabin: House) -> None:
    cabin.publish(asks())
    for _ in range(5):
        cabin.start("asks")
    ids = []
    for _ in range(3):
        cabin.later(ms=1)
        ids.append(begin(cabin, "priority", {"flow": "asks"}, params={"priority": 1}))
    turn(cabin)

    ann = cabin.actor(ANN)
    first = batches.listing(cabin.workspace, ann, limit=2)
    second = batches.listing(cabin.workspace, ann, limit=2, cursor=first["next_cursor"])
    page = batches.items(cabin.workspace, ann, ids[0], limit=3)
    rest = batches.items(cabin.workspace, ann, ids[0], limit=3, cursor=page["next_cursor"])

    assert [one["id"] for one in first["items"] + second["items"]] == ids[::-1]
    assert [one["number"] for one in page["items"] + rest["items"]] == [1, 2, 3, 4, 5]
    assert rest["next_cursor"] is None
    assert len(instances.listing(cabin.workspace, ann)["items"]) == 5


def test_two_processes_at_one_batch_do_each_item_once(migrated_postgresql_url: str) -> None:
    first = House(migrated_postgresql_url)
    second = House(migrated_postgresql_url, furnish=False)
    ids = failing(first, 60)
    batch = begin(first, "retry", {"flow": "pays"}, per_second=1_000)

    def works(house: House) -> None:
        for _ in range(12):
            batches.work(house.workspace)
            house.later(s=1)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(works, (first, second)))
    settle(first)
    works(first)

    assert told(first, batch)["counts"]["done"] == 60
    for id_ in ids:
        assert len(first.events(id_, e.IncidentResolved)) == 1
    second.close()
    first.close()
