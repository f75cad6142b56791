"""Every wish an instance can be told; each rests in the inbox until an advance applies it. Stored as kind + fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Start(NamedTuple):
    """Begin at a start node with these variables (checked and mapped at the door)."""

    start_node: str
    input: Mapping[str, Any]
    business_key: str | None = None
    initiator: str | None = None
    parent_id: str | None = None
    parent_step: int | None = None
    depth: int = 0


class JobEnded(NamedTuple):
    """The last word of a worker on a job: done with a port and output, or failed for good."""

    step: int
    attempt: int
    started_at: int
    ended_at: int
    port: str | None
    output: Any = None
    variables: Mapping[str, Any] | None = None
    code: str | None = None
    message: str | None = None
    unknown: bool = False


class JobRetried(NamedTuple):
    """An attempt failed and another follows."""

    step: int
    attempt: int
    started_at: int
    ended_at: int
    code: str
    message: str
    unknown: bool


class LateResult(NamedTuple):
    """A worker answered after its lease had gone to another."""

    step: int
    attempt: int
    details: Any


class Vote(NamedTuple):
    """A person decides on a task."""

    step: int
    user: str
    decision: str
    comment: str
    form: Mapping[str, Any] | None
    at: int


class FireTimer(NamedTuple):
    """A timer is due."""

    step: int
    name: str


class EndChild(NamedTuple):
    """A sub-flow has ended."""

    step: int
    child: str
    status: str
    output: Any = None


class Cancel(NamedTuple):
    """End the instance and all it waits for."""

    reason: str
    by: str


class Retry(NamedTuple):
    """Try the step of an incident again."""

    incident: str
    by: str


class Skip(NamedTuple):
    """Let the token of an incident go on by `port` with this output."""

    incident: str
    by: str
    port: str
    output: Any
    reason: str


Command = (
    Start | JobEnded | JobRetried | LateResult | Vote | FireTimer | EndChild | Cancel | Retry | Skip
)

BY_KIND: dict[str, type[Any]] = {kind.__name__: kind for kind in Command.__args__}


def decode(kind: str, fields: list[Any]) -> Command:
    """The wish out of the inbox."""
    command: Command = BY_KIND[kind](*fields)
    return command
