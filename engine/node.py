"""What a node type is: the only thing of the engine that `nodes/` may see.

A node type is a value, one a file: names, ports, the JSON Schema of its settings, and `run`. The palette entry, the form, the
docs and the tests follow from it. `run(context)` answers with one outcome out of a small closed set:

| outcome | then |
|---|---|
| `Done(output, port)` | the step is done; the token leaves by `port` |
| `WaitForTask` | people decide; the port is the decision |
| `WaitUntil` | a timer; leaves by `out` when it fires |
| `WaitForChildren` | sub-flows are started; leaves by `out` when all have ended, or enough |
| `WaitForEvent` | a message, a signal or a time; the first of several wins and is the port |
| `WaitForState` | another node of the instance must be waiting, or a condition hold (milestone) |
| `WaitForLock`, `Unlock` | a critical section: one token at a time holds a key, across all instances |
| `Publish` | a message (one receiver, kept for a while) or a signal (all who wait now); done at once |
| `CancelNodes` | tokens in these nodes are withdrawn; done at once |
| `Compensate` | what was done is undone in reverse; leaves by `out` when all has been |
| `Notify` | something is put into the outbox; done at once |
| `Failed(code, message)` | an incident, or the `error` port where it is connected |

Work that touches the world sets `in_worker=True`: it runs in a worker with `context.world`, outside any transaction, perhaps
more than once, always with the same `context.key`. All other nodes are pure: no I/O, no clock of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from headrace.engine.duration import duration_ms as duration_ms
from headrace.engine.errors import NoCalendar

Text = Mapping[str, str]
"""A text in both languages: `{"zh": …, "en": …}`."""

EffectClass = Literal["pure", "keyed", "probe", "once"]
"""May a job be repeated? pure: freely · keyed: the far side honours our key · probe: ask first · once: never, a person decides."""


@dataclass(frozen=True, slots=True)
class Port:
    """A named exit. A required port must be connected before a flow can be published."""

    name: str
    title: Text
    required: bool = True


@dataclass(frozen=True, slots=True)
class PortsBy:
    """Ports that depend on a setting with few values, so that the browser can tell them too."""

    setting: str
    cases: Mapping[str, tuple[Port, ...]]


OUT = Port("out", {"zh": "下一步", "en": "Next"})
ERROR = Port("error", {"zh": "出错", "en": "On error"}, required=False)


# --- outcomes -----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Done:
    """The step is done. `output` is stored under the node's result name (None: nothing is stored), the token leaves by `port`.

    `variables` are set at the root besides (only `set_values` and starts do so). An end node answers `port=None`; with
    `terminate` it also withdraws every other token. `ports`: the token leaves by each of these (inclusive choice).
    `copies`: so many tokens on every edge (thread split).
    """

    output: Any = None
    port: str | None = "out"
    variables: Mapping[str, Any] | None = None
    ports: Sequence[str] = ()
    copies: int = 1
    terminate: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """Expected trouble. `retryable`: another attempt may help. `unknown`: nobody knows whether the far side did it."""

    code: str
    message: str
    retryable: bool = False
    unknown: bool = False
    retry_after_s: float | None = None
    details: Any = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """Tell `to` when a task has been open for `after_ms`."""

    after_ms: int
    to: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class WaitForTask:
    """People must decide: approve, reject, or return where that port is connected.

    mode `any`: the first vote decides. mode `all`: all must approve; the first rejection or return decides.
    """

    assignees: Sequence[Mapping[str, Any]]
    title: str
    description: str = ""
    mode: Literal["any", "all"] = "any"
    form: Mapping[str, Any] | None = None
    show: Sequence[Mapping[str, Any]] = ()
    buttons: Mapping[str, Any] = field(default_factory=dict)
    due_ms: int | None = None
    reminder: Reminder | None = None


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """A timer: the step is done at `at_ms` (milliseconds, UTC)."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class ChildStart:
    """One sub-flow to start. A `dedup_key` seen before for that flow starts nothing and answers with the earlier instance."""

    input: Mapping[str, Any]
    business_key: str | None = None
    dedup_key: str | None = None


@dataclass(frozen=True, slots=True)
class WaitForChildren:
    """Start sub-flows of `flow` and, with `wait`, go on when all have ended, or when `until` holds.

    `version`: this one; none: the version routed when each starts. `window`: so many run at once (1: one after another).
    `until`: an expression over `done`, `failed`, `total`, `running` and `last` (output), asked when one ends; the rest is
    cancelled. `more`: further items may be added while it runs, until it is closed (`AddItems`, `CloseItems`).
    `collect`: the result is the list of all ends, or only their numbers (`counts`).
    """

    flow: str
    children: Sequence[ChildStart]
    wait: bool = True
    each: bool = False
    version: int | None = None
    window: int | None = None
    until: str | None = None
    more: bool = False
    collect: Literal["all", "counts"] = "all"


