"""Ways through a drawing: choices, splits, joins, loops, ends."""

import pytest

from headrace.engine.run import advance as loop
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import to_json
from tests.builder import Flow, flow
from tests.fakes import ANN, BOB, Case, same


def choice() -> Flow:
    return (
        flow("choice")
        .then("size", "condition", branches={"huge": "amount > 1000", "big": "amount > 200"})
        .then("small", "end", result="small")
        .at("size", "big").then("large", "end", result="large")
        .at("size", "huge").then("giant", "end", result="giant")
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "result"),
    [
        (1001, "giant"),  # both branches hold: the first in the list wins
        (1000, "large"),  # "over 1000" is strict
        (201, "large"),
        (200, "small"),  # no branch holds: else
    ],
)
def test_the_first_branch_that_holds_is_taken_and_else_otherwise(amount: int, result: str) -> None:
    assert Case(choice(), amount=amount).instance.result == result


def test_a_missing_field_is_no_crash_but_else() -> None:
    drawing = (
        flow("missing")
        .then("size", "condition", branches=[
            {"id": "big", "when": {"combinator": "and", "rules": [{"field": "no.such", "operator": ">", "value": 1}]}}
        ])
        .then("small", "end", result="small")
        .at("size", "big").then("large", "end", result="large")
    )  # fmt: skip

    assert Case(drawing).instance.result == "small"


def two_approvals_that_meet() -> Flow:
    return (
        flow("both")
        .then("fork", "split")
        .then("ann", "approval", assignees=[{"kind": "user", "id": ANN}])
        .then("meet", "join")
        .then("done", "end")
        .at("fork").then("bob", "approval", assignees=[{"kind": "user", "id": BOB}]).to("meet")
        .at("ann", "rejected").then("no", "end", result="no")
        .at("bob", "rejected").to("no")
    )  # fmt: skip


def test_a_split_goes_every_way_at_once() -> None:
    assert Case(two_approvals_that_meet()).waiting == ["ann", "bob"]


@pytest.mark.parametrize("order", [("ann", "bob"), ("bob", "ann")])
def test_a_join_waits_for_every_branch(order: tuple[str, str]) -> None:
    case = Case(two_approvals_that_meet())
    who = {"ann": ANN, "bob": BOB}

    case.vote(order[0], who[order[0]])
    assert case.waiting == [order[1]]
    assert case.instance.status == "waiting"

    case.vote(order[1], who[order[1]])
    assert case.instance.status == "completed"
    assert case.passed().count("meet") == 1


def test_two_tokens_on_one_edge_never_satisfy_two_edges() -> None:
    drawing = (
        flow("twice")
        .then("fork", "split")
        .then("one", "timer", duration="PT1S")
        .then("gate", "set_values", values={"a": "1"})
        .then("meet", "join")
        .then("done", "end")
        .at("fork").then("two", "timer", duration="PT2S").to("gate")
        .at("fork").then("three", "timer", duration="PT3S").to("meet")
    )  # fmt: skip
    case = Case(drawing)

    case.fire("one")
    case.fire("two")

    assert case.waiting == ["three"]
    assert "meet" not in case.passed()

    case.fire("three")

    assert case.passed().count("meet") == 1
    assert [event.code for event in case.of(e.IncidentRaised)] == [
        "join_stuck"
    ]  # one token is left over


