"""The one path of orders into the workspace, whichever way they come: push, poll or file.

Kept as it came → proven → mapped → de-duplicated by the platform's own number (G2) → merged (G3) → numbered (R023) → told to
flows. Record, history, number, events and the note of the request are one transaction: an order is there with all that follows
from it, or it is not there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import from_iso, to_iso
from headrace.engine.connector import Connector, Incoming, ParamWrong, Pushed, Reply
from headrace.engine.errors import (
    HeadraceError,
    NotFound,
    Problem,
    SignatureWrong,
    ValidationFailed,
)
from headrace.engine.flow import order_map, order_tables
from headrace.engine.flow.order_map import Taken
from headrace.engine.ids import new_id
from headrace.engine.node import ConnectionInfo
from headrace.engine.registry import connectors
from headrace.engine.service import disk, refused_calls, rush
from headrace.engine.service import sources as source_service
from headrace.engine.service.actor import ALERTED_ROLES, ENGINE, Actor
from headrace.engine.service.following import send_many
from headrace.engine.service.sources import Source
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import alerts, data_tables, inbox, records
from headrace.engine.store import intake as rows
from headrace.engine.store import sources as source_rows
from headrace.engine.store.messages import Message
from headrace.engine.store.writer import Writer

Way = Literal["push", "poll", "file"]
What = Literal["order", "refund"]
OpenConnection = Callable[[str], ConnectionInfo]

SLICE = 100
"""Orders in one transaction: some 100 ms, so that no other writer waits long."""

ITEMS_MAX = 500
"""Orders in one call."""

BODY_KEPT = 200_000
"""Bytes of a request that are kept as they came; a page of any shop's list is smaller, and the size is noted."""

REFUSED_KEPT = 2_000
"""Bytes of a request nobody could prove."""

REFUSED_PER_MINUTE = 60
"""Of those no more are noted: who guesses must not fill the disk."""

HEADERS_KEPT, HEADER_MAX = 60, 500
KEPT_MS = 86_400_000
"""How long an event waits for somebody who begins to wait for it later."""

