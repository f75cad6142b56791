"""Is there somebody behind every role a drawing asks? Looked at before a flow is published, and again while it is in force.

A role without an active primary member stops a publish. One without an active backup does so too, unless an administrator has made
a warning of it (`rules`), or the node names a backup of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.node import NodeType
from headrace.engine.people.directory import Directory
from headrace.engine.service import audit
from headrace.engine.service.actor import PERMISSIONS, Actor
from headrace.engine.service.directories import RULES
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import facts, organisation, users

BACKUP = ("refuse", "warn")
FALLBACK_MAX = 20

Types = Mapping[str, NodeType]


def rules(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """The rules of this workspace."""
    actor.require("flows:read")
    with workspace.read() as connection:
        return _rules(connection)


def change_rules(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """`backup`: what a role without a backup does to a publish; `fallback`: who is asked when nobody else is there."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        organisation.changed(connection)
        before = _rules(connection)
        _check_fallback(connection, values.get("fallback", ()))
        facts.put(connection, RULES, {**before, **values})
        audit.note(
            connection, workspace, actor, "organisation.rules", "rules", before=before, **values
        )

    workspace.writer.call(write)
    workspace.forget_directory()
    return rules(workspace, actor)


def _rules(connection: Connection) -> dict[str, Any]:
    found = facts.get(connection, RULES) or {}
    return {"backup": found.get("backup", "refuse"), "fallback": list(found.get("fallback", ()))}


def _check_fallback(connection: Connection, fallback: Any) -> None:
    known = users.known(connection, [one["id"] for one in fallback if one["kind"] == "user"])
    roles = {row.key for row in users.roles(connection)}
    problems = [
        Problem(
            f"/fallback/{index}", f"{one['kind']}_unknown", {one["kind"]: one["id"]},
            f"Expected a {one['kind']} that exists, but found {one['id']}.",
        )
        for index, one in enumerate(fallback)
        if one["id"] not in (known if one["kind"] == "user" else roles)
    ]  # fmt: skip
    if problems:
        raise ValidationFailed(what="fallback", count=len(problems), problems=problems)


HERE = frozenset({"role_unknown", "role_empty", "role_no_backup"})
"""Errors that say nothing against the drawing: it can be tried all the same."""


# --- a drawing -------------------------------------------------------------------------------------


def problems(workspace: Workspace, connection: Connection, document: Any) -> list[Problem]:
    """What is missing behind the people a document names. Never raises for any JSON."""
    directory = workspace.directory(connection)
    backup = _rules(connection)["backup"]
    return list(_problems(document, workspace.types, directory, backup))


def _problems(document: Any, types: Types, directory: Directory, backup: str) -> Iterator[Problem]:
    seen: set[tuple[str, str, str]] = set()
    for index, node in _nodes(document):
        kind = types.get(str(node.get("type")))
        settings = node.get("settings")
        if kind is None or not isinstance(settings, Mapping):
            continue
        for path, one in named(kind.settings, settings):
            decides = kind.waits and path.startswith("/assignees/")
            found = _of(one, directory, decides=decides)
            every = [] if found is None else [found]
            asks = decides and one["kind"] == "role" and not settings.get("backup")
            if asks and (found is None or found[0] == "role_may_not_decide"):
                behind = _without_backup(one, directory, backup)
                every += [] if behind is None else [behind]
            for code, params, severity, message in every:
                key = (str(node.get("id")), code, str(one.get("id")))
                if key not in seen:
                    seen.add(key)
                    where = f"/nodes/{index}/settings{path}"
                    id_ = node.get("id")
                    yield Problem(
                        where, code, params, message, id_ if isinstance(id_, str) else None,
                        severity=severity,
                    )  # fmt: skip


_Found = tuple[str, dict[str, Any], Any, str]


def _of(one: Mapping[str, Any], directory: Directory, *, decides: bool) -> _Found | None:
    severity = "error" if decides else "warning"
    id_ = str(one.get("id", ""))
    if one["kind"] == "role":
        params = _role_params(id_, directory)
        if f"role:{id_}" not in directory.titles:
            return "role_unknown", params, severity, f"Expected a role, but found {id_}."
        if not directory.members(id_):
            message = f"Expected an active member of the role {id_}, but found none."
            return "role_empty", params, severity, message
        if decides and not any(_may_decide(one.id, directory) for one in directory.members(id_)):
            message = f"Expected a member of the role {id_} who may decide tasks, but found none."
            return "role_may_not_decide", params, "warning", message
    elif one["kind"] == "user":
        person = directory.find(id_)
        who = {"name": person.name if person else id_}
        if person is None:
            message = f"Expected a user, but found {id_}."
            return "user_unknown_here", who, "warning", message
        if not person.active:
            message = f"Expected an active user, but {person.name} is not."
            return "user_inactive", who, "warning", message
    elif one["kind"] == "rota" and id_ not in directory.rotas:
        message = f"Expected a rota, but found {id_}."
        return "rota_unknown_here", {"id": id_}, "warning", message
    elif one["kind"] == "department" and id_ not in directory.departments:
        message = f"Expected a department, but found {id_}."
        return "department_unknown_here", {"id": id_}, "warning", message
    elif one["kind"] == "post" and f"post:{id_}" not in directory.titles:
        message = f"Expected a post, but found {id_}."
        return "post_unknown_here", {"id": id_}, "warning", message
    return None


def _without_backup(one: Mapping[str, Any], directory: Directory, backup: str) -> _Found | None:
    id_ = str(one["id"])
    if directory.backups_of(id_):
        return None
    params = _role_params(id_, directory)
    message = f"Expected an active backup of the role {id_}, but found none."
    return "role_no_backup", params, "error" if backup == "refuse" else "warning", message


def _may_decide(user_id: str, directory: Directory) -> bool:
    return any(
        "tasks:decide" in permissions and user_id in directory.roles.get(role, ())
        for role, permissions in PERMISSIONS.items()
    )


def _role_params(role: str, directory: Directory) -> dict[str, Any]:
    title = directory.title("role", role)
    texts = {f"title_{language}": _in(language, title) for language in ("zh", "en")}
    return {"role": role, "title": dict(title), **texts}


def _in(language: str, title: Mapping[str, str]) -> str:
    return title.get(language) or next(iter(title.values()))


def roles_asked(document: Any, types: Types) -> set[str]:
    """The roles whose members decide somewhere in a document."""
    return {
        str(one.get("id"))
        for _, node in _nodes(document)
        if (kind := types.get(str(node.get("type")))) is not None and kind.waits
        for path, one in named(kind.settings, node.get("settings") or {})
        if one["kind"] == "role" and path.startswith("/assignees/")
    }


def named(schema: Mapping[str, Any], value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every assignee in the settings of a node, with its place."""
    if schema.get("x-widget") == "assignees" and isinstance(value, list):
        for index, one in enumerate(value):
            if isinstance(one, Mapping) and isinstance(one.get("kind"), str):
                yield f"{path}/{index}", one
        return
    if isinstance(value, Mapping):
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from named(inner, value[name], f"{path}/{name}")
    elif isinstance(value, list) and isinstance(schema.get("items"), Mapping):
        for index, inner in enumerate(value):
            yield from named(schema["items"], inner, f"{path}/{index}")


def _nodes(document: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    for index, node in enumerate(nodes if isinstance(nodes, list) else ()):
        if isinstance(node, Mapping):
            yield index, node
