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


class StepInterrupted(NamedTuple):
    """An event attached to the step ended it: it was withdrawn, and its token left by the event's `edges`."""

    step: int
    node: str
    event: str
    edges: Sequence[str]
    result: str | None = None
    output: Any = None
    children: Sequence[str] = ()


class EventFired(NamedTuple):
    """An event attached to a step happened and did not end it: one more token leaves by the event's `edges`."""

    step: int
    node: str
    event: str
    edges: Sequence[str]
    result: str | None = None
    output: Any = None


class VisitCounted(NamedTuple):
    """A node with a bound was visited."""

    node: str


class TokenMarked(NamedTuple):
    """A token has arrived at a join and waits there."""

    edge: str
    node: str


class JoinFired(NamedTuple):
    """A join has the tokens it wants: it consumes one of each edge in `via` and sends one on.

    `opens`: a round is open until every edge has come. `forced`: nothing else could move (joins that waited for one another).
    """

    step: int
    node: str
    via: Sequence[str]
    edges: Sequence[str]
    opens: bool = False
    forced: bool = False


class TokenAbsorbed(NamedTuple):
    """A token came to a join whose round had been decided without it. `ends`: the round is over, the join is as new."""

    edge: str
    node: str
    ends: bool


class RoundEnded(NamedTuple):
    """A join is as new: nothing that its open round waits for can come any more, or an edge brought the next round."""

    node: str


class MarksRestored(NamedTuple):
    """Joins need not wait again for branches that were done before a rewind: join → edges that count as come."""

    marks: Mapping[str, Sequence[str]]


class TokensRemoved(NamedTuple):
    """Tokens on their way (`edges`, one entry a token) and at joins (join → edge → how many) were withdrawn."""

    edges: Sequence[str]
    marks: Mapping[str, Mapping[str, int]]


class TokenPlaced(NamedTuple):
    """A person put a token before a node (inject, move, rewind); `variables` are set at the root, or become all there are."""

    node: str
    by: str
    reason: str
    variables: Mapping[str, Any] | None = None
    replace: bool = False


class JobRequested(NamedTuple):
    """A worker is to run the step's node. `key` is the same for every attempt at this step."""

    step: int
    key: str
    effect: str
    attempts_max: int
    backoff_ms: int
    unknown: bool = False
    again: bool = False
    limit_key: str = ""


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
    """People are asked. `actors` are user ids, found when the task was made.

    `seats`, `rule` and the fields of the task (`task`) are told where they are not those of a plain task of `actors` and `mode`;
    a seat is as `tasking.seat_to_json` makes it.
    """

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
    seats: Sequence[Mapping[str, Any]] = ()
    rule: Mapping[str, Any] | None = None
    task: Mapping[str, Any] | None = None


class VoteCast(NamedTuple):
    """One person's decision on a task. `closes`: by which rule it has decided the task, or nothing yet.

    `seat` 0: the seat of this person (history written before there were seats).
    """

    step: int
    user: str
    decision: str
    comment: str
    form: Mapping[str, Any] | None
    at: int
    seat: int = 0
    on_behalf_of: str | None = None
    round: int = 1
    via: str = ""
    closes: str = ""


class TaskChanged(NamedTuple):
    """Something was done with a task but vote. `seats`: full rows of those that are new (from number `new` on) or changed.

    `task`: fields of the task that are changed. `details`: what was said and to whom (text, reason, to, from, index, moved …).
    """

    step: int
    action: str
    by: str
    at: int
    seats: Sequence[Mapping[str, Any]] = ()
    new: int = 0
    task: Mapping[str, Any] | None = None
    details: Mapping[str, Any] | None = None
    via: str = ""
    node: str = ""


class ComebackKept(NamedTuple):
    """What the next visit to a node begins with, after a return: `{round, again_of, votes, back …}`; None: nothing any more."""

    node: str
    comeback: Mapping[str, Any] | None


class TimerSet(NamedTuple):
    """Something is due at a moment: `due` ends the step, `remind` tells people."""

    step: int
    name: str
    due_at: int


class LimitsSet(NamedTuple):
    """The time limits of an open task are others from now on: those it had are gone, the timers that follow are new."""

    step: int
    due_at: int | None


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
    version: int | None = None


class ChildEnded(NamedTuple):
    """A sub-flow has ended; `status`: completed, cancelled, failed (could not start), duplicate (an earlier one has the key)."""

    step: int
    child: str
    status: str
    output: Any = None


