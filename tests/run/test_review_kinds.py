"""R102: big orders, custom goods, and a refund that sends the goods again each ask the right people, and only them."""

import pytest

from tests.builder import Flow, flow, user
from tests.fakes import ANN, BOB, EVE, Case


def reviews() -> Flow:
    """An order may be of several kinds at once: all that hold are asked, and all must agree."""
    return (
        flow("reviews")
        .then("kinds", "condition", mode="all", branches={
            "big": "amount > 5000", "custom": "custom", "resend": "kind == 'refund_resend'",
        })
        .then("plain", "end", result="passed")
        .at("kinds", "big").then("region", "approval", assignees=[user(ANN)])
        .then("met", "join", mode="inclusive").then("done", "end", result="approved")
        .at("kinds", "custom").then("production", "approval", assignees=[user(BOB)]).to("met")
        .at("kinds", "resend").then("stock", "approval", assignees=[user(EVE)]).to("met")
        .at("region", "rejected").then("no", "end", result="rejected", terminate=True)
        .at("production", "rejected").to("no")
        .at("stock", "rejected").to("no")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "asked"),
    [
        ({"amount": 5000, "custom": False, "kind": "order"}, []),
        ({"amount": 5000.01, "custom": False, "kind": "order"}, ["region"]),
        ({"amount": 100, "custom": True, "kind": "order"}, ["production"]),
        ({"amount": 100, "custom": False, "kind": "refund_resend"}, ["stock"]),
        ({"amount": 9000, "custom": True, "kind": "refund_resend"}, ["production", "region", "stock"]),
    ],
)  # fmt: skip
def test_each_kind_of_order_is_asked_of_its_people(
    order: dict[str, object], asked: list[str]
) -> None:
    case = Case(reviews(), **order)
    people = {"region": ANN, "production": BOB, "stock": EVE}

    assert sorted(case.waiting) == asked
    for node in asked:
        case.vote(node, people[node])

    assert case.instance.result == ("approved" if asked else "passed")
