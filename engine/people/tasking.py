"""What a task is, and what people may do with it: every rule about who may do what when.

Pure, and asked twice: by the run, whose word is final (`engine/run/tasks.py`), and by the service, to show people what they may
do and to refuse at once. `act` answers what changes, or why not; nothing here changes a task.

A **seat** is one person's place in a task, a **stage** the seats that are asked together, a **round** a new asking after a
return: a visit of its own, with a task of its own, that may keep earlier votes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, replace
from typing import Any, Literal

from headrace.engine.duration import duration_ms
from headrace.engine.people.assign import Assigned
from headrace.engine.people.directory import Directory
from headrace.engine.people.voting import Rule, outcome

Status = Literal["waiting", "open", "done", "closed", "moved", "owner_waits", "copy"]
"""waiting: its turn has not come · open: asked · done: has decided · closed: by rule (`reason`) · moved: somebody else has it ·
owner_waits: a delegate is asked first · copy: reads along."""

Kind = Literal["decide", "cc", "confirm", "resubmit", "answer"]
"""decide: votes · cc: reads along · confirm: the same, and the flow waits until it was read · resubmit: the initiator mends what
was sent back · answer: was asked a question."""

LIVE = ("waiting", "open", "owner_waits")

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
        if seat.status == "waiting" and not any(_before(task, o, seat) for o in deciding):
            seat.status = "open"


def _before(task: TaskState, other: Seat, seat: Seat) -> bool:
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
    if about is not None and not _active(about, who):
        return Refused("you_have_left")
    if task.decided or _away(task):
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
    if action not in _ACTIONS:
        return Refused("unknown_action", {"action": action})
    if refused := _forbidden(task, action, who, about, operator):
        return refused
    work = _Work(task.copy(), who, args, about, operator)
    found = _ACTIONS[action](work)
    if isinstance(found, Refused):
        return found
    if len(work.task.seats) > SEATS_MAX:
        return Refused("too_many_seats", {"limit": SEATS_MAX})
    settle(work.task, about.now_ms)
    changed = [seat for id_, seat in work.task.seats.items() if seat != task.seats.get(id_)]
    fresh = [seat.id for seat in changed if seat.id not in task.seats]
    details = {name: value for name, value in work.details.items() if value not in (None, "", [])}
    return Changes(changed, min(fresh, default=0), work.fields, details, found)


def take_back(
    task: TaskState, port: str | None, at: int, who: str, about: About, *, moved_on: bool
) -> Refused | Seat:
    """May this person take back the decision that has ended the task? Answers the seat. `moved_on`: something was done after it."""
    if "take_back" not in about.policy.allow or not about.policy.take_back_ms:
        return Refused("not_allowed", {"action": "take_back"})
    if not _active(about, who):
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
        refused = _forbidden(task, action, who, about, operator)
        if refused is None and action in _SEATED:
            refused = _not_theirs(task, action, who, about)
        if refused is None and action == "take_back":
            refused = _no_vote(task, who, about)
        if refused is None and action == "return" and not _places(about):
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
            return {"to": [_place(about, place) for place in _places(about)]}
        case "reduce_sign":
            return {"seats": [s.id for s in seats if _may_reduce(s, who)]}
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


def _place(about: About, place: str) -> dict[str, Any]:
    back = place == INITIATOR or any(one.node == place and one.back for one in about.earlier)
    drawn = about.policy.after_return
    after = ["back", "forward"] if drawn == "ask" else [drawn]
    return {"id": place, "after": after if back else ["forward"]}


# --- who ---------------------------------------------------------------------------------------------------------------------


def _forbidden(
    task: TaskState, action: str, who: str, about: About, operator: bool
) -> Refused | None:
    """Is it this person's to do, and does the drawing allow it, whatever the details?"""
    if not operator and not _active(about, who):
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
    if _away(task):
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
            return None if _open_seats(task, who, action) else Refused("not_yours")
        case "comment":
            known = who == about.initiator or any(s.user == who for s in task.seats.values())
            return None if known else Refused("not_yours")
        case "take_back":
            voted = any(seat.user == who and seat.nth for seat in task.seats.values())
            return None if voted else Refused("not_yours")
        case "reduce_sign":
            added = [seat for seat in task.seats.values() if _may_reduce(seat, who)]
            return None if added else Refused("not_yours")
        case "cc":
            mine = [s for s in task.seats.values() if s.user == who and s.kind == "decide"]
            return None if any(s.live or s.nth for s in mine) else Refused("not_yours")
        case _:
            return None if _open_seats(task, who, "decide") else Refused("not_yours")


