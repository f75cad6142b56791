"""F3: more than 2,000 orders wait for somebody who has left. F8: an approver is on leave for days, with and without a substitute.

`make scenarios` has as many orders as the story; the ordinary run has fewer.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import ValidationFailed
from headrace.engine.service import (
    batches,
    flows,
    staffing,
    substitutions,
    task_batches,
    task_board,
    users,
)
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.store import tables as t
from headrace.engine.work import drain
from tests.builder import flow
from tests.fakes import ANN, NOON, House, settle
from tests.service.staff import DAN, FAY, GUS, ROLE, hire, holders, leave, role_of, told

FULL = os.environ.get("HEADRACE_SCENARIOS") == "full"
ORDERS = 2_000 if FULL else 120
HOUR = 3_600_000
ROOT = Actor(ANN, "Ann", ("administrator",), EVERYTHING | {"tasks:release", "tasks:operate"})


def review(**settings: Any) -> dict[str, Any]:
    """Orders of a big day go to the finance review."""
    drawing = flow("orders").then(
        "review", "approval", title="Review {{ order_no }}", assignees=role_of(), **settings
    )
    document = drawing.then("done", "end").at("review", "rejected").then("no", "end").document()
    document["input"]["properties"] = {
        "order_no": {"type": "string"},
        "amount": {"type": "number", "x-search": True},
        "risk": {"type": "string", "x-search": True},
    }
    return document


def orders(house: House, count: int, first: int = 0) -> list[str]:
    """Every third has a risk, every fifth is big."""
    return [
        house.start(
            "orders",
            {"order_no": f"A-{n}", "amount": 900 if n % 5 == 0 else 80, "risk": "check" if n % 3 == 0 else "none"},
        )
        for n in range(first, first + count)
    ]  # fmt: skip


def administrator(house: House) -> None:
    def write(connection: sa.Connection) -> None:
        connection.execute(
            t.roles.insert().values(key="administrator", title={"en": "A"}, system=True)
        )
        connection.execute(t.role_members.insert().values(role="administrator", user_id=ANN))

    house.write(write)
    house.workspace.forget_directory()


def work(house: House) -> None:
    """Let batches work until none is left, with a little time going by; a hand-over looks once more after some seconds."""
    for _ in range(20 * ORDERS):
        batches.work(house.workspace)
        drain.drain_all(house.workspace)
        house.later(ms=100)
        if not house.rows(sa.select(t.batches.c.id).where(t.batches.c.status.not_in(OVER))):
            return
    raise AssertionError("a batch does not come to its end")


OVER = ("done", "cancelled")


def each_task_once(house: House, count: int) -> None:
    columns = t.tasks.c
    per_order = house.rows(
        sa.select(columns.instance_id, sa.func.count().label("n")).group_by(columns.instance_id)
    )
    assert {row.n for row in per_order} == {1}
    assert len(per_order) == count


# --- F3 ---------------------------------------------------------------------------------------------


def test_f3_a_flow_whose_only_approver_has_left_is_not_published(house: House) -> None:
    hire(house, backup=False)
    flows.create(house.workspace, ROOT, document=review())

    with pytest.raises(ValidationFailed) as no_backup:
        flows.publish(house.workspace, ROOT, "orders")
    assert [(p.code, p.params["role"], p.severity) for p in no_backup.value.problems] == [
        ("role_no_backup", ROLE, "error"),
        ("role_may_not_decide", ROLE, "warning"),  # Dan's only role is this one
    ]

    staffing.change_rules(house.workspace, ROOT, {"backup": "warn"})
    assert flows.publish(house.workspace, ROOT, "orders")["version"] == 1

    leave(house, DAN)
    flows.create(house.workspace, ROOT, document={**review(), "key": "others"})
    with pytest.raises(ValidationFailed) as nobody:
        flows.publish(house.workspace, ROOT, "others")
    assert [(p.code, p.params["role"]) for p in nobody.value.problems] == [("role_empty", ROLE)]


@pytest.mark.timeout(1_800)
def test_f3_the_orders_of_a_big_day_do_not_get_stuck(house: House) -> None:
    hire(house, backup=False)
    administrator(house)
    house.publish(review())
    before = orders(house, 5)
    assert holders(house) == [DAN] * 5

    # He leaves: what he has open goes to his superior, within seconds.
    users.change(house.workspace, ROOT, DAN, {"active": False})
    work(house)
    assert holders(house) == [GUS] * 5

    # The first order after that raises an alert, not the two-thousandth; no task is ever his.
    began_ms = house.now_ms
    ids = before + orders(house, ORDERS, first=5)
    alerts = alerts_of(house, ANN)
    assert len(alerts) == 1
    assert alerts[0].created_at - began_ms < 60_000
    assert "Nobody is there" in alerts[0].title or "无人在岗" in alerts[0].title
    assert holders(house) == [GUS] * len(ids)
    assert not house.rows(
        sa.select(t.task_actors.c.seat).where(
            t.task_actors.c.user_id == DAN, t.task_actors.c.status == "open"
        )
    )

    # Where it is narrow can be seen.
    board = task_board.board(house.workspace, ROOT, "orders")
    assert board["bottleneck"] == "review"
    assert [(one["node"], one["waiting"]) for one in board["stages"]] == [("review", len(ids))]

    # The administrator mends the role and sends the to-dos again: nobody gets a second task.
    users.set_members(house.workspace, ROOT, ROLE, [FAY])
    task_batches.resend(
        house.workspace, ROOT, {"flow": "orders"}, reason="the role has people again"
    )
    work(house)
    each_task_once(house, len(ids))
    assert len(told(house, GUS, {"again"})) == len(ids)
    new = orders(house, 1, first=len(ids))
    assert holders(house).count(FAY) == 1

    # The green channel: what is small and without a risk passes as one audited batch, the rest stays for review.
    wanted = {"flow": "orders", "filter": "amount < 500 and risk = none"}
    small = [n for n in range(len(ids) + 1) if n % 5 and n % 3]
    assert task_batches.preview(house.workspace, ROOT, wanted)["count"] == len(small)
    began_s = time.process_time()  # of the processor: the wall belongs to whoever else is at work
    batch = task_batches.release(house.workspace, ROOT, wanted, "a big day")
    work(house)
    assert time.process_time() - began_s < 60

    found = batches.detail(house.workspace, ROOT, batch["id"])
    assert (found["status"], found["counts"]["done"]) == ("done", len(small))
    assert len(holders(house)) == len(ids) + len(new) - len(small)
    each_task_once(house, len(ids) + len(new))
    audits = house.rows(sa.select(t.audit).where(t.audit.c.subject == batch["id"]))
    assert len(audits) == 1
    by_batch = house.rows(sa.select(t.decisions).where(t.decisions.c.batch_id == batch["id"]))
    assert len(by_batch) == len(small)


# --- F8 ---------------------------------------------------------------------------------------------


def away(house: House, by: str | None, days: int = 5) -> None:
    """Dan is on leave from now on; he has said so, and perhaps who acts for him."""
    substitutions.create(
        house.workspace,
        ROOT,
        {
            "person_id": DAN,
            "substitute_id": by,
            "from_ms": NOON,
            "until_ms": NOON + days * 24 * HOUR,
        },
    )
    house.workspace.forget_directory()


def test_f8_a_substitute_decides_in_both_names(house: House) -> None:
    hire(house)
    away(house, FAY)
    house.publish(review(due="PT8H"))
    (id_,) = orders(house, 1)

    assert holders(house) == [FAY]
    seats = house.rows(sa.select(t.task_actors).where(t.task_actors.c.status == "open"))
    assert [(seat.user_id, seat.on_behalf_of) for seat in seats] == [(FAY, DAN)]
    house.decide(FAY)

    assert house.status(id_) == "completed"
    (kept,) = house.rows(sa.select(t.decisions))
    assert (kept.actor, kept.on_behalf_of) == (FAY, DAN)


def test_f8_leave_without_a_substitute_goes_to_the_backup_at_once(house: House) -> None:
    hire(house)
    away(house, None)
    house.publish(review())

    orders(house, 1)

    assert holders(house) == [FAY]


@pytest.mark.parametrize(("backup", "who"), [(True, FAY), (False, GUS)])
def test_f8_on_leave_and_nobody_was_told_it_still_takes_less_than_48_hours(
    house: House, backup: bool, who: str
) -> None:
    """He is away and has not said so: the time limit moves it after 8 hours, instead of 48 hours of silence."""
    hire(house, backup=backup)
    house.publish(review(due="PT8H", escalation=[{"after": "due", "do": "backup", "sms": True}]))
    (id_,) = orders(house, 1)

    house.later(ms=8 * HOUR + 1_000)
    settle(house)
    assert holders(house) == [who]
    house.later(ms=HOUR)
    house.decide(who)

    assert house.status(id_) == "completed"
    assert house.now_ms - NOON < 48 * HOUR


def alerts_of(house: House, user_id: str) -> list[Any]:
    columns = t.notifications.c
    query = sa.select(t.notifications).where(columns.user_id == user_id, columns.task_id.is_(None))
    return house.rows(query.order_by(columns.id))
