"""What a connector is: a kind of outside system one can have an account at. The contract for `nodes/connectors/`.

An account is a *connection*: settings anyone may read, secrets nobody reads back. A connector says what both look like and how
to find out whether an account works. Like a node type it is a value, one a file, found by being there; it never reaches out by
itself, but is handed an `Outside`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from headrace.engine.limits import Rate
from headrace.engine.node import ConnectionInfo, EffectClass, HttpAnswer, Text

__all__ = [
    "ConnectionInfo",
    "Connector",
    "HttpAnswer",
    "Incoming",
    "Operation",
    "Outside",
    "Rate",
    "Receipt",
    "Text",
]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the far side said to a message or a trial. `retryable`: the same again may work later."""

    ok: bool
    answer: str
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request at a webhook's door, before anything believed it."""

    headers: Mapping[str, str]
    """Names in lower case."""
    query: Mapping[str, str]
    body: bytes
    """Exactly the bytes that came: signatures are over these."""


class Outside(Protocol):
    """What the trial of a connection may touch. Guarded like everything that leaves."""

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request; raises as `node.World.http`."""
        ...

    def greet_mail(self, connection: ConnectionInfo) -> Receipt:
        """Connect to the mail server and sign in; nothing is sent."""
        ...

    def send_robot(self, connection: ConnectionInfo, title: str, text: str) -> Receipt:
        """Send one message to the group."""
        ...


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be asked of the far side. `rate`: what it bears by its own word; a new connection begins with it."""

    name: str
    title: Text
    effect: EffectClass
    """May it be repeated, where the drawing says nothing else?"""
    rate: Rate | None = None


def _nothing_to_try(_: ConnectionInfo, __: Outside) -> Receipt:
    return Receipt(True, "nothing to try")


@dataclass(frozen=True, slots=True)
class Connector:
    """A kind of outside system."""

    name: str
    title: Text
    help: Text
    icon: str
    settings: Mapping[str, Any]
    """JSON Schema of what may be read back, annotated as a node's settings are."""
    secrets: Mapping[str, Any]
    """JSON Schema of what is kept encrypted: an object of texts."""
    example: Mapping[str, Any]
    """Settings that are valid."""
    example_secrets: Mapping[str, str]
    operations: tuple[Operation, ...] = ()
    """What we ask of it; none: it only calls us."""
    test: Callable[[ConnectionInfo, Outside], Receipt] = _nothing_to_try
    verify: Callable[[ConnectionInfo, str, Incoming], bool] | None = None
    """Does an incoming request come from the far side, by this way of telling (`token`, `hmac`)? None: it never sends any."""
    check: Callable[[Mapping[str, Any]], Sequence[tuple[str, str, Mapping[str, Any]]]] = lambda _: ()
    """More problems of the settings than a schema can tell: (path inside settings, code, params)."""
