"""What comes from outside: patterns 23 and 24, between instances, through the store."""

import pytest

from tests.builder import Flow, flow
from tests.fakes import House, settle


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
