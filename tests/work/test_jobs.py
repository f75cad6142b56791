"""Jobs: leases, fencing, what may be repeated, and how long one waits before that."""

import threading
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.node import Done, Failed, NotSent, OutcomeUnknown
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.store import tables as t
from headrace.engine.store.jobs import LEASE_MS, Claim
from headrace.engine.work import jobs
from tests.builder import flow
from tests.fakes import NOON, House, ScriptedWorld, claim_jobs, run_claim, settle


def pays(house: House, **settings: Any) -> str:
    house.publish(flow("pays").then("pay", "connector", **settings).then("done", "end"))
    return house.start("pays")


def later_until_done(house: House, world: ScriptedWorld, rounds: int = 10) -> None:
    for _ in range(rounds):
        house.later(s=400)
        settle(house, world)


def test_a_call_is_made_once_and_its_answer_kept(house: House) -> None:
    id_ = pays(house)
    world = ScriptedWorld((200, {"no": 7}))

    settle(house, world)

    assert house.detail(id_)["variables"]["pay"] == {"status": 200, "body": {"no": 7}}
    assert len(world.calls) == 1
    assert house.rows(sa.select(t.jobs)) == []


def test_every_attempt_sends_the_same_key(house: House) -> None:
    id_ = pays(house)
    world = ScriptedWorld(503, NotSent, 200)

    settle(house, world)
    later_until_done(house, world)

    assert len(world.keys) == 3
    assert len(set(world.keys)) == 1
    assert [tried.attempt for tried in house.events(id_, e.JobTried)] == [1, 2, 3]


def test_after_the_last_attempt_it_is_an_incident_and_a_retry_keeps_the_key(house: House) -> None:
    id_ = pays(house, attempts=2)
    world = ScriptedWorld(503)
    settle(house, world)
    later_until_done(house, world)
    assert [found["code"] for found in house.incidents(id_)] == ["http_503"]
    assert len(world.keys) == 2

    world.answers = [200]
    house.retry(id_)
    settle(house, world)

    assert house.status(id_) == "completed"
    assert len(world.keys) == 3
    assert len(set(world.keys)) == 1


def test_a_refusal_is_not_tried_again(house: House) -> None:
    id_ = pays(house)
    world = ScriptedWorld(400)

    settle(house, world)
    later_until_done(house, world)

    assert len(world.calls) == 1
    assert [found["code"] for found in house.incidents(id_)] == ["http_400"]


def test_a_silent_worker_loses_its_job_to_another_with_the_same_key(house: House) -> None:
    id_ = pays(house)
    (lost,) = claim_jobs(house)
    world = ScriptedWorld(200)
    house.later(ms=LEASE_MS)
    assert jobs.reclaim(house.workspace) == 0  # the lease is over only after its last moment

    house.later(ms=1)
    assert jobs.reclaim(house.workspace) == 1
    settle(house, world)

    assert house.status(id_) == "completed"
    assert world.keys == [lost.key]


def test_a_crash_of_ours_uses_up_no_attempt_of_theirs(house: House) -> None:
    pays(house, attempts=1)
    for _ in range(3):
        (claim,) = claim_jobs(house)
        assert claim.attempt == 1
        house.later(s=16)
        jobs.reclaim(house.workspace)


def test_a_result_after_the_lease_is_kept_in_history_and_never_applied(house: House) -> None:
    id_ = pays(house)
    (slow,) = claim_jobs(house)
    house.later(s=16)
    jobs.reclaim(house.workspace)
    (fast,) = claim_jobs(house)
    assert fast.epoch > slow.epoch

    run_claim(house, slow, ScriptedWorld((200, {"from": "slow"})))
    assert house.waiting(id_) == ["pay"]
    run_claim(house, fast, ScriptedWorld((200, {"from": "fast"})))

    assert house.detail(id_)["variables"]["pay"]["body"] == {"from": "fast"}
    assert [event.details for event in house.events(id_, e.ResultIgnored)] == [
        {
            "port": "out",
            "output": {"status": 200, "body": {"from": "slow"}},
            "code": None,
            "unknown": False,
        }
    ]


def test_a_result_for_a_cancelled_instance_is_kept_in_history_and_never_applied(
    house: House,
) -> None:
    id_ = pays(house)
    (claim,) = claim_jobs(house)
    house.cancel(id_)

    run_claim(house, claim, ScriptedWorld(200))

    assert house.status(id_) == "cancelled"
    assert len(house.events(id_, e.ResultIgnored)) == 1


