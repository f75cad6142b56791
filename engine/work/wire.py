"""HTTP/1.1 over one kept connection: what is sent is put together here, what comes back is read by llhttp (`httptools`).

Strict, and no more than a caller of APIs needs: one request, one answer, no retry, no proxy, no cookies. Until a connection
stands nothing was sent, so every failure to make one is known; afterwards only a whole answer says what happened.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
import zlib
from collections.abc import Mapping
from typing import Any

from httptools import HttpParserError, HttpResponseParser

from headrace.engine.errors import BodyTooLarge
from headrace.engine.node import HttpAnswer

READ_BYTES = 65_536
HEAD_MAX_BYTES = 131_072
"""The largest head of an answer; nobody else bounds it."""

SLACK = 0.05
"""A timeout that is set already and off by so small a part is left as it is: setting it costs a call of the system."""

_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
"""Without a body these say nothing of its length."""


class AnswerBroken(Exception):
    """What came is no whole answer."""


class Wire:
    """A connection of ours; one thread at a time has it."""

    __slots__ = ("_parted", "_patience_s", "_sock", "idle_since")

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._patience_s = 0.0
        self._parted = select.poll()
        self._parted.register(sock, select.POLLIN | select.POLLPRI | select.POLLHUP)
        self.idle_since = 0.0

    def parted(self) -> bool:
        """Has the other side closed it, or said something nobody asked for? Then it cannot be trusted."""
        return bool(self._parted.poll(0))

    def close(self) -> None:
        """Close it."""
        self._sock.close()

    def __del__(self) -> None:
        """Whoever forgets one leaves nothing open."""
        self._sock.close()

    def exchange(
        self, request: bytes, deadline: float, body_max: int, *, bodiless: bool = False
    ) -> tuple[HttpAnswer, bool]:
        """Send it and read its answer until `deadline` (monotonic seconds); answers besides whether the connection can be kept.

        Raises `BodyTooLarge`, `AnswerBroken`, or what the socket raises. `bodiless`: the answer has no body, whatever it says.
        """
        self._be_patient(deadline)
        self._sock.sendall(request)
        reading = _Reading(body_max, bodiless)
        parser = HttpResponseParser(reading)
        reading.parser = parser
        try:
            return self._read(reading, parser, deadline)
        finally:
            reading.parser = (
                None  # or the two would hold each other until the garbage is looked for
            )

    def _read(
        self, reading: _Reading, parser: HttpResponseParser, deadline: float
    ) -> tuple[HttpAnswer, bool]:
        while True:
            self._be_patient(deadline)
            data = self._sock.recv(READ_BYTES)
            if not data:
                return reading.at_end(), False
            try:
                parser.feed_data(data)
            except HttpParserError as error:
                if not reading.done:
                    raise AnswerBroken(f"it is no HTTP: {error}") from None
                reading.more = True
            if reading.size > reading.body_max:
                raise BodyTooLarge(limit=reading.body_max, found="more")
            if reading.done:
                return reading.answer(), reading.keep and not reading.more
            if not reading.headed:
                reading.head_bytes += len(data)
                if reading.head_bytes > HEAD_MAX_BYTES:
                    raise AnswerBroken(f"its head is longer than {HEAD_MAX_BYTES} bytes")

    def _be_patient(self, deadline: float) -> None:
        """The socket's timeout is what is left."""
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        if abs(self._patience_s - left) > SLACK * left:
            self._sock.settimeout(left)
            self._patience_s = left


class _Reading:
    """One answer while it comes in; llhttp calls the methods that begin with `on_`."""

    __slots__ = (
        "_bodiless",
        "_body",
        "_headers",
        "_sized",
        "body_max",
        "done",
        "head_bytes",
        "headed",
        "keep",
        "more",
        "parser",
        "size",
        "status",
    )  # fmt: skip

    def __init__(self, body_max: int, bodiless: bool) -> None:
        self.parser: Any = None
        self.body_max, self._bodiless = body_max, bodiless
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._sized = False
        self.status = self.size = self.head_bytes = 0
        self.headed = self.done = self.keep = self.more = False

    def on_message_begin(self) -> None:
        """A second one is more than was asked for."""
        self.more = self.done

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of those that come twice the values stand one after the other (RFC 9110, 5.3)."""
        if self.done:
            return
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip()
        before = self._headers.get(key)
        self._headers[key] = text if before is None else f"{before}, {text}"

    def on_headers_complete(self) -> None:
        """Head is read."""
        if self.done:
            return
        self.headed = True
        self.status = self.parser.get_status_code()
        self.keep = self.parser.should_keep_alive()
        self._sized = "content-length" in self._headers or "transfer-encoding" in self._headers
        if self._bodiless and self.status >= 200:
            self.done, self.keep = True, False

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.done:
            return
        self.size += len(body)
        if self.size <= self.body_max:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """The whole of it; what is only "go on" (1xx) is not it."""
        if self.status < 200:
            self._headers.clear()
            self.headed = False
        else:
            self.done = True

    def at_end(self) -> HttpAnswer:
        """The connection ended: that is how an answer without a length ends."""
        if self.headed and not self._sized and self.status >= 200:
            return self.answer()
        raise AnswerBroken("the connection ended before the answer did")

    def answer(self) -> HttpAnswer:
        """What came, unpacked."""
        body = b"".join(self._body)
        coding = self._headers.get("content-encoding", "").lower()
        if coding and body:
            body = _unpacked(coding, body, self.body_max)
        return HttpAnswer(self.status, self._headers, body)


def _unpacked(coding: str, body: bytes, limit: int) -> bytes:
    """We ask for nothing packed; some send it all the same."""
    if coding not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return _inflated(zlib.MAX_WBITS | 32, body, limit)
    except zlib.error as error:
        if coding != "deflate":
            raise AnswerBroken(f"its body is no {coding}: {error}") from None
    try:
        return _inflated(-zlib.MAX_WBITS, body, limit)
    except zlib.error as error:
        raise AnswerBroken(f"its body is no {coding}: {error}") from None


def _inflated(bits: int, body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(bits)
    found = unpacker.decompress(body, limit + 1)
    if len(found) > limit:
        raise BodyTooLarge(limit=limit, found="more")
    if not unpacker.eof:
        raise AnswerBroken("its packed body ends too early")
    return found


def request_bytes(
    method: str, target: str, host: str, headers: Mapping[str, str], body: bytes | None
) -> bytes:
    """A request as it is sent; names and values have been checked (one line each)."""
    lines = [f"{method} {target} HTTP/1.1"]
    given = {name.lower() for name in headers}
    if "host" not in given:
        lines.append(f"Host: {host}")
    if "accept-encoding" not in given:
        lines.append("Accept-Encoding: identity")
    if "user-agent" not in given:
        lines.append("User-Agent: Headrace")
    if body is not None or method not in _BODILESS:
        lines.append(f"Content-Length: {len(body or b'')}")
    lines += [f"{name}: {value}" for name, value in headers.items() if name.lower() not in _OURS]
    lines.append("\r\n")
    return "\r\n".join(lines).encode("latin-1") + (body or b"")


_OURS = frozenset({"content-length", "transfer-encoding", "connection"})
"""What says where a request ends is said once, by us."""


def speak_tls(
    context: ssl.SSLContext, sock: socket.socket, host: str, deadline: float
) -> socket.socket:
    """The connection with TLS over it; the certificate must be the host's."""
    try:
        sock.settimeout(max(deadline - time.monotonic(), 0.001))
        return context.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise
