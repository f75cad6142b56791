"""Two `headrace serve` on one SQLite file: the second forwards to the first, and takes over when the first is gone.

One process writes to an SQLite file; the lock beside it (`store/session.py`) says which. That one writes into `<file>.address`
where it listens. The second passes every request on, so that it may stand behind the same name, and a restart of the first
costs its callers a wait and no error.
"""

from __future__ import annotations

import http.client
import io
import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from headrace.engine.errors import StoreLocked
from headrace.engine.settings import BODY_MAX_BYTES
from headrace.engine.store.session import WriterLock, open_database

log = logging.getLogger(__name__)

START_WAIT_S = 10.0
"""How long a start waits for a process that is just ending, or has just begun and does not listen yet."""

LOOK_S = 0.5
"""How often the second tries to become the first."""

HOLD_S = 15.0
"""How long a request waits for the one process to change; then it is told to come again."""

AGAIN_S = 0.1
CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 75.0
"""Longer than a call of the writer may take."""
CHUNK = 65_536
RETRY_AFTER_S = 2
BROKEN_PAUSE_S = 5.0

HOP = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade"}
)  # fmt: skip
"""Headers of one connection, not of the request."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the first process listens."""

    pid: int
    host: str
    port: int


class Served(Protocol):
    """An application as `serving.py` knows it."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]: ...
    def started(self, host: str, port: int) -> None:
        """It listens now."""

    def stopping(self) -> None:
        """End what would last."""

    def close(self) -> None:
        """Finish what was accepted."""


def tell_address(database_url: str, pid: int, host: str, port: int) -> None:
    """Say beside the SQLite file where this process listens. Others than this machine need not know."""
    path = _address_file(database_url)
    if path is not None:
        near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
        draft = path.with_suffix(f".{pid}")
        draft.write_text(json.dumps(asdict(Address(pid, near, port))), encoding="utf-8")
        draft.replace(path)


def make_or_forward(
    make: Callable[[], Served], database_url: str, say: Callable[[str], None]
) -> Served:
    """The application; or, where another process has the store and can be reached, one that forwards to it."""
    deadline = time.monotonic() + START_WAIT_S
    while (holder := _holder(database_url)) is not None:
        address = _address(database_url)
        if address is not None and str(address.pid) == holder and _answers(address):
            return Standby(make, database_url, say)
        if time.monotonic() > deadline:
            raise StoreLocked(
                path=str(_address_file(database_url)).removesuffix(".address"), found=holder
            )
        threading.Event().wait(AGAIN_S)
    return make()


def _holder(database_url: str) -> str | None:
    """Which process has the store; None when nobody has."""
    engine = open_database(database_url)
    try:
        WriterLock(engine).release()
    except StoreLocked as locked:
        return str(locked.params["found"])
    finally:
        engine.dispose()
    return None


def _address_file(database_url: str) -> Path | None:
    engine = open_database(database_url)
    path = engine.url.database
    engine.dispose()
    if engine.dialect.name != "sqlite" or not path or path == ":memory:":
        return None
    return Path(f"{path}.address")


def _address(database_url: str) -> Address | None:
    path = _address_file(database_url)
    try:
        return Address(**json.loads(path.read_text(encoding="utf-8"))) if path else None
    except (OSError, ValueError, TypeError):
        return None


def _answers(address: Address) -> bool:
    try:
        connection = http.client.HTTPConnection(
            address.host, address.port, timeout=CONNECT_TIMEOUT_S
        )
        connection.connect()
        connection.close()
    except OSError:
        return False
    return True


class Standby:
    """Forwards until the store is free; from then on it is the application."""

    def __init__(
        self, make: Callable[[], Served], database_url: str, say: Callable[[str], None]
    ) -> None:
        self._make, self._url, self._say = make, database_url, say
        self._app: Served | None = None
        self._listening: tuple[str, int] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._wait_for_the_store, name="headrace-standby")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if self._app is not None:
            return self._app(environ, start_response)
        return self._forward(environ, start_response)

    def started(self, host: str, port: int) -> None:
        """Say so, and begin to wait for the store."""
        self._listening = (host, port)
        address = _address(self._url)
        to = f" http://{address.host}:{address.port} (process {address.pid})" if address else ""
        self._say(f"\nHeadrace is ready: http://{host}:{port}, forwarding to{to}")
        self._thread.start()

    def stopping(self) -> None:
        """End what would last."""
        self._stopping.set()
        if self._app is not None:
            self._app.stopping()

    def close(self) -> None:
        """Stop waiting, and close the application if we have become it."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._app is not None:
            self._app.close()

    def _wait_for_the_store(self) -> None:
        while not self._stopping.wait(LOOK_S):
            if _holder(self._url) is not None:
                continue
            try:
                app = self._make()
            except StoreLocked:
                continue  # a third was faster
            except Exception:
                log.exception("the store is free and could not be opened")
                self._stopping.wait(BROKEN_PAUSE_S)
                continue
            self._app = app
            assert self._listening
            self._say("The first process is gone: taking over")
            app.started(*self._listening)
            return

    def _forward(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = _body(environ)
        if body is None:
            return _refuse(
                start_response, "413 Content Too Large", "body_too_large", "the body is too large"
            )
        deadline = time.monotonic() + HOLD_S
        while self._app is None:
            address = _address(self._url)
            if address is not None:
                sent = False
                connection = http.client.HTTPConnection(
                    address.host, address.port, timeout=CONNECT_TIMEOUT_S
                )
                try:
                    connection.connect()
                    assert connection.sock
                    connection.sock.settimeout(ANSWER_TIMEOUT_S)
                    sent = True
                    connection.request(
                        environ["REQUEST_METHOD"], _target(environ), body, _headers(environ, body)
                    )
                    answer = connection.getresponse()
                except (OSError, http.client.HTTPException):
                    connection.close()
                    if sent and environ["REQUEST_METHOD"] not in {"GET", "HEAD", "OPTIONS"}:
                        message = (
                            "the engine changed hands; whether this request was done is unknown"
                        )
                        return _refuse(start_response, "503 Service Unavailable", "busy", message)
                else:
                    return _answer(connection, answer, start_response)
            if time.monotonic() > deadline or self._stopping.is_set():
                message = "expected the process that has the store to answer, but it does not"
                return _refuse(start_response, "503 Service Unavailable", "busy", message)
            self._stopping.wait(AGAIN_S)
        environ["wsgi.input"] = io.BytesIO(body)
        return self._app(environ, start_response)


def _body(environ: dict[str, Any]) -> bytes | None:
    """The whole body; None when it is larger than any request of ours."""
    length = environ.get("CONTENT_LENGTH") or ""
    wanted = int(length) if length.isdigit() else BODY_MAX_BYTES + 1
    if length and wanted > BODY_MAX_BYTES:
        return None
    found: bytes = environ["wsgi.input"].read(wanted)
    return None if len(found) > BODY_MAX_BYTES else found


def _target(environ: dict[str, Any]) -> str:
    path = quote(environ.get("PATH_INFO", "/").encode("latin-1"), safe="/:@!$&'()*+,;=~")
    query = environ.get("QUERY_STRING", "")
    return f"{path or '/'}?{query}" if query else path or "/"


def _headers(environ: dict[str, Any], body: bytes) -> dict[str, str]:
    found = {
        name[5:].replace("_", "-").title(): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and name[5:].replace("_", "-").lower() not in HOP
    }
    # Who is asked sees a loopback address, and must not take the caller for one of this machine.
    found["Via"] = "1.1 headrace"
    if environ.get("CONTENT_TYPE"):
        found["Content-Type"] = environ["CONTENT_TYPE"]
    if body or environ["REQUEST_METHOD"] in {"POST", "PUT", "PATCH"}:
        found["Content-Length"] = str(len(body))
    return found


def _answer(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, start_response: Any
) -> Iterator[bytes]:
    headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]
    start_response(f"{answer.status} {answer.reason}", headers)
    return _Relay(connection, answer)


class _Relay:
    """The answer as it comes, which matters for live screens."""

    def __init__(
        self, connection: http.client.HTTPConnection, answer: http.client.HTTPResponse
    ) -> None:
        self._connection, self._answer = connection, answer

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            found = self._answer.read1(CHUNK)
        except (OSError, http.client.HTTPException):
            found = b""
        if not found:
            self.close()
            raise StopIteration
        return found

    def close(self) -> None:
        """WSGI calls it at the end."""
        self._connection.close()


def _refuse(start_response: Any, status: str, code: str, message: str) -> Iterable[bytes]:
    body = json.dumps(
        {"error": {"code": code, "message": message, "params": {}, "problems": []}}
    ).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Retry-After", str(RETRY_AFTER_S)),
    ]
    start_response(status, headers)
    return [body]
