"""Stand-ins: one running in memory (`Case`), a house with a real database and a clock that tests move (`House`), a scripted world.

Only the network's edge is faked; everything inside is the real thing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from headrace.engine import jsontext
from headrace.engine.clock import Clock, ManualClock
from headrace.engine.flow.compile import compile_flow
from headrace.engine.flow.model import sha256
from headrace.engine.node import (
    ConnectionInfo,
    HttpAnswer,
    RecordAnswer,
    SqlAnswer,
    SqlWork,
    TableAnswer,
)
from headrace.engine.people.directory import Directory, Person
from headrace.engine.registry import node_types
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.advance import Run
from headrace.engine.run.apply import replay
from headrace.engine.run.items import EndsKept
from headrace.engine.run.state import Instance, Step, from_json, to_json
from headrace.engine.service import incidents, instances, public_pages, tasks
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.service.advance import Started
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import history, invariant, record_steps, records
from headrace.engine.store import tables as t
from headrace.engine.store.jobs import Claim
from headrace.engine.store.session import open_database
from headrace.engine.store.writer import Writer
from headrace.engine.wakeup import Wakeup
from headrace.engine.work import drain, jobs, timers
from tests.builder import Document, Flow

NOON = 1_767_945_600_000  # 2026-01-09T08:00Z, a Friday

ANN, BOB, CID, EVE = "usr_ann", "usr_bob", "usr_cid", "usr_eve"
"""Ann and Bob are bosses, Cid has left the company and was the only one in `retired`, Eve is in no role."""

ROLES = {"boss": (ANN, BOB), "retired": (CID,), "empty": ()}
PEOPLE = Directory(
    {
        ANN: Person(ANN, "ann", "Ann", "ann@example.com"),
        BOB: Person(BOB, "bob", "Bob", "bob@example.com"),
        CID: Person(CID, "cid", "Cid", "cid@example.com", active=False),
        EVE: Person(EVE, "eve", "Eve"),
    },
    ROLES,
    {"ann": ANN, "bob": BOB, "cid": CID, "eve": EVE},
)

TYPES = node_types()


def same(state: Any) -> Any:
    """A value as it is after being stored: for comparing."""
    return jsontext.loads(jsontext.dumps(state))


class Case:
    """One instance in memory, on the real core. After every wish the state is packed and unpacked, as the store does."""

    people = PEOPLE

    def __init__(self, drawing: Flow | Document, *, restart: bool = True, **input_: Any) -> None:
        document = drawing.document() if isinstance(drawing, Flow) else drawing
        self.flow = compile_flow(document, TYPES)
        self.instance = Instance("ins_1", self.flow.key, 1)
        self.now_ms = NOON
        self.history: list[e.Event] = []
        self.ends = EndsKept()
        self._restart = restart
        self.tell(c.Start(self.flow.starts[0], input_, initiator=EVE))

    def tell(self, command: c.Command) -> list[e.Event]:
        """Apply one wish and move until all rests; answers what happened."""
        began = len(self.history)
        run = Run(self.flow, self.instance, self.now_ms, self.people, self.ends)
        run.take(command)
        run.move()
        self._keep(run)
        while not self.instance.rests and not self.instance.ended:
            run = Run(self.flow, self.instance, self.now_ms, self.people, self.ends)
            run.move()
            self._keep(run)
        return self.history[began:]

    def _keep(self, run: Run) -> None:
        self.history += run.events
        self.ends.tell(run.events)
        self._pack()

    def _pack(self) -> None:
        if self._restart:
            found = self.instance
            self.instance = from_json(
                found.id, found.flow_key, found.version, same(to_json(found)),
                business_key=found.business_key, initiator=found.initiator,
                parent_id=found.parent_id, parent_step=found.parent_step,
            )  # fmt: skip

    # --- looking ---

    @property
    def waiting(self) -> list[str]:
        """The nodes that wait, in the order of their visits."""
        return [step.node for step in self.instance.steps.values()]

    @property
    def incident(self) -> str:
        """The only open incident."""
        (found,) = self.instance.incidents
        return found

    @property
    def variables(self) -> dict[str, Any]:
        return self.instance.variables

    def step(self, node: str) -> Step:
        """The oldest open visit to this node."""
        return next(step for step in self.instance.steps.values() if step.node == node)

    def of(self, kind: type[Any]) -> list[Any]:
        """All facts of a kind."""
        return [event for event in self.history if isinstance(event, kind)]

    def passed(self) -> list[str]:
        """Nodes left by a token, in order."""
        return [
            event.node
            for event in self.history
            if isinstance(event, e.StepPassed | e.StepDone | e.JoinFired)
        ]

    def replayed(self) -> Instance:
        """What the stored history makes."""
        stored = [e.decode(same(e.encode(event))) for event in self.history]
        return replay("ins_1", self.flow.key, 1, stored)

    # --- answering ---

    def vote(
        self, node: str, who: str, decision: str = "approved", form: Any = None
    ) -> list[e.Event]:
        return self.tell(c.Vote(self.step(node).id, who, decision, "", form, self.now_ms))

    def fire(self, node: str, name: str = "due") -> list[e.Event]:
        return self.tell(c.FireTimer(self.step(node).id, name))

    def done(self, node: str, output: Any = None, port: str = "out") -> list[e.Event]:
        return self.tell(c.JobEnded(self.step(node).id, 1, 0, 0, port, output))

    def fail(self, node: str, code: str = "refused", *, unknown: bool = False) -> list[e.Event]:
        return self.tell(
            c.JobEnded(self.step(node).id, 1, 0, 0, None, code=code, message=code, unknown=unknown)
        )

    def child(
        self, node: str, index: int = 0, status: str = "completed", output: Any = None
    ) -> list[e.Event]:
        step = self.step(node)
        return self.tell(c.EndChild(step.id, step.children[index], status, output))

    def item(
        self, node: str, number: int, status: str = "completed", output: Any = None
    ) -> list[e.Event]:
        """The sub-flow of this item of a for-each ends."""
        step = self.step(node)
        assert step.items
        child = next(id_ for id_, found in step.items.running.items() if found == number)
        return self.tell(c.EndChild(step.id, child, status, output))

    def deliver(
        self, node: str, event: str, payload: Any = None, kind: str = "message", id_: str = "msg_1"
    ) -> list[e.Event]:
        """A message for the node (`w.<event>`), or for an event attached to it (`e.<event>`)."""
        return self.tell(c.Deliver(self.step(node).id, event, id_, payload, kind))

    def grant(self, node: str) -> list[e.Event]:
        """The lock is free for this node."""
        step = self.step(node)
        return self.tell(c.GrantLock(step.id, step.key))


class ScriptedWorld:
    """What the network says, in turn; the last answer repeats. An answer: a status, (status, body), `NotSent`, `OutcomeUnknown`."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers) or [200]
        self.calls: list[tuple[str, str, str]] = []
        """(method, path, idempotency key)"""
        self.house: House | None = None
        self.during: Callable[[], None] = lambda: None
        """Called while a request is under way."""

    @property
    def keys(self) -> list[str]:
        """The keys of all requests that were to have an effect."""
        return [key for method, _, key in self.calls if method != "GET"]

    def connection(self, key: str) -> ConnectionInfo:
        return ConnectionInfo(key, "rest", {"base_url": f"http://{key}", "auth": "none"})

    def renew(self, connection: ConnectionInfo) -> ConnectionInfo | None:
        return None

    def sql(self, connection: ConnectionInfo, work: SqlWork) -> SqlAnswer:
        raise AssertionError(f"expected no database to be asked, but {connection.key} was")

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        del body, timeout_s
        self.calls.append((method, "/" + url.split("/", 3)[3], headers.get("idempotency-key", "")))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.during()
        if isinstance(answer, type):
            raise answer("as the test wanted")
        status, content, *more = answer if isinstance(answer, tuple) else (answer, {})
        given = {"content-type": "application/json", **(more[0] if more else {})}
        return HttpAnswer(status, given, json.dumps(content).encode())

    def record(
        self, operation: str, table: str, key: str, value: Mapping[str, Any], step_key: str
    ) -> RecordAnswer:
        assert self.house
        house = self.house
        answer: RecordAnswer = house.workspace.writer.call(
            lambda connection: records.apply(
                connection, operation, table, key, value, step_key=step_key, instance_id=None,
                now_ms=house.now_ms,
            )
        )  # fmt: skip
        return answer

    def table(
        self, operation: str, table: str, arguments: Mapping[str, Any], step_key: str
    ) -> TableAnswer:
        assert self.house
        house = self.house
        who = records.Who("engine", step_key=step_key)
        answer: TableAnswer = house.workspace.writer.call(
            lambda connection: (
                public_pages.make(house.workspace, connection, table, arguments, who)
                if operation == "page"
                else record_steps.perform(
                    connection, operation, table, arguments, who, house.now_ms
                )
            )
        )
        return answer


