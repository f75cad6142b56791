"""Secrets are planted as markers, and looked for in everything a person, a log or the history could see."""

import base64
import json
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest

from headrace.engine.connector import HttpAnswer, Wish
from headrace.engine.errors import BodyTooLarge
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Context, Done, Failed, NotSent, OutcomeUnknown
from headrace.engine.registry import connectors, describe_connector, node_types
from headrace.nodes._operations import operations
from headrace.nodes.connectors.rest import masked
from tests import platforms

NODE = node_types()["operation"]
MARK = 'PLANTED-{}-"中 +/=&'
every_operation = pytest.mark.parametrize("name", sorted(operations()))


def planted(connector):
    """The connector's account; every secret is a marker with signs that get escaped. Keys that must be keys stay keys."""
    account = platforms.account(connector)
    marks = {
        name: value if name == "private_key" else MARK.format(name)
        for name, value in account.secrets.items()
    }
    return replace(account, secrets=marks)


def leaks(account, *shown):
    """Secrets found in what is shown, in any of the forms they travel in."""
    text = " ".join(one if isinstance(one, str) else repr(one) for one in shown)
    found = []
    for name, secret in account.secrets.items():
        inside = json.dumps(secret)[1:-1]
        forms = {
            secret,
            quote(secret, safe=""),
            quote_plus(secret),
            inside,
            base64.b64encode(secret.encode()).decode(),
        }
        core = "".join(secret.splitlines()[1:3]) or f"PLANTED-{name}"
        found += [name for form in forms if form in text] + ([name] if core in text else [])
    return found


class Far:
    """A far side that repeats all it was sent, in whatever shape is asked for."""

    def __init__(self, account, answer):
        self._account, self._answer = account, answer

    def connection(self, _):
        return self._account

    def renew(self, _):
        return None

    def http(self, method, url, *, headers, body, timeout_s):
        heard = json.dumps([method, url, dict(headers), (body or b"").decode()], ensure_ascii=False)
        return self._answer(heard)


def raises(kind):
    def answer(heard):
        raise kind(heard)

    return answer


def too_large(heard):
    raise BodyTooLarge(limit=1)


ANSWERS = [
    lambda heard: HttpAnswer(400, {}, heard.encode()),
    lambda heard: HttpAnswer(401, {}, json.dumps({"code": heard, "message": heard, "errors": heard}).encode()),
    lambda heard: HttpAnswer(200, {}, json.dumps({"error_response": {"code": heard, "sub_msg": heard}}).encode()),
    lambda heard: HttpAnswer(200, {}, json.dumps({"error_response": {"error_code": 1, "error_msg": heard}}).encode()),
    lambda heard: HttpAnswer(200, {}, json.dumps({"errcode": 40001, "errmsg": heard}).encode()),
    lambda heard: HttpAnswer(200, {}, json.dumps({"code": 40003, "msg": heard, "sub_msg": heard, "sub_code": heard}).encode()),
    lambda heard: HttpAnswer(200, {}, json.dumps({"Code": heard, "Message": heard}).encode()),
    lambda heard: HttpAnswer(200, {}, json.dumps({"x_response": {"code": "40004", "sub_code": heard, "sub_msg": heard}}).encode()),
    lambda heard: HttpAnswer(503, {}, heard.encode()),
    raises(NotSent),
    raises(OutcomeUnknown),
    too_large,
]  # fmt: skip


def visit(name, answer, **more):
    connector, operation = operations()[name]
    account = planted(connector)
    rows = [
        {"name": param, "value": json.dumps(value, ensure_ascii=False)}
        for param, value in platforms.params_of(operation).items()
    ]
    settings = {**NODE.example, "operation": name, "params": rows, **more}
    context = Context(
        settings, {}, Evaluator({}), platforms.NOW_MS, "k1", world=Far(account, answer)
    )
    return account, NODE.run(context), context


@every_operation
def test_no_failure_shows_a_secret_the_far_side_repeats(name):
    for answer in ANSWERS:
        account, outcome, _ = visit(name, answer)
        if isinstance(outcome, Failed):
            assert leaks(account, outcome) == []


@every_operation
def test_nothing_that_is_printed_shows_one(name):
    connector, operation = operations()[name]
    account = planted(connector)
    wish = Wish(platforms.params_of(operation), "k1", platforms.NOW_MS, "n1")
    request = operation.build(account, wish)

    assert (
        leaks(account, account, str(account), request, str(request), wish, connector, operation)
        == []
    )


@pytest.mark.parametrize("connector", connectors().values(), ids=lambda c: c.name)
def test_what_the_api_tells_of_a_connector_holds_no_secret(connector):
    account = planted(connector)

    assert leaks(account, json.dumps(describe_connector(connector), ensure_ascii=False)) == []
    for secret in connector.example_secrets.values():
        assert "example" in secret or len(secret) < 60


@every_operation
def test_a_key_that_cannot_be_read_is_not_quoted(name):
    connector, operation = operations()[name]
    account = planted(connector)
    if "private_key" not in account.secrets:
        return
    broken = replace(
        account, secrets={**account.secrets, "private_key": MARK.format("private_key")}
    )
    context = Context(
        {**NODE.example, "operation": name, "params": [
            {"name": p, "value": json.dumps(v)} for p, v in platforms.params_of(operation).items()]},
        {}, Evaluator({}), platforms.NOW_MS, "k1", world=Far(broken, ANSWERS[0]),
    )  # fmt: skip

    outcome = NODE.run(context)

    assert outcome.code == "param_wrong"
    assert leaks(broken, outcome) == []


@pytest.mark.parametrize(
    "connector", [c for c in connectors().values() if c.verify], ids=lambda c: c.name
)
def test_what_came_in_is_not_printed(connector):
    """An incoming call may carry what opens accounts; its headers are named by whoever logs, never printed whole."""
    call = platforms.call_of(connector.name)

    assert repr(call.body) not in repr(call)


def test_every_form_a_secret_travels_in_is_masked():
    account = planted(connectors()["woocommerce"])
    pair = f"{account.secrets['consumer_key']}:{account.secrets['consumer_secret']}"
    sent = base64.b64encode(pair.encode()).decode()

    text = masked(account, f"Authorization: Basic {sent} " + json.dumps(dict(account.secrets)))

    assert sent not in text
    assert leaks(account, text) == []


def test_a_good_answer_is_kept_whole():
    account, outcome, _ = visit("woocommerce.order", lambda _: HttpAnswer(200, {}, b'{"id":1}'))

    assert outcome == Done(output={"id": 1})
    assert leaks(account, outcome) == []
