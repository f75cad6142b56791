"""Incidents through the service: listed, tried again, gone past, once."""

from typing import Any

import pytest

from headrace.engine.errors import Conflict, Forbidden, NotFound, ValidationFailed
from headrace.engine.run import commands as c
from headrace.engine.service import incidents
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import wish
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, settle


def failing(house: House) -> tuple[str, str]:
    """An instance with an incident; answers the ids of both."""
    house.publish(flow("pays").then("pay", "connector").then("done", "end").at("pay", "out"))
    id_ = house.start("pays")
    settle(house, ScriptedWorld(400))
    (found,) = house.incidents(id_)
    return id_, found["id"]


def test_open_incidents_are_listed_with_flow_and_node(house: House) -> None:
    id_, incident = failing(house)

    (found,) = incidents.listing(house.workspace, house.actor(ANN))["items"]

    assert (found["id"], found["instance_id"], found["node"], found["code"]) == (
        incident,
        id_,
        "pay",
        "http_400",
    )
    assert found["flow_name"] == {"zh": "pays", "en": "pays"}


def test_a_resolved_incident_leaves_the_list_and_stays_in_the_story(house: House) -> None:
    id_, _ = failing(house)

    house.skip(id_, output={"by": "hand"}, reason="paid at the counter")

    assert incidents.listing(house.workspace, house.actor(ANN))["items"] == []
    (told,) = house.detail(id_)["incidents"]
    assert (told["resolution"], told["resolved_by"]) == ("skipped", ANN)
    assert house.detail(id_)["steps"][1]["status"] == "skipped"


@pytest.mark.parametrize("do", [incidents.retry, incidents.skip])
def test_an_incident_is_resolved_once(house: House, do: Any) -> None:
    _, incident = failing(house)
    incidents.retry(house.workspace, house.actor(ANN), incident)

    with pytest.raises(Conflict):
        do(house.workspace, house.actor(ANN), incident)


@pytest.mark.parametrize("do", [incidents.retry, incidents.skip])
def test_only_who_may_operate_resolves(cabin: House, do: Any) -> None:
    _, incident = failing(cabin)

    with pytest.raises(Forbidden):
        do(cabin.workspace, Actor("usr_eve", "Eve"), incident)


def test_an_unknown_incident_is_not_found(cabin: House) -> None:
    with pytest.raises(NotFound):
        incidents.retry(cabin.workspace, cabin.actor(ANN), "ins_none.i1")


def test_one_goes_past_only_by_a_port_that_is_drawn(cabin: House) -> None:
    _, incident = failing(cabin)

    with pytest.raises(ValidationFailed):
        incidents.skip(cabin.workspace, cabin.actor(ANN), incident, port="nowhere")


def test_a_wish_for_an_instance_that_is_over_is_a_conflict(cabin: House) -> None:
    id_, incident = failing(cabin)
    cabin.cancel(id_)

    with pytest.raises(Conflict):
        wish(cabin.workspace, id_, c.Retry(incident, ANN))


def test_a_list_is_turned_page_by_page(cabin: House) -> None:
    cabin.publish(flow("pays").then("pay", "connector").then("done", "end"))
    for _ in range(5):
        cabin.start("pays")
    settle(cabin, ScriptedWorld(400))
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = incidents.listing(cabin.workspace, cabin.actor(ANN), cursor=cursor, limit=2)
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]

    assert len(seen) == len(set(seen)) == 5
    assert cursor is None
