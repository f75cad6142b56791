"""Where branches part and meet: joins that never fill or may wait for ever, meetings that run twice, branches that stray."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.graph import Drawing, Split
from headrace.engine.flow.model import Edge
from headrace.engine.flow.playing import Net, Stuck, Way, stuck_joins
from headrace.engine.node import JoinRule

CHOICE_MAX = 4
"""Exits of an inclusive choice of which every combination is tried."""

UNBOUND = frozenset({"timer", "message", "signal"})
"""Events that may send one more token on its way while the step goes on."""


def check_meetings(drawn: Drawn, drawing: Drawing, trusted: Collection[str]) -> None:
    """All about splits and joins. `trusted`: nodes whose settings fit; of the others nobody knows what they wait for."""
    rules = _rules(drawn, trusted)
    waiting = [join for join, rule in rules.items() if rule.mode == "all"]
    always = list(_plain_splits(drawn, drawing))
    perhaps = [*_choices(drawn, drawing, trusted), *_unbound_events(drawn, drawing)]
    unknown = [
        Split(node, tuple((edge,) for edge in drawing.leaving[node]))
        for node in drawn.nodes
        if drawn.type_of(node) is None
    ]
    _check_never(drawn, drawing, waiting, [*always, *unknown, *perhaps])
    _check_numbers(drawn, drawing, rules)
    stuck = _played(drawn, drawing, rules)
    told = _check_straying(drawn, drawing, waiting, always, stuck)
    _check_starving(drawn, drawing, [join for join in waiting if join not in told], always, stuck)
    _check_circles(drawn, drawing, rules)
    _check_doubles(drawn, drawing, [*always, *perhaps])


def _rules(drawn: Drawn, trusted: Collection[str]) -> Mapping[str, JoinRule]:
    found = {}
    for join in drawn.where(lambda t: t.joins):
        node_type = drawn.type_of(join)
        if node_type is not None and join in trusted:
            found[join] = node_type.join(drawn.settings(join))
    return found


# --- where tokens become more --------------------------------------------------------------------


def _plain_splits(drawn: Drawn, drawing: Drawing) -> Iterator[Split]:
    for node in drawn.where(lambda t: t.splits):
        yield Split(node, tuple((edge,) for edge in drawing.leaving[node]))


def _choices(drawn: Drawn, drawing: Drawing, trusted: Collection[str]) -> Iterator[Split]:
    """Inclusive choices: any of the listed exits, but never one of them and an own exit of the type (`else`)."""
    for node in drawn.where(lambda _: True):
        node_type = drawn.type_of(node)
        if node_type is None or node not in trusted or not node_type.several(drawn.settings(node)):
            continue
        alone = {port.name for port in node_type.ports} | {e["id"] for _, e in drawn.events(node)}
        edges = [edge for edge in drawing.leaving[node] if edge.port not in alone]
        yield Split(node, tuple((edge,) for edge in edges))


def _unbound_events(drawn: Drawn, drawing: Drawing) -> Iterator[Split]:
    """A node with an event that does not end it: the step's own exit, and besides that of the event."""
    for node in drawn.nodes:
        unbound = _unbound(drawn, node)
        if unbound:
            leaving = drawing.leaving[node]
            own = tuple(edge for edge in leaving if edge.port not in unbound)
            yield Split(node, (own, *((edge,) for edge in leaving if edge.port in unbound)))


def _unbound(drawn: Drawn, node: str) -> set[str]:
    return {
        event["id"]
        for _, event in drawn.events(node)
        if event.get("interrupting") is False and event["kind"] in UNBOUND
    }


# --- joins ---------------------------------------------------------------------------------------


def _check_never(
    drawn: Drawn, drawing: Drawing, joins: Sequence[str], splits: Sequence[Split]
) -> None:
    for starving in drawing.starving_joins(joins, splits):
        first, second = starving.first, starving.second
        names = [drawn.title(first.source), drawn.title(second.source)]
        drawn.say_of_node(
            starving.join, "join_never_fills", "a split whose branches all lead to this join",
            f"arrows from {names[0]} and {names[1]}, of which only one is ever taken",
            nodes=[first.source, second.source], edges=[first.id, second.id], names=names,
        )  # fmt: skip


def _check_starving(
    drawn: Drawn,
    drawing: Drawing,
    joins: Sequence[str],
    always: Sequence[Split],
    stuck: Mapping[str, Stuck] | None,
) -> None:
    """What was played through is certain; else a join is doubted that only choices and events can fill."""
    pairs: list[tuple[str, Edge, Edge]]
    if stuck is not None:
        pairs = [(found.join, found.come, found.missing) for found in stuck.values()]
    else:
        never = {p.node for p in drawn.problems if p.code == "join_never_fills"}
        starving = drawing.starving_joins([join for join in joins if join not in never], always)
        pairs = [(found.join, found.first, found.second) for found in starving]
    for join, first, second in pairs:
        if join in joins or (stuck is not None and _counts(drawn, join)):
            names = [drawn.title(first.source), drawn.title(second.source)]
            drawn.say_of_node(
                join, "join_may_starve", "a join that waits for what can still come",
                f"arrows from {names[0]} and {names[1]}, which are not always both taken", warning=True,
                nodes=[first.source, second.source], edges=[first.id, second.id], names=names,
            )  # fmt: skip


