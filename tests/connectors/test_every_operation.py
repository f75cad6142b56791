"""What every operation of every connector must state: effect class, key, error table, paging, window, rate.

Where a platform publishes nothing, that stands here by name: no number is made up, and who uses it sets limits at the connection.
"""

from __future__ import annotations

import pytest

from headrace.engine.connector import Connector, Operation
from headrace.engine.flow.own.made import made
from headrace.engine.registry import connectors

OWN = made(
    "kelp",
    {
        "title": {"en": "Kelp"}, "base_url": "https://kelp.test",
        "operations": [
            {"name": "items", "method": "GET", "path": "/", "effect": "pure", "rate": {"calls": 5, "per_s": 1}},
            {"name": "pay", "method": "POST", "path": "/", "effect": "keyed"},
            {"name": "send", "method": "POST", "path": "/", "effect": "probe", "probe": "items", "happened": "true"},
        ],
    },
)  # fmt: skip
"""One that was drawn in the browser is asked the same."""

NO_RATE_PUBLISHED = {
    # connectors.md section 7: looked for, not found.
    "alipay": "no figures", "doudian": "qps not published", "jd": "current limits not published",
    "taobao": "per-second limits not published, a day's quota only", "wechat_pay": "only refunds have a figure",
    "wechat_shop": "quotas per interface not published", "woocommerce": "the shop's own server: none",
    "pdd": "of the interface that is called by name", "shopify": "one bucket for all, declared at `orders`",
    "aliyun_sms": "only sending is limited", "own-kelp": "what nobody filled in",
}  # fmt: skip
NO_REFUSAL_PUBLISHED = {
    "wechat_shop": "business codes not published: an unlisted one goes to a person",
}
NO_WINDOW = {"woocommerce": "any length may be asked for"}

ALL = [
    (connector, operation)
    for connector in (*connectors().values(), OWN)
    for operation in connector.operations
    if operation.build
]
every_operation = pytest.mark.parametrize(
    ("connector", "operation"), ALL, ids=[f"{c.name}.{o.name}" for c, o in ALL]
)


@every_operation
def test_it_says_whether_it_may_be_repeated_and_how_that_is_known(
    connector: Connector, operation: Operation
) -> None:
    assert operation.effect in ("pure", "keyed", "probe", "once")
    if operation.effect == "probe" and connector is not OWN:  # there the probe alone tells
        assert operation.key_field
    if operation.effect == "keyed":
        assert operation.key_field
    if operation.effect == "probe":
        asks = next(one for one in connector.operations if one.name == operation.probe)
        assert asks.effect == "pure" and operation.happened


@every_operation
def test_its_errors_are_read_by_a_table_that_knows_what_matters(
    connector: Connector, operation: Operation
) -> None:
    assert connector.errors is not None
    known = set(connector.errors.kinds.values())
    assert "throttled" in known
    assert "refused" in known or connector.name in NO_REFUSAL_PUBLISHED
    assert known & {"token_dead", "signature", "not_allowed"}


@every_operation
def test_a_list_says_how_it_is_walked_and_how_long_a_time_it_may_be_asked_for(
    connector: Connector, operation: Operation
) -> None:
    if "since" not in operation.params.get("properties", {}):
        return
    assert operation.paging is not None and operation.paging.size_max > 0
    assert operation.window is not None or connector.name in NO_WINDOW


@every_operation
def test_its_rate_is_what_the_platform_says_or_it_says_none(
    connector: Connector, operation: Operation
) -> None:
    assert operation.rate or operation.rates or connector.name in NO_RATE_PUBLISHED


def test_robots_mail_and_texts_state_their_rates() -> None:
    for name in ("robot", "aliyun_sms"):
        send = next(one for one in connectors()[name].operations if one.name == "send")
        assert send.rate or send.rates
    robots = connectors()["robot"].operations[0]
    assert robots.rate is not None and robots.rate.calls <= 20  # a minute: DingTalk, WeCom
    assert robots.rates["feishu"].calls <= 100
