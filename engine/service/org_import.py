"""People from a table: a preview of what it changes, and applying it, in one transaction and only if nothing has changed since.

Whoever is new cannot sign in until an administrator gives a password; a new person without a role of the system is an approver.
Departments and posts that are named and not there are made. What the cells mean: `people/org_table.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import Conflict, FileRefused, ImportStale, NotFound
from headrace.engine.people import org_table
from headrace.engine.people.org_table import COLUMNS, Known, Line
from headrace.engine.service import audit, handovers, org_files
from headrace.engine.service.actor import Actor
from headrace.engine.service.organisation import DEPARTMENTS_MAX, POSTS_MAX
from headrace.engine.service.paging import page
from headrace.engine.service.users import SYSTEM_ROLES, check_administrator_left
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import org_imports as rows
from headrace.engine.store import organisation, signins, users

KEPT_MS = 86_400_000
KEPT_MAX = 20
"""Previews kept: for a day, and so many."""

NO_PASSWORD = "!"  # noqa: S105 - fits no password
"""Nobody signs in with it."""

STATES = ("new", "changed", "left", "same", "error")


class _Now:
    """The organisation as it is, in the words of the table."""

    def __init__(self, connection: Connection) -> None:
        self.version = organisation.version(connection)
        found = rows.everybody(connection)
        self.ids = {row.login: row.id for row in found}
        logins = {row.id: row.login for row in found}
        parents = {row.id: row for row in organisation.departments(connection)}
        self.paths = {id_: _path(id_, parents) for id_ in parents}
        self.by_path: dict[str, str] = {path: id_ for id_, path in self.paths.items()}
        self.posts = {row.id: row.name for row in organisation.posts(connection)}
        self.by_post: dict[str, str] = {name: id_ for id_, name in self.posts.items()}
        self.roles = list(users.roles(connection))
        members = organisation.members(connection)
        holders = organisation.holders(connection)
        kinds = users.members_by_kind(connection)
        self.heads = organisation.heads(connection)
        inside: dict[str, dict[str, list[str]]] = {}
        for (role, kind), ids in kinds.items():
            for id_ in ids:
                inside.setdefault(id_, {}).setdefault(kind, []).append(role)
        self.people: dict[str, Known] = {}
        for row in found:
            departments = members.get(row.id, [])
            roles = inside.get(row.id, {})
            self.people[row.login] = Known(
                row.name,
                row.email or "",
                tuple(self.paths[id_] for id_ in departments),
                bool(departments) and row.id in self.heads.get(departments[0], ()),
                tuple(sorted(self.posts[id_] for id_ in holders.get(row.id, ()))),
                logins.get(row.supervisor_id or "", ""),
                tuple(sorted(roles.get("primary", ()))),
                tuple(sorted(roles.get("backup", ()))),
                row.active,
            )

    @property
    def role_names(self) -> dict[str, str]:
        """A role's key by its key and its titles; a key goes before a title."""
        titles = {
            str(text).casefold(): row.key for row in self.roles for text in row.title.values()
        }
        return titles | {row.key.casefold(): row.key for row in self.roles}


def _path(id_: str, rows_: Mapping[str, Any]) -> str:
    names: list[str] = []
    next_: str | None = id_
    while next_ is not None and next_ in rows_ and len(names) <= org_table.DEPTH_MAX:
        names.append(rows_[next_].name)
        next_ = rows_[next_].parent_id
    return "/".join(reversed(names))


# --- preview ---------------------------------------------------------------------------------------


