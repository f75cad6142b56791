"""Webhooks: proven, mapped, de-duplicated; a wrong item starts nothing."""

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.errors import ExpressionError, NotFound, SignatureWrong, ValidationFailed
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import hooks
from headrace.engine.service.advance import Started
from headrace.engine.store import records
from headrace.engine.store import tables as t
from tests.builder import Document, flow
from tests.fakes import House


def shop(**settings: Any) -> Document:
    document = (
        flow(
            "shop", "webhook",
            **{"items": "body.orders", "values": {"order_no": "item.id", "amount": "item.total"}, "business_key": "order_no",
               "dedup_key": "'shop-' + order_no", **settings},
        ).then("ask", "approval").then("done", "end").at("ask", "rejected").to("done").document()
    )  # fmt: skip
    document["input"] = {
        "type": "object",
        "properties": {"order_no": {"type": "string"}, "amount": {"type": "number"}},
        "required": ["order_no", "amount"],
    }  # fmt: skip
    return document


def no_connection(key: str) -> ConnectionInfo:
    return ConnectionInfo(key, "webhook", {}, {"secret": "right"})


def receive(
    house: House, body: Any, headers: dict[str, str] | None = None, node: str = "webhook"
) -> list[Started]:
    return hooks.receive(
        house.workspace, "shop", node, b"", body, headers or {}, {}, no_connection
    ).started


def started(house: House) -> list[Any]:
    return house.rows(
        sa.select(t.instances.c.business_key, t.instances.c.dedup_key).order_by(
            t.instances.c.business_key
        )
    )


def order(number: str, total: Any = 1) -> dict[str, Any]:
    return {"id": number, "total": total}


def test_each_item_starts_one_case_with_its_own_keys(house: House) -> None:
    house.publish(shop())

    receive(house, {"orders": [order("A-1"), order("A-2")]})

    assert started(house) == [("A-1", "shop-A-1"), ("A-2", "shop-A-2")]


def test_the_same_items_again_start_nothing_new(house: House) -> None:
    house.publish(shop())
    first = receive(house, {"orders": [order("A-1"), order("A-1"), order("A-2")]})
    again = receive(house, {"orders": [order("A-2"), order("A-1")]})

    assert [found.duplicate for found in first] == [False, True, False]
    assert [found.duplicate for found in again] == [True, True]
    assert len(started(house)) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        order("A-2", "twelve"),  # breaks the flow's input
        {"total": 1},  # has no number at all
        order("", 1),  # a key without text
        order("x" * 300, 1),  # a key beyond the index
        "not an order",
    ],
)
def test_one_wrong_item_starts_none_and_every_problem_is_told(house: House, wrong: Any) -> None:
    house.publish(shop())

    with pytest.raises(ValidationFailed) as refused:
        receive(house, {"orders": [order("A-1"), wrong]})

    assert all(problem.path.startswith("/items/1") for problem in refused.value.problems)
    assert started(house) == []


@pytest.mark.parametrize(
    "body", [{"orders": "many"}, {"orders": None}, {"orders": [order("A")] * 501}, None]
)
def test_what_is_no_list_of_items_starts_nothing(cabin: House, body: Any) -> None:
    cabin.publish(shop())

    with pytest.raises((ValidationFailed, ExpressionError)):
        receive(cabin, body)

    assert started(cabin) == []


def test_without_a_list_the_whole_content_is_one_item(cabin: House) -> None:
    cabin.publish(shop(items=""))

    receive(cabin, order("A-9"))

    assert started(cabin) == [("A-9", "shop-A-9")]


def test_who_does_not_prove_himself_starts_nothing(cabin: House) -> None:
    cabin.publish(shop(auth="token", connection="shop"))

    with pytest.raises(SignatureWrong):
        receive(cabin, {"orders": [order("A-1")]}, {"x-webhook-token": "wrong"})

    assert started(cabin) == []


def test_who_proves_himself_is_heard(cabin: House) -> None:
    cabin.publish(shop(auth="token", connection="shop"))

    receive(cabin, {"orders": [order("A-1")]}, {"x-webhook-token": "right"})

    assert len(started(cabin)) == 1


def test_a_node_that_is_no_webhook_is_not_found(cabin: House) -> None:
    cabin.publish(shop())

    with pytest.raises(NotFound):
        receive(cabin, {}, node="ask")


def due(**settings: Any) -> Document:
    """A shop whose calls are compared with what is due before they are answered."""
    asked = {
        "items": "", "table": "dues", "record_key": "item.id",
        "values": {"order_no": "item.id", "amount": "default(record.due, 0)"},
        "accept": "record != null and record.due == item.total", **settings,
    }  # fmt: skip
    return shop(**asked)


def take(house: House, body: Any) -> hooks.Received:
    return hooks.receive(house.workspace, "shop", "webhook", b"", body, {}, {}, no_connection)


def note(house: House, number: str, amount: int) -> None:
    now = house.clock.now_ms()
    house.workspace.writer.call(
        lambda connection: records.apply(
            connection, "upsert", "dues", number, {"due": amount}, step_key=f"{number}:{amount}",
            instance_id=None, now_ms=now, node=None,
        )
    )  # fmt: skip


def test_what_fits_a_record_is_accepted_and_the_mapping_sees_the_record(house: House) -> None:
    house.publish(due())
    note(house, "A-1", 5)

    found = take(house, order("A-1", 5))

    assert found.accepted
    assert started(house) == [("A-1", "shop-A-1")]


@pytest.mark.parametrize(
    "wrong",
    [
        order("A-1", 4),  # another amount
        order("A-9", 5),  # a number nobody knows
        order("A-1", "5 "),  # a kind that compares with nothing
    ],
)
def test_what_does_not_fit_is_kept_and_not_told_success(house: House, wrong: Any) -> None:
    house.publish(due())
    note(house, "A-1", 5)

    found = [take(house, wrong), take(house, wrong)]

    assert [one.accepted for one in found] == [False, False]
    assert [one.started[0].duplicate for one in found] == [False, True]
    assert len(started(house)) == 1


def test_a_refused_call_does_not_use_up_the_key_of_the_right_one(house: House) -> None:
    house.publish(due())
    note(house, "A-1", 4)
    take(house, order("A-1", 5))
    note(house, "A-1", 5)

    found = take(house, order("A-1", 5))

    assert (found.accepted, found.started[0].duplicate) == (True, False)
    assert started(house) == [("A-1", "refused:shop-A-1"), ("A-1", "shop-A-1")]


def test_one_item_that_does_not_fit_refuses_the_call_and_keeps_them_all(cabin: House) -> None:
    cabin.publish(due(items="body.orders"))
    note(cabin, "A-1", 5)

    found = take(cabin, {"orders": [order("A-1", 5), order("A-2", 5)]})

    assert not found.accepted
    assert len(started(cabin)) == 2


def test_a_rule_that_cannot_be_worked_out_is_a_no(cabin: House) -> None:
    cabin.publish(due(accept="item.nothing > 3"))

    assert not take(cabin, order("A-1", 5)).accepted


def test_without_words_of_its_own_a_connector_refuses_by_its_status(cabin: House) -> None:
    cabin.publish(due(auth="token", connection="shop"))

    said = hooks.reply(cabin.workspace, "shop", "webhook", no_connection, accepted=False)

    assert said is not None
    assert said.status == 409