_SECRET = (
    "authorization",
    "cookie",
    "token",
    "secret",
    "signature",
    "sign",
    "hmac",
    "key",
    "password",
)
_WAITS = frozenset({"order.paid", "order.cancelled", "refund.requested", "refund.changed"})
"""Events that wait for a step which begins to wait later; of others only who waits now hears."""


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as it came."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    began_s: float = field(default_factory=time.monotonic)
    status: int = 200
    reply: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of an order."""

    key: str
    outcome: Literal["created", "updated", "same", "exception", "wrong"]
    number: str = ""
    problems: list[Problem] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """As it is told."""
        return {
            "key": self.key, "outcome": self.outcome, "number": self.number,
            "problems": [problem.as_json() for problem in self.problems],
        }  # fmt: skip


@dataclass(slots=True)
class _Wish:
    source: Source
    way: Way
    what: What
    taken: list[Taken]
    payloads: list[Any]
    raw: Raw | None
    wants: list[Pushed] = field(default_factory=list)


def take(
    workspace: Workspace,
    source_key: str,
    way: Way,
    payloads: Sequence[Mapping[str, Any]],
    *,
    kind: What = "order",
    raw: Raw | None = None,
    wants: Sequence[Pushed] = (),
    taken: Sequence[Taken] | None = None,
) -> list[Outcome]:
    """Take platform payloads in. Returns when they are in the store; doing it again changes nothing.

    `wants`: what the request only named; it is asked for soon. `taken`: the payloads in our words, where they are known.
    """
    source = source_service.get(workspace, source_key)
    if not source.enabled:
        raise NotFound(kind="source", id=source_key[:80])
    disk.require_room(workspace)
    payloads = [order_map.safe(payload) for payload in payloads]
    taken = map_all(workspace, source, payloads, kind) if taken is None else list(taken)
    gathered = workspace.operations.get("intake")
    if gathered is None:
        gathered = workspace.operations["intake"] = partial(_take_many, workspace)
    answers: list[Outcome] = []
    if not taken or len(taken) <= SLICE:
        wish = _Wish(source, way, kind, taken, list(payloads), raw, list(wants))
        return list(workspace.writer.gather(gathered, wish))
    for at in range(0, len(taken), SLICE):
        some = taken[at : at + SLICE]
        part = raw if at == 0 else None
        wish = _Wish(source, way, kind, some, list(payloads[at : at + SLICE]), part)
        answers += workspace.writer.gather(gathered, wish)
    return answers


def map_all(
    workspace: Workspace, source: Source, payloads: Sequence[Any], what: What
) -> list[Taken]:
    """Every payload in our words, also those that are none."""
    connector = source_service.connector_of(workspace, source)
    return [
        order_map.take(payload if isinstance(payload, Mapping) else {}, connector, source.map, what)
        for payload in payloads
    ]


# --- the transaction -------------------------------------------------------------------------------


def _take_many(
    workspace: Workspace, connection: Connection, wishes: Sequence[_Wish]
) -> list[list[Outcome]]:
    now_ms = workspace.clock.now_ms()
    mode = rush.mode(workspace, connection, now_ms)
    answers: list[list[Outcome]] = []
    events: list[Message] = []
    kept: list[dict[str, Any]] = []
    odd: list[dict[str, Any]] = []
    for same in _runs(wishes):
        answers += _take_run(workspace, connection, same, now_ms, events, kept, odd)
    rows.put_exceptions(connection, _once(odd), now_ms)
    source_rows.want(connection, _wanted(wishes, now_ms))
    if kept:
        rows.keep(connection, kept)
    rush.count(connection, now_ms, sum(one.name == "order.created" for one in events))
    if events:
        for event in events:
            event.payload["mode"] = mode
        told = send_many(workspace, connection, events, now_ms, ENGINE.user_id)
        inbox.put(connection, told, now_ms)
        workspace.changed.add("ready")
    return answers


def _runs(wishes: Sequence[_Wish]) -> list[list[_Wish]]:
    """Neighbours that go to the same table by the same way together, so that they share statements."""
    runs: list[list[_Wish]] = []
    for wish in wishes:
        last = runs[-1][0] if runs else None
        alike = last is not None and (last.source, last.way, last.what) == (
            wish.source, wish.way, wish.what,
        )  # fmt: skip
        if alike:
            runs[-1].append(wish)
        else:
            runs.append([wish])
    return runs


def _take_run(
    workspace: Workspace,
    connection: Connection,
    wishes: Sequence[_Wish],
    now_ms: int,
    events: list[Message],
    kept: list[dict[str, Any]],
    odd: list[dict[str, Any]],
) -> list[list[Outcome]]:
    first = wishes[0]
    source, what = first.source, first.what
    flat = [
        (taken, payload)
        for wish in wishes
        for taken, payload in zip(wish.taken, wish.payloads, strict=True)
    ]
    results = _write(workspace, connection, first, flat, now_ms, events, odd) if flat else []
    answers: list[list[Outcome]] = []
    at = 0
    for wish in wishes:
        part = results[at : at + len(wish.taken)]
        lags = [
            _lag(taken, now_ms)
            for taken, one in zip(wish.taken, part, strict=True)
            if one.outcome in ("created", "updated")
        ]
        at += len(wish.taken)
        answers.append(part)
        if wish.raw is not None:
            kept.append(_noted(wish, part, [lag for lag in lags if lag is not None], now_ms))
    state: dict[str, Any] = {"push_ok_at": now_ms} if first.way == "push" else {}
    if any(one.outcome == "created" for one in results) and what == "order":
        state["last_order_at"] = now_ms
    if state and _marks_now(workspace, source.key, tuple(state), now_ms):
        source_rows.set_state(connection, source.key, state)
    return answers


MARK_EVERY_MS = 1_000
"""When a source was last heard of is written at most so often: nobody asks for it more exactly, and it is a row all share."""

_marks: WeakKeyDictionary[Writer, dict[tuple[str, ...], tuple[int, int]]] = WeakKeyDictionary()
"""(source, what was written) → when, and the writer's roll-backs till then: what was rolled back was not written."""


def _marks_now(workspace: Workspace, key: str, names: tuple[str, ...], now_ms: int) -> bool:
    marks = _marks.setdefault(workspace.writer, {})
    at, rollbacks = marks.get((key, *names), (0, -1))
    if rollbacks == workspace.writer.rollbacks and 0 < now_ms - at < MARK_EVERY_MS:
        return False
    marks[key, *names] = (now_ms, workspace.writer.rollbacks)
    return True


