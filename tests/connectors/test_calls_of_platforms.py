"""Calls that come in: a good one is known and opened, a changed one never is, and nothing that comes breaks the door.

HEADRACE_FUZZ=10000 changes calls so often per connector; usually 500.
"""

import os
import random
from dataclasses import replace

import pytest

from headrace.engine.connector import Incoming, ParamWrong
from headrace.engine.registry import connectors
from tests import platforms

TIMES = int(os.environ.get("HEADRACE_FUZZ", "500"))
CALLERS = [name for name, connector in connectors().items() if connector.verify]
every_caller = pytest.mark.parametrize("name", CALLERS)


def verified(name, incoming, auth="hmac", **secrets):
    connector = connectors()[name]
    return connector.verify(platforms.account(connector, **secrets), auth, incoming)


@every_caller
def test_a_call_the_platform_would_sign_is_known(name):
    assert verified(name, platforms.call_of(name))


@every_caller
def test_one_that_is_unsigned_or_for_another_secret_is_not(name):
    call = platforms.call_of(name)
    connector = connectors()[name]
    nothing = replace(platforms.account(connector), secrets={}, settings=dict(connector.example))

    unsigned = call.body.replace(b"sign=", b"sing=")  # Alipay signs inside the body
    assert not verified(name, Incoming({}, {}, unsigned, call.now_ms))
    assert not verified(name, call, auth="none")
    assert not verified(name, call, auth="")
    assert not connector.verify(nothing, "hmac", call)


@every_caller
def test_what_it_says_can_be_opened(name):
    connector = connectors()[name]
    if connector.unwrap is None:
        return
    opened = connector.unwrap(platforms.account(connector), platforms.call_of(name))

    assert opened


def test_opened_calls_hold_what_was_sealed():
    opened = {
        name: connectors()[name].unwrap(platforms.account(name), platforms.call_of(name))
        for name in ("alipay", "doudian", "wechat_pay", "wechat_shop")
    }

    assert opened["alipay"]["subject"] == "订单 A&B=C+D"
    assert opened["doudian"][0]["data"] == {"p_id": 4705288465508532862}
    assert opened["wechat_pay"]["resource"]["trade_state"] == "SUCCESS"
    assert opened["wechat_shop"]["order_info"] == {"order_id": "1"}


def test_alipay_writes_in_gbk_where_it_says_so():
    fields = {
        "app_id": "2021000000000000",
        "charset": "GBK",
        "subject": "加急订单",
        "notify_id": "1",
    }
    call = Incoming({}, {}, platforms.alipay_form(fields, "gbk"))

    assert verified("alipay", call)
    opened = connectors()["alipay"].unwrap(platforms.account("alipay"), call)
    assert opened["subject"] == "加急订单"


def test_alipays_notice_to_another_app_or_seller_is_not_ours():
    fields = {"app_id": "2021000000000001", "charset": "utf-8", "notify_id": "1"}
    other = Incoming({}, {}, platforms.alipay_form(fields))
    ours = Incoming({}, {}, platforms.alipay_form({**fields, "app_id": "2021000000000000"}))
    account = platforms.account("alipay")
    choosy = replace(account, settings={**account.settings, "seller_id": "2088"})

    assert not verified("alipay", other)
    assert verified("alipay", ours)
    assert not connectors()["alipay"].verify(choosy, "hmac", ours)


def test_a_field_named_twice_is_refused():
    """Whoever reads the first and whoever reads the last would read two things."""
    call = platforms.call_of("alipay")

    assert not verified("alipay", replace(call, body=call.body + b"&total_amount=0.01"))


def test_a_message_for_another_app_is_refused():
    account = platforms.account("wechat_shop")
    other = replace(account, settings={"app_id": "wxother"})

    assert not connectors()["wechat_shop"].verify(other, "hmac", platforms.call_of("wechat_shop"))


def test_the_old_secret_of_shopify_still_counts_while_it_is_kept():
    call = platforms.call_of("shopify")

    assert not verified("shopify", call, app_secret="the-new-one")
    assert verified(
        "shopify", call, app_secret="the-new-one", app_secret_before="example-app-secret"
    )


