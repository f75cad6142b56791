"""Who may do what with a task, and why not: what the drawing allows, who sits where, what the moment permits. Pure.

Asked twice: by the run, before it changes anything (`tasking.py`), and by the service, to show people what they may do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from headrace.engine.duration import duration_ms
from headrace.engine.people.assign import Assigned
from headrace.engine.people.directory import Directory
from headrace.engine.people.seats import Seat, TaskState
from headrace.engine.people.voting import outcome

# --- who may do what --------------------------------------------------------------------------------------------------------

Action = Literal[
    "add_sign", "reduce_sign", "transfer", "delegate", "cc", "confirm", "comment", "ask", "answer", "urge", "resend", "pause",
    "go_on", "take_back", "withdraw", "return", "resubmit", "reassign", "recheck", "escalate", "exempt", "release",
]  # fmt: skip

ALLOWED = frozenset(
    {"add_sign", "reduce_sign", "transfer", "delegate", "return", "cc", "ask", "take_back"}
)
"""What people may do where the drawing does not say (`allow`)."""

DRAWN = ALLOWED | {"pause", "exempt"}
"""Actions that a drawing allows or forbids."""

OPERATORS = frozenset({"reassign", "resend", "recheck", "escalate", "exempt", "release"})
"""Actions for which the service must have seen a permission (or the engine does them)."""

URGE_MS = 3_600_000
"""A task may be urged once in so long."""

TAKE_BACK_MS = 600_000
"""How long one may take back what one has decided, unless the drawing says otherwise."""

INITIATOR = "initiator"


@dataclass(frozen=True, slots=True)
class Policy:
    """What the drawing allows: read from the node's settings whenever somebody acts."""

    allow: frozenset[str] = ALLOWED
    return_to: str | tuple[str, ...] = "any"
    after_return: str = "ask"
    keep_votes: bool = False
    undo_effects: bool = False
    take_back_ms: int = TAKE_BACK_MS
    withdraw: str = "cancel"
    exempts: bool = False
    escalation: Sequence[Mapping[str, Any]] = ()


def policy_of(settings: Mapping[str, Any]) -> Policy:
    """The policy of an approval node from its settings."""
    allow = frozenset(settings["allow"]) if "allow" in settings else ALLOWED
    if settings.get("pause_for_customer"):
        allow |= {"pause"}
    return_to = settings.get("return_to", "any")
    return Policy(
        allow=allow,
        return_to=return_to if isinstance(return_to, str) else tuple(return_to),
        after_return=settings.get("after_return", "ask"),
        keep_votes=settings.get("keep_votes", False),
        undo_effects=settings.get("undo_effects", False),
        take_back_ms=duration_ms(settings["take_back"])
        if "take_back" in settings
        else TAKE_BACK_MS,
        withdraw=settings.get("withdraw", "cancel"),
        exempts="exempt" in settings,
        escalation=settings.get("escalation", ()),
    )


@dataclass(frozen=True, slots=True)
class Earlier:
    """A node that was passed before, to which a task can be returned; `back`: one can come straight back from there."""

    node: str
    back: bool = True


Find = Callable[[Sequence[Mapping[str, Any]]], Sequence[Assigned]]
"""Who is behind these assignees; nobody stands in."""
Instead = Callable[[Seat, str], Sequence[Assigned]]
"""Who takes over this seat: (seat, "policy" | "backup" | "superior")."""


def _nobody(*_: Any) -> Sequence[Assigned]:
    return ()


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
    find: Find = _nobody
    instead: Instead = _nobody


@dataclass(frozen=True, slots=True)
class Refused:
    """Why not: a code, and what its text needs (`docs/people.md`)."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an action does to the task: full seats that are new (from number `new` on) or changed, fields of the task, facts."""

    seats: Sequence[Seat] = ()
    new: int = 0
    task: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    """What history and screens are told: text, to, from, index, do, moved ([[from seat, to seat]]) …"""
    then: tuple[str, Mapping[str, Any]] | None = None
    """What follows: decide, return, resubmit, cancel, nobody."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One action as a screen shows it."""

    action: str
    allowed: bool
    why: str | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


def may_vote(
    task: TaskState, who: str, about: About | None = None, seat: int = 0
) -> Seat | Refused:
    """The seat at which this person's vote counts now: the one named, else the first that is asked."""
    if about is not None and not active(about, who):
        return Refused("you_have_left")
    if task.decided or is_away(task):
        return Refused("task_closed")
    mine = [one for one in task.seats.values() if one.user == who and one.kind == "decide"]
    if seat:
        mine = [one for one in mine if one.id == seat]
    for one in mine:
        if one.status == "open":
            return one
    if not mine:
        return Refused("not_yours")
    last = mine[-1]
    return Refused("seat_not_asked", {"status": last.status, "reason": last.reason})


