"""Orders and sources for tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import sqlalchemy as sa
from cryptography.fernet import Fernet

from headrace.engine.connector import ConnectionInfo, HttpAnswer, Incoming, Request
from headrace.engine.node import OutcomeUnknown
from headrace.engine.registry import connectors
from headrace.engine.sandbox.calls import Said
from headrace.engine.sandbox.proofs import Keys
from headrace.engine.sandbox.server import Dropped, Sandbox
from headrace.engine.sandbox.troubles import Switch
from headrace.engine.service import connections, intake, records, sources
from headrace.engine.store import organisation
from headrace.engine.store import tables as t
from headrace.engine.work.polling import Poller
from tests.fakes import ANN, EVE, House


def order(id_: str, state: str = "paid", **more: Any) -> dict[str, Any]:
    """An order as a file brings it."""
    return {
        "platform_order_id": id_, "status_code": state, "created_at": "2026-01-09T07:59:00Z",
        "updated_at": "2026-01-09T08:00:00Z", "buyer": "王芳", "phone": "13800000000", "address": "浙江省杭州市文三路 100 号",
        "currency": "CNY", "total": 99, "items": [{"sku": "HW-101", "title": "保温杯", "quantity": 1, "price": 99}],
    } | more  # fmt: skip


def source_of(house: House, key: str = "shop", **more: Any) -> House:
    """A source of files, unless told otherwise; answers the house."""
    values = {
        "key": key, "title": {"zh": "北店", "en": "North"}, "channel": "file", "shop": "north", "ways": {"file": {"enabled": True}},
    }  # fmt: skip
    sources.create(house.workspace, house.actor(EVE), {**values, **more})
    return house


class Street:
    """A house, shops without a wire, and somebody who pulls. Time stands still unless a test moves it."""

    def __init__(self, house: House, keys: Keys, *, per_minute: float = 0.0) -> None:
        self.house = house
        self.pushes: list[tuple[str, dict[str, str], bytes]] = []
        self.sandbox = Sandbox(
            house.clock, keys, seed=7, per_minute=per_minute, send=self._send, past_ms=1_800_000
        )
        house.workspace.secret_key = Fernet.generate_key()
        self.calls: list[str] = []
        self.during: Callable[[], None] = lambda: None
        self.poller = self.another("one")

    def another(self, owner: str) -> Poller:
        """Another process that pulls."""
        house = self.house

        def sleep(seconds: float) -> None:
            house.later(s=seconds)

        def open_(key: str) -> ConnectionInfo:
            return connections.open_connection(house.workspace, key)

        return Poller(house.workspace, self._ask, owner, open_, sleep)

    def _ask(self, request: Request) -> HttpAnswer:
        assert request.url.startswith(self.sandbox.base), request.url
        target = request.url.removeprefix(self.sandbox.base)
        self.calls.append(target)
        self.during()
        try:
            said = self.sandbox.ask(request.method, target, request.headers, request.body or b"")
        except Dropped:
            raise OutcomeUnknown("Expected an answer, but the connection has ended.") from None
        return HttpAnswer(said.status, said.headers, said.body)

    def _send(self, url: str, headers: Mapping[str, str], body: bytes) -> Said:
        self.pushes.append((url, dict(headers), body))
        return Said(b"success")

    def shop(self, name: str, **more: Any) -> str:
        """A source of this simulator's shop, polled; answers its key."""
        account = self.sandbox.accounts()[name]
        values = {
            "key": name, "name": name, "connector": account.connector, "settings": account.settings, "secrets": account.secrets,
        }  # fmt: skip
        actor = self.house.actor(EVE)
        connections.create(self.house.workspace, actor, values)
        ways = {"poll": {"enabled": True}, "push": {"enabled": name in self.sandbox.pusher.names}}
        told = {
            "key": name,
            "title": {"zh": name, "en": name},
            "connection": name,
            "shop": "s1",
            "ways": ways,
        }
        sources.create(self.house.workspace, actor, {**told, **more})
        return name

    def order(self, name: str, fen: int = 9_900) -> str:
        """Somebody buys and pays now; answers the platform's number."""
        return self.sandbox.world.order_now(self.house.now_ms, name, fen).id

    def tell(self, name: str) -> list[Any]:
        """Let the shop push all it knows; answers what the intake made of it."""
        del self.pushes[:]
        self.sandbox.pusher.step(self.house.now_ms)
        return [self.hand_in(name, *push) for push in self.pushes]

    def hand_in(self, name: str, url: str, headers: Mapping[str, str], body: bytes) -> Any:
        """One push at the engine's door."""
        query = dict(parse_qsl(urlsplit(url).query))
        incoming = Incoming(headers, query, body, self.house.now_ms)
        return intake.push(
            self.house.workspace, name, incoming,
            lambda key: connections.open_connection(self.house.workspace, key), time.monotonic(),
        )  # fmt: skip

    def switch(self, name: str, trouble: str, **more: Any) -> None:
        """Trouble at a shop; `times=0`: no more of it."""
        if more.get("times") == 0:
            self.sandbox.switches.off(name, trouble)
        else:
            self.sandbox.switches.put(name, Switch(trouble, **more))

    def look(self) -> int:
        """Pull what is due."""
        return self.poller.look()

    def orders(self, table: str = "orders") -> dict[str, dict[str, Any]]:
        """All orders by the platform's number."""
        found: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        while True:
            answer = records.listing(
                self.house.workspace, self.house.actor(EVE), table, cursor=cursor, limit=200
            )
            for item in answer["items"]:
                found[item["value"]["platform_order_id"]] = item["value"]
            cursor = answer["next_cursor"]
            if cursor is None:
                return found

    def state(self, name: str) -> Any:
        """How polling stands."""
        query = sa.select(t.source_states).where(t.source_states.c.source == name)
        return self.house.rows(query)[0]

    def pulls(self, name: str, what: str = "order") -> list[Any]:
        """All pulls of orders (also those that read refunds too), oldest first; or those of refunds alone."""
        columns = t.source_pulls.c
        wanted = columns.what == what if what == "refund" else columns.what != "refund"
        return self.house.rows(
            sa.select(t.source_pulls).where(columns.source == name, wanted).order_by(columns.id)
        )

    def want_back(self, name: str, id_: str) -> None:
        """The buyer of an order wants money back now."""
        order = self.sandbox.world.find(name, id_)
        assert order is not None
        assert self.sandbox.world.want_refund(order, self.house.now_ms)

    def pay_out(self, name: str, id_: str) -> None:
        """He has it."""
        order = self.sandbox.world.find(name, id_)
        assert order is not None
        assert self.sandbox.world.pay_out(order, self.house.now_ms)

    def refunds(self) -> dict[str, dict[str, Any]]:
        """All refunds by the number of their order."""
        return self.orders("refunds")

    def told(self, *channels: str) -> list[tuple[str, str]]:
        """(channel, title) of what left for people."""
        rows = self.house.rows(
            sa.select(t.outbox.c.channel, t.outbox.c.title).order_by(t.outbox.c.id)
        )
        return [(row.channel, row.title) for row in rows if not channels or row.channel in channels]

    def ops(self) -> None:
        """Somebody who is told of trouble, a mailbox and a robot."""
        workspace = self.house.workspace
        self.house.write(
            lambda c: c.execute(t.roles.insert().values(key="operator", title={}, system=True))
        )
        self.house.write(
            lambda c: c.execute(t.role_members.insert().values(role="operator", user_id=ANN))
        )
        self.house.write(organisation.changed)
        workspace.forget_directory()
        robot = self.sandbox.accounts()["dingtalk"]
        smtp = connectors()["smtp"]
        for key, connector, settings, secrets in (
            ("mail", "smtp", smtp.example, smtp.example_secrets),
            ("ding", robot.connector, robot.settings, robot.secrets),
        ):
            values = {
                "key": key, "name": key, "connector": connector, "settings": settings, "secrets": secrets,
            }  # fmt: skip
            connections.create(workspace, self.house.actor(EVE), values)
