"""What comes from outside: patterns 23 and 24, between instances, through the store."""

import pytest

from headrace.engine.run import events as e
from tests.builder import Flow, flow, user
from tests.fakes import ANN, House, settle


def sender(kind: str) -> Flow:
    """Says so a minute after its start."""
    return (
        flow("sender")
        .then("minute", "timer", duration="PT1M")
        .then("tell", "publish", kind=kind, name="arrived", key="order_no", payload={"at": "place"})
        .then("done", "end")
    )


def receiver(kind: str, minutes: int) -> Flow:
    """Listens so many minutes after its start."""
    event = {"id": "came", "kind": kind, "name": "arrived", "key": "order_no"}
    return (
        flow("receiver")
        .then("busy", "timer", duration=f"PT{minutes}M")
        .then("listen", "receive", events=[event])
        .on("came")
        .then("done", "end", output={"at": "listen.at"})
    )


def both(house: House, kind: str, minutes: int) -> str:
    """A receiver and a sender of one order, started together; answers the receiver when five minutes have passed."""
    house.publish(sender(kind))
    house.publish(receiver(kind, minutes))
    id_ = house.start("receiver", {"order_no": "A-1"})
    house.start("sender", {"order_no": "A-1", "place": "gate"})
    settle(house)
    for _ in range(5):
        house.later(s=60)
        settle(house)
    return id_


@pytest.mark.parametrize(
    ("minutes", "status"),
    [
        (0, "completed"),  # listens when it is said
        (3, "waiting"),  # listens too late: nobody keeps it
    ],
)
def test_wcp_23_transient_trigger(house: House, minutes: int, status: str) -> None:
    id_ = both(house, "signal", minutes)

    assert house.status(id_) == status


@pytest.mark.parametrize("minutes", [0, 3])
def test_wcp_24_persistent_trigger(house: House, minutes: int) -> None:
    """A message waits for its receiver, and is had by one only."""
    id_ = both(house, "message", minutes)
    second = house.start("receiver", {"order_no": "A-1"})
    house.later(s=600)
    settle(house)

    assert house.status(id_) == "completed"
    assert house.detail(id_)["output"] == {"at": "gate"}
    assert house.waiting(second) == ["listen"]


def test_wcp_24_a_message_for_another_order_is_not_taken(house: House) -> None:
    house.publish(sender("message"))
    house.publish(receiver("message", 0))
    other = house.start("receiver", {"order_no": "B-2"})
    house.start("sender", {"order_no": "A-1", "place": "gate"})

    house.later(s=60)
    settle(house)
    house.later(s=60)
    settle(house)

    assert house.waiting(other) == ["listen"]


def asked(**event: object) -> Flow:
    """A question that something may happen to."""
    return (
        flow("asked")
        .then("ask", "approval", assignees=[user(ANN)])
        .event("came", **{"name": "arrived", "key": "order_no", **event})  # type: ignore[arg-type]
        .then("done", "end", result="answered")
        .at("ask", "rejected").to("done")
        .at("ask", "came").then("told", "end", result="told")
    )  # fmt: skip


@pytest.mark.parametrize("kind", ["message", "signal"])
def test_wcp_23_a_trigger_at_a_node_ends_its_wait(house: House, kind: str) -> None:
    house.publish(sender(kind))
    house.publish(asked(kind=kind))
    id_ = house.start("asked", {"order_no": "A-1"})
    other = house.start("asked", {"order_no": "B-2"})
    house.start("sender", {"order_no": "A-1", "place": "gate"})
    settle(house)

    house.later(s=60)
    settle(house)

    assert house.detail(id_)["result"] == "told"
    assert house.waiting(other) == ["ask"]
    assert [task["instance_id"] for task in house.todo(ANN)] == [other]


def test_wcp_24_a_message_that_does_not_end_the_wait_may_come_again(house: House) -> None:
    house.publish(sender("message"))
    house.publish(asked(kind="message", interrupting=False))
    id_ = house.start("asked", {"order_no": "A-1"})
    settle(house)

    for _ in range(3):
        house.start("sender", {"order_no": "A-1", "place": "gate"})
        settle(house)
        house.later(s=60)
        settle(house)
    house.decide(ANN)
    settle(house)

    assert house.status(id_) == "completed"
    assert len(house.events(id_, e.EventFired)) == 3


def test_wcp_24_a_message_that_came_before_is_had_by_the_node_at_once(house: House) -> None:
    house.publish(sender("message"))
    house.publish(asked(kind="message"))
    house.start("sender", {"order_no": "A-1", "place": "gate"})
    settle(house)
    house.later(s=60)
    settle(house)

    id_ = house.start("asked", {"order_no": "A-1"})
    settle(house)

    assert house.detail(id_)["result"] == "told"


def test_wcp_24_a_message_is_kept_as_long_as_it_says_and_no_longer(house: House) -> None:
    house.publish(sender("message"))
    house.publish(receiver("message", 0))
    house.start("sender", {"order_no": "A-1", "place": "gate"})
    settle(house)
    house.later(s=60)
    settle(house)

    house.later(s=3600)
    id_ = house.start("receiver", {"order_no": "A-1"})
    settle(house)

    assert house.waiting(id_) == ["listen"]
