"""Sources: where orders come from. A shop, its account, by which ways its orders come, and how they are read (R001-R009, R026).

A source is polled, pushes to `/intake/<key>`, or brings files; whichever way an order comes, `intake.take` has it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.connector import ORDER_STATES, Connector, Operation
from headrace.engine.duration import duration_ms
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.flow import order_map, order_tables
from headrace.engine.registry import connectors
from headrace.engine.service import audit, shop_tokens, source_incidents
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import accounts, connection_tokens, data_tables, intake
from headrace.engine.store import source_incidents as source_incident_rows
from headrace.engine.store import sources as rows
from headrace.engine.store.writer import Writer

EVERY = "PT15M"
"""How often a source is polled, unless it says otherwise (R004)."""

OVERLAP = "PT5M"
"""So much of what was read is read again: clocks differ, and what is being written while one reads comes late."""

EVERY_MIN_MS, EVERY_MAX_MS = 10_000, 86_400_000
OVERLAP_MAX_MS = 86_400_000
DAILY = "00:10"
"""When all of yesterday is read once more (R006, G1), in Shanghai."""

ZONE = ZoneInfo("Asia/Shanghai")
FILE = "file"
LAGS = 200
"""Requests over which lateness is measured."""

_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_PREFIX = re.compile(r"[A-Z]{2}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


@dataclass(frozen=True, slots=True)
class Source:
    """A source as the engine uses it."""

    key: str
    title: Mapping[str, str]
    connection: str | None
    channel: str
    shop: str
    order_table: str
    refund_table: str
    prefix: str
    ways: Mapping[str, Any]
    fields: Mapping[str, Any]
    statuses: Mapping[str, Any]
    version: str
    alerts: Mapping[str, Any]
    owner: Mapping[str, Any]
    enabled: bool
    revision: int

    @property
    def map(self) -> Mapping[str, Any]:
        """What `order_map.take` reads."""
        return {
            "channel": self.channel, "shop": self.shop, "fields": self.fields, "statuses": self.statuses,
        }  # fmt: skip

    @property
    def every_ms(self) -> int | None:
        """Between two polls; None: it is not polled."""
        poll = self.ways.get("poll") or {}
        return duration_ms(poll.get("every") or EVERY) if poll.get("enabled") else None

    @property
    def refunds_too(self) -> bool:
        """Are its refunds read as often as its orders, where the platform has a list of them?"""
        return bool((self.ways.get("poll") or {}).get("refunds", True))

    @property
    def overlap_ms(self) -> int:
        """What is read again."""
        return duration_ms((self.ways.get("poll") or {}).get("overlap") or OVERLAP)

    @property
    def pushes(self) -> bool:
        """Does it call us?"""
        return bool((self.ways.get("push") or {}).get("enabled"))

    def name(self, language: str) -> str:
        """What people call it."""
        return str(self.title.get(language) or next(iter(self.title.values()), "") or self.key)


_kept: WeakKeyDictionary[Writer, dict[str, tuple[Source, int]]] = WeakKeyDictionary()


def get(workspace: Workspace, key: str) -> Source:
    """The source by that key, at most a second old. Raises `NotFound`."""
    now_ms = workspace.clock.now_ms()
    kept = _kept.setdefault(workspace.writer, {})
    found = kept.get(key)
    if found is None or not found[1] - FRESH_MS <= now_ms <= found[1]:
        with workspace.read() as connection:
            source = read(connection, key)
        found = kept[key] = (source, now_ms + FRESH_MS)
    return found[0]


def read(connection: Connection, key: str) -> Source:
    """The source as it is now. Raises `NotFound`."""
    row = rows.find(connection, key)
    if row is None:
        raise NotFound(kind="source", id=key[:80])
    return source_of(row)


def source_of(row: Any) -> Source:
    """A row as a source."""
    return Source(
        row.key, row.title, row.connection, row.channel, row.shop, row.order_table, row.refund_table, row.prefix, row.ways,
        row.fields, row.statuses, row.version, row.alerts, row.owner, row.enabled, row.revision,
    )  # fmt: skip


def forget(workspace: Workspace, key: str) -> None:
    """It has changed: read it again."""
    _kept.setdefault(workspace.writer, {}).pop(key, None)


def connector_of(workspace: Workspace, source: Source) -> Connector | None:
    """The platform behind a source; None: files and calls in our own words."""
    del workspace
    found = connectors().get(source.channel)
    return found if found is not None and found.order is not None else None


def refund_list(connector: Connector | None) -> Operation | None:
    """The operation that lists refunds by time; None: the platform has none, or only those of one order."""
    if connector is None or connector.refund is None:
        return None
    known = {one.name: one for one in connector.operations}
    found = known.get("all_refunds") or known.get("refunds")
    return found if found is not None and found.build and found.paging is not None else None


def reconcile_after(now_ms: int, at: str = DAILY) -> int:
    """The next daily look back after this moment: at this time in Shanghai, whatever zone the server is in."""
    hours, minutes = (int(part) for part in at.split(":"))
    now = datetime.fromtimestamp(now_ms / 1_000, ZONE)
    then = now.replace(hour=hours, minute=minutes, second=0, microsecond=0)
    if then <= now:
        then += timedelta(days=1)
    return int(then.timestamp() * 1_000)


# --- seeing ----------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Sources by key, each with how it is."""
    actor.require("records:read")
    with workspace.read() as connection:
        found = rows.listing(connection, after=cursor, limit=limit + 1, search=search)
        keys = [row.key for row in found[:limit]]
        states = rows.states(connection, keys)
        waiting = intake.open_counts(connection, keys)
    now_ms = workspace.clock.now_ms()
    items = [
        _brief(source_of(row), states.get(row.key), waiting.get(row.key, 0), now_ms)
        for row in found
    ]
    return page(items, limit, lambda item: str(item["key"]))


