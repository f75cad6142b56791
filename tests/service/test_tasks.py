"""Tasks through the service: lists, decisions, lost races, reminders, messages."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import Conflict, Forbidden, NotFound, ValidationFailed
from headrace.engine.run import events as e
from headrace.engine.service import tasks
from headrace.engine.store import tables as t
from tests.builder import Flow, flow, user
from tests.fakes import ANN, BOB, EVE, House, settle

DAY_S = 86_400


def asks(**settings: Any) -> Flow:
    return (
        flow("asks")
        .then("ask", "approval", **settings)
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip


def test_a_task_is_on_the_list_of_everybody_asked_and_of_nobody_else(house: House) -> None:
    house.publish(asks())
    house.start("asks", business_key="A-1")

    assert [task["business_key"] for task in house.todo(ANN)] == ["A-1"]
    assert len(house.todo(BOB)) == 1
    assert house.todo(EVE) == []
    assert tasks.count(house.workspace, house.actor(ANN))["todo"] == 1


def test_a_decision_moves_the_flow_and_closes_the_task_for_the_others(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")

    told = house.decide(ANN, comment="fine by me")

    assert told["status"] == "approved"
    assert house.detail(id_)["result"] == "yes"
    assert house.todo(BOB) == []
    assert tasks.count(house.workspace, house.actor(BOB))["todo"] == 0
    assert [
        task["id"] for task in tasks.listing(house.workspace, house.actor(ANN), "done")["items"]
    ] == [told["id"]]


def test_a_vote_after_the_decision_is_a_conflict_that_tells_the_state_now(house: House) -> None:
    house.publish(asks())
    house.start("asks")
    (task,) = house.todo(BOB)
    house.decide(ANN, "rejected")

    with pytest.raises(Conflict) as refused:
        tasks.decide(house.workspace, house.actor(BOB), task["id"], "approved")

    assert refused.value.params["current"]["status"] == "rejected"


def test_twenty_at_once_on_one_task_have_exactly_one_outcome(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    (task,) = house.todo(ANN)

    def vote(number: int) -> str:
        who, decision = (ANN, BOB)[number % 2], ("approved", "rejected")[number // 2 % 2]
        try:
            tasks.decide(house.workspace, house.actor(who), task["id"], decision)
        except Conflict:
            return "conflict"
        return decision

    with ThreadPoolExecutor(20) as pool:
        outcomes = list(pool.map(vote, range(20)))

    (decided,) = [outcome for outcome in outcomes if outcome != "conflict"]
    assert house.detail(id_)["result"] == {"approved": "yes", "rejected": "no"}[decided]
    assert len(house.events(id_, e.VoteCast)) == 1


def test_voters_in_two_processes_have_exactly_one_outcome(migrated_postgresql_url: str) -> None:
    here = House(migrated_postgresql_url)
    here.publish(asks())
    there = House(migrated_postgresql_url, furnish=False)
    ids = [here.start("asks") for _ in range(20)]

    def vote(number: int) -> int:
        house, who = ((here, ANN), (there, BOB))[number % 2]
        try:
            tasks.decide(house.workspace, house.actor(who), f"{ids[number // 2]}.2", "approved")
        except Conflict:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(vote, range(40))) == 20

    assert [len(here.events(id_, e.VoteCast)) for id_ in ids] == [1] * 20
    assert [here.events(id_, e.ResultIgnored) for id_ in ids] == [[]] * 20
    there.close()
    here.close()


def test_who_was_not_asked_may_not_decide(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")
    (task,) = cabin.todo(ANN)

    with pytest.raises(Forbidden):
        tasks.decide(cabin.workspace, cabin.actor(EVE), task["id"], "approved")
    with pytest.raises(NotFound):
        tasks.decide(cabin.workspace, cabin.actor(EVE), "ins_none.1", "approved")


FORM = {
    "type": "object",
    "properties": {"amount": {"type": "number", "minimum": 0}},
    "required": ["amount"],
}


@pytest.mark.parametrize(
    ("decision", "form", "accepted"),
    [
        ("approved", {"amount": 5}, True),
        ("approved", {}, False),  # a yes needs what is required
        ("approved", {"amount": -1}, False),
        ("rejected", {}, True),  # a no does not
        ("rejected", {"amount": -1}, False),  # but what is filled in must be right
        ("returned", {"amount": 5}, False),  # this task cannot be returned
        ("maybe", {"amount": 5}, False),
    ],
)
def test_a_decision_is_checked_before_it_counts(
    cabin: House, decision: str, form: dict[str, Any], accepted: bool
) -> None:
    cabin.publish(asks(form=FORM))
    id_ = cabin.start("asks")

    try:
        cabin.decide(ANN, decision, form=form)
    except ValidationFailed:
        assert cabin.waiting(id_) == ["ask"]
        found = False
    else:
        found = True

    assert found is accepted


def test_a_reminder_comes_at_the_moment_and_not_before(house: House) -> None:
    house.publish(asks(reminder={"after": "PT24H", "to": [user(BOB)]}))
    id_ = house.start("asks")

    house.later(s=DAY_S - 1)
    settle(house)
    assert house.events(id_, e.NotificationQueued) == []

    house.later(s=1)
    settle(house)
    settle(house)

    reminders = [note for note in notes(house, BOB) if "Reminder" in note["title"]]
    assert len(reminders) == 1
    assert [row.recipient for row in house.rows(sa.select(t.outbox))] == ["bob@example.com"]
    assert house.waiting(id_) == ["ask"]


def test_a_decision_in_time_takes_the_reminder_away(house: House) -> None:
    house.publish(asks(reminder={"after": "PT24H", "to": [user(BOB)]}))
    house.start("asks")
    house.decide(ANN)

    house.later(s=2 * DAY_S)
    settle(house)

    assert [note for note in notes(house, BOB) if "Reminder" in note["title"]] == []


def notes(house: House, user_id: str) -> list[dict[str, Any]]:
    found = tasks.notifications(house.workspace, house.actor(user_id))
    return list(found["items"])


def test_each_person_gets_a_message_and_only_he_can_read_it_away(house: House) -> None:
    house.publish(flow("note").then("tell", "notification", title="Hello").then("done", "end"))
    house.start("note")
    (message,) = tasks.notifications(house.workspace, house.actor(ANN))["items"]

    with pytest.raises(NotFound):
        tasks.read_notification(house.workspace, house.actor(BOB), message["id"])
    tasks.read_notification(house.workspace, house.actor(ANN), message["id"])

    assert tasks.notifications(house.workspace, house.actor(ANN))["unread"] == 0
    assert tasks.notifications(house.workspace, house.actor(BOB))["unread"] == 1


def test_mail_goes_to_each_person_and_a_robot_hears_it_once(house: House) -> None:
    house.publish(
        flow("note")
        .then("mail", "notification", channel="mail", connection="post")
        .then("robot", "notification", channel="robot", connection="group", to=[])
        .then("done", "end")
    )
    id_ = house.start("note")

    found = [
        (row.channel, row.connection, row.recipient)
        for row in house.rows(sa.select(t.outbox).order_by(t.outbox.c.id))
    ]
    assert found == [
        ("mail", "post", "ann@example.com"),
        ("mail", "post", "bob@example.com"),
        ("robot", "group", ""),
    ]
    assert [row["status"] for row in house.detail(id_)["deliveries"]] == ["queued"] * 3


def test_nobody_to_ask_is_asked_again_by_a_retry_when_somebody_has_come(house: House) -> None:
    house.publish(asks(assignees=[{"kind": "role", "id": "empty"}]))
    id_ = house.start("asks")
    assert [found["code"] for found in house.incidents(id_)] == ["nobody_to_ask"]

    house.write(
        lambda connection: connection.execute(
            t.role_members.insert().values(role="empty", user_id=EVE)
        )
    )
    house.workspace.forget_directory()
    house.retry(id_)

    assert len(house.todo(EVE)) == 1
