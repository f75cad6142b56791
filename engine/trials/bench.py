"""What a trial has in its hands: an empty workspace, people in every role, the sandbox as the outside world, time that jumps."""

from __future__ import annotations

import re
import socket
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from time import monotonic, perf_counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import ManualClock, to_iso
from headrace.engine.connector import Incoming, Request
from headrace.engine.errors import HeadraceError, NotFound
from headrace.engine.http.api import create_api
from headrace.engine.http.hooks import FORM_TYPE, form_fields
from headrace.engine.http.route import House as HttpHouse
from headrace.engine.node import HttpAnswer, TableAnswer, World
from headrace.engine.sandbox import mail
from headrace.engine.sandbox.aliyun_sms import AliyunSms, Message
from headrace.engine.sandbox.calls import Said
from headrace.engine.sandbox.proofs import Keys
from headrace.engine.sandbox.pushes import Target
from headrace.engine.sandbox.server import HOST, PORT, Sandbox
from headrace.engine.sandbox.troubles import Switch
from headrace.engine.service import (
    audit,
    channels,
    connections,
    data_tables,
    flows,
    hooks,
    instances,
    intake,
    messages,
    public_pages,
    task_acts,
    tasks,
    template_install,
    templates,
    tokens,
    users,
)
from headrace.engine.service import records as record_service
from headrace.engine.service.access import actor_of
from headrace.engine.service.actor import ENGINE, EVERYTHING, Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import jobs as job_rows
from headrace.engine.store import outbox, record_steps, records
from headrace.engine.store import timers as timer_rows
from headrace.engine.store.jobs import Claim
from headrace.engine.trials.wire import Wire
from headrace.engine.work import drain, jobs, relay, timers
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.polling import Poller
from headrace.engine.work.world import WorkerWorld

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000

LEAPS_MAX = 100_000
"""Moments stopped at in one leap: a flow that turns for ever is cut here, and said so."""

BUYER = "starter"
"""Who starts what a person starts."""


class TrialBroken(RuntimeError):
    """The trial itself could not go on: what was expected of the engine for that, and what was found."""


