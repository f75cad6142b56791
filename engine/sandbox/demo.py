"""The sandbox beside a demo workspace, or alone: it listens, the connections are filled in, and orders come."""

from __future__ import annotations

import importlib
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from headrace.engine.clock import SystemClock
from headrace.engine.errors import HeadraceError, NotFound
from headrace.engine.forwarding import Served
from headrace.engine.sandbox.proofs import Keys
from headrace.engine.sandbox.pushes import Target
from headrace.engine.sandbox.server import HOST, MAIL_PORT, PORT, Listening, Sandbox
from headrace.engine.sandbox.world import PER_MINUTE
from headrace.engine.service import connections, sources, templates
from headrace.engine.service.actor import ENGINE
from headrace.engine.service.workspace import Workspace
from headrace.engine.serving import PortTaken, check_port
from headrace.engine.serving import serve as serve_app
from headrace.engine.settings import APP, Settings

Say = Callable[[str], None]

KEY_FILE = "sandbox-keys.json"
NAMES = {
    "taobao": "沙箱：淘宝 Taobao",
    "jd": "沙箱：京东 JD",
    "pdd": "沙箱：拼多多 Pinduoduo",
    "doudian": "沙箱：抖店 Douyin shop",
    "wechat_shop": "沙箱：微信小店 WeChat shop",
    "shopify": "沙箱：Shopify",
    "woocommerce": "沙箱：WooCommerce",
    "alipay": "沙箱：支付宝 Alipay",
    "wechat_pay": "沙箱：微信支付 WeChat Pay",
    "wms": "沙箱：仓库 WMS",
    "waybill": "沙箱：电子面单 E-waybills",
    "dingtalk": "沙箱：钉钉 DingTalk",
    "wecom": "沙箱：企业微信 WeCom",
    "feishu": "沙箱：飞书 Feishu",
    "aliyun_sms": "沙箱：短信 SMS",
    "mail": "沙箱：邮箱 Mail",
}
SHOPS = ("taobao", "jd", "pdd", "doudian", "wechat_shop", "shopify", "woocommerce")
"""Shops of the sandbox: each is a source of orders."""
PUSHING = ("doudian", "wechat_shop", "shopify", "woocommerce")
"""Those that call us."""
FIRST = ("shopify", "woocommerce")
"""Where the first orders are made."""
POLLED, CHECKED = "PT15S", "PT1M"
"""How often shops that do not call are asked, and how often those that do, in case a call got lost."""
SHELF = 100_000
"""What the warehouse of the demo has of everything: a newcomer's orders are not to wait for it."""
FIRST_FEN = (128_900, 4_900)
"""What the first orders cost: one that somebody must confirm, and one that needs nobody for that."""
EPOCH_MS = 1_767_225_600_000
"""2026-01-01T00:00Z."""
PER_MINUTE_MAX = 6_000.0


def alone(home: Path, *, ports: tuple[int, int], seed: int, per_minute: float, say: Say) -> int:
    """Run until SIGTERM or SIGINT."""
    if not 0 <= per_minute <= PER_MINUTE_MAX:
        raise ValueError(f"expected 0 to {PER_MINUTE_MAX:.0f} orders a minute")
    listening = _listen(home, ports, seed, per_minute)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    try:
        say(f"The sandbox is ready: {listening.sandbox.base}")
        say(f"What to fill into connections: {listening.sandbox.base}/control/accounts")
        say(f"Let the engine call it: HEADRACE_ALLOW_ADDRESSES={','.join(listening.addresses)}")
        ended.wait()
    finally:
        listening.close()
    return 0


def serve(found: Settings, *, host: str, port: int, say: Say) -> int:
    """The engine with a demo workspace, and the sandbox beside it in the same process."""
    check_port(host, port)
    listening = _listen(found.home, (PORT, MAIL_PORT), seed=1, per_minute=PER_MINUTE)
    sandbox = listening.sandbox
    allowed = replace(found, allow_addresses=(*found.allow_addresses, *listening.addresses))
    module, _, name = APP.partition(":")
    create_app = getattr(importlib.import_module(module), name)

    def make() -> Served:
        app = create_app(allowed, demo=True, works=True, say=say)
        try:
            fill(app.workspace, sandbox)
        except BaseException:
            app.close()
            raise
        return _Together(app, sandbox, say)

    try:
        return serve_app(make, host=host, port=port, say=say, database_url=found.database_url)
    finally:
        listening.close()


