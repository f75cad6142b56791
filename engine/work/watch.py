"""A worker's world that remembers how its calls ended, for the breakers, and refuses hosts whose breaker is open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from headrace.engine.node import (
    ConnectionInfo,
    HttpAnswer,
    NotSent,
    OutcomeUnknown,
    RecordAnswer,
    SqlAnswer,
    SqlWork,
    TableAnswer,
    World,
)

ALIVE = frozenset({408, 425, 429})
"""Answers that say "later": neither a failure of the far side nor a sign that it works."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ended. `good`: the far side is there and works, whatever it answered."""

    host: str
    good: bool
    error: str = ""


class HostShut(Exception):
    """The breaker of this host is open: nothing was sent, and nothing is lost by waiting."""

    def __init__(self, host: str, until: int) -> None:
        super().__init__(host)
        self.host, self.until = host, until


class WatchedWorld:
    """Implements `node.World` over another."""

    def __init__(self, world: World, key: str, shut: Mapping[str, int]) -> None:
        self._world, self._key, self._shut = world, key, shut
        self.calls: list[Call] = []
        self.connector = ""
        self.main = ""
        """The host of the connection's own address."""
        self.account: ConnectionInfo | None = None
        self.asked = ""
        """The host that was asked last."""
        self.ends = ""
        """What its answer said of the interface's end."""

    def connection(self, key: str) -> ConnectionInfo:
        """The connection by that key."""
        found = self._world.connection(key)
        if key == self._key:
            self.connector, self.account = found.connector, found
            self.main = host_of(str(found.settings.get("base_url", "")))
        return found

    def renew(self, connection: ConnectionInfo) -> ConnectionInfo | None:
        """The connection with a new token."""
        return self._world.renew(connection)

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request, and how it ended."""
        host = host_of(url)
        if host in self._shut:
            raise HostShut(host, self._shut[host])
        self.asked = host
        try:
            answer = self._world.http(method, url, headers=headers, body=body, timeout_s=timeout_s)
        except (NotSent, OutcomeUnknown) as trouble:
            self.calls.append(Call(host, False, type(trouble).__name__))
            raise
        self.ends = end_of(answer.headers)
        if answer.status not in ALIVE:
            good = answer.status < 500
            self.calls.append(Call(host, good, "" if good else f"HTTP {answer.status}"))
        return answer

    def sql(self, connection: ConnectionInfo, work: SqlWork) -> SqlAnswer:
        """One transaction at somebody else's database."""
        return self._world.sql(connection, work)

    def record(
        self, operation: str, table: str, key: str, value: Mapping[str, Any], step_key: str
    ) -> RecordAnswer:
        """One business record."""
        return self._world.record(operation, table, key, value, step_key)

    def table(
        self, operation: str, table: str, arguments: Mapping[str, Any], step_key: str
    ) -> TableAnswer:
        """One operation on a table."""
        return self._world.table(operation, table, arguments, step_key)


def end_of(headers: Mapping[str, str]) -> str:
    """What an answer says of the end of its interface, by the standard headers or a platform's own (G16); mostly nothing."""
    for name in ("sunset", "deprecation", "x-shopify-api-deprecated-reason"):
        if value := headers.get(name):
            return f"{name}: {value}"[:300]
    return ""


def host_of(url: str) -> str:
    """Host and port of an address, in lower case."""
    return _host_of(url[: url.find("/", url.find("://") + 3) + 1] or url)


@lru_cache(maxsize=1_024)
def _host_of(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2].lower()[:255]
    except ValueError:
        return ""
