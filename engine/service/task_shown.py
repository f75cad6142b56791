"""Tasks as the API shows them: rows in, JSON out; no rule is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.node import Text
from headrace.engine.people.tasking import Seat
from headrace.engine.people.voting import Rule, tally, units_of

SUMMARY_MAX = 5
"""Fields shown in a row of the list, as people know it from DingTalk and Feishu."""

DECISIONS: dict[str, Text] = {
    "approved": {"zh": "同意", "en": "Approve"},
    "rejected": {"zh": "拒绝", "en": "Reject"},
    "returned": {"zh": "退回", "en": "Return"},
}

GONE = frozenset({"moved"})
"""Statuses of seats whose person has nothing to do with the task any more."""

People = Mapping[str, Any]


def name_of(user_id: str, people: People) -> str:
    """The person's name; the id of one who is unknown."""
    person = people.get(user_id)
    return str(person.name) if person else user_id


def ref(user_id: str | None, people: People) -> dict[str, str] | None:
    """Who, as id and name."""
    return None if user_id is None else {"id": user_id, "name": name_of(user_id, people)}


def summary(row: Any, flow: Any, people: People) -> dict[str, Any]:
    """A row of a list; `my_…` columns are those of the person who asks."""
    node = flow.nodes.get(row.node)
    mine = row._mapping
    return {
        "id": row.id,
        "title": row.title,
        "flow_key": row.flow_key,
        "flow_name": dict(flow.name),
        "instance_id": row.instance_id,
        "business_key": row.business_key,
        "node": row.node,
        "node_name": dict(node.name) if node else {"en": row.node},
        "created_at": to_iso(row.created_at),
        "due_at": iso_or_none(row.due_at),
        "summary": row.show[:SUMMARY_MAX],
        "status": row.status,
        "mode": row.mode,
        "initiator": name_of(row.initiator, people) if row.initiator in people else None,
        "version": row.version,
        "revision": row.revision,
        "round": row.round,
        "warned": bool(row.warned),
        "paused_at": iso_or_none(row.paused_at),
        "needs_form": needs_form(row.form),
        "kind": mine.get("my_kind", "decide"),
        "origin": mine.get("my_origin"),
        "on_behalf_of": (
            name_of(mine["my_on_behalf_of"], people) if mine.get("my_on_behalf_of") else None
        ),
        "decision": mine.get("my_decision"),
        "decided_at": iso_or_none(mine.get("my_decided_at")),
        "seen": "my_seen_at" not in mine or mine["my_seen_at"] is not None,
    }


def needs_form(form: Any) -> bool:
    """Must something be filled in for a yes?"""
    if not form:
        return False
    rights = form.get("rights")
    if isinstance(rights, Mapping) and "required" in rights.values():
        return True
    schema = form.get("schema", form)
    return bool(schema.get("required"))


def seat(row: Any, people: People) -> dict[str, Any]:
    """Somebody who was or is asked."""
    return {
        "seat": row.seat,
        "user_id": row.user_id,
        "name": name_of(row.user_id, people),
        "kind": row.kind,
        "status": row.status,
        "decision": row.decision,
        "comment": row.comment,
        "at": iso_or_none(row.decided_at or row.closed_at),
        "round": row.round,
        "on_behalf_of": ref(row.on_behalf_of, people),
        "origin": row.origin,
        "added_by": ref(row.added_by, people),
        "unit": row.unit or row.seat,
        "stage": row.stage,
        "weight": row.weight,
        "veto": row.veto,
        "reason": row.reason,
        "why": row.why or [],
    }


def assignee(row: Any, people: People) -> dict[str, Any]:
    """The same in the words of before there were seats."""
    return {
        "id": row.user_id,
        "name": name_of(row.user_id, people),
        "decision": row.decision,
        "comment": row.comment,
        "decided_at": iso_or_none(row.decided_at),
        "status": row.status,
    }


