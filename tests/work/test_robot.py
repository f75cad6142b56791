"""Chat robots, against a stub that says HTTP 200 to everything, as the platforms do."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from headrace.engine.node import ConnectionInfo
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.robot import dingtalk_signature, feishu_signature, send_robot
from tests.far_side import far_side, nobody_listens, resets, says

NOW_MS = 1_700_000_000_000
HTTP = GuardedHttp(AddressGuard(["127.0.0.1"]))


def robot(kind, url, secret=""):
    return ConnectionInfo("group", "robot", {"kind": kind}, {"url": url, "secret": secret})


ANSWERS = [
    # platform, its answer (always HTTP 200), sent?, worth another try?
    ("dingtalk", {"errcode": 0, "errmsg": "ok"}, True, False),
    ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, False, True),
    ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, False, False),
    ("wecom", {"errcode": 0, "errmsg": "ok"}, True, False),
    ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, False, True),
    ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, False, False),
    ("feishu", {"code": 0, "msg": "success"}, True, False),
    ("feishu", {"StatusCode": 0, "StatusMessage": "success"}, True, False),
    ("feishu", {"code": 11232, "msg": "frequency limited"}, False, True),
    ("feishu", {"code": 19021, "msg": "sign match fail"}, False, False),
    ("generic", {}, True, False),
    ("generic", {"errcode": 7}, False, False),
]


@pytest.mark.parametrize(("kind", "body", "sent", "again"), ANSWERS)
def test_the_body_decides_and_not_the_status(kind, body, sent, again):
    with far_side(says(200, json.dumps(body))) as there:
        receipt = send_robot(robot(kind, there.url), "标题", "内容", NOW_MS, HTTP)

    assert (receipt.ok, receipt.retryable) == (sent, again)
    assert receipt.answer.startswith("HTTP 200")


@pytest.mark.parametrize("kind", ["dingtalk", "wecom", "feishu"])
def test_an_answer_without_a_code_is_no_receipt(kind):
    with far_side(says(200, "<html>login</html>")) as there:
        assert not send_robot(robot(kind, there.url), "t", "x", NOW_MS, HTTP).ok


def test_signatures_are_those_of_the_platforms():
    assert (
        dingtalk_signature("SECtest", 1_700_000_000_000)["sign"]
        == "aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="
    )
    assert (
        feishu_signature("demo", 1_599_360_473_000)["sign"]
        == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
    )


def test_dingtalk_is_signed_in_the_address():
    with far_side(says(200, '{"errcode":0}')) as there:
        url = f"{there.url}/robot/send?access_token=abc"
        send_robot(robot("dingtalk", url, "SECtest"), "标题", "内容", NOW_MS, HTTP)

    query = parse_qs(urlsplit(there.seen[0].path).query)
    assert query["access_token"] == ["abc"]
    assert query["timestamp"] == ["1700000000000"]
    assert query["sign"] == ["aZLLrriXgn05YbwaGR7knYsLeJADjr9NwLaNNKpxh4g="]
    message = json.loads(there.seen[0].body)
    assert message == {"msgtype": "text", "text": {"content": "标题\n内容"}}


def test_feishu_is_signed_in_the_body():
    with far_side(says(200, '{"code":0}')) as there:
        send_robot(robot("feishu", there.url, "demo"), "标题", "内容", 1_599_360_473_000, HTTP)

    message = json.loads(there.seen[0].body)
    assert message["timestamp"] == "1599360473"
    assert message["sign"] == "l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8="
    assert message["content"] == {"text": "标题\n内容"}


def test_wecom_text_is_cut_between_characters():
    with far_side(says(200, '{"errcode":0}')) as there:
        send_robot(robot("wecom", there.url), "标题", "长" * 3000, NOW_MS, HTTP)

    content = json.loads(there.seen[0].body)["text"]["content"]
    assert len(content.encode()) <= 2048
    assert content.endswith("长…")


@pytest.mark.parametrize(("status", "again"), [(500, True), (429, True), (404, False)])
def test_a_bad_status_is_a_refusal(status, again):
    with far_side(says(status, "no")) as there:
        receipt = send_robot(robot("generic", there.url), "t", "x", NOW_MS, HTTP)

    assert (receipt.ok, receipt.retryable) == (False, again)


def test_trouble_on_the_way_is_tried_again_and_shows_no_key():
    with far_side(resets) as there:
        receipts = [
            send_robot(robot("dingtalk", f"{url}/?access_token=topsecret"), "t", "x", NOW_MS, HTTP)
            for url in (there.url, f"http://127.0.0.1:{nobody_listens()}")
        ]

    assert [(r.ok, r.retryable) for r in receipts] == [(False, True)] * 2
    assert not any("topsecret" in r.answer for r in receipts)


def test_a_private_address_must_be_allowed():
    with far_side(says(200, '{"errcode":0}')) as there:
        strict = GuardedHttp(AddressGuard())
        receipt = send_robot(robot("dingtalk", there.url), "t", "x", NOW_MS, strict)

    assert (receipt.ok, receipt.retryable, there.seen) == (False, False, [])
