"""Tasks in the token loop: opening one, votes and what else people do with it, and where the token goes then.

The rules are `people/voting.py` (how votes decide) and `people/acting.py` (who may do what); here they become events. Who is asked:
`task_opening.py`; the way back: `task_returns.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.engine.clock import to_iso
from headrace.engine.flow import form_uses
from headrace.engine.node import Done, WaitForTask
from headrace.engine.people import deadlines, tasking, voting
from headrace.engine.people.tasking import Seat, TaskState
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import task_deadlines, task_returns, undo
from headrace.engine.run.region import settle_incident
from headrace.engine.run.state import Step
from headrace.engine.run.task_about import ENGINE, about_of
from headrace.engine.run.task_opening import differs, new, restored

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run

# --- opening ---------------------------------------------------------------------------------------------------------------


def open_(run: Run, step: Step, wait: WaitForTask) -> None:
    """Ask people; or go on at once, where all of them are passed over by rule."""
    node = run.flow.nodes[step.node]
    comeback = run.instance.comebacks.get(node.id, {})
    drawn: list[str] = []
    task = restored(run, node, comeback) or new(run, step, node, comeback, drawn)
    if task is None:
        return
    if task.rule.mode == "sequence" or comeback:
        tasking.settle(task, run.now_ms)
    remind = wait.reminder
    asked = [s.user for s in task.seats.values() if s.kind == "decide" and s.live]
    actors = [user for user in drawn if user in asked] + asked
    told = e.TaskOpened(
        step.id, list(dict.fromkeys(actors)), wait.mode, wait.title, wait.description, wait.form, list(wait.show),
        dict(wait.buttons), None if wait.due_ms is None else run.now_ms + wait.due_ms, list(remind.to) if remind else [],
    )  # fmt: skip
    if differs(task):
        packed = tasking.to_json(task)
        seats, rule = packed.pop("seats"), packed.pop("rule", None)
        told = told._replace(seats=seats, rule=rule, task=packed or None)
    run.emit(told)
    if _decided(run, step):
        return
    if remind:
        run.emit(e.TimerSet(step.id, "remind", run.now_ms + remind.after_ms))
    task_deadlines.begin(run, step)


def limits(run: Run, step_id: int, was: Sequence[Any]) -> None:
    """After a migration: the time limits of an open task begin anew, or are put back as they `was` (due at, [(timer, moment)])."""
    step = run.instance.steps.get(step_id)
    if step is None or step.wait != "task":
        return
    if was:
        due_at, timers = was
        run.emit(e.LimitsSet(step.id, due_at))
        for name, at_ms in timers:
            run.emit(e.TimerSet(step.id, name, at_ms))
        return
    wait = run.ask(run.flow.nodes[step.node], step.id)
    if isinstance(wait, WaitForTask):
        due_at = None if wait.due_ms is None else run.now_ms + wait.due_ms
        run.emit(e.LimitsSet(step.id, due_at))
        if wait.reminder:
            run.emit(e.TimerSet(step.id, "remind", run.now_ms + wait.reminder.after_ms))
        task_deadlines.begin(run, step)


# --- votes ---------------------------------------------------------------------------------------------------------------------


def vote(run: Run, command: c.Vote) -> None:
    """One person's decision. What comes too late is kept in history and changes nothing."""
    step = run.instance.steps.get(command.step)
    if step is None or step.wait != "task" or step.task is None:
        run.ignore(command, "the task is no longer open for this person", command._asdict())
        return
    task = step.task
    seat = tasking.may_vote(task, command.user, seat=command.seat)
    way = command.decision != "returned" or "returned" in run.flow.nodes[step.node].connected
    person = run.directory.find(command.user)
    here = person is not None and person.active
    if isinstance(seat, tasking.Refused) or not here or not (way or seat.returns_to):
        run.ignore(command, "the task is no longer open for this person", command._asdict())
        return
    found = _if_cast(task, seat, command)
    waits_for = found is not None and found.result == "approved" and _unconfirmed(task)
    closes = found.why if found is not None and not waits_for else ""
    run.emit(
        e.VoteCast(
            command.step, command.user, command.decision, command.comment, command.form, command.at, seat.id,
            seat.on_behalf_of, task.round, command.via, closes,
        )
    )  # fmt: skip
    if closes:
        assert found is not None
        finish(run, step, found.result, command.user, command.comment)
    else:
        _decided(run, step, command.user, command.comment, via=command.via)