def test_what_must_never_be_repeated_becomes_an_incident_when_its_outcome_is_unknown(
    house: House,
) -> None:
    id_ = pays(house, effect="once")
    world = ScriptedWorld(OutcomeUnknown)

    settle(house, world)
    later_until_done(house, world)

    assert len(world.calls) == 1
    assert [found["code"] for found in house.incidents(id_)] == ["no_answer"]


def test_what_must_never_be_repeated_becomes_an_incident_when_its_worker_dies(house: House) -> None:
    id_ = pays(house, effect="once")
    claim_jobs(house)
    house.later(s=16)
    jobs.reclaim(house.workspace)

    assert [found["code"] for found in house.incidents(id_)] == ["outcome_unknown"]
    assert claim_jobs(house) == []


def test_after_an_unknown_outcome_the_far_side_is_asked_and_what_happened_is_not_repeated(
    house: House,
) -> None:
    id_ = pays(house, effect="probe")
    world = ScriptedWorld(OutcomeUnknown, (200, {"state": "paid"}))

    settle(house, world)
    later_until_done(house, world)

    assert [method for method, _, _ in world.calls] == ["POST", "GET"]
    assert house.detail(id_)["variables"]["pay"]["body"] == {"state": "paid"}


def test_after_an_unknown_outcome_that_did_not_happen_it_is_done_with_the_same_key(
    house: House,
) -> None:
    pays(house, effect="probe")
    world = ScriptedWorld(OutcomeUnknown, 404, 200)

    settle(house, world)
    later_until_done(house, world)

    assert [method for method, _, _ in world.calls] == ["POST", "GET", "POST"]
    assert len(set(world.keys)) == 1


def test_after_a_dead_worker_the_far_side_is_asked_first(house: House) -> None:
    pays(house, effect="probe")
    claim_jobs(house)
    house.later(s=16)
    jobs.reclaim(house.workspace)
    world = ScriptedWorld(200)

    settle(house, world)

    assert [method for method, _, _ in world.calls] == ["GET"]


