"""The registry of outside interfaces: what every connector operation in use is, who looks after it, when it ends, how it answers
(R157-R159, R161, R164).

It fills itself: whoever asks a platform notes the call. What is noted is gathered in memory and written now and then, so that a
call costs nothing; a failure that says "gone" is written at once.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.connector import Connector, Operation
from headrace.engine.errors import NotFound, Problem, ValidationFailed
from headrace.engine.flow.order_tables import EVENTS
from headrace.engine.registry import connectors
from headrace.engine.service import audit, ops_alerts, own_connectors, source_incidents
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import interfaces as rows
from headrace.engine.store import sources
from headrace.engine.store.writer import Writer

ZONE = ZoneInfo("Asia/Shanghai")
DAYS_AHEAD = 15
"""So many days before an interface ends people are reminded, and then daily until somebody says he knows (R159)."""

BOUNDS_MS = (50, 100, 200, 300, 500, 800, 1_200, 2_000, 3_000, 5_000, 10_000, 30_000)
"""Calls are counted by how long they took, up to these."""

ALERT_AFTER = 3
REFUSED = frozenset({"auth", "scope"})
"""Classes that mean us and not this one call: whoever is refused so three times in a row is refused until somebody acts."""
POLLED = frozenset({"orders", "refunds", "all_refunds"})
"""Lists that sources pull: `polling` tells of these itself."""
NOTICES = "notices"
"""The interface of an account by which its platform calls us (`refused_calls`)."""

FLUSH_MS = 5_000
LOOK_MS = 60_000
MONTHS = 6


@dataclass(frozen=True, slots=True)
class Called:
    """One call of an interface."""

    account: str
    connector: str
    operation: str
    version: str
    url: str
    at_ms: int
    took_ms: int
    trouble: str = ""
    """One of the classes of `polling.py`; empty: it went well."""
    error: str = ""
    warning: str = ""
    """What the platform says of its end."""
    api: str = ""
    """What it is called, where no connector says it: `GET /orders/{order_no}`."""


@dataclass(slots=True)
class _Noted:
    calls: list[Called] = field(default_factory=list)
    flushed_ms: int = 0
    looked_ms: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


_noted: WeakKeyDictionary[Writer, _Noted] = WeakKeyDictionary()
NOTED_MAX = 2_000


_PLACE = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_VERSION = re.compile(r"/(v\d{1,3}(?:\.\d{1,3})?)(?=/|$)", re.IGNORECASE)
OPERATION_MAX = 64


@lru_cache(maxsize=1_024)
def plain(method: str, path: str, base: str) -> tuple[str, str]:
    """A plain request as the registry knows it: what is filled in is a name in braces, what follows a question mark is no part of
    it; and the version its address tells, if any."""
    shown = _PLACE.sub(lambda found: f"{{{found[1][:40]}}}", path.partition("?")[0])
    found = _VERSION.search(f"{urlsplit(base).path.rstrip('/')}/{shown.lstrip('/')}")
    return f"{method} /{shown.lstrip('/')}"[:200], found[1] if found else ""


def short(api: str) -> str:
    """The same, as long as a key may be; what is cut off is told apart by a digest."""
    if len(api) <= OPERATION_MAX:
        return api
    digest = hashlib.sha256(api.encode()).hexdigest()[:10]
    return f"{api[: OPERATION_MAX - 11]}…{digest}"


def note(workspace: Workspace, called: Called) -> None:
    """Remember a call; cheap. What is over the limit is forgotten: it is a measure, not an account."""
    kept = _noted.setdefault(workspace.writer, _Noted())
    with kept.lock:
        if len(kept.calls) < NOTED_MAX:
            kept.calls.append(called)


def flush(workspace: Workspace, *, now: bool = False) -> int:
    """Write what was noted, every few seconds; answers how many calls."""
    kept = _noted.setdefault(workspace.writer, _Noted())
    now_ms = workspace.clock.now_ms()
    with kept.lock:
        if not kept.calls or (not now and 0 <= now_ms - kept.flushed_ms < FLUSH_MS):
            return 0
        calls, kept.calls, kept.flushed_ms = kept.calls, [], now_ms
    workspace.writer.call(lambda connection: write(workspace, connection, calls))
    return len(calls)


def write(workspace: Workspace, connection: Connection, calls: list[Called]) -> None:
    """Put calls into the registry, in somebody's transaction."""
    groups: dict[tuple[str, str, str], list[Called]] = {}
    for one in calls:
        groups.setdefault((one.account, one.operation, one.version), []).append(one)
    for (account, name, version), some in sorted(groups.items()):
        row = rows.at(connection, account, name, version, lock=True)
        if row is None:
            rows.register(connection, _fresh(workspace, connection, some[0]))
            row = rows.at(connection, account, name, version, lock=True)
        if row is not None:
            _apply(workspace, connection, row, some)


