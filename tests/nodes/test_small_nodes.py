"""The small node types: what each does with its settings."""

from dataclasses import replace

import pytest

from headrace.engine.errors import ExpressionError
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import ChildStart, Context, Done, Failed, RecordAnswer, Reminder
from headrace.engine.registry import node_types


def run(name, settings, variables=None, **more):
    seen = variables or {}
    context = Context(settings, seen, Evaluator(seen), 1_767_945_600_000, "key-1")
    return node_types()[name].run(replace(context, **more))


def when(text):
    return {"expression": text}


# --- condition ------------------------------------------------------------------------------------


def test_the_first_branch_that_holds_wins():
    branches = [
        {"id": "big", "when": when("amount > 500")},
        {"id": "some", "when": when("amount > 100")},
    ]
    ways = {
        amount: run("condition", {"branches": branches}, {"amount": amount}).port
        for amount in (500.01, 500, 100.01, 100)
    }

    assert ways == {500.01: "big", 500: "some", 100.01: "some", 100: "else"}


def test_a_branch_may_not_be_called_twice_or_else():
    branches = [{"id": "a", "when": {}}, {"id": "a", "when": {}}, {"id": "else", "when": {}}]
    problems = node_types()["condition"].check({"branches": branches})

    assert [path for path, _, _ in problems] == ["/branches/1/id", "/branches/2/id"]


# --- values ---------------------------------------------------------------------------------------


def test_later_values_may_use_earlier_ones():
    values = [{"name": "net", "value": "amount * 2"}, {"name": "gross", "value": "net + 1"}]

    assert run("set_values", {"values": values}, {"amount": 5}).variables == {
        "net": 10,
        "gross": 11,
    }


def test_the_engines_names_cannot_be_set():
    values = [
        {"name": "now", "value": "1"},
        {"name": "a", "value": "1"},
        {"name": "a", "value": "2"},
    ]
    problems = node_types()["set_values"].check({"values": values})

    assert [path for path, _, _ in problems] == ["/values/0/name", "/values/2/name"]


def test_the_end_says_what_the_flow_gives_back():
    outcome = run("end", {"output": [{"name": "no", "value": "order_no"}]}, {"order_no": "A-1"})

    assert outcome == Done({"no": "A-1"}, port=None)


# --- starts ---------------------------------------------------------------------------------------


def test_a_call_is_mapped_at_the_door():
    settings = {"auth": "none", "values": [{"name": "order_no", "value": "item.id"}]}
    raw = {"body": [], "headers": {}, "query": {}, "item": {"id": "A-1"}}

    assert run("webhook", settings, raw).variables == {"order_no": "A-1"}


def test_a_call_that_is_mapped_already_stays_as_it_is():
    settings = {"auth": "none", "values": [{"name": "order_no", "value": "item.id"}]}

    assert run("webhook", settings, {"order_no": "A-1"}).variables is None


def test_an_open_address_must_know_its_caller_or_say_that_it_does_not():
    check = node_types()["webhook"].check

    assert check({"auth": "hmac", "values": []})
    assert not check({"auth": "hmac", "connection": "shop", "values": []})
    assert not check({"auth": "none", "values": []})
    assert check({"auth": "none", "values": [{"name": "body", "value": "1"}]})


def test_a_schedule_gives_its_input():
    values = [{"name": "page", "value": "0"}]

    assert run("schedule", {"cron": "* * * * *", "values": values}).variables == {"page": 0}


# --- people ---------------------------------------------------------------------------------------


def test_a_task_shows_what_was_true_when_it_was_given():
    settings = {
        "title": "退款 {{ amount }} 元",
        "assignees": [{"kind": "role", "id": "cs_lead"}],
        "show": [{"label": {"en": "Twice"}, "value": "amount * 2"}],
        "reminder": {"after": "PT24H", "to": [{"kind": "role", "id": "supervisor"}]},
        "due": "P2D",
    }
    task = run("approval", settings, {"amount": 12.5})

    assert task.title == "退款 12.5 元"
    assert task.show == [{"label": {"en": "Twice"}, "value": 25}]
    assert task.reminder == Reminder(86_400_000, [{"kind": "role", "id": "supervisor"}])
    assert task.due_ms == 2 * 86_400_000


