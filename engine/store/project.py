"""Events → rows: one `case` an event, so that there is no second list of effects. `Rows` gathers a whole group for executemany."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, assert_never

from sqlalchemy import Connection, bindparam

from headrace.engine import jsontext
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people.directory import Directory
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance
from headrace.engine.store import tables as t

Row = dict[str, Any]


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
    votes: list[Row] = field(default_factory=list)
    tasks_ended: list[Row] = field(default_factory=list)
    timers: list[Row] = field(default_factory=list)
    timers_gone: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)
    incidents_resolved: list[Row] = field(default_factory=list)
    outbox: list[Row] = field(default_factory=list)
    notifications: list[Row] = field(default_factory=list)
    children: list[tuple[Instance, e.ChildrenStarted]] = field(default_factory=list)
    wishes: list[tuple[str, c.Command]] = field(default_factory=list)
    """Wishes for other instances (parents and children), to be put into their inbox."""

    def write(self, connection: Connection) -> None:
        """All but `children` and `wishes`, which are the caller's."""
        for statement, rows in (
            (t.jobs.insert(), self.jobs),
            (_JOB_AGAIN, self.jobs_again),
            (_JOB_GONE, self.jobs_gone),
            (t.tasks.insert(), self.tasks),
            (t.task_actors.insert(), self.task_actors),
            (_VOTE, self.votes),
            (_TASK_ENDED, self.tasks_ended),
            (_ACTORS_CLOSED, self.tasks_ended),
            # Timers before their end: a step may begin and end in one advance.
            (t.timers.insert(), self.timers),
            (_TIMER_GONE, self.timers_gone),
            (t.incidents.insert(), self.incidents),
            (_INCIDENT_RESOLVED, self.incidents_resolved),
            (t.outbox.insert(), self.outbox),
            (t.notifications.insert(), self.notifications),
        ):
            if rows:
                connection.execute(statement, rows)

    def changed(self) -> Iterable[str]:
        """Names of the hints that workers want."""
        if self.jobs or self.jobs_again:
            yield "jobs"
        if self.timers:
            yield "timers"
        if self.outbox:
            yield "outbox"
        if self.children or self.wishes:
            yield "ready"


