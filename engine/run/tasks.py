"""Tasks in the token loop: opening one, votes and what else people do with it, and where the token goes then.

The rules are `people/voting.py` (how votes decide) and `people/tasking.py` (who may do what); here they become events. A return
uses the machinery of a rewind (`region.py`, engine.md 5.10): the visit is withdrawn and a token put before an earlier node.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import HeadraceError
from headrace.engine.flow import form_uses
from headrace.engine.flow.compile import CompiledFlow, CompiledNode
from headrace.engine.flow.evaluate import Evaluator
from headrace.engine.node import Done, WaitForTask
from headrace.engine.people import assign, tasking, voting
from headrace.engine.people.directory import Directory
from headrace.engine.people.tasking import Seat, TaskState
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run import joins, undo, waits
from headrace.engine.run.region import settle_incident, withdraw, withdraw_step
from headrace.engine.run.state import Instance, Step

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run

ENGINE = "engine"
"""Who has done what no person has."""


# --- opening ---------------------------------------------------------------------------------------------------------------


def open_(run: Run, step: Step, wait: WaitForTask) -> None:
    """Ask people; or go on at once, where all of them are passed over by rule."""
    node = run.flow.nodes[step.node]
    comeback = run.instance.comebacks.get(node.id, {})
    drawn: list[str] = []
    task = _restored(run, node, comeback) or _new(run, step, node, comeback, drawn)
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
    if _differs(task):
        packed = tasking.to_json(task)
        seats, rule = packed.pop("seats"), packed.pop("rule", None)
        told = told._replace(seats=seats, rule=rule, task=packed or None)
    run.emit(told)
    if _decided(run, step):
        return
    if remind:
        run.emit(e.TimerSet(step.id, "remind", run.now_ms + remind.after_ms))
    run.set_deadlines(step)


def _differs(task: TaskState) -> bool:
    """Is there more to it than people and `any` or `all`?"""
    users = [seat.user for seat in task.seats.values()]
    if task.rule not in _PLAIN or users != sorted(set(users)):
        return True
    return task != tasking.plain(task.rule.mode, users)


_PLAIN = (voting.Rule("any"), voting.Rule("all"))


def rule_of(settings: Mapping[str, Any]) -> voting.Rule:
    """How the votes at this node decide."""
    return voting.Rule(
        settings.get("mode", "any"),
        float(settings.get("ratio", 100.0)),
        int(settings.get("count", 1)),
        int(settings.get("pass_weight", 1)),
    )


def _new(
    run: Run, step: Step, node: CompiledNode, comeback: Mapping[str, Any], drawn: list[str]
) -> TaskState | None:
    """A task for those who are found now; None, with an incident, when there is nobody."""
    settings = node.settings
    asked = _asked(run.instance, run.flow, run.now_ms, run.visible(node.id, step.id, ""))
    found = assign.assign(
        settings["assignees"], run.directory, asked, backup=settings.get("backup", ()),
        fallback=settings.get("fallback", ()), same_initiator=settings.get("same_initiator", "allow"),
        each=settings.get("mode", "any") != "any",
    )  # fmt: skip
    if found.incident is not None:
        run.raise_incident(step, found.incident.code, found.incident.text("en"))
        return None
    drawn += found.users
    rule = rule_of(settings)
    if any(one.stage for one in found.people):
        rule = replace(rule, mode="sequence")  # a chain of superiors: one after the other
    task = TaskState(
        rule, round=comeback.get("round", 1), again_of=comeback.get("again_of", 0), back=comeback.get("back"),
        watched=_watched(run, step),
    )  # fmt: skip
    people: Sequence[assign.Assigned] = found.people
    if rule.mode in {"any", "all"}:
        people = sorted(people, key=lambda one: one.user)  # as `tasking.plain` numbers them
    weigh = _weights(run, asked, settings)
    veto = _vetoing(run, asked, settings)
    chain = any(one.stage for one in people)
    for number, one in enumerate(people, start=1):
        task.seats[number] = Seat(
            number, one.user, on_behalf_of=one.on_behalf_of, origin=one.origin, weight=weigh.get(one.user, 1),
            veto=veto is True or (veto is not False and one.user in veto),
            stage=one.stage if chain else number - 1 if rule.mode == "sequence" else 0,
            status="waiting" if rule.mode == "sequence" else "open",
        )  # fmt: skip
        if one.by_rule:
            _passed(task, task.seats[number], one.by_rule, run.now_ms)
    _pass_over(run, step, node, task)
    _keep_votes(task, comeback.get("votes", {}), run.now_ms)
    _copy_to(run, asked, settings, task)
    return task


def _weights(run: Run, asked: assign.Asked, settings: Mapping[str, Any]) -> dict[str, int]:
    if settings.get("mode") != "weight":
        return {}
    found: dict[str, int] = {}
    for row in settings.get("weights", ()):
        for one in assign.assign([row["who"]], run.directory, asked).people:
            found.setdefault(one.user, int(row["weight"]))
    return found


def _vetoing(run: Run, asked: assign.Asked, settings: Mapping[str, Any]) -> bool | set[str]:
    veto = settings.get("veto", False)
    if isinstance(veto, bool) or settings.get("mode") not in {"ratio", "count", "weight"}:
        return veto is True
    return {one.user for one in assign.assign(veto, run.directory, asked).people}


def _copy_to(run: Run, asked: assign.Asked, settings: Mapping[str, Any], task: TaskState) -> None:
    if not settings.get("cc"):
        return
    confirm = settings.get("cc_confirm", False)
    for one in assign.assign(settings["cc"], run.directory, asked).people:
        number = max(task.seats) + 1
        task.seats[number] = Seat(
            number, one.user, "open" if confirm else "copy", "confirm" if confirm else "cc",
            on_behalf_of=one.on_behalf_of, origin="cc",
        )  # fmt: skip


def _passed(task: TaskState, seat: Seat, reason: str, now_ms: int) -> None:
    """This seat counts as approved without its person."""
    tasking.cast(task, seat, "approved", "", None, now_ms)
    seat.reason, task.revision = reason, 1


def _keep_votes(task: TaskState, votes: Mapping[str, Sequence[Any]], now_ms: int) -> None:
    """Approvals of the round before that count again."""
    for seat in list(task.seats.values()):
        if seat.user in votes and seat.decision is None:
            comment, form, at = votes[seat.user]
            tasking.cast(task, seat, "approved", comment, form, at or now_ms)
            seat.reason, task.revision = "kept", 1


def _restored(run: Run, node: CompiledNode, comeback: Mapping[str, Any]) -> TaskState | None:
    """The task as it was left, where it is asked again after a return; None: people are looked for anew."""
    if "seats" not in comeback:
        return None
    task = tasking.from_json({k: v for k, v in comeback.items() if k != "votes"})
    task.revision = 1
    about = about_of(run.flow, run.instance, node.id, run.directory, run.now_ms)
    checked = tasking.act(task, "recheck", ENGINE, {}, about, operator=True)
    if isinstance(checked, tasking.Changes):
        if checked.then is not None:
            return None
        for seat in checked.seats:
            task.seats[seat.id] = seat
    tasking.settle(task, run.now_ms)
    lives = any(seat.live for seat in task.seats.values())
    return task if lives or voting.outcome(task.rule, task.seats.values()) else None


# --- the same person again ---------------------------------------------------------------------------------------------------


def _watched(run: Run, step: Step) -> dict[str, str]:
    """What the data are like now, where some node of the drawing passes over who has approved the same before."""
    sources = watched_by(run.flow)
    if not sources:
        return {}
    evaluator = run.evaluator(step)
    found = {}
    for source in sources:
        try:
            value = evaluator.expression(source)
        except HeadraceError:
            value = None
        found[source] = _hash(value)
    forms = [
        [seat.get("user"), seat["form"]]
        for before in run.instance.approvals.values()
        for seat in before["task"].get("seats", ())
        if seat.get("form")
    ]
    found[_FORMS] = _hash(forms)
    return found


_FORMS = "\0forms"
"""Stands for what was filled in in forms."""


def _hash(value: Any) -> str:
    return hashlib.sha256(jsontext.dumps(value).encode()).hexdigest()[:16]


def watched_by(flow: CompiledFlow) -> tuple[str, ...]:
    """The expressions whose values count for `same_person`, of all nodes."""
    found: dict[str, None] = {}
    for node in flow.nodes.values():
        if node.settings.get("same_person", "off") != "off" and "assignees" in node.settings:
            found |= dict.fromkeys(_sources(node.settings))
    return tuple(found)


def _sources(settings: Mapping[str, Any]) -> list[str]:
    shown = [row["value"] for row in settings.get("show", ())]
    return list(settings.get("watch") or shown)


def _pass_over(run: Run, step: Step, node: CompiledNode, task: TaskState) -> None:
    """Who has approved the same data before, at any node or at the last one, is not asked again."""
    policy = node.settings.get("same_person", "off")
    if policy == "off":
        return
    before = [found for found in _newest(run.instance) if found[1]["port"] == "approved"]
    wanted = [*_sources(node.settings), *([] if node.settings.get("watch") else [_FORMS])]
    for _, found in before[:1] if policy == "consecutive" else before:
        old = found["task"]
        seen = old.get("watched", {})
        if any(seen.get(source) != task.watched.get(source) for source in wanted):
            continue
        approved = {
            row["user"]
            for row in old.get("seats", ())
            if row.get("decision") == "approved" and row.get("kind", "decide") == "decide"
        }
        for seat in task.seats.values():
            if seat.decision is None and seat.user in approved and seat.on_behalf_of is None:
                _passed(task, seat, "same_person", run.now_ms)


def _newest(instance: Instance) -> list[tuple[str, dict[str, Any]]]:
    """Approval nodes that were decided, the last one first."""
    return sorted(instance.approvals.items(), key=lambda found: -found[1]["step"])


# --- what the rules look at ---------------------------------------------------------------------------------------------------


def about_of(
    flow: CompiledFlow, instance: Instance, node_id: str, directory: Directory, now_ms: int
) -> tasking.About:
    """What the rules of `people/tasking.py` look at, for a task at this node; asked by the service as well."""
    node = flow.nodes[node_id]
    policy = tasking.policy_of(node.settings)
    asked = _asked(instance, flow, now_ms, None)

    def find(assignees: Sequence[Mapping[str, Any]]) -> Sequence[assign.Assigned]:
        return assign.assign(assignees, directory, asked).people if assignees else ()

    def instead(seat: Seat, how: str) -> Sequence[assign.Assigned]:
        return _instead(node.settings, directory, asked, seat, how)

    return tasking.About(
        node_id, policy, directory, now_ms, instance.initiator, tuple(_earlier(flow, instance, node_id, policy)), find, instead
    )  # fmt: skip


def about(
    flow: CompiledFlow, instance: Instance, step_id: int, directory: Directory, now_ms: int
) -> tasking.About:
    """The same for an open step, or for one whose task has ended and may be taken back."""
    if step_id in instance.steps:
        return about_of(flow, instance, instance.steps[step_id].node, directory, now_ms)
    node = next(node for node, found in instance.approvals.items() if found["step"] == step_id)
    return about_of(flow, instance, node, directory, now_ms)


def _asked(
    instance: Instance, flow: CompiledFlow, now_ms: int, variables: Mapping[str, Any] | None
) -> assign.Asked:
    seen = variables
    if seen is None:
        about = {
            "id": instance.id,
            "business_key": instance.business_key,
            "initiator": instance.initiator,
        }
        seen = {**instance.variables, "instance": about, "now": to_iso(now_ms)}
    evaluator: list[Evaluator] = []

    def evaluate(source: str) -> Any:
        if not evaluator:
            evaluator.append(Evaluator(seen))
        return evaluator[0].expression(source)

    approver = (
        next((found["by"] for _, found in _newest(instance)), None) if instance.approvals else None
    )
    return assign.Asked(now_ms, flow.key, instance.initiator, approver, evaluate)


def _instead(
    settings: Mapping[str, Any], directory: Directory, asked: assign.Asked, seat: Seat, how: str
) -> Sequence[assign.Assigned]:
    """Who takes over a seat. `backup` and `superior` go on to the next kind where there is nobody of theirs."""
    backup, fallback, without = (
        settings.get("backup", ()),
        settings.get("fallback", ()),
        (seat.user,),
    )
    if seat.kind == "resubmit":
        return assign.superiors([seat.user], directory, asked, without=without)
    backups = assign.backups(
        settings["assignees"], directory, asked, backup=backup, without=without
    )
    superiors = assign.superiors([seat.user], directory, asked, without=without)
    found = superiors or backups if how == "superior" else backups or superiors
    if found:
        return found
    last = assign.assign([*fallback, *directory.fallback], directory, asked, without=without).people
    return [replace(one, origin="fallback") for one in last]


def _earlier(
    flow: CompiledFlow, instance: Instance, node_id: str, policy: tasking.Policy
) -> list[tasking.Earlier]:
    named = policy.return_to if isinstance(policy.return_to, tuple) else ()
    found = [node for node, _ in _newest(instance) if node in flow.nodes and node != node_id]
    found += [node for node in named if node in flow.nodes and node not in found]
    return [
        tasking.Earlier(node, back=node in instance.approvals)
        for node in found
        if node != node_id and node_id in flow.reach.onward(node)
    ]


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
        _take_back(run, command)
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
            _return(run, step, params)
        case "resubmit":
            _resubmitted(run, step, params, command.by)
        case "cancel":
            run.cancel(params["reason"], command.by, compensate=about.policy.undo_effects)
        case _:
            _ask_anew(run, step, command.by)


_QUIET = {"recheck"}
"""Not worth a word where nothing changes."""


def deadline(run: Run, step: Step, index: int, time: int) -> None:
    """A step of the escalation is due."""
    wish = c.TaskAct(
        step.id, "escalate", ENGINE, {"index": index, "time": time}, run.now_ms, operator=True
    )
    act(run, wish)


# --- back ----------------------------------------------------------------------------------------------------------------------


def _return(run: Run, step: Step, where: Mapping[str, Any]) -> None:
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


def _resubmitted(run: Run, step: Step, where: Mapping[str, Any], by: str) -> None:
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
    _return(run, step, full)


def moved(run: Run, step: Step, to: str) -> None:
    """A person begins a visit anew: whoever returned it there still gets it back."""
    if step.task is not None and step.task.back is not None and to == step.node:
        task = step.task
        here = {"round": task.round, "again_of": step.id, "back": task.back}
        run.emit(e.ComebackKept(to, here))


def _ask_anew(run: Run, step: Step, by: str) -> None:
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


def _take_back(run: Run, command: c.TaskAct) -> None:
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
