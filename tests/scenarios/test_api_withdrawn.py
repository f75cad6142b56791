"""F1: a platform withdraws a version of its interface over New Year, and 387 orders of six hours would be lost.

Three ways of dying: HTTP 404; HTTP 200 with an error in its body; HTTP 200 with an empty list and no error anywhere.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from headrace.engine.clock import from_iso
from headrace.engine.sandbox.troubles import Switch
from headrace.engine.service import audit, interfaces, polling, source_incidents, sources
from headrace.engine.store import sources as rows
from headrace.engine.store import tables as t
from tests.fakes import ANN, BOB, EVE

SHANGHAI = ZoneInfo("Asia/Shanghai")
OLD, NEW = "2025-10", "2026-01"
ORDERS, HOURS = 387, 6
"""64.5 an hour."""
QUARTER_S = 900
SHOP = "shopify"


def at(year, month, day, hour=0, minute=0):
    moment = datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)
    return int(moment.timestamp() * 1_000)


@pytest.fixture
def shop(street):
    """Polled every 15 min by the old version, with an owner, in a house that has always had 64.5 orders an hour."""
    street.ops()
    street.house.later(ms=at(2025, 12, 1) - street.house.now_ms)
    street.shop(SHOP, version=OLD, owner={"primary": ANN, "backup": BOB})
    street.look()
    return street


def until(shop, moment, *, every_s=QUARTER_S):
    while shop.house.now_ms < moment:
        shop.house.later(ms=min(every_s * 1_000, moment - shop.house.now_ms))
        shop.look()
        interfaces.remind(shop.house.workspace)


def jump(shop, moment):
    """To a moment, without the pulls between; the clock never goes back."""
    shop.house.later(ms=moment - shop.house.now_ms)


def registered(shop, version=OLD):
    listed = interfaces.listing(shop.house.workspace, shop.house.actor(EVE))["items"]
    return next(one for one in listed if one["version"] == version and one["operation"] == "orders")


def titles(shop, channel):
    return [title for _, title in shop.told(channel)]


def test_people_are_reminded_fifteen_days_ahead_and_daily_until_somebody_says_he_knows(shop):
    """R159: exactly on 2025-12-17, then every day."""
    workspace, actor = shop.house.workspace, shop.house.actor(EVE)
    id_ = registered(shop)["id"]
    interfaces.change(workspace, actor, id_, {"expires_on": "2026-01-01"})
    reminded = {}
    for day in range(14, 21):
        jump(shop, at(2025, 12, day, 9))
        reminded[day] = sum(
            interfaces.remind(workspace) for _ in range(3)
        )  # however often one looks
    assert reminded == {14: 0, 15: 0, 16: 0, 17: 1, 18: 1, 19: 1, 20: 1}
    assert all("2025-10" in title for title in titles(shop, "robot"))

    interfaces.acknowledge(workspace, actor, id_)
    jump(shop, at(2025, 12, 25, 9))
    assert interfaces.remind(workspace) == 0


def usual(shop, an_hour=ORDERS / HOURS):
    """Four weeks of orders, as they always were."""
    now = shop.house.now_ms
    slots = {}
    left = 0.0
    for back in range(4 * 7 * 288, 0, -1):
        left += an_hour / 12
        slots[(now - back * 300_000) // 300_000] = int(left)
        left -= int(left)
    shop.house.write(lambda c: rows.count(c, SHOP, {k: v for k, v in slots.items() if v}))
    shop.house.write(
        lambda c: rows.set_state(
            c, SHOP, {"watermark_at": now, "next_at": now, "last_order_at": now}
        )
    )


def sell(shop, count, over_s):
    """So many orders, one after the other, while it is pulled every quarter of an hour."""
    began = shop.house.now_ms
    pulled = began
    for n in range(count):
        jump(shop, began + round((n + 1) * over_s * 1_000 / (count + 1)))
        shop.order(SHOP)
        if shop.house.now_ms - pulled >= QUARTER_S * 1_000:
            pulled = shop.house.now_ms
            shop.look()
    jump(shop, began + over_s * 1_000)
    shop.look()


@pytest.mark.parametrize("dies", ["withdrawn_404", "withdrawn", "empty"])
def test_a_version_is_withdrawn_and_no_order_is_lost(shop, dies):
    house = shop.house
    workspace, actor = house.workspace, house.actor(EVE)
    jump(shop, at(2026, 1, 1))
    usual(shop)
    shop.sandbox.switches.put(SHOP, Switch(dies, version=OLD))
    before = len(shop.told("robot", "mail"))

    # Six hours in which nothing comes in, while 387 people buy.
    began = house.now_ms
    sell(shop, ORDERS, HOURS * 3_600)

    assert shop.orders() == {}
    told = [title for _, title in shop.told("robot")]
    first = house.rows(
        sa.select(t.outbox.c.created_at, t.outbox.c.title, t.outbox.c.text)
        .where(t.outbox.c.channel == "robot")
        .order_by(t.outbox.c.id)
    )[0]
    assert (
        first.created_at - began <= 2 * QUARTER_S * 1_000
    )  # within a scan or two, not after six hours
    if dies == "empty":
        assert told == ["严重：订单异常减少：shopify"]
        assert shop.state(SHOP).failures == 0
    else:
        assert told[0].startswith("严重：接口已下线 GET orders.json")
        assert "来源：shopify" in first.text
        assert sorted(told[1:]) == ["严重：订单异常减少：shopify", "连续 3 次拉取失败：shopify"]
        assert registered(shop)["status"] == "gone"
        assert registered(shop)["sources"] == [SHOP]
    mails = house.rows(sa.select(t.outbox.c.recipient).where(t.outbox.c.channel == "mail"))
    assert {row.recipient for row in mails} == {"ann@example.com", "bob@example.com"}
    assert len(mails) == 2 * len(told)
    assert before == 0

    # The version is switched for this shop, no flow is edited, and the gap is pulled again.
    source = sources.detail(workspace, actor, SHOP)
    sources.change(workspace, actor, SHOP, {"version": NEW}, source["revision"])
    asked = polling.repull(workspace, actor, SHOP, None, None)
    assert from_iso(asked["since"]) <= began
    shop.look()

    done = polling.pull(workspace, actor, SHOP, asked["id"])
    assert (done["status"], done["progress"]) == ("ok", 1.0)
    found = shop.orders()
    assert len(found) == ORDERS
    assert len({value["number"] for value in found.values()}) == ORDERS
    created = house.rows(sa.select(t.messages.c.key).where(t.messages.c.name == "order.created"))
    assert len(created) == len(set(created)) == ORDERS
    # Their clocks start when they were paid, not when we found them.
    paid = [from_iso(value["paid_at"]) for value in found.values()]
    assert began < min(paid)
    assert max(paid) <= began + HOURS * 3_600_000
    # Again, and by polling: no double.
    polling.repull(workspace, actor, SHOP, began, None)
    until(shop, house.now_ms + 2 * QUARTER_S * 1_000)
    assert len(shop.orders()) == ORDERS
    assert (
        len(house.rows(sa.select(t.messages.c.id).where(t.messages.c.name == "order.created")))
        == ORDERS
    )
    assert registered(shop, NEW)["status"] == "ok"
    # The record of the incident has written itself along.
    # (Nobody buys any more in this test, so that a silence may have begun another one.)
    kept = source_incidents.listing(workspace, actor, SHOP)["items"][-1]
    record = source_incidents.detail(workspace, actor, SHOP, kept["id"])
    kinds = [one["kind"] for one in record["steps"]]
    cause = {"withdrawn_404": "gone", "withdrawn": "gone", "empty": "quiet"}[dies]
    assert record["cause"] == cause
    assert kinds[0] == "last_good"
    assert from_iso(record["since"]) <= began + QUARTER_S * 1_000
    noticed = {kind for kind in kinds if kind.startswith("noticed")}
    everything = {"noticed_gone", "noticed_quiet", "noticed_failing"}
    assert noticed == ({"noticed_quiet"} if dies == "empty" else everything)
    told_ = next(one for one in record["steps"] if one["kind"] == "told")
    assert {ANN, BOB} <= set(told_["details"]["people"])
    assert set(record["names"]) >= {ANN, BOB, EVE}
    changed = next(one for one in record["steps"] if one["kind"] == "changed")
    assert (changed["details"]["version_before"], changed["details"]["version"]) == (OLD, NEW)
    assert changed["details"]["by"] == EVE
    repulled = next(one for one in record["steps"] if one["kind"] == "repulled")
    assert repulled["details"]["created"] == ORDERS
    assert kinds.index("changed") < kinds.index("repull") < kinds.index("repulled")
    # Late orders: from when they were paid; those of the last five minutes were not late.
    assert record["late"]["limit_ms"] == 300_000
    late = whole_of(shop, kept["id"])
    assert 375 <= len(late) <= ORDERS
    assert min(one["late_ms"] for one in late) > 300_000
    assert max(one["late_ms"] for one in late) > 5 * 3_600_000
    assert not any(one["ship_breached"] for one in late)
    assert record["exceptions"] == 0
    assert (record["checked"]["seen"], record["checked"]["created"]) != (0, ORDERS)
    closed = source_incidents.close(workspace, actor, SHOP, kept["id"], "V3")
    assert (closed["status"], closed["closed_by"]) == ("closed", EVE)
    # What was done stands in the audit, in its order.
    log = [item["action"] for item in audit.listing(workspace, actor, action="sources.")["items"]]
    assert log[:4] == ["sources.incident", "sources.repull", "sources.repull", "sources.change"]


def whole_of(shop, id_):
    """All late orders of a record, page by page."""
    found, cursor = [], None
    while True:
        answer = source_incidents.late(
            shop.house.workspace, shop.house.actor(EVE), SHOP, id_, cursor=cursor, limit=100
        )
        found += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return found


def test_a_time_to_ship_that_is_over_is_told(shop):
    house = shop.house
    actor = house.actor(EVE)
    jump(shop, at(2026, 1, 1))
    usual(shop)
    shop.sandbox.switches.put(SHOP, Switch("withdrawn", version=OLD))
    sell(shop, 4, 3_600)
    source = sources.detail(house.workspace, actor, SHOP)
    jump(shop, at(2026, 1, 4))
    sources.change(house.workspace, actor, SHOP, {"version": NEW}, source["revision"])
    polling.repull(house.workspace, actor, SHOP, None, None)
    shop.look()

    kept = source_incidents.listing(house.workspace, actor, SHOP)["items"][-1]
    assert kept["status"] in ("open", "over")
    late = whole_of(shop, kept["id"])
    assert [one["ship_breached"] for one in late] == [True] * 4
    assert late[0]["number"]
