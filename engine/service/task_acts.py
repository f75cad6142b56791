"""Deciding and acting on a task: one operation of the writer each, which locks the instance first, so that of two people at the
same moment the second finds how the task stands after the first, and is told so.

The rules are those of `people/tasking.py`; the run asks them again and has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.errors import (
    Conflict,
    Forbidden,
    FormChanged,
    HeadraceError,
    NotFound,
    Problem,
    Refused,
    Suspended,
    TooManyRequests,
    ValidationFailed,
)
from headrace.engine.flow.forms import check_form
from headrace.engine.people import tasking
from headrace.engine.run import commands as c
from headrace.engine.run.state import Instance
from headrace.engine.service import (
    decisions,
    exemptions,
    forms,
    nonces,
    task_rules,
    task_shown,
)
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import advance
from headrace.engine.service.decisions import Caller
from headrace.engine.service.starts import start_form
from headrace.engine.service.task_changes import edits
from headrace.engine.service.task_shown import DECISIONS, GONE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import instances, tasks

COMMENT_MAX = 4_000
"""Characters of a comment: a page, not a file."""

WEB = Caller("web")

ANSWERED = ("status", "revision", "round", "ended_at")
"""What is kept of the first answer to a nonce."""


def decide(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    decision: str,
    *,
    comment: str = "",
    form: Mapping[str, Any] | None = None,
    nonce: str | None = None,
    form_version: str | None = None,
    caller: Caller = WEB,
) -> dict[str, Any]:
    """Approve, reject or return. Raises `Conflict` with the task as it is now when it is no longer this person's to decide.

    A nonce that comes again gets the first answer again (`answer`, `repeated`).
    """
    from headrace.engine.service.tasks import detail

    actor.require("tasks:decide")
    request = nonces.request_of(decision, {"comment": comment, "form": form})

    def operation(connection: Connection) -> tuple[Mapping[str, Any], bool]:
        found = _found(workspace, connection, actor, id_, nonce)
        if (kept := found.kept(request)) is not None:
            return kept, True
        vote_now(workspace, connection, found, decision, comment, form, form_version, caller)
        return found.answer(decision, request), False

    answer, repeated = workspace.writer.call(operation)
    return {**detail(workspace, actor, id_), "answer": answer, "repeated": repeated}


def act(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    action: str,
    args: Mapping[str, Any] | None = None,
    *,
    revision: int | None = None,
    nonce: str | None = None,
    caller: Caller = WEB,
) -> dict[str, Any]:
    """Do something with a task but vote: add people, hand it on, send it back, ask, urge … (see `ACTIONS`)."""
    from headrace.engine.service.tasks import detail

    actor.require("tasks:decide")
    told = dict(args or {})
    _check_args(action, told)
    request = nonces.request_of(action, told)

    def operation(connection: Connection) -> tuple[Mapping[str, Any], bool]:
        found = _found(workspace, connection, actor, id_, nonce)
        if (kept := found.kept(request)) is not None:
            return kept, True
        if revision is not None and revision != found.row.revision:
            raise found.conflict(f"revision {revision}", f"revision {found.row.revision}")
        act_now(workspace, connection, found, action, told, caller)
        return found.answer(action, request), False

    answer, repeated = workspace.writer.call(operation)
    try:
        task = detail(workspace, actor, id_)
    except Forbidden:  # who has handed a task on does not see it any more
        task = None
    return {"task": task, "answer": answer, "repeated": repeated}


# --- inside an operation ---------------------------------------------------------------------------


class Found:
    """A task whose instance is locked, as it stands, and the nonce that came."""

    def __init__(
        self,
        workspace: Workspace,
        connection: Connection,
        actor: Actor,
        row: Any,
        status: str,
        nonce: str | None,
    ) -> None:
        self.workspace, self.connection, self.actor = workspace, connection, actor
        self.row: Any = row
        self.status = status
        self.seats: Sequence[Row[Any]] = tasks.seats(connection, row.id)
        self.nonce_text = nonce
        self.nonce = nonces.read(workspace, nonce, row, actor.user_id) if nonce else None

    def again(self) -> None:
        """Read it again, after something was done."""
        self.row = tasks.find(self.connection, self.row.id)
        self.seats = tasks.seats(self.connection, self.row.id)

    def current(self) -> dict[str, Any]:
        """How it stands."""
        people = self.workspace.directory(self.connection).people
        return task_shown.current(self.row, self.seats, self.actor.user_id, people)

    def conflict(self, expected: str, found: str) -> Conflict:
        """Somebody was faster."""
        return Conflict(expected=expected, found=found, current=self.current())

    def kept(self, request: str) -> Mapping[str, Any] | None:
        """The first answer, when this nonce was used for the same before."""
        if self.nonce_text is None:
            return None
        used = tasks.used_nonce(self.connection, nonces.id_of(self.nonce_text))
        if used is None:
            return None
        if used.request != request:
            raise self.conflict("a nonce that has not been used", f"one used for {used.action}")
        answer: Mapping[str, Any] = used.answer
        return answer

    def answer(self, action: str, request: str) -> dict[str, Any]:
        """What is answered; kept with the nonce."""
        self.again()
        told = self.current()
        answer = {"action": action, **{name: told[name] for name in ANSWERED}}
        if self.nonce_text is not None:
            tasks.use_nonce(
                self.connection,
                {
                    "id": nonces.id_of(self.nonce_text),
                    "task_id": self.row.id,
                    "instance_id": self.row.instance_id,
                    "user_id": self.actor.user_id,
                    "request": request,
                    "action": action[:24],
                    "answer": answer,
                    "used_at": self.workspace.clock.now_ms(),
                },
            )
        return answer


def _found(
    workspace: Workspace, connection: Connection, actor: Actor, id_: str, nonce: str | None
) -> Found:
    """Lock the instance, then read: of two voters in two processes the second finds the task decided."""
    status = instances.status(connection, id_.rpartition(".")[0], lock=True)
    row = tasks.find(connection, id_)
    if row is None or status is None:
        raise NotFound(kind="task", id=id_)
    return Found(workspace, connection, actor, row, status, nonce)


def find_for(
    workspace: Workspace, connection: Connection, actor: Actor, id_: str, nonce: str | None = None
) -> Found:
    """A task to act on, inside an operation of the writer; its instance is locked."""
    return _found(workspace, connection, actor, id_, nonce)


def vote_now(
    workspace: Workspace,
    connection: Connection,
    found: Found,
    decision: str,
    comment: str,
    form: Mapping[str, Any] | None,
    form_version: str | None,
    caller: Caller,
    *,
    seat: int = 0,
) -> None:
    """One vote, checked and applied."""
    row, user_id = found.row, found.actor.user_id
    asked = [s for s in found.seats if s.user_id == user_id and s.kind == "decide"]
    if not [s for s in asked if s.status not in GONE]:
        raise Forbidden(permission=f"to decide task {row.id}")
    if not seat and found.nonce is not None and found.nonce.seat in {s.seat for s in asked}:
        # Somebody with two seats means the one they were shown, not the next one.
        seat = found.nonce.seat
    wanted = [s for s in asked if seat in (0, s.seat)]
    mine = next((s for s in wanted if s.status == "open"), None)
    if row.status != "open" or mine is None:
        stands = f"{row.id} is {row.status}"
        if row.status == "open":
            stands += f", your part of it {(wanted or asked)[-1].status}"
        raise found.conflict("an open task", stands)
    if found.status == "suspended":
        raise Suspended(id=row.instance_id, current={"status": found.status})
    if found.nonce is not None and found.nonce.round != row.round:
        raise found.conflict(f"a nonce for round {row.round}", f"one for round {found.nonce.round}")
    told = form_version or (found.nonce.form if found.nonce else None)
    shown = form_shown(workspace, connection, row, found.seats, found.actor)
    now = nonces.form_version(row, shown)
    if told is not None and told != now:
        current = {**found.current(), "form": shown}
        raise FormChanged(expected=now, found=told, current=current)
    kept = _checked(workspace, connection, found, decision, comment, form)
    before = {"show": row.show, **({"form": shown["value"]} if shown else {})}
    vote = c.Vote(
        row.step,
        user_id,
        decision,
        comment,
        kept,
        workspace.clock.now_ms(),
        mine.seat,
        caller.via,
        mine.on_behalf_of,
    )
    caller = _with(caller, before)
    with decisions.told_by(workspace, caller):
        advance(workspace, connection, [row.instance_id], [(row.instance_id, vote)])
    found.again()
    after = next(s for s in found.seats if s.seat == mine.seat)
    if after.decision != decision:
        raise found.conflict("a seat that is asked", f"seat {mine.seat}, which is {after.status}")


def act_now(
    workspace: Workspace,
    connection: Connection,
    found: Found,
    action: str,
    args: Mapping[str, Any],
    caller: Caller,
    *,
    operator: bool | None = None,
) -> None:
    """One act, checked and applied."""
    row, actor = found.row, found.actor
    _check_concerned(found, action)
    if found.status == "suspended":
        raise Suspended(id=row.instance_id, current={"status": found.status})
    by_operator = actor.may(task_rules.OPERATE) if operator is None else operator
    # What these need besides is asked below: a permission of their own, a quota.
    by_operator = by_operator or action in task_rules.OWN_RULES
    instance_row = instances.find(connection, row.instance_id)
    instance = instances.load_one(connection, instance_row)
    known = task_rules.standing(workspace, connection, row, instance)
    if known is not None:
        task, about = known
        refused = tasking.act(task, action, actor.user_id, args, about, operator=by_operator)
        if isinstance(refused, tasking.Refused):
            raise refusal(found, action, refused)
    else:
        _check_over(workspace, connection, found, instance, action)
    if action == "resubmit" and args.get("variables"):
        args = {
            **args,
            "variables": _mended(workspace, connection, instance, actor, args["variables"]),
        }
    if action == "release":
        actor.require(task_rules.RELEASE)
    if action == "exempt":
        exemptions.use(workspace, connection, row, actor, str(args["reason"]))
    revision = row.revision
    command = c.TaskAct(
        row.step,
        action,
        actor.user_id,
        dict(args),
        workspace.clock.now_ms(),
        by_operator,
        caller.via,
    )
    with decisions.told_by(workspace, _with(caller, {"status": row.status, "show": row.show})):
        advance(workspace, connection, [row.instance_id], [(row.instance_id, command)])
    found.again()
    if found.row.revision == revision and found.row.status == row.status:
        raise found.conflict(f"a task with which one may {action} now", f"{row.id}, {row.status}")


def _mended(
    workspace: Workspace,
    connection: Connection,
    instance: Instance,
    actor: Actor,
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """Who mends what was sent back changes what was asked for at the start, and nothing else, by the same rules: rights of the
    form, what is worked out, files. Answers the variables as they will be."""
    flow = workspace.flow(connection, instance.flow_key, instance.version)
    known = flow.input_schema.get("properties", {})
    wanted = dict(given)
    problems = [
        Problem(f"/variables/{name}", "unknown_property", {"name": name}, f"Expected an input of this flow, but found {name}.")
        for name in given
        if name not in known
    ]  # fmt: skip
    form = start_form(flow)
    key = form["x-into"] if form else None
    if not problems and form and key and isinstance(given.get(key), Mapping):
        patch, problems = forms.checked(
            workspace, connection, form, instance.variables, (), given[key], actor, instance.id
        )
        at = f"/variables/{key}"
        problems = [replace(p, path=at + p.path.removeprefix("/form")) for p in problems]
        wanted[key] = {**instance.variables.get(key, {}), **(patch or {})}
        wanted[key] = {name: value for name, value in wanted[key].items() if value is not None}
    if not problems:
        kept = {name: value for name, value in instance.variables.items() if name in known}
        found = flow.check_input({**kept, **wanted})
        problems = [Problem(f"/variables{p.path}", p.code, p.params, p.message) for p in found]
    if problems:
        raise ValidationFailed(what="resubmit", count=len(problems), problems=problems)
    return wanted


def _check_over(
    workspace: Workspace, connection: Connection, found: Found, instance: Instance, action: str
) -> None:
    """Of a task that has been decided only the decision itself can be taken back, by the last who decided."""
    row = found.row
    if action == "take_back":
        actor = found.actor
        taken = task_rules.take_back(workspace, connection, row, instance, actor.user_id)
        if taken is not None:
            if isinstance(taken[0], tasking.Refused):
                raise refusal(found, action, taken[0])
            return
    raise found.conflict("an open task", f"{row.id} is {row.status}")


def refusal(found: Found, action: str, refused: tasking.Refused) -> HeadraceError:
    """A refusal of the rules as an error: who may not is 403, what is told wrongly 422, all else a matter of the moment."""
    code, params = refused.code, dict(refused.params)
    if code == "urged_lately":
        wait_s = max(1, (int(params.get("next_at", 0)) - found.workspace.clock.now_ms()) // 1_000)
        window_s = tasking.URGE_MS // 1_000
        return TooManyRequests(limit=1, window_s=window_s, retry_after_s=wait_s)
    if code in FORBIDDEN:
        return Forbidden(permission=f"to {action} task {found.row.id} ({code})", why=code)
    if code in WRONG:
        place, expected = WRONG[code]
        told = ", ".join(f"{name} {value}" for name, value in params.items()) or "otherwise"
        problem = Problem(place, code, params, f"Expected {expected}, but found {told}.")
        return ValidationFailed(what=action, count=1, problems=[problem])
    return Refused(action=action, why=code, params=params, current=found.current())


FORBIDDEN = frozenset({"not_yours", "not_initiator", "operators_only", "not_allowed"})
"""Refusals that are about who asks, or what the drawing forbids."""

WRONG: Mapping[str, tuple[str, str]] = {
    "nobody_named": ("/people", "somebody"),
    "person_unknown": ("/people", "people of this workspace"),
    "person_inactive": ("/people", "people who are still here"),
    "already_asked": ("/people", "people who are not asked yet"),
    "that_is_you": ("/to", "somebody else"),
    "unknown_place": ("/where", "before, after or parallel"),
    "too_many_seats": ("/people", "fewer people"),
    "not_added_by_you": ("/seats", "seats that you have added"),
    "text_missing": ("/text", "a text"),
    "reason_missing": ("/reason", "a reason"),
    "question_unknown": ("/question", "a question that you were asked"),
    "cannot_return_there": ("/to", "a place one can return it to"),
    "cannot_go_on_so": ("/after", "forward or back as the drawing allows"),
    "no_change": ("/to", "another person"),
}
"""Refusals of what was told: where, and what was expected."""


def _check_concerned(found: Found, action: str) -> None:
    """Who has nothing to do with the task hears no more of it than that it is there."""
    if action == "exempt" and exemptions.may_look(
        found.workspace, found.connection, found.row, found.actor
    ):
        return
    actor = found.actor
    has_seat = any(s.user_id == actor.user_id and s.status not in GONE for s in found.seats)
    if not (has_seat or found.row.initiator == actor.user_id or actor.may(task_rules.OPERATE)):
        raise Forbidden(permission=f"to act on task {found.row.id}")


def _with(caller: Caller, before: Mapping[str, Any]) -> Caller:
    return Caller(caller.via, caller.ip, caller.client, caller.batch_id, before)


def form_shown(
    workspace: Workspace,
    connection: Connection,
    row: Any,
    seats: Sequence[Any],
    actor: Actor,
    variables: Mapping[str, Any] | None = None,
) -> dict[str, Any] | None:
    """The task's form as this person sees it now; None when it has none."""
    if not row.form:
        return None
    if variables is None:
        variables = _variables(connection, row)
    return forms.shown(workspace, connection, row.form, variables, edits(seats), actor)


