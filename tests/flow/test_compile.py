import pytest

from headrace.engine.errors import NotFound
from headrace.engine.flow.compile import compile_flow
from tests.flow.drawings import REFUND, TYPES, flow, node


def compiled():
    return compile_flow(REFUND, TYPES, version_id="ver_1", version=3)


def test_a_compiled_flow_knows_its_version_and_its_starts():
    found = compiled()

    assert (found.key, found.version_id, found.version, found.starts) == (
        "a-flow",
        "ver_1",
        3,
        ("start",),
    )


def test_a_node_knows_its_exits_and_entries():
    ask = compiled().nodes["ask"]

    assert {port: [edge.target for edge in edges] for port, edges in ask.exits.items()} == {
        "approved": ["tell"],
        "rejected": ["refused"],
    }
    assert ask.entries == ("e2",)
    assert ask.connected == {"approved", "rejected"}


def test_a_result_is_stored_under_its_name_or_the_nodes_id():
    nodes = compiled().nodes

    assert (nodes["ask"].result, nodes["tell"].result) == ("decision", "tell")


def test_entries_keep_the_order_of_the_document():
    assert compiled().nodes["end"].entries == ("e4", "e5")


def test_the_input_is_checked_with_every_problem_at_once():
    problems = compiled().check_input({"amount": "x", "order_no": 5})

    assert [(problem.path, problem.code) for problem in problems] == [
        ("/amount", "type"),
        ("/order_no", "type"),
    ]
    assert compiled().check_input({"amount": 5}) == []


def test_a_node_type_that_is_not_installed_is_named():
    with pytest.raises(NotFound, match="no_such"):
        compile_flow(flow([node("a", "no_such")]), TYPES)
