"""One advance = one transaction: take the wishes, move the tokens, save where each instance stands, what happened and what follows.

Everything here runs inside an operation of the writer. A wish that is applied in the very transaction that accepts it does not
rest in the inbox first (it would be inserted and marked applied in one commit); the inbox keeps those that wait: wishes between
parents and children, and all wishes of an instance that cannot be advanced just now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from headrace.engine.flow.compile import CompiledFlow
from headrace.engine.people.deadlines import Reckoning
from headrace.engine.people.directory import Directory
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.run.advance import Run
from headrace.engine.run.apply import apply
from headrace.engine.run.state import SET_ASIDE, Instance
from headrace.engine.service import calendars, decisions, forced, unstaffed, ways
from headrace.engine.service.counting import in_a_span, note_group
from headrace.engine.service.decision_tables import Decider
from headrace.engine.service.following import follow
from headrace.engine.service.rules import rules_of
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox, incidents, instances, record_steps, search
from headrace.engine.store.instances import Stored
from headrace.engine.store.items import StoredEnds
from headrace.engine.store.project import project, raise_incident
from headrace.engine.store.rows import Rows
from headrace.engine.store.writer import transient

log = logging.getLogger(__name__)

GROUP_MAX = 256
"""Instances advanced in one transaction by a drain."""

ASIDE_MS = 60_000
"""After so long an instance that could not be advanced is tried again; a retry by hand or a new wish does so at once."""

ASIDE_MAX_MS = 3_600_000
"""It is tried at least so often."""

MESSAGE_MAX = 500


@dataclass(frozen=True, slots=True)
class Started:
    """The instance that has the start's dedup key; `duplicate` when it was there before."""

    id: str
    duplicate: bool


def start_calls(
    workspace: Workspace, connection: Connection, calls: Sequence[Sequence[StartRequest]]
) -> list[list[Started]]:
    """`start_many` for several callers at once; each gets his own."""
    started = iter(start_many(workspace, connection, [one for call in calls for one in call]))
    return [list(islice(started, len(call))) for call in calls]


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
        stored = Stored(instance, 0, id_, request.dedup_key, new=True, route_id=request.route_id)
        stored.trace = request.trace
        stored.priority = rules_of(workspace, connection).priority(request)
        batch.append((stored, [(0, command)]))
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
    return _move(workspace, connection, ids, wishes, seen)[0]


def _move(
    workspace: Workspace,
    connection: Connection,
    ids: Collection[str],
    wishes: Iterable[tuple[str, c.Command]],
    seen: Mapping[str, int] | None,
) -> tuple[dict[str, Instance], set[str]]:
    """`advance`; answers besides which instances are suspended, so that their wishes went into the inbox."""
    now_ms = workspace.clock.now_ms()
    stored = instances.load(connection, list(ids))
    waits: list[int] = []
    rested = inbox.unapplied(connection, list(ids), waits)
    for accepted_at in waits:
        workspace.note("inbox_wait_seconds", max(0, now_ms - accepted_at) / 1000, observed=True)
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
    resting = _advance(workspace, connection, batch, now_ms, flows)
    # A wish for an instance that was never made (the sub-flow's start failed) has nobody to wait for.
    gone = [
        (number, 0) for id_, found in rested.items() if id_ not in stored for number, _ in found
    ]
    inbox.mark_applied(connection, gone)
    if seen:
        inbox.unmark_ready(
            connection,
            (
                (id_, gen)
                for id_, gen in seen.items()
                if id_ not in stored or stored[id_].instance.rests
            ),
        )
    return {id_: row.instance for id_, row in stored.items()}, resting


def advance_each(
    workspace: Workspace,
    connection: Connection,
    ids: Collection[str],
    wishes: Sequence[tuple[str, c.Command]] = (),
    seen: Mapping[str, int] | None = None,
) -> set[str]:
    """`advance` for a group whose members must not suffer from one another; answers those whose wishes rest in the inbox.

    That is so while one is suspended; and one that cannot be advanced is set aside: an incident tells why, and it is tried
    again after `ASIDE_MS`.
    """
    aside = _tried(workspace, connection, ids, wishes, seen)
    if not isinstance(aside, Exception):
        return aside
    aside = set()
    for id_ in sorted(ids):
        own = [(target, wish) for target, wish in wishes if target == id_]
        own_seen = {id_: seen[id_]} if seen and id_ in seen else None
        found = _tried(workspace, connection, [id_], own, own_seen)
        if isinstance(found, Exception):
            _set_aside(workspace, connection, id_, own, found)
            aside.add(id_)
        else:
            aside |= found
    return aside


