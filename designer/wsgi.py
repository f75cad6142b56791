"""The whole application, put together: engine, workers, API, and the browser side.

`headrace serve` runs it. Any other WSGI server with one process can, too:
`gunicorn --threads 64 'headrace.designer.wsgi:create_app()'`; with PostgreSQL also one with several processes.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

from headrace.designer.static_files import install as install_designer
from headrace.engine import scraping
from headrace.engine.forwarding import tell_address
from headrace.engine.http.api import create_api
from headrace.engine.http.route import House
from headrace.engine.service import demo, users
from headrace.engine.service.opening import open_workspace
from headrace.engine.settings import Settings, from_environment
from headrace.engine.syntax_race import unraced
from headrace.engine.wakeup import HINTS
from headrace.engine.work.runtime import Runtime
from headrace.engine.work.world import WorkerOutside

LOCK_WAIT_S = 10
"""How long a start waits for a process that is just ending."""


LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _silent(_: str) -> None:
    pass


class Application:
    """A WSGI application that can be closed."""

    def __init__(
        self, settings: Settings, *, as_demo: bool, works: bool, say: Callable[[str], None]
    ) -> None:
        self._say = say
        self._settings = settings
        self._stack = ExitStack()
        self._closing = threading.Lock()
        say(f"Opening {_without_password(settings.database_url)}")
        self.workspace = self._stack.enter_context(open_workspace(settings, wait_s=LOCK_WAIT_S))
        with self._stack_on_failure():
            self._prepare(as_demo)
            self._connect_with_others(works)
            runtime = Runtime(self.workspace)
            if works:
                runtime.start()
                self._stack.callback(runtime.stop)
            folder = getattr(self.workspace.settings, "sqlite_folder", None)
            outside = WorkerOutside(runtime.http, self.workspace.clock.now_ms, folder)
            self.house = House(self.workspace, outside, runtime.alive if works else None)
            self._stack.callback(scraping.listen(self.workspace, self.house.threads))
            # Its routes are compiled through syntax trees, while workers may already read expressions.
            self.flask = unraced(lambda: create_api(self.house))
            install_designer(self.flask)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        return self.flask.wsgi_app(environ, start_response)

    def started(self, host: str, port: int) -> None:
        """Say where, and whom one can sign in as."""
        tell_address(self._settings.database_url, os.getpid(), host, port)
        shown = f"[{host}]" if ":" in host else host
        self._say(f"\nHeadrace is ready: http://{shown}:{port}")
        if demo.about(self.workspace)["demo"]:
            if host not in LOOPBACK:
                self._say("Everybody who reaches this address can sign in: this is a demo.")
            self._say("Sign in as:")
            for person in demo.sign_ins():
                roles = ", ".join(person["roles"])
                self._say(f"  {person['login']:<6} password {person['password']:<11} {roles}")

    def stopping(self) -> None:
        """End what would last: live screens."""
        self.house.stopping.set()
        self.workspace.wakeup.hint("history")

    def close(self) -> None:
        """Stop the workers, finish what is queued, let the database go."""
        with self._closing:
            self._stack.close()

    def _connect_with_others(self, works: bool) -> None:
        """Tell other processes of our commits, and hear of theirs; without work of our own, workers are nudged."""
        url = self._settings.redis_url
        if not url:
            return
        # Here: Redis and RQ take a tenth of a start's time, and most have none.
        from headrace.engine.work.nudges import Echo, Nudger

        nudger = Nudger(url, self.workspace.counters, () if works else HINTS)
        nudger.start()
        self._stack.callback(nudger.stop)
        self.workspace.wakeup.carrier = nudger.carry
        echo = Echo(url, self.workspace.wakeup)
        echo.start()
        self._stack.callback(echo.stop)

    def _prepare(self, as_demo: bool) -> None:
        if as_demo or demo.about(self.workspace)["demo"]:
            self._say("Preparing the demo workspace")
            demo.prepare(self.workspace)
            return
        first = users.first_administrator(self.workspace)
        if first is not None:
            login, password = first
            self._say(f"First start. Sign in as {login} with the password {password}")
            self._say("It is shown only now; change it after signing in.")

    def _stack_on_failure(self) -> ExitStack:
        """Closes everything opened so far, unless the block gets through."""
        guard = ExitStack()

        def close_if_failed(kind: Any, *_: Any) -> bool:
            if kind is not None:
                self._stack.close()
            return False

        guard.push(close_if_failed)
        return guard


def create_app(
    settings: Settings | None = None,
    *,
    demo: bool = False,
    works: bool = True,
    say: Callable[[str], None] = _silent,
) -> Application:
    """The application; what it opened is closed at exit at the latest. Without `works` others do the work."""
    app = Application(settings or from_environment(), as_demo=demo, works=works, say=say)
    atexit.register(app.close)
    return app


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://…@{tail}" if at else url