def _fresh(workspace: Workspace, connection: Connection, one: Called) -> dict[str, Any]:
    version = {"version": one.version} if one.version.isdecimal() else {}
    connector = own_connectors.connector_of(connection, one.connector, version)
    operation = _operation(connector, one.operation)
    ends = (connector.versions.get(one.version) if connector else "") or ""
    api = one.api or (operation.api if operation else "") or one.operation
    if one.version and connector is not None:  # the version has a place of its own
        api = " ".join(part for part in api.split() if part not in connector.versions)
    now_ms = workspace.clock.now_ms()
    return {
        "connection": one.account, "connector": one.connector, "operation": one.operation,
        "api": api[:200], "version": one.version[:32], "url": place(one.url),
        "owner": {}, "expires_at": moment_of(ends) if ends else None, "status": "ok", "first_at": now_ms,
        "last_at": now_ms, "failures": 0, "retired": False,
    }  # fmt: skip


def _operation(connector: Connector | None, name: str) -> Operation | None:
    return next(
        (one for one in (connector.operations if connector else ()) if one.name == name), None
    )


def place(url: str) -> str:
    """Scheme and host: what stands behind them may hold a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:300]


def moment_of(day: str) -> int:
    """The beginning of a day in Shanghai, `2026-01-01`."""
    return int(
        datetime.combine(date.fromisoformat(day), datetime.min.time(), ZONE).timestamp() * 1_000
    )


def _apply(workspace: Workspace, connection: Connection, row: Any, some: list[Called]) -> None:
    values: dict[str, Any] = {"last_at": some[-1].at_ms, "retired": False}
    failures, status, gone_at = row.failures, row.status, row.gone_at
    alerted_at = row.alerted_at
    for one in some:
        if one.trouble:
            failures += 1
            values |= {
                "last_error_at": one.at_ms,
                "last_class": one.trouble,
                "last_error": one.error[:500],
            }
            if one.trouble == "gone":
                status, gone_at = "gone", gone_at or one.at_ms
            elif status != "gone":
                status = "failing"
            if _is_refused(row, one, failures) and alerted_at is None:
                alerted_at = one.at_ms
                _tell_refused(workspace, connection, row, one, failures)
        else:
            if alerted_at is not None:
                _tell_heard_again(workspace, connection, row, alerted_at, one.at_ms)
            failures, gone_at, alerted_at = 0, None, None
            status = "deprecated" if one.warning else "ok"
            values |= {"last_ok_at": one.at_ms, "url": place(one.url)}
            if one.warning:
                values |= {"last_error": one.warning[:500]}
    if status == "gone" and row.status != "gone":
        _tell_gone(workspace, connection, row, values)
    if status == "deprecated" and row.status != "deprecated":
        _tell_deprecated(workspace, connection, row, values)
    values |= {"failures": failures, "status": status, "gone_at": gone_at}
    rows.change(connection, row.id, {**values, "alerted_at": alerted_at})
    if row.operation != NOTICES:  # of these only refusals are noted, and what comes after them
        _count(connection, row, some)


def _count(connection: Connection, row: Any, some: list[Called]) -> None:
    month = datetime.fromtimestamp(some[-1].at_ms / 1_000, ZONE).strftime("%Y-%m")
    known = rows.month(connection, row.id, month, lock=True)
    times = list(known.times) if known is not None else [0] * (len(BOUNDS_MS) + 1)
    for one in some:
        times[bucket(one.took_ms)] += 1
    failed = sum(bool(one.trouble) for one in some)
    counted = {
        "interface": row.id, "month": month, "calls": (known.calls if known else 0) + len(some),
        "failed": (known.failed if known else 0) + failed, "times": times,
    }  # fmt: skip
    rows.put_month(connection, counted)


def bucket(took_ms: int) -> int:
    """Among which calls one is counted."""
    return next((i for i, bound in enumerate(BOUNDS_MS) if took_ms <= bound), len(BOUNDS_MS))


def p95(times: list[int]) -> int | None:
    """Nineteen of twenty calls took at most this (ms), as exactly as they are counted."""
    whole = sum(times)
    if not whole:
        return None
    so_far = 0
    for index, count in enumerate(times):
        so_far += count
        if so_far >= 0.95 * whole:
            return BOUNDS_MS[min(index, len(BOUNDS_MS) - 1)]
    return BOUNDS_MS[-1]


def affected(connection: Connection, account: str) -> tuple[list[str], list[str]]:
    """Sources and flows that depend on an account."""
    named = sources.by_connections(connection, [account]).get(account, [])
    flows = rows.flows_naming(connection, account)
    hearing = rows.flows_hearing(connection, EVENTS) if named else []
    return named, sorted({*flows, *hearing})


def _is_refused(row: Any, one: Called, failures: int) -> bool:
    return one.trouble in REFUSED and failures >= ALERT_AFTER and row.operation not in POLLED


def _tell_refused(
    workspace: Workspace, connection: Connection, row: Any, one: Called, failures: int
) -> None:
    """R017: told at the third refusal in a row, once."""
    shops, flows = affected(connection, row.connection)
    zh, en = _REFUSALS[one.trouble]
    whom_zh, whom_en = _DIRECTIONS[row.operation == NOTICES]
    why = one.error[:300]
    texts = {
        "zh": (
            f"连续 {failures} 次{whom_zh}：{row.connection}",
            f"原因：{zh}。{why}。受影响的来源：{'、'.join(shops) or '无'}；流程：{'、'.join(flows) or '无'}。"
            "请核对连接里填的账号与密钥。",
        ),
        "en": (
            f"{failures} times in a row {whom_en}: {row.connection}",
            f"Why: {en}. {why}. Sources: {', '.join(shops) or 'none'}; flows: {', '.join(flows) or 'none'}."
            " Check account and keys of the connection.",
        ),
    }
    key = f"refused.{row.id}.{one.at_ms}"
    ops_alerts.tell(workspace, connection, texts, key, people=_people(connection, row))


def _tell_heard_again(
    workspace: Workspace, connection: Connection, row: Any, alerted_at: int, now_ms: int
) -> None:
    minutes = (now_ms - alerted_at) // 60_000
    texts = {
        "zh": (f"已恢复：{row.connection}", f"{row.api} 在 {minutes} 分钟后恢复正常。"),
        "en": (f"Works again: {row.connection}", f"{row.api}, after {minutes} minutes."),
    }
    key = f"heard.{row.id}.{now_ms}"
    ops_alerts.tell(workspace, connection, texts, key, people=_people(connection, row))


_REFUSALS: Mapping[str, tuple[str, str]] = {
    "auth": ("授权失效或签名不对", "authorisation or signature"),
    "scope": (
        "不是我们的应用或商户，或缺少权限",
        "not our app or seller, or a permission is missing",
    ),
}
_DIRECTIONS = {
    False: ("调用被平台拒绝", "the platform has refused us"),
    True: ("通知被我们拒收", "we have refused its notices"),
}


def _tell_gone(
    workspace: Workspace, connection: Connection, row: Any, values: Mapping[str, Any]
) -> None:
    """G16: an interface that is gone is critical at the first call, not at the third."""
    shops, flows = affected(connection, row.connection)
    of = f"{row.api} {row.version}".strip()
    why = str(values.get("last_error") or "")[:300]
    texts = {
        "zh": (
            f"严重：接口已下线 {of}",
            f"连接 {row.connection}。受影响的来源：{'、'.join(shops) or '无'}；流程：{'、'.join(flows) or '无'}。平台回答：{why}。"
            "请在“接口登记”里切换版本，再补拉缺口。",
        ),
        "en": (
            f"Critical: interface gone: {of}",
            f"Connection {row.connection}. Sources: {', '.join(shops) or 'none'}; flows: {', '.join(flows) or 'none'}."
            f" It answered: {why}. Switch the version under Interfaces, then pull the gap again.",
        ),
    }
    people = _people(connection, row)
    ops_alerts.tell(
        workspace, connection, texts, f"gone.{row.id}.{values['last_at']}", people=people
    )
    heard = ops_alerts.hearing(workspace, connection, people)
    for key in shops:
        about = {"api": of, "error": why}
        source_incidents.begin(workspace, connection, key, "gone", about, heard)


def _tell_deprecated(
    workspace: Workspace, connection: Connection, row: Any, values: Mapping[str, Any]
) -> None:
    of = f"{row.api} {row.version}".strip()
    why = str(values.get("last_error") or "")[:300]
    texts = {
        "zh": (f"接口即将下线：{of}", f"连接 {row.connection}：平台提示 {why}"),
        "en": (f"Interface will end: {of}", f"Connection {row.connection}: it says {why}"),
    }
    key = f"deprecated.{row.id}.{values['last_at']}"
    ops_alerts.tell(workspace, connection, texts, key, people=_people(connection, row))


def _people(connection: Connection, row: Any) -> list[str]:
    """Who looks after the interface, and after the sources that use it."""
    named = [source.owner for source in sources.of_connection(connection, row.connection)]
    owners = [one for owner in named for one in (owner.get("primary"), owner.get("backup"))]
    return sorted({*_owners(row), *(str(one) for one in owners if one)})


def _owners(row: Any) -> list[str]:
    return [
        str(one)
        for one in ((row.owner or {}).get("primary"), (row.owner or {}).get("backup"))
        if one
    ]


# --- reminders -------------------------------------------------------------------------------------


def watch(workspace: Workspace) -> int:
    """Write what was noted; remind of what ends. Answers how many reminders left. Any process may look."""
    flush(workspace)
    kept = _noted.setdefault(workspace.writer, _Noted())
    now_ms = workspace.clock.now_ms()
    if 0 <= now_ms - kept.looked_ms < LOOK_MS:
        return 0
    kept.looked_ms = now_ms
    return remind(workspace)


def remind(workspace: Workspace) -> int:
    """R159: from the fifteenth day before the end, once a day until it is acknowledged."""
    now_ms = workspace.clock.now_ms()
    today = datetime.fromtimestamp(now_ms / 1_000, ZONE).date()
    horizon = datetime.combine(today + timedelta(days=DAYS_AHEAD + 1), datetime.min.time(), ZONE)
    until_ms = int(horizon.timestamp() * 1_000) - 1
    with workspace.read() as connection:
        due = [
            row.id
            for row in rows.expiring(connection, until_ms, 200)
            if row.reminded_on != today.isoformat()
        ]
    if not due:
        return 0

    def write(connection: Connection) -> int:
        told = 0
        for id_ in due:
            row = rows.find(connection, id_)
            if row is None or row.acknowledged_at or row.reminded_on == today.isoformat():
                continue
            day = datetime.fromtimestamp(row.expires_at / 1_000, ZONE).date()
            left = (day - today).days
            shops, flows = affected(connection, row.connection)
            of = f"{row.api} {row.version}".strip()
            ends = "" if left >= 0 else " (over)"
            texts = {
                "zh": (
                    f"接口 {left} 天后到期：{of}" if left >= 0 else f"接口已过期：{of}",
                    f"到期日 {day.isoformat()}，连接 {row.connection}。受影响的来源：{'、'.join(shops) or '无'}；"
                    f"流程：{'、'.join(flows) or '无'}。在“接口登记”里确认后不再提醒。",
                ),
                "en": (
                    f"An interface ends in {left} days: {of}{ends}",
                    f"It ends on {day.isoformat()}, connection {row.connection}. Sources: {', '.join(shops) or 'none'}; flows:"
                    f" {', '.join(flows) or 'none'}. Acknowledge it under Interfaces to hear no more.",
                ),
            }
            key = f"expires.{row.id}.{today.isoformat()}"
            ops_alerts.tell(workspace, connection, texts, key, people=_people(connection, row))
            rows.change(connection, row.id, {"reminded_on": today.isoformat()})
            told += 1
        return told

    return int(workspace.writer.call(write))


# --- for people ------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    status: str | None = None,
    connection: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Interfaces in use, each with who depends on it and how it answered this month."""
    actor.require("connections:read")
    after = (
        int(cursor)
        if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19
        else None
    )
    flush(workspace, now=True)
    now_ms = workspace.clock.now_ms()
    since = (datetime.fromtimestamp(now_ms / 1_000, ZONE) - timedelta(days=31 * MONTHS)).strftime(
        "%Y-%m"
    )
    with workspace.read() as reading:
        found = rows.page(reading, after=after, limit=limit + 1, status=status, account=connection)
        shown = found[:limit]
        months = rows.months(reading, [row.id for row in shown], since)
        using = {account: affected(reading, account) for account in {r.connection for r in shown}}
        people = workspace.directory(reading).people
    items = [
        _json(row, months.get(row.id, []), *using.get(row.connection, ([], [])), people)
        for row in found
    ]
    return page(items, limit, lambda item: str(item["id"]))


