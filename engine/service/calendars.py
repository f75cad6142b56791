"""Business calendars: who may see and change them, which one counts for a flow, and due times that follow a change.

Every change is a version. A timer and a task remember which version told their due time, of what length and from when; those an
older version told are reckoned again in slices (`follow`), each once a version. What has fired has no row any more.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache, partial
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import available_timezones

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import (
    CalendarStale,
    Conflict,
    HeadraceError,
    NotFound,
    ValidationFailed,
)
from headrace.engine.people.calendar import Calendar
from headrace.engine.people.deadlines import Reckoning, reckoning_of
from headrace.engine.people.holidays import COUNTRIES
from headrace.engine.people.working_hours import CHINA, calendar_of, problems_of, spans_text
from headrace.engine.service import audit
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import calendars as rows
from headrace.engine.store import facts
from headrace.engine.store import tables as t
from headrace.engine.store.rows import Rows
from headrace.engine.store.writer import Writer

log = logging.getLogger(__name__)

FIRST = "china"
"""The calendar a workspace begins with, and its standard until another is chosen."""

FOLLOW_MAX = 500
"""Due times reckoned again in one transaction."""

Content = Mapping[str, Any]


# --- which one counts ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """A calendar in force. Read only when it is asked, so that a flow without business time never depends on it."""

    key: str
    version: int
    content: str

    def after(self, start_ms: int, length: str) -> int:
        """See `people/calendar.py`."""
        return _read(self.content).after(start_ms, length)

    def part(self, start_ms: int, end_ms: int, percent: float) -> int:
        """See `people/calendar.py`."""
        return _read(self.content).part(start_ms, end_ms, percent)

    def worked(self, start_ms: int, end_ms: int) -> int:
        """See `people/calendar.py`."""
        return _read(self.content).worked(start_ms, end_ms)


@lru_cache(maxsize=256)
def _read(content: str) -> Calendar:
    return calendar_of(jsontext.loads(content))


@dataclass(frozen=True, slots=True)
class Calendars:
    """All of them, and which flow goes by which."""

    known: Mapping[str, Known] = field(default_factory=dict)
    standard: str = FIRST
    chosen: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Known] = field(default_factory=dict)
    """Role → its calendar, where it has one of its own."""

    def of(self, flow_key: str) -> Known:
        """The one that counts for this flow."""
        return self.known[self.chosen.get(flow_key, self.standard)]


_kept: WeakKeyDictionary[Writer, tuple[Calendars, int]] = WeakKeyDictionary()


def calendars_of(workspace: Workspace, connection: Connection) -> Calendars:
    """The calendars, at most a second old."""
    now_ms = workspace.clock.now_ms()
    kept = _kept.get(workspace.writer)
    if kept is None or kept[1] < now_ms:
        kept = _kept[workspace.writer] = (_load(connection), now_ms + FRESH_MS)
    return kept[0]


def kept(workspace: Workspace, flow_key: str) -> Known:
    """The calendar of a flow, for those without a connection."""
    found = _kept.get(workspace.writer)
    if found is not None and found[1] >= workspace.clock.now_ms():
        return found[0].of(flow_key)
    with workspace.read() as connection:
        return calendars_of(workspace, connection).of(flow_key)


def _load(connection: Connection) -> Calendars:
    known = {
        row.key: Known(row.key, row.version, jsontext.dumps(row.content))
        for row in rows.in_force(connection)
    }
    if not known:  # a store that was migrated and never opened since
        known = {FIRST: Known(FIRST, 0, jsontext.dumps(CHINA))}
    roles = {role: known[key] for role, key in rows.of_roles(connection).items() if key in known}
    return Calendars(known, _standard(connection), rows.chosen(connection), roles)


def _standard(connection: Connection) -> str:
    return str(facts.get(connection, "calendar") or FIRST)


def forget(workspace: Workspace) -> None:
    """Look the calendars up again."""
    _kept.pop(workspace.writer, None)


def prepare(workspace: Workspace) -> None:
    """Make the first calendar, and a version of each that was reckoned with older public holidays; safe to repeat."""
    with workspace.read() as connection:
        found = rows.in_force(connection)
    if found and not any(_outdated(row) for row in found):
        return

    def write(connection: Connection) -> None:
        rows.insert(connection, FIRST, _values(workspace, ENGINE, CHINA))
        for key in [row.key for row in rows.in_force(connection)]:
            row = _found(connection, key, lock=True)  # another process may start just now, too
            if _outdated(row):
                _add_version(workspace, connection, ENGINE, row, row.content)

    workspace.writer.call(write)
    forget(workspace)


def _outdated(row: Row[Any]) -> bool:
    return bool(row.source != _source(row.content))


def _source(content: Content) -> str | None:
    country = content.get("holidays")
    return COUNTRIES[country]().source if country in COUNTRIES else None


# --- due times -------------------------------------------------------------------------------------


def remember(rows_: Rows, reckoned: Mapping[tuple[str, int, int], tuple[Known, Reckoning]]) -> None:
    """Say in the rows of timers and tasks which calendar told their due time: (instance, step, due) → (it, how)."""
    for row in (*rows_.timers, *rows_.tasks):
        due_at = row["due_at"]
        found = reckoned.get((row["instance_id"], row["step"], due_at))
        # Events beside a step have times of their own, which no calendar tells; their names have a dot.
        if found is None or "." in row.get("name", ""):
            row.update(calendar=None, calendar_version=None, reckoning=None)
            continue
        calendar, how = found
        row.update(
            calendar=calendar.key,
            calendar_version=calendar.version,
            reckoning=how.as_json(due_at),
        )

    for row in (*rows_.timers_moved, *rows_.limits_set):
        found = reckoned.get((row["b_instance"], row["b_step"], row["b_due"]))
        if found is not None:
            calendar, how = found
            row["b_calendar"], row["b_version"] = calendar.key, calendar.version
            row["b_reckoning"] = how.as_json(row["b_due"])


def follow(workspace: Workspace) -> int:
    """Reckon a slice of those due times again that an older version of a calendar told; answers how many."""
    with workspace.read() as connection:
        behind = [
            row
            for row in rows.in_force(connection)
            if rows.any_behind(connection, row.key, row.version)
        ]
    return sum(workspace.writer.call(partial(_follow, workspace, row.key)) for row in behind)


def _follow(workspace: Workspace, key: str, connection: Connection) -> int:
    calendar = rows.find(connection, key)
    if calendar is None:
        return 0
    known = Known(key, calendar.version, jsontext.dumps(calendar.content))
    total = 0
    for table in (t.timers, t.tasks):
        found = rows.behind(connection, table, key, known.version, FOLLOW_MAX)
        rows.set_due(connection, table, [_reckoned(known, row) for row in found])
        total += len(found)
    if total:
        workspace.changed.update({"timers", "ready"})
    return total


def _reckoned(known: Known, row: Any) -> dict[str, Any]:
    """What stood still while its instance was suspended begins so much later."""
    told = row.reckoning
    how = reckoning_of(told)
    start_ms = how.start_ms + row.due_at - told["due"]
    try:
        due_at = how.moment(known, start_ms)
    except HeadraceError as trouble:
        log.warning("%s keeps its due time: calendar %s: %s", row.id, known.key, trouble.message)
        due_at, start_ms = row.due_at, how.start_ms
    return {
        "b_id": row.id,
        "b_due": due_at,
        "b_version": known.version,
        "b_reckoning": replace(how, start_ms=start_ms).as_json(due_at),
    }


def resume(
    workspace: Workspace, connection: Connection, steps: Sequence[Mapping[str, Any]]
) -> None:
    """The clock of these tasks goes on: what was left of their business time is counted from now. `steps`: as `Rows` has them."""
    now_ms = workspace.clock.now_ms()
    known = calendars_of(workspace, connection).known
    for table in (t.timers, t.tasks):
        found = rows.paused(connection, table, steps)
        moved = [
            _resumed(known[row.calendar], row, now_ms) for row in found if row.calendar in known
        ]
        rows.set_due(connection, table, moved, goes_on=table is t.timers)


def _resumed(known: Known, row: Any, now_ms: int) -> dict[str, Any]:
    late_ms = reckoning_of(row.reckoning).late_ms
    left_ms = known.worked(row.paused_at, row.due_at - late_ms)
    how = Reckoning(now_ms, f"PT{left_ms / 1000:.3f}S", late_ms=late_ms)
    due_at = how.moment(known)
    return {
        "b_id": row.id, "b_due": due_at, "b_version": known.version, "b_reckoning": how.as_json(due_at),
    }  # fmt: skip


# --- for people ------------------------------------------------------------------------------------


def listing(
    workspace: Workspace, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Calendars by key."""
    actor.require("flows:read")
    with workspace.read() as connection:
        found = rows.page(connection, cursor or "", limit + 1)
        shown = _Shown(workspace, connection)
    return page([shown.of(row) for row in found], limit, lambda one: str(one["key"]))


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """One of them."""
    actor.require("flows:read")
    with workspace.read() as connection:
        return _Shown(workspace, connection).of(_found(connection, key))


