"""Questions about the arrows: what is reached, what comes before, which joins never fill, which loops never rest.

Asked when a draft is checked and a version published, never while an instance runs. Nodes that lie at arrows' ends must
exist; dangling arrows are sorted out before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from headrace.engine.flow.model import Edge

ASKED_MAX = 200
"""Splits, joins and loops looked at in one check: each costs a walk over the drawing, and a person mends a few."""


@dataclass(frozen=True, slots=True)
class Starving:
    """A join, and two of its incoming edges that never both carry a token."""

    join: str
    first: Edge
    second: Edge


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

    def starving_joins(self, joins: Sequence[str], splits: Sequence[str]) -> list[Starving]:
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
        self, join: str, entries: Sequence[Edge], splits: Sequence[str]
    ) -> tuple[int, int] | None:
        can_reach = self._entries_reached(join, entries)
        together = [1 << place for place in range(len(entries))]
        for split in splits:
            masks = [
                self._reached_by(edge, join, entries, can_reach) for edge in self.leaving[split]
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
        self, splits: Sequence[str], joins: Collection[str], ends: Collection[str]
    ) -> list[Doubled]:
        """The first plain merge, if any, where two branches of each split meet without a join before it."""
        found = []
        for split in splits[:ASKED_MAX]:
            meeting = self._first_meeting(split, joins, ends)
            if meeting is not None:
                found.append(Doubled(split, meeting))
        return found

    def _first_meeting(
        self, split: str, joins: Collection[str], ends: Collection[str]
    ) -> str | None:
        branch_of: dict[str, int] = {}
        waiting = deque((edge.target, branch) for branch, edge in enumerate(self.leaving[split]))
        while waiting:
            node, branch = waiting.popleft()
            if node == split or node in joins or node in ends:
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


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
