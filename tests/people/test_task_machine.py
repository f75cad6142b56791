"""Everything that people may do with tasks, in any order, while others leave, come back, go away and are represented.

What holds after every step: each open task has somebody asked who is there (or its step a timer, a job, or an open incident);
nobody who has left holds a seat; history makes the state; and in the end the instance can always be brought to its end.
`make tasks` looks a hundred times longer.
"""

from __future__ import annotations

import os
import random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from headrace.engine.people import tasking
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Step, to_json
from tests.builder import Flow, flow, role, user
from tests.fakes import EVE, same
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


def drawing(dice: random.Random) -> Flow:
    """a → pay (can be undone) → split → (b → c | d) → join → e, with a way back from e."""

    def approval() -> dict[str, Any]:
        found = {"assignees": dice.choice(WHO), "allow": sorted(tasking.DRAWN)}
        found |= {"fallback": [user(MAX)]} if dice.random() < 0.7 else {}
        found |= {"escalation": ESCALATION}
        found |= {"exempt": {"who": [role("boss")]}} if dice.random() < 0.5 else {}
        found |= {"backup": [user(LEA)]} if dice.random() < 0.5 else {}
        return {**found, **dice.choice(MODES)}

    drawn = flow("machine").then("a", "approval", **approval())
    drawn.then("pay", "connector").event("undo", "compensation").then("fork", "split")
    drawn.then("b", "approval", **approval()).then("c", "approval", **approval())
    drawn.then("meet", "join").then("e", "approval", **approval()).then("done", "end")
    drawn.at("fork").then("d", "approval", **approval()).to("meet")
    drawn.at("e", "returned").to("a")
    drawn.at("a", "rejected").then("stop", "end", terminate=True)
    for node in "bcde":
        drawn.at(node, "rejected").to("stop")
    drawn.at("pay", "undo").then("refund", "connector")
    return drawn


RARE = {"withdraw", "exempt", "release"}
"""They end it, and the run with it."""


def voters(step: Step) -> list[str]:
    """Who has voted."""
    return list(step.votes)


def anything(dice: random.Random) -> dict[str, Any]:
    """What an action may be told, fitting or not."""
    return {
        "people": dice.sample(EVERYBODY, dice.randint(1, 3)),
        "to": dice.choice([*EVERYBODY, "a", "b", "c", "previous", "initiator", None]),
        "from": dice.choice(EVERYBODY), "where": dice.choice(["before", "after", "parallel"]),
        "rule": dice.choice(["any", "all"]), "after": dice.choice(["forward", "back", None]),
        "keep_votes": dice.random() < 0.5, "confirm": dice.random() < 0.5, "seats": [dice.randint(1, 8)],
        "seat": dice.choice([0, 0, 1, 2, 3]), "text": dice.choice(["said", "said", ""]), "index": dice.randint(0, 4),
        "variables": {"amount": dice.randint(1, 3)},
    }  # fmt: skip


ACTIONS = sorted(tasking._ACTIONS)
"""All of them: a new action is tried here by itself."""


seeds = st.integers(0, 2**64 - 1)
"""One number a step: numbers of Hypothesis's own choice are mostly small, and most of this would never happen."""


