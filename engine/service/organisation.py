"""Departments, posts, and who belongs where. Everybody may look up colleagues; mail, roles and changes are for administrators.

Nothing may go in a circle (a department below itself, a person above their own superior). What could make one is done one after the
other, in all processes: `store.organisation.changed` holds the organisation's row until the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import (
    Conflict,
    DepartmentInUse,
    NotFound,
    PostInUse,
    Problem,
    ValidationFailed,
)
from headrace.engine.people.directory import CHAIN_MAX, Directory, Person
from headrace.engine.service import audit, handovers
from headrace.engine.service import users as user_rules
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import key_from, key_text, page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import organisation as rows
from headrace.engine.store import signins, users

DEPARTMENTS_MAX = 2_000
POSTS_MAX = 1_000
DEPTH_MAX = 20
"""Departments above one another."""


# --- departments -----------------------------------------------------------------------------------


def departments(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All of them, flat; there are at most `DEPARTMENTS_MAX`."""
    with workspace.read() as connection:
        found = rows.departments(connection)
        direct = rows.people_per_department(connection)
        directory = workspace.directory(connection)
    below = _people_below(found, direct)
    items = [_department(row, directory, direct.get(row.id, 0), below[row.id]) for row in found]
    return {"items": items, "next_cursor": None}


def _people_below(found: Sequence[Row[Any]], direct: Mapping[str, int]) -> dict[str, int]:
    """How many people are in each and below it; somebody in two departments counts twice."""
    parents = {row.id: row.parent_id for row in found}
    total = dict.fromkeys(parents, 0)
    for id_ in parents:
        above: str | None = id_
        for _ in range(DEPTH_MAX + 1):
            if above is None or above not in total:
                break
            total[above] += direct.get(id_, 0)
            above = parents[above]
    return total


def _department(row: Row[Any], directory: Directory, people: int, all_: int) -> dict[str, Any]:
    known = directory.departments.get(row.id)
    return {
        "id": row.id,
        "name": row.name,
        "parent_id": row.parent_id,
        "position": row.position,
        "heads": [ref(directory, id_) for id_ in (known.heads if known else ())],
        "people": people,
        "people_all": all_,
    }


def department(workspace: Workspace, id_: str) -> dict[str, Any]:
    """One of them."""
    found = departments(workspace, _NOBODY)["items"]
    return _the(found, "department", id_)


def create_department(
    workspace: Workspace, actor: Actor, values: Mapping[str, Any]
) -> dict[str, Any]:
    """One more."""
    actor.require("users:write")
    id_ = values.get("id") or workspace.id("dep")

    def write(connection: Connection) -> None:
        rows.changed(connection)
        if rows.find_department(connection, id_) is not None:
            raise Conflict(expected="a new department", found=f"{id_}, which is there")
        if len(rows.parents(connection)) >= DEPARTMENTS_MAX:
            raise Conflict(
                expected=f"at most {DEPARTMENTS_MAX} departments", found="that there are as many"
            )
        parent = values.get("parent_id")
        check_department(connection, id_, values["name"], parent)
        rows.insert_department(
            connection,
            {
                "id": id_,
                "name": values["name"],
                "parent_id": parent,
                "position": values.get("position", 0),
                "created_at": workspace.clock.now_ms(),
            },
        )
        _set_heads(connection, id_, values.get("heads", ()))
        audit.note(connection, workspace, actor, "departments.create", id_, **values)

    workspace.writer.call(write)
    workspace.forget_directory()
    return department(workspace, id_)


