"""Events of tasks → rows: seats, votes, notes, and what people are told of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people import tasking, telling
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance
from headrace.engine.store import telling as told
from headrace.engine.store.rows import SEAT_CHANGES, Row, Rows, Unstaffed, row_id

PAST = frozenset({"backup", "superior", "fallback"})
"""How somebody has a seat that was drawn for others."""

NOTED_AS = {"comment": "comment", "ask": "question", "answer": "answer"}

UNSAID = frozenset({"warn", "stages"})
"""Changes that are no deed of a person and need no note."""


def open_task(
    rows: Rows, instance: Instance, flow: CompiledFlow, event: e.TaskOpened, node_id: str
) -> None:
    """A task with those who are asked first, and who hears of it."""
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
    opened = _opened_seats(event)
    if any(seat.decision and seat.reason for seat in opened):  # approved by a rule
        rows.decided.append((instance, event))
    past = next((seat for seat in opened if seat.origin in PAST), None)
    if past is not None:
        rows.unstaffed.append(Unstaffed(instance.id, node_id, past.user, past.origin))
    tell(rows, instance, flow, event.step, telling.opened(opened, instance.initiator))


def vote(rows: Rows, instance: Instance, flow: CompiledFlow, event: e.VoteCast) -> None:
    """A vote on its seat, and who hears of it."""
    tell(rows, instance, flow, event.step, telling.voted(event, instance.initiator))
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


def change_task(rows: Rows, instance: Instance, flow: CompiledFlow, event: e.TaskChanged) -> None:
    """What somebody did with a task besides voting: its seats, a note, and who hears of it."""
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
                    **{f"b_{name}": row[name] for name in SEAT_CHANGES},
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
    _tell_of_change(rows, instance, flow, event)


def _tell_of_change(
    rows: Rows, instance: Instance, flow: CompiledFlow, event: e.TaskChanged
) -> None:
    step = instance.steps.get(event.step)
    node = flow.nodes.get(step.node if step else event.node)
    settings = node.settings if node else {}
    messages = telling.changed(step.task if step else None, settings, event)
    tell(rows, instance, flow, event.step, messages, event.node)
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


def _again_of(instance: Instance, event: e.TaskOpened) -> str | None:
    before = (event.task or {}).get("again_of")
    return row_id(instance.id, before) if before else None


def _opened_seats(event: e.TaskOpened) -> list[tasking.Seat]:
    if event.seats:
        return [tasking.seat_from_json(row) for row in event.seats]
    return list(tasking.plain(event.mode, event.actors).seats.values())


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


def tell(
    rows: Rows,
    instance: Instance,
    flow: CompiledFlow,
    step: int,
    messages: Iterable[telling.Message],
    node_id: str = "",
) -> None:
    """Keep what people are to hear of a task; `node_id`: where its step has gone already."""
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
