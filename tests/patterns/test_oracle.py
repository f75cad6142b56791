"""The engine beside the oracle (`oracle.py`), event by event, through every order of events, for fixed and for random small nets.

Both rest; what can happen outside must be the same; after each of it the engine must stand where the net can stand, token by token.
So the reachable ends and their visited nodes are the same too. `HEADRACE_PATTERNS=full` looks at many more random nets.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from headrace.engine.flow.reach import Reach
from headrace.engine.node import JoinRule
from headrace.engine.run import joins
from headrace.engine.run.state import to_json
from tests.builder import Document, Flow, flow
from tests.fakes import Case, same
from tests.patterns import test_or_joins as or_joins
from tests.patterns.drawings import any_of, asked_again, side_by_side
from tests.patterns.explore import armed, possible, settled, told, visits
from tests.patterns.oracle import Label, Marking, Net, TooLarge, bag

FULL = os.environ.get("HEADRACE_PATTERNS") == "full"
NETS = 3_000 if FULL else 60
"""Random nets."""

POSITIONS_MAX = 400
"""Positions looked at in one random net; a fixed one is looked at whole."""

BACK_MAX = 2
"""How often one way goes back by a no, in all."""


def standing(case: Case) -> Marking:
    """Where the engine's instance stands, as a marking."""
    instance = case.instance
    tokens: Counter[str] = Counter()
    for marks in instance.marks.values():
        tokens.update(marks)
    waiting: Counter[Any] = Counter()
    for step in instance.steps.values():
        events = {name[2:] for name in armed(case, step) if name.startswith("e.")}
        waiting[step.node, frozenset(events)] += 1
    rounds = {(join, frozenset(seen)) for join, seen in instance.rounds.items()}
    return Marking(bag(tokens), bag(waiting), frozenset(rounds), bag(visits(case)))


def status(case: Case) -> str:
    """As the net says it."""
    if case.instance.ended:
        return case.instance.ended
    return "waiting" if case.instance.steps else "stuck"


@dataclass
class Seen:
    """How much was compared."""

    positions: int = 0
    undecided: int = 0
    """Events after which the net could stand at more than one place: the order of inner moves made a difference."""
    ends: int = 0


def compare(document: Document, values: Mapping[str, Any], limit: int = 50_000) -> Seen:
    """Both through every order of events; answers how many positions were looked at."""
    net = Net(document, values)
    seen: set[tuple[Marking, int]] = set()
    found = Seen()
    case = settled(Case(document, **values))
    stack = [(case, _match(case, net.begin(), net), 0)]
    while stack and len(seen) < limit:
        case, marking, back = stack.pop()
        if (marking, back) in seen:
            continue
        seen.add((marking, back))
        found.ends += net.status(marking) != "waiting"
        assert same(to_json(case.replayed())) == same(to_json(case.instance))
        answers = dict.fromkeys(_askers(document), ("approved", "rejected"))
        commands = possible(case, answers)
        assert {(node, answer) for node, answer, _ in commands} == net.labels(marking)
        following: dict[Label, set[Marking]] = {}
        for node, answer, command in commands:
            more = back + (answer == "rejected")
            if more > BACK_MAX:
                continue
            label = (node, answer)
            if label not in following:
                following[label] = net.after(marking, label)
                found.undecided += len(following[label]) > 1
            then = told(case, command)
            stack.append((then, _match(then, following[label], net), more))
    found.positions = len(seen)
    return found


def _match(case: Case, expected: set[Marking], net: Net) -> Marking:
    stands = net.shown(standing(case))
    where = {net.shown(marking): marking for marking in expected}
    assert stands in where, f"expected one of {_told(expected)}, but found {_told({stands})}"
    assert status(case) == net.status(where[stands])
    return where[stands]


def _told(markings: set[Marking]) -> str:
    return "\n".join(
        f"at {sorted(map(str, m.waiting))} edges {sorted(m.edges)} rounds {sorted(map(str, m.rounds))}"
        f" visited {sorted(m.visited)}"
        for m in markings
    )


def _askers(document: Document) -> list[str]:
    return [node["id"] for node in document["nodes"] if node["type"] == "approval"]


# --- fixed ---------------------------------------------------------------------------------------


def back_into_a_branch() -> Flow:
    """A no leads back to the middle of a branch, not to the split: what was just sent on must not be withdrawn with it."""
    return (
        flow("back").then("fork", "split").then("a", "connector").then("meet", "join", mode="first", rest="cancel")
        .then("again", "approval").then("done", "end")
        .at("fork").then("b", "connector").to("meet")
        .at("again", "rejected").to("a")
    )  # fmt: skip


def lost_branch() -> Flow:
    """The branch a round waits for ends elsewhere: the round is over by itself, and what was held back goes on."""
    return (
        flow("lost").then("fork", "split").then("two", "split", copies=2).then("a", "connector")
        .then("meet", "join", mode="first", rest="block").then("done", "end")
        .at("fork").then("b", "approval").to("meet")
        .at("b", "rejected").then("gone", "end")
    )  # fmt: skip