def test_a_channel_needs_what_it_needs():
    check = node_types()["notification"].check

    assert [p for p, _, _ in check({"channel": "in_app"})] == ["/to"]
    assert [p for p, _, _ in check({"channel": "mail"})] == ["/to", "/connection"]
    assert [p for p, _, _ in check({"channel": "robot"})] == ["/connection"]


# --- sub-flows ------------------------------------------------------------------------------------


def test_each_item_starts_a_flow_of_its_own():
    settings = {
        "flow": "order-intake",
        "for_each": "page.orders",
        "input": [{"name": "order_no", "value": "item.id"}],
        "dedup_key": "'shop-' + order_no",
        "business_key": "order_no",
    }
    outcome = run("subflow", settings, {"page": {"orders": [{"id": "A"}, {"id": "B"}]}})

    assert outcome.children == [
        ChildStart({"order_no": "A"}, "A", "shop-A"),
        ChildStart({"order_no": "B"}, "B", "shop-B"),
    ]
    assert (outcome.flow, outcome.wait, outcome.each) == ("order-intake", True, True)


def test_without_a_list_one_is_started():
    outcome = run("subflow", {"flow": "x", "input": [], "wait": False})

    assert (len(outcome.children), outcome.wait, outcome.each) == (1, False, False)


@pytest.mark.parametrize(
    ("value", "code"), [("{'a': 1}", "not_a_list"), ("many", "too_many_items")]
)
def test_what_cannot_be_gone_through_is_an_incident(value, code):
    outcome = run("subflow", {"flow": "x", "for_each": value}, {"many": list(range(1001))})

    assert isinstance(outcome, Failed)
    assert outcome.code == code


# --- records --------------------------------------------------------------------------------------


class Records:
    def __init__(self, **answer):
        self.asked = []
        self.answer = RecordAnswer(**answer)

    def record(self, *asked):
        self.asked.append(asked)
        return self.answer


OPERATIONS = [
    ("create", {"found": False, "created": True, "value": {}}, "created"),
    ("create", {"found": True, "created": False, "value": {}}, "exists"),
    ("create", {"found": True, "created": True, "value": {}}, "created"),  # by an earlier attempt
    ("find", {"found": True, "created": False, "value": {"n": 1}}, "found"),
    ("find", {"found": False, "created": False, "value": None}, "missing"),
    ("upsert", {"found": True, "created": False, "value": {}}, "out"),
]


@pytest.mark.parametrize(("operation", "answer", "port"), OPERATIONS)
def test_what_was_found_decides_the_way(operation, answer, port):
    world = Records(**answer)
    settings = {
        "operation": operation,
        "table": "orders",
        "key": "'A-' + text(no)",
        "values": [{"name": "total", "value": "no * 2"}],
    }
    outcome = run("record", settings, {"no": 7}, world=world)

    assert outcome.port == port
    assert outcome.output["key"] == "A-7"
    values = {} if operation == "find" else {"total": 14}
    assert world.asked == [(operation, "orders", "A-7", values, "key-1")]


@pytest.mark.parametrize("key", ["''", "long"])
def test_a_key_has_a_length(key):
    settings = {"operation": "find", "table": "orders", "key": key}
    outcome = run(
        "record",
        settings,
        {"long": "x" * 201},
        world=Records(found=False, created=False, value=None),
    )

    assert isinstance(outcome, Failed)
    assert outcome.code == "key_wrong"


def test_ports_follow_the_operation():
    record = node_types()["record"]

    assert record.port_names({"operation": "create"}) == ("created", "exists")
    assert record.port_names({"operation": "find"}) == ("found", "missing")
    assert record.port_names({"operation": "upsert"}) == ("out", "conflict")
    assert record.port_names({"operation": "adjust"}) == ("done", "refused")
    assert record.port_names({}) == ()


def test_a_variable_that_is_missing_is_told_by_name():
    with pytest.raises(ExpressionError, match="nothing_like_it"):
        run("set_values", {"values": [{"name": "a", "value": "nothing_like_it"}]})
