"""Random processes whose result is known by construction: blocks within blocks, each of which says what it adds.

A block has one way in and one way out. Drawing one adds up which nodes will be visited how often, what `n` will be, and what
the outside is to answer at each node (`plan`). However the answers are ordered, the process must end with just these visits
and this `n`.

Two things a block must know of where it stands: `alone`, whether at most one token at a time can be inside it (not behind a
thread split), and `loose`, whether it may leave something under way when it goes on.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.builder import Document, Flow, flow

DEPTH_MAX = 3
"""Blocks within blocks."""

VISITS_MAX = 60
"""Visits of one block: loops within loops must not make a test long."""


@dataclass
class Place:
    """Where a block stands: how often it is visited, and what holds there."""

    times: int = 1
    depth: int = 0
    alone: bool = True
    loose: bool = True
    """May leave something under way behind it: nothing around it withdraws that, and nothing turns back before it has come."""


@dataclass
class Process:
    """A drawing, and what must become of it."""

    document: Document
    visits: Counter[str]
    n: int
    plan: dict[str, tuple[str, ...]]
    """Node → what to answer there, the first that is possible; nothing: never."""
    sections: dict[str, dict[str, int]] = field(default_factory=dict)
    """Lock → node inside it → by which way in; nodes of two ways are never open at once."""
    kinds: Counter[str] = field(default_factory=Counter)


def process(seed: int) -> Process:
    """The process of this number; always the same."""
    return Maker(random.Random(seed)).make()


class Maker:
    """Draws blocks from the end of the drawing so far; afterwards the end is behind the block."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.drawing: Flow = flow("made")
        self.visits: Counter[str] = Counter({"start": 1})
        self.n = 0
        self.plan: dict[str, tuple[str, ...]] = {}
        self.sections: dict[str, dict[str, int]] = {}
        self.within: list[tuple[str, int]] = []
        """Locks around the end of the drawing."""
        self.kinds: Counter[str] = Counter()
        self.count = 0

    def make(self) -> Process:
        terminated = self.dice.random() < 0.1
        if terminated:  # a second branch that nobody ever answers, and an end that ends it all
            fork = self.node("fork", "split", 1)
            self.never("never")
            self.node("unseen", "end", 0)
            self.drawing.at(fork)
        # What is left under way would be withdrawn by that end.
        self.row(Place(loose=not terminated))
        more = {"terminate": True} if terminated else {}
        self.node("done", "end", 1, output={"n": "default(n, 0)"}, **more)
        visits = Counter({name: times for name, times in self.visits.items() if times})
        return Process(
            self.drawing.document(), visits, self.n, self.plan, self.sections, self.kinds
        )

    # --- pieces ---

    def node(self, kind: str, type_: str, times: int, **settings: Any) -> str:
        """Add a node that is visited so often; answers its id."""
        self.count += 1
        id_ = f"{kind}_{self.count}"
        if type_ == "connector":
            settings["path"] = f"/{id_}"
        self.drawing.then(id_, type_, **settings)
        self.visits[id_] += times
        for lock, way in self.within:
            self.sections.setdefault(lock, {})[id_] = way
        return id_

    def add(self, times: int, k: int | None = None) -> str:
        """A node that adds to `n`."""
        k = self.dice.randint(1, 9) if k is None else k
        self.n += k * times
        return self.node("add", "set_values", times, values={"n": f"default(n, 0) + {k}"})

    def work(self, times: int) -> str:
        """A node that somebody outside ends: a job, a timer, a person."""
        match self.dice.choice(("job", "timer", "ask")):
            case "job":
                id_ = self.node("job", "connector", times)
                self.plan[id_] = ("out",)
            case "timer":
                id_ = self.node("timer", "timer", times, duration="PT1S")
                self.plan[id_] = ("due",)
            case _:
                id_ = self.node("ask", "approval", times)
                yes = self.dice.random() < 0.5
                self.plan[id_] = ("approved" if yes else "rejected",)
                self.meet([(id_, "approved"), (id_, "rejected")], times)
        return id_

    def never(self, kind: str) -> str:
        """A node that nobody answers."""
        id_ = self.node(kind, "timer", 0, duration="P1D")
        self.plan[id_] = ()
        return id_

    def meet(self, ports: list[tuple[str, str]], times: int) -> None:
        """These ways lead on to the same node; in all it is visited so often."""
        self.drawing.at(*ports[0])
        after = self.add(times, 0)
        for id_, port in ports[1:]:
            self.drawing.at(id_, port).to(after)
        self.drawing.at(after)

    @property
    def end(self) -> tuple[str, str]:
        assert self.drawing._end
        return self.drawing._end

    # --- blocks ---

    def block(self, place: Place) -> None:
        """Any block that may stand here."""
        kinds = ["add", "work", "work"]
        if place.depth < DEPTH_MAX:
            kinds += ["row", "exclusive", "exclusive", "parallel", "parallel", "threads"]
            kinds += ["section", "deferred", "boundary", "news", "error", "items", "child"]
            kinds += ["compensation", "milestone", "region"]
            if place.alone:
                kinds += ["loop", "loop", "inclusive", "inclusive", "cancelling"]
                if place.loose:
                    kinds += ["partial", "partial"]
        kind = self.dice.choice(kinds)
        self.kinds[kind] += 1
        if kind in ("add", "work"):
            getattr(self, kind)(place.times)
        else:
            draw: Callable[[Place], None] = getattr(self, kind)
            draw(self.deeper(place))

    def deeper(self, place: Place, **changed: Any) -> Place:
        return Place(
            **{
                "times": place.times, "depth": place.depth + 1, "alone": place.alone, "loose": place.loose,
                **changed,
            }
        )  # fmt: skip

    def same_depth(self, place: Place, **changed: Any) -> Place:
        return self.deeper(place, depth=place.depth, **changed)

    def row(self, place: Place) -> None:
        """One after another."""
        for _ in range(self.dice.randint(1, 3)):
            self.block(place)

    def exclusive(self, place: Place) -> None:
        """One of two or three, by data."""
        count = self.dice.randint(2, 3)
        taken = self.dice.randrange(count)
        ports = [*(f"p{number}" for number in range(count - 1)), "else"]
        tests = {
            port: "1 == 1" if number == taken else "1 == 2"
            for number, port in enumerate(ports[:-1])
        }
        choose = self.node("if", "condition", place.times, branches=tests)
        ends = []
        for number, port in enumerate(ports):
            self.drawing.at(choose, port)
            self.block(self.same_depth(place, times=place.times if number == taken else 0))
            ends.append(self.end)
        self.meet(ends, place.times)

    def parallel(self, place: Place) -> None:
        """All of two or three, and on when all have come."""
        self.branches(place, "split", {}, [place.times] * self.dice.randint(2, 3), {})

    def inclusive(self, place: Place) -> None:
        """Some of three, and on when all of these have come."""
        taken = [self.dice.random() < 0.6 for _ in range(3)]
        taken[self.dice.randrange(3)] = True
        tests = {f"p{i}": "1 == 1" if on else "1 == 2" for i, on in enumerate(taken)}
        times = [place.times if on else 0 for on in taken]
        settings = {"mode": "all", "branches": tests}
        id_ = self.branches(place, "condition", settings, times, {"mode": "inclusive"})
        unseen = self.end
        self.drawing.at(id_, "else")
        self.node("unseen", "end", 0)
        self.drawing.at(*unseen)

    def branches(
        self, place: Place, type_: str, settings: dict[str, Any], times: list[int], join: dict[str, Any]
    ) -> str:  # fmt: skip
        """A split of some kind, one block a branch, a join; answers the split."""
        fork = self.node("fork", type_, place.times, **settings)
        meet = ""
        for number, visits in enumerate(times):
            self.drawing.at(fork, "out" if type_ == "split" else f"p{number}")
            self.block(self.same_depth(place, times=visits))
            if meet:
                self.drawing.to(meet)
            else:
                meet = self.node("meet", "join", place.times, **join)
        self.drawing.at(meet)
        return fork

    def partial(self, place: Place) -> None:
        """On when the first, or some, of three have come; the others come all the same, and change nothing."""
        join = self.dice.choice(
            ({"mode": "first"}, {"mode": "count", "n": 2}, {"mode": "percent", "percent": 50})
        )
        rest = {"rest": self.dice.choice(("ignore", "block"))}
        self.branches(place, "split", {}, [place.times] * 3, {**join, **rest})

    def cancelling(self, place: Place) -> None:
        """On when the first, or two, of three have come; of the others nobody ever answers the first node."""
        n = self.dice.randint(1, 2)
        fork = self.node("fork", "split", place.times)
        meet = ""
        for number in range(3):
            self.drawing.at(fork)
            if number < n:
                self.block(self.same_depth(place, loose=False))
            else:
                self.never("never")
                self.block(self.same_depth(place, times=0, loose=False))
            if meet:
                self.drawing.to(meet)
            else:
                rule = {"mode": "count", "n": n, "rest": "cancel"}
                meet = self.node("meet", "join", place.times, **rule)
        self.drawing.at(meet)

    def threads(self, place: Place) -> None:
        """Two or three tokens through the same block, merged again."""
        copies = self.dice.randint(2, 3)
        if place.times * copies > VISITS_MAX:
            self.add(place.times)
            return
        self.node("threads", "split", place.times, copies=copies)
        self.block(self.same_depth(place, times=place.times * copies, alone=False))
        self.node("merge", "join", place.times, mode="tokens", n=copies)

    def loop(self, place: Place) -> None:
        """Two or three turns of the same."""
        turns = self.dice.randint(2, 3)
        if place.times * turns > VISITS_MAX:
            self.add(place.times)
            return
        head = self.node("head", "set_values", place.times * turns, values={})
        self.drawing.nodes[-1]["settings"]["values"] = [
            {"name": head, "value": f"default({head}, 0) + 1"}
        ]
        self.drawing.bounded(1000)
        # The next turn must not find anything of this one still under way.
        self.block(self.same_depth(place, times=place.times * turns, loose=False))
        check = self.node(
            "again", "condition", place.times * turns, branches={"more": f"{head} < {turns}"}
        )
        self.drawing.at(check, "more").to(head)
        self.drawing.at(check, "else")
        reset = self.node("reset", "set_values", place.times, values={head: "0"})
        self.drawing.at(reset)

    def section(self, place: Place) -> None:
        """Two branches that must not be inside at the same time."""
        key = f"key_{self.count}"
        fork = self.node("fork", "split", place.times)
        meet = ""
        for way in range(2):
            self.drawing.at(fork)
            self.node("lock", "lock", place.times, key=f"'{key}'", scope="instance")
            self.within.append((key, way))
            self.block(self.same_depth(place, loose=False))
            self.within.pop()
            self.node("unlock", "unlock", place.times, key=f"'{key}'", scope="instance")
            if meet:
                self.drawing.to(meet)
            else:
                meet = self.node("meet", "join", place.times)
        self.drawing.at(meet)

    def deferred(self, place: Place) -> None:
        """The first of a message, a signal and a time."""
        events = [
            {"id": "told", "kind": "message", "name": f"told-{self.count}", "key": "'A-1'"},
            {"id": "called", "kind": "signal", "name": f"called-{self.count}"},
            {"id": "late", "kind": "timer", "after": "PT1H"},
        ]
        wins = self.dice.choice(("told", "called", "late"))
        id_ = self.node("receive", "receive", place.times, events=events)
        self.plan[id_] = (wins,)
        ends = []
        for event in events:
            self.drawing.at(id_, event["id"])
            self.block(self.same_depth(place, times=place.times if event["id"] == wins else 0))
            ends.append(self.end)
        self.meet(ends, place.times)

    def boundary(self, place: Place) -> None:
        """A job with an event that ends it: either the job is done or the event happens."""
        happens = self.dice.random() < 0.5
        id_ = self.node("job", "connector", 0 if happens else place.times)
        kind = self.dice.choice(("timer", "message"))
        event = f"stop_{id_}"
        if kind == "timer":
            self.drawing.event(event, kind, after="PT1H")
        else:
            self.drawing.event(event, kind, name=event, key="'A-1'")
        self.plan[id_] = (event if happens else "out",)
        self.visits[f"{id_}.{event}"] += place.times if happens else 0
        self.drawing.at(id_)
        self.block(self.same_depth(place, times=0 if happens else place.times))
        usual = self.end
        self.drawing.at(id_, event)
        self.block(self.same_depth(place, times=place.times if happens else 0))
        self.meet([usual, self.end], place.times)

    def news(self, place: Place) -> None:
        """A job with an event that does not end it: one more token, which comes to an end of its own."""
        id_ = self.node("job", "connector", place.times)
        event = f"news_{id_}"
        self.drawing.event(event, "timer", after="PT1M", interrupting=False)
        self.plan[id_] = (event, "out")
        self.visits[f"{id_}.{event}"] += place.times
        self.drawing.at(id_, event)
        self.add(place.times)
        self.node("told", "end", place.times)
        self.drawing.at(id_)

    def error(self, place: Place) -> None:
        """A job that fails, by an event for its code, an event for every code, or the exit `error`."""
        id_ = self.node("job", "connector", 0)
        way = self.dice.choice(("code", "any", "exit"))
        event = f"failed_{id_}"
        self.plan[id_] = ("error:http_400",)
        if way == "exit":
            self.visits[id_] += place.times
            port = "error"
        else:
            self.visits[f"{id_}.{event}"] += place.times
            codes = {"codes": ["other", "http_400"]} if way == "code" else {}
            self.drawing.event(event, "error", **codes)
            port = event
        self.drawing.at(id_)
        self.block(self.same_depth(place, times=0))
        usual = self.end
        self.drawing.at(id_, port)
        self.block(self.same_depth(place))
        self.meet([usual, self.end], place.times)

    def items(self, place: Place) -> None:
        """A sub-flow an item: all at once, in a window, or until enough have ended."""
        count = self.dice.randint(0, 4)
        way = self.dice.choice(("plain", "window", "until", "counts"))
        ways: dict[str, dict[str, Any]] = {
            "plain": {}, "window": {"window": self.dice.randint(1, 2)}, "until": {"until": "done >= 2", "window": 3},
            "counts": {"collect": "counts", "window": 2},
        }  # fmt: skip
        list_ = f"[{', '.join(map(str, range(count)))}]"
        id_ = self.node("each", "subflow", place.times, flow="item", for_each=list_, **ways[way])
        self.plan[id_] = ("completed",)
        ended = min(count, 2) if way == "until" else count
        self.visits[f"{id_}.completed"] += ended * place.times
        known = ended if way == "counts" else count
        self.n += known * place.times
        found = f"{id_}.done" if way == "counts" else f"len({id_})"
        self.node("sum", "set_values", place.times, values={"n": f"default(n, 0) + {found}"})

    def child(self, place: Place) -> None:
        """One sub-flow."""
        id_ = self.node("child", "subflow", place.times, flow="item")
        self.plan[id_] = ("completed",)
        self.visits[f"{id_}.completed"] += place.times

    def compensation(self, place: Place) -> None:
        """Two or three things done and undone again: what they add to `n` is taken away."""
        done = []
        for _ in range(self.dice.randint(2, 3)):
            by_job = self.dice.random() < 0.5
            id_ = self.add(place.times)
            k = self.drawing.nodes[-1]["settings"]["values"][0]["value"].rsplit(" ", 1)[1]
            self.drawing.event(f"undo_{id_}", "compensation")
            done.append(id_)
            self.drawing.at(id_, f"undo_{id_}")
            if by_job:  # undone by a job, which gives back nothing
                undo = self.node("undo", "connector", place.times)
                self.plan[undo] = ("out",)
            else:
                self.n -= int(k) * place.times
                self.node("undo", "set_values", place.times, values={"n": f"default(n, 0) - {k}"})
            self.drawing.at(id_)
        self.block(self.same_depth(place, loose=False))
        self.node("undo_all", "compensate", place.times, nodes=done)

    def milestone(self, place: Place) -> None:
        """One branch waits, the other may go on because it does."""
        fork = self.node("fork", "split", place.times)
        waits = self.node("job", "connector", place.times)
        self.plan[waits] = ("out",)
        meet = self.node("meet", "join", place.times)
        self.drawing.at(fork)
        self.node("reached", "milestone", place.times, node=waits)
        self.add(place.times)
        self.drawing.to(meet).at(meet)

    def region(self, place: Place) -> None:
        """A branch that nobody answers is withdrawn by the other, which goes on."""
        fork = self.node("fork", "split", place.times)
        waits = self.never("never")
        also = self.add(0)
        self.node("unseen", "end", 0)
        self.drawing.at(fork)
        self.work(place.times)
        self.node("cut", "cancel", place.times, nodes=[waits, also])
