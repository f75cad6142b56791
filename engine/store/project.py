"""Events → rows: one `case` an event, so that there is no second list of effects. `Rows` gathers a whole group for executemany."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from headrace.engine import jsontext
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people import tasking, telling
from headrace.engine.people.directory import Directory
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.advance import compensated
from headrace.engine.run.region import children_of
from headrace.engine.run.state import Instance
from headrace.engine.store import tables as t
from headrace.engine.store import telling as told
from headrace.engine.store.many import write

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unstaffed:
    """A task that went past those it was drawn for."""

    instance_id: str
    node: str
    user: str
    origin: str


@dataclass
class Rows:
    """What a group of advances writes, table by table."""

    now_ms: int
    directory: Directory
    jobs: list[Row] = field(default_factory=list)
    jobs_again: list[Row] = field(default_factory=list)
    jobs_gone: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    task_actors: list[Row] = field(default_factory=list)
    seats_changed: list[Row] = field(default_factory=list)
    votes: list[Row] = field(default_factory=list)
    tasks_revised: list[Row] = field(default_factory=list)
    tasks_urged: list[Row] = field(default_factory=list)
    tasks_paused: list[Row] = field(default_factory=list)
    task_notes: list[Row] = field(default_factory=list)
    decided: list[tuple[Instance, e.VoteCast | e.TaskChanged | e.TaskOpened]] = field(
        default_factory=list
    )
    """What people did with tasks, for the chain of decisions; the caller's."""
    tasks_ended: list[Row] = field(default_factory=list)
    timers: list[Row] = field(default_factory=list)
    timers_gone: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)
    incidents_resolved: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)
    jobs_fenced: list[Row] = field(default_factory=list)
    jobs_held: list[Row] = field(default_factory=list)
    jobs_resumed: list[Row] = field(default_factory=list)
    jobs_resumed_before: list[Row] = field(default_factory=list)
    """Of those that are suspended again in the same advance."""
    timers_resumed_before: list[Row] = field(default_factory=list)
    timers_held: list[Row] = field(default_factory=list)
    timers_resumed: list[Row] = field(default_factory=list)
    timers_moved: list[Row] = field(default_factory=list)
    limits_set: list[Row] = field(default_factory=list)
    """Open tasks whose time limits are others now."""
    instances_migrated: list[Row] = field(default_factory=list)
    jobs_migrated: list[Row] = field(default_factory=list)
    tasks_migrated: list[Row] = field(default_factory=list)
    steps_migrated: list[Row] = field(default_factory=list)
    incidents_migrated: list[Row] = field(default_factory=list)
    subscriptions: list[Row] = field(default_factory=list)
    subscriptions_gone: list[Row] = field(default_factory=list)
    locks: list[Row] = field(default_factory=list)
    locks_gone: list[Row] = field(default_factory=list)
    locks_left: list[Row] = field(default_factory=list)
    """(key, instance) of keys released."""
    locks_ended: list[str] = field(default_factory=list)
    """Instances whose end releases all their keys."""
    items: list[Row] = field(default_factory=list)
    items_reset: list[Row] = field(default_factory=list)
    items_started: list[Row] = field(default_factory=list)
    items_ended: list[Row] = field(default_factory=list)
    published: list[tuple[Instance, e.MessagePublished]] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    """Messages that came too late for whom they were meant."""
    children: list[tuple[Instance, e.ChildrenStarted | e.ItemsStarted]] = field(
        default_factory=list
    )
    wishes: list[tuple[str, c.Command]] = field(default_factory=list)
    """Wishes for other instances (parents and children), to be put into their inbox."""
    traces: dict[str, str] = field(default_factory=dict)
    """Instance → its trace, which the sub-flows it starts belong to as well."""
    told: list[told.Told] = field(default_factory=list)
    """What people are to hear of tasks."""
    unstaffed: list[Unstaffed] = field(default_factory=list)
    outside: Callable[[], bool] = lambda: True
    """Is there a connection messages could leave by? Asked only when there are some."""
    task_timers_held: list[Row] = field(default_factory=list)
    task_timers_resumed: list[Row] = field(default_factory=list)
    priorities: dict[str, int] = field(default_factory=dict)
    """Instance → how urgent it is; its jobs and sub-flows are, too."""

    def write(self, connection: Connection) -> None:
        """All but messages, locks, children and wishes, which are the caller's."""
        for statement, rows in (
            (t.jobs, self.jobs),
            (_JOB_AGAIN, self.jobs_again),
            (_JOB_FENCED, self.jobs_fenced),
            (_JOB_GONE, self.jobs_gone),
            (_JOBS_RESUMED, self.jobs_resumed_before),
            (_JOBS_HELD, self.jobs_held),
            (_JOBS_RESUMED, self.jobs_resumed),
            (_INSTANCE_MIGRATED, self.instances_migrated),
            (_JOB_MIGRATED, self.jobs_migrated),
            (_TASK_MIGRATED, self.tasks_migrated),
            (_SUBSCRIPTION_MIGRATED, self.steps_migrated),
            (_INCIDENT_MIGRATED, self.incidents_migrated),
            (_TIMER_MOVED, self.timers_moved),
            (_LIMITS_GONE, self.limits_set),
            (_LIMITS_SET, self.limits_set),
            (t.tasks, self.tasks),
            (t.task_actors, self.task_actors),
            (_SEAT_CHANGED, self.seats_changed),
            (_VOTE, self.votes),
            (_TASK_REVISED, self.tasks_revised),
            (_TASK_URGED, self.tasks_urged),
            (_TASK_TIMES_RESUMED, self.task_timers_resumed),
            (_TASK_PAUSED, self.tasks_paused),
            (t.task_notes, self.task_notes),
            (_TASK_ENDED, self.tasks_ended),
            (_ACTORS_CLOSED, self.tasks_ended),
            (told.READ_WITH_TASK, self.tasks_ended),
            # Timers before their end: a step may begin and end in one advance.
            (t.timers, self.timers),
            (_TIMER_GONE, self.timers_gone),
            (_TIMERS_RESUMED, self.timers_resumed_before),
            (_TIMERS_HELD, self.timers_held),
            (_TIMERS_RESUMED, self.timers_resumed),
            (_TASKS_RESUMED, [row for row in self.timers_resumed if row["b_shift"]]),
            (_TASK_TIMERS_HELD, self.task_timers_held),
            (_TASK_TIMERS_RESUMED, self.task_timers_resumed),
            (t.subscriptions, self.subscriptions),
            (_SUBSCRIPTION_GONE, self.subscriptions_gone),
            (_ITEMS_RESET, self.items_reset),
            (t.items, self.items),
            (_ITEM_STARTED, self.items_started),
            (_ITEM_ENDED, self.items_ended),
            (t.incidents, self.incidents),
            (_INCIDENT_RESOLVED, self.incidents_resolved),
            (t.outbox, self.outbox),
            (t.notifications, self.notifications),
        ):
            if rows:
                write(connection, statement, rows)
        if self.told:
            told.write(connection, self.told, self.tasks, self.directory, self.now_ms, self.outside)

    def suspend_again(self, id_: str) -> None:
        """What resumed the instance in this very advance comes before what suspends it now."""
        for rows, before in (
            (self.jobs_resumed, self.jobs_resumed_before),
            (self.timers_resumed, self.timers_resumed_before),
        ):
            before += [row for row in rows if row["b_instance"] == id_]
            rows[:] = [row for row in rows if row["b_instance"] != id_]

    def changed(self) -> Iterable[str]:
        """Names of the hints that workers want."""
        if self.jobs or self.jobs_again or self.jobs_resumed:
            yield "jobs"
        if self.timers or self.timers_resumed or self.timers_moved:
            yield "timers"
        if self.outbox or self.told:
            yield "outbox"
        if self.children or self.wishes:
            yield "ready"