def _write(
    workspace: Workspace,
    connection: Connection,
    wish: _Wish,
    flat: Sequence[tuple[Taken, Any]],
    now_ms: int,
    events: list[Message],
    odd: list[dict[str, Any]],
) -> list[Outcome]:
    source, what = wish.source, wish.what
    key = source.order_table if what == "order" else source.refund_table
    definition = order_tables.ORDERS if what == "order" else order_tables.REFUNDS
    table, waiting = rows.opened(connection, key, source.key)
    if table is None:
        source_service.draw(connection, key, definition, now_ms)
        table = data_tables.find(connection, key)
        assert table is not None
    outcomes = [Outcome(taken.key, "same") for taken, _ in flat]
    good: list[int] = []
    for index, (taken, payload) in enumerate(flat):
        problems = list(taken.problems)
        if not problems:
            normal, problems = table.form.accepted(taken.values, {})
            problems = [p for p in problems if p.code != "required"]
            if not problems:
                taken.values = normal
                good.append(index)
                continue
        outcomes[index].outcome = "exception"
        outcomes[index].problems = problems
        odd.append(_exception(wish, _kind(problems), taken, payload, problems))
    known = records.by_keys(connection, table.no, list({flat[index][0].key for index in good}))
    fresh = [
        index
        for index in good
        if not _same(known.get(flat[index][0].key), flat[index][0].values, outcomes[index])
    ]
    numbers = _numbers(connection, source, [flat[index][0] for index in fresh], known, now_ms)
    items = [_item(wish, flat[index][0], numbers, now_ms) for index in fresh]
    who = records.Who("engine", f"{wish.way}:{source.key}"[:64])
    absent = {item.key for item in items if item.key is not None} - set(known)
    written = records.write(connection, table, items, who, now_ms, absent=absent)
    slots: dict[int, int] = {}
    changed: list[tuple[records.Outcome, list[str]]] = []
    for index, outcome in zip(fresh, written, strict=True):
        taken, payload = flat[index]
        answer = outcomes[index]
        if outcome.state == "wrong":
            answer.outcome, answer.problems = "exception", outcome.problems
            odd.append(_exception(wish, "values_wrong", taken, payload, outcome.problems))
            continue
        answer.number = str(outcome.value.get("number") or "")
        _doubts(workspace, connection, wish, taken, payload, outcome, odd, now_ms)
        if outcome.state not in ("created", "updated"):
            continue
        answer.outcome = "created" if outcome.state == "created" else "updated"
        before = outcome.before if outcome.state == "updated" else None
        answer.events = order_tables.events_of(what, before, outcome.value)
        changed.append((outcome, answer.events))
        if outcome.state == "created" and what == "order":
            slot = _slot(taken.values.get("created_at"), now_ms)
            slots[slot] = slots.get(slot, 0) + 1
    source_rows.count(connection, source.key, slots)
    done = [flat[index][0].key for index in good]
    if done and waiting:
        rows.settle_exceptions(connection, source.key, done, now_ms)
    events += _events(workspace, connection, wish, changed, now_ms)
    return outcomes


def look(
    connection: Connection, source: Source, what: What, taken: Sequence[Taken]
) -> list[Outcome]:
    """What would become of these; nothing is written. What has problems is `wrong`."""
    table = data_tables.find(
        connection, source.order_table if what == "order" else source.refund_table
    )
    assert table is not None
    outcomes = [Outcome(one.key, "created", problems=list(one.problems)) for one in taken]
    values: dict[int, dict[str, Any]] = {}
    for index, one in enumerate(taken):
        if not one.problems:
            normal, problems = table.form.accepted(one.values, {})
            outcomes[index].problems = [p for p in problems if p.code != "required"]
            values[index] = normal
        if outcomes[index].problems:
            outcomes[index].outcome = "wrong"
    known = records.by_keys(connection, table.no, list({taken[index].key for index in values}))
    for index, normal in values.items():
        outcome = outcomes[index]
        row = known.get(outcome.key)
        if row is not None and outcome.outcome != "wrong":
            outcome.outcome = "same" if _same(row, normal, outcome) else "updated"
    return outcomes


def _same(row: Any, values: Mapping[str, Any], answer: Outcome) -> bool:
    """Does the record say all of this already?"""
    if row is None:
        return False
    answer.number = str(row.value.get("number") or "")
    return bool(answer.number) and all(
        row.value.get(name) == value for name, value in values.items()
    )