def _open_seats(task: TaskState, who: str, kind: str) -> list[Seat]:
    return [
        s for s in task.seats.values() if s.user == who and s.kind == kind and s.status == "open"
    ]


def _may_reduce(seat: Seat, who: str) -> bool:
    return seat.live and seat.added_by == who and seat.origin.startswith("added_")


def _away(task: TaskState) -> bool:
    return task.returning is not None


def _places(about: About) -> list[str]:
    """Where a task may be returned to: node ids and `initiator`."""
    nodes = [one.node for one in about.earlier]
    mender = [INITIATOR] if _active(about, about.initiator) else []
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


def _active(about: About, user: str | None) -> bool:
    person = about.directory.find(user or "")
    return person is not None and person.active


def _no_vote(task: TaskState, who: str, about: About) -> Refused | None:
    found = _last_vote(task, who, about)
    return found if isinstance(found, Refused) else None


def _last_vote(task: TaskState, who: str, about: About) -> Refused | Seat:
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


# --- what ----------------------------------------------------------------------------------------------------------------------

Then = tuple[str, Mapping[str, Any]] | None


@dataclass(slots=True)
class _Work:
    """One action at a copy of the task."""

    task: TaskState
    who: str
    args: Mapping[str, Any]
    about: About
    operator: bool
    details: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def now_ms(self) -> int:
        return self.about.now_ms

    def text(self, *names: str) -> str:
        """What was said, under the first of these names."""
        found = next((str(self.args[n]).strip() for n in names if self.args.get(n)), "")
        self.details["text"] = found
        return found

    def mine(self) -> Seat | Refused:
        """The seat at which this person acts."""
        open_ = _open_seats(self.task, self.who, "decide")
        wanted = self.args.get("seat")
        found = [seat for seat in open_ if not wanted or seat.id == wanted]
        return found[0] if found else Refused("not_yours")

    def add(self, user: str, **values: Any) -> Seat:
        """One more seat."""
        seat = Seat(max(self.task.seats, default=0) + 1, user, added_by=self.who, **values)
        self.task.seats[seat.id] = seat
        return seat

    def person(self, user: Any) -> Assigned | Refused:
        """Somebody a person has named: active, or represented by a substitute."""
        found = self.about.directory.find(str(user or ""))
        if found is None:
            return Refused("person_unknown", {"found": str(user)[:80]})
        if not found.active:
            return Refused("person_inactive", {"name": found.name})
        return acting_for(self.about, found.id) or Assigned(found.id)

    def people(self, name: str = "people") -> list[Assigned] | Refused:
        """People named in a list, each once, none of whom sits here already."""
        value = self.args.get(name)
        names = [value] if isinstance(value, str) else list(value or ())
        if not names:
            return Refused("nobody_named")
        found: dict[str, Assigned] = {}
        for one in names:
            person = self.person(one)
            if isinstance(person, Refused):
                return person
            found.setdefault(person.user, person)
        return list(found.values())

    def sits(self, user: str) -> bool:
        """Is this person asked already, or will be?"""
        return any(
            s.user == user and s.live and s.kind == "decide" for s in self.task.seats.values()
        )

    def name(self, user: str) -> str:
        person = self.about.directory.find(user)
        return person.name if person else user

    def take_over(self, seat: Seat, people: Sequence[Assigned], origin: str, reason: str) -> None:
        """These people have the seat now; of several one is enough."""
        fresh = []
        for one in people:
            new = self.add(
                one.user, status=seat.status, kind=seat.kind, on_behalf_of=one.on_behalf_of, unit=seat.unit, stage=seat.stage,
                weight=seat.weight, veto=seat.veto, any=seat.any or (seat.id if len(people) > 1 else 0), returns_to=seat.returns_to,
                origin="substitute" if one.on_behalf_of else origin,
            )  # fmt: skip
            fresh.append(new.id)
        for other in self.task.seats.values():
            if other.returns_to == seat.id:
                other.returns_to = fresh[0]
        seat.status, seat.reason, seat.at = "moved", reason, self.now_ms
        self.details.setdefault("moved", []).extend([seat.id, id_] for id_ in fresh)


