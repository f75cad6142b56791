"""Calls that are not taken, and interfaces that refuse us: told at the third in a row, once, classified; and so is the recovery."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.connector import Incoming
from headrace.engine.errors import SignatureWrong
from headrace.engine.node import ConnectionInfo
from headrace.engine.registry import connectors
from headrace.engine.service import hooks, interfaces
from headrace.engine.store import tables as t
from tests import platforms
from tests.builder import flow
from tests.fakes import ANN, EVE, House, ScriptedWorld, settle

OURS = {
    "app_id": "2021000000000000", "seller_id": "2088000000000001", "charset": "utf-8", "notify_id": "1", "out_trade_no": "A-1",
}  # fmt: skip


@pytest.fixture
def paid(house: House) -> House:
    """Ann is an operator; a flow hears Alipay's notices."""
    role = sa.insert(t.roles).values(key="operator", title={"en": "Operators"}, system=True)
    house.write(lambda connection: connection.execute(role))
    member = sa.insert(t.role_members).values(role="operator", user_id=ANN)
    house.write(lambda connection: connection.execute(member))
    house.publish(
        flow("pay", "webhook", auth="hmac", connection="alipay", items="", values={"no": "body.out_trade_no"}).then("done", "end")
    )  # fmt: skip
    return house


def account(key: str) -> ConnectionInfo:
    known = platforms.account("alipay")
    return replace(known, key=key, settings={**known.settings, "seller_id": OURS["seller_id"]})


def call(house: House, body: bytes) -> bool:
    """Was it taken?"""
    try:
        hooks.receive(house.workspace, "pay", "webhook", body, {}, {}, {}, account)
    except SignatureWrong:
        return False
    finally:
        house.write(lambda _: None)  # what was noted without waiting is in the store
    return True


def alarms(house: House) -> list[str]:
    query = sa.select(t.notifications.c.title, t.notifications.c.text)
    rows = house.rows(query.where(t.notifications.c.user_id == ANN).order_by(t.notifications.c.id))
    return [f"{row.title} {row.text}" for row in rows]


def entry(house: House) -> dict[str, Any]:
    (found,) = interfaces.listing(house.workspace, house.actor(EVE))["items"]
    return dict(found)


ASKS = (
    flow("asks")
    .then("pay", "connector", attempts=1, method="GET", path="/x", effect="pure")
    .then("done", "end")
)
GOOD = platforms.alipay_form(OURS)
STRANGER = platforms.alipay_form({**OURS, "seller_id": "2088000000000009"})
FORGED = GOOD.replace(b"A-1", b"A-2")


def test_the_third_notice_about_another_seller_raises_the_alarm_once(paid: House) -> None:
    for number in range(1, 6):
        assert not call(paid, STRANGER)
        assert len(alarms(paid)) == (number >= 3)

    assert "seller_id 2088000000000009" in alarms(paid)[0]
    found = entry(paid)
    assert (found["operation"], found["status"], found["failures"]) == ("notices", "failing", 5)
    assert found["last_class"] == "scope"


def test_what_works_again_is_told_once(paid: House) -> None:
    for _ in range(3):
        call(paid, STRANGER)
    paid.later(s=600)

    assert call(paid, GOOD)
    assert call(paid, platforms.alipay_form({**OURS, "notify_id": "2"}))

    assert len(alarms(paid)) == 2
    assert "10" in alarms(paid)[1]
    assert (entry(paid)["status"], entry(paid)["failures"]) == ("ok", 0)


def test_forged_calls_between_good_ones_are_no_alarm(paid: House) -> None:
    for body in (FORGED, FORGED, GOOD, FORGED, FORGED):
        call(paid, body)
        paid.later(s=30)  # so that the good one is looked at anew

    assert alarms(paid) == []
    assert entry(paid)["last_class"] == "auth"


def test_a_flood_is_noted_in_part(paid: House) -> None:
    for _ in range(80):
        call(paid, FORGED)

    assert entry(paid)["failures"] == 30
    assert len(alarms(paid)) == 1


def test_only_what_alipay_has_signed_is_somebody_elses() -> None:
    connector = connectors()["alipay"]
    told = {
        body: connector.stranger(account("alipay"), "hmac", Incoming({}, {}, body, 0))  # type: ignore[misc]
        for body in (STRANGER, STRANGER.replace(b"A-1", b"A-2"), GOOD, b"", b"\xff")
    }

    assert list(told.values()) == ["seller_id 2088000000000009", "", "", "", ""]


def test_an_interface_that_refuses_us_three_times_is_told_and_its_recovery_too(paid: House) -> None:
    paid.publish(ASKS)

    def ask(*answers: int) -> None:
        for answer in answers:
            paid.start("asks")
            settle(paid, ScriptedWorld(answer))
        interfaces.flush(paid.workspace, now=True)

    ask(401, 401)
    assert alarms(paid) == []
    ask(401, 401)
    told = [one for one in alarms(paid) if "bank" in one]
    assert len(told) == 1
    ask(200, 200)

    assert len([one for one in alarms(paid) if "bank" in one]) == 2


def test_what_is_wrong_with_single_calls_is_no_alarm(paid: House) -> None:
    paid.publish(ASKS)
    for answer in (503, 503, 503, 429, 404, 422):
        paid.start("asks")
        settle(paid, ScriptedWorld(answer))
    interfaces.flush(paid.workspace, now=True)

    assert [one for one in alarms(paid) if "bank" in one] == []
