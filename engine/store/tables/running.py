"""Instances: where each stands, its wishes, its history, and what it waits for by itself."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from headrace.engine.store.tables.columns import (
    AT,
    HEAD_START_MS,
    ID,
    Counter,
    Json,
    metadata,
    where,
)

instances = Table(
    "instances",
    metadata,
    Column("id", ID, primary_key=True),
    Column("flow_key", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("business_key", String(200)),
    Column("dedup_key", String(300)),
    Column(
        "status", String(16), nullable=False
    ),  # running waiting suspended incident compensating completed cancelled
    Column("result", String(100)),
    Column("rev", Integer, nullable=False),  # advances applied; also the number of history chunks
    Column("state", Text, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("parent_id", ID),
    Column("parent_step", Integer),
    Column("root_id", ID, nullable=False),
    Column("started_by", ID),
    Column("started_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("ended_at", AT),
    Column("route_id", ID),  # the canary that was running when it started; only those are compared
    Column("retain_until", AT),  # roots that have ended: purged from then on; 0: being purged now
    Column("hold", Boolean, nullable=False, server_default=sa.false()),  # a root under legal hold
    Column("incidents_open", Integer, nullable=False, server_default="0"),
    Column("waiting_nodes", Text, nullable=False, server_default="[]"),  # JSON: the first few
    Column("trace", String(55)),  # W3C traceparent of its start
    UniqueConstraint("flow_key", "dedup_key"),
    Index("ix_instances_open_version", "flow_key", "version", "id", **where("ended_at IS NULL")),
    Index("ix_instances_route", "route_id", "version", "id", **where("route_id IS NOT NULL")),
    Index("ix_instances_flow_key_id", "flow_key", "id"),
    Index("ix_instances_retain_until", "retain_until", **where("retain_until IS NOT NULL")),
    Index("ix_instances_root_id", "root_id", "id", **where("parent_id IS NOT NULL")),
    Index("ix_instances_status_id", "status", "id"),
    Index("ix_instances_business_key", "business_key"),
    Index("ix_instances_started_by_id", "started_by", "id"),
    Index("ix_instances_parent_id", "parent_id", **where("parent_id IS NOT NULL")),
)

ready = Table(
    "ready",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("ready_at", AT, nullable=False),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column(
        "gen", Integer, nullable=False, server_default="0"
    ),  # grows with every wish: guards against a lost wake-up
    Column(
        "rank", AT, sa.Computed(f"ready_at - priority * {HEAD_START_MS}", persisted=True)
    ),  # smallest first
    Index("ix_ready_rank", "rank"),
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("instance_id", ID, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("payload", Text, nullable=False),
    Column("dedup", String(300), unique=True),
    Column("created_at", AT, nullable=False),
    Column("applied_rev", Integer),
    Index("ix_inbox_open", "instance_id", "id", **where("applied_rev IS NULL")),
    Index("ix_inbox_applied", "instance_id", **where("applied_rev IS NOT NULL")),
)

history = Table(
    "history",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("first_seq", Integer, nullable=False),
    Column("at", AT, nullable=False),
    Column("events", Text, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),
)

search_values = Table(
    "search_values",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("field", String(64), primary_key=True),
    Column("text", String(200), nullable=False),
    Column("number", sa.Double()),  # numbers, and moments in ms
    Index("ix_search_values_text", "field", "text", "instance_id"),
    Index(
        "ix_search_values_number", "field", "number", "instance_id", **where("number IS NOT NULL")
    ),
)

timers = Table(
    "timers",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("instance_id", ID, nullable=False, index=True),
    Column("step", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("due_at", AT, nullable=False, index=True),
    Column("held_at", AT),  # stands still since then: its instance is suspended
    # What a calendar has told, so that a change of it can be followed: {"from": ms, "length": "PT8H", "due": ms}.
    Column("calendar", String(64)),
    Column("calendar_version", Integer),
    Column("reckoning", Json),
    Column("paused_at", AT),  # stands still since then: its task is paused
    Index("ix_timers_calendar", "calendar", "calendar_version", **where("calendar IS NOT NULL")),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("instance_id", ID, nullable=False, index=True),
    Column("flow_key", String(64), nullable=False),
    Column("step", Integer, nullable=False),
    Column("node", String(64), nullable=False),
    Column("code", String(64), nullable=False),
    Column("message", Text, nullable=False),
    Column("raised_at", AT, nullable=False),
    Column("resolved_at", AT),
    Column("resolution", String(16)),
    Column("resolved_by", ID),
    Index("ix_incidents_open", "raised_at", **where("resolved_at IS NULL")),
)
