"""Rotas: who is on duty, when nobody is, and who planned it. What a rota says: `people/rota.py`.

A plan is saved as a whole; `etag` says which one it replaces, so that two who plan at once do not undo each other.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound, RotaStale, ValidationFailed
from headrace.engine.people.directory import Directory
from headrace.engine.people.rota import DAYS_MAX, Rota, Slot
from headrace.engine.people.rota_text import people_of, problems_of
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.organisation import ref, wrong
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import calendars, users
from headrace.engine.store import organisation as rows

ROTAS_MAX = 200


def listing(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All of them, each with who is on duty now."""
    actor.require("flows:read")
    with workspace.read() as connection:
        directory = workspace.directory(connection)
    now_ms = workspace.clock.now_ms()
    found = [directory.rotas[key] for key in sorted(directory.rotas)]
    return {"items": [_summary(rota, directory, now_ms) for rota in found], "next_cursor": None}


def _summary(rota: Rota, directory: Directory, now_ms: int) -> dict[str, Any]:
    now = _now(rota, directory, now_ms)
    return {
        "id": rota.key,
        "key": rota.key,
        "name": rota.name,
        "timezone": rota.zone.key,
        "on_duty": now["people"],
        "until": now["until"],
    }


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """One of them, with its whole plan and the names of everybody in it."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = _found(connection, key)
        directory = workspace.directory(connection)
    rota = directory.rotas.get(key)
    content = row.content
    named = sorted(who for who in people_of(content) if ":" not in who)
    return {
        **({} if rota is None else _summary(rota, directory, workspace.clock.now_ms())),
        "id": row.key,
        "key": row.key,
        "name": row.name,
        "timezone": content["timezone"],
        "calendar": content.get("calendar"),
        "starts_on": content["starts_on"],
        "shifts": content["shifts"],
        "weeks": content["weeks"],
        "exceptions": content.get("exceptions", []),
        "known": [{**ref(directory, id_), "active": _active(directory, id_)} for id_ in named],
        "updated_at": to_iso(row.updated_at),
        "updated_by": ref(directory, row.updated_by),
        "etag": _etag(row),
    }


def create(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """A new one."""
    key = values.get("key") or workspace.id("rota")

    def check(connection: Connection) -> None:
        if rows.find_rota(connection, key) is not None:
            raise Conflict(expected="a new rota", found=f"{key}, which is there")
        if len(rows.rotas(connection)) >= ROTAS_MAX:
            raise Conflict(expected=f"at most {ROTAS_MAX} rotas", found="that there are as many")

    return _put(workspace, actor, key, values, "rotas.create", check)


def change(
    workspace: Workspace, actor: Actor, key: str, values: Mapping[str, Any], etag: str
) -> dict[str, Any]:
    """Another plan. Raises `RotaStale` over somebody else's."""

    def check(connection: Connection) -> None:
        row = _found(connection, key)
        if (found := _etag(row)) != etag:
            by = ref(workspace.directory(connection), row.updated_by)["name"]
            raise RotaStale(key=key, expected=etag, found=found, updated_by=by)

    return _put(workspace, actor, key, values, "rotas.change", check)


def _put(
    workspace: Workspace,
    actor: Actor,
    key: str,
    values: Mapping[str, Any],
    action: str,
    check: Any,
) -> dict[str, Any]:
    actor.require("users:write")
    content = {name: value for name, value in values.items() if name not in {"key", "name"}}

    def write(connection: Connection) -> None:
        rows.changed(connection)
        check(connection)
        named = people_of(content)
        problems = problems_of(
            content,
            users=users.known(connection, [who for who in named if ":" not in who]),
            roles={row.key for row in users.roles(connection)},
            calendars={row.key for row in calendars.in_force(connection)},
        )
        if problems:
            raise ValidationFailed(what="rota", count=len(problems), problems=problems)
        columns = {
            "name": values["name"],
            "content": content,
            "updated_at": workspace.clock.now_ms(),
            "updated_by": actor.user_id,
        }
        rows.put_rota(connection, key, columns)
        audit.note(connection, workspace, actor, action, key, name=values["name"], content=content)

    workspace.writer.call(write)
    workspace.forget_directory()
    return detail(workspace, actor, key)


def delete(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take one away; flows that name it find nobody there from now on."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        row = _found(connection, key)
        rows.delete_rota(connection, key)
        audit.note(connection, workspace, actor, "rotas.delete", key, name=row.name)

    workspace.writer.call(write)
    workspace.forget_directory()


def duty(
    workspace: Workspace, actor: Actor, key: str, from_: str | None = None, until: str | None = None
) -> dict[str, Any]:
    """The shifts of these days (until: the last one), with the gaps, and who is on duty now."""
    actor.require("flows:read")
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        directory = workspace.directory(connection)
    rota = directory.rotas.get(key)
    if rota is None:
        raise NotFound(kind="rota", id=key)
    today = datetime.fromtimestamp(now_ms / 1000, rota.zone).date()
    first = _day("/query/from", from_) or today
    last = _day("/query/until", until) or first + timedelta(days=6)
    if not 0 <= (last - first).days < DAYS_MAX:
        text = f"at most {DAYS_MAX} days, the last one not before the first"
        raise wrong("/query/until", "range_wrong", {"limit": DAYS_MAX}, text, f"{first} to {last}")
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    slots = [_slot(slot, directory) for day in days for slot in rota.slots(day)]
    return {"slots": slots, "now": _now(rota, directory, now_ms)}


def _now(rota: Rota, directory: Directory, now_ms: int) -> dict[str, Any]:
    slots = rota.on_duty(now_ms)
    people = list(dict.fromkeys(id_ for slot in slots for id_ in _people(slot, directory)))
    until = min((slot.until_ms for slot in slots), default=None)
    return {
        "people": [ref(directory, id_) for id_ in people if _active(directory, id_)],
        "until": None if until is None else to_iso(until),
    }


def _slot(slot: Slot, directory: Directory) -> dict[str, Any]:
    people = _people(slot, directory)
    there = [id_ for id_ in people if _active(directory, id_)]
    return {
        "date": slot.day.isoformat(),
        "shift": slot.shift.id,
        "name": slot.shift.name,
        "from": to_iso(slot.from_ms),
        "until": to_iso(slot.until_ms),
        "people": [ref(directory, id_) for id_ in there],
        "inactive": [ref(directory, id_) for id_ in people if id_ not in there],
        "exception": slot.by_hand,
        "note": slot.note,
        "gap": not there,
    }


def _people(slot: Slot, directory: Directory) -> list[str]:
    found: dict[str, None] = {}
    for who in slot.who:
        kind, _, key = who.partition(":")
        members = [p.id for p in directory.members(key)] if kind == "role" and key else [who]
        found.update(dict.fromkeys(members))
    return list(found)


def _active(directory: Directory, user_id: str) -> bool:
    person = directory.people.get(user_id)
    return person is not None and person.active


def _day(path: str, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong(path, "format", {}, "a day such as 2026-10-01", text) from None


def _etag(row: Row[Any]) -> str:
    """Of what a plan says; the same plan saved twice is the same."""
    said = json.dumps([row.name, row.content], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _found(connection: Connection, key: str) -> Row[Any]:
    row = rows.find_rota(connection, key)
    if row is None:
        raise NotFound(kind="rota", id=key)
    return row
