"""The way in, on the loopback address only: every simulator under its name, `/control/` to steer it, `/` to look at it.

It is a web server for one person trying things out. A page of another site must not steer it, so a request must name the
sandbox's own address, and what changes something must be JSON.
"""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import urllib3
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from headrace.engine.clock import Clock
from headrace.engine.sandbox import mail
from headrace.engine.sandbox.alipay import Alipay
from headrace.engine.sandbox.aliyun_sms import AliyunSms
from headrace.engine.sandbox.calls import Account, Asked, No, Said, Simulator, fen
from headrace.engine.sandbox.doudian import Doudian
from headrace.engine.sandbox.jd import Jd
from headrace.engine.sandbox.pdd import Pdd
from headrace.engine.sandbox.proofs import Keys
from headrace.engine.sandbox.pushes import Push, Pusher, Send, Target
from headrace.engine.sandbox.robots import Dingtalk, Feishu, Wecom
from headrace.engine.sandbox.shopify import Shopify
from headrace.engine.sandbox.taobao import Taobao
from headrace.engine.sandbox.troubles import TROUBLES, Switch, Switches
from headrace.engine.sandbox.warehouse import Warehouse
from headrace.engine.sandbox.waybills import Waybills
from headrace.engine.sandbox.wechat_pay import WechatPay
from headrace.engine.sandbox.wechat_shop import WechatShop
from headrace.engine.sandbox.woocommerce import Woocommerce
from headrace.engine.sandbox.world import CHANNELS, PER_MINUTE, Fact, World

HOST = "127.0.0.1"
PORT = 8017
MAIL_PORT = 8025
BODY_MAX = 5_000_000
KEPT = 500
SHOWN = 4_000
"""Characters of a request or an answer that are kept to be looked at."""
PAST_MS = 30 * 60_000
"""The world is this old when it begins: there are orders to be fetched."""
TICK_S = 0.5
WAIT_MAX_S = 60.0
SEND_S = 5.0

SIMULATORS: tuple[type[Simulator], ...] = (
    Taobao, Jd, Pdd, Doudian, WechatShop, Shopify, Woocommerce, Alipay, WechatPay, Warehouse,
    Dingtalk, Wecom, Feishu, AliyunSms, Waybills,
)  # fmt: skip


class Dropped(ConnectionError):
    """The answer is lost: the connection ends without one."""