class Trial:
    """One template under check."""

    def __init__(self, workspace: Workspace, clock: ManualClock, seed: int, *, full: bool) -> None:
        self.workspace, self.clock, self.seed, self.full = workspace, clock, seed, full
        self.dice = Random(seed)  # noqa: S311 - a sample, not a secret
        self.sandbox = Sandbox(
            clock, _keys(), seed=seed, per_minute=0, past_ms=0, send=self._pushed
        )
        self.sandbox.base = f"http://{HOST}:{PORT}"
        self.wire = Wire(self.sandbox)
        self.found: dict[str, Any] = {}
        self.threads = 1
        """How many jobs run at once in `settle`."""
        self.took_ms: list[tuple[str, str, float]] = []
        """(operation, table, real milliseconds) of every operation on a table, with its wait for the writer."""
        self.worked_ms: list[tuple[str, str, float]] = []
        """The same without that wait."""
        self._people: dict[str, str] = {}
        self._api: Any = None
        self._poller: Poller | None = None
        self._stack = ExitStack()

    def close(self) -> None:
        """End what lasts."""
        self._stack.close()

    # --- preparing ---

    def install(self, key: str) -> None:
        """As a person would: roles first, then people, accounts, and the flows with what brings them orders."""
        template = templates.all_templates()[key]
        kinds = ("roles", "connections", "tables", "decision_tables")
        template_install.install(self.workspace, ENGINE, key, parts=kinds)
        for role in template.about.get("roles", ()):
            self.staff(role["key"])
        self.person(BUYER)
        for connection in template.about.get("connections", ()):
            if connection.get("sandbox"):
                self.fill(connection["key"], connection["sandbox"])
        answer = template_install.install(self.workspace, ENGINE, key, parts=("flows",))
        wrong = [one for one in answer["problems"] if one["severity"] == "error"]
        if wrong:
            raise TrialBroken(f"expected flows without errors, but found {wrong[:3]}")
        for flow in template.about.get("drafts", ()):
            flows.publish(self.workspace, ENGINE, flow)
        if template.sources:
            template_install.install(self.workspace, ENGINE, key, parts=("sources",))
            self._poller = Poller(self.workspace, self._pull, "trial", self._account, self._rest)
            for source in template.sources:
                self._aim(source)

    def _aim(self, source: Mapping[str, Any]) -> None:
        """Where the platform calls, let its simulator call."""
        if not ((source.get("ways") or {}).get("push") or {}).get("enabled"):
            return
        about = connections.detail(self.workspace, source["connection"])
        self.sandbox.pusher.aim(about["connector"], Target(f"{self.wire.base}/intake/{source['key']}"))  # fmt: skip

    def _rest(self, seconds: float) -> None:
        """A poll has to wait for a limit of the platform."""
        self.clock.advance(s=seconds)

    def _pull(self, request: Request) -> HttpAnswer:
        """One call of a poll."""
        return self.wire.request(
            request.method, request.url, headers=request.headers, body=request.body, timeout_s=20
        )

    def staff(self, role: str) -> None:
        """A primary and a backup: `cs_lead` and `cs_lead.2`."""
        users.set_members(self.workspace, ENGINE, role, [self.person(role)])
        users.set_members(self.workspace, ENGINE, role, [self.person(f"{role}.2")], "backup")

    def person(self, login: str, roles: Sequence[str] = ("approver",)) -> str:
        """Somebody who works here; answers the id."""
        if login not in self._people:
            values = {
                "login": login,
                "name": login,
                "email": f"{login}@sandbox.example",
                "roles": list(roles),
            }
            made = users.create(self.workspace, ENGINE, values, password=f"{login}-of-the-trial")
            self._people[login] = made["id"]
        return self._people[login]

    def actor(self, login: str) -> Actor:
        """Them, with what they may do."""
        return actor_of(self.workspace.kept_directory(), self.person(login))

    def fill(self, connection: str, simulator: str) -> None:
        """Fill an account in with what the simulator takes."""
        if simulator == "mail" and self.sandbox.mail_port is None:
            server = mail.listen(self.sandbox.mailbox, HOST, _free_port())
            self._stack.callback(server.stop)
            self.sandbox.mail_port = server.port
            self.wire.addresses = AddressGuard((f"{HOST}:{PORT}", f"{HOST}:{server.port}"))
        account = self.sandbox.accounts()[simulator]
        values = {"settings": account.settings, "secrets": account.secrets}
        connections.change(self.workspace, ENGINE, connection, values)

    def database(self, connection: str, statements: Sequence[str]) -> Path:
        """Somebody else's database behind this connection, a file of SQLite; answers where it is."""
        path: Path = self.workspace.settings.home / f"{connection}.sqlite3"
        with closing(sqlite3.connect(path)) as made:
            made.executescript(";\n".join(statements))
        settings = {"kind": "sqlite", "file": path.name, "write": True}
        connections.change(self.workspace, ENGINE, connection, {"settings": settings})
        return path

    def trouble(self, simulator: str, trouble: str, **more: Any) -> None:
        """Switch on a trouble at a simulator."""
        self.sandbox.switches.put(simulator, Switch(trouble, **more))

    # --- what comes in ---

    def start(self, flow: str, input_: Mapping[str, Any], *, by: str = BUYER, **more: Any) -> str:
        """A person or a system starts a flow; answers the instance."""
        actor = Actor(self.person(by), by, ("approver",), EVERYTHING)
        return instances.start(self.workspace, actor, flow, input_, **more).id

    def tell(self, name: str, payload: Mapping[str, Any], *, key: str = "", **more: Any) -> None:
        """A message on the built-in bus."""
        messages.publish(self.workspace, ENGINE, name, key=key, payload=dict(payload), **more)

    def push(
        self, flow: str, node: str, headers: Mapping[str, str], body: bytes, fields: Any = None
    ) -> Said:
        """A call from outside, as the door takes it: 202, the platform's own words, or a refusal."""
        lowered = {name.lower(): value for name, value in headers.items()}
        account: Callable[[str], Any] = lambda key: connections.open_connection(  # noqa: E731
            self.workspace, key
        )
        try:
            taken = hooks.receive(self.workspace, flow, node, body, fields, lowered, {}, account)
        except HeadraceError as trouble:
            return Said(trouble.code.encode(), trouble.status)
        wanted = hooks.reply(self.workspace, flow, node, account, accepted=taken.accepted)
        if wanted is None:
            return Said(b"", 202)
        return Said(wanted.body.encode(), wanted.status)

    def pushed(self, flow: str, node: str, headers: Mapping[str, str], body: bytes) -> Said:
        """A call as it comes from the wire: a form or JSON."""
        kind = {k.lower(): v for k, v in headers.items()}.get("content-type", "")
        fields = form_fields(body) if kind.startswith(FORM_TYPE) else jsontext.loads(body)
        return self.push(flow, node, headers, body, fields)

    def _pushed(self, url: str, headers: Mapping[str, str], body: bytes) -> Said:
        """What a simulator pushes: `…/hooks/<flow>/<node>`, or `…/intake/<source>`."""
        parts = urlsplit(url)
        if parts.path.startswith("/intake/"):
            query = dict(parse_qsl(parts.query))
            return self.handed_in(parts.path.removeprefix("/intake/"), query, headers, body)
        _, _, flow, node = parts.path.split("/")[:4]
        return self.pushed(flow, node, headers, body)

    def handed_in(
        self, source: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> Said:
        """A call of a platform at a source's door."""
        lowered = {name.lower(): value for name, value in headers.items()}
        incoming = Incoming(lowered, query, body, self.now_ms)
        try:
            _, reply = intake.push(self.workspace, source, incoming, self._account, monotonic())
        except HeadraceError as trouble:
            return Said(trouble.code.encode(), trouble.status)
        return Said(b"", 202) if reply is None else Said(reply.body.encode(), reply.status)

    # --- time ---

    @property
    def now_ms(self) -> int:
        """The trial's time."""
        return self.clock.now_ms()

    @property
    def now(self) -> str:
        """The same as text."""
        return to_iso(self.now_ms)

    def settle(self) -> None:
        """Do all that can be done now. Time stands still."""
        moved = 1
        while moved:
            moved = drain.drain_all(self.workspace)
            moved += self._jobs()
            moved += timers.fire_due(self.workspace) + timers.fire_schedules(self.workspace)
            moved += relay.send_due(self.workspace, self._account, self.wire)  # type: ignore[arg-type]
            self.sandbox.step()
            moved += self._poller.look() if self._poller else 0

    def _account(self, key: str) -> Any:
        return connections.open_connection(self.workspace, key)

    def _jobs(self) -> int:
        if self.threads == 1:
            return jobs.run_due(self.workspace, self._world, "trial")
        limit = 40 * self.threads
        claims: list[Claim] = self.workspace.writer.call(
            lambda connection: job_rows.claim(connection, "trial", limit, self.now_ms)
        )

        def one(claim: Claim) -> None:
            jobs.finish(self.workspace, jobs.attempt(self.workspace, self._world, claim))

        if claims:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(one, claims))
        return len(claims)

    def until(self, at_ms: int) -> None:
        """Let time pass up to this moment, stopping wherever something is due."""
        for _ in range(LEAPS_MAX):
            self.settle()
            due = self._due()
            if due is None or due > at_ms:
                self.clock.set(max(at_ms, self.now_ms))
                self.settle()
                return
            self.clock.set(max(due, self.now_ms + 1))
        raise TrialBroken(f"expected an end by {to_iso(at_ms)}, but there was always more to do")

    def later(self, ms: int) -> None:
        """Let so much time pass."""
        self.until(self.now_ms + ms)

    def _due(self) -> int | None:
        with self.workspace.read() as connection:
            found = [
                timer_rows.next_due_at(connection),
                job_rows.next_due_at(connection, self.now_ms, None, []),
                outbox.next_due_at(connection, self.now_ms),
            ]
        if self._poller:
            found.append(self._poller.due_ms())
        known = [at for at in found if at is not None and at > self.now_ms]
        return min(known, default=None)

    # --- the outside world of nodes ---

    def _world(self, claim: Claim) -> World:
        workspace = self.workspace

        def record(
            operation: str, table: str, key: str, value: Mapping[str, Any], step_key: str
        ) -> Any:
            return self._timed(
                operation,
                table,
                lambda connection: records.apply(
                    connection, operation, table, key, value, step_key=step_key,
                    instance_id=claim.instance_id, now_ms=workspace.clock.now_ms(), node=claim.node,
                ),
            )  # fmt: skip

        def operate(
            operation: str, table: str, arguments: Mapping[str, Any], step_key: str
        ) -> TableAnswer:
            who = records.Who("engine", "", claim.instance_id, claim.node, step_key)
            answer: TableAnswer = self._timed(
                operation,
                table,
                lambda connection: (
                    public_pages.make(workspace, connection, table, arguments, who)
                    if operation == "page"
                    else record_steps.perform(
                        connection, operation, table, arguments, who, workspace.clock.now_ms()
                    )
                ),
            )
            return answer

        home = workspace.settings.home
        return WorkerWorld(self._account, record, self.wire, operate, sqlite_folder=home)  # type: ignore[arg-type]

    def _timed(self, operation: str, table: str, does: Callable[[Connection], Any]) -> Any:
        began = perf_counter()

        def alone(connection: Connection) -> Any:
            begun = perf_counter()
            found = does(connection)
            self.worked_ms.append((operation, table, (perf_counter() - begun) * 1_000))
            return found

        answer = self.workspace.writer.call(alone)
        self.took_ms.append((operation, table, (perf_counter() - began) * 1_000))
        return answer

    # --- people ---

    def todo(self, login: str, node: str | None = None) -> list[dict[str, Any]]:
        """What waits for somebody, all of it."""
        found: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = tasks.listing(self.workspace, self.actor(login), cursor=cursor, limit=200)
            found += [task for task in page["items"] if node in (None, task["node"])]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def decide(
        self, login: str, task: Mapping[str, Any], decision: str = "approved", **more: Any
    ) -> dict[str, Any]:
        """Somebody decides, through the door that the inbox uses."""
        return task_acts.decide(self.workspace, self.actor(login), task["id"], decision, **more)

    def decide_all(
        self, login: str, decision: str = "approved", *, node: str | None = None, **more: Any
    ) -> int:
        """Everything that waits for somebody; answers how many."""
        waiting = self.todo(login, node)
        for task in waiting:
            self.decide(login, task, decision, **more)
        self.settle()
        return len(waiting)

    def refused(self, does: Callable[[], Any]) -> str:
        """The code with which it is refused; empty where it is not."""
        try:
            does()
        except HeadraceError as trouble:
            return trouble.code
        return ""

    # --- looking ---

    def instance(self, id_: str) -> dict[str, Any]:
        """The page of an instance."""
        return instances.detail(self.workspace, ENGINE, id_)

    def instances(self, flow: str, **more: Any) -> list[dict[str, Any]]:
        """All instances of a flow."""
        return list(self._pages(instances.listing, flow=flow, **more))

    def open_instances(self) -> list[dict[str, Any]]:
        """Instances of any flow that have not ended."""
        ended = {"completed", "cancelled", "failed"}
        return [one for one in self._pages(instances.listing) if one["status"] not in ended]

    def messages(self, name: str) -> list[dict[str, Any]]:
        """Messages of a name that were published."""
        return list(self._pages(messages.listing, name=name))

    def records(self, table: str, **more: Any) -> list[dict[str, Any]]:
        """Every record of a table, with its `key`."""
        try:
            found = list(self._pages(record_service.listing, table, **more))
        except NotFound:
            return []
        return [{**one["value"], "key": one["key"], "id": one["id"]} for one in found]

    def record(self, table: str, key: str) -> dict[str, Any]:
        """One record's value."""
        value: dict[str, Any] = record_service.by_key(self.workspace, ENGINE, table, key)["value"]
        return value

    def _pages(self, listing: Any, *args: Any, **more: Any) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = listing(self.workspace, ENGINE, *args, cursor=cursor, limit=200, **more)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def keep(self, table: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Put these records there by their keys, whatever there was."""
        items = [records.Item(key, dict(value), "upsert") for key, value in values.items()]

        def write(connection: Connection) -> list[Any]:
            found = data_tables.found(connection, table)
            who = records.Who("engine", "trial")
            return list(records.write(connection, found, items, who, self.now_ms))

        wrong = [one for one in self.workspace.writer.call(write) if one.problems]
        if wrong:
            raise TrialBroken(f"expected records that fit {table}, but found {wrong[0].problems}")

    def notices(self, login: str, part: str = "") -> list[dict[str, Any]]:
        """Messages in somebody's inbox that have this in title or text."""
        found = list(self._notices(login))
        return [one for one in found if part in f"{one['title']} {one['text']}"]

    def _notices(self, login: str) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            page = tasks.notifications(self.workspace, self.actor(login), cursor=cursor, limit=200)
            yield from page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def reached(self, login: str, phone: str) -> None:
        """Mail and text messages of the sandbox for what people are told; the template brings both accounts."""
        settings = {"sms": {"template": "SMS_NOTICE", "values": {"title": "title"}}}
        channels.change_workspace(self.workspace, ENGINE, settings)
        mine = {"addresses": {"sms": {"address": phone}}}
        channels.change_mine(self.workspace, self.actor(login), mine)

    def mailed(self) -> None:
        """A mailbox of the sandbox for the messages that people get."""
        values = {"key": "post", "name": "post", "connector": "smtp", "settings": {}}
        connections.add(self.workspace, ENGINE, values)
        self.fill("post", "mail")

    def deliveries(self, instance: str) -> list[dict[str, Any]]:
        """Messages of an instance that leave the application: to whom, of what kind, by which way, and what became of them."""
        with self.workspace.read() as connection:
            found = outbox.page(connection, instance_id=instance, before=None, limit=1_000)
        return [
            {
                "user": row.user_id,
                "kind": row.kind,
                "way": ((row.details or {}).get("way") or {}).get("first") or row.channel,
                "status": row.status,
            }
            for row in found
        ]

    def letters(self, part: str = "") -> list[dict[str, Any]]:
        """Letters that reached the sandbox's mailbox."""
        return self._log("mail", part)

    def robot_of(self, name: str) -> None:
        """A chat group's robot of the sandbox, for what operators are told."""
        account = self.sandbox.accounts()[name]
        values = {
            "key": name,
            "name": name,
            "connector": account.connector,
            "settings": account.settings,
        }
        connections.add(self.workspace, ENGINE, values)
        self.fill(name, name)

    def robot(self, name: str, part: str = "") -> list[dict[str, Any]]:
        """Messages that a robot of the sandbox took."""
        return [one for one in self._log(name, part) if one["status"] == 200]

    def _log(self, simulator: str, part: str) -> list[dict[str, Any]]:
        return [
            one
            for one in self.sandbox.log
            if one["simulator"] == simulator and part in f"{one['what']} {one['sent']}"
        ]

    def texted(self, phone: str = "") -> list[Message]:
        """Text messages that went out, to this number."""
        simulator = self.sandbox.simulators["aliyun_sms"]
        assert isinstance(simulator, AliyunSms)
        return [one for one in simulator.sent if phone in {"", one.phone}]

    def _app(self) -> Any:
        """The door; made once, it takes a moment."""
        if self._api is None:
            self._api = create_api(HttpHouse(self.workspace))
        return self._api

    def opened(self, path: str, language: str = "zh", tail: str | None = None) -> tuple[int, str]:
        """A customer opens a page: its status, and what it says without its marks."""
        client = self._app().test_client()
        asked = {"path": path, "query_string": {"lang": language}}
        answer = client.get(**asked) if tail is None else client.post(data={"tail": tail}, **asked)
        plain = re.sub(r"<style>.*?</style>|<[^>]+>", " ", answer.text, flags=re.DOTALL)
        return answer.status_code, " ".join(plain.split())

    def token(self, login: str, scopes: Sequence[str]) -> str:
        """A token of somebody, cut down to these scopes."""
        owner = Actor(self.person(login), login, (), EVERYTHING)
        return str(tokens.create(self.workspace, owner, login, scopes)["token"])

    def ask(self, method: str, path: str, body: Any = None, *, token: str) -> int:
        """A request through the door of the API; answers the status."""
        client = self._app().test_client()
        headers = {"Authorization": f"Bearer {token}"}
        return int(client.open(path, method=method, json=body, headers=headers).status_code)

    def audit(self, action: str) -> list[dict[str, Any]]:
        """Entries of the audit that begin so."""
        return list(self._pages(audit.listing, action=action))

    def measure(self, **found: Any) -> None:
        """What came out, by the ids of expect.json."""
        self.found.update(found)


_KEPT: list[Keys] = []


def _keys() -> Keys:
    """Keys of the payment services: made once a process, they take a second."""
    if not _KEPT:
        _KEPT.append(Keys.new())
    return _KEPT[0]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as tried:
        port: int = tried.getsockname()[1]
        return port
