"""Jobs of workers, and what holds them back."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, HEAD_START_MS, ID, metadata, where

READY_JOB = "status = 'ready' AND parked = 0"
"""May be claimed when it is due."""

KEYED_JOB = "status = 'ready' AND limit_key <> ''"

LEASED_JOB = "status IN ('leased', 'cancelled')"
"""A worker has it, also when nobody waits for it any more (cancelled): it counts until its lease is over."""

LEASED_KEYED_JOB = "status IN ('leased', 'cancelled') AND limit_key <> ''"

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("instance_id", ID, nullable=False, index=True),
    Column("flow_key", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("node", String(64), nullable=False),
    Column("status", String(12), nullable=False),  # ready leased held done cancelled incident
    Column("key", String(64), nullable=False),
    Column("effect", String(8), nullable=False),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("attempts_max", Integer, nullable=False),
    Column("backoff_ms", Integer, nullable=False),
    Column("unknown", Boolean, nullable=False, server_default=sa.false()),
    Column(
        "variables", Text, nullable=False
    ),  # as they were at the request: every attempt sends the same
    Column("available_at", AT, nullable=False),
    Column("lease_owner", String(64)),
    Column("lease_epoch", Integer, nullable=False, server_default="0"),
    Column("lease_until", AT),
    Column("created_at", AT, nullable=False),
    Column("ended_at", AT),
    Column("queue", String(64), nullable=False, server_default="default"),
    Column("connection", String(64), nullable=False, server_default=""),
    # queue/connection/operation: jobs that are held back together
    Column("lane", String(200), nullable=False, server_default="default//"),
    Column("limit_key", String(200), nullable=False, server_default=""),
    Column("limit_max", Integer, nullable=False, server_default="0"),
    # 1: its key is full, and it waits until one of those that have it ends
    Column("parked", Integer, nullable=False, server_default="0"),
    Column("first_at", AT),  # when the first attempt began: the budget counts from here
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("rank", AT, sa.Computed(f"available_at - priority * {HEAD_START_MS}", persisted=True)),
    Index("ix_jobs_rank", "rank", **where(READY_JOB)),
    Index("ix_jobs_lane", "lane", "rank", **where(READY_JOB)),
    Index("ix_jobs_ready", "available_at", **where(READY_JOB)),
    Index("ix_jobs_limit_key", "parked", "limit_key", "available_at", **where(KEYED_JOB)),
    Index("ix_jobs_leased", "lease_until", "connection", **where(LEASED_JOB)),
    Index("ix_jobs_leased_key", "limit_key", **where(LEASED_KEYED_JOB)),
)

limits = Table(
    "limits",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("settings", Text, nullable=False),  # {rate, operations, parallel, queue, breaker}
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

buckets = Table(
    "buckets",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("operation", String(64), primary_key=True),  # "": all together
    Column("full_at_us", AT, nullable=False),  # when it will be full again, in microseconds
)

breakers = Table(
    "breakers",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("host", String(255), primary_key=True),
    Column("connector", String(64), nullable=False),
    # 1: the host of the connection's address, so that its jobs wait; others are refused at the call
    Column("main", Integer, nullable=False),
    Column("calm", Integer, nullable=False),  # 1: closed, and nothing to remember
    Column("state", String(12), nullable=False),  # closed open half_open
    Column("forced", String(8), nullable=False),  # "" open closed
    Column("window", String(40), nullable=False),  # the last outcomes: "." good, "x" bad
    Column("seen_at", AT, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("until_at", AT, nullable=False),
    Column("probe_job", String(100)),  # the one job let through when half open, while it is leased
    Column("probe_epoch", Integer),
    Column("error", Text, nullable=False, server_default=""),  # what the last failure said
    Column("changed_at", AT, nullable=False),
    Column("changed_by", ID, nullable=False),
    Index("ix_breakers_troubled", "connection", **where("calm = 0")),
)