def _add_sign(work: _Work) -> Then | Refused:
    mine = work.mine()
    people = work.people()
    where = work.args.get("where", "parallel")
    if isinstance(mine, Refused):
        return mine
    if isinstance(people, Refused):
        return people
    if where not in {"before", "after", "parallel"}:
        return Refused("unknown_place", {"found": str(where)[:40]})
    if mine.returns_to and where != "before":
        return Refused("only_an_opinion")
    for one in people:
        if work.sits(one.user):
            return Refused("already_asked", {"name": work.name(one.user)})
    stage = mine.stage
    if where != "parallel":
        begins = stage if where == "before" else stage + 1
        for seat in work.task.seats.values():
            if seat.stage >= begins and (
                work.task.rule.mode == "sequence" or seat.unit == mine.unit
            ):
                seat.stage += 1
        stage = begins
    if where == "before":
        mine.status = "waiting"
    one_is_enough = where != "parallel" and work.args.get("rule") == "any" and len(people) > 1
    batch = max(work.task.seats) + 1 if one_is_enough else 0
    for one in people:
        work.add(
            one.user, origin=f"added_{where}", on_behalf_of=one.on_behalf_of, stage=stage,
            status="waiting" if where == "after" else "open", unit=0 if where == "parallel" else mine.unit,
            any=batch, returns_to=mine.returns_to if where == "before" else 0,
            weight=mine.weight if where != "parallel" else 1,
        )  # fmt: skip
    work.text("text", "reason", "comment")
    work.details |= {"where": where, "to": [one.user for one in people], "seat": mine.id}
    return None


def _reduce_sign(work: _Work) -> Then | Refused:
    wanted = work.args.get("seats") or []
    if not wanted:
        return Refused("nobody_named")
    for id_ in wanted:
        seat = work.task.seats.get(id_)
        if seat is None or not seat.live:
            return Refused("seat_not_asked", {"seat": id_})
        if not work.operator and not _may_reduce(seat, work.who):
            return Refused("not_added_by_you", {"name": work.name(seat.user)})
        close(seat, "reduced", work.now_ms)
    work.text("reason", "text", "comment")
    work.details |= {"to": [work.task.seats[id_].user for id_ in wanted], "seats": list(wanted)}
    return None


def _transfer(work: _Work) -> Then | Refused:
    mine, to = work.mine(), work.person(work.args.get("to"))
    if isinstance(mine, Refused):
        return mine
    if isinstance(to, Refused):
        return to
    if to.user == work.who:
        return Refused("that_is_you")
    if work.sits(to.user):
        return Refused("already_asked", {"name": work.name(to.user)})
    work.text("reason", "text", "comment")
    work.details |= {"to": to.user, "seat": mine.id}
    work.take_over(mine, [to], "transferred", "transferred")
    return None


def _delegate(work: _Work) -> Then | Refused:
    mine, to = work.mine(), work.person(work.args.get("to"))
    if isinstance(mine, Refused):
        return mine
    if isinstance(to, Refused):
        return to
    if to.user == work.who:
        return Refused("that_is_you")
    if work.sits(to.user):
        return Refused("already_asked", {"name": work.name(to.user)})
    work.text("reason", "text", "comment")
    work.details |= {"to": to.user, "seat": mine.id}
    work.add(
        to.user, origin="delegated", on_behalf_of=to.on_behalf_of, unit=mine.unit, stage=mine.stage, returns_to=mine.id
    )  # fmt: skip
    mine.status = "owner_waits"
    return None


def _cc(work: _Work) -> Then | Refused:
    people = work.people()
    if isinstance(people, Refused):
        return people
    known = {s.user for s in work.task.seats.values() if s.kind in {"cc", "confirm"}}
    fresh = [one for one in people if one.user not in known]
    if not fresh:
        return Refused("already_asked", {"name": work.name(people[0].user)})
    confirm = bool(work.args.get("confirm"))
    for one in fresh:
        work.add(
            one.user, kind="confirm" if confirm else "cc", status="open" if confirm else "copy", origin="cc",
            on_behalf_of=one.on_behalf_of,
        )  # fmt: skip
    work.text("text", "comment", "reason")
    work.details |= {"to": [one.user for one in fresh], "confirm": confirm or None}
    return None


