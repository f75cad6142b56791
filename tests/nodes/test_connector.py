"""Calling another system, against a real one on loopback: what is sent, what is made of the answer, what is repeated."""

import json
from dataclasses import replace

import pytest

from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ConnectionInfo, Context, Done, Failed
from headrace.engine.registry import node_types
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.guard import GuardedHttp
from headrace.engine.work.world import WorkerWorld
from tests.far_side import far_side, keeps_silent, nobody_listens, resets, says

CONNECTOR = node_types()["connector"]
HTTP = GuardedHttp(AddressGuard(["127.0.0.1"]))
TOKEN = "very-secret-token"
NOW_MS = 1_767_945_600_000  # 2026-01-09T08:00:00Z

PLAIN = {
    "connection": "pay",
    "method": "POST",
    "path": "/refunds",
    "timeout_s": 3,
    "attempts": 5,
    "backoff_s": 2,
    "effect": "keyed",
}
PROBE = {"method": "GET", "path": "/refunds/{{ step.key }}", "done_when": "body.state == 'SUCCESS'"}


def visit(url, variables=None, *, auth="bearer", connector="rest", http=HTTP, **changes):
    """One visit of a connector node: its settings are PLAIN with changes; what starts with `context_` is the context's."""
    seen = {"step": {"key": "key-1"}, **(variables or {})}
    account = ConnectionInfo(
        "pay", connector, {"base_url": url, "auth": auth, "key_name": "X-Api-Key"}, {"token": TOKEN}
    )
    told = {n.removeprefix("context_"): v for n, v in changes.items() if n.startswith("context_")}
    settings = {n: v for n, v in changes.items() if not n.startswith("context_")}
    context = Context(
        settings={**PLAIN, **settings},
        variables=seen,
        evaluate=Evaluator(seen),
        now_ms=NOW_MS,
        key="key-1",
        world=WorkerWorld(lambda _: account, _no_records, http),
    )
    return CONNECTOR.run(replace(context, **told))


def _no_records(*_):
    raise AssertionError("a call keeps no records")


# --- what is sent -----------------------------------------------------------------------------


def test_path_query_headers_and_body_are_filled_in_and_quoted():
    with far_side(says(200, "{}")) as there:
        visit(
            f"{there.url}/api/",
            {"order": {"no": "A/1 中", "total": "12.50"}, "flag": True, "none": None},
            path="/orders/{{ order.no }}/pay",
            query=[
                {"name": "flag", "value": "flag"},
                {"name": "none", "value": "none"},
                {"name": "q", "value": "'a&b'"},
            ],
            headers=[{"name": "X-Shop", "value": "shop-{{ order.total }}"}],
            body="{'no': order.no, 'total': number(order.total)}",
        )

    seen = there.seen[0]
    assert seen.path == "/api/orders/A%2F1%20%E4%B8%AD/pay?flag=true&q=a%26b"
    assert seen.headers["x-shop"] == "shop-12.50"
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {"no": "A/1 中", "total": 12.5}


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_value_that_would_change_the_path_is_refused(value):
    with far_side(says(200, "{}")) as there:
        outcome = visit(there.url, {"no": value}, path="/orders/{{ no }}", method="DELETE")

    assert (outcome.code, outcome.retryable, there.seen) == ("path_wrong", False, [])


def test_the_key_is_the_same_on_every_attempt():
    with far_side(says(500), says(200, "{}")) as there:
        visit(there.url)
        visit(there.url, context_attempt=2)

    assert [seen.headers["idempotency-key"] for seen in there.seen] == ["key-1", "key-1"]


def test_the_header_of_the_key_can_be_named():
    with far_side(says(200, "{}")) as there:
        visit(there.url, idempotency_header="X-Request-Id")

    assert there.seen[0].headers["x-request-id"] == "key-1"
    assert "idempotency-key" not in there.seen[0].headers


AUTH = [
    ("none", lambda seen: "authorization" not in seen.headers),
    ("bearer", lambda seen: seen.headers["authorization"] == f"Bearer {TOKEN}"),
    ("header", lambda seen: seen.headers["x-api-key"] == TOKEN),
    ("query", lambda seen: seen.path == f"/refunds?X-Api-Key={TOKEN}"),
    ("basic", lambda seen: seen.headers["authorization"] == "Basic Og=="),
]


@pytest.mark.parametrize(("auth", "right"), AUTH, ids=[name for name, _ in AUTH])
def test_credentials_go_where_the_far_side_wants_them(auth, right):
    with far_side(says(200, "{}")) as there:
        visit(there.url, auth=auth)

    assert right(there.seen[0])