def _if_cast(task: TaskState, seat: Seat, command: c.Vote) -> voting.Outcome | None:
    """What this vote would decide."""
    kept = (seat.status, seat.decision, seat.nth)
    seat.status, seat.decision = "done", command.decision
    seat.nth = 1 + max(other.nth for other in task.seats.values())
    found = voting.outcome(task.rule, task.seats.values())
    seat.status, seat.decision, seat.nth = kept
    return found


def _unconfirmed(task: TaskState) -> bool:
    return any(seat.kind == "confirm" and seat.status == "open" for seat in task.seats.values())


def _decided(run: Run, step: Step, by: str = ENGINE, comment: str = "", via: str = "") -> bool:
    """End the task if its votes have decided it, else see whose turn it is. Answers whether it is over."""
    task = step.task
    assert task is not None
    found = None if task.decided else voting.outcome(task.rule, task.seats.values())
    if found is None:
        _turns(run, step)
        return False
    if found.result == "approved" and _unconfirmed(task):
        changed = [
            replace(seat, status="closed", reason=found.why, at=run.now_ms)
            for seat in task.seats.values()
            if seat.live and seat.kind == "decide"
        ]
        run.emit(
            e.TaskChanged(
                step.id, "decided", by, run.now_ms, [tasking.seat_to_json(seat) for seat in changed], 0,
                {"decided": [found.result, found.why, by]}, {"result": found.result, "why": found.why}, via, step.node,
            )
        )  # fmt: skip
        return False
    last = task.votes()[-1] if task.votes() else None
    if by == ENGINE and last is not None:
        by, comment = last.user, last.comment
    finish(run, step, found.result, by, comment)
    return True


def _turns(run: Run, step: Step) -> None:
    """Seats whose turn has come, or that need not decide any more."""
    task = step.task
    assert task is not None
    if all(seat.status in _RESTING and not seat.any for seat in task.seats.values()) and not any(
        seat.decision == "rejected" for seat in task.seats.values()
    ):
        return
    after = task.copy()
    tasking.settle(after, run.now_ms)
    changed = [seat for id_, seat in after.seats.items() if seat != task.seats[id_]]
    if changed:
        seats = [tasking.seat_to_json(seat) for seat in changed]
        run.emit(
            e.TaskChanged(
                step.id, "stages", ENGINE, run.now_ms, seats, 0, None, None, "", step.node
            )
        )


_RESTING = ("open", "done", "closed", "moved", "copy")


def finish(run: Run, step: Step, result: str, by: str, comment: str = "") -> None:
    """The task is over; its token leaves by the result, or goes back to the one who returned it."""
    task, node = step.task, run.flow.nodes[step.node]
    assert task is not None
    forms = [seat.form for seat in task.votes() if seat.form]
    kept = form_uses.kept(node.settings.get("form"), run.instance.variables, forms)
    done = run.kept_small(node, Done(_output(task, result, by, comment), result, kept))
    if not isinstance(done, Done) or not _straight_back(run, step, done, by):
        run.settle(step, done)


def skip(run: Run, step: Step, done: Done, by: str) -> None:
    """An operator lets the token pass; where somebody waits for it to come straight back, it goes there as if approved."""
    if not _straight_back(run, step, done, by):
        run.done(step, done)


