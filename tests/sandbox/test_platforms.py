"""The real connectors against the simulators: what each knows of the other is only the platform's rules."""

import json
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from headrace.engine.connector import TROUBLES, HttpAnswer, Wish
from headrace.engine.registry import connectors
from headrace.engine.sandbox.calls import Said
from headrace.engine.sandbox.server import Dropped, Sandbox
from headrace.engine.work.robot import send_robot
from headrace.nodes.connectors.rest import compose

SHOPS = ("taobao", "jd", "pdd", "doudian", "shopify", "woocommerce")
"""Whose lists hold orders; the WeChat shop's holds numbers only."""
LISTS_BY_PAGE = ("taobao", "jd", "pdd")
SHIPPING = ("taobao", "jd", "pdd", "doudian")


def everything(desk, simulator, size=100):
    """All orders of the window, page after page in the connector's own direction."""
    orders = next(o for o in connectors()[simulator].operations if o.name == "orders")
    window = desk.window()
    if orders.paging.by == "cursor":
        found, cursor = [], None
        while True:
            verdict = desk.do(
                simulator, "orders", **window, size=size, **({"cursor": cursor} if cursor else {})
            )
            assert verdict.trouble is None, verdict
            found += verdict.output["items"]
            cursor = verdict.output["next"]
            if not verdict.output["more"]:
                return found
    first = desk.do(simulator, "orders", **window, size=size, page=orders.paging.first)
    assert first.trouble is None, first
    found = []
    for page in orders.paging.pages(first.output["total"], size):
        verdict = desk.do(simulator, "orders", **window, size=size, page=page)
        assert verdict.trouble is None, verdict
        found += verdict.output["items"]
    return found


@pytest.mark.parametrize("simulator", SHOPS)
def test_orders_come_in_our_words(desk, simulator):
    connector = connectors()[simulator]

    found = everything(desk, simulator)

    assert len(found) >= 20
    for payload in found:
        order = connector.order(payload)
        kept = desk.sandbox.world.find(simulator, order.values["platform_order_id"])
        assert order.values["total"] * 100 == kept.total_fen
        assert order.values["state"] in ("paid", "unpaid", "cancelled")
        assert [row["sku"] for row in order.values["items"]] == [line.sku for line in kept.lines]


@pytest.mark.parametrize("simulator", SHOPS)
def test_pages_hold_everything_once(desk, simulator):
    whole = everything(desk, simulator)
    pages = everything(desk, simulator, size=7)

    def number(row):
        return connectors()[simulator].order(row).values["platform_order_id"]

    assert Counter(map(number, pages)) == Counter(map(number, whole))


