"""A second opinion: the same drawing as a Petri net, written from the definitions and sharing no code with the engine.

Places are the edges, one more for every node that waits, and a set for every join whose round is open; transitions are the nodes.
Where the definitions come from: W. van der Aalst et al., *Workflow Patterns* (2003), and N. Russell et al., *Workflow Control-Flow
Patterns: A Revised View* (2006), for splits, the discriminator, partial joins with their blocking and cancelling kinds (reset
nets), thread split and merge, cancelling regions; OMG, *BPMN 2.0*, 13.4.3, for the inclusive join. What those leave open is as the
docs of `join` say: a round ends when nothing can come any more, a vicious circle is broken at the join that no other reaches.

What is outside happens only at rest, because an advance is one transaction; inside, every order is looked at.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

Bag = frozenset[tuple[Any, int]]
"""A multiset that can be a key."""

Label = tuple[str, str]
"""What happens outside: node, answer."""

WAITS = {
    "connector": ("out",),
    "timer": ("due",),
    "approval": ("approved", "rejected"),
}
"""Type → what may come to it. The exit has the name of the answer, a timer's is `out`."""

RESTS_MAX = 5_000
"""Markings between two rests of one net."""


class TooLarge(Exception):
    """Not a small net: more than `RESTS_MAX`."""


def bag(counts: Mapping[Any, int]) -> Bag:
    """A multiset as a key."""
    return frozenset((item, n) for item, n in counts.items() if n)


@dataclass(frozen=True)
class Marking:
    """Where the tokens are."""

    edges: Bag = frozenset()
    waiting: Bag = frozenset()
    """(node, events that may still happen) of every visit under way."""
    rounds: frozenset[tuple[str, frozenset[str]]] = frozenset()
    """Joins whose round is open, with the edges that have come."""
    visited: Bag = frozenset()
    over: bool = False


