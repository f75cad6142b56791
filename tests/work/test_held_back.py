"""What holds jobs back: rates, concurrency keys, parallel limits, breakers, shares. Nothing leaks, nothing starves."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.node import ConnectionInfo, NotSent, OutcomeUnknown
from headrace.engine.run import events as e
from headrace.engine.service import breakers, limits, operations
from headrace.engine.store import claims as claim_store
from headrace.engine.store import jobs as job_store
from headrace.engine.store import tables as t
from headrace.engine.store.claims import LEASE_MS, Claim, Share
from headrace.engine.work import jobs
from tests.builder import flow
from tests.fakes import (
    ANN,
    NOON,
    House,
    ScriptedWorld,
    claim_jobs,
    furnished,
    run_claim,
    settle,
)


def calls(house: House, key: str = "pays", **settings: Any) -> str:
    house.publish(flow(key).then("pay", "connector", **settings).then("done", "end"))
    return key


def connect(house: House, key: str, **set_: Any) -> None:
    """An account with these limits."""
    row = {
        "key": key, "name": key, "connector": "rest", "settings": {"base_url": f"http://{key}", "auth": "none"},
        "secrets": b"", "created_at": NOON, "updated_at": NOON, "updated_by": ANN,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.connections.insert().values(row)))
    if set_:
        limits.put(house.workspace, house.actor(ANN), key, set_)


def live(house: House, column: str = "limit_key") -> dict[str, int]:
    """How many leases there are, by key or connection."""
    query = sa.select(t.jobs.c[column], sa.func.count()).where(t.jobs.c.status == "leased")
    return {row[0]: row[1] for row in house.rows(query.group_by(t.jobs.c[column]))}


def claim(house: House, limit: int = 100, **more: Any) -> list[Claim]:
    found: list[Claim] = house.write(
        lambda connection: job_store.claim(connection, "test", limit, house.now_ms, **more)
    )
    return found


def due_at(house: House) -> int | None:
    with house.workspace.read() as connection:
        return job_store.next_due_at(connection, house.now_ms)


# --- concurrency keys -------------------------------------------------------------------------------


def test_of_one_key_only_so_many_run_and_the_oldest_first(house: House) -> None:
    calls(house, concurrency_key="shop", concurrency_limit=2)
    started = []
    for _ in range(5):
        started.append(house.start("pays", {"shop": "A"}))
        house.later(ms=1)

    order = []
    while found := claim_jobs(house):
        assert len(found) <= 2
        order += [one.instance_id for one in found]
        run_claim(house, found[0], ScriptedWorld(200))
        for one in found[1:]:
            run_claim(house, one, ScriptedWorld(200))

    assert order == started


def test_different_keys_do_not_wait_for_one_another(house: House) -> None:
    calls(house, concurrency_key="shop")
    for shop in ("A", "A", "B", "C"):
        house.start("pays", {"shop": shop})

    assert len(claim_jobs(house)) == 3


def test_a_key_that_cannot_be_told_is_an_incident_and_can_be_mended(house: House) -> None:
    calls(house, concurrency_key="shop.name")
    id_ = house.start("pays", {"shop": None})

    assert [found["code"] for found in house.incidents(id_)] == ["expression_failed"]


def test_a_dead_worker_frees_its_key_after_the_lease(house: House) -> None:
    calls(house, concurrency_key="'one'")
    first, second = house.start("pays"), house.start("pays")
    assert [one.instance_id for one in claim_jobs(house)] == [first]
    assert claim_jobs(house) == []

    house.later(ms=LEASE_MS + 1)
    jobs.reclaim(house.workspace)

    (again,) = claim_jobs(house)
    assert again.instance_id in {first, second}


def test_a_job_parked_in_the_moment_its_key_fell_free_is_woken_by_the_sweep(house: House) -> None:
    calls(house, concurrency_key="'one'")
    house.start("pays")
    house.write(lambda connection: connection.execute(t.jobs.update().values(parked=1)))
    assert claim_jobs(house) == []

    jobs.reclaim(house.workspace)

    assert len(claim_jobs(house)) == 1


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_no_key_has_more_leases_than_its_limit_and_none_starves(
    house: House, seed: int
) -> None:
    dice = random.Random(seed)
    calls(house, "one", concurrency_key="shop", concurrency_limit=1, attempts=20)
    calls(house, "three", concurrency_key="shop", concurrency_limit=3, attempts=20)
    waiting: dict[str, int] = {}
    held: list[Claim] = []
    for moment in range(120):
        match dice.choice(["start", "start", "claim", "claim", "end", "fail", "die", "later"]):
            case "start" if moment < 60:
                id_ = house.start(dice.choice(["one", "three"]), {"shop": dice.choice("ABC")})
                waiting[id_] = moment
            case "claim":
                held += claim_jobs(house, dice.randint(1, 4))
            case "end" if held:
                run_claim(house, held.pop(dice.randrange(len(held))), ScriptedWorld(200))
            case "fail" if held:
                run_claim(house, held.pop(dice.randrange(len(held))), ScriptedWorld(503))
            case "die" if held:
                held.pop(dice.randrange(len(held)))
            case _:
                house.later(s=dice.choice([0.1, 1, 20]))
                jobs.reclaim(house.workspace)
        assert all(count <= 3 for count in live(house).values())
        assert single_of_one(house)

    for _ in range(30):
        settle(house, ScriptedWorld(200))
        house.later(s=20)
        jobs.reclaim(house.workspace)
    assert {house.status(id_) for id_ in waiting} == {"completed"}


def single_of_one(house: House) -> bool:
    """A job that wants its key for itself began when nobody had it."""
    rows = house.rows(
        sa.select(t.jobs.c.limit_key, sa.func.count())
        .where(t.jobs.c.status == "leased", t.jobs.c.limit_max == 1)
        .group_by(t.jobs.c.limit_key)
    )
    return all(count == 1 for _, count in rows)


def test_a_withdrawn_step_keeps_its_key_until_its_worker_is_done(house: House) -> None:
    calls(house, concurrency_key="'one'")
    first = house.start("pays")
    house.start("pays")
    (running,) = claim_jobs(house)
    house.cancel(first)
    assert claim_jobs(house) == []

    run_claim(house, running, ScriptedWorld(200))

    assert len(claim_jobs(house)) == 1


# --- withdrawn and suspended ----------------------------------------------------------------------


def test_a_withdrawn_step_hears_what_its_worker_did_all_the_same(house: House) -> None:
    calls(house)
    id_ = house.start("pays")
    (running,) = claim_jobs(house)
    house.cancel(id_)
    assert house.rows(sa.select(t.jobs.c.status)) == [("cancelled",)]

    run_claim(house, running, ScriptedWorld((200, {"no": 7})))

    assert house.rows(sa.select(t.jobs)) == []
    (late,) = house.events(id_, e.ResultIgnored)
    assert late.details["output"]["body"] == {"no": 7}
    assert (late.details["port"], late.details["unknown"]) == ("out", False)


def test_the_lease_of_a_withdrawn_step_is_kept_alive_and_runs_out_as_unknown(house: House) -> None:
    calls(house)
    id_ = house.start("pays")
    (running,) = claim_jobs(house)
    house.cancel(id_)
    house.later(ms=LEASE_MS)
    house.write(
        lambda connection: job_store.renew(connection, [(running.id, running.epoch)], house.now_ms)
    )
    house.later(ms=LEASE_MS)
    assert jobs.reclaim(house.workspace) == 0

    house.later(ms=1)
    assert jobs.reclaim(house.workspace) == 1

    assert house.rows(sa.select(t.jobs)) == []
    (late,) = house.events(id_, e.ResultIgnored)
    assert late.details["unknown"] is True


def test_a_held_job_is_not_claimed(house: House) -> None:
    calls(house)
    house.start("pays")
    house.write(lambda connection: connection.execute(t.jobs.update().values(status="held")))
    assert claim_jobs(house) == []
    assert due_at(house) is None

    house.write(lambda connection: connection.execute(t.jobs.update().values(status="ready")))
    assert len(claim_jobs(house)) == 1


def test_an_attempt_that_fails_while_its_instance_is_suspended_is_not_tried_again_before_it_goes_on(
    house: House,
) -> None:
    calls(house, attempts=3, backoff_s=0)
    id_ = house.start("pays")
    (running,) = claim_jobs(house)
    operations.suspend(house.workspace, house.actor(ANN), id_)

    run_claim(house, running, ScriptedWorld(503))
    house.later(s=60)
    assert claim_jobs(house) == []
    operations.resume(house.workspace, house.actor(ANN), id_)

    settle(house, ScriptedWorld(200))
    assert house.status(id_) == "completed"


def test_a_withdrawn_step_whose_worker_never_began_is_known_not_to_be_done(house: House) -> None:
    calls(house)
    id_ = house.start("pays")
    runner = jobs.JobRunner(house.workspace, lambda _: ScriptedWorld(200), "one", threads=1)
    runner._pool.submit = lambda *_: None  # type: ignore[assignment,method-assign] # no thread is free
    runner.step()
    house.cancel(id_)

    runner.close()

    assert house.rows(sa.select(t.jobs)) == []
    (late,) = house.events(id_, e.ResultIgnored)
    assert (late.details["code"], late.details["unknown"]) == ("not_begun", False)


# --- rates and parallel limits ------------------------------------------------------------------------


def test_a_rate_is_kept_and_costs_no_attempt(house: House) -> None:
    connect(house, "pay", rate={"calls": 2, "per_s": 10})
    calls(house, connection="pay")
    ids = [house.start("pays") for _ in range(4)]
    begun = []
    for _ in range(200):
        for one in claim_jobs(house):
            begun.append(house.now_ms)
            assert one.attempt == 1
            run_claim(house, one, ScriptedWorld(200))
        house.later(ms=100)

    assert [moment - NOON for moment in begun] == [0, 5_000, 10_000, 15_000]
    assert {house.status(id_) for id_ in ids} == {"completed"}


def test_who_waits_for_a_rate_looks_again_when_it_is_free(house: House) -> None:
    connect(house, "pay", rate={"calls": 2, "per_s": 10, "burst": 2})
    calls(house, connection="pay")
    for _ in range(3):
        house.start("pays")
    assert len(claim_jobs(house)) == 2

    assert due_at(house) == NOON + 5_000


def test_a_rate_of_one_operation_leaves_the_others_alone(house: House) -> None:
    connect(house, "pay", operations={"write": {"calls": 1, "per_s": 60}})
    calls(house, "posts", connection="pay", method="POST")
    calls(house, "asks", connection="pay", method="GET", effect="pure")
    for _ in range(3):
        house.start("posts")
        house.start("asks")

    assert sorted(one.flow_key for one in claim_jobs(house)) == ["asks"] * 3 + ["posts"]


@pytest.mark.parametrize("seed", range(3))
def test_never_do_more_calls_of_a_connection_run_at_once_than_set(house: House, seed: int) -> None:
    dice = random.Random(seed)
    connect(house, "pay", parallel=3)
    calls(house, connection="pay", attempts=20)
    held: list[Claim] = []
    ids = [house.start("pays") for _ in range(20)]
    for _ in range(60):
        held += claim_jobs(house, dice.randint(1, 5))
        assert live(house, "connection").get("pay", 0) <= 3
        if held and dice.random() < 0.7:
            run_claim(house, held.pop(), ScriptedWorld(dice.choice([200, 200, 503])))
        elif held and dice.random() < 0.2:
            held.pop()  # its worker dies
        house.later(s=dice.choice([1, 5]))
        jobs.reclaim(house.workspace)

    for _ in range(30):
        settle(house, ScriptedWorld(200))
        house.later(s=20)
        jobs.reclaim(house.workspace)
    assert {house.status(id_) for id_ in ids} == {"completed"}


# --- breakers ----------------------------------------------------------------------------------------

OPENS_AFTER = 5
PATIENT: dict[str, Any] = {"attempts": 20, "backoff_s": 0}


def shown(house: House) -> dict[str, Any]:
    (found,) = breakers.listing(house.workspace, house.actor(ANN))["items"]
    return dict(found)


def broken(house: House, *answers: Any, count: int = 8) -> list[str]:
    """So many started, worked off until the breaker is open."""
    connect(house, "pay")
    calls(house, connection="pay", **PATIENT)
    ids = [house.start("pays") for _ in range(count)]
    world = ScriptedWorld(*answers)
    for one in claim_jobs(house, OPENS_AFTER):
        run_claim(house, one, world)
    return ids


@pytest.mark.parametrize("answer", [503, NotSent, OutcomeUnknown])
def test_a_far_side_that_fails_again_and_again_is_left_alone_for_a_while(
    house: House, answer: Any
) -> None:
    broken(house, answer)

    assert claim_jobs(house) == []
    found = shown(house)
    assert (found["connection"], found["host"], found["connector"]) == ("pay", "pay", "rest")
    assert (found["state"], found["failures"]) == ("open", OPENS_AFTER)
    assert due_at(house) == NOON + 30_000


@pytest.mark.parametrize("answer", [400, 401, 404, 429])
def test_a_far_side_that_refuses_is_there(house: House, answer: int) -> None:
    broken(house, answer)

    assert len(claim_jobs(house)) >= 3
    assert breakers.listing(house.workspace, house.actor(ANN))["items"] == []


def test_after_the_pause_one_job_tries_and_when_it_works_all_go_on(house: House) -> None:
    ids = broken(house, 503)
    house.later(s=30)
    (trying,) = claim_jobs(house)
    assert claim_jobs(house) == []
    assert due_at(house) is None
    assert shown(house)["state"] == "half_open"

    run_claim(house, trying, ScriptedWorld(200))

    assert shown(house)["state"] == "closed"
    assert len(claim_jobs(house)) == len(ids) - 1


def test_a_try_that_fails_opens_it_for_twice_as_long_and_waiting_costs_no_attempt(
    house: House,
) -> None:
    broken(house, 503)
    for pause_s in (30, 60, 120):
        house.later(s=pause_s - 1)
        assert claim_jobs(house) == []
        house.later(s=1)
        (trying,) = claim_jobs(house)
        run_claim(house, trying, ScriptedWorld(503))

    attempts = house.rows(sa.select(t.jobs.c.attempt))
    assert sum(row.attempt for row in attempts) == OPENS_AFTER + 3


def test_a_try_whose_worker_dies_is_followed_by_another(house: House) -> None:
    broken(house, 503)
    house.later(s=30)
    claim_jobs(house)
    house.later(ms=LEASE_MS + 1)
    jobs.reclaim(house.workspace)

    assert len(claim_jobs(house)) == 1


def test_results_of_jobs_that_began_before_it_opened_neither_close_nor_prolong_it(
    house: House,
) -> None:
    connect(house, "pay")
    calls(house, connection="pay", **PATIENT)
    for _ in range(9):
        house.start("pays")
    claims = claim_jobs(house)
    for one in claims[:OPENS_AFTER]:
        run_claim(house, one, ScriptedWorld(503))
    before = shown(house)

    run_claim(house, claims[5], ScriptedWorld(200))
    run_claim(house, claims[6], ScriptedWorld(503))

    assert shown(house)["state"] == "open"
    assert shown(house)["next_try_at"] == before["next_try_at"]


def test_other_connections_go_on_while_one_is_left_alone(house: House) -> None:
    broken(house, 503)
    connect(house, "wms")
    calls(house, "ships", connection="wms")
    house.start("ships")

    assert [one.flow_key for one in claim_jobs(house)] == ["ships"]


def test_a_person_may_hold_it_open_or_closed_and_let_it_go(house: House) -> None:
    connect(house, "pay")
    calls(house, connection="pay", **PATIENT)
    house.start("pays")
    ann = house.actor(ANN)

    breakers.force(house.workspace, ann, "pay", "open")
    house.later(s=86_400)
    assert claim_jobs(house) == []
    assert shown(house)["forced"] is True

    breakers.force(house.workspace, ann, "pay", "closed")
    for _ in range(10):
        settle(house, ScriptedWorld(503))
    assert len(house.events(house.start("pays"), e.JobTried)) == 0
    assert shown(house)["state"] == "closed"
    assert len(claim_jobs(house)) >= 1

    breakers.force(house.workspace, ann, "pay", "automatic")
    assert shown(house)["forced"] is False
    actions = house.rows(sa.select(t.audit.c.action).order_by(t.audit.c.id))
    assert [row.action for row in actions] == [
        "breakers.open",
        "breakers.closed",
        "breakers.automatic",
    ]


def test_another_host_of_the_connection_that_is_shut_is_not_called_and_costs_no_attempt(
    house: House,
) -> None:
    connect(house, "pay")
    calls(house, connection="pay")
    house.start("pays")
    (running,) = claim_jobs(house)
    elsewhere = Claim(
        **{
            **{name: getattr(running, name) for name in running.__slots__},
            "shut": {"pay": NOON + 5_000},
        }
    )
    world = ScriptedWorld(200)

    run_claim(house, elsewhere, world)

    assert world.calls == []
    (row,) = house.rows(sa.select(t.jobs.c.status, t.jobs.c.attempt, t.jobs.c.available_at))
    assert tuple(row) == ("ready", 0, NOON + 5_000)


# --- queues and shares ---------------------------------------------------------------------------------


def test_a_worker_takes_only_its_queues_and_a_connection_may_name_its_own(house: House) -> None:
    connect(house, "quick")
    connect(house, "slug", queue="slow")
    calls(house, "fast", connection="quick")
    calls(house, "late", connection="slug")
    house.start("fast")
    house.start("late")

    assert claim(house, queues=["mail"]) == []
    assert [one.flow_key for one in claim(house, queues=["slow"])] == ["late"]
    assert [one.flow_key for one in claim(house, queues=["http"])] == ["fast"]


def test_no_connection_gets_more_than_its_share_however_many_wait(house: House) -> None:
    calls(house, "slow", connection="slug")
    calls(house, "fast", connection="quick")
    for _ in range(40):
        house.start("slow")
    house.later(ms=1)
    for _ in range(3):
        house.start("fast")

    first = claim(house, 10, share=Share({}, 8))
    second = claim(house, 4, share=Share({"slug": 7, "quick": 3}, 8))

    assert [one.flow_key for one in first].count("slow") in (7, 8)
    assert [one.flow_key for one in first].count("fast") in (2, 3)
    assert [one.flow_key for one in second].count("slow") == 1


def test_urgent_jobs_come_first_also_lane_by_lane(house: House) -> None:
    connect(house, "pay", parallel=1)
    calls(house, connection="pay")
    for _ in range(3):
        house.start("pays")
    last = house.start("pays")
    urgent = t.jobs.update().where(t.jobs.c.instance_id == last).values(priority=5)
    house.write(lambda connection: connection.execute(urgent))

    assert [one.instance_id for one in claim_jobs(house)] == [last]


# --- how often and how long ----------------------------------------------------------------------------


def test_no_attempt_begins_beyond_the_budget_and_the_incident_says_so(house: House) -> None:
    calls(house, attempts=20, backoff_s=60, backoff_max_s=60, budget_s=100)
    id_ = house.start("pays")
    world = ScriptedWorld((503, {}, {"retry-after": "40"}))
    for _ in range(20):
        settle(house, world)
        house.later(s=20)

    assert 2 <= len(world.calls) <= 3
    (found,) = house.incidents(id_)
    assert found["code"] == "http_503"
    assert "beyond the budget" in found["message"]
    assert "budget 100 s" in found["message"]
    assert "of 20" in found["message"]


def test_a_retry_by_hand_has_a_new_budget(house: House) -> None:
    calls(house, attempts=20, backoff_s=0, budget_s=10)
    id_ = house.start("pays")
    settle(house, ScriptedWorld((503, {}, {"retry-after": "20"})))
    house.later(s=3_600)
    house.retry(id_)
    settle(house, ScriptedWorld((503, {}, {"retry-after": "5"})))

    assert house.incidents(id_) == []


@pytest.mark.parametrize(
    ("settings", "answer", "attempts"),
    [
        ({"retry_on": "409"}, 409, 3),  # otherwise for a person at once
        ({"retry_on": "4xx, x"}, 422, 3),
        ({"never_retry_on": "503"}, 503, 1),  # otherwise tried again
        ({"never_retry_on": "5xx"}, 502, 1),
        ({"never_retry_on": "no_answer"}, OutcomeUnknown, 1),
        ({"never_retry_on": "409", "retry_on": "4xx"}, 409, 1),  # never is stronger
        ({"retry_on": "no_answer", "effect": "once"}, OutcomeUnknown, 1),  # never against its class
        ({"retry_on": "503", "effect": "once"}, 503, 1),
    ],
)
def test_codes_say_what_is_tried_again(
    house: House, settings: dict[str, Any], answer: Any, attempts: int
) -> None:
    calls(house, attempts=3, backoff_s=0, **settings)
    id_ = house.start("pays")
    world = ScriptedWorld(answer)
    for _ in range(5):
        settle(house, world)
        house.later(s=1)

    assert len(world.calls) == attempts
    assert len(house.incidents(id_)) == 1


def test_the_last_attempt_tells_how_many_there_were(house: House) -> None:
    calls(house, attempts=2, backoff_s=0)
    id_ = house.start("pays")
    world = ScriptedWorld(503)
    settle(house, world)
    house.later(s=3)
    settle(house, world)

    (found,) = house.incidents(id_)
    assert "attempt 2 of 2" in found["message"]


# --- a hundred thousand -------------------------------------------------------------------------------


def test_a_claim_looks_at_no_job_behind_an_open_breaker_or_a_full_key(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(house, 503, count=300)
    looked: list[int] = []
    take = claim_store._Picking.take

    def counting(self: Any, rows: Any) -> int:
        looked.append(len(rows))
        return take(self, rows)

    monkeypatch.setattr(claim_store._Picking, "take", counting)
    assert claim_jobs(house) == []

    assert sum(looked) == 0


# --- several at once ------------------------------------------------------------------------------------


class Slow(ScriptedWorld):
    """Calls of one connection do not come back until the test says so."""

    def __init__(self, house: House, key: str) -> None:
        super().__init__(200)
        self.house, self.key = house, key
        self.open, self.inside = threading.Event(), threading.Semaphore(0)

    def connection(self, key: str) -> ConnectionInfo:
        if key == self.key:
            self.inside.release()
            assert self.open.wait(20)
        return super().connection(key)


def test_a_slow_connection_leaves_threads_for_the_others(house: House) -> None:
    calls(house, "slow", connection="slug")
    calls(house, "fast", connection="quick")
    for _ in range(20):
        house.start("slow")
    world = Slow(house, "slug")
    runner = jobs.JobRunner(house.workspace, lambda _: world, "one", threads=4)
    runner.step()
    for _ in range(3):
        assert world.inside.acquire(timeout=10)

    fast = house.start("fast")
    house.later(s=1)
    while house.status(fast) != "completed":  # or the time-out of the test
        runner.step()

    assert not world.inside.acquire(blocking=False)  # never a fourth thread
    world.open.set()
    while house.rows(sa.select(t.jobs.c.id)):
        house.later(s=1)
        runner.step()
    runner.close()


def test_processes_that_claim_at_once_keep_keys_and_parallel_limits(
    postgresql_template: str, migrated_postgresql_url: str
) -> None:
    del postgresql_template
    with furnished(migrated_postgresql_url) as house:
        connect(house, "pay", parallel=3)
        calls(house, "limited", connection="pay")
        calls(house, "keyed", connection="free", concurrency_key="'one'", concurrency_limit=2)
        for _ in range(40):
            house.start("limited")
            house.start("keyed")
        seen: list[tuple[int, int]] = []

        def work(number: int) -> None:
            for _ in range(25):
                with house.database.connect() as connection:
                    with connection.begin():
                        found = job_store.claim(connection, f"w{number}", 4, house.now_ms)
                    with connection.begin():
                        by = t.jobs.c.status == "leased"
                        rows = connection.execute(sa.select(t.jobs.c.flow_key).where(by)).all()
                        keys = [row.flow_key for row in rows]
                        seen.append((keys.count("limited"), keys.count("keyed")))
                    with connection.begin():
                        job_store.give_back(connection, found)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

        assert max(limited for limited, _ in seen) == 3
        assert max(keyed for _, keyed in seen) == 2
        jobs.reclaim(house.workspace)
        for _ in range(60):
            settle(house, ScriptedWorld(200))
            jobs.reclaim(house.workspace)
        assert house.rows(sa.select(t.jobs.c.id)) == []


def test_a_runner_asks_again_when_a_connection_got_all_it_may_have(house: House) -> None:
    calls(house)
    for _ in range(9):
        house.start("pays")
    runner = jobs.JobRunner(house.workspace, lambda _: ScriptedWorld(200), "one", threads=4)
    runner._pool.submit = lambda *_: None  # type: ignore[assignment,method-assign] # no thread is free

    assert runner.step() == 7  # of 8: three threads, and four to go on with
    assert runner.step() == 0
    runner.close()
