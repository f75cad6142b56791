"""R098: eight rows of a decision table grade an approval flow: who is asked follows from amount, customer and risk."""

from __future__ import annotations

import pytest

from headrace.engine.service import decision_tables
from tests.builder import Flow, flow, user
from tests.fakes import ANN, BOB, EVE, House
from tests.flow.test_decision_tables import R098, R098_ASKED

PEOPLE = {"auto": [], "lead": [EVE], "manager": [BOB], "countersign": [ANN, BOB]}


def graded() -> Flow:
    """Small ones pass by themselves, high risks are signed by two."""
    inputs = [{"name": name, "value": name} for name in ("amount", "level", "high_risk")]
    branches = [{"id": f"to_{name}", "value": name} for name in PEOPLE if name != "auto"]
    drawing = flow("graded").then(
        "grade", "decide", table="grades", inputs=inputs, route="route", branches=branches
    )
    drawing = drawing.then("passed", "end", result="passed")
    for name in ("lead", "manager", "countersign"):
        people = [user(one) for one in PEOPLE[name]]
        mode = "all" if name == "countersign" else "any"
        drawing = drawing.at("grade", f"to_{name}")
        drawing = drawing.then(name, "approval", title=name, assignees=people, mode=mode)
        if name == "lead":
            drawing = drawing.then("approved", "end", result="approved")
            drawing = drawing.at(name, "rejected").then("rejected", "end", result="rejected")
        else:
            drawing = drawing.to("approved").at(name, "rejected").to("rejected")
    return drawing


@pytest.fixture
def company(house: House) -> House:
    actor = house.actor(ANN)
    made = decision_tables.create(house.workspace, actor, "grades", R098)
    decision_tables.publish(house.workspace, actor, "grades", revision=made["revision"])
    house.publish(graded())
    return house


def test_r098_each_of_eight_rows_asks_its_people(company: House) -> None:
    for amount, level, risky, route in R098_ASKED:
        case = (amount, level, risky)
        id_ = company.start("graded", {"amount": amount, "level": level, "high_risk": risky})

        asked = [person for person in (ANN, BOB, EVE) if company.todo(person)]
        assert asked == sorted(PEOPLE[route]), case
        assert company.waiting(id_) == ([route] if asked else []), case
        for number, person in enumerate(asked, 1):
            assert company.status(id_) == "waiting"
            company.decide(person)
            assert (company.status(id_) == "completed") == (number == len(asked)), case
        assert company.detail(id_)["result"] == ("approved" if asked else "passed"), case


def test_r098_one_no_of_a_countersign_rejects(company: House) -> None:
    id_ = company.start("graded", {"amount": 1, "level": "regular", "high_risk": True})

    company.decide(ANN)
    company.decide(BOB, "rejected")

    assert company.detail(id_)["result"] == "rejected"
