"""The timers of a task's time limits (`people/deadlines.py`), by the hours that count for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace.engine.people import deadlines
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def begin(run: Run, step: Step) -> None:
    """The timers of a task that opens now."""
    settings = run.flow.nodes[step.node].settings
    if "due" in settings or "escalation" in settings:
        for moment in deadlines.moments(settings, run.now_ms, _clock(run, step)):
            _set(run, step, moment)


def go_on(run: Run, step: Step, command: c.FireTimer) -> None:
    """Set the next timer of a time limit that repeats."""
    settings = run.flow.nodes[step.node].settings
    following = deadlines.again(
        settings, command.name, command.due_at, run.now_ms, _clock(run, step)
    )
    if following is not None:
        _set(run, step, following)


def _set(run: Run, step: Step, moment: deadlines.Moment) -> None:
    node = run.flow.nodes[step.node]
    if node.settings.get("days") == "business":
        found = (run.calendar_of(node), moment.reckoning)
        run.reckoned[step.id, moment.at_ms] = found
    run.emit(e.TimerSet(step.id, moment.name, moment.at_ms))


def _clock(run: Run, step: Step) -> deadlines.Clock:
    node = run.flow.nodes[step.node]
    business = node.settings.get("days") == "business"
    return run.calendar_of(node) if business else deadlines.ALL_HOURS