def _numbers(
    connection: Connection,
    source: Source,
    taken: Sequence[Taken],
    known: Mapping[str, Any],
    now_ms: int,
) -> dict[str, str]:
    """A number for each record that has none yet: key → number."""
    days: dict[str, str] = {}
    for one in taken:
        row = known.get(one.key)
        if row is None or not row.value.get("number"):
            days.setdefault(one.key, order_tables.day_of(one.values.get("created_at"), now_ms))
    wanted: dict[tuple[str, str], int] = {}
    for day in days.values():
        wanted[source.prefix, day] = wanted.get((source.prefix, day), 0) + 1
    following = rows.next_numbers(connection, wanted)
    numbers: dict[str, str] = {}
    for key, day in days.items():
        at = following[source.prefix, day]
        following[source.prefix, day] = at + 1
        numbers[key] = order_tables.number(source.prefix, day, at)
    return numbers


def _item(wish: _Wish, taken: Taken, numbers: Mapping[str, str], now_ms: int) -> records.Item:
    values = dict(taken.values)
    values["content_hash"] = order_map.content_hash(values)
    values["source"], values["way"] = wish.source.key, wish.way
    values["validated_at"] = to_iso(now_ms)
    values["identity"] = order_map.identity(
        wish.source.channel, taken.key, values.get("created_at")
    )
    if taken.key in numbers:
        values["number"] = numbers[taken.key]
    rule = order_tables.rule(wish.what, dated=values.get("updated_at") is not None)
    return records.Item(taken.key, values, "upsert", rule)


def _doubts(
    workspace: Workspace,
    connection: Connection,
    wish: _Wish,
    taken: Taken,
    payload: Any,
    outcome: records.Outcome,
    odd: list[dict[str, Any]],
    now_ms: int,
) -> None:
    """What a person should look at although the record is kept: a state that would have gone back, two sources that differ."""
    if outcome.held:
        params = {"from": (outcome.before or {}).get("state"), "to": taken.state}
        text = f"Expected a state after {params['from']}, but found {params['to']}."
        problem = Problem("/state", "went_back", params, text)
        odd.append(_exception(wish, "went_back", taken, payload, [problem]))
    other = (outcome.before or {}).get("source")
    if outcome.alert and other and other != wish.source.key:
        problems = [
            Problem(
                f"/{one['field']}", "sources_differ",
                {"ours": str(one["ours"])[:200], "theirs": str(one["theirs"])[:200], "kept": one["kept"]},
                f"Expected {one['field']} to be the same in {other} and {wish.source.key}, but it differs.",
            )
            for one in outcome.conflicts
            if one["field"] not in ("extra", "content_hash")
        ]  # fmt: skip
        if problems:
            odd.append(_exception(wish, "conflict", taken, payload, problems))
            _tell_conflict(workspace, connection, wish.source, outcome.key, now_ms)


def _tell_conflict(
    workspace: Workspace, connection: Connection, source: Source, key: str, now_ms: int
) -> None:
    roles = workspace.directory(connection).roles
    who = {user for role in ALERTED_ROLES for user in roles.get(role, ())}
    texts = {
        "en": (
            "Two sources say different things of one order",
            f"{key}: the newer one ({source.name('en')}) was kept. Look at it under Order exceptions.",
        ),
        "zh": (
            "两个来源对同一订单说法不一",
            f"{key}：已采用较新的一方（{source.name('zh')}），请在“订单异常”里核对。",
        ),
    }
    alerts.tell(connection, who, texts, now_ms)


def _events(
    workspace: Workspace,
    connection: Connection,
    wish: _Wish,
    changed: Sequence[tuple[records.Outcome, list[str]]],
    now_ms: int,
) -> list[Message]:
    orders: Mapping[str, Any] = {}
    if wish.what == "refund" and changed:
        table = data_tables.find(connection, wish.source.order_table)
        keys = sorted({str(one.value.get("order_key") or "") for one, _ in changed} - {""})
        orders = records.by_keys(connection, table.no, keys) if table is not None and keys else {}
    told: list[Message] = []
    for outcome, names in changed:
        value = {**outcome.value, "key": outcome.key}
        payload: dict[str, Any] = {"source": wish.source.key, "way": wish.way}
        if wish.what == "order":
            payload["order"] = value
        else:
            order = orders.get(str(outcome.value.get("order_key")))
            payload["refund"] = value
            payload["order"] = {**order.value, "key": order.key} if order is not None else None
        if outcome.before is not None and outcome.state == "updated":
            payload["previous"] = order_tables.previous(outcome.before, outcome.value)
        told += [
            Message(
                new_id("msg", now_ms), "message", name, outcome.key, payload, "all",
                now_ms + (KEPT_MS if name in _WAITS else 0), f"{name}:{outcome.key}:{outcome.rev}",
            )
            for name in names
        ]  # fmt: skip
    return told


