"""What a task is: seats, stages and rounds, whose turn it is, and how it is kept.

A **seat** is one person's place in a task, a **stage** the seats that are asked together, a **round** a new asking after a
return: a visit of its own, with a task of its own, that may keep earlier votes. Who may do what: `acting.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal

from headrace.engine.people.voting import Rule

Status = Literal["waiting", "open", "done", "closed", "moved", "owner_waits", "copy"]
"""waiting: its turn has not come · open: asked · done: has decided · closed: by rule (`reason`) · moved: somebody else has it ·
owner_waits: a delegate is asked first · copy: reads along."""

Kind = Literal["decide", "cc", "confirm", "resubmit", "answer"]
"""decide: votes · cc: reads along · confirm: the same, and the flow waits until it was read · resubmit: the initiator mends what
was sent back · answer: was asked a question."""

LIVE = ("waiting", "open", "owner_waits")

SEATS_MAX = 500
"""Seats of one task, those that have gone included: more is a poll, not an approval."""


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
    any: int = 0
    """Of the seats with this number one is enough; 0: it is needed itself."""
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
    def live(self) -> bool:
        """Something is or will be expected of this person."""
        return self.status in LIVE


@dataclass(slots=True)
class TaskState:
    """A task as long as its step is open; what is at its default is not stored."""

    rule: Rule = field(default_factory=Rule)
    seats: dict[int, Seat] = field(default_factory=dict)
    round: int = 1
    revision: int = 1
    """Counts votes and changes, so that a screen can tell that it is stale."""
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


def settle(task: TaskState, now_ms: int) -> None:
    """Whose turn it is: seats open as those before them have decided, a delegate's answer goes back to its owner, and who need
    not decide any more is closed."""
    deciding = [seat for seat in task.seats.values() if seat.kind == "decide"]
    for seat in deciding:
        if not seat.live:
            continue
        if seat.returns_to:
            owner = task.seats[seat.returns_to]
            if owner.status != "owner_waits":
                close(seat, owner.reason or "owner_gone", now_ms)
        elif any(o.unit == seat.unit and o.decision == "rejected" and o.counts for o in deciding):
            close(seat, "unit_rejected", now_ms)
        elif seat.any and any(
            o.any == seat.any and o.decision == "approved" and o.counts for o in deciding
        ):
            close(seat, "one_was_enough", now_ms)
    for seat in deciding:
        if seat.status == "owner_waits" and not any(
            o.returns_to == seat.id and o.live for o in deciding
        ):
            seat.status = "open"
    for seat in deciding:
        if seat.status == "waiting" and not any(before(task, o, seat) for o in deciding):
            seat.status = "open"


def before(task: TaskState, other: Seat, seat: Seat) -> bool:
    """Must `other` decide before `seat` is asked? In turn the whole task counts, else the unit."""
    if not other.live or other.returns_to or other.stage >= seat.stage:
        return False
    return task.rule.mode == "sequence" or other.unit == seat.unit


def close(seat: Seat, reason: str, now_ms: int) -> None:
    """Nothing is expected of this seat any more."""
    seat.status, seat.reason, seat.at = "closed", reason, now_ms


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
