"""The one way out by HTTP: kept connections, and limits on where, how long, how much and how often it is sent on.

It tells apart what a caller must know: `NotSent` (nothing happened over there) and `OutcomeUnknown` (nobody knows).
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urljoin

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from headrace.engine.node import HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.settings import BODY_MAX_BYTES
from headrace.engine.work.address import AddressGuard
from headrace.engine.work.wire import AnswerBroken, Wire, request_bytes, speak_tls

REDIRECTS_MAX = 3
CONNECTIONS_PER_HOST = 16
HOSTS_MAX = 64
IDLE_MAX_S = 4.0
"""Servers close idle connections, some after 5 s. Sending into one that is just closing would leave the outcome unknown."""

_ONE_LINE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_KEPT_ON_REDIRECT = frozenset({"accept", "accept-language", "user-agent"})
"""Headers another site may see; credentials and keys stay with the site they are for."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")

Place = tuple[str, str, int]
"""Scheme, host, port."""


class GuardedHttp:
    """Outbound HTTP for everybody; safe to share between threads."""

    def __init__(self, addresses: AddressGuard, answer_max_bytes: int = BODY_MAX_BYTES) -> None:
        self.addresses = addresses
        self._answer_max_bytes = answer_max_bytes
        self.tls = ssl.create_default_context()
        self._kept: OrderedDict[Place, list[Wire]] = OrderedDict()
        """Connections nobody uses now, the freshest last; places most lately used last."""
        self._lock = threading.Lock()

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
        with self._lock:
            kept, self._kept = self._kept, OrderedDict()
        for wires in kept.values():
            for wire in wires:
                wire.close()

    def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, deadline: float
    ) -> HttpAnswer:
        site, target = _checked(url)
        place = site.place
        if deadline <= time.monotonic():
            raise OutcomeUnknown("Expected an answer in time, but the redirects took too long.")
        request = request_bytes(method, target, site.name, headers, body)
        wire = self._taken(place) or self._connected(place, deadline)
        keep = False
        try:
            answer, keep = wire.exchange(
                request, deadline, self._answer_max_bytes, bodiless=method == "HEAD"
            )
        except (OSError, AnswerBroken) as error:
            raise OutcomeUnknown(f"Expected an answer from {place[1]}, but: {error}") from error
        finally:
            if keep:
                self._give_back(place, wire)
            else:
                wire.close()
        return answer

    def _taken(self, place: Place) -> Wire | None:
        """A kept connection that has not been idle for long and still stands."""
        while True:
            with self._lock:
                wires = self._kept.get(place)
                wire = wires.pop() if wires else None
            if wire is None:
                return None
            if time.monotonic() - wire.idle_since <= IDLE_MAX_S and not wire.parted():
                return wire
            wire.close()

    def _give_back(self, place: Place, wire: Wire) -> None:
        wire.idle_since = time.monotonic()
        over: list[Wire] = []
        with self._lock:
            wires = self._kept.setdefault(place, [])
            self._kept.move_to_end(place)
            wires.append(wire)
            if len(wires) > CONNECTIONS_PER_HOST:
                over.append(wires.pop(0))
            if len(self._kept) > HOSTS_MAX:
                over += self._kept.popitem(last=False)[1]
        for wire in over:
            wire.close()

    def _connected(self, place: Place, deadline: float) -> Wire:
        """Until this has succeeded nothing was sent, so every failure here is known."""
        scheme, host, port = place
        try:
            sock = self.addresses.connect(host, port, max(deadline - time.monotonic(), 0.001))
            if scheme == "https":
                sock = speak_tls(self.tls, sock, host, deadline)
        except (OSError, ValueError) as error:
            raise NotSent(f"Expected a connection to {host}, but: {error}") from error
        return Wire(sock)


# --- addresses ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Site:
    place: Place
    name: str
    """As the header says it."""


_PLAIN_TARGET = re.compile(
    r"/(?:[A-Za-z0-9_~!$&'()*+,;=:@/?-]|%[0-9A-F]{2}|(?<=[^/])\.(?=[^/.?]))*"
)
"""Paths and queries that are sent as they are written; whatever else is taken apart and put together again."""


def _checked(url: str) -> tuple[_Site, str]:
    """Where it leads, if we are willing to call there, and what to ask for."""
    start = url.find("://")
    slash = url.find("/", start + 3) if start > 0 else -1
    if slash > 0 and _PLAIN_TARGET.fullmatch(url, slash):
        return _site(url[:slash]), url[slash:]
    return _site(url), _parsed(url).request_uri


@lru_cache(maxsize=1_024)
def _site(url: str) -> _Site:
    parts = _parsed(url)
    if parts.scheme not in ("http", "https") or not parts.host:
        raise NotSent(f"Expected an http or https address, but found {parts.scheme}.")
    if parts.auth:
        raise NotSent("Expected an address without user name and password.")
    usual = 443 if parts.scheme == "https" else 80
    port = parts.port or usual
    name = parts.host if port == usual else f"{parts.host}:{port}"
    host = parts.host.strip("[]").partition("%")[0] if parts.host.startswith("[") else parts.host
    return _Site((parts.scheme, host.rstrip("."), port), name)


def _parsed(url: str) -> Url:
    try:
        return parse_url(url)
    except LocationParseError:
        raise NotSent(f"Expected an address, but found {url[:200]!r}.") from None


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if not name or not _TOKEN.issuperset(name) or not _ONE_LINE.fullmatch(value):
            raise ValueError(f"expected a header of one line, but found {name!r}")


def _redirected(url: str, target: str, headers: Mapping[str, str]) -> tuple[str, Mapping[str, str]]:
    """Where it goes on, and what that place may see."""
    there = urljoin(url, target)
    if _checked(url)[0].place == _checked(there)[0].place:
        return there, headers
    return there, {k: v for k, v in headers.items() if k.lower() in _KEPT_ON_REDIRECT}
