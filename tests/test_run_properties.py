"""Random flows, made of blocks that can end, answered in random order.

They always end. Their history makes them. Packed and unpacked after every wish, or with a new process on the same database after
every operation, they end the same. And after every operation nothing hangs silently.

`HYPOTHESIS_PROFILE=soak` looks a hundred times longer.
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.engine import jsontext
from headrace.engine.clock import ManualClock
from headrace.engine.flow.validate import validate
from headrace.engine.run import advance as loop
from headrace.engine.run import commands as c
from headrace.engine.run.state import Step, to_json
from headrace.engine.service import messages, tasks
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import put
from headrace.engine.work import drain, jobs, timers
from tests.builder import Document, flow, user
from tests.fakes import (
    ANN,
    BOB,
    NOON,
    TYPES,
    Case,
    House,
    ScriptedWorld,
    claim_jobs,
    run_claim,
    same,
    unlike_history,
)
from tests.patterns.explore import armed

for name, examples in (("default", 1), ("soak", 100)):
    settings.register_profile(
        name, deadline=None, print_blob=True, max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
    )  # fmt: skip
FACTOR = 100 if os.environ.get("HYPOTHESIS_PROFILE") == "soak" else 1
STEPS_MAX = 400
"""Answers until a flow must have ended; loops are bounded far below."""


# --- drawings that can end -------------------------------------------------------------------------

LEAVES = (
    "values",
    "choice",
    "ask",
    "ask_all",
    "ask_out",
    "timer",
    "call",
    "note",
    "child",
    "children",
    "window",
    "late",
    "news",
    "either",
    "undo",
)


@dataclass
class Block:
    """A part of a drawing: a leaf, or blocks in a row, beside one another, by choice, or again and again."""

    kind: str
    parts: list[Block] = field(default_factory=list)
    number: int = 0


def blocks() -> st.SearchStrategy[Block]:
    leaves = st.builds(Block, st.sampled_from(LEAVES), st.just([]), st.integers(0, 3))
    return st.recursive(
        leaves,
        lambda inner: st.builds(
            Block,
            st.sampled_from(
                ("row", "row", "parallel", "exclusive", "loop", "some", "first", "section")
            ),
            st.lists(inner, min_size=2, max_size=3),
            st.integers(0, 3),
        ),
        max_leaves=8,
    )


class Drawer:
    """Draws blocks; every block has one way in and one way out, so what is drawn can always end."""

    def __init__(self) -> None:
        self.drawing = flow("random")
        self.count = 0

    def document(self, block: Block) -> Document:
        self.draw(block)
        self.drawing.then("done", "end")
        return self.drawing.document()

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind}_{self.count}"

    def draw(self, block: Block) -> None:
        """From the end of the drawing so far; afterwards the end is behind the block."""
        getattr(self, f"_{block.kind}")(block)

    def _values(self, block: Block) -> None:
        self.drawing.then(
            self.name("set"), "set_values", values={"n": f"default(n, 0) + {block.number}"}
        )

    def _note(self, _: Block) -> None:
        self.drawing.then(self.name("note"), "notification", to=[user(ANN)])

    def _timer(self, block: Block) -> None:
        self.drawing.then(self.name("timer"), "timer", duration=f"PT{block.number}S")

    def _call(self, block: Block) -> None:
        id_ = self.name("call")
        effect = ("pure", "keyed", "probe", "once")[block.number]
        self.drawing.then(id_, "connector", effect=effect, attempts=4)

    def _children(self, block: Block) -> None:
        id_ = self.name("sub")
        items = [str(number) for number in range(block.number)]
        self.drawing.then(
            id_, "subflow", flow="child", for_each=f"[{', '.join(items)}]", input={"n": "item"}
        )

    def _ask(self, block: Block, mode: str = "any") -> None:
        id_ = self.name("ask")
        more: dict[str, Any] = {}
        if block.number > 1:
            more["reminder"] = {"after": "PT1S", "to": [user(ANN)]}
        self.drawing.then(id_, "approval", mode=mode, assignees=[user(ANN), user(BOB)], **more)
        self._meet(id_, "approved", "rejected")

    def _ask_all(self, block: Block) -> None:
        self._ask(block, "all")

    def _child(self, _: Block) -> None:
        self.drawing.then(self.name("sub"), "subflow", flow="child", input={"n": "1"})

    def _ask_out(self, _: Block) -> None:
        """A no leads out: the token is gone, and a join that waits for it is stuck."""
        id_ = self.name("ask")
        self.drawing.then(id_, "approval", assignees=[user(ANN)])
        self.drawing.at(id_, "rejected").then(self.name("out"), "end", result="out").at(
            id_, "approved"
        )

    def _meet(self, id_: str, *ports: str) -> None:
        """All ports lead on to the same node (one token comes by one of them)."""
        after = self.name("on")
        self.drawing.at(id_, ports[0]).then(after, "set_values", values={after: "true"})
        for port in ports[1:]:
            self.drawing.at(id_, port).to(after)
        self.drawing.at(after)

    def _choice(self, block: Block) -> None:
        id_ = self.name("if")
        self.drawing.then(id_, "condition", branches={"some": f"default(n, 0) > {block.number}"})
        self._meet(id_, "some", "else")

    def _window(self, block: Block) -> None:
        """Items one after another, or two at a time; some are given up when enough have ended."""
        more = {"until": "done >= 2"} if block.number > 2 else {}
        list_ = f"[{', '.join(map(str, range(1 + block.number)))}]"
        self.drawing.then(
            self.name("sub"), "subflow", flow="child", for_each=list_, input={"n": "item"}, window=1 + block.number % 2,
            **more,
        )  # fmt: skip

    def _late(self, _: Block) -> None:
        """A call that its moment may overtake."""
        id_ = self.name("call")
        self.drawing.then(id_, "connector", attempts=4).event(f"late_{id_}", "timer", after="PT1S")
        self._meet(id_, "out", f"late_{id_}")

    def _news(self, block: Block) -> None:
        """A call during which something else may begin, which ends by itself."""
        id_ = self.name("call")
        event = f"news_{id_}"
        self.drawing.then(id_, "connector", attempts=4)
        self.drawing.event(event, "timer", after="PT1S", interrupting=False)
        self.drawing.at(id_, event)
        self._values(block)
        self.drawing.then(self.name("told"), "end", result="told").at(id_)

    def _either(self, _: Block) -> None:
        """What comes first of two; in a store only time passes."""
        id_ = self.name("wait")
        events = [
            {"id": "soon", "kind": "timer", "after": "PT1S"},
            {"id": "told", "kind": "message", "name": id_, "key": "'A-1'"},
        ]
        self.drawing.then(id_, "receive", events=events)
        self._meet(id_, "soon", "told")

    def _undo(self, block: Block) -> None:
        """Done and undone."""
        id_ = self.name("call")
        event = f"undo_{id_}"
        self.drawing.then(id_, "connector", attempts=4).event(event, "compensation")
        self.drawing.at(id_, event).then(self.name("back"), "connector", attempts=4)
        self.drawing.at(id_)
        self._values(block)
        self.drawing.then(self.name("undo"), "compensate", nodes=[id_])

    def _some(self, block: Block) -> None:
        """Some branches, which meet when all of them have come that can."""
        fork, join = self.name("if"), self.name("join")
        tests = {
            f"p{number}": f"default(n, 0) >= {number * block.number}"
            for number in range(len(block.parts))
        }
        self.drawing.then(fork, "condition", mode="all", branches=tests)
        for number, part in enumerate(block.parts):
            self.drawing.at(fork, f"p{number}")
            self.draw(part)
            if number:
                self.drawing.to(join)
            else:
                self.drawing.then(join, "join", mode="inclusive")
        self.drawing.at(fork, "else").to(join).at(join)

    def _first(self, block: Block) -> None:
        """On when the first has come; the others are ignored, held, or withdrawn."""
        rest = ("ignore", "block", "cancel", "cancel")[block.number]
        self._beside(block, {"mode": "first", "rest": rest})

    def _section(self, block: Block) -> None:
        """Branches of which one at a time is under way."""
        self._beside(block, {}, lock=self.name("key"))

    def _beside(self, block: Block, rule: dict[str, Any], lock: str = "") -> None:
        fork, join = self.name("fork"), self.name("join")
        self.drawing.then(fork, "split")
        for index, part in enumerate(block.parts):
            self.drawing.at(fork)
            if lock:
                self.drawing.then(self.name("lock"), "lock", key=f"'{lock}'", scope="instance")
            self.draw(part)
            if lock:
                self.drawing.then(self.name("unlock"), "unlock", key=f"'{lock}'", scope="instance")
            if index:
                self.drawing.to(join)
            else:
                self.drawing.then(join, "join", **rule)
        self.drawing.at(join)

    def _row(self, block: Block) -> None:
        for part in block.parts:
            self.draw(part)

    def _parallel(self, block: Block) -> None:
        self._beside(block, {})

    def _exclusive(self, block: Block) -> None:
        choose, after = self.name("if"), self.name("on")
        self.drawing.then(choose, "condition", branches={"some": f"default(n, 0) > {block.number}"})
        for index, (port, part) in enumerate(zip(("some", "else"), block.parts, strict=False)):
            self.drawing.at(choose, port)
            self.draw(part)
            if index:
                self.drawing.to(after)
            else:
                self.drawing.then(after, "set_values", values={after: "true"})
        self.drawing.at(after)

    def _loop(self, block: Block) -> None:
        """Once, and again while the counter is small; the wait inside makes it a loop that may be."""
        head, wait, check = self.name("head"), self.name("beat"), self.name("again")
        self.drawing.then(head, "set_values", values={head: f"default({head}, 0) + 1"})
        self.drawing.then(wait, "timer", duration="PT1S")
        self.draw(block.parts[0])
        self.drawing.then(check, "condition", branches={"more": f"{head} < {1 + block.number % 3}"})
        self.drawing.at(check, "more").to(head)
        self.drawing.at(check, "else")


def documents() -> st.SearchStrategy[Document]:
    return blocks().map(lambda block: Drawer().document(block))


CHILD = flow("child").then("wait", "timer", duration="PT1S").then("done", "end", output={"n": "n"})


# --- in memory -------------------------------------------------------------------------------------


def answers(case: Case, step: Step) -> list[c.Command]:
    """Everything that may come to this step from outside."""
    match step.wait:
        case "job":
            tried = (step.id, step.attempt + 1, 0, 0)
            return [
                c.JobEnded(*tried, "out", {"status": 200}),
                c.JobEnded(*tried, None, code="refused", message="no"),
                c.JobRetried(*tried, "no_answer", "silence", True),
                c.LateResult(step.id, 1, {"status": 200}),
            ]
        case "task":
            left = [actor for actor in step.actors if actor not in step.votes]
            votes = [
                c.Vote(step.id, actor, decision, "", None, case.now_ms)
                for actor in left
                for decision in ("approved", "rejected")
            ]
            return [*votes, c.FireTimer(step.id, "remind")]
        case "timer":
            return [c.FireTimer(step.id, "due")]
        case "children":
            return [
                c.EndChild(step.id, child, status, {"n": 1})
                for child in step.children
                if child not in step.outputs
                for status in ("completed", "cancelled", "failed")
            ]
        case "items":
            assert step.items
            return [
                c.EndChild(step.id, child, status, {"n": 1})
                for child in step.items.running
                for status in ("completed", "cancelled", "failed")
            ]
        case "event":
            return [c.Deliver(step.id, "w.told", "msg_1", {"n": 1})]
        case "lock" if step.key not in case.instance.locks:
            return [c.GrantLock(step.id, step.key)]
        case "lock" if all(other.wait == "lock" for other in case.instance.steps.values()):
            # Its holder has left by an end inside the section: as the sweeper says when nothing else moves.
            return [c.GrantLock(step.id, step.key, deadlock=True)]
        case _:
            return []


def possible_now(case: Case) -> list[c.Command]:
    """Everything that may come from outside."""
    found = [answer for step in case.instance.steps.values() for answer in answers(case, step)]
    found += [
        c.FireTimer(step.id, name)
        for step in case.instance.steps.values()
        for name in armed(case, step)
        if name.startswith(("e.", "w."))
    ]
    for incident in case.instance.incidents:
        found += [c.Skip(incident, ANN, "out", {"by": "hand"}, ""), c.Retry(incident, ANN)]
    return found


def play(case: Case, pick: Any) -> list[c.Command]:
    """Answer until the end; answers what was said."""
    said: list[c.Command] = []
    while not case.instance.ended:
        assert len(said) < STEPS_MAX, "does not end"
        possible = possible_now(case)
        assert possible, f"resting, not ended, and nothing to answer: {to_json(case.instance)}"
        # The last quarter of the way everything succeeds: a coin may fall on the wrong side only so often.
        found = possible[pick(len(possible))] if len(said) < STEPS_MAX * 3 // 4 else possible[0]
        said.append(found)
        case.tell(found)
    return said


@settings(settings.get_profile("default"), max_examples=80 * FACTOR)
@given(documents())
def test_what_is_drawn_of_blocks_may_be_published(document: Document) -> None:
    problems = validate(document, TYPES)

    assert [
        problem
        for problem in problems
        if problem.severity == "error" and problem.code != "connection_missing"
    ] == []


@settings(settings.get_profile("default"), max_examples=120 * FACTOR)
@given(documents(), st.data())
def test_random_flows_end_and_their_history_makes_them(
    document: Document, data: st.DataObject
) -> None:
    with mock.patch.object(loop, "STEPS_MAX", data.draw(st.sampled_from((1, 2, 3, 1000)))):
        case = Case(document)
        play(case, lambda count: data.draw(st.integers(0, count - 1)))

    assert case.instance.ended == "completed"
    assert same(to_json(case.replayed())) == same(to_json(case.instance))
    assert case.instance.marks == {}
    assert case.instance.incidents == {}


@settings(settings.get_profile("default"), max_examples=60 * FACTOR)
@given(documents(), st.randoms(use_true_random=False))
def test_a_restart_after_every_wish_makes_no_difference(document: Document, dice: Any) -> None:
    restarted = Case(document, restart=True)
    said = play(restarted, dice.randrange)

    straight = Case(document, restart=False)
    for wish in said:
        straight.tell(wish)

    assert same(to_json(straight.instance)) == same(to_json(restarted.instance))
    assert [same(list(event)) for event in straight.history] == [
        same(list(event)) for event in restarted.history
    ]


@settings(settings.get_profile("default"), max_examples=60 * FACTOR)
@given(documents(), st.data())
def test_a_cancel_at_any_moment_leaves_nothing_open(
    document: Document, data: st.DataObject
) -> None:
    case = Case(document)
    for _ in range(data.draw(st.integers(0, 10))):
        possible = possible_now(case)
        if not possible:
            break
        case.tell(possible[data.draw(st.integers(0, len(possible) - 1))])

    case.tell(c.Cancel("enough", ANN))

    assert case.instance.ended
    assert (case.instance.steps, case.instance.pending, case.instance.incidents) == ({}, [], {})
    assert same(to_json(case.replayed())) == same(to_json(case.instance))


# --- in the store ----------------------------------------------------------------------------------


def ids(prefix: str = "ins") -> Any:
    """Ids that two runs have in common."""
    count = 0

    def new_id(kind: str, now_ms: int) -> str:
        nonlocal count
        count += 1
        del now_ms
        return f"{kind}_{prefix}_{count:04d}"

    return new_id


def operations(house: House, dice: Any, world: ScriptedWorld) -> bool:
    """One operation out of those possible now; False when only time can help, or all has ended."""
    todo = [(person, task["id"]) for person in (ANN, BOB) for task in house.todo(person)]
    kinds = [
        "drain",
        "timers",
        "jobs",
        "late",
        *["vote"] * bool(todo),
        "incident",
        "reclaim",
        "tidy",
    ]
    match dice.choice(kinds):
        case "drain":
            drain.drain_all(house.workspace)
        case "timers":
            house.later(ms=dice.choice((0, 500, 1000)))
            timers.fire_due(house.workspace)
        case "jobs":
            house.later(ms=dice.choice((0, 2000)))
            jobs.run_due(house.workspace, lambda _: world, "test", limit=1)
        case (
            "late"
        ):  # a worker that is killed, or slow: another gets the job, then the first one answers
            claims = claim_jobs(house, 1)
            house.later(s=16)
            jobs.reclaim(house.workspace)
            if claims and dice.random() < 0.5:
                run_claim(house, claims[0], world)
        case "vote":
            person, task = dice.choice(todo)
            tasks.decide(
                house.workspace, house.actor(person), task, dice.choice(("approved", "rejected"))
            )
        case "incident":
            open_incidents = t.incidents.select().where(t.incidents.c.resolved_at.is_(None))
            for row in house.rows(open_incidents.limit(1)):
                skip = c.Skip(row.id, ANN, "out", {"by": "hand"}, "")
                wish = dice.choice((c.Retry(row.id, ANN), skip))
                rest_in_inbox = partial(put, wishes=[(row.instance_id, wish)], now_ms=house.now_ms)
                house.write(rest_in_inbox)
        case "reclaim":
            jobs.reclaim(house.workspace)
        case "tidy":
            messages.tidy(house.workspace)
    open_ = t.instances.select().where(t.instances.c.status.in_(("running", "waiting", "incident")))
    return bool(house.rows(open_))


COMPARED = (
    t.instances, t.history, t.tasks, t.task_actors, t.incidents, t.outbox, t.notifications, t.jobs, t.timers, t.ready,
)  # fmt: skip


def rows_of(house: House, table: Any) -> list[dict[str, Any]]:
    """Everything in a table."""
    return [
        dict(row._mapping)
        for row in house.rows(table.select().order_by(*table.primary_key.columns))
    ]


def live(url: str, document: Document, seed: int, *, restart: bool) -> tuple[Any, int]:
    """One life of a flow, from start to end; answers everything that is in the store afterwards."""
    dice = random.Random(seed)
    jitter = random.getstate()
    random.seed(seed)
    house = House(url, clock=ManualClock(NOON))
    world = ScriptedWorld()
    try:
        house.publish(CHILD)
        house.publish(document)
        make = ids()
        house.workspace.new_id = make
        house.start("random")
        steps = 0
        going = True
        while going:
            steps += 1
            assert steps < 3_000, f"does not end: {house.rows(t.instances.select())}"
            world.house = house
            world.answers = [dice.choice((200, 200, 200, 503, 400)) if steps < 2_000 else 200]
            going = operations(house, dice, world)
            assert house.violations() == []
            if restart:
                house = house.again()
                house.workspace.new_id = make
        drain.drain_all(house.workspace)
        with house.workspace.read() as connection:
            assert unlike_history(connection) == []
        assert house.violations() == []
        left = {table.name: rows_of(house, table) for table in COMPARED}
        assert left["jobs"] == left["timers"] == left["ready"] == []
        return jsontext.loads(jsontext.dumps(left)), steps
    finally:
        random.setstate(jitter)
        house.close()


@settings(settings.get_profile("default"), max_examples=8 * FACTOR if FACTOR > 1 else 4)
@given(documents(), st.integers(0, 2**32 - 1))
def test_a_new_process_after_every_operation_makes_no_difference(
    sqlite_template: Path, tmp_path_factory: Any, document: Document, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("lives")
    urls = []
    for name in ("straight", "restarted"):
        (folder / name).write_bytes(sqlite_template.read_bytes())
        urls.append(f"sqlite:///{folder / name}")

    straight, _ = live(urls[0], document, seed, restart=False)
    restarted, _ = live(urls[1], document, seed, restart=True)

    assert straight == restarted
