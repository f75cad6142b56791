"""Plays the tokens of a drawing through, to see which joins can wait for ever. Every choice is tried, up to a bound.

Which token moves first makes no difference to where they come to rest, only choices do: so they move one after another, and the
number of states looked at is that of the choices, not of the orders. Times are not known: every exit may be taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headrace.engine.flow.model import Edge
from headrace.engine.node import JoinRule

WORK_MAX = 200_000
"""Tokens looked at in one check, about 0.2 s; a drawing that needs more is judged by its arrows alone."""

TOKENS_MAX = 200
"""Tokens at a time: a split in a loop makes more and more."""

Way = tuple[Edge, ...]
"""The edges that get a token when a node is left in one of the ways it can be."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """A join that can rest for ever with a token on one edge and none on another."""

    join: str
    come: Edge
    missing: Edge


@dataclass(frozen=True, slots=True)
class Net:
    """What is played: how every node can be left (None: everything stops), and what joins wait for."""

    ways: Mapping[str, Sequence[Way] | None]
    entering: Mapping[str, Sequence[Edge]]
    rules: Mapping[str, JoinRule]


_Came = frozenset[tuple[str, str]]
"""(join, edge) of rounds that have gone on and wait for the rest."""

_State = tuple[tuple[Edge, ...], _Came]


class _Limit(Exception):
    """Too much to look at."""


def stuck_joins(net: Net, starts: Sequence[str]) -> dict[str, Stuck] | None:
    """Joins that can wait for ever, by id; None where there is too much to look at."""
    player = _Player(net)
    try:
        for start in starts:
            player.play(start)
    except _Limit:
        return None
    return player.stuck


class _Player:
    def __init__(self, net: Net) -> None:
        self.net = net
        self.stuck: dict[str, Stuck] = {}
        self._seen: set[tuple[tuple[str, ...], _Came]] = set()
        self._work = 0

    def play(self, start: str) -> None:
        """All that can follow from a start."""
        waiting: list[_State] = [(way, frozenset()) for way in self.net.ways[start] or ()]
        while waiting:
            tokens, came = waiting.pop()
            key = (tuple(edge.id for edge in tokens), came)
            if key in self._seen:
                continue
            self._seen.add(key)
            self._work += len(tokens) + 1
            if self._work > WORK_MAX or len(tokens) > TOKENS_MAX:
                raise _Limit
            waiting.extend(self._following(tokens, came))

    def _following(self, tokens: tuple[Edge, ...], came: _Came) -> list[_State]:
        for place, edge in enumerate(tokens):
            if edge.target not in self.net.rules:
                return self._leave(edge.target, tokens[:place] + tokens[place + 1 :], came)
        joins = dict.fromkeys(edge.target for edge in tokens)
        for join in joins:
            fired = self._fire(join, tokens, came)
            if fired is not None:
                return fired
        for join in joins:
            if self.net.rules[join].mode == "inclusive":
                return self._leave(join, _without(tokens, self._first_each(join, tokens)), came)
        for join in joins:
            self._note(join, tokens)
        return []

    def _leave(self, node: str, rest: tuple[Edge, ...], came: _Came) -> list[_State]:
        ways = self.net.ways[node]
        if ways is None:
            return []
        return [(tuple(sorted((*rest, *way), key=_by_id)), came) for way in ways]

    def _first_each(self, join: str, tokens: tuple[Edge, ...]) -> list[Edge]:
        """One token of every edge that has some."""
        return list({edge.id: edge for edge in tokens if edge.target == join}.values())

    def _fire(self, join: str, tokens: tuple[Edge, ...], came: _Came) -> list[_State] | None:
        rule, edges = self.net.rules[join], self.net.entering[join]
        here = [edge for edge in tokens if edge.target == join]
        each = self._first_each(join, tokens)
        if rule.mode == "inclusive":
            return None
        if rule.mode == "tokens":
            enough = here[: rule.n] if len(here) >= rule.n else []
            return self._leave(join, _without(tokens, enough), came) if enough else None
        if rule.mode == "all":
            full = len(each) == len(edges)
            return self._leave(join, _without(tokens, each), came) if full else None
        round_ = {edge for found, edge in came if found == join}
        if round_:
            late = [edge for edge in each if edge.id not in round_]
            if late:
                return [(_without(tokens, late), self._later(join, late, came))]
            # One that comes again begins the next round.
            return [(tokens, frozenset(pair for pair in came if pair[0] != join))]
        if len(each) < rule.wanted(len(edges)):
            return None
        return self._leave(join, _without(tokens, each), self._later(join, each, came))

    def _later(self, join: str, edges: Sequence[Edge], came: _Came) -> _Came:
        """These have come too; when all have, the round is over."""
        now = came | {(join, edge.id) for edge in edges}
        mine = {pair for pair in now if pair[0] == join}
        return now - mine if len(mine) == len(self.net.entering[join]) else now

    def _note(self, join: str, tokens: tuple[Edge, ...]) -> None:
        if join in self.stuck:
            return
        here = self._first_each(join, tokens)
        ids = {edge.id for edge in here}
        empty = (edge for edge in self.net.entering[join] if edge.id not in ids)
        missing = next(empty, here[0])  # a join that counts tokens may have some on every edge
        self.stuck[join] = Stuck(join, here[0], missing)


def _without(tokens: tuple[Edge, ...], taken: Sequence[Edge]) -> tuple[Edge, ...]:
    rest = list(tokens)
    for edge in taken:
        rest.remove(edge)
    return tuple(rest)


def _by_id(edge: Edge) -> str:
    return edge.id
