"""Users and roles. A role of the system (`administrator`, `designer`, `operator`, `approver`) gives permissions; all others are
business roles and give tasks. There is always an active administrator."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.service import audit, handovers
from headrace.engine.service.actor import ENGINE, PERMISSIONS, Actor
from headrace.engine.service.paging import page
from headrace.engine.service.passwords import check_new, hash_password, new_password
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import signins
from headrace.engine.store import users as rows

SYSTEM_ROLES: Mapping[str, Mapping[str, str]] = {
    "administrator": {"zh": "管理员", "en": "Administrator"},
    "designer": {"zh": "流程设计者", "en": "Designer"},
    "operator": {"zh": "运营人员", "en": "Operator"},
    "approver": {"zh": "审批人", "en": "Approver"},
}

LANGUAGES = ("zh", "en")
_LOGIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
_ROLE_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")


# --- first start -----------------------------------------------------------------------------------


def prepare(workspace: Workspace) -> None:
    """Make the roles of the system; safe to repeat."""

    def write(connection: Connection) -> None:
        for key, title in SYSTEM_ROLES.items():
            if rows.find_role(connection, key) is None:
                rows.insert_role(connection, key, title, system=True)

    with workspace.read() as connection:
        known = {row.key for row in rows.roles(connection)}
    if not known >= set(SYSTEM_ROLES):
        workspace.writer.call(write)
        workspace.forget_directory()


def first_administrator(workspace: Workspace) -> tuple[str, str] | None:
    """In an empty workspace: make one, and answer name and password (to be shown once); else None."""
    with workspace.read() as connection:
        if rows.count(connection):
            return None
    password = new_password()
    values = {"login": "admin", "name": "Administrator", "roles": ["administrator"]}
    try:
        create(workspace, ENGINE, values, password=password)
    except Conflict:
        return None  # another process that starts just now was first
    return "admin", password


# --- users -----------------------------------------------------------------------------------------


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Users by sign-in name."""
    actor.require("users:read")
    with workspace.read() as connection:
        found = rows.listing(connection, search=search, after=cursor, limit=limit + 1)
        roles = rows.roles_of(connection, [row.id for row in found])
    return page(
        [_shown(row, roles[row.id]) for row in found], limit, lambda user: str(user["login"])
    )


def detail(workspace: Workspace, user_id: str) -> dict[str, Any]:
    """One user."""
    with workspace.read() as connection:
        row = _found(connection, user_id)
        return _shown(row, rows.roles_of(connection, [user_id])[user_id])


def create(
    workspace: Workspace, actor: Actor, values: Mapping[str, Any], *, password: str
) -> dict[str, Any]:
    """One more user; `values` hold login, name, and perhaps email, roles, language."""
    actor.require("users:write")
    check_new(password)
    _check_login(values["login"])
    user_id = workspace.id("usr")
    row = {
        "id": user_id,
        "login": values["login"],
        "name": values["name"],
        "email": values.get("email"),
        "language": values.get("language", "zh"),
        "password_hash": hash_password(password),
        "active": True,
        "created_at": workspace.clock.now_ms(),
    }
    roles = list(values.get("roles", ()))

    def write(connection: Connection) -> None:
        if rows.find_by_login(connection, row["login"]) is not None:
            raise Conflict(expected="a new sign-in name", found=f"{row['login']}, which is taken")
        _check_roles(connection, roles)
        rows.insert(connection, row)
        rows.set_roles(connection, user_id, roles)
        audit.note(connection, workspace, actor, "users.create", row["login"], roles=roles)

    workspace.writer.call(write)
    workspace.forget_directory()
    return detail(workspace, user_id)


