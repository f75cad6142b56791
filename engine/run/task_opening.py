"""A new task: who has a seat in it, and who need not decide because a rule has approved for them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headrace.engine import jsontext
from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow, CompiledNode
from headrace.engine.people import assign, tasking, voting
from headrace.engine.people.tasking import Seat, TaskState
from headrace.engine.run.state import Step
from headrace.engine.run.task_about import ENGINE, about_of, asked_of, newest

if TYPE_CHECKING:
    from headrace.engine.run.advance import Run


def differs(task: TaskState) -> bool:
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


def new(
    run: Run, step: Step, node: CompiledNode, comeback: Mapping[str, Any], drawn: list[str]
) -> TaskState | None:
    """A task for those who are found now; None, with an incident, when there is nobody."""
    settings = node.settings
    asked = asked_of(run.instance, run.flow, run.now_ms, run.visible(node.id, step.id, ""))
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


def restored(run: Run, node: CompiledNode, comeback: Mapping[str, Any]) -> TaskState | None:
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
    before = [found for found in newest(run.instance) if found[1]["port"] == "approved"]
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