class House:
    """A workspace on a migrated database, with Ann, Bob, Cid and Eve living in it. Nothing moves unless `settle` is called."""

    def __init__(self, url: str, *, clock: Clock | None = None, furnish: bool = True) -> None:
        self.url = url
        self.clock = clock or ManualClock(NOON)
        self.database = open_database(url)
        self.workspace = Workspace(self.database, None, self.clock, TYPES, Wakeup(), b"")  # type: ignore[arg-type]
        self.workspace.writer = Writer(self.database, self.workspace.after_commit)
        if furnish:
            self.write(_people)

    def close(self) -> None:
        self.workspace.writer.close()
        self.database.dispose()

    def again(self) -> House:
        """The same database, opened anew: what a restart finds."""
        self.close()
        return House(self.url, clock=self.clock, furnish=False)

    def write(self, operation: Callable[[sa.Connection], Any]) -> Any:
        return self.workspace.writer.call(operation)

    def rows(self, query: Any) -> list[Any]:
        with self.workspace.read() as connection:
            return list(connection.execute(query).all())

    @property
    def now_ms(self) -> int:
        return self.clock.now_ms()

    def later(self, *, s: float = 0, ms: int = 0) -> None:
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(s=s, ms=ms)

    # --- drawing and starting ---

    def publish(self, drawing: Flow | Document) -> str:
        """Put a version in force, as publishing does, without the door's checks; answers the flow's key."""
        document = drawing.document() if isinstance(drawing, Flow) else drawing
        key = document["key"]
        self.write(lambda connection: _publish(connection, document))
        self.workspace.forget_published(key)
        return str(key)

    def start(self, key: str, input_: Mapping[str, Any] | None = None, **more: Any) -> str:
        """Start by hand as Eve; answers the instance's id."""
        return self.started(key, input_, **more).id

    def started(self, key: str, input_: Mapping[str, Any] | None = None, **more: Any) -> Started:
        return instances.start(self.workspace, self.actor(EVE), key, input_ or {}, **more)

    def actor(self, user_id: str) -> Actor:
        return Actor(user_id, user_id, (), EVERYTHING)

    # --- looking ---

    def detail(self, id_: str) -> dict[str, Any]:
        return instances.detail(self.workspace, self.actor(EVE), id_)

    def status(self, id_: str) -> str:
        return str(self.detail(id_)["status"])

    def waiting(self, id_: str) -> list[str]:
        """Nodes whose visit is not over."""
        return [step["node"] for step in self.detail(id_)["steps"] if step["ended_at"] is None]

    def incidents(self, id_: str) -> list[dict[str, Any]]:
        """The open ones."""
        return [found for found in self.detail(id_)["incidents"] if found["resolved_at"] is None]

    def events(self, id_: str, kind: type[Any] | None = None) -> list[Any]:
        with self.workspace.read() as connection:
            found = [event for _, _, event in history.read(connection, id_)]
        return [event for event in found if kind is None or isinstance(event, kind)]

    def violations(self) -> list[Any]:
        with self.workspace.read() as connection:
            return list(invariant.violations(connection))

    def todo(self, user_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = tasks.listing(self.workspace, self.actor(user_id))["items"]
        return found

    # --- deciding and moving ---

    def decide(
        self, user_id: str, decision: str = "approved", *, node: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """This person decides the only task there is for them (at this node)."""
        (task,) = [task for task in self.todo(user_id) if node in (None, task["node"])]
        return tasks.decide(self.workspace, self.actor(user_id), task["id"], decision, **more)

    def retry(self, id_: str) -> None:
        (found,) = self.incidents(id_)
        incidents.retry(self.workspace, self.actor(ANN), found["id"])

    def skip(self, id_: str, **more: Any) -> None:
        (found,) = self.incidents(id_)
        incidents.skip(self.workspace, self.actor(ANN), found["id"], **more)

    def cancel(self, id_: str, *, compensate: bool = False) -> None:
        instances.cancel(
            self.workspace, self.actor(ANN), id_, "not wanted any more", compensate=compensate
        )


@contextmanager
def furnished(url: str) -> Iterator[House]:
    """A house for one test; when the test is done nothing may hang silently."""
    house = House(url)
    try:
        yield house
        assert house.violations() == []
    finally:
        house.close()


def settle(house: House, world: ScriptedWorld | None = None) -> None:
    """Do all that can be done now, in one thread: advance, jobs, timers, schedules. Time stands still."""
    scripted = world or ScriptedWorld()
    scripted.house = house
    workspace = house.workspace
    moved = 1
    while moved:
        moved = drain.drain_all(workspace)
        moved += jobs.run_due(workspace, lambda _: scripted, "test")
        moved += timers.fire_due(workspace) + timers.fire_schedules(workspace)


def claim_jobs(house: House, limit: int = 100) -> list[Claim]:
    """What a worker would take now."""
    claims: list[Claim] = house.write(
        lambda connection: jobs.jobs.claim(connection, "test", limit, house.now_ms)
    )
    return claims


def run_claim(house: House, claim: Claim, world: ScriptedWorld) -> None:
    """A worker tries the claim and hands the result in."""
    world.house = house
    jobs.finish(house.workspace, jobs.attempt(house.workspace, lambda _: world, claim))


def _people(connection: sa.Connection) -> None:
    for person in PEOPLE.people.values():
        connection.execute(
            t.users.insert().values(
                id=person.id, login=person.login, name=person.name, email=person.email,
                password_hash="x", active=person.active, created_at=NOON,
            )
        )  # fmt: skip
    for key, members in ROLES.items():
        connection.execute(t.roles.insert().values(key=key, title={"en": key}, system=False))
        for member in members:
            connection.execute(t.role_members.insert().values(role=key, user_id=member))


def _publish(connection: sa.Connection, document: Document) -> None:
    key = document["key"]
    version = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(t.flow_versions.c.version), 0) + 1).where(
            t.flow_versions.c.flow_key == key
        )
    ).scalar_one()
    if version == 1:
        connection.execute(
            t.flows.insert().values(
                key=key, name=document["name"], published_version=1, draft="{}", draft_etag="x",
                draft_updated_at=NOON, draft_updated_by=ANN, created_at=NOON, created_by=ANN,
            )
        )  # fmt: skip
    connection.execute(
        t.flow_versions.insert().values(
            flow_key=key, version=version, document=jsontext.dumps(document), sha256=sha256(document),
            published_at=NOON, published_by=ANN,
        )
    )  # fmt: skip
    connection.execute(
        t.flows.update().where(t.flows.c.key == key).values(published_version=version)
    )


def ids(found: Collection[Any]) -> list[str]:
    """The ids of rows."""
    return [row.id for row in found]


def unlike_history(connection: sa.Connection) -> list[str]:
    """Instances that are not what their history makes of them; must be none."""
    different = []
    for row in connection.execute(sa.select(t.instances)).all():
        facts = [(seq, event) for seq, _, event in history.read(connection, row.id)]
        made = replay(row.id, row.flow_key, row.version, [event for _, event in facts])
        numbers = [seq for seq, _ in facts]
        # A child that is cancelled in the advance that made it hears of that first, and never starts.
        started = any(isinstance(event, e.InstanceStarted) for _, event in facts)
        alike = (
            same(to_json(made)) == jsontext.loads(row.state)
            and numbers == list(range(1, len(numbers) + 1))
            and (made.status, made.result) == (row.status, row.result)
            and made.parent_id == (row.parent_id if started else None)
        )
        if facts and not alike:
            different.append(row.id)
    return different
