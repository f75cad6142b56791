"""What people are told, and by which ways."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Counter, Json, metadata, where

notifications = Table(
    "notifications",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("user_id", ID, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("instance_id", ID),
    Column("created_at", AT, nullable=False),
    Column("read_at", AT),
    Column("task_id", String(100)),
    Column("kind", String(24)),
    Index("ix_notifications_user", "user_id", "id"),
    Index("ix_notifications_instance_id", "instance_id", **where("instance_id IS NOT NULL")),
    Index("ix_notifications_task", "task_id", **where("task_id IS NOT NULL AND read_at IS NULL")),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("channel", String(12), nullable=False),  # mail robot
    Column("connection", String(64)),
    Column("recipient", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("instance_id", ID, index=True),
    Column("step", Integer),
    Column("dedup", String(200), unique=True),
    Column("status", String(8), nullable=False),  # queued sent failed
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("receipts", Json, nullable=False),
    Column("available_at", AT, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("sent_at", AT),
    # To one person: by `ways`, one after the other until one works; made of `kind` and `details` in the person's language.
    Column("kind", String(24)),
    Column("user_id", ID),
    Column("task_id", String(100)),
    Column("details", Json),
    Column("ways", Json),
    Index("ix_outbox_channel", "channel", "available_at", **where("status = 'queued'")),
    Index("ix_outbox_queued", "available_at", **where("status = 'queued'")),
    Index("ix_outbox_failed", "created_at", **where("status = 'failed'")),
    Index("ix_outbox_user", "user_id", "id", **where("user_id IS NOT NULL")),
)

person_channels = Table(
    "person_channels",
    metadata,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "settings", Json, nullable=False
    ),  # {"order": […], "addresses": {…}, "quiet": …, "off": […]}
    Column("updated_at", AT, nullable=False),
)