def test_a_header_cannot_smuggle_headers():
    with far_side(says(200, "{}")) as there:
        outcome = visit(
            there.url, {"x": "a\r\nEvil: 1"}, headers=[{"name": "X", "value": "{{ x }}"}]
        )

    assert (outcome.code, there.seen) == ("header_wrong", [])


def test_another_kind_of_connection_is_refused():
    assert visit("http://127.0.0.1:1", connector="smtp").code == "wrong_connection"


# --- what the answer means ----------------------------------------------------------------------


def test_json_comes_back_as_a_value_and_anything_else_as_text():
    html = {"Content-Type": "text/html"}
    answers = [says(200, '{"id": 7}'), says(200, "<p>ok</p>", html), says(204, "")]
    with far_side(*answers) as there:
        bodies = [visit(there.url).output for _ in range(3)]

    assert bodies == [
        {"status": 200, "body": {"id": 7}},
        {"status": 200, "body": "<p>ok</p>"},
        {"status": 204, "body": None},
    ]


STATUSES = [
    # status, effect, may it be tried again?, does nobody know?
    (400, "keyed", False, False),
    (404, "keyed", False, False),
    (302, "keyed", False, False),
    (408, "probe", True, False),
    (425, "probe", True, False),
    (429, "once", True, False),
    (500, "pure", True, False),
    (500, "keyed", True, False),
    (503, "probe", True, True),
    (500, "once", True, True),
]


@pytest.mark.parametrize(("status", "effect", "again", "unknown"), STATUSES)
def test_the_status_says_what_may_be_repeated(status, effect, again, unknown):
    with far_side(says(status, '{"why": "no"}')) as there:
        outcome = visit(there.url, effect=effect, probe=PROBE)

    assert isinstance(outcome, Failed)
    assert (outcome.code, outcome.retryable, outcome.unknown) == (f"http_{status}", again, unknown)
    assert '{"why": "no"}' in outcome.message


RETRY_AFTER = [
    ("7", 7.0),
    ("Fri, 09 Jan 2026 08:00:30 GMT", 30.0),
    ("Fri, 09 Jan 2026 07:00:00 GMT", 0.0),  # past
    ("999999", 3600.0),  # longer than anybody waits
    ("soon", None),
]


@pytest.mark.parametrize(("header", "seconds"), RETRY_AFTER)
def test_the_far_side_may_say_when_to_come_back(header, seconds):
    with far_side(says(429, "", {"Retry-After": header})) as there:
        assert visit(there.url).retry_after_s == seconds


def test_a_good_status_with_an_error_body_is_an_error():
    with far_side(says(200, '{"errcode": 40001}')) as there:
        outcome = visit(there.url, ok_when="body.errcode == 0")

    assert (outcome.code, outcome.retryable) == ("refused_in_body", False)
    assert "40001" in outcome.message


@pytest.mark.parametrize(("effect", "unknown"), [("keyed", False), ("probe", True), ("once", True)])
def test_an_answer_of_another_shape_says_nothing_about_what_was_done(effect, unknown):
    with far_side(says(200, '{"result": 1}')) as there:
        outcome = visit(there.url, effect=effect, probe=PROBE, ok_when="body.errcode == 0")

    assert (outcome.code, outcome.unknown) == ("answer_unclear", unknown)


def test_secrets_in_an_answer_are_masked():
    with far_side(says(403, f"token {TOKEN} is not allowed")) as there:
        assert TOKEN not in visit(there.url).message


BAD_ANSWERS = [
    (says(200, '{"a": '), "answer_not_json"),
    (says(200, '{"a": NaN}'), "answer_not_json"),
    (says(200, "[" * 100 + "]" * 100), "answer_too_deep"),
    (says(200, "[" * 100_000), "answer_not_json"),
    (says(200, '"' + "x" * 2_000_000 + '"'), "answer_too_large"),
    (says(200, "x" * 10_000_000), "answer_too_large"),
]


@pytest.mark.parametrize(("answer", "code"), BAD_ANSWERS)
def test_an_answer_that_cannot_be_kept_is_a_failure_and_not_repeated(answer, code):
    with far_side(answer) as there:
        outcome = visit(there.url)

    assert (outcome.code, outcome.retryable) == (code, False)
    assert len(there.seen) == 1