def change(
    workspace: Workspace, actor: Actor, user_id: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Change name, email, language, roles, active, or set a new password. Who is deactivated is signed out at once."""
    actor.require("users:write")
    columns = {k: v for k, v in values.items() if k in {"name", "email", "language", "active"}}
    if "password" in values:
        check_new(values["password"])
        columns["password_hash"] = hash_password(values["password"])

    def write(connection: Connection) -> None:
        row = _found(connection, user_id)
        before = rows.active_members(connection, "administrator")
        if "active" in columns and columns["active"] != row.active:
            columns["left_at"] = None if columns["active"] else workspace.clock.now_ms()
            if not columns["active"]:
                handovers.queue(workspace, connection, actor, user_id, "left")
        rows.update(connection, user_id, columns)
        if "roles" in values:
            _check_roles(connection, values["roles"])
            rows.set_roles(connection, user_id, values["roles"])
        if "password" in values or values.get("active") is False:
            signins.delete_sessions_of(connection, user_id)
        check_administrator_left(connection, before)
        noted = {k: v for k, v in values.items() if k != "password"}
        if "password" in values:
            noted["password"] = "changed"  # noqa: S105 - that it was, not what it is
        audit.note(connection, workspace, actor, "users.change", row.login, **noted)

    workspace.writer.call(write)
    workspace.forget_directory()
    return detail(workspace, user_id)


def change_own(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> None:
    """Change the own name or language."""
    columns = {k: v for k, v in values.items() if k in {"name", "language"}}
    if columns:
        workspace.writer.call(lambda connection: rows.update(connection, actor.user_id, columns))
        workspace.forget_directory()


def me(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """The signed-in user, with permissions."""
    with workspace.read() as connection:
        row = _found(connection, actor.user_id)
    return {
        "id": row.id,
        "login": row.login,
        "name": row.name,
        "email": row.email,
        "roles": list(actor.roles),
        "permissions": sorted(actor.permissions),
        "language": row.language,
    }


# --- roles -----------------------------------------------------------------------------------------


def roles(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All roles; there are few. Their titles stand on tasks and drawings, so that everybody may read them; members not."""
    actor.require("flows:read")
    with workspace.read() as connection:
        kinds = rows.members_by_kind(connection) if actor.may("users:read") else {}
        people = workspace.directory(connection).people
        found = rows.roles(connection)
    return {"items": [_role(row, kinds, people) for row in found], "next_cursor": None}


def create_role(
    workspace: Workspace, actor: Actor, key: str, title: Mapping[str, str]
) -> dict[str, Any]:
    """One more business role."""
    actor.require("users:write")
    if not _ROLE_KEY.fullmatch(key):
        raise _wrong(
            "/key", "role_key_wrong", "a key of a-z, 0-9 and _, beginning with a letter", key
        )

    def write(connection: Connection) -> None:
        if rows.find_role(connection, key) is not None:
            raise Conflict(expected="a new role", found=f"{key}, which is there")
        rows.insert_role(connection, key, title, system=False)
        audit.note(connection, workspace, actor, "roles.create", key)

    workspace.writer.call(write)
    workspace.forget_directory()
    return role(workspace, key)


def role(workspace: Workspace, key: str) -> dict[str, Any]:
    """One role."""
    with workspace.read() as connection:
        row = _found_role(connection, key)
        kinds = rows.members_by_kind(connection, key)
        return _role(row, kinds, workspace.directory(connection).people)


def rename_role(
    workspace: Workspace, actor: Actor, key: str, title: Mapping[str, str]
) -> dict[str, Any]:
    """Another title; the key never changes."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        _found_role(connection, key)
        rows.rename_role(connection, key, title)
        audit.note(connection, workspace, actor, "roles.change", key)

    workspace.writer.call(write)
    return role(workspace, key)


def delete_role(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take a business role away; those of the system stay."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        if _found_role(connection, key).system:
            raise Conflict(expected="a business role", found=f"{key}, a role of the system")
        rows.delete_role(connection, key)
        audit.note(connection, workspace, actor, "roles.delete", key)

    workspace.writer.call(write)
    workspace.forget_directory()


def set_members(
    workspace: Workspace, actor: Actor, key: str, user_ids: Sequence[str], kind: str = "primary"
) -> dict[str, Any]:
    """These users are in the role and no others; `kind` backup: they decide when no primary member is there."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        if _found_role(connection, key).system and kind != "primary":
            raise Conflict(expected="a business role", found=f"{key}, a role of the system")
        known = rows.known(connection, user_ids)
        problems = [
            Problem(f"/{i}", "user_unknown", {"id": id_}, f"Expected a user, but found {id_}.")
            for i, id_ in enumerate(user_ids)
            if id_ not in known
        ]
        if problems:
            raise ValidationFailed(what="list of users", count=len(problems), problems=problems)
        before = rows.active_members(connection, "administrator")
        rows.set_members(connection, key, user_ids, kind)
        check_administrator_left(connection, before)
        action = "roles.members" if kind == "primary" else "roles.backup"
        audit.note(connection, workspace, actor, action, key, members=list(user_ids))

    workspace.writer.call(write)
    workspace.forget_directory()
    return role(workspace, key)


# --- helpers ---------------------------------------------------------------------------------------


def _found(connection: Connection, user_id: str) -> Row[Any]:
    row = rows.find(connection, user_id)
    if row is None:
        raise NotFound(kind="user", id=user_id)
    return row


def _found_role(connection: Connection, key: str) -> Row[Any]:
    row = rows.find_role(connection, key)
    if row is None:
        raise NotFound(kind="role", id=key)
    return row


def _check_login(login: str) -> None:
    if not _LOGIN.fullmatch(login):
        raise _wrong(
            "/login", "login_wrong", "a sign-in name of letters, digits and . _ @ -", login
        )


def _check_roles(connection: Connection, keys: Collection[str]) -> None:
    known = {row.key for row in rows.roles(connection)}
    problems = [
        Problem(f"/roles/{i}", "role_unknown", {"role": key}, f"Expected a role, but found {key}.")
        for i, key in enumerate(keys)
        if key not in known
    ]
    if problems:
        raise ValidationFailed(what="list of roles", count=len(problems), problems=problems)


def check_administrator_left(connection: Connection, before: int) -> None:
    """Raise when the last active administrator would be gone."""
    if before and not rows.active_members(connection, "administrator"):
        raise Conflict(
            expected="an active administrator to be left", found="that this is the last one"
        )


def _wrong(path: str, code: str, expected: str, found: str) -> ValidationFailed:
    message = f"Expected {expected}, but found {found}."
    return ValidationFailed(
        what="value", count=1, problems=[Problem(path, code, {"found": found}, message)]
    )


def _shown(row: Row[Any], roles: Sequence[str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "login": row.login,
        "name": row.name,
        "email": row.email,
        "roles": list(roles),
        "active": row.active,
        "language": row.language,
        "created_at": to_iso(row.created_at),
    }


def _role(
    row: Row[Any], kinds: Mapping[tuple[str, str], Sequence[str]], people: Mapping[str, Any]
) -> dict[str, Any]:
    def refs(kind: str) -> list[dict[str, Any]]:
        return [
            {
                "id": id_,
                "name": people[id_].name if id_ in people else id_,
                "active": id_ in people and people[id_].active,
            }
            for id_ in kinds.get((row.key, kind), ())
        ]

    primary = refs("primary")
    return {
        "key": row.key,
        "title": row.title,
        "system": row.system,
        "members": [{"id": one["id"], "name": one["name"]} for one in primary],
        "primary": primary,
        "backup": refs("backup"),
        "helping": refs("pool"),
        "pool": row.pool,
        "permissions": sorted(PERMISSIONS.get(row.key, ())),
    }