def _straight_back(run: Run, step: Step, done: Done, by: str) -> bool:
    """The token goes to the one who returned it, if it was returned so and is approved now."""
    kept = step.task.back if step.task else run.instance.comebacks.get(step.node, {}).get("back")
    if kept is None or done.port != "approved" or kept["node"] not in run.flow.nodes:
        return False
    node = run.flow.nodes[step.node]
    settle_incident(run, step, "solved")
    if step.node in run.instance.comebacks:  # nobody was found to open a task for
        run.emit(e.ComebackKept(step.node, None))
    run.emit(e.ComebackKept(kept["node"], kept["comeback"]))
    run.emit(e.StepDone(step.id, node.id, done.port, (), node.result, done.output, done.variables))
    undo.keep(run, step.id, node.id, done.port, done.output)
    run.emit(e.TokenPlaced(kept["node"], by, "back to the one who returned it"))
    return True


def _output(task: TaskState, result: str, by: str, comment: str) -> dict[str, Any]:
    cast = task.votes()
    votes = []
    form: dict[str, Any] = {}
    for seat in cast:
        row = {
            "by": seat.user,
            "decision": seat.decision,
            "comment": seat.comment,
            "at": to_iso(seat.at or 0),
        }
        if seat.on_behalf_of:
            row["on_behalf_of"] = seat.on_behalf_of
        if seat.reason:
            row["reason"] = seat.reason
        votes.append(row)
        form.update(seat.form or {})
    return {"decision": result, "by": by, "comment": comment, "form": form, "votes": votes}


# --- what else people do -------------------------------------------------------------------------------------------------------


def act(run: Run, command: c.TaskAct) -> None:
    """Anything but a vote. What is refused is kept in history and changes nothing."""
    step = run.instance.steps.get(command.step)
    if step is None and command.action == "take_back":
        task_returns.take_back(run, command)
        return
    if step is None or step.task is None or step.wait != "task":
        run.ignore(command, "the task is no longer open", command._asdict())
        return
    about = about_of(run.flow, run.instance, step.node, run.directory, command.at)
    found = tasking.act(
        step.task, command.action, command.by, command.args, about, operator=command.operator
    )
    if isinstance(found, tasking.Refused):
        run.ignore(command, found.code, {**command._asdict(), "params": dict(found.params)})
        return
    if command.action in _QUIET and not found.seats and found.then is None:
        return
    run.emit(
        e.TaskChanged(
            step.id, command.action, command.by, command.at, [tasking.seat_to_json(seat) for seat in found.seats], found.new,
            found.task or None, {**found.details, **({"round": step.task.round} if step.task.round > 1 else {})} or None,
            command.via, step.node,
        )
    )  # fmt: skip
    if found.then is None:
        if step.task.returning is None:
            _decided(run, step)
        return
    what, params = found.then
    match what:
        case "decide":
            finish(run, step, params["result"], params["by"], str(found.details.get("text", "")))
        case "return":
            task_returns.return_(run, step, params)
        case "resubmit":
            task_returns.resubmitted(run, step, params, command.by)
        case "cancel":
            run.cancel(params["reason"], command.by, compensate=about.policy.undo_effects)
        case _:
            task_returns.ask_anew(run, step, command.by)


_QUIET = {"recheck"}
"""Not worth a word where nothing changes."""


def deadline_passed(run: Run, step: Step, command: c.FireTimer) -> None:
    """A time limit of the task: a step that repeats sets its next timer; warnings and the due time only tell people."""
    settings = run.flow.nodes[step.node].settings
    meaning = deadlines.meaning(settings, command.name)
    if meaning is not None and meaning.kind == "escalate":
        deadline(run, step, meaning.index, meaning.time)
        if step.id not in run.instance.steps:
            return
    task_deadlines.go_on(run, step, command)


def deadline(run: Run, step: Step, index: int, time: int) -> None:
    """A step of the escalation is due."""
    wish = c.TaskAct(
        step.id, "escalate", ENGINE, {"index": index, "time": time}, run.now_ms, operator=True
    )
    act(run, wish)
