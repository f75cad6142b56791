"""What happens seldom: events that cannot be armed, results that come late together, cancellations on top of one another."""

import sqlalchemy as sa

from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.service import instances, messages, operations
from headrace.engine.service.advance import advance_each
from headrace.engine.settings import VARIABLES_MAX_BYTES
from headrace.engine.store import tables as t
from tests.builder import Flow, flow
from tests.fakes import ANN, Case, House, ScriptedWorld, claim_jobs, run_claim, settle


def _reminded(type_: str, **settings: object) -> Flow:
    """ask (time limit from a variable) → done."""
    drawing = flow("limited").then("ask", type_, **settings)
    drawing.event("late", "timer", at="limit").then("done", "end")
    return drawing.at("ask", "late").then("gone", "end", result="late")


def test_what_cannot_be_listened_for_is_not_begun() -> None:
    case = Case(_reminded("connector"))

    assert case.of(e.IncidentRaised)
    assert not case.of(e.JobRequested)


def test_a_step_whose_event_failed_begins_anew_with_a_retry(house: House) -> None:
    for type_ in ("connector", "approval"):
        drawing = _reminded(type_)
        drawing.key = f"limited_{type_}"
        key = house.publish(drawing)
        id_ = house.start(key)
        settle(house)
        assert len(house.incidents(id_)) == 1

        house.retry(id_)
        settle(house)

        assert [found["code"] for found in house.incidents(id_)] != ["engine_failed"]
        house.cancel(id_)


def test_a_wait_for_events_that_failed_begins_anew_with_a_retry(house: House) -> None:
    events = [
        {"id": "come", "kind": "message", "name": "come"},
        {"id": "late", "kind": "timer", "at": "limit"},
    ]
    drawing = flow("wait").then("ask", "receive", events=events).on("come").then("done", "end")
    key = house.publish(drawing.at("ask", "late").then("gone", "end"))
    id_ = house.start(key)

    house.retry(id_)

    (found,) = house.incidents(id_)
    assert found["code"] != "engine_failed"


def test_a_key_that_fails_leaves_by_the_error_exit_although_events_are_attached() -> None:
    drawing = flow("keyed").then("call", "connector", concurrency_key="nothing.here")
    drawing.event("late", "timer", after="PT1H").then("done", "end")
    drawing.at("call", "late").then("gone", "end")
    drawing.at("call", "error").then("sorry", "end", result="sorry")

    case = Case(drawing)

    assert case.instance.result == "sorry"


# --- what comes late ---


def _three() -> Flow:
    drawing = flow("three").then("fork", "split")
    for name in ("a", "b", "c"):
        drawing.at("fork").then(name, "connector").event(f"undo_{name}", "compensation")
        drawing.then(f"end_{name}", "end")
    for name in ("a", "b", "c"):
        drawing.at(name, f"undo_{name}").then(f"no_{name}", "connector")
    return drawing


def _late(case: Case, step: int, node: str) -> None:
    case.tell(c.LateResult(step, 1, {"code": None, "output": {}, "port": "out"}, node))


def test_every_late_success_is_undone() -> None:
    case = Case(_three())
    steps = {node: case.step(node).id for node in "abc"}
    case.tell(c.Cancel("no", ANN))
    for node, step in steps.items():
        _late(case, step, node)
    while case.waiting:
        case.done(case.waiting[0])

    assert {event.node for event in case.of(e.CompensationStarted)} == {"no_a", "no_b", "no_c"}
    assert case.instance.status == "cancelled"


def test_a_cancellation_waits_for_what_is_undone_because_it_came_late() -> None:
    case = Case(_three())
    late = case.step("a").id
    case.done("b")
    case.tell(c.Cancel("no", ANN, compensate=True))
    _late(case, late, "a")
    assert sorted(case.waiting) == ["no_a", "no_b"]

    case.done("no_b")
    assert case.waiting == ["no_a"]
    assert case.instance.status == "compensating"
    case.done("no_a")
    assert case.instance.status == "cancelled"
    assert not case.instance.steps


def test_a_second_cancellation_goes_on_undoing() -> None:
    case = Case(_three())
    case.done("a")
    case.done("b")
    case.tell(c.Cancel("no", ANN, compensate=True))
    case.tell(c.Cancel("no!", ANN, compensate=True))
    while case.waiting:
        case.done(case.waiting[0])

    assert {event.node for event in case.of(e.StepDone)} >= {"no_a", "no_b"}
    assert case.instance.undo == []


def test_a_call_that_undoes_sees_what_it_undoes(house: House) -> None:
    drawing = flow("paid").then("pay", "connector").event("undo", "compensation")
    drawing.then("sure", "approval").on("rejected").then("back", "compensate").then("end", "end")
    drawing.at("pay", "undo").then("refund", "connector", body="{'of': compensated.key}")
    id_ = house.start(house.publish(drawing))
    settle(house)
    house.decide(ANN, "rejected")
    settle(house)

    assert house.incidents(id_) == []
    assert house.status(id_) == "completed"


# --- for-each ---


def _each() -> Flow:
    drawing = flow("many").then(
        "each", "subflow", flow="one", for_each="[{'n': 1}, {'n': 2}, {'n': 3}]", window=2,
        until="nothing.there > 1",
    )  # fmt: skip
    return drawing.then("done", "end")


def test_a_condition_that_fails_twice_is_one_incident() -> None:
    case = Case(_each())
    case.item("each", 0)
    case.item("each", 1)

    assert len(case.instance.incidents) == 1


