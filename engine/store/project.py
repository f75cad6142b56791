"""Events → rows (`rows.py`): one `case` an event, so that there is no second list of effects."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from headrace.engine import jsontext
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people import telling
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.region import children_of
from headrace.engine.run.state import Instance
from headrace.engine.run.undo import compensated
from headrace.engine.store.project_tasks import change_task, open_task, tell, vote
from headrace.engine.store.rows import Row, Rows, row_id

NO_CALENDAR = {"b_calendar": None, "b_version": None, "b_reckoning": None}
_ONLY_TIMER = frozenset({"timer"})
DECISIONS = frozenset({"approved", "rejected", "returned"})


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
                open_task(rows, instance, flow, event, node_id)
            case e.VoteCast():
                vote(rows, instance, flow, event)
                if event.closes:
                    closes[event.step] = event.closes
            case e.TaskChanged():
                change_task(rows, instance, flow, event)
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
                moved = {"b_id": f"{instance.id}.{step}.due", "b_due": due_at, "b_step": step}
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
                    tell(rows, instance, flow, step, telling.fired(found.task, settings, name))
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
