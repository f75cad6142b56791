"""Where an instance stands: open steps, tokens on their way, marks at joins, variables. Done steps live in history only.

The size is bounded by the drawing, not by the age of the instance. `apply.py` is the only code that changes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

STATE_FORMAT = 1

Wait = Literal["", "job", "task", "timer", "children"]


@dataclass(slots=True)
class Step:
    """An open visit to a node. `wait` says what for; empty while an incident holds it."""

    id: int
    node: str
    wait: Wait = ""
    incident: str | None = None
    attempt: int = 0
    unknown: bool = False
    mode: str = ""
    actors: tuple[str, ...] = ()
    remind: list[Any] = field(default_factory=list)
    votes: dict[str, list[Any]] = field(default_factory=dict)
    children: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    each: bool = False


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
        """running, waiting, incident, completed, cancelled."""
        if self.ended:
            return self.ended
        if self.incidents:
            return "incident"
        return "running" if self.pending or self.start_at or not self.steps else "waiting"

    @property
    def rests(self) -> bool:
        """Nothing moves until something comes from outside."""
        return not self.pending and self.start_at is None


_STEP_DEFAULTS: dict[str, Any] = {
    "wait": "", "incident": None, "attempt": 0, "unknown": False, "mode": "", "actors": (), "remind": [], "votes": {},
    "children": [], "outputs": {}, "each": False,
}  # fmt: skip


def step_to_json(step: Step) -> dict[str, Any]:
    """A step without what is at its default."""
    row: dict[str, Any] = {"id": step.id, "node": step.node}
    for name, default in _STEP_DEFAULTS.items():
        value = getattr(step, name)
        if value != default:
            row[name] = value
    return row


def to_json(instance: Instance) -> dict[str, Any]:
    """The state as stored; what the row of the instance has in columns of its own is left out."""
    state: dict[str, Any] = {
        "f": STATE_FORMAT,
        "vars": instance.variables,
        "next": instance.next_step,
        "seq": instance.seq,
    }
    if instance.steps:
        state["steps"] = [step_to_json(step) for step in instance.steps.values()]
    if instance.pending:
        state["pending"] = instance.pending
    if instance.start_at:
        state["start_at"] = instance.start_at
    if instance.marks:
        state["marks"] = instance.marks
    if instance.incidents:
        state["incidents"] = instance.incidents
    if instance.output is not None:
        state["output"] = instance.output
    if instance.result is not None:
        state["result"] = instance.result
    if instance.depth:
        state["depth"] = instance.depth
    if instance.ended:
        state["ended"] = instance.ended
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
        step = Step(**{**row, "actors": tuple(row.get("actors", ()))})
        steps[step.id] = step
    return Instance(
        id=id_,
        flow_key=flow_key,
        version=version,
        variables=state["vars"],
        steps=steps,
        pending=state.get("pending", []),
        start_at=state.get("start_at"),
        marks=state.get("marks", {}),
        incidents=state.get("incidents", {}),
        next_step=state["next"],
        seq=state["seq"],
        business_key=business_key,
        initiator=initiator,
        parent_id=parent_id,
        parent_step=parent_step,
        result=state.get("result"),
        output=state.get("output"),
        depth=state.get("depth", 0),
        ended=state.get("ended", ""),
    )
