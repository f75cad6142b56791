"""Acting on tasks through the service: who may, what a repeated or a stale wish gets, and what the audit keeps of it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import (
    BadNonce,
    Conflict,
    Forbidden,
    FormChanged,
    NotFound,
    QuotaUsedUp,
    Refused,
    TooManyRequests,
    ValidationFailed,
)
from headrace.engine.run import events as e
from headrace.engine.service import decisions, tasks
from headrace.engine.service.actor import PERMISSIONS, Actor
from headrace.engine.service.decisions import Caller
from headrace.engine.store import tables as t
from tests.builder import Flow, flow, user
from tests.fakes import ANN, BOB, CID, EVE, House, settle

HOUR_S = 3_600


def asks(**settings: Any) -> Flow:
    return (
        flow("asks")
        .then("ask", "approval", **settings)
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip


def twice(**settings: Any) -> Flow:
    """First Ann, then Bob."""
    return (
        flow("twice")
        .then("first", "approval", assignees=[user(ANN)])
        .then("second", "approval", assignees=[user(BOB)], **settings)
        .then("yes", "end", result="yes")
        .at("first", "rejected").then("no", "end", result="no")
        .at("second", "rejected").to("no")
    )  # fmt: skip


def approver(user_id: str) -> Actor:
    """Somebody with no rights but to decide."""
    return Actor(user_id, user_id, (), PERMISSIONS["approver"])


def act(house: House, who: str, id_: str, action: str, **args: Any) -> dict[str, Any]:
    return tasks.act(house.workspace, approver(who), id_, action, args)


def see(house: House, who: str, id_: str) -> dict[str, Any]:
    return tasks.detail(house.workspace, approver(who), id_)


def offered(house: House, who: str, id_: str) -> dict[str, str | None]:
    """Action → why not (None: it may be done)."""
    return {one["action"]: one["why"] for one in see(house, who, id_)["actions"]}


def only(house: House, who: str) -> str:
    (task,) = house.todo(who)
    return str(task["id"])


def logged(house: House) -> list[Any]:
    return house.rows(sa.select(t.decisions).order_by(t.decisions.c.seq))


def holds(house: House) -> bool:
    with house.workspace.read() as connection:
        return decisions.verify(connection, decisions.keys(house.workspace)).ok


# --- nonces and versions ---------------------------------------------------------------------------


def test_a_repeated_nonce_gets_the_first_answer_and_votes_once(house: House) -> None:
    house.publish(asks())
    id_ = house.start("asks")
    task = see(house, ANN, only(house, ANN))
    said = {"comment": "fine", "nonce": task["nonce"]}

    first = tasks.decide(house.workspace, approver(ANN), task["id"], "approved", **said)
    house.later(s=5)
    second = tasks.decide(house.workspace, approver(ANN), task["id"], "approved", **said)

    assert (first["repeated"], second["repeated"]) == (False, True)
    assert first["answer"] == second["answer"]
    assert first["answer"]["status"] == "approved"
    assert len(house.events(id_, e.VoteCast)) == 1
    assert len(logged(house)) == 1


def test_a_nonce_used_for_something_else_is_a_conflict_that_says_for_what(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")
    task = see(cabin, ANN, only(cabin, ANN))
    nonce = task["nonce"]
    tasks.decide(cabin.workspace, approver(ANN), task["id"], "approved", nonce=nonce)

    with pytest.raises(Conflict, match="used for approved") as refused:
        tasks.decide(cabin.workspace, approver(ANN), task["id"], "rejected", nonce=nonce)

    assert refused.value.params["current"]["status"] == "approved"


@pytest.mark.parametrize("change", ["content", "signature", "garbage", "empty part"])
def test_a_forged_nonce_decides_nothing(cabin: House, change: str) -> None:
    cabin.publish(asks())
    id_ = cabin.start("asks")
    task = see(cabin, ANN, only(cabin, ANN))
    content, _, signature = task["nonce"].partition(".")
    forged = {
        "content": f"{content[:-2]}AA.{signature}",
        "signature": f"{content}.{'A' * len(signature)}",
        "garbage": "nonsense ’",
        "empty part": ".",
    }[change]

    with pytest.raises(BadNonce, match="Expected a nonce this workspace made") as refused:
        tasks.decide(cabin.workspace, approver(ANN), task["id"], "approved", nonce=forged)

    assert refused.value.status == 403
    assert cabin.status(id_) == "waiting"


def test_a_nonce_of_another_person_or_task_is_refused(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")
    one = see(cabin, ANN, only(cabin, ANN))
    cabin.start("asks")
    (other,) = {task["id"] for task in cabin.todo(ANN)} - {one["id"]}

    with pytest.raises(BadNonce, match="somebody else"):
        tasks.decide(cabin.workspace, approver(BOB), one["id"], "approved", nonce=one["nonce"])
    with pytest.raises(BadNonce, match=f"one for {one['id']}"):
        tasks.decide(cabin.workspace, approver(ANN), other, "approved", nonce=one["nonce"])


FORM = {
    "type": "object",
    "properties": {"amount": {"type": "number"}},
    "required": ["amount"],
    "additionalProperties": False,
}


def test_a_stale_form_version_is_a_conflict_with_the_form_as_it_is_now(cabin: House) -> None:
    cabin.publish(asks(form=FORM))
    id_ = cabin.start("asks")
    task = see(cabin, ANN, only(cabin, ANN))

    with pytest.raises(FormChanged, match="earlier one") as refused:
        tasks.decide(
            cabin.workspace, approver(ANN), task["id"], "approved", form={"amount": 1}, form_version="0" * 16
        )  # fmt: skip

    assert refused.value.status == 409
    assert refused.value.params["expected"] == task["form_version"]
    assert refused.value.params["current"]["form"]["version"] == task["form_version"]
    assert cabin.status(id_) == "waiting"


def test_a_form_value_that_breaks_its_schema_is_told_with_its_path(cabin: House) -> None:
    cabin.publish(asks(form=FORM))
    cabin.start("asks")

    with pytest.raises(ValidationFailed) as refused:
        tasks.decide(
            cabin.workspace, approver(ANN), only(cabin, ANN), "approved", form={"amount": "much"}
        )

    assert [problem.path for problem in refused.value.problems] == ["/form/amount"]


def test_a_stale_revision_of_an_act_is_a_conflict(cabin: House) -> None:
    cabin.publish(asks(mode="all"))
    cabin.start("asks")
    task = see(cabin, ANN, only(cabin, ANN))
    cabin.decide(BOB)

    with pytest.raises(Conflict, match="revision 1"):
        tasks.act(
            cabin.workspace, approver(ANN), task["id"], "transfer", {"to": EVE}, revision=task["revision"]
        )  # fmt: skip
    # A vote does not mind that somebody else has voted meanwhile.
    told = tasks.decide(cabin.workspace, approver(ANN), task["id"], "approved", nonce=task["nonce"])
    assert told["status"] == "approved"


# --- who may ---------------------------------------------------------------------------------------


def test_a_stranger_sees_and_does_nothing(cabin: House) -> None:
    cabin.publish(asks(assignees=[user(ANN)]))
    cabin.start("asks")
    id_ = only(cabin, ANN)

    with pytest.raises(Forbidden):
        see(cabin, BOB, id_)
    wishes: dict[str, dict[str, Any]] = {
        "comment": {"text": "hi"}, "transfer": {"to": EVE}, "urge": {}, "withdraw": {}, "cc": {"people": [EVE]},
        "take_back": {}, "return": {"to": "initiator"}, "reassign": {"reason": "x"}, "resend": {}, "exempt": {"reason": "x"},
        "release": {"reason": "x"}, "pause": {}, "add_sign": {"people": [EVE], "where": "before"},
    }  # fmt: skip
    for action, args in wishes.items():
        with pytest.raises(Forbidden):
            act(cabin, BOB, id_, action, **args)
    with pytest.raises(Forbidden):
        tasks.decide(cabin.workspace, approver(BOB), id_, "approved")
    with pytest.raises(NotFound):
        act(cabin, ANN, id_, "dance")
    with pytest.raises(NotFound):
        act(cabin, ANN, "ins_nothing.1", "comment", text="hi")


def test_the_initiator_sees_urges_and_withdraws_and_decides_nothing(cabin: House) -> None:
    cabin.publish(asks())
    id_ = cabin.start("asks")
    task = only(cabin, ANN)

    may = offered(cabin, EVE, task)
    assert {"urge", "withdraw", "comment"} <= {action for action, why in may.items() if why is None}
    assert not {"transfer", "add_sign", "reassign", "exempt", "release"} & set(may)
    with pytest.raises(Forbidden):
        tasks.decide(cabin.workspace, approver(EVE), task, "approved")

    act(cabin, EVE, task, "withdraw", reason="not needed")

    assert cabin.status(id_) == "cancelled"
    assert cabin.todo(ANN) == []
    with pytest.raises(Conflict, match="cancelled"):
        tasks.decide(cabin.workspace, approver(ANN), task, "approved")


def test_what_operators_may_approvers_may_not(cabin: House) -> None:
    cabin.publish(asks())
    cabin.start("asks")
    task = only(cabin, ANN)

    with pytest.raises(Forbidden):
        act(cabin, ANN, task, "reassign", to=EVE, reason="x")
    with pytest.raises(Forbidden, match="tasks:release"):
        act(cabin, ANN, task, "release", reason="x")
    operator = cabin.actor(EVE)
    tasks.act(cabin.workspace, operator, task, "reassign", {"from": ANN, "to": EVE, "reason": "x"})
    assert cabin.todo(ANN) == []
    assert only(cabin, EVE) == task


# --- acts ------------------------------------------------------------------------------------------


def test_a_transferred_task_is_seen_by_its_new_owner_and_not_by_the_old(house: House) -> None:
    """R091."""
    house.publish(asks(assignees=[user(ANN)]))
    house.start("asks")
    task = only(house, ANN)

    answer = act(house, ANN, task, "transfer", to=BOB, reason="knows more")

    assert answer["task"] is None
    assert house.todo(ANN) == []
    assert only(house, BOB) == task
    with pytest.raises(Forbidden):
        see(house, ANN, task)
    with pytest.raises(Forbidden):
        tasks.decide(house.workspace, approver(ANN), task, "approved")
    assert tasks.decide(house.workspace, approver(BOB), task, "approved")["status"] == "approved"
    assert [(row.action, row.actor, row.comment) for row in logged(house)] == [
        ("transfer", ANN, "knows more"),
        ("approved", BOB, None),
    ]


def test_urging_is_throttled_by_task_and_hour(house: House) -> None:
    house.publish(asks())
    house.start("asks")
    task = only(house, ANN)

    act(house, EVE, task, "urge", text="please")
    house.later(s=HOUR_S - 60)
    with pytest.raises(TooManyRequests) as refused:
        act(house, EVE, task, "urge")
    assert refused.value.params["retry_after_s"] == 60
    assert offered(house, EVE, task)["urge"] == "urged_lately"

    house.later(s=60)
    act(house, EVE, task, "urge")
    assert [row.action for row in logged(house)] == ["urge", "urge"]


def test_a_copy_is_read_and_counted_until_it_was_seen(house: House) -> None:
    """R093."""
    house.publish(asks(assignees=[user(ANN)]))
    house.start("asks")
    task = only(house, ANN)

    act(house, ANN, task, "cc", people=[BOB])
    counted = tasks.count(house.workspace, approver(BOB))
    assert (counted["todo"], counted["cc"]) == (0, 1)
    (copy,) = tasks.listing(house.workspace, approver(BOB), "cc")["items"]
    assert (copy["id"], copy["kind"], copy["seen"]) == (task, "cc", False)

    shown = see(house, BOB, task)
    assert (shown["can_decide"], shown["kind"]) == (False, "cc")
    act(house, BOB, task, "comment", text="looks good")
    house.write(lambda _: None)  # behind the note that it was seen
    assert tasks.count(house.workspace, approver(BOB))["cc"] == 0
    with pytest.raises(Forbidden):
        tasks.decide(house.workspace, approver(BOB), task, "approved")
    assert [note["text"] for note in see(house, ANN, task)["notes"] if note["text"]] == [
        "looks good"
    ]


def test_a_question_is_asked_and_answered_without_moving_the_task(house: House) -> None:
    house.publish(asks(assignees=[user(ANN)]))
    house.start("asks")
    task = only(house, ANN)

    act(house, ANN, task, "ask", to=EVE, text="why so much?")
    (asked,) = house.todo(EVE)
    assert asked["kind"] == "answer"
    (question,) = next(
        one for one in see(house, EVE, task)["actions"] if one["action"] == "answer"
    )["choices"]["questions"]
    act(house, EVE, task, "answer", text="it is Christmas", question=question["id"])

    assert house.todo(EVE) == []
    assert only(house, ANN) == task
    told = [(note["kind"], note["text"]) for note in see(house, ANN, task)["notes"]]
    assert told == [("question", "why so much?"), ("answer", "it is Christmas")]


def test_a_return_names_where_and_comes_back(house: House) -> None:
    house.publish(twice())
    id_ = house.start("twice")
    house.decide(ANN)
    task = only(house, BOB)

    (back,) = [one for one in see(house, BOB, task)["actions"] if one["action"] == "return"]
    assert [place["id"] for place in back["choices"]["nodes"]] == ["first", "initiator"]
    with pytest.raises(ValidationFailed) as refused:
        act(house, BOB, task, "return", to="nowhere")
    assert [(p.path, p.code) for p in refused.value.problems] == [("/to", "cannot_return_there")]
    assert refused.value.problems[0].params["allowed"] == ["first", "initiator"]

    act(house, BOB, task, "return", to="first", comment="look again", after="back")
    settle(house)
    again = only(house, ANN)
    told = see(house, ANN, again)
    assert told["round"] == 2
    assert (told["sent_back"]["by"]["name"], told["sent_back"]["text"]) == ("Bob", "look again")
    assert [(one["node"], one.get("decision")) for one in told["timeline"]] == [
        ("first", None),
        ("first", "approved"),
        ("second", "returned"),
    ]
    house.decide(ANN)
    settle(house)
    assert only(house, BOB) != task
    house.decide(BOB)
    assert house.detail(id_)["result"] == "yes"
    assert holds(house)


def test_the_last_approver_takes_back_within_the_window(house: House) -> None:
    house.publish(twice())
    house.start("twice")
    first = only(house, ANN)
    house.decide(ANN)

    (offer,) = [one for one in see(house, ANN, first)["actions"] if one["action"] == "take_back"]
    assert offer["allowed"]
    assert offer["choices"]["ends_at"]
    act(house, ANN, first, "take_back", reason="too fast")
    settle(house)

    assert house.todo(BOB) == []
    again = only(house, ANN)
    house.decide(ANN)
    settle(house)
    house.later(s=601)
    with pytest.raises(Refused) as refused:
        act(house, ANN, again, "take_back")
    assert (refused.value.status, refused.value.params["why"]) == (409, "too_late")


def test_a_vote_too_late_says_who_decided_and_how_it_stands(house: House) -> None:
    house.publish(asks())
    house.start("asks")
    task = only(house, BOB)
    house.decide(ANN, "rejected")

    with pytest.raises(Conflict) as refused:
        tasks.decide(house.workspace, approver(BOB), task, "approved")

    current = refused.value.params["current"]
    assert (current["status"], current["by"]["name"]) == ("rejected", "Ann")
    assert current["my_status"] == "closed"


# --- exemption -------------------------------------------------------------------------------------

EXEMPT = {"who": [{"kind": "role", "id": "boss"}], "quota": 2, "period": "day"}


def test_an_exemption_is_for_named_roles_counted_and_logged(house: House) -> None:
    """R103: allowed post submits release with reason; counted against the quota; audit row; other posts refused."""
    house.publish(asks(assignees=[user(EVE)], cc=[user(ANN), user(BOB)], exempt=EXEMPT))
    ids = [house.start("asks") for _ in range(3)]
    todo = [task["id"] for task in house.todo(EVE)]

    with pytest.raises(Forbidden):  # Eve is in no role
        act(house, EVE, todo[0], "exempt", reason="urgent")
    with pytest.raises(ValidationFailed):
        act(house, ANN, todo[0], "exempt", reason="  ")
    (offer,) = [one for one in see(house, ANN, todo[0])["actions"] if one["action"] == "exempt"]
    assert offer["choices"]["left"] == 2

    for task in todo[:2]:
        act(house, ANN, task, "exempt", reason="the truck is waiting")
    with pytest.raises(QuotaUsedUp, match="at most 2"):
        act(house, ANN, todo[2], "exempt", reason="once more")
    assert sorted(house.status(id_) for id_ in ids) == ["completed", "completed", "waiting"]
    act(house, BOB, todo[2], "exempt", reason="mine is another quota")

    rows = house.rows(
        sa.select(t.exemptions).order_by(t.exemptions.c.user_id, t.exemptions.c.number)
    )
    assert [(row.user_id, row.number, row.reason) for row in rows] == [
        (ANN, 1, "the truck is waiting"),
        (ANN, 2, "the truck is waiting"),
        (BOB, 1, "mine is another quota"),
    ]
    assert [(row.action, row.actor, row.comment) for row in logged(house)] == [
        ("exempt", row.user_id, row.reason) for row in rows
    ]

    house.later(s=24 * HOUR_S)
    house.start("asks")
    act(house, ANN, only(house, EVE), "exempt", reason="a new day")


def test_who_may_exempt_needs_no_seat_and_sees_no_more_than_that_task(house: House) -> None:
    """R103: the frontline lead is often nobody whom the task asks."""
    house.publish(asks(assignees=[user(EVE)], exempt=EXEMPT))
    id_ = house.start("asks")
    task = only(house, EVE)

    (offer,) = [one for one in see(house, ANN, task)["actions"] if one["action"] == "exempt"]
    assert offer["allowed"]
    with pytest.raises(Forbidden):
        act(house, ANN, task, "comment", text="I only look")
    act(house, ANN, task, "exempt", reason="the truck is waiting")

    assert house.status(id_) == "completed"
    with pytest.raises(Forbidden):  # it is over: there is nothing left to exempt
        see(house, ANN, task)


def test_a_refused_exemption_counts_nothing(cabin: House) -> None:
    cabin.publish(asks(assignees=[user(ANN)], exempt=EXEMPT))
    cabin.start("asks")
    task = only(cabin, ANN)
    cabin.decide(ANN)

    with pytest.raises(Conflict):
        act(cabin, ANN, task, "exempt", reason="too late")

    assert cabin.rows(sa.select(t.exemptions)) == []


# --- the audit -------------------------------------------------------------------------------------


def test_every_decision_is_in_the_chain_with_where_it_came_from(house: House) -> None:
    """R109: every decision has actor, time, comment, before and after."""
    house.publish(asks(show=[{"label": {"en": "Amount"}, "value": "amount"}], form=FORM))
    id_ = house.start("asks", {"amount": 5}, business_key="A-1")
    caller = Caller("api", "10.1.2.3", "curl/8")
    tasks.decide(
        house.workspace, approver(ANN), only(house, ANN), "approved", comment="好", form={"amount": 7}, caller=caller
    )  # fmt: skip

    (row,) = logged(house)

    assert (row.actor, row.action, row.comment, row.at) == (ANN, "approved", "好", house.now_ms)
    assert (row.via, row.ip, row.client) == ("api", "10.1.2.3", "curl/8")
    assert (row.instance_id, row.flow_key, row.node, row.version) == (id_, "asks", "ask", 1)
    assert (row.business_key, row.round, row.seat) == ("A-1", 1, 1)
    assert '"value":5' in row.before
    assert '"form":{"amount":7}' in row.after
    assert row.title
    assert holds(house)


@pytest.mark.parametrize("everybody", [True, False])
def test_a_seat_that_a_rule_approves_is_in_the_chain_with_the_rule(
    house: House, everybody: bool
) -> None:
    """Eve starts it and is passed over: her seat is no vote of hers, and the audit says so; also when nobody is asked at all."""
    people = [user(EVE)] if everybody else [user(EVE), user(ANN)]
    house.publish(asks(mode="all", assignees=people, same_initiator="skip"))
    id_ = house.start("asks")
    if not everybody:
        house.decide(ANN)

    passed = logged(house)[0]

    assert (passed.actor, passed.on_behalf_of, passed.action, passed.via) == (
        "engine",
        EVE,
        "passed",
        "rule",
    )
    assert '"reason":"same_initiator"' in passed.after
    assert (passed.task_id, passed.node, passed.seat is not None) == (f"{id_}.2", "ask", True)
    assert [row.action for row in logged(house)[1:]] == ([] if everybody else ["approved"])
    assert house.status(id_) == "completed"
    assert holds(house)


def test_a_decision_that_is_refused_leaves_no_row(cabin: House) -> None:
    cabin.publish(asks(mode="all"))
    cabin.start("asks")
    task = only(cabin, ANN)
    cabin.decide(ANN)

    for who in (ANN, EVE, CID):
        with pytest.raises((Conflict, Forbidden)):
            tasks.decide(cabin.workspace, approver(who), task, "approved")

    assert len(logged(cabin)) == 1


# --- found by looking for holes ------------------------------------------------------------------


def test_a_nonce_counts_for_the_seat_it_was_shown_for_and_not_for_the_next_one(
    cabin: House,
) -> None:
    cabin.publish(asks(mode="all", assignees=[user(ANN), user(BOB), user(EVE)]))
    cabin.start("asks")
    (task,) = cabin.todo(ANN)
    tasks.act(
        cabin.workspace, cabin.actor(EVE), task["id"], "reassign",
        {"seat": 0, "from": BOB, "to": ANN, "reason": "away"},
    )  # fmt: skip
    one, other = (tasks.detail(cabin.workspace, approver(ANN), task["id"]) for _ in range(2))
    tasks.decide(cabin.workspace, approver(ANN), task["id"], "approved", nonce=one["nonce"])

    with pytest.raises(Conflict) as refused:  # the second window shows the seat that is decided
        tasks.decide(cabin.workspace, approver(ANN), task["id"], "approved", nonce=other["nonce"])

    assert "your part of it done" in refused.value.params["found"]
    again = tasks.detail(cabin.workspace, approver(ANN), task["id"])
    told = tasks.decide(
        cabin.workspace, approver(ANN), task["id"], "rejected", nonce=again["nonce"]
    )
    assert told["status"] == "rejected"


def test_whoever_voted_before_it_was_released_does_not_take_the_release_back(cabin: House) -> None:
    cabin.publish(
        flow("waits")
        .then("ask", "approval", mode="all")
        .then("wait", "timer", duration="P1D")
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip
    id_ = cabin.start("waits")
    (task,) = cabin.todo(ANN)
    tasks.decide(cabin.workspace, approver(ANN), task["id"], "approved")
    tasks.act(cabin.workspace, cabin.actor(EVE), task["id"], "release", {"reason": "stuck"})

    with pytest.raises(Forbidden):
        act(cabin, ANN, task["id"], "take_back")

    assert cabin.waiting(id_) == ["wait"]


def test_an_operator_is_offered_nothing_that_needs_a_seat(cabin: House) -> None:
    cabin.publish(asks(assignees=[user(ANN)]))
    cabin.start("asks")
    (task,) = cabin.todo(ANN)

    told = tasks.detail(cabin.workspace, cabin.actor(BOB), task["id"])["actions"]
    mine = tasks.detail(cabin.workspace, cabin.actor(ANN), task["id"])["actions"]

    at_a_seat = {"add_sign", "transfer", "delegate", "return", "ask", "answer", "confirm"}
    assert at_a_seat.isdisjoint(one["action"] for one in told)
    assert {"reassign", "release"} <= {one["action"] for one in told if one["allowed"]}
    assert {"add_sign", "transfer", "reassign"} <= {one["action"] for one in mine if one["allowed"]}


def test_a_fallback_who_is_passed_over_at_once_stops_nothing(cabin: House) -> None:
    cabin.publish(
        flow("passed")
        .then("first", "approval", assignees=[user(ANN)])
        .then("second", "approval", assignees=[{"kind": "role", "id": "empty"}], fallback=[user(ANN)],
              same_person="later", watch=["1"])
        .then("yes", "end", result="yes")
        .at("first", "rejected").then("no", "end", result="no")
        .at("second", "rejected").to("no")
    )  # fmt: skip
    id_ = cabin.start("passed")

    cabin.decide(ANN)

    assert cabin.detail(id_)["result"] == "yes"
