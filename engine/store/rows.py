"""What a group of advances writes around its instances, gathered table by table for executemany, and the statements that do it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from headrace.engine.people import tasking
from headrace.engine.people.directory import Directory
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
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

SEAT_CHANGES = (
    "user_id", "status", "decision", "comment", "form", "decided_at", "kind", "on_behalf_of", "origin", "unit", "stage",
    "weight", "veto", "returns_to", "reason", "closed_at",
)  # fmt: skip

_SEAT_CHANGED = (
    t.task_actors.update()
    .where(*_SEAT)
    .values(**{name: bindparam(f"b_{name}") for name in SEAT_CHANGES})
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


def row_id(instance_id: str, step: int) -> str:
    """The id of a step's job or task."""
    return f"{instance_id}.{step}"