def take_back(
    task: TaskState, port: str | None, at: int, who: str, about: About, *, moved_on: bool
) -> Refused | Seat:
    """May this person take back the decision that has ended the task? Answers the seat. `moved_on`: something was done after it."""
    if "take_back" not in about.policy.allow or not about.policy.take_back_ms:
        return Refused("not_allowed", {"action": "take_back"})
    if not active(about, who):
        return Refused("you_have_left")
    votes = [seat for seat in task.votes() if seat.reason is None]
    if not votes or votes[-1].user != who or port is None:
        return Refused("not_yours")
    by_votes = outcome(task.rule, task.seats.values())
    if by_votes is None or by_votes.result != port:  # released, exempted, or its time was over
        return Refused("not_yours")
    until = at + about.policy.take_back_ms
    if about.now_ms > until:
        return Refused("too_late", {"until": until})
    if moved_on:
        return Refused("already_went_on")
    return votes[-1]


def offers(task: TaskState, who: str, about: About, *, operator: bool = False) -> Iterator[Offer]:
    """Every action that could concern this person, with why it is not allowed where it is not."""
    for action in _OFFERED:
        refused = forbidden(task, action, who, about, operator)
        if refused is None and action in _SEATED:
            refused = _not_theirs(task, action, who, about)
        if refused is None and action == "take_back":
            refused = _no_vote(task, who, about)
        if refused is None and action == "return" and not places_of(about):
            refused = Refused("nowhere_to_return")
        if refused is not None and refused.code in {"not_yours", "not_initiator", "operators_only"}:
            continue
        if refused is not None:
            yield Offer(action, allowed=False, why=refused.code, choices=refused.params)
        else:
            yield Offer(action, allowed=True, choices=_choices(task, action, who, about))


_OFFERED: tuple[str, ...] = (
    "add_sign", "reduce_sign", "transfer", "delegate", "return", "ask", "answer", "cc", "comment", "confirm", "resubmit",
    "take_back", "pause", "go_on", "urge", "withdraw", "reassign", "resend", "exempt", "release",
)  # fmt: skip


_SEATED = frozenset(
    {"add_sign", "transfer", "delegate", "return", "ask", "answer", "confirm", "resubmit"}
)
"""What is done at a seat of one's own, also by operators."""


def _choices(task: TaskState, action: str, who: str, about: About) -> Mapping[str, Any]:
    seats = task.seats.values()
    match action:
        case "return":
            return {"to": [place_of(about, place) for place in places_of(about)]}
        case "reduce_sign":
            return {"seats": [s.id for s in seats if may_reduce(s, who)]}
        case "answer":
            mine = [s for s in seats if s.kind == "answer" and s.status == "open" and s.user == who]
            return {"questions": [{"seat": s.id, "by": s.added_by} for s in mine]}
        case "take_back":
            mine = [s for s in task.votes() if s.user == who and s.reason is None]
            return {"window_ends_at": (mine[-1].at or 0) + about.policy.take_back_ms}
        case "add_sign":
            return {"where": ["before", "after", "parallel"]}
        case "withdraw":
            return {"to": about.policy.withdraw}
        case _:
            return {}


def place_of(about: About, place: str) -> dict[str, Any]:
    """A place to return to, and how its token may go on from there."""
    back = place == INITIATOR or any(one.node == place and one.back for one in about.earlier)
    drawn = about.policy.after_return
    after = ["back", "forward"] if drawn == "ask" else [drawn]
    return {"id": place, "after": after if back else ["forward"]}


# --- who ---------------------------------------------------------------------------------------------------------------------