# --- what is kept of a request ---------------------------------------------------------------------


def _noted(
    wish: _Wish, results: Sequence[Outcome], lags: Sequence[int], now_ms: int
) -> dict[str, Any]:
    raw = wish.raw
    assert raw is not None
    found = {one.outcome for one in results}
    if "created" in found or "updated" in found:
        verdict = "taken"
    elif "exception" in found:
        verdict = "exception"
    elif found == {"same"}:
        verdict = "duplicate"
    else:
        verdict = "taken" if wish.wants else "nothing"
    counts = {name: sum(one.outcome == name for one in results) for name in sorted(found)}
    detail = ", ".join(f"{count} {name}" for name, count in counts.items())
    if wish.wants:
        detail = f"{detail} {len(wish.wants)} named".strip()
    values = _row(wish.source.key, wish.way, raw, verdict, detail, now_ms)
    values["keys"] = [one.key for one in results if one.key][:100]
    values["lag_ms"] = max(lags) if lags else None
    return values


def _row(
    source: str, way: Way, raw: Raw, verdict: str, detail: str, now_ms: int, most: int = BODY_KEPT
) -> dict[str, Any]:
    return {
        "source": source,
        "way": way,
        "created_at": now_ms,
        "digest": hashlib.sha256(raw.body).hexdigest(),
        "headers": without_secrets(raw.headers),
        "query": without_secrets(raw.query),
        "body": raw.body[:most],
        "size": len(raw.body),
        "verdict": verdict,
        "status": raw.status,
        "reply": raw.reply[:500],
        "detail": detail[:1_000],
        "keys": [],
        "took_ms": min(2_000_000_000, round((time.monotonic() - raw.began_s) * 1_000)),
        "lag_ms": None,
    }


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """As they came, but what proves the caller is stars: who reads the log must not be able to say it again."""
    return {
        name[:100]: "•••" if any(word in name.lower() for word in _SECRET) else value[:HEADER_MAX]
        for name, value in list(headers.items())[:HEADERS_KEPT]
    }


def _exception(
    wish: _Wish, kind: str, taken: Taken, payload: Any, problems: Sequence[Problem]
) -> dict[str, Any]:
    text = jsontext.dumps(payload)
    about = taken.key or hashlib.sha256(text.encode()).hexdigest()
    dedup = hashlib.sha256(f"{wish.source.key}\n{wish.what}\n{kind}\n{about}".encode()).hexdigest()
    return {
        "source": wish.source.key, "kind": kind, "what": wish.what, "dedup": dedup, "record_key": taken.key,
        "code": taken.code[:200], "payload": text, "problems": [problem.as_json() for problem in problems],
        "way": wish.way,
    }  # fmt: skip