class ItemsAdded(NamedTuple):
    """Items of a for-each, kept in rows of their own; each is (input, business key, dedup key). `first`: index of the first."""

    step: int
    flow: str
    first: int
    items: Sequence[Sequence[Any]]
    window: int = 0
    until: str | None = None
    more: bool = False
    collect: str = "all"
    version: int | None = None


class ItemsStarted(NamedTuple):
    """Sub-flows of these items were started; each is (index, instance id)."""

    step: int
    flow: str
    children: Sequence[Sequence[Any]]
    version: int | None = None


class ItemEnded(NamedTuple):
    """The sub-flow of an item has ended."""

    step: int
    number: int
    child: str
    status: str
    output: Any = None


class ItemsClosed(NamedTuple):
    """No more items will be added; those of `cancelled` that still ran are withdrawn."""

    step: int
    by: str
    cancelled: Sequence[str] = ()


class Subscribed(NamedTuple):
    """The step waits for a message or a signal; `event` is its id at the node."""

    step: int
    event: str
    kind: str
    name: str
    key: str


class MessageTaken(NamedTuple):
    """A message or signal has come to the step."""

    step: int
    event: str
    message: str


class MessageReturned(NamedTuple):
    """A message came when the step had gone: somebody else may have it."""

    step: int
    message: str


class MessagePublished(NamedTuple):
    """The step told others; see `Publish` in `node.py`."""

    step: int
    kind: str
    name: str
    key: str
    payload: Any
    ttl_ms: int
    dedup: str | None
    mode: str


class StateAwaited(NamedTuple):
    """The step waits until the rest of the instance has come so far."""

    step: int


class LockRequested(NamedTuple):
    """The step wants to hold the key."""

    step: int
    key: str


class LockTaken(NamedTuple):
    """The instance holds the key."""

    step: int
    key: str


class LockReleased(NamedTuple):
    """The instance no longer holds the key."""

    step: int
    key: str


class CompensationKept(NamedTuple):
    """A step that can be undone is done; `handler` is the node that undoes it."""

    step: int
    node: str
    handler: str
    output: Any = None


class CompensationBegun(NamedTuple):
    """`step` (0: the cancelled instance) undoes these steps, in this order."""

    step: int
    todo: Sequence[int]


class CompensationStarted(NamedTuple):
    """A visit to the node that undoes step `of`, on behalf of step `by` (0: the cancelled instance)."""

    step: int
    node: str
    of: int
    by: int


class InstanceReopened(NamedTuple):
    """A worker said after the end that its work had been done all the same: it is undone."""

    reason: str


class CancellationBegun(NamedTuple):
    """The instance will be cancelled when what was done is undone."""

    reason: str
    by: str


class InstanceSuspended(NamedTuple):
    """Nothing is applied until it is resumed; `timers`: they go on (`keep`) or stand still (`shift`)."""

    by: str
    reason: str
    timers: str
    at: int


class InstanceResumed(NamedTuple):
    """Goes on; timers that stood still are due `shift_ms` later."""

    by: str
    shift_ms: int


class InstanceMigrated(NamedTuple):
    """Runs on another version now. Old node → new node and old edge → new edge, where they differ.

    `variables` were set at the root, those in `gone` taken away.
    """

    version: int
    nodes: Mapping[str, str]
    edges: Mapping[str, str]
    variables: Mapping[str, Any] | None
    by: str
    from_version: int = 0
    gone: Sequence[str] = ()


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
    """An open step was withdrawn, with its job, task, timers and children; `compensate`: these undo what they did."""

    step: int
    node: str
    children: Sequence[str] = ()
    compensate: bool = False


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
    | StepInterrupted
    | EventFired
    | VisitCounted
    | TokenMarked
    | TokenAbsorbed
    | RoundEnded
    | MarksRestored
    | TokensRemoved
    | TokenPlaced
    | JoinFired
    | JobRequested
    | JobTried
    | TaskOpened
    | VoteCast
    | TaskChanged
    | ComebackKept
    | TimerSet
    | LimitsSet
    | TimerFired
    | ChildrenStarted
    | ChildEnded
    | ItemsAdded
    | ItemsStarted
    | ItemEnded
    | ItemsClosed
    | Subscribed
    | MessageTaken
    | MessageReturned
    | MessagePublished
    | StateAwaited
    | LockRequested
    | LockTaken
    | LockReleased
    | CompensationKept
    | CompensationBegun
    | CompensationStarted
    | InstanceReopened
    | CancellationBegun
    | InstanceSuspended
    | InstanceResumed
    | InstanceMigrated
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
