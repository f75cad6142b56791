"""What time does to an organisation: a last day is over, somebody is away from now on, a role has nobody left, a peak comes.

Any process may look (`work/sweeper.py` does, every 2 s); what is to be done is found by small indexed queries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.people.directory import Directory
from headrace.engine.service import audit, organisation, pools, substitutions
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.staffing import roles_asked
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, facts, users
from headrace.engine.store import organisation as rows
from headrace.engine.store.writer import Writer

AT_ONCE = 100
"""People let go in one look."""

LOOK_EVERY_MS = 10_000
"""Roles are looked at this often: an alert comes within a minute (R097) even when a process or two is late."""

FACT = "roles_without_people"
"""The roles people were told of."""


@dataclass(slots=True)
class _Seen:
    """What this process knows since its last look."""

    at_ms: int = -LOOK_EVERY_MS
    asked: dict[tuple[str, int], frozenset[str]] = field(default_factory=dict)
    """The roles each version asks; versions never change."""


_seen: WeakKeyDictionary[Writer, _Seen] = WeakKeyDictionary()


def watch(workspace: Workspace) -> int:
    """Once; answers how much there was to do."""
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        leaving = rows.due_to_leave(connection, now_ms, AT_ONCE)
        begun = bool(rows.begun(connection, now_ms, 1))
    done: int = sum(
        workspace.writer.call(partial(_leaves, workspace, user_id)) for user_id in leaving
    )
    if begun:
        done += int(workspace.writer.call(lambda c: substitutions.begin(workspace, c, ENGINE)))
    if leaving or begun:
        workspace.forget_directory()
    seen = _seen.setdefault(workspace.writer, _Seen())
    if not 0 <= now_ms - seen.at_ms < LOOK_EVERY_MS:
        seen.at_ms = now_ms
        done += _roles(workspace)
        done += pools.watch(workspace)
    return done


def _leaves(workspace: Workspace, user_id: str, connection: Connection) -> int:
    rows.changed(connection)
    row = users.find(connection, user_id)
    if row is None or not row.active or not users.active_but(connection, "administrator", user_id):
        return 0  # the last administrator stays until there is another
    columns = {"active": False, "left_at": row.left_at}
    organisation.set_leaving(workspace, connection, ENGINE, row, columns)
    audit.note(connection, workspace, ENGINE, "people.left", row.login, name=row.name)
    return 1


# --- roles that nobody is in -----------------------------------------------------------------------


def gaps(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """The roles that flows in force ask, and that have no active primary member, or no backup."""
    actor.require("flows:read")
    with workspace.read() as connection:
        directory = workspace.directory(connection)
        asked = _asked(workspace, connection)
    items = [
        {
            "role": role,
            "title": dict(directory.title("role", role)),
            "flows": sorted(flows),
            "primary": len(directory.members(role)),
            "backup": len(directory.backups_of(role)),
        }
        for role, flows in sorted(asked.items())
        if not directory.members(role) or not directory.backups_of(role)
    ]
    return {"items": items, "next_cursor": None}


def _roles(workspace: Workspace) -> int:
    """Tell once of every role that has lost its last active member."""
    with workspace.read() as connection:
        directory = workspace.directory(connection)
        asked = _asked(workspace, connection)
        told = set(facts.get(connection, FACT) or ())
    empty = {role for role in asked if not directory.members(role)}
    if empty == told:
        return 0

    def write(connection: Connection) -> int:
        known = set(facts.get(connection, FACT) or ())  # another process may have been faster
        for role in sorted(empty - known):
            _tell(workspace, connection, directory, role, asked[role])
        facts.put(connection, FACT, sorted(empty))
        return len(empty - known)

    return int(workspace.writer.call(write))


def _tell(
    workspace: Workspace, connection: Connection, directory: Directory, role: str, flows: set[str]
) -> None:
    title = directory.title("role", role)
    zh, en = (title.get(one) or role for one in ("zh", "en"))
    named = ", ".join(sorted(flows)[:10])
    texts = {
        "zh": (
            f"角色「{zh}」没有在职的人",
            f"使用它的流程：{named}。新任务会交给备份人、上级或兜底处理人，否则成为异常。请尽快指定主责人。",
        ),
        "en": (
            f"The role “{en}” has nobody active",
            f"Flows that ask it: {named}. New tasks go to its backups, superiors or the fallback, else they are incidents."
            " Give it a primary member soon.",
        ),
    }
    pools.tell(workspace, connection, texts)
    audit.note(connection, workspace, ENGINE, "roles.empty", role, flows=sorted(flows)[:100])


def _asked(workspace: Workspace, connection: Connection) -> Mapping[str, set[str]]:
    """Role → the flows in force that ask it."""
    seen = _seen.setdefault(workspace.writer, _Seen())
    found: dict[str, set[str]] = {}
    in_force = set(drafts.in_force(connection))
    for key, version in in_force:
        roles = seen.asked.get((key, version))
        if roles is None:
            text = drafts.document_of(connection, key, version)
            document = jsontext.loads(text) if text is not None else {}
            roles = seen.asked[key, version] = frozenset(roles_asked(document, workspace.types))
        for role in roles:
            found.setdefault(role, set()).add(key)
    for gone in seen.asked.keys() - in_force:
        del seen.asked[gone]
    return found
