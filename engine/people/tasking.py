"""What a task is, and what people may do with it: every rule about who may do what when.

Pure, and asked twice: by the run, whose word is final (`engine/run/tasks.py`), and by the service, to show people what they may
do and to refuse at once. `act` answers what changes, or why not; nothing here changes a task.

A **seat** is one person's place in a task, a **stage** the seats that are asked together, a **round** a new asking after a
return: a visit of its own, with a task of its own, that may keep earlier votes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal

from headrace.engine.people.directory import Directory
from headrace.engine.people.voting import Rule

Status = Literal["waiting", "open", "done", "closed", "moved", "owner_waits", "copy"]
"""waiting: its turn has not come · open: asked · done: has decided · closed: by rule (`reason`) · moved: somebody else has it ·
owner_waits: a delegate is asked first · copy: reads along."""

Kind = Literal["decide", "cc", "confirm", "resubmit", "answer"]
"""decide: votes · cc: reads along · confirm: the same, and the flow waits until it was read · resubmit: the initiator mends what
was sent back · answer: was asked a question."""

SEATS_MAX = 500
"""Seats of one task, those that have gone included: more is a poll, not an approval."""

URGE_MS = 3_600_000
"""A task may be urged once in so long."""

TAKE_BACK_MS = 600_000
"""How long one may take back what one has decided, unless the drawing says otherwise."""


@dataclass(slots=True)
class Seat:
    """One person's place in a task. What is at its default is not stored."""

    id: int
    user: str
    status: Status = "open"
    kind: Kind = "decide"
    on_behalf_of: str | None = None
    origin: str = "assigned"
    """assigned, chosen, fallback, initiator · backup, superior, substitute, escalated, transferred, delegated · added_before,
    added_after, added_parallel · cc, asked."""
    added_by: str | None = None
    unit: int = 0
    """Seats of one unit count as one for the rule; 0: as its own id."""
    stage: int = 0
    """Within its unit (in turn: within the task), smaller ones are asked first."""
    weight: int = 1
    veto: bool = False
    any: bool = False
    """Of the seats at its stage of its unit one is enough."""
    decision: str | None = None
    comment: str = ""
    form: Mapping[str, Any] | None = None
    at: int | None = None
    """When it was decided or closed."""
    nth: int = 0
    """Its vote was the nth of the task."""
    reason: str | None = None
    """Why it was closed or decided without its person (a code): see `docs/people.md`."""
    returns_to: int = 0
    """The seat that is asked again when this one has answered (delegate); it counts nothing itself."""
    why: Sequence[Mapping[str, str]] = ()
    """How this person was found, in words."""

    def __post_init__(self) -> None:
        """A seat of its own is a unit of its own."""
        self.unit = self.unit or self.id

    @property
    def counts(self) -> bool:
        """Does the rule of the votes look at it?"""
        return (
            self.kind == "decide"
            and not self.returns_to
            and (self.status != "moved" and (self.status != "closed" or self.decision is not None))
        )

    @property
    def asked(self) -> bool:
        """Something is expected of this person now."""
        return self.status == "open"


@dataclass(slots=True)
class TaskState:
    """A task as long as its step is open; what is at its default is not stored."""

    rule: Rule = field(default_factory=Rule)
    seats: dict[int, Seat] = field(default_factory=dict)
    round: int = 1
    opened_at: int = 0
    revision: int = 1
    """Counts votes and changes, so that a screen can tell that it is stale."""
    take_back_ms: int = 0
    again_of: int = 0
    """The step of the round before."""
    back: Mapping[str, Any] | None = None
    """Where its token goes when it is approved instead of on: `{node, comeback}` of the one who returned."""
    returning: Mapping[str, Any] | None = None
    """Where it has been returned to, while the initiator mends it or while what was done is being undone."""
    decided: Sequence[str] | None = None
    """[result, why, by] while those who must confirm have not read it."""
    paused_since: int | None = None
    urged_at: int | None = None
    watched: Mapping[str, str] = field(default_factory=dict)
    """Watched expression → hash of its value, where the drawing passes over people who have approved the same before."""

    def asked(self) -> list[Seat]:
        """Of whom something is expected now."""
        return [seat for seat in self.seats.values() if seat.status == "open"]

    def votes(self) -> list[Seat]:
        """Seats that have decided, in the order of their votes."""
        cast = [seat for seat in self.seats.values() if seat.nth]
        return sorted(cast, key=lambda seat: seat.nth)

    def copy(self) -> TaskState:
        """One that may be changed without changing this."""
        return replace(self, seats={id_: replace(seat) for id_, seat in self.seats.items()})


def plain(mode: str, users: Sequence[str]) -> TaskState:
    """A task without anything special: seats are numbered in the order of ids, as migration 0009 numbers old rows."""
    task = TaskState(Rule(mode))  # type: ignore[arg-type]
    for number, user in enumerate(sorted(set(users)), start=1):
        task.seats[number] = Seat(number, user)
    return task


