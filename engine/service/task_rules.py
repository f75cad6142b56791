"""What this person may do with this task, and why not: asked of the rules in `people/tasking.py`, on the instance as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people import tasking
from headrace.engine.people.tasking import About, Refused, Seat, TaskState
from headrace.engine.run import task_about, task_returns
from headrace.engine.run.state import Instance
from headrace.engine.service import exemptions, task_shown
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace

OPERATE = "instances:operate"
"""Who may act on any task."""

RELEASE = "tasks:release"
"""Who may let tasks pass through the green channel."""

OWN_RULES = ("exempt", "release")
"""Actions for which something else is asked here: a quota, a permission of their own."""


def standing(
    workspace: Workspace, connection: Connection, row: Any, instance: Instance | None
) -> tuple[TaskState, About] | None:
    """The task as its instance has it, and what else the rules look at; None when its step has ended."""
    step = instance.steps.get(row.step) if instance is not None else None
    if instance is None or step is None or step.task is None:
        return None
    flow = workspace.flow(connection, instance.flow_key, instance.version)
    directory = workspace.directory(connection)
    about = task_about.about(flow, instance, row.step, directory, workspace.clock.now_ms())
    return step.task, about


def offers(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    instance: Instance | None,
    actor: Actor,
) -> list[dict[str, Any]]:
    """Every action that could concern this person, allowed or with the reason why not."""
    known = standing(workspace, connection, row, instance)
    if known is None:
        return _after(workspace, connection, row, instance, actor)
    task, about = known
    flow = workspace.flow(connection, row.flow_key, row.version)
    found = tasking.offers(task, actor.user_id, about, operator=actor.may(OPERATE))
    shown = [
        _shown(offer.action, offer.why, _choices(offer.action, offer.choices, task, about, flow))
        for offer in found
        if offer.action not in OWN_RULES
    ]
    if about.policy.exempts:
        left = exemptions.left(workspace, connection, row, actor)
        if left.why != "not_allowed":
            shown.append(_shown("exempt", left.why, left.choices))
    if actor.may(RELEASE):
        shown.append(_shown("release", "task_closed" if task.decided else None, {}))
    return shown


def _after(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    instance: Instance | None,
    actor: Actor,
) -> list[dict[str, Any]]:
    """What may still be done with a task that has been decided."""
    found = take_back(workspace, connection, row, instance, actor.user_id)
    if found is None:
        return []
    seat, about = found
    if isinstance(seat, Refused):
        if seat.code == "not_yours":
            return []
        return [_shown("take_back", seat.code, _moments(seat.params))]
    until = to_iso((seat.at or 0) + about.policy.take_back_ms)
    return [_shown("take_back", None, {"ends_at": until})]


def take_back(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    instance: Instance | None,
    user_id: str,
) -> tuple[Seat | Refused, About] | None:
    """May this person take back the decision that has ended this task? None: it is too long ago for the flow to know."""
    if instance is None or instance.ended:
        return None
    node, found = task_returns.ended(instance, row.step)
    if found is None:
        return None
    flow = workspace.flow(connection, instance.flow_key, instance.version)
    if node not in flow.nodes:
        return None
    now_ms = workspace.clock.now_ms()
    about = task_about.about(flow, instance, row.step, workspace.directory(connection), now_ms)
    task = tasking.from_json(found["task"])
    moved_on = task_returns.moved_on(flow, instance, node)
    seat = tasking.take_back(task, found["port"], found["at"], user_id, about, moved_on=moved_on)
    return seat, about


def _shown(action: str, why: str | None, choices: Mapping[str, Any]) -> dict[str, Any]:
    return {"action": action, "allowed": why is None, "why": why, "choices": dict(choices)}


def _choices(
    action: str, told: Mapping[str, Any], task: TaskState, about: About, flow: CompiledFlow
) -> dict[str, Any]:
    """Choices as a screen shows them: with names, and moments as text."""
    people = about.directory.people
    choices = _moments(told)
    match action:
        case "return" if "to" in choices:
            places = choices.pop("to")
            choices["nodes"] = [
                {"id": place["id"], "name": _place(place["id"], flow), "after": place["after"]}
                for place in places
            ]
            choices["after"] = sorted({after for place in places for after in place["after"]})
            choices["keep_votes"] = about.policy.keep_votes
        case "reduce_sign" if "seats" in choices:
            choices["seats"] = [
                {"seat": id_, "name": task_shown.name_of(task.seats[id_].user, people)}
                for id_ in choices["seats"]
            ]
        case "answer" if "questions" in choices:
            choices["questions"] = [
                {
                    "id": question["seat"],
                    "seat": question["seat"],
                    "by": task_shown.ref(question["by"], people),
                }
                for question in choices["questions"]
            ]
        case "take_back" if "window_ends_at" in choices:
            choices["ends_at"] = choices["window_ends_at"]
        case "urge" if "next_at" in choices:
            choices["again_at"] = choices["next_at"]
        case _:
            pass
    return choices


_MOMENTS = ("next_at", "until", "window_ends_at")


def _moments(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: to_iso(value) if name in _MOMENTS and isinstance(value, int) else value
        for name, value in told.items()
    }


def _place(id_: str, flow: CompiledFlow) -> Mapping[str, str]:
    if id_ == tasking.INITIATOR:
        return {"zh": "发起人", "en": "The one who started it"}
    node = flow.nodes.get(id_)
    return node.name if node else {"en": id_}