def test_items_that_were_withdrawn_are_not_shown_as_running(house: House) -> None:
    house.publish(flow("one").then("ask", "approval").then("end", "end"))
    drawing = flow("many").then("each", "subflow", flow="one", for_each="[1, 2, 3]", window=2)
    id_ = house.start(house.publish(drawing.then("done", "end")))
    settle(house)
    messages.close_items(house.workspace, house.actor(ANN), id_, 2, finish=True)
    settle(house)

    found = messages.item_list(house.workspace, house.actor(ANN), id_, 2)
    assert [item["status"] for item in found["items"]] == ["cancelled"] * 3
    assert found["counts"] == {"total": 3, "done": 0, "failed": 0, "running": 0, "waiting": 0}


# --- messages ---


def test_a_signal_is_not_a_message_of_the_same_name(house: House) -> None:
    send = flow("send").then("tell", "publish", kind="message", name="go", ttl="PT1H", mode="one")
    house.start(house.publish(send.then("sent", "end")))
    events = [
        {"id": "sign", "kind": "signal", "name": "go"},
        {"id": "mail", "kind": "message", "name": "go"},
    ]
    drawing = flow("hear").then("wait", "receive", events=events)
    drawing.on("sign").then("signed", "end", result="sign")
    drawing.at("wait", "mail").then("mailed", "end", result="mail")
    id_ = house.start(house.publish(drawing))
    settle(house)

    assert house.detail(id_)["result"] == "mail"


# --- suspended ---


def test_what_was_done_while_suspended_is_undone_by_the_cancellation(house: House) -> None:
    drawing = flow("paid").then("pay", "connector").event("undo", "compensation").then("end", "end")
    drawing.at("pay", "undo").then("refund", "connector", path="/refund")
    id_ = house.start(house.publish(drawing))
    (claim,) = claim_jobs(house)
    operations.suspend(house.workspace, house.actor(ANN), id_)
    world = ScriptedWorld()
    run_claim(house, claim, world)
    instances.cancel(house.workspace, house.actor(ANN), id_, "no", compensate=True)
    settle(house, world)

    assert [path for _, path, _ in world.calls] == ["/pay", "/refund"]
    assert house.status(id_) == "cancelled"
    assert house.rows(sa.select(t.jobs.c.id)) == []


def test_one_that_is_suspended_again_at_once_does_nothing(house: House) -> None:
    id_ = house.start(house.publish(flow("paid").then("pay", "connector").then("end", "end")))
    operations.suspend(house.workspace, house.actor(ANN), id_)
    wishes = [(id_, c.Resume(ANN)), (id_, c.Suspend(ANN, "", "keep"))]
    house.write(lambda connection: advance_each(house.workspace, connection, [id_], wishes))

    assert claim_jobs(house) == []


def test_sub_flows_undo_what_they_did_when_their_parent_is_cancelled_so(house: House) -> None:
    child = flow("one").then("pay", "connector").event("undo", "compensation")
    child.then("ask", "approval").then("end", "end")
    house.publish(child.at("pay", "undo").then("refund", "connector", path="/refund"))
    id_ = house.start(house.publish(flow("f").then("sub", "subflow", flow="one").then("e", "end")))
    world = ScriptedWorld()
    settle(house, world)
    instances.cancel(house.workspace, house.actor(ANN), id_, "no", compensate=True)
    settle(house, world)

    assert [path for _, path, _ in world.calls] == ["/pay", "/refund"]


# --- a rewind and a critical section ---


def _section() -> Case:
    drawing = flow("section").then("before", "approval").then("enter", "lock", key="'k'")
    drawing.then("inside", "approval").then("leave", "unlock", key="'k'").then("end", "end")
    case = Case(drawing)
    case.vote("before", ANN)
    case.grant("enter")
    return case


def test_a_rewind_to_before_a_section_gives_the_key_back() -> None:
    for node in ("before", "enter"):
        case = _section()
        case.tell(c.Rewind(node, ANN, "again"))
        assert case.instance.locks == {}
        assert case.instance.incidents == {}


def test_a_rewind_within_a_section_keeps_the_key() -> None:
    case = _section()
    case.tell(c.Rewind("inside", ANN, "again"))
    assert list(case.instance.locks) == ["k"]


def test_what_is_kept_to_undo_does_not_grow_for_ever() -> None:
    drawing = flow("round").then("pay", "connector").event("undo", "compensation")
    drawing.then("again", "approval").to("pay").at("again", "rejected").then("end", "end")
    drawing.at("pay", "undo").then("refund", "connector")
    case = Case(drawing, restart=False)
    for _ in range(VARIABLES_MAX_BYTES // 500_000 + 2):
        if case.instance.incidents:
            break
        case.done("pay", "x" * 500_000)
        case.vote("again", ANN)

    assert case.of(e.IncidentRaised)[-1].code == "too_much_to_undo"
    assert case.of(e.JobRequested)[-1].step != case.step("pay").id


def test_a_join_may_be_bounded_too() -> None:
    """A loop over a join: one token more than it may take is an incident, not a way round for ever."""
    drawing = (
        flow("loop")
        .then("fork", "split")
        .then("a", "timer", duration="PT1M")
        .then("meet", "join", mode="first")
        .bounded(1)
        .then("ask", "approval")
        .then("done", "end")
        .at("fork")
        .then("b", "timer", duration="PT2M")
        .to("meet")
        .at("ask", "rejected")
        .to("a")
    )
    case = Case(drawing)
    case.fire("a")
    case.vote("ask", ANN, "rejected")
    case.fire("a")

    (raised,) = case.of(e.IncidentRaised)
    assert (raised.node, raised.code) == ("meet", "too_many_visits")