def _variables(connection: Connection, row: Any) -> Mapping[str, Any]:
    found = instances.find(connection, row.instance_id)
    return instances.load_one(connection, found).variables if found is not None else {}


# --- checking --------------------------------------------------------------------------------------


def _checked(
    workspace: Workspace,
    connection: Connection,
    found: Found,
    decision: str,
    comment: str,
    form: Mapping[str, Any] | None,
) -> dict[str, Any] | None:
    """Every problem of a vote at once; answers what is kept of the form."""
    row = found.row
    problems: list[Problem] = []
    allowed = [d for d in DECISIONS if d != "returned" or row.can_return]
    if decision not in allowed:
        message = f"Expected one of {', '.join(allowed)}, but found {decision}."
        problems.append(
            Problem(
                "/decision", "unknown_decision", {"allowed": allowed, "found": decision}, message
            )
        )
    if len(comment) > COMMENT_MAX:
        message = f"Expected at most {COMMENT_MAX} characters, but found {len(comment)}."
        problems.append(
            Problem("/comment", "too_long", {"limit": COMMENT_MAX, "found": len(comment)}, message)
        )
    kept = None
    if row.form:
        # Who says no need not fill in what only a yes needs; what is filled in must still be right.
        kept, wrong = forms.checked(
            workspace,
            connection,
            row.form,
            _variables(connection, row),
            edits(found.seats),
            form,
            found.actor,
            row.instance_id,
            partly=decision != "approved",
        )
        problems += wrong
    elif form:
        problems.append(
            Problem(
                "/form", "no_form", {}, "Expected no form values, because this task asks for none."
            )
        )
    if problems:
        raise ValidationFailed(what="decision", count=len(problems), problems=problems)
    return kept


