"""The same questions to every node type and every connector: what we have many of is asked alike."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from headrace import nodes
from headrace.engine.connector import ConnectionInfo, Incoming, Outside, Receipt
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import (
    Compensate,
    Context,
    Decision,
    Done,
    Failed,
    HttpAnswer,
    NodeType,
    Outcome,
    RecordAnswer,
    SqlAnswer,
    TableAnswer,
    WaitForChildren,
    WaitForEvent,
    WaitForLock,
    WaitForState,
    WaitForTask,
    WaitUntil,
)
from headrace.engine.registry import connectors, describe, describe_connector, node_types
from headrace.engine.service import limits
from tests import platforms
from tools import connectors_doc, nodes_doc

TYPES = list(node_types().values())
CONNECTORS = list(connectors().values())
GROUPS = {"start", "control", "people", "time", "data", "connect"}
SAMPLE = {
    "order_no": "A-1",
    "amount": 12.5,
    "step": {"id": 1, "node": "n", "key": "k1"},
    "instance": {"id": "ins_1", "business_key": "A-1", "initiator": None},
}

every_type = pytest.mark.parametrize("node_type", TYPES, ids=lambda t: t.name)
every_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda c: c.name)
everything = pytest.mark.parametrize("thing", [*TYPES, *CONNECTORS], ids=lambda t: t.name)


def test_every_file_is_found():
    folder = Path(nodes.__file__).parent

    assert {f.stem for f in folder.glob("[!_]*.py")} == set(node_types())
    assert {f.stem for f in (folder / "connectors").glob("[!_]*.py")} == set(connectors())


def test_these_come_with_the_engine():
    assert set(node_types()) == {
        "approval", "cancel", "compensate", "condition", "connector", "customer_page", "database", "decide", "end", "join", "lock",
        "message_start", "milestone", "notification", "operation", "placeholder", "publish", "receive", "record", "schedule",
        "set_values", "split", "start", "subflow", "timer", "unlock", "webhook",
    }  # fmt: skip
    assert set(connectors()) == {
        "alipay", "aliyun_sms", "doudian", "jd", "pdd", "rest", "robot", "shopify", "smtp", "sql", "taobao", "webhook",
        "wechat_pay", "wechat_shop", "woocommerce",
    }  # fmt: skip


# --- what people read ---------------------------------------------------------------------------


def bilingual(text):
    return set(text) == {"zh", "en"} and all(text.values()) and has_chinese(text["zh"])


def has_chinese(text):
    return any("\u4e00" <= letter <= "\u9fff" for letter in text) or text.isascii()


@everything
def test_it_has_names_and_help_in_both_languages(thing):
    assert bilingual(thing.title)
    assert bilingual(thing.help)
    assert thing.icon


@everything
def test_every_setting_says_what_it_is_for_in_both_languages(thing):
    schemas = [thing.settings] + ([] if isinstance(thing, NodeType) else [thing.secrets])
    for schema in schemas:
        for path, setting in settings_of(schema):
            assert bilingual(setting["x-title"]), path
            assert bilingual(setting["x-help"]), path


@everything
def test_every_choice_has_a_title(thing):
    for path, setting in settings_of(thing.settings):
        if "enum" in setting:
            assert list(setting["x-enum-titles"]) == setting["enum"], path
            assert all(set(t) == {"zh", "en"} for t in setting["x-enum-titles"].values()), path


def settings_of(schema, path=""):
    """The settings a person fills in; what a widget of its own draws (texts, assignees) is that widget's to name."""
    for name, setting in schema.get("properties", {}).items():
        if name in ("zh", "en"):
            continue
        yield f"{path}/{name}", setting
        yield from settings_of(setting, f"{path}/{name}")
        yield from settings_of(setting.get("items", {}), f"{path}/{name}/*")


# --- what the schema says -----------------------------------------------------------------------


@everything
def test_the_schema_is_valid_closed_and_ordered(thing):
    jsonschema.Draft202012Validator.check_schema(thing.settings)
    assert thing.settings["type"] == "object"
    assert thing.settings["additionalProperties"] is False
    assert thing.settings["x-order"] == list(thing.settings["properties"])


@everything
def test_the_example_is_valid(thing):
    jsonschema.Draft202012Validator(thing.settings).validate(thing.example)
    assert list(thing.check(thing.example)) == []


@everything
def test_defaults_are_valid(thing):
    for path, setting in settings_of(thing.settings):
        if "default" in setting:
            assert jsonschema.Draft202012Validator(setting).is_valid(setting["default"]), path


@everything
def test_unfinished_settings_are_told_and_never_break_the_check(thing):
    for unfinished in ({}, dict.fromkeys(thing.settings["properties"])):
        assert not any(
            path.startswith("//") for path, _, _ in thing.check(without_none(unfinished))
        )


def without_none(settings):
    return {name: value for name, value in settings.items() if value is not None}


@everything
def test_settings_shown_under_a_condition_name_a_setting_that_exists(thing):
    properties = thing.settings["properties"]
    for setting in properties.values():
        for other, values in setting.get("x-when", {}).items():
            assert set(values) <= set(properties[other]["enum"])
        for inner in setting.get("items", {}).get("properties", {}).values():
            for other, values in inner.get("x-when", {}).items():
                assert set(values) <= set(setting["items"]["properties"][other]["enum"])


