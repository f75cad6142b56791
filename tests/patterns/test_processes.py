"""Random processes end as their construction says, whatever the order, with a restart after every commit.

After every commit the state is packed and unpacked, and compared with what the stored history makes. Now and then something that
was said before is said again: that must change nothing. `HEADRACE_PATTERNS=full` runs 10,000 (`make patterns`), else 150.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from unittest import mock

import pytest

from headrace.engine.flow.validate import validate
from headrace.engine.run import advance as loop
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.apply import apply
from headrace.engine.run.state import Instance, to_json
from tests.fakes import TYPES, Case, same
from tests.patterns.explore import answers_to, settled, visits
from tests.patterns.processes import Process, process

FULL = os.environ.get("HEADRACE_PATTERNS") == "full"
COUNT = 10_000 if FULL else 150
GROUP = 500 if FULL else 50
"""Processes of one test."""

ANSWERS_MAX = 2_000
"""Answers until a process must have ended."""


class Player:
    """Plays the outside for one process, in an order that dice make."""

    def __init__(self, made: Process, seed: int) -> None:
        self.made = made
        self.dice = random.Random(seed)
        self.case = Case(made.document)
        self.said = 0
        self.again: list[c.Command] = []
        """What was said and must change nothing when it is said again."""
        self.shadow = Instance("ins_1", self.case.flow.key, 1)
        """What the stored history makes, so far."""
        self.compared = 0

    def play(self) -> Case:
        settled(self.case)
        self.compare()
        while not self.case.instance.ended:
            assert self.said < ANSWERS_MAX, "does not end"
            if self.again and self.dice.random() < 0.1:
                self.case.tell(self.dice.choice(self.again))
            else:
                self.answer()
            settled(self.case)
            self.compare()
        return self.case

    def answer(self) -> None:
        """One of the answers that the plan has now."""
        found = []
        for step in self.case.instance.steps.values():
            plan = self.made.plan.get(step.node, ())
            coming = list(answers_to(self.case, step, plan))
            for wanted in plan:  # an event before the end of the step
                if commands := [command for answer, command in coming if answer == wanted]:
                    found += commands
                    break
        assert found, f"nothing to answer, and not ended: {to_json(self.case.instance)}"
        wish = self.dice.choice(found)
        self.said += 1
        if not (isinstance(wish, c.FireTimer) and wish.name.startswith("e.news")):
            self.again.append(
                wish
            )  # that timer stays with its step: its row, gone when it fires, keeps it from firing twice
        self.case.tell(wish)

    def compare(self) -> None:
        """History makes the state, and no two ways are inside a section at once."""
        for event in self.case.history[self.compared :]:
            apply(self.shadow, e.decode(same(e.encode(event))))
        self.compared = len(self.case.history)
        assert same(to_json(self.shadow)) == same(to_json(self.case.instance))
        for inside in self.made.sections.values():
            assert len({inside[node] for node in self.case.waiting if node in inside}) <= 1


def check(seed: int) -> Counter[str]:
    """One process, whole; answers what it was made of."""
    made = process(seed)
    budget = random.Random(seed).choice((1, 2, 3, 1000, 1000, 1000))
    with mock.patch.object(loop, "STEPS_MAX", budget):
        case = Player(made, seed).play()

    assert case.instance.status == "completed"
    assert case.variables.get("n", 0) == made.n
    assert dict(visits(case)) == dict(made.visits)
    assert case.of(e.IncidentRaised) == []
    assert (case.instance.marks, case.instance.rounds, case.instance.locks) == ({}, {}, {})
    return made.kinds


@pytest.mark.parametrize("group", range(COUNT // GROUP))
def test_a_process_ends_as_it_was_made_to(group: int) -> None:
    kinds: Counter[str] = Counter()
    for seed in range(group * GROUP, (group + 1) * GROUP):
        try:
            kinds += check(seed)
        except Exception as trouble:
            trouble.add_note(f"process {seed}")
            raise

    assert len(kinds) >= 15  # most kinds of blocks are in every group


@pytest.mark.parametrize("seed", range(0, COUNT, 10))
def test_what_is_made_may_be_published(seed: int) -> None:
    problems = validate(process(seed).document, TYPES)

    assert [problem for problem in problems if problem.severity == "error"] == []
