"""Where an instance stands: open steps, tokens on their way, marks at joins, variables. Done steps live in history only.

The size is bounded by the drawing, not by the age of the instance. `apply.py` is the only code that changes it.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from operator import attrgetter
from typing import Any, Literal

from headrace.engine.people import tasking

STATE_FORMAT = 1

SET_ASIDE = [0, ""]
"""Where the incident of an instance stands that could not be advanced at all: at no step and no node."""

Wait = Literal[
    "", "job", "task", "timer", "children", "items", "event", "state", "lock", "compensate"
]


@dataclass(slots=True)
class Step:
    """An open visit to a node. `wait` says what for; empty while an incident holds it."""

    id: int
    node: str
    wait: Wait = ""
    incident: str | None = None
    attempt: int = 0
    unknown: bool = False
    task: tasking.TaskState | None = None
    remind: list[Any] = field(default_factory=list)
    children: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    each: bool = False
    items: Items | None = None
    key: str = ""
    """The lock it waits for."""
    undoes: int = 0
    """The step that this one undoes, on behalf of step `by`."""
    by: int = 0
    undone: int = 0
    """For a step that compensates: how many it has begun to undo."""
    armed: bool = False
    """The events attached to its node may happen."""

    @property
    def actors(self) -> tuple[str, ...]:
        """Whose votes were or are asked for, each once."""
        if self.task is None:
            return ()
        asked = (s.user for s in self.task.seats.values() if s.status == "open" or s.nth)
        return tuple(dict.fromkeys(asked))

    @property
    def votes(self) -> dict[str, list[Any]]:
        """User → decision, comment, form and moment of the last vote, in the order of the votes."""
        if self.task is None:
            return {}
        return {s.user: [s.decision, s.comment, s.form, s.at] for s in self.task.votes()}


@dataclass(slots=True)
class Items:
    """A for-each: numbers only, the items are rows of their own."""

    flow: str
    total: int = 0
    started: int = 0
    done: int = 0
    failed: int = 0
    running: dict[str, int] = field(default_factory=dict)
    """Instance id → index, of those that run; at most `window` of them."""
    window: int = 0
    until: str | None = None
    more: bool = False
    collect: str = "all"
    version: int | None = None


@dataclass(slots=True)
class Instance:
    """One running of a flow version."""

    id: str
    flow_key: str
    version: int
    variables: dict[str, Any] = field(default_factory=dict)
    steps: dict[int, Step] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)
    """Edges with a token on its way, oldest first."""
    start_at: str | None = None
    """The start node still to be visited."""
    marks: dict[str, dict[str, int]] = field(default_factory=dict)
    """Join → edge → tokens waiting there."""
    incidents: dict[str, list[Any]] = field(default_factory=dict)
    """Open incident → [step, node]."""
    rounds: dict[str, list[str]] = field(default_factory=dict)
    """Join that went on before all had come → the edges that have come in this round."""
    placed: list[str] = field(default_factory=list)
    """Nodes before which a person has put a token, oldest first."""
    visits: dict[str, int] = field(default_factory=dict)
    """Node with a bound → how often it was entered."""
    locks: dict[str, str] = field(default_factory=dict)
    """Keys held → the nodes at which they were taken."""
    undo: list[list[Any]] = field(default_factory=list)
    """What can be undone, oldest first: [step, node, handler, output]."""
    undoing: dict[int, list[int]] = field(default_factory=dict)
    """Step that compensates (0: the instance, before it is cancelled) → the steps still to be undone, next first."""
    cancelling: list[str] | None = None
    """[reason, by] while what was done is undone before the cancellation."""
    reopened: str = ""
    """What the instance had ended as, before a late result opened it again."""
    suspended: list[Any] | None = None
    """[since, timers] while nothing is applied."""
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Approval node → how it was last decided: `{step, port, by, at, next, task}`; to return to it, or to take it back."""
    touched: dict[str, int] = field(default_factory=dict)
    """Node → its last step at which something was done for good, since a task has ended that may be taken back."""
    comebacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Node → what its next visit begins with, after a return."""
    next_step: int = 1
    seq: int = 0
    business_key: str | None = None
    initiator: str | None = None
    parent_id: str | None = None
    parent_step: int | None = None
    depth: int = 0
    """How many flows above this one have started one another."""
    result: str | None = None
    output: Any = None
    ended: Literal["", "completed", "cancelled"] = ""

    @property
    def status(self) -> str:
        """running, waiting, suspended, incident, compensating, completed, cancelled."""
        if self.ended:
            return self.ended
        if self.suspended:
            return "suspended"
        if self.incidents:
            return "incident"
        if self.cancelling or self.reopened:
            return "compensating"
        return "running" if not self.rests or not self.steps else "waiting"

    @property
    def rests(self) -> bool:
        """Nothing moves until something comes from outside."""
        if self.suspended:
            return True
        return not self.pending and self.start_at is None and not self.placed


_STEP_DEFAULTS: dict[str, Any] = {
    "wait": "", "incident": None, "attempt": 0, "unknown": False, "task": None, "remind": [],
    "children": [], "outputs": {}, "each": False, "items": None, "key": "", "undoes": 0, "by": 0,
    "undone": 0, "armed": False,
}  # fmt: skip


def step_to_json(step: Step) -> dict[str, Any]:
    """A step without what is at its default."""
    row: dict[str, Any] = {"id": step.id, "node": step.node}
    for name, default in _STEP_DEFAULTS.items():
        value = getattr(step, name)
        if value != default:
            row[name] = _PACKED[name](value) if name in _PACKED else value
    return row


_PACKED: dict[str, Any] = {"items": asdict, "task": tasking.to_json}


_DEFAULTS: dict[str, Any] = {
    "steps": {}, "pending": [], "start_at": None, "marks": {}, "incidents": {}, "rounds": {}, "placed": [], "visits": {},
    "locks": {}, "undo": [], "undoing": {}, "cancelling": None, "reopened": "", "suspended": None, "output": None,
    "approvals": {}, "touched": {}, "comebacks": {},
    "result": None, "depth": 0, "ended": "",
}  # fmt: skip
"""What is left out of the stored state where it says nothing."""

_of = attrgetter(*_DEFAULTS)
_EMPTY = tuple(_DEFAULTS.values())
_AS_STORED = frozenset(_DEFAULTS) - {"steps", "undoing"}


def to_json(instance: Instance) -> dict[str, Any]:
    """The state as stored; what the row of the instance has in columns of its own is left out."""
    state: dict[str, Any] = {
        "f": STATE_FORMAT,
        "vars": instance.variables,
        "next": instance.next_step,
        "seq": instance.seq,
    }
    values = _of(instance)
    if values != _EMPTY:
        found = zip(_DEFAULTS, values, _EMPTY, strict=True)
        state.update((name, value) for name, value, default in found if value != default)
    if instance.steps:
        state["steps"] = [step_to_json(step) for step in instance.steps.values()]
    if instance.undoing:
        state["undoing"] = [[by, todo] for by, todo in instance.undoing.items()]
    return state


def from_json(
    id_: str,
    flow_key: str,
    version: int,
    state: dict[str, Any],
    *,
    business_key: str | None = None,
    initiator: str | None = None,
    parent_id: str | None = None,
    parent_step: int | None = None,
) -> Instance:
    """The instance out of its row."""
    steps = {}
    for row in state.get("steps", ()):
        step = Step(**(row if "actors" not in row else _upgraded(row)))
        if step.items is not None:
            step.items = Items(**step.items)  # type: ignore[arg-type]
        if step.task is not None:
            step.task = tasking.from_json(step.task)  # type: ignore[arg-type]
        steps[step.id] = step
    instance = Instance(
        id_, flow_key, version, state["vars"], steps, next_step=state["next"], seq=state["seq"],
        business_key=business_key, initiator=initiator, parent_id=parent_id, parent_step=parent_step,
    )  # fmt: skip
    for name, value in state.items():
        if name in _AS_STORED:
            setattr(instance, name, value)
        elif name == "undoing":
            instance.undoing = dict(value)
    return instance


def _upgraded(row: dict[str, Any]) -> dict[str, Any]:
    """A step as it was stored before tasks had seats: `mode`, `actors`, `votes`."""
    kept = {name: value for name, value in row.items() if name not in {"mode", "actors", "votes"}}
    task = tasking.plain(row.get("mode", "any"), row["actors"])
    for nth, (user, (decision, comment, form, at)) in enumerate(
        row.get("votes", {}).items(), start=1
    ):
        seat = next(seat for seat in task.seats.values() if seat.user == user)
        tasking.cast(task, seat, decision, comment, form, at, nth)
    return {**kept, "task": tasking.to_json(task)}


def step_key(instance_id: str, node_id: str, step_id: int) -> str:
    """The idempotency key of a visit: the same on every attempt, different for every visit (engine.md 5.4)."""
    return hashlib.sha256(f"{instance_id}/{node_id}/{step_id}".encode()).hexdigest()[:32]
