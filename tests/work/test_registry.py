"""Whatever a flow asks of another system stands in the registry of interfaces: who, where, which version, when it last answered."""

import pytest
import sqlalchemy as sa

from headrace.engine.node import OutcomeUnknown
from headrace.engine.service import interfaces
from tests.builder import flow
from tests.fakes import ANN, BOB, EVE, ScriptedWorld, settle


def entries(house):
    return interfaces.listing(house.workspace, house.actor(EVE))["items"]


def ask(house, *answers, **settings):
    house.publish(flow("asks").then("pay", "connector", attempts=1, **settings).then("done", "end"))
    house.start("asks")
    settle(house, ScriptedWorld(*answers))


def test_a_plain_request_is_entered_by_its_address_not_by_what_was_filled_in(house):
    ask(house, 200, method="GET", path="/api/V2/orders/{{ step.key }}/items?x={{ now }}")

    (found,) = entries(house)
    assert (found["api"], found["version"]) == ("GET /api/V2/orders/{step.key}/items", "V2")
    assert (found["connection"], found["connector"], found["url"]) == (
        "bank",
        "rest",
        "https://bank",
    )
    assert found["status"] == "ok"
    assert found["last_ok_at"]

    house.start("asks")
    settle(house, ScriptedWorld(200))
    (found,) = entries(house)
    assert found["months"][0]["calls"] == 2


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        (401, "failing", "auth"), (403, "failing", "scope"), (410, "gone", "gone"), (503, "failing", "timeout"),
        (429, "failing", "throttled"), (OutcomeUnknown, "failing", "timeout"), (404, "ok", None), (422, "ok", None),
        ((200, {}, {"sunset": "Sat, 31 Jan 2026 00:00:00 GMT"}), "deprecated", None),
    ],
)  # fmt: skip
def test_what_an_answer_says_of_the_interface(house, answer, status, why):
    """What is wrong with one order says nothing of it (404, 422); that it will end is told by the answer itself."""
    ask(house, answer, method="GET", path="/x", effect="pure")

    (found,) = entries(house)
    assert (found["status"], found["last_error"] is not None) == (status, status != "ok")
    assert house.rows(sa.text("select last_class from interfaces"))[0][0] == why


def test_long_addresses_are_told_apart(house):
    ask(house, 200, method="GET", path="/" + "a" * 90 + "/1")
    ask(house, 200, method="GET", path="/" + "a" * 90 + "/2")

    assert len({one["api"] for one in entries(house)}) == len(entries(house)) == 2


def test_who_looks_after_it_is_set_and_shown_by_name(house):
    ask(house, 200)
    id_ = entries(house)[0]["id"]
    actor = house.actor(EVE)
    interfaces.change(house.workspace, actor, id_, {"owner": {"primary": ANN, "backup": BOB}})

    owner = entries(house)[0]["owner"]
    assert [owner["primary"]["id"], owner["backup"]["id"]] == [ANN, BOB]
    assert owner["primary"]["name"] != ANN
    interfaces.change(house.workspace, actor, id_, {"owner": {"primary": None, "backup": BOB}})
    assert list(entries(house)[0]["owner"]) == ["backup"]
