"""Calls, timers, sub-flows: what ends a wait, what fails it, and what comes too late."""

import pytest

from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import subflows
from tests.builder import Flow, flow
from tests.fakes import ANN, NOON, Case


def pays(**settings: object) -> Flow:
    return flow("pay").then("pay", "connector", **settings).then("done", "end")


def test_an_answer_is_stored_under_the_nodes_name() -> None:
    case = Case(pays())

    case.done("pay", {"status": 200})

    assert case.variables["pay"] == {"status": 200}
    assert case.instance.status == "completed"


def test_a_failure_is_an_incident_at_its_step() -> None:
    case = Case(pays())

    case.fail("pay", "http_400")

    assert case.instance.status == "incident"
    assert case.step("pay").incident == case.incident


def test_a_failure_goes_by_the_error_port_where_it_is_drawn() -> None:
    case = Case(pays().at("pay", "error").then("sorry", "end", result="sorry"))

    case.fail("pay", "http_400")

    assert case.instance.result == "sorry"
    assert case.variables["pay"]["code"] == "http_400"
    assert case.of(e.IncidentRaised) == []


def test_a_retry_asks_with_the_same_key() -> None:
    case = Case(pays())
    case.fail("pay")

    case.tell(c.Retry(case.incident, ANN))

    first, again = case.of(e.JobRequested)
    assert first.key == again.key
    assert (first.again, again.again) == (False, True)
    assert case.instance.status == "waiting"


def test_a_retry_after_an_unknown_outcome_remembers_that_it_is_unknown() -> None:
    case = Case(pays(effect="probe"))
    case.fail("pay", unknown=True)

    case.tell(c.Retry(case.incident, ANN))

    assert case.of(e.JobRequested)[-1].unknown


def test_each_visit_has_a_key_of_its_own() -> None:
    drawing = (
        flow("twice")
        .then("pay", "connector")
        .then("ask", "approval")
        .then("done", "end")
        .at("ask", "rejected")
        .to("pay")
    )
    case = Case(drawing)

    case.done("pay")
    case.vote("ask", ANN, "rejected")

    first, second = case.of(e.JobRequested)
    assert first.key != second.key


def test_a_skip_goes_past_the_step_with_the_given_output() -> None:
    case = Case(pays())
    case.fail("pay")

    case.tell(c.Skip(case.incident, ANN, "out", {"by": "hand"}, "paid at the counter"))

    assert case.instance.status == "completed"
    assert case.variables["pay"] == {"by": "hand"}


@pytest.mark.parametrize(
    "wish", [c.Retry, lambda incident, by: c.Skip(incident, by, "out", None, "")]
)
def test_an_incident_is_resolved_once(wish: object) -> None:
    case = Case(pays())
    case.fail("pay")
    incident = case.incident
    case.tell(c.Retry(incident, ANN))

    (ignored,) = case.tell(wish(incident, ANN))  # type: ignore[operator]

    assert isinstance(ignored, e.ResultIgnored)


def test_a_result_for_a_step_that_is_over_is_kept_and_never_applied() -> None:
    case = Case(pays())
    step = case.step("pay").id
    case.fail("pay")
    case.tell(c.Skip(case.incident, ANN, "out", {"by": "hand"}, ""))

    (ignored,) = case.tell(c.JobEnded(step, 2, 0, 0, "out", {"status": 200}))

    assert isinstance(ignored, e.ResultIgnored)
    assert case.variables["pay"] == {"by": "hand"}


def test_a_late_result_is_kept_and_never_applied() -> None:
    case = Case(pays())

    (ignored,) = case.tell(c.LateResult(case.step("pay").id, 1, {"status": 200}))

    assert isinstance(ignored, e.ResultIgnored)
    assert ignored.details == {"status": 200}
    assert case.waiting == ["pay"]


@pytest.mark.parametrize(
    ("settings", "due_at"),
    [
        ({"duration": "PT30M"}, NOON + 1_800_000),
        ({"duration": "P1D"}, NOON + 86_400_000),
        ({"until": "'2026-01-09T09:00:00Z'"}, NOON + 3_600_000),
        ({"until": "'2020-01-01T00:00:00Z'"}, 1_577_836_800_000),  # over already: due at once
        ({"duration": "P1D", "days": "business"}, NOON + 3 * 86_400_000),  # Friday to Monday
    ],
)
def test_a_timer_is_set_for_its_moment(settings: dict[str, str], due_at: int) -> None:
    (timer,) = Case(flow("wait").then("wait", "timer", **settings).then("done", "end")).of(
        e.TimerSet
    )

    assert (timer.name, timer.due_at) == ("due", due_at)