def cast(
    task: TaskState,
    seat: Seat,
    decision: str,
    comment: str,
    form: Mapping[str, Any] | None,
    at: int,
    nth: int = 0,
) -> None:
    """Put a vote down."""
    seat.status, seat.decision, seat.comment, seat.form, seat.at = (
        "done",
        decision,
        comment,
        form,
        at,
    )
    seat.nth = nth or 1 + max((other.nth for other in task.seats.values()), default=0)
    task.revision += 1


# --- as JSON --------------------------------------------------------------------------------------------------------------


def seat_to_json(seat: Seat) -> dict[str, Any]:
    """A seat without what is at its default."""
    row = {name: value for name, default in _SEAT if (value := getattr(seat, name)) != default}
    if row.get("unit") == seat.id:
        del row["unit"]
    return row


def seat_from_json(row: Mapping[str, Any]) -> Seat:
    """Back from `seat_to_json`."""
    return Seat(**row)


def to_json(task: TaskState) -> dict[str, Any]:
    """A task without what is at its default."""
    row = {name: value for name, default in _TASK if (value := getattr(task, name)) != default}
    if task.rule != _ANY:
        row["rule"] = task.rule.as_json()
    row["seats"] = [seat_to_json(seat) for seat in task.seats.values()]
    return row


def from_json(row: Mapping[str, Any]) -> TaskState:
    """Back from `to_json`."""
    task = TaskState(**{**row, "rule": Rule.from_json(row.get("rule", {})), "seats": {}})
    for found in row.get("seats", ()):
        seat = seat_from_json(found)
        task.seats[seat.id] = seat
    return task


def _default(of: Any) -> Any:
    if of.default is not MISSING:
        return of.default
    return of.default_factory() if of.default_factory is not MISSING else MISSING


_ANY = Rule()
_SEAT = [(one.name, _default(one)) for one in fields(Seat)]
_TASK = [
    (one.name, _default(one)) for one in fields(TaskState) if one.name not in {"rule", "seats"}
]


# --- who may do what --------------------------------------------------------------------------------------------------------

Action = Literal[
    "add_sign", "reduce_sign", "transfer", "delegate", "cc", "confirm", "comment", "ask", "answer", "urge", "resend", "pause",
    "go_on", "take_back", "withdraw", "return", "resubmit", "reassign", "escalate", "warn", "exempt", "release",
]  # fmt: skip

ALLOWED = ("add_sign", "reduce_sign", "transfer", "delegate", "return", "cc", "ask", "take_back")
"""What people may do where the drawing does not say (`allow`)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the drawing allows: read from the node's settings whenever somebody acts."""

    allow: frozenset[str] = frozenset(ALLOWED)
    return_to: str | tuple[str, ...] = "any"
    after_return: str = "ask"
    keep_votes: bool = False
    undo_effects: bool = False
    take_back_ms: int = TAKE_BACK_MS
    withdraw: str = "cancel"
    cc_confirm: bool = False
    exempts: bool = False


@dataclass(frozen=True, slots=True)
class Earlier:
    """A node that was decided before, to which a task can be returned."""

    node: str
    step: int
    after: tuple[str, ...] = ("forward", "back")


@dataclass(frozen=True, slots=True)
class About:
    """What else the rules look at."""

    node: str
    policy: Policy
    directory: Directory
    now_ms: int
    initiator: str | None = None
    earlier: Sequence[Earlier] = ()
    """Newest first."""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not: a code, and what its text needs."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an action does to the task: full seats that are new (from number `new` on) or changed, fields of the task, facts."""

    seats: Sequence[Seat] = ()
    new: int = 0
    task: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    """What history and screens are told: text, to, reason, moved ([[from seat, to seat]]) …"""
    then: Sequence[Any] = ()
    """What follows besides: ("decide", result, why), ("return", where …), ("withdraw", how), ("nobody",)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One action as a screen shows it."""

    action: str
    allowed: bool
    why: str | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


def policy_of(settings: Mapping[str, Any]) -> Policy:
    """The policy of an approval node from its settings."""
    raise NotImplementedError


def may_vote(task: TaskState, who: str, about: About, seat: int = 0) -> Seat | Refused:
    """The seat at which this person's vote counts now."""
    raise NotImplementedError


def act(
    task: TaskState,
    action: str,
    who: str,
    args: Mapping[str, Any],
    about: About,
    *,
    operator: bool = False,
) -> Changes | Refused:
    """What the action changes. `operator`: the service has seen that this person may do it to any task."""
    raise NotImplementedError


def offers(task: TaskState, who: str, about: About, *, operator: bool = False) -> Iterator[Offer]:
    """Every action that could concern this person, with why it is not allowed where it is not."""
    raise NotImplementedError