@pytest.mark.parametrize(("effect", "unknown"), [("keyed", False), ("probe", True), ("once", True)])
@pytest.mark.parametrize(("answer", "code"), BAD_ANSWERS)
def test_a_yes_that_cannot_be_read_is_asked_about_before_it_is_sent_again(
    answer, code, effect, unknown
):
    with far_side(answer) as there:
        outcome = visit(there.url, effect=effect, probe=PROBE)

    assert (outcome.code, outcome.unknown) == (code, unknown)


# --- when no answer comes -------------------------------------------------------------------------


def test_nobody_there_is_known_and_tried_again():
    outcome = visit(f"http://127.0.0.1:{nobody_listens()}")

    assert (outcome.code, outcome.retryable, outcome.unknown) == ("not_sent", True, False)


@pytest.mark.parametrize("silence", [resets, keeps_silent], ids=["reset after send", "time-out"])
def test_no_answer_is_unknown(silence):
    with far_side(silence) as there:
        outcome = visit(there.url, timeout_s=0.3)

    assert (outcome.code, outcome.unknown) == ("no_answer", True)
    assert len(there.seen) == 1


def test_a_private_address_is_refused_for_good():
    with far_side(says(200, "{}")) as there:
        outcome = visit(there.url, http=GuardedHttp(AddressGuard()))

    assert (outcome.code, outcome.retryable, there.seen) == ("address_refused", False, [])


def test_a_redirect_to_a_private_address_is_refused_for_good():
    with far_side(says(302, "", {"Location": "http://10.0.0.1/"})) as there:
        outcome = visit(there.url, method="GET", effect="pure")

    assert (outcome.code, outcome.retryable) == ("address_refused", False)


# --- asking before repeating ----------------------------------------------------------------------


def test_the_first_attempt_does_not_ask():
    with far_side(says(200, "{}")) as there:
        visit(there.url, effect="probe", probe=PROBE)

    assert [(s.method, s.path) for s in there.seen] == [("POST", "/refunds")]


def test_what_has_happened_is_not_done_again():
    with far_side(says(200, '{"state": "SUCCESS", "id": 9}')) as there:
        outcome = visit(there.url, effect="probe", probe=PROBE, context_unknown_before=True)

    assert outcome == Done({"status": 200, "body": {"state": "SUCCESS", "id": 9}})
    assert [(s.method, s.path) for s in there.seen] == [("GET", "/refunds/key-1")]


def test_what_has_not_happened_is_done_with_the_same_key():
    probe = {**PROBE, "done_when": "status == 200"}
    with far_side(says(404, '{"code": "NOT_FOUND"}'), says(200, '{"id": 9}')) as there:
        outcome = visit(there.url, effect="probe", probe=probe, context_unknown_before=True)

    assert isinstance(outcome, Done)
    assert [s.method for s in there.seen] == ["GET", "POST"]
    assert there.seen[1].headers["idempotency-key"] == "key-1"


def test_a_missing_resource_has_not_happened_even_if_its_body_has_other_fields():
    with far_side(says(404, '{"code": "NOT_FOUND"}'), says(200, '{"id": 9}')) as there:
        visit(there.url, effect="probe", probe=PROBE, context_unknown_before=True)

    assert [s.method for s in there.seen] == ["GET", "POST"]


def test_an_answer_to_the_question_that_cannot_be_understood_repeats_nothing():
    with far_side(says(200, '{"result": 1}')) as there:
        outcome = visit(there.url, effect="probe", probe=PROBE, context_unknown_before=True)

    assert (outcome.code, outcome.unknown) == ("probe_unclear", True)
    assert [s.method for s in there.seen] == ["GET"]


UNANSWERED = [says(500), says(429), says(401), resets]


@pytest.mark.parametrize("answer", UNANSWERED, ids=["500", "429", "401", "reset"])
def test_while_asking_fails_nothing_is_repeated(answer):
    with far_side(answer) as there:
        outcome = visit(there.url, effect="probe", probe=PROBE, context_unknown_before=True)

    assert (outcome.retryable, outcome.unknown) == (True, True)
    assert [s.method for s in there.seen] == ["GET"]


def test_other_classes_do_not_ask():
    with far_side(says(200, "{}")) as there:
        visit(there.url, context_unknown_before=True)

    assert [s.method for s in there.seen] == ["POST"]


def test_the_engine_hears_attempts_pause_and_class_from_the_settings():
    settings = {**PLAIN, "attempts": 3, "backoff_s": 0.5, "effect": "once"}

    assert CONNECTOR.attempts(settings) == 3
    assert CONNECTOR.backoff_ms(settings) == 500
    assert CONNECTOR.effect(settings) == "once"
    assert CONNECTOR.check({"effect": "probe"})