_JOB_AGAIN = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(
        status="ready", attempt=0, lease_epoch=t.jobs.c.lease_epoch + 1, lease_owner=None, lease_until=None, ended_at=None,
        available_at=bindparam("b_at"), unknown=bindparam("b_unknown"), first_at=None,
    )
)  # fmt: skip
# A worker is at it: what it says is still wanted, so that a late success can be undone. Not by `where`: on PostgreSQL that would
# pass over a row that another process is about to lease, instead of waiting for it.
_JOB_FENCED = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(status=sa.case((t.jobs.c.status == "leased", "cancelled"), else_=t.jobs.c.status))
)
_JOB_GONE = t.jobs.delete().where(t.jobs.c.id == bindparam("b_id"), t.jobs.c.status != "cancelled")
_JOBS_HELD = (
    t.jobs.update()
    .where(t.jobs.c.instance_id == bindparam("b_instance"), t.jobs.c.status == "ready")
    .values(status="held")
)
_JOBS_RESUMED = (
    t.jobs.update()
    .where(t.jobs.c.instance_id == bindparam("b_instance"), t.jobs.c.status == "held")
    .values(status="ready")
)
_TIMERS_HELD = (
    t.timers.update()
    .where(t.timers.c.instance_id == bindparam("b_instance"))
    .values(held_at=bindparam("b_at"))
)
_TIMERS_RESUMED = (
    t.timers.update()
    .where(t.timers.c.instance_id == bindparam("b_instance"), t.timers.c.held_at.is_not(None))
    .values(
        held_at=None,
        due_at=t.timers.c.due_at + bindparam("b_shift"),
        # What its task's own pause will add must not be added twice.
        paused_at=t.timers.c.paused_at + bindparam("b_shift"),
    )
)
_TASKS_RESUMED = (
    t.tasks.update()
    .where(t.tasks.c.instance_id == bindparam("b_instance"), t.tasks.c.status == "open")
    .values(
        due_at=t.tasks.c.due_at + bindparam("b_shift"),
        paused_at=t.tasks.c.paused_at + bindparam("b_shift"),
    )
)
_TASK_TIMER = (
    t.timers.c.instance_id == bindparam("b_instance"),
    t.timers.c.step == bindparam("b_step"),
    sa.or_(t.timers.c.name.startswith("task:"), t.timers.c.name == "remind"),
)
_TASK_TIMERS_HELD = (
    t.timers.update()
    .where(*_TASK_TIMER, t.timers.c.paused_at.is_(None))
    .values(paused_at=bindparam("b_at"))
)
_TASK_TIMERS_RESUMED = (
    t.timers.update()
    .where(*_TASK_TIMER, t.timers.c.paused_at.is_not(None))
    .values(paused_at=None, due_at=t.timers.c.due_at + bindparam("b_at") - t.timers.c.paused_at)
)
_TIMER_MOVED = (
    t.timers.update()
    .where(t.timers.c.id == bindparam("b_id"))
    .values(
        due_at=bindparam("b_due"),
        calendar=bindparam("b_calendar"),
        calendar_version=bindparam("b_version"),
        reckoning=bindparam("b_reckoning", type_=t.Json()),
    )
)
_LIMITS_GONE = t.timers.delete().where(*_TASK_TIMER)
_LIMITS_SET = (
    t.tasks.update()
    .where(t.tasks.c.id == bindparam("b_task"))
    .values(
        due_at=bindparam("b_due"),
        calendar=bindparam("b_calendar"),
        calendar_version=bindparam("b_version"),
        reckoning=bindparam("b_reckoning", type_=t.Json()),
    )
)
NO_CALENDAR = {"b_calendar": None, "b_version": None, "b_reckoning": None}
_INSTANCE_MIGRATED = (
    t.instances.update()
    .where(t.instances.c.id == bindparam("b_id"))
    .values(version=bindparam("b_version"))
)
_JOB_MIGRATED = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(
        version=bindparam("b_version"), node=bindparam("b_node"), effect=bindparam("b_effect"),
        attempts_max=bindparam("b_attempts"), backoff_ms=bindparam("b_backoff"),
    )
)  # fmt: skip
_TASK_MIGRATED = (
    t.tasks.update()
    .where(t.tasks.c.id == bindparam("b_id"))
    .values(
        version=bindparam("b_version"),
        node=bindparam("b_node"),
        can_return=bindparam("b_can_return"),
    )
)
_SUBSCRIPTION_MIGRATED = (
    t.subscriptions.update()
    .where(
        t.subscriptions.c.instance_id == bindparam("b_instance"),
        t.subscriptions.c.step == bindparam("b_step"),
    )
    .values(node=bindparam("b_node"))
)
_INCIDENT_MIGRATED = (
    t.incidents.update()
    .where(t.incidents.c.id == bindparam("b_id"))
    .values(node=bindparam("b_node"))
)
_SUBSCRIPTION_GONE = t.subscriptions.delete().where(
    t.subscriptions.c.instance_id == bindparam("b_instance"),
    t.subscriptions.c.step == bindparam("b_step"),
)
_ITEMS_RESET = t.items.delete().where(
    t.items.c.instance_id == bindparam("b_instance"), t.items.c.step == bindparam("b_step")
)
_ITEM = (
    t.items.c.instance_id == bindparam("b_instance"),
    t.items.c.step == bindparam("b_step"),
    t.items.c.number == bindparam("b_number"),
)
_ITEM_STARTED = (
    t.items.update().where(*_ITEM).values(status="running", child_id=bindparam("b_child"))
)
_ITEM_ENDED = (
    t.items.update()
    .where(*_ITEM)
    .values(status=bindparam("b_status"), output=bindparam("b_output"))
)
_SEAT = (
    t.task_actors.c.task_id == bindparam("b_task"),
    t.task_actors.c.seat == bindparam("b_seat"),
)
_VOTE = (
    t.task_actors.update()
    .where(*_SEAT)
    .values(
        status="done", decision=bindparam("b_decision"), comment=bindparam("b_comment"), form=bindparam("b_form"),
        decided_at=bindparam("b_at"),
    )
)  # fmt: skip
_SEAT_CHANGES = (
    "user_id", "status", "decision", "comment", "form", "decided_at", "kind", "on_behalf_of", "origin", "unit", "stage",
    "weight", "veto", "returns_to", "reason", "closed_at",
)  # fmt: skip
_SEAT_CHANGED = (
    t.task_actors.update()
    .where(*_SEAT)
    .values(**{name: bindparam(f"b_{name}") for name in _SEAT_CHANGES})
)
_TASK = t.tasks.c.id == bindparam("b_task")
_TASK_REVISED = t.tasks.update().where(_TASK).values(revision=t.tasks.c.revision + 1)
_TASK_URGED = t.tasks.update().where(_TASK).values(urged_at=bindparam("b_at"))
_TASK_TIMES_RESUMED = (
    t.tasks.update()
    .where(_TASK, t.tasks.c.paused_at.is_not(None), t.tasks.c.calendar.is_(None))
    .values(due_at=t.tasks.c.due_at + bindparam("b_at") - t.tasks.c.paused_at)
)
"""Business time is worked out by its calendar (`service/calendars.py`)."""
_TASK_PAUSED = t.tasks.update().where(_TASK).values(paused_at=bindparam("b_at"))
_TASK_ENDED = (
    t.tasks.update()
    .where(_TASK, t.tasks.c.status == "open")
    .values(
        status=bindparam("b_status"), ended_at=bindparam("b_at"), revision=t.tasks.c.revision + 1
    )
)
_ACTORS_CLOSED = (
    t.task_actors.update()
    .where(
        t.task_actors.c.task_id == bindparam("b_task"),
        # Not IN: its list of parameters cannot be had with several rows.
        sa.or_(*(t.task_actors.c.status == status for status in tasking.LIVE)),
    )
    .values(status="closed", reason=bindparam("b_reason"), closed_at=bindparam("b_at"))
)
_TIMER_GONE = t.timers.delete().where(
    t.timers.c.instance_id == bindparam("b_instance"), t.timers.c.step == bindparam("b_step")
)
_INCIDENT_RESOLVED = (
    t.incidents.update()
    .where(t.incidents.c.id == bindparam("b_id"))
    .values(
        resolved_at=bindparam("b_at"),
        resolution=bindparam("b_resolution"),
        resolved_by=bindparam("b_by"),
    )
)

