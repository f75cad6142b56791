"""Who has a drawing open; see `tables.py`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table

from headrace.engine.store.tables import AT, ID, Json, metadata

editors = Table(  # one open editor: a row a browser tab, forgotten some seconds after its last word
    "editors",
    metadata,
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), primary_key=True),
    Column("client", String(40), primary_key=True),  # the tab's own choice, random
    Column("user_id", ID, nullable=False),
    Column("doing", Json, nullable=False),  # {cursor: {x, y}, selection: [ids], look}
    Column("since", AT, nullable=False),
    Column("seen_at", AT, nullable=False),
    Index("ix_editors_seen_at", "seen_at"),
)