# --- node types -----------------------------------------------------------------------------------


@every_type
def test_its_group_is_one_of_the_palettes(node_type):
    assert node_type.group in GROUPS


@every_type
def test_its_ports_have_titles_in_both_languages(node_type):
    ports = node_type.ports_for(node_type.example)

    assert all(set(port.title) <= {"zh", "en"} and port.title for port in ports)
    assert len({port.name for port in ports}) == len(ports)
    assert bool(ports) != node_type.ends


@every_type
def test_its_description_is_json(node_type):
    told = json.loads(json.dumps(describe(node_type)))

    assert told["name"] == node_type.name
    assert told["settings"] == node_type.settings


@every_type
def test_its_example_runs_and_leaves_by_one_of_its_ports(node_type):
    outcome = node_type.run(context(node_type))

    assert isinstance(outcome, Outcome)
    assert isinstance(outcome, Failed) == node_type.unfinished
    if isinstance(outcome, Done) and not node_type.ends:
        assert {outcome.port, *outcome.ports} <= set(node_type.port_names(node_type.example))


@every_type
def test_it_names_the_tables_its_open_steps_have_rows_in(node_type):
    outcome = node_type.run(context(node_type))
    needed = {
        WaitForTask: {"task", "timer"},
        WaitUntil: {"timer"},
        WaitForEvent: {"timer"},
    }.get(type(outcome), set())

    assert needed <= node_type.rows


@every_type
def test_what_makes_others_wait_says_that_it_waits(node_type):
    resting = (
        WaitForTask, WaitUntil, WaitForChildren, WaitForEvent, WaitForState, WaitForLock, Compensate,
    )  # fmt: skip

    assert isinstance(node_type.run(context(node_type)), resting) == node_type.waits


@every_type
def test_it_is_run_twice_with_the_same_answer(node_type):
    assert node_type.run(context(node_type)) == node_type.run(context(node_type))


def context(node_type, **settings):
    return Context(
        settings={**node_type.example, **settings},
        variables=SAMPLE,
        evaluate=Evaluator(SAMPLE),
        now_ms=1_767_945_600_000,
        key="k1",
        world=ObligingWorld() if node_type.in_worker else None,
        decide=lambda table, given, version, at_ms: Decision(
            table, version or 1, matched=True, outputs={"route": "fast"}, rows=(1,)
        ),
    )


class ObligingWorld:
    """A world where everything works; what really happens there is asked in tests/nodes and tests/work."""

    def connection(self, key):
        if key == "stock":
            sql = connectors()["sql"]
            return ConnectionInfo(key, sql.name, sql.example, sql.example_secrets)
        if key == "shop":
            shop = connectors()["woocommerce"]
            return ConnectionInfo(key, shop.name, shop.example, shop.example_secrets)
        settings = {"base_url": "https://pay.test", "auth": "none"}
        return ConnectionInfo(key, "rest", settings, {})

    def http(self, method, url, *, headers, body, timeout_s):
        return HttpAnswer(200, {"content-type": "application/json"}, b'{"ok":true}')

    def sql(self, connection, work):
        return SqlAnswer({"rows": [], "count": 1})

    def record(self, operation, table, key, value, step_key):
        return RecordAnswer(operation == "find", operation == "create", value)

    def table(self, operation, table, arguments, step_key):
        return TableAnswer("out", {"key": arguments["key"]})


# --- connectors -----------------------------------------------------------------------------------


@every_connector
def test_example_secrets_are_valid(connector):
    jsonschema.Draft202012Validator.check_schema(connector.secrets)
    jsonschema.Draft202012Validator(connector.secrets).validate(connector.example_secrets)


@every_connector
def test_no_secret_is_kept_among_the_settings(connector):
    assert not set(connector.settings["properties"]) & set(connector.secrets["properties"])
    json.dumps(describe_connector(connector))


@every_connector
def test_a_connection_can_be_tried(connector):
    account = platforms.account(connector)

    assert connector.test(account, ObligingOutside(platforms.GOOD.get(connector.name))).ok


class ObligingOutside(ObligingWorld, Outside):
    def __init__(self, body=None):
        self._body = body

    def now_ms(self):
        return 1_767_945_600_000

    def http(self, method, url, *, headers, body, timeout_s):
        answer = super().http(method, url, headers=headers, body=body, timeout_s=timeout_s)
        return answer if self._body is None else HttpAnswer(200, answer.headers, self._body)

    def greet_mail(self, connection):
        return Receipt(True, "220 ready")

    def greet_database(self, connection):
        return Receipt(True, "SELECT 1")

    def send_robot(self, connection, title, text):
        return Receipt(True, "HTTP 200")


def test_a_failed_trial_never_shows_the_secret():
    class Echo(ObligingOutside):
        def http(self, method, url, *, headers, body, timeout_s):
            return HttpAnswer(401, {}, headers["authorization"].encode())

    rest = connectors()["rest"]
    receipt = rest.test(
        ConnectionInfo("c", "rest", rest.example, {"token": "very-secret-token"}), Echo()
    )

    assert not receipt.ok
    assert "very-secret-token" not in receipt.answer


