"""Two processes at the same moment, on PostgreSQL: each waits for what the other is about to commit."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from headrace.engine.store import jobs, messages
from tests.builder import flow
from tests.fakes import House, ScriptedWorld, furnished, run_claim, settle

DEADLINE_S = 20


@pytest.fixture
def cabin(migrated_postgresql_url: str) -> Iterator[House]:
    with furnished(migrated_postgresql_url) as found:
        yield found


def _until_one_waits(house: House) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    ticks = threading.Event()
    for _ in range(DEADLINE_S * 50):
        if house.rows(waiting)[0][0]:
            return
        ticks.wait(0.02)
    raise AssertionError("expected one that waits for the other, but nobody does")


def test_a_job_claimed_in_the_moment_of_the_cancellation_is_undone_when_it_succeeds(
    cabin: House,
) -> None:
    drawing = flow("paid").then("pay", "connector").event("undo", "compensation").then("end", "end")
    drawing.at("pay", "undo").then("refund", "connector", path="/refund")
    id_ = cabin.start(cabin.publish(drawing))
    world = ScriptedWorld()
    with cabin.database.connect() as other, other.begin():
        (claim,) = jobs.claim(other, "other", 10, cabin.now_ms)
        cancelling = threading.Thread(target=cabin.cancel, args=[id_])
        cancelling.start()
        _until_one_waits(cabin)
    cancelling.join(DEADLINE_S)
    assert cabin.status(id_) == "cancelled"

    run_claim(cabin, claim, world)
    settle(cabin, world)

    assert [path for _, path, _ in world.calls] == ["/pay", "/refund"]
    assert cabin.status(id_) == "cancelled"


def test_publishers_and_subscribers_of_very_many_names_take_turns_with_few_locks(
    cabin: House,
) -> None:
    names = [(f"name {number:05}", "") for number in range(messages.LOCKS + 500)]
    with cabin.database.connect() as one, one.begin(), cabin.database.connect() as two:
        messages._both_at_once(one, names)
        held = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert one.execute(held).scalar_one() <= messages.LOCKS

        with two.begin(), pytest.raises(OperationalError, match="lock timeout"):
            two.execute(sa.text("SET LOCAL lock_timeout = '20ms'"))
            messages._both_at_once(two, names[-1:])
