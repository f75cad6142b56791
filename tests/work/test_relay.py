"""The outbox: each attempt has its receipt, what fails is tried again for a while, then it stays to be seen."""

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.connector import Receipt
from headrace.engine.errors import NotFound
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import breakers, limits
from headrace.engine.store import outbox
from headrace.engine.store import tables as t
from headrace.engine.work import relay
from tests.builder import flow, user
from tests.fakes import EVE, House

OK, LATER, NEVER = (
    Receipt(True, "250 ok"),
    Receipt(False, "busy", retryable=True),
    Receipt(False, "no such group"),
)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What a robot was told; `answers` on the list are given in turn."""
    told: list[Any] = []
    monkeypatch.setattr(
        relay,
        "send_robot",
        lambda connection, title, text, *_: told.append((title, text)) or answers(told),
    )
    return told


ANSWERS: list[Receipt] = []


def answers(told: list[Any]) -> Receipt:
    return ANSWERS[min(len(told), len(ANSWERS)) - 1]


def notes(house: House, *receipts: Receipt, channel: str = "robot", **settings: Any) -> str:
    ANSWERS[:] = receipts
    told = {"channel": channel, "connection": "group", "title": "Hi", "text": "there", **settings}
    house.publish(flow("note").then("tell", "notification", **told).then("done", "end"))
    return house.start("note")


def send(house: House) -> int:
    return relay.send_due(house.workspace, lambda key: ConnectionInfo(key, "robot", {}), None)  # type: ignore[arg-type]


def delivery(house: House, id_: str) -> dict[str, Any]:
    (found,) = house.detail(id_)["deliveries"]
    return dict(found)


def test_a_message_is_sent_once_with_its_receipt(house: House, sent: list[Any]) -> None:
    id_ = notes(house, OK)

    assert send(house) == 1
    assert send(house) == 0

    assert sent == [("Hi", "there")]
    found = delivery(house, id_)
    assert (found["status"], [(row["ok"], row["answer"]) for row in found["attempts"]]) == (
        "sent",
        [(True, "250 ok")],
    )


def test_what_may_work_later_is_tried_later(house: House, sent: list[Any]) -> None:
    id_ = notes(house, LATER, OK)
    send(house)
    house.later(s=4)
    assert send(house) == 0

    house.later(s=1)
    assert send(house) == 1

    assert [row["ok"] for row in delivery(house, id_)["attempts"]] == [False, True]


def test_what_will_never_work_is_failed_at_once(house: House, sent: list[Any]) -> None:
    id_ = notes(house, NEVER)
    send(house)
    house.later(s=3600)
    send(house)

    assert len(sent) == 1
    assert delivery(house, id_)["status"] == "failed"


def test_after_five_attempts_it_stays_to_be_seen(house: House, sent: list[Any]) -> None:
    id_ = notes(house, LATER)
    for _ in range(8):
        send(house)
        house.later(s=600)

    assert len(sent) == 5
    assert delivery(house, id_)["status"] == "failed"


def test_a_person_without_an_address_is_said_to_have_none(house: House) -> None:
    id_ = notes(house, OK, channel="mail", to=[user(EVE)])

    send(house)

    found = delivery(house, id_)
    assert found["status"] == "failed"
    assert "has none" in found["attempts"][0]["answer"]


def test_a_sender_that_died_is_followed_by_another(house: House, sent: list[Any]) -> None:
    notes(house, OK)
    house.write(lambda connection: outbox.take(connection, 10, house.now_ms))
    assert send(house) == 0

    house.later(s=60)
    assert send(house) == 1


def test_a_slow_sender_leaves_what_another_may_have_taken_over(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def slowly(connection: ConnectionInfo, title: str, *_: Any) -> Receipt:
        told.append(title)
        house.later(ms=outbox.HOLD_MS)
        return OK

    monkeypatch.setattr(relay, "send_robot", slowly)
    notes(house, OK, title="one")
    house.start("note")

    assert send(house) == 1
    assert sorted(house.rows(sa.select(t.outbox.c.status))) == [("queued",), ("sent",)]
    assert send(house) == 1
    assert told == ["one", "one"]


def test_an_unknown_connection_fails_the_message_and_not_the_sender(house: House) -> None:
    id_ = notes(house, OK)

    def nothing(key: str) -> ConnectionInfo:
        raise NotFound(kind="connection", id=key)

    assert relay.send_due(house.workspace, nothing, None) == 1  # type: ignore[arg-type]
    assert delivery(house, id_)["status"] == "failed"
    assert house.rows(sa.select(t.outbox.c.status)) == [("failed",)]


# --- one sender a channel, breakers, rates ---------------------------------------------------------


def sends(house: House, **more: Any) -> int:
    return relay.send_due(
        house.workspace,
        lambda key: ConnectionInfo(key, "robot", {}, {"url": "https://chat.example.com/x?key=1"}),
        None,  # type: ignore[arg-type]
        **more,
    )


def test_each_channel_has_its_own_sender(house: House, sent: list[Any]) -> None:
    notes(house, OK)
    assert set(relay.CHANNELS) == {"person", "mail", "robot", "sms"}

    assert sends(house, channel="mail") == 0
    assert sends(house, channel="robot") == 1


def test_messages_wait_for_a_far_side_that_fails_and_lose_no_attempt(
    house: House, sent: list[Any]
) -> None:
    id_ = notes(house, LATER)
    for _ in range(7):
        house.start("note")
    for _ in range(3):
        sends(house)

    assert len(sent) == 8  # those that were taken together
    house.start("note")
    house.later(s=5)
    assert sends(house) == 0
    (found,) = breakers.listing(house.workspace, house.actor(EVE))["items"]
    assert (found["state"], found["host"]) == ("open", "chat.example.com")

    house.later(s=30)
    assert sends(house) == 1  # one tries
    ANSWERS[:] = [OK]
    house.later(s=60)
    for _ in range(6):
        sends(house)
        house.later(s=60)

    assert delivery(house, id_)["status"] == "sent"
    assert {row.status for row in house.rows(sa.select(t.outbox.c.status))} == {"sent"}


def test_a_robot_is_told_no_more_than_its_platform_takes(house: House, sent: list[Any]) -> None:
    with_limits(house)
    notes(house, OK, title="Note {{ n }}")
    for number in range(29):
        house.start("note", {"n": number})

    begun = []
    for _ in range(120):
        begun += [house.now_ms] * sends(house)
        house.later(ms=500)

    assert len(begun) == len(sent) < 30
    for start in begun:
        assert sum(start <= moment < start + 60_000 for moment in begun) <= 20
    said = "\n".join(f"{title}\n{text}" for title, text in sent)
    assert all(f"Note {number} " in said or f"Note {number}\n" in said for number in range(29))
    assert {row.status for row in house.rows(sa.select(t.outbox.c.status))} == {"sent"}


def test_a_flood_is_one_message_and_not_hundreds(house: House, sent: list[Any]) -> None:
    with_limits(house)
    notes(house, OK)
    for _ in range(199):
        house.start("note")

    for _ in range(60):
        sends(house, channel="robot")
        house.later(ms=500)

    assert {row.status for row in house.rows(sa.select(t.outbox.c.status))} == {"sent"}
    assert len(sent) < 13
    (title, text) = max(sent, key=lambda message: len(message[1]))
    assert "messages" in title
    assert text.count("•") > 20


def with_limits(house: House) -> None:
    row = {
        "key": "group", "name": "group", "connector": "robot", "settings": {}, "secrets": b"", "created_at": 0,
        "updated_at": 0, "updated_by": EVE,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.connections.insert().values(row)))
    limits.put(house.workspace, house.actor(EVE), "group", limits.declared("robot"))


def test_feishu_takes_more_than_the_others() -> None:
    assert limits.declared("robot", {"kind": "feishu"})["operations"]["send"]["calls"] == 95
    assert limits.declared("robot", {"kind": "wecom"})["operations"]["send"]["calls"] == 15
