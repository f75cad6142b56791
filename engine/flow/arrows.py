"""The arrows of a document, one by one and as a whole: ends, exits, ways and loops. Joins: `meetings.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.graph import Drawing
from headrace.engine.flow.model import Edge
from headrace.engine.flow.wording import closest, listed
from headrace.engine.node import NodeType, Port, Text


def check_edges(drawn: Drawn) -> None:
    """Arrows whose ends exist go into `drawn.edges`, or `drawn.undoing`; the others are problems."""
    for index, item in drawn.records("edges"):
        edge_id, source, target = item.get("id"), item.get("from"), item.get("to")
        port = item.get("port", "out")
        texts = (edge_id, source, target, port)
        if not all(isinstance(text, str) for text in texts):
            continue  # the format said so
        edge = Edge(str(edge_id), str(source), str(port), str(target))
        if _ends_exist(drawn, index, edge):
            event = drawn.event(edge.source, edge.port)
            undoes = event is not None and event["kind"] == "compensation"
            (drawn.undoing if undoes else drawn.edges).append((index, edge))
            if undoes:
                drawn.handlers[edge.target] = edge.source
            _check_direction(drawn, index, edge)


def _ends_exist(drawn: Drawn, index: int, edge: Edge) -> bool:
    exist = True
    for end, node in (("from", edge.source), ("to", edge.target)):
        if node not in drawn.nodes:
            exist = False
            found, near = f"{node}, which does not exist", closest(node, drawn.nodes)
            drawn.say(
                f"/edges/{index}/{end}",
                "edge_dangling",
                "a node",
                found,
                edge=edge.id,
                id=node,
                closest=near,
            )
    return exist


def _check_direction(drawn: Drawn, index: int, edge: Edge) -> None:
    source, target = drawn.type_of(edge.source), drawn.type_of(edge.target)
    if target is not None and target.starts:
        path, found = f"/edges/{index}/to", f"one into {drawn.title(edge.target)}"
        drawn.say(
            path,
            "edge_into_start",
            "no arrow into a start",
            found,
            node=edge.target,
            edge=edge.id,
            id=edge.target,
        )
    if source is not None and source.ends:
        path, found = f"/edges/{index}/from", f"one out of {drawn.title(edge.source)}"
        drawn.say(
            path,
            "edge_out_of_end",
            "no arrow out of an end",
            found,
            node=edge.source,
            edge=edge.id,
            id=edge.source,
        )


# --- exits ---------------------------------------------------------------------------------------


def check_ports(drawn: Drawn, trusted: Collection[str]) -> None:
    """Every arrow leaves by an exit that is there and free, every required exit is connected.

    `trusted`: nodes whose settings fit; others may have any exits where settings decide which there are.
    """
    leaving: dict[str, dict[str, list[tuple[int, Edge]]]] = {node: {} for node in drawn.nodes}
    for index, edge in (*drawn.edges, *drawn.undoing):
        leaving[edge.source].setdefault(edge.port, []).append((index, edge))
    for node, by_port in leaving.items():
        node_type = drawn.type_of(node)
        if node_type is None or node_type.ends:
            continue
        if node in trusted or not (node_type.ports_from or node_type.ports_by):
            _check_exits(drawn, node, node_type, by_port, drawn.nodes[node].get("settings"))


def _check_exits(
    drawn: Drawn,
    node: str,
    node_type: NodeType,
    by_port: Mapping[str, Sequence[tuple[int, Edge]]],
    settings: object,
) -> None:
    own = node_type.ports_for(settings if isinstance(settings, Mapping) else {})
    events = {item["id"]: Port(item["id"], _title(item)) for _, item in drawn.events(node)}
    ports = {port.name: port for port in own} | events
    for name, edges in by_port.items():
        if name not in ports:
            _unknown_exit(drawn, node, name, edges, list(ports))
        elif len(edges) > 1 and (name in events or not node_type.splits):
            for index, edge in edges[1:]:
                expected, path = f"one arrow from the exit {name}", f"/edges/{index}/port"
                drawn.say(
                    path,
                    "port_taken",
                    expected,
                    str(len(edges)),
                    node=node,
                    edge=edge.id,
                    port=name,
                )
    for name, port in ports.items():
        undoes = node in drawn.handlers and name not in events  # what undoes leads nowhere
        if port.required and name not in by_port and not undoes:
            expected = f"an arrow from the exit {name}"
            drawn.say_of_node(
                node, "port_unconnected", expected, "none", port=name, title=dict(port.title)
            )


def _title(event: Mapping[str, Any]) -> Text:
    title = event.get("title")
    return title if isinstance(title, Mapping) and title else {"en": event["id"]}


def _unknown_exit(
    drawn: Drawn, node: str, name: str, edges: Sequence[tuple[int, Edge]], known: list[str]
) -> None:
    expected, near = f"one of the exits {listed(known)}", closest(name, known)
    for index, edge in edges:
        path = f"/edges/{index}/port"
        drawn.say(
            path,
            "port_unknown",
            expected,
            name,
            node=node,
            edge=edge.id,
            port=name,
            known=known,
            closest=near,
        )


# --- the drawing as a whole ----------------------------------------------------------------------


def check_ways(drawn: Drawn, drawing: Drawing) -> None:
    """Ways from start to end, loops."""
    if isinstance(drawn.document.get("nodes"), list):
        _check_ways(drawn, drawing)
    _check_loops(drawn, drawing)


def _check_ways(drawn: Drawn, drawing: Drawing) -> None:
    # A node of an unknown type could be a start or an end: its one problem must not become twenty.
    unknown = [node for node in drawn.nodes if drawn.type_of(node) is None]
    starts = drawn.where(lambda t: t.starts) + unknown
    ends = drawn.where(lambda t: t.ends) + unknown
    if not starts:
        drawn.say("/nodes", "no_start", "a node that starts the flow", "none")
    if not ends:
        drawn.say("/nodes", "no_end", "a node that ends the flow", "none")
    reached = drawing.reached_from(starts)
    leading = drawing.leading_to(ends)
    handlers = drawn.handlers
    for node in drawn.nodes:
        if node in handlers:
            continue
        if starts and node not in reached:
            drawn.say_of_node(node, "unreachable", "a way from a start to here", "none")
        elif ends and node in reached and node not in leading and drawing.leaving[node]:
            drawn.say_of_node(node, "no_way_to_end", "a way from here to an end", "none")


def _check_loops(drawn: Drawn, drawing: Drawing) -> None:
    bounded = [node for node, item in drawn.nodes.items() if type(item.get("visits_max")) is int]
    unknown = [node for node in drawn.nodes if drawn.type_of(node) is None]
    resting = {*drawn.where(lambda t: t.waits or t.unfinished), *bounded, *unknown}
    for loop in drawing.restless_loops(resting):
        names = [drawn.title(node) for node in loop[:10]]
        expected = "a node that waits, or a bound of visits, in every loop"
        found = f"none in {' → '.join(names)}"
        drawn.say_of_node(
            loop[0], "loop_without_wait", expected, found, nodes=loop[:50], names=names
        )