def _json(
    row: Any, months: list[Any], shops: list[str], flows: list[str], people: Mapping[str, Any]
) -> dict[str, Any]:
    connector = connectors().get(row.connector)
    told = [
        {
            "month": one.month, "calls": one.calls, "failed": one.failed, "p95_ms": p95(one.times),
            "breached": bool(row.agreed_ms and (p95(one.times) or 0) > row.agreed_ms),
        }
        for one in months
    ]  # fmt: skip
    owner = {
        kind: {"id": id_, "name": getattr(people.get(id_), "name", id_)}
        for kind, id_ in (row.owner or {}).items()
        if id_
    }
    return {
        "id": row.id, "connection": row.connection, "connector": row.connector, "operation": row.operation, "api": row.api,
        "version": row.version, "url": row.url, "owner": owner, "expires_at": iso_or_none(row.expires_at),
        "acknowledged_at": iso_or_none(row.acknowledged_at), "status": row.status, "gone_at": iso_or_none(row.gone_at),
        "first_at": to_iso(row.first_at), "last_at": to_iso(row.last_at), "last_ok_at": iso_or_none(row.last_ok_at),
        "last_error_at": iso_or_none(row.last_error_at), "last_class": row.last_class, "last_error": row.last_error,
        "failures": row.failures, "agreed_ms": row.agreed_ms, "p95_ms": told[0]["p95_ms"] if told else None,
        "months": told, "sources": shops, "flows": flows, "versions": sorted(connector.versions) if connector else [],
    }  # fmt: skip