def _brief(source: Source, state: Any, waiting: int, now_ms: int) -> dict[str, Any]:
    return {
        "key": source.key,
        "title": source.title,
        "channel": source.channel,
        "shop": source.shop,
        "connection": source.connection,
        "enabled": source.enabled,
        "ways": [
            way for way in ("push", "poll", "file") if (source.ways.get(way) or {}).get("enabled")
        ],
        "version": source.version,
        "health": health(source, state, now_ms),
        "exceptions": waiting,
        "last_order_at": iso_or_none(getattr(state, "last_order_at", None)),
        "last_ok_at": iso_or_none(getattr(state, "last_ok_at", None)),
        "watermark_at": iso_or_none(getattr(state, "watermark_at", None)),
        "failures": getattr(state, "failures", 0) or 0,
    }


def health(source: Source, state: Any, now_ms: int) -> str:
    """off, red (it cannot go on), amber (it fails, or is suspiciously quiet), green, new (nothing has come yet)."""
    if not source.enabled:
        return "off"
    if state is None:
        return "new"
    if state.missing or state.gone_at or state.failures >= 3:
        return "red"
    if state.failures or state.quiet_at or (state.refund_failures or 0) >= 3:
        return "amber"
    every = source.every_ms
    if every and state.last_ok_at and now_ms - state.last_ok_at > 3 * every * state.slow + 60_000:
        return "amber"
    return "green" if state.last_ok_at or state.push_ok_at or state.last_order_at else "new"


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """One source with all one may know: what it maps, how polling stands, how late its orders come by each way (R008)."""
    actor.require("records:read")
    with workspace.read() as connection:
        source = read(connection, key)
        state = rows.state(connection, key)
        waiting = intake.open_counts(connection, [key]).get(key, 0)
        lags = {way: intake.lags(connection, key, way, LAGS) for way in ("push", "poll")}
        people = workspace.directory(connection).people
        token = connection_tokens.find(connection, source.connection or "")
        incident = source_incident_rows.latest(connection, key)
    names = {id_: getattr(people.get(id_), "name", id_) for id_ in source.owner.values() if id_}
    now_ms = workspace.clock.now_ms()
    connector = connector_of(workspace, source)
    return {
        **_brief(source, state, waiting, now_ms),
        "ways": source.ways,
        "fields": source.fields,
        "statuses": source.statuses,
        "known_statuses": dict(connector.statuses) if connector else {},
        "known_refund_statuses": dict(connector.refund_statuses) if connector else {},
        "states": list(ORDER_STATES),
        "refund_states": list(order_map.REFUND_STATES),
        "order_fields": dict(order_map.ORDER_FIELDS),
        "refund_fields": dict(order_map.REFUND_FIELDS),
        "kinds": list(order_map.KINDS),
        "versions": sorted(connector.versions) if connector else [],
        "order_table": source.order_table,
        "refund_table": source.refund_table,
        "prefix": source.prefix,
        "alerts": source.alerts,
        "owner": source.owner,
        "owner_names": names,
        "token": shop_tokens.shown(token),
        "open_incident": incident.id if incident is not None else None,
        "revision": source.revision,
        "push_path": f"/intake/{source.key}",
        "polls": connector is not None and any(o.name == "orders" for o in connector.operations),
        "polls_refunds": refund_list(connector) is not None,
        "calls_us": connector is None or connector.verify is not None,
        "state": _state(state),
        "lag": {way: _percentiles(found) for way, found in lags.items()},
    }