@dataclass(frozen=True, slots=True)
class WaitForEvent:
    """The first of these events ends the step; its `id` is the port, its payload the output.

    An event is as drawn, also where it is attached to a node as a boundary event (`events` of the node):
    `{id, kind: timer|message|signal, after: ISO duration | at: expression, name: text, key: expression}`.
    """

    events: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class WaitForState:
    """A milestone: goes on while a token waits at `node` (if given) and `condition` (if given) holds.

    Asked again whenever the instance has moved. With the port `missed` connected it leaves there when `node` can no longer
    be reached by any token.
    """

    node: str | None = None
    condition: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WaitForLock:
    """Enter a critical section: one holder at a time of this key in the whole workspace, first come, first served."""

    key: str


@dataclass(frozen=True, slots=True)
class Unlock:
    """Leave the critical section; nothing happens if this instance does not hold the key."""

    key: str


@dataclass(frozen=True, slots=True)
class Publish:
    """Tell other instances. A message waits `ttl_ms` for its receivers, a signal reaches who waits now.

    `mode`: `one` receiver (who waited longest), `one_per_flow`, `all`. A `dedup` seen before (of that name) is not sent again.
    """

    kind: Literal["message", "signal"]
    name: str
    key: str = ""
    payload: Any = None
    ttl_ms: int = 3_600_000
    dedup: str | None = None
    mode: Literal["one", "one_per_flow", "all"] = "one"


@dataclass(frozen=True, slots=True)
class CancelNodes:
    """Withdraw every token in these nodes, on edges to them and at these joins, with jobs, tasks, timers and sub-flows."""

    nodes: Sequence[str]


@dataclass(frozen=True, slots=True)
class Compensate:
    """Undo what was done, newest first, by the nodes attached for it: all, only of `nodes`, or all since `back_to` was done."""

    nodes: Sequence[str] = ()
    back_to: str | None = None


@dataclass(frozen=True, slots=True)
class Notify:
    """Send a message through the outbox; the step is done at once, receipts follow in `deliveries`."""

    channel: Literal["in_app", "mail", "robot"]
    title: str
    text: str
    to: Sequence[Mapping[str, Any]] = ()
    connection: str | None = None


Outcome = (
    Done
    | Failed
    | WaitForTask
    | WaitUntil
    | WaitForChildren
    | WaitForEvent
    | WaitForState
    | WaitForLock
    | Unlock
    | Publish
    | CancelNodes
    | Compensate
    | Notify
)


