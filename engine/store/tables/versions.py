"""Versions beside each other: which one a start gets, instances that move from one to another, and what ended instances
together say of a drawing."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Json, metadata, where

routes = Table(
    "routes",
    metadata,
    Column("id", ID, primary_key=True),
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), nullable=False),
    Column("baseline", Integer, nullable=False),  # what all get that no rule sends elsewhere
    Column("rules", Json, nullable=False),  # [{version, when?, weight?}], the first that fits
    Column("guard", Json),  # {instances, rate, factor}: when the canary is taken back
    Column("status", String(12), nullable=False),  # running promoted stopped rolled_back
    Column("note", Text, nullable=False, server_default=""),
    Column("began_at", AT, nullable=False),
    Column("began_by", ID, nullable=False),
    Column("ended_at", AT),
    Column("ended_by", ID),
    Column("reason", Text),
    Index("ix_routes_flow_key_id", "flow_key", "id"),
    Index("uq_routes_running", "flow_key", unique=True, **where("ended_at IS NULL")),
)

migrations = Table(
    "migrations",
    metadata,
    Column("id", ID, primary_key=True),
    Column("flow_key", String(64), nullable=False),
    Column("to_version", Integer, nullable=False),
    Column("plan", Json, nullable=False),  # {versions, nodes, edges, timers, variables}
    Column("status", String(12), nullable=False),  # checking ready applying done undoing stopped
    Column("wanted", String(12)),  # what goes on by itself until it is done: check apply undo
    Column("cursor", ID),  # the last instance looked at by what goes on
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("updated_at", AT, nullable=False),
    Index("ix_migrations_flow_key_id", "flow_key", "id"),
    Index("ix_migrations_wanted", "id", **where("wanted IS NOT NULL")),
)

migration_items = Table(
    "migration_items",
    metadata,
    Column(
        "migration_id",
        ID,
        ForeignKey("migrations.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("instance_id", ID, primary_key=True),
    Column("version", Integer, nullable=False),  # where it came from
    Column("status", String(12), nullable=False),  # ok problem migrated failed undone
    Column("problems", Json, nullable=False),
    Column("rev", Integer, nullable=False),  # of the instance when this row was written
    Column("before", Json),  # what an undo puts back
    Column("updated_at", AT, nullable=False),
    Index("ix_migration_items_status", "migration_id", "status", "instance_id"),
    Index("ix_migration_items_instance_id", "instance_id"),
)

heat_marks = Table(  # how far the instances of a flow have been counted
    "heat_marks",
    metadata,
    Column("flow_key", String(64), primary_key=True),
    Column("counted_to", ID, nullable=False),  # ids up to this one have been looked at
    Column("revision", Integer, nullable=False),
    Column("counted", Integer, nullable=False),
)

heat_later = Table(  # looked at while they were open: they are counted when they have ended
    "heat_later",
    metadata,
    Column("flow_key", String(64), primary_key=True),
    Column("instance_id", ID, primary_key=True),
    Index("ix_heat_later_instance_id", "instance_id"),  # a purge
)

heat = Table(  # what ended instances say of a node (n), an edge (e) or the whole (i), by the UTC day they started
    "heat",
    metadata,
    Column("flow_key", String(64), primary_key=True),
    Column("day", Integer, primary_key=True),  # days since 1970-01-01
    Column("version", Integer, primary_key=True),
    Column("kind", String(1), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("visits", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("total_ms", BigInteger, nullable=False),
    Column("max_ms", BigInteger, nullable=False),
    Column("buckets", Json, nullable=False),  # bucket of a duration → how many
    Column("slowest", Json, nullable=False),  # [[ms, instance id], …]
    Column("failures", Json, nullable=False),  # instance ids
)
