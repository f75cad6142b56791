"""Taking a running instance to another version: what maps onto what, and the proof that it can still come to an end. Pure.

Nothing here changes the instance: `prepare` answers the wish (`commands.Migrate`) and every trouble with it; a trouble of
severity `error` forbids the migration, a `warning` is for the person who decides.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow, CompiledNode
from headrace.engine.flow.ending import Ending, Position, explore, position
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.flow.model import Edge
from headrace.engine.node import Context, WaitUntil
from headrace.engine.people.working_hours import BusinessTime
from headrace.engine.run import commands as c
from headrace.engine.run.state import Instance, Step, step_key


@dataclass(frozen=True, slots=True)
class Plan:
    """How to get to `version`. `nodes` and `edges`: old id → new id where they differ."""

    version: int
    nodes: Mapping[str, str] = field(default_factory=dict)
    edges: Mapping[str, str] = field(default_factory=dict)
    timers: Literal["keep", "reset"] = "keep"
    variables: Mapping[str, str] = field(default_factory=dict)
    """Name → an expression over the variables as they are."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing about one instance."""

    code: str
    message: str
    node: str | None = None
    edge: str | None = None
    severity: Literal["error", "warning"] = "error"

    def as_json(self) -> dict[str, Any]:
        """As a report keeps it."""
        return {
            "code": self.code,
            "message": self.message,
            "node": self.node,
            "edge": self.edge,
            "severity": self.severity,
        }


@dataclass(slots=True)
class Checked:
    """What a migration would do to one instance."""

    wish: c.Migrate
    troubles: list[Trouble]
    may_stick: tuple[str, ...] = ()
    """Joins at which some way ends; where that was so before, it is no trouble of the migration."""

    @property
    def ok(self) -> bool:
        """May it be migrated?"""
        return not any(trouble.severity == "error" for trouble in self.troubles)


