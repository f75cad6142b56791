"""People the initiator chooses at the start: what a drawing asks for, and what may come for it."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.engine.errors import ValidationFailed
from headrace.engine.flow.choices import PEOPLE_MAX, Choice, choice_problems, choices_of
from tests.builder import Document, flow
from tests.fakes import BOB, CID, EVE, House

ONE = {"approvers": Choice(1, 2)}


def asks(*assignees: dict[str, Any]) -> dict[str, Any]:
    return {"assignees": list(assignees)}


def test_choices_are_found_by_name_and_the_narrower_holds() -> None:
    found = choices_of(
        [
            asks({"kind": "role", "id": "boss"}, {"kind": "chosen", "name": "approvers"}),
            asks({"kind": "chosen", "name": "approvers", "min": 2, "max": 3}),
            asks({"kind": "chosen", "name": "readers", "max": 9}),
            {"assignees": "not a list"},
            {},
        ]
    )

    assert found == {"approvers": Choice(2, 3), "readers": Choice(1, 9)}
    assert choices_of([asks({"kind": "chosen", "name": "a"})]) == {"a": Choice(1, PEOPLE_MAX)}


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ({"approvers": ["ann"]}, None),
        ({"approvers": ["ann", "ben"]}, None),
        (None, "/chosen/approvers"),  # nobody chosen
        ({}, "/chosen/approvers"),
        ({"approvers": []}, "/chosen/approvers"),
        ({"approvers": ["ann", "ben", "sue"]}, "/chosen/approvers"),  # too many
        ({"approvers": "ann"}, "/chosen/approvers"),  # not a list
        ({"approvers": [7]}, "/chosen/approvers"),  # not users
        ({"approvers": ["ann"], "others": ["ben"]}, "/chosen/others"),  # nobody asked for them
        (["ann"], "/chosen"),  # not by name
    ],
)
def test_what_comes_is_checked(told: Any, path: str | None) -> None:
    problems = choice_problems(ONE, told, needed=True)

    assert [problem.path for problem in problems] == ([] if path is None else [path])


def test_the_same_person_twice_is_one() -> None:
    (problem,) = choice_problems({"a": Choice(2, 2)}, {"a": ["ann", "ann"]}, needed=True)

    assert problem.code == "people_chosen_wrong"
    assert problem.params == {"least": 2, "most": 2, "found": 1}


def test_nobody_need_choose_where_nobody_is_there_to_do_it() -> None:
    assert choice_problems(ONE, None, needed=False) == []
    assert choice_problems(ONE, {"approvers": []}, needed=False) != []


def chosen_flow() -> Document:
    drawing = flow("chosen").then("ask", "approval", assignees=[{"kind": "chosen", "name": "who"}])
    document = drawing.then("done", "end").document()
    document["input"] = {
        "type": "object",
        "properties": {"amount": {"type": "number"}},
        "additionalProperties": False,
    }
    return document


def test_a_start_takes_them_beside_its_input_and_asks_those_who_were_chosen(house: House) -> None:
    house.publish(chosen_flow())

    id_ = house.start("chosen", {"amount": 5, "chosen": {"who": [BOB]}})

    assert house.waiting(id_) == ["ask"]
    assert len(house.todo(BOB)) == 1


def test_a_start_by_hand_without_them_is_refused_and_leaves_nothing(house: House) -> None:
    house.publish(chosen_flow())

    with pytest.raises(ValidationFailed) as refused:
        house.start("chosen", {"amount": 5})

    assert [problem.path for problem in refused.value.problems] == ["/chosen/who"]
    assert house.todo(BOB) == []


def test_a_flow_that_asks_for_nobody_takes_nobody(house: House) -> None:
    drawing = flow("plain").then("done", "end").document()
    drawing["input"] = {"type": "object", "additionalProperties": False}
    house.publish(drawing)

    with pytest.raises(ValidationFailed):
        house.start("plain", {"chosen": {"who": ["ben"]}})


@pytest.mark.parametrize(
    ("who", "codes"),
    [
        ([BOB], []),
        (["bob"], []),  # a sign-in name will do
        ([EVE], ["not_among"]),
        ([CID], ["user_inactive"]),  # has left
        (["usr_nobody"], ["user_inactive"]),
        ([BOB, EVE], ["not_among"]),
    ],
)
def test_a_start_takes_only_those_who_may_be_chosen(
    house: House, who: list[str], codes: list[str]
) -> None:
    document = chosen_flow()
    document["nodes"][1]["settings"]["assignees"][0]["among"] = [{"kind": "user", "id": BOB}]
    house.publish(document)

    found: list[str] = []
    try:
        house.start("chosen", {"amount": 5, "chosen": {"who": who}})
    except ValidationFailed as refused:
        found = [problem.code for problem in refused.problems]

    assert found == codes
    assert len(house.todo(BOB)) == (0 if codes else 1)


def test_whom_the_start_cannot_know_is_asked_when_the_task_begins(house: House) -> None:
    """What cannot be worked out there either is an incident of the task, which says why."""
    document = chosen_flow()
    assignee = document["nodes"][1]["settings"]["assignees"][0]
    assignee["among"] = [{"kind": "expression", "value": "check.people"}]  # of a step before it
    house.publish(document)

    id_ = house.start("chosen", {"amount": 5, "chosen": {"who": [EVE]}})

    assert [found["code"] for found in house.incidents(id_)] == ["nobody_to_ask"]
