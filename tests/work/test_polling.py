"""Shops are pulled on time, one at a time, without a gap and without a double; who fails is told of, once."""

import pytest
import sqlalchemy as sa

from headrace.engine.service import connections, order_rate, polling, sources
from headrace.engine.service.sources import reconcile_after
from headrace.engine.store import sources as rows
from headrace.engine.store import tables as t
from tests.fakes import EVE

SHOPS = ("taobao", "jd", "pdd", "doudian", "wechat_shop", "shopify", "woocommerce")
MINUTES = 60


@pytest.mark.parametrize("name", SHOPS)
def test_every_shop_can_be_pulled(street, name):
    """R001: one order each, in one table, with its channel."""
    street.shop(name)
    id_ = street.order(name)
    street.house.later(s=5 * MINUTES)  # some platforms tell of the last minutes only later

    street.look()

    found = street.orders()[id_]
    assert (found["channel"], found["state"], found["total"], found["way"]) == (
        name,
        "paid",
        99,
        "poll",
    )
    assert found["items"][0]["quantity"] >= 1
    pull = street.pulls(name)[-1]
    assert (pull.status, pull.created) == ("ok", 1)


@pytest.mark.parametrize("name", ("doudian", "wechat_shop", "shopify", "woocommerce"))
def test_what_is_pushed_and_pulled_is_there_once(street, name):
    """R007: pushed first; the pull finds the same order and makes nothing new."""
    street.shop(name)
    street.sandbox.pusher.aim(name, _target(name))
    id_ = street.order(name)
    street.tell(name)
    street.poller.wants()
    assert street.orders()[id_]["way"] == "push"

    street.house.later(s=5 * MINUTES)
    street.look()

    assert list(street.orders()) == [id_]
    names = [row.name for row in street.house.rows(sa.select(t.messages.c.name))]
    assert names.count("order.created") == 1
    assert names.count("order.paid") == 1


def _target(name):
    from headrace.engine.sandbox.pushes import Target

    return Target(f"http://127.0.0.1:1/intake/{name}")


def test_four_pulls_in_an_hour(street):
    """R004."""
    street.shop("woocommerce")
    street.look()
    before = len(street.pulls("woocommerce"))
    for _ in range(60):
        street.house.later(s=60)
        street.look()

    assert len(street.pulls("woocommerce")) - before == 4


def test_the_second_pull_asks_for_what_has_changed_since(street):
    """R005: only the window, with a little overlap; three changed, three written."""
    street.shop("taobao")
    ids = [street.order("taobao") for _ in range(6)]
    street.look()
    mark = street.state("taobao").watermark_at
    street.house.later(s=15 * MINUTES)
    for id_ in ids[:3]:
        order = street.sandbox.world.find("taobao", id_)
        street.sandbox.world.note(order, "改", street.house.now_ms)
    street.house.later(s=1)
    street.look()

    first, second = street.pulls("taobao")
    assert second.since_at == mark - 300_000
    assert (first.created, second.created) == (6, 0)
    assert second.seen <= 6
    assert len(street.orders()) == 6


def test_the_watermark_stays_where_a_pull_broke_off(street):
    street.shop("taobao")
    for _ in range(3):
        street.order("taobao")
    street.look()
    mark = street.state("taobao").watermark_at
    street.house.later(s=15 * MINUTES)
    id_ = street.order("taobao")
    street.switch("taobao", "lost", times=1)
    street.look()
    assert street.state("taobao").watermark_at == mark

    street.house.later(s=60)
    street.look()
    assert id_ in street.orders()
    assert street.state("taobao").watermark_at > mark


def test_an_order_that_moves_while_one_pages_is_not_missed(street):
    """Last page first: forwards, orders would slip past."""
    street.shop("taobao")
    for _ in range(230):
        street.order("taobao", 100)
        street.house.later(ms=50)
    street.switch("taobao", "moving")
    street.house.later(s=10)
    street.during = lambda: street.house.later(s=1)
    street.look()

    assert len(street.orders()) == 230


def test_two_processes_do_not_pull_the_same_shop(street):
    street.shop("taobao")
    street.order("taobao")
    other = street.another("two")
    seen = []
    street.during = lambda: seen.append(len(polling.begin_due(street.house.workspace, "two")))
    street.look()
    street.during = lambda: None

    assert seen
    assert set(seen) == {0}
    assert other.look() == 0
    assert len(street.pulls("taobao")) == 1


