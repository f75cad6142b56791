"""Keeping house: answers kept for repeated requests, the audit, settings, batches."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from headrace.engine.store.tables.columns import AT, ID, Counter, Json, metadata, where

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(300), primary_key=True),  # who : Idempotency-Key
    Column("request_sha256", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", AT, nullable=False, index=True),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("at", AT, nullable=False),
    Column("actor", ID, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("details", Json, nullable=False),
)

workspace_settings = Table(
    "workspace_settings",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Json, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("id", ID, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("params", Json, nullable=False),
    Column("selection", Json, nullable=False),  # what was asked for
    Column("reason", Text, nullable=False, server_default=""),
    Column("status", String(12), nullable=False),  # gathering running done cancelled
    Column("cursor", String(200)),  # gathering: the last one seen
    Column("total", Integer, nullable=False, server_default="0"),
    Column("per_second", Integer, nullable=False),
    Column("next_at", AT, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("ended_at", AT),
    Index("ix_batches_open", "next_at", **where("ended_at IS NULL")),
)

batch_items = Table(
    "batch_items",
    metadata,
    Column("batch_id", ID, ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("subject", String(100), nullable=False),  # an instance, or an incident
    Column("instance_id", ID, nullable=False, index=True),
    Column("status", String(8), nullable=False),  # waiting running done failed skipped
    Column("rev", Integer),  # of the instance, before: the outcome stands behind it
    Column("code", String(64)),
    Column("message", Text),
    Column("data", Json),
    Column("began_at", AT),
    Column("ended_at", AT),
    UniqueConstraint("batch_id", "subject"),
    Index("ix_batch_items_status", "batch_id", "status", "number"),
)