_ONLY_TIMER = frozenset({"timer"})

PAST = frozenset({"backup", "superior", "fallback"})
"""How somebody has a seat that was drawn for others."""

DECISIONS = frozenset({"approved", "rejected", "returned"})


def row_id(instance_id: str, step: int) -> str:
    """The id of a step's job or task."""
    return f"{instance_id}.{step}"


def project(rows: Rows, instance: Instance, flow: CompiledFlow, events: Iterable[e.Event]) -> None:
    """Add what these events of one instance mean for the tables around it."""
    begun: set[int] | None = None
    """After a migration: the steps begun since; timers of the others are there already."""
    entered: dict[int, str] = {}
    decided = {event.step for event in events if type(event) is e.StepDone}
    """Also a task that was decided by rule at once is shown."""
    fired: set[int] = set()
    """Steps whose time has come: the row of that timer went when it was taken."""
    closes: dict[int, str] = {}
    """Why those who have not decided are not asked any more: the rule by which their task was decided."""
    for event in events:
        match event:
            case (
                e.StepPassed()
                | e.InstanceStarted()
                | e.TokenMarked()
                | e.JoinFired()
                | e.VisitCounted()
                | e.MarksRestored()
                | e.TokenAbsorbed()
                | e.RoundEnded()
                | e.TokensRemoved()
                | e.TokenPlaced()
                | e.EventFired()
                | e.StateAwaited()
                | e.LockTaken()
                | e.MessageTaken()
                | e.CompensationKept()
                | e.CompensationBegun()
                | e.CancellationBegun()
                | e.InstanceReopened()
                | e.ComebackKept()
            ):
                pass
            case e.StepEntered(step) | e.CompensationStarted(step):
                entered[step] = event.node
                if begun is not None:
                    begun.add(step)
            case e.StepDone(step, node, port):
                status = port if port in DECISIONS else "skipped"
                _close_step(
                    rows, instance, flow, step, node, status, closes.get(step), fired=step in fired
                )
            case e.StepCancelled(step, node, children, compensate):
                _withdraw_step(rows, instance, flow, step, node, children, compensate=compensate)
            case e.StepInterrupted(step, node, _, _, _, _, children):
                _withdraw_step(rows, instance, flow, step, node, children)
            case e.ItemsAdded():
                _add_items(rows, instance, event)
            case e.ItemsStarted():
                rows.children.append((instance, event))
                rows.items_started.extend(
                    {"b_instance": instance.id, "b_step": event.step, "b_number": n, "b_child": id_}
                    for n, id_ in event.children
                )
            case e.ItemEnded(step, number, _, status, output):
                rows.items_ended.append(
                    {
                        "b_instance": instance.id, "b_step": step, "b_number": number, "b_status": status,
                        "b_output": None if output is None else jsontext.dumps(output),
                    }
                )  # fmt: skip
            case e.ItemsClosed(_, _, cancelled):
                _cancel_children(rows, cancelled)
            case e.Subscribed():
                rows.subscriptions.append(_subscription(rows, instance, flow, event))
            case e.MessagePublished():
                rows.published.append((instance, event))
            case e.MessageReturned(_, message):
                rows.returned.append(message)
            case e.LockRequested(step, key):
                rows.locks.append(
                    {
                        "key": key,
                        "instance_id": instance.id,
                        "step": step,
                        "created_at": rows.now_ms,
                    }
                )
            case e.LockReleased(_, key):
                rows.locks_left.append({"b_key": key, "b_instance": instance.id})
            case e.InstanceSuspended(by, reason, timers, at):
                rows.suspend_again(instance.id)
                rows.jobs_held.append({"b_instance": instance.id})
                if timers == "shift":
                    rows.timers_held.append({"b_instance": instance.id, "b_at": at})
                rows.wishes.extend(
                    (child, c.Suspend(by, reason, timers)) for child in _open_children(instance)
                )
            case e.InstanceResumed(by, shift_ms):
                rows.jobs_resumed.append({"b_instance": instance.id})
                rows.timers_resumed.append({"b_instance": instance.id, "b_shift": shift_ms})
                rows.wishes.extend((child, c.Resume(by)) for child in _open_children(instance))
            case e.JobRequested(step) if step not in instance.steps:
                pass  # withdrawn before anybody could hear of it
            case e.TaskOpened(step) if step not in instance.steps and step not in decided:
                pass  # withdrawn before anybody could hear of it
            case e.JobRequested():
                _request_job(rows, instance, flow, event)
            case e.TaskOpened():
                open_ = instance.steps.get(event.step)
                node_id = open_.node if open_ else entered[event.step]  # else decided at once
                _open_task(rows, instance, flow, event, node_id)
                seats = _opened_seats(event)
                if any(seat.decision and seat.reason for seat in seats):  # approved by a rule
                    rows.decided.append((instance, event))
                past = next((seat for seat in seats if seat.origin in PAST), None)
                if past is not None:
                    rows.unstaffed.append(Unstaffed(instance.id, node_id, past.user, past.origin))
                messages = telling.opened(seats, instance.initiator)
                _tell(rows, instance, flow, event.step, messages)
            case e.VoteCast():
                _tell(rows, instance, flow, event.step, telling.voted(event, instance.initiator))
                _vote(rows, instance, event)
                if event.closes:
                    closes[event.step] = event.closes
            case e.TaskChanged():
                _change_task(rows, instance, event)
                _tell_of_change(rows, instance, flow, event)
                if event.details and "closes" in event.details:
                    closes[event.step] = event.details["closes"]
            case e.InstanceMigrated():
                _migrate(rows, instance, flow)
                begun = set()
            case e.LimitsSet(step, due_at):
                rows.limits_set.append(
                    {
                        "b_instance": instance.id, "b_step": step, "b_task": row_id(instance.id, step),
                        "b_due": due_at, **NO_CALENDAR,
                    }
                )  # fmt: skip
            case e.TimerSet(step, "due", due_at) if begun is not None and step not in begun:
                name = "due"
                moved = {"b_id": f"{instance.id}.{step}.{name}", "b_due": due_at, "b_step": step}
                rows.timers_moved.append({**moved, "b_instance": instance.id, **NO_CALENDAR})
            case e.TimerSet(step, name, due_at):
                rows.timers.append(
                    {
                        "id": f"{instance.id}.{step}.{name}",
                        "instance_id": instance.id,
                        "step": step,
                        "name": name,
                        "due_at": due_at,
                    }
                )
            case e.ChildrenStarted():
                rows.children.append((instance, event))
            case e.NotificationQueued():
                _notify(rows, instance, event)
            case e.IncidentRaised(_, step, _, code):
                raise_incident(rows, instance, event)
                if code == "lock_deadlock":
                    rows.locks_gone.append({"b_instance": instance.id, "b_step": step})
            case e.IncidentResolved(incident, resolution, by):
                rows.incidents_resolved.append(
                    {"b_id": incident, "b_at": rows.now_ms, "b_resolution": resolution, "b_by": by}
                )
            case e.InstanceCompleted(_, output):
                _end(rows, instance, flow, "completed", output)
            case e.InstanceCancelled():
                _end(rows, instance, flow, "cancelled", None)
            case e.TimerFired(step, "due"):
                fired.add(step)
            case e.TimerFired(step, name):
                if name.startswith("task:") and step in instance.steps:
                    found = instance.steps[step]
                    settings = flow.nodes[found.node].settings
                    _tell(rows, instance, flow, step, telling.fired(found.task, settings, name))
            case e.JobTried() | e.ChildEnded() | e.ResultIgnored():
                pass
            case _:
                assert_never(event)


