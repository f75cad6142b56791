"""People step in at any moment of a made process: put tokens, move them, rewind, suspend, skip, cancel with undoing.

What comes of it nobody has said; but nothing breaks, nothing hangs without an incident, and history makes the state.
`HEADRACE_PATTERNS=full` plays 2,000, else 60.
"""

from __future__ import annotations

import os
import random

import pytest

from headrace.engine.run import commands as c
from headrace.engine.run.state import to_json
from tests.fakes import ANN, Case, same
from tests.patterns.explore import answers_to, settled
from tests.patterns.processes import process

FULL = os.environ.get("HEADRACE_PATTERNS") == "full"
COUNT, GROUP = (2_000, 200) if FULL else (60, 20)

WISHES = 60
"""Wishes told to one instance: many of them never end by themselves when people put in more and more."""


def stepping_in(case: Case, nodes: list[str], dice: random.Random) -> c.Command | None:
    """What a person does now; mostly nothing."""
    if case.instance.suspended:
        return c.Resume(ANN)
    steps = list(case.instance.steps) or [0]
    node = dice.choice(nodes)
    return dice.choice(
        [
            c.Rewind(node, ANN, "again", None),
            c.Inject(node, ANN, "one more", None),
            c.MoveToken(dice.choice(steps), node, ANN, "there instead"),
            c.Suspend(ANN, "wait", "keep"),
            c.Cancel("not wanted", ANN, compensate=True) if dice.random() < 0.2 else None,
            *[None] * 20,
        ]
    )


def possible_now(case: Case) -> list[c.Command]:
    """Everything that may come from outside; a hang has nothing here."""
    steps = case.instance.steps.values()
    found = [command for step in steps for _, command in answers_to(case, step, None)]
    for incident in case.instance.incidents:
        found += [c.Skip(incident, ANN, "out", None, ""), c.Retry(incident, ANN)]
    if not found:  # as the sweeper says of keys that nobody will give back
        locks = [step for step in steps if step.wait == "lock"]
        found = [c.GrantLock(step.id, step.key, deadlock=True) for step in locks]
    return found


def play(seed: int) -> None:
    dice = random.Random(seed)
    made = process(seed)
    nodes = [node["id"] for node in made.document["nodes"]]
    case = settled(Case(made.document))
    for _ in range(WISHES):
        if case.instance.ended:
            break
        wish = stepping_in(case, nodes, dice)
        if wish is None:
            possible = possible_now(case)
            assert possible, f"resting, not ended, and nothing to answer: {to_json(case.instance)}"
            wish = dice.choice(possible)
        case.tell(wish)
        if not case.instance.suspended:
            settled(case)
    assert same(to_json(case.replayed())) == same(to_json(case.instance))


@pytest.mark.parametrize("group", range(COUNT // GROUP))
def test_people_may_step_in_at_any_moment(group: int) -> None:
    for seed in range(group * GROUP, (group + 1) * GROUP):
        try:
            play(seed)
        except Exception as trouble:
            trouble.add_note(f"process {seed}")
            raise
