"""A published message begins a flow, once, with what it brings or what is mapped from it."""

import pytest

from headrace.engine.service import flows, instances, messages
from headrace.engine.service.schedules import follow
from tests.builder import flow
from tests.fakes import EVE, settle


def begun(house, **settings):
    drawing = flow("begun", "message_start", name="order.paid", **settings).then("ask", "approval")
    document = drawing.then("done", "end").at("ask", "rejected").to("done").document()
    house.publish(document)
    house.write(lambda connection: follow(connection, document, house.now_ms))


def told(house, **more):
    answer = messages.publish(house.workspace, house.actor(EVE), "order.paid", **more)
    settle(house)
    return answer


def listed(house):
    return instances.listing(house.workspace, house.actor(EVE), flow="begun")["items"]


def variables(house):
    items = listed(house)
    return [house.detail(item["id"])["variables"] for item in items]


@pytest.fixture
def plain(house):
    begun(house)
    return house


def test_what_a_message_brings_is_the_input(plain):
    assert told(plain, payload={"no": "A-1"})["reached"] == 1

    [found] = variables(plain)
    assert found["no"] == "A-1"
    assert "payload" not in found
    assert "message" not in found


def test_what_a_message_brings_is_mapped(house):
    begun(
        house,
        values=[{"name": "order_no", "value": "payload.no + '-' + message.key"}],
        business_key="order_no",
    )
    told(house, payload={"no": "A"}, key="7")

    [item] = listed(house)
    assert item["business_key"] == "A-7"
    assert variables(house)[0]["order_no"] == "A-7"


def test_the_same_message_begins_one_and_a_signal_begins_one_too(plain):
    told(plain, payload={}, dedup="d")
    told(plain, payload={}, dedup="d")
    assert len(listed(plain)) == 1

    told(plain, payload={}, kind="signal")
    assert len(listed(plain)) == 2


def test_one_begun_by_hand_is_not_mapped(house):
    begun(house, values=[{"name": "order_no", "value": "payload.no"}])
    house.start("begun", {"order_no": "B"})

    assert variables(house)[0]["order_no"] == "B"


def test_calls_of_a_drawing_are_checked_against_what_is_published(house):
    def found(**settings):
        drawing = flow("caller").then("call", "subflow", flow="called", **settings)
        document = drawing.then("done", "end").document()
        return [problem.code for problem in flows.problems(house.workspace, document)]

    called = flow("called").then("done", "end").document()
    schema = {"type": "object", "properties": {"days": {}}, "required": ["days"]}
    assert found() == ["flow_unknown"]
    house.publish({**called, "input": schema})
    days = [{"name": "days", "value": "3"}]
    assert found() == ["call_input_missing"]
    assert found(input=days) == []
    assert found(input=days, version=1) == []
    assert found(input=days, version=2) == ["call_version_unknown"]


def test_a_flow_that_refuses_the_message_has_not_heard_it(house):
    """The message waits, and those who look after it are told, once."""
    begun(house, values=[{"name": "n", "value": "payload.missing"}])

    answers = [told(house, payload={}) for _ in range(2)]

    assert [answer["reached"] for answer in answers] == [0, 0]
    found = messages.listing(house.workspace, house.actor(EVE))["items"]
    assert [one["status"] for one in found] == ["buffered", "buffered"]


def test_a_signal_reaches_more_than_one_advance_can_take(cabin):
    event = {"id": "came", "kind": "signal", "name": "closing"}
    drawing = flow("listener").then("listen", "receive", events=[event]).on("came")
    cabin.publish(drawing.then("done", "end"))
    for _ in range(messages.AT_ONCE_MAX + 20):
        cabin.start("listener", {})

    answer = messages.publish(cabin.workspace, cabin.actor(EVE), "closing", kind="signal")
    settle(cabin)

    assert answer["reached"] == messages.AT_ONCE_MAX + 20
    assert instances.listing(cabin.workspace, cabin.actor(EVE), status="waiting")["items"] == []