class _Shown:
    """A calendar as the API tells it, with what it needs looked up once."""

    def __init__(self, workspace: Workspace, connection: Connection) -> None:
        self._people = workspace.directory(connection).people
        self._standard = _standard(connection)
        self._chosen = rows.chosen(connection)
        self._roles = rows.of_roles(connection)
        self._year = date.fromisoformat(to_iso(workspace.clock.now_ms())[:10]).year

    def of(self, row: Row[Any]) -> dict[str, Any]:
        person = self._people.get(row.created_by)
        calendar = _read(jsontext.dumps(row.content))
        return {
            "key": row.key,
            "version": row.version,
            "content": row.content,
            "standard": row.key == self._standard,
            "flows": sorted(flow for flow, key in self._chosen.items() if key == row.key),
            "roles": sorted(role for role, key in self._roles.items() if key == row.key),
            "holidays_from": row.source,
            "unknown_years": calendar.unknown(range(self._year, self._year + 2)),
            "changed_at": to_iso(row.created_at),
            "changed_by": person.name if person else row.created_by,
        }


def month(workspace: Workspace, actor: Actor, key: str, month: str | None = None) -> dict[str, Any]:
    """Every day of a month (`2026-10`; None: this one): what it is and when it is worked."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
    calendar = _read(jsontext.dumps(row.content))
    today = datetime.fromtimestamp(workspace.clock.now_ms() / 1000, calendar.zone).date()
    first = date.fromisoformat(f"{month}-01") if month else today.replace(day=1)
    end = (first + timedelta(days=31)).replace(day=1)
    days = [calendar.day(first + timedelta(days=ahead)) for ahead in range((end - first).days)]
    return {
        "month": first.isoformat()[:7],
        "today": today.isoformat(),
        "items": [
            {
                "date": day.date.isoformat(),
                "kind": day.kind,
                "hours": spans_text(day.spans),
                "note": {language: text for language, text in day.note.items() if text},
                "known": day.known,
            }
            for day in days
        ],
    }


def create(workspace: Workspace, actor: Actor, key: str, content: Content) -> dict[str, Any]:
    """A new calendar."""
    actor.require("calendars:write")
    _check(content)

    def write(connection: Connection) -> None:
        if not rows.insert(connection, key, _values(workspace, actor, content)):
            raise Conflict(expected=f"no calendar {key}", found="one with this key")
        audit.note(connection, workspace, actor, "calendars.create", key, content=dict(content))

    workspace.writer.call(write)
    forget(workspace)
    return detail(workspace, actor, key)


def change(
    workspace: Workspace, actor: Actor, key: str, content: Content, version: str
) -> dict[str, Any]:
    """A new version; open timers and tasks follow in the background. Raises `CalendarStale` over somebody else's."""
    actor.require("calendars:write")
    _check(content)

    def write(connection: Connection) -> None:
        row = _found(connection, key, lock=True)
        if version not in {str(row.version), "*"}:
            person = workspace.directory(connection).people.get(row.created_by)
            raise CalendarStale(
                key=key,
                expected=version[:20],
                found=row.version,
                updated_by=person.name if person else row.created_by,
            )
        if row.content == content and not _outdated(row):
            return
        _add_version(workspace, connection, actor, row, content)
        audit.note(
            connection, workspace, actor, "calendars.change", key,
            version=row.version + 1, before=row.content, after=dict(content),
        )  # fmt: skip

    workspace.writer.call(write)
    forget(workspace)
    return detail(workspace, actor, key)