def _tried(
    workspace: Workspace,
    connection: Connection,
    ids: Collection[str],
    wishes: Sequence[tuple[str, c.Command]],
    seen: Mapping[str, int] | None,
) -> set[str] | Exception:
    """Advance in a savepoint; whose wishes rest, or what was wrong. Trouble of the database goes up: another try may help."""
    noted = len(workspace.noted)
    try:
        with connection.begin_nested():
            return _move(workspace, connection, ids, wishes, seen)[1]
    except Exception as trouble:
        del workspace.noted[noted:]
        if transient(trouble):
            raise
        return trouble


def _set_aside(
    workspace: Workspace,
    connection: Connection,
    id_: str,
    wishes: Sequence[tuple[str, c.Command]],
    trouble: Exception,
) -> None:
    """Its wishes rest, an incident tells why. Said once a cause, and tried again ever more seldom; a wish to cancel ends it."""
    now_ms = workspace.clock.now_ms()
    inbox.put(connection, wishes, now_ms)
    stored = instances.load(connection, [id_]).get(id_)
    known = incidents.set_aside(connection, id_)
    # Twice as long as before each time: the pause is as long as it has lasted.
    pause_ms = ASIDE_MS if known is None else now_ms - known.raised_at
    if stored is None or stored.instance.ended:  # what came late is undone when it can be
        inbox.postpone(connection, id_, now_ms + ASIDE_MAX_MS)
        return
    inbox.postpone(connection, id_, now_ms + min(max(pause_ms, ASIDE_MS), ASIDE_MAX_MS))
    instance = stored.instance
    rested = inbox.unapplied(connection, [id_]).get(id_, [])
    if cancel := forced.fits(instance, rested):
        forced.cancel(workspace, connection, stored, cancel, rested)
        return
    what = f"{type(trouble).__name__}: {trouble}".splitlines()[0][:MESSAGE_MAX].replace("\0", "")
    message = f"expected to advance the instance, but found {what}"
    if any(isinstance(wish, c.Cancel) for _, wish in rested):
        message += "; its cancellation waits, as undoing what was done needs the drawing"
    if known is None or known.message != message:
        log.error("instance %s cannot be advanced and is set aside", id_, exc_info=trouble)
    if known is not None and known.message != message:
        incidents.set_message(connection, known.id, message)
    if SET_ASIDE in instance.incidents.values():
        return
    event = e.IncidentRaised(f"{id_}.i{instance.seq}", 0, "", "engine_failed", message)
    apply(instance, event)
    rows = Rows(now_ms, Directory())
    raise_incident(rows, instance, event)
    instances.save(connection, [(stored, [event])], now_ms)
    rows.write(connection)
    workspace.changed.add("history")


def drain(workspace: Workspace, connection: Connection, limit: int = GROUP_MAX) -> int:
    """Advance up to `limit` ready instances; answers how many there were."""
    seen = inbox.pick_ready(connection, limit, workspace.clock.now_ms())
    if seen:
        advance_each(workspace, connection, list(seen), seen=seen)
    return len(seen)


