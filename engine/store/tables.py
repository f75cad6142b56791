"""Every table, as SQLAlchemy Core. Words as in `engine/README.md`; times are milliseconds since 1970 (UTC) in columns `*_at`.

Truth lives in: `instances.state` (where each instance stands), `inbox` (wishes accepted and not yet applied) and `history`
(facts, one compact chunk an advance). All other rows of an instance (jobs, timers, tasks, incidents, outbox) are written from
its events by `project.py` in the same transaction.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects import postgresql

from headrace.engine import jsontext

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = String(80)
"""Ids are at most this long; flow keys and node ids at most 64."""
AT = BigInteger


class Json(sa.types.TypeDecorator[Any]):
    """A JSON value in a text column. Hot columns use plain Text and `jsontext` by hand instead."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        """Value → text."""
        return None if value is None else jsontext.dumps(value)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Text → value."""
        return None if value is None else jsontext.loads(value)


# BigInteger primary keys count up by themselves on SQLite only as INTEGER.
Counter = BigInteger().with_variant(Integer, "sqlite")

HEAD_START_MS = 60_000
"""What one step of priority is worth: as if it had waited so much longer. So the least urgent waits at most nine minutes more."""

# --- what was drawn -------------------------------------------------------------------------------------------------------

flows = Table(
    "flows",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", Json, nullable=False),
    Column("description", Json),
    Column("published_version", Integer),
    Column("draft", Text, nullable=False),
    Column("draft_etag", String(64), nullable=False),
    Column("draft_updated_at", AT, nullable=False),
    Column("draft_updated_by", ID, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)

flow_versions = Table(
    "flow_versions",
    metadata,
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("published_at", AT, nullable=False),
    Column("published_by", ID, nullable=False),
    Column(
        "status", String(12), nullable=False, server_default="active"
    ),  # active deprecated retired
)

schedules = Table(
    "schedules",
    metadata,
    Column("id", String(140), primary_key=True),  # flow key : node id
    Column(
        "flow_key",
        String(64),
        ForeignKey("flows.key", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("node", String(64), nullable=False),
    Column("cron", String(200), nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("misfire", String(8), nullable=False),  # skip once catch_up
    Column("next_at", AT, nullable=False, index=True),
    Column("catch_up_max", Integer, nullable=False, server_default="10"),
    Column("paused_at", AT),
    Column("paused_by", ID),
    Column("last_slot_at", AT),
    Column("last_result", String(8)),  # started skipped refused waits
    Column("last_instance", ID),
    Column("last_error", Text),  # as long as it stands the schedule is shown as failing
    Column("last_error_at", AT),
)

# --- what runs --------------------------------------------------------------------------------------------------------------

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
    Index(
        "ix_instances_open_version",
        "flow_key",
        "version",
        "id",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
    Index(
        "ix_instances_route",
        "route_id",
        "version",
        "id",
        sqlite_where=sa.text("route_id IS NOT NULL"),
        postgresql_where=sa.text("route_id IS NOT NULL"),
    ),
    Index("ix_instances_flow_key_id", "flow_key", "id"),
    Index(
        "ix_instances_retain_until",
        "retain_until",
        sqlite_where=sa.text("retain_until IS NOT NULL"),
        postgresql_where=sa.text("retain_until IS NOT NULL"),
    ),
    Index(
        "ix_instances_root_id",
        "root_id",
        "id",
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    ),
    Index("ix_instances_status_id", "status", "id"),
    Index("ix_instances_business_key", "business_key"),
    Index("ix_instances_started_by_id", "started_by", "id"),
    Index(
        "ix_instances_parent_id",
        "parent_id",
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    ),
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
    Index(
        "ix_inbox_open",
        "instance_id",
        "id",
        sqlite_where=sa.text("applied_rev IS NULL"),
        postgresql_where=sa.text("applied_rev IS NULL"),
    ),
    Index(
        "ix_inbox_applied",
        "instance_id",
        sqlite_where=sa.text("applied_rev IS NOT NULL"),
        postgresql_where=sa.text("applied_rev IS NOT NULL"),
    ),
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
    Index(
        "ix_jobs_rank", "rank", sqlite_where=sa.text(READY_JOB), postgresql_where=sa.text(READY_JOB)
    ),
    Index(
        "ix_jobs_lane",
        "lane",
        "rank",
        sqlite_where=sa.text(READY_JOB),
        postgresql_where=sa.text(READY_JOB),
    ),
    Index(
        "ix_jobs_ready",
        "available_at",
        sqlite_where=sa.text(READY_JOB),
        postgresql_where=sa.text(READY_JOB),
    ),
    Index(
        "ix_jobs_limit_key",
        "parked",
        "limit_key",
        "available_at",
        sqlite_where=sa.text(KEYED_JOB),
        postgresql_where=sa.text(KEYED_JOB),
    ),
    Index(
        "ix_jobs_leased",
        "lease_until",
        "connection",
        sqlite_where=sa.text(LEASED_JOB),
        postgresql_where=sa.text(LEASED_JOB),
    ),
    Index(
        "ix_jobs_leased_key",
        "limit_key",
        sqlite_where=sa.text(LEASED_KEYED_JOB),
        postgresql_where=sa.text(LEASED_KEYED_JOB),
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
    Index(
        "ix_incidents_open",
        "raised_at",
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    ),
)

# --- people -----------------------------------------------------------------------------------------------------------------

tasks = Table(
    "tasks",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("instance_id", ID, nullable=False, index=True),
    Column("flow_key", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("node", String(64), nullable=False),
    Column("business_key", String(200)),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("mode", String(8), nullable=False),
    Column("form", Json),
    Column("show", Json, nullable=False),
    Column("buttons", Json, nullable=False),
    Column("can_return", Boolean, nullable=False),
    Column(
        "status", String(12), nullable=False
    ),  # open approved rejected returned cancelled skipped
    Column("initiator", ID),
    Column("created_at", AT, nullable=False),
    Column("due_at", AT),
    Column("ended_at", AT),
    Index("ix_tasks_initiator_id", "initiator", "id"),
    Index(
        "ix_tasks_open",
        "created_at",
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    ),
)

task_actors = Table(
    "task_actors",
    metadata,
    Column("task_id", String(100), primary_key=True),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("user_id", ID, nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("status", String(12), nullable=False),  # see people/tasking.py
    Column("decision", String(12)),
    Column("comment", Text),
    Column("form", Json),
    Column("created_at", AT, nullable=False),
    Column("decided_at", AT),
    Column("kind", String(8), nullable=False, server_default="decide"),
    Column("round", Integer, nullable=False, server_default="1"),
    Column("on_behalf_of", ID),
    Column("origin", String(16), nullable=False, server_default="assigned"),
    Column("added_by", ID),
    Column("unit", Integer, nullable=False, server_default="0"),  # 0: as its seat
    Column("stage", Integer, nullable=False, server_default="0"),
    Column("weight", Integer, nullable=False, server_default="1"),
    Column("veto", Boolean, nullable=False, server_default=sa.false()),
    Column("returns_to", Integer, nullable=False, server_default="0"),
    Column("reason", String(40)),  # why it was closed, or decided without its person
    Column("closed_at", AT),
    Column("why", Json),  # how this person was found
    Index("ix_task_actors_user", "user_id", "status", "task_id"),
)

task_notes = Table(
    "task_notes",  # what people said and did with a task, but vote
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("task_id", String(100), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("at", AT, nullable=False),
    Column("by", ID, nullable=False),
    Column("kind", String(12), nullable=False),  # comment question answer action
    Column("action", String(16), nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("to", ID),
    Column("seat", Integer, nullable=False, server_default="0"),
    Column("details", Json),
    Index("ix_task_notes_task", "task_id", "id"),
)

users = Table(
    "users",
    metadata,
    Column("id", ID, primary_key=True),
    Column("login", String(100), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("email", String(200)),
    Column("password_hash", String(300), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("language", String(8), nullable=False, server_default="zh"),
    Column("created_at", AT, nullable=False),
    Column("supervisor_id", ID),
    Column("left_at", AT),  # the last day is over then; `active` says whether it counts already
    Index(
        "ix_users_supervisor_id",
        "supervisor_id",
        sqlite_where=sa.text("supervisor_id IS NOT NULL"),
        postgresql_where=sa.text("supervisor_id IS NOT NULL"),
    ),
    Index(
        "ix_users_left_at",
        "left_at",
        sqlite_where=sa.text("left_at IS NOT NULL"),
        postgresql_where=sa.text("left_at IS NOT NULL"),
    ),
)

roles = Table(
    "roles",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("title", Json, nullable=False),
    Column("system", Boolean, nullable=False),
    Column("pool", Json),  # {limit, people}: who helps while more than `limit` tasks wait
)

role_members = Table(
    "role_members",
    metadata,
    Column("role", String(64), ForeignKey("roles.key", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("kind", String(8), nullable=False, server_default="primary"),  # primary backup pool
)

sessions = Table(
    "sessions",
    metadata,
    Column(
        "id", String(64), primary_key=True
    ),  # sha256 of the cookie: a leaked backup signs nobody in
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("csrf_token", String(64), nullable=False),
    Column("created_at", AT, nullable=False),
    Column("expires_at", AT, nullable=False, index=True),
)

api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Column(
        "hint", String(16), nullable=False
    ),  # its first letters, so that people can tell tokens apart
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("scopes", Json, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("expires_at", AT),
    Column("last_used_at", AT),
    Column("revoked_at", AT),
)

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
    Index("ix_notifications_user", "user_id", "id"),
    Index(
        "ix_notifications_instance_id",
        "instance_id",
        sqlite_where=sa.text("instance_id IS NOT NULL"),
        postgresql_where=sa.text("instance_id IS NOT NULL"),
    ),
)

# --- the outside ------------------------------------------------------------------------------------------------------------

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
    Index(
        "ix_outbox_channel",
        "channel",
        "available_at",
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    ),
    Index(
        "ix_outbox_queued",
        "available_at",
        sqlite_where=sa.text("status = 'queued'"),
        postgresql_where=sa.text("status = 'queued'"),
    ),
    Index(
        "ix_outbox_failed",
        "created_at",
        sqlite_where=sa.text("status = 'failed'"),
        postgresql_where=sa.text("status = 'failed'"),
    ),
)

connections = Table(
    "connections",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("connector", String(64), nullable=False),
    Column("settings", Json, nullable=False),
    Column("secrets", LargeBinary, nullable=False),  # Fernet over a JSON object
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

# --- keeping house -----------------------------------------------------------------------------------------------------------

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

# --- control flow: messages, signals, locks, items ---------------------------------------------------------------------------

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

message_starts = Table(
    "message_starts",
    metadata,
    Column("id", String(140), primary_key=True),  # flow key : node id
    Column(
        "flow_key",
        String(64),
        ForeignKey("flows.key", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("node", String(64), nullable=False),
    Column("name", String(200), nullable=False, index=True),
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
    Index(
        "ix_messages_buffered",
        "name",
        "key",
        "created_at",
        sqlite_where=sa.text("status = 'buffered'"),
        postgresql_where=sa.text("status = 'buffered'"),
    ),
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

# --- limits of jobs -----------------------------------------------------------------------------------------------------------

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
    Index(
        "ix_breakers_troubled",
        "connection",
        sqlite_where=sa.text("calm = 0"),
        postgresql_where=sa.text("calm = 0"),
    ),
)

# --- versions: routes and migrations ------------------------------------------------------------------------------------------

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
    Index(
        "uq_routes_running",
        "flow_key",
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
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
    Index(
        "ix_migrations_wanted",
        "id",
        sqlite_where=sa.text("wanted IS NOT NULL"),
        postgresql_where=sa.text("wanted IS NOT NULL"),
    ),
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

# --- operations: retention, holds, batches, search ----------------------------------------------------------------------------

flow_rules = Table(
    "flow_rules",
    metadata,
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), primary_key=True),
    Column("retain_days", Integer),  # null: as the workspace says
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("retag_after", ID),  # the rule changed: instances behind this id still have the old date
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
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
        "ix_search_values_number",
        "field",
        "number",
        "instance_id",
        sqlite_where=sa.text("number IS NOT NULL"),
        postgresql_where=sa.text("number IS NOT NULL"),
    ),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("instance_id", ID, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),
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
    Index(
        "ix_batches_open",
        "next_at",
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    ),
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

# --- many processes -----------------------------------------------------------------------------------------------------------

# --- calendars ----------------------------------------------------------------------------------------------------------------

calendars = Table(
    "calendars",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("version", Integer, nullable=False),  # the one in force
)

calendar_versions = Table(
    "calendar_versions",
    metadata,
    Column("calendar", String(64), ForeignKey("calendars.key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", Json, nullable=False),
    Column("source", String(80)),  # where the public holidays came from, with its version
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)

RECKONED = "calendar IS NOT NULL"
RECKONED_TASK = "calendar IS NOT NULL AND status = 'open'"
for _table, _where in ((timers, RECKONED), (tasks, RECKONED_TASK)):
    # What a calendar has told, so that a change of it can be followed: {"from": ms, "length": "PT8H", "due": ms}.
    _table.append_column(Column("calendar", String(64)))
    _table.append_column(Column("calendar_version", Integer))
    _table.append_column(Column("reckoning", Json))
    Index(
        f"ix_{_table.name}_calendar",
        _table.c.calendar,
        _table.c.calendar_version,
        sqlite_where=sa.text(_where),
        postgresql_where=sa.text(_where),
    )

# --- tasks (0009) ---
for _column in (
    Column("revision", Integer, nullable=False, server_default="1"),  # counts votes and changes
    Column("round", Integer, nullable=False, server_default="1"),
    Column("rule", Json),  # null: what `mode` says
    Column("again_of", String(100)),  # the task of the round before
    Column("urged_at", AT),
    Column("paused_at", AT),
    Column("warned", Boolean, nullable=False, server_default=sa.false()),
):
    tasks.append_column(_column)
flow_rules.append_column(Column("calendar", String(64)))  # null: the workspace's

# --- deadlines and delivery -----------------------------------------------------------------------------------------------------

timers.append_column(Column("paused_at", AT))  # stands still since then: its task is paused
roles.append_column(Column("calendar", String(64)))  # whose hours count for it; null: the flow's

# To one person: by `ways`, one after the other until one works; made of `kind` and `details` in the person's language.
for _column in (
    Column("kind", String(24)),
    Column("user_id", ID),
    Column("task_id", String(100)),
    Column("details", Json),
    Column("ways", Json),
):
    outbox.append_column(_column)
Index(
    "ix_outbox_user",
    outbox.c.user_id,
    outbox.c.id,
    sqlite_where=sa.text("user_id IS NOT NULL"),
    postgresql_where=sa.text("user_id IS NOT NULL"),
)
notifications.append_column(Column("task_id", String(100)))
notifications.append_column(Column("kind", String(24)))
UNREAD_OF_TASK = "task_id IS NOT NULL AND read_at IS NULL"
Index(
    "ix_notifications_task",
    notifications.c.task_id,
    sqlite_where=sa.text(UNREAD_OF_TASK),
    postgresql_where=sa.text(UNREAD_OF_TASK),
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

# --- inbox: the chain of decisions, nonces, exemptions -------------------------------------------------------------------------

decisions = Table(
    "decisions",  # append-only: triggers of 0011 refuse every change but a redaction
    metadata,
    Column("seq", AT, primary_key=True, autoincrement=False),  # the place in the chain, from 1
    Column("at", AT, nullable=False),
    Column("actor", ID),
    Column("on_behalf_of", ID),
    Column("action", String(24)),  # approved rejected returned transfer add_sign … released purged
    Column("comment", Text),
    Column("before", Text),  # canonical JSON: what the form and the watched data were
    Column("after", Text),
    Column("via", String(12)),  # web api mail bulk release rule
    Column("ip", String(64)),
    Column("client", String(300)),
    Column("batch_id", ID),
    Column("task_id", String(100)),
    Column("seat", Integer),
    Column("round", Integer),
    Column("title", Text),
    Column("instance_id", ID),
    Column("flow_key", String(64)),
    Column("version", Integer),
    Column("node", String(64)),
    Column("business_key", String(200)),
    Column("salt", String(32)),  # gone with a redaction, so that what is gone cannot be guessed
    Column("digest", String(64), nullable=False),  # sha256 of salt and canonical JSON of the above
    Column("hash", String(64), nullable=False),  # sha256 of seq, the hash before, and the digest
    Column("redacted_at", AT),
    Index("ix_decisions_at", "at", "seq"),
    Index("ix_decisions_actor", "actor", "seq"),
    Index("ix_decisions_on_behalf_of", "on_behalf_of", "seq"),
    Index("ix_decisions_action", "action", "seq"),
    Index("ix_decisions_flow_key", "flow_key", "seq"),
    Index("ix_decisions_task_id", "task_id", "seq"),
    Index("ix_decisions_instance_id", "instance_id", "seq"),
    Index("ix_decisions_batch_id", "batch_id", "seq"),
    Index("ix_decisions_business_key", "business_key", "seq"),
)

decision_head = Table(
    "decision_head",  # one row: where the chain ends; its lock is what processes queue for
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", AT, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", AT, nullable=False),
    Column("signature", String(64), nullable=False),  # HMAC by the workspace's secret
)

task_nonces = Table(
    "task_nonces",
    metadata,
    Column("id", String(64), primary_key=True),  # sha256 of the nonce, or of a link in a mail
    Column("task_id", String(100), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("user_id", ID, nullable=False),
    Column("request", String(64), nullable=False),  # sha256 of what was asked for with it
    Column("action", String(24), nullable=False),
    Column("answer", Json, nullable=False),  # what was answered, as short as it can be told
    Column("used_at", AT, nullable=False),
)

exemptions = Table(
    "exemptions",
    metadata,
    Column("flow_key", String(64), primary_key=True),
    Column("node", String(64), primary_key=True),
    Column("user_id", ID, primary_key=True),
    Column("period", String(16), primary_key=True),  # 2026-11-22, 2026-W47, 2026-11
    Column("number", Integer, primary_key=True),  # from 1: two at once cannot both have the last
    Column("task_id", String(100), nullable=False),
    Column("instance_id", ID, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("at", AT, nullable=False),
)

# --- organisation -------------------------------------------------------------------------------------------------------------

organisation = Table(
    "organisation",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # one row, from the first change
    Column(
        "version", BigInteger, nullable=False
    ),  # grows with every change of what a directory holds
)

departments = Table(
    "departments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("parent_id", String(64), index=True),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("created_at", AT, nullable=False),
)

department_heads = Table(
    "department_heads",
    metadata,
    Column(
        "department_id",
        String(64),
        ForeignKey("departments.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("position", Integer, nullable=False),
)

department_members = Table(
    "department_members",
    metadata,
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "department_id",
        String(64),
        ForeignKey("departments.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", Integer, nullable=False),  # 0: the main one
    Index("ix_department_members_department", "department_id", "user_id"),
)

posts = Table(
    "posts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("rank", Integer, nullable=False, server_default="0"),
    Column("created_at", AT, nullable=False),
)

post_holders = Table(
    "post_holders",
    metadata,
    Column("post_id", String(64), ForeignKey("posts.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
)

substitutions = Table(
    "substitutions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("by_id", ID, ForeignKey("users.id", ondelete="CASCADE")),  # null: away, nobody acts
    Column("from_at", AT, nullable=False),
    Column("until_at", AT, nullable=False),  # not included
    Column("flows", Json),  # keys; null: all
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("begun_at", AT),  # open tasks have been handed over
    Index("ix_substitutions_user_id", "user_id", "until_at"),
    Index("ix_substitutions_by_id", "by_id", "until_at"),
    Index("ix_substitutions_until_at", "until_at", "id"),
    Index(
        "ix_substitutions_coming",
        "from_at",
        sqlite_where=sa.text("begun_at IS NULL"),
        postgresql_where=sa.text("begun_at IS NULL"),
    ),
)

rotas = Table(
    "rotas",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("content", Json, nullable=False),  # people/rota_text.py says what it is
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

org_imports = Table(
    "org_imports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("version", BigInteger, nullable=False),  # of the organisation it was compared with
    Column("counts", Json, nullable=False),
    Column("created_at", AT, nullable=False, index=True),
    Column("created_by", ID, nullable=False),
    Column("applied_at", AT),
)

org_import_rows = Table(
    "org_import_rows",
    metadata,
    Column("import_id", ID, ForeignKey("org_imports.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True),  # the line of the file; behind them those who left
    Column("state", String(8), nullable=False),  # new changed same left error
    Column("login", String(100), nullable=False),
    Column("name", String(200), nullable=False),
    Column("changes", Json, nullable=False),  # [{field, before, after}]
    Column("errors", Json, nullable=False),
    Column("wanted", Json),  # what is written when it is applied
    Index("ix_org_import_rows_state", "import_id", "state", "number"),
)

Index(
    "ix_tasks_stage",
    tasks.c.flow_key,
    tasks.c.version,
    tasks.c.node,
    tasks.c.created_at,
    sqlite_where=sa.text("status = 'open'"),
    postgresql_where=sa.text("status = 'open'"),
)
Index("ix_tasks_flow_ended", tasks.c.flow_key, tasks.c.ended_at)

# --- what people have looked at --------------------------------------------------------------------------------------------------

UNSEEN = "status = 'copy' AND seen_at IS NULL"
task_actors.append_column(Column("seen_at", AT))  # when its person looked at a copy first
Index(
    "ix_task_actors_unseen",
    task_actors.c.user_id,
    sqlite_where=sa.text(UNSEEN),
    postgresql_where=sa.text(UNSEEN),
)

# --- files ----------------------------------------------------------------------------------------------------------------------

file_contents = Table(
    "file_contents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("used_at", AT, nullable=False, index=True),  # when somebody last handed it in
)

file_parts = Table(
    "file_parts",
    metadata,
    Column("sha256", String(64), ForeignKey("file_contents.sha256"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", ID, primary_key=True),
    Column("sha256", String(64), ForeignKey("file_contents.sha256"), nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("type", String(100), nullable=False),
    Column("created_by", ID, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("instance_id", ID, index=True),  # null: not yet handed in with a form
    Column("field", String(200)),  # form and field it was handed in with: "refund.photos"
    Index(
        "ix_files_waiting",
        "created_by",
        "created_at",
        sqlite_where=sa.text("instance_id IS NULL"),
        postgresql_where=sa.text("instance_id IS NULL"),
    ),
    Index(
        "ix_files_left",
        "created_at",
        sqlite_where=sa.text("instance_id IS NULL"),
        postgresql_where=sa.text("instance_id IS NULL"),
    ),
)

# --- tables of business data ------------------------------------------------------------------------------------------------------

data_tables = Table(
    "data_tables",
    metadata,
    Column("no", Counter, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("definition", Text, nullable=False),
    Column("slots", Text, nullable=False),  # field → the column of `records` it is filtered by
    Column("drawn", Boolean, nullable=False),  # not: a flow writes to it, and nobody has drawn it
    # Records up to here have been written anew after a change of the definition; null: all have.
    Column("refilled_to", BigInteger),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
    Column("removed_at", AT),
)

data_table_versions = Table(
    "data_table_versions",
    metadata,
    Column("table_no", BigInteger, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)

SLOT_TEXTS = tuple(f"s{n}" for n in range(8))
SLOT_NUMBERS = tuple(f"n{n}" for n in range(8))
# Compared letter by letter, whatever the language of the database: a beginning is then a range.
SlotText = String(120).with_variant(String(120, collation="C"), "postgresql")

records = Table(
    "records",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),  # in the order of arrival
    Column("table_no", BigInteger, nullable=False),
    Column("key", String(200), nullable=False),
    Column("value", Json, nullable=False),
    Column("rev", Integer, nullable=False, server_default="1"),
    Column("instance_id", ID),  # who changed it last, where a flow did
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    *(Column(name, SlotText) for name in SLOT_TEXTS),
    *(Column(name, BigInteger) for name in SLOT_NUMBERS),
    UniqueConstraint("table_no", "key"),
    Index("ix_records_updated", "table_no", "updated_at", "id"),
    Index("ix_records_table", "table_no", "id"),
    *(
        Index(
            f"ix_records_{name}",
            "table_no",
            name,
            "id",
            sqlite_where=sa.text(f"{name} IS NOT NULL"),
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
        for name in (*SLOT_TEXTS, *SLOT_NUMBERS)
    ),
    sqlite_autoincrement=True,  # a number is never given again
)

record_keys = Table(  # what is unique besides the key
    "record_keys",
    metadata,
    Column("table_no", BigInteger, primary_key=True),
    Column("name", String(200), primary_key=True),
    Column("value", String(400), primary_key=True),
    Column("record_id", BigInteger, nullable=False, index=True),
)

record_words = Table(  # what a record is found by; indexed by FTS5 or GIN, see WORDS_INDEX
    "record_words",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    Column("words", Text().with_variant(postgresql.TSVECTOR(), "postgresql"), nullable=False),
)

WORDS_INDEX = {
    "sqlite": (
        "CREATE VIRTUAL TABLE record_words_index USING fts5"
        "(words, content='record_words', content_rowid='id', tokenize='ascii', detail='none', columnsize=0)",
        "CREATE TRIGGER record_words_new AFTER INSERT ON record_words BEGIN"
        " INSERT INTO record_words_index(rowid, words) VALUES (new.id, new.words); END",
        "CREATE TRIGGER record_words_gone AFTER DELETE ON record_words BEGIN"
        " INSERT INTO record_words_index(record_words_index, rowid, words) VALUES ('delete', old.id, old.words); END",
        "CREATE TRIGGER record_words_other AFTER UPDATE ON record_words BEGIN"
        " INSERT INTO record_words_index(record_words_index, rowid, words) VALUES ('delete', old.id, old.words);"
        " INSERT INTO record_words_index(rowid, words) VALUES (new.id, new.words); END",
    ),
    "postgresql": ("CREATE INDEX record_words_index ON record_words USING gin (words)",),
}
"""What SQLAlchemy has no words for; the migration runs the same."""
for _dialect, _statements in WORDS_INDEX.items():
    for _statement in _statements:
        _made = sa.DDL(_statement).execute_if(dialect=_dialect)  # type: ignore[no-untyped-call]
        sa.event.listen(record_words, "after_create", _made)
_gone = sa.DDL("DROP TABLE IF EXISTS record_words_index")  # type: ignore[no-untyped-call]
sa.event.listen(record_words, "before_drop", _gone.execute_if(dialect="sqlite"))

record_changes = Table(
    "record_changes",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("table_no", BigInteger, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Column("key", String(200), nullable=False),
    Column("rev", Integer, nullable=False),
    Column("at", AT, nullable=False),
    Column(
        "kind", String(12), nullable=False
    ),  # create update delete restore adjust release import schema
    Column("by", ID, nullable=False),
    Column("channel", String(64), nullable=False, server_default=""),  # where it came from
    Column("instance_id", ID),
    Column("node", String(64)),
    Column("step_key", String(64)),  # of the visit that did it: done once
    Column("undone_by", String(64)),  # the visit that released an adjustment
    Column("changes", Json, nullable=False),  # field → [before, after]
    Index("ix_record_changes_record", "record_id", "id"),
    Index("ix_record_changes_table", "table_no", "id"),
    Index(
        "ix_record_changes_step",
        "step_key",
        sqlite_where=sa.text("step_key IS NOT NULL"),
        postgresql_where=sa.text("step_key IS NOT NULL"),
    ),
    Index(
        "ix_record_changes_instance",
        "instance_id",
        sqlite_where=sa.text("instance_id IS NOT NULL"),
        postgresql_where=sa.text("instance_id IS NOT NULL"),
    ),
)

record_views = Table(
    "record_views",
    metadata,
    Column("id", ID, primary_key=True),
    Column("table_no", BigInteger, nullable=False, index=True),
    Column("owner", ID, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("title", String(200), nullable=False),
    Column("content", Json, nullable=False),  # filters, columns, sort
    Column("updated_at", AT, nullable=False),
)

record_imports = Table(
    "record_imports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("table_no", BigInteger, nullable=False, index=True),
    Column("name", String(200), nullable=False),
    Column("created_by", ID, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("data", LargeBinary, nullable=False),  # the file as it came
    Column("plan", Json, nullable=False),  # columns, mapping, mode, what to do with wrong rows
    Column("status", String(12), nullable=False),  # mapped running done failed stopped
    Column("total", Integer, nullable=False, server_default="0"),
    Column("done_to", Integer, nullable=False, server_default="0"),  # rows of the file behind it
    Column("counts", Json, nullable=False),
    Column("ended_at", AT),
    Index(
        "ix_record_imports_running",
        "status",
        sqlite_where=sa.text("status = 'running'"),
        postgresql_where=sa.text("status = 'running'"),
    ),
)

# --- decision tables ------------------------------------------------------------------------------------------------------------

decision_tables = Table(
    "decision_tables",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("draft", Text, nullable=False),
    Column("revision", Integer, nullable=False),  # of the draft
    Column("last_version", Integer, nullable=False),  # 0: never published
    Column("published_revision", Integer, nullable=False),  # what the last version was made of
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

decision_table_versions = Table(
    "decision_table_versions",
    metadata,
    Column(
        "table_key",
        String(64),
        ForeignKey("decision_tables.key", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", Integer, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("valid_from", AT, nullable=False),
    Column("withdrawn_at", AT),
    Column("note", Text, nullable=False, server_default=""),
    Column("published_at", AT, nullable=False),
    Column("published_by", ID, nullable=False),
)

# --- intake of orders (in a module of its own) ----------------------------------------------------------------------------------

from headrace.engine.store import tables_intake as tables_intake  # noqa: E402 - it needs what stands above

# --- test cases of flows, and what many instances together say of a drawing --------------------------------------------------

test_cases = Table(
    "test_cases",
    metadata,
    Column("id", ID, primary_key=True),
    Column("flow_key", String(64), ForeignKey("flows.key", ondelete="CASCADE"), nullable=False),
    Column("name", Json, nullable=False),
    Column(
        "content", Json, nullable=False
    ),  # input, start_node, at, decisions, mocks, pins, expect
    Column("origin", String(100), nullable=False),  # hand, file, instance:<id> or template:<key>
    Column("revision", Integer, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
    Index("ix_test_cases_flow_key_id", "flow_key", "id"),
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

# --- the rest is beside this file, because it is long: drawings' editors, own connectors, templates ---

from headrace.engine.store import tables_editors as tables_editors  # noqa: E402
from headrace.engine.store import tables_own as tables_own  # noqa: E402
from headrace.engine.store import tables_pages as tables_pages  # noqa: E402
from headrace.engine.store import tables_rush as tables_rush  # noqa: E402
from headrace.engine.store import tables_shops as tables_shops  # noqa: E402
from headrace.engine.store import tables_templates as tables_templates  # noqa: E402