def _migrate(rows: Rows, instance: Instance, flow: CompiledFlow) -> None:
    """Rows that name a version or a node follow their instance; `instance` and `flow` are those after the migration."""
    rows.instances_migrated.append({"b_id": instance.id, "b_version": flow.version})
    for step in instance.steps.values():
        node = flow.nodes[step.node]
        row = {"b_id": row_id(instance.id, step.id), "b_version": flow.version, "b_node": node.id}
        if node.type.in_worker:
            rows.jobs_migrated.append(
                {
                    **row, "b_effect": node.type.effect(node.settings), "b_attempts": node.type.attempts(node.settings),
                    "b_backoff": node.type.backoff_ms(node.settings),
                }
            )  # fmt: skip
        elif step.wait == "task":
            rows.tasks_migrated.append({**row, "b_can_return": "returned" in node.connected})
        rows.steps_migrated.append(
            {"b_instance": instance.id, "b_step": step.id, "b_node": node.id}
        )
    rows.incidents_migrated.extend(
        {"b_id": id_, "b_node": node} for id_, (_, node) in instance.incidents.items()
    )


def raise_incident(rows: Rows, instance: Instance, event: e.IncidentRaised) -> None:
    """The row of an incident; needs no flow, so that trouble with the flow itself can be told."""
    rows.incidents.append(
        {
            "id": event.incident, "instance_id": instance.id, "flow_key": instance.flow_key, "step": event.step,
            "node": event.node, "code": event.code, "message": event.message, "raised_at": rows.now_ms,
        }
    )  # fmt: skip