def note(row: Any, people: People) -> dict[str, Any]:
    """What somebody said or did."""
    return {
        "id": str(row.id),
        "at": to_iso(row.at),
        "by": ref(row.by, people),
        "kind": row.kind,
        "action": row.action,
        "text": row.text,
        "to": ref(row.to, people),
        "seat": row.seat or None,
        "details": row.details or {},
    }


def rule(row: Any, rows: Sequence[Any]) -> dict[str, Any]:
    """How votes decide, in words, and how far it is."""
    found = Rule.from_json(row.rule) if row.rule else Rule(row.mode)
    have, still, needed = tally(found, units_of(s for s in map(as_seat, rows) if s.counts))
    return {
        "mode": found.mode,
        "text": _rule_text(found, needed),
        "have": have,
        "needed": needed,
        "total": have + still,
    }


def _rule_text(rule_: Rule, needed: int) -> Text:
    match rule_.mode:
        case "any":
            return {"zh": "任一人决定", "en": "Any of them decides"}
        case "all":
            return {"zh": "会签：所有人同意才通过", "en": "Everybody must approve"}
        case "sequence":
            return {"zh": "依次审批：逐个同意才通过", "en": "One after the other, all must approve"}
        case "ratio":
            percent = f"{rule_.percent:g}"
            return {
                "zh": f"同意达到 {percent}%（{needed} 人）即通过",
                "en": f"Passes with {percent} % ({needed}) approving",
            }
        case "count":
            return {"zh": f"{needed} 人同意即通过", "en": f"Passes when {needed} approve"}
        case _:
            return {
                "zh": f"同意的权重合计达到 {needed} 即通过",
                "en": f"Passes when those who approve weigh {needed} together",
            }


def as_seat(row: Any) -> Seat:
    """A row of `task_actors` as the rules see it; without a comment and what was filled in."""
    return Seat(
        row.seat,
        row.user_id,
        row.status,
        row.kind,
        row.on_behalf_of,
        row.origin,
        row.added_by,
        row.unit or row.seat,
        row.stage,
        row.weight,
        row.veto,
        decision=row.decision,
        at=row.decided_at or row.closed_at,
        nth=1 if row.decided_at is not None else 0,
        reason=row.reason,
        returns_to=row.returns_to,
    )


ACTED: dict[str, Text] = {
    "add_sign": {"zh": "加签", "en": "Signed others on"},
    "reduce_sign": {"zh": "减签", "en": "Signed others off"},
    "transfer": {"zh": "转交", "en": "Handed it on"},
    "delegate": {"zh": "委派", "en": "Delegated"},
    "return": {"zh": "退回", "en": "Sent it back"},
    "resubmit": {"zh": "重新提交", "en": "Submitted again"},
    "withdraw": {"zh": "撤回", "en": "Withdrew it"},
    "take_back": {"zh": "撤销审批", "en": "Took the decision back"},
    "cc": {"zh": "抄送", "en": "Sent a copy"},
    "confirm": {"zh": "已阅确认", "en": "Confirmed"},
    "comment": {"zh": "评论", "en": "Commented"},
    "ask": {"zh": "征求意见", "en": "Asked"},
    "answer": {"zh": "回复", "en": "Answered"},
    "urge": {"zh": "催办", "en": "Urged"},
    "resend": {"zh": "重发待办", "en": "Sent it again"},
    "pause": {"zh": "暂停计时", "en": "Paused the clock"},
    "go_on": {"zh": "恢复计时", "en": "Let the clock go on"},
    "reassign": {"zh": "改派", "en": "Gave it to others"},
    "recheck": {"zh": "改派（人员变动）", "en": "Given to others: somebody left or is away"},
    "escalate": {"zh": "超时升级", "en": "Escalated"},
    "exempt": {"zh": "豁免放行", "en": "Exempted"},
    "release": {"zh": "绿色通道放行", "en": "Let pass through the green channel"},
}
"""What was done, as a timeline tells it."""


