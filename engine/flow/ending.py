"""Can these tokens still come to an end? A token game over one version's arrows, data left aside.

Every choice is tried, every join follows its rule (engine.md 5.9). One token is moved at a time until it rests, which finds the
same dead ends as every order would: tokens at plain nodes do not get in one another's way. Bounded by `STATES_MAX`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from headrace.engine.flow.compile import CompiledFlow, CompiledNode

STATES_MAX = 5_000
"""Positions looked at: a drawing of 200 nodes with some loops needs hundreds."""

TOKENS_MAX = 200
"""Tokens at once: a loop that makes more for ever is not followed."""

Counts = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where tokens are: in open steps and before nodes (`at`), on edges, at joins (`marks`, by edge), and open rounds of joins."""

    at: tuple[str, ...] = ()
    edges: tuple[str, ...] = ()
    marks: Counts = ()
    rounds: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Stuck:
    """A join that holds tokens for ever, and the edges on which nothing comes."""

    join: str
    missing: tuple[str, ...]


@dataclass(slots=True)
class Ending:
    """What was found. `can_end`: some way ends; None: given up. `stuck`: ways that end at a join, one a join."""

    can_end: bool | None = False
    stuck: dict[str, Stuck] = field(default_factory=dict)
    endless: tuple[str, ...] = ()
    """Nodes with a token from which no way leads to an end."""


def position(
    at: Iterable[str],
    edges: Iterable[str] = (),
    marks: Mapping[str, int] | None = None,
    rounds: Mapping[str, Iterable[str]] | None = None,
) -> Position:
    """A position whose parts are in their order, so that equal ones are equal."""
    return Position(
        tuple(sorted(at)),
        tuple(sorted(edges)),
        tuple(sorted((edge, n) for edge, n in (marks or {}).items() if n)),
        tuple(sorted((join, tuple(sorted(seen))) for join, seen in (rounds or {}).items())),
    )


def explore(flow: CompiledFlow, start: Position) -> Ending:
    """Look at all ways from here, the nearest end first."""
    found = Ending(endless=tuple(_endless(flow, start)))
    for join in dict.fromkeys(flow.edges[edge].target for edge, _ in start.marks):
        start = _offered(flow, flow.nodes[join], start)
    seen = {start}
    waiting = [start]
    while waiting:
        here = waiting.pop()
        following = list(_following(flow, here))
        if not following:
            stuck = _stuck(flow, here)
            found.can_end = found.can_end or not stuck
            for one in stuck:
                found.stuck.setdefault(one.join, one)
        for there in following:
            if there not in seen:
                seen.add(there)
                waiting.append(there)
        if len(seen) > STATES_MAX:
            found.can_end = found.can_end or None
            break
    return found


def _endless(flow: CompiledFlow, start: Position) -> Iterator[str]:
    ends = {node.id for node in flow.nodes.values() if not node.exits}
    places = [*start.at, *(flow.edges[edge].target for edge in start.edges)]
    for node in dict.fromkeys(places):
        if not flow.reach.leads_to(node, ends):
            yield node


def _following(flow: CompiledFlow, here: Position) -> Iterator[Position]:
    if here.edges:
        edge, rest = here.edges[0], here.edges[1:]
        node = flow.nodes[flow.edges[edge].target]
        left = Position(here.at, rest, here.marks, here.rounds)
        if node.join is not None:
            marks = dict(here.marks)
            marks[edge] = marks.get(edge, 0) + 1
            yield _offered(flow, node, position(left.at, left.edges, marks, dict(left.rounds)))
        else:
            yield from _left(node, left)
        return
    if here.at:
        node = flow.nodes[here.at[0]]
        left = Position(here.at[1:], here.edges, here.marks, here.rounds)
        if node.join is not None:  # a token that a person put before a join goes on by itself
            yield _sent(left, _out(node))
        else:
            yield from _left(node, left)
        return
    quiet = _at_rest(flow, here)
    if quiet is not None:
        yield quiet