def _close_step(
    rows: Rows,
    instance: Instance,
    flow: CompiledFlow,
    step: int,
    node_id: str,
    status: str,
    reason: str | None = None,
    *,
    fired: bool = False,
) -> None:
    """`fired`: by its own timer, the only one of a step that waits for nothing but time."""
    node = flow.nodes[node_id]
    if node.type.in_worker:
        rows.jobs_gone.append({"b_id": row_id(instance.id, step)})
    elif "task" in node.type.rows:
        rows.tasks_ended.append(
            {
                "b_task": row_id(instance.id, step), "b_status": status, "b_at": rows.now_ms,
                "b_reason": reason or status,
            }
        )  # fmt: skip
    timed = "timer" in node.type.rows and not node.type.in_worker
    if node.events or (timed and not (fired and node.type.rows == _ONLY_TIMER)):
        rows.timers_gone.append({"b_instance": instance.id, "b_step": step})
    if node.subscribes:
        rows.subscriptions_gone.append({"b_instance": instance.id, "b_step": step})


def _withdraw_step(
    rows: Rows,
    instance: Instance,
    flow: CompiledFlow,
    step: int,
    node_id: str,
    children: Iterable[str],
    *,
    compensate: bool = False,
) -> None:
    node = flow.nodes[node_id]
    if node.type.in_worker:
        rows.jobs_fenced.append({"b_id": row_id(instance.id, step)})
    if node.type.lock == "enter":
        rows.locks_gone.append({"b_instance": instance.id, "b_step": step})
    _close_step(rows, instance, flow, step, node_id, "cancelled")
    _cancel_children(rows, children, compensate=compensate)


