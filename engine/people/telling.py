"""Who is told what when something happens to a task: events in, messages out. Pure; `wording.py` has the words.

Everybody of whom something is expected from now on is told; who loses a task by rule is told; and the initiator, when it comes
back or is rejected. Nobody is told of what they have done themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.engine.people import deadlines
from headrace.engine.people.tasking import Seat, TaskState, seat_from_json

ENGINE = "engine"
"""Who acts when a timer does."""

OF_SEATS: Mapping[str, str] = {
    "cc": "cc", "confirm": "confirm", "answer": "asked", "resubmit": "returned"
}  # fmt: skip
"""Kind of a seat → what its person is told; for a seat that decides it depends on how it came about."""

MOVES = frozenset({"transfer", "delegate", "add_sign", "reassign"})


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell these people. `details`: what the words need besides the task itself; `sms`: by text message as well."""

    kind: str
    users: tuple[str, ...]
    details: Mapping[str, Any] = field(default_factory=dict)
    sms: bool = False


def opened(seats: Sequence[Seat], by: str | None) -> Iterator[Message]:
    """A task has opened."""
    yield from _to_seats(seats, "task", {}, by)


def changed(task: TaskState | None, settings: Mapping[str, Any], event: Any) -> Iterator[Message]:
    """`TaskChanged`: something was done with it. `task`: as it is now; None when its step has ended since."""
    details, by = event.details or {}, event.by
    said = {
        "by_id": None if by == ENGINE else by,
        "text": details.get("text") or details.get("reason"),
    }
    seats = [seat_from_json(row) for row in event.seats]
    match event.action:
        case "escalate":
            yield from _escalated(task, settings, seats, details)
        case "urge" | "resend":
            kind = "urge" if event.action == "urge" else "again"
            yield from _to_seats(task.asked() if task else [], kind, said, by, always=kind)
        case "answer":
            to = details.get("to") or ()
            if users := _users(to, but=by):
                yield Message("answered", users, said)
        case "pause" | "go_on" | "comment" | "confirm" | "reduce_sign":
            pass
        case _:
            kind = "moved_to" if event.action in MOVES else "task"
            yield from _to_seats(seats, kind, said, by)
            if event.action == "reassign":
                yield from _losers(seats, details, "moved_from", said)


def fired(task: TaskState | None, settings: Mapping[str, Any], name: str) -> Iterator[Message]:
    """`TimerFired`: time runs out, or has run out."""
    act = deadlines.meaning(settings, name)
    if task is None or act is None or act.kind == "escalate" or task.paused_since is not None:
        return
    yield from _to_seats(task.asked(), act.kind, {}, None, always=act.kind)


def voted(event: Any, initiator: str | None) -> Iterator[Message]:
    """`VoteCast`: who asked is told of a no, with the reason (R101)."""
    if event.decision == "rejected" and event.closes and initiator and initiator != event.user:
        yield Message("rejected", (initiator,), {"by_id": event.user, "text": event.comment})


def _escalated(
    task: TaskState | None,
    settings: Mapping[str, Any],
    seats: Sequence[Seat],
    details: Mapping[str, Any],
) -> Iterator[Message]:
    act = deadlines.meaning(settings, f"{deadlines.PREFIX}escalate:{details.get('index', 0)}")
    sms = bool(details.get("sms") or (act and act.row.get("sms")))
    do = details.get("do") or (act.do if act else "remind")
    holders = sorted({seat.user for seat in task.asked()} if task else set())
    moved = bool(details.get("moved"))
    if do in TELLS and not moved:
        # Reminded; or nobody was there to take it over, and those who have it must hear that it is late.
        yield from _to_seats(task.asked() if task else [], "urge", {}, None, always="urge", sms=sms)
        if others := tuple(user for user in _users(details.get("to") or ()) if user not in holders):
            yield Message("remind", others, {"holder_ids": holders})
    yield from _to_seats(seats, "escalated_to", {}, None)
    yield from _losers(seats, details, "escalated_from", {}, sms=sms)


TELLS = frozenset({"remind", "backup", "superior", "transfer"})
"""Steps of an escalation that leave the task open."""


def _losers(
    seats: Sequence[Seat],
    details: Mapping[str, Any],
    kind: str,
    said: Mapping[str, Any],
    *,
    sms: bool = False,
) -> Iterator[Message]:
    """Those whose seats were moved away; who it went to is told as well."""
    by_id = {seat.id: seat for seat in seats}
    for old, new in details.get("moved", ()):
        if old in by_id:
            holder = [by_id[new].user] if new in by_id else []
            yield Message(kind, (by_id[old].user,), {**said, "holder_ids": holder}, sms)


def _to_seats(
    seats: Sequence[Seat],
    kind: str,
    said: Mapping[str, Any],
    by: str | None,
    *,
    always: str | None = None,
    sms: bool = False,
) -> Iterator[Message]:
    """One message a person; those who act on behalf of others are told for whom. `always`: this kind, whatever the seat."""
    told: set[str] = set()
    for seat in seats:
        asked = seat.status == "open" or (seat.status == "copy" and seat.kind in OF_SEATS)
        if not asked or seat.user == by or seat.user in told:
            continue
        told.add(seat.user)
        more = {"for_id": seat.on_behalf_of} if seat.on_behalf_of else {}
        yield Message(always or OF_SEATS.get(seat.kind, kind), (seat.user,), {**said, **more}, sms)


def _users(found: Sequence[str] | str, *, but: str | None = None) -> tuple[str, ...]:
    users = [found] if isinstance(found, str) else found
    return tuple(dict.fromkeys(user for user in users if user != but))
