"""What people do with a task, one promise a test: who sits, who is asked, where the token goes, and why not."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from tests.builder import flow, role, user
from tests.fakes import CID, EVE
from tests.office import ANN, BOB, DAN, FAY, GUS, HOUR_MS, LEA, MAX, Office, asks, directory, levels

THREE = {"assignees": [role("three")]}


# --- votes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "result"),
    [
        ({"mode": "all"}, "no"),
        ({"mode": "ratio", "ratio": 66.67}, "yes"),
        ({"mode": "ratio", "ratio": 67}, "no"),
    ],
)
def test_r089_three_signers_two_to_one(settings: dict[str, Any], result: str) -> None:
    """R089: two approve and one rejects: rejected where all must agree, approved by two thirds."""
    office = Office(asks(**THREE, **settings))
    office.vote("ask", FAY, "rejected")
    for who in (ANN, BOB):
        if not office.instance.ended:
            office.vote("ask", who)

    assert office.instance.result == result


def test_the_result_comes_with_the_vote_that_fixes_it_and_says_why() -> None:
    office = Office(asks(**THREE, mode="count", count=2))
    office.vote("ask", ANN)
    assert office.waiting == ["ask"]

    office.vote("ask", BOB)

    assert office.instance.result == "yes"
    assert [vote.closes for vote in office.of(e.VoteCast)] == ["", "enough_approved"]


def test_in_turn_one_is_asked_after_the_other() -> None:
    office = Office(asks(assignees=[user(FAY), user(ANN), user(LEA)], mode="sequence"))
    assert office.asked() == [FAY]
    (ignored,) = office.vote("ask", ANN)
    assert isinstance(ignored, e.ResultIgnored)

    office.vote("ask", FAY)
    assert office.asked() == [ANN]
    office.vote("ask", ANN)
    office.vote("ask", LEA)

    assert office.instance.result == "yes"


def test_weights_count() -> None:
    weights = [{"who": user(FAY), "weight": 5}]
    office = Office(asks(**THREE, mode="weight", weights=weights, pass_weight=5))
    office.vote("ask", ANN)
    office.vote("ask", BOB)
    assert office.waiting == ["ask"]

    office.vote("ask", FAY)

    assert office.instance.result == "yes"


def test_a_veto_is_stronger_than_a_majority() -> None:
    office = Office(asks(**THREE, mode="count", count=1, veto=[user(FAY)]))
    office.vote("ask", ANN)
    assert office.waiting == ["ask"]

    office.vote("ask", FAY, "rejected")

    assert office.instance.result == "no"
    assert office.of(e.VoteCast)[-1].closes == "vetoed"


def test_a_repeated_or_late_vote_is_kept_and_changes_nothing() -> None:
    office = Office(asks(**THREE, mode="all"))
    office.vote("ask", ANN)

    (again,) = office.vote("ask", ANN, "rejected")

    assert isinstance(again, e.ResultIgnored)
    assert again.details["decision"] == "rejected"
    assert office.instance.steps[office.step("ask").id].votes[ANN][0] == "approved"


# --- add-sign, reduce-sign --------------------------------------------------------------------------


def test_r090_legal_signs_before_and_then_it_comes_back() -> None:
    """R090: the approver adds legal before himself: legal first, then back; the record shows who added."""
    office = Office(asks(assignees=[user(ANN)]))

    office.do(ANN, "add_sign", people=[LEA], where="before", reason="please read the contract")
    assert office.asked() == [LEA]
    assert office.seat(LEA).added_by == ANN
    office.vote("ask", LEA)
    assert office.asked() == [ANN]
    office.vote("ask", ANN)

    assert office.instance.result == "yes"
    (changed,) = [c_ for c_ in office.of(e.TaskChanged) if c_.action == "add_sign"]
    assert (changed.by, changed.details["to"]) == (ANN, [LEA])


def test_after_me_they_are_asked_when_i_have_approved() -> None:
    office = Office(asks(assignees=[user(ANN)]))
    office.do(ANN, "add_sign", people=[LEA, FAY], where="after")
    assert office.asked() == [ANN]

    office.vote("ask", ANN)
    assert office.asked() == [LEA, FAY]
    office.vote("ask", LEA)
    assert office.waiting == ["ask"]
    office.vote("ask", FAY)

    assert office.instance.result == "yes"


def test_of_those_signed_on_one_may_be_enough() -> None:
    office = Office(asks(assignees=[user(ANN)]))
    office.do(ANN, "add_sign", people=[LEA, FAY], where="before", rule="any")

    office.vote("ask", LEA)

    assert office.asked() == [ANN]
    assert office.seat(FAY).reason == "one_was_enough"


def test_in_parallel_they_count_as_one_more() -> None:
    office = Office(asks(assignees=[user(ANN)], mode="all"))
    office.do(ANN, "add_sign", people=[LEA], where="parallel")
    office.vote("ask", ANN)
    assert office.asked() == [LEA]

    office.vote("ask", LEA)

    assert office.instance.result == "yes"


def test_who_signs_before_and_refuses_refuses_for_the_owner() -> None:
    office = Office(asks(**THREE, mode="count", count=2))
    office.do(ANN, "add_sign", people=[LEA], where="before")

    office.vote("ask", LEA, "rejected")

    assert office.seat(ANN).reason == "unit_rejected"
    assert office.waiting == ["ask"]  # Bob and Fay can still make two


def test_signed_on_in_the_middle_of_a_sequence_the_rest_waits() -> None:
    office = Office(asks(assignees=[user(ANN), user(BOB)], mode="sequence"))
    office.do(ANN, "add_sign", people=[LEA], where="after")
    office.vote("ask", ANN)
    assert office.asked() == [LEA]

    office.vote("ask", LEA)

    assert office.asked() == [BOB]


def test_who_signed_somebody_on_may_sign_them_off() -> None:
    office = Office(asks(assignees=[user(ANN)]))
    office.do(ANN, "add_sign", people=[LEA], where="before")

    office.do(ANN, "reduce_sign", seats=[office.seat(LEA).id])

    assert office.asked() == [ANN]
    assert office.seat(LEA).reason == "reduced"


def test_signing_off_the_last_who_is_missing_decides() -> None:
    office = Office(asks(assignees=[user(ANN)], mode="all"))
    office.do(ANN, "add_sign", people=[LEA], where="parallel")
    seat = office.seat(LEA).id
    office.vote("ask", ANN)

    office.do(ANN, "reduce_sign", seats=[seat])

    assert office.instance.result == "yes"


# --- transfer, delegate -----------------------------------------------------------------------------


def test_r091_a_transfer_changes_the_owner() -> None:
    """R091: the owner changes, and the old one decides nothing any more."""
    office = Office(asks(assignees=[user(ANN)]))

    office.do(ANN, "transfer", to=DAN, reason="yours")

    assert office.asked() == [DAN]
    assert office.seat(ANN).status == "moved"
    (ignored,) = office.vote("ask", ANN)
    assert isinstance(ignored, e.ResultIgnored)
    office.vote("ask", DAN)
    assert office.instance.result == "yes"


def test_what_a_delegate_answers_comes_back_to_the_owner() -> None:
    office = Office(asks(assignees=[user(ANN)]))
    office.do(ANN, "delegate", to=LEA)
    assert office.asked() == [LEA]

    office.vote("ask", LEA, "rejected")
    assert office.asked() == [ANN]
    office.vote("ask", ANN)

    assert office.instance.result == "yes"


def test_whom_one_names_and_who_is_away_is_represented() -> None:
    office = Office(asks(assignees=[user(ANN)]))
    office.go_away(LEA, FAY)

    office.do(ANN, "transfer", to=LEA)

    assert (office.seat(FAY).on_behalf_of, office.asked()) == (LEA, [FAY])


# --- copies, questions, comments ---------------------------------------------------------------------


def test_r093_a_copy_is_not_waited_for_but_a_confirmation_is() -> None:
    """R093: who has a copy decides nothing; where a confirmation is wanted the flow waits for it."""
    office = Office(asks(assignees=[user(ANN)], cc=[user(LEA)], cc_confirm=True))
    office.do(ANN, "cc", people=[DAN])
    assert office.seat(DAN).status == "copy"

    office.vote("ask", ANN)
    assert office.waiting == ["ask"]
    assert office.asked() == [LEA]
    office.do(LEA, "confirm", comment="seen")

    assert office.instance.result == "yes"
    assert office.variables["ask"]["by"] == ANN


def test_a_rejection_does_not_wait_for_confirmations() -> None:
    office = Office(asks(assignees=[user(ANN)], cc=[user(LEA)], cc_confirm=True))

    office.vote("ask", ANN, "rejected")

    assert office.instance.result == "no"


def test_a_question_is_answered_without_moving_anything() -> None:
    office = Office(asks(assignees=[user(ANN)]))

    office.do(ANN, "ask", to=LEA, text="Is this allowed?")
    assert sorted(office.asked()) == [ANN, LEA]
    office.do(LEA, "answer", question=office.seat(LEA).id, text="It is.")

    assert office.asked() == [ANN]
    said = [(c_.action, c_.details["text"]) for c_ in office.of(e.TaskChanged)]
    assert said == [("ask", "Is this allowed?"), ("answer", "It is.")]


def test_an_urge_tells_those_asked_once_an_hour() -> None:
    office = Office(asks(**THREE, mode="sequence"))

    (urged,) = office.do(EVE, "urge")
    assert urged.details["to"] == [ANN]
    office.later(HOUR_MS - 1)
    assert office.refuse(EVE, "urge") == "urged_lately"
    office.later(1)

    (again,) = office.do(EVE, "urge")
    assert again.action == "urge"


def test_resending_makes_no_second_seat() -> None:
    """R105."""
    office = Office(asks(**THREE, mode="all"))
    seats = dict(office.task().seats)

    (resent,) = office.do(GUS, "resend", operator=True)

    assert resent.details["to"] == [ANN, BOB, FAY]
    assert office.task().seats == seats


def test_the_clock_stands_still_between_pause_and_go_on() -> None:
    office = Office(asks(assignees=[user(ANN)], pause_for_customer=True))
    office.do(ANN, "pause", reason="the customer is asked")
    assert office.refuse(ANN, "pause") == "paused"
    office.later(5 * HOUR_MS)

    (went_on,) = office.do(ANN, "go_on")

    assert went_on.details["shift_ms"] == 5 * HOUR_MS
    assert office.task().paused_since is None


# --- return ------------------------------------------------------------------------------------------


def test_r101_level_two_returns_it_to_the_applicant_with_a_reason() -> None:
    """R101: all three levels are needed; level two sends it back to the applicant, who mends it."""
    who = {"a": [user(ANN)], "b": [user(BOB)], "c": [user(FAY)]}
    office = Office(levels("a", "b", "c", who=who), discount=40)
    office.vote("a", ANN)

    office.do(BOB, "return", "b", to="initiator", after="back", comment="too much")
    assert office.asked("b") == [EVE]
    office.do(EVE, "resubmit", "b", variables={"discount": 20}, comment="less now")

    assert office.tokens == ["b"]
    assert office.asked("b") == [BOB]
    assert office.variables["discount"] == 20
    assert (office.task("b").round, office.task("b").again_of > 0) == (2, True)
    office.vote("b", BOB)
    office.vote("c", FAY)
    assert office.instance.result == "yes"


def test_from_the_initiator_it_may_go_through_all_again() -> None:
    who = {"a": [user(ANN)], "b": [user(BOB)]}
    office = Office(levels("a", "b", who=who))
    office.vote("a", ANN)
    office.do(BOB, "return", "b", to="initiator", after="forward")

    office.do(EVE, "resubmit", "b")

    assert office.tokens == ["a"]
    office.vote("a", ANN)
    office.vote("b", BOB)
    assert office.instance.result == "yes"


@pytest.mark.parametrize(("after", "then"), [("forward", "b"), ("back", "c")])
def test_a_return_goes_forward_again_or_straight_back(after: str, then: str) -> None:
    who = {"a": [user(ANN)], "b": [user(BOB)], "c": [user(FAY)]}
    office = Office(levels("a", "b", "c", who=who))
    office.vote("a", ANN)
    office.vote("b", BOB)

    office.do(FAY, "return", "c", to="a", after=after, comment="look again")
    assert office.tokens == ["a"]
    assert office.task("a").round == 2
    office.vote("a", ANN)

    assert office.tokens == [then]


def test_what_an_operator_lets_pass_goes_straight_back_as_well() -> None:
    """Nobody is left to mend it: the skip is its approval, and a branch beside it does not wait for ever."""
    office = Office(branches())
    office.vote("first", DAN)
    office.do(ANN, "return", "left", to="first", after="back", comment="look again")
    for who in (DAN, GUS):
        office.leave(who)
    assert "first" in office.tokens
    assert office.instance.incidents

    office.tell(c.Skip(office.incident, LEA, "approved", None, "goes on"))

    assert "left" in office.tokens
    assert "first" not in office.tokens
    assert office.instance.comebacks == {}
    assert office.task("left").round == 2
    for node in ("left", "left2", "right"):
        if node in office.tokens:
            office.vote(node, office.asked(node)[0])
    assert office.tokens == ["last"]  # behind the join


def test_previous_is_the_node_decided_last() -> None:
    who = {"a": [user(ANN)], "b": [user(BOB)], "c": [user(FAY)]}
    office = Office(levels("a", "b", "c", who=who))
    office.vote("a", ANN)
    office.vote("b", BOB)

    office.do(FAY, "return", "c", to="previous")

    assert office.tokens == ["b"]


def test_straight_back_the_votes_given_are_kept_as_chosen() -> None:
    drawing = levels("a", "b", who={"a": [user(ANN)], "b": [role("three")]}, mode="all")
    office = Office(drawing)
    office.vote("a", ANN)
    office.vote("b", BOB)
    office.do(FAY, "return", "b", to="a", after="back", keep_votes=True)

    office.vote("a", ANN)

    assert office.asked("b") == [ANN, FAY]
    assert office.seat(BOB, "b").reason == "kept"
    office.vote("b", ANN)
    office.vote("b", FAY)
    assert office.instance.result == "yes"


def test_going_forward_kept_approvals_on_the_way_need_nobody() -> None:
    who = {"a": [user(ANN)], "b": [user(BOB)], "c": [user(FAY)]}
    office = Office(levels("a", "b", "c", who=who, keep_votes=True))
    office.vote("a", ANN)
    office.vote("b", BOB)
    office.do(FAY, "return", "c", to="a", after="forward")

    office.vote("a", ANN)

    assert office.tokens == ["c"]


def branches() -> Any:
    """first → split → (left → left2 | right) → join; approvals all."""
    drawing = flow("branches").then("first", "approval", assignees=[user(DAN)])
    drawing.then("fork", "split").then("left", "approval", assignees=[user(ANN)])
    drawing.then("left2", "approval", assignees=[user(FAY)]).then("meet", "join")
    drawing.then("last", "approval", assignees=[user(GUS)]).then("done", "end")
    drawing.at("fork").then("right", "approval", assignees=[user(BOB)]).to("meet")
    return drawing


@pytest.mark.parametrize(
    ("to", "after", "right_first", "tokens"),
    [
        # The sibling is not downstream of `left`: it lives on, asked or come.
        ("left", "forward", False, ["left", "right"]),
        ("left", "forward", True, ["left", "e9@meet"]),
        ("left", "back", False, ["left", "right"]),
        # It is downstream of `first`: it goes when all is done again, and stays when we come straight back.
        ("first", "forward", False, ["first"]),
        ("first", "forward", True, ["first"]),
        ("first", "back", False, ["first", "right"]),
        ("first", "back", True, ["e9@meet", "first"]),
    ],
)
def test_a_return_inside_a_branch_leaves_exactly_these_tokens(
    to: str, after: str, right_first: bool, tokens: list[str]
) -> None:
    office = Office(branches())
    office.vote("first", DAN)
    office.vote("left", ANN)
    if right_first:
        office.vote("right", BOB)

    office.do(FAY, "return", "left2", to=to, after=after)

    assert office.tokens == sorted(tokens)
    for node, who in (("first", DAN), ("left", ANN), ("left2", FAY), ("right", BOB), ("last", GUS)):
        if node in office.waiting:
            office.vote(node, who)
    assert office.instance.ended == "completed"


def test_behind_a_join_a_return_into_a_branch_does_not_ask_the_other_again() -> None:
    office = Office(branches())
    office.vote("first", DAN)
    office.vote("left", ANN)
    office.vote("left2", FAY)
    office.vote("right", BOB)

    office.do(GUS, "return", "last", to="left2", after="forward")

    assert office.tokens == ["e9@meet", "left2"]
    office.vote("left2", FAY)
    assert office.tokens == ["last"]


def test_what_was_done_behind_is_undone_first_where_it_is_drawn_so() -> None:
    drawing = flow("undo").then("a", "approval", assignees=[user(ANN)])
    drawing.then("pay", "connector").event("undo", "compensation")
    drawing.then("b", "approval", assignees=[user(BOB)], undo_effects=True).then("done", "end")
    drawing.at("pay", "undo").then("refund", "connector")
    office = Office(drawing)
    office.vote("a", ANN)
    office.done("pay")

    office.do(BOB, "return", "b", to="a", after="forward", comment="the wrong account")
    assert "refund" in office.waiting
    assert isinstance(office.vote("b", BOB)[0], e.ResultIgnored)
    office.done("refund")

    assert office.tokens == ["a"]
    office.vote("a", ANN)
    office.done("pay")
    office.vote("b", BOB)
    assert office.instance.ended == "completed"


# --- withdraw, take back ---------------------------------------------------------------------------------


def test_the_initiator_withdraws() -> None:
    office = Office(asks(assignees=[user(ANN)]))

    office.do(EVE, "withdraw", reason="not needed any more")

    assert office.instance.ended == "cancelled"


def test_a_withdrawal_may_lead_back_to_the_start() -> None:
    office = Office(levels("a", "b", who={"a": [user(ANN)], "b": [user(BOB)]}, withdraw="start"))
    office.vote("a", ANN)

    office.do(EVE, "withdraw", "b")
    assert office.asked("b") == [EVE]
    office.do(EVE, "resubmit", "b", variables={"amount": 3})

    assert office.tokens == ["a"]


def test_a_vote_can_be_taken_back_while_the_task_is_open() -> None:
    office = Office(asks(**THREE, mode="all"))
    office.vote("ask", ANN)

    office.do(ANN, "take_back", reason="a slip")

    assert ANN in office.asked()
    assert office.step("ask").votes == {}


def test_the_last_approver_takes_the_decision_back() -> None:
    office = Office(levels("a", "b", who={"a": [role("three")], "b": [user(LEA)]}, mode="all"))
    step = office.step("a").id
    for who in (ANN, BOB, FAY):
        office.vote("a", who)
    office.later(600_000)

    office.take_back(FAY, step)

    assert office.tokens == ["a"]
    assert office.asked("a") == [FAY]
    office.vote("a", FAY)
    assert office.tokens == ["b"]


@pytest.mark.parametrize(
    ("who", "later_ms", "code"),
    [(BOB, 0, "not_yours"), (FAY, 600_001, "too_late")],
)
def test_nobody_else_and_not_later_takes_it_back(who: str, later_ms: int, code: str) -> None:
    office = Office(levels("a", "b", who={"a": [role("three")], "b": [user(LEA)]}, mode="all"))
    step = office.step("a").id
    for one in (ANN, BOB, FAY):
        office.vote("a", one)
    office.later(later_ms)

    (ignored,) = office.take_back(who, step)

    assert (ignored.reason, office.tokens) == (code, ["b"])


def test_what_has_been_decided_after_it_cannot_be_taken_back() -> None:
    who = {"a": [user(ANN)], "b": [role("three")], "c": [user(LEA)]}
    office = Office(levels("a", "b", "c", who=who, mode="all"))
    step = office.step("a").id
    office.vote("a", ANN)
    office.vote("b", BOB)

    (ignored,) = office.take_back(ANN, step)

    assert ignored.reason == "already_went_on"


def test_what_other_systems_are_told_cannot_be_taken_back() -> None:
    drawing = flow("pays").then("a", "approval", assignees=[user(ANN)]).then("pay", "connector")
    office = Office(drawing.then("b", "approval", assignees=[user(BOB)]).then("done", "end"))
    step = office.step("a").id
    office.vote("a", ANN)

    (ignored,) = office.take_back(ANN, step)  # a worker may be at it

    assert ignored.reason == "already_went_on"
    office.done("pay")
    (ignored,) = office.take_back(ANN, step)
    assert ignored.reason == "already_went_on"


# --- who is not there ---------------------------------------------------------------------------------------


def test_who_leaves_is_replaced_by_the_backup() -> None:
    office = Office(asks(mode="all"))

    office.leave(BOB)

    assert sorted(office.asked()) == [ANN, DAN]
    assert (office.seat(DAN).origin, office.seat(BOB).reason) == ("backup", "left")


def test_where_one_is_enough_the_others_go_on() -> None:
    office = Office(asks(mode="any"))

    office.leave(BOB)

    assert office.asked() == [ANN]


def test_without_a_backup_the_superior_and_then_the_fallback_is_asked() -> None:
    office = Office(asks(assignees=[user(FAY)], fallback=[user(MAX)]))

    office.leave(FAY)
    assert office.asked() == [GUS]
    office.leave(GUS)

    assert office.asked() == [MAX]


def test_when_nobody_is_left_it_is_an_incident_and_never_silence() -> None:
    office = Office(asks(assignees=[user(FAY)]))

    office.leave(GUS)
    office.leave(FAY)

    (raised,) = office.of(e.IncidentRaised)
    assert raised.code == "nobody_to_ask"
    office.gone.remove(FAY)
    office.people = directory(gone=office.gone)
    office.tell(c.Retry(office.incident, ANN))
    assert office.asked() == [FAY]


def test_votes_given_are_kept_when_the_others_have_gone() -> None:
    office = Office(asks(assignees=[user(LEA), user(FAY)], mode="all"))
    office.vote("ask", LEA)
    office.leave(GUS)

    office.leave(FAY)

    assert office.instance.result == "yes"
    assert [vote["by"] for vote in office.variables["ask"]["votes"]] == [LEA]


def test_r092_who_is_away_is_represented_in_open_and_new_tasks() -> None:
    """R092: new and open tasks go to who acts for them; the record shows "Lea on behalf of Ann"."""
    office = Office(levels("a", "b", who={"a": [user(ANN)], "b": [user(ANN)]}))

    office.go_away(ANN, LEA)
    assert (office.asked("a"), office.seat(LEA, "a").on_behalf_of) == ([LEA], ANN)
    office.vote("a", LEA)

    assert (office.asked("b"), office.seat(LEA, "b").on_behalf_of) == ([LEA], ANN)
    assert office.variables["a"]["votes"][0]["on_behalf_of"] == ANN
    assert office.of(e.VoteCast)[0].on_behalf_of == ANN


def test_a_delegate_who_leaves_gives_it_back() -> None:
    office = Office(asks(assignees=[user(ANN)]))
    office.do(ANN, "delegate", to=LEA)

    office.leave(LEA)

    assert office.asked() == [ANN]


def test_an_operator_hands_over_one_seat_or_all_of_somebody() -> None:
    office = Office(asks(mode="all"))

    office.do(GUS, "reassign", operator=True, seat=0, **{"from": ANN}, to=LEA, reason="on leave")

    assert sorted(office.asked()) == [BOB, LEA]
    assert office.refuse(BOB, "reassign", seat=0, to=LEA) == "operators_only"


# --- the same person -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "asked"),
    [("allow", [EVE]), ("superior", [GUS]), ("backup", [LEA]), ("skip", None)],
)
def test_who_started_it_decides_as_drawn(policy: str, asked: list[str] | None) -> None:
    drawing = asks(assignees=[{"kind": "initiator"}], same_initiator=policy, backup=[user(LEA)])
    office = Office(drawing)

    if asked is None:
        assert office.instance.result == "yes"
        assert office.variables["ask"]["votes"][0]["reason"] == "same_initiator"
    else:
        assert office.asked() == asked


@pytest.mark.parametrize(
    ("policy", "tokens"), [("off", ["c"]), ("later", []), ("consecutive", ["c"])]
)
def test_who_has_approved_before_is_not_asked_again_as_drawn(
    policy: str, tokens: list[str]
) -> None:
    who = {"a": [user(ANN)], "b": [user(BOB)], "c": [user(ANN)]}
    office = Office(levels("a", "b", "c", who=who, same_person=policy, watch=["amount"]), amount=5)
    office.vote("a", ANN)

    office.vote("b", BOB)

    assert office.tokens == tokens


def test_right_after_the_same_person_is_not_asked_again() -> None:
    who = {"a": [user(ANN)], "b": [user(ANN)]}
    office = Office(
        levels("a", "b", who=who, same_person="consecutive", watch=["amount"]), amount=5
    )

    office.vote("a", ANN)

    assert office.instance.result == "yes"


def test_never_across_a_change_of_the_data() -> None:
    drawing = flow("changes").then(
        "a", "approval", assignees=[user(ANN)], same_person="later", watch=["amount"]
    )
    drawing.then("more", "set_values", values={"amount": "amount + 1"})
    drawing.then("b", "approval", assignees=[user(ANN)], same_person="later", watch=["amount"])
    office = Office(drawing.then("done", "end"), amount=5)

    office.vote("a", ANN)

    assert office.asked("b") == [ANN]


# --- time, exemption ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "asked", "result"),
    [
        ({"do": "remind", "to": [user(GUS)]}, [ANN], None),
        ({"do": "backup"}, [LEA], None),
        ({"do": "superior"}, [GUS], None),
        ({"do": "transfer", "to": [user(FAY)]}, [FAY], None),
        ({"do": "approve"}, None, "yes"),
        ({"do": "reject"}, None, "no"),
    ],
)
def test_what_an_escalation_does(
    row: dict[str, Any], asked: list[str] | None, result: str | None
) -> None:
    settings = {"backup": [user(LEA)], "escalation": [{"after": "PT8H", **row}]}
    office = Office(asks(assignees=[user(ANN)], **settings))

    office.fire("ask", "task:escalate:0")

    assert office.instance.result == result
    if asked:
        assert office.asked() == asked


def test_r095_a_backup_who_is_absent_means_the_superior() -> None:
    """R095: moved to the backup; where the backup is absent, to the superior."""
    settings = {
        "backup": [user(LEA)],
        "escalation": [{"after": "PT8H", "do": "backup", "sms": True}],
    }
    office = Office(asks(assignees=[user(ANN)], **settings))
    office.leave(LEA)

    office.fire("ask", "task:escalate:0")

    assert office.asked() == [GUS]
    (moved,) = [c_ for c_ in office.of(e.TaskChanged) if c_.action == "escalate"]
    assert moved.details["sms"]
    assert moved.details["moved"] == [[1, 2]]


@pytest.mark.parametrize("action", ["exempt", "release"])
def test_an_exemption_or_release_lets_it_pass_with_a_reason(action: str) -> None:
    office = Office(asks(mode="all", exempt={"who": [role("boss")]}))
    assert office.refuse(ANN, action, reason="peak") == (
        "not_allowed" if action == "exempt" else "operators_only"
    )
    assert office.refuse(ANN, action, operator=True) == "reason_missing"

    office.do(ANN, action, operator=True, reason="peak")

    assert office.instance.result == "yes"


# --- refusals ------------------------------------------------------------------------------------------------------

REFUSED: list[tuple[str, str, dict[str, Any], str]] = [
    (ANN, "transfer", {"to": "usr_nobody"}, "person_unknown"),
    (ANN, "transfer", {"to": ANN}, "that_is_you"),
    (ANN, "transfer", {"to": BOB}, "already_asked"),
    (ANN, "delegate", {"to": ANN}, "that_is_you"),
    (ANN, "delegate", {"to": None}, "person_unknown"),
    (LEA, "transfer", {"to": DAN}, "not_yours"),
    (ANN, "add_sign", {"people": []}, "nobody_named"),
    (ANN, "add_sign", {"people": [BOB]}, "already_asked"),
    (ANN, "add_sign", {"people": [LEA], "where": "above"}, "unknown_place"),
    (LEA, "add_sign", {"people": [DAN]}, "not_yours"),
    (ANN, "reduce_sign", {"seats": [1]}, "not_yours"),
    (EVE, "transfer", {"to": DAN}, "not_yours"),
    (ANN, "urge", {}, "not_initiator"),
    (ANN, "withdraw", {}, "not_initiator"),
    (ANN, "pause", {}, "not_allowed"),
    (ANN, "go_on", {}, "not_paused"),
    (ANN, "exempt", {"reason": "x"}, "not_allowed"),
    (ANN, "resend", {}, "operators_only"),
    (ANN, "release", {"reason": "x"}, "operators_only"),
    (ANN, "comment", {"text": " "}, "text_missing"),
    (LEA, "comment", {"text": "hello"}, "not_yours"),
    (ANN, "ask", {"to": LEA}, "text_missing"),
    (ANN, "answer", {"text": "x"}, "not_yours"),
    (ANN, "confirm", {}, "not_yours"),
    (ANN, "resubmit", {}, "not_yours"),
    (ANN, "take_back", {}, "not_yours"),
    (ANN, "return", {"to": "yes"}, "cannot_return_there"),
    (ANN, "return", {"to": "initiator", "after": "sideways"}, "cannot_go_on_so"),
    (ANN, "cc", {"people": "usr_nobody"}, "person_unknown"),
    (ANN, "dance", {}, "unknown_action"),
]


@pytest.mark.parametrize(("who", "action", "args", "code"), REFUSED)
def test_what_is_refused_is_kept_and_changes_nothing(
    who: str, action: str, args: dict[str, Any], code: str
) -> None:
    office = Office(asks(mode="all"))

    assert office.refuse(who, action, **args) == code


def test_what_the_drawing_does_not_allow_is_refused() -> None:
    office = Office(asks(allow=["ask"], withdraw="never"))
    for action in ("add_sign", "reduce_sign", "transfer", "delegate", "return", "cc", "take_back"):
        assert office.refuse(ANN, action, people=[LEA], to=LEA) == "not_allowed"
    assert office.refuse(EVE, "withdraw") == "not_allowed"


def test_who_has_left_is_not_named() -> None:
    office = Office(asks())
    office.leave(LEA)

    assert office.refuse(ANN, "transfer", to=LEA) == "person_inactive"
    assert office.refuse(ANN, "transfer", to=CID) == "person_unknown"


def test_while_it_is_being_mended_nobody_decides() -> None:
    office = Office(asks(mode="all"))
    office.do(ANN, "return", to="initiator")

    assert isinstance(office.vote("ask", BOB)[0], e.ResultIgnored)
    assert office.refuse(BOB, "transfer", to=LEA) in {"not_yours", "returned_already"}


def test_everything_said_and_done_is_what_history_makes() -> None:
    office = Office(asks(**THREE, mode="all"))
    office.do(ANN, "add_sign", people=[LEA], where="before")
    office.do(BOB, "transfer", to=DAN)
    office.do(FAY, "delegate", to=GUS)
    office.vote("ask", LEA)

    assert office.replayed().steps == office.instance.steps