_LONG = {"type": "string", "maxLength": COMMENT_MAX}
_SAID = {**_LONG, "minLength": 1, "pattern": r"\S"}
_USER = {"type": "string", "minLength": 1, "maxLength": 80}
_PEOPLE = {"type": "array", "items": _USER, "minItems": 1, "maxItems": 50, "uniqueItems": True}
_SEAT = {"type": "integer", "minimum": 0}

ACTIONS: Mapping[str, tuple[Mapping[str, Any], tuple[str, ...]]] = {
    "add_sign": (
        {
            "people": _PEOPLE,
            "where": {"type": "string", "enum": ["before", "after", "parallel"]},
            "rule": {"type": "string", "enum": ["all", "any"]},
            "comment": _LONG,
        },
        ("people", "where"),
    ),
    "reduce_sign": (
        {
            "seats": {"type": "array", "items": _SEAT, "minItems": 1, "maxItems": 100},
            "comment": _LONG,
        },
        ("seats",),
    ),
    "transfer": ({"to": _USER, "reason": _LONG}, ("to",)),
    "delegate": ({"to": _USER, "reason": _LONG}, ("to",)),
    "cc": ({"people": _PEOPLE, "confirm": {"type": "boolean"}, "comment": _LONG}, ("people",)),
    "confirm": ({"comment": _LONG}, ()),
    "comment": ({"text": _SAID}, ("text",)),
    "ask": ({"to": _USER, "text": _SAID}, ("to", "text")),
    "answer": ({"question": {"type": "integer", "minimum": 1}, "text": _SAID}, ("text",)),
    "urge": ({"text": _LONG}, ()),
    "resend": ({"reason": _LONG}, ()),
    "pause": ({"reason": _LONG}, ()),
    "go_on": ({"reason": _LONG}, ()),
    "take_back": ({"reason": _LONG}, ()),
    "withdraw": ({"reason": _LONG}, ()),
    "return": (
        {
            "to": {"type": "string", "minLength": 1, "maxLength": 64},
            "after": {"type": "string", "enum": ["forward", "back"]},
            "keep_votes": {"type": "boolean"},
            "comment": _LONG,
        },
        ("to",),
    ),
    "resubmit": ({"variables": {"type": "object"}, "comment": _LONG}, ()),
    "reassign": (
        {
            "seat": _SEAT,
            "from": _USER,
            "to": {"type": ["string", "null"], "maxLength": 80},
            "reason": _SAID,
        },
        ("reason",),
    ),
    "exempt": ({"reason": _SAID}, ("reason",)),
    "release": (
        {"decision": {"type": "string", "enum": ["approved"]}, "reason": _SAID},
        ("reason",),
    ),
}
"""Action → what it wants to be told: properties of a JSON Schema, and which of them must be there."""


def _check_args(action: str, args: Mapping[str, Any]) -> None:
    if action not in ACTIONS:
        raise NotFound(kind="action", id=action)
    properties, required = ACTIONS[action]
    schema = {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }
    problems = check_form(schema, dict(args))
    if problems:
        raise ValidationFailed(what=action, count=len(problems), problems=problems)
