"""History told as steps, part by part: a long story is told from the last snapshot before the part that is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import from_iso, iso_or_none, to_iso
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.run import events as e
from headrace.engine.run.apply import apply
from headrace.engine.run.state import Instance, Step
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import history, snapshots

PART_CHUNKS = 100
"""Chunks of history told at once; a usual instance has fewer and is told whole."""

PART_EVENTS = 4_000
"""Facts told at once, where a chunk holds many."""

BEGAN_MAX = 20
"""Open steps from before the part whose beginning is looked up."""

OPENING = (e.StepPassed, e.StepEntered, e.JoinFired, e.CompensationStarted)


@dataclass(frozen=True, slots=True)
class Part:
    """The chunks after `first`, up to and with `last`; `first` 0: from the beginning."""

    first: int
    last: int


def last_part(connection: Connection, row: Any, last: int | None = None) -> Part:
    """The part of an instance's story that ends with chunk `last` (none: with what is known now)."""
    end = row.rev if last is None else min(last, row.rev)
    return Part(history.part_start(connection, row.id, end, PART_CHUNKS, PART_EVENTS), end)


def told_part(workspace: Workspace, connection: Connection, row: Any, part: Part) -> Story:
    """The steps that were open in a part; of those that began before it only when they began."""
    instance = standing(connection, row, part.first)

    def version(number: int) -> CompiledFlow:
        return shown_flow(workspace, connection, row.flow_key, number)

    story = Story(version(instance.version), instance, version)
    carried = list(instance.steps)[:BEGAN_MAX]
    for seq, at, event in history.between(connection, row.id, part.first, part.last):
        story.tell(seq, at, event)
    for step in carried:
        story.began(step, began_at(connection, row, step, part.first))
    return story


def standing(connection: Connection, row: Any, chunk: int) -> Instance:
    """The instance as it stood after a chunk of its history."""
    instance, after = _before(connection, row, chunk)
    for _, _, event in history.between(connection, row.id, after, chunk):
        apply(instance, event)
    return instance


def standing_at(connection: Connection, row: Any, seq: int) -> tuple[Instance, int, e.Event | None]:
    """The instance as it stood after fact `seq`, when that was, and the fact."""
    chunk = history.chunk_of(connection, row.id, seq)
    instance, after = _before(connection, row, chunk - 1)
    found: tuple[int, e.Event | None] = (row.started_at, None)
    for number, at, event in history.between(connection, row.id, after, chunk):
        if number > seq:
            break
        apply(instance, event)
        found = (at, event)
    return instance, *found


def before_step(connection: Connection, row: Any, step: int) -> tuple[Instance, str] | None:
    """The instance just before it visited step number `step`, and the node; None when there was no such visit."""
    first = _chunk_before_step(connection, row, step)
    instance, after = _before(connection, row, first)
    for _, _, event in history.between(connection, row.id, after, row.rev):
        if isinstance(event, OPENING) and event.step == step:
            return instance, event.node
        if instance.next_step > step:
            return None
        apply(instance, event)
    return None


def began_at(connection: Connection, row: Any, step: int, until: int) -> int | None:
    """When a step began."""
    first = _chunk_before_step(connection, row, step)
    for _, at, event in history.between(connection, row.id, first, until):
        if isinstance(event, OPENING) and event.step == step:
            return at
    return None


def _chunk_before_step(connection: Connection, row: Any, step: int) -> int:
    """The last snapshot's chunk at which the step had not begun; by halving, numbers of steps only grow."""
    chunks = snapshots.chunks(connection, row.id)
    low, high = 0, len(chunks)
    while low < high:
        middle = (low + high) // 2
        if snapshots.next_step(connection, row.id, chunks[middle]) <= step:
            low = middle + 1
        else:
            high = middle
    return chunks[low - 1] if low else 0


def _before(connection: Connection, row: Any, chunk: int) -> tuple[Instance, int]:
    """The last snapshot at or before a chunk, and its chunk; the instance before its first fact if there is none."""
    found = snapshots.latest(connection, row, chunk)
    instance, after = found if found else (Instance(row.id, row.flow_key, row.version), 0)
    instance.version = history.version_after(connection, row.id, after, row.version)
    return instance, after


