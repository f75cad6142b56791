"""The web server in this very process: granian's Rust front, the application in threads.

One process on purpose. The engine's workers, the writer and the server live and die together: a kill -9 leaves nobody behind who
would hold the port or the lock of the database, and a hint from a commit reaches a waiting screen without a queue between.

granian starts worker processes unless Python has no GIL; its server for that case keeps the worker in a thread, and works with a
GIL just as well: what its processes do with requests is the same code. (Measured: see README.)

Several processes (`--processes`, PostgreSQL only) are this one several times: they share the port by SO_REUSEPORT, and the
system shares out the connections.
"""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.common import AbstractServer
from granian.server.mt import MTServer

from headrace.engine import garbage, pool
from headrace.engine.forwarding import Served, make_or_forward

THREADS = 64
"""Requests served at once. Most wait for a commit; live screens hold one each (see http/live.py)."""

WAITING_MAX = 256
"""Requests taken from the network at once; the others wait in the socket's queue."""


class PortTaken(OSError):
    """Somebody else listens there."""


class _InProcess(MTServer):
    """granian's threaded server, with a GIL; it tells the application when it has started and before it stops."""

    app: Served

    def _check_gil(self) -> None:
        pass

    def serve(self, *args: Any, **more: Any) -> None:
        AbstractServer.serve(self, *args, **more)

    def startup(self, *args: Any) -> None:
        super().startup(*args)  # type: ignore[no-untyped-call]
        self.app.started(self.bind_addr, self.bind_port)

    def shutdown(self, *args: Any) -> None:
        self.app.stopping()
        super().shutdown(*args)  # type: ignore[no-untyped-call]


def serve(
    make: Callable[[], Served],
    *,
    host: str,
    port: int,
    say: Callable[[str], None],
    database_url: str,
) -> int:
    """Make the application, serve it until SIGTERM or SIGINT, and close it: what was accepted is finished."""
    if not pool.is_child():  # its siblings listen there too
        check_port(host, port)
    pool.stop_with_parent()
    # Until the server takes the signals, one ends the start in good order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app = make_or_forward(make, database_url, say)
    garbage.settle()
    try:
        server = _InProcess(
            "headrace",
            address=host,
            port=port,
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=THREADS,
            backpressure=WAITING_MAX,
            log_level=LogLevels.warning,
        )
        server.app = app
        server.serve(target_loader=lambda *_: app, wrap_loader=False)
        say("Stopping: finishing what was accepted")
    finally:
        app.close()
    say("Stopped")
    return 0


def check_port(host: str, port: int) -> None:
    """The server shares its port with whoever asks for it (SO_REUSEPORT): two installations would take turns answering."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as taken:
            raise PortTaken(f"expected to listen at {host}:{port}, but: {taken.strerror}") from None
