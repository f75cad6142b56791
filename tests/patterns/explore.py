"""Every order of what can happen outside: the core is pure, so an instance is copied at each fork of its future.

`endings(drawing)` answers how instances of a drawing can end, whichever way it goes. A drawing that could not be published, a
state that its history does not make, or a rest in which nothing can happen any more is an error of its own.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.engine import jsontext
from headrace.engine.flow.validate import validate
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.items import EndsKept
from headrace.engine.run.state import Step, from_json, to_json
from tests.builder import Document, Flow
from tests.fakes import ANN, TYPES, Case, same

Answers = Mapping[str, Sequence[str]]
"""Node → what may come to it: a job's port or `error:code`, a decision, `due`, a sub-flow's status, an event's id.
`rejected*2`: at most twice on one way. A node that is not named takes everything that is usual for it."""

Ending = tuple[str, str]
"""How an instance ended, and the multiset of visited nodes, sorted by name."""

STATES_MAX = 20_000
"""Positions of one drawing: more is no small net."""


def visited(text: str) -> str:
    """The multiset of nodes in a text, sorted: `visited("b a a") == "a a b"`."""
    return " ".join(sorted(text.split()))


def completed(text: str) -> Ending:
    """Ended well after visits to these nodes."""
    return "completed", visited(text)


def stuck(node: str, text: str) -> Ending:
    """An incident at this join."""
    return f"join_stuck at {node}", visited(text)


def endings(drawing: Flow | Document, answers: Answers | None = None, **input_: Any) -> set[Ending]:
    """How instances of this drawing end under every order of events."""
    return explored(drawing, answers, **input_).endings


@dataclass
class Explored:
    """What was found: endings, how many different orders lead to one, and how many positions there are."""

    endings: set[Ending] = field(default_factory=set)
    orders: int = 0
    positions: int = 0


def explored(drawing: Flow | Document, answers: Answers | None = None, **input_: Any) -> Explored:
    """The same, with numbers."""
    search = _Search(answers or {})
    case = first(drawing, **input_)
    search.look(case, ())
    return Explored(search.endings, search.orders[search.key(case, ())], len(search.orders))


def first(drawing: Flow | Document, **input_: Any) -> Case:
    """An instance of the drawing at its first rest; the drawing must be one that can be published."""
    document = drawing.document() if isinstance(drawing, Flow) else drawing
    refused = [
        (problem.path, problem.code, problem.message)
        for problem in validate(document, TYPES)
        if problem.severity == "error"
    ]
    assert not refused, refused
    return settled(Case(document, **input_))


def positions(
    drawing: Flow | Document, answers: Answers | None = None, **input_: Any
) -> Iterator[Case]:
    """Every position that an instance can rest in, each once."""
    search = _Search(answers or {})
    waiting: list[tuple[Case, tuple[str, ...]]] = [(first(drawing, **input_), ())]
    seen = set()
    while waiting:
        case, said = waiting.pop()
        if search.key(case, said) in seen:
            continue
        seen.add(search.key(case, said))
        yield case
        waiting += search.next(case, said)


def told(case: Case, command: c.Command) -> Case:
    """A copy of the instance that was told this."""
    twin = copy.copy(case)
    twin.history = list(case.history)
    twin.ends = EndsKept()
    twin.ends.tell(twin.history)
    found = case.instance
    twin.instance = from_json(
        found.id, found.flow_key, found.version, same(to_json(found)), initiator=found.initiator
    )
    twin.tell(command)
    return settled(twin)


def settled(case: Case) -> Case:
    """Free locks are granted at once, first come, first served, as the store does."""
    while True:
        free = [
            step
            for step in case.instance.steps.values()
            if step.wait == "lock" and step.key not in case.instance.locks
        ]
        if not free:
            return case
        case.tell(c.GrantLock(free[0].id, free[0].key))


def visits(case: Case) -> Counter[str]:
    """What was visited, see `visits_of`."""
    return visits_of(case.history)


def visits_of(history: Iterable[e.Event]) -> Counter[str]:
    """Nodes left by a token; boundary events that happened as `node.event`, ends of sub-flows as `node.status`."""
    found: Counter[str] = Counter()
    nodes: dict[int, str] = {}
    for event in history:
        match event:
            case e.StepPassed() | e.StepDone() | e.JoinFired():
                found[event.node] += 1
            case e.StepInterrupted() | e.EventFired():
                found[f"{event.node}.{event.event}"] += 1
            case e.ChildEnded() | e.ItemEnded():
                found[f"{nodes[event.step]}.{event.status}"] += 1
            case e.StepEntered():
                nodes[event.step] = event.node
            case _:
                pass
    return found


def ending(case: Case) -> Ending:
    """How it ended, or why it does not."""
    instance = case.instance
    raised = {event.incident: event for event in case.of(e.IncidentRaised)}
    if instance.ended:
        status: str = instance.ended
    elif instance.incidents:
        found = [raised[incident] for incident in instance.incidents]
        status = ", ".join(sorted(f"{event.code} at {event.node}" for event in found))
    else:
        status = "waits at " + visited(" ".join(case.waiting))
    return status, visited(" ".join(visits(case).elements()))


def possible(case: Case, answers: Answers) -> list[tuple[str, str, c.Command]]:
    """What can come from outside now: node, answer, wish."""
    found = []
    for step in case.instance.steps.values():
        wanted = answers.get(step.node)
        for answer, command in answers_to(case, step, wanted):
            if wanted is None or answer in {one.partition("*")[0] for one in wanted}:
                found.append((step.node, answer, command))
    return found


def armed(case: Case, step: Step) -> list[str]:
    """The timers of a step that have not fired."""
    names = [
        event.name
        for event in case.history
        if isinstance(event, e.TimerSet) and event.step == step.id
    ]
    for event in case.history:
        if isinstance(event, e.TimerFired) and event.step == step.id and event.name in names:
            names.remove(event.name)
    return names


def answers_to(
    case: Case, step: Step, wanted: Sequence[str] | None
) -> Iterator[tuple[str, c.Command]]:
    if step.incident:
        return
    match step.wait:
        case "job":
            yield "out", c.JobEnded(step.id, step.attempt + 1, 0, 0, "out", {"status": 200})
            for answer in wanted or ():
                kind, _, code = answer.partition("*")[0].partition(":")
                if kind == "error":
                    failed = c.JobEnded(
                        step.id, step.attempt + 1, 0, 0, None, code=code, message=code
                    )
                    yield answer.partition("*")[0], failed
        case "task":
            actor = next(actor for actor in step.actors if actor not in step.votes)
            for decision in ("approved", "rejected", "returned"):
                if wanted is not None or decision == "approved":
                    yield decision, c.Vote(step.id, actor, decision, "", None, case.now_ms)
        case "children" | "items":
            running = [child for child in step.children if child not in step.outputs]
            for child in [*running, *(step.items.running if step.items else ())]:
                for status in ("completed", "failed", "cancelled"):
                    if wanted is not None or status == "completed":
                        yield status, c.EndChild(step.id, child, status, {"ok": True})
            if step.items and step.items.more:
                yield "add", c.AddItems(step.id, [[{"n": step.items.total}, None, None]], ANN)
                yield "close", c.CloseItems(step.id, ANN)
            if step.items and wanted is not None:
                yield "finish", c.CloseItems(step.id, ANN, finish=True)
        case _:
            pass
    for name in armed(case, step):
        if name != "remind":
            yield name.removeprefix("w.").removeprefix("e."), c.FireTimer(step.id, name)
    for event in case.history:
        if isinstance(event, e.Subscribed) and event.step == step.id:
            message = f"msg_{len(case.history)}"
            yield event.event[2:], c.Deliver(step.id, event.event, message, {"n": 1}, event.kind)


class _Search:
    """Depth first, and no position twice."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.endings: set[Ending] = set()
        self.orders: dict[str, int] = {}
        """Position → ways from it to an end."""
        self.bounds = {
            f"{node} {one.partition('*')[0]}": int(one.partition("*")[2])
            for node, all_ in answers.items()
            for one in all_
            if "*" in one
        }

    def look(self, case: Case, said: tuple[str, ...]) -> int:
        key = self.key(case, said)
        if key in self.orders:
            return self.orders[key]
        assert len(self.orders) < STATES_MAX, "not a small net"
        following = list(self.next(case, said))
        if not following:
            assert same(to_json(case.replayed())) == same(to_json(case.instance))
            self.endings.add(ending(case))
        self.orders[key] = 0
        self.orders[key] = sum(self.look(*one) for one in following) or 1
        return self.orders[key]

    def next(self, case: Case, said: tuple[str, ...]) -> Iterator[tuple[Case, tuple[str, ...]]]:
        """Each position one event further."""
        if case.instance.ended:
            return
        for node, answer, command in possible(case, self.answers):
            name = f"{node} {answer}"
            bound = self.bounds.get(name)
            if bound is None:
                yield told(case, command), said
            elif said.count(name) < bound:
                yield told(case, command), (*said, name)

    def key(self, case: Case, said: tuple[str, ...]) -> str:
        """The same for positions with the same past, as far as it counts, and the same future."""
        state = to_json(case.instance)
        del state["seq"], state["next"]
        rank = {id_: place for place, id_ in enumerate(case.instance.steps)}
        for row in state.get("steps", ()):
            row["id"] = rank[row["id"]]
        timers = [[rank[id_], *armed(case, step)] for id_, step in case.instance.steps.items()]
        return jsontext.dumps([state, timers, sorted(said), sorted(visits(case).items())])


def ways(case: Case, answers: Answers | None = None) -> Iterator[Case]:
    """Every order to the end, each by itself: for asking in which order something was done."""
    following = [] if case.instance.ended else possible(case, answers or {})
    if not following:
        yield case
    for _, _, command in following:
        yield from ways(told(case, command), answers)


def cancelled(case: Case) -> Case:
    """A copy that a person has cancelled."""
    return told(case, c.Cancel("not wanted", ANN))