def preview(workspace: Workspace, actor: Actor, name: str, data: bytes) -> dict[str, Any]:
    """Compare a file with the organisation; nothing is changed but that the preview is kept."""
    actor.require("users:write")
    header, found = org_files.read(data)
    columns = org_table.columns_of(header)
    missing = [COLUMNS[key][:2] for key in org_table.REQUIRED if key not in columns]
    if missing:
        named = ", ".join(f"{zh} ({en})" for zh, en in missing)
        raise FileRefused(
            expected=f"the column {named} in the first line",
            found=", ".join(cell[:40] for cell in header[:12]) or "nothing",
        )
    with workspace.read() as connection:
        now = _Now(connection)
    lines = org_table.compare(found, columns, now.people, now.role_names, SYSTEM_ROLES)
    made = _made(now, lines)
    counts = {
        **dict.fromkeys(STATES, 0),
        **Counter(line.state for line in lines),
        "missing": sum(1 for line in lines if line.wanted.get("missing")),
        "columns": list(columns),
        "departments": made["departments"],
        "posts": made["posts"],
    }
    id_ = workspace.id("imp")
    now_ms = workspace.clock.now_ms()
    values = {
        "id": id_,
        "name": name[:200],
        "version": now.version,
        "counts": counts,
        "created_at": now_ms,
        "created_by": actor.user_id,
    }
    kept = [_row(id_, line) for line in lines]

    def write(connection: Connection) -> None:
        rows.forget(connection, now_ms - KEPT_MS, KEPT_MAX - 1)
        rows.insert(connection, values, kept)

    workspace.writer.call(write)
    return detail(workspace, actor, id_)


def _made(now: _Now, lines: Sequence[Line]) -> dict[str, list[str]]:
    """The departments and posts that would be made, those above first."""
    wanted = [line.wanted for line in lines if line.state in {"new", "changed"}]
    paths: dict[str, None] = {}
    for one in wanted:
        for path in one.get("departments", ()):
            parts = path.split("/")
            paths.update(dict.fromkeys("/".join(parts[:n]) for n in range(1, len(parts) + 1)))
    departments = [path for path in paths if path not in now.by_path]
    named = dict.fromkeys(name for one in wanted for name in one.get("posts", ()))
    posts = [name for name in named if name not in now.by_post]
    for what, found, before, limit in (
        ("departments", departments, now.paths, DEPARTMENTS_MAX),
        ("posts", posts, now.posts, POSTS_MAX),
    ):
        if len(found) + len(before) > limit:
            raise FileRefused(expected=f"at most {limit:,} {what}", found=len(found) + len(before))
    return {"departments": departments, "posts": posts}


def _row(id_: str, line: Line) -> dict[str, Any]:
    return {
        "import_id": id_,
        "number": line.number,
        "state": line.state,
        "login": line.login,
        "name": line.name,
        "changes": [list(change) for change in line.changes],
        "errors": [error.as_json() for error in line.errors],
        "wanted": dict(line.wanted) if line.state in {"new", "changed", "left"} else None,
    }


