"""A load generator that costs little: bare protocols over kept connections, in a process of its own.

With a `rate`, requests leave at their time whether or not earlier ones were answered (up to `at_once` connections), and a
latency counts from that time: a server that stalls cannot hide it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import time
from collections import Counter
from typing import Any

from tests.bench import order as work
from tests.bench.measure import ROOT, timed

TIMEOUT_S = 300


def run_load(**options: Any) -> dict[str, Any]:
    """Run it in a process of its own; answers seconds, percentiles and statuses."""
    command = [sys.executable, "-m", "tests.bench.load", json.dumps(options)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
    )
    if done.returncode != 0:
        raise RuntimeError(f"the load generator failed:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class _Client(asyncio.Protocol):
    """One connection: a request, its answer, the next request."""

    def __init__(self) -> None:
        self._pending = b""
        self._answered: asyncio.Future[tuple[int, bytes]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed"))

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        """Send it; the future holds status and body."""
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered

    def data_received(self, data: bytes) -> None:
        self._pending += data
        end = self._pending.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._pending[:end].lower()
        at = head.index(b"content-length:") + 15
        size = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
        if len(self._pending) >= end + 4 + size:
            assert self._answered is not None
            body = self._pending[end + 4 : end + 4 + size]
            self._pending = self._pending[end + 4 + size :]
            self._answered.set_result((int(head[9:12]), body))


async def _load(
    port: int, target: str, first: int, count: int, at_once: int, rate: float | None
) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(_Client, "127.0.0.1", port))[1] for _ in range(at_once)
    ]
    requests = [_request(target, number) for number in range(first, first + count)]
    latencies: list[float] = []
    statuses: Counter[int] = Counter()
    bodies: dict[int, bytes] = {}
    began = time.perf_counter()
    numbers = iter(range(count))

    async def work_through(client: _Client) -> None:
        for index in numbers:
            asked = time.perf_counter()
            if rate:
                due = began + index / rate
                await asyncio.sleep(max(0.0, due - asked))
                asked = due
            status, body = await client.ask(requests[index])
            latencies.append(time.perf_counter() - asked)
            statuses[status] += 1
            if target.startswith("/"):
                bodies[first + index] = body

    await asyncio.gather(*(work_through(client) for client in clients))
    seconds = time.perf_counter() - began
    wrong = [str(body) for number, body in bodies.items() if not _is_right(body, number)]
    return {"seconds": seconds, "statuses": dict(statuses), "wrong": wrong, **timed(latencies)}


def _is_right(body: bytes, number: int) -> bool:
    try:
        return bool(json.loads(body) == work.expected(number))
    except ValueError:
        return False


def _request(target: str, number: int) -> bytes:
    """`target`: a peer's path, `hook`, or the key of one of our flows."""
    data: Any = work.order(number)
    if target.startswith("/"):
        body, path, proof = json.dumps(data).encode(), target, "Accept: application/json"
    elif target == "hook":
        body = json.dumps(data).encode()
        signature = hmac.new(work.HOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        path, proof = f"/hooks/{work.KEY}/{work.HOOK_NODE}", f"X-Signature: {signature}"
    else:
        body = json.dumps({"input": data}).encode()
        path, proof = f"/api/flows/{target}/instances", f"Authorization: Bearer {work.TOKEN}"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n{proof}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_load(**json.loads(sys.argv[1])))))
