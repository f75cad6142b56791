"""The node types of control flow: what each answers for its settings."""

import pytest

from headrace.engine.errors import ExpressionError
from headrace.engine.node import (
    CancelNodes,
    Compensate,
    Done,
    Failed,
    JoinRule,
    Publish,
    Unlock,
    WaitForEvent,
    WaitForLock,
    WaitForState,
)
from headrace.engine.registry import describe, node_types
from tests.nodes.test_small_nodes import run, when


def wrong(name, settings):
    return [(path, code) for path, code, _ in node_types()[name].check(settings)]


# --- splits and joins -----------------------------------------------------------------------------


def test_a_split_may_send_several_tokens_along_every_edge():
    assert run("split", {}) == Done(copies=1)
    assert run("split", {"copies": 3}) == Done(copies=3)


RULES = [
    # settings, the rule
    ({}, JoinRule()),
    ({"mode": "first", "rest": "cancel"}, JoinRule("first", rest="cancel")),
    ({"mode": "count", "n": 2, "rest": "block"}, JoinRule("count", n=2, rest="block")),
    ({"mode": "percent", "percent": 60}, JoinRule("percent", percent=60)),
    ({"mode": "tokens", "n": 5}, JoinRule("tokens", n=5)),
]


@pytest.mark.parametrize(("settings", "rule"), RULES)
def test_a_join_has_a_rule(settings, rule):
    assert node_types()["join"].join(settings) == rule


@pytest.mark.parametrize(
    ("settings", "missing"),
    [({"mode": "count"}, "/n"), ({"mode": "tokens"}, "/n"), ({"mode": "percent"}, "/percent")],
)
def test_a_join_that_counts_needs_a_number(settings, missing):
    assert wrong("join", settings) == [(missing, "setting_missing")]
    assert wrong("join", {**settings, "n": 2, "percent": 50}) == []


BRANCHES = [{"id": "big", "when": when("amount > 500")}, {"id": "some", "when": when("amount > 100")}]  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "ways"), [(501, ("big", "some")), (500, ("some",)), (100, ("else",))]
)
def test_all_branches_that_hold_are_taken_or_else(amount, ways):
    outcome = run("condition", {"branches": BRANCHES, "mode": "all"}, {"amount": amount})

    assert outcome.ports == ways
    assert outcome.output == {"branches": list(ways)}


def test_only_the_mode_makes_a_choice_inclusive():
    condition = node_types()["condition"]

    assert condition.several({"branches": BRANCHES, "mode": "all"})
    assert not condition.several({"branches": BRANCHES})
    assert run("condition", {"branches": BRANCHES}, {"amount": 501}).ports == ()


def test_an_end_may_stop_everything():
    assert run("end", {"terminate": True}) == Done(port=None, terminate=True)
    assert run("end", {}) == Done(port=None)


# --- events ---------------------------------------------------------------------------------------

PAID = {"id": "paid", "title": {"en": "Paid"}, "kind": "message", "name": "order.paid"}
LATE = {"id": "late", "kind": "timer", "after": "P1D"}


def test_the_events_waited_for_are_handed_on_as_drawn():
    assert run("receive", {"events": [PAID, LATE]}) == WaitForEvent([PAID, LATE])


def test_every_event_is_an_exit_called_by_its_title():
    ports = node_types()["receive"].ports_for({"events": [PAID, LATE]})

    assert [(port.name, port.title) for port in ports] == [
        ("paid", {"en": "Paid"}),
        ("late", {"en": "late"}),
    ]


def test_a_message_is_worked_out():
    settings = {
        "name": "order.{{ what }}",
        "key": "no",
        "payload": [{"name": "total", "value": "amount * 2"}, {"name": "half", "value": "total/4"}],
        "ttl": "PT5M",
        "dedup": "what + no",
        "mode": "one_per_flow",
    }
    outcome = run("publish", settings, {"what": "paid", "no": "A-1", "amount": 10})

    assert outcome == Publish(
        kind="message", name="order.paid", key="A-1", payload={"total": 20, "half": 5},
        ttl_ms=300_000, dedup="paidA-1", mode="one_per_flow",
    )  # fmt: skip


def test_a_message_is_kept_for_an_hour_unless_said_otherwise():
    assert run("publish", {"name": "x"}) == Publish("message", "x", payload={}, ttl_ms=3_600_000)


def test_a_signal_is_for_all_who_wait_now():
    outcome = run("publish", {"kind": "signal", "name": "x", "ttl": "P1D", "mode": "one"})

    assert outcome == Publish("signal", "x", payload={}, ttl_ms=0, mode="all")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"name": "{{ none }}"}, "name_wrong"),
        ({"name": "{{ long }}"}, "name_wrong"),
        ({"name": "x", "key": "long"}, "key_wrong"),
        ({"name": "x", "dedup": "long"}, "key_wrong"),
    ],
)
def test_names_and_keys_have_a_length(settings, code):
    outcome = run("publish", settings, {"none": "", "long": "x" * 201})

    assert isinstance(outcome, Failed)
    assert outcome.code == code


