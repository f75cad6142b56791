"""When an instance is over: patterns 11 and 43."""

from tests.builder import flow
from tests.patterns.explore import completed, endings, positions


def test_wcp_11_implicit_termination() -> None:
    """No node ends the whole: it is over when nothing is left to do, and not before."""
    drawing = (
        flow("implicit").then("fork", "split")
        .then("a", "connector").then("one", "end")
        .at("fork").then("b", "connector").then("c", "connector").then("two", "end")
    )  # fmt: skip

    for case in positions(drawing):
        assert (case.instance.ended == "completed") == (case.waiting == [])
    assert endings(drawing) == {completed("start fork a one b c two")}


def test_wcp_43_explicit_termination() -> None:
    """The first branch that comes to `stop` ends the whole: what is still open is withdrawn."""
    drawing = (
        flow("explicit").then("fork", "split")
        .then("a", "connector").then("stop", "end", terminate=True, result="stopped")
        .at("fork").then("b", "connector").then("c", "connector").then("done", "end")
    )  # fmt: skip

    assert endings(drawing) == {
        completed("start fork a stop"),
        completed("start fork a stop b"),
        completed("start fork a stop b c done"),
    }