class Prover:
    """`explore`, remembered: thousands of instances stand in a few positions."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Position], Ending] = {}

    def __call__(self, flow: CompiledFlow, where: Position) -> Ending:
        """What is known about this position."""
        key = (flow.version, where)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = explore(flow, where)
        return found


def prepare(
    instance: Instance,
    old: CompiledFlow,
    new: CompiledFlow,
    plan: Plan,
    *,
    by: str,
    now_ms: int,
    busy: Collection[int] = (),
    withdrawn: Collection[str] = (),
    prove: Prover | None = None,
    calendar: BusinessTime | None = None,
) -> Checked:
    """Map all live tokens and say what is wrong. `busy`: steps whose job a worker is at; `withdrawn`: nodes whose step was
    withdrawn while a worker was at it; `calendar`: counts business time."""
    mapping = _Mapping(instance, old, new, plan)
    mapping.calendar = calendar
    mapping.check(busy)
    mapping.check_withdrawn(withdrawn)
    variables = mapping.variables(now_ms)
    timers = mapping.timers(variables, now_ms) if plan.timers == "reset" else []
    if not any(trouble.severity == "error" for trouble in mapping.troubles):
        mapping.prove(prove or Prover())
    wish = c.Migrate(
        plan.version, mapping.nodes, mapping.edges, variables or None, by, timers, (), mapping.jobs,
        [[step] for step in mapping.limits],
    )  # fmt: skip
    return Checked(wish, mapping.troubles, mapping.may_stick)


class _Mapping:
    def __init__(
        self, instance: Instance, old: CompiledFlow, new: CompiledFlow, plan: Plan
    ) -> None:
        self.instance = instance
        self.old = old
        self.new = new
        self.plan = plan
        self.troubles: list[Trouble] = []
        self.calendar: BusinessTime | None = None
        self.jobs: list[int] = []
        """Steps whose job is made anew, because its node's settings differ."""
        self.limits: list[int] = []
        """Steps whose task's time limits begin anew."""
        self.may_stick: tuple[str, ...] = ()
        self.nodes: dict[str, str] = {}
        """Live nodes that get another id."""
        self.edges: dict[str, str] = {}

    # --- mapping ------------------------------------------------------------------------------------

    def node_of(self, id_: str) -> str:
        return self.plan.nodes.get(id_, id_)

    def edge_of(self, id_: str) -> str | None:
        """The new edge: as told, else the one between the same ends, else the same id out of the same port."""
        if id_ in self.plan.edges:
            return self.plan.edges[id_]
        edge = self.old.edges[id_]
        source, target = self.node_of(edge.source), self.node_of(edge.target)
        leaving = (
            self.new.nodes[source].exits.get(edge.port, ()) if source in self.new.nodes else ()
        )
        for found in leaving:
            if found.target == target:
                return found.id
        join = self.new.nodes.get(target)
        if join is not None and join.join is not None:
            return self._entry_for(edge, join)
        return id_ if any(found.id == id_ for found in leaving) else None

    def _entry_for(self, edge: Edge, join: CompiledNode) -> str | None:
        """A token at a join whose branch has grown or shrunk before it: the one new edge that no other branch takes."""
        source = self.node_of(edge.source)
        others = {
            (self.node_of(one.source), one.port)
            for one in map(self.old.edges.__getitem__, self.old.nodes[edge.target].entries)
            if one is not edge
        }
        free = [
            entry
            for entry in join.entries
            if (self.new.edges[entry].source, self.new.edges[entry].port) not in others
            and source in self.new.reach.to_edge(join.id, entry)
        ]
        return free[0] if len(free) == 1 else None

    def check(self, busy: Collection[int]) -> None:
        """All that must have a place in the new version has one that fits."""
        instance = self.instance
        if instance.cancelling or instance.undoing:
            self._error("compensating", "expected an instance that is not undoing what it did")
        taken: dict[str, str] = {}
        for id_ in self._live_nodes():
            target = self.node_of(id_)
            if target not in self.new.nodes:
                self._error(
                    "node_gone",
                    f"expected the node {id_} in version {self.new.version} or a mapping, but found neither",
                    node=id_,
                )
                continue
            if taken.setdefault(target, id_) != id_:
                self._error(
                    "nodes_merged",
                    f"expected one node for each, but {taken[target]} and {id_} both map to {target}",
                    node=id_,
                )
            if target != id_:
                self.nodes[id_] = target
        remembered = {*instance.visits, *instance.approvals, *instance.touched, *instance.comebacks}
        remembered |= {
            s.task.back["node"] for s in instance.steps.values() if s.task and s.task.back
        }
        for id_ in remembered & self.plan.nodes.keys():
            self.nodes[id_] = self.plan.nodes[id_]
        for step in instance.steps.values():
            if self.node_of(step.node) in self.new.nodes and step.node in self.old.nodes:
                self._check_step(step, busy)
        self._check_joins()
        self._check_undo()

    def _live_nodes(self) -> Iterator[str]:
        instance = self.instance
        places: Iterable[str] = (
            *(step.node for step in instance.steps.values()),
            *instance.marks,
            *instance.rounds,
            *instance.placed,
            *((instance.start_at,) if instance.start_at else ()),
            *(node for step, node in instance.incidents.values() if node),
        )
        return iter(dict.fromkeys(places))

    def _check_step(self, step: Step, busy: Collection[int]) -> None:
        was, is_ = self.old.nodes[step.node], self.new.nodes[self.node_of(step.node)]
        if was.type.name != is_.type.name and not _only_wait(step, was, is_):
            self._error(
                "type_changed",
                f"expected {is_.id} to be of type {was.type.name}, which the open step waits for ({step.wait or 'incident'}), "
                f"but found {is_.type.name}, which cannot take that answer",
                node=step.node,
            )
            return
        lost = sorted(was.connected - is_.connected - {"error", "returned"})
        if lost:
            self._error(
                "exit_gone",
                f"expected the exits {', '.join(lost)} of {is_.id}, by which the open step may leave, but they lead nowhere",
                node=step.node,
            )
        for id_, event in was.events.items():
            if is_.events.get(id_, {}).get("kind") != event["kind"]:
                self._error(
                    "event_gone",
                    f"expected the event {id_} at {is_.id}, which the open step listens for, but found none",
                    node=step.node,
                )
        if new_events := sorted(is_.events.keys() - was.events.keys()):
            self._warn(
                "event_not_armed",
                f"the events {', '.join(new_events)} of {is_.id} count from the next visit, not for the open step",
                node=step.node,
            )
        if step.wait == "job" and was.settings != is_.settings:
            if step.id in busy:
                self._error(
                    "job_running",
                    f"expected no worker at {step.node}, whose settings change, but one is at it: try again later",
                    node=step.node,
                )
            if not self.instance.suspended:  # a resumed job reads the new settings by itself
                self.jobs.append(step.id)
        elif step.wait not in {"job", "timer", ""} and was.settings != is_.settings:
            self._warn(
                "settings_later",
                f"what {is_.id} asks has changed; the open step goes on as it was asked",
                node=step.node,
            )

    def _check_joins(self) -> None:
        instance = self.instance
        entries = [
            *((join, edge) for join, marks in instance.marks.items() for edge in marks),
            *((join, edge) for join, seen in instance.rounds.items() for edge in seen),
        ]
        for join in dict.fromkeys(join for join, _ in entries):
            target = self.new.nodes.get(self.node_of(join))
            if target is not None and target.join is None:
                self._error(
                    "not_a_join", f"expected {target.id} to be a join, where tokens wait", node=join
                )
        taken: dict[str, str] = {}
        for edge in dict.fromkeys([*(edge for _, edge in entries), *instance.pending]):
            self._map_edge(edge, taken)
        for join, edge in entries:
            target = self.new.nodes.get(self.node_of(join))
            found = self.edges.get(edge, edge)
            if target is not None and target.join is not None and found not in target.entries:
                self._error(
                    "mark_gone",
                    f"expected an edge into {target.id} for the token that came by {edge}, but found none",
                    node=join,
                    edge=edge,
                )

    def _map_edge(self, edge: str, taken: dict[str, str]) -> None:
        target = self.edge_of(edge)
        if target is None or target not in self.new.edges:
            self._error(
                "edge_gone",
                f"expected the edge {edge} in version {self.new.version} or a mapping, but found neither",
                edge=edge,
                node=self.old.edges[edge].target,
            )
            return
        if taken.setdefault(target, edge) != edge:
            self._error(
                "edges_merged",
                f"expected one edge for each, but {taken[target]} and {edge} both map to {target}",
                edge=edge,
            )
        if target != edge:
            self.edges[edge] = target

    def _check_undo(self) -> None:
        for _, node, handler, _ in self.instance.undo:
            for id_ in (node, handler):
                target = self.node_of(id_)
                if target not in self.new.nodes:
                    self._error(
                        "undo_gone",
                        f"expected the node {id_}, by which something done can be undone, in version {self.new.version}",
                        node=id_,
                    )
                elif target != id_:
                    self.nodes[id_] = target

    def check_withdrawn(self, nodes: Collection[str]) -> None:
        """What a worker may still do at these can be undone in the new version, where it can in the old one."""
        for id_ in nodes:
            was, is_ = self.old.nodes.get(id_), self.new.nodes.get(self.node_of(id_))
            if was is not None and was.handler and (is_ is None or not is_.handler):
                self._error(
                    "undo_gone",
                    f"expected version {self.new.version} to undo {id_}, which was withdrawn while a worker is at it",
                    node=id_,
                )

    # --- values -------------------------------------------------------------------------------------

    def variables(self, now_ms: int) -> dict[str, Any]:
        """What the plan's expressions give for this instance."""
        if not self.plan.variables:
            return {}
        evaluator = Evaluator(_visible(self.instance, "", 0, now_ms))
        found: dict[str, Any] = {}
        for name, text in self.plan.variables.items():
            try:
                found[name] = evaluator.expression(text)
            except HeadraceError as trouble:
                self._error("variable_failed", f"variable {name}: {trouble.message}")
        return found

    def timers(self, variables: Mapping[str, Any], now_ms: int) -> list[list[Any]]:
        """(step, due at) of waiting steps, as if they were entered now; in business time also the length it was counted by.

        Tasks whose limits begin anew go into `limits`.
        """
        found: list[list[Any]] = []
        for step in self.instance.steps.values():
            node = self.new.nodes.get(self.node_of(step.node))
            if step.wait not in {"timer", "task"} or node is None:
                continue
            if step.wait == "task" and self._stands_still(step):
                self._warn(
                    "limits_stay",
                    f"the time limits of {node.id} stand still just now and stay as they are",
                    node=step.node,
                )
                continue
            key = step_key(self.instance.id, step.node, step.id)
            seen = {**_visible(self.instance, node.id, step.id, now_ms), **variables}
            lengths: list[str] = []
            context = Context(
                node.settings, seen, Evaluator(seen), now_ms, key, node.connected,
                business=self._counting(lengths) if self.calendar else None,
            )  # fmt: skip
            try:
                outcome = node.type.run(context)
            except HeadraceError as trouble:
                self._error("timer_failed", f"{node.id}: {trouble.message}", node=step.node)
                continue
            if step.wait == "task":
                self.limits.append(step.id)
                continue
            # A moment that has passed: due at once.
            due_at = outcome.at_ms if isinstance(outcome, WaitUntil) else now_ms
            found.append([step.id, due_at, *([now_ms, lengths[0]] if lengths else [])])
        return found

    def _stands_still(self, step: Step) -> bool:
        """A paused task, or a suspended instance whose timers wait: what is left of them is counted from where they go on."""
        suspended = self.instance.suspended
        paused = step.task is not None and step.task.paused_since is not None
        return paused or (suspended is not None and suspended[1] == "shift")

    def _counting(self, lengths: list[str]) -> Callable[[int, str], int]:
        calendar = self.calendar
        assert calendar is not None

        def after(start_ms: int, length: str) -> int:
            lengths.append(length)
            return calendar.after(start_ms, length)

        return after

    # --- proof --------------------------------------------------------------------------------------

    def prove(self, prove: Prover) -> None:
        """Every token can still reach an end, and no join waits for what cannot come."""
        after = prove(self.new, self._position(mapped=True))
        self.may_stick = tuple(after.stuck)
        for node in after.endless:
            self._error(
                "no_end", f"expected a way from {node} to an end, but found none", node=node
            )
        before = prove(self.old, self._position(mapped=False)) if after.stuck else after
        if after.can_end:
            if not before.stuck:
                for one in after.stuck.values():
                    self._warn(
                        "may_stick",
                        f"on some ways {one.join} waits for ever for {', '.join(one.missing)}",
                        node=one.join,
                    )
            return
        if after.can_end is None:
            self._error(
                "not_proven", "expected to prove that it can end, but there are too many ways"
            )
            return
        # What could not end before is not made worse: it may be on its way to where it is mended.
        tell = self._warn if after.stuck and before.can_end is False else self._error
        for one in after.stuck.values():
            tell(
                "join_unfillable",
                f"expected tokens on every edge {one.join} waits for, but nothing can come on {', '.join(one.missing)}",
                node=one.join,
                edge=one.missing[0] if one.missing else None,
            )
        if not after.stuck and not after.endless:
            self._error("no_end", "expected a way to an end, but found none")

    def _position(self, *, mapped: bool) -> Position:
        def node(id_: str) -> str:
            return self.node_of(id_) if mapped else id_

        def edge(id_: str) -> str:
            return self.edges.get(id_, id_) if mapped else id_

        instance = self.instance
        start = [instance.start_at] if instance.start_at else []
        at = [*(step.node for step in instance.steps.values()), *instance.placed, *start]
        marks = {edge(e): n for counts in instance.marks.values() for e, n in counts.items()}
        rounds = {node(j): [edge(e) for e in seen] for j, seen in instance.rounds.items()}
        return position(map(node, at), map(edge, instance.pending), marks, rounds)

    def _error(self, code: str, message: str, **where: str | None) -> None:
        self._add(code, message, "error", where)

    def _warn(self, code: str, message: str, **where: str | None) -> None:
        self._add(code, message, "warning", where)

    def _add(
        self,
        code: str,
        message: str,
        severity: Literal["error", "warning"],
        where: Mapping[str, str | None],
    ) -> None:
        found = Trouble(code, message, where.get("node"), where.get("edge"), severity)
        if found not in self.troubles:
            self.troubles.append(found)