def make_standard(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Flows without a calendar of their own go by this one from now on; what waits keeps its own."""
    actor.require("calendars:write")

    def write(connection: Connection) -> None:
        _found(connection, key)
        facts.put(connection, "calendar", key)
        audit.note(connection, workspace, actor, "calendars.standard", key)

    workspace.writer.call(write)
    forget(workspace)
    return detail(workspace, actor, key)


def choose_for_role(
    workspace: Workspace, actor: Actor, role: str, calendar: str | None
) -> dict[str, Any]:
    """Tasks that this role decides go by its calendar from now on; None: by the flow's. What waits keeps its own."""
    actor.require("calendars:write")

    def write(connection: Connection) -> None:
        if calendar is not None:
            _found(connection, calendar)
        if not rows.choose_for_role(connection, role, calendar):
            raise NotFound(kind="role", id=role)
        audit.note(connection, workspace, actor, "calendars.role", role, calendar=calendar)

    workspace.writer.call(write)
    forget(workspace)
    return {"role": role, "calendar": calendar}


def zones() -> Sequence[str]:
    """Time zones by name."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def exists(connection: Connection, key: str) -> bool:
    """Is there such a calendar?"""
    return rows.find(connection, key) is not None


def _check(content: Content) -> None:
    if problems := problems_of(content):
        raise ValidationFailed(what="calendar", count=len(problems), problems=problems)


def _found(connection: Connection, key: str, *, lock: bool = False) -> Row[Any]:
    row = rows.find(connection, key, lock=lock)
    if row is None:
        raise NotFound(kind="calendar", id=key)
    return row


def _values(workspace: Workspace, actor: Actor, content: Content) -> dict[str, Any]:
    return {
        "content": content,
        "source": _source(content),
        "created_at": workspace.clock.now_ms(),
        "created_by": actor.user_id,
    }


def _add_version(
    workspace: Workspace, connection: Connection, actor: Actor, row: Row[Any], content: Content
) -> None:
    values = _values(workspace, actor, content)
    rows.add_version(connection, row.key, row.version + 1, values)