class Sandbox:
    """The simulators and the world behind them; a WSGI application."""

    def __init__(
        self,
        clock: Clock,
        keys: Keys,
        *,
        seed: int = 1,
        per_minute: float = PER_MINUTE,
        send: Send | None = None,
        past_ms: int = PAST_MS,
        first: int = 0,
    ) -> None:
        self.clock = clock
        now_ms = clock.now_ms()
        self.world = World(seed, now_ms - past_ms, per_minute, first)
        self.world.catch_up(now_ms)
        self.switches = Switches()
        self.simulators = {kind.name: kind(self.world, self.switches, keys) for kind in SIMULATORS}
        self.pusher = Pusher(
            self.world, self.switches, self.simulators, send or _send, self._note_push
        )
        self._send = send or _send
        self.log: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.base = f"http://{HOST}:{PORT}"
        self.mail_port: int | None = None
        self.mailbox = mail.Mailbox(self.switches, self._note_letter)
        self._noted = 0
        self._noting = threading.Lock()
        self._ended = threading.Event()

    # --- one call -------------------------------------------------------------------------------

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Said:
        """One request to a simulator, as it comes from the wire. Raises `Dropped` where the answer gets lost."""
        parts = urlsplit(target)
        name, _, rest = parts.path.lstrip("/").partition("/")
        simulator = self.simulators.get(name)
        if simulator is None:
            return Said(b'{"error":"there is no such simulator"}', 404, _JSON)
        skew = self.switches.take(name, "clock")
        now_ms = self.clock.now_ms() + round(skew.seconds * 1_000 if skew else 0)
        self.world.catch_up(self.clock.now_ms())
        lowered = {key.lower(): value for key, value in headers.items()}
        query = Request({"QUERY_STRING": parts.query}).args.to_dict()
        asked = Asked(method, f"/{rest}", target, query, lowered, body, now_ms)
        lost, slow = self.switches.take(name, "lost"), self.switches.take(name, "slow")
        try:
            answer = simulator.answer(asked)
        except No as refusal:
            answer = simulator.no(refusal.kind, str(refusal), asked)
        self._note(now_ms, name, "in", f"{method} {parts.path}", body, None if lost else answer)
        if slow:
            self._ended.wait(min(slow.seconds, WAIT_MAX_S))
        if lost:
            raise Dropped(name)
        return answer

    def accounts(self) -> dict[str, Account]:
        """What to fill into connections, by simulator."""
        found = {name: each.account(self.base) for name, each in self.simulators.items()}
        if self.mail_port is not None:
            found[mail.NAME] = mail.account(HOST, self.mail_port)
        return found

    def step(self) -> None:
        """Let the world go on to now, and push what there is to tell."""
        now_ms = self.clock.now_ms()
        self.world.catch_up(now_ms)
        self.pusher.step(now_ms)

    def run(self) -> None:
        """Step until `end`."""
        while not self._ended.wait(TICK_S):
            self.step()

    def end(self) -> None:
        """No more steps; whoever waits for a slow answer gets it now."""
        self._ended.set()

    # --- the log --------------------------------------------------------------------------------

    def _note_push(self, now_ms: int, push: Push, url: str, answer: Said | None) -> None:
        self._note(now_ms, push.simulator, "out", f"{push.about} → {url}", push.body, answer)

    def _note_letter(self, what: str, letter: bytes, answered: str) -> None:
        said = Said(answered.encode(), int(answered[:3]))
        self._note(self.clock.now_ms(), mail.NAME, "in", what, letter, said)

    def _note(
        self, now_ms: int, name: str, way: str, what: str, body: bytes, answer: Said | None
    ) -> None:
        with self._noting:
            self._noted += 1
            self.log.append(
                {
                    "seq": self._noted,
                    "at_ms": now_ms,
                    "simulator": name,
                    "way": way,
                    "what": what,
                    "status": answer.status if answer else None,
                    "sent": body[:SHOWN].decode("utf-8", "replace"),
                    "answered": answer.body[:SHOWN].decode("utf-8", "replace") if answer else "",
                }
            )

    # --- HTTP -----------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        if request.host.partition(":")[0] not in (HOST, "localhost"):
            return _problem(421, "this is not a name of the sandbox")(environ, start_response)
        if request.path == "/":
            page = files(__package__).joinpath("page.html").read_text()
            return Response(page, mimetype="text/html")(environ, start_response)
        if (request.content_length or 0) > BODY_MAX:
            return _problem(413, "the body is too large")(environ, start_response)
        if request.path.startswith("/control/"):
            return self._control(request)(environ, start_response)
        target = environ.get("REQUEST_URI") or request.full_path.rstrip("?")
        try:
            answer = self.ask(
                request.method, target, dict(request.headers), request.get_data(cache=False)
            )
        except Dropped:
            if wire := environ.get("werkzeug.socket"):
                wire.shutdown(socket.SHUT_RDWR)
            raise
        response = Response(answer.body, answer.status, dict(answer.headers))
        return response(environ, start_response)

    def _control(self, request: Request) -> Response:
        what = request.path.removeprefix("/control/")
        if request.method == "GET":
            match what:
                case "state":
                    return _json(self.state())
                case "log":
                    after = request.args.get("after", 0, int)
                    with self._noting:
                        return _json({"items": [row for row in self.log if row["seq"] > after]})
                case "accounts":
                    return _json(
                        {
                            name: {
                                "connector": each.connector,
                                "settings": each.settings,
                                "secrets": each.secrets,
                            }
                            for name, each in self.accounts().items()
                        }
                    )
                case _:
                    return _problem(404, "state, log, accounts")
        if request.method != "POST" or request.mimetype != "application/json":
            return _problem(415, "what changes something is POST with JSON")
        value = request.get_json(silent=True)
        act = self._acts().get(what)
        if act is None or not isinstance(value, dict):
            return _problem(404, ", ".join(self._acts()))
        try:
            return _json(act(value))
        except (KeyError, TypeError, ValueError, No) as wrong:
            return _problem(400, f"{type(wrong).__name__}: {wrong}")

    def state(self) -> dict[str, Any]:
        """What there is, what is on, and who is called."""
        with self.world.lock:
            counts = dict.fromkeys(CHANNELS, 0)
            for channel, _ in self.world.orders:
                counts[channel] += 1
            world = {"orders": counts, "payments": len(self.world.payments)}
        return {
            "now_ms": self.clock.now_ms(),
            "seed": self.world.seed,
            "per_minute": self.world.per_minute,
            **world,
            "stock": dict(self.world.stock),
            "simulators": self._troubles(),
            "troubles": {name: {"zh": zh, "en": en} for name, (zh, en) in TROUBLES.items()},
            "switches": self.switches.shown(),
            "pushing": self.pusher.names,
            "targets": {name: target.url for name, target in self.pusher.targets.items()},
        }

    def _troubles(self) -> dict[str, list[str]]:
        known = {name: list(each.troubles) for name, each in self.simulators.items()}
        return {**known, mail.NAME: list(mail.TROUBLES)}

    def _acts(self) -> dict[str, Callable[[dict[str, Any]], Any]]:
        return {
            "switches": self._switch,
            "rate": self._rate,
            "orders": self._order,
            "refunds": self._refund,
            "labels": self._labels,
            "payments": self._payment,
            "notices": self._notice,
            "targets": self._target,
        }

    def _switch(self, value: dict[str, Any]) -> Any:
        name, trouble = value.get("simulator"), value.get("trouble")
        if value.get("on") is False:
            self.switches.off(name, trouble)
            return {"switches": self.switches.shown()}
        name, trouble = str(name), str(trouble)
        if trouble not in self._troubles().get(name, ()):
            raise ValueError("expected a simulator and one of its troubles")
        times = value.get("times")
        seconds = float(value.get("seconds", 0))
        if abs(seconds) > 10**6:
            raise ValueError("seconds")
        switch = Switch(
            trouble, int(value.get("skip", 0)), None if times is None else int(times), seconds,
            str(value.get("version", "")),
        )  # fmt: skip
        self.switches.put(name, switch)
        return {"switches": self.switches.shown()}

    def _rate(self, value: dict[str, Any]) -> Any:
        rate = float(value["per_minute"])
        if not 0 <= rate <= 6_000:
            raise ValueError("expected 0 to 6000 orders a minute")
        self.world.set_rate(rate, self.clock.now_ms())
        return {"per_minute": rate}

    def _order(self, value: dict[str, Any]) -> Any:
        if value["channel"] not in CHANNELS:
            raise ValueError(f"expected one of {', '.join(CHANNELS)}")
        total = fen(value["total"]) if value.get("total") else None
        order = self.world.order_now(self.clock.now_ms(), value["channel"], total)
        return {"channel": order.channel, "id": order.id, "total_fen": order.total_fen}

    def _refund(self, value: dict[str, Any]) -> Any:
        """The buyer wants money back for an order; with `done` he has it."""
        now_ms = self.clock.now_ms()
        order = self.world.find(str(value["channel"]), str(value["id"]))
        if order is None:
            raise ValueError("expected an order of that shop")
        self.world.want_refund(order, now_ms)
        if value.get("done") is True:
            self.world.pay_out(order, now_ms)
        return {
            "refunds": [{"amount_fen": one.amount_fen, "done": one.done} for one in order.refunds]
        }

    def _labels(self, value: dict[str, Any]) -> Any:
        """A carrier's print component previews labels as in F2: with orders it makes up, sent to the interface for orders."""
        url, token = str(value["url"]), str(value.get("token", ""))
        if urlsplit(url).hostname not in (HOST, "localhost"):
            raise ValueError("expected an address on this machine")
        count, sku = int(value.get("times", 5)), str(value.get("sku", "HW-101"))
        if not 1 <= count <= 100:
            raise ValueError("expected 1 to 100 labels")
        now_ms = self.clock.now_ms()
        headers = {"content-type": "application/json", "authorization": f"Bearer {token}"}
        statuses: list[int | None] = []
        for n in range(count):
            order = {
                "platform_order_id": f"LABEL-{now_ms}-{n}", "status_code": "paid", "total": 1, "is_test": True,
                "items": [{"sku": sku, "quantity": 1, "price": 1}],
            }  # fmt: skip
            body = json.dumps({"items": [order]}).encode()
            try:
                said = self._send(url, headers, body)
            except OSError:
                statuses.append(None)
                continue
            statuses.append(said.status)
            self._note(now_ms, "waybill", "out", f"label {n + 1} → {url}", body, said)
        return {"statuses": statuses}

    def _payment(self, value: dict[str, Any]) -> Any:
        if value["provider"] not in ("alipay", "wechat_pay"):
            raise ValueError("expected alipay or wechat_pay")
        number, total = str(value["out_trade_no"]), fen(value["total"])
        made = self.world.pay(value["provider"], number, total, self.clock.now_ms())
        return {"out_trade_no": made.out_trade_no, "trade_no": made.trade_no}

    def _notice(self, value: dict[str, Any]) -> Any:
        """Say once more, or twenty times, what was said."""
        fact = Fact(0, self.clock.now_ms(), value.get("kind", "paid"), value["simulator"],
                    str(value["subject"]))  # fmt: skip
        times = int(value.get("times", 1))
        if not 1 <= times <= 100:
            raise ValueError("expected 1 to 100 times")
        return {"sent": self.pusher.again(fact, times, self.clock.now_ms())}

    def _target(self, value: dict[str, Any]) -> Any:
        url = str(value["url"])
        if url and urlsplit(url).hostname not in (HOST, "localhost"):
            raise ValueError("expected an address on this machine")
        if value["simulator"] not in self.pusher.names:
            raise ValueError(f"expected one of {', '.join(self.pusher.names)}")
        target = Target(url, str(value.get("secret", "")), frozenset(value.get("kinds") or ()))
        self.pusher.aim(value["simulator"], target)
        return {"targets": {name: each.url for name, each in self.pusher.targets.items()}}


