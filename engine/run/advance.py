"""The token loop: decides. A wish comes in, events come out, and `apply` makes each true before the next is decided.

Pure: flow, instance, wish, time and directory in; events out. The same loop serves production, test runs and replay.
`Run.take(command)` applies one wish; `Run.move()` lets tokens travel until all rest, or the budget is used up.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, assert_never

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow, CompiledNode
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import (
    CancelNodes,
    Compensate,
    Context,
    Decide,
    Done,
    Failed,
    Notify,
    Outcome,
    Publish,
    Unlock,
    WaitForChildren,
    WaitForEvent,
    WaitForLock,
    WaitForState,
    WaitForTask,
    WaitUntil,
)
from headrace.engine.people import deadlines
from headrace.engine.people.directory import Directory
from headrace.engine.people.working_hours import STANDARD, BusinessTime
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import (
    interventions,
    items,
    joins,
    notices,
    subflows,
    task_returns,
    tasks,
    undo,
    waits,
)
from headrace.engine.run.apply import apply
from headrace.engine.run.region import children_of, settle_incident, withdraw, withdraw_all
from headrace.engine.run.state import SET_ASIDE, Instance, Step, step_key
from headrace.engine.settings import VARIABLES_MAX_BYTES

log = logging.getLogger(__name__)

LIMIT_KEY_MAX = 200
"""Letters of a concurrency key that are kept as they are."""

STEPS_MAX = 1_000
"""Node visits in one advance: a long loop must not hold the transaction of the others in its group."""

STEPS_TOTAL_MAX = 100_000
"""Node visits of one instance: a flow that never ends is an incident, not a full disk."""

COUNTED_FROM = 16_000
"""Bytes of one result below which nobody counts what all variables take: a drawing has no room for many of that size."""


class Run:
    """One advance of one instance."""

    def __init__(
        self,
        flow: CompiledFlow,
        instance: Instance,
        now_ms: int,
        directory: Directory,
        ends: items.Ends | None = None,
        flows: Callable[[int], CompiledFlow] | None = None,
        calendar: BusinessTime = STANDARD,
        role_calendars: Mapping[str, BusinessTime] | None = None,
        decide: Decide | None = None,
    ) -> None:
        """`ends`: how items of a for-each ended before this advance. `flows`: other versions, for a migration.

        `decide` asks a decision table.
        """
        self.decide = decide
        self.calendar, self.role_calendars = calendar, role_calendars or {}
        self.reckoned: dict[tuple[int, int], tuple[BusinessTime, deadlines.Reckoning]] = {}
        """(step, moment) → which calendar told it, and how."""
        self.flow = flow
        self.instance = instance
        self.now_ms = now_ms
        self.directory = directory
        self.ends = ends or items.EndsKept()
        self.flows = flows
        self.events: list[e.Event] = []
        self._now = to_iso(now_ms)
        self._visits = 0

    # --- wishes ---------------------------------------------------------------------------------------------------------

    def take(self, command: c.Command) -> None:
        """Apply one wish. What comes too late is kept in history and changes nothing."""
        if type(command) is c.LateResult and command.node:
            undo.late(self, command)
            return
        if self.instance.ended:
            if type(command) is c.Deliver:
                waits.give_back(self, command)
            else:
                self.ignore(command, f"the instance is {self.instance.ended}")
            return
        match command:
            case c.Start():
                self._start(command)
            case c.JobEnded():
                self._job_ended(command)
            case c.JobRetried(step, attempt, started_at, ended_at, code, message, unknown):
                self.emit(
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
                self.emit(
                    e.ResultIgnored(
                        "job", step, f"the lease of attempt {attempt} had expired", details
                    )
                )
            case c.Vote():
                tasks.vote(self, command)
            case c.TaskAct():
                tasks.act(self, command)
            case c.FireTimer():
                self._fire(command)
            case c.EndChild():
                subflows.ended(self, command)
            case c.Cancel(reason, by, compensate):
                self.cancel(reason, by, compensate=compensate)
            case c.Retry(incident, by):
                interventions.retry(self, incident, by)
            case c.Skip():
                interventions.skip(self, command)
            case c.Deliver():
                waits.deliver(self, command)
            case c.GrantLock():
                waits.grant(self, command)
            case c.AddItems():
                items.add(self, command)
            case c.CloseItems():
                items.close(self, command)
            case c.Suspend(by, reason, timers):
                if self.instance.suspended:
                    self.ignore(command, "the instance is suspended already")
                else:
                    self.emit(e.InstanceSuspended(by, reason, timers, self.now_ms))
            case c.Resume(by):
                interventions.resume(self, by)
            case c.Inject(node, by, reason, variables):
                interventions.place(self, command, node, by, reason, variables)
            case c.MoveToken():
                interventions.move_token(self, command)
            case c.Rewind():
                interventions.rewind(self, command)
            case c.Migrate():
                interventions.migrate(self, command)
            case _:
                assert_never(command)

    def _start(self, command: c.Start) -> None:
        if self.instance.seq:
            self.ignore(command, "the instance has started already")
            return
        self.emit(e.InstanceStarted(*command))

    def _job_ended(self, command: c.JobEnded) -> None:
        step = self.instance.steps.get(command.step)
        if step is None or step.wait != "job":
            self.ignore(
                command,
                "the step no longer waits for this job",
                {"port": command.port, "output": command.output},
            )
            return
        outcome = "done" if command.code is None else "unknown" if command.unknown else "failed"
        self.emit(
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
            found = Done(command.output, command.port, command.variables)
            self.settle(step, self.kept_small(self.flow.nodes[step.node], found))
        else:
            self.failed(step, Failed(command.code, command.message or "", unknown=command.unknown))

    def _fire(self, command: c.FireTimer) -> None:
        step = self.instance.steps.get(command.step)
        if (
            step is None
            or (command.name == "due" and step.wait != "timer")
            or not waits.expects(self, step, command.name)
        ):
            self.ignore(command, "the step no longer waits for this timer")
            return
        self.emit(e.TimerFired(command.step, command.name))
        if command.name[:2] in waits.PREFIXES:
            waits.happen(self, step, command.name, None)
        elif command.name == "due":
            self.done(step, Done())
        elif command.name == "remind":
            notices.remind(self, step)
        elif command.name.startswith(deadlines.PREFIX):
            tasks.deadline_passed(self, step, command)

    def cancel(self, reason: str, by: str, *, compensate: bool) -> None:
        """End the instance and withdraw all it waits for."""
        if self.instance.cancelling and (compensate or by == "engine"):
            self.ignore(c.Cancel(reason, by, compensate), "the instance is being cancelled already")
            return
        withdraw_all(self, by=by, compensate=compensate)
        if not (compensate and undo.begin_cancellation(self, reason, by)):
            self.emit(e.InstanceCancelled(reason, by))

    def begin(self, step: Step, node: CompiledNode, outcome: Outcome | None = None) -> None:
        """Do what the node does, for the first time or again; `outcome`: what it has answered already."""
        events = waits.attached(self, step, node) if node.events else []
        if events is None:
            return
        if node.type.in_worker:
            # Without an attempt there is no row to be used again: the incident came before the request.
            self.request_job(step.id, node, again=step.attempt > 0)
        else:
            self.settle(step, outcome or self.ask(node, step.id))
        if step.id in self.instance.steps:
            for event in events:
                self.emit(event)

    # --- tokens ---------------------------------------------------------------------------------------------------------

    def move(self) -> None:
        """Let tokens travel until all rest, the budget is used up, or the instance ends."""
        instance = self.instance
        self._visits = 0
        for incident in [id_ for id_, found in instance.incidents.items() if found == SET_ASIDE]:
            # The engine itself could not advance this instance; if it can now, nobody need look any more.
            self.emit(e.IncidentResolved(incident, "solved", "engine"))
        while not instance.ended:
            if instance.rests:
                # Also when the budget was used up by the very last visit: resting without this would be a hang.
                if instance.suspended or not self._quiet():
                    return
                self._visits += 1
                continue
            if self._visits >= STEPS_MAX:
                return
            self._visits += 1
            if instance.start_at is not None:
                start = self.flow.nodes[instance.start_at]
                self.emit(
                    e.StepPassed(instance.next_step, start.id, (), "out", self._edges(start, "out"))
                )
            elif instance.pending:
                edge_id = instance.pending[0]
                self._arrive(self.flow.nodes[self.flow.edges[edge_id].target], edge_id)
            else:
                self._arrive_placed(self.flow.nodes[instance.placed[0]])

    def _arrive(self, node: CompiledNode, edge_id: str) -> None:
        if node.join is None:
            self._enter(node, (edge_id,))
            return
        if node.visits_max is not None and self.instance.visits.get(node.id, 0) >= node.visits_max:
            self._too_many(node, (edge_id,), self.instance.next_step)
            return
        self.emit(e.TokenMarked(edge_id, node.id))
        joins.offer(self, node)

    def _arrive_placed(self, node: CompiledNode) -> None:
        """Before a join, a person's token counts for all that it waits for."""
        if node.join is not None:
            self.fire_join(node, ())
        elif node.type.starts:
            edges = self._edges(node, "out")
            self.emit(e.StepPassed(self.instance.next_step, node.id, (), "out", edges))
        else:
            self._enter(node, ())

    def fire_join(
        self, node: CompiledNode, via: Sequence[str], *, opens: bool = False, forced: bool = False
    ) -> None:
        """The join goes on with these of its tokens."""
        # A token that came after all, behind another join that was skipped: nobody need decide any more.
        stuck = [id_ for id_, found in self.instance.incidents.items() if found == [0, node.id]]
        for incident in stuck:
            self.emit(e.IncidentResolved(incident, "solved", "engine"))
        step_id = self.instance.next_step
        self.emit(e.JoinFired(step_id, node.id, via, self._edges(node, "out"), opens, forced))
        if node.visits_max is not None:
            self.emit(e.VisitCounted(node.id))

    def _enter(self, node: CompiledNode, via: tuple[str, ...]) -> None:
        instance = self.instance
        step_id = instance.next_step
        if step_id > STEPS_TOTAL_MAX or (
            node.visits_max is not None and instance.visits.get(node.id, 0) >= node.visits_max
        ):
            self._too_many(node, via, step_id)
            return
        if node.handler is not None and (found := self._undo_bytes()) > VARIABLES_MAX_BYTES:
            self.emit(e.StepEntered(step_id, node.id, via))
            message = f"expected at most {VARIABLES_MAX_BYTES} bytes kept to undo what was done, but found {found}"
            self.raise_incident(instance.steps[step_id], "too_much_to_undo", message)
            return
        if node.visits_max is not None:
            self.emit(e.VisitCounted(node.id))
        if node.type.in_worker:
            self.emit(e.StepEntered(step_id, node.id, via))
            self.begin(instance.steps[step_id], node)
            return
        outcome = self.ask(node, step_id)
        if type(outcome) is Done and not outcome.terminate:
            self.emit(
                e.StepPassed(
                    step_id, node.id, via, outcome.port, self._leaving(node, outcome), _result(node, outcome),
                    outcome.output, outcome.variables,
                )
            )  # fmt: skip
            if node.handler is not None:
                undo.keep(self, step_id, node.id, outcome.port, outcome.output)
            return
        self.emit(e.StepEntered(step_id, node.id, via))
        self.begin(instance.steps[step_id], node, outcome)

    def _undo_bytes(self) -> int:
        """What is kept to undo is part of the state, written with every advance."""
        undo = self.instance.undo
        return len(jsontext.dumps(undo)) if undo else 0

    def _too_many(self, node: CompiledNode, via: tuple[str, ...], step_id: int) -> None:
        self.emit(e.StepEntered(step_id, node.id, via))
        step = self.instance.steps[step_id]
        if step_id > STEPS_TOTAL_MAX:
            message = f"expected at most {STEPS_TOTAL_MAX} visits to nodes, but this would be number {step_id}"
            self.raise_incident(step, "too_many_steps", message)
        else:
            found = self.instance.visits.get(node.id, 0) + 1
            message = f"expected at most {node.visits_max} visits to {node.id}, but this would be number {found}"
            self.raise_incident(step, "too_many_visits", message)

    def ask(self, node: CompiledNode, step_id: int) -> Outcome:
        """Run a pure node; whatever it raises is this step's trouble, not that of the group."""
        key = self._key(node, step_id)
        undone = self._undone(step_id)
        variables = self.visible(node.id, step_id, key)
        context = Context(
            settings=node.settings, variables=variables, evaluate=Evaluator(variables), now_ms=self.now_ms, key=key,
            connected=node.connected, compensated=undone,
            waiting_at=self._waiting_at(step_id), decide=self.decide,
            business=lambda start_ms, length: self._business(node, step_id, start_ms, length),
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
            found = {"result": result, "output": outcome.output}
            return Done(found, None, terminate=outcome.terminate)
        return self.kept_small(node, outcome) if type(outcome) is Done else outcome

    def _waiting_at(self, step_id: int) -> frozenset[str]:
        steps = self.instance.steps
        return frozenset(s.node for s in steps.values() if s.id != step_id) if steps else _NOWHERE

    def _business(self, node: CompiledNode, step_id: int, start_ms: int, length: str) -> int:
        calendar = self.calendar_of(node)
        end_ms = calendar.after(start_ms, length)
        self.reckoned[step_id, end_ms] = (calendar, deadlines.Reckoning(start_ms, length))
        return end_ms

    def calendar_of(self, node: CompiledNode) -> BusinessTime:
        """Whose hours count: those of the role that decides, where it has its own, else the flow's."""
        if self.role_calendars:
            for who in node.settings.get("assignees", ()):
                if who["kind"] == "role" and who["id"] in self.role_calendars:
                    return self.role_calendars[who["id"]]
        return self.calendar

    def kept_small(self, node: CompiledNode, outcome: Done) -> Done | Failed:
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
        instance = self.instance
        seen = {
            **instance.variables,
            "instance": {
                "id": instance.id, "business_key": instance.business_key, "initiator": instance.initiator,
            },
            "now": self._now,
            "step": {"id": step_id, "node": node_id, "key": key},
        }  # fmt: skip
        if undone := self._undone(step_id):
            seen["compensated"] = undone
        return seen

    def evaluator(self, step: Step) -> Evaluator:
        """Evaluates what the settings and events of an open step's node hold."""
        node = self.flow.nodes[step.node]
        return Evaluator(self.visible(node.id, step.id, self._key(node, step.id)))

    def _undone(self, step_id: int) -> dict[str, Any] | None:
        """For a visit that undoes another: what is undone."""
        return undo.compensated(self.instance, step_id)

    def _key(self, node: CompiledNode, step_id: int) -> str:
        """The idempotency key of a visit; that of one that undoes follows from what it undoes."""
        step = self.instance.steps.get(step_id)
        return step_key(
            self.instance.id, node.id, -step.undoes if step and step.undoes else step_id
        )

    def settle(self, step: Step, outcome: Outcome) -> None:
        """What the outcome means for an entered step."""
        match outcome:
            case Done():
                self.done(step, outcome)
            case Failed():
                self.failed(step, outcome)
            case WaitForTask():
                tasks.open_(self, step, outcome)
            case WaitUntil(at_ms):
                self.emit(e.TimerSet(step.id, "due", at_ms))
            case WaitForChildren():
                subflows.start(self, step, outcome)
            case Notify():
                notices.notify(self, step, outcome)
            case WaitForEvent(events):
                waits.wait(self, step, events)
            case WaitForState():
                waits.wait_for_state(self, step)
            case WaitForLock(key):
                waits.lock(self, step, key)
            case Unlock(key):
                waits.unlock(self, step, key)
            case Publish():
                waits.publish(self, step, outcome)
            case CancelNodes(nodes):
                withdraw(self, set(nodes), sparing=step.id)
                self.done(step, Done())
            case Compensate():
                undo.begin(self, step, outcome)
            case _:
                assert_never(outcome)

    def done(self, step: Step, outcome: Done) -> None:
        """The step is done and its token leaves."""
        node = self.flow.nodes[step.node]
        settle_incident(self, step, "solved")
        self.emit(
            e.StepDone(
                step.id, node.id, outcome.port, self._leaving(node, outcome), _result(node, outcome), outcome.output,
                outcome.variables,
            )
        )  # fmt: skip
        if node.handler is not None and not step.undoes:
            undo.keep(self, step.id, node.id, outcome.port, outcome.output)
        if outcome.terminate:
            withdraw_all(self)
            self.emit(
                e.InstanceCompleted(self.instance.result or "completed", self.instance.output)
            )

    def failed(self, step: Step, failed: Failed) -> None:
        """The token leaves by the exit drawn for this failure, or a person must look."""
        node = self.flow.nodes[step.node]
        output = {"code": failed.code, "message": failed.message, "unknown": failed.unknown}
        for event in node.errors:
            codes = event.get("codes")
            if event["id"] in node.connected and (not codes or failed.code in codes):
                self.interrupt(step, event["id"], output)
                return
        if "error" in node.connected:
            self.done(step, Done(output, "error"))
        else:
            self.raise_incident(step, failed.code, failed.message)

    def returned(self, step: Step) -> None:
        """What a task has done since the node it is returned to is undone: its token goes back."""
        task_returns.go_back(self, step)

    def interrupt(self, step: Step, event: str, output: Any) -> None:
        """An event attached to the step ends it."""
        node = self.flow.nodes[step.node]
        settle_incident(self, step, "solved")
        result = None if output is None else event
        edges = self._edges(node, event)
        children = children_of(step)
        self.emit(e.StepInterrupted(step.id, node.id, event, edges, result, output, children))

    def raise_incident(self, step: Step, code: str, message: str) -> None:
        """The step cannot go on without a person."""
        self.emit(
            e.IncidentRaised(
                f"{self.instance.id}.i{self.instance.seq}", step.id, step.node, code, message
            )
        )

    def request_job(self, step_id: int, node: CompiledNode, *, again: bool = False) -> None:
        """Ask for a worker; `again`: the job is there, and is tried anew."""
        kind = node.type
        step = self.instance.steps[step_id]
        try:
            limit_key = self._limit_key(step, node.policy().key)
        except HeadraceError as trouble:
            self.failed(step, Failed(trouble.code, trouble.message))
            return
        self.emit(
            e.JobRequested(
                step_id, self._key(node, step_id), kind.effect(node.settings), kind.attempts(node.settings),
                kind.backoff_ms(node.settings), step.unknown, again, limit_key,
            )
        )  # fmt: skip

    def _limit_key(self, step: Step, source: str | None) -> str:
        """Jobs with the same key wait for one another; none: it waits for nobody."""
        key = str(self.evaluator(step).expression(source)) if source else ""
        return key if len(key) <= LIMIT_KEY_MAX else hashlib.sha256(key.encode()).hexdigest()

    def _edges(self, node: CompiledNode, port: str | None) -> tuple[str, ...]:
        return () if port is None else node.leaves.get(port, ())

    def _leaving(self, node: CompiledNode, outcome: Done) -> tuple[str, ...]:
        if not outcome.ports:
            edges = self._edges(node, outcome.port)
        else:
            edges = tuple(edge for port in outcome.ports for edge in self._edges(node, port))
        return edges if outcome.copies == 1 else edges * outcome.copies

    def _quiet(self) -> bool:
        """Nothing moves. Answers whether something does after all: a join, a milestone, the next that is undone.

        Else the instance is over, waits, or is stuck, which is an incident and never a hang.
        """
        instance = self.instance
        if instance.undoing and undo.go_on(self):
            return True
        if instance.steps and waits.states(self):
            return True
        if (instance.marks or instance.rounds) and joins.at_rest(self):
            return True
        if instance.steps:
            if waits.nobody_else(self):
                if joins.force(self):
                    return True
                waits.never(self)
            return False
        if not instance.marks:
            self._over()
            return False
        if joins.force(self):
            return True
        known = {node for _, node in instance.incidents.values()}
        for join, message in list(joins.stuck(self)):
            if join not in known:
                self.emit(
                    e.IncidentRaised(
                        f"{instance.id}.i{instance.seq}", 0, join, "join_stuck", message
                    )
                )
        return False

    def _over(self) -> None:
        instance = self.instance
        if instance.incidents:
            return
        if instance.reopened == "cancelled":
            self.emit(e.InstanceCancelled("what ended late was undone", "engine"))
        else:
            self.emit(e.InstanceCompleted(instance.result or "completed", instance.output))

    def ignore(self, command: c.Command, reason: str, details: Any = None) -> None:
        """It came too late: kept in history, changes nothing."""
        step = getattr(command, "step", 0) or 0
        self.emit(e.ResultIgnored(type(command).__name__, step, reason, details))

    def emit(self, event: e.Event) -> None:
        """Make the fact true, and keep it."""
        apply(self.instance, event)
        self.events.append(event)


_NOWHERE: frozenset[str] = frozenset()


def _result(node: CompiledNode, outcome: Done) -> str | None:
    return node.result if outcome.output is not None and not node.type.ends else None