def _confirm(work: _Work) -> Then | Refused:
    mine = _open_seats(work.task, work.who, "confirm")
    if not mine:
        return Refused("not_yours")
    seat = mine[0]
    seat.status, seat.at, seat.comment = "done", work.now_ms, work.text("comment", "text")
    work.details["seat"] = seat.id
    if work.task.decided is None or _still_unconfirmed(work.task):
        return None
    result, why, by = work.task.decided
    return "decide", {"result": result, "why": why, "by": by}


def _comment(work: _Work) -> Then | Refused:
    return None if work.text("text", "comment") else Refused("text_missing")


def _ask(work: _Work) -> Then | Refused:
    mine, to = work.mine(), work.person(work.args.get("to"))
    if isinstance(mine, Refused):
        return mine
    if isinstance(to, Refused):
        return to
    if to.user == work.who:
        return Refused("that_is_you")
    if not work.text("text", "comment"):
        return Refused("text_missing")
    seat = work.add(to.user, kind="answer", origin="asked", on_behalf_of=to.on_behalf_of)
    work.details |= {"to": to.user, "seat": seat.id}
    return None


def _answer(work: _Work) -> Then | Refused:
    open_ = _open_seats(work.task, work.who, "answer")
    wanted = work.args.get("question")
    seat = next((s for s in open_ if not wanted or s.id == wanted), None)
    if seat is None:
        return Refused("question_unknown", {"question": wanted})
    if not work.text("text", "comment"):
        return Refused("text_missing")
    seat.status, seat.at, seat.comment = "done", work.now_ms, work.details["text"]
    work.details |= {"to": seat.added_by, "seat": seat.id}
    return None


def _urge(work: _Work) -> Then | Refused:
    asked = list(dict.fromkeys(seat.user for seat in work.task.asked()))
    if not asked:
        return Refused("nobody_to_urge")
    work.fields["urged_at"] = work.now_ms
    work.text("text", "comment")
    work.details["to"] = asked
    return None


def _resend(work: _Work) -> Then | Refused:
    """Everybody asked is told again; who has gone is replaced. No seat is made twice."""
    then = _recheck(work)
    work.details["to"] = list(dict.fromkeys(seat.user for seat in work.task.asked()))
    return then


def _pause(work: _Work) -> Then | Refused:
    work.fields["paused_since"] = work.now_ms
    work.text("reason", "text", "comment")
    return None


def _go_on(work: _Work) -> Then | Refused:
    work.fields["paused_since"] = None
    work.details["shift_ms"] = work.now_ms - (work.task.paused_since or work.now_ms)
    return None


def _take_back(work: _Work) -> Then | Refused:
    seat = _last_vote(work.task, work.who, work.about)
    if isinstance(seat, Refused):
        return seat
    task = work.task
    seat.status, seat.decision, seat.comment, seat.form, seat.at, seat.nth = (
        "open",
        None,
        "",
        None,
        None,
        0,
    )
    if seat.returns_to:
        task.seats[seat.returns_to].status = "owner_waits"
    for other in task.seats.values():
        again = other.unit == seat.unit and other.reason in {"unit_rejected", "one_was_enough"}
        if again and _active(work.about, other.user):
            other.status, other.reason, other.at = "waiting", None, None
        if other.status == "open" and other.kind == "decide" and _before(task, seat, other):
            other.status = "waiting"
    work.text("reason", "text", "comment")
    work.details["seat"] = seat.id
    return None


def _withdraw(work: _Work) -> Then | Refused:
    reason = work.text("reason", "text", "comment")
    if work.about.policy.withdraw == "start" and not work.args.get("cancel"):
        if _away(work.task):
            return Refused("returned_already")
        return _to_initiator(work, "forward", keep=False, seat=0)
    work.details["ends"] = "cancelled"
    return "cancel", {"reason": reason or "withdrawn by the one who started it"}


