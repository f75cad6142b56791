"""Where branches part and meet: joins that never fill or may wait for ever, meetings that run twice, branches that stray."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from headrace.engine.flow.drawing import Drawn
from headrace.engine.flow.graph import Drawing, Split, Starving
from headrace.engine.flow.model import Edge
from headrace.engine.node import JoinRule

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
    _check_filling(drawn, drawing, waiting, [*always, *unknown], perhaps)
    _check_numbers(drawn, drawing, rules)
    _check_circles(drawn, drawing, rules)
    _check_doubles(drawn, drawing, [*always, *perhaps])
    _check_straying(drawn, drawing, waiting, always)


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
        unbound = {
            event["id"]
            for _, event in drawn.events(node)
            if event.get("interrupting") is False and event["kind"] in UNBOUND
        }
        if unbound:
            leaving = drawing.leaving[node]
            own = tuple(edge for edge in leaving if edge.port not in unbound)
            yield Split(node, (own, *((edge,) for edge in leaving if edge.port in unbound)))


# --- joins ---------------------------------------------------------------------------------------


def _check_filling(
    drawn: Drawn,
    drawing: Drawing,
    joins: Sequence[str],
    always: Sequence[Split],
    perhaps: Sequence[Split],
) -> None:
    never = drawing.starving_joins(joins, [*always, *perhaps])
    for starving in never:
        names = _titles(drawn, starving)
        drawn.say_of_node(
            starving.join, "join_never_fills", "a split whose branches all lead to this join",
            f"arrows from {names[0]} and {names[1]}, of which only one is ever taken",
            nodes=[starving.first.source, starving.second.source],
            edges=[starving.first.id, starving.second.id], names=names,
        )  # fmt: skip
    if not perhaps:
        return
    told = {starving.join for starving in never}
    for starving in drawing.starving_joins(joins, always):
        if starving.join in told:
            continue
        names = _titles(drawn, starving)
        found = f"arrows from {names[0]} and {names[1]}, which are not always both taken"
        drawn.say_of_node(
            starving.join, "join_may_starve", "a join that waits for what can still come", found, warning=True,
            nodes=[starving.first.source, starving.second.source],
            edges=[starving.first.id, starving.second.id], names=names,
        )  # fmt: skip


def _titles(drawn: Drawn, starving: Starving) -> list[str]:
    return [drawn.title(starving.first.source), drawn.title(starving.second.source)]


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
    drawn: Drawn, drawing: Drawing, joins: Sequence[str], splits: Sequence[Split]
) -> None:
    """An end that stops everything leaves nobody waiting."""
    ends = [
        node
        for node in drawn.where(lambda t: t.ends)
        if drawn.settings(node).get("terminate") is not True
    ]
    for straying in drawing.straying(splits, joins, ends):
        join = drawn.title(straying.join)
        first: Edge = straying.edge
        drawn.say_of_node(
            straying.split, "branch_strays", f"every branch to reach {join}",
            f"one to {drawn.title(first.target)} that can end before", warning=True,
            edge_id=first.id, join=straying.join, name=join, nodes=[straying.join, first.target],
        )  # fmt: skip
