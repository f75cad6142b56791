"""What can be asked of platforms: every operation is asked the same, then what is particular to some."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, parse_qsl, urlsplit

import jsonschema
import pytest

from headrace.engine.connector import (
    ORDER_STATES,
    TROUBLES,
    ErrorTable,
    HttpAnswer,
    Paging,
    ParamWrong,
    Verdict,
    Window,
    Wish,
)
from headrace.engine.registry import connectors
from tests import platforms

ALL = [
    (connector, operation)
    for connector in connectors().values()
    for operation in connector.operations
    if operation.build
]
every_operation = pytest.mark.parametrize(
    ("connector", "operation"), ALL, ids=[f"{c.name}.{o.name}" for c, o in ALL]
)
with_errors = pytest.mark.parametrize(
    "connector", [c for c in connectors().values() if c.errors], ids=lambda c: c.name
)


def wish(operation, **params):
    return Wish({**platforms.params_of(operation), **params}, "ins_1/7", platforms.NOW_MS, "n0nce")


def request(connector, operation, **params):
    return operation.build(platforms.account(connector), wish(operation, **params))


def says(status, body, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HttpAnswer(status, {"content-type": "application/json", **headers}, raw)


# --- asked of all -------------------------------------------------------------------------------


@every_operation
def test_a_request_is_the_same_for_the_same_wish(connector, operation):
    """Pure: no clock and no dice of its own."""
    first, again = request(connector, operation), request(connector, operation)

    assert first == again
    assert first.url.startswith("https://")
    assert first.method in ("GET", "POST", "PUT")
    assert all(name == name.lower() for name in first.headers)


@every_operation
def test_its_parameters_are_described_and_enough(connector, operation):
    jsonschema.Draft202012Validator.check_schema(operation.params)
    given = wish(operation).params

    jsonschema.Draft202012Validator(operation.params).validate(given)
    for name in operation.params["required"]:
        fewer = Wish({k: v for k, v in given.items() if k != name}, "k", platforms.NOW_MS, "n")
        if name not in ("refund_no",):  # the step's key stands in for it
            with pytest.raises(ParamWrong):
                operation.build(platforms.account(connector), fewer)


@every_operation
def test_what_may_not_be_repeated_can_be_asked_about(connector, operation):
    names = {each.name for each in connector.operations}

    assert (operation.effect == "probe") == bool(operation.probe and operation.happened)
    assert not operation.probe or operation.probe in names
    if operation.effect in ("keyed", "probe"):
        assert operation.key_field
    if operation.probe:  # with the same parameters
        probe = next(each for each in connector.operations if each.name == operation.probe)
        assert probe.effect == "pure"
        assert request(connector, probe)


@every_operation
def test_no_answer_breaks_the_judge(connector, operation):
    odd = [b"", b"null", b"[]", b"{}", b"<html>", b"\xff", b"[" * 5_000, b'{"code":{}}', b'{"error_response":1}',
           b'{"x_response":[]}', b'{"errcode":null}', b'{"x_responce":{"code":{}}}', b"1"]  # fmt: skip

    for body in odd:
        for status in (200, 204, 302, 404, 429, 500, 503):
            verdict = operation.judge(HttpAnswer(status, {}, body))
            assert isinstance(verdict, Verdict)
            assert status < 300 or verdict.trouble is not None


@with_errors
def test_its_error_table_uses_known_words(connector):
    assert set(connector.errors.kinds.values()) <= set(TROUBLES)
    assert {"throttled", "token_dead", "busy"} & set(connector.errors.kinds.values())
    assert set(connector.errors.pauses) <= set(TROUBLES) | set(connector.errors.kinds)


@with_errors
def test_a_code_nobody_listed_is_left_to_a_person(connector):
    verdict = connector.errors.verdict("?", "a-new-code")

    assert verdict.trouble == "unlisted"
    assert not TROUBLES["unlisted"].retryable
    assert TROUBLES["unlisted"].maybe_done


@pytest.mark.parametrize(
    "connector", [c for c in connectors().values() if c.order], ids=lambda c: c.name
)
def test_its_states_are_ours(connector):
    assert set(connector.statuses.values()) <= set(ORDER_STATES)


# --- errors, most of them with HTTP 200 -------------------------------------------------------------

SAID = [
    # connector, status, body, trouble, seconds to leave it alone
    ("taobao", 200, {"error_response": {"code": 7, "msg": "App Call Limited", "sub_code": "isp.call-limited"}}, "throttled", 60),
    ("taobao", 200, {"error_response": {"code": 7, "sub_code": "accesscontrol.limited-by-api-access-count"}}, "throttled", 60),
    ("taobao", 200, {"error_response": {"code": 27, "msg": "Invalid session"}}, "token_dead", None),
    ("taobao", 200, {"error_response": {"code": 25, "msg": "Invalid signature"}}, "signature", None),
    ("taobao", 200, {"error_response": {"code": 15, "sub_code": "isp.top-remote-service-unavailable"}}, "busy", None),
    ("taobao", 200, {"error_response": {"code": 15, "sub_code": "isv.trade-not-exist"}}, "refused", None),
    ("taobao", 502, b"<html>", "busy", None),
    ("jd", 200, {"error_response": {"code": "2", "zh_desc": "限流"}}, "throttled", 3_600),
    ("jd", 200, {"error_response": {"code": "24"}}, "throttled", 60),
    ("jd", 200, {"error_response": {"code": "15", "zh_desc": "无效的方法"}}, "withdrawn", None),
    ("jd", 200, {"error_response": {"code": "19"}}, "token_dead", None),
    ("jd", 200, {"x_responce": {"code": "0", "r_result": {"apiResult": {"success": False, "numberCode": 1}}}}, "refused", None),
    ("pdd", 200, {"error_response": {"error_code": 50012, "error_msg": "此API已下线"}}, "withdrawn", None),
    ("pdd", 200, {"error_response": {"error_code": 10019}}, "token_dead", None),
    ("pdd", 200, {"error_response": {"error_code": 52101}}, "throttled", 60),
    ("pdd", 200, {"error_response": {"error_code": 70033}}, "busy", 600),
    ("doudian", 200, {"code": 60000, "msg": "限流"}, "throttled", 10),
    ("doudian", 200, {"code": 70000, "sub_code": "isp.api-service-off"}, "withdrawn", None),
    ("doudian", 200, {"code": 40003, "sub_code": "isv.access-token-expired"}, "token_dead", None),
    ("doudian", 200, {"code": 30001, "sub_code": "dop.authorization-closed"}, "token_dead", None),
    ("doudian", 200, {"code": 20000, "sub_code": "isp.service-error"}, "busy", None),
    ("wechat_shop", 200, {"errcode": -1, "errmsg": "system error"}, "busy", None),
    ("wechat_shop", 200, {"errcode": 42001}, "token_dead", None),
    ("wechat_shop", 200, {"errcode": 45009}, "throttled", 3_600),
    ("wechat_shop", 200, {"errcode": 45011}, "throttled", 60),
    ("wechat_shop", 200, {"errcode": 61004}, "not_allowed", None),
    ("shopify", 429, {"errors": "Exceeded 2 calls per second"}, "throttled", 2),
    ("shopify", 401, {"errors": "[API] Invalid API key or access token"}, "token_dead", None),
    ("shopify", 422, {"errors": {"base": ["no"]}}, "refused", None),
    ("shopify", 503, b"", "busy", None),
    ("woocommerce", 404, {"code": "rest_no_route", "message": "No route"}, "withdrawn", None),
    ("woocommerce", 404, {"code": "woocommerce_rest_shop_order_invalid_id"}, "refused", None),
    ("woocommerce", 200, b"<html>maintenance", "unlisted", None),
    ("woocommerce", 500, {"code": "woocommerce_rest_cannot_create_order_refund"}, "busy", None),
    ("alipay", 200, {"x_response": {"code": "20000", "sub_code": "isp.unknow-error"}}, "busy", None),
    ("alipay", 200, {"x_response": {"code": "40004", "sub_code": "ACQ.SYSTEM_ERROR"}}, "busy", None),
    ("alipay", 200, {"x_response": {"code": "40004", "sub_code": "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL"}}, "refused", None),
    ("alipay", 200, {"x_response": {"code": "40002", "sub_code": "isv.invalid-signature"}}, "signature", None),
    ("wechat_pay", 500, {"code": "SYSTEM_ERROR"}, "busy", None),
    ("wechat_pay", 429, {"code": "FREQUENCY_LIMITED"}, "throttled", 60),
    ("wechat_pay", 403, {"code": "NOT_ENOUGH"}, "refused", None),
    ("wechat_pay", 401, {"code": "SIGN_ERROR"}, "signature", None),
    ("aliyun_sms", 200, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}, "throttled", 60),
    ("aliyun_sms", 200, {"Code": "isv.DAY_LIMIT_CONTROL"}, "throttled", 3_600),
    ("aliyun_sms", 200, {"Code": "isv.SMS_SIGNATURE_SCENE_ILLEGAL"}, "refused", None),
    ("aliyun_sms", 404, {"Code": "InvalidAccessKeyId.NotFound"}, "token_dead", None),
]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "body", "trouble", "pause_s"), SAID)
def test_an_error_is_read_wherever_it_stands(name, status, body, trouble, pause_s):
    for operation in connectors()[name].operations:
        verdict = operation.judge(says(status, body))
        assert (verdict.trouble, verdict.pause_s) == (trouble, pause_s)


@pytest.mark.parametrize("name", sorted(platforms.GOOD))
def test_a_yes_is_a_yes(name):
    connector = connectors()[name]
    plain = next(o for o in connector.operations if o.effect == "pure" and not o.paging)

    assert plain.judge(says(200, platforms.GOOD[name])).trouble is None


def test_the_most_exact_code_decides():
    table = ErrorTable({"isp.api-service-off": "withdrawn", "isp.*": "busy", "70000": "refused"})

    assert table.kind("isp.api-service-off", "70000") == "withdrawn"
    assert table.kind("isp.other", "70000") == "busy"
    assert table.kind("", "70000") == "refused"
    assert table.kind("", "1") == "unlisted"


# --- pages and windows ------------------------------------------------------------------------------


def test_pages_are_walked_from_the_last_where_orders_move_between_them():
    assert list(Paging("page", "backwards", 100).pages(250, 100)) == [3, 2, 1]
    assert list(Paging("page", "backwards", 100, first=0).pages(250, 100)) == [2, 1, 0]
    assert list(Paging("page", "forwards", 100).pages(200, 100)) == [1, 2]
    assert list(Paging("page", "forwards", 100).pages(0, 100)) == []


@pytest.mark.parametrize(
    ("window", "since", "until", "slices"),
    [
        # A gap of 70 minutes at a platform that answers to 30 (Pinduoduo), and not to the last three minutes.
        (Window(1_800, 1_800, 180), 0, 4_200, [(0, 1_800), (1_800, 3_600), (3_600, 4_020)]),
        (Window(None, None, 0, 1_000), 0, 4_200, [(3_200, 4_200)]),  # older than it keeps
        (Window(1_800, None, 0), 100, 100, []),
        (Window(1_800, None, 600), 3_700, 4_200, []),  # all of it too fresh
    ],
)
def test_time_is_asked_for_in_pieces_without_gap_or_overlap(window, since, until, slices):
    now_ms = 4_200_000
    found = window.slices(since * 1_000, until * 1_000, now_ms)

    assert found == [(a * 1_000, b * 1_000) for a, b in slices]


LISTS = [
    # connector, body, headers, items, more, next, total
    ("taobao", {"r_response": {"trades": {"trade": [{"tid": 1}]}, "has_next": True}}, {}, [{"tid": 1}], True, None, None),
    ("pdd", {"r_response": {"order_sn_list": [{"order_sn": "1"}], "has_next": False, "total_count": 1}}, {},
     [{"order_sn": "1"}], False, None, 1),
    ("doudian", {"code": 10000, "data": {"page": 0, "size": 20, "total": 21, "shop_order_list": [{"order_id": "1"}]}}, {},
     [{"order_id": "1"}], True, None, 21),
    ("wechat_shop", {"errcode": 0, "order_id_list": ["1"], "has_more": True, "next_key": "k"}, {}, ["1"], True, "k", None),
    ("shopify", {"orders": [{"id": 1}]}, {"link": '<https://s/orders.json?page_info=p1>; rel="previous", '
     '<https://s/orders.json?limit=5&page_info=p2>; rel="next"'}, [{"id": 1}], True, "p2", None),
    ("woocommerce", [{"id": 1}], {"x-wp-total": "12", "link": '<https://s?page=2>; rel="next"'}, [{"id": 1}], True, None, 12),
]  # fmt: skip


@pytest.mark.parametrize(("name", "body", "headers", "items", "more", "cursor", "total"), LISTS)
def test_a_page_looks_alike_whoever_sent_it(name, body, headers, items, more, cursor, total):
    operation = next(o for o in connectors()[name].operations if o.name == "orders")
    output = operation.judge(says(200, body, **headers)).output

    assert (output["items"], output["more"], output["next"], output["total"]) == (
        items,
        more,
        cursor,
        total,
    )


def test_times_are_written_as_each_platform_reads_them():
    asked = {}
    for name in ("taobao", "pdd", "shopify"):
        operation = next(o for o in connectors()[name].operations if o.name == "orders")
        found = request(connectors()[name], operation)
        asked[name] = dict(parse_qsl((found.body or b"").decode() or urlsplit(found.url).query))

    assert asked["taobao"]["start_modified"] == "2026-01-09 15:00:00"
    assert asked["pdd"]["start_updated_at"] == "1767942000"
    assert asked["shopify"]["updated_at_min"] == "2026-01-09T07:00:00Z"


# --- what is signed is what is sent -------------------------------------------------------------------


def test_the_signature_is_over_what_is_sent():
    """Worked out again from the bytes on the wire, by other code."""
    import hashlib
    import hmac

    connector = connectors()["doudian"]
    found = request(connector, connector.operations[0])
    query = {name: values[0] for name, values in parse_qs(urlsplit(found.url).query).items()}
    text = (
        f"example-app-secretapp_key{query['app_key']}method{query['method']}param_json{found.body.decode()}"
        f"timestamp{query['timestamp']}v2example-app-secret"
    )
    expected = hmac.new(b"example-app-secret", text.encode(), hashlib.sha256).hexdigest()

    assert query["sign"] == expected
    assert urlsplit(found.url).path == "/order/searchList"
    assert query["method"] == "order.searchList"


def test_alipay_signs_all_it_sends():
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    connector = connectors()["alipay"]
    found = request(connector, connector.operations[1])
    fields = dict(parse_qsl(found.body.decode()))
    import base64

    signature = base64.b64decode(fields.pop("sign"))
    text = "&".join(f"{name}={fields[name]}" for name in sorted(fields))

    platforms.key().public_key().verify(
        signature, text.encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    assert json.loads(fields["biz_content"])["refund_amount"] == "12.50"


def test_a_key_is_read_as_pem_or_as_its_bare_base64():
    connector = connectors()["alipay"]
    pem = platforms.private_pem()
    bare = "".join(pem.splitlines()[1:-1])
    by_pem = connector.operations[0].build(
        platforms.account(connector), wish(connector.operations[0])
    )
    by_bare = connector.operations[0].build(
        platforms.account(connector, private_key=bare), wish(connector.operations[0])
    )

    assert by_pem == by_bare


# --- refunds happen once ------------------------------------------------------------------------------


def operation_of(name, which):
    return next(o for o in connectors()[name].operations if o.name == which)


def test_a_refund_carries_a_number_that_stays_the_same():
    sent = json.loads(
        request(connectors()["wechat_pay"], operation_of("wechat_pay", "refund"), refund_no="").body
    )
    again = json.loads(
        request(connectors()["wechat_pay"], operation_of("wechat_pay", "refund"), refund_no="").body
    )

    assert sent["out_refund_no"] == again["out_refund_no"]
    assert sent["amount"] == {"refund": 1250, "total": 2000, "currency": "CNY"}
    assert len(sent["out_refund_no"]) <= 64


def test_alipay_saying_that_no_money_moved_is_no_yes():
    judge = operation_of("alipay", "refund").judge
    moved = {"r_response": {"code": "10000", "fund_change": "Y"}}
    still = {"r_response": {"code": "10000", "fund_change": "N"}}

    assert judge(says(200, moved)).trouble is None
    assert judge(says(200, still)).trouble == "busy"  # so that the probe asks


HAPPENED = [
    # connector, operation, what the probe answers, did it happen?
    ("alipay", "refund", {"refund_status": "REFUND_SUCCESS"}, True),
    ("alipay", "refund", {"code": "10000"}, False),
    ("woocommerce", "refund", [{"reason": "damaged [ins_1/7]"}], True),
    ("woocommerce", "refund", [{"reason": "damaged [ins_1/8]"}], False),
    ("woocommerce", "refund", {"code": "?"}, None),
    ("shopify", "refund", {"refunds": [{"note": "refund [ins_1/7]"}]}, True),
    ("shopify", "refund", {"refunds": []}, False),
    ("shopify", "refund", {}, None),
    ("taobao", "ship", {"trade": {"status": "WAIT_BUYER_CONFIRM_GOODS"}}, True),
    ("taobao", "ship", {"trade": {"status": "WAIT_SELLER_SEND_GOODS"}}, False),
    ("taobao", "ship", {"trade": {"status": "SOMETHING_NEW"}}, None),
    ("pdd", "ship", {"order_info": {"order_status": 2}}, True),
    ("pdd", "ship", {"order_info": {"order_status": 1}}, False),
    ("doudian", "ship", {"shop_order_detail": {"order_status": 3}}, True),
    ("doudian", "ship", {}, None),
    ("jd", "ship", {"orderInfo": {"orderState": "WAIT_GOODS_RECEIVE_CONFIRM"}}, True),
    ("aliyun_sms", "send", {"SmsSendDetailDTOs": {"SmsSendDetailDTO": [{"OutId": "ins_1/7"}]}}, True),
    ("aliyun_sms", "send", {"SmsSendDetailDTOs": {"SmsSendDetailDTO": []}}, False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "which", "output", "happened"), HAPPENED)
def test_the_probe_tells_whether_it_happened(name, which, output, happened):
    operation = operation_of(name, which)

    assert operation.happened(wish(operation), output) is happened


def test_the_key_a_probe_looks_for_is_in_the_request():
    for name in ("woocommerce", "shopify"):
        found = request(connectors()[name], operation_of(name, "refund"))
        assert "[ins_1/7]" in found.body.decode()


@pytest.mark.parametrize(
    "amount", ["0", "-1", "1.234", "abc", "NaN", "1e999", None, True, "", [], "1e30", "1e999999"]
)
def test_an_amount_that_is_none_is_refused(amount):
    with pytest.raises(ParamWrong):
        request(connectors()["wechat_pay"], operation_of("wechat_pay", "refund"), amount=amount)


def test_no_more_is_refunded_than_was_paid():
    with pytest.raises(ParamWrong):
        request(connectors()["wechat_pay"], operation_of("wechat_pay", "refund"), amount="20.01")


@pytest.mark.parametrize("amount", ["12.5", 12.5, "12.50"])
def test_an_amount_may_be_text_or_number(amount):
    sent = json.loads(
        request(
            connectors()["wechat_pay"], operation_of("wechat_pay", "refund"), amount=amount
        ).body
    )

    assert sent["amount"]["refund"] == 1250


# --- answers that prove themselves --------------------------------------------------------------------


def test_an_answer_of_wechat_pay_must_be_signed_and_fresh():
    proves, body = connectors()["wechat_pay"].proves, b'{"trade_state":"SUCCESS"}'
    account = platforms.account("wechat_pay")
    good = HttpAnswer(200, platforms.wechat_headers(body), body)

    assert proves(account, good, platforms.NOW_MS)
    assert not proves(account, good, platforms.NOW_MS + 300_000)
    assert not proves(
        account, replace(good, body=body.replace(b"SUCCESS", b"CLOSED")), platforms.NOW_MS
    )
    assert not proves(account, replace(good, headers={}), platforms.NOW_MS)


def test_an_answer_of_alipay_is_signed_over_its_bytes():
    proves, account = connectors()["alipay"].proves, platforms.account("alipay")
    inner = '{"code":"10000", "msg":"Success","buyer":"王{\\"}"}'
    body = f'{{"alipay_trade_query_response":{inner},"sign":"{platforms.rsa_of(inner.encode())}"}}'
    good = HttpAnswer(200, {}, body.encode())

    assert proves(account, good, 0)
    assert not proves(account, replace(good, body=body.replace("10000", "10001").encode()), 0)
    for odd in (
        b"",
        b"{}",
        b"[]",
        b'{"x_response":1,"sign":"x"}',
        b'{"x_response":{},"sign":1}',
        b"\xff",
    ):
        assert not proves(account, HttpAnswer(200, {}, odd), 0)


# --- odds and ends ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [c.name for c in connectors().values() if any(o.name == "call" for o in c.operations)]
)
def test_an_interface_that_hands_out_tokens_is_not_called(name):
    """Its answer would stand in the history."""
    for method in (
        "pdd.pop.auth.token.create",
        "/token/create",
        "taobao.top.auth.token.refresh",
        "/cgi-bin/stable_token",
    ):
        with pytest.raises(ParamWrong):
            request(connectors()[name], operation_of(name, "call"), method=method)


def test_a_version_of_shopify_that_ends_is_told():
    """Shopify answers a version that is gone by another one, and says so in headers only."""
    answer = says(
        200,
        {"order": {}},
        **{"x-shopify-api-version": "2025-10", "x-shopify-api-deprecated-reason": "https://why"},
    )

    output = operation_of("shopify", "order").judge(answer).output

    assert output["api"] == {"served": "2025-10", "ends": "https://why"}


def test_a_shop_over_plain_http_is_refused_because_its_secret_would_be_read():
    check = connectors()["woocommerce"].check

    assert check({"base_url": "http://shop.example.com"})
    assert not check({"base_url": "https://shop.example.com"})
    assert not check({"base_url": "http://127.0.0.1:8080"})
    assert check({"base_url": "http://127.0.0.1.evil.example"})


def test_an_order_number_stays_one_part_of_the_address():
    found = request(
        connectors()["woocommerce"], operation_of("woocommerce", "order"), order_id="1/../../users"
    )

    assert urlsplit(found.url).path == "/wp-json/wc/v3/orders/1%2F..%2F..%2Fusers"
