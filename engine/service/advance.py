"""One advance = one transaction: take the wishes, move the tokens, save where each instance stands, what happened and what follows.

Everything here runs inside an operation of the writer. A wish that is applied in the very transaction that accepts it does not
rest in the inbox first (it would be inserted and marked applied in one commit); the inbox keeps those that wait: wishes between
parents and children, and all wishes of an instance that cannot be advanced just now.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from headrace.engine.errors import HeadraceError
from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.advance import Run
from headrace.engine.run.state import Instance
from headrace.engine.service.starts import StartRequest, by_hand, prepare
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox, instances
from headrace.engine.store.instances import Stored
from headrace.engine.store.project import Rows, project
from sqlalchemy import Connection

log = logging.getLogger(__name__)

GROUP_MAX = 256
"""Instances advanced in one transaction by a drain."""


@dataclass(frozen=True, slots=True)
class Started:
    """The instance that has the start's dedup key; `duplicate` when it was there before."""

    id: str
    duplicate: bool


def start_many(
    workspace: Workspace, connection: Connection, requests: Sequence[StartRequest]
) -> list[Started]:
    """Make these instances and advance each as far as it goes; a known dedup key makes none."""
    now_ms = workspace.clock.now_ms()
    keyed = [(r.flow.key, r.dedup_key) for r in requests if r.dedup_key is not None]
    known = instances.by_dedup_key(connection, keyed) if keyed else {}
    answers: list[Started] = []
    batch: list[tuple[Stored, list[tuple[int, c.Command]]]] = []
    flows: dict[str, CompiledFlow] = {}
    for request in requests:
        if request.dedup_key is not None and (
            seen := known.get((request.flow.key, request.dedup_key))
        ):
            answers.append(Started(seen, duplicate=True))
            continue
        id_ = request.id or workspace.new_id("ins", now_ms)
        if request.dedup_key is not None:
            known[request.flow.key, request.dedup_key] = id_
        instance = Instance(
            id_, request.flow.key, request.flow.version, initiator=request.initiator
        )
        command = c.Start(
            request.start_node, request.input, request.business_key, request.initiator
        )
        flows[id_] = request.flow
        batch.append((Stored(instance, 0, id_, request.dedup_key, new=True), [(0, command)]))
        answers.append(Started(id_, duplicate=False))
    _advance(workspace, connection, batch, now_ms, flows)
    return answers


def advance(
    workspace: Workspace,
    connection: Connection,
    ids: Collection[str],
    wishes: Iterable[tuple[str, c.Command]] = (),
    seen: Mapping[str, int] | None = None,
) -> dict[str, Instance]:
    """Apply what rests in the inbox of these instances, then `wishes`, and let them move; answers the instances as they are now."""
    now_ms = workspace.clock.now_ms()
    stored = instances.load(connection, list(ids))
    rested = inbox.unapplied(connection, list(ids))
    batch = []
    extra: dict[str, list[tuple[int, c.Command]]] = {}
    for id_, wish in wishes:
        extra.setdefault(id_, []).append((0, wish))
    for id_, row in stored.items():
        batch.append((row, rested.get(id_, []) + extra.get(id_, [])))
    flows = {
        id_: workspace.flow(connection, row.instance.flow_key, row.instance.version)
        for id_, row in stored.items()
    }
    _advance(workspace, connection, batch, now_ms, flows)
    if seen:
        inbox.unmark_ready(
            connection,
            (
                (id_, gen)
                for id_, gen in seen.items()
                if id_ not in stored or stored[id_].instance.rests
            ),
        )
    return {id_: row.instance for id_, row in stored.items()}


def drain(workspace: Workspace, connection: Connection, limit: int = GROUP_MAX) -> int:
    """Advance up to `limit` ready instances; answers how many there were."""
    seen = inbox.pick_ready(connection, limit, workspace.clock.now_ms())
    if seen:
        advance(workspace, connection, list(seen), seen=seen)
    return len(seen)


def _advance(
    workspace: Workspace,
    connection: Connection,
    batch: Sequence[tuple[Stored, Sequence[tuple[int, c.Command]]]],
    now_ms: int,
    flows: Mapping[str, CompiledFlow],
) -> None:
    directory = workspace.directory(connection)
    rows = Rows(now_ms, directory)
    saved: list[tuple[Stored, Sequence[e.Event]]] = []
    applied: list[tuple[int, int]] = []
    unfinished: list[str] = []
    for stored, wishes in batch:
        instance = stored.instance
        flow = flows[instance.id]
        run = Run(flow, instance, now_ms, directory)
        try:
            for _, wish in wishes:
                run.take(wish)
            run.move()
        except Exception:
            # A bug in the engine itself. The group must not suffer, and nothing of this instance may be half applied: the
            # writer tries the operations one by one, so that only this one fails, with its wishes still in the inbox.
            log.exception("instance %s cannot be advanced", instance.id)
            raise
        if run.events:
            project(rows, instance, flow, run.events)
            saved.append((stored, run.events))
        applied.extend((id_, stored.rev + 1) for id_, _ in wishes if id_)
        if not instance.ended and not instance.rests:
            unfinished.append(instance.id)
    instances.save(connection, saved, now_ms)
    rows.write(connection)
    inbox.mark_applied(connection, applied)
    _start_children(
        workspace, connection, rows, {stored.instance.id: stored.root_id for stored, _ in batch}
    )
    inbox.put(connection, rows.wishes, now_ms)
    inbox.mark_ready(connection, unfinished, now_ms)
    workspace.changed.update(rows.changed())
    if unfinished:
        workspace.changed.add("ready")
    if saved:
        workspace.changed.add("history")


def _start_children(
    workspace: Workspace, connection: Connection, rows: Rows, roots: Mapping[str, str]
) -> None:
    """Make the sub-flows asked for: their rows now, their first advance by the inbox, so that depth is no recursion."""
    saved: list[tuple[Stored, Sequence[e.Event]]] = []
    wanted = [(parent, event) for parent, event in rows.children]
    for parent, event in wanted:
        try:
            requests = [
                _child_request(workspace, connection, event.flow, child, parent)
                for child in event.children
            ]
        except HeadraceError as trouble:
            rows.wishes.extend(
                (parent.id, c.EndChild(event.step, child[0], "failed", trouble.message))
                for child in event.children
            )
            continue
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
            saved.append((Stored(instance, 0, roots[parent.id], request.dedup_key, new=True), ()))
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


def _child_request(
    workspace: Workspace,
    connection: Connection,
    flow_key: str,
    child: Sequence[Any],
    parent: Instance,
) -> StartRequest:
    id_, input_, business_key, dedup_key = child
    flow = workspace.published(connection, flow_key)
    request = prepare(
        flow, by_hand(flow), input_, now_ms=workspace.clock.now_ms(), business_key=business_key, dedup_key=dedup_key,
        initiator=parent.initiator,
    )  # fmt: skip
    return replace(request, id=id_)
