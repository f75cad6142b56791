"""Metrics and readiness of one process on a port of its own: for workers, which have no web server, and for several web processes
that share one port, where whoever is asked would answer for itself only.

`HEADRACE_METRICS_PORT=9100` makes it so: the one process listens there; those of a pool at 9100 + their number (9101, 9102 …).
Without HEADRACE_METRICS_TOKEN it listens on this machine only, with one on all addresses, and asks for the token.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from functools import partial
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from headrace.engine import jsontext
from headrace.engine.pool import CHILD
from headrace.engine.service import health, metrics
from headrace.engine.service.health import Threads
from headrace.engine.service.workspace import Workspace

log = logging.getLogger(__name__)

PATIENCE_S = 5
"""A scraper that says nothing for so long is let go."""

LOOPBACK = "127.0.0.1"


def listen(workspace: Workspace, threads: Threads | None) -> Callable[[], None]:
    """Begin, if the settings say so; answers what ends it."""
    first = getattr(workspace.settings, "metrics_port", 0)
    if not first:
        return lambda: None
    port = first + int(os.environ.get(CHILD, "0"))
    token = workspace.settings.metrics_token
    host = "" if token else LOOPBACK
    server = ThreadingHTTPServer((host, port), partial(_Scraped, workspace, threads, token))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="headrace-scraped", daemon=True)
    thread.start()
    log.info("metrics of this process at http://%s:%s/metrics", host or "*", port)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


class _Scraped(BaseHTTPRequestHandler):
    timeout = PATIENCE_S

    def __init__(
        self, workspace: Workspace, threads: Threads | None, token: str, *more: object
    ) -> None:
        self._workspace, self._threads, self._token = workspace, threads, token
        super().__init__(*more)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/healthz":
                self._answer(200, "application/json", b'{"ok":true}')
            case "/readyz":
                checks = health.ready(self._workspace, self._threads)
                ok = all(check.ok for check in checks)
                listed = [{"name": c.name, "ok": c.ok, "reason": c.reason} for c in checks]
                body = jsontext.dumps({"ok": ok, "checks": listed}).encode()
                self._answer(200 if ok else 503, "application/json", body)
            case "/metrics" if self._allowed():
                self._answer(200, metrics.CONTENT_TYPE, metrics.exposition(self._workspace))
            case "/metrics":
                self._answer(401, "text/plain", b"expected the token of HEADRACE_METRICS_TOKEN\n")
            case _:
                self._answer(404, "text/plain", b"expected /metrics, /healthz or /readyz\n")

    def _allowed(self) -> bool:
        scheme, _, shown = self.headers.get("Authorization", "").partition(" ")
        proven = compare_digest(shown.strip().encode(), self._token.encode())
        return not self._token or (scheme.lower() == "bearer" and proven)

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the library calls it
        """A scrape every few seconds is no news."""
