"""Messages to people that a drawing asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headrace.engine.errors import HeadraceError
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Done, Failed, Notify
from headrace.engine.people.assign import resolve
from headrace.engine.people.directory import Person
from headrace.engine.run import events as e
from headrace.engine.run.state import Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def notify(run: Run, step: Step, wish: Notify) -> None:
    """Tell people or a group, and go on."""
    people = _people(run, wish.to)
    if not people and wish.channel != "robot":
        run.failed(
            step,
            Failed(
                "nobody_to_notify",
                "expected at least one active person to notify, but found none",
            ),
        )
        return
    run.emit(
        e.NotificationQueued(
            step.id,
            "send",
            wish.channel,
            [person.id for person in people],
            wish.connection,
            wish.title,
            wish.text,
        )
    )
    run.done(step, Done({"channel": wish.channel, "to": [person.name for person in people]}))


def remind(run: Run, step: Step) -> None:
    """The time limit of a task has passed: tell those whom its drawing names."""
    people = [person.id for person in _people(run, step.remind)]
    node = run.flow.nodes[step.node]
    name = node.name.get("zh") or node.name.get("en") or node.id
    for channel in ("in_app", "mail"):
        run.emit(
            e.NotificationQueued(
                step.id, f"remind-{channel}", channel, people, None, f"超时提醒 · Reminder: {name}",
                f"任务“{name}”等待处理已超过时限。 · The task “{name}” has been waiting beyond its time limit."
                f" ({run.instance.business_key or run.instance.id})",
            )
        )  # fmt: skip


def _people(run: Run, assignees: Sequence[Mapping[str, Any]]) -> list[Person]:
    evaluator = Evaluator(run.instance.variables)
    try:
        return resolve(
            assignees,
            run.directory,
            initiator=run.instance.initiator,
            evaluate=evaluator.expression,
        )
    except HeadraceError:
        return []
