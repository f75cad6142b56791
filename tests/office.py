"""`Office`: a `Case` among more people, some of whom go away, leave, or stand in for others; and who may be asked what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headrace.engine.people import tasking
from headrace.engine.people.directory import Directory, Person, Substitution
from headrace.engine.people.tasking import Seat, TaskState
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import task_about
from tests.builder import Document, Flow, flow
from tests.fakes import EVE, NOON, Case

ANN, BOB, DAN, FAY, GUS, LEA, MAX = (
    f"usr_{name}" for name in ("ann", "bob", "dan", "fay", "gus", "lea", "max")
)
"""Ann and Bob are bosses with Dan as backup, Fay is finance, Lea legal, Gus everybody's superior, Max is named as fallback."""

EVERYBODY = (ANN, BOB, DAN, EVE, FAY, GUS, LEA, MAX)
HOUR_MS = 3_600_000
OPEN = ("running", "waiting", "suspended", "incident", "compensating")


def directory(
    *, gone: Sequence[str] = (), away: Mapping[str, str | None] | None = None
) -> Directory:
    """Everybody but those who are gone; `away`: who is not here → who acts for them."""
    people = {
        id_: Person(
            id_, id_[4:], id_[4:].title(), active=id_ not in gone,
            supervisor=GUS if id_ not in (GUS, MAX) else None,
        )
        for id_ in EVERYBODY
    }  # fmt: skip
    roles = {"boss": (ANN, BOB), "finance": (FAY,), "three": (ANN, BOB, FAY)}
    substitutions = {
        who: (Substitution(f"sub_{who}", who, by, 0, NOON * 2),) for who, by in (away or {}).items()
    }
    return Directory(
        people,
        roles,
        {id_[4:]: id_ for id_ in people},
        {"boss": (DAN,)},
        substitutions=substitutions,
    )


class Office(Case):
    """One running instance, and people who do things with its tasks."""

    people = directory()

    def __init__(self, drawing: Flow | Document, **more: Any) -> None:
        self.people = directory()
        self.gone: list[str] = []
        self.away: dict[str, str | None] = {}
        super().__init__(drawing, **more)

    def task(self, node: str = "ask") -> TaskState:
        """The open task at this node."""
        found = self.step(node).task
        assert found is not None
        return found

    def seat(self, who: str, node: str = "ask") -> Seat:
        """The last seat of this person."""
        return [seat for seat in self.task(node).seats.values() if seat.user == who][-1]

    def asked(self, node: str = "ask") -> list[str]:
        """Of whom something is expected now."""
        return [seat.user for seat in self.task(node).asked()]

    def about(self, node: str = "ask") -> tasking.About:
        return task_about.about_of(self.flow, self.instance, node, self.people, self.now_ms)

    def do(
        self, who: str, action: str, node: str = "ask", *, operator: bool = False, **args: Any
    ) -> list[e.Event]:
        """Somebody does something with the open task at this node."""
        wish = c.TaskAct(self.step(node).id, action, who, args, self.now_ms, operator)
        return self.tell(wish)

    def refuse(self, who: str, action: str, node: str = "ask", **args: Any) -> str:
        """The code with which it is refused; the history keeps it, nothing else changes."""
        before = self.task(node).copy()
        (ignored,) = self.do(who, action, node, **args)
        assert isinstance(ignored, e.ResultIgnored)
        assert self.task(node) == before
        return ignored.reason

    def leave(self, who: str) -> None:
        """Somebody leaves the company; the service has every task looked at that is theirs."""
        self.gone.append(who)
        self._look_again()

    def go_away(self, who: str, by: str | None) -> None:
        """Somebody is not here, and another acts for them."""
        self.away[who] = by
        self._look_again()

    def _look_again(self) -> None:
        self.people = directory(gone=self.gone, away=self.away)
        for step in list(self.instance.steps.values()):
            if step.task is not None and step.wait == "task":
                self.tell(c.TaskAct(step.id, "recheck", "engine", {}, self.now_ms, operator=True))

    def later(self, ms: int) -> None:
        self.now_ms += ms

    def take_back(self, who: str, step: int) -> list[e.Event]:
        """Somebody takes back what has ended the task of a step."""
        return self.tell(c.TaskAct(step, "take_back", who, {}, self.now_ms))

    @property
    def tokens(self) -> list[str]:
        """Where tokens are: open steps, and edges marked at joins."""
        marked = [f"{e_}@{join}" for join, marks in self.instance.marks.items() for e_ in marks]
        return sorted(self.waiting + marked)


def asks(**settings: Any) -> Flow:
    """One approval and an end for each of its exits."""
    return (
        flow("ask")
        .then("ask", "approval", **settings)
        .then("yes", "end", result="yes")
        .at("ask", "rejected").then("no", "end", result="no")
        .at("ask", "returned").then("back", "end", result="back")
    )  # fmt: skip


def levels(*names: str, who: Mapping[str, Any] | None = None, **settings: Any) -> Flow:
    """Approvals one after the other; `who`: node → assignees."""
    drawing = flow("levels")
    for name in names:
        assignees = (who or {}).get(name)
        more = {"assignees": assignees} if assignees else {}
        drawing.then(name, "approval", **{**settings, **more})
    drawing.then("done", "end", result="yes")
    for name in names:
        drawing.at(name, "rejected").then(f"no_{name}", "end", result="no")
    return drawing


def without(seat: Seat, **changed: Any) -> Seat:
    """A seat, but for these."""
    return replace(seat, **changed)