def events_attached() -> Flow:
    """An interrupting and a non-interrupting event on a branch, both ways meeting inclusively."""
    return (
        flow("attached").then("fork", "split")
        .then("a", "connector").event("late", "timer", after="PT1H").event("news", "timer", after="PT1M", interrupting=False)
        .then("meet", "join", mode="inclusive").then("done", "end")
        .at("a", "late").then("instead", "connector").to("meet")
        .at("a", "news").then("tell", "connector").to("meet")
        .at("fork").then("b", "connector").to("meet")
    )  # fmt: skip


def beside_something_else() -> Flow:
    """An inclusive join at the head of a loop, while an unrelated branch takes its time."""
    return (
        flow("beside").then("fork", "split")
        .then("a", "connector").then("head", "join", mode="inclusive").then("again", "approval").then("done", "end")
        .at("again", "rejected").to("head")
        .at("fork").then("c", "connector").then("c_done", "end")
    )  # fmt: skip


FIXED: dict[str, Callable[[], Flow]] = {
    "all": lambda: side_by_side("a b", "c", "d"),
    "all of several threads": lambda: side_by_side("a", "b", copies=2),
    "first": lambda: side_by_side("a", "b b2", "c", mode="first"),
    "first, cancelling": lambda: side_by_side("a", "b b2", "c", mode="first", rest="cancel"),
    "two, cancelling": lambda: side_by_side("a", "b b2", "c c2", mode="count", n=2, rest="cancel"),
    "half": lambda: side_by_side("a", "b", "c", "d", mode="percent", percent=50),
    "threads": lambda: side_by_side("a", "b", "c", copies=2, mode="tokens", n=4),
    "threads that do not come out even": lambda: side_by_side("a", "b", "c", mode="tokens", n=2),
    "threads at a first": lambda: side_by_side("a", "b", copies=2, mode="first"),
    "threads at a blocking first": lambda: side_by_side(
        "a", "b", copies=2, mode="first", rest="block"
    ),
    "threads at a cancelling first": lambda: side_by_side(
        "a", "b", copies=2, mode="first", rest="cancel"
    ),
    "again at a first": lambda: asked_again("a", "b", mode="first"),
    "again at a blocking first": lambda: asked_again("a", "b", mode="first", rest="block"),
    "again at a cancelling first": lambda: asked_again("a", "b", mode="first", rest="cancel"),
    "again at two of three": lambda: asked_again("a", "b", "c", mode="count", n=2, rest="block"),
    "again at an inclusive": lambda: asked_again("a", "b", mode="inclusive"),
    "back into a branch": back_into_a_branch,
    "a lost branch": lost_branch,
    "events attached": events_attached,
    "beside something else": beside_something_else,
    "a branch that turns": or_joins.looping_branch,
}


@pytest.mark.parametrize("name", FIXED)
def test_the_engine_stands_where_the_net_can_stand(name: str) -> None:
    found = compare(FIXED[name]().document(), {})

    assert found.ends > 0
    assert found.undecided <= found.positions


@pytest.mark.parametrize("turn", [False, True])
def test_a_vicious_circle_is_broken_where_the_net_breaks_it(turn: bool) -> None:
    document = or_joins.circle().document()
    for node in document["nodes"]:
        node.pop("visits_max", None)  # the net knows no bounds; `turn` would turn for ever
    if turn:
        document["edges"] = [
            {**edge, "to": "done"} if edge["from"] == "d_next" else edge
            for edge in document["edges"]
        ]

    assert compare(document, {"turn": turn}).ends > 0


@pytest.mark.parametrize("mask", range(8))
def test_choices_of_some_branches_meet_as_in_the_net(mask: int) -> None:
    values = {name: bool(mask & 1 << place) for place, name in enumerate("abc")}

    assert compare(any_of("a", "b", "c").document(), values).ends > 0
    assert compare(or_joins.crossed().document(), values).ends > 0


# --- random --------------------------------------------------------------------------------------

KINDS = ("work", "work", "split", "join", "join", "join", "choice", "ask", "ask", "receive", "cancel", "stop")  # fmt: skip
JOINS: list[dict[str, Any]] = [
    {},
    {"mode": "inclusive"},
    {"mode": "inclusive"},
    {"mode": "inclusive"},
    {"mode": "first"},
    {"mode": "first", "rest": "cancel"},
    {"mode": "first", "rest": "block"},
    {"mode": "count", "n": 2},
    {"mode": "count", "n": 2, "rest": "cancel"},
    {"mode": "count", "n": 2, "rest": "block"},
    {"mode": "percent", "percent": 60},
    {"mode": "tokens", "n": 2},
]


