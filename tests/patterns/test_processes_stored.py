"""Some of the random processes in a real store: jobs, votes, timers, messages and sub-flows by their own ways, a new process on the
same database after every operation. `HEADRACE_PATTERNS=full` plays 200 of them on each database, else 6.
"""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from headrace.engine.run.state import Instance, Step
from headrace.engine.service import messages, tasks
from headrace.engine.store import instances
from headrace.engine.store import tables as t
from headrace.engine.work import drain, timers
from tests.builder import flow
from tests.fakes import ANN, House, ScriptedWorld, claim_jobs, run_claim, unlike_history
from tests.patterns.explore import visits_of
from tests.patterns.processes import Process, process

FULL = os.environ.get("HEADRACE_PATTERNS") == "full"
SEEDS = range(20_000, 20_200) if FULL else range(20_000, 20_006)

OPERATIONS_MAX = 500
"""Operations until a process must have ended."""

ITEM = flow("item").then("done", "end")


class Player:
    """Plays the outside for one process in the store, in an order that dice make."""

    def __init__(self, house: House, made: Process, seed: int) -> None:
        self.house = house
        self.made = made
        self.dice = random.Random(seed)
        self.world = ScriptedWorld()
        self.claims: dict[int, Any] = {}
        """Step → the claim of its job: a worker holds it, and takes its time."""
        house.publish(ITEM)
        house.publish(made.document)
        self.id = house.start("made")

    def play(self) -> Instance:
        for _ in range(OPERATIONS_MAX):
            drain.drain_all(self.house.workspace)
            assert self.house.violations() == []
            self.house = self.house.again()
            found = self.instance()
            if found.ended:
                return found
            self.answer(found)
        raise AssertionError("does not end")

    def instance(self) -> Instance:
        with self.house.workspace.read() as connection:
            return instances.load(connection, [self.id])[self.id].instance

    def answer(self, found: Instance) -> None:
        """One of the answers that the plan has now."""
        for claim in claim_jobs(self.house):
            self.claims[claim.step] = claim
        possible = [
            (step, answer)
            for step in found.steps.values()
            if (answer := self.wanted(step)) is not None
        ]
        assert possible, f"nothing to answer, and not ended: {found}"
        self.tell(*self.dice.choice(possible))

    def wanted(self, step: Step) -> str | None:
        """What is to come to this step next, if it can."""
        if step.incident:
            return None
        timers_ = {row.name for row in self.timers(step)}
        for answer in self.made.plan.get(step.node, ()):
            if not answer.startswith("news_") or f"e.{answer}" in timers_:
                return answer
        return None

    def late(self) -> None:
        """Workers whose jobs were withdrawn answer after all."""
        for claim in self.claims.values():
            run_claim(self.house, claim, self.world)
        drain.drain_all(self.house.workspace)

    def timers(self, step: Step) -> list[Any]:
        table = t.timers
        return self.house.rows(
            table.select().where(table.c.instance_id == self.id, table.c.step == step.id)
        )

    def tell(self, step: Step, answer: str) -> None:
        """By the way it would come."""
        workspace, actor = self.house.workspace, self.house.actor(ANN)
        names = [
            row.name
            for row in self.timers(step)
            if row.name.removeprefix("e.").removeprefix("w.") == answer
        ]
        if names:  # its moment has come
            due = t.timers.update().where(t.timers.c.step == step.id, t.timers.c.name == names[0])
            self.house.write(lambda connection: connection.execute(due.values(due_at=0)))
            timers.fire_due(workspace)
        elif step.wait == "task":
            table = t.tasks
            (task,) = self.house.rows(
                table.select().where(table.c.instance_id == self.id, table.c.step == step.id)
            )
            tasks.decide(workspace, actor, task.id, answer)
        elif answer == "out" or answer.startswith("error:"):
            self.world.answers = [200 if answer == "out" else 400]
            run_claim(self.house, self.claims.pop(step.id), self.world)
        else:
            self.publish(step, answer)

    def publish(self, step: Step, answer: str) -> None:
        """The message or signal that this step waits for."""
        node = next(one for one in self.made.document["nodes"] if one["id"] == step.node)
        events = [*node["settings"].get("events", ()), *node.get("events", ())]
        event = next(one for one in events if one["id"] == answer)
        key = "A-1" if "key" in event else ""
        messages.publish(
            self.house.workspace, self.house.actor(ANN), event["name"], kind=event["kind"], key=key
        )


@pytest.mark.parametrize("seed", SEEDS)
def test_a_process_in_the_store_ends_as_it_was_made_to(migrated_url: str, seed: int) -> None:
    made = process(seed)
    player = Player(House(migrated_url), made, seed)
    try:
        found = player.play()
        player.late()

        assert (found.ended, player.instance().ended) == ("completed", "completed")
        assert found.variables.get("n", 0) == made.n
        assert dict(visits_of(player.house.events(player.id))) == dict(made.visits)
        with player.house.workspace.read() as connection:
            assert unlike_history(connection) == []
        for table in (t.jobs, t.timers, t.ready, t.subscriptions, t.locks):
            assert player.house.rows(table.select()) == []
    finally:
        player.house.close()