@in_a_span
def _advance(
    workspace: Workspace,
    connection: Connection,
    batch: Sequence[tuple[Stored, Sequence[tuple[int, c.Command]]]],
    now_ms: int,
    flows: Mapping[str, CompiledFlow],
) -> set[str]:
    """Answers the instances that are suspended and have wishes that rest."""
    directory = workspace.directory(connection)
    rows = Rows(now_ms, directory)
    rows.outside = lambda: ways.leaves(workspace, connection)
    rows.priorities = {one.instance.id: one.priority for one, _ in batch if one.priority}
    ends = StoredEnds(connection)
    business, decide = calendars.calendars_of(workspace, connection), Decider(workspace, connection)
    reckoned: dict[tuple[str, int, int], tuple[Any, Reckoning]] = {}
    saved: list[tuple[Stored, Sequence[e.Event]]] = []
    applied: list[tuple[int, int]] = []
    unfinished: list[str] = []
    resting: set[str] = set()
    found: list[search.Row] = []
    for stored, all_wishes in batch:
        instance = stored.instance
        if stored.trace is not None:
            rows.traces[instance.id] = stored.trace
        flow = flows[instance.id]
        searched = search.values_of(flow, instance) if not stored.new else {}
        wishes = all_wishes
        if instance.suspended:
            wishes, later = _while_suspended(all_wishes)
            rows.wishes.extend((instance.id, wish) for number, wish in later if not number)
            if later:
                resting.add(instance.id)
        versions, calendar = _versions(workspace, connection, flow), business.of(flow.key)
        run = Run(
            flow, instance, now_ms, directory, ends, versions, calendar, business.roles, decide
        )
        told = 0
        for _, wish in wishes:
            if type(wish) is c.Migrate:  # what was before is told in the words of the old version
                project(rows, instance, run.flow, run.events[told:])
                told = len(run.events)
            run.take(wish)
        run.move()
        if run.events:
            project(rows, instance, run.flow, run.events[told:])
            saved.append((stored, run.events))
            if run.flow.search_fields:
                found.extend(search.rows_for(run.flow, instance, searched))
        for (step, due_at), how in run.reckoned.items():
            reckoned[instance.id, step, due_at] = how
        applied.extend((id_, stored.rev + 1) for id_, _ in wishes if id_)
        if not instance.ended and not instance.rests:
            unfinished.append(instance.id)
    note_group(workspace, saved, flows)
    instances.save(connection, saved, now_ms, rules_of(workspace, connection).keep_ms)
    if cancelled := [
        one.instance.id for one, events in saved if e.InstanceCancelled in map(type, events)
    ]:
        record_steps.give_back(connection, cancelled, now_ms)
    if reckoned:
        calendars.remember(rows, reckoned)
    if rows.task_timers_resumed:
        calendars.resume(workspace, connection, rows.task_timers_resumed)
    rows.write(connection)
    if rows.unstaffed:
        unstaffed.tell(workspace, connection, rows.unstaffed, flows, directory)
    if rows.decided:
        decisions.note(workspace, connection, rows.decided)
        workspace.changed.add("tasks")
    search.write(connection, found)
    inbox.mark_applied(connection, applied)
    follow(workspace, connection, rows, {stored.instance.id: stored.root_id for stored, _ in batch})
    inbox.put(connection, rows.wishes, now_ms)
    inbox.mark_ready(connection, unfinished, now_ms)
    workspace.changed.update(rows.changed())
    if unfinished:
        workspace.changed.add("ready")
    if saved:
        workspace.changed.add("history")
    return resting


def _versions(
    workspace: Workspace, connection: Connection, flow: CompiledFlow
) -> Callable[[int], CompiledFlow]:
    return lambda version: workspace.flow(connection, flow.key, version)


ENDS_REST = (c.Resume, c.Cancel)
WHILE_SUSPENDED = (*ENDS_REST, c.Suspend, c.Migrate, c.Rewind, c.MoveToken, c.Inject)
"""What an operator may do to a suspended instance; all else rests in its inbox until it is resumed."""

WITHDRAWS = (c.Cancel, c.Rewind, c.MoveToken)

Numbered = tuple[int, c.Command]


def _while_suspended(wishes: Sequence[Numbered]) -> tuple[list[Numbered], list[Numbered]]:
    """What is applied now, and what rests. A resume or cancel comes first, and all that rested after it; but what a job has
    done comes before its step can be withdrawn, so that it can be undone."""
    now = [found for found in wishes if isinstance(found[1], WHILE_SUSPENDED)]
    later = [found for found in wishes if not isinstance(found[1], WHILE_SUSPENDED)]
    if any(isinstance(wish, WITHDRAWS) for _, wish in now):
        now = [found for found in later if isinstance(found[1], c.JobEnded)] + now
        later = [found for found in later if not isinstance(found[1], c.JobEnded)]
    if any(isinstance(wish, ENDS_REST) for _, wish in now):
        return now + later, []
    return now, later