@dataclass(frozen=True, slots=True)
class JoinRule:
    """When a join goes on, and what becomes of the branches that come later (engine.md 5.9).

    mode `all`: a token on every edge · `first`, `count` (`n` edges), `percent` (of the edges, rounded up): so many edges ·
    `inclusive`: all that can still come (BPMN 2.0) · `tokens`: `n` tokens, whatever their edges (thread merge).
    rest, for first/count/percent: `ignore` what comes later, `cancel` the branches still under way, or `block`: what comes
    again waits until all of this round have come.
    """

    mode: Literal["all", "first", "count", "percent", "inclusive", "tokens"] = "all"
    n: int = 1
    percent: float = 100.0
    rest: Literal["ignore", "cancel", "block"] = "ignore"

    def wanted(self, edges: int) -> int:
        """How many of so many edges must have come."""
        match self.mode:
            case "first":
                return 1
            case "count":
                return max(1, min(self.n, edges))
            case "percent":
                return max(1, min(edges, -int(-edges * self.percent // 100)))
            case _:
                return edges


# --- context ------------------------------------------------------------------------------------------------------------


class Evaluate(Protocol):
    """Evaluates what settings hold. Raises `errors.ExpressionError` or `errors.TemplateError`."""

    def expression(self, text: str, extra: Mapping[str, Any] | None = None) -> Any:
        """The value of an expression of the bounded language over the instance's variables (and `extra`)."""
        ...

    def template(self, text: str, extra: Mapping[str, Any] | None = None) -> str:
        """A text with `{{ … }}` filled in."""
        ...

    def condition(self, tree: Mapping[str, Any], extra: Mapping[str, Any] | None = None) -> bool:
        """A condition tree (react-querybuilder's JSON, or `{"expression": …}`)."""
        ...


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back: status, headers in lower case, the body as bytes (bounded)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class OutcomeUnknown(Exception):
    """The request left, no answer came: whether the far side did it is unknown."""


class NotSent(Exception):
    """The request never left (no address, connection refused, TLS failed): nothing happened at the far side."""


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """An account at a connector, secrets decrypted. Lives only inside a worker; never logged, never stored."""

    key: str
    connector: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False, default_factory=dict)
    own: Any = field(repr=False, default=None)
    """The `Connector`, where it was drawn in this workspace; None: it is one of the files."""


@dataclass(frozen=True, slots=True)
class RecordAnswer:
    """What a record operation found or did. `created`: this very step (or an earlier attempt of it) made the record."""

    found: bool
    created: bool
    value: Mapping[str, Any] | None
    conflicts: Sequence[Mapping[str, Any]] = ()
    """Where the record said something else: field, ours, theirs, which was kept and why."""
    alert: bool = False
    """Somebody should look at the conflicts."""
    held: Sequence[str] = ()
    """Fields that would have gone back, and wait for a person."""


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """What became of an operation on a table: a word for it, and what there is to tell."""

    state: str
    output: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a decision table said: its outputs and the rows that hit (counted from 1), or why it cannot say."""

    table: str
    version: int = 0
    matched: bool = False
    outputs: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[int] = ()
    notes: Sequence[str] = ()
    """What is noted at these rows, so that people see why."""
    defaults: bool = False
    """The outputs are what the table says where no row hits."""
    trouble: tuple[str, str] | None = None
    """A code and a message."""


@dataclass(frozen=True, slots=True)
class SqlStep:
    """One statement with bound values (`:name`)."""

    sql: str
    params: Mapping[str, Any] = field(repr=False, default_factory=dict)
    name: str = ""
    """Under which its rows are told."""
    expect: int | None = None
    """So many rows, or all is undone."""


@dataclass(frozen=True, slots=True)
class SqlWork:
    """Statements of one transaction."""

    steps: Sequence[SqlStep]
    write: bool
    key: str = ""
    """Noted over there in the same transaction; where it is already, nothing is done."""
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """What a database told, or a code and why nothing was done."""

    output: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    retryable: bool = False


class World(Protocol):
    """What a node in a worker may touch. Guarded: sizes, times, addresses."""

    def connection(self, key: str) -> ConnectionInfo:
        """The connection by that key; raises `errors.NotFound`."""
        ...

    def http(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request, no retry. Raises `NotSent` or `OutcomeUnknown`; `errors.AddressRefused` for private addresses."""
        ...

    def renew(self, connection: ConnectionInfo) -> ConnectionInfo | None:
        """The connection with a new token, now that the far side says the old one is dead; None: only a person can."""
        ...

    def record(
        self, operation: str, table: str, key: str, value: Mapping[str, Any], step_key: str
    ) -> RecordAnswer:
        """create | find | upsert one business record; safe to repeat with the same `step_key`."""
        ...

    def sql(self, connection: ConnectionInfo, work: SqlWork) -> SqlAnswer:
        """One transaction at somebody else's database. Raises `NotSent` or `OutcomeUnknown`; `errors.AddressRefused`."""
        ...

    def table(
        self, operation: str, table: str, arguments: Mapping[str, Any], step_key: str
    ) -> TableAnswer:
        """list | add_up | merge | update | delete | adjust | release | page (a customer's link); each once for a `step_key`."""
        ...


Decide = Callable[[str, Mapping[str, Any], int | None, int], Decision]


@dataclass(slots=True)
class Context:
    """All a node sees; not to be changed (not frozen, because every visit makes one, and freezing costs as much again).

    `settings` are as drawn (texts and expressions unevaluated); use `evaluate`."""

    settings: Mapping[str, Any]
    variables: Mapping[str, Any]
    evaluate: Evaluate
    now_ms: int
    key: str
    """The idempotency key of this visit: the same on every attempt, different for every visit."""
    connected: frozenset[str] = frozenset()
    """Names of the ports of this node that are connected."""
    attempt: int = 1
    unknown_before: bool = False
    """An earlier attempt ended with its outcome unknown: a probe-class node asks before it repeats."""
    world: World | None = None
    waiting_at: frozenset[str] = frozenset()
    """Nodes of the instance where a token waits now (pure nodes only)."""
    compensated: Mapping[str, Any] | None = None
    """For a node that undoes another: `{node, step, key, output}` of what is undone; also the variable `compensated`."""
    decide: Decide | None = None
    """Ask a decision table: its key, its inputs, a version or the one valid at a moment (ms)."""
    business: Callable[[int, str], int] | None = None
    """By the flow's business calendar: from a moment (ms) and a length (`P1D`, `PT8H`) the moment it is over (`after_business`)."""

    def after_business(self, length: str) -> int:
        """The moment when so much business time has passed from now. Raises `errors.NoCalendar` where there is no calendar."""
        if self.business is None:
            raise NoCalendar(length=length)
        return self.business(self.now_ms, length)


# --- the type -----------------------------------------------------------------------------------------------------------


def _nothing(_: Context) -> Outcome:
    return Done()


@dataclass(frozen=True, slots=True)
class Policy:
    """How jobs of a node are held back and repeated, besides `attempts`, `backoff_ms`, `effect`. Names: a-z, 0-9, - and _."""

    queue: str = "default"
    """The kind of work; a worker may do only some, and a setting of the connection may say otherwise."""
    connection: str = ""
    """The key of the connection it uses; none: it leaves nothing."""
    operation: str = ""
    """Which of the connector's operations it is."""
    key: str | None = None
    """An expression: of all jobs with the same value only `key_limit` run at once."""
    key_limit: int = 1
    backoff_max_ms: int = 300_000
    """The longest pause between two attempts, unless the far side asks for more."""
    budget_ms: int | None = None
    """No attempt begins later than this after the first."""
    again: frozenset[str] = frozenset()
    """Codes (`http_409`, `409`, `4xx`) tried again although the node would not; never against the effect class."""
    never: frozenset[str] = frozenset()
    """Codes that end the job at once; stronger than `again`."""


@dataclass(frozen=True, slots=True)
class NodeType:
    """A kind of node. See the contract in `nodes/README.md`."""

    name: str
    title: Text
    help: Text
    group: Literal["start", "control", "people", "time", "data", "connect"]
    icon: str
    settings: Mapping[str, Any]
    example: Mapping[str, Any]
    ports: tuple[Port, ...] = (OUT,)
    ports_from: str | None = None
    """Name of a setting, a list whose items' `id` are further ports (before `ports`)."""
    ports_by: PortsBy | None = None
    """A setting whose value says which further ports there are (before `ports`)."""
    run: Callable[[Context], Outcome] = _nothing
    starts: bool = False
    ends: bool = False
    joins: bool = False
    join: Callable[[Mapping[str, Any]], JoinRule] = lambda _: JoinRule()
    """For a join: its rule, from its settings."""
    splits: bool = False
    """Every edge of its port `out` is taken."""
    several: Callable[[Mapping[str, Any]], bool] = lambda _: False
    """With these settings several of the exits of `ports_from` may be taken at once (inclusive choice)."""
    lock: Literal["", "enter", "leave"] = ""
    """It enters or leaves a critical section: one with the same settings belongs to it."""
    waits: bool = False
    """A visit rests until something happens outside: breaks a loop (a cycle needs one)."""
    unfinished: bool = False
    """It stands for something that is still to be drawn: a flow with one cannot be published."""
    rows: frozenset[Literal["task", "timer"]] = frozenset({"task", "timer"})
    """What an open step of it may have in tables of their own; when a step ends, only these are looked for."""
    in_worker: bool = False
    attempts: Callable[[Mapping[str, Any]], int] = lambda _: 1
    """How often a job of this node may be tried, from its settings."""
    backoff_ms: Callable[[Mapping[str, Any]], int] = lambda _: 1_000
    effect: Callable[[Mapping[str, Any]], EffectClass] = lambda _: "pure"
    policy: Callable[[Mapping[str, Any]], Policy] = lambda _: Policy()
    check: Callable[[Mapping[str, Any]], Sequence[tuple[str, str, Mapping[str, Any]]]] = lambda _: ()
    """More problems of the settings than a schema can tell: (path inside settings, code, params)."""

    def ports_for(self, settings: Mapping[str, Any]) -> tuple[Port, ...]:
        """All exits for these settings, in order."""
        return (*self._listed(settings), *self._by_value(settings), *self.ports)

    def port_names(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of all exits for these settings, in order."""
        return tuple(port.name for port in self.ports_for(settings))

    def _listed(self, settings: Mapping[str, Any]) -> tuple[Port, ...]:
        items = settings.get(self.ports_from, ()) if self.ports_from else ()
        return tuple(Port(item["id"], _title_of(item)) for item in items)

    def _by_value(self, settings: Mapping[str, Any]) -> tuple[Port, ...]:
        by = self.ports_by
        return by.cases.get(settings.get(by.setting, ""), ()) if by else ()


def _title_of(item: Mapping[str, Any]) -> Text:
    """A branch has its title as `name`; an event has `title`, its `name` is that of a message."""
    for text in (item.get("title"), item.get("name")):
        if isinstance(text, Mapping) and text:
            return text
    return {"en": item["id"]}