class Net:
    """The net of a document, for one input."""

    def __init__(self, document: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        self.values = values
        self.nodes = {node["id"]: node for node in document["nodes"]}
        self.edges = {edge["id"]: edge for edge in document["edges"]}
        self.order = list(self.nodes)
        self.into: dict[str, list[str]] = {id_: [] for id_ in self.nodes}
        self.out: dict[str, list[str]] = {id_: [] for id_ in self.nodes}
        for id_, edge in self.edges.items():
            self.into[edge["to"]].append(id_)
            self.out[edge["from"]].append(id_)

    # --- what can be asked ---

    def begin(self) -> set[Marking]:
        """Where it can first rest."""
        start = next(id_ for id_, node in self.nodes.items() if node["type"] == "start")
        return self.rests(self._leave(Marking(), start, ["out"]))

    def labels(self, marking: Marking) -> set[Label]:
        """What can happen outside."""
        found: set[Label] = set()
        for (node, armed), _ in marking.waiting:
            found |= {(node, answer) for answer in (*self._answers(node), *armed)}
        return found

    def after(self, marking: Marking, label: Label) -> set[Marking]:
        """Where it can rest after this has happened (to any of the visits it can happen to)."""
        node, answer = label
        found: set[Marking] = set()
        for (place, armed), _ in marking.waiting:
            if place != node or (answer not in armed and answer not in self._answers(node)):
                continue
            gone = replace(marking, waiting=_less(marking.waiting, (place, armed)))
            if answer not in armed:
                exit_ = "out" if answer == "due" else answer
                found |= self.rests(self._leave(gone, node, [exit_]))
                continue
            event = next(one for one in self.nodes[node]["events"] if one["id"] == answer)
            if not event.get("interrupting", True):
                gone = replace(gone, waiting=_more(gone.waiting, (place, armed - {answer})))
            found |= self.rests(self._leave(gone, node, [answer], as_=f"{node}.{answer}"))
        return found

    def status(self, marking: Marking) -> str:
        """completed, waiting, or stuck."""
        if marking.waiting:
            return "waiting"
        return "stuck" if marking.edges else "completed"

    def shown(self, marking: Marking) -> Marking:
        """What can be told apart: at a join that counts tokens it is all the same by which edge they came."""
        edges: Counter[str] = Counter()
        for edge, n in marking.edges:
            join = self.edges[edge]["to"]
            edges[self.into[join][0] if self._mode(join) == "tokens" else edge] += n
        return replace(marking, edges=bag(edges), over=False)

    # --- firing ---

    def rests(self, marking: Marking) -> set[Marking]:
        """Every rest that can be reached without the outside."""
        seen = {marking}
        stack = [marking]
        found = set()
        while stack:
            if len(seen) >= RESTS_MAX:
                raise TooLarge
            now = stack.pop()
            following = set(self._inside(now)) or set(self._at_rest(now)) or set(self._forced(now))
            if not following:
                found.add(now)
            stack += following - seen
            seen |= following
        return found

    def _inside(self, marking: Marking) -> Iterator[Marking]:
        if marking.over:
            return
        for edge, _ in marking.edges:
            node = self.edges[edge]["to"]
            if self.nodes[node]["type"] != "join":
                yield self._enter(replace(marking, edges=_less(marking.edges, edge)), node)
        for node in self.order:
            if self.nodes[node]["type"] == "join":
                yield from self._join(marking, node)

    def _enter(self, marking: Marking, node: str) -> Marking:
        drawn = self.nodes[node]
        settings = drawn["settings"]
        match drawn["type"]:
            case "split":
                return self._leave(marking, node, ["out"], copies=settings.get("copies", 1))
            case "condition":
                holding = [one["id"] for one in settings["branches"] if self._holds(one["when"])]
                if settings.get("mode", "first") == "first":
                    holding = holding[:1]
                return self._leave(marking, node, holding or ["else"])
            case "end":
                if settings.get("terminate"):
                    return Marking(visited=_more(marking.visited, node), over=True)
                return self._leave(marking, node, [])
            case "cancel":
                return self._leave(self._without(marking, set(settings["nodes"])), node, ["out"])
            case "set_values":
                return self._leave(marking, node, ["out"])
            case _:
                armed = frozenset(event["id"] for event in drawn.get("events", ()))
                return replace(marking, waiting=_more(marking.waiting, (node, armed)))

    def _leave(
        self, marking: Marking, node: str, exits: list[str], *, copies: int = 1, as_: str = ""
    ) -> Marking:
        edges = marking.edges
        for edge in self.out[node]:
            if self.edges[edge]["port"] in exits:
                for _ in range(copies):
                    edges = _more(edges, edge)
        return replace(marking, edges=edges, visited=_more(marking.visited, as_ or node))

    def _holds(self, when: Mapping[str, Any]) -> bool:
        return when["expression"] == "true" or bool(self.values[when["expression"]])

    # --- joins ---

    def _join(self, marking: Marking, join: str) -> Iterator[Marking]:
        rule = self.nodes[join]["settings"]
        tokens = Counter(dict(marking.edges))
        come = [edge for edge in self.into[join] if tokens[edge]]
        match rule.get("mode", "all"):
            case "all":
                if len(come) == len(self.into[join]):
                    yield self._fire(marking, join, come)
            case "tokens":
                there = [edge for edge in come for _ in range(tokens[edge])]
                if len(there) >= rule["n"]:
                    yield self._fire(marking, join, there[: rule["n"]])
            case "first" | "count" | "percent":
                yield from self._partial(marking, join, come)
            case _:
                return  # inclusive: at rest only

    def _partial(self, marking: Marking, join: str, come: list[str]) -> Iterator[Marking]:
        rule = self.nodes[join]["settings"]
        every = frozenset(self.into[join])
        wanted = {
            "first": 1,
            "count": min(rule.get("n", 1), len(every)),
            "percent": max(1, math.ceil(len(every) * rule.get("percent", 100) / 100)),
        }[rule["mode"]]
        rounds = dict(marking.rounds)
        if join not in rounds:
            for some in combinations(come, wanted):
                if rule.get("rest", "ignore") == "cancel":
                    spent = marking
                    for edge in some:
                        spent = replace(spent, edges=_less(spent.edges, edge))
                    yield self._leave(self._without(spent, self._branches(join)), join, ["out"])
                    continue
                rest = {**rounds, join: frozenset(some)} if len(some) < len(every) else rounds
                fired = self._fire(marking, join, list(some))
                yield replace(fired, rounds=frozenset(rest.items()))
            return
        for edge in come:
            if edge not in rounds[join]:
                seen = rounds[join] | {edge}
                rest = {**rounds, join: seen}
                if seen == every:
                    del rest[join]
                spent = replace(marking, edges=_less(marking.edges, edge))
                yield replace(spent, rounds=frozenset(rest.items()))
            elif rule.get("rest", "ignore") == "ignore":
                rest = {one: seen for one, seen in rounds.items() if one != join}
                yield replace(marking, rounds=frozenset(rest.items()))

    def _fire(self, marking: Marking, join: str, via: list[str]) -> Marking:
        for edge in via:
            marking = replace(marking, edges=_less(marking.edges, edge))
        return self._leave(marking, join, ["out"])

    def _at_rest(self, marking: Marking) -> Iterator[Marking]:
        tokens = {edge for edge, _ in marking.edges}
        for join in self.order:
            if self._mode(join) == "inclusive":
                come = [edge for edge in self.into[join] if edge in tokens]
                if come and not self._must_wait(marking, join, come):
                    yield self._fire(marking, join, come)
        for join, seen in marking.rounds:
            missing = set(self.into[join]) - seen
            if not any(reached & missing for reached in self._futures(marking, join)):
                rest = frozenset(one for one in marking.rounds if one[0] != join)
                yield replace(marking, rounds=rest)

    def _must_wait(self, marking: Marking, join: str, come: list[str]) -> bool:
        """BPMN 2.0: some token has a path to an empty edge, and none to a marked one, that do not visit the join."""
        empty = set(self.into[join]) - set(come)
        return any(
            reached & empty and not reached & set(come) for reached in self._futures(marking, join)
        )

    def _futures(self, marking: Marking, join: str) -> Iterator[set[str]]:
        """Of every token: the edges into the join that its paths end with, paths that do not visit the join before."""
        for edge, _ in marking.edges:
            if self.edges[edge]["to"] != join:
                yield self._paths_from([edge], join)
        for (node, _), _ in marking.waiting:
            yield self._paths_from(self.out[node], join)

    def _paths_from(self, edges: list[str], join: str) -> set[str]:
        seen = set(edges)
        stack = list(edges)
        while stack:
            node = self.edges[stack.pop()]["to"]
            if node != join:
                new = set(self.out[node]) - seen
                seen |= new
                stack += new
        return {edge for edge in seen if self.edges[edge]["to"] == join}

    def _forced(self, marking: Marking) -> Iterator[Marking]:
        if marking.waiting:
            return
        tokens = {edge for edge, _ in marking.edges}
        stuck = [
            join
            for join in self.order
            if self._mode(join) == "inclusive" and tokens & set(self.into[join])
        ]
        free = [
            join
            for join in stuck
            if not any(self._paths_from(self.out[other], join) for other in stuck if other != join)
        ]
        for join in (free or stuck)[:1]:
            yield self._fire(marking, join, [edge for edge in self.into[join] if edge in tokens])

    def _mode(self, node: str) -> str:
        if self.nodes[node]["type"] != "join":
            return ""
        return str(self.nodes[node]["settings"].get("mode", "all"))

    # --- regions ---

    def _without(self, marking: Marking, region: set[str]) -> Marking:
        """The tokens of a region removed: a reset arc from each of its places."""
        return replace(
            marking,
            edges=frozenset(one for one in marking.edges if self.edges[one[0]]["to"] not in region),
            waiting=frozenset(one for one in marking.waiting if one[0][0] not in region),
            rounds=frozenset(one for one in marking.rounds if one[0] not in region),
        )

    def _branches(self, join: str) -> set[str]:
        """All between the join and the last node that every way to it passes; the join too, for its tokens and its round."""
        start = next(id_ for id_, node in self.nodes.items() if node["type"] == "start")
        always = [node for node in self.order if node != join and not self._way(start, join, node)]
        # Of the nodes that every way passes, the last: from it no way passes another of them.
        (last,) = [
            node
            for node in always
            if all(other == node or self._way(node, join, other) for other in always)
        ]
        forward = self._reached([last], stop=join)
        return {
            node for node in forward - {last, join} if join in self._reached([node], stop=last)
        } | {join}

    def _way(self, source: str, target: str, avoiding: str) -> bool:
        return source != avoiding and target in self._reached([source], stop=avoiding)

    def _reached(self, nodes: list[str], stop: str) -> set[str]:
        """Nodes that a token can come to; from `stop` it goes no further."""
        seen = set(nodes)
        stack = list(nodes)
        while stack:
            node = stack.pop()
            if node == stop:
                continue
            new = {self.edges[edge]["to"] for edge in self.out[node]} - seen
            seen |= new
            stack += new
        return seen

    def _answers(self, node: str) -> tuple[str, ...]:
        drawn = self.nodes[node]
        if drawn["type"] == "receive":
            return tuple(event["id"] for event in drawn["settings"]["events"])
        return WAITS[drawn["type"]]


def _more(items: Bag, item: Any) -> Bag:
    counts = Counter(dict(items))
    counts[item] += 1
    return bag(counts)


def _less(items: Bag, item: Any) -> Bag:
    counts = Counter(dict(items))
    counts[item] -= 1
    return bag(counts)
