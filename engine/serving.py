"""The web server in this very process: granian's Rust front, the application in threads.

One process on purpose. The engine's workers, the writer and the server live and die together: a kill -9 leaves nobody behind who
would hold the port or the lock of the database, and a hint from a commit reaches a waiting screen without a queue between.

granian starts worker processes unless Python has no GIL; its server for that case keeps the worker in a thread, and works with a
GIL just as well: what its processes do with requests is the same code. (Measured: see README.)
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.common import AbstractServer
from granian.server.mt import MTServer

THREADS = 64
"""Requests served at once. Most wait for a commit; live screens hold one each (see http/live.py)."""

WAITING_MAX = 256
"""Requests taken from the network at once; the others wait in the socket's queue."""


class _InProcess(MTServer):
    """granian's threaded server, with a GIL."""

    def _check_gil(self) -> None:
        pass

    def serve(self, *args: Any, **more: Any) -> None:
        AbstractServer.serve(self, *args, **more)


def serve(make: Callable[[], Any], *, host: str, port: int, say: Callable[[str], None]) -> int:
    """Make the application, serve it until SIGTERM or SIGINT, and close it: what was accepted is finished."""
    # Until the server takes the signals, one ends the start in good order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    app = make()
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
        server.on_startup(lambda: app.started(host, port))
        server.on_shutdown(lambda: say("Stopping: finishing what was accepted"))
        server.serve(target_loader=lambda *_: app, wrap_loader=False)
    finally:
        app.close()
    say("Stopped")
    return 0
