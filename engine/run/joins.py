"""When a join goes on (engine.md 5.9). Marks are counted an edge, so that two tokens on one edge never pass for two edges.

Joins that count their edges are asked when a token comes; inclusive ones only at rest, because what can still come depends on
every other token.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from headrace.engine.flow.compile import CompiledNode
from headrace.engine.node import JoinRule
from headrace.engine.run import events as e
from headrace.engine.run.region import withdraw

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def offer(run: Run, node: CompiledNode) -> bool:
    """Let the join go on as often as its marks allow; answers whether anything has changed."""
    changed = False
    while _once(run, node):
        changed = True
    return changed


def _once(run: Run, node: CompiledNode) -> bool:
    rule = _rule(node)
    marks = run.instance.marks.get(node.id, {})
    match rule.mode:
        case "inclusive":
            return False
        case "tokens":
            tokens = [edge for edge, n in marks.items() for _ in range(n)]
            if len(tokens) < rule.n:
                return False
            run.fire_join(node, tokens[: rule.n])
        case "all":
            if any(edge not in marks for edge in node.entries):
                return False
            run.fire_join(node, node.entries)
        case _:
            return _counted(run, node, rule)
    return True


def _counted(run: Run, node: CompiledNode, rule: JoinRule) -> bool:
    instance = run.instance
    come = instance.marks.get(node.id, {})
    seen = instance.rounds.get(node.id)
    if seen is None:
        if not come or len(come) < rule.wanted(len(node.entries)):
            return False
        via = tuple(come)
        if rule.rest == "cancel":
            # First the branches, then the new way: what is sent on must not be taken for a branch.
            withdraw(run, run.flow.reach.between(node.id))
            coming = [edge for edge in instance.pending if edge in node.entries]
            surplus = {edge: n - 1 for edge, n in come.items() if n > 1}
            if coming or surplus:
                run.emit(e.TokensRemoved(coming, {node.id: surplus} if surplus else {}))
            run.fire_join(node, via)
        else:
            run.fire_join(node, via, opens=len(via) < len(node.entries))
        return True
    late = next((edge for edge in come if edge not in seen), None)
    if late is not None:
        run.emit(e.TokenAbsorbed(late, node.id, len(seen) + 1 == len(node.entries)))
        return True
    if come and rule.rest == "ignore":
        # The same edge again: its branch is in the next round, and so is the join.
        run.emit(e.RoundEnded(node.id))
        return True
    return False


def at_rest(run: Run) -> bool:
    """Inclusive joins, and rounds whose missing edges nothing can reach; answers whether anything has changed."""
    for join in list(run.instance.marks):
        node = run.flow.nodes[join]
        if _rule(node).mode == "inclusive" and _enabled(run, node):
            run.fire_join(node, tuple(run.instance.marks[join]))
            return True
    for join, seen in list(run.instance.rounds.items()):
        node = run.flow.nodes[join]
        missing = [edge for edge in node.entries if edge not in seen]
        if not any(_can_come(run, join, edge) for edge in missing):
            run.emit(e.RoundEnded(join))
            if offer(run, node):
                return True
    return False


def _enabled(run: Run, node: CompiledNode) -> bool:
    """BPMN 2.0, 13.4.3: no token can come to an empty edge unless it can come to a marked one as well."""
    marks = run.instance.marks[node.id]
    reach = run.flow.reach
    empty = [edge for edge in node.entries if edge not in marks]
    for place in live(run, node.id):
        if any(place in reach.to_edge(node.id, edge) for edge in empty) and not any(
            place in reach.to_edge(node.id, edge) for edge in marks
        ):
            return False
    return True


def force(run: Run) -> bool:
    """Nothing is open and inclusive joins wait for one another: the one that no other can reach goes on, else the first drawn."""
    waiting = [
        join for join in run.flow.nodes if join in run.instance.marks
        and _rule(run.flow.nodes[join]).mode == "inclusive"
    ]  # fmt: skip
    if not waiting:
        return False
    reach = run.flow.reach
    free = [
        join
        for join in waiting
        if not any(join in reach.behind(other) for other in waiting if other != join)
    ]
    chosen = (free or waiting)[0]
    run.fire_join(run.flow.nodes[chosen], tuple(run.instance.marks[chosen]), forced=True)
    return True


def live(run: Run, join: str) -> Iterator[str]:
    """Where tokens are at rest, other than at this join: open steps and other joins."""
    for step in run.instance.steps.values():
        yield step.node
    for other in run.instance.marks:
        if other != join:
            yield other


def _can_come(run: Run, join: str, edge: str) -> bool:
    return any(place in run.flow.reach.to_edge(join, edge) for place in live(run, join))


def stuck(run: Run) -> Iterator[tuple[str, str]]:
    """Joins that hold tokens and will never go on: (join, what is wrong)."""
    for join, marks in run.instance.marks.items():
        node = run.flow.nodes[join]
        missing = ", ".join(edge for edge in node.entries if edge not in marks) or "its edges"
        rule = _rule(node)
        if rule.mode == "all":
            expected = f"a token on every edge into {join}"
        elif rule.mode == "tokens":
            expected = f"{rule.n} tokens at {join}"
        else:
            expected = f"tokens on {rule.wanted(len(node.entries))} edges into {join}"
        yield join, f"expected {expected}, but nothing can arrive any more on {missing}"


def restore(run: Run, again: frozenset[str]) -> None:
    """After a rewind: edges that only branches outside `again` lead to count as come, if nothing is under way to them."""
    restored: dict[str, Sequence[str]] = {}
    for join in sorted(again):
        node = run.flow.nodes[join]
        if node.join is None or node.join.mode in {"inclusive", "tokens"}:
            continue
        marks = run.instance.marks.get(join, {})
        missing = [
            edge
            for edge in node.entries
            if edge not in marks
            and run.flow.edges[edge].source not in again
            and not _can_come(run, join, edge)
        ]
        if missing:
            restored[join] = missing
    if restored:
        run.emit(e.MarksRestored(restored))


def _rule(node: CompiledNode) -> JoinRule:
    return node.join or JoinRule()