class Tasks(RuleBasedStateMachine):
    """One instance, and everybody who may do something with it."""

    office: Office

    @initialize(seed=seeds)
    def start(self, seed: int) -> None:
        self.office = Office(drawing(random.Random(seed)), amount=1)
        self.done: list[str] = []

    def any_step(self, dice: random.Random) -> Step | None:
        found = self.office.instance.steps.values()
        steps = [step for step in found if step.task is not None and step.wait == "task"]
        return dice.choice(steps) if steps else None

    @rule(seed=seeds)
    def somebody_votes(self, seed: int) -> None:
        dice = random.Random(seed)
        if step := self.any_step(dice):
            decision = dice.choice(["approved"] * 6 + ["rejected", "returned"])
            who = dice.choice(EVERYBODY)
            self.office.tell(c.Vote(step.id, who, decision, "", None, self.office.now_ms))

    @rule(seed=seeds)
    def somebody_asked_approves(self, seed: int) -> None:
        dice = random.Random(seed)
        if step := self.any_step(dice):
            assert step.task is not None
            asked = [seat for seat in step.task.asked() if seat.kind == "decide"]
            if asked:
                seat = dice.choice(asked)
                now_ms = self.office.now_ms
                self.office.tell(c.Vote(step.id, seat.user, "approved", "", None, now_ms, seat.id))

    @rule(seed=seeds)
    def somebody_does_what_is_offered(self, seed: int) -> None:
        """As on a screen: one of the actions that are offered, with what it needs."""
        dice = random.Random(seed)
        step = self.any_step(dice)
        if step is None:
            return
        assert step.task is not None
        asked = [seat.user for seat in step.task.asked()]
        who, operator = dice.choice([*asked, *asked, *step.votes, EVE]), dice.random() < 0.15
        about = self.office.about(step.node)
        found = tasking.offers(step.task, who, about, operator=operator)
        offers = [one for one in found if one.allowed]
        if not offers:
            return
        offer = dice.choice(offers)
        if offer.action in RARE and dice.random() < 0.8:
            return
        there = [one for one in EVERYBODY if one not in self.office.gone and one != who] or [who]
        args = anything(dice) | {
            "to": dice.choice(there),
            "text": "said",
            "from": dice.choice(asked),
        }
        args |= {"people": dice.sample(there, min(2, len(there))), "seat": 0}
        args["seats"] = offer.choices.get("seats", [])[:1]
        if offer.action == "return":
            to = dice.choice(offer.choices["to"])
            args |= {"to": to["id"], "after": dice.choice(to["after"])}
        self.tell(step, offer.action, who, args, operator=operator)

    @rule(seed=seeds)
    def the_same_again(self, seed: int) -> None:
        """Offered actions are the heart of it: twice as often."""
        self.somebody_does_what_is_offered(seed ^ 1)

    @rule(seed=seeds, operator=st.booleans())
    def anybody_does_anything(self, seed: int, operator: bool) -> None:
        dice = random.Random(seed)
        step = self.any_step(dice)
        action = dice.choice(ACTIONS)
        if step is not None and (action not in RARE or dice.random() < 0.1):
            self.tell(step, action, dice.choice(EVERYBODY), anything(dice), operator=operator)

    def tell(
        self, step: Step, action: str, who: str, args: dict[str, Any], *, operator: bool
    ) -> None:
        if action == "reassign" and args["after"] is None:
            args = {**args, "to": None}
        wish = c.TaskAct(step.id, action, who, args, self.office.now_ms, operator)
        told = self.office.tell(wish)
        if told and not isinstance(told[0], e.ResultIgnored):
            self.done.append(action)

    @rule(seed=seeds)
    def somebody_takes_back_what_has_ended(self, seed: int) -> None:
        dice = random.Random(seed)
        ended = list(self.office.instance.approvals.values())
        if ended:
            found = dice.choice(ended)
            self.office.take_back(found["by"] or dice.choice(EVERYBODY), found["step"])

    @rule(who=people)
    def somebody_leaves(self, who: str) -> None:
        if who not in self.office.gone:
            self.office.leave(who)

    @rule(who=people)
    def somebody_comes(self, who: str) -> None:
        self.office.gone = [one for one in self.office.gone if one != who]
        self.office.away.pop(who, None)
        self.office._look_again()

    @rule(who=people, by=st.one_of(st.none(), people))
    def somebody_goes_away(self, who: str, by: str | None) -> None:
        if by != who:
            self.office.go_away(who, by)

    @rule(seed=seeds)
    def time_is_up(self, seed: int) -> None:
        dice = random.Random(seed)
        if step := self.any_step(dice):
            self.office.tell(c.FireTimer(step.id, f"task:escalate:{dice.randint(0, 3)}"))

    @rule(ms=st.sampled_from([1_000, 600_000, HOUR_MS]))
    def time_passes(self, ms: int) -> None:
        self.office.later(ms)

    @rule()
    def a_job_ends(self) -> None:
        jobs = [step for step in self.office.instance.steps.values() if step.wait == "job"]
        if jobs:
            self.office.done(jobs[0].node)

    @rule(seed=seeds)
    def an_operator_moves_what_hangs(self, seed: int) -> None:
        dice = random.Random(seed)
        step = self.any_step(dice)
        if step is not None and dice.random() < 0.2:
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

WALKS, LENGTH = 40, 80


def test_long_walks() -> None:
    """Longer than Hypothesis goes: everything by lot, every walk to its end."""
    for seed in range(WALKS * FACTOR):
        walk(seed)


def walk(seed: int) -> Tasks:
    """One instance and `LENGTH` things that happen to it; then it is brought to its end."""
    dice = random.Random(f"walk {seed}")
    machine = Tasks()
    machine.start(seed=dice.getrandbits(64))
    for _ in range(LENGTH):
        if machine.office.instance.ended:
            break
        by_lot(machine, dice)
        machine.somebody_is_there_to_act()
    machine.history_makes_the_state()
    machine.teardown()
    return machine


def by_lot(machine: Tasks, dice: random.Random) -> None:
    seed, who = dice.getrandbits(64), dice.choice(EVERYBODY)
    match dice.randrange(20):
        case 0 | 1 | 2 | 3:
            machine.somebody_asked_approves(seed=seed)
        case 4:
            machine.somebody_votes(seed=seed)
        case 5 | 6 | 7 | 8 | 9:
            machine.somebody_does_what_is_offered(seed=seed)
        case 10 | 11:
            machine.anybody_does_anything(seed=seed, operator=dice.random() < 0.5)
        case 12:
            machine.somebody_takes_back_what_has_ended(seed=seed)
        case 13:
            machine.somebody_leaves(who=who)
        case 14 | 15:
            machine.somebody_comes(who=who)
        case 16:
            other = dice.choice([None, *(one for one in EVERYBODY if one != who)])
            machine.somebody_goes_away(who=who, by=other)
        case 17:
            machine.time_is_up(seed=seed)
        case 18:
            machine.time_passes(ms=dice.choice([1_000, 600_000, HOUR_MS]))
            machine.an_incident_is_tried_again()
        case _:
            machine.a_job_ends()
            machine.an_operator_moves_what_hangs(seed=seed)