def test_a_task_may_be_due_in_business_time() -> None:
    case = Case(
        flow("ask")
        .then(
            "boss", "approval", title="?", assignees=[{"kind": "role", "id": "boss"}], days="business",
            due="P1D", reminder={"after": "PT4H", "to": [{"kind": "role", "id": "boss"}]},
        )
        .then("done", "end")
    )  # fmt: skip

    (task,), timers = case.of(e.TaskOpened), case.of(e.TimerSet)
    monday = NOON + 3 * 86_400_000  # NOON is 16:00 on a Friday in Beijing, hours end at 18:00
    assert task.due_at == monday
    assert [(timer.name, timer.due_at) for timer in timers] == [
        ("remind", monday - 5 * 3_600_000),
        ("task:due", monday + 1),
    ]


def test_a_timer_fires_once() -> None:
    case = Case(
        flow("wait")
        .then("wait", "timer", duration="PT1S")
        .then("more", "timer", duration="PT1S")
        .then("done", "end")
    )
    step = case.step("wait").id
    case.fire("wait")

    (ignored,) = case.tell(c.FireTimer(step, "due"))

    assert isinstance(ignored, e.ResultIgnored)
    assert case.waiting == ["more"]


def parent(**settings: object) -> Flow:
    return flow("parent").then("sub", "subflow", flow="child", **settings).then("done", "end")


def test_a_sub_flow_hands_its_output_back() -> None:
    case = Case(parent(input={"n": "1"}))

    case.child("sub", output={"sum": 3})

    assert case.variables["sub"] == {"sum": 3}
    assert case.instance.status == "completed"


def test_one_sub_flow_an_item_and_results_in_the_order_of_the_items() -> None:
    case = Case(parent(for_each="[7, 8, 9]", input={"n": "item", "i": "index"}))
    (started,) = case.of(e.ChildrenStarted)
    assert [child[1] for child in started.children] == [
        {"n": 7, "i": 0},
        {"n": 8, "i": 1},
        {"n": 9, "i": 2},
    ]

    case.child("sub", 2, output="c")
    case.child("sub", 0, output="a")
    assert case.waiting == ["sub"]
    case.child("sub", 1, "cancelled")

    assert [row["output"] for row in case.variables["sub"]] == ["a", None, "c"]
    assert case.variables["sub"][1]["status"] == "cancelled"


def test_no_items_start_nothing_and_the_flow_goes_on() -> None:
    assert Case(parent(for_each="[]")).instance.status == "completed"


def test_without_waiting_the_flow_goes_on_at_once() -> None:
    case = Case(parent(wait=False))

    assert case.instance.status == "completed"
    assert len(case.of(e.ChildrenStarted)) == 1


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_a_sub_flow_that_did_not_complete_is_an_incident(status: str) -> None:
    case = Case(parent())

    case.child("sub", status=status)

    (raised,) = case.of(e.IncidentRaised)
    assert raised.code == f"subflow_{status}"


def test_a_failed_sub_flow_can_be_started_again_and_then_ends_the_step() -> None:
    case = Case(parent())
    case.child("sub", status="failed")

    case.tell(c.Retry(case.incident, ANN))
    first, second = (started.children[0][0] for started in case.of(e.ChildrenStarted))
    assert first != second  # the first id may be taken

    case.child("sub", output={"sum": 3})
    assert case.variables["sub"] == {"sum": 3}
    assert case.instance.status == "completed"


def test_the_end_of_a_sub_flow_counts_once() -> None:
    case = Case(parent(for_each="[1, 2]"))
    case.child("sub", 0, output="a")

    (ignored,) = case.child("sub", 0, output="b")

    assert isinstance(ignored, e.ResultIgnored)
    assert case.waiting == ["sub"]


def test_a_cancel_reaches_the_sub_flows_that_are_still_open() -> None:
    case = Case(parent(for_each="[1, 2]"))
    open_child = case.step("sub").children[1]
    case.child("sub", 0)

    case.tell(c.Cancel("not wanted", ANN))

    (cancelled,) = case.of(e.StepCancelled)
    assert list(cancelled.children) == [open_child]


def test_flows_that_start_themselves_for_ever_are_an_incident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subflows, "DEPTH_MAX", 0)

    (raised,) = Case(parent()).of(e.IncidentRaised)

    assert raised.code == "too_deep"


def test_too_many_sub_flows_at_once_are_an_incident(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subflows, "CHILDREN_MAX", 2)

    (raised,) = Case(parent(for_each="[1, 2, 3]")).of(e.IncidentRaised)

    assert raised.code == "too_many_children"


def test_a_node_with_a_bug_is_an_incident_of_its_own_step(caplog: pytest.LogCaptureFixture) -> None:
    case = Case(flow("bug").then("fork", "split").then("bad", "subflow", flow="x", for_each="1 / 0").then("done", "end")
                .at("fork").then("wait", "timer", duration="PT1S").then("also", "end"))  # fmt: skip

    assert case.waiting == ["bad", "wait"]
    assert [event.node for event in case.of(e.IncidentRaised)] == ["bad"]
