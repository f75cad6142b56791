"""The way back: a task is returned, mended and asked again, or a decision is taken back before anything has come of it.

A return uses the machinery of a rewind (`region.py`, engine.md 5.10): the visit is withdrawn and a token put before an earlier
node.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people import tasking
from headrace.engine.people.tasking import TaskState
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import joins, undo, waits
from headrace.engine.run.region import withdraw, withdraw_step
from headrace.engine.run.state import Instance, Step
from headrace.engine.run.task_about import ENGINE, about_of

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def return_(run: Run, step: Step, where: Mapping[str, Any]) -> None:
    """Send the token back to an earlier node; first undo what was done behind it, where the drawing says so."""
    policy = tasking.policy_of(run.flow.nodes[step.node].settings)
    if policy.undo_effects:
        region = run.flow.reach.onward(where["to"])
        if where["after"] == "forward":
            withdraw(run, region, sparing=step.id, entries=region)
        if undo.begin_return(run, step, region):
            return
    go_back(run, step)


def go_back(run: Run, step: Step) -> None:
    """The token goes where the task was returned to."""
    task = step.task
    assert task is not None and task.returning is not None
    where = task.returning
    to, after, by = where["to"], where["after"], where["by"]
    text = where.get("text") or "returned"
    again = _comeback(task, step.id, keep=where["keep"])
    node = step.node
    earlier = run.instance.approvals.get(to)
    here: dict[str, Any] = {}
    if earlier is not None:
        here = {"round": earlier["task"].get("round", 1) + 1, "again_of": earlier["step"]}
    if after == "back":
        withdraw_step(run, step)
        if here:
            here["back"] = {"node": node, "comeback": again}
    else:
        kept = _approvals_between(run, to, node) if where["keep"] else {}
        kept[node] = {
            "round": again["round"],
            "again_of": step.id,
            "votes": _approved(task) if where["keep"] else {},
        }
        region = run.flow.reach.onward(to)
        if step.node not in region:  # by a loop
            withdraw_step(run, step)
        withdraw(run, region, entries=region)
        joins.restore(run, region)
        waits.release_behind(run, to)
        for between, comeback in kept.items():
            run.emit(e.ComebackKept(between, comeback))
    if here:
        run.emit(e.ComebackKept(to, here))
    run.emit(e.TokenPlaced(to, by, text, where.get("variables")))


def _comeback(task: TaskState, step_id: int, *, keep: bool) -> dict[str, Any]:
    """The task as it is asked again: who has approved is kept, if so chosen; who has gone stays gone."""
    again = task.copy()
    again.round, again.again_of, again.returning, again.decided = (
        task.round + 1,
        step_id,
        None,
        None,
    )
    again.paused_since = again.urged_at = None
    for id_, seat in list(again.seats.items()):
        if seat.kind == "resubmit" or seat.kind == "answer":
            del again.seats[id_]
        elif seat.kind == "confirm":
            seat.status, seat.at, seat.comment = "open", None, ""
        elif (
            seat.kind == "cc"
            or seat.status == "moved"
            or (seat.status == "closed" and seat.reason in _GONE)
        ):
            continue
        elif seat.returns_to:
            del again.seats[id_]
        elif keep and seat.decision == "approved":
            seat.reason = "kept"
        else:
            seat.status, seat.decision, seat.comment, seat.form, seat.at, seat.nth, seat.reason = (
                "waiting", None, "", None, None, 0, None,
            )  # fmt: skip
    return tasking.to_json(again)


_GONE = ("reduced", "left", "handed_over", "away", "same_initiator")
"""Why a closed seat is not asked again either."""


def _approved(task: TaskState) -> dict[str, list[Any]]:
    return {
        seat.user: [seat.comment, seat.form, seat.at]
        for seat in task.votes()
        if seat.decision == "approved" and not seat.returns_to
    }


def _approvals_between(run: Run, to: str, node: str) -> dict[str, dict[str, Any]]:
    """Nodes on the way that were approved: their votes are kept."""
    reach = run.flow.reach
    found = {}
    for name, before in run.instance.approvals.items():
        if name in {to, node} or name not in run.flow.nodes or before["port"] != "approved":
            continue
        if name in reach.onward(to) and node in reach.onward(name):
            task = tasking.from_json(before["task"])
            found[name] = {
                "round": task.round + 1,
                "again_of": before["step"],
                "votes": _approved(task),
            }
    return found


def resubmitted(run: Run, step: Step, where: Mapping[str, Any], by: str) -> None:
    """The initiator has mended it: straight back to the same people, or through all again from the start."""
    task = step.task
    assert task is not None
    variables = dict(where["variables"]) if where.get("variables") else None
    node = step.node
    if where.get("after") == "back":
        again = _comeback(task, step.id, keep=where.get("keep", False))
        withdraw_step(run, step)
        run.emit(e.ComebackKept(node, again))
        run.emit(e.TokenPlaced(node, by, "resubmitted", variables))
        return
    starts, behind = run.flow.starts, run.flow.reach.behind
    start = next((one for one in starts if node in behind(one)), starts[0])
    full = {
        **where,
        "to": start,
        "after": "forward",
        "by": by,
        "text": "resubmitted",
        "variables": variables,
    }
    run.emit(
        e.TaskChanged(
            step.id, "stages", ENGINE, run.now_ms, (), 0, {"returning": full}, None, "", node
        )
    )
    return_(run, step, full)


def moved(run: Run, step: Step, to: str) -> None:
    """A person begins a visit anew: whoever returned it there still gets it back."""
    if step.task is not None and step.task.back is not None and to == step.node:
        task = step.task
        here = {"round": task.round, "again_of": step.id, "back": task.back}
        run.emit(e.ComebackKept(to, here))


def ask_anew(run: Run, step: Step, by: str) -> None:
    """Nobody of those asked is there any more, and nobody stands in: looked for anew, which is an incident if it is so still."""
    task = step.task
    assert task is not None
    node = step.node
    comeback = {
        "round": task.round,
        "again_of": step.id,
        "votes": _approved(task),
        "back": task.back,
    }
    if task.returning is not None:
        comeback["votes"] = _approved(task) if task.returning.get("keep") else {}
    run.emit(e.ComebackKept(node, comeback))
    withdraw_step(run, step)
    run.emit(e.TokenPlaced(node, by, "nobody was left to decide"))


def take_back(run: Run, command: c.TaskAct) -> None:
    """The last approver takes back what has ended the task, as long as nothing has come of it."""
    instance = run.instance
    node, found = ended(instance, command.step)
    if node not in run.flow.nodes or found is None:
        run.ignore(command, "the task is no longer open", command._asdict())
        return
    about = about_of(run.flow, instance, node, run.directory, command.at)
    task = tasking.from_json(found["task"])
    seat = tasking.take_back(
        task,
        found["port"],
        found["at"],
        command.by,
        about,
        moved_on=moved_on(run.flow, instance, node),
    )
    if isinstance(seat, tasking.Refused):
        run.ignore(command, seat.code, {**command._asdict(), "params": dict(seat.params)})
        return
    reason = str(command.args.get("reason") or command.args.get("text") or "")
    details = {"seat": seat.id, "text": reason, "reopens": True}
    run.emit(
        e.TaskChanged(
            command.step,
            "take_back",
            command.by,
            command.at,
            (),
            0,
            None,
            details,
            command.via,
            node,
        )
    )
    again = _comeback(task, command.step, keep=True)
    for row in again["seats"]:
        if row["id"] == seat.id:
            for name in ("decision", "comment", "form", "at", "nth", "reason"):
                row.pop(name, None)
            row["status"] = "waiting"
        elif row.get("reason") == "kept" and task.seats[row["id"]].reason is None:
            del row["reason"]  # it was never asked twice
    region = run.flow.reach.onward(node)
    if task.back:
        gone = [
            s
            for s in instance.steps.values()
            if s.id >= found["next"] and s.node == task.back["node"]
        ]
        for step in gone:
            withdraw_step(run, step)
    else:
        withdraw(run, region, entries=region)
        joins.restore(run, region)
        waits.release_behind(run, node)
    run.emit(e.ComebackKept(node, again))
    run.emit(e.TokenPlaced(node, command.by, reason or "taken back"))


def ended(instance: Instance, step_id: int) -> tuple[str, dict[str, Any] | None]:
    """The node whose last task was this, and how it was decided."""
    for node, found in instance.approvals.items():
        if found["step"] == step_id:
            return node, found
    return "", None


def moved_on(flow: CompiledFlow, instance: Instance, node: str) -> bool:
    """Has anything been decided or done behind this node since its task ended, or is it being done?"""
    found = instance.approvals[node]
    region = flow.reach.onward(node)
    taken = flow.nodes[node].exits.get(found["port"], ())
    if found.get("fixed") or any(edge.target not in region for edge in taken):
        return True  # tokens were moved since, or it has begun anew, round a loop
    if any(step >= found["next"] for at, step in instance.touched.items() if at in region):
        return True
    return any(
        step.node in region and step.id >= found["next"] and step.wait in _UNDER_WAY
        for step in instance.steps.values()
    )


_UNDER_WAY = ("job", "children", "items", "compensate")
