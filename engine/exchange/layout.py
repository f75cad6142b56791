"""Places for nodes that have none: layers by the longest way from a start, rows by the middle of what leads there.

The designer's own layout (dagre) is better and a click away; this one makes a file without a drawing readable at once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import networkx as nx

STEP_X = 300
STEP_Y = 130
SWEEPS = 4


def laid_out(document: dict[str, Any], leave: Collection[str] = ()) -> dict[str, Any]:
    """The document with a place for every node but those to `leave`. Where some have one, the rest stand below them."""
    nodes = document["nodes"]
    without = [node["id"] for node in nodes if "position" not in node and node["id"] not in leave]
    if not without:
        return document
    placed = [node["position"] for node in nodes if "position" in node]
    top = max((place["y"] for place in placed), default=-STEP_Y * 1.5) + STEP_Y * 1.5
    left = min((place["x"] for place in placed), default=0)
    places = _layers(without, document["edges"])
    for node in nodes:
        if node["id"] in places:
            layer, row = places[node["id"]]
            node["position"] = {"x": left + layer * STEP_X, "y": round(top + row * STEP_Y)}
    return document


def _layers(ids: Sequence[str], edges: Sequence[Mapping[str, Any]]) -> dict[str, tuple[int, float]]:
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(ids)
    wanted = set(ids)
    graph.add_edges_from(
        (edge["from"], edge["to"]) for edge in edges if {edge["from"], edge["to"]} <= wanted
    )
    layer = _ranks(graph)
    rows: dict[int, list[str]] = {}
    for id_ in ids:
        rows.setdefault(layer[id_], []).append(id_)
    for _ in range(SWEEPS):
        _sweep(rows, graph, forwards=True)
        _sweep(rows, graph, forwards=False)
    return {
        id_: (number, place - (len(row) - 1) / 2)
        for number, row in rows.items()
        for place, id_ in enumerate(row)
    }


def _ranks(graph: nx.DiGraph[str]) -> dict[str, int]:
    """The longest way to each, ways back left out (found by walking in depth from where nothing leads)."""
    seen: set[str] = set()
    under: set[str] = set()
    back: list[tuple[str, str]] = []
    starts = [node for node in graph if graph.in_degree(node) == 0]
    for start in [*starts, *graph]:
        if start in seen:
            continue
        seen.add(start)
        under.add(start)
        stack = [(start, iter(graph.successors(start)))]
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                under.discard(node)
            elif following in under:
                back.append((node, following))
            elif following not in seen:
                seen.add(following)
                under.add(following)
                stack.append((following, iter(graph.successors(following))))
    straight = graph.copy()
    straight.remove_edges_from(back)
    ranks: dict[str, int] = {}
    for node in nx.topological_sort(straight):
        ranks[node] = max((ranks[before] + 1 for before in straight.predecessors(node)), default=0)
    return ranks


def _sweep(rows: dict[int, list[str]], graph: nx.DiGraph[str], *, forwards: bool) -> None:
    for number in sorted(rows, reverse=not forwards):
        place = {id_: index for row in rows.values() for index, id_ in enumerate(row)}
        rows[number].sort(key=lambda id_: _middle(id_, place, graph, forwards))


def _middle(id_: str, place: Mapping[str, int], graph: nx.DiGraph[str], forwards: bool) -> float:
    near = list(graph.predecessors(id_) if forwards else graph.successors(id_))
    if not near:
        return float(place[id_])
    return sum(place[other] for other in near) / len(near)