def _return(work: _Work) -> Then | Refused:
    mine = work.mine()
    if isinstance(mine, Refused):
        return mine
    about, policy = work.about, work.about.policy
    to = str(work.args.get("to") or "")
    places = _places(about)
    if to == "previous":
        to = next((one.node for one in about.earlier), INITIATOR)
    if to not in places:
        return Refused("cannot_return_there", {"to": to, "allowed": places})
    allowed = _place(about, to)["after"]
    after = work.args.get("after") or allowed[0]
    if after not in allowed:
        return Refused("cannot_go_on_so", {"after": str(after)[:40], "allowed": allowed})
    keep = bool(work.args.get("keep_votes", policy.keep_votes))
    text = work.text("comment", "text", "reason")
    form = work.args.get("form")
    cast(work.task, mine, "returned", text, form, work.now_ms)
    work.details |= {"after": after, "keep_votes": keep, "seat": mine.id}
    if to == INITIATOR:
        return _to_initiator(work, after, keep=keep, seat=mine.id)
    work.details |= {"to": to, "ends": "returned"}
    where = {"to": to, "after": after, "keep": keep, "by": work.who, "text": text}
    work.fields["returning"] = where
    _close_all(work, "returned")
    return "return", where


def _to_initiator(work: _Work, after: str, *, keep: bool, seat: int) -> Then | Refused:
    """The one who started it mends it; the task stays open with a seat for that."""
    if not _active(work.about, work.about.initiator):
        return Refused("no_initiator")
    _close_all(work, "returned" if seat else "withdrawn")
    assert work.about.initiator is not None
    work.add(work.about.initiator, kind="resubmit", origin="initiator")
    work.fields["returning"] = {"to": INITIATOR, "after": after, "keep": keep, "by": work.who}
    work.details |= {"to": INITIATOR, "after": after}
    return None


def _close_all(work: _Work, reason: str) -> None:
    for seat in work.task.seats.values():
        if seat.live and seat.kind != "answer":
            close(seat, reason, work.now_ms)


def _resubmit(work: _Work) -> Then | Refused:
    mine = _open_seats(work.task, work.who, "resubmit")
    if not mine:
        return Refused("not_yours")
    seat = mine[0]
    seat.status, seat.at = "done", work.now_ms
    seat.comment, seat.form = work.text("comment", "text", "reason"), work.args.get("form")
    where = work.task.returning or {}
    work.details |= {"seat": seat.id, "ends": "returned", "after": where.get("after")}
    return "resubmit", {**where, "variables": work.args.get("variables") or work.args.get("form")}


def _reassign(work: _Work) -> Then | Refused:
    """An operator hands seats over: one, or all of somebody; to somebody, or by policy."""
    if id_ := work.args.get("seat"):
        seats = [s for s in work.task.seats.values() if s.id == id_ and s.live]
    else:
        seats = [s for s in work.task.seats.values() if s.user == work.args.get("from") and s.live]
        if of := work.args.get("of"):
            seats = [s for s in seats if s.on_behalf_of == of]
    if not seats:
        return Refused("seat_not_asked", {"seat": id_ or 0})
    work.text("reason", "text", "comment")
    work.details["from"] = seats[0].user
    if work.args.get("to") is None:
        for seat in seats:
            _replace(work, seat, "handed_over")
        return _somebody_left(work)
    to = work.person(work.args["to"])
    if isinstance(to, Refused):
        return to
    if all(seat.user == to.user for seat in seats):
        return Refused("no_change")
    if of := work.args.get("on_behalf_of"):
        to = Assigned(to.user, "substitute", str(of))
    for seat in seats:
        if seat.user != to.user:
            work.take_over(seat, [to], "transferred", "handed_over")
    work.details["to"] = to.user
    return None


def _recheck(work: _Work) -> Then | Refused:
    """Nobody who has left, or is away with a substitute, is asked any more."""
    for seat in list(work.task.seats.values()):
        if seat.status == "copy" and not _active(work.about, seat.user):
            close(seat, "left", work.now_ms)
        elif seat.live and not _active(work.about, seat.user):
            _replace(work, seat, "left")
        elif seat.live and seat.kind in {"decide", "confirm"}:
            acting = acting_for(work.about, seat.user)
            if acting is None:  # away, and nobody acts for them
                found = [] if _enough(work, seat) else work.about.instead(seat, "policy")
                people = [one for one in found if not work.sits(one.user)]
                if people and seat.kind == "decide":
                    work.take_over(seat, people, people[0].origin, "away")
            elif acting.user != seat.user and not work.sits(acting.user):
                work.take_over(seat, [acting], "substitute", "away")
    return _somebody_left(work)


