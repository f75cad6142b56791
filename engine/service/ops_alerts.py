"""Tell those who look after the workspace: in the app, by mail and by robot, once each, in the transaction of the reason (R017)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.service.actor import ALERTED_ROLES
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, alerts, telling

Texts = Mapping[str, tuple[str, str]]
"""Language → (title, text)."""


def tell(
    workspace: Workspace,
    connection: Connection,
    texts: Texts,
    dedup: str,
    *,
    ways: Mapping[str, Any] | None = None,
    people: Collection[str] = (),
) -> int:
    """`ways`: the connections to leave by (`mail`, `robot`), else the first there is; `people`: besides operators and
    administrators. `dedup` names the reason: it is told once. Answers how many messages leave the app."""
    now_ms = workspace.clock.now_ms()
    active = _hearing(workspace, connection, people)
    alerts.tell(connection, {person.id for person in active}, texts, now_ms)
    told = ways or {}
    sent: list[dict[str, Any]] = []
    if told.get("mail") or accounts.first_of(connection, "smtp"):
        for person in active:
            if person.email:
                title, text = texts.get(person.language, texts["en"])
                sent.append(_row("mail", told.get("mail"), person.email, title, text, now_ms))
    if told.get("robot") or accounts.first_of(connection, "robot"):
        title, text = texts["zh"]
        sent.append(_row("robot", told.get("robot"), "", title, text, now_ms))
    for row in sent:
        row["dedup"] = f"{dedup}.{row['channel']}.{row['recipient']}"[:200]
        telling.insert(connection, row)
    if sent:
        workspace.changed.add("outbox")
    return len(sent)


def hearing(workspace: Workspace, connection: Connection, people: Collection[str]) -> list[str]:
    """Who hears of it: the ids of all that `tell` tells."""
    return [person.id for person in _hearing(workspace, connection, people)]


def _hearing(workspace: Workspace, connection: Connection, people: Collection[str]) -> list[Any]:
    directory = workspace.directory(connection)
    who = {user for role in ALERTED_ROLES for user in directory.roles.get(role, ())} | set(people)
    found = [directory.people[id_] for id_ in sorted(who) if id_ in directory.people]
    return [person for person in found if person.active]


def _row(
    channel: str, account: str | None, recipient: str, title: str, text: str, now_ms: int
) -> dict[str, Any]:
    return {
        "channel": channel, "connection": account, "recipient": recipient, "title": title[:200], "text": text[:2_000],
        "status": "queued", "receipts": [], "available_at": now_ms, "created_at": now_ms,
    }  # fmt: skip
