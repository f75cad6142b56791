"""Questions about the arrows: what is reached, what comes before, which joins never fill, which loops never rest.

Asked when a draft is checked and a version published, never while an instance runs. Nodes that lie at arrows' ends must
exist; dangling arrows are sorted out before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import networkx as nx

from headrace.engine.flow.model import Edge

ASKED_MAX = 200
"""Splits, joins and loops looked at in one check: each costs a walk over the drawing, and a person mends a few."""


@dataclass(frozen=True, slots=True)
class Split:
    """A node from which tokens may leave on several branches at once; of the edges of one branch only one is taken."""

    node: str
    branches: tuple[tuple[Edge, ...], ...]


@dataclass(frozen=True, slots=True)
class Starving:
    """A join, and two of its incoming edges that never both carry a token."""

    join: str
    first: Edge
    second: Edge


@dataclass(frozen=True, slots=True)
class Straying:
    """A branch of a split that may come to an end without reaching the join where its sister branches wait."""

    split: str
    edge: Edge
    join: str


@dataclass(frozen=True, slots=True)
class Doubled:
    """A split whose branches meet at a node that does not wait: everything from there on runs twice."""

    split: str
    meeting: str


class Drawing:
    """The arrows of one document, ready to be asked."""

    def __init__(self, node_ids: Iterable[str], edges: Sequence[Edge]) -> None:
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.graph.add_nodes_from(node_ids)
        self.graph.add_edges_from((edge.source, edge.target) for edge in edges)
        self.leaving: dict[str, list[Edge]] = {node: [] for node in self.graph}
        self.entering: dict[str, list[Edge]] = {node: [] for node in self.graph}
        for edge in edges:
            self.leaving[edge.source].append(edge)
            self.entering[edge.target].append(edge)

    def reached_from(self, starts: Collection[str]) -> set[str]:
        """All nodes a token can come to, the starts included."""
        return self._walk(starts, lambda node: [edge.target for edge in self.leaving[node]])

    def leading_to(self, ends: Collection[str]) -> set[str]:
        """All nodes from which a token can come to one of `ends`, these included."""
        return self._walk(ends, lambda node: [edge.source for edge in self.entering[node]])

    def before(self) -> Mapping[str, int]:
        """Node → the nodes that can run before it, as a bit mask over `positions`; in a loop, itself too."""
        bit = {node: 1 << place for node, place in self.positions().items()}
        condensed = nx.condensation(self.graph)
        masks: dict[int, int] = {}
        result: dict[str, int] = {}
        for group in nx.topological_sort(condensed):
            members = condensed.nodes[group]["members"]
            mask = 0
            for earlier in condensed.predecessors(group):
                mask |= masks[earlier]
            inside = sum(bit[node] for node in members)
            masks[group] = mask | inside
            loops = len(members) > 1 or any(self.graph.has_edge(node, node) for node in members)
            for node in members:
                result[node] = mask | inside if loops else mask
        return result

    def positions(self) -> Mapping[str, int]:
        """Node → its place in the bit masks."""
        return {node: place for place, node in enumerate(self.graph)}

    def restless_loops(self, waiting: Collection[str]) -> list[list[str]]:
        """Loops in which no node waits for anything: they would turn as fast as they can. Nodes in drawing order."""
        rest = self.graph.subgraph(set(self.graph) - set(waiting))
        order = self.positions()
        loops = [
            sorted(group, key=order.__getitem__)
            for group in nx.strongly_connected_components(rest)
            if len(group) > 1 or any(rest.has_edge(node, node) for node in group)
        ]
        return sorted(loops, key=lambda loop: order[loop[0]])[:ASKED_MAX]

    def circles(self, nodes: Collection[str]) -> list[list[str]]:
        """Groups of two or more of these nodes that can all come to one another. Nodes in drawing order."""
        order = self.positions()
        groups = [
            sorted(group.intersection(nodes), key=order.__getitem__)
            for group in nx.strongly_connected_components(self.graph)
        ]
        return sorted((g for g in groups if len(g) > 1), key=lambda group: order[group[0]])

    def avoiding(self, start: str, stops: Collection[str]) -> set[str]:
        """All nodes a token of `start` can come to without passing one of `stops`; these are not counted, nor is `start`
        unless a way leads back."""
        seen: set[str] = set()
        waiting = deque([start])
        while waiting:
            for edge in self.leaving[waiting.popleft()]:
                if edge.target not in seen and edge.target not in stops:
                    seen.add(edge.target)
                    waiting.append(edge.target)
        return seen

    def straying(
        self, splits: Sequence[Split], joins: Sequence[str], ends: Collection[str]
    ) -> list[Straying]:
        """Of each split the first branch, if any, that can end although the next join behind it waits for a sister branch."""
        joins = joins[:ASKED_MAX]
        coming = self._next_joins(joins)
        ending = self._ending_without(joins, ends)
        found = []
        for split in splits[:ASKED_MAX]:
            masks = [_any(coming[edge.target] for edge in branch) for branch in split.branches]
            for place, branch in enumerate(split.branches):
                shared = masks[place] & _any(m for i, m in enumerate(masks) if i != place)
                strayed = next((edge for edge in branch if edge.target in ending), None)
                if shared and strayed is not None:
                    found.append(Straying(split.node, strayed, joins[next(_bits(shared))]))
                    break
        return found

    def _next_joins(self, joins: Sequence[str]) -> Mapping[str, int]:
        """Node → the joins a token there can come to without passing another one; of a join, itself."""
        masks = dict.fromkeys(self.graph, 0)
        for place, join in enumerate(joins):
            masks[join] = 1 << place
        waiting, closed = deque(joins), set(joins)
        while waiting:
            node = waiting.popleft()
            for edge in self.entering[node]:
                source = edge.source
                if source not in closed and masks[source] | masks[node] != masks[source]:
                    masks[source] |= masks[node]
                    waiting.append(source)
        return masks

    def _ending_without(self, joins: Collection[str], ends: Collection[str]) -> set[str]:
        """Nodes from which a token can come to an end without passing a join."""
        closed = set(joins)
        seen = set(ends) - closed
        waiting = deque(seen)
        while waiting:
            for edge in self.entering[waiting.popleft()]:
                if edge.source not in seen and edge.source not in closed:
                    seen.add(edge.source)
                    waiting.append(edge.source)
        return seen

    def starving_joins(self, joins: Sequence[str], splits: Sequence[Split]) -> list[Starving]:
        """Joins that never fill: no split sends tokens to both of two incoming edges.

        Exclusive branches and different starts only ever send one.
        """
        found = []
        for join in joins[:ASKED_MAX]:
            entries = self.entering[join]
            pair = self._never_together(join, entries, splits) if len(entries) > 1 else None
            if pair:
                found.append(Starving(join, entries[pair[0]], entries[pair[1]]))
        return found

    def _never_together(
        self, join: str, entries: Sequence[Edge], splits: Sequence[Split]
    ) -> tuple[int, int] | None:
        can_reach = self._entries_reached(join, entries)
        together = [1 << place for place in range(len(entries))]
        for split in splits:
            masks = [
                _any(self._reached_by(edge, join, entries, can_reach) for edge in branch)
                for branch in split.branches
            ]
            for place, mask in enumerate(masks):
                others = 0
                for other_place, other in enumerate(masks):
                    others |= other if other_place != place else 0
                for entry in _bits(mask):
                    together[entry] |= others
        everything = (1 << len(entries)) - 1
        for entry, mask in enumerate(together):
            if mask != everything:
                return entry, next(_bits(everything & ~mask))
        return None

    def _entries_reached(self, join: str, entries: Sequence[Edge]) -> Mapping[str, int]:
        """Node → which incoming edges of the join a token there can take, not passing the join itself."""
        masks = dict.fromkeys(self.graph, 0)
        for place, edge in enumerate(entries):
            masks[edge.source] |= 1 << place
        waiting = deque(edge.source for edge in entries)
        while waiting:
            node = waiting.popleft()
            if node == join:
                continue
            for edge in self.entering[node]:
                if masks[edge.source] | masks[node] != masks[edge.source]:
                    masks[edge.source] |= masks[node]
                    waiting.append(edge.source)
        return masks

    def _reached_by(
        self, edge: Edge, join: str, entries: Sequence[Edge], can_reach: Mapping[str, int]
    ) -> int:
        if edge.target == join:
            return 1 << entries.index(edge)
        return can_reach[edge.target]

    def doubled_merges(
        self, splits: Sequence[Split], joins: Collection[str], ends: Collection[str]
    ) -> list[Doubled]:
        """The first plain merge, if any, where two branches of each split meet without a join before it."""
        found = []
        for split in splits[:ASKED_MAX]:
            meeting = self._first_meeting(split, joins, ends)
            if meeting is not None:
                found.append(Doubled(split.node, meeting))
        return found

    def _first_meeting(
        self, split: Split, joins: Collection[str], ends: Collection[str]
    ) -> str | None:
        branch_of: dict[str, int] = {}
        waiting = deque(
            (edge.target, place) for place, branch in enumerate(split.branches) for edge in branch
        )
        while waiting:
            node, branch = waiting.popleft()
            if node == split.node or node in joins or node in ends:
                continue
            if node in branch_of:
                if branch_of[node] != branch:
                    return node
                continue
            branch_of[node] = branch
            waiting.extend((edge.target, branch) for edge in self.leaving[node])
        return None

    def _walk(self, start: Collection[str], following: Callable[[str], Iterable[str]]) -> set[str]:
        seen = set(start)
        waiting = deque(seen)
        while waiting:
            for node in following(waiting.popleft()):
                if node not in seen:
                    seen.add(node)
                    waiting.append(node)
        return seen


def _any(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