class Dice:
    """Draws a net of any arrows at all; only a no of an approval leads back, so that every way comes to rest."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.drawing = flow("net")
        count = self.random.randint(4, 9)
        self.names = [f"n{place}" for place in range(count)]
        self.kinds = ["split", *(self.random.choice(KINDS) for _ in self.names[1:])]
        # Two works at least behind the first split, so that there is something to be in any order.
        self.kinds[1:3] = self.random.choice((["work", "ask"], ["ask", "work"], ["work", "work"]))

    def net(self) -> Document:
        self.drawing.at("start").to("n0")
        for place, (name, kind) in enumerate(zip(self.names, self.kinds, strict=True)):
            self._draw(place, name, kind)
        self.drawing.nodes.append(_node("done", "end", {}))
        return _reachable(self.drawing.document())

    def ahead(self, place: int) -> str:
        """A node further on; a join rather than another, so that ways meet."""
        nodes = self.names[place + 1 :]
        joins = [name for name in nodes if self.kinds[self.names.index(name)] == "join"]
        return self.random.choice([*nodes[:3], *nodes[:2], *joins, *joins, *joins, "done"])

    def _draw(self, place: int, name: str, kind: str) -> None:
        dice = self.random
        settings_: dict[str, Any] = {}
        ports = ["out"]
        match kind:
            case "work":
                type_, settings_ = "timer", {"mode": "for", "duration": "PT1S"}
            case "split":
                type_, ports = "split", ["out"] * dice.randint(2, 3)
                if len(ports) == 2 and dice.random() < 0.3:
                    settings_ = {"copies": 2}
            case "join":
                type_, settings_ = "join", dict(dice.choice(JOINS))
            case "choice":
                type_, ports = "condition", ["p", "q", "else"]
                branches = [{"id": id_, "when": {"expression": dice.choice("xyz")}} for id_ in "pq"]
                settings_ = {"branches": branches, "mode": dice.choice(("first", "all"))}
            case "ask":
                boss = {"kind": "role", "id": "boss"}
                type_, ports = "approval", ["approved"]
                settings_ = {"title": "?", "assignees": [boss], "mode": "any"}
                back = dice.choice([*self.names[: place + 1], self.ahead(place)])
                self.drawing.at(name, "rejected").to(back)
            case "receive":
                type_, ports = "receive", ["s", "t"]
                settings_ = {"events": [{"id": id_, "kind": "signal", "name": id_} for id_ in "st"]}
            case "cancel":
                nodes = dice.sample(self.names, dice.randint(1, len(self.names)))
                type_, settings_ = "cancel", {"nodes": nodes}
            case _:
                type_, ports, settings_ = "end", [], {"terminate": True}
        node = _node(name, type_, settings_)
        if type_ == "timer" and dice.random() < 0.3:
            event = {"id": f"{name}_e", "kind": "timer", "after": "PT1H"}
            node["events"] = [{**event, "interrupting": dice.random() < 0.5}]
            ports.append(f"{name}_e")
        self.drawing.nodes.append(node)
        for port in ports:
            self.drawing.at(name, port).to(self.ahead(place))


def _node(id_: str, type_: str, settings_: dict[str, Any]) -> dict[str, Any]:
    return {"id": id_, "type": type_, "name": {"en": id_}, "settings": settings_}


def _reachable(document: Document) -> Document:
    """Without what no token can come to."""
    seen = {"start"}
    while more := {one["to"] for one in document["edges"] if one["from"] in seen} - seen:
        seen |= more
    nodes = [node for node in document["nodes"] if node["id"] in seen]
    for node in nodes:
        if node["type"] == "cancel":
            inside = [id_ for id_ in node["settings"]["nodes"] if id_ in seen]
            node["settings"] = {"nodes": inside or [node["id"]]}
    edges = [edge for edge in document["edges"] if edge["from"] in seen]
    return {**document, "nodes": nodes, "edges": edges}


@pytest.mark.timeout(3_600 if FULL else 300)
@settings(
    max_examples=NETS, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.booleans()] * 3))
def test_random_nets_stand_where_the_net_can_stand(
    seed: int, values: tuple[bool, bool, bool]
) -> None:
    try:
        compare(Dice(seed).net(), dict(zip("xyz", values, strict=True)), POSITIONS_MAX)
    except TooLarge:
        reject()


# --- can it fail ---------------------------------------------------------------------------------

MISTAKES: dict[str, tuple[Any, str, Any, str]] = {
    "an inclusive join does not wait": (joins, "_enabled", lambda *_: True, "a branch that turns"),
    "an inclusive join waits for every token": (joins, "_enabled", lambda *_: False, "beside something else"),
    "nothing is withdrawn": (Reach, "_between", lambda *_: frozenset(), "first, cancelling"),
    "one more is wanted": (JoinRule, "wanted", lambda _, edges: edges, "first"),
    "a round never ends by itself": (joins, "_can_come", lambda *_: True, "a lost branch"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_of_the_engine_is_noticed(mistake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where, name, wrong, net = MISTAKES[mistake]
    monkeypatch.setattr(where, name, wrong)

    with pytest.raises(AssertionError):
        compare(FIXED[net]().document(), {})
