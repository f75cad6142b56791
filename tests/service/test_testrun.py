"""Test runs: the production loop in memory; nothing is written and nobody outside is called."""

from typing import Any

from headrace.engine.service.testrun import run_test
from tests.builder import Flow, flow, role
from tests.fakes import NOON, TYPES


def tried(drawing: Flow, input_: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return run_test(drawing.document(), TYPES, input_ or {}, now_ms=NOON, **more)


def asks() -> Flow:
    reminder = {"after": "PT24H", "to": [{"kind": "initiator"}]}
    return (
        flow("asks")
        .then("ask", "approval", assignees=[role("unheard_of")], reminder=reminder)
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip


def test_people_decide_as_told_and_yes_otherwise() -> None:
    assert tried(asks())["result"] == "yes"
    assert tried(asks(), decisions={"ask": {"port": "rejected"}})["result"] == "no"


def test_a_node_may_be_left_waiting() -> None:
    found = tried(asks(), decisions={"ask": {"port": None}})

    assert found["status"] == "waiting"
    assert [note["channel"] for note in found["notifications"]] == [
        "in_app",
        "mail",
    ]  # the reminder came


def test_time_jumps_and_is_told() -> None:
    found = tried(flow("wait").then("wait", "timer", duration="P3D").then("done", "end"))

    assert found["ended_at"] == "2026-01-12T08:00:00.000Z"
    assert [step["virtual_ms"] for step in found["steps"]] == [0, 3 * 86_400_000, 0]


def test_a_late_decision_comes_after_the_reminder() -> None:
    found = tried(asks(), decisions={"ask": {"port": "approved", "after_ms": 2 * 86_400_000}})

    assert (found["result"], len(found["notifications"])) == ("yes", 2)
    assert (
        tried(asks(), decisions={"ask": {"port": "approved", "after_ms": 1}})["notifications"] == []
    )


def test_calls_answer_what_the_mock_says() -> None:
    drawing = flow("pay").then("pay", "connector").then("done", "end", output={"n": "pay.body.n"})

    assert tried(drawing, mocks={"pay": {"output": {"body": {"n": 7}}}})["output"] == {"n": 7}
    failed = tried(drawing, mocks={"pay": {"error": "no money"}})
    assert (failed["status"], failed["incidents"][0]["code"]) == ("incident", "mocked_error")


def test_a_mocked_error_has_the_code_that_a_way_out_is_drawn_for() -> None:
    drawing = (
        flow("buy").then("buy", "connector").event("sold_out", "error", codes=["sold_out"]).then("done", "end")
        .at("buy", "sold_out").then("other", "end", result="elsewhere")
    )  # fmt: skip

    told = {"error": "none left", "code": "sold_out"}
    assert tried(drawing, mocks={"buy": told})["result"] == "elsewhere"
    assert tried(drawing, mocks={"buy": {**told, "code": "late"}})["incidents"][0]["code"] == "late"
    assert tried(drawing, mocks={"buy": {"error": ""}})["status"] == "incident"


def test_sub_flows_answer_or_fail_as_the_mock_says() -> None:
    drawing = (
        flow("parent")
        .then("sub", "subflow", flow="child")
        .then("done", "end")
        .at("sub", "error")
        .then("sorry", "end", result="sorry")
    )

    assert tried(drawing, mocks={"sub": {"output": 1}})["variables"]["sub"] == 1
    assert tried(drawing, mocks={"sub": {"error": "not there"}})["result"] == "sorry"


def test_a_stuck_join_is_told() -> None:
    drawing = (
        flow("stuck").then("fork", "split").then("ask", "approval").then("meet", "join").then("done", "end")
        .at("fork").then("wait", "timer", duration="PT1S").to("meet")
        .at("ask", "rejected").then("no", "end")
    )  # fmt: skip

    found = tried(drawing, decisions={"ask": "rejected"})

    assert found["status"] == "incident"
    assert [(trouble["node"], trouble["code"]) for trouble in found["incidents"]] == [
        ("meet", "join_stuck")
    ]


def test_wrong_input_is_refused_with_its_problems() -> None:
    document = asks().document()
    document["input"] = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
    }

    found = run_test(document, TYPES, {}, now_ms=NOON)

    assert found["status"] == "refused"
    assert len(found["problems"]) == 1


def test_a_loop_that_never_ends_is_cut_and_says_so() -> None:
    drawing = (
        flow("loop").then("ask", "approval").then("done", "end").at("ask", "rejected").to("ask")
    )

    assert tried(drawing, decisions={"ask": "rejected"})["cut"]


def test_decisions_may_differ_from_visit_to_visit() -> None:
    drawing = (
        flow("loop").then("ask", "approval").then("done", "end").at("ask", "rejected").to("ask")
    )

    found = tried(
        drawing,
        decisions={"ask": [{"port": "rejected"}, {"port": "rejected"}, {"port": "approved"}]},
    )

    assert found["visited"].count("ask") == 3
