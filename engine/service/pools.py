"""Help at a peak: more people in a role while too many tasks wait, and no more of them afterwards.

A role's `pool` says from how many waiting tasks on who helps. They get new tasks as members do; when half as many wait, they get
none any more, and keep what they have. Each coming and going is told to operators, and kept in the audit log.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Conflict, NotFound
from headrace.engine.service import audit
from headrace.engine.service import users as people
from headrace.engine.service.actor import ALERTED_ROLES, ENGINE, Actor
from headrace.engine.service.organisation import check_users
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import alerts, users
from headrace.engine.store import organisation as rows

Texts = Mapping[str, tuple[str, str]]


def set_pool(
    workspace: Workspace, actor: Actor, key: str, pool: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Who helps in a business role, and from how many waiting tasks on; None: nobody any more."""
    actor.require("users:write")

    def write(connection: Connection) -> None:
        row = users.find_role(connection, key)
        if row is None:
            raise NotFound(kind="role", id=key)
        if row.system:
            raise Conflict(expected="a business role", found=f"{key}, a role of the system")
        if pool is not None:
            check_users(connection, "/people", pool["people"])
        users.set_pool(connection, key, pool)
        users.set_members(connection, key, [], "pool")
        audit.note(connection, workspace, actor, "roles.pool", key, pool=pool)

    workspace.writer.call(write)
    workspace.forget_directory()
    return people.role(workspace, key)


def watch(workspace: Workspace) -> int:
    """Let helpers come and go; answers how many roles have changed."""
    with workspace.read() as connection:
        wanted = [row for row in users.roles(connection) if row.pool]
        if not wanted:
            return 0
        kinds = users.members_by_kind(connection)
        changes = []
        for row in wanted:
            helping = kinds.get((row.key, "pool"), [])
            members = [*kinds.get((row.key, "primary"), []), *helping]
            waiting = rows.tasks_waiting(connection, members, row.pool["limit"] + 1)
            if not helping and waiting > row.pool["limit"]:
                changes.append((row, row.pool["people"], waiting))
            elif helping and waiting <= row.pool["limit"] // 2:
                changes.append((row, [], waiting))
    for row, ids, waiting in changes:
        workspace.writer.call(partial(_change, workspace, row, ids, waiting))
    if changes:
        workspace.forget_directory()
    return len(changes)


def _change(
    workspace: Workspace, row: Any, ids: list[str], waiting: int, connection: Connection
) -> None:
    kinds = users.members_by_kind(connection, row.key)
    others = {*kinds.get((row.key, "primary"), ()), *kinds.get((row.key, "backup"), ())}
    users.set_members(connection, row.key, [id_ for id_ in ids if id_ not in others], "pool")
    zh, en = (row.title.get(one) or row.key for one in ("zh", "en"))
    limit = row.pool["limit"]
    if ids:
        texts = {
            "zh": (f"「{zh}」积压，已加人", f"待办超过 {limit}，{len(ids)} 人临时加入该角色。"),
            "en": (
                f"More people in “{en}”",
                f"More than {limit} tasks wait: {len(ids)} people help in this role.",
            ),
        }
    else:
        texts = {
            "zh": (f"「{zh}」积压已消化", f"待办已降到 {waiting}，临时人员不再接新任务。"),
            "en": (
                f"“{en}” is back to normal",
                f"{waiting} tasks wait: those who helped get no new ones.",
            ),
        }
    tell(workspace, connection, texts)
    audit.note(connection, workspace, ENGINE, "roles.helping", row.key, people=ids, waiting=waiting)


def tell(workspace: Workspace, connection: Connection, texts: Texts) -> None:
    """Tell those who look after the workspace."""
    roles = workspace.directory(connection).roles
    who = {user for role in ALERTED_ROLES for user in roles.get(role, ())}
    alerts.tell(connection, who, texts, workspace.clock.now_ms())
