"""A loopback bank in a process of its own: counts what really happened, and behaves like the world.

`POST /keyed/<what>` honours the `Idempotency-Key`: a repetition has no effect. `POST /probed/<what>` does not, but
`GET /probed/<key>` tells whether it happened. Some answers come late, some are lost after the effect, some before it, some
requests are refused with a 503. `GET /ledger` tells all effects. Prints its port.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

SLOW_S = 0.6
"""The longest pause; well below the lease of a job, so that what was sent has arrived before anybody asks."""


class Ledger(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    effects: ClassVar[Counter[str]] = Counter()
    """`what key` → how often it really happened."""
    seen: ClassVar[dict[str, str]] = {}
    requests = 0
    dice = random.Random()
    lock = threading.Lock()
    pause = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        key = self.headers["Idempotency-Key"]
        with self.lock:
            Ledger.requests += 1
            luck = self.dice.random()
            wait_s = self.dice.random() * SLOW_S if luck < 0.4 else 0
        if luck > 0.95:
            self._answer(503, {})
            return
        if luck > 0.9:
            self._drop()  # it never happened, and nobody can know
            return
        self.pause.wait(wait_s / 2)
        with self.lock:
            if self.path.startswith("/probed/") or key not in self.seen:
                self.effects[f"{self.path} {key}"] += 1
            self.seen[key] = self.path
        self.pause.wait(wait_s / 2)
        if luck > 0.8:
            self._drop()  # it happened, and the answer is lost
            return
        self._answer(200, {"ok": True})

    def do_GET(self) -> None:
        with self.lock:
            if self.path == "/ledger":
                told = {"effects": dict(self.effects), "requests": self.requests}
                self._answer(200, told)
                return
            if self.path.startswith("/wp-json/"):
                self._answer(200, {"id": 1, "status": "processing"})
                return
            key = self.path.rpartition("/")[2]
            self._answer(200 if key in self.seen else 404, {"known": key in self.seen})

    def _answer(self, status: int, body: object) -> None:
        content = json.dumps(body).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            self.close_connection = True  # the other side was killed meanwhile

    def _drop(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_: object) -> None:
        """Connections break here; that is the point."""


if __name__ == "__main__":
    Ledger.dice.seed(int(sys.argv[1]))
    server = _Server(("127.0.0.1", 0), Ledger)
    print(server.server_address[1], flush=True)
    server.serve_forever()
