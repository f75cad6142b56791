"""Everything that people may do with tasks, in any order, while others leave, come back, go away and are represented.

What holds after every step: each open task has somebody asked who is there (or its step a timer, a job, or an open incident);
nobody who has left holds a seat; history makes the state; and in the end the instance can always be brought to its end.
`make tasks` looks a hundred times longer.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace.engine.people import tasking
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Step, to_json
from tests.builder import Flow, flow, role, user
from tests.fakes import same
from tests.office import ANN, BOB, EVERYBODY, FAY, HOUR_MS, LEA, MAX, Office, directory

FACTOR = int(os.environ.get("HEADRACE_TASKS_FACTOR", "1"))
END_MAX = 400
"""Answers after which an instance must have come to its end."""

people = st.sampled_from(EVERYBODY)
MODES: list[dict[str, Any]] = [
    {"mode": "any"},
    {"mode": "all"},
    {"mode": "all", "take_back": "PT0S", "keep_votes": True},
    {"mode": "sequence", "after_return": "back"},
    {"mode": "ratio", "ratio": 60},
    {"mode": "count", "count": 2, "veto": [user(BOB)]},
    {"mode": "weight", "weights": [{"who": user(FAY), "weight": 3}], "pass_weight": 3},
    {"mode": "all", "cc": [user(LEA)], "cc_confirm": True},
    {"mode": "any", "same_person": "later", "same_initiator": "superior", "undo_effects": True},
    {"mode": "all", "same_person": "consecutive", "withdraw": "start", "return_to": "previous"},
]
WHO = [
    [role("three")],
    [role("boss")],
    [user(ANN)],
    [user(FAY), {"kind": "initiator"}],
    [{"kind": "supervisor", "level": 2, "chain": True}],
    [{"kind": "expression", "value": "['ann', 'lea']"}],
]
ESCALATION = [
    {"after": "PT1H", "do": "remind"},
    {"after": "PT2H", "do": "backup"},
    {"after": "PT3H", "do": "superior"},
    {"after": "PT4H", "do": "transfer", "to": [user(LEA)]},
]


@st.composite
def drawings(draw: st.DrawFn) -> Flow:
    """a → pay (can be undone) → split → (b → c | d) → join → e, with a way back from e."""

    def approval() -> dict[str, Any]:
        found = {"assignees": draw(st.sampled_from(WHO)), "allow": sorted(tasking.DRAWN)}
        found |= {"fallback": [user(MAX)], "escalation": ESCALATION}
        found |= {"exempt": {"who": [role("boss")]}} if draw(st.booleans()) else {}
        found |= {"backup": [user(LEA)]} if draw(st.booleans()) else {}
        return {**found, **draw(st.sampled_from(MODES))}

    drawing = flow("machine").then("a", "approval", **approval())
    drawing.then("pay", "connector").event("undo", "compensation").then("fork", "split")
    drawing.then("b", "approval", **approval()).then("c", "approval", **approval())
    drawing.then("meet", "join").then("e", "approval", **approval()).then("done", "end")
    drawing.at("fork").then("d", "approval", **approval()).to("meet")
    drawing.at("e", "returned").to("a")
    for node in "abcde":
        drawing.at(node, "rejected").to("done")
    drawing.at("pay", "undo").then("refund", "connector")
    return drawing


@st.composite
def arguments(draw: st.DrawFn) -> dict[str, Any]:
    """What an action may be told, fitting or not."""
    one = draw(people)
    return {
        "people": draw(st.lists(people, min_size=1, max_size=3)),
        "to": draw(st.one_of(people, st.sampled_from(["a", "b", "c", "previous", "initiator"]))),
        "from": one,
        "where": draw(st.sampled_from(["before", "after", "parallel"])),
        "rule": draw(st.sampled_from(["any", "all"])),
        "after": draw(st.sampled_from(["forward", "back", None])),
        "keep_votes": draw(st.booleans()),
        "confirm": draw(st.booleans()),
        "seats": draw(st.lists(st.integers(1, 8), max_size=2)),
        "seat": draw(st.sampled_from([0, 0, 1, 2, 3])),
        "text": draw(st.sampled_from(["said", "said", ""])),
        "index": draw(st.integers(0, 4)),
        "variables": {"amount": draw(st.integers(1, 3))},
    }


ACTIONS = sorted(tasking._ACTIONS)
"""All of them: a new action is tried here by itself."""


class Tasks(RuleBasedStateMachine):
    """One instance, and everybody who may do something with it."""

    office: Office

    @initialize(drawing=drawings())
    def start(self, drawing: Flow) -> None:
        self.office = Office(drawing, amount=1)
        self.done: list[str] = []

    def steps(self) -> list[Step]:
        found = self.office.instance.steps.values()
        return [step for step in found if step.task is not None and step.wait == "task"]

    @rule(
        which=st.integers(0, 3),
        who=people,
        decision=st.sampled_from(["approved"] * 4 + ["rejected", "returned"]),
    )
    def somebody_votes(self, which: int, who: str, decision: str) -> None:
        steps = self.steps()
        assume(steps)
        step = steps[which % len(steps)]
        self.office.tell(c.Vote(step.id, who, decision, "", None, self.office.now_ms))

    @rule(which=st.integers(0, 3), nth=st.integers(0, 9))
    def somebody_asked_approves(self, which: int, nth: int) -> None:
        steps = self.steps()
        assume(steps)
        step = steps[which % len(steps)]
        assert step.task is not None
        asked = [seat for seat in step.task.asked() if seat.kind == "decide"]
        assume(asked)
        seat = asked[nth % len(asked)]
        wish = c.Vote(step.id, seat.user, "approved", "", None, self.office.now_ms, seat.id)
        self.office.tell(wish)

    @rule(
        which=st.integers(0, 3),
        action=st.sampled_from(ACTIONS),
        nth=st.integers(0, 9),
        args=arguments(),
    )
    def somebody_asked_does_something(
        self, which: int, action: str, nth: int, args: dict[str, Any]
    ) -> None:
        steps = self.steps()
        assume(steps)
        step = steps[which % len(steps)]
        assert step.task is not None
        asked = step.task.asked()
        assume(asked)
        self.tell(step, action, asked[nth % len(asked)].user, args, operator=False)

    @rule(
        which=st.integers(0, 3),
        action=st.sampled_from(ACTIONS),
        who=people,
        args=arguments(),
        operator=st.booleans(),
    )
    def anybody_does_something(
        self, which: int, action: str, who: str, args: dict[str, Any], operator: bool
    ) -> None:
        steps = self.steps()
        assume(steps)
        assume(action not in {"withdraw", "release", "exempt"} or args["index"] == 0)
        self.tell(steps[which % len(steps)], action, who, args, operator=operator)

    def tell(
        self, step: Step, action: str, who: str, args: dict[str, Any], *, operator: bool
    ) -> None:
        if action == "reassign" and args["after"] is None:
            args = {**args, "to": None}
        told = self.office.tell(c.TaskAct(step.id, action, who, args, self.office.now_ms, operator))
        if not isinstance(told[0] if told else None, e.ResultIgnored):
            self.done.append(action)

    @rule(which=st.integers(0, 9), who=people)
    def somebody_takes_back_what_has_ended(self, which: int, who: str) -> None:
        ended = list(self.office.instance.approvals.values())
        assume(ended)
        found = ended[which % len(ended)]
        self.office.take_back(found["by"] if which < 6 and found["by"] else who, found["step"])

    @rule(who=people)
    def somebody_leaves(self, who: str) -> None:
        assume(who not in self.office.gone)
        self.office.leave(who)

    @rule(who=people)
    def somebody_comes(self, who: str) -> None:
        self.office.gone = [one for one in self.office.gone if one != who]
        self.office.away.pop(who, None)
        self.office._look_again()

    @rule(who=people, by=st.one_of(st.none(), people))
    def somebody_goes_away(self, who: str, by: str | None) -> None:
        assume(by != who)
        self.office.go_away(who, by)

    @rule(which=st.integers(0, 3), index=st.integers(0, 3))
    def time_is_up(self, which: int, index: int) -> None:
        steps = self.steps()
        assume(steps)
        self.office.tell(c.FireTimer(steps[which % len(steps)].id, f"task:escalate:{index}"))

    @rule(ms=st.sampled_from([1_000, 600_000, HOUR_MS]))
    def time_passes(self, ms: int) -> None:
        self.office.later(ms)

    @rule(ok=st.booleans())
    def a_job_ends(self, ok: bool) -> None:
        jobs = [step for step in self.office.instance.steps.values() if step.wait == "job"]
        assume(jobs)
        if ok:
            self.office.done(jobs[0].node)

    @rule(which=st.integers(0, 9))
    def an_operator_cancels_and_places_a_token(self, which: int) -> None:
        """Before a node that is open: as an operator moves what hangs."""
        steps = self.steps()
        assume(steps and which == 0)
        step = steps[0]
        self.office.tell(c.MoveToken(step.id, step.node, ANN, "once more"))

    @rule()
    def an_incident_is_tried_again(self) -> None:
        for incident in list(self.office.instance.incidents):
            self.office.tell(c.Retry(incident, ANN))

    # --- what always holds ---------------------------------------------------------------------

    @invariant()
    def somebody_is_there_to_act(self) -> None:
        if not hasattr(self, "office") or self.office.instance.ended:
            return
        instance, here = self.office.instance, self.office.people.people
        assert instance.steps or instance.incidents, "nothing is open, and it has not ended"
        for step in instance.steps.values():
            if step.wait != "task":
                assert step.incident in instance.incidents or step.wait in {"job", "compensate"}
                continue
            assert step.task is not None
            asked = step.task.asked()
            assert asked, f"nobody is asked at {step.node}: {tasking.to_json(step.task)}"
            live = [seat for seat in step.task.seats.values() if seat.live or seat.status == "copy"]
            assert [seat.user for seat in live if not here[seat.user].active] == []
            waiting_for = {seat.returns_to for seat in live if seat.returns_to}
            owners = {seat.id for seat in live if seat.status == "owner_waits"}
            assert owners == waiting_for

    @invariant()
    def history_makes_the_state(self) -> None:
        if hasattr(self, "office"):
            assert same(to_json(self.office.replayed())) == same(to_json(self.office.instance))

    def teardown(self) -> None:
        """Whatever has happened: when everybody is there and says yes, it comes to its end."""
        if not hasattr(self, "office"):
            return
        office = self.office
        office.gone, office.away = [], {}
        office.people = directory()
        for _ in range(END_MAX):
            if office.instance.ended:
                return
            self.an_incident_is_tried_again()
            for step in list(office.instance.steps.values())[:1]:
                self.say_yes(step)
        raise AssertionError(f"it does not end: {office.tokens}")

    def say_yes(self, step: Step) -> None:
        office = self.office
        if step.wait == "job":
            office.done(step.node)
        elif step.wait == "compensate":
            for job in [one for one in office.instance.steps.values() if one.wait == "job"]:
                office.done(job.node)
        elif step.task is not None and step.wait == "task":
            seat = step.task.asked()[0]
            action = {"confirm": "confirm", "resubmit": "resubmit", "answer": "answer"}.get(
                seat.kind
            )
            if action is None:
                office.tell(
                    c.Vote(step.id, seat.user, "approved", "", None, office.now_ms, seat.id)
                )
            else:
                args = {"question": seat.id, "text": "yes"} if action == "answer" else {}
                office.tell(c.TaskAct(step.id, action, seat.user, args, office.now_ms))


Tasks.TestCase.settings = settings(
    settings.get_profile("default"),
    max_examples=40 * FACTOR,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestTasks = Tasks.TestCase
