"""What people do with a task, and what that changes; the door to its rules for everybody else.

Three parts: what a task is (`seats.py`), who may do what (`acting.py`), and here what an action does. Pure: `act` answers what
changes, or why not; nothing here changes a task. The run's word is final (`engine/run/tasks.py`); the service asks the same before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headrace.engine.people.acting import (
    ALLOWED,
    DRAWN,
    INITIATOR,
    OPERATORS,
    URGE_MS,
    About,
    Action,
    Changes,
    Earlier,
    Offer,
    Policy,
    Refused,
    acting_for,
    active,
    forbidden,
    is_away,
    last_vote,
    may_reduce,
    may_vote,
    offers,
    open_seats,
    place_of,
    places_of,
    policy_of,
    take_back,
)
from headrace.engine.people.assign import Assigned
from headrace.engine.people.seats import (
    LIVE,
    SEATS_MAX,
    Kind,
    Seat,
    Status,
    TaskState,
    before,
    cast,
    close,
    from_json,
    plain,
    seat_from_json,
    seat_to_json,
    settle,
    to_json,
)
from headrace.engine.people.voting import outcome

__all__ = [
    "ALLOWED",
    "DRAWN",
    "INITIATOR",
    "LIVE",
    "OPERATORS",
    "SEATS_MAX",
    "URGE_MS",
    "About",
    "Action",
    "Changes",
    "Earlier",
    "Kind",
    "Offer",
    "Policy",
    "Refused",
    "Seat",
    "Status",
    "TaskState",
    "act",
    "acting_for",
    "cast",
    "from_json",
    "may_vote",
    "offers",
    "plain",
    "policy_of",
    "seat_from_json",
    "seat_to_json",
    "settle",
    "take_back",
    "to_json",
]


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
    if refused := forbidden(task, action, who, about, operator):
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
        open_ = open_seats(self.task, self.who, "decide")
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
        if not work.operator and not may_reduce(seat, work.who):
            return Refused("not_added_by_you", {"name": work.name(seat.user)})
        close(seat, "reduced", work.now_ms)
    work.text("reason", "text", "comment")
    work.details |= {"to": [work.task.seats[id_].user for id_ in wanted], "seats": list(wanted)}
    return None


def _given_to(work: _Work) -> tuple[Seat, Assigned] | Refused:
    """The seat that somebody gives away, and to whom: neither themselves nor anybody who is asked anyhow."""
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
    return mine, to


def _transfer(work: _Work) -> Then | Refused:
    given = _given_to(work)
    if isinstance(given, Refused):
        return given
    mine, to = given
    work.take_over(mine, [to], "transferred", "transferred")
    return None


def _delegate(work: _Work) -> Then | Refused:
    given = _given_to(work)
    if isinstance(given, Refused):
        return given
    mine, to = given
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
    mine = open_seats(work.task, work.who, "confirm")
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
    open_ = open_seats(work.task, work.who, "answer")
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
    seat = last_vote(work.task, work.who, work.about)
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
        if again and active(work.about, other.user):
            other.status, other.reason, other.at = "waiting", None, None
        if other.status == "open" and other.kind == "decide" and before(task, seat, other):
            other.status = "waiting"
    work.text("reason", "text", "comment")
    work.details["seat"] = seat.id
    return None


def _withdraw(work: _Work) -> Then | Refused:
    reason = work.text("reason", "text", "comment")
    if work.about.policy.withdraw == "start" and not work.args.get("cancel"):
        if is_away(work.task):
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
    places = places_of(about)
    if to == "previous":
        to = next((one.node for one in about.earlier), INITIATOR)
    if to not in places:
        return Refused("cannot_return_there", {"to": to, "allowed": places})
    allowed = place_of(about, to)["after"]
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
    if not active(work.about, work.about.initiator):
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
    mine = open_seats(work.task, work.who, "resubmit")
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
        if seat.status == "copy" and not active(work.about, seat.user):
            close(seat, "left", work.now_ms)
        elif seat.live and not active(work.about, seat.user):
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
        s.live and s is not seat and s.kind == "decide" and not s.returns_to and active(work.about, s.user)
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
    if not is_away(task) and outcome(task.rule, seats) is not None:
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