def _left(node: CompiledNode, rest: Position) -> Iterator[Position]:
    """A plain node is done: by any of its exits, an inclusive choice also by all of them."""
    if node.type.ends or not node.exits:
        yield Position() if node.settings.get("terminate") is True else rest
        return
    # The usual exit is drawn first; what is given last is looked at first.
    for edges in reversed(list(node.exits.values())):
        sent = [edge.id for edge in edges] * _copies(node)
        if len(rest.edges) + len(sent) <= TOKENS_MAX:
            yield _sent(rest, sent)
    if node.settings.get("mode") == "all" and node.type.ports_from == "branches":
        branches = [row["id"] for row in node.settings.get("branches", ())]
        every = [edge.id for port in branches for edge in node.exits.get(port, ())]
        if every and len(rest.edges) + len(every) <= TOKENS_MAX:
            yield _sent(rest, every)


def _copies(node: CompiledNode) -> int:
    copies = node.settings.get("copies", 1) if node.type.splits else 1
    return copies if isinstance(copies, int) and 1 <= copies <= TOKENS_MAX else 1


def _sent(rest: Position, edges: Iterable[str]) -> Position:
    return Position(rest.at, tuple(sorted([*rest.edges, *edges])), rest.marks, rest.rounds)


def _out(node: CompiledNode) -> list[str]:
    return [edge.id for edge in node.exits.get("out", ())]


def _offered(flow: CompiledFlow, node: CompiledNode, here: Position) -> Position:
    """The join goes on as often as its marks allow (as `run/joins.py` does)."""
    rule = node.join
    assert rule is not None, f"expected a join, but found {node.id}"
    while True:
        marks, rounds = dict(here.marks), dict(here.rounds)
        own = {edge: marks[edge] for edge in node.entries if marks.get(edge)}
        seen = rounds.get(node.id)
        if rule.mode == "inclusive":
            return here
        if rule.mode == "tokens":
            via = [edge for edge, n in own.items() for _ in range(n)][: rule.n]
            if len(via) < rule.n:
                return here
        elif rule.mode == "all":
            via = list(node.entries)
            if len(own) < len(via):
                return here
        elif seen is None:
            via = list(own)
            if not own or len(own) < rule.wanted(len(node.entries)):
                return here
            if len(own) < len(node.entries) and rule.rest != "cancel":
                rounds[node.id] = tuple(via)
        else:
            late = next((edge for edge in own if edge not in seen), None)
            if late is None and not (own and rule.rest == "ignore"):
                return here
            rounds.pop(node.id)
            if late is not None:
                marks[late] -= 1
                if len(seen) + 1 < len(node.entries):
                    rounds[node.id] = tuple(sorted((*seen, late)))
            here = position(here.at, here.edges, marks, rounds)
            continue
        for edge in via:
            marks[edge] -= 1
        here = position(here.at, (*here.edges, *_out(node)), marks, rounds)
        if rule.rest == "cancel" and rule.mode not in {"all", "tokens"}:
            here = _withdrawn(flow, here, flow.reach.between(node.id) | {node.id})


def _withdrawn(flow: CompiledFlow, here: Position, region: frozenset[str]) -> Position:
    return position(
        (node for node in here.at if node not in region),
        (edge for edge in here.edges if flow.edges[edge].target not in region),
        {edge: n for edge, n in here.marks if flow.edges[edge].target not in region},
        {join: seen for join, seen in here.rounds if join not in region},
    )


def _at_rest(flow: CompiledFlow, here: Position) -> Position | None:
    """Nothing moves: an inclusive join takes what it has, a round that nothing can complete is over."""
    marks = dict(here.marks)
    waiting = list(dict.fromkeys(flow.edges[edge].target for edge, _ in here.marks))
    inclusive = [
        node
        for node in map(flow.nodes.__getitem__, waiting)
        if node.join is not None and node.join.mode == "inclusive"
    ]
    if inclusive:
        first = [
            node
            for node in inclusive
            if not any(node.id in flow.reach.behind(o.id) for o in inclusive if o is not node)
        ]
        node = (first or inclusive)[0]
        for edge in node.entries:
            if marks.get(edge):
                marks[edge] -= 1
        return position((), _out(node), marks, dict(here.rounds))
    for join, _ in here.rounds:
        rounds = {other: seen for other, seen in here.rounds if other != join}
        return _offered(flow, flow.nodes[join], position((), (), marks, rounds))
    return None


def _stuck(flow: CompiledFlow, here: Position) -> list[Stuck]:
    """Joins that still hold tokens where nothing moves any more."""
    marks = dict(here.marks)
    joins = dict.fromkeys(flow.edges[edge].target for edge in marks)
    return [
        Stuck(join, tuple(edge for edge in flow.nodes[join].entries if not marks.get(edge)))
        for join in joins
    ]
