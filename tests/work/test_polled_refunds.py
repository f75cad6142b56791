"""Refunds are read from the lists platforms have of them: by the path of orders, with a watermark of their own."""

import pytest
import sqlalchemy as sa

from headrace.engine.service import polling, sources
from headrace.engine.store import tables as t
from tests.fakes import EVE

SHOPS = ("taobao", "jd", "pdd", "doudian", "wechat_shop")
"""Where a wish to have money back is seen; Shopify and WooCommerce tell of what has been paid back."""
MINUTES = 60


def wanted(street, name):
    """An order whose buyer wants money back, and time enough for the platform to tell of it."""
    street.shop(name)
    id_ = street.order(name)
    street.house.later(s=MINUTES)
    street.want_back(name, id_)
    street.house.later(s=5 * MINUTES)
    return id_


def told(street):
    return [row.name for row in street.house.rows(sa.select(t.messages.c.name))]


@pytest.mark.parametrize("name", SHOPS)
def test_a_refund_is_found_told_once_and_followed(street, name):
    id_ = wanted(street, name)

    street.look()

    found = street.refunds()[id_]
    assert (found["channel"], found["state"], found["way"]) == (name, "requested", "poll")
    assert found["order_key"] == f"{name}:s1:{id_}"
    assert found["amount"] == 99
    assert told(street).count("refund.requested") == 1
    street.house.later(s=15 * MINUTES)
    street.look()
    assert len(street.refunds()) == 1
    assert told(street).count("refund.requested") == 1

    street.pay_out(name, id_)
    street.house.later(s=20 * MINUTES)
    street.look()

    after = street.refunds()[id_]
    assert (after["state"], after["amount"]) == ("refunded" if name != "jd" else "approved", 99)
    assert told(street).count("refund.changed") == 1
    assert len(street.refunds()) == 1


@pytest.mark.parametrize("name", ["shopify", "woocommerce"])
def test_some_tell_only_of_what_has_been_paid_back(street, name):
    id_ = wanted(street, name)
    street.look()
    assert street.refunds() == {}

    street.pay_out(name, id_)
    street.house.later(s=16 * MINUTES)
    street.look()

    found = street.refunds()[id_]
    assert (found["state"], found["amount"]) == ("refunded", 99)
    assert told(street).count("refund.requested") == 1


def test_the_list_of_refunds_has_a_watermark_of_its_own_that_stays_where_it_broke_off(street):
    street.shop("taobao")
    street.look()
    orders_at, refunds_at = (
        street.state("taobao").watermark_at, street.state("taobao").refund_watermark_at,
    )  # fmt: skip
    assert orders_at == refunds_at
    id_ = street.order("taobao")
    street.house.later(s=15 * MINUTES)
    street.want_back("taobao", id_)
    street.house.later(s=1)
    street.switch("taobao", "busy", skip=1, times=1)  # the orders come, their refunds do not

    street.look()

    state = street.state("taobao")
    assert state.watermark_at > orders_at
    assert state.refund_watermark_at == refunds_at
    assert (state.failures, state.refund_failures, state.refund_class) == (0, 1, "timeout")
    assert street.pulls("taobao", "refund")[-1].status == "failed"
    street.house.later(s=60)
    street.look()  # soon, and alone
    assert id_ in street.refunds()
    assert street.state("taobao").refund_failures == 0
    assert street.pulls("taobao", "refund")[-1].since_at == refunds_at - 300_000


def test_many_pages_hold_each_refund_once(street):
    street.shop("jd")
    ids = [street.order("jd") for _ in range(120)]
    for id_ in ids:
        street.house.later(ms=200)
        street.want_back("jd", id_)
    street.house.later(s=MINUTES)

    street.look()

    assert sorted(street.refunds()) == sorted(ids)
    assert street.pulls("jd", "refund")[-1].created == 120


def test_a_refund_that_changes_while_one_pages_is_not_missed(street):
    """Last page first, as with orders."""
    street.shop("pdd")
    ids = [street.order("pdd") for _ in range(130)]
    for id_ in ids:
        street.house.later(ms=100)
        street.want_back("pdd", id_)
    street.house.later(s=5 * MINUTES)
    changed = []

    def during():
        if len(changed) < 3 and "pdd" in street.calls[-1]:
            changed.append(ids[len(changed)])
            street.pay_out("pdd", changed[-1])

    street.during = during
    street.look()
    street.during = lambda: None
    street.house.later(s=20 * MINUTES)
    street.look()

    found = street.refunds()
    assert sorted(found) == sorted(ids)
    assert {found[id_]["state"] for id_ in changed} == {"refunded"}
    assert told(street).count("refund.requested") == 130


def test_trouble_of_the_orders_is_told_once_and_the_refunds_wait(street):
    street.ops()
    street.shop("woocommerce")
    street.look()
    street.switch("woocommerce", "token_dead")
    for _ in range(4):
        street.house.later(s=15 * MINUTES)
        street.look()

    assert sorted(channel for channel, _ in street.told("mail", "robot")) == ["mail", "robot"]
    assert street.state("woocommerce").refund_failures == 0


def test_a_list_of_refunds_that_fails_three_times_is_told_and_leaves_the_orders_alone(street):
    street.ops()
    street.shop("shopify")
    street.look()
    for _ in range(4):
        street.house.later(s=15 * MINUTES)
        street.switch("shopify", "token_dead", skip=1, times=1)
        street.look()

    told_ = street.told("mail", "robot")
    assert [title for _, title in told_ if "退款" in title or "refunds" in title]
    assert len(told_) == 2
    listed = sources.listing(street.house.workspace, street.house.actor(EVE))["items"][0]
    assert listed["health"] == "amber"
    assert street.state("shopify").failures == 0

    street.house.later(s=15 * MINUTES)
    street.look()
    assert "恢复" in street.told("robot")[-1][1]


def test_a_window_that_is_pulled_again_holds_its_refunds_too(street):
    id_ = wanted(street, "doudian")
    workspace, actor = street.house.workspace, street.house.actor(EVE)
    asked = polling.repull(workspace, actor, "doudian", street.house.now_ms - 3_600_000, None)
    street.look()

    done = polling.pull(workspace, actor, "doudian", asked["id"])
    assert (done["status"], done["what"], done["created"]) == ("ok", "both", 2)
    assert id_ in street.refunds()
    street.look()
    assert len(street.refunds()) == len(street.orders()) == 1


def test_a_source_may_leave_refunds_alone(street):
    wanted(street, "pdd")
    workspace, actor = street.house.workspace, street.house.actor(EVE)
    source = sources.detail(workspace, actor, "pdd")
    assert source["polls_refunds"]
    ways = {**source["ways"], "poll": {**source["ways"]["poll"], "refunds": False}}
    sources.change(workspace, actor, "pdd", {"ways": ways}, source["revision"])

    street.look()

    assert street.pulls("pdd", "refund") == []
    assert len(street.orders()) == 1


def test_a_code_of_a_refund_that_nobody_listed_goes_to_a_person(street, monkeypatch):
    """R027: never to a default."""
    import headrace.engine.sandbox.taobao as shop

    plain = shop._refund
    monkeypatch.setattr(shop, "_refund", lambda order: {**plain(order), "status": "ODD"})
    wanted(street, "taobao")
    street.look()

    assert street.refunds() == {}
    listed = sources.listing(street.house.workspace, street.house.actor(EVE))["items"][0]
    assert listed["exceptions"] == 1
