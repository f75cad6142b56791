"""A far side to talk to: an HTTP server on loopback that answers, keeps silent, resets or trickles, as a test asks."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    client: tuple[str, int]


@dataclass
class FarSide:
    """`answers` are given in turn, the last one again and again."""

    port: int
    answers: list[Answer]
    seen: list[Seen] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_answer(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def says(status: int, body: bytes | str = b"", headers: Mapping[str, str] | None = None) -> Answer:
    """An ordinary answer; JSON unless the headers say otherwise."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        content = body.encode() if isinstance(body, str) else body
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def resets(request: BaseHTTPRequestHandler) -> None:
    """The request has arrived; then the connection breaks."""
    linger = struct.pack("ii", 1, 0)
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    request.close_connection = True
    request.connection.close()


def keeps_silent(request: BaseHTTPRequestHandler) -> None:
    """Never answers, until the other side gives up."""
    request.connection.settimeout(10)
    request.close_connection = True
    request.rfile.read(1)


def trickles(request: BaseHTTPRequestHandler) -> None:
    """One byte every 50 ms: no single read takes long, all of them together do."""
    request.close_connection = True
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    pause = threading.Event()
    for _ in range(200):
        try:
            request.wfile.write(b"x")
        except OSError:
            return
        pause.wait(0.05)


@contextmanager
def far_side(*answers: Answer, tls: Path | None = None) -> Iterator[FarSide]:
    """Serve while the block runs; with a certificate (and its key), over TLS."""
    side = FarSide(0, list(answers))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            side.seen.append(Seen(self.command, self.path, headers, body, self.client_address))
            side.next_answer()(self)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = _Server(("127.0.0.1", 0), Handler)
    side.port = server.server_address[1]
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield side
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: object) -> None:
        """A connection that broke is what the test asked for."""


def nobody_listens() -> int:
    """A port that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