def test_who_was_killed_in_a_pull_is_a_failure_of_its_own_class_and_another_goes_on(street):
    street.shop("taobao")
    id_ = street.order("taobao")
    polling.begin_due(street.house.workspace, "dead")
    street.house.later(s=16 * MINUTES)
    street.look()

    first, second = street.pulls("taobao")
    assert (first.status, first.error_class) == ("failed", "interrupted")
    assert second.status == "ok"
    assert id_ in street.orders()


@pytest.mark.parametrize(
    ("trouble", "why", "soon"),
    [
        ("token_dead", "auth", False), ("lost", "timeout", True), ("throttled", "throttled", True),
        ("busy", "timeout", True), ("withdrawn", "gone", False), ("withdrawn_404", "gone", False),
    ],
)  # fmt: skip
def test_failures_have_a_class_and_only_some_are_tried_again_soon(street, trouble, why, soon):
    """R015."""
    street.shop("woocommerce")
    street.switch("woocommerce", trouble)
    street.look()

    state = street.state("woocommerce")
    assert state.last_class == why
    assert (state.next_at - street.house.now_ms < 15 * MINUTES * 1_000) == soon


def test_who_is_throttled_goes_slower(street):
    street.shop("jd")
    street.look()
    street.house.later(s=15 * MINUTES)
    street.switch("jd", "throttled", times=1)
    street.look()
    assert street.state("jd").slow == 2
    assert street.told("mail", "robot") == []

    street.house.later(s=15 * MINUTES)
    street.look()
    assert street.state("jd").failures == 1  # that platform wants an hour's rest
    street.house.later(s=45 * MINUTES)
    street.look()
    assert street.state("jd").failures == 0
    assert street.state("jd").slow == 1


def rounds(street, name, *failing):
    for fails in failing:
        street.switch(name, "token_dead", **({} if fails else {"times": 0}))
        street.house.later(s=15 * MINUTES)
        street.look()


def test_the_third_failure_in_a_row_is_told_once_by_mail_and_robot(street):
    """R017: f f ok f f tells nobody; f f f tells once on both; the fourth does not repeat it; recovery is told."""
    street.ops()
    street.shop("woocommerce")
    street.look()
    rounds(street, "woocommerce", True, True, False, True, True)
    assert street.told("mail", "robot") == []

    rounds(street, "woocommerce", True)
    told = street.told("mail", "robot")
    assert sorted(channel for channel, _ in told) == ["mail", "robot"]
    rounds(street, "woocommerce", True)
    assert len(street.told("mail", "robot")) == 2
    assert (
        sources.listing(street.house.workspace, street.house.actor(EVE))["items"][0]["health"]
        == "red"
    )

    rounds(street, "woocommerce", False)
    after = street.told("mail", "robot")[2:]
    assert sorted(channel for channel, _ in after) == ["mail", "robot"]
    assert "恢复" in after[-1][1] or "again" in after[-1][1]


def test_a_missing_permission_makes_the_card_red_and_says_which(street, monkeypatch):
    """R003."""
    street.shop("wechat_shop")
    street.switch("wechat_shop", "withdrawn")  # that platform says 48001: api unauthorized
    street.look()

    detail = sources.detail(street.house.workspace, street.house.actor(EVE), "wechat_shop")
    assert detail["health"] == "red"
    assert "48001" in detail["state"]["missing"]
    assert street.pulls("wechat_shop")[-1].status == "failed"


