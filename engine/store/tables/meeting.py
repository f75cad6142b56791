"""Where instances meet: messages and signals, locks, the items of a for-each."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Counter, metadata, where

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", String(200), primary_key=True),  # instance . step . event
    Column("instance_id", ID, nullable=False, index=True),
    Column("flow_key", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("node", String(64), nullable=False),
    Column("event", String(80), nullable=False),
    Column("kind", String(8), nullable=False),  # message signal
    Column("name", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("stays", Boolean, nullable=False),  # takes more than one: does not end its step
    Column("created_at", AT, nullable=False),
    Index("ix_subscriptions_wanted", "kind", "name", "key", "created_at", "id"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(200), nullable=False),
    Column("key", String(200), nullable=False),
    Column("payload", Text, nullable=False),
    Column("mode", String(12), nullable=False),  # one one_per_flow all
    Column("dedup", String(300), unique=True),  # name : dedup id
    Column("status", String(10), nullable=False),  # buffered delivered expired
    Column("receivers", Integer, nullable=False, server_default="0"),
    Column("sender_id", ID),
    Column("created_at", AT, nullable=False),
    Column("expires_at", AT, nullable=False),
    Index("ix_messages_buffered", "name", "key", "created_at", **where("status = 'buffered'")),
    Index("ix_messages_status_expires", "status", "expires_at"),
    Index("ix_messages_created", "created_at", "id"),
)

locks = Table(
    "locks",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),  # the queue's order
    Column("key", String(300), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("step", Integer, nullable=False),
    Column("held", Boolean, nullable=False, server_default=sa.false()),
    Column("created_at", AT, nullable=False),
    Index("ix_locks_key_id", "key", "id"),
)

items = Table(
    "items",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),  # from 0
    Column("input", Text, nullable=False),
    Column("business_key", String(200)),
    Column("dedup_key", String(300)),
    Column("child_id", ID),
    Column("status", String(12), nullable=False),  # waiting running completed failed …
    Column("output", Text),
)