_JSON = {"content-type": "application/json"}


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, ensure_ascii=False), status, mimetype="application/json")


def _problem(status: int, message: str) -> Response:
    return _json({"error": HTTPStatus(status).phrase, "expected": message}, status)


_POOL = urllib3.PoolManager(maxsize=4, retries=False, timeout=SEND_S)


def _send(url: str, headers: Mapping[str, str], body: bytes) -> Said:
    try:
        found = _POOL.request("POST", url, headers=dict(headers), body=body, redirect=False)
    except urllib3.exceptions.HTTPError as trouble:
        raise ConnectionError(str(trouble)) from trouble
    return Said(found.data, found.status, dict(found.headers))


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as trial:
        port: int = trial.getsockname()[1]
        return port


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        pass


class Listening:
    """A sandbox on its own port, in threads of this process."""

    def __init__(self, sandbox: Sandbox, port: int = PORT, mail_port: int = MAIL_PORT) -> None:
        self.sandbox = sandbox
        self.server: BaseWSGIServer = make_server(
            HOST, port, sandbox, threaded=True, request_handler=_Quiet
        )
        self.port = self.server.server_port
        sandbox.mail_port = mail_port or _free_port()
        self._mail = mail.listen(sandbox.mailbox, HOST, sandbox.mail_port)
        sandbox.base = f"http://{HOST}:{self.port}"
        self._threads = [
            threading.Thread(target=self.server.serve_forever, name="sandbox", daemon=True),
            threading.Thread(target=sandbox.run, name="sandbox-world", daemon=True),
        ]

    @property
    def addresses(self) -> tuple[str, ...]:
        """What an engine must be allowed to call, and no more: host and port."""
        return (f"{HOST}:{self.port}", f"{HOST}:{self.sandbox.mail_port}")

    def start(self) -> Listening:
        """Begin to listen, and let the world go on."""
        for thread in self._threads:
            thread.start()
        return self

    def close(self) -> None:
        """Stop."""
        self.sandbox.end()
        self._mail.stop()
        self.server.shutdown()
        for thread in self._threads:
            thread.join(timeout=5)
        self.server.server_close()
