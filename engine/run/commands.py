"""Every wish an instance can be told; each rests in the inbox until an advance applies it. Stored as kind + fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """`{port, output, code, unknown}` of the attempt."""
    node: str = ""


class Vote(NamedTuple):
    """A person decides on a task."""

    step: int
    user: str
    decision: str
    comment: str
    form: Mapping[str, Any] | None
    at: int
    seat: int = 0
    """Which of this person's seats; 0: the first that is asked."""
    via: str = ""
    """How it came: inbox, mail, bulk, api."""
    on_behalf_of: str | None = None


class TaskAct(NamedTuple):
    """A person (or the engine) does something with a task but vote; see `people/tasking.py`. The step may have ended (take_back).

    `operator`: the service has seen that this person may do so with any task.
    """

    step: int
    action: str
    by: str
    args: Mapping[str, Any]
    at: int
    operator: bool = False
    via: str = ""


class FireTimer(NamedTuple):
    """A timer is due; `due_at`: since when (0: now)."""

    step: int
    name: str
    due_at: int = 0


class EndChild(NamedTuple):
    """A sub-flow has ended."""

    step: int
    child: str
    status: str
    output: Any = None


class Cancel(NamedTuple):
    """End the instance and all it waits for; `compensate`: undo first what was done and can be undone."""

    reason: str
    by: str
    compensate: bool = False


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


class Deliver(NamedTuple):
    """A message or signal for a step that waits for it (`event`: which of its events)."""

    step: int
    event: str
    message: str
    payload: Any
    kind: str = "message"


class GrantLock(NamedTuple):
    """The key is free for this step; `deadlock`: it never will be, holders wait for one another."""

    step: int
    key: str
    deadlock: bool = False


class AddItems(NamedTuple):
    """More items for a for-each that runs; each is (input, business key, dedup key)."""

    step: int
    items: list[list[Any]]
    by: str


class CloseItems(NamedTuple):
    """No more items will come; `finish`: those that still run or wait are cancelled and the step is done."""

    step: int
    by: str
    finish: bool = False


class Suspend(NamedTuple):
    """Apply nothing until `Resume`. `timers`: keep (what is due meanwhile happens at the resume) or shift (they stand still)."""

    by: str
    reason: str
    timers: str = "keep"


class Resume(NamedTuple):
    """Go on; what has come meanwhile is applied in its order."""

    by: str


class Inject(NamedTuple):
    """One more token before a node; `variables` are set at the root."""

    node: str
    by: str
    reason: str
    variables: Mapping[str, Any] | None = None


class MoveToken(NamedTuple):
    """Withdraw an open step; its token goes on before another node."""

    step: int
    node: str
    by: str
    reason: str


class Rewind(NamedTuple):
    """Withdraw every token at or behind `node` and put one before it; `variables`, if given, become all there are."""

    node: str
    by: str
    reason: str
    variables: Mapping[str, Any] | None = None


class Migrate(NamedTuple):
    """Run on another version from now on. Old → new, where they differ; `variables` are set at the root.

    `timers`: (step, due at) of those that get another moment, in business time with (from, length) behind it; `gone`: variables
    taken away; `jobs`: steps whose job is made anew; `limits`: steps whose task's time limits begin anew, or with (due at,
    [(timer, moment), …]) behind the step are put back so.
    """

    version: int
    nodes: Mapping[str, str]
    edges: Mapping[str, str]
    variables: Mapping[str, Any] | None
    by: str
    timers: Sequence[Sequence[Any]] = ()
    gone: Sequence[str] = ()
    jobs: Sequence[int] = ()
    limits: Sequence[Sequence[Any]] = ()


Command = (
    Start
    | JobEnded
    | JobRetried
    | LateResult
    | Vote
    | TaskAct
    | FireTimer
    | EndChild
    | Cancel
    | Retry
    | Skip
    | Deliver
    | GrantLock
    | AddItems
    | CloseItems
    | Suspend
    | Resume
    | Inject
    | MoveToken
    | Rewind
    | Migrate
)

BY_KIND: dict[str, type[Any]] = {kind.__name__: kind for kind in Command.__args__}


def decode(kind: str, fields: list[Any]) -> Command:
    """The wish out of the inbox."""
    command: Command = BY_KIND[kind](*fields)
    return command
