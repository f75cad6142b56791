"""The one way out by HTTP: pooled connections, and limits on where, how long, how much and how often it is sent on.

It tells apart what a caller must know: `NotSent` (nothing happened over there) and `OutcomeUnknown` (nobody knows).
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urljoin

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Timeout, Url, parse_url

from headrace.engine.errors import BodyTooLarge
from headrace.engine.node import HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.settings import BODY_MAX_BYTES
from headrace.engine.work.address import AddressGuard

REDIRECTS_MAX = 3
CONNECTIONS_PER_HOST = 16
HOSTS_MAX = 64
IDLE_MAX_S = 4.0
"""Servers close idle connections, some after 5 s. Sending into one that is just closing would leave the outcome unknown."""

_CHUNK = 65_536
_ONE_LINE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_KEPT_ON_REDIRECT = frozenset({"accept", "accept-language", "user-agent"})
"""Headers another site may see; credentials and keys stay with the site they are for."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")


class GuardedHttp:
    """Outbound HTTP for everybody; safe to share between threads."""

    def __init__(self, addresses: AddressGuard, answer_max_bytes: int = BODY_MAX_BYTES) -> None:
        class Plain(_PlainConnection):
            guard = addresses

        class Tls(_TlsConnection):
            guard = addresses

        class PlainPool(_PlainPool):
            ConnectionCls = Plain

        class TlsPool(_TlsPool):
            ConnectionCls = Tls

        self.addresses = addresses
        self._answer_max_bytes = answer_max_bytes
        self._pools = urllib3.PoolManager(
            num_pools=HOSTS_MAX, maxsize=CONNECTIONS_PER_HOST, ssl_context=_tls_context()
        )
        self._pools.pool_classes_by_scheme = {"http": PlainPool, "https": TlsPool}

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request, no retry. Only GET follows redirects; the answer to anything else is the redirect itself."""
        _check_headers(headers)
        deadline = time.monotonic() + timeout_s
        for _ in range(REDIRECTS_MAX):
            answer = self._once(method, url, headers, body, deadline)
            target = answer.headers.get("location")
            if method != "GET" or answer.status not in _REDIRECTS or not target:
                return answer
            url, headers = _redirected(url, target, headers)
        return self._once(method, url, headers, body, deadline)

    def close(self) -> None:
        """Close idle connections."""
        self._pools.clear()

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: float
    ) -> HttpAnswer:
        parts = _checked(url)
        pool = self._pools.connection_from_host(parts.host, parts.port, parts.scheme)
        left = deadline - time.monotonic()
        if left <= 0:
            raise OutcomeUnknown("Expected an answer in time, but the redirects took too long.")
        try:
            response = pool.urlopen(
                method,
                parts.request_uri,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=Timeout(total=left),
                preload_content=False,
            )
            return self._read(response)
        except (HTTPError, OSError) as error:
            raise OutcomeUnknown(f"Expected an answer from {parts.host}, but: {error}") from error

    def _read(self, response: urllib3.BaseHTTPResponse) -> HttpAnswer:
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read1(_CHUNK):
            size += len(chunk)
            if size > self._answer_max_bytes:
                response.close()
                raise BodyTooLarge(limit=self._answer_max_bytes, found="more")
            chunks.append(chunk)
        response.release_conn()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status, headers, b"".join(chunks))


def _checked(url: str) -> Url:
    """The parts of an address we are willing to call."""
    try:
        parts = parse_url(url)
    except LocationParseError:
        raise NotSent(f"Expected an address, but found {url[:200]!r}.") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise NotSent(f"Expected an http or https address, but found {parts.scheme}.")
    if parts.auth:
        raise NotSent("Expected an address without user name and password.")
    return parts


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not name or not _TOKEN.issuperset(name) or not _ONE_LINE.fullmatch(value):
            raise ValueError(f"expected a header of one line, but found {name!r}")


def _redirected(url: str, target: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Where it goes on, and what that place may see."""
    there = urljoin(url, target)
    old, new = _checked(url), _checked(there)
    if (old.scheme, old.host, old.port) == (new.scheme, new.host, new.port):
        return there, headers
    return there, {k: v for k, v in headers.items() if k.lower() in _KEPT_ON_REDIRECT}


# --- connections: to the checked address, until the deadline ---------------------------------------


class _Deadline:
    """A socket whose reads end together at one moment, however slowly bytes trickle in."""

    deadline: float | None = None

    if TYPE_CHECKING:

        def settimeout(self, value: float | None) -> None: ...

    def recv_into(self, *args: Any, **more: Any) -> int:
        """Read with the time that is left."""
        if self.deadline is not None:
            left = self.deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer took too long")
            self.settimeout(left)
        return super().recv_into(*args, **more)  # type: ignore[misc,no-any-return]


class _PlainSocket(_Deadline, socket.socket):
    pass


class _TlsSocket(_Deadline, ssl.SSLSocket):
    pass


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.sslsocket_class = _TlsSocket
    return context


class _Guarded(HTTPConnection):
    guard: ClassVar[AddressGuard]
    idle_since: float = 0.0

    def _new_conn(self) -> socket.socket:
        return self.guard.connect(self._dns_host, self.port, self._seconds(), _PlainSocket)

    def connect(self) -> None:
        """Until this has succeeded nothing was sent, so every failure here is known."""
        try:
            super().connect()
        except (OSError, ValueError, HTTPError) as error:
            raise NotSent(f"Expected a connection to {self.host}, but: {error}") from error

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]
        """From here on the time left counts for status, headers and body together."""
        if isinstance(self.sock, _Deadline):
            self.sock.deadline = time.monotonic() + self._seconds()
        return super().getresponse()

    def _seconds(self) -> float:
        return self.timeout if isinstance(self.timeout, int | float) else 60.0


class _PlainConnection(_Guarded):
    pass


class _TlsConnection(_Guarded, HTTPSConnection):
    pass


class _Fresh(HTTPConnectionPool):
    """Hands out a kept connection only when it has not been idle for long."""

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)

    def _get_conn(self, timeout: float | None = None) -> Any:
        conn: Any = super()._get_conn(timeout)
        if conn.idle_since and time.monotonic() - conn.idle_since > IDLE_MAX_S:
            conn.close()  # it opens again by itself
        return conn


class _PlainPool(_Fresh):
    pass


class _TlsPool(_Fresh, HTTPSConnectionPool):
    pass
