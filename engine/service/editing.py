"""Who has a drawing open, and where they are in it: two people see each other, and hear of each other's drafts.

A browser tab says every few seconds what it does, oftener while others are there; the answer says who else is there and which
draft the server has. Nothing here decides anything: drafts are kept under their etag (`flows.save`), and merged by the browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import editors

SILENT_MS = 10_000
"""A tab that has said nothing for so long is not shown: it speaks every three seconds."""

FORGET_MS = 60_000
"""Its row is gone then."""

AGAIN_MS = 2_500
"""A tab that does what it did is written down again after this, so that an idle editor costs a write every three seconds."""

SHOWN_MAX = 20
"""Others that a tab is told of; more cannot be told apart by their colours."""

SELECTION_MAX = 50
"""Selected things a tab tells of."""

CLIENT = "[A-Za-z0-9_-]{8,40}"
"""What a tab calls itself: random, of its own choice."""


def say(
    workspace: Workspace, actor: Actor, key: str, client: str, doing: Mapping[str, Any]
) -> dict[str, Any]:
    """Keep what a tab does, and tell it of the draft and of the others: `{etag, updated_by, others}`."""
    actor.require("flows:read")
    now = workspace.clock.now_ms()
    with workspace.read() as connection:
        mark = editors.draft_mark(connection, key)
        if mark is None:
            raise NotFound(kind="flow", id=key)
        _check(client)
        rows = editors.here(connection, key, since=now - SILENT_MS, limit=SHOWN_MAX + 1)
    mine = next((row for row in rows if row.client == client), None)
    if mine is not None and mine.user_id != actor.user_id:
        raise Conflict(expected="a tab of one's own", found="another person's")
    told = dict(doing)
    known = mine is not None and mine.doing == told and now - mine.seen_at < AGAIN_MS
    if not known and (mine is not None or len(rows) <= SHOWN_MAX):
        values = {
            "flow_key": key,
            "client": client,
            "user_id": actor.user_id,
            "doing": told,
            "since": now,
            "seen_at": now,
        }

        def write(connection: Connection) -> None:
            if mine is None:
                editors.forget(connection, now - FORGET_MS)
            editors.say(connection, values)

        workspace.writer.call(write)
    return {
        "etag": mark.draft_etag,
        "others": [
            {
                "client": row.client,
                "user_id": row.user_id,
                "name": row.name or row.user_id,
                "since": to_iso(row.since),
                **row.doing,
            }
            for row in rows
            if row.client != client
        ],
    }


def leave(workspace: Workspace, actor: Actor, key: str, client: str) -> None:
    """A tab is closed, and its person is shown no longer."""
    actor.require("flows:read")
    known = re.fullmatch(CLIENT, client) is not None and workspace.writer.call(
        lambda connection: editors.leave(connection, key, client, actor.user_id)
    )
    if not known:
        raise NotFound(kind="tab", id=client[:60])


def _check(client: str) -> None:
    if re.fullmatch(CLIENT, client) is None:
        message = f"Expected 8 to 40 letters, digits, _ or -, but found {client[:60]!r}."
        problem = Problem("/client", "pattern", {"found": client[:60]}, message)
        raise ValidationFailed(what="tab", count=1, problems=[problem])