def _state(state: Any) -> dict[str, Any]:
    names = (
        "watermark_at",
        "next_at",
        "reconcile_at",
        "last_pull_at",
        "last_ok_at",
        "last_error_at",
        "alerted_at",
        "quiet_at",
        "gone_at",
        "last_order_at",
        "push_ok_at",
    )
    return {
        **{name: iso_or_none(getattr(state, name, None)) for name in names},
        "failures": getattr(state, "failures", 0) or 0,
        "slow": getattr(state, "slow", 1.0) or 1.0,
        "last_class": getattr(state, "last_class", None),
        "last_error": getattr(state, "last_error", None),
        "missing": getattr(state, "missing", None),
        "refunds": {
            **{
                name: iso_or_none(getattr(state, f"refund_{name}", None))
                for name in ("watermark_at", "next_at", "ok_at", "error_at", "alerted_at")
            },
            "failures": getattr(state, "refund_failures", 0) or 0,
            "last_class": getattr(state, "refund_class", None),
            "last_error": getattr(state, "refund_error", None),
        },
    }


def _percentiles(found: list[int]) -> dict[str, Any]:
    told = sorted(found)
    if not told:
        return {"count": 0, "p50_ms": None, "p95_ms": None}
    return {
        "count": len(told),
        "p50_ms": told[len(told) // 2],
        "p95_ms": told[min(len(told) - 1, int(len(told) * 0.95))],
    }


def pulls(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Pulls of a source, newest first."""
    actor.require("records:read")
    before = (
        int(cursor)
        if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 19
        else None
    )
    with workspace.read() as connection:
        read(connection, key)
        found = rows.pulls(connection, key, before=before, limit=limit + 1)
    return page([pull_json(row) for row in found], limit, lambda item: str(item["id"]))


def pull_json(row: Any) -> dict[str, Any]:
    """One pull, as it is told."""
    whole = max(1, row.until_at - row.since_at)
    done = row.until_at if row.status == "ok" else (row.done_to or row.since_at)
    return {
        "id": row.id, "kind": row.kind, "what": row.what,
        "status": row.status, "since": to_iso(row.since_at), "until": to_iso(row.until_at),
        "began_at": to_iso(row.began_at), "ended_at": iso_or_none(row.ended_at), "pages": row.pages, "seen": row.seen,
        "created": row.created, "changed": row.changed, "exceptions": row.exceptions, "error_class": row.error_class,
        "error": row.error, "by": row.by, "progress": round(min(1.0, (done - row.since_at) / whole), 3),
    }  # fmt: skip


# --- changing --------------------------------------------------------------------------------------


def create(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """A new source; the tables its orders go to are drawn where they are not there."""
    actor.require("tables:write")
    key = str(values["key"])
    if not _KEY.fullmatch(key):
        raise _wrong("/key", "source_key_wrong", "a key of a-z, 0-9, _ and -", key)
    now_ms = workspace.clock.now_ms()
    columns = _columns(workspace, values, {})
    row = {
        **columns, "key": key, "revision": 1, "created_at": now_ms, "updated_at": now_ms, "updated_by": actor.user_id,
    }  # fmt: skip

    def write(connection: Connection) -> None:
        if rows.find(connection, key) is not None:
            raise Conflict(expected="a key that no source has", found=key)
        rows.insert(connection, row, now_ms, reconcile_after(now_ms, _daily(columns["ways"])))
        draw(connection, str(columns["order_table"]), order_tables.ORDERS, now_ms)
        draw(connection, str(columns["refund_table"]), order_tables.REFUNDS, now_ms)
        audit.note(connection, workspace, actor, "sources.create", key, channel=columns["channel"])

    workspace.writer.call(write)
    forget(workspace, key)
    workspace.wakeup.announce("polling")
    return detail(workspace, actor, key)


def change(
    workspace: Workspace, actor: Actor, key: str, values: Mapping[str, Any], revision: int
) -> dict[str, Any]:
    """Change what is named of a source, on top of `revision`."""
    actor.require("tables:write")
    with workspace.read() as connection:
        before = rows.find(connection, key)
        if before is None:
            raise NotFound(kind="source", id=key[:80])
    now_ms = workspace.clock.now_ms()
    columns = _columns(workspace, values, before._asdict())
    fresh = {
        **columns, "revision": revision + 1, "updated_at": now_ms, "updated_by": actor.user_id,
    }  # fmt: skip

    def write(connection: Connection) -> None:
        if not rows.update(connection, key, revision, fresh):
            now = read(connection, key)
            raise Conflict(
                expected=f"revision {revision} of the source", found=f"revision {now.revision}"
            )
        state: dict[str, Any] = {}
        if columns["ways"] != before.ways or columns["enabled"] != before.enabled:
            state = {
                "next_at": now_ms,
                "refund_next_at": now_ms,
                "slow": 1.0,
                "reconcile_at": reconcile_after(now_ms, _daily(columns["ways"])),
            }
        if columns["version"] != before.version or columns["connection"] != before.connection:
            state |= {
                "next_at": now_ms, "refund_next_at": now_ms, "slow": 1.0, "gone_at": None, "missing": None,
            }  # fmt: skip
        if state:
            rows.set_state(connection, key, state)
        draw(connection, str(columns["order_table"]), order_tables.ORDERS, now_ms)
        draw(connection, str(columns["refund_table"]), order_tables.REFUNDS, now_ms)
        names = sorted(n for n in columns if columns[n] != getattr(before, n))
        details: dict[str, Any] = {"changed": names}
        if columns["version"] != before.version:
            details |= {"version_before": before.version, "version": columns["version"]}
        audit.note(connection, workspace, actor, "sources.change", key, **details)
        told = {**details, "by": actor.user_id}
        source_incidents.step(workspace, connection, key, "changed", told)

    workspace.writer.call(write)
    forget(workspace, key)
    return detail(workspace, actor, key)


def delete(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take a source away; its orders stay."""
    actor.require("tables:write")

    def write(connection: Connection) -> None:
        read(connection, key)
        rows.delete(connection, key)
        audit.note(connection, workspace, actor, "sources.delete", key)

    workspace.writer.call(write)
    forget(workspace, key)


def draw(connection: Connection, key: str, definition: Mapping[str, Any], now_ms: int) -> None:
    """Draw the table where there is none; one that is there stays as its owner has it."""
    if data_tables.find(connection, key) is not None:
        return
    slots = order_tables.slots(definition)
    if data_tables.restore(connection, key) is None:
        data_tables.insert(connection, key, definition, slots, "engine", now_ms)


def resolved(workspace: Workspace, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a source of these values would be, with all that goes without saying. Raises `ValidationFailed`."""
    return _columns(workspace, values, {})


def _daily(ways: Any) -> str:
    return str((ways.get("poll") or {}).get("daily") or DAILY)


def _columns(
    workspace: Workspace, values: Mapping[str, Any], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The columns as they will be; raises `ValidationFailed` with all that is wrong."""
    usual: dict[str, Any] = {
        "title": {}, "connection": None, "channel": FILE, "shop": "", "order_table": "orders", "refund_table": "refunds",
        "prefix": "", "ways": {}, "fields": {}, "statuses": {}, "version": "", "alerts": {}, "owner": {}, "enabled": True,
    }  # fmt: skip
    given = dict(values)
    if "table" in given:
        given["order_table"] = given.pop("table")
    columns = {name: given.get(name, before.get(name, value)) for name, value in usual.items()}
    for name in ("fields", "statuses"):
        columns[name] = _by_what(columns[name])
    problems: list[Problem] = []
    kind = _account(workspace, columns, problems, chosen="channel" in given or bool(before))
    for name, pattern, expected in (
        ("channel", _CHANNEL, "a channel of a-z, 0-9 and _"),
        ("order_table", _TABLE, "the key of a table"),
        ("refund_table", _TABLE, "the key of a table"),
    ):
        if not pattern.fullmatch(str(columns[name])):
            problems.append(_problem(f"/{name}", "source_wrong", expected, columns[name]))
    if len(str(columns["shop"])) > 80:
        problems.append(_problem("/shop", "source_wrong", "at most 80 characters", columns["shop"]))
    channel = str(columns["channel"])
    if not columns["prefix"]:
        letters = re.sub("[^A-Z]", "", channel.upper()) + "XX"
        columns["prefix"] = order_map.PREFIXES.get(channel, letters[:2])
    if not _PREFIX.fullmatch(str(columns["prefix"])):
        problems.append(_problem("/prefix", "source_wrong", "two letters A-Z", columns["prefix"]))
    columns["ways"] = _ways(columns["ways"], kind, problems)
    problems += order_map.check(columns["fields"], columns["statuses"])
    versions = kind.versions if kind else {}
    if columns["version"] and columns["version"] not in versions:
        told = ", ".join(versions) or "none"
        problems.append(_problem("/version", "source_wrong", told, columns["version"]))
    if problems:
        raise ValidationFailed(what="source", count=len(problems), problems=problems)
    return columns


def _by_what(given: Any) -> dict[str, Any]:
    """`{order: {…}, refund: {…}}`; given without these, all is about orders."""
    if not given:
        return {}
    if set(given) <= {"order", "refund"} and all(isinstance(v, Mapping) for v in given.values()):
        return {what: dict(told) for what, told in given.items() if told}
    return {"order": dict(given)}


def _account(
    workspace: Workspace, columns: dict[str, Any], problems: list[Problem], *, chosen: bool
) -> Connector | None:
    """The connector that reads this source's orders."""
    if columns["connection"]:
        with workspace.read() as connection:
            row = accounts.find(connection, columns["connection"])
        if row is None:
            problems.append(
                _problem("/connection", "connection_unknown", "a connection", columns["connection"])
            )
            return None
        connector = connectors().get(row.connector)
        reads = connector is not None and connector.order is not None
        if reads and not chosen:
            columns["channel"] = row.connector
        if reads and columns["channel"] != row.connector:
            problems.append(
                _problem("/channel", "source_channel_wrong", row.connector, columns["channel"])
            )
        return connector if reads else None
    found = connectors().get(columns["channel"])
    return found if found is not None and found.order is not None else None


def _ways(given: Any, connector: Connector | None, problems: list[Problem]) -> dict[str, Any]:
    ways = given or {}
    push, poll, file = (dict(ways.get(name) or {}) for name in ("push", "poll", "file"))
    polls = connector is not None and any(one.name == "orders" for one in connector.operations)
    made_push = {"enabled": bool(push.get("enabled")), "auth": push.get("auth") or "hmac"}
    made_poll: dict[str, Any] = {
        "enabled": bool(poll.get("enabled", bool(poll))),
        "every": poll.get("every") or EVERY,
        "overlap": poll.get("overlap") or OVERLAP,
        "reverse": poll.get("reverse"),
        "daily": poll.get("daily") or DAILY,
        "refunds": poll.get("refunds", True) is not False,
    }
    for name, least, most in (
        ("every", EVERY_MIN_MS, EVERY_MAX_MS),
        ("overlap", 0, OVERLAP_MAX_MS),
    ):
        try:
            fits = least <= duration_ms(made_poll[name]) <= most
        except ValueError:
            fits = False
        if not fits:
            expected = f"a duration of {least // 1_000} s to {most // 3_600_000} h"
            problems.append(
                _problem(f"/ways/poll/{name}", "source_wrong", expected, made_poll[name])
            )
            made_poll[name] = EVERY
    if not _TIME.fullmatch(str(made_poll["daily"])):
        problems.append(
            _problem("/ways/poll/daily", "source_wrong", "a time such as 00:10", made_poll["daily"])
        )
        made_poll["daily"] = DAILY
    if made_poll["enabled"] and not polls:
        problems.append(
            _problem("/ways/poll", "source_cannot_poll", "a shop's account that has a list of orders", "none")
        )  # fmt: skip
    if made_push["auth"] not in ("hmac", "token"):
        problems.append(
            _problem("/ways/push/auth", "source_wrong", "hmac or token", made_push["auth"])
        )
    return {
        "push": made_push,
        "poll": made_poll,
        "file": {"enabled": bool(file.get("enabled", True))},
    }


def _problem(path: str, code: str, expected: str, found: Any) -> Problem:
    shown = str(found)[:80]
    text = f"Expected {expected}, but found {shown}."
    return Problem(path, code, {"expected": expected, "found": shown}, text)


def _wrong(path: str, code: str, expected: str, found: Any) -> ValidationFailed:
    return ValidationFailed(
        what="source", count=1, problems=[_problem(path, code, expected, found)]
    )