def _cancel_children(rows: Rows, children: Iterable[str], *, compensate: bool = False) -> None:
    wish = c.Cancel("the flow that started it was cancelled", "engine", compensate)
    rows.wishes.extend((child, wish) for child in children)


def _open_children(instance: Instance) -> Iterable[str]:
    for step in instance.steps.values():
        yield from children_of(step)


def _end(rows: Rows, instance: Instance, flow: CompiledFlow, status: str, output: Any) -> None:
    if flow.locks:
        rows.locks_ended.append(instance.id)
    _tell_parent(rows, instance, status, output)


def _add_items(rows: Rows, instance: Instance, event: e.ItemsAdded) -> None:
    if not event.first:  # a retry of the step begins anew
        rows.items_reset.append({"b_instance": instance.id, "b_step": event.step})
    rows.items.extend(
        {
            "instance_id": instance.id, "step": event.step, "number": event.first + place,
            "input": jsontext.dumps(input_), "business_key": business_key, "dedup_key": dedup_key,
            "status": "waiting",
        }
        for place, (input_, business_key, dedup_key) in enumerate(event.items)
    )  # fmt: skip


def _subscription(rows: Rows, instance: Instance, flow: CompiledFlow, event: e.Subscribed) -> Row:
    node = flow.nodes[instance.steps[event.step].node] if event.step in instance.steps else None
    attached = node.events.get(event.event[2:]) if node and event.event.startswith("e.") else None
    return {
        "id": f"{instance.id}.{event.step}.{event.event}", "instance_id": instance.id, "flow_key": instance.flow_key,
        "step": event.step, "node": node.id if node else "", "event": event.event, "kind": event.kind,
        "name": event.name, "key": event.key, "created_at": rows.now_ms,
        "stays": attached is not None and not attached.get("interrupting", True),
    }  # fmt: skip


