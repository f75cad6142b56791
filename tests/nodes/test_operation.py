"""Asking platforms for operations, against a far side on loopback that is the platform: signed, judged, done once."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from headrace.engine.connector import TROUBLES
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ConnectionInfo, Context, Done, Failed
from headrace.engine.registry import connectors, node_types
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.world import WorkerWorld
from headrace.nodes._operations import operations
from tests import platforms
from tests.far_side import far_side, keeps_silent, nobody_listens, says

NODE = node_types()["operation"]
HTTP = GuardedHttp(AddressGuard(["127.0.0.1"]))


def visit(url, operation, values=None, **told):
    """One visit to the node; the platform answers at this address."""
    name = operation.partition(".")[0]
    account = platforms.account(name)
    where = "base_url" if name == "woocommerce" else "gateway"
    account = replace(account, settings={**account.settings, where: url})
    rows = [
        {"name": n, "value": json.dumps(v, ensure_ascii=False)} for n, v in (values or {}).items()
    ]
    settings = {**NODE.example, "operation": operation, "params": rows, "timeout_s": 0.5}
    context = Context(
        settings={**settings, **told.pop("settings", {})},
        variables={},
        evaluate=Evaluator({}),
        now_ms=platforms.NOW_MS,
        key="key-1",
        world=WorkerWorld(lambda _: told.pop("account", account), lambda *_: None, HTTP),
    )
    return NODE.run(replace(context, **{n: v for n, v in told.items() if n != "account"}))


REFUND = {"order_id": "727", "amount": "10.00"}
GIVEN_BACK = says(201, json.dumps({"id": 1, "reason": "refund [key-1]"}))
LISTED = says(200, json.dumps([{"id": 1, "reason": "refund [key-1]"}]))
NONE_LISTED = says(200, "[]")


def test_a_question_is_answered():
    with far_side(says(200, '{"id":727,"status":"processing"}')) as there:
        outcome = visit(there.url, "woocommerce.order", {"order_id": "727"})

    assert outcome == Done(output={"id": 727, "status": "processing"})
    assert there.seen[0].path == "/wp-json/wc/v3/orders/727"


def test_a_request_goes_out_as_it_was_signed():
    """The far side works the signature out from the bytes it got, by code of its own."""
    import hashlib

    with far_side(says(200, '{"order_info_get_response":{"order_info":{}}}')) as there:
        outcome = visit(there.url, "pdd.order", {"order_id": "260109-1"})
    fields = dict(parse_qsl(there.seen[0].body.decode()))
    sign = fields.pop("sign")
    text = "".join(name + fields[name] for name in sorted(fields))

    assert isinstance(outcome, Done)
    assert (
        sign
        == hashlib.md5(f"example-app-secret{text}example-app-secret".encode()).hexdigest().upper()
    )
    assert fields["timestamp"] == str(platforms.NOW_MS // 1000)


def test_another_attempt_signs_with_another_nonce_and_the_same_key():
    accepted = '{"status":"PROCESSING","out_refund_no":"key-1"}'
    asked = {"out_trade_no": "A-1", "amount": "10", "total": "20"}
    with far_side(says(200, accepted), says(200, accepted)) as there:
        visit(there.url, "wechat_pay.refund", asked)
        visit(there.url, "wechat_pay.refund", asked, attempt=2)
    first, second = there.seen

    assert (
        json.loads(first.body)["out_refund_no"]
        == json.loads(second.body)["out_refund_no"]
        == "key-1"
    )
    assert first.headers["authorization"] != second.headers["authorization"]


def test_an_answer_nobody_signed_is_not_believed():
    with far_side(says(200, '{"trade_state":"SUCCESS"}')) as there:
        outcome = visit(there.url, "wechat_pay.query", {"out_trade_no": "A-1"})

    assert (outcome.code, outcome.retryable, outcome.unknown) == ("answer_unproven", True, False)


# --- errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code", "retryable", "pause_s"),
    [
        ({"error_response": {"error_code": 52101, "error_msg": "限流"}}, "throttled", True, 60),
        (
            {"error_response": {"error_code": 50012, "error_msg": "此API已下线"}},
            "withdrawn",
            False,
            None,
        ),
        ({"error_response": {"error_code": 10019}}, "token_dead", False, None),
        ({"error_response": {"error_code": 424242}}, "unlisted", False, None),
    ],
)
def test_an_error_in_a_body_on_http_200_is_an_error(body, code, retryable, pause_s):
    with far_side(says(200, json.dumps(body))) as there:
        outcome = visit(there.url, "pdd.order", {"order_id": "1"})

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.retryable, outcome.retry_after_s) == (code, retryable, pause_s)
    assert outcome.unknown is False  # a question does no harm
    assert outcome.details == {"code": str(body["error_response"]["error_code"])}


def test_how_long_to_wait_is_the_far_sides_word_where_it_gives_one():
    with far_side(says(429, "{}", {"Retry-After": "7"}), says(429, "{}")) as there:
        told = visit(there.url, "shopify.order", {"order_id": "1"})
        untold = visit(there.url, "shopify.order", {"order_id": "1"})

    assert (told.code, told.retry_after_s) == ("throttled", 7)
    assert untold.retry_after_s == 2


def test_every_trouble_is_a_code_a_retry_policy_can_name():
    settings = {**NODE.example, "retry_on": "token_dead, unlisted", "never_retry_on": "throttled"}

    assert NODE.policy(settings).again == {"token_dead", "unlisted"}
    assert set(TROUBLES) > NODE.policy(settings).again | NODE.policy(settings).never


# --- once ---------------------------------------------------------------------------------------------


def test_a_refund_whose_answer_is_lost_is_asked_about_and_not_repeated():
    with far_side(keeps_silent, LISTED) as there:
        lost = visit(there.url, "woocommerce.refund", REFUND)
        again = visit(there.url, "woocommerce.refund", REFUND, attempt=2, unknown_before=True)

    assert (lost.code, lost.unknown) == ("no_answer", True)
    assert again == Done(output=[{"id": 1, "reason": "refund [key-1]"}])
    assert [seen.method for seen in there.seen] == ["POST", "GET"]


def test_it_is_repeated_when_the_far_side_knows_nothing_of_it():
    with far_side(NONE_LISTED, GIVEN_BACK) as there:
        outcome = visit(there.url, "woocommerce.refund", REFUND, attempt=2, unknown_before=True)

    assert isinstance(outcome, Done)
    assert [seen.method for seen in there.seen] == ["GET", "POST"]


@pytest.mark.parametrize(
    "answer",
    [says(503, ""), says(200, "<html>"), says(401, "{}"), says(200, '{"what":1}'), keeps_silent],
)
def test_it_is_not_repeated_while_nobody_can_tell(answer):
    with far_side(answer) as there:
        outcome = visit(there.url, "woocommerce.refund", REFUND, attempt=2, unknown_before=True)

    assert isinstance(outcome, Failed) and outcome.unknown
    assert outcome.code.startswith("probe_")
    assert [seen.method for seen in there.seen] == ["GET"]


def test_trouble_at_the_platform_leaves_a_refund_unknown_and_a_question_not():
    with far_side(says(503, ""), says(503, "")) as there:
        refund = visit(there.url, "woocommerce.refund", REFUND)
        question = visit(there.url, "woocommerce.order", {"order_id": "1"})

    assert (refund.code, refund.retryable, refund.unknown) == ("busy", True, True)
    assert (question.code, question.retryable, question.unknown) == ("busy", True, False)


def test_what_never_left_did_not_happen():
    outcome = visit(f"http://127.0.0.1:{nobody_listens()}", "woocommerce.refund", REFUND)

    assert (outcome.code, outcome.retryable, outcome.unknown) == ("not_sent", True, False)


# --- wrong settings -------------------------------------------------------------------------------------


def test_a_connection_of_another_platform_is_refused():
    outcome = visit(
        "http://127.0.0.1:1",
        "pdd.order",
        {"order_id": "1"},
        account=ConnectionInfo("x", "rest", {}, {}),
    )

    assert outcome.code == "wrong_connection"


def test_a_parameter_that_is_no_parameter_is_told_while_drawing():
    rows = [
        {"name": "order_id", "value": "1"},
        {"name": "nonsense", "value": "1"},
        {"name": "order_id", "value": "2"},
    ]
    found = NODE.check({**NODE.example, "operation": "woocommerce.refund", "params": rows})

    assert [(path, code) for path, code, _ in found] == [
        ("/params/1/name", "setting_wrong"),
        ("/params/2/name", "setting_wrong"),
        ("/params", "setting_missing"),
    ]


def test_a_wrong_value_is_an_incident_that_says_which():
    outcome = visit(
        "http://127.0.0.1:1", "woocommerce.refund", {"order_id": "1", "amount": "1.234"}
    )

    assert outcome.code == "param_wrong"
    assert "amount" in outcome.message


@pytest.mark.parametrize("name", sorted(operations()))
def test_the_effect_and_the_rate_are_the_operations_not_the_drawings(name):
    connector, operation = operations()[name]
    settings = {**NODE.example, "operation": name}

    assert NODE.effect(settings) == operation.effect
    assert NODE.policy(settings).operation == operation.name
    assert operation in connectors()[connector.name].operations