def _counts(drawn: Drawn, join: str) -> bool:
    node_type = drawn.type_of(join)
    return node_type is not None and node_type.join(drawn.settings(join)).mode != "all"


def _check_numbers(drawn: Drawn, drawing: Drawing, rules: Mapping[str, JoinRule]) -> None:
    for join, rule in rules.items():
        edges = len(drawing.entering[join])
        if rule.mode == "count" and edges and rule.n > edges:
            drawn.say(
                f"{drawn.path(join)}/settings/n", "join_needs_too_many", f"at most {edges}, the arrows into it",
                str(rule.n), node=join, n=rule.n, edges=edges,
            )  # fmt: skip
        if edges == 1 and rule.mode != "tokens":
            drawn.say_of_node(
                join, "join_of_one", "two or more arrows into a join", "one", warning=True
            )


def _check_circles(drawn: Drawn, drawing: Drawing, rules: Mapping[str, JoinRule]) -> None:
    inclusive = [join for join, rule in rules.items() if rule.mode == "inclusive"]
    for circle in drawing.circles(inclusive) if len(inclusive) > 1 else ():
        names = [drawn.title(join) for join in circle[:10]]
        found = f"{' and '.join(names)}, each of which waits for the other"
        drawn.say_of_node(
            circle[0], "inclusive_circle", "no circle of joins that wait for what can still come",
            found, warning=True, nodes=circle[:50], names=names,
        )  # fmt: skip


# --- playing it through ----------------------------------------------------------------------------


def _played(
    drawn: Drawn, drawing: Drawing, rules: Mapping[str, JoinRule]
) -> Mapping[str, Stuck] | None:
    """Joins that can wait for ever; None where nobody can tell: the drawing is not right yet, or too large.

    A node that withdraws others is played as if it came too late: that can always be.
    """
    if any(problem.severity == "error" for problem in drawn.problems):
        return None
    if not rules:
        return {}
    net = Net({node: _ways(drawn, drawing, node) for node in drawn.nodes}, drawing.entering, rules)
    return stuck_joins(net, drawn.where(lambda t: t.starts))


def _ways(drawn: Drawn, drawing: Drawing, node: str) -> Sequence[Way] | None:
    """How a node can be left: by one exit, by all, by some, and by events besides."""
    node_type = drawn.type_of(node)
    edges = drawing.leaving[node]
    if node_type is None or node_type.ends:
        return None if drawn.settings(node).get("terminate") is True else [()]
    unbound = _unbound(drawn, node)
    besides = [edge for edge in edges if edge.port in unbound]
    own = [edge for edge in edges if edge.port not in unbound]
    events = {event["id"] for _, event in drawn.events(node)}
    ways: list[Way]
    if node_type.splits:
        told = drawn.settings(node).get("copies")
        copies = told if type(told) is int else 1
        ways = [tuple(edge for edge in own if edge.port not in events for _ in range(copies))]
        ways += [(edge,) for edge in own if edge.port in events]
    else:
        ways = [(edge,) for edge in own]
        if node_type.several(drawn.settings(node)):
            alone = {port.name for port in node_type.ports} | events
            ways += _some([edge for edge in own if edge.port not in alone], at_least=2)
    return [(*way, *more) for way in ways or [()] for more in _some(besides, at_least=0)]


def _some(edges: Sequence[Edge], *, at_least: int) -> list[Way]:
    """Every choice of several; of many, only the smallest and all."""
    sizes = range(at_least, len(edges) + 1)
    if len(edges) > CHOICE_MAX:
        sizes = range(at_least, at_least + 1)
    found = [way for size in sizes for way in combinations(edges, size)]
    return found if len(edges) <= CHOICE_MAX else [*found, tuple(edges)]


# --- branches ------------------------------------------------------------------------------------


def _check_doubles(drawn: Drawn, drawing: Drawing, splits: Sequence[Split]) -> None:
    joins, ends = set(drawn.where(lambda t: t.joins)), set(drawn.where(lambda t: t.ends))
    for doubled in drawing.doubled_merges(splits, joins, ends):
        found = f"branches of {drawn.title(doubled.split)} that meet here, so that all after it runs twice"
        params = {"split": doubled.split, "names": [drawn.title(doubled.split)]}
        drawn.say_of_node(
            doubled.meeting,
            "runs_twice",
            "a join where branches meet",
            found,
            warning=True,
            **params,
        )


def _check_straying(
    drawn: Drawn,
    drawing: Drawing,
    joins: Sequence[str],
    splits: Sequence[Split],
    stuck: Mapping[str, Stuck] | None,
) -> set[str]:
    """Answers the joins it told about. An end that stops everything leaves nobody waiting."""
    ends = [
        node
        for node in drawn.where(lambda t: t.ends)
        if drawn.settings(node).get("terminate") is not True
    ]
    told = set()
    for straying in drawing.straying(splits, joins, ends):
        if stuck is not None and straying.join not in stuck:
            continue
        told.add(straying.join)
        join, first = drawn.title(straying.join), straying.edge
        drawn.say_of_node(
            straying.split, "branch_strays", f"every branch to reach {join}",
            f"one to {drawn.title(first.target)} that can end before", warning=True,
            edge_id=first.id, join=straying.join, name=join, nodes=[straying.join, first.target],
        )  # fmt: skip
    return told