def _replace(work: _Work, seat: Seat, reason: str) -> None:
    """By policy: backup, superior, fallback; not needed where one is enough and others are asked."""
    if seat.kind in {"confirm", "answer"} or seat.returns_to:
        close(seat, reason, work.now_ms)
        return
    found = [] if _enough(work, seat) else work.about.instead(seat, "policy")
    people = [one for one in found if not work.sits(one.user) and one.user != seat.user]
    if people:
        work.take_over(seat, people, people[0].origin, reason)
    else:
        close(seat, reason, work.now_ms)


def _enough(work: _Work, seat: Seat) -> bool:
    """Is somebody else asked, and one of them enough?"""
    return any(
        s.live and s is not seat and s.kind == "decide" and not s.returns_to and _active(work.about, s.user)
        and (work.task.rule.mode == "any" or (s.any and s.any == seat.any))
        for s in work.task.seats.values()
    )  # fmt: skip


def _somebody_left(work: _Work) -> Then:
    """Is anybody still expected to act? Else the votes there are decide, or people are looked for anew."""
    task, seats = work.task, work.task.seats.values()
    if task.decided:
        if _still_unconfirmed(task):
            return None
        result, why, by = task.decided
        return "decide", {"result": result, "why": why, "by": by}
    if any(seat.live and seat.kind in {"decide", "resubmit"} for seat in seats):
        return None
    if not _away(task) and outcome(task.rule, seats) is not None:
        return None
    return "nobody", {}


def _still_unconfirmed(task: TaskState) -> bool:
    return any(seat.kind == "confirm" and seat.status == "open" for seat in task.seats.values())


def _escalate(work: _Work) -> Then | Refused:
    index = int(work.args.get("index", 0))
    if index >= len(work.about.policy.escalation):
        return Refused("no_such_step", {"index": index})
    row = work.about.policy.escalation[index]
    do = row["do"]
    work.details |= {
        "index": index,
        "do": do,
        "sms": row.get("sms") or None,
        "time": work.args.get("time"),
    }
    asked = [seat for seat in work.task.asked() if seat.kind == "decide"]
    match do:
        case "approve" | "reject":
            work.details["closes"] = "escalated"
            result = "approved" if do == "approve" else "rejected"
            return "decide", {"result": result, "why": "escalated", "by": work.who}
        case "remind":
            # Without `to` the superiors hear of it (R094).
            named = row.get("to")
            superiors = (one for seat in asked for one in work.about.instead(seat, "superior"))
            also = [one.user for one in (work.about.find(named) if named else superiors)]
            work.details["to"] = list(dict.fromkeys([*(s.user for s in work.task.asked()), *also]))
            return None
        case "transfer":
            found = list(work.about.find(row.get("to", ())))
            for seat in asked:
                _escalated(work, seat, found or work.about.instead(seat, "superior"))
        case _:
            for seat in asked:
                _escalated(work, seat, work.about.instead(seat, do))
    work.details["to"] = list(dict.fromkeys(seat.user for seat in work.task.asked()))
    return None


def _escalated(work: _Work, seat: Seat, found: Sequence[Assigned]) -> None:
    """Who stays silent loses the seat to them; where there is nobody, it stays."""
    people = [one for one in found if not work.sits(one.user)]
    if people:
        work.take_over(seat, people, "escalated", "escalated")


def _exempt(work: _Work) -> Then | Refused:
    if not work.text("reason", "text", "comment"):
        return Refused("reason_missing")
    work.details["closes"] = "exempted"
    return "decide", {"result": "approved", "why": "exempted", "by": work.who}


def _release(work: _Work) -> Then | Refused:
    if not work.text("reason", "text", "comment"):
        return Refused("reason_missing")
    work.details["closes"] = "released"
    return "decide", {"result": "approved", "why": "released", "by": work.who}


_ACTIONS: Mapping[str, Callable[[_Work], Then | Refused]] = {
    "add_sign": _add_sign,
    "reduce_sign": _reduce_sign,
    "transfer": _transfer,
    "delegate": _delegate,
    "cc": _cc,
    "confirm": _confirm,
    "comment": _comment,
    "ask": _ask,
    "answer": _answer,
    "urge": _urge,
    "resend": _resend,
    "pause": _pause,
    "go_on": _go_on,
    "take_back": _take_back,
    "withdraw": _withdraw,
    "return": _return,
    "resubmit": _resubmit,
    "reassign": _reassign,
    "recheck": _recheck,
    "escalate": _escalate,
    "exempt": _exempt,
    "release": _release,
}
