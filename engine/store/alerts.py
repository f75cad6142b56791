"""Messages in the app to those who look after the installation, each in their own language."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t

TITLE_MAX, TEXT_MAX = 200, 2_000


def tell(
    connection: Connection,
    user_ids: Collection[str],
    texts: Mapping[str, tuple[str, str]],
    now_ms: int,
) -> None:
    """`texts`: language → (title, text); who speaks another reads English."""
    query = sa.select(t.users.c.id, t.users.c.language).where(
        t.users.c.id.in_(user_ids), t.users.c.active
    )
    rows = []
    for person in connection.execute(query):
        title, text = texts.get(person.language, texts["en"])
        rows.append(
            {
                "user_id": person.id,
                "title": title[:TITLE_MAX],
                "text": text[:TEXT_MAX],
                "created_at": now_ms,
            }
        )
    if rows:
        connection.execute(t.notifications.insert(), rows)
