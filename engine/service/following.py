"""What an advance means for others, in its very transaction: sub-flows, messages, and who holds a lock next.

Others hear of it by their inbox, so that nothing here is a recursion and no two instances wait for one another's row.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.errors import HeadraceError
from headrace.engine.ids import new_id
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance
from headrace.engine.service.actor import ALERTED_ROLES
from headrace.engine.service.routes import prepare_start
from headrace.engine.service.rules import rules_of
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import alerts, instances, items, locks, messages
from headrace.engine.store.instances import Stored
from headrace.engine.store.messages import Message
from headrace.engine.store.rows import Rows

log = logging.getLogger(__name__)


def follow(
    workspace: Workspace, connection: Connection, rows: Rows, roots: Mapping[str, str]
) -> None:
    """Everything; wishes for others are added to `rows.wishes`. `roots`: instance → its root."""
    if rows.locks or rows.locks_left or rows.locks_gone or rows.locks_ended:
        rows.wishes.extend(
            locks.change(
                connection, wanted=rows.locks, left=rows.locks_left, gone=rows.locks_gone,
                ended=rows.locks_ended,
            )
        )  # fmt: skip
    for sender, event in rows.published:
        message = _message(sender, event, rows.now_ms)
        send(workspace, connection, message, rows.now_ms, rows.wishes, sender.initiator)
    if rows.returned:
        rows.wishes.extend(messages.give_back(connection, rows.returned, rows.now_ms))
    if rows.subscriptions:
        open_ones = [row for row in rows.subscriptions if _still_open(row, rows)]
        rows.wishes.extend(messages.greet(connection, open_ones, rows.now_ms))
    if rows.children:
        _start_children(workspace, connection, rows, roots)


def _still_open(row: Mapping[str, Any], rows: Rows) -> bool:
    """A step may begin and end in one advance."""
    gone = {"b_instance": row["instance_id"], "b_step": row["step"]}
    return gone not in rows.subscriptions_gone


def _message(sender: Instance, event: e.MessagePublished, now_ms: int) -> Message:
    seed = hashlib.sha256(f"{sender.id}.{event.step}.{event.name}".encode()).digest()
    return Message(
        new_id("msg", now_ms, seed[:10]), event.kind, event.name, event.key, event.payload, event.mode,
        now_ms + event.ttl_ms, event.dedup, sender.id,
    )  # fmt: skip


def send(
    workspace: Workspace,
    connection: Connection,
    message: Message,
    now_ms: int,
    wishes: list[tuple[str, c.Command]],
    initiator: str | None,
) -> int | None:
    """Publish one; answers how many it reached (flows that it starts included), None for one seen before."""
    starts = messages.starts_of(connection, [message.name]).get(message.name, [])
    requests = _prepared(workspace, connection, message, starts, now_ms, initiator)
    found = messages.publish(connection, message, now_ms, extra=len(requests))
    if found is None:
        return None
    wishes.extend(found)
    wishes.extend(_start_flows(workspace, connection, requests, now_ms))
    return len(found) + len(requests)


def send_many(
    workspace: Workspace,
    connection: Connection,
    told: Sequence[Message],
    now_ms: int,
    initiator: str | None,
) -> list[tuple[str, c.Command]]:
    """`send` for many at once, with a handful of queries where nobody waits for them; answers the wishes that follow."""
    fresh = messages.unseen(connection, told)
    if not fresh:
        return []
    heard = messages.hearers(connection, fresh, now_ms)
    wishes: list[tuple[str, c.Command]] = []
    kept: list[tuple[Message, int]] = []
    begun: list[StartRequest] = []
    for one in fresh:
        if one.name in heard.waited:
            send(workspace, connection, one, now_ms, wishes, initiator)
            continue
        requests = _prepared(
            workspace, connection, one, heard.starts.get(one.name, ()), now_ms, initiator
        )
        kept.append((one, len(requests)))
        begun += requests
    messages.publish_many(connection, kept, now_ms)
    wishes += _start_flows(workspace, connection, begun, now_ms, fresh=True)
    return wishes


def _prepared(
    workspace: Workspace,
    connection: Connection,
    message: Message,
    starts: Collection[tuple[str, str]],
    now_ms: int,
    initiator: str | None,
) -> list[StartRequest]:
    """One start of every flow that begins with this message; a flow that refuses it has not heard it, and people are told."""
    told = {"name": message.name, "key": message.key, "id": message.id}
    raw = {"payload": message.payload, "message": told}
    requests = []
    for flow_key, node in starts:
        try:
            request = prepare_start(
                workspace, flow_key, node, raw, connection=connection, initiator=initiator,
                id_=workspace.new_id("ins", now_ms), dedup_key=f"message:{message.id}",
            )  # fmt: skip
        except HeadraceError as trouble:
            _tell_operators(workspace, connection, message, flow_key, _why(trouble), now_ms)
        else:
            requests.append(request)
    return requests


ALERT_EVERY_MS = 3_600_000
"""People are told of a flow that refuses a message at most so often; the log has every one."""


def _tell_operators(
    workspace: Workspace,
    connection: Connection,
    message: Message,
    flow_key: str,
    why: str,
    now_ms: int,
) -> None:
    log.warning("message %s cannot start flow %s: %s", message.name, flow_key, why)
    key = f"message:{message.name}:{flow_key}"
    if now_ms - workspace.alerted.get(key, -ALERT_EVERY_MS) < ALERT_EVERY_MS:
        return
    if len(workspace.alerted) > ALERTED_MAX:
        workspace.alerted.clear()
    workspace.alerted[key] = now_ms
    roles = workspace.directory(connection).roles
    who = {user for role in ALERTED_ROLES for user in roles.get(role, ())}
    texts = {
        "en": (f"A message cannot start: {flow_key}", f"Message {message.name}: {why}"),
        "zh": (f"消息无法启动流程：{flow_key}", f"消息 {message.name}：{why}"),
    }
    alerts.tell(connection, who, texts, now_ms)


ALERTED_MAX = 10_000
"""Names remembered of those who were told."""


def _start_flows(
    workspace: Workspace,
    connection: Connection,
    requests: Sequence[StartRequest],
    now_ms: int,
    *,
    fresh: bool = False,
) -> list[tuple[str, c.Command]]:
    """Their rows now, their first advance by the inbox; at most one a message. `fresh`: that none has begun is known."""
    saved: list[tuple[Stored, Sequence[e.Event]]] = []
    wishes: list[tuple[str, c.Command]] = []
    for request in requests:
        assert request.id is not None
        flow_key = request.flow.key
        if not fresh and instances.by_dedup_key(connection, [(flow_key, request.dedup_key or "")]):
            continue
        instance = Instance(
            request.id, flow_key, request.flow.version, business_key=request.business_key,
            initiator=request.initiator,
        )  # fmt: skip
        stored = Stored(
            instance, 0, request.id, request.dedup_key, new=True, route_id=request.route_id,
            priority=rules_of(workspace, connection).priority(request),
        )  # fmt: skip
        saved.append((stored, ()))
        start = c.Start(request.start_node, request.input, request.business_key, request.initiator)
        wishes.append((request.id, start))
    if saved:
        instances.save(connection, saved, now_ms)
    return wishes


def _start_children(
    workspace: Workspace, connection: Connection, rows: Rows, roots: Mapping[str, str]
) -> None:
    """Make the sub-flows asked for: their rows now, their first advance by the inbox, so that depth is no recursion."""
    saved: list[tuple[Stored, Sequence[e.Event]]] = []
    for parent, event in rows.children:
        requests = []
        for child in _children(connection, parent, event):
            try:
                requests.append(_child_request(workspace, connection, event, child, parent))
            except HeadraceError as trouble:
                told = c.EndChild(event.step, child[0], "failed", _why(trouble))
                rows.wishes.append((parent.id, told))
        keys = [
            (event.flow, request.dedup_key) for request in requests if request.dedup_key is not None
        ]
        known = instances.by_dedup_key(connection, keys)
        for request in requests:
            assert request.id is not None
            if request.dedup_key is not None:
                seen = known.setdefault((event.flow, request.dedup_key), request.id)
                if seen != request.id:
                    rows.wishes.append(
                        (
                            parent.id,
                            c.EndChild(event.step, request.id, "duplicate", {"instance": seen}),
                        )
                    )
                    continue
            instance = Instance(
                request.id, request.flow.key, request.flow.version, business_key=request.business_key,
                initiator=parent.initiator, parent_id=parent.id, parent_step=event.step,
            )  # fmt: skip
            stored = Stored(
                instance,
                0,
                roots[parent.id],
                request.dedup_key,
                new=True,
                route_id=request.route_id,
                trace=rows.traces.get(parent.id),
                priority=rows.priorities.get(parent.id, 0),
            )
            saved.append((stored, ()))
            start = c.Start(
                request.start_node,
                request.input,
                request.business_key,
                parent.initiator,
                parent.id,
                event.step,
                parent.depth + 1,
            )
            rows.wishes.append((request.id, start))
    instances.save(connection, saved, rows.now_ms)


def _children(
    connection: Connection, parent: Instance, event: e.ChildrenStarted | e.ItemsStarted
) -> Sequence[Sequence[Any]]:
    """(instance id, input, business key, dedup key) of each; those of items are in their rows."""
    if isinstance(event, e.ChildrenStarted):
        return event.children
    rows = items.inputs(connection, parent.id, event.step, [number for number, _ in event.children])
    return [
        (id_, jsontext.loads(rows[n].input), rows[n].business_key, rows[n].dedup_key)
        for n, id_ in event.children
    ]


def _why(trouble: HeadraceError) -> str:
    return " ".join([trouble.message, *(problem.message for problem in trouble.problems)])


def _child_request(
    workspace: Workspace,
    connection: Connection,
    event: e.ChildrenStarted | e.ItemsStarted,
    child: Sequence[Any],
    parent: Instance,
) -> StartRequest:
    id_, input_, business_key, dedup_key = child
    return prepare_start(
        workspace, event.flow, None, input_, connection=connection, id_=id_, business_key=business_key,
        dedup_key=dedup_key, initiator=parent.initiator, version=event.version,
    )  # fmt: skip