def test_what_a_message_brings_is_the_input():
    brought = {"payload": {"no": "A-1"}, "message": {"name": "order.paid", "key": "k", "id": "m"}}
    rows = [{"name": "order_no", "value": "payload.no + message.key"}]

    assert run("message_start", {"name": "x"}, brought).variables == {"no": "A-1"}
    assert run("message_start", {"name": "x", "values": rows}, brought).variables == {
        "order_no": "A-1k"
    }
    assert run("message_start", {"name": "x", "values": rows}, {"order_no": "A"}).variables is None
    assert run("message_start", {"name": "x"}, {**brought, "payload": None}).variables == {}
    assert run("message_start", {"name": "x"}, {**brought, "payload": 5}).variables == {"value": 5}


def test_what_is_known_of_a_message_is_no_name_of_an_input():
    rows = [{"name": "payload", "value": "1"}]

    assert wrong("message_start", {"name": "x", "values": rows}) == [
        ("/values/0/name", "setting_wrong")
    ]


# --- states, locks, regions -----------------------------------------------------------------------


def test_a_milestone_lets_pass_while_the_case_waits_there_and_the_condition_holds():
    settings = {"node": "ask", "condition": when("amount > 1")}
    here = frozenset({"ask", "other"})

    assert run("milestone", settings, {"amount": 2}, waiting_at=here) == Done()
    assert run("milestone", settings, {"amount": 1}, waiting_at=here) == WaitForState(**settings)
    assert run("milestone", settings, {"amount": 2}) == WaitForState(**settings)


def test_a_milestone_of_one_of_the_two_asks_no_more():
    only_place, only_condition = {"node": "ask"}, {"condition": when("amount > 1")}

    assert run("milestone", only_place, waiting_at=frozenset({"ask"})) == Done()
    assert run("milestone", only_place) == WaitForState(node="ask")
    assert run("milestone", only_condition, {"amount": 2}) == Done()
    assert run("milestone", only_condition, {"amount": 1}) == WaitForState(**only_condition)


INSTANCE = {"instance": {"id": "ins_9"}, "sku": 7}


def test_a_key_is_the_same_at_both_ends():
    everywhere, here = {"key": "'stock-' + text(sku)"}, {"key": "sku", "scope": "instance"}

    assert run("lock", everywhere, INSTANCE) == WaitForLock("stock-7")
    assert run("unlock", everywhere, INSTANCE) == Unlock("stock-7")
    assert run("lock", here, INSTANCE) == WaitForLock("ins_9:7")
    assert run("unlock", here, INSTANCE) == Unlock("ins_9:7")


@pytest.mark.parametrize("name", ["lock", "unlock"])
@pytest.mark.parametrize("value", ["", None, "x" * 201])
def test_a_key_of_nothing_locks_nothing(name, value):
    outcome = run(name, {"key": "k"}, {"k": value, **INSTANCE})

    assert isinstance(outcome, Failed)
    assert outcome.code == "key_wrong"


def test_a_region_is_withdrawn():
    assert run("cancel", {"nodes": ["a", "b"]}) == CancelNodes(("a", "b"))


def test_some_all_or_what_came_since_is_undone():
    assert run("compensate", {}) == Compensate()
    assert run("compensate", {"nodes": ["a"]}) == Compensate(nodes=("a",))
    assert run("compensate", {"back_to": "a"}) == Compensate(back_to="a")


# --- many sub-flows -------------------------------------------------------------------------------

MANY = {"flow": "x", "for_each": "items", "window": 2, "until": "done >= 3", "more": True,
        "collect": "counts", "version": 4}  # fmt: skip


def test_what_is_said_about_many_is_handed_on():
    outcome = run("subflow", MANY, {"items": [1, 2]})

    assert (outcome.window, outcome.until, outcome.more, outcome.collect, outcome.version) == (
        2, "done >= 3", True, "counts", 4,
    )  # fmt: skip


def test_more_items_may_be_gone_through_when_so_many_run_at_once():
    def children(number, **more):
        return run("subflow", {**MANY, **more}, {"items": list(range(number))})

    assert len(children(10_000).children) == 10_000
    assert children(10_001).code == "too_many_items"


def test_one_sub_flow_may_be_of_a_version():
    assert run("subflow", {"flow": "x", "version": 2}).version == 2


@pytest.mark.parametrize(
    "about_many", [{"window": 1}, {"until": "done > 1"}, {"more": True}, {"collect": "counts"}]
)
def test_what_is_said_about_many_needs_many_and_somebody_who_waits(about_many):
    assert wrong("subflow", {"flow": "x", **about_many}) == [("/for_each", "setting_missing")]
    many = {"flow": "x", "for_each": "[1]", **about_many}
    assert wrong("subflow", many) == []
    assert wrong("subflow", {**many, "wait": False}) == [("/wait", "setting_wrong")]


def test_a_key_that_cannot_be_worked_out_is_told_by_name():
    with pytest.raises(ExpressionError, match="nothing_like_it"):
        run("lock", {"key": "nothing_like_it"})


def test_new_types_are_told_to_the_browser():
    assert describe(node_types()["receive"])["ports_from"] == "events"
    assert describe(node_types()["milestone"])["waits"] is True