@pytest.mark.parametrize("simulator", LISTS_BY_PAGE)
def test_what_changes_while_one_pages_is_missed_forwards_and_not_backwards(desk, simulator):
    """Why the list is read from its end: an order that changes leaves the window, and the others move up."""
    connector = connectors()[simulator]

    def read(numbers, window):
        found = set()
        for page in numbers:
            verdict = desk.do(simulator, "orders", **window, size=5, page=page)
            rows = verdict.output["items"]
            found |= {connector.order(row).values["platform_order_id"] for row in rows}
        return found

    window = desk.window()
    before = {
        connector.order(row).values["platform_order_id"] for row in everything(desk, simulator)
    }
    count = -(-len(before) // 5)

    desk.switch(simulator, "moving")
    backwards = read(range(count, 0, -1), window)
    assert backwards == before

    left = {connector.order(row).values["platform_order_id"] for row in everything(desk, simulator)}
    forwards = read(range(1, -(-len(left) // 5) + 1), window)
    assert forwards < left


@pytest.mark.parametrize("simulator", SHOPS)
def test_an_order_by_its_number(desk, simulator):
    id_ = next(id_ for channel, id_ in desk.sandbox.world.orders if channel == simulator)

    assert desk.do(simulator, "order", order_id=id_).trouble is None
    assert desk.do(simulator, "order", order_id="1").trouble == "refused"


@pytest.mark.parametrize("simulator", (*SHIPPING, "wechat_shop"))
def test_what_may_be_sold_becomes_the_number_however_often_it_is_said(desk, simulator):
    world, params = desk.sandbox.world, {"item_id": "88", "sku_id": "8801", "quantity": 17}

    desk.switch(simulator, "lost", times=1)
    with pytest.raises(Dropped):
        desk.do(simulator, "stock", **params)
    said = desk.do(simulator, "stock", **params)

    assert said.trouble is None, said
    assert world.offered == {(simulator, "8801"): 17}
    assert desk.do(simulator, "stock", **{**params, "quantity": "0"}).trouble is None
    assert world.offered == {(simulator, "8801"): 0}


@pytest.mark.parametrize("simulator", SHIPPING)
def test_shipping_is_known_again_by_the_probe(desk, simulator):
    world = desk.sandbox.world
    order = next(o for o in world.orders.values() if o.channel == simulator and o.state == "paid")
    ship = next(o for o in connectors()[simulator].operations if o.name == "ship")
    params = {"order_id": order.id, "company": "SF", "waybill": "SF1"}

    desk.switch(simulator, "lost", times=1)
    with pytest.raises(Dropped):
        desk.do(simulator, "ship", **params)
    probed = desk.do(simulator, "order", order_id=order.id)

    assert ship.happened(None, probed.output) is True
    assert order.state == "shipped"
    other = desk.do(simulator, "ship", **{**params, "waybill": "SF2"})
    assert other.trouble in ("refused", "busy")


SIGNED = [
    ("taobao", "orders", {}, "app_secret"),
    ("pdd", "orders", {}, "app_secret"),
    ("jd", "orders", {}, "app_secret"),
    ("doudian", "orders", {}, "app_secret"),
]


@pytest.mark.parametrize(("simulator", "operation", "params", "secret"), SIGNED)
def test_a_wrong_secret_is_found_out(desk, simulator, operation, params, secret):
    account = desk.account(simulator, **{secret: "another"})

    verdict = desk.ask(account, operation, "k", **desk.window(), **params)

    assert verdict.trouble == "signature"


@pytest.mark.parametrize("simulator", [*SHOPS, "wechat_shop"])
def test_a_wrong_token_is_dead(desk, simulator):
    name = "consumer_secret" if simulator == "woocommerce" else "access_token"
    account = desk.account(simulator, **{name: "another"})

    assert desk.ask(account, "orders", "k", **desk.window()).trouble == "token_dead"


@pytest.mark.parametrize("simulator", [*SHIPPING, "alipay", "wechat_pay"])
def test_a_clock_that_is_wrong_is_found_out(desk, simulator):
    operation, params = question(desk, simulator)
    desk.switch(simulator, "clock", seconds=3_600, times=1)

    verdict = desk.do(simulator, operation, **params)

    assert verdict.trouble in ("signature", "refused")
    assert desk.do(simulator, operation, **params).trouble is None


def question(desk, simulator):
    if simulator in ("alipay", "wechat_pay"):
        desk.sandbox.world.pay(simulator, "A-1", 9_900, desk.clock.now_ms())
        return "query", {"out_trade_no": "A-1"}
    return "orders", desk.window()


PAID = ("alipay", "wechat_pay")
ASKED = [*SHOPS, "wechat_shop", "alipay", "wechat_pay"]


@pytest.mark.parametrize("simulator", ASKED)
@pytest.mark.parametrize("trouble", ["throttled", "busy", "token_dead", "withdrawn"])
def test_troubles_are_read_as_what_they_are(desk, simulator, trouble):
    operation, params = question(desk, simulator)
    desk.switch(simulator, trouble, times=1)

    verdict = desk.do(simulator, operation, **params)

    expected = {trouble}
    if simulator == "wechat_pay":  # it has no tokens, and says 404 to what is gone
        expected |= {"not_allowed", "refused", "unlisted"}
    if (simulator == "jd" and trouble == "busy") or simulator == "wechat_shop":
        expected |= {"unlisted", "not_allowed"}
    if simulator == "taobao":  # no code of a withdrawn method is known there but isv.*
        expected |= {"refused"}
    assert verdict.trouble in expected
    assert verdict.trouble in TROUBLES
    assert desk.do(simulator, operation, **params).trouble is None


@pytest.mark.parametrize("simulator", ASKED)
def test_an_interface_that_is_gone_is_no_empty_list(desk, simulator):
    operation, params = question(desk, simulator)
    desk.switch(simulator, "withdrawn_404")

    assert desk.do(simulator, operation, **params).trouble is not None


@pytest.mark.parametrize("simulator", SHOPS)
def test_the_silent_empty_list_looks_like_good_news(desk, simulator):
    desk.switch(simulator, "empty", times=1)

    verdict = desk.do(simulator, "orders", **desk.window())

    assert verdict.trouble is None
    assert verdict.output["items"] == []
    assert desk.do(simulator, "orders", **desk.window()).output["items"]


@pytest.mark.parametrize("simulator", SHOPS)
def test_a_token_dies_in_mid_page(desk, simulator):
    desk.switch(simulator, "token_dead", skip=1)

    assert desk.do(simulator, "orders", **desk.window()).trouble is None
    assert desk.do(simulator, "orders", **desk.window()).trouble == "token_dead"


def test_a_wechat_shop_lists_numbers(desk):
    window, found, more = desk.window(), [], {}
    while True:
        verdict = desk.do("wechat_shop", "orders", **window, size=7, **more)
        found += verdict.output["items"]
        if not verdict.output["more"]:
            break
        more = {"cursor": verdict.output["next"]}

    assert len(found) == len(set(found)) > 14
    connector = connectors()["wechat_shop"]
    for id_ in found:
        payload = desk.do("wechat_shop", "order", order_id=id_).output["order"]
        kept = desk.sandbox.world.find("wechat_shop", id_)
        assert connector.order(payload).values["total"] * 100 == kept.total_fen


def test_a_warehouse_sends_out_once(desk):
    account = desk.account("wms")
    body = json.dumps({"order_id": "A-1", "lines": [{"sku": "HW-202", "quantity": 10}]}).encode()

    def post(key):
        request = compose(account, "/shipments", headers={"Idempotency-Key": key})
        target = request.url.removeprefix(desk.sandbox.base)
        return desk.sandbox.ask("POST", target, request.headers, body)

    desk.switch("wms", "lost", times=1)
    with pytest.raises(Dropped):
        post("k1")
    assert post("k1").status == 200
    assert desk.sandbox.world.stock["HW-202"] == 5
    assert post("k2").status == 409
    assert desk.sandbox.world.stock["HW-202"] == 5


def test_an_order_gets_one_waybill_however_often_it_is_asked_for(desk):
    account = desk.account("waybill")

    def post(key, carrier="SF", address="浙江省杭州市西湖区文三路 100 号"):
        body = {"order_id": "A-1", "carrier": carrier, "address": address}
        request = compose(account, "/waybills", headers={"Idempotency-Key": key})
        target = request.url.removeprefix(desk.sandbox.base)
        return desk.sandbox.ask("POST", target, request.headers, json.dumps(body).encode())

    desk.switch("waybill", "lost", times=1)
    with pytest.raises(Dropped):
        post("k1")
    again, other = post("k1"), post("k2")

    assert (again.status, other.status) == (200, 201)
    number = json.loads(again.body)["waybill"]
    assert number.startswith("SF")
    assert number != json.loads(other.body)["waybill"]
    assert post("k3", carrier="PIGEON").status == 400
    assert post("k4", address=" ").status == 400
    assert post("").status == 400


def test_a_woocommerce_refund_and_completion(desk):
    order = desk.sandbox.world.order_now(desk.clock.now_ms(), "woocommerce", 10_000)

    assert desk.do("woocommerce", "refund", order_id=order.id, amount="40.00").trouble is None
    assert desk.do("woocommerce", "refund", order_id=order.id, amount="70.00").trouble == "refused"
    assert desk.do("woocommerce", "status", order_id=order.id, status="completed").trouble is None
    assert (order.refunded_fen, order.state) == (4_000, "shipped")


def test_pinduoduo_refuses_what_is_too_long_or_too_fresh(desk):
    assert desk.do("pdd", "orders", **desk.window(minutes=31)).trouble == "refused"
    assert desk.do("pdd", "orders", **desk.window(lag_s=60)).trouble == "refused"


def test_shopify_answers_an_old_version_and_says_so_in_headers_only(desk):
    account = desk.account("shopify")
    old = replace(account, settings={**account.settings, "version": "2024-01"})

    verdict = desk.ask(old, "orders", "k", **desk.window())

    assert verdict.trouble is None
    assert verdict.output["api"]["served"] == "2025-07"
    assert verdict.output["api"]["ends"]


def test_a_shopify_refund_whose_answer_got_lost_is_found_by_its_note(desk):
    world = desk.sandbox.world
    order = world.order_now(desk.clock.now_ms(), "shopify", 10_000)
    refund = next(o for o in connectors()["shopify"].operations if o.name == "refund")
    params = {"order_id": order.id, "amount": "30.00", "transaction_id": "1"}
    desk.switch("shopify", "lost", times=1)

    with pytest.raises(Dropped):
        desk.do("shopify", "refund", **params)
    probed = desk.do("shopify", "refunds", order_id=order.id)

    assert refund.happened(Wish(params, "ins_1/7", 0, "n"), probed.output) is True
    assert order.refunded_fen == 3_000


# --- payments -----------------------------------------------------------------------------------


def test_an_alipay_refund_moves_money_once(desk):
    payment = desk.sandbox.world.pay("alipay", "A-1", 9_900, desk.clock.now_ms())
    params = {"out_trade_no": "A-1", "amount": "99.00"}

    first = desk.do("alipay", "refund", **params)
    again = desk.do("alipay", "refund", **params)

    assert first.trouble is None
    assert again.code == "fund_change_n"
    assert payment.refunded_fen == 9_900
    assert desk.do("alipay", "refund_query", out_trade_no="A-1").output["refund_status"]
    assert desk.proven == [True] * 3


def test_a_wechat_pay_refund_moves_money_once(desk):
    payment = desk.sandbox.world.pay("wechat_pay", "A-1", 9_900, desk.clock.now_ms())
    params = {"out_trade_no": "A-1", "amount": "40.00", "total": "99.00", "refund_no": "R-1"}

    assert desk.do("wechat_pay", "refund", **params).trouble is None
    assert desk.do("wechat_pay", "refund", **params).trouble is None
    assert payment.refunded_fen == 4_000
    assert desk.do("wechat_pay", "refund_query", refund_no="R-1").output["status"] == "SUCCESS"
    more = {**params, "refund_no": "R-2", "amount": "60.00"}
    assert desk.do("wechat_pay", "refund", **more).trouble == "refused"
    assert desk.proven == [True] * 4


# --- pushes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("simulator", ["shopify", "woocommerce", "doudian", "wechat_shop", *PAID])
def test_pushes_are_believed_and_forgeries_are_not(desk, simulator):
    desk.aim(simulator)
    number = "A-1"
    if simulator not in PAID:
        number = desk.sandbox.world.order_now(desk.clock.now_ms(), simulator).id
    else:
        desk.sandbox.world.pay(simulator, "A-1", 9_900, desk.clock.now_ms())

    desk.sandbox.step()

    connector, account = connectors()[simulator], desk.account(simulator)
    incoming = desk.incoming(0)
    assert connector.verify(account, "hmac", incoming)
    assert not connector.verify(account, "hmac", replace(incoming, body=incoming.body + b"&x=1"))
    if connector.unwrap:
        said = connector.unwrap(account, incoming)
        assert number in json.dumps(said)


def test_a_push_is_repeated_until_it_is_taken(desk):
    desk.aim("alipay")
    desk.answers = [Said(b"", 500), Said(b"Success"), Said(b"success")]
    desk.sandbox.world.pay("alipay", "A-1", 9_900, desk.clock.now_ms())

    for _ in range(10):
        desk.sandbox.step()
        desk.clock.advance(s=30)

    about = [body for _, _, body in desk.pushed if b"A-1" in body]
    assert len(about) == 3
    assert len(set(about)) == 1


def test_pushes_come_twice_and_out_of_order_where_that_is_switched_on(desk):
    desk.sandbox.world.set_rate(0, desk.clock.now_ms())
    desk.sandbox.step()
    desk.aim("shopify")
    desk.switch("shopify", "reordered", times=1)
    desk.sandbox.world.order_now(desk.clock.now_ms(), "shopify")

    desk.sandbox.step()
    desk.clock.advance(s=5)
    desk.sandbox.step()
    topics = [headers["x-shopify-topic"] for _, headers, _ in desk.pushed]
    assert topics == ["orders/paid", "orders/create"]

    desk.switch("shopify", "duplicate", times=1)
    desk.sandbox.world.order_now(desk.clock.now_ms(), "shopify")
    desk.sandbox.step()
    assert desk.pushed[2] == desk.pushed[3]
    assert len(desk.pushed) == 5


# --- robots -------------------------------------------------------------------------------------


@dataclass
class Wire:
    """The way out of `send_robot`, with a sandbox at its end."""

    sandbox: Sandbox

    def request(self, method, url, *, headers, body, timeout_s):
        said = self.sandbox.ask(method, url.removeprefix(self.sandbox.base), headers, body)
        return HttpAnswer(said.status, said.headers, said.body)


def say(desk, robot, **secrets):
    account = desk.account(robot, **secrets)
    return send_robot(account, "告警", "订单停了", desk.clock.now_ms(), Wire(desk.sandbox))


@pytest.mark.parametrize("robot", ["dingtalk", "wecom", "feishu"])
def test_a_robot_takes_what_is_signed(desk, robot):
    assert say(desk, robot).ok
    if robot != "wecom":
        assert not say(desk, robot, secret="another").ok
    assert not say(desk, robot, url=desk.account(robot).secrets["url"] + "x").ok
    desk.switch(robot, "throttled", times=1)
    assert say(desk, robot).retryable


def test_a_robot_takes_twenty_messages_a_minute(desk):
    said = [say(desk, "dingtalk").ok for _ in range(21)]

    assert said == [True] * 20 + [False]
    desk.clock.advance(s=61)
    assert say(desk, "dingtalk").ok


def test_a_text_message_is_known_again_by_the_probe(desk):
    send = next(o for o in connectors()["aliyun_sms"].operations if o.name == "send")
    params = {"phone": "13900001111", "template": "SMS_1", "values": {"code": "测试 & 1"}}

    desk.switch("aliyun_sms", "lost", times=1)
    with pytest.raises(Dropped):
        desk.do("aliyun_sms", "send", **params)
    found = desk.do("aliyun_sms", "sent", phone="13900001111")

    (sent,) = desk.sandbox.simulators["aliyun_sms"].sent
    wish = Wish(params, sent.out_id, 0, "n")
    assert send.happened(wish, found.output) is True
    assert send.happened(replace(wish, key="another"), found.output) is False
    assert sent.values == {"code": "测试 & 1"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"phone": "0731-8888"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"sign_name": "别人"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"values": {"code": "x" * 36}}, "isv.PARAM_LENGTH_LIMIT"),
    ],
)
def test_a_wrong_text_message_is_refused_and_does_not_go_out(desk, changes, code):
    params = {"phone": "13900001111", "template": "SMS_1", "values": {"code": "1"}, **changes}

    said = desk.do("aliyun_sms", "send", **params)

    assert (said.trouble, said.code) == ("refused", code)
    assert not desk.sandbox.simulators["aliyun_sms"].sent