def _listen(home: Path, ports: tuple[int, int], seed: int, per_minute: float) -> Listening:
    """On these ports, or on any where somebody else has one of them."""
    free = []
    for port in ports:
        try:
            check_port(HOST, port)
        except PortTaken:
            if ports != (PORT, MAIL_PORT):
                raise
            port = 0
        free.append(port)
    keys = Keys.kept_in(home / KEY_FILE)
    clock = SystemClock()
    sandbox = Sandbox(
        clock, keys, seed=seed, per_minute=per_minute, first=first_number(clock.now_ms())
    )
    return Listening(sandbox, *free).start()


def first_number(now_ms: int) -> int:
    """Numbers go on where an earlier sandbox can hardly have come: an engine would take the same ones for repetitions."""
    return (now_ms - EPOCH_MS) // 60_000 * 100


class _Together:
    """The application, and pushes to it once it listens."""

    def __init__(self, app: Any, sandbox: Sandbox, say: Say) -> None:
        self._app, self._sandbox, self._say = app, sandbox, say

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def started(self, host: str, port: int) -> None:
        """It listens now: let orders come."""
        self._app.started(host, port)
        near = {"0.0.0.0": HOST, "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
        aim(self._app.workspace, self._sandbox, f"http://{near}:{port}")
        self._say(f"The sandbox of shops, payments and robots: {self._sandbox.base}")

    def stopping(self) -> None:
        """End what would last."""
        self._sandbox.end()
        self._app.stopping()

    def close(self) -> None:
        """Finish what was accepted."""
        self._app.close()


def fill(workspace: Workspace, sandbox: Sandbox) -> None:
    """A connection to every simulator, right for this start; safe to repeat."""
    for name, account in sandbox.accounts().items():
        values = {"settings": account.settings, "secrets": account.secrets}
        key = f"sandbox-{name}"
        try:
            connections.change(workspace, ENGINE, key, values)
        except NotFound:
            made = {"key": key, "name": NAMES[name], "connector": account.connector, **values}
            connections.create(workspace, ENGINE, made)
    for key, name in _of_templates().items():
        with suppress(HeadraceError):  # the template may have been taken away
            _fill_in(workspace, sandbox, key, name)
    for name in SHOPS:
        _source(workspace, name)
    stock = sandbox.world.stock
    stock.update(dict.fromkeys(stock, SHELF))


def _source(workspace: Workspace, name: str) -> None:
    """A source for this shop, where there is none; one that is there stays as people have changed it."""
    key = source_key(name)
    try:
        sources.get(workspace, key)
    except NotFound:
        every = CHECKED if name in PUSHING else POLLED
        ways = {
            "poll": {"enabled": True, "every": every},
            "push": {"enabled": name in PUSHING},
        }
        title = {"zh": NAMES[name], "en": NAMES[name]}
        told = {
            "key": key,
            "title": title,
            "connection": f"sandbox-{name}",
            "shop": "sandbox",
            "ways": ways,
        }
        sources.create(workspace, ENGINE, told)


def source_key(name: str) -> str:
    """The key of the source of this shop."""
    return f"sandbox-{name.replace('_', '-')}"


def _of_templates() -> dict[str, str]:
    """Connection that a template brings → the simulator it may be tried with."""
    return {
        connection["key"]: connection["sandbox"]
        for template in templates.all_templates().values()
        for connection in template.about.get("connections", ())
        if connection.get("sandbox")
    }


def _fill_in(workspace: Workspace, sandbox: Sandbox, key: str, name: str) -> None:
    """A template's account, where nobody filled it in; the shops' sources stay off, orders come by those of the sandbox."""
    known = connections.detail(workspace, key)
    account = sandbox.accounts().get(name)
    ours = any(str(value).startswith(f"http://{HOST}:") for value in known["settings"].values())
    if (
        account is None
        or known["connector"] != account.connector
        or (any(known["secrets"].values()) and not ours)
    ):
        return
    values = {"settings": account.settings, "secrets": account.secrets}
    connections.change(workspace, ENGINE, key, values)


def aim(workspace: Workspace, sandbox: Sandbox, engine: str) -> None:
    """Let shops that can push do so, each to its source; the first orders come at once."""
    for name in PUSHING:
        with suppress(HeadraceError):
            source = sources.get(workspace, source_key(name))
            sandbox.pusher.aim(name, Target(f"{engine}/intake/{source.key}"))
    for name, total_fen in zip(FIRST, FIRST_FEN, strict=True):
        sandbox.world.order_now(sandbox.clock.now_ms(), name, total_fen)
