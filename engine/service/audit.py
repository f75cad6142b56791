"""Who changed what, for administrators. Written in the transaction of the change, so that neither exists alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import audits

SUBJECT_MAX = 200


def note(
    connection: Connection,
    workspace: Workspace,
    actor: Actor,
    action: str,
    subject: str,
    **details: Any,
) -> None:
    """Write one entry. Nothing secret goes into `details`."""
    audits.insert(
        connection,
        {
            "at": workspace.clock.now_ms(),
            "actor": actor.user_id,
            "action": action,
            "subject": subject[:SUBJECT_MAX],
            "details": details,
        },
    )


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    action: str = "",
    subject: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Entries, newest first; `action` may be the beginning of one (`flows.`)."""
    actor.require("audit:read")
    before = int(cursor) if cursor and cursor.isdigit() else None
    with workspace.read() as connection:
        rows = audits.listing(
            connection, action=action, subject=subject, before=before, limit=limit + 1
        )
        people = workspace.directory(connection).people
    return page(
        [
            {
                "id": str(row.id),
                "at": to_iso(row.at),
                "who": _who(row.actor, people),
                "action": row.action,
                "subject": row.subject,
                "params": row.details,
            }
            for row in rows
        ],
        limit,
        lambda entry: str(entry["id"]),
    )


def _who(user_id: str, people: Mapping[str, Any]) -> dict[str, str]:
    person = people.get(user_id)
    return {"id": user_id, "name": person.name if person else user_id}
