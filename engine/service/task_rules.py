"""What this person may do with this task, and why not: asked of the rules in `people/tasking.py`, on the instance as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.people import tasking
from headrace.engine.people.tasking import About, TaskState
from headrace.engine.run.state import Instance
from headrace.engine.service import exemptions, task_shown
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace

try:
    from headrace.engine.run import tasks as run_tasks
except ImportError:  # not there yet
    run_tasks = None  # type: ignore[assignment]

OPERATE = "instances:operate"
"""Who may act on any task."""


def standing(
    workspace: Workspace, connection: Connection, row: Any, instance: Instance | None
) -> tuple[TaskState, About] | None:
    """The task as its instance has it, and what else the rules look at; None when its step has ended."""
    step = instance.steps.get(row.step) if instance is not None else None
    if instance is None or step is None or step.task is None or run_tasks is None:
        return None
    flow = workspace.flow(connection, instance.flow_key, instance.version)
    directory = workspace.directory(connection)
    about = run_tasks.about(flow, instance, row.step, directory, workspace.clock.now_ms())
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
    people = workspace.directory(connection).people
    if known is None:
        return []
    task, about = known
    found = tasking.offers(task, actor.user_id, about, operator=actor.may(OPERATE))
    shown = []
    for offer in found:
        choices = dict(offer.choices)
        told = {"action": offer.action, "allowed": offer.allowed, "why": offer.why}
        if offer.action == "exempt" and offer.allowed:
            left = exemptions.left(workspace, connection, row, actor)
            told |= {"allowed": left.allowed, "why": left.why}
            choices |= left.choices
        shown.append({**told, "choices": _named(choices, people)})
    return shown


def _named(choices: Mapping[str, Any], people: Mapping[str, Any]) -> dict[str, Any]:
    """Choices with the names of the people in them."""
    named = dict(choices)
    for key in ("people", "who"):
        if isinstance(named.get(key), list):
            named[key] = [
                task_shown.ref(one, people) if isinstance(one, str) else one for one in named[key]
            ]
    return named