def change(
    workspace: Workspace, actor: Actor, id_: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Owner, end, agreed time; `retired`: nobody uses it any more."""
    actor.require("tables:write")
    columns: dict[str, Any] = {
        name: values[name] for name in ("owner", "agreed_ms", "retired") if name in values
    }
    if "expires_on" in values:
        try:
            day = values["expires_on"]
            columns["expires_at"] = moment_of(day) if day else None
        except ValueError:
            problem = Problem(
                "/expires_on",
                "type",
                {"expected": "2026-01-01", "found": str(values["expires_on"])[:20]},
                "Expected a day.",
            )
            raise ValidationFailed(what="interface", count=1, problems=[problem]) from None
        columns |= {"acknowledged_at": None, "acknowledged_by": None, "reminded_on": None}

    def write(connection: Connection) -> None:
        if rows.find(connection, id_) is None:
            raise NotFound(kind="interface", id=str(id_))
        rows.change(connection, id_, columns)
        audit.note(
            connection, workspace, actor, "interfaces.change", str(id_), changed=sorted(columns)
        )

    workspace.writer.call(write)
    return one(workspace, actor, id_)


def acknowledge(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """Say that one knows of its end: no more reminders, until the end is changed."""
    actor.require("records:write")

    def write(connection: Connection) -> None:
        row = rows.find(connection, id_)
        if row is None:
            raise NotFound(kind="interface", id=str(id_))
        if row.acknowledged_at is None:
            values = {"acknowledged_at": workspace.clock.now_ms(), "acknowledged_by": actor.user_id}
            rows.change(connection, id_, values)
            audit.note(connection, workspace, actor, "interfaces.acknowledge", str(id_))

    workspace.writer.call(write)
    return one(workspace, actor, id_)


def one(workspace: Workspace, actor: Actor, id_: int) -> dict[str, Any]:
    """One interface."""
    actor.require("connections:read")
    with workspace.read() as connection:
        row = rows.find(connection, id_)
        if row is None:
            raise NotFound(kind="interface", id=str(id_))
        months = rows.months(connection, [id_], "0").get(id_, [])[:MONTHS]
        shops, flows = affected(connection, row.connection)
        people = workspace.directory(connection).people
    return _json(row, months, shops, flows, people)