def _only_wait(step: Step, was: CompiledNode, is_: CompiledNode) -> bool:
    """A timer that runs ends its step whatever the node; any other answer is for the node that asked."""
    return step.wait == "timer" and was.type.group == is_.type.group == "time"


def _visible(instance: Instance, node: str, step: int, now_ms: int) -> dict[str, Any]:
    """The variables an expression sees, as `Run.visible`."""
    about = {
        "id": instance.id,
        "business_key": instance.business_key,
        "initiator": instance.initiator,
    }
    key = step_key(instance.id, node, step)
    return {
        **instance.variables,
        "instance": about,
        "now": to_iso(now_ms),
        "step": {"id": step, "node": node, "key": key},
    }


def undone(instance: Instance, before: Mapping[str, Any], by: str) -> c.Migrate:
    """The wish that puts back what `remember` has kept."""
    kept = before["variables"]
    return c.Migrate(
        before["version"],
        {new: old for old, new in before["nodes"].items()},
        {new: old for old, new in before["edges"].items()},
        kept or None,
        by,
        before["timers"],
        [name for name in before["added"] if name in instance.variables],
        before["jobs"],
        before.get("limits", ()),
    )


def remember(
    instance: Instance,
    wish: c.Migrate,
    due: Mapping[int, int],
    limits: Mapping[int, Sequence[Any]] | None = None,
) -> dict[str, Any]:
    """What an undo needs, taken before the migration. `due`: step → when its timer is due; `limits`: step → those of its task."""
    changed = wish.variables or {}
    return {
        "version": instance.version,
        "nodes": dict(wish.nodes),
        "edges": dict(wish.edges),
        "variables": {n: instance.variables[n] for n in changed if n in instance.variables},
        "added": [name for name in changed if name not in instance.variables],
        "timers": [[step, due[step]] for step, *_ in wish.timers if step in due],
        "jobs": list(wish.jobs),
        "limits": [[step, *(limits or {}).get(step, (None, []))] for step, *_ in wish.limits],
    }