class Story:
    """History told as steps: replays the facts and notes, for every visit, what went in and what came out."""

    def __init__(
        self,
        flow: CompiledFlow,
        instance: Instance,
        flows: Callable[[int], CompiledFlow] | None = None,
    ) -> None:
        """`instance` as it was before the first fact told; `flows`: the version a migration leads to."""
        self.flow = flow
        self.instance = instance
        self.flows = flows
        self.steps: dict[int, dict[str, Any]] = {}
        self.edges: dict[str, int] = {}
        self.users: set[str] = set()
        for step in instance.steps.values():
            self._carry(step)

    def tell(self, seq: int, at: int, event: e.Event) -> None:
        """Take in the next fact."""
        del seq
        before = dict(self.instance.variables) if isinstance(event, OPENING) else {}
        apply(self.instance, event)
        match event:
            case e.StepPassed(step, node, _, port, edges, _, output, variables):
                self._open(step, node, at, before)
                self._close(step, at, "done", port, output if output is not None else variables)
                self._take(edges)
            case e.JoinFired(step, node, _, edges):
                self._open(step, node, at, before)
                self._close(step, at, "done", "out", None)
                self._take(edges)
            case e.StepEntered(step, node, _):
                self._open(step, node, at, before)
            case e.StepDone(step, _, port, edges, _, output, variables):
                skipped = self.steps[step].pop("skipped", False)
                self._close(
                    step,
                    at,
                    "skipped" if skipped else "done",
                    port,
                    output if output is not None else variables,
                )
                self._take(edges)
            case e.StepCancelled(step):
                self._close(step, at, "cancelled", None, None)
            case e.StepInterrupted(step, _, port, edges, _, output):
                self._close(step, at, "interrupted", port, output)
                self._take(edges)
            case e.EventFired(_, _, _, edges):
                self._take(edges)
            case e.CompensationStarted(step, node):
                self._open(step, node, at, before)
            case e.InstanceMigrated(version, nodes) if self.flows is not None:
                self.flow = self.flows(version)
                for row in self.steps.values():
                    if row["ended_at"] is None:
                        row["node"] = nodes.get(row["node"], row["node"])
            case e.JobTried(step, attempt, started_at, ended_at, outcome, code, message) if (
                step in self.steps
            ):
                self.steps[step]["attempts"].append(
                    {
                        "attempt": attempt, "started_at": to_iso(started_at), "ended_at": to_iso(ended_at), "outcome": outcome,
                        "error": {"code": code, "message": message} if code else None,
                    }
                )  # fmt: skip
            case e.TaskOpened(step, actors):
                self.steps[step]["task_id"] = f"{self.instance.id}.{step}"
                self.steps[step]["actors"] = list(actors)
                self.users.update(actors)
            case e.VoteCast(step, user, decision, comment, _, voted_at):
                self.steps[step].setdefault("votes", []).append(
                    {"by": user, "decision": decision, "comment": comment, "at": to_iso(voted_at)}
                )
            case e.IncidentRaised(incident, step, _, code, message) if step:
                self.steps[step] |= {
                    "status": "failed",
                    "incident_id": incident,
                    "error": {"code": code, "message": message},
                }
            case e.IncidentResolved(incident, resolution):
                for row in self.steps.values():
                    if row.get("incident_id") == incident:
                        row |= {
                            "status": "waiting",
                            "incident_id": None,
                            "skipped": resolution == "skipped",
                        }
            case _:
                pass

    def told(self) -> list[dict[str, Any]]:
        """The steps, oldest first."""
        return [
            {name: value for name, value in row.items() if name not in {"_at", "skipped"}}
            for row in self.steps.values()
        ]

    def node_of(self, step: int | None) -> str | None:
        """The node of a step."""
        row = self.steps.get(step or 0)
        return row["node"] if row else None

    def _carry(self, step: Step) -> None:
        """A step that was open before the first fact told."""
        self._open(step.id, step.node, None, {})
        row = self.steps[step.id]
        if step.incident:
            row |= {"status": "failed", "incident_id": step.incident}
        if step.actors:
            row |= {"task_id": f"{self.instance.id}.{step.id}", "actors": list(step.actors)}
            row["votes"] = [
                {"by": user, "decision": decision, "comment": comment, "at": to_iso(at)}
                for user, (decision, comment, _, at) in step.votes.items()
            ]
            self.users.update(step.actors)

    def _open(self, step: int, node_id: str, at: int | None, before: Mapping[str, Any]) -> None:
        node = self.flow.nodes.get(node_id)
        name, kind, works = (
            (dict(node.name), node.type.name, node.type.in_worker)
            if node
            else ({"en": node_id}, "", False)
        )
        self.steps[step] = {
            "step": step, "node": node_id, "name": name, "type": kind,
            "status": "running" if works else "waiting", "started_at": iso_or_none(at), "ended_at": None,
            "duration_ms": None, "ports": [], "input": before, "output": None, "error": None, "attempts": [], "_at": at,
        }  # fmt: skip

    def _close(self, step: int, at: int, status: str, port: str | None, output: Any) -> None:
        row = self.steps[step]
        began = row.pop("_at", None)
        row |= {
            "status": status, "ended_at": to_iso(at), "duration_ms": None if began is None else at - began,
            "ports": [port] if port else [], "output": output,
        }  # fmt: skip

    def _take(self, edges: Sequence[str]) -> None:
        for edge in edges:
            self.edges[edge] = self.edges.get(edge, 0) + 1

    def began(self, step: int, at: int | None) -> None:
        """When a step began that was open before the first fact told."""
        row = self.steps[step]
        if at is None:
            return
        row["started_at"] = to_iso(at)
        if row["ended_at"] is not None:
            row["duration_ms"] = from_iso(row["ended_at"]) - at
