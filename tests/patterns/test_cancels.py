"""What is withdrawn: patterns 19, 20 and 25."""

from headrace.engine.run import events as e
from headrace.engine.run.state import to_json
from tests.builder import Flow, flow
from tests.fakes import same
from tests.patterns.drawings import side_by_side
from tests.patterns.explore import cancelled, completed, endings, positions


def test_wcp_19_cancel_activity() -> None:
    """An event attached to the activity withdraws it, and only while it is under way."""
    drawing = (
        flow("withdraw").then("fork", "split")
        .then("a", "connector").event("stop", "message", name="stop", key="'A-1'").then("a_done", "end")
        .at("a", "stop").then("stopped", "end")
        .at("fork").then("b", "connector").then("b_done", "end")
    )  # fmt: skip

    found = endings(drawing)

    assert found == {
        completed("start fork a a_done b b_done"),
        completed("start fork a.stop stopped b b_done"),
    }


def test_wcp_20_cancel_case() -> None:
    """At any moment: everything open is withdrawn, nothing moves any more, and history says the same."""
    drawing = side_by_side("a b", "c", "d", mode="count", n=2)

    for case in [case for case in positions(drawing) if not case.instance.ended]:
        was_open = case.waiting

        gone = cancelled(case)

        assert gone.instance.status == "cancelled"
        assert (gone.waiting, gone.instance.pending, gone.instance.marks) == ([], [], {})
        assert [event.node for event in gone.of(e.StepCancelled)] == was_open
        assert same(to_json(gone.replayed())) == same(to_json(gone.instance))


def region() -> Flow:
    """fork → a → b → meet; c → meet; x → cut (withdraws a, b) → d → cleared; the rest goes on."""
    return (
        flow("region").then("fork", "split")
        .then("a", "connector").then("b", "connector").then("a_done", "end")
        .at("fork").then("c", "connector").then("c_done", "end")
        .at("fork").then("x", "connector").then("cut", "cancel", nodes=["a", "b"]).then("cleared", "end")
    )  # fmt: skip


def test_wcp_25_cancel_region() -> None:
    rest = "start fork c c_done x cut cleared"

    found = endings(region())

    assert found == {
        completed(rest),  # before `a` was done
        completed(f"{rest} a"),  # while `b` was under way
        completed(f"{rest} a b a_done"),  # nothing was left to withdraw
    }


def test_wcp_25_marks_at_a_join_in_the_region_go_too() -> None:
    drawing = (
        flow("marks").then("fork", "split")
        .then("a", "connector").then("meet", "join").then("done", "end")
        .at("fork").then("b", "connector").to("meet")
        .at("fork").then("x", "connector").then("cut", "cancel", nodes=["a", "b", "meet"]).then("cleared", "end")
    )  # fmt: skip
    rest = "start fork x cut cleared"

    assert endings(drawing) == {
        completed(rest),
        completed(f"{rest} a"),
        completed(f"{rest} b"),
        completed(f"{rest} a b meet done"),
    }