_JOB_AGAIN = (
    t.jobs.update()
    .where(t.jobs.c.id == bindparam("b_id"))
    .values(
        status="ready", attempt=0, lease_epoch=t.jobs.c.lease_epoch + 1, lease_owner=None, lease_until=None, ended_at=None,
        available_at=bindparam("b_at"), unknown=bindparam("b_unknown"),
    )
)  # fmt: skip
_JOB_GONE = t.jobs.delete().where(t.jobs.c.id == bindparam("b_id"))
_VOTE = (
    t.task_actors.update()
    .where(t.task_actors.c.task_id == bindparam("b_task"), t.task_actors.c.user_id == bindparam("b_user"))
    .values(
        status="done", decision=bindparam("b_decision"), comment=bindparam("b_comment"), form=bindparam("b_form"),
        decided_at=bindparam("b_at"),
    )
)  # fmt: skip
_TASK_ENDED = (
    t.tasks.update()
    .where(t.tasks.c.id == bindparam("b_task"), t.tasks.c.status == "open")
    .values(status=bindparam("b_status"), ended_at=bindparam("b_at"))
)
_ACTORS_CLOSED = (
    t.task_actors.update()
    .where(t.task_actors.c.task_id == bindparam("b_task"), t.task_actors.c.status == "open")
    .values(status="closed")
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

DECISIONS = frozenset({"approved", "rejected", "returned"})


def row_id(instance_id: str, step: int) -> str:
    """The id of a step's job or task."""
    return f"{instance_id}.{step}"


def project(rows: Rows, instance: Instance, flow: CompiledFlow, events: Iterable[e.Event]) -> None:
    """Add what these events of one instance mean for the tables around it."""
    for event in events:
        match event:
            case (
                e.StepPassed()
                | e.StepEntered()
                | e.InstanceStarted()
                | e.TokenMarked()
                | e.JoinFired()
            ):
                pass
            case e.StepDone(step, node, port):
                _close_step(
                    rows, instance, flow, step, node, port if port in DECISIONS else "skipped"
                )
            case e.StepCancelled(step, node, children):
                _close_step(rows, instance, flow, step, node, "cancelled")
                rows.wishes.extend(
                    (child, c.Cancel("the flow that started it was cancelled", "engine"))
                    for child in children
                )
            case e.JobRequested():
                _request_job(rows, instance, event)
            case e.TaskOpened():
                _open_task(rows, instance, flow, event)
            case e.VoteCast(step, user, decision, comment, form, at):
                rows.votes.append(
                    {
                        "b_task": row_id(instance.id, step), "b_user": user, "b_decision": decision, "b_comment": comment,
                        "b_form": form, "b_at": at,
                    }
                )  # fmt: skip
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
            case e.IncidentRaised():
                raise_incident(rows, instance, event)
            case e.IncidentResolved(incident, resolution, by):
                rows.incidents_resolved.append(
                    {"b_id": incident, "b_at": rows.now_ms, "b_resolution": resolution, "b_by": by}
                )
            case e.InstanceCompleted(_, output):
                _tell_parent(rows, instance, "completed", output)
            case e.InstanceCancelled():
                _tell_parent(rows, instance, "cancelled", None)
            case e.JobTried() | e.TimerFired() | e.ChildEnded() | e.ResultIgnored():
                pass
            case _:
                assert_never(event)


def raise_incident(rows: Rows, instance: Instance, event: e.IncidentRaised) -> None:
    """The row of an incident; needs no flow, so that trouble with the flow itself can be told."""
    rows.incidents.append(
        {
            "id": event.incident, "instance_id": instance.id, "flow_key": instance.flow_key, "step": event.step,
            "node": event.node, "code": event.code, "message": event.message, "raised_at": rows.now_ms,
        }
    )  # fmt: skip


def _close_step(
    rows: Rows, instance: Instance, flow: CompiledFlow, step: int, node: str, status: str
) -> None:
    if flow.nodes[node].type.in_worker:
        rows.jobs_gone.append({"b_id": row_id(instance.id, step)})
        return
    rows.tasks_ended.append(
        {"b_task": row_id(instance.id, step), "b_status": status, "b_at": rows.now_ms}
    )
    rows.timers_gone.append({"b_instance": instance.id, "b_step": step})


def _request_job(rows: Rows, instance: Instance, event: e.JobRequested) -> None:
    id_ = row_id(instance.id, event.step)
    if event.again:
        rows.jobs_again.append({"b_id": id_, "b_at": rows.now_ms, "b_unknown": event.unknown})
        return
    about = {
        "id": instance.id,
        "business_key": instance.business_key,
        "initiator": instance.initiator,
    }
    rows.jobs.append(
        {
            "id": id_, "instance_id": instance.id, "flow_key": instance.flow_key, "version": instance.version,
            "step": event.step, "node": instance.steps[event.step].node, "status": "ready", "key": event.key,
            "effect": event.effect, "attempts_max": event.attempts_max, "backoff_ms": event.backoff_ms,
            "unknown": event.unknown, "variables": jsontext.dumps({**instance.variables, "instance": about}),
            "available_at": rows.now_ms, "created_at": rows.now_ms,
        }
    )  # fmt: skip


def _open_task(rows: Rows, instance: Instance, flow: CompiledFlow, event: e.TaskOpened) -> None:
    id_ = row_id(instance.id, event.step)
    node = flow.nodes[instance.steps[event.step].node]
    rows.tasks.append(
        {
            "id": id_, "instance_id": instance.id, "flow_key": instance.flow_key, "version": instance.version,
            "step": event.step, "node": node.id, "business_key": instance.business_key, "title": event.title,
            "description": event.description, "mode": event.mode, "form": event.form, "show": list(event.show),
            "buttons": dict(event.buttons), "can_return": "returned" in node.connected, "status": "open",
            "initiator": instance.initiator, "created_at": rows.now_ms, "due_at": event.due_at,
        }
    )  # fmt: skip
    rows.task_actors.extend(
        {
            "task_id": id_,
            "user_id": user,
            "instance_id": instance.id,
            "status": "open",
            "created_at": rows.now_ms,
        }
        for user in event.actors
    )


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