def _request_job(rows: Rows, instance: Instance, flow: CompiledFlow, event: e.JobRequested) -> None:
    id_ = row_id(instance.id, event.step)
    if event.again:
        rows.jobs_again.append({"b_id": id_, "b_at": rows.now_ms, "b_unknown": event.unknown})
        return
    node = flow.nodes[instance.steps[event.step].node]
    policy = node.policy()
    about = {
        "id": instance.id,
        "business_key": instance.business_key,
        "initiator": instance.initiator,
    }
    undone = compensated(instance, event.step)
    seen = {"instance": about, **({"compensated": undone} if undone else {})}
    rows.jobs.append(
        {
            "id": id_, "instance_id": instance.id, "flow_key": instance.flow_key, "version": instance.version,
            "step": event.step, "node": node.id, "status": "ready", "key": event.key,
            "effect": event.effect, "attempts_max": event.attempts_max, "backoff_ms": event.backoff_ms,
            "unknown": event.unknown, "variables": jsontext.dumps({**instance.variables, **seen}),
            "available_at": rows.now_ms, "created_at": rows.now_ms, "queue": policy.queue, "connection": policy.connection,
            "lane": f"{policy.queue}/{policy.connection}/{policy.operation}", "limit_key": event.limit_key,
            "limit_max": policy.key_limit, "priority": rows.priorities.get(instance.id, 0),
        }
    )  # fmt: skip


def _open_task(
    rows: Rows, instance: Instance, flow: CompiledFlow, event: e.TaskOpened, node_id: str
) -> None:
    id_ = row_id(instance.id, event.step)
    node = flow.nodes[node_id]
    rows.tasks.append(
        {
            "id": id_, "instance_id": instance.id, "flow_key": instance.flow_key, "version": instance.version,
            "step": event.step, "node": node.id, "business_key": instance.business_key, "title": event.title,
            "description": event.description, "mode": event.mode, "form": event.form, "show": list(event.show),
            "buttons": dict(event.buttons), "can_return": "returned" in node.connected, "status": "open",
            "initiator": instance.initiator, "created_at": rows.now_ms, "due_at": event.due_at,
            "round": (event.task or {}).get("round", 1), "rule": event.rule, "again_of": _again_of(instance, event),
        }
    )  # fmt: skip
    round_ = (event.task or {}).get("round", 1)
    seats = event.seats or [
        {"id": n, "user": user} for n, user in enumerate(sorted(set(event.actors)), 1)
    ]
    rows.task_actors.extend(_seat_row(rows, instance, id_, seat, round_) for seat in seats)


def _again_of(instance: Instance, event: e.TaskOpened) -> str | None:
    before = (event.task or {}).get("again_of")
    return row_id(instance.id, before) if before else None


def _seat_row(
    rows: Rows, instance: Instance, task_id: str, seat: Mapping[str, Any], round_: int
) -> Row:
    """The row of a seat; what is at its default is left out of `seat`."""
    get = seat.get
    return {
        "task_id": task_id, "seat": seat["id"], "user_id": seat["user"], "instance_id": instance.id,
        "status": get("status", "open"), "created_at": rows.now_ms, "kind": get("kind", "decide"), "round": round_,
        "on_behalf_of": get("on_behalf_of"), "origin": get("origin", "assigned"), "added_by": get("added_by"),
        "unit": get("unit", 0), "stage": get("stage", 0), "weight": get("weight", 1), "veto": get("veto", False),
        "returns_to": get("returns_to", 0), "why": get("why"), **_seat_end(seat),
    }  # fmt: skip


def _seat_end(seat: Mapping[str, Any]) -> Row:
    get, over = seat.get, seat.get("status") in {"closed", "moved"}
    return {
        "decision": get("decision"), "comment": get("comment"), "form": get("form"), "reason": get("reason"),
        "decided_at": None if over else get("at"), "closed_at": get("at") if over else None,
    }  # fmt: skip


def _vote(rows: Rows, instance: Instance, event: e.VoteCast) -> None:
    id_ = row_id(instance.id, event.step)
    rows.votes.append(
        {
            "b_task": id_, "b_seat": event.seat, "b_decision": event.decision, "b_comment": event.comment,
            "b_form": event.form, "b_at": event.at,
        }
    )  # fmt: skip
    if not event.closes:  # else the end of the task counts it
        rows.tasks_revised.append({"b_task": id_})
    rows.decided.append((instance, event))


NOTED_AS = {"comment": "comment", "ask": "question", "answer": "answer"}
UNSAID = frozenset({"warn", "stages"})
"""Changes that are no deed of a person and need no note."""