SIGNED = [
    # settings, secret, header, body, signature: the platforms' published or recomputed vectors
    ({"platform": "shopify"}, "test_secret_key", "x-shopify-hmac-sha256", b'{"foo": "bar"}',
     "B23tXN681gZ0qIWNRrgtzBE9XSDo5yaUu6wfmhu3a7g="),
    ({"platform": "woocommerce"}, "secret", "x-wc-webhook-signature", b'{"id":727}',
     "UtiK1DTZewPTdDmUeS7YHg+QGcWcgW08Tnjy5YKijZ0="),
    ({"platform": "doudian", "app_key": "key"}, "secret", "event-sign", b"[]",
     "6f79ab32c51226cf58da9261ac4b93bc"),
    ({"platform": "other", "header": "X-Sign", "prefix": "sha256="}, "key", "x-sign",
     b"The quick brown fox jumps over the lazy dog",
     "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "secret", "header", "body", "signature"), SIGNED)
def test_a_signed_call_is_known_and_a_changed_one_is_not(settings, secret, header, body, signature):
    account = ConnectionInfo("shop", "webhook", settings, {"secret": secret})
    verify = connectors()["webhook"].verify
    assert verify is not None

    assert verify(account, "hmac", Incoming({header: signature}, {}, body))
    assert not verify(account, "hmac", Incoming({header: signature}, {}, body + b" "))
    assert not verify(account, "hmac", Incoming({}, {}, body))
    assert not verify(account, "nonsense", Incoming({header: signature}, {}, body))
    unset = ConnectionInfo("shop", "webhook", settings, {})
    assert not verify(unset, "hmac", Incoming({header: signature}, {}, body))


def test_a_token_is_taken_from_a_header_or_the_address():
    account = ConnectionInfo("erp", "webhook", {"platform": "other"}, {"secret": "long-token"})
    verify = connectors()["webhook"].verify
    assert verify is not None

    assert verify(account, "token", Incoming({"x-webhook-token": "long-token"}, {}, b""))
    assert verify(account, "token", Incoming({"authorization": "Bearer long-token"}, {}, b""))
    assert verify(account, "token", Incoming({}, {"X-Webhook-Token": "long-token"}, b""))
    assert not verify(account, "token", Incoming({"x-webhook-token": "other"}, {}, b""))
    unset = ConnectionInfo("erp", "webhook", {"platform": "other"}, {})
    assert not verify(unset, "token", Incoming({"x-webhook-token": ""}, {}, b""))


# --- the reference ----------------------------------------------------------------------------------


def test_the_reference_is_what_the_types_say():
    """`make docs` writes it."""
    assert nodes_doc.PLACE.read_text("utf-8") == nodes_doc.text()


def test_the_page_of_platforms_is_what_the_connectors_say():
    assert connectors_doc.PLACE.read_text("utf-8") == connectors_doc.text()


@every_connector
def test_every_connector_is_on_its_page(connector):
    assert f"## `{connector.name}` " in connectors_doc.text()
    for operation in connector.operations:
        assert f"`{operation.name}`" in connectors_doc.text()


@every_type
def test_every_type_is_in_the_reference(node_type):
    assert f"### `{node_type.name}` " in nodes_doc.text()


# --- what may be repeated, and how often ----------------------------------------------------------

EFFECTS = {"pure", "keyed", "probe", "once"}


@every_connector
def test_its_operations_say_what_may_be_repeated(connector):
    for operation in connector.operations:
        assert operation.effect in EFFECTS
        assert bilingual(operation.title)
        assert re.fullmatch("[a-z][a-z0-9_-]{0,63}", operation.name)
    assert len({operation.name for operation in connector.operations}) == len(connector.operations)
    # Only one that never is called by us needs none.
    assert connector.operations or connector.verify


@every_connector
def test_its_declared_rates_are_limits_that_can_be_set(connector):
    values = limits.declared(connector.name)

    assert jsonschema.Draft202012Validator(limits.SCHEMA).is_valid(values)
    assert set(values.get("operations", {})) <= {o.name for o in connector.operations}


@every_type
def test_a_worker_nodes_effect_and_policy_follow_from_its_settings(node_type):
    if not node_type.in_worker:
        return
    policy = node_type.policy(node_type.example)

    assert node_type.effect(node_type.example) in EFFECTS
    assert node_type.attempts(node_type.example) >= 1
    for name in (policy.queue, policy.connection or "x", policy.operation or "x"):
        assert re.fullmatch("[a-z][a-z0-9_-]{0,63}", name)  # they are joined by "/" to a lane
    assert policy.key_limit >= 1


def test_the_operations_of_the_connector_node_are_those_of_its_connectors():
    node = node_types()["connector"]
    used = {
        node.policy({**node.example, "method": method}).operation
        for method in node.settings["properties"]["method"]["enum"]
    }

    assert used == {operation.name for operation in connectors()["rest"].operations}
