"""Approvals: who is asked, whose word counts, who is reminded."""

import pytest

from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from tests.builder import Flow, flow, role, user
from tests.fakes import ANN, BOB, CID, EVE, NOON, Case

DAY_MS = 86_400_000


def asks(**settings: object) -> Flow:
    return (
        flow("ask")
        .then("ask", "approval", **settings)
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
        .at("ask", "returned").then("back", "end", result="back")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "result"), [("approved", "yes"), ("rejected", "no"), ("returned", "back")]
)
def test_any_one_persons_word_decides(decision: str, result: str) -> None:
    case = Case(asks(mode="any"))

    case.vote("ask", BOB, decision)

    assert case.instance.result == result


def test_where_all_must_agree_one_yes_is_not_enough() -> None:
    case = Case(asks(mode="all"))

    case.vote("ask", ANN)
    assert case.waiting == ["ask"]

    case.vote("ask", BOB)
    assert case.instance.result == "yes"


@pytest.mark.parametrize(("decision", "result"), [("rejected", "no"), ("returned", "back")])
def test_where_all_must_agree_one_no_decides(decision: str, result: str) -> None:
    case = Case(asks(mode="all"))
    case.vote("ask", ANN)

    case.vote("ask", BOB, decision)

    assert case.instance.result == result


def test_the_decision_is_kept_with_every_vote_and_form() -> None:
    case = Case(asks(mode="all"))

    case.vote("ask", ANN, form={"a": 1})
    case.vote("ask", BOB, form={"b": 2})

    told = case.variables["ask"]
    assert told["decision"] == "approved"
    assert told["form"] == {"a": 1, "b": 2}
    assert [vote["by"] for vote in told["votes"]] == [ANN, BOB]


@pytest.mark.parametrize(
    "who",
    [
        EVE,  # was not asked
        CID,  # has left
        ANN,  # has voted already
    ],
)
def test_a_vote_that_does_not_count_changes_nothing(who: str) -> None:
    case = Case(asks(mode="all"))
    case.vote("ask", ANN)

    (ignored,) = case.vote("ask", who)

    assert isinstance(ignored, e.ResultIgnored)
    assert case.waiting == ["ask"]


@pytest.mark.parametrize(
    ("assignees", "actors"),
    [
        ([user(ANN)], [ANN]),
        ([user("bob")], [BOB]),  # by sign-in name
        ([role("boss")], [ANN, BOB]),
        ([role("boss"), user(BOB), user(EVE)], [ANN, BOB, EVE]),  # each once
        ([{"kind": "initiator"}], [EVE]),
        ([{"kind": "expression", "value": "'ann'"}], [ANN]),
        ([{"kind": "expression", "value": "['bob', 'ann']"}], [BOB, ANN]),
        ([{"kind": "expression", "value": "'role:boss'"}], [ANN, BOB]),
        ([user(CID), user(EVE)], [EVE]),  # who has left is not asked
    ],
)
def test_people_are_found_behind_assignees(
    assignees: list[dict[str, str]], actors: list[str]
) -> None:
    (opened,) = Case(asks(assignees=assignees)).of(e.TaskOpened)

    assert list(opened.actors) == actors


@pytest.mark.parametrize(
    "assignees",
    [
        [role("retired")],  # its only member has left
        [role("empty")],
        [role("unheard_of")],
        [user("nobody")],
        [{"kind": "expression", "value": "no_such_name.owner + 1"}],  # cannot be worked out
    ],
)
def test_nobody_to_ask_is_an_incident(assignees: list[dict[str, str]]) -> None:
    case = Case(asks(assignees=assignees))

    (raised,) = case.of(e.IncidentRaised)
    assert raised.code == "nobody_to_ask"
    assert case.of(e.TaskOpened) == []


def test_nobody_to_ask_can_be_skipped_by_a_port() -> None:
    case = Case(asks(assignees=[role("empty")]))

    case.tell(c.Skip(case.incident, ANN, "rejected", {"why": "nobody"}, "decided by phone"))

    assert case.instance.result == "no"
    assert case.variables["ask"] == {"why": "nobody"}


def test_a_reminder_is_set_for_the_very_moment_the_time_is_over() -> None:
    (timer,) = Case(asks(reminder={"after": "PT24H", "to": [role("boss")]})).of(e.TimerSet)

    assert (timer.name, timer.due_at) == ("remind", NOON + DAY_MS)


def test_a_reminder_tells_people_and_leaves_the_task_open() -> None:
    case = Case(asks(reminder={"after": "PT24H", "to": [user(BOB)]}))

    case.fire("ask", "remind")

    told = case.of(e.NotificationQueued)
    assert {(note.channel, tuple(note.users)) for note in told} == {
        ("in_app", (BOB,)),
        ("mail", (BOB,)),
    }
    assert case.waiting == ["ask"]


def test_a_reminder_after_the_decision_tells_nobody() -> None:
    case = Case(asks(reminder={"after": "PT24H", "to": [user(BOB)]}))
    step = case.step("ask").id
    case.vote("ask", ANN)

    case.tell(c.FireTimer(step, "remind"))

    assert case.of(e.NotificationQueued) == []


def test_a_notification_goes_to_each_person_and_the_flow_goes_on() -> None:
    case = Case(
        flow("note")
        .then("tell", "notification", title="Hello", text="{{ n }}")
        .then("done", "end"),
        n=3,
    )

    (note,) = case.of(e.NotificationQueued)
    assert (list(note.users), note.title, note.text) == ([ANN, BOB], "Hello", "3")
    assert case.instance.status == "completed"


def test_nobody_to_notify_is_an_incident() -> None:
    case = Case(flow("note").then("tell", "notification", to=[role("empty")]).then("done", "end"))

    (raised,) = case.of(e.IncidentRaised)
    assert raised.code == "nobody_to_notify"
