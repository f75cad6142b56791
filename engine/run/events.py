"""Every fact an instance can consist of. Events are the history, and the only vocabulary between `run` and `store`.

Named tuples rather than dataclasses: three times cheaper to make, and already the list that history stores
(`["StepPassed", 3, "check", …]`). So fields are only ever appended, with a default, and never change their place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class InstanceStarted(NamedTuple):
    """The instance exists; `input` are its first variables."""

    start_node: str
    input: Mapping[str, Any]
    business_key: str | None = None
    initiator: str | None = None
    parent_id: str | None = None
    parent_step: int | None = None
    depth: int = 0


class StepPassed(NamedTuple):
    """A node was visited and done at once: the token came by the edges `via` and left by `edges`."""

    step: int
    node: str
    via: Sequence[str]
    port: str | None
    edges: Sequence[str]
    result: str | None = None
    output: Any = None
    variables: Mapping[str, Any] | None = None


class StepEntered(NamedTuple):
    """A node was entered and something has to happen before it is done."""

    step: int
    node: str
    via: Sequence[str]


class StepDone(NamedTuple):
    """An entered step is done and its token left by `edges`."""

    step: int
    node: str
    port: str | None
    edges: Sequence[str]
    result: str | None = None
    output: Any = None
    variables: Mapping[str, Any] | None = None


class TokenMarked(NamedTuple):
    """A token has arrived at a join and waits there."""

    edge: str
    node: str


class JoinFired(NamedTuple):
    """A join has the tokens it wants: it consumes one of each edge in `via` and sends one on."""

    step: int
    node: str
    via: Sequence[str]
    edges: Sequence[str]


class JobRequested(NamedTuple):
    """A worker is to run the step's node. `key` is the same for every attempt at this step."""

    step: int
    key: str
    effect: str
    attempts_max: int
    backoff_ms: int
    unknown: bool = False
    again: bool = False


class JobTried(NamedTuple):
    """One attempt at a job has ended; `outcome` is done, failed, or unknown."""

    step: int
    attempt: int
    started_at: int
    ended_at: int
    outcome: str
    code: str | None = None
    message: str | None = None


class TaskOpened(NamedTuple):
    """People are asked. `actors` are user ids, found when the task was made."""

    step: int
    actors: Sequence[str]
    mode: str
    title: str
    description: str
    form: Mapping[str, Any] | None
    show: Sequence[Mapping[str, Any]]
    buttons: Mapping[str, Any]
    due_at: int | None
    remind: Sequence[Mapping[str, Any]]


class VoteCast(NamedTuple):
    """One person's decision on a task."""

    step: int
    user: str
    decision: str
    comment: str
    form: Mapping[str, Any] | None
    at: int


class TimerSet(NamedTuple):
    """Something is due at a moment: `due` ends the step, `remind` tells people."""

    step: int
    name: str
    due_at: int


class TimerFired(NamedTuple):
    """A timer has fired, once."""

    step: int
    name: str


class ChildrenStarted(NamedTuple):
    """Sub-flows were started; each child is (instance id, input, business key, dedup key)."""

    step: int
    flow: str
    children: Sequence[Sequence[Any]]
    each: bool


class ChildEnded(NamedTuple):
    """A sub-flow has ended; `status`: completed, cancelled, failed (could not start), duplicate (an earlier one has the key)."""

    step: int
    child: str
    status: str
    output: Any = None


class NotificationQueued(NamedTuple):
    """Something is to be sent. `users` are user ids; in-app and mail go to each of them."""

    step: int
    name: str
    channel: str
    users: Sequence[str]
    connection: str | None
    title: str
    text: str


class StepCancelled(NamedTuple):
    """An open step was withdrawn, with its job, task, timers and children."""

    step: int
    node: str
    children: Sequence[str] = ()


class IncidentRaised(NamedTuple):
    """The step (0: none, a join) cannot go on without a person."""

    incident: str
    step: int
    node: str
    code: str
    message: str


class IncidentResolved(NamedTuple):
    """Somebody retried or skipped it, or it went away with its instance."""

    incident: str
    resolution: str
    by: str
    reason: str = ""


class ResultIgnored(NamedTuple):
    """Something came too late, or twice. It is kept here and changed nothing."""

    kind: str
    step: int
    reason: str
    details: Any = None


class InstanceCompleted(NamedTuple):
    """No token is left."""

    result: str
    output: Any = None


class InstanceCancelled(NamedTuple):
    """Ended by a person."""

    reason: str
    by: str


Event = (
    InstanceStarted
    | StepPassed
    | StepEntered
    | StepDone
    | TokenMarked
    | JoinFired
    | JobRequested
    | JobTried
    | TaskOpened
    | VoteCast
    | TimerSet
    | TimerFired
    | ChildrenStarted
    | ChildEnded
    | NotificationQueued
    | StepCancelled
    | IncidentRaised
    | IncidentResolved
    | ResultIgnored
    | InstanceCompleted
    | InstanceCancelled
)

BY_NAME: dict[str, type[Any]] = {kind.__name__: kind for kind in Event.__args__}


def encode(event: Event) -> list[Any]:
    """The event as history keeps it."""
    return [type(event).__name__, *event]


def decode(row: Sequence[Any]) -> Event:
    """The event out of history; fields added since then take their defaults."""
    event: Event = BY_NAME[row[0]](*row[1:])
    return event


def describe(event: Event) -> dict[str, Any]:
    """The event as the API shows it."""
    return {"type": type(event).__name__, **event._asdict()}