def test_a_job_that_kills_its_workers_is_not_tried_for_ever(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CLAIMS_MAX", 3)
    id_ = pays(house)
    for _ in range(3):
        assert len(claim_jobs(house)) == 1
        house.later(s=16)
        jobs.reclaim(house.workspace)

    assert [found["code"] for found in house.incidents(id_)] == ["outcome_unknown"]


def test_a_node_with_a_bug_leaves_its_outcome_unknown(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = pays(house, effect="once")
    world = ScriptedWorld()
    world.during = lambda: 1 / 0  # type: ignore[assignment,return-value]

    settle(house, world)

    (tried,) = house.events(id_, e.JobTried)
    assert (tried.outcome, tried.code) == ("unknown", "node_failed")


def test_an_answer_beyond_all_bounds_is_an_incident(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "OUTPUT_MAX", 100)
    id_ = pays(house)

    settle(house, ScriptedWorld((200, {"text": "x" * 200})))

    assert [found["code"] for found in house.incidents(id_)] == ["output_too_large"]


def test_two_workers_never_claim_the_same_job(house: House) -> None:
    house.publish(flow("pays").then("pay", "connector").then("done", "end"))
    for _ in range(20):
        house.start("pays")
    claimed: list[str] = []

    def work() -> None:
        while claims := claim_jobs(house, 3):
            claimed.extend(claim.id for claim in claims)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(claimed) == len(set(claimed)) == 20


# --- judging: one row a case ------------------------------------------------------------------------


def claim_of(
    effect: str, attempt: int = 1, attempts_max: int = 3, *, unknown: bool = False
) -> Claim:
    return Claim(
        "ins_1.2",
        "ins_1",
        "f",
        1,
        2,
        "pay",
        "k",
        effect,
        attempt,
        attempts_max,
        1_000,
        unknown,
        {},
        1,
    )


RETRYABLE = Failed("x", "x", retryable=True)
FINAL = Failed("x", "x")
UNKNOWN = Failed("x", "x", unknown=True)


@pytest.mark.parametrize(
    ("claim", "outcome", "wish", "release"),
    [
        (claim_of("keyed"), Done({}), c.JobEnded, None),  # done: the row goes with the step
        (claim_of("keyed"), RETRYABLE, c.JobRetried, "ready"),
        (claim_of("keyed", attempt=3), RETRYABLE, c.JobEnded, "incident"),  # the last attempt
        (claim_of("keyed"), FINAL, c.JobEnded, "incident"),
        (claim_of("keyed"), UNKNOWN, c.JobRetried, "ready"),  # unknown: the far side knows the key
        (claim_of("pure"), UNKNOWN, c.JobRetried, "ready"),
        (claim_of("probe"), UNKNOWN, c.JobRetried, "ready"),  # unknown: it is asked first
        (claim_of("once"), UNKNOWN, c.JobEnded, "incident"),  # unknown: a person decides
        (claim_of("once"), RETRYABLE, c.JobRetried, "ready"),  # known not to have happened
        (claim_of("once"), Failed("x", "x", retryable=True, unknown=True), c.JobEnded, "incident"),
    ],
)
def test_an_outcome_is_judged_by_what_may_be_repeated(
    claim: Claim, outcome: Any, wish: type, release: str | None
) -> None:
    found, released = jobs.judge(jobs.Result(claim, outcome, 0, 0), NOON, 0.5)

    assert isinstance(found, wish)
    assert (released[0] if released else None) == release


def test_an_unknown_outcome_is_remembered_over_later_attempts() -> None:
    _, released = jobs.judge(
        jobs.Result(claim_of("probe", unknown=True), RETRYABLE, 0, 0), NOON, 0.5
    )

    assert released is not None
    assert released[2] is True


@pytest.mark.parametrize(
    ("attempt", "retry_after_s", "jitter", "pause_ms"),
    [
        (1, None, 1.0, 1_000),  # the first pause: at most the backoff
        (2, None, 1.0, 2_000),  # then twice as long each time
        (5, None, 1.0, 16_000),
        (5, None, 0.0, 0),  # full jitter: anything from nothing
        (5, None, 0.25, 4_000),
        (40, None, 1.0, 300_000),  # never longer than five minutes by ourselves
        (1, 30, 1.0, 30_000),  # never sooner than the far side asks for
        (5, 1, 1.0, 16_000),
        (1, 86_400, 1.0, 3_600_000),  # but an hour is the most that is believed
    ],
)
def test_pauses_grow_and_spread_and_heed_the_far_side(
    attempt: int, retry_after_s: float | None, jitter: float, pause_ms: int
) -> None:
    assert jobs.pause_ms(1_000, attempt, retry_after_s, jitter) == pause_ms


def test_retry_after_is_heeded_to_the_second(house: House) -> None:
    pays(house)
    world = ScriptedWorld((429, {}, {"retry-after": "60"}), 200)
    settle(house, world)

    house.later(s=59)
    settle(house, world)
    assert len(world.calls) == 1

    house.later(s=1)
    settle(house, world)
    assert len(world.calls) == 2


# --- the runner ------------------------------------------------------------------------------------


class Gate:
    """Calls wait here until the test lets them through."""

    def __init__(self, house: House) -> None:
        self.open, self.inside = threading.Event(), threading.Semaphore(0)
        self.world = ScriptedWorld(200)
        self.world.house = house
        self.world.during = self._wait

    def _wait(self) -> None:
        self.inside.release()
        assert self.open.wait(20)


def test_a_runner_with_no_room_left_still_keeps_its_leases(house: House) -> None:
    house.publish(flow("pays").then("pay", "connector").then("done", "end"))
    for _ in range(3):
        house.start("pays")
    gate = Gate(house)
    runner = jobs.JobRunner(house.workspace, lambda _: gate.world, "one", threads=1)
    assert runner.step() == 2
    assert runner.free() == 0
    gate.inside.acquire()

    for _ in range(5):
        house.later(s=5)
        runner.beat()
        assert jobs.reclaim(house.workspace) == 0

    gate.open.set()
    runner.close()


def test_a_runner_that_stops_gives_back_what_it_has_not_begun(house: House) -> None:
    house.publish(flow("pays").then("pay", "connector", effect="once").then("done", "end"))
    first, second = house.start("pays"), house.start("pays")
    gate = Gate(house)
    runner = jobs.JobRunner(house.workspace, lambda _: gate.world, "one", threads=1)
    runner.step()
    gate.inside.acquire()

    closing = threading.Thread(target=runner.close)
    closing.start()
    while not house.rows(sa.select(t.jobs.c.id).where(t.jobs.c.status == "ready")):
        pass
    gate.open.set()
    closing.join()

    statuses = {house.status(first), house.status(second)}
    assert statuses == {"completed", "waiting"}
    (again,) = claim_jobs(house)
    assert again.attempt == 1
