"""The other system: answers every POST at once, and counts calls and idempotency keys it has seen twice. A bare protocol
in a process of its own, so that it costs the engines next to nothing."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from tests.bench.measure import ROOT

_BODY = b'{"reserved": true}'
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(_BODY),
    _BODY,
)


@dataclass(frozen=True)
class Far:
    """Where it is."""

    port: int

    @property
    def url(self) -> str:
        """Its base address."""
        return f"http://127.0.0.1:{self.port}"

    def counts(self) -> tuple[int, int]:
        """Calls, and how many of them repeated a key."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET", "/counts")
        counts = json.loads(connection.getresponse().read())
        connection.close()
        return counts["calls"], counts["repeated"]


@contextmanager
def far_side(silent: int = 0) -> Iterator[Far]:
    """Serve while the block runs; the first `silent` calls are never answered."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.far", str(silent)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield Far(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()


class _Protocol(asyncio.Protocol):
    calls = 0
    silent = 0
    keys: ClassVar[set[bytes]] = set()

    def __init__(self) -> None:
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = self._pending[:end].lower()
            size = int(_header(head, b"content-length") or 0)
            if len(self._pending) < end + 4 + size:
                return
            self._pending = self._pending[end + 4 + size :]
            answer = self._answer(head)
            if _Protocol.calls > _Protocol.silent or head.startswith(b"get"):
                self._transport.write(answer)

    def _answer(self, head: bytes) -> bytes:
        kind = _Protocol
        if head.startswith(b"get /counts"):
            body = json.dumps({"calls": kind.calls, "repeated": kind.calls - len(kind.keys)})
            return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        kind.calls += 1
        kind.keys.add(_header(head, b"idempotency-key") or b"%d" % kind.calls)
        return _ANSWER


def _header(head: bytes, name: bytes) -> bytes | None:
    at = head.find(b"\r\n" + name + b":")
    if at < 0:
        return None
    start = at + len(name) + 3
    end = head.find(b"\r\n", start)
    return head[start : end if end >= 0 else len(head)].strip()


async def _serve() -> None:
    _Protocol.silent = int(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Protocol, "127.0.0.1", 0)
    port: Any = server.sockets[0].getsockname()[1]
    print(port, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
