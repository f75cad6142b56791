"""Reading the organisation into the snapshot that the pure core looks at: once, and again when it has changed.

Every change of users, roles or the organisation makes its number grow in the same transaction (`store/organisation.py`). A process
asks for the number once a second at the most; only another number costs reading everything again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.people.calendar import Calendar
from headrace.engine.people.directory import Department, Directory, Person, Substitution
from headrace.engine.people.rota import Rota
from headrace.engine.people.rota_text import rota_of
from headrace.engine.people.working_hours import calendar_of
from headrace.engine.store import calendars, facts, organisation, users

RULES = "organisation"
"""The workspace's setting: {backup: refuse | warn, fallback: [assignees]}."""

PAST_MS = 31 * 86_400_000
"""Substitutions that ended within a month are known, so that one can ask who would have decided then."""


def load(connection: Connection, now_ms: int) -> Directory:
    """Everything, in a handful of queries. The number is read first: what changes meanwhile is read again next time."""
    version = organisation.version(connection)
    departments = organisation.members(connection)
    posts = organisation.holders(connection)
    people = {
        row.id: Person(
            row.id,
            row.login,
            row.name,
            row.email,
            row.active,
            tuple(departments.get(row.id, ())),
            tuple(posts.get(row.id, ())),
            row.supervisor_id,
            row.language,
        )
        for row in users.people(connection)
    }
    rules = facts.get(connection, RULES) or {}
    return Directory(
        people,
        _tuples(users.members(connection, ("primary", "pool"))),
        {person.login: person.id for person in people.values()},
        _tuples(users.members(connection, ("backup",))),
        _departments(connection),
        _titles(connection),
        _substitutions(organisation.not_over(connection, now_ms - PAST_MS)),
        {rota.key: rota for rota in _rotas(connection)},
        tuple(rules.get("fallback", ())),
        version,
    )


def _tuples(found: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(ids) for key, ids in found.items()}


def _departments(connection: Connection) -> dict[str, Department]:
    heads = organisation.heads(connection)
    return {
        row.id: Department(row.id, row.name, row.parent_id, tuple(heads.get(row.id, ())))
        for row in organisation.departments(connection)
    }


def _titles(connection: Connection) -> dict[str, dict[str, str]]:
    roles = {f"role:{row.key}": dict(row.title) for row in users.roles(connection)}
    posts = organisation.posts(connection)
    return roles | {f"post:{row.id}": {"zh": row.name, "en": row.name} for row in posts}


def _substitutions(rows: Sequence[Row[Any]]) -> dict[str, tuple[Substitution, ...]]:
    found: dict[str, list[Substitution]] = {}
    for row in rows:
        found.setdefault(row.user_id, []).append(substitution_of(row))
    return {user: tuple(of) for user, of in found.items()}


def substitution_of(row: Row[Any]) -> Substitution:
    """A row as the core sees it."""
    flows = None if row.flows is None else frozenset(row.flows)
    return Substitution(row.id, row.user_id, row.by_id, row.from_at, row.until_at, flows)


def _rotas(connection: Connection) -> list[Rota]:
    rows = organisation.rotas(connection)
    if not rows:
        return []
    known = {row.key: row.content for row in calendars.in_force(connection)}
    kept: dict[str, Calendar] = {}
    for row in rows:
        key = row.content.get("calendar")
        if key in known and key not in kept:
            kept[key] = calendar_of(known[key])
    return [
        rota_of(row.key, row.name, row.content, kept.get(row.content.get("calendar", "")))
        for row in rows
    ]