def forbidden(
    task: TaskState, action: str, who: str, about: About, operator: bool
) -> Refused | None:
    """Is it this person's to do, and does the drawing allow it, whatever the details?"""
    if not operator and not active(about, who):
        return Refused("you_have_left")
    if action in DRAWN and action not in about.policy.allow and not operator:
        return Refused("not_allowed", {"action": action})
    if action in OPERATORS:
        if not operator:
            return Refused("operators_only")
        if action == "exempt" and not about.policy.exempts:
            return Refused("not_allowed", {"action": action})
    elif not operator and (refused := _not_theirs(task, action, who, about)):
        return refused
    if action == "withdraw" and about.policy.withdraw == "never":
        return Refused("not_allowed", {"action": action})
    if action == "pause" and task.paused_since is not None:
        return Refused("paused")
    if action == "go_on" and task.paused_since is None:
        return Refused("not_paused")
    if action in _WHILE_AWAY:
        return None
    if is_away(task):
        return Refused("returned_already")
    if task.decided and action not in _WHILE_DECIDED:
        return Refused("task_closed")
    if action == "urge" and task.urged_at is not None:
        next_at = task.urged_at + URGE_MS
        if about.now_ms < next_at:
            return Refused("urged_lately", {"next_at": next_at})
    return None


_WHILE_AWAY = {"comment", "cc", "resubmit", "withdraw", "recheck", "answer", "confirm"}
"""What may be done while the initiator mends it."""
_WHILE_DECIDED = {"comment", "cc", "confirm", "urge", "resend", "reassign", "recheck", "answer"}
"""What may be done while it waits only for those who must confirm."""


def _not_theirs(task: TaskState, action: str, who: str, about: About) -> Refused | None:
    match action:
        case "urge" | "withdraw":
            return None if who == about.initiator else Refused("not_initiator")
        case "resubmit" | "answer" | "confirm":
            return None if open_seats(task, who, action) else Refused("not_yours")
        case "comment":
            known = who == about.initiator or any(s.user == who for s in task.seats.values())
            return None if known else Refused("not_yours")
        case "take_back":
            voted = any(seat.user == who and seat.nth for seat in task.seats.values())
            return None if voted else Refused("not_yours")
        case "reduce_sign":
            added = [seat for seat in task.seats.values() if may_reduce(seat, who)]
            return None if added else Refused("not_yours")
        case "cc":
            mine = [s for s in task.seats.values() if s.user == who and s.kind == "decide"]
            return None if any(s.live or s.nth for s in mine) else Refused("not_yours")
        case _:
            return None if open_seats(task, who, "decide") else Refused("not_yours")


def open_seats(task: TaskState, who: str, kind: str) -> list[Seat]:
    """Seats of this kind at which something is expected of this person now."""
    return [
        s for s in task.seats.values() if s.user == who and s.kind == kind and s.status == "open"
    ]


def may_reduce(seat: Seat, who: str) -> bool:
    """Who signed somebody on may sign them off, until they have decided."""
    return seat.live and seat.added_by == who and seat.origin.startswith("added_")


def is_away(task: TaskState) -> bool:
    """Has it been returned, and is it not back yet?"""
    return task.returning is not None


def places_of(about: About) -> list[str]:
    """Where a task may be returned to: node ids and `initiator`."""
    nodes = [one.node for one in about.earlier]
    mender = [INITIATOR] if active(about, about.initiator) else []
    match about.policy.return_to:
        case "previous":
            return nodes[:1] or mender
        case "initiator":
            return mender
        case "any":
            return [*nodes, *mender]
        case wanted:
            return [node for node in wanted if node in nodes]


def acting_for(about: About, user: str) -> Assigned | None:
    """The person, or who acts for them while they are away; None: away, and nobody does."""
    found = about.find([{"kind": "user", "id": user}])
    if not found:
        return None
    return next((one for one in found if user in (one.user, one.on_behalf_of)), None)


def active(about: About, user: str | None) -> bool:
    """Is this person still here?"""
    person = about.directory.find(user or "")
    return person is not None and person.active


def _no_vote(task: TaskState, who: str, about: About) -> Refused | None:
    found = last_vote(task, who, about)
    return found if isinstance(found, Refused) else None


def last_vote(task: TaskState, who: str, about: About) -> Refused | Seat:
    """The vote that this person may still take back while the task is open."""
    if not about.policy.take_back_ms:
        return Refused("not_allowed", {"action": "take_back"})
    mine = [seat for seat in task.votes() if seat.user == who and seat.reason is None]
    if not mine:
        return Refused("not_yours")
    seat = mine[-1]
    until = (seat.at or 0) + about.policy.take_back_ms
    if about.now_ms > until:
        return Refused("too_late", {"until": until})
    if seat.returns_to:
        went_on = task.seats[seat.returns_to].status != "open"
    else:
        went_on = any(
            other.nth > seat.nth and other.stage > seat.stage
            and (task.rule.mode == "sequence" or other.unit == seat.unit)
            for other in task.seats.values()
        )  # fmt: skip
    return Refused("already_went_on") if went_on else seat