def test_the_daily_look_back_is_at_ten_past_midnight_in_shanghai(street):
    """R006: once, also when it was missed."""
    street.shop("woocommerce")
    street.look()
    due = street.state("woocommerce").reconcile_at
    assert due == reconcile_after(street.house.now_ms)
    assert (due // 60_000) % 1440 == 16 * 60 + 10  # 00:10 in Shanghai is 16:10 in UTC
    street.house.later(ms=due - street.house.now_ms + 3 * 86_400_000)
    street.look()
    street.house.later(s=1)
    street.look()

    daily = [pull for pull in street.pulls("woocommerce") if pull.kind == "reconcile"]
    assert len(daily) == 1
    assert daily[0].until_at - daily[0].since_at == 86_400_000
    assert street.state("woocommerce").reconcile_at > street.house.now_ms


def test_a_window_is_pulled_again_with_progress_and_without_a_double(street):
    """R162."""
    street.shop("pdd")
    ids = [street.order("pdd") for _ in range(5)]
    street.house.later(s=10 * MINUTES)
    street.look()
    actor = street.house.actor(EVE)
    now = street.house.now_ms
    asked = polling.repull(street.house.workspace, actor, "pdd", now - 3 * 3_600_000, None)
    assert asked["status"] == "queued"
    street.look()

    done = polling.pull(street.house.workspace, actor, "pdd", asked["id"])
    assert (done["status"], done["progress"], done["created"]) == ("ok", 1.0, 0)
    assert done["seen"] >= 5
    assert sorted(street.orders()) == sorted(ids)


def test_a_window_that_was_broken_off_goes_on_where_it_stood(street):
    street.shop("pdd")
    street.look()
    actor = street.house.actor(EVE)
    now = street.house.now_ms
    asked = polling.repull(street.house.workspace, actor, "pdd", now - 3 * 3_600_000, None)
    street.switch("pdd", "throttled", skip=3, times=1)
    street.look()
    row = street.pulls("pdd")[-1]
    assert row.status == "queued"
    assert row.done_to > row.since_at
    street.house.later(s=90)
    street.calls.clear()
    street.look()

    assert polling.pull(street.house.workspace, actor, "pdd", asked["id"])["status"] == "ok"
    assert len(street.calls) <= 5 + 6  # the rest of its orders, and its refunds from the beginning


@pytest.mark.parametrize("name", ["doudian", "pdd"])
def test_a_dead_token_is_renewed_where_the_platform_lets_us(street, name):
    street.shop(name)
    id_ = street.order(name)
    street.house.later(s=5 * MINUTES)
    street.switch(name, "token_dead")
    street.look()

    assert id_ in street.orders()
    assert street.state(name).failures == 0
    secrets = connections.open_connection(street.house.workspace, name).secrets
    assert secrets["access_token"] == f"sandbox-{name}-token-1"


def test_a_token_that_nobody_can_renew_is_a_failure_of_authorisation(street):
    street.shop("pdd")
    connections.change(
        street.house.workspace,
        street.house.actor(EVE),
        "pdd",
        {"secrets": {"refresh_token": "old"}},
    )
    street.switch("pdd", "token_dead")
    street.look()

    assert street.state("pdd").last_class == "auth"


# --- how many come ----------------------------------------------------------------------------------


def test_silence_is_told_after_a_quarter_of_an_hour_where_sixty_an_hour_are_usual(street):
    """R019: no error anywhere, an empty list all the same."""
    street.ops()
    street.shop("taobao")
    busy(street, "taobao", 60, days=7)
    street.house.write(lambda c: rows.set_state(c, "taobao", {"watermark_at": street.house.now_ms}))
    street.switch("taobao", "empty")
    street.look()
    assert street.told("mail", "robot") == []
    for _ in range(2):
        street.house.later(s=15 * MINUTES)
        street.look()

    told = street.told("mail", "robot")
    assert sorted(channel for channel, _ in told) == ["mail", "robot"]
    assert street.state("taobao").quiet_at is not None
    assert street.state("taobao").failures == 0


def busy(street, name, an_hour, *, days):
    """So many orders an hour for so long, until now."""
    now = street.house.now_ms
    slots = {(now - back * 300_000) // 300_000: an_hour // 12 for back in range(1, days * 288 + 24)}
    street.house.write(lambda c: rows.count(c, name, slots))


@pytest.mark.parametrize(
    ("found", "usual", "rare"), [(0, 15, True), (1, 15, False), (0, 5, False), (0, 60, True), (12, 60, True), (40, 60, False)]
)  # fmt: skip
def test_how_unlikely_a_silence_must_be(found, usual, rare):
    assert (order_rate.likelihood(found, usual) < order_rate.UNLIKELY) == rare


def test_a_night_that_is_always_quiet_is_not_told():
    """Weekday and hour count: ten an hour by day, none at night."""
    slot = 300_000
    now = 1_767_945_600_000 // slot * slot
    counts = {}
    for back in range(1, 28 * 288):
        at = now - back * slot
        if (at // 3_600_000) % 24 not in range(6, 12):  # silent from 06:00 to 12:00 UTC
            counts[at // slot] = 10
    assert order_rate.quiet({k: v for k, v in counts.items() if k < now // slot}, now) is None


def test_the_registry_fills_itself(street):
    from headrace.engine.service import interfaces

    street.shop("taobao")
    street.order("taobao")
    street.look()
    found, refunds = interfaces.listing(street.house.workspace, street.house.actor(EVE))["items"]

    assert (refunds["operation"], refunds["status"]) == ("refunds", "ok")
    assert (found["connection"], found["operation"], found["status"]) == ("taobao", "orders", "ok")
    assert found["api"].startswith("taobao.trades")
    assert found["url"] == street.sandbox.base
    assert found["sources"] == ["taobao"]
    assert found["last_ok_at"]
    assert found["p95_ms"] is not None
    assert street.house.rows(sa.select(t.interface_months.c.calls))[0].calls >= 1
