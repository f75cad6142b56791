"""The refund template on the real engine against a payment gateway on loopback that loses its answers: one refund, never two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace import templates
from headrace.engine.node import ConnectionInfo
from headrace.engine.store import tables as t
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.world import WorkerWorld
from tests.fakes import ANN, BOB, EVE, ScriptedWorld, settle
from tests.far_side import far_side, resets, says

FLOW = Path(templates.__file__).parent / "refund-approval/flows/refund-approval.json"
REQUEST = {"refund_id": "R-1", "order_no": "A-1", "paid": 300, "amount": 199.99, "reason": "破损"}
ROLES = {"cs_lead": ANN, "finance_manager": BOB, "supervisor": BOB}


class Gateway:
    """Keeps a ledger of refunds by number; loses its first `lost` answers after doing the work."""

    def __init__(self, lost: int = 0, failing: int = 0) -> None:
        self.ledger: list[str] = []
        self.asked: list[str] = []
        self._lost, self._failing = lost, failing

    def __call__(self, request) -> None:
        if request.command == "GET":
            self.asked.append(request.path)
            return self._tell(request)
        if self._failing:
            self._failing -= 1
            return says(503, '{"message": "busy"}')(request)
        self.ledger.append("R-1")
        if self._lost:
            self._lost -= 1
            return resets(request)
        return self._tell(request)

    def _tell(self, request) -> None:
        number = request.path.rpartition("/")[2]
        if request.command == "GET" and number not in self.ledger:
            return says(404, '{"code": "NOT_FOUND"}')(request)
        return says(200, json.dumps({"status": "SUCCESS", "transaction_no": "42"}))(request)


class RealWorld(ScriptedWorld):
    """Records go to the house's store, requests through the guarded client to the gateway."""

    def __init__(self, url: str) -> None:
        super().__init__()
        account = ConnectionInfo("payments", "rest", {"base_url": url, "auth": "none"})
        http = GuardedHttp(AddressGuard(["127.0.0.1"]))
        self._outside = WorkerWorld(lambda _: account, self.record, http)
        self.connection = self._outside.connection
        self.http = self._outside.http


BY_REST = {
    "connection": "payments", "method": "POST", "path": "/refunds", "effect": "probe",
    "body": "{'out_refund_no': refund_id, 'order_no': order_no, 'amount': amount, 'reason': reason}",
    "probe": {"method": "GET", "path": "/refunds/{{ refund_id }}", "done_when": "body.status == 'SUCCESS'"},
    "ok_when": "body.status == 'SUCCESS'", "timeout_s": 10, "attempts": 4, "backoff_s": 2,
}  # fmt: skip
"""The template refunds at Alipay; here is a gateway that is nobody's in particular."""


@pytest.fixture
def house(cabin):
    cabin.write(_add_roles)
    text = FLOW.read_text("utf-8").replace("refund.trade_no", "refund.body.transaction_no")
    document = json.loads(text)
    (refund,) = [node for node in document["nodes"] if node["id"] == "refund"]
    refund |= {"type": "connector", "settings": BY_REST}
    cabin.publish(document)
    return cabin


def _add_roles(connection) -> None:
    for role, user in ROLES.items():
        connection.execute(t.roles.insert().values(key=role, title={"en": role}, system=False))
        connection.execute(t.role_members.insert().values(role=role, user_id=user))


def approve_and_pay(house, gateway, rounds=1):
    """Start, approve as the lead, and let the engine try `rounds` times with pauses between."""
    with far_side(gateway) as there:
        world = RealWorld(there.url)
        instance = house.start("refund-approval", REQUEST)
        settle(house, world)
        house.decide(ANN)
        settle(house, world)
        for _ in range(rounds - 1):
            house.later(s=60)
            settle(house, world)
        return instance


def test_a_refund_is_made_and_written_off(house):
    gateway = Gateway()

    instance = approve_and_pay(house, gateway)

    assert house.status(instance) == "completed"
    assert gateway.ledger == ["R-1"]
    (record,) = house.rows(t.records.select())
    assert (record.key, record.value["status"]) == ("R-1", "refunded")
    assert record.value["transaction_no"] == "42"


def test_a_lost_answer_is_asked_for_and_not_refunded_twice(house):
    gateway = Gateway(lost=1)

    instance = approve_and_pay(house, gateway, rounds=2)

    assert house.status(instance) == "completed"
    assert gateway.ledger == ["R-1"]
    assert gateway.asked == ["/refunds/R-1"]


def test_a_refusal_that_may_have_worked_is_asked_for_too(house):
    gateway = Gateway(failing=1)

    instance = approve_and_pay(house, gateway, rounds=2)

    assert house.status(instance) == "completed"
    assert gateway.ledger == ["R-1"]
    assert gateway.asked == ["/refunds/R-1"]


def test_a_gateway_that_stays_down_hands_the_case_to_finance(house):
    gateway = Gateway(failing=99)

    instance = approve_and_pay(house, gateway, rounds=5)

    assert house.waiting(instance) == ["refund_by_hand"]
    house.decide(BOB, form={"transaction_no": "M-1"}, node="refund_by_hand")
    settle(house)
    assert house.status(instance) == "completed"
    assert gateway.ledger == []


def test_the_same_request_again_is_the_same_case(house):
    first = house.started("refund-approval", REQUEST)
    settle(house)
    second = house.started("refund-approval", REQUEST)

    assert second.id == first.id
    assert second.duplicate
    assert len(house.todo(ANN)) == 1


def test_an_idle_lead_is_reported_to_the_supervisor_after_24_hours_and_not_before(house):
    house.start("refund-approval", REQUEST)
    settle(house)

    house.later(s=86_400)
    settle(house)
    before = house.rows(t.notifications.select())
    house.later(ms=1)
    settle(house)
    after = house.rows(t.notifications.select())

    assert [row.user_id for row in before] == [ANN]  # that there is a task for her
    assert {row.user_id for row in after if row.id > before[-1].id} == {ANN, BOB}
    assert [task["node"] for task in house.todo(ANN)] == ["approve_lead"]
    assert house.todo(EVE) == []