def test_a_greeting_is_answered_only_to_who_knows_the_token():
    greet = connectors()["wechat_shop"].greet
    account = replace(platforms.account("wechat_shop"), secrets={"token": "AAAAA"})
    query = {
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "4375120948345356249",
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
    }

    assert greet(account, Incoming({}, query, b"")) == "4375120948345356249"
    assert greet(account, Incoming({}, {**query, "nonce": "1"}, b"")) is None
    assert greet(replace(account, secrets={}), Incoming({}, query, b"")) is None


# --- thousands of changed ones ------------------------------------------------------------------


@every_caller
def test_no_changed_call_is_believed_and_none_breaks(name):
    """Every part that is signed is changed: no exception, no forgery."""
    connector = connectors()[name]
    account = platforms.account(connector)
    good = platforms.call_of(name)
    dice = random.Random(name)

    for _ in range(TIMES):
        changed = mutated(dice, good)
        believed = connector.verify(account, dice.choice(["hmac", "token", "", "x"]), changed)
        assert not believed or meaning(connector, account, changed) == meaning(
            connector, account, good
        )


@every_caller
def test_opening_says_what_is_wrong_and_nothing_else(name):
    """`unwrap` comes after `verify`; should one ever ask it first, it refuses in words."""
    connector = connectors()[name]
    if connector.unwrap is None:
        return
    account = platforms.account(connector)
    good = platforms.call_of(name)
    dice = random.Random(name)

    for _ in range(TIMES // 5):
        changed = mutated(dice, good)
        try:
            connector.unwrap(account, changed)
        except ParamWrong as wrong:
            assert len(str(wrong)) < 200


def meaning(connector, account, call):
    """What a flow would see: an unsigned part (a header's case, the clock) may differ without being a forgery."""
    return connector.unwrap(account, call) if connector.unwrap else call.body


ODD = [
    "",
    "\0",
    "é",
    "\ud800",
    "中" * 50,
    "0",
    "-1",
    "9" * 400,
    "null",
    "[" * 3_000,
    "%00",
    "a=b&c=d",
    "' or 1=1",
]
ODD_BYTES = [b"", b"\0", b"\xff\xfe", b"{}", b"[]", b"null", b"[" * 3_000, b'{"Encrypt":1}', b"&" * 300, b"%" * 50,
             b'{"resource":{"ciphertext":1}}', b"charset=idna&sign_type=RSA2&app_id=2021000000000000&sign=x", b"1e999"]  # fmt: skip


def mutated(dice, good):
    """One or several changes to body, headers, query or clock; always at least one that is signed or needed."""
    body, headers, query = bytearray(good.body), dict(good.headers), dict(good.query)
    now_ms = good.now_ms
    for _ in range(dice.choice([1, 1, 1, 2, 4])):
        match dice.randrange(10):
            case 0 if body:
                body[dice.randrange(len(body))] ^= 1 << dice.randrange(8)
            case 1 if body:
                at = dice.randrange(len(body))
                del body[at : at + dice.randrange(1, 20)]
            case 2:
                at = dice.randrange(len(body) + 1)
                body[at:at] = dice.choice([*ODD_BYTES, dice.randbytes(9)])
            case 3:
                body = bytearray(dice.choice([*ODD_BYTES, dice.randbytes(dice.randrange(2_000))]))
            case 4 if headers:
                headers[dice.choice(sorted(headers))] = dice.choice(ODD)
            case 5 if headers:
                headers.pop(dice.choice(sorted(headers)))
            case 6 if query:
                query[dice.choice(sorted(query))] = dice.choice(ODD)
            case 7 if query:
                query.pop(dice.choice(sorted(query)))
            case 8:
                now_ms += dice.choice([-1, 1]) * dice.choice([1, 300_000, 10**12])
            case _:
                body += dice.choice([b" ", b"\n", b"&a=1", b"}"])
    return Incoming(headers, query, bytes(body), now_ms)