def timeline(
    rows: Sequence[Any], seats: Sequence[Any], notes: Sequence[Any], flow: Any, people: People
) -> list[dict[str, Any]]:
    """The whole case, oldest first: who asked, who decided at which node in which round, and what else was done.

    `rows`: the tasks of the instance; `seats` and `notes`: theirs.
    """
    tasks_ = {row.id: row for row in rows}
    first = min(rows, key=lambda row: row.created_at)
    told = [
        {
            **_at(first.created_at, first, flow),
            "who": name_of(first.initiator, people) if first.initiator in people else "Headrace",
            "what": {"zh": "提交审批", "en": "Asked for a decision"},
            "comment": "",
        }
    ]
    for one in seats:
        # A return is told by what was done, with where to.
        if one.decided_at is None or one.decision is None or one.kind != "decide":
            continue
        if one.task_id not in tasks_:  # made between two looks
            continue
        row = tasks_[one.task_id]
        what = row.buttons.get(one.decision) or DECISIONS.get(one.decision)
        told.append(
            {
                **_at(one.decided_at, row, flow),
                "who": name_of(one.user_id, people),
                "on_behalf_of": ref(one.on_behalf_of, people),
                "what": what or {"en": one.decision},
                "comment": one.comment or "",
                "decision": one.decision,
                "reason": one.reason,
            }
        )
    for one in notes:
        if one.action == "return" and one.details and one.details.get("seat"):
            continue  # stands there as its vote
        if one.task_id not in tasks_:
            continue
        told.append(
            {
                **_at(one.at, tasks_[one.task_id], flow),
                "who": name_of(one.by, people) if one.by in people else "Headrace",
                "what": ACTED.get(one.action, {"en": one.action}),
                "comment": one.text or "",
                "action": one.action,
                "to": _named(one.details, people),
            }
        )
    return sorted(told, key=lambda one: str(one["at"]))


def _at(at_ms: int, row: Any, flow: Any) -> dict[str, Any]:
    node = flow.nodes.get(row.node)
    return {
        "at": to_iso(at_ms),
        "task_id": row.id,
        "round": row.round,
        "node": row.node,
        "node_name": dict(node.name) if node else {"en": row.node},
    }


def _named(details: Mapping[str, Any] | None, people: People) -> list[str]:
    """The people something was done to."""
    to = (details or {}).get("to")
    ids = to if isinstance(to, list) else [to]
    return [name_of(id_, people) for id_ in ids if isinstance(id_, str) and id_ in people]


def sent_back(
    row: Any, rows: Sequence[Any], notes: Sequence[Any], flow: Any, people: People
) -> dict[str, Any] | None:
    """By whom and why this came back: to this node, or to the one who started it; None when it did not."""
    wanted = [
        one
        for one in notes
        if one.action == "return"
        and (
            (one.task_id == row.id and (one.details or {}).get("to") == "initiator" and row.status == "open")
            or ((one.details or {}).get("to") == row.node and row.round > 1 and one.at <= row.created_at)
        )
    ]  # fmt: skip
    if not wanted:
        return None
    last = max(wanted, key=lambda one: one.id)
    from_ = next((one for one in rows if one.id == last.task_id), row)
    return {
        "by": ref(last.by, people),
        "text": last.text or "",
        "after": (last.details or {}).get("after"),
        **{name: _at(last.at, from_, flow)[name] for name in ("at", "node", "node_name")},
    }


def current(row: Any, rows: Sequence[Any], user_id: str, people: People) -> dict[str, Any]:
    """How a task stands, for whoever came too late."""
    mine = next((s for s in rows if s.user_id == user_id), None)
    last = max(
        (s for s in rows if s.decided_at is not None), key=lambda s: s.decided_at, default=None
    )
    return {
        "status": row.status,
        "decision": mine.decision if mine else None,
        "my_status": mine.status if mine else None,
        "by": ref(last.user_id, people) if last else None,
        "revision": row.revision,
        "round": row.round,
        "ended_at": iso_or_none(row.ended_at),
    }