def change_department(
    workspace: Workspace, actor: Actor, id_: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Another name, place or other heads."""
    actor.require("users:write")
    columns = {k: v for k, v in values.items() if k in {"name", "parent_id", "position"}}

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = rows.find_department(connection, id_) or _missing("department", id_)
        parent = columns.get("parent_id", row.parent_id)
        check_department(connection, id_, columns.get("name", row.name), parent)
        rows.update_department(connection, id_, columns)
        if "heads" in values:
            _set_heads(connection, id_, values["heads"])
        audit.note(
            connection, workspace, actor, "departments.change", id_,
            before={name: getattr(row, name) for name in columns}, **values,
        )  # fmt: skip

    workspace.writer.call(write)
    workspace.forget_directory()
    return department(workspace, id_)


def delete_department(workspace: Workspace, actor: Actor, id_: str) -> None:
    """Take an empty one away."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = rows.find_department(connection, id_) or _missing("department", id_)
        if rows.department_in_use(connection, id_):
            raise DepartmentInUse(name=row.name)
        rows.delete_department(connection, id_)
        audit.note(connection, workspace, actor, "departments.delete", id_, name=row.name)

    workspace.writer.call(write)
    workspace.forget_directory()


def check_department(connection: Connection, id_: str, name: str, parent: str | None) -> None:
    """Raise unless a department of this name may stand there."""
    if "/" in name:
        raise wrong("/name", "name_wrong", {"found": name}, "a name without /", name)
    found = {row.id: row for row in rows.departments(connection)}
    if parent is not None and parent not in found:
        params = {"id": parent}
        raise wrong("/parent_id", "department_unknown", params, "a department", parent)
    for other in found.values():
        if other.id != id_ and other.parent_id == parent and other.name == name:
            raise Conflict(
                expected="a name no other department beside it has", found=f"{name} a second time"
            )
    circle, above = [id_], parent
    while above is not None and above in found:
        if above == id_ or len(circle) >= DEPTH_MAX:
            names = [
                found[one].name if one in found and one != id_ else name for one in (*circle, above)
            ]
            code = "department_cycle" if above == id_ else "department_too_deep"
            text = f"departments at most {DEPTH_MAX} deep and never below themselves"
            raise wrong(
                "/parent_id", code, {"names": names, "limit": DEPTH_MAX}, text, " → ".join(names)
            )
        circle.append(above)
        above = found[above].parent_id


def _set_heads(connection: Connection, id_: str, heads: Sequence[str]) -> None:
    check_users(connection, "/heads", heads)
    rows.set_heads(connection, id_, heads)


# --- posts -----------------------------------------------------------------------------------------


def posts(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All of them, the highest rank first; there are at most `POSTS_MAX`."""
    with workspace.read() as connection:
        found = rows.posts(connection)
        people = rows.people_per_post(connection)
    items = [
        {"id": row.id, "name": row.name, "rank": row.rank, "people": people.get(row.id, 0)}
        for row in found
    ]
    return {"items": items, "next_cursor": None}


def create_post(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """One more."""
    actor.require("users:write")
    id_ = values.get("id") or workspace.id("post")

    def write(connection: Connection) -> None:
        rows.changed(connection)
        found = rows.posts(connection)
        if len(found) >= POSTS_MAX:
            raise Conflict(expected=f"at most {POSTS_MAX} posts", found="that there are as many")
        _check_post(found, id_, values["name"])
        if any(row.id == id_ for row in found):
            raise Conflict(expected="a new post", found=f"{id_}, which is there")
        columns = {
            "id": id_,
            "name": values["name"],
            "rank": values.get("rank", 0),
            "created_at": workspace.clock.now_ms(),
        }
        rows.insert_post(connection, columns)
        audit.note(connection, workspace, actor, "posts.create", id_, **values)

    workspace.writer.call(write)
    workspace.forget_directory()
    return _post(workspace, id_)


def change_post(
    workspace: Workspace, actor: Actor, id_: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Another name or rank."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = rows.find_post(connection, id_) or _missing("post", id_)
        _check_post(rows.posts(connection), id_, values.get("name", row.name))
        rows.update_post(connection, id_, values)
        audit.note(
            connection, workspace, actor, "posts.change", id_,
            before={"name": row.name, "rank": row.rank}, **values,
        )  # fmt: skip

    workspace.writer.call(write)
    workspace.forget_directory()
    return _post(workspace, id_)


def delete_post(workspace: Workspace, actor: Actor, id_: str) -> None:
    """Take one away that nobody holds."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = rows.find_post(connection, id_) or _missing("post", id_)
        if rows.post_in_use(connection, id_):
            raise PostInUse(name=row.name)
        rows.delete_post(connection, id_)
        audit.note(connection, workspace, actor, "posts.delete", id_, name=row.name)

    workspace.writer.call(write)
    workspace.forget_directory()


def _post(workspace: Workspace, id_: str) -> dict[str, Any]:
    found = posts(workspace, _NOBODY)["items"]
    return _the(found, "post", id_)


def _check_post(found: Sequence[Row[Any]], id_: str, name: str) -> None:
    if any(row.name == name and row.id != id_ for row in found):
        raise Conflict(expected="a name no other post has", found=f"{name} a second time")


# --- people ----------------------------------------------------------------------------------------


def people(
    workspace: Workspace,
    actor: Actor,
    *,
    search: str = "",
    department: str | None = None,
    deep: bool | None = False,
    post: str | None = None,
    role: str | None = None,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """People by name, with where they belong. Mail, roles and open tasks only for those who may see users."""
    full = actor.may("users:read")
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        directory = workspace.directory(connection)
        inside = None
        if department:
            inside = directory.below(department) if deep else {department}
        found = rows.people(
            connection,
            search=search,
            mail=full,
            departments=inside,
            post=post,
            role=role if full else None,
            active={"active": True, "left": False, "away": True}.get(state or ""),
            ids=_away_now(directory, now_ms) if state == "away" else None,
            after=key_from(cursor, str, str),
            limit=limit + 1,
        )
        ids = [row.id for row in found]
        roles = users.roles_of(connection, ids) if full else {}
        tasks = rows.open_tasks(connection, ids) if full else {}
    items = [_person(row, directory, now_ms, roles, tasks, full=full) for row in found]
    return page(items, limit, lambda one: key_text(one["name"], one["id"]))


def person(workspace: Workspace, actor: Actor, user_id: str) -> dict[str, Any]:
    """One of them."""
    full = actor.may("users:read")
    with workspace.read() as connection:
        row = users.find(connection, user_id) or _missing("user", user_id)
        directory = workspace.directory(connection)
        roles = users.roles_of(connection, [user_id]) if full else {}
        tasks = rows.open_tasks(connection, [user_id]) if full else {}
    return _person(row, directory, workspace.clock.now_ms(), roles, tasks, full=full)


def change_person(
    workspace: Workspace, actor: Actor, user_id: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Where somebody belongs, whom they report to, and when they leave. `left_at`: milliseconds, or None: stays."""
    actor.require("users:write")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        rows.changed(connection)
        row = users.find(connection, user_id) or _missing("user", user_id)
        place(connection, user_id, values)
        columns = leaving(row, values, now_ms)
        if columns:
            set_leaving(workspace, connection, actor, row, columns)
        audit.note(connection, workspace, actor, "people.change", row.login, **values)

    workspace.writer.call(write)
    workspace.forget_directory()
    return person(workspace, actor, user_id)


def place(connection: Connection, user_id: str, values: Mapping[str, Any]) -> None:
    """Departments, posts and supervisor of a person, as far as `values` name them."""
    if "departments" in values:
        known = rows.parents(connection)
        _check_known("/departments", "department", values["departments"], known)
        rows.set_departments(connection, user_id, values["departments"])
    if "posts" in values:
        held = {row.id for row in rows.posts(connection)}
        _check_known("/posts", "post", values["posts"], held)
        rows.set_posts(connection, user_id, values["posts"])
    if "supervisor_id" in values:
        check_supervisor(connection, user_id, values["supervisor_id"])
        users.update(connection, user_id, {"supervisor_id": values["supervisor_id"]})


def leaving(row: Row[Any], values: Mapping[str, Any], now_ms: int) -> dict[str, Any]:
    """What changes when somebody leaves, will leave, or comes back."""
    if values.get("active") is True or ("left_at" in values and values["left_at"] is None):
        return {"active": True, "left_at": None}
    if values.get("active") is False:
        left_at = values.get("left_at")
        return {"active": False, "left_at": min(left_at, now_ms) if left_at else now_ms}
    if "left_at" in values:
        left_at = values["left_at"]
        return {"left_at": left_at, "active": row.active and left_at > now_ms}
    return {}


def set_leaving(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    row: Row[Any],
    columns: Mapping[str, Any],
) -> None:
    """Whoever is not active any more is signed out, and their open tasks go to others."""
    before = users.active_members(connection, "administrator")
    users.update(connection, row.id, columns)
    if row.active and columns.get("active") is False:
        signins.delete_sessions_of(connection, row.id)
        handovers.queue(workspace, connection, actor, row.id, "left")
    user_rules.check_administrator_left(connection, before)


def check_supervisor(connection: Connection, user_id: str, supervisor: str | None) -> None:
    """Raise unless this person may be above that one."""
    if supervisor is None:
        return
    check_users(connection, "/supervisor_id", [supervisor])
    above = rows.supervisors(connection)
    circle: list[str] = [user_id]
    next_: str | None = supervisor
    while next_ is not None and len(circle) <= CHAIN_MAX:
        circle.append(next_)
        if next_ == user_id:
            names = names_of(connection, circle)
            raise wrong(
                "/supervisor_id", "supervisor_cycle", {"names": names},
                "a superior who is not below this person", " → ".join(names),
            )  # fmt: skip
        next_ = above.get(next_)


def _away_now(directory: Directory, now_ms: int) -> list[str]:
    return [id_ for id_ in directory.substitutions if _away(directory, id_, now_ms)]


def _away(directory: Directory, user_id: str, now_ms: int) -> Any:
    """The substitution for all flows that holds now."""
    found = directory.substitutions.get(user_id, ())
    return next((one for one in found if one.flows is None and one.holds(now_ms, "")), None)


def _person(
    row: Row[Any],
    directory: Directory,
    now_ms: int,
    roles: Mapping[str, Sequence[str]],
    tasks: Mapping[str, int],
    *,
    full: bool,
) -> dict[str, Any]:
    known = directory.people.get(row.id) or Person(row.id, row.login, row.name)
    away = _away(directory, row.id, now_ms)
    return {
        "id": row.id,
        "login": row.login if full else None,
        "name": row.name,
        "email": row.email if full else None,
        "active": row.active,
        "left_at": iso_or_none(row.left_at),
        "departments": [
            {"id": id_, "name": directory.departments[id_].name, "main": index == 0}
            for index, id_ in enumerate(known.departments)
            if id_ in directory.departments
        ],
        "posts": [{"id": id_, "name": directory.title("post", id_)["zh"]} for id_ in known.posts],
        "supervisor": ref(directory, known.supervisor) if known.supervisor else None,
        "roles": list(roles.get(row.id, ())),
        "open_tasks": tasks.get(row.id, 0) if full else None,
        "away": None
        if away is None
        else {
            "until": to_iso(away.until_ms),
            "substitute": ref(directory, away.by) if away.by else None,
        },
    }


# --- for those beside this module ------------------------------------------------------------------


def ref(directory: Directory, user_id: str) -> dict[str, str]:
    """A person in an answer."""
    return {"id": user_id, "name": directory.name(user_id)}


def check_users(connection: Connection, path: str, ids: Sequence[str]) -> None:
    """Raise unless all of them are users."""
    _check_known(path, "user", ids, users.known(connection, ids))


def names_of(connection: Connection, ids: Sequence[str]) -> list[str]:
    """What these people are called."""
    found = {row.id: row.name for row in rows.people(connection, ids=set(ids), limit=len(ids))}
    return [found.get(id_, id_) for id_ in ids]


def _check_known(path: str, kind: str, ids: Sequence[str], known: Any) -> None:
    problems = [
        Problem(
            f"{path}/{i}", f"{kind}_unknown", {"id": id_}, f"Expected a {kind}, but found {id_}."
        )
        for i, id_ in enumerate(ids)
        if id_ not in known
    ]
    if problems:
        raise ValidationFailed(what=f"list of {kind}s", count=len(problems), problems=problems)


def wrong(
    path: str, code: str, params: Mapping[str, Any], expected: str, found: str
) -> ValidationFailed:
    """One thing wrong, with its place."""
    message = f"Expected {expected}, but found {found}."
    filled = {"expected": expected, "found": found, **params}
    problem = Problem(path, code, filled, message)
    return ValidationFailed(what="organisation", count=1, problems=[problem])


def _the(found: Sequence[dict[str, Any]], kind: str, id_: str) -> dict[str, Any]:
    for one in found:
        if one["id"] == id_:
            return one
    raise NotFound(kind=kind, id=id_)


def _missing(kind: str, id_: str) -> Any:
    raise NotFound(kind=kind, id=id_)


_NOBODY = Actor("nobody", "")
