"""The token loop: decides. A wish comes in, events come out, and `apply` makes each true before the next is decided.

Pure: flow, instance, wish, time and directory in; events out. The same loop serves production, test runs and replay.
`Run.take(command)` applies one wish; `Run.move()` lets tokens travel until all rest, or the budget is used up.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow, CompiledNode
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.ids import new_id
from headrace.engine.node import (
    ChildStart,
    Context,
    Done,
    Failed,
    Notify,
    Outcome,
    WaitForChildren,
    WaitForTask,
    WaitUntil,
)
from headrace.engine.people.assign import resolve
from headrace.engine.people.directory import Directory, Person
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.apply import apply
from headrace.engine.run.state import Instance, Step
from headrace.engine.settings import VARIABLES_MAX_BYTES

log = logging.getLogger(__name__)

STEPS_MAX = 1_000
"""Node visits in one advance: a long loop must not hold the transaction of the others in its group."""

STEPS_TOTAL_MAX = 100_000
"""Node visits of one instance: a flow that never ends is an incident, not a full disk."""

CHILDREN_MAX = 1_000
"""Sub-flows of one step."""

DEPTH_MAX = 20
"""Sub-flows within sub-flows: one that starts itself for ever is an incident."""

COUNTED_FROM = 16_000
"""Bytes of one result below which nobody counts what all variables take: a drawing has no room for many of that size."""

SET_ASIDE = [0, ""]
"""Where the incident of an instance stands that could not be advanced at all: at no step and no node."""


class Run:
    """One advance of one instance."""

    def __init__(
        self, flow: CompiledFlow, instance: Instance, now_ms: int, directory: Directory
    ) -> None:
        self.flow = flow
        self.instance = instance
        self.now_ms = now_ms
        self.directory = directory
        self.events: list[e.Event] = []
        self._now = to_iso(now_ms)
        self._visits = 0

    # --- wishes ---------------------------------------------------------------------------------------------------------

    def take(self, command: c.Command) -> None:
        """Apply one wish. What comes too late is kept in history and changes nothing."""
        if self.instance.ended:
            self._ignore(command, f"the instance is {self.instance.ended}")
            return
        match command:
            case c.Start():
                self._start(command)
            case c.JobEnded():
                self._job_ended(command)
            case c.JobRetried(step, attempt, started_at, ended_at, code, message, unknown):
                self._emit(
                    e.JobTried(
                        step,
                        attempt,
                        started_at,
                        ended_at,
                        "unknown" if unknown else "failed",
                        code,
                        message,
                    )
                )
            case c.LateResult(step, attempt, details):
                self._emit(
                    e.ResultIgnored(
                        "job", step, f"the lease of attempt {attempt} had expired", details
                    )
                )
            case c.Vote():
                self._vote(command)
            case c.FireTimer():
                self._fire(command)
            case c.EndChild():
                self._end_child(command)
            case c.Cancel(reason, by):
                self._cancel(reason, by)
            case c.Retry(incident, by):
                self._retry(incident, by)
            case c.Skip():
                self._skip(command)
            case _:
                assert_never(command)

    def _start(self, command: c.Start) -> None:
        if self.instance.seq:
            self._ignore(command, "the instance has started already")
            return
        self._emit(e.InstanceStarted(*command))

    def _job_ended(self, command: c.JobEnded) -> None:
        step = self.instance.steps.get(command.step)
        if step is None or step.wait != "job":
            self._ignore(
                command,
                "the step no longer waits for this job",
                {"port": command.port, "output": command.output},
            )
            return
        outcome = "done" if command.code is None else "unknown" if command.unknown else "failed"
        self._emit(
            e.JobTried(
                command.step,
                command.attempt,
                command.started_at,
                command.ended_at,
                outcome,
                command.code,
                command.message,
            )
        )
        if command.code is None:
            self._done(step, Done(command.output, command.port, command.variables))
        else:
            self._failed(step, Failed(command.code, command.message or "", unknown=command.unknown))

    def _vote(self, command: c.Vote) -> None:
        step = self.instance.steps.get(command.step)
        if (
            step is None
            or step.wait != "task"
            or command.user not in step.actors
            or command.user in step.votes
        ):
            self._ignore(command, "the task is no longer open for this person", command._asdict())
            return
        self._emit(
            e.VoteCast(
                command.step,
                command.user,
                command.decision,
                command.comment,
                command.form,
                command.at,
            )
        )
        everybody = all(actor in step.votes for actor in step.actors)
        if step.mode == "any" or command.decision != "approved" or everybody:
            self._done(step, Done(self._decision(step, command), command.decision))

    def _decision(self, step: Step, last: c.Vote) -> dict[str, Any]:
        votes = [
            {"by": user, "decision": decision, "comment": comment, "at": to_iso(at)}
            for user, (decision, comment, _, at) in step.votes.items()
        ]
        form: dict[str, Any] = {}
        for vote in step.votes.values():
            form.update(vote[2] or {})
        return {
            "decision": last.decision,
            "by": last.user,
            "comment": last.comment,
            "form": form,
            "votes": votes,
        }

    def _fire(self, command: c.FireTimer) -> None:
        step = self.instance.steps.get(command.step)
        if step is None or (command.name == "due" and step.wait != "timer"):
            self._ignore(command, "the step no longer waits for this timer")
            return
        self._emit(e.TimerFired(command.step, command.name))
        if command.name == "due":
            self._done(step, Done())
        elif command.name == "remind":
            self._remind(step)

    def _remind(self, step: Step) -> None:
        people = [person.id for person in self._people(step.remind)]
        node = self.flow.nodes[step.node]
        name = node.name.get("zh") or node.name.get("en") or node.id
        for channel in ("in_app", "mail"):
            self._emit(
                e.NotificationQueued(
                    step.id, f"remind-{channel}", channel, people, None, f"超时提醒 · Reminder: {name}",
                    f"任务“{name}”等待处理已超过时限。 · The task “{name}” has been waiting beyond its time limit."
                    f" ({self.instance.business_key or self.instance.id})",
                )
            )  # fmt: skip

    def _end_child(self, command: c.EndChild) -> None:
        step = self.instance.steps.get(command.step)
        if (
            step is None
            or step.wait != "children"
            or command.child not in step.children
            or command.child in step.outputs
        ):
            self._ignore(command, "the step no longer waits for this sub-flow")
            return
        self._emit(e.ChildEnded(*command))
        if len(step.outputs) == len(step.children):
            results = [step.outputs[child] for child in step.children]
            first = results[0]
            if not step.each and first["status"] in {"cancelled", "failed"}:
                self._failed(
                    step,
                    Failed(
                        f"subflow_{first['status']}",
                        str(first["output"] or "the sub-flow was cancelled"),
                    ),
                )
            else:
                self._done(step, Done(results if step.each else results[0]["output"]))

    def _cancel(self, reason: str, by: str) -> None:
        for incident in list(self.instance.incidents):
            self._emit(e.IncidentResolved(incident, "cancelled", by))
        for step in list(self.instance.steps.values()):
            open_children = [child for child in step.children if child not in step.outputs]
            self._emit(e.StepCancelled(step.id, step.node, open_children))
        self._emit(e.InstanceCancelled(reason, by))

    def _retry(self, incident: str, by: str) -> None:
        if incident not in self.instance.incidents:
            self._ignore(c.Retry(incident, by), "the incident is no longer open")
            return
        step_id, _ = self.instance.incidents[incident]
        self._emit(e.IncidentResolved(incident, "retried", by))
        if step_id:
            step = self.instance.steps[step_id]
            node = self.flow.nodes[step.node]
            if node.type.in_worker:
                # Without an attempt there is no row to be used again: the incident came before the request.
                self._request_job(step.id, node, again=step.attempt > 0)
            else:
                self._settle(step, node, self._ask(node, step.id))

    def _skip(self, command: c.Skip) -> None:
        found = self.instance.incidents.get(command.incident)
        if found is None or found == SET_ASIDE:
            self._ignore(
                command,
                "the incident is no longer open"
                if found is None
                else "there is no step to go past",
            )
            return
        self._emit(e.IncidentResolved(command.incident, "skipped", command.by, command.reason))
        step_id, node_id = found
        if step_id:
            self._done(self.instance.steps[step_id], Done(command.output, command.port))
        else:
            self._fire_join(self.flow.nodes[node_id], tuple(self.instance.marks[node_id]))

    # --- tokens ---------------------------------------------------------------------------------------------------------

    def move(self) -> None:
        """Let tokens travel until all rest, the budget is used up, or the instance ends."""
        instance = self.instance
        self._visits = 0
        for incident in [id_ for id_, found in instance.incidents.items() if found == SET_ASIDE]:
            # The engine itself could not advance this instance; if it can now, nobody need look any more.
            self._emit(e.IncidentResolved(incident, "solved", "engine"))
        while not instance.ended:
            if instance.rests:
                # Also when the budget was used up by the very last visit: resting without this would be a hang.
                self._quiet()
                return
            if self._visits >= STEPS_MAX:
                return
            if instance.start_at is not None:
                start = self.flow.nodes[instance.start_at]
                self._visits += 1
                self._emit(
                    e.StepPassed(instance.next_step, start.id, (), "out", self._edges(start, "out"))
                )
            else:
                self._arrive(instance.pending[0])

    def _arrive(self, edge_id: str) -> None:
        self._visits += 1
        node = self.flow.nodes[self.flow.edges[edge_id].target]
        if node.type.joins:
            self._emit(e.TokenMarked(edge_id, node.id))
            if all(entry in self.instance.marks[node.id] for entry in node.entries):
                self._fire_join(node, node.entries)
            return
        self._enter(node, edge_id)

    def _fire_join(self, node: CompiledNode, via: Sequence[str]) -> None:
        # A token that came after all, behind another join that was skipped: nobody need decide any more.
        stuck = [id_ for id_, found in self.instance.incidents.items() if found == [0, node.id]]
        for incident in stuck:
            self._emit(e.IncidentResolved(incident, "solved", "engine"))
        self._emit(e.JoinFired(self.instance.next_step, node.id, via, self._edges(node, "out")))

    def _enter(self, node: CompiledNode, edge_id: str) -> None:
        step_id = self.instance.next_step
        if step_id > STEPS_TOTAL_MAX:
            self._emit(e.StepEntered(step_id, node.id, (edge_id,)))
            message = f"expected at most {STEPS_TOTAL_MAX} visits to nodes, but this would be number {step_id}"
            self._raise(self.instance.steps[step_id], "too_many_steps", message)
            return
        if node.type.in_worker:
            self._emit(e.StepEntered(step_id, node.id, (edge_id,)))
            self._request_job(step_id, node)
            return
        outcome = self._ask(node, step_id)
        if type(outcome) is Done:
            self._emit(
                e.StepPassed(
                    step_id, node.id, (edge_id,), outcome.port, self._edges(node, outcome.port), _result(node, outcome),
                    outcome.output, outcome.variables,
                )
            )  # fmt: skip
            return
        self._emit(e.StepEntered(step_id, node.id, (edge_id,)))
        self._settle(self.instance.steps[step_id], node, outcome)

    def _ask(self, node: CompiledNode, step_id: int) -> Outcome:
        """Run a pure node; whatever it raises is this step's trouble, not that of the group."""
        key = step_key(self.instance.id, node.id, step_id)
        variables = self.visible(node.id, step_id, key)
        context = Context(
            settings=node.settings, variables=variables, evaluate=Evaluator(variables), now_ms=self.now_ms, key=key,
            connected=node.connected,
        )  # fmt: skip
        try:
            outcome = node.type.run(context)
        except HeadraceError as trouble:
            return Failed(trouble.code, trouble.message)
        except Exception as bug:
            log.exception("node %s of %s v%s failed", node.id, self.flow.key, self.flow.version)
            return Failed("node_failed", f"{type(bug).__name__}: {bug}")
        if node.type.ends and isinstance(outcome, Done):
            result = node.settings.get("result", "completed")
            return Done({"result": result, "output": outcome.output}, None)
        return self._kept_small(node, outcome) if type(outcome) is Done else outcome

    def _kept_small(self, node: CompiledNode, outcome: Done) -> Done | Failed:
        """Variables are written with every advance: a loop that doubles them is an incident, not a full disk."""
        added = dict(outcome.variables or {})
        if result := _result(node, outcome):
            added[result] = outcome.output
        if not added or len(jsontext.dumps(added)) < COUNTED_FROM:
            return outcome
        found = len(jsontext.dumps({**self.instance.variables, **added}))
        if found <= VARIABLES_MAX_BYTES:
            return outcome
        return Failed(
            "variables_too_large",
            f"expected variables of at most {VARIABLES_MAX_BYTES} bytes, but with this result they would be {found}",
        )

    def visible(self, node_id: str, step_id: int, key: str) -> dict[str, Any]:
        """The variables a node sees: the instance's, and the reserved ones."""
        return {
            **self.instance.variables,
            "instance": {
                "id": self.instance.id, "business_key": self.instance.business_key, "initiator": self.instance.initiator,
            },
            "now": self._now,
            "step": {"id": step_id, "node": node_id, "key": key},
        }  # fmt: skip

    def _settle(self, step: Step, node: CompiledNode, outcome: Outcome) -> None:
        match outcome:
            case Done():
                self._done(step, outcome)
            case Failed():
                self._failed(step, outcome)
            case WaitForTask():
                self._open_task(step, outcome)
            case WaitUntil(at_ms):
                self._emit(e.TimerSet(step.id, "due", at_ms))
            case WaitForChildren():
                self._start_children(step, outcome)
            case Notify():
                self._notify(step, outcome)
            case _:
                assert_never(outcome)

    def _done(self, step: Step, outcome: Done) -> None:
        node = self.flow.nodes[step.node]
        open_incident = step.incident
        if open_incident and open_incident in self.instance.incidents:
            self._emit(e.IncidentResolved(open_incident, "solved", "engine"))
        self._emit(
            e.StepDone(
                step.id, node.id, outcome.port, self._edges(node, outcome.port), _result(node, outcome), outcome.output,
                outcome.variables,
            )
        )  # fmt: skip

    def _failed(self, step: Step, failed: Failed) -> None:
        node = self.flow.nodes[step.node]
        if "error" in node.connected:
            self._done(
                step,
                Done(
                    {"code": failed.code, "message": failed.message, "unknown": failed.unknown},
                    "error",
                ),
            )
        else:
            self._raise(step, failed.code, failed.message)

    def _raise(self, step: Step, code: str, message: str) -> None:
        self._emit(
            e.IncidentRaised(
                f"{self.instance.id}.i{self.instance.seq}", step.id, step.node, code, message
            )
        )

    def _request_job(self, step_id: int, node: CompiledNode, *, again: bool = False) -> None:
        kind = node.type
        self._emit(
            e.JobRequested(
                step_id, step_key(self.instance.id, node.id, step_id), kind.effect(node.settings), kind.attempts(node.settings),
                kind.backoff_ms(node.settings), self.instance.steps[step_id].unknown, again,
            )
        )  # fmt: skip

    def _open_task(self, step: Step, wait: WaitForTask) -> None:
        people = self._people(wait.assignees)
        if not people:
            names = (
                ", ".join(str(a.get("id") or a.get("value") or a["kind"]) for a in wait.assignees)
                or "nobody"
            )
            self._raise(
                step,
                "nobody_to_ask",
                f"expected at least one active person behind {names}, but found none",
            )
            return
        remind = wait.reminder
        self._emit(
            e.TaskOpened(
                step.id, [person.id for person in people], wait.mode, wait.title, wait.description, wait.form, list(wait.show),
                dict(wait.buttons), None if wait.due_ms is None else self.now_ms + wait.due_ms, list(remind.to) if remind else [],
            )
        )  # fmt: skip
        if remind:
            self._emit(e.TimerSet(step.id, "remind", self.now_ms + remind.after_ms))

    def _people(self, assignees: Sequence[Mapping[str, Any]]) -> list[Person]:
        evaluator = Evaluator(self.instance.variables)
        try:
            return resolve(
                assignees,
                self.directory,
                initiator=self.instance.initiator,
                evaluate=evaluator.expression,
            )
        except HeadraceError:
            return []

    def _start_children(self, step: Step, wait: WaitForChildren) -> None:
        if len(wait.children) > CHILDREN_MAX:
            self._raise(
                step,
                "too_many_children",
                f"expected at most {CHILDREN_MAX} sub-flows, but found {len(wait.children)}",
            )
            return
        if self.instance.depth >= DEPTH_MAX and wait.children:
            self._raise(
                step,
                "too_deep",
                f"expected sub-flows at most {DEPTH_MAX} deep, but this would be one more",
            )
            return
        children = [self._child(step, index, child) for index, child in enumerate(wait.children)]
        self._emit(e.ChildrenStarted(step.id, wait.flow, children, wait.each))
        if not wait.wait or not children:
            self._done(step, Done([child[0] for child in children]))

    def _child(self, step: Step, index: int, child: ChildStart) -> list[Any]:
        """Ids of children follow from the parent's: the same advance done again gives the same, a retry of the step others."""
        seed = hashlib.sha256(
            f"{self.instance.id}.{step.id}.{index}.{self.instance.seq}".encode()
        ).digest()
        return [
            new_id("ins", self.now_ms, seed[:10]),
            dict(child.input),
            child.business_key,
            child.dedup_key,
        ]

    def _notify(self, step: Step, notify: Notify) -> None:
        people = self._people(notify.to)
        if not people and notify.channel != "robot":
            self._failed(
                step,
                Failed(
                    "nobody_to_notify",
                    "expected at least one active person to notify, but found none",
                ),
            )
            return
        self._emit(
            e.NotificationQueued(
                step.id,
                "send",
                notify.channel,
                [person.id for person in people],
                notify.connection,
                notify.title,
                notify.text,
            )
        )
        self._done(
            step, Done({"channel": notify.channel, "to": [person.name for person in people]})
        )

    def _edges(self, node: CompiledNode, port: str | None) -> tuple[str, ...]:
        return () if port is None else tuple(edge.id for edge in node.exits.get(port, ()))

    def _quiet(self) -> None:
        """Nothing moves: the instance is over, waits, or is stuck at a join, which is an incident and never a hang."""
        instance = self.instance
        if instance.steps:
            return
        if not instance.marks:
            if not instance.incidents:
                self._emit(e.InstanceCompleted(instance.result or "completed", instance.output))
            return
        stuck = {node for _, node in instance.incidents.values()}
        for join, marks in instance.marks.items():
            if join not in stuck:
                missing = [edge for edge in self.flow.nodes[join].entries if edge not in marks]
                message = f"expected a token on every edge into {join}, but nothing can arrive any more on {', '.join(missing)}"
                self._emit(
                    e.IncidentRaised(
                        f"{instance.id}.i{instance.seq}", 0, join, "join_stuck", message
                    )
                )

    def _ignore(self, command: c.Command, reason: str, details: Any = None) -> None:
        step = getattr(command, "step", 0) or 0
        self._emit(e.ResultIgnored(type(command).__name__, step, reason, details))

    def _emit(self, event: e.Event) -> None:
        apply(self.instance, event)
        self.events.append(event)


def _result(node: CompiledNode, outcome: Done) -> str | None:
    return node.result if outcome.output is not None and not node.type.ends else None


def step_key(instance_id: str, node_id: str, step_id: int) -> str:
    """The idempotency key of a visit: the same on every attempt, different for every visit (engine.md 5.4)."""
    return hashlib.sha256(f"{instance_id}/{node_id}/{step_id}".encode()).hexdigest()[:32]