def stuck() -> Flow:
    return (
        flow("stuck")
        .then("fork", "split")
        .then("ask", "approval")
        .then("meet", "join")
        .then("done", "end")
        .at("fork").then("wait", "timer", duration="PT1S").to("meet")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip


def test_a_join_that_can_never_be_complete_is_an_incident_not_a_hang() -> None:
    case = Case(stuck())

    case.vote("ask", ANN, "rejected")
    case.fire("wait")

    (raised,) = case.of(e.IncidentRaised)
    assert raised.code == "join_stuck"
    assert raised.node == "meet"
    assert case.instance.status == "incident"


def test_skipping_a_stuck_join_fires_it_with_what_has_arrived() -> None:
    case = Case(stuck())
    case.vote("ask", ANN, "rejected")
    case.fire("wait")

    case.tell(c.Skip(case.incident, ANN, "out", None, "go on"))

    assert case.instance.status == "completed"
    assert case.passed()[-2:] == ["meet", "done"]


def test_retrying_a_stuck_join_finds_it_stuck_again() -> None:
    case = Case(stuck())
    case.vote("ask", ANN, "rejected")
    case.fire("wait")
    first = case.incident

    case.tell(c.Retry(first, ANN))

    assert case.incident != first
    assert case.instance.status == "incident"


def test_a_stuck_join_that_gets_its_token_after_all_needs_nobody_any_more() -> None:
    drawing = (
        flow("two-stuck")
        .then("fork", "split")
        .then("ask", "approval").then("first", "join").then("second", "join").then("done", "end")
        .at("fork").then("one", "timer", duration="PT1S").to("first")
        .at("fork").then("two", "timer", duration="PT2S").to("second")
        .at("ask", "rejected").then("no", "end", result="no")
    )  # fmt: skip
    case = Case(drawing)
    case.vote("ask", ANN, "rejected")
    case.fire("one")
    case.fire("two")
    by_node = {node: incident for incident, (_, node) in case.instance.incidents.items()}
    assert set(by_node) == {"first", "second"}

    case.tell(c.Skip(by_node["first"], ANN, "out", None, ""))

    assert case.instance.incidents == {}
    assert case.instance.status == "completed"


def asks_until_yes() -> Flow:
    return (
        flow("loop")
        .then("count", "set_values", values={"rounds": "default(rounds, 0) + 1"})
        .then("ask", "approval")
        .then("done", "end", output={"rounds": "rounds"})
        .at("ask", "rejected").to("count")
        .at("ask", "returned").then("back", "end", result="returned")
    )  # fmt: skip


def test_a_loop_visits_the_node_anew_each_time() -> None:
    case = Case(asks_until_yes())

    for _ in range(3):
        case.vote("ask", ANN, "rejected")
    case.vote("ask", ANN)

    opened = [event.step for event in case.of(e.TaskOpened)]
    assert len(set(opened)) == 4
    assert case.instance.output == {"rounds": 4}


def test_branches_end_one_by_one_and_the_last_end_names_the_result() -> None:
    drawing = (
        flow("ends")
        .then("fork", "split")
        .then("first", "end", result="first", output={"n": "1"})
        .at("fork").then("wait", "timer", duration="PT1S").then("second", "end", result="second", output={"n": "2"})
    )  # fmt: skip
    case = Case(drawing)
    assert case.instance.status == "waiting"

    case.fire("wait")

    assert (case.instance.result, case.instance.output) == ("second", {"n": 2})


def test_values_are_set_from_top_to_bottom_and_seen_by_later_nodes() -> None:
    drawing = (
        flow("values")
        .then("work", "set_values", values={"net": "amount * 2", "gross": "net + 1"})
        .then("done", "end", output={"gross": "gross"})
    )

    case = Case(drawing, amount=5)

    assert case.variables == {"amount": 5, "net": 10, "gross": 11}
    assert case.instance.output == {"gross": 11}


@pytest.mark.parametrize(
    "budget", [1, 3, 5, 12]
)  # 12 visits in all: the last one may be the last allowed
def test_a_long_way_stops_at_the_budget_and_goes_on_where_it_was(
    budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = flow("long")
    for number in range(10):
        drawing.then(f"n{number}", "set_values", values={"n": str(number)})
    drawing.then("done", "end")
    whole = Case(drawing)
    monkeypatch.setattr(loop, "STEPS_MAX", budget)

    parts = Case(drawing)

    assert parts.passed() == whole.passed()
    assert to_json(parts.instance) == to_json(whole.instance)


def test_too_many_visits_are_an_incident_and_not_a_full_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "STEPS_TOTAL_MAX", 5)
    case = Case(asks_until_yes())

    case.vote("ask", ANN, "rejected")
    case.vote("ask", ANN, "rejected")

    (raised,) = case.of(e.IncidentRaised)
    assert raised.code == "too_many_steps"
    assert case.instance.status == "incident"


def test_variables_that_grow_too_large_are_an_incident_where_they_grow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "VARIABLES_MAX_BYTES", 100_000)
    drawing = flow("grow").then("four", "set_values", values={"b": "[a, a, a]"})

    case = Case(drawing.then("done", "end"), a="x" * 30_000)

    assert case.step("four").incident == case.incident
    assert case.of(e.IncidentRaised)[0].code == "variables_too_large"
    assert "b" not in case.variables


def test_a_large_value_may_take_the_place_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "VARIABLES_MAX_BYTES", 100_000)
    drawing = flow("same").then("two", "set_values", values={"a": "upper(a)"})

    case = Case(drawing.then("done", "end"), a="x" * 60_000)

    assert case.instance.status == "completed"


def test_after_too_many_visits_a_retry_of_a_call_asks_for_a_new_job(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "STEPS_TOTAL_MAX", 1)
    case = Case(flow("calls").then("pay", "connector").then("done", "end"))

    case.tell(c.Retry(case.incident, ANN))

    (requested,) = case.of(e.JobRequested)
    assert not requested.again  # there is no row of an earlier job to be used again


def test_an_end_whose_output_fails_can_be_tried_again() -> None:
    drawing = (
        flow("late-value")
        .then("fork", "split")
        .then("done", "end", result="paid", output={"n": "required_value + 1"})
        .at("fork").then("wait", "timer", duration="PT1S").then("set", "set_values", values={"required_value": "1"})
        .then("also", "end", result="also")
    )  # fmt: skip
    case = Case(drawing)
    assert case.instance.status == "incident"
    case.fire("wait")

    case.tell(c.Retry(case.incident, ANN))

    assert (case.instance.status, case.instance.result, case.instance.output) == (
        "completed",
        "paid",
        {"n": 2},
    )


def test_history_makes_the_instance() -> None:
    case = Case(asks_until_yes())
    case.vote("ask", ANN, "rejected")

    assert same(to_json(case.replayed())) == same(to_json(case.instance))


def test_what_comes_after_the_end_is_kept_and_changes_nothing() -> None:
    case = Case(choice(), amount=1)
    before = to_json(case.instance)

    (ignored,) = case.tell(c.Cancel("too late", ANN))

    assert isinstance(ignored, e.ResultIgnored)
    assert {**to_json(case.instance), "seq": 0} == {**before, "seq": 0}


def test_a_second_start_changes_nothing() -> None:
    case = Case(asks_until_yes())

    (ignored,) = case.tell(c.Start("start", {"other": 1}))

    assert isinstance(ignored, e.ResultIgnored)
    assert "other" not in case.variables


def test_a_cancelled_instance_withdraws_everything_open() -> None:
    case = Case(two_approvals_that_meet())

    case.tell(c.Cancel("not wanted", ANN))

    assert case.instance.status == "cancelled"
    assert case.waiting == []
    assert {event.node for event in case.of(e.StepCancelled)} == {"ann", "bob"}