def detail(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    *,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """A preview, with a page of its lines."""
    actor.require("users:write")
    after = int(cursor) if cursor and cursor.isdigit() else 0
    with workspace.read() as connection:
        row = _found(connection, id_)
        found = rows.page(connection, id_, state=state, after=after, limit=limit + 1)
        version = organisation.version(connection)
    items = [
        {
            "row": line.number,
            "state": line.state,
            "login": line.login,
            "name": line.name,
            "changes": [
                dict(zip(("field", "before", "after"), c, strict=True)) for c in line.changes
            ],
            "errors": line.errors,
        }
        for line in found
    ]
    counts = row.counts
    return {
        "id": row.id,
        "name": row.name,
        "total": sum(counts[one] for one in STATES),
        "counts": {one: counts[one] for one in STATES},
        "missing": counts["missing"],
        "columns": counts["columns"],
        "departments": counts["departments"],
        "posts": counts["posts"],
        "stale": row.applied_at is None and row.version != version,
        "created_at": to_iso(row.created_at),
        "applied_at": iso_or_none(row.applied_at),
        **page(items, limit, lambda one: str(one["row"])),
    }


def _found(connection: Connection, id_: str) -> Any:
    row = rows.find(connection, id_)
    if row is None:
        raise NotFound(kind="import", id=id_)
    return row


# --- applying --------------------------------------------------------------------------------------


def apply(
    workspace: Workspace, actor: Actor, id_: str, *, leave_missing: bool = False
) -> dict[str, int]:
    """Do what the preview says; lines with errors are left out. `leave_missing`: who is not in the file has left."""
    actor.require("users:write")
    with workspace.read() as connection:
        preview_ = _found(connection, id_)
        _check_fresh(preview_, organisation.version(connection))
        lines = rows.to_write(connection, id_)
        now = _Now(connection)
    plan = _Plan(workspace, now)
    for line in lines:
        if leave_missing or not line.wanted.get("missing"):
            plan.add(line.login, line.state, line.wanted)

    def write(connection: Connection) -> None:
        _check_fresh(_found(connection, id_), organisation.locked_version(connection))
        organisation.changed(connection)
        before = users.active_members(connection, "administrator")
        plan.write(connection)
        check_administrator_left(connection, before)
        for user_id in plan.left:
            signins.delete_sessions_of(connection, user_id)
            handovers.queue(workspace, connection, actor, user_id, "left")
        rows.mark_applied(connection, id_, workspace.clock.now_ms())
        audit.note(
            connection, workspace, actor, "organisation.import", preview_.name,
            id=id_, **plan.counts, left_missing=leave_missing,
        )  # fmt: skip

    workspace.writer.call(write)
    workspace.forget_directory()
    return {**plan.counts, "error": preview_.counts["error"]}


def _check_fresh(row: Any, version: int) -> None:
    if row.applied_at is not None:
        raise Conflict(expected="a preview that was not applied yet", found="one that was")
    if row.version != version:
        raise ImportStale


class _Plan:
    """What is written, gathered before the transaction: a few long statements instead of many."""

    def __init__(self, workspace: Workspace, now: _Now) -> None:
        self.workspace, self.now = workspace, now
        self.now_ms = workspace.clock.now_ms()
        self.counts = {"new": 0, "changed": 0, "left": 0}
        self.left: list[str] = []
        self.new_users: list[dict[str, Any]] = []
        self.updates: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        self.new_departments: list[dict[str, Any]] = []
        self.new_posts: list[dict[str, Any]] = []
        self.departments: dict[str, list[str]] = {}
        self.posts: dict[str, list[str]] = {}
        self.roles: dict[str, dict[str, list[str]]] = {"primary": {}, "backup": {}}
        self.heads: dict[str, list[str]] = {}
        self.supervisors: dict[str, str] = {}
        self.ids = dict(now.ids)

    def add(self, login: str, state: str, wanted: Mapping[str, Any]) -> None:
        """One line of the preview."""
        self.counts[state] += 1
        before = self.now.people.get(login)
        if before is None:
            id_ = self.ids[login] = self.workspace.id("usr")
            self._new(id_, login, wanted)
        else:
            id_ = self.ids[login]
            self._changed(id_, before, wanted)
        if "supervisor" in wanted:
            self.supervisors[id_] = wanted["supervisor"]
        if "departments" in wanted:
            self.departments[id_] = [self._department(path) for path in wanted["departments"]]
        if "posts" in wanted:
            self.posts[id_] = [self._post(name) for name in wanted["posts"]]
        for kind, name in (("primary", "roles"), ("backup", "backups")):
            if name in wanted:
                self.roles[kind][id_] = list(wanted[name])
        if before is None and not set(SYSTEM_ROLES).intersection(wanted.get("roles", ())):
            self.roles["primary"].setdefault(id_, []).append("approver")
        if "head" in wanted:
            self._head(id_, before, wanted)

    def _new(self, id_: str, login: str, wanted: Mapping[str, Any]) -> None:
        active = wanted.get("active", True)
        self.new_users.append(
            {
                "id": id_,
                "login": login,
                "name": wanted["name"],
                "email": wanted.get("email") or None,
                "password_hash": NO_PASSWORD,
                "active": active,
                "left_at": None if active else self.now_ms,
                "language": "zh",
                "created_at": self.now_ms,
            }
        )

    def _changed(self, id_: str, before: Known, wanted: Mapping[str, Any]) -> None:
        columns: dict[str, Any] = {}
        if wanted.get("name", before.name) != before.name:
            columns["name"] = wanted["name"]
        if wanted.get("email", before.email) != before.email:
            columns["email"] = wanted["email"] or None
        if wanted.get("active", before.active) != before.active:
            columns |= {
                "active": wanted["active"],
                "left_at": None if wanted["active"] else self.now_ms,
            }
            if not wanted["active"]:
                self.left.append(id_)
        if columns:
            self.updates.setdefault(tuple(columns), []).append({"id": id_, **columns})

    def _head(self, id_: str, before: Known | None, wanted: Mapping[str, Any]) -> None:
        """The head of the main department, or not any more."""
        paths = wanted.get("departments", before.departments if before else ())
        main = self._department(paths[0]) if paths else None
        old = before.departments[0] if before and before.head and before.departments else None
        for department in {main, self.now.by_path.get(old or "")} - {None}:
            assert department is not None
            heads = self.heads.setdefault(department, list(self.now.heads.get(department, ())))
            if id_ in heads:
                heads.remove(id_)
            if wanted["head"] and department == main:
                heads.append(id_)

    def _department(self, path: str) -> str:
        known = self.now.by_path.get(path)
        if known is not None:
            return known
        above, _, name = path.rpartition("/")
        id_ = self.now.by_path[path] = self.workspace.id("dep")
        parent = None
        if above:
            del self.now.by_path[path]
            parent = self._department(above)
            self.now.by_path[path] = id_
        self.new_departments.append(
            {
                "id": id_,
                "name": name,
                "parent_id": parent,
                "position": 0,
                "created_at": self.now_ms,
            }
        )
        return id_

    def _post(self, name: str) -> str:
        known = self.now.by_post.get(name)
        if known is not None:
            return known
        id_ = self.now.by_post[name] = self.workspace.id("post")
        self.new_posts.append({"id": id_, "name": name, "rank": 0, "created_at": self.now_ms})
        return id_

    def write(self, connection: Connection) -> None:
        """All of it, in the caller's transaction."""
        rows.insert_departments(connection, self.new_departments)
        rows.insert_posts(connection, self.new_posts)
        rows.insert_users(connection, self.new_users)
        for some in self.updates.values():
            rows.update_users(connection, some)
        above = [
            {"id": id_, "supervisor_id": self.ids.get(login) if login else None}
            for id_, login in self.supervisors.items()
        ]
        rows.update_users(connection, above)
        members = [
            {"user_id": id_, "department_id": department, "position": position}
            for id_, found in self.departments.items()
            for position, department in enumerate(found)
        ]
        rows.replace(connection, rows.MEMBERS, self.departments, members)
        held = [{"user_id": id_, "post_id": p} for id_, found in self.posts.items() for p in found]
        rows.replace(connection, rows.HOLDERS, self.posts, held)
        for kind, found in self.roles.items():
            pairs = [(role, id_) for id_, roles in found.items() for role in roles]
            rows.replace(connection, rows.ROLES, found, [], kind=kind)
            rows.drop_role_members(connection, pairs)  # in a role in one way only
            new = [{"role": role, "user_id": id_, "kind": kind} for role, id_ in pairs]
            rows.replace(connection, rows.ROLES, [], new)
        for department, heads in self.heads.items():
            organisation.set_heads(connection, department, heads)


# --- out -------------------------------------------------------------------------------------------


def export(workspace: Workspace, actor: Actor, kind: str, language: str = "zh") -> bytes:
    """Everybody as a file that can come in again."""
    actor.require("users:write")
    with workspace.read() as connection:
        now = _Now(connection)
    workspace.writer.call(
        lambda connection: audit.note(
            connection, workspace, actor, "organisation.export", kind, people=len(now.people)
        )
    )
    lines = (org_table.row_of(login, one) for login, one in now.people.items())
    return org_files.write(kind, [org_table.header(language), *lines])


def sample(kind: str, language: str = "zh") -> bytes:
    """A small file that shows the columns."""
    return org_files.write(kind, [org_table.header(language), *org_table.SAMPLE])
