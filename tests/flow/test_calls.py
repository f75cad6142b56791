"""Sub-flows that a document starts: there, and given what they ask for."""

import pytest

from headrace.engine.flow.calls import calls_of, input_problems, not_there
from headrace.engine.registry import node_types
from tests.flow.drawings import flow, node

TYPES = node_types()


def calling(*names, **settings):
    rows = [{"name": name, "value": "1"} for name in names]
    document = flow(
        [node("start", "start"), node("call", "subflow", {"flow": "other", "input": rows, **settings}), node("end", "end")],
        "start > call > end",
    )  # fmt: skip
    [call] = calls_of(document, TYPES)
    return call


def asking(required=(), start="start", **more):
    properties = {"order_no": {"type": "string"}, "amount": {"type": "number"}}
    schema = {"type": "object", "properties": properties, "required": list(required), **more}
    return flow([node("start", start)], input=schema)


def told(call, document):
    return [(p.path, p.code, p.severity) for p in input_problems(call, document)]


def test_a_call_names_its_flow_and_version():
    call = calling("order_no", version=3)

    assert (call.node, call.flow, call.version) == ("call", "other", 3)
    assert call.names == {"order_no": "/nodes/1/settings/input/0/name"}


def test_what_the_flow_needs_and_does_not_get_is_an_error():
    assert told(calling("amount"), asking(["order_no"])) == [
        ("/nodes/1/settings/input", "call_input_missing", "error")
    ]
    assert told(calling("order_no"), asking(["order_no"])) == []


@pytest.mark.parametrize(("more", "severity"), [({}, "warning"), ({"additionalProperties": False}, "error")])  # fmt: skip
def test_what_the_flow_does_not_ask_for_is_told_with_the_closest(more, severity):
    [problem] = input_problems(calling("ordr_no"), asking(**more))

    assert (problem.path, problem.code, problem.severity, problem.params["closest"]) == (
        "/nodes/1/settings/input/0/name", "call_input_unknown", severity, ["order_no"],
    )  # fmt: skip


def test_a_flow_that_declares_nothing_takes_anything():
    assert told(calling("whatever"), flow([node("start", "start")], input={})) == []


def test_a_start_that_maps_by_itself_is_not_asked():
    assert told(calling(), asking(["order_no"], start="webhook")) == []


def test_a_version_that_is_not_there_is_an_error_and_a_draft_a_warning():
    pinned, plain = not_there(calling(version=9)), not_there(calling())

    assert (pinned.path, pinned.code, pinned.severity) == (
        "/nodes/1/settings/version", "call_version_unknown", "error",
    )  # fmt: skip
    assert (plain.path, plain.code, plain.severity) == (
        "/nodes/1/settings/flow", "call_unpublished", "warning",
    )  # fmt: skip


@pytest.mark.parametrize(
    "odd", [None, [], {"nodes": 5}, {"nodes": [None, {"type": "subflow"}, {"type": []}]}]
)
def test_any_document_is_answered(odd):
    assert calls_of(odd, TYPES) == []
    assert list(input_problems(calling("a"), odd)) == []