def _once(odd: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One statement must not meet the same row twice: the last one counts."""
    return list({row["dedup"]: row for row in odd}.values())


def _kind(problems: Sequence[Problem]) -> str:
    codes = {problem.code for problem in problems}
    if "status_unknown" in codes:
        return "status_unknown"
    return "unreadable" if codes & {"unreadable", "required"} else "values_wrong"


def _wanted(wishes: Sequence[_Wish], now_ms: int) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for wish in wishes:
        for one in wish.wants:
            row = {
                "source": wish.source.key, "what": one.what, "number": one.number[:128], "next_at": now_ms,
                "tries": 0, "created_at": now_ms,
            }  # fmt: skip
            found[wish.source.key, one.what, one.number[:128]] = row
    return list(found.values())


def _lag(taken: Taken, now_ms: int) -> int | None:
    moment = _moment(taken.values.get("updated_at") or taken.values.get("paid_at"))
    return None if moment is None else max(0, now_ms - moment)


def _slot(created_at: Any, now_ms: int) -> int:
    moment = _moment(created_at)
    # A platform's clock may run ahead; what is older than a month is no sign of today's traffic, but counts where it belongs.
    return min(moment if moment is not None else now_ms, now_ms) // source_rows.SLOT_MS


def _moment(text: Any) -> int | None:
    try:
        return from_iso(text) if isinstance(text, str) else None
    except ValueError:
        return None


# --- push ------------------------------------------------------------------------------------------


def push(
    workspace: Workspace,
    source_key: str,
    incoming: Incoming,
    open_connection: OpenConnection,
    began_s: float,
) -> tuple[list[Outcome], Reply | None]:
    """A call of a platform. Raises `SignatureWrong` for what nobody can prove; answers what the platform wants to hear."""
    source = source_service.get(workspace, source_key)
    if not source.enabled or not source.pushes or not source.connection:
        raise NotFound(kind="source", id=source_key[:80])
    account = open_connection(source.connection)
    connector = connectors()[account.connector]
    auth = (source.ways.get("push") or {}).get("auth") or "hmac"
    raw = Raw(incoming.body, incoming.headers, incoming.query, began_s)
    if connector.verify is None or not connector.verify(account, auth, incoming):
        _refused(workspace, source.key, raw, 401, "signature_wrong")
        refused_calls.refused(workspace, account, connector, auth, incoming)
        raise SignatureWrong
    refused_calls.proven(workspace, account, incoming.now_ms)
    try:
        said = _said(connector, account, incoming)
        told = list(connector.pushed(said, incoming)) if connector.pushed else _orders(said)
    except (ParamWrong, ValueError) as wrong:
        _refused(workspace, source.key, raw, 422, str(wrong), verdict="wrong")
        problem = Problem("/body", "body_unreadable", {}, str(wrong)[:300])
        raise ValidationFailed(what="push", count=1, problems=[problem]) from wrong
    if len(told) > ITEMS_MAX:
        problem = Problem(
            "/body",
            "items_wrong",
            {"limit": ITEMS_MAX, "found": len(told)},
            f"Expected at most {ITEMS_MAX} orders.",
        )
        raise ValidationFailed(what="push", count=1, problems=[problem])
    reply = connector.reply
    raw = Raw(
        incoming.body, incoming.headers, incoming.query, began_s,
        reply.status if reply else 200, reply.body if reply else "",
    )  # fmt: skip
    wants = [one for one in told if one.payload is None and one.number]
    outcomes: list[Outcome] = []
    for what in ("order", "refund"):
        payloads = [one.payload for one in told if one.what == what and one.payload is not None]
        if payloads:
            outcomes += take(
                workspace, source.key, "push", payloads, kind=what, raw=raw, wants=wants
            )
            wants = []
    if not outcomes:  # also a call that told nothing of an order is noted
        take(workspace, source.key, "push", [], raw=raw, wants=wants)
    if any(one.payload is None for one in told):
        workspace.wakeup.announce("polling")
    return outcomes, reply


def _said(connector: Connector, account: ConnectionInfo, incoming: Incoming) -> Any:
    if connector.unwrap is not None:
        return connector.unwrap(account, incoming)
    try:
        return _json(incoming.body)
    except ValueError:
        if connector.pushed is None:
            raise
        return None  # a first call that only says hello


def greeting(
    workspace: Workspace,
    source_key: str,
    query: Mapping[str, str],
    open_connection: OpenConnection,
) -> str:
    """The word a platform wants back before it calls for the first time."""
    source = source_service.get(workspace, source_key)
    if not source.enabled or not source.pushes or not source.connection:
        raise NotFound(kind="source", id=source_key[:80])
    account = open_connection(source.connection)
    connector = connectors()[account.connector]
    if connector.greet is None:
        raise NotFound(kind="source", id=source_key[:80])
    word = connector.greet(account, Incoming({}, query, b"", workspace.clock.now_ms()))
    if word is None:
        raise SignatureWrong
    return word


def _orders(said: Any) -> list[Pushed]:
    """Without a platform's own rule: one order, a list of them, or `{"orders": […], "refunds": […]}`."""
    if isinstance(said, Mapping) and isinstance(said.get("orders", said.get("refunds")), list):
        orders = [Pushed("order", one) for one in said.get("orders") or ()]
        return orders + [Pushed("refund", one) for one in said.get("refunds") or ()]
    some = said if isinstance(said, list) else [said]
    if not all(isinstance(one, Mapping) for one in some):
        raise ValueError("Expected an order or a list of orders.")
    return [Pushed("order", one) for one in some]


def _json(body: bytes) -> Any:
    try:
        return jsontext.loads(body)
    except ValueError:
        raise ValueError("Expected JSON, but it cannot be read.") from None


def _refused(
    workspace: Workspace,
    source: str,
    raw: Raw,
    status: int,
    why: str,
    *,
    verdict: str = "refused",
) -> None:
    """Note what was not taken, as far as there is room for it; the caller does not wait."""
    now_ms = workspace.clock.now_ms()
    minute = now_ms // 60_000
    last, count = _refusals.get(workspace.writer, (minute, 0))
    count = count if last == minute else 0
    if count >= REFUSED_PER_MINUTE:
        return
    _refusals[workspace.writer] = (minute, count + 1)
    most = REFUSED_KEPT if verdict == "refused" else BODY_KEPT
    told = Raw(raw.body, raw.headers, raw.query, raw.began_s, status, "")
    row = _row(source, "push", told, verdict, why, now_ms, most)
    workspace.writer.submit(lambda connection: rows.keep(connection, [row]))


_refusals: WeakKeyDictionary[Writer, tuple[int, int]] = WeakKeyDictionary()
"""The last minute in which this process refused something, and how many it has noted in it."""


# --- by hand, and for templates --------------------------------------------------------------------


def put(
    workspace: Workspace,
    actor: Actor,
    source_key: str,
    items: Sequence[Mapping[str, Any]],
    kind: What,
    raw: bytes = b"",
) -> dict[str, Any]:
    """Orders handed in as values (the file's way): JSON of the platform, or of our own words."""
    actor.require("records:write")
    body = raw or jsontext.dumps(list(items)).encode()
    outcomes = take(workspace, source_key, "file", items, kind=kind, raw=Raw(body))
    return {"items": [one.as_json() for one in outcomes], "next_cursor": None}


def preview(
    workspace: Workspace,
    actor: Actor,
    source_key: str,
    payload: Any,
    kind: What,
    fields: Mapping[str, Any] | None = None,
    statuses: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """What a map would make of a payload; nothing is kept. Without a payload: of the last one that came."""
    actor.require("records:read")
    source = source_service.get(workspace, source_key)
    if payload is None:
        payload = sample(workspace, source, kind)
    about = dict(source.map)
    if fields is not None:
        about["fields"] = {**source.fields, kind: fields}
    if statuses is not None:
        about["statuses"] = {**source.statuses, kind: statuses}
    problems = order_map.check(about["fields"], about["statuses"])
    connector = source_service.connector_of(workspace, source)
    payload = order_map.safe(payload)
    given = payload if isinstance(payload, Mapping) else {}
    taken = order_map.take(given, connector, about, kind)
    return {
        "payload": payload,
        "places": [{"path": path, "value": value} for path, value in order_map.places(given)[:500]],
        "values": taken.values,
        "key": taken.key,
        "code": taken.code,
        "state": taken.state,
        "unmapped": taken.unmapped[:500],
        "mapped": taken.pre_mapped[0],
        "whole": taken.pre_mapped[1],
        "problems": [problem.as_json() for problem in [*problems, *taken.problems]],
    }


def sample(workspace: Workspace, source: Source, kind: What) -> Any:
    """One payload of the latest request: for the editor of the map. None: nothing has come yet."""
    with workspace.read() as connection:
        waiting = rows.exceptions(
            connection, source=source.key, status="open", kind=None, before=None, limit=1
        )
        row = rows.last_body(connection, source.key)
    if waiting and waiting[0].what == kind:
        return jsontext.loads(waiting[0].payload)
    if row is None:
        return None
    connector = source_service.connector_of(workspace, source)
    try:
        found = jsontext.loads(row.body)
    except ValueError:
        return None
    return first_payload(connector, found, kind)


def first_payload(connector: Any, value: Any, kind: What) -> Any:
    """The order inside what a platform said: the first part, from outside inwards, that the connector reads as one."""
    mapper = None if connector is None else connector.order if kind == "order" else connector.refund
    level: list[Any] = [value]
    for _ in range(6):
        deeper: list[Any] = []
        for one in level:
            if isinstance(one, Mapping):
                if mapper is None:
                    return one
                try:
                    mapper(one)
                except (
                    HeadraceError,
                    ParamWrong,
                    ArithmeticError,
                    ValueError,
                    TypeError,
                    AttributeError,
                ):
                    deeper.extend(one.values())
                else:
                    return one
            elif isinstance(one, list):
                deeper.extend(one[:50])
        level = deeper[:200]
    return None