def _change_task(rows: Rows, instance: Instance, event: e.TaskChanged) -> None:
    id_, details, task = row_id(instance.id, event.step), event.details or {}, event.task or {}
    for seat in event.seats:
        row = _seat_row(rows, instance, id_, seat, details.get("round", 1))
        if event.new and seat["id"] >= event.new:
            rows.task_actors.append(row)
        else:
            rows.seats_changed.append(
                {
                    "b_task": id_,
                    "b_seat": seat["id"],
                    **{f"b_{name}": row[name] for name in _SEAT_CHANGES},
                }
            )
    rows.tasks_revised.append({"b_task": id_})
    if "urged_at" in task:
        rows.tasks_urged.append({"b_task": id_, "b_at": task["urged_at"]})
    if "paused_since" in task:
        rows.tasks_paused.append({"b_task": id_, "b_at": task["paused_since"]})
    if "ends" in details:
        ended = {
            "b_task": id_,
            "b_status": details["ends"],
            "b_at": rows.now_ms,
            "b_reason": event.action,
        }
        rows.tasks_ended.append(ended)
    if event.action not in UNSAID:
        rows.task_notes.append(
            {
                "task_id": id_, "instance_id": instance.id, "at": event.at, "by": event.by,
                "kind": NOTED_AS.get(event.action, "action"), "action": event.action,
                "text": details.get("text", ""), "to": _only(details.get("to")), "seat": details.get("seat", 0),
                "details": details or None,
            }
        )  # fmt: skip
    rows.decided.append((instance, event))


def _opened_seats(event: e.TaskOpened) -> list[tasking.Seat]:
    if event.seats:
        return [tasking.seat_from_json(row) for row in event.seats]
    return list(tasking.plain(event.mode, event.actors).seats.values())


def _tell_of_change(
    rows: Rows, instance: Instance, flow: CompiledFlow, event: e.TaskChanged
) -> None:
    step = instance.steps.get(event.step)
    node = flow.nodes.get(step.node if step else event.node)
    settings = node.settings if node else {}
    messages = telling.changed(step.task if step else None, settings, event)
    _tell(rows, instance, flow, event.step, messages, event.node)
    if "paused_since" in (event.task or {}):
        _keep_still(rows, instance, event)


def _keep_still(rows: Rows, instance: Instance, event: e.TaskChanged) -> None:
    """The timers of a paused task stand still; a pause that begins again at once has not ended."""
    row = {
        "b_instance": instance.id, "b_step": event.step, "b_at": rows.now_ms, "b_task": row_id(instance.id, event.step),
    }  # fmt: skip
    if event.task and event.task["paused_since"] is None:
        rows.task_timers_resumed.append(row)
    elif row in rows.task_timers_resumed:
        rows.task_timers_resumed.remove(row)
    else:
        rows.task_timers_held.append(row)


def _tell(
    rows: Rows,
    instance: Instance,
    flow: CompiledFlow,
    step: int,
    messages: Iterable[telling.Message],
    node_id: str = "",
) -> None:
    for message in messages:
        found = instance.steps.get(step)
        node = flow.nodes.get(found.node if found else node_id)
        about = {
            "flow": dict(flow.name),
            "node": dict(node.name) if node else None,
            "business_key": instance.business_key,
        }
        dedup = f"{instance.id}.{step}.{message.kind}.{instance.seq}.{len(rows.told)}"
        rows.told.append(
            told.Told(message, instance.id, step, row_id(instance.id, step), dedup, about)
        )


def _only(to: Any) -> str | None:
    """The person it was said to, if it was one."""
    found = [to] if isinstance(to, str) else to or []
    return found[0] if len(found) == 1 else None


def _notify(rows: Rows, instance: Instance, event: e.NotificationQueued) -> None:
    common = {
        "title": event.title,
        "text": event.text,
        "instance_id": instance.id,
        "created_at": rows.now_ms,
    }
    if event.channel == "in_app":
        rows.notifications.extend({**common, "user_id": user} for user in event.users)
        return
    recipients = [""] if event.channel == "robot" else event.users
    for user in recipients:
        person = rows.directory.people.get(user)
        rows.outbox.append(
            {
                **common, "channel": event.channel, "connection": event.connection,
                "recipient": (person.email or "") if person else "", "step": event.step, "status": "queued", "receipts": [],
                "dedup": f"{instance.id}.{event.step}.{event.name}.{instance.seq}.{user}", "available_at": rows.now_ms,
            }
        )  # fmt: skip


def _tell_parent(rows: Rows, instance: Instance, status: str, output: Any) -> None:
    if instance.parent_id is not None and instance.parent_step is not None:
        rows.wishes.append(
            (instance.parent_id, c.EndChild(instance.parent_step, instance.id, status, output))
        )
