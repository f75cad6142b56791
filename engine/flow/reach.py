"""Which tokens can still come where: asked by joins that need not wait for every edge, and by what withdraws a region.

All answers are about one version's arrows; each is worked out once, when first asked, and kept with the compiled version.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import networkx as nx

if TYPE_CHECKING:
    from headrace.engine.flow.compile import CompiledNode
    from headrace.engine.flow.model import Edge


class Reach:
    """Reachability on a compiled flow. Arrows to nodes that undo others are no ways for tokens."""

    def __init__(self, nodes: Mapping[str, CompiledNode], edges: Mapping[str, Edge]) -> None:
        self._edges = edges
        self._entries = {id_: node.entries for id_, node in nodes.items()}
        self._graph: nx.DiGraph[Any] = nx.DiGraph()
        self._graph.add_nodes_from(nodes)
        for node in nodes.values():
            for leaving in node.exits.values():
                self._graph.add_edges_from((node.id, edge.target) for edge in leaving)
        self._starts = [id_ for id_, node in nodes.items() if node.type.starts]
        # Kept with this object, so that a version that is thrown out takes its answers along.
        self.to_edge = cache(self._to_edge)
        self.behind = cache(self._behind)
        self.between = cache(self._between)
        self.onward = cache(self._onward)

    def _to_edge(self, join: str, edge: str) -> frozenset[str]:
        """Nodes from which a token can come to this edge of the join without passing the join."""
        without = self._graph.subgraph(node for node in self._graph if node != join)
        source = self._edges[edge].source
        if source == join:
            return frozenset()
        return frozenset(nx.ancestors(without, source) | {source})

    def _behind(self, node: str) -> frozenset[str]:
        """The node and all that a token can come to from it."""
        return frozenset(nx.descendants(self._graph, node) | {node})

    def _onward(self, node: str) -> frozenset[str]:
        """The node and all that a token comes to from it without going back: edges that close a loop are left out.

        They are those to a node that every way to them passes. A loop with two ways in has none; there it is as `behind`.
        """
        if self._loops:
            return self.behind(node)
        return frozenset(nx.descendants(self._forward, node) | {node})

    @cached_property
    def _forward(self) -> nx.DiGraph[Any]:
        """The drawing without the edges that close loops."""
        root = "\0"
        graph: nx.DiGraph[Any] = nx.DiGraph(self._graph.edges)
        graph.add_nodes_from(self._graph)
        graph.add_edges_from((root, start) for start in self._starts)
        above = nx.immediate_dominators(graph, root)

        def passes(node: str, wanted: str) -> bool:
            while node not in (root, wanted) and node in above and above[node] is not None:
                node = above[node]
            return node == wanted

        forward: nx.DiGraph[Any] = nx.DiGraph()
        forward.add_nodes_from(self._graph)
        forward.add_edges_from(
            (source, target) for source, target in self._graph.edges if not passes(source, target)
        )
        return forward

    @cached_property
    def _loops(self) -> bool:
        """Are there loops with several ways in?"""
        return not nx.is_directed_acyclic_graph(self._forward)

    def _between(self, join: str) -> frozenset[str]:
        """The branches that meet at the join: on a way to it from the last node that every way to it passes.

        A way passes neither twice, so that what lies behind the join is no branch of it, even if it leads back into one.
        """
        split = self._last_common(join)
        ahead = self._graph.subgraph(node for node in self._graph if node != split)
        if join not in ahead:
            return frozenset()
        branches = set(nx.ancestors(ahead, join))
        fresh = self._graph.subgraph(node for node in self._graph if node != join)
        begins = self._starts if split is None else [split]
        reached: set[str] = set()
        for begin in begins:
            if begin in fresh:
                reached |= nx.descendants(fresh, begin) | {begin}
        return frozenset((branches & reached) - {join, split})

    def _last_common(self, join: str) -> str | None:
        graph: nx.DiGraph[Any] = nx.DiGraph(self._graph.edges)
        graph.add_nodes_from(self._graph)
        root = "\0"  # no node has this name: several starts get one common root
        graph.add_edges_from((root, start) for start in self._starts)
        found = nx.immediate_dominators(graph, root).get(join)
        return None if found in (None, root, join) else str(found)

    def leads_to(self, node: str, goals: Collection[str]) -> bool:
        """Can a token at `node` come to one of `goals`?"""
        return not self.behind(node).isdisjoint(goals)
